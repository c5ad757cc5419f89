"""Partitions by year of the daily tables (spec 07 §20.2)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from db.payouts.partitions import ensure_year, misplaced_rows, place_rows, years_of
from db.store import Store
from engine.errors import InputError
from tests.db.payouts.conftest import PayoutRows

NEW_YEARS_EVE = date(2024, 12, 31)


def _places(connection: Connection, table: str) -> dict[str, int]:
    found = connection.execute(text(f"SELECT tableoid::regclass::text, count(*) FROM {table} GROUP BY 1"))  # noqa: S608
    return {row[0]: row[1] for row in found}


def _fill(rows: PayoutRows) -> None:
    cashflow = rows.cashflow()
    for n in range(4):
        day = NEW_YEARS_EVE + timedelta(days=n - 1)
        rows.accrual(cashflow, day)
        rows.pnl(day, n)


def test_the_year_rolls_over(rows: PayoutRows) -> None:
    """Rows around new year go into the partitions of their years, and none into the default."""
    made = [ensure_year(rows.connection, 2024), ensure_year(rows.connection, 2025), ensure_year(rows.connection, 2025)]
    _fill(rows)

    assert made == [2, 2, 0]
    assert _places(rows.connection, "daily_accruals") == {"daily_accruals_2024": 2, "daily_accruals_2025": 2}
    assert _places(rows.connection, "unrealized_pnl_timeseries") == {
        "unrealized_pnl_timeseries_2024": 2,
        "unrealized_pnl_timeseries_2025": 2,
    }
    assert set(misplaced_rows(rows.connection).values()) == {0}


def test_a_late_partition_fetches_its_rows(rows: PayoutRows) -> None:
    """Rows that found no partition of their year are counted, and move when it is made."""
    _fill(rows)
    before = misplaced_rows(rows.connection)
    ensure_year(rows.connection, 2024)
    between = misplaced_rows(rows.connection)
    ensure_year(rows.connection, 2025)

    assert before == {"daily_accruals": 4, "unrealized_pnl_timeseries": 4}
    assert between == {"daily_accruals": 2, "unrealized_pnl_timeseries": 2}
    assert _places(rows.connection, "daily_accruals") == {"daily_accruals_2024": 2, "daily_accruals_2025": 2}
    rows.check_now()


def test_misplaced_rows_get_the_partitions_of_their_years(rows: PayoutRows) -> None:
    """Every year that has rows in a default partition is made, once; nothing is left behind or lost."""
    _fill(rows)

    assert [place_rows(rows.connection), place_rows(rows.connection)] == [4, 0]
    assert set(misplaced_rows(rows.connection).values()) == {0}
    assert _places(rows.connection, "daily_accruals") == {"daily_accruals_2024": 2, "daily_accruals_2025": 2}
    rows.check_now()


def test_a_store_prepares_a_year_once(store: Store) -> None:
    """From October on with the next; a second time costs no statement."""
    store.prepare_payout_years(date(2030, 10, 1))
    with store.begin() as work:
        found = work.driver.execute(
            "SELECT count(*) FROM pg_class WHERE relname IN ('daily_accruals_2030', 'daily_accruals_2031',"
            " 'unrealized_pnl_timeseries_2030', 'unrealized_pnl_timeseries_2031')"
        ).fetchone()
        work.driver.execute("ALTER FUNCTION ensure_payout_partitions(integer) RENAME TO out_of_reach")
    store.prepare_payout_years(date(2030, 12, 31), date(2031, 3, 1))

    assert found == (4,)


@pytest.mark.parametrize(("as_of", "made"), [(date(2024, 9, 30), 2), (date(2024, 10, 1), 4)])
def test_next_year_is_prepared_in_october(connection: Connection, as_of: date, made: int) -> None:
    """Before October the running year is enough."""
    assert sum(ensure_year(connection, year) for year in years_of([as_of])) == made


def test_a_month_is_read_from_one_partition(rows: PayoutRows) -> None:
    """The accruals of one contract in a month are found in one partition, by an index."""
    ensure_year(rows.connection, 2024)
    ensure_year(rows.connection, 2025)
    rows.execute("SET LOCAL enable_seqscan = off")

    plan = rows.execute(
        "EXPLAIN SELECT * FROM daily_accruals WHERE contract_id = :contract"
        " AND accrual_date >= '2024-03-01' AND accrual_date < '2024-04-01'",
        contract=rows.contract,
    ).scalars()
    text_of_plan = "\n".join(plan)
    assert "daily_accruals_2024" in text_of_plan
    assert "daily_accruals_2025" not in text_of_plan
    assert "Seq Scan" not in text_of_plan


def test_a_new_partition_has_the_checks_of_its_table(rows: PayoutRows) -> None:
    """Checks, keys and foreign keys hold in a partition that was made later."""
    ensure_year(rows.connection, 2024)

    kinds = rows.execute(
        "SELECT conrelid::regclass::text, array_agg(contype::text ORDER BY contype::text)"
        " FROM pg_constraint WHERE contype <> 'n'"
        " AND conrelid IN ('daily_accruals_2024'::regclass, 'daily_accruals_default'::regclass) GROUP BY 1 ORDER BY 1"
    ).all()
    assert [row[1] for row in kinds] == [kinds[0][1], kinds[0][1]]
    assert {"c", "f", "p"} <= set(kinds[0][1])


def test_the_partitions_of_runs_are_made_as_before(payout_engine: Engine) -> None:
    """The function for the months of runs leaves the tables of payouts alone."""
    with payout_engine.connect() as connection:
        made = connection.execute(text("SELECT ensure_run_partitions('2031-05-01')")).scalar_one()
        ours = connection.execute(text("SELECT to_regclass('daily_accruals_2031_05')")).scalar_one()
        connection.rollback()

    assert made > 5
    assert ours is None


def test_a_year_that_no_contract_has_is_refused(connection: Connection) -> None:
    """A two-digit year is a slip, not a partition."""
    with pytest.raises(InputError, match="CLO-3031: 24 is no year"):
        ensure_year(connection, 24)
