"""Old years of the daily tables, put aside and brought back; nothing is deleted (spec 07 §20.2).

An archived year is no partition any more: its rows lie in tables of their own, as `daily_accruals_2019_archived`, where
who needs them can read them. Reports, views and calculations of the book no longer see them.
"""

from sqlalchemy import Connection, text

from db.payouts.partitions import DAILY_TABLES, archived_years, checked_year, leaf_name
from engine.errors import InputError

_KEPT_YEARS = 1
"""Whole years before the last day run that stay: P&L compares a day with the one before, risk looks back over many."""

_LAST_RUN = "SELECT extract(year FROM max(as_of))::int FROM job_runs WHERE status = 'FINISHED'"

_OPEN = """
SELECT count(*), min(cashflow_reference) FROM cashflows
 WHERE cashflow_status IN ('ACCRUED', 'REALIZED_DEFERRED', 'REALIZED_UNSETTLED')
   AND accrual_start_date < make_date(:year + 1, 1, 1) AND accrual_end_date >= make_date(:year, 1, 1)
"""


def archive_year(connection: Connection, year: int) -> tuple[str, ...]:
    """Put the daily rows of a year aside; names of the tables that hold them now.

    In the transaction of the connection, which shuts out readers and writers of the daily tables until its end. Raises
    InputError CLO-3034 for a year that is archived, CLO-3035 for one without rows, that is not over long enough, or
    with cash flows that are not settled.
    """
    checked_year(year)
    if year in archived_years(connection):
        raise InputError("CLO-3034", f"The daily rows of {year} are archived", remedy="There is nothing to do.")
    leaves = [leaf_name(table, year) for table in DAILY_TABLES]
    if any(connection.execute(text("SELECT to_regclass(:leaf)"), {"leaf": leaf}).scalar() is None for leaf in leaves):
        raise _refused(year, "there are none", "Name a year whose days were run.")
    last = connection.execute(text(_LAST_RUN)).scalar()
    if last is None or year >= last - _KEPT_YEARS:
        run = "no day was run" if last is None else f"the last day run is in {last}"
        raise _refused(year, f"{run}, which still looks back on them", "Archive older years.")
    n_open, first = connection.execute(text(_OPEN), {"year": year}).one()
    if n_open:
        raise _refused(
            year, f"{n_open} cash flows that accrued in it are not settled, as {first}", "Settle or cancel them first."
        )
    for table, leaf in zip(DAILY_TABLES, leaves, strict=True):
        connection.execute(text(f"ALTER TABLE {table} DETACH PARTITION {leaf}"))
        connection.execute(text(f"ALTER TABLE {leaf} RENAME TO {leaf}_archived"))
    return tuple(f"{leaf}_archived" for leaf in leaves)


def restore_year(connection: Connection, year: int) -> None:
    """Bring the daily rows of an archived year back into their tables.

    In the transaction of the connection. Rows that were written for the year meanwhile take the place of archived ones.
    Raises InputError CLO-3035 for a year that is not archived.
    """
    checked_year(year)
    if year not in archived_years(connection):
        raise _refused(year, "they are not archived", "There is nothing to bring back.")
    for table, (day, *keys) in DAILY_TABLES.items():
        leaf = leaf_name(table, year)
        span = f"{day} >= make_date({year}, 1, 1) AND {day} < make_date({year + 1}, 1, 1)"
        same = " AND ".join(f"a.{key} = d.{key}" for key in (day, *keys))
        for statement in (
            f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE",
            f"ALTER TABLE {leaf}_archived RENAME TO {leaf}",
            f"DELETE FROM {leaf} a USING {table}_default d WHERE {same}",  # noqa: S608 (names of ours)
            f"WITH moved AS (DELETE FROM {table}_default WHERE {span} RETURNING *)"  # noqa: S608
            f" INSERT INTO {leaf} SELECT * FROM moved",
            f"ALTER TABLE {table} ATTACH PARTITION {leaf} FOR VALUES FROM ('{year}-01-01') TO ('{year + 1}-01-01')",
        ):
            connection.execute(text(statement))


def _refused(year: int, problem: str, remedy: str) -> InputError:
    return InputError("CLO-3035", f"The daily rows of {year}: {problem}", remedy=remedy)
