"""Runs, and what every result table shares: the run it belongs to, its time as the partition key, and its keys."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from db.models.metadata import METADATA, Entity, with_default_partition


class RunRow(Entity):
    """One calculation that stored results."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("run_id", "started_at"),
        CheckConstraint("status IN ('running', 'finished', 'failed')", name="status"),
        Index("idx_runs_input_hash", "input_hash", "status"),
        Index("idx_runs_deal_date", "deal_id", "as_of", "started_at"),
    )

    run_id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    deal_id: Mapped[str] = mapped_column(ForeignKey("clo_deals.deal_id"))
    kind: Mapped[str] = mapped_column(String(30))
    scenario: Mapped[str] = mapped_column(String(100))
    as_of: Mapped[date] = mapped_column(Date)
    mode: Mapped[str] = mapped_column(String(20))
    input_hash: Mapped[str] = mapped_column(String(64))
    engine_version: Mapped[str] = mapped_column(String(50))
    status: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    requested_by: Mapped[str] = mapped_column(String(100))
    assumption_set: Mapped[str] = mapped_column(String(100))
    failure_number: Mapped[str | None] = mapped_column(String(10))
    failure_text: Mapped[str | None] = mapped_column(Text)


def run_columns() -> tuple[Column[Any], Column[Any]]:
    """The run of a result row, and the run's start, by which result tables are partitioned."""
    return (
        Column("run_id", BigInteger, nullable=False),
        Column("run_at", DateTime(timezone=True), nullable=False),
    )


def result_constraints(row_number: str, *unique: str) -> tuple[SchemaItem, ...]:
    """Primary key, the run it belongs to, and the seed's unique constraint within that run.

    run_at stands in every key because PostgreSQL wants the partition key there; it is fixed by run_id.
    """
    keys: list[SchemaItem] = [
        PrimaryKeyConstraint("run_id", row_number, "run_at"),
        ForeignKeyConstraint(["run_id", "run_at"], ["runs.run_id", "runs.started_at"], ondelete="CASCADE"),
    ]
    if unique:
        keys.append(UniqueConstraint("run_id", *unique, "run_at"))
    return tuple(keys)


RUN_ARRAYS = Table(
    "run_arrays",
    METADATA,
    *run_columns(),
    Column("name", String(60), nullable=False),
    Column("dtype", String(300), nullable=False),
    Column("shape", ARRAY(Integer), nullable=False),
    Column("data", LargeBinary, nullable=False),
    *result_constraints("name"),
    postgresql_partition_by="RANGE (run_at)",
)
"""The exact arrays of a run: the stored result equals the computed one bit for bit, which money in cents cannot."""

# Floating point numbers hardly compress: trying to would take longer than writing them.
event.listen(
    RUN_ARRAYS,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "ALTER TABLE run_arrays ALTER COLUMN data SET STORAGE EXTERNAL"
    ),
)
with_default_partition(RUN_ARRAYS)
