"""Results of a book of swaps as an Excel workbook with native tables and charts (spec 07 §20.4)."""

import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.errors import WorkbookError
from engine.payouts.report_table import ReportTable
from engine.payouts.results import SwapResults, records
from workbooks.palette import FONT, FONT_SIZE
from workbooks.results.looks import Look
from workbooks.swaps.attribution import write_attribution
from workbooks.swaps.cash_calendar import write_calendar
from workbooks.swaps.deferral_ageing import write_deferral_ageing
from workbooks.swaps.ladder_and_risk import write_ladder, write_risk
from workbooks.swaps.pages import SwapLooks, SwapPage, check_height
from workbooks.swaps.summary import write_summary
from workbooks.xlsx import ExactWorkbook

HEADER_ROW = 3
WHOLE_BOOK_CODES = ("R-9", "R-11", "R-12", "R-13", "R-14")
"""Reports that know no contract."""

SUMMARY, CALENDAR, FLOWS, ACCRUALS, RECONCILIATION, ATTRIBUTION, AGEING, LADDER, RISK, CONTRACTS = (
    "Summary",
    "Cash-flow calendar",
    "Cash flows",
    "Accruals",
    "Reconciliation",
    "P&L attribution",
    "Deferral ageing",
    "Payments ladder",
    "Risk",
    "Contracts",
)
REPORT_SHEETS = (
    (FLOWS, "R-1"),
    (ACCRUALS, "R-4"),
    (RECONCILIATION, "R-3"),
)
APPENDIX = (
    ("R-5 Accrued interest", "R-5"),
    ("R-6 P&L by leg", "R-6"),
    ("R-8 End of day", "R-8"),
    ("R-9 Dashboard", "R-9"),
    ("R-10 Performance", "R-10"),
    ("R-11 Deferral volumes", "R-11"),
    ("R-12 Exposure", "R-12"),
    ("R-13 Settlement", "R-13"),
    ("Findings", "R-15"),
)
TITLES = {
    "R-1": "Cash flows by payment date",
    "R-4": "Daily accruals by leg, newest first",
    "R-6": "Unrealized P&L by leg and day with its components",
    "R-10": "Performance by leg and currency",
}
"""What reports on one contract are called where they hold all of them."""
FIRST_OF_FLOWS = (
    "payment_date",
    "contract_reference",
    "leg_number",
    "cashflow_type",
    "cashflow_status",
    "amount",
    "currency",
)

MAIN_COLOR, LIST_COLOR, APPENDIX_COLOR = "#2F5D8C", "#4C86B8", "#7A7F8C"


