"""The one catalogue of tables, with the names and column types that all of them share."""

from typing import Any

from sqlalchemy import DDL, BigInteger, Column, DateTime, Identity, MetaData, Numeric, Table, event, func
from sqlalchemy.orm import DeclarativeBase

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

MONEY = Numeric(18, 2)
RATE = Numeric(10, 6)
RATIO = Numeric(24, 6)
YEARS = Numeric(10, 4)
FRACTION = Numeric(10, 4)
"""The seed's scales; the number of digits before the point is widened where a legal value did not fit (spec 00)."""

ID_CACHE = 1000
"""Row numbers taken from a sequence at once by one session; bulk rows draw them in the server."""


class Entity(DeclarativeBase):
    """A table whose rows people edit one at a time."""

    metadata = METADATA


def row_number(name: str) -> Column[int]:
    """The seed's integer key, drawn by the server; 64 bits wide, as runs times periods outgrow 32."""
    return Column(name, BigInteger, Identity(always=False, cache=ID_CACHE), nullable=False)


def created_at() -> Column[Any]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def with_default_partition(table: Table) -> Table:
    """The same partitioned table; its partition for times without one of their own is made together with it."""
    statement = DDL(  # type: ignore[no-untyped-call]
        f"CREATE TABLE {table.name}_default PARTITION OF {table.name} DEFAULT"
    )
    event.listen(table, "after_create", statement)
    return table
