"""Results of swaps as a workbook: what it shows is what is stored, and it reads and prints as it should."""

import re
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from db.store import Store
from engine.desk.swaps.desk import SwapDesk
from engine.desk.swaps.results import gather
from engine.errors import InputError
from engine.payouts.results import PnlParts, SwapResults, records
from tests.workbooks.excel_tables import tables
from tests.workbooks.swaps.conftest import AS_OF, INCOMPLETE, SHEETS, START
from workbooks.swaps import pages
from workbooks.swaps.charts import step

REPORT_SHEETS = {
    "R-1": "Cash flows", "R-2": "Deferral ageing", "R-3": "Reconciliation", "R-4": "Accruals",
    "R-5": "R-5 Accrued interest", "R-6": "R-6 P&L by leg", "R-7": "Risk", "R-8": "R-8 End of day",
    "R-9": "R-9 Dashboard", "R-10": "R-10 Performance", "R-11": "R-11 Deferral volumes", "R-12": "R-12 Exposure",
    "R-13": "R-13 Settlement", "R-14": "Payments ladder", "R-15": "Findings",
}  # fmt: skip
STORED_PLACES = Decimal("1e-8")
"""Base amounts are stored with ten places, sums of a few dozen of them agree to eight."""
DOUBLE = 1e-9
"""Sums of doubles of this size, in currency."""
PARTS = ("Price", "Dividend", "Interest", "FX", "Other")


