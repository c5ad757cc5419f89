CREATE TABLE scenario_grid_points (
    run_id BIGINT NOT NULL,
    run_at TIMESTAMP WITH TIME ZONE NOT NULL,
    point_no INTEGER NOT NULL,
    scenario TEXT NOT NULL,
    lag_months DOUBLE PRECISION,
    price DOUBLE PRECISION,
    curve_shift DOUBLE PRECISION,
    cpr DOUBLE PRECISION,
    cpr_multiplier DOUBLE PRECISION,
    cdr DOUBLE PRECISION,
    cdr_multiplier DOUBLE PRECISION,
    severity DOUBLE PRECISION,
    severity_shift DOUBLE PRECISION,
    status VARCHAR(10) NOT NULL,
    failure_text TEXT NOT NULL,
    last_period INTEGER NOT NULL,
    equity_irr DOUBLE PRECISION,
    incentive_fee NUMERIC(18, 2),
    CONSTRAINT pk_scenario_grid_points PRIMARY KEY (run_id, point_no, run_at),
    CONSTRAINT ck_scenario_grid_points_status CHECK (status IN ('finished', 'failed')),
    CONSTRAINT fk_scenario_grid_points_run_id_run_at FOREIGN KEY(run_id, run_at) REFERENCES runs (run_id, started_at) ON DELETE CASCADE
)
 PARTITION BY RANGE (run_at);

CREATE TABLE scenario_grid_points_default PARTITION OF scenario_grid_points DEFAULT;

CREATE TABLE scenario_grid_results (
    run_id BIGINT NOT NULL,
    run_at TIMESTAMP WITH TIME ZONE NOT NULL,
    point_no INTEGER NOT NULL,
    tranche_name TEXT NOT NULL,
    calculated_yield DOUBLE PRECISION,
    calculated_dm DOUBLE PRECISION,
    calculated_price DOUBLE PRECISION,
    weighted_average_life DOUBLE PRECISION,
    macaulay_duration DOUBLE PRECISION,
    modified_duration DOUBLE PRECISION,
    interest_paid NUMERIC(18, 2),
    principal_paid NUMERIC(18, 2),
    loss NUMERIC(18, 2),
    has_loss BOOLEAN NOT NULL,
    CONSTRAINT pk_scenario_grid_results PRIMARY KEY (run_id, point_no, tranche_name, run_at),
    CONSTRAINT fk_scenario_grid_results_run_id_run_at FOREIGN KEY(run_id, run_at) REFERENCES runs (run_id, started_at) ON DELETE CASCADE
)
 PARTITION BY RANGE (run_at);

CREATE TABLE scenario_grid_results_default PARTITION OF scenario_grid_results DEFAULT;

CREATE TABLE breakeven_results (
    run_id BIGINT NOT NULL,
    run_at TIMESTAMP WITH TIME ZONE NOT NULL,
    tranche_name TEXT NOT NULL,
    measure VARCHAR(20) NOT NULL,
    ending VARCHAR(30) NOT NULL,
    break_even DOUBLE PRECISION,
    bracket_low DOUBLE PRECISION,
    bracket_high DOUBLE PRECISION,
    highest DOUBLE PRECISION NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT pk_breakeven_results PRIMARY KEY (run_id, tranche_name, measure, run_at),
    CONSTRAINT fk_breakeven_results_run_id_run_at FOREIGN KEY(run_id, run_at) REFERENCES runs (run_id, started_at) ON DELETE CASCADE
)
 PARTITION BY RANGE (run_at);

CREATE TABLE breakeven_results_default PARTITION OF breakeven_results DEFAULT;
