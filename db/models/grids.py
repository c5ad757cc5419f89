"""Scenario grids and break-evens, by run; exact results of a grid stand in `run_arrays`, these rows are for queries."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from db.models.metadata import METADATA, MONEY, with_default_partition
from db.models.runs import run_columns

_RUN = ["run_id", "run_at"], ["runs.run_id", "runs.started_at"]

SCENARIO_GRID_POINTS = with_default_partition(
    Table(
        "scenario_grid_points",
        METADATA,
        *run_columns(),
        Column("point_no", Integer, nullable=False),
        Column("scenario", Text, nullable=False),
        Column("lag_months", Double),
        Column("price", Double),
        Column("curve_shift", Double),
        Column("cpr", Double),
        Column("cpr_multiplier", Double),
        Column("cdr", Double),
        Column("cdr_multiplier", Double),
        Column("severity", Double),
        Column("severity_shift", Double),
        Column("status", String(10), nullable=False),
        Column("failure_text", Text, nullable=False),
        Column("last_period", Integer, nullable=False),
        Column("equity_irr", Double),
        Column("incentive_fee", MONEY),
        CheckConstraint("status IN ('finished', 'failed')", name="status"),
        PrimaryKeyConstraint("run_id", "point_no", "run_at"),
        ForeignKeyConstraint(*_RUN, ondelete="CASCADE"),
        postgresql_partition_by="RANGE (run_at)",
    )
)
"""A point of a grid, numbered from 1. Decimals, price a fraction of par; NULL on an axis means as assumed. scenario:
its name where the points are named scenarios, else empty; failure_text: where and why the point stopped, else empty."""

SCENARIO_GRID_RESULTS = with_default_partition(
    Table(
        "scenario_grid_results",
        METADATA,
        *run_columns(),
        Column("point_no", Integer, nullable=False),
        Column("tranche_name", Text, nullable=False),
        Column("calculated_yield", Double),
        Column("calculated_dm", Double),
        Column("calculated_price", Double),
        Column("weighted_average_life", Double),
        Column("macaulay_duration", Double),
        Column("modified_duration", Double),
        Column("interest_paid", MONEY),
        Column("principal_paid", MONEY),
        Column("loss", MONEY),
        Column("has_loss", Boolean, nullable=False),
        PrimaryKeyConstraint("run_id", "point_no", "tranche_name", "run_at"),
        ForeignKeyConstraint(*_RUN, ondelete="CASCADE"),
        postgresql_partition_by="RANGE (run_at)",
    )
)
"""What a tranche gets at a point; loss: balance and deferred interest still owed when the deal ends."""

BREAKEVEN_RESULTS = with_default_partition(
    Table(
        "breakeven_results",
        METADATA,
        *run_columns(),
        Column("tranche_name", Text, nullable=False),
        Column("measure", String(20), nullable=False),
        Column("ending", String(30), nullable=False),
        Column("break_even", Double),
        Column("bracket_low", Double),
        Column("bracket_high", Double),
        Column("highest", Double, nullable=False),
        Column("reason", Text, nullable=False),
        PrimaryKeyConstraint("run_id", "tranche_name", "measure", "run_at"),
        ForeignKeyConstraint(*_RUN, ondelete="CASCADE"),
        postgresql_partition_by="RANGE (run_at)",
    )
)
"""The first loss of a tranche on the way up in CDR, or in the multiplier of the assumed one, exact."""
