CREATE TABLE block_jobs (
    job_key VARCHAR(64) NOT NULL,
    kind VARCHAR(30) NOT NULL,
    label TEXT NOT NULL,
    n_blocks INTEGER NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    requested_by VARCHAR(100) NOT NULL,
    runner TEXT NOT NULL,
    spec JSONB NOT NULL,
    CONSTRAINT pk_block_jobs PRIMARY KEY (job_key),
    CONSTRAINT ck_block_jobs_n_blocks CHECK (n_blocks > 0)
);

CREATE TABLE job_blocks (
    job_key VARCHAR(64) NOT NULL,
    block_no INTEGER NOT NULL,
    arrays BYTEA NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    worker TEXT NOT NULL,
    CONSTRAINT pk_job_blocks PRIMARY KEY (job_key, block_no),
    CONSTRAINT fk_job_blocks_job_key FOREIGN KEY(job_key) REFERENCES block_jobs (job_key) ON DELETE CASCADE
);

ALTER TABLE job_blocks ALTER COLUMN arrays SET STORAGE EXTERNAL;

CREATE TABLE simulation_statistics (
    run_id BIGINT NOT NULL,
    run_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deal_name TEXT NOT NULL,
    field VARCHAR(20) NOT NULL,
    period INTEGER NOT NULL,
    period_date DATE NOT NULL,
    n BIGINT NOT NULL,
    mean DOUBLE PRECISION,
    sd DOUBLE PRECISION,
    standard_error DOUBLE PRECISION,
    minimum DOUBLE PRECISION,
    maximum DOUBLE PRECISION,
    p0_1 DOUBLE PRECISION,
    p1 DOUBLE PRECISION,
    p5 DOUBLE PRECISION,
    p10 DOUBLE PRECISION,
    p25 DOUBLE PRECISION,
    p50 DOUBLE PRECISION,
    p75 DOUBLE PRECISION,
    p90 DOUBLE PRECISION,
    p95 DOUBLE PRECISION,
    p99 DOUBLE PRECISION,
    p99_9 DOUBLE PRECISION,
    es95 DOUBLE PRECISION,
    es99 DOUBLE PRECISION,
    es99_9 DOUBLE PRECISION,
    CONSTRAINT pk_simulation_statistics PRIMARY KEY (run_id, deal_name, field, period, run_at),
    CONSTRAINT fk_simulation_statistics_run_id_run_at FOREIGN KEY(run_id, run_at) REFERENCES runs (run_id, started_at) ON DELETE CASCADE
)
 PARTITION BY RANGE (run_at);

CREATE TABLE simulation_statistics_default PARTITION OF simulation_statistics DEFAULT;

CREATE TABLE simulation_tranche_statistics (
    run_id BIGINT NOT NULL,
    run_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deal_name TEXT NOT NULL,
    tranche_name TEXT NOT NULL,
    metric VARCHAR(30) NOT NULL,
    n BIGINT NOT NULL,
    n_missing BIGINT NOT NULL,
    mean DOUBLE PRECISION,
    sd DOUBLE PRECISION,
    standard_error DOUBLE PRECISION,
    minimum DOUBLE PRECISION,
    maximum DOUBLE PRECISION,
    p0_1 DOUBLE PRECISION,
    p1 DOUBLE PRECISION,
    p5 DOUBLE PRECISION,
    p10 DOUBLE PRECISION,
    p25 DOUBLE PRECISION,
    p50 DOUBLE PRECISION,
    p75 DOUBLE PRECISION,
    p90 DOUBLE PRECISION,
    p95 DOUBLE PRECISION,
    p99 DOUBLE PRECISION,
    p99_9 DOUBLE PRECISION,
    es95 DOUBLE PRECISION,
    es99 DOUBLE PRECISION,
    es99_9 DOUBLE PRECISION,
    CONSTRAINT pk_simulation_tranche_statistics PRIMARY KEY (run_id, deal_name, tranche_name, metric, run_at),
    CONSTRAINT fk_simulation_tranche_statistics_run_id_run_at FOREIGN KEY(run_id, run_at) REFERENCES runs (run_id, started_at) ON DELETE CASCADE
)
 PARTITION BY RANGE (run_at);

CREATE TABLE simulation_tranche_statistics_default PARTITION OF simulation_tranche_statistics DEFAULT;
