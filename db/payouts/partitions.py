"""Partitions by calendar year of the daily tables (spec 07 §20.2)."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, text

from engine.errors import InputError

DAILY_TABLES = {
    "daily_accruals": ("accrual_date", "cashflow_id"),
    "unrealized_pnl_timeseries": ("valuation_date", "contract_id", "leg_id", "snapshot_label"),
}
"""Tables in partitions, each with its key: the day by which its rows are placed, and the rest."""

_YEARS = range(1900, 2201)
_FIRST_AHEAD = 10
"""The month from which on the next year is prepared."""


def ensure_year(connection: Connection, year: int) -> int:
    """Make the partitions of a year where they are missing; how many were made.

    Rows of that year that lie in a default partition move into their own. Runs in the transaction of the connection and
    shuts other writers of the daily tables out until its end. Raises InputError CLO-3031 for a year that no contract
    has, CLO-3034 for one that is archived.
    """
    if checked_year(year) in archived_years(connection):
        raise InputError(
            "CLO-3034",
            f"The daily rows of {year} are archived",
            remedy=f"Bring them back with `clodesk db restore {year}`, then try again.",
        )
    made = connection.execute(text("SELECT ensure_payout_partitions(:year)"), {"year": year}).scalar_one()
    return int(made)


def checked_year(year: int) -> int:
    """The year, where daily rows may have it: InputError CLO-3031 otherwise."""
    if year not in _YEARS:
        raise InputError(
            "CLO-3031",
            f"{year} is no year for daily rows",
            remedy=f"Use a year from {_YEARS.start} to {_YEARS.stop - 1}.",
        )
    return year


def archived_years(connection: Connection) -> tuple[int, ...]:
    """Years whose daily rows were put aside by `db.payouts.archive`, in order."""
    return tuple(connection.execute(text("SELECT year FROM archived_payout_years ORDER BY year")).scalars())


def leaf_name(table: str, year: int) -> str:
    """The partition of a year."""
    return f"{table}_{year:04d}"


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
    for table, (column, *_) in DAILY_TABLES.items():
        found = connection.execute(text(f"SELECT DISTINCT extract(year FROM {column})::int FROM {table}_default"))  # noqa: S608
        years.update(found.scalars())
    return sum(ensure_year(connection, year) for year in sorted(years))