def rows(store: Store, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
    with store.read() as work:
        return work.driver.execute(statement, arguments).fetchall()  # type: ignore[arg-type]


def table_of(sheet: Worksheet, *headers: str) -> dict[str, list[Any]]:
    """The first table of a sheet that has these headers."""
    return next(table for table in tables(sheet).values() if set(headers) <= set(table))


def test_every_report_has_its_sheet(book: openpyxl.Workbook) -> None:
    """Nineteen sheets in reading order, each named within Excel's limits."""
    assert book.sheetnames == SHEETS
    assert all(len(name) <= 31 for name in SHEETS)


def test_sheets_hold_the_reports_row_by_row(content: SwapResults, book: openpyxl.Workbook) -> None:
    """Every row of R-1 to R-15 is there with its numbers as doubles, its dates as dates and its codes as text."""
    for code, name in REPORT_SHEETS.items():
        report = content.report(code)
        found = table_of(book[name], *(column.heading for column in report.columns))
        cells = [found[column.heading] for column in report.columns]
        shown = sorted(map(_comparable, zip(*cells, strict=True)), key=repr)

        if report.rows:
            assert shown == sorted((_comparable(map(pages.shown, row)) for row in report.rows), key=repr), code


def _comparable(row: Any) -> tuple[Any, ...]:
    """Dates as dates, empty texts as empty cells."""
    return tuple(cell.date() if isinstance(cell, datetime) else None if cell == "" else cell for cell in row)


def test_cash_flows_are_those_of_the_database(book_store: Store, book: openpyxl.Workbook) -> None:
    """Count and sum by status and currency, in date order, are what the table of cash flows holds."""
    table = tables(book["Cash flows"])["report_R_1"]
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for status, currency, amount in zip(table["Cashflow status"], table["Currency"], table["Amount"], strict=True):
        sums[status, currency] += amount
    stored = rows(
        book_store, "SELECT cashflow_status, currency::text, sum(amount)::float8 FROM cashflows GROUP BY 1, 2"
    )

    assert dict(sums) == pytest.approx({(status, currency): amount for status, currency, amount in stored})
    assert table["Payment date"] == sorted(table["Payment date"])
    assert len(sums) == 5


def test_calendar_adds_up_to_the_cash_flows(book_store: Store, book: openpyxl.Workbook) -> None:
    """Received and paid are net in every month, months are the total, and the total is what is stored."""
    table = tables(book["Cash-flow calendar"])["calendar_months"]
    months = [header for header in table if re.fullmatch(r"\d{4}-\d\d", header)]
    stored = dict(
        rows(
            book_store,
            "SELECT currency::text, sum(coalesce(settlement_amount, amount))::float8 FROM cashflows GROUP BY 1",
        )
    )

    assert months[0] == "2023-10"
    assert months[5] == "2024-03"
    assert len(months) == 12
    for first in range(0, len(table["Flow"]), 3):
        assert table["Flow"][first : first + 3] == ["Received", "Paid", "Net"]
        assert table["Total"][first + 2] == pytest.approx(stored[table["Currency"][first]], abs=DOUBLE)
        for month in [*months, "Earlier", "Later", "No date"]:
            received, paid, net = table[month][first : first + 3]
            assert received >= 0.0 >= paid
            assert net == pytest.approx(received + paid, abs=DOUBLE)
        parts = sum(table[month][first + 2] for month in [*months, "Earlier", "Later", "No date"])
        assert table["Total"][first + 2] == pytest.approx(parts, abs=DOUBLE)
    assert table["No date"][2] == -610.0


def test_components_add_up_on_every_day_and_for_every_contract(content: SwapResults, book: openpyxl.Workbook) -> None:
    """Price, dividend, interest, FX and other are the total, in the records and in the cells."""
    for one in (*content.daily_pnl, *content.contract_pnl):
        assert sum(one.parts.components) == pytest.approx(one.parts.total, abs=STORED_PLACES)
    for name in ("pnl_days_USD", "pnl_contracts_USD"):
        table = tables(book["P&L attribution"])[name]
        for at, total in enumerate(table["Total"]):
            assert sum(table[part][at] for part in PARTS) == pytest.approx(total, abs=1e-7)


def test_attribution_is_the_stored_series(book_store: Store, book: openpyxl.Workbook) -> None:
    """The total of each day is the change of the stored base amounts plus what was realised, over all legs."""
    stored = rows(
        book_store,
        "SELECT day, sum(pnl)::float8 FROM (SELECT valuation_date AS day, base_currency_amount"
        " - lag(base_currency_amount) OVER (PARTITION BY leg_id ORDER BY valuation_date)"
        " + realized_since_previous * base_fx_rate AS pnl FROM unrealized_pnl_timeseries) s"
        " WHERE pnl IS NOT NULL GROUP BY day ORDER BY day",
    )
    table = tables(book["P&L attribution"])["pnl_days_USD"]

    assert [day.date() for day in table["Day"]] == [day for day, _ in stored]
    assert table["Total"] == pytest.approx([amount for _, amount in stored], abs=1e-6)
    assert table["Cumulative"][-1] == pytest.approx(sum(amount for _, amount in stored), abs=1e-5)
    assert len(stored) == 27


def test_realized_amounts_stay_in_their_component(content: SwapResults) -> None:
    """At a reset nothing jumps: dividends are the one that was paid, interest stays interest, nothing is other."""
    by_contract = {one.contract_reference: one.parts for one in content.contract_pnl}

    assert by_contract["TRS-1"].dividend == Decimal("850")
    assert by_contract["TRS-1"].interest < 0 < by_contract["TRS-2"].interest
    assert all(abs(one.parts.other) < Decimal("0.01") for one in content.daily_pnl)
    assert by_contract["TRS-3"].fx != 0
    assert by_contract["TRS-1"].fx == 0


def test_contracts_run_from_one_to_the_next(book: openpyxl.Workbook, content: SwapResults) -> None:
    """Contributions go from the largest down, each from where the one before ended, to the total of the days."""
    table = tables(book["P&L attribution"])["pnl_contracts_USD"]

    assert table["Total"] == sorted(table["Total"], reverse=True)
    assert table["From"] == [0.0, *table["To"][:-1]]
    assert table["To"][-1] == pytest.approx(float(sum(one.parts.total for one in content.daily_pnl)), abs=1e-6)


@pytest.mark.parametrize(
    ("start", "end"), [(0.0, 5.0), (5.0, 2.0), (3.0, -2.0), (-2.0, -7.0), (-7.0, 1.0), (-3.0, 0.0)]
)
def test_waterfall_columns_reach_from_start_to_end(start: float, end: float) -> None:
    """Columns above and below zero, on what lifts them, cover just what lies between the two amounts."""
    lift, rise_above, rise_below, fall_above, fall_below = step(start, end)
    above, below = rise_above + fall_above, rise_below + fall_below
    high = max(lift, 0.0) + above if lift > 0.0 or above > 0.0 else lift
    low = min(lift, 0.0) + below if lift < 0.0 or below < 0.0 else lift

    assert high == max(start, end)
    assert low == min(start, end)
    assert (fall_above, fall_below) == (0.0, 0.0) if end >= start else (rise_above, rise_below) == (0.0, 0.0)


def test_ageing_puts_every_deferral_in_its_bucket(book: openpyxl.Workbook) -> None:
    """96, 48 and 12 days overdue, one not due and one without a date; the list begins with the overdue ones."""
    buckets = tables(book["Deferral ageing"])["deferral_buckets_USD"]
    listed = tables(book["Deferral ageing"])["deferrals"]

    assert dict(zip(buckets["Overdue"], buckets["Total"], strict=True)) == {
        "Over 90 days": 2_075.0,
        "61 to 90 days": 0.0,
        "31 to 60 days": -1_250.5,
        "1 to 30 days": 8_400.0,
        "Not overdue": 2_690.25,
    }
    assert buckets["Technical issue"] == [2_075.0, 0.0, -1_250.5, 0.0, 0.0]
    assert buckets["Cash flows"] == [1, 0, 1, 1, 2]
    assert listed["Days overdue"][:3] == [96, 48, 12]
    assert listed["Deferral urgency"] == ["OVERDUE", "OVERDUE", "OVERDUE", "UNSCHEDULED", "FUTURE"]


def test_reconciliation_shows_where_days_do_not_make_the_amount(book: openpyxl.Workbook) -> None:
    """Two cash flows lack a day of accruals, all others match."""
    table = tables(book["Reconciliation"])["report_R_3"]
    apart = [at for at, verdict in enumerate(table["Reconciliation status"]) if verdict == "MISMATCH"]

    assert {table["Cashflow reference"][at] for at in apart} == set(INCOMPLETE)
    for daily, period, difference in zip(
        *(table[head] for head in ("Daily total", "Period total", "Difference")), strict=True
    ):
        if difference is not None:
            assert difference == pytest.approx(daily - period, abs=DOUBLE)


def test_risk_begins_with_the_book(content: SwapResults, book: openpyxl.Workbook) -> None:
    """The book first, then contracts and legs from the riskiest down, with the numbers of R-7."""
    table = tables(book["Risk"])["risk"]
    found = zip(
        table["Level"], table["Contract reference"], table["Leg number"], table["Value at risk 95"], strict=True
    )
    stored = records(content.report("R-7"), "level", "contract_reference", "leg_number", "value_at_risk_95")

    assert table["Level"] == ["BOOK"] + ["CONTRACT"] * 4 + ["LEG"] * 8
    assert table["Value at risk 95"][1:5] == sorted(table["Value at risk 95"][1:5], reverse=True)
    assert set(found) == set(stored)


def test_summary_agrees_with_the_sheets(content: SwapResults, book: openpyxl.Workbook, book_store: Store) -> None:
    """P&L by component and currency is the newest stored, cash by status too; run and database are named."""
    summary = tables(book["Summary"])
    stored = rows(
        book_store,
        "SELECT unrealized_pnl_currency::text, sum(price_pnl_amount)::float8, sum(unrealized_pnl_amount)::float8"
        " FROM unrealized_pnl_timeseries WHERE valuation_date = %s GROUP BY 1 ORDER BY 1",
        AS_OF,
    )
    texts = {str(cell.value) for row in book["Summary"].iter_rows() for cell in row if cell.value is not None}

    marks = summary["marks"]
    assert list(zip(marks["Currency"], marks["Price"], marks["Unrealized"], strict=True)) == stored
    assert summary["cash"]["Deferred"] == [0.0, 11_914.75]
    assert summary["cash"]["Of them overdue"] == [0, 3]
    assert {content.provenance.run_id, content.provenance.engine_version, book_store.address} <= texts
    assert "Deferred cash flows that are overdue: 3." in texts
    assert "Cash flows that differ from the sum of their daily accruals: 2." in texts
    links = [cell.hyperlink.location for row in book["Summary"].iter_rows() for cell in row if cell.hyperlink]
    assert sorted(links) == sorted(f"'{name}'!A1" for name in SHEETS[1:])


def test_chosen_contracts_are_all_that_is_shown(book_store: Store) -> None:
    """Reports that know contracts hold the chosen ones only, and the book says that it is not the whole one."""
    with book_store.read() as work:
        found = gather(work, AS_OF, book_store.address, references=["TRS-2"])

    assert not found.is_whole_book
    assert {name for (name,) in records(found.contracts, "contract_reference")} == {"TRS-2"}
    for table in found.reports:
        if "contract_reference" in {column.name for column in table.columns}:
            assert {name for (name,) in records(table, "contract_reference")} <= {"TRS-2"}
    assert len(records(found.report("R-7"), "level")) == 3
    assert {one.contract_reference for one in found.contract_pnl} == {"TRS-2"}


def test_the_number_of_statements_does_not_grow_with_the_book(
    book_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One contract and four take equally many statements."""
    counts = []
    for references in (["TRS-1"], ["TRS-1", "TRS-2", "TRS-3", "TRS-4"]):
        with book_store.read() as work:
            asked: list[str] = []
            execute = work.driver.execute

            def counting(query: Any, *arguments: Any, _asked: list[str] = asked, _run: Any = execute) -> Any:
                _asked.append(str(query))
                return _run(query, *arguments)

            monkeypatch.setattr(work.driver, "execute", counting)
            gather(work, AS_OF, book_store.address, references=references)
            monkeypatch.undo()
            counts.append(len(asked))

    assert counts[0] == counts[1]
    assert counts[0] <= 24


def test_an_unknown_contract_or_day_is_refused(book_store: Store, tmp_path: Path) -> None:
    """CLO-4105 before the first end of day, CLO-4106 for a contract that is not stored, CLO-4107 without any."""
    desk, target = SwapDesk(book_store), tmp_path / "none.xlsx"
    cases: tuple[tuple[date, list[str] | None, str], ...] = (
        (date(2024, 1, 9), ["TRS-1"], "CLO-4105"),
        (AS_OF, ["TRS-1", "TRS-9"], "CLO-4106"),
        (date(2024, 1, 9), None, "CLO-4107"),
    )
    for on, references, number in cases:
        with pytest.raises(InputError) as caught:
            desk.workbook(target, on, references=references)

        assert caught.value.number == number
    assert not target.exists()
    assert START < AS_OF


def test_a_day_before_the_last_shows_that_day(book_store: Store) -> None:
    """As of an earlier day P&L and run are of that day, not of the newest."""
    earlier = date(2024, 3, 8)
    with book_store.read() as work:
        found = gather(work, earlier, book_store.address)

    assert found.provenance.run_day == earlier
    assert max(one.day for one in found.daily_pnl) == earlier
    assert {mark.oldest_day for mark in found.marks} == {earlier}


def test_parts_know_their_order() -> None:
    """Components come in the order of the table's headers."""
    one, two, three, four, five = (Decimal(n) for n in range(1, 6))
    parts = PnlParts(price=one, dividend=two, interest=three, fx=four, other=five, total=Decimal(15))

    assert parts.components == (one, two, three, four, five)