def write_swap_results(path: Path, content: SwapResults) -> Path:
    """Write `content` to a workbook at `path`, which is replaced whole or stays as it was; the path.

    Numbers are the doubles nearest to the decimals, dates are dates, texts never formulas. Raises InputError CLO-2090
    for a report longer than a sheet, WorkbookError CLO-2062 where the file cannot be written.
    """
    for table in (content.contracts, *content.reports):
        check_height(table, HEADER_ROW)
    beside = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.xlsx")
    try:
        _write(beside, content)
        os.replace(beside, path)
    except (OSError, WorkbookError) as error:
        raise WorkbookError(
            "CLO-2062",
            "The workbook cannot be written",
            where=str(path),
            remedy="Close it in Excel, or choose another place.",
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return path


def _write(path: Path, content: SwapResults) -> None:
    book = ExactWorkbook(path, font=FONT, font_size=FONT_SIZE)
    looks = SwapLooks(book)
    main = (SUMMARY, CALENDAR, ATTRIBUTION, AGEING, LADDER, RISK)
    lists = (FLOWS, ACCRUALS, RECONCILIATION, CONTRACTS)
    pages: dict[str, SwapPage] = {}
    order = (SUMMARY, CALENDAR, FLOWS, ACCRUALS, RECONCILIATION, ATTRIBUTION, AGEING, LADDER, RISK, CONTRACTS)
    for name in (*order, *(name for name, _ in APPENDIX)):
        sheet = book.add_worksheet(name)
        sheet.set_tab_color(MAIN_COLOR if name in main else LIST_COLOR if name in lists else APPENDIX_COLOR)
        pages[name] = SwapPage(sheet, looks)
    head = f"Swaps on {content.as_of.isoformat()}"
    days = write_attribution(pages[ATTRIBUTION], book, content, f"{head}: P&L attribution")
    write_calendar(pages[CALENDAR], book, content, f"{head}: cash-flow calendar")
    write_deferral_ageing(pages[AGEING], book, content, f"{head}: deferral ageing")
    write_ladder(pages[LADDER], book, content, f"{head}: payments ladder", _note(content, "R-14"))
    write_risk(pages[RISK], book, content, f"{head}: risk")
    _write_list(pages[CONTRACTS], content.contracts, f"{head}: contracts", "", "contracts")
    for name, code in (*REPORT_SHEETS, *APPENDIX):
        table = ARRANGED.get(code, _as_it_is)(content.report(code))
        title = f"{head}: {_title(table)}"
        _write_list(pages[name], table, title, _window(content, code), f"report_{code.replace('-', '_')}")
    sheets = [(name, _meaning(content, name)) for name in pages if name != SUMMARY]
    write_summary(pages[SUMMARY], book, content, f"{head}: results", sheets, days)
    book.close()


def _write_list(page: SwapPage, table: ReportTable, title: str, note: str, name: str) -> None:
    """One report on a sheet: its header stands on every printed page, and stays in sight."""
    page.title(title)
    page.text(1, 0, note or f"{len(table.rows):,} rows.", Look.SUBTITLE)
    page.report(HEADER_ROW, table, name)
    page.sheet.freeze_panes(HEADER_ROW + 1, 1)
    page.print_landscape(title, header_row=HEADER_ROW)


def _title(table: ReportTable) -> str:
    return f"{table.code} {TITLES.get(table.code, table.title)}"


def _as_it_is(table: ReportTable) -> ReportTable:
    return table


def _by_payment_date(table: ReportTable) -> ReportTable:
    """R-1 as a dated list: the day first, then who, what and how much."""
    keys = records(table, "payment_date", "contract_reference", "cashflow_reference")
    ordered = sorted(zip(keys, table.rows, strict=True), key=lambda pair: tuple(map(str, pair[0])))
    names = [column.name for column in table.columns]
    places = [names.index(name) for name in FIRST_OF_FLOWS]
    places += [place for place, name in enumerate(names) if name not in FIRST_OF_FLOWS]
    return replace(
        table,
        columns=tuple(table.columns[place] for place in places),
        rows=tuple(tuple(row[place] for place in places) for _, row in ordered),
    )


def _newest_first(table: ReportTable) -> ReportTable:
    """R-4 from the last day back, by contract and leg within the day."""
    keys = records(table, "accrual_date", "contract_reference", "leg_number", "cashflow_reference")
    ordered = sorted(zip(keys, table.rows, strict=True), key=lambda pair: tuple(map(str, pair[0][1:])))
    ordered.sort(key=lambda pair: str(pair[0][0]), reverse=True)
    return replace(table, rows=tuple(row for _, row in ordered))


ARRANGED: dict[str, Callable[[ReportTable], ReportTable]] = {"R-1": _by_payment_date, "R-4": _newest_first}


def _note(content: SwapResults, code: str) -> str:
    return "This report is of the whole book." if code in WHOLE_BOOK_CODES and not content.is_whole_book else ""


def _window(content: SwapResults, code: str) -> str:
    """From when to when a report looks, and how many rows it has."""
    first = {
        "R-3": content.accruals_since,
        "R-4": content.accruals_since,
        "R-5": content.accruals_since,
        "R-6": content.accruals_since,
        "R-9": content.accruals_since,
        "R-13": content.settled_since,
    }.get(code)
    span = f"From {first} to {content.as_of}. " if first is not None else ""
    return f"{span}{len(content.report(code).rows):,} rows. {_note(content, code)}".strip()


def _meaning(content: SwapResults, name: str) -> str:
    code = dict((*REPORT_SHEETS, *APPENDIX)).get(name)
    if code is not None:
        return _title(content.report(code))
    return {
        CALENDAR: "Received, paid and net by month and payment day (R-1)",
        ATTRIBUTION: "Daily P&L by component, contribution of contracts",
        AGEING: f"R-2 {content.report('R-2').title}, by days overdue and reason",
        LADDER: f"R-14 {content.report('R-14').title}",
        RISK: f"R-7 {content.report('R-7').title}",
        CONTRACTS: "Terms and unrealized P&L of every contract",
    }[name]
