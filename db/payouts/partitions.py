"""Partitions by calendar year of the daily tables (spec 07 §20.2)."""

from datetime import date

from sqlalchemy import Connection, text

from engine.errors import InputError

DAILY_TABLES = ("daily_accruals", "unrealized_pnl_timeseries")
_YEARS = range(1900, 2201)
_FIRST_MONTH_OF_PREPARATION = 10


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


def ensure_upcoming(connection: Connection, as_of: date) -> int:
    """Make the partitions of the year of `as_of`, from October on those of the next year too; how many were made."""
    made = ensure_year(connection, as_of.year)
    if as_of.month >= _FIRST_MONTH_OF_PREPARATION:
        made += ensure_year(connection, as_of.year + 1)
    return made


def misplaced_rows(connection: Connection) -> dict[str, int]:
    """Rows in the default partition by daily table; anything but zero means that a year was not prepared."""
    return {
        table: int(connection.execute(text(f"SELECT count(*) FROM {table}_default")).scalar_one())  # noqa: S608
        for table in DAILY_TABLES
    }
