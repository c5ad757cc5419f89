"""Partitions by calendar year of the daily tables (spec 07 §20.2)."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, text

from engine.errors import InputError

DAILY_TABLES = {"daily_accruals": "accrual_date", "unrealized_pnl_timeseries": "valuation_date"}
"""Tables in partitions, each with the day by which its rows are placed."""

_YEARS = range(1900, 2201)
_FIRST_AHEAD = 10
"""The month from which on the next year is prepared."""


def ensure_year(connection: Connection, year: int) -> int:
    """Make the partitions of a year where they are missing; how many were made.

    Rows of that year that lie in a default partition move into their own. Runs in the transaction of the connection and
    shuts other writers of the daily tables out until its end. Raises InputError CLO-3031 for a year that no contract
    has.
    """
    if year not in _YEARS:
        raise InputError(
            "CLO-3031",
            f"{year} is no year for daily rows",
            where="ensure_year",
            remedy=f"Use a year from {_YEARS.start} to {_YEARS.stop - 1}.",
        )
    made = connection.execute(text("SELECT ensure_payout_partitions(:year)"), {"year": year}).scalar_one()
    return int(made)


def years_of(days: Iterable[date]) -> frozenset[int]:
    """The years whose partitions rows of these days need: from October on the next year is prepared too."""
    return frozenset(on.year + ahead for on in days for ahead in (0, 1) if not ahead or on.month >= _FIRST_AHEAD)


def misplaced_rows(connection: Connection) -> dict[str, int]:
    """Rows in the default partition by daily table; anything but zero means that a year was not prepared."""
    return {
        table: int(connection.execute(text(f"SELECT count(*) FROM {table}_default")).scalar_one())  # noqa: S608
        for table in DAILY_TABLES
    }


def place_rows(connection: Connection) -> int:
    """Make the partitions of the years whose rows lie in a default partition, which moves them; how many were made."""
    years: set[int] = set()
    for table, column in DAILY_TABLES.items():
        found = connection.execute(text(f"SELECT DISTINCT extract(year FROM {column})::int FROM {table}_default"))  # noqa: S608
        years.update(found.scalars())
    return sum(ensure_year(connection, year) for year in sorted(years))
