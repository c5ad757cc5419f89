"""Old years of the daily tables: put aside, brought back, and refused while they are needed (spec 07 §20.2)."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from db.payouts.archive import archive_year, restore_year
from db.payouts.partitions import archived_years, ensure_year, misplaced_rows
from engine.errors import InputError
from tests.db.payouts.conftest import PayoutRows
from tests.db.payouts.report_book import ReportBook

OLD, YOUNG, RUNNING = 2021, 2022, 2023
TABLES = ("daily_accruals", "unrealized_pnl_timeseries")


def _settle(rows: PayoutRows, cashflow: UUID, amount: int = 1000) -> None:
    for status in ("REALIZED_UNSETTLED", "REALIZED_SETTLED"):
        rows.move(cashflow, status, settlement_amount=amount)


def _run(rows: PayoutRows, on: date) -> None:
    rows.insert(
        "job_runs", kind="end of day", as_of=on, status="FINISHED", finished_at=datetime(RUNNING, 3, 16, tzinfo=UTC)
    )


@pytest.fixture
def old_rows(rows: PayoutRows) -> PayoutRows:
    """A settled cash flow with rows of the daily tables in the old year and the one after it; days run up to 2023."""
    for year in (OLD, YOUNG, RUNNING):
        ensure_year(rows.connection, year)
    flow = rows.cashflow(accrual_start_date=date(OLD, 3, 1), accrual_end_date=date(OLD, 3, 31))
    for year in (OLD, YOUNG):
        rows.accrual(flow, date(year, 3, 15))
        rows.pnl(date(year, 3, 15), 5)
    _settle(rows, flow)
    _run(rows, date(RUNNING, 3, 15))
    return rows


def _counts(rows: PayoutRows, suffix: str = "") -> list[int]:
    return [int(rows.execute(f"SELECT count(*) FROM {table}{suffix}").scalar_one()) for table in TABLES]  # noqa: S608


def test_an_archived_year_leaves_its_tables_and_comes_back_whole(old_rows: PayoutRows) -> None:
    """The rows of the year alone move, all of them, there and back; keys and checks are those of before."""
    before = _constraints(old_rows)
    names = archive_year(old_rows.connection, OLD)
    aside = _counts(old_rows), _counts(old_rows, f"_{OLD}_archived"), archived_years(old_rows.connection)
    restore_year(old_rows.connection, OLD)

    assert names == (f"daily_accruals_{OLD}_archived", f"unrealized_pnl_timeseries_{OLD}_archived")
    assert aside == ([1, 1], [1, 1], (OLD,))
    assert (_counts(old_rows), archived_years(old_rows.connection)) == ([2, 2], ())
    assert _constraints(old_rows) == before
    old_rows.check_now()


def _constraints(rows: PayoutRows) -> list[str]:
    found = rows.execute(
        "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid::regclass::text = ANY(:leaves) ORDER BY 1",
        leaves=[f"{table}_{OLD}" for table in TABLES],
    )
    return list(found.scalars())


def test_rows_written_meanwhile_take_the_place_of_archived_ones(old_rows: PayoutRows) -> None:
    """What a back-dated event wrote for the year waits in the default partition, and is newer than the archive."""
    archive_year(old_rows.connection, OLD)
    old_rows.pnl(date(OLD, 3, 15), 9)
    old_rows.pnl(date(OLD, 3, 16), 10)
    waiting = misplaced_rows(old_rows.connection)["unrealized_pnl_timeseries"]
    restore_year(old_rows.connection, OLD)

    found = old_rows.execute(
        "SELECT unrealized_pnl_amount::int FROM unrealized_pnl_timeseries WHERE valuation_date < :next ORDER BY 1",
        next=date(YOUNG, 1, 1),
    )
    assert waiting == 2
    assert list(found.scalars()) == [9, 10]
    assert set(misplaced_rows(old_rows.connection).values()) == {0}


def test_an_archived_year_cannot_be_made_anew(old_rows: PayoutRows) -> None:
    """A day of that year is refused instead of starting a second, empty history."""
    archive_year(old_rows.connection, OLD)

    with pytest.raises(InputError, match=f"CLO-3034: .* Bring them back with `clodesk db restore {OLD}`"):
        ensure_year(old_rows.connection, OLD)
    with pytest.raises(InputError, match="CLO-3034"):
        archive_year(old_rows.connection, OLD)


def test_a_year_that_is_needed_stays(old_rows: PayoutRows) -> None:
    """Years that runs look back on, years without rows and years that are not archived are refused with the reason."""
    for year, reason in ((YOUNG, "the last day run is in 2023"), (2019, "there are none")):
        with pytest.raises(InputError, match=f"CLO-3035: The daily rows of {year}: {reason}"):
            archive_year(old_rows.connection, year)
    with pytest.raises(InputError, match=r"CLO-3035: .* they are not archived"):
        restore_year(old_rows.connection, OLD)
    with pytest.raises(InputError, match="CLO-3031"):
        archive_year(old_rows.connection, 21)

    assert _counts(old_rows) == [2, 2]


def test_a_year_with_an_open_cash_flow_stays(old_rows: PayoutRows) -> None:
    """One that accrued in it and is not settled may still be calculated again."""
    old_rows.cashflow("STILL-OPEN", accrual_start_date=date(OLD, 12, 1), accrual_end_date=date(YOUNG, 1, 31))

    with pytest.raises(InputError, match=r"CLO-3035: .* 1 cash flows .* not settled, as STILL-OPEN"):
        archive_year(old_rows.connection, OLD)


def test_the_reconciliation_leaves_out_what_it_cannot_compare(rows: PayoutRows) -> None:
    """R-3 does not call archived accruals missing."""
    book = ReportBook(rows)
    for year in (OLD, RUNNING):
        ensure_year(rows.connection, year)
    flow = book.interest("OLD-1", -31, date(OLD, 1, 1), date(OLD, 2, 1))
    book.accrue_interest(flow, date(OLD, 1, 1), 31)
    _settle(rows, flow, -31)
    _run(rows, date(RUNNING, 3, 15))
    window = ("SWAP-1", date(OLD, 1, 1), date(OLD, 12, 31))
    before = book.reports.reconciliation(*window)
    archive_year(rows.connection, OLD)

    assert len(before.rows) == 1
    assert book.reports.reconciliation(*window).rows == ()
