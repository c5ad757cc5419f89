"""Blocks of calculations that are under way, and the statistics of finished simulations.

A simulation of several deals is stored as one run for each deal, with that deal's statistics; the runs share all of
their input hash but its end. So `runs.deal_id` stays a deal's, and each deal has a last good simulation of its own.
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    event,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.models.metadata import METADATA, with_default_partition
from db.models.runs import run_columns

STATISTICS = (
    "mean",
    "sd",
    "standard_error",
    "minimum",
    "maximum",
    "p0_1",
    "p1",
    "p5",
    "p10",
    "p25",
    "p50",
    "p75",
    "p90",
    "p95",
    "p99",
    "p99_9",
    "es95",
    "es99",
    "es99_9",
)
"""Columns of a distribution (spec 04 §11.8): p: percentiles, es: expected shortfall beyond a percentile."""

BLOCK_JOBS = Table(
    "block_jobs",
    METADATA,
    Column("job_key", String(64), primary_key=True),
    Column("kind", String(30), nullable=False),
    Column("label", Text, nullable=False),
    Column("n_blocks", Integer, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("requested_by", String(100), nullable=False),
    Column("runner", Text, nullable=False),
    Column("spec", JSONB, nullable=False),
    CheckConstraint("n_blocks > 0", name="n_blocks"),
)
"""A calculation in blocks that is not stored as a run yet. job_key: content hash of all that its blocks depend on;
started_at and runner: when it was taken up last, and by which process; spec: what it is, for people."""

JOB_BLOCKS = Table(
    "job_blocks",
    METADATA,
    Column("job_key", String(64), ForeignKey("block_jobs.job_key", ondelete="CASCADE"), primary_key=True),
    Column("block_no", Integer, primary_key=True, autoincrement=False),
    Column("arrays", LargeBinary, nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("worker", Text, nullable=False),
)
"""A finished block: its arrays as `db.cache.pack_arrays` packs them, and who computed it."""

# Floating point numbers hardly compress: trying to would take longer than writing them.
event.listen(
    JOB_BLOCKS,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "ALTER TABLE job_blocks ALTER COLUMN arrays SET STORAGE EXTERNAL"
    ),
)


def _statistics() -> tuple[Column[float], ...]:
    return tuple(Column(name, Double) for name in STATISTICS)


SIMULATION_STATISTICS = with_default_partition(
    Table(
        "simulation_statistics",
        METADATA,
        *run_columns(),
        Column("deal_name", Text, nullable=False),
        Column("field", String(20), nullable=False),
        Column("period", Integer, nullable=False),
        Column("period_date", Date, nullable=False),
        Column("n", BigInteger, nullable=False),
        *_statistics(),
        PrimaryKeyConstraint("run_id", "deal_name", "field", "period", "run_at"),
        ForeignKeyConstraint(["run_id", "run_at"], ["runs.run_id", "runs.started_at"], ondelete="CASCADE"),
        postgresql_partition_by="RANGE (run_at)",
    )
)
"""The distribution over n simulations of a field of spec 04 §8 at a date of the grid; period 0 is the opening."""

SIMULATION_TRANCHE_STATISTICS = with_default_partition(
    Table(
        "simulation_tranche_statistics",
        METADATA,
        *run_columns(),
        Column("deal_name", Text, nullable=False),
        Column("tranche_name", Text, nullable=False),
        Column("metric", String(30), nullable=False),
        Column("n", BigInteger, nullable=False),
        Column("n_missing", BigInteger, nullable=False),
        *_statistics(),
        PrimaryKeyConstraint("run_id", "deal_name", "tranche_name", "metric", "run_at"),
        ForeignKeyConstraint(["run_id", "run_at"], ["runs.run_id", "runs.started_at"], ondelete="CASCADE"),
        postgresql_partition_by="RANGE (run_at)",
    )
)
"""The distribution of what a tranche gets; n_missing simulations have no such number, such as a yield without a root,
and are not in the distribution."""
