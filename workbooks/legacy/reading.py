"""Reading a legacy workbook from the first sheet to the last: `read_workbook` (spec 06 §4)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.snapshot import (
    Correlation,
    DealSnapshot,
    Finding,
    LegacyResult,
    ListValue,
    WorkbookSnapshot,
)
from engine.validation.rules import Records
from workbooks.legacy.assets import AssetSheet, read_assets
from workbooks.legacy.book import Book, open_book
from workbooks.legacy.calendar_check import check_calendars
from workbooks.legacy.checks import check_records
from workbooks.legacy.correlation import read_correlation
from workbooks.legacy.deal_sheet import SHEET_SUFFIX, read_deal_sheet
from workbooks.legacy.filter_sheet import read_lists
from workbooks.legacy.findings import Code, FindingLog
from workbooks.legacy.outputs import NumberFormats, is_output_sheet, legacy_results
from workbooks.legacy.reference_table import ALL_DEALS, ReferenceTable, read_reference_table
from workbooks.legacy.run_model import Panel, read_old_run_model, read_run_model
from workbooks.legacy.values import CellReader, trimmed

LAYOUT = "TradeHypoPrelim 32"
RUN_MODEL = "Run Model"
RUN_MODEL_OLD = "Run Model_old"
ALL_ASSETS = "All Assets"
REFERENCE_TABLE = "Reference Table"
FILTER_SHEET = "Filter Sheet"
CORRELATION = "Asset Correlation"
REQUIRED_SHEETS = (RUN_MODEL, ALL_ASSETS, REFERENCE_TABLE, FILTER_SHEET, CORRELATION)

Progress = Callable[[str, float], None]
"""Told the sheet about to be read and the fraction of the file already read, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReading:
    """What a file gave: the snapshot, or None where an error keeps the file out; and everything that was remarked.

    n_asset_columns, n_asset_capacity_rows: known columns of All Assets, rows its range has room for.
    n_key_formulas: formulas that join date and index of the fixings.
    """

    snapshot: WorkbookSnapshot | None
    findings: tuple[Finding, ...]
    n_asset_columns: int = 0
    n_asset_capacity_rows: int = 0
    n_key_formulas: int = 0


@dataclass(slots=True, kw_only=True)
class _Sheets:
    """The parts of a snapshot while the sheets are read."""

    panel: Panel
    deals: list[DealSnapshot]
    assets: AssetSheet
    correlation: Correlation | None
    reference: ReferenceTable
    old_panel: Panel | None
    lists: tuple[ListValue, ...]
    legacy_results: tuple[LegacyResult, ...]


def read_workbook(path: Path, *, progress: Progress | None = None) -> ImportReading:
    """Everything a legacy workbook holds, with a finding for whatever is odd in it.

    Content never raises: an error among the findings means that there is no snapshot. A file that is no readable
    Excel workbook raises WorkbookError (CLO-2001 to CLO-2012).
    """
    book = open_book(path)
    log = FindingLog()
    analysis_date = _check_layout(book, log)
    if analysis_date is None:
        return ImportReading(snapshot=None, findings=log.findings)
    sheets = _read_sheets(book, log, analysis_date, progress)
    _check_across(log, sheets)
    if log.has_formulas_without_value and _is_never_calculated(book):
        remark = "the formulas of this file were never calculated: open it in Excel, save it, import it again"
        log.add(Code.NEVER_CALCULATED, RUN_MODEL, "", remark)
    snapshot = None if log.has_errors else _snapshot(book, analysis_date, sheets)
    return ImportReading(
        snapshot=snapshot,
        findings=log.findings,
        n_asset_columns=sheets.assets.n_columns,
        n_asset_capacity_rows=sheets.assets.n_capacity_rows,
        n_key_formulas=sheets.reference.n_key_formulas,
    )


def deal_sheets(book: Book) -> list[str]:
    """Sheets whose name ends in `Inputs`: each is a deal."""
    return [name for name in book.sheet_names if name.endswith(SHEET_SUFFIX)]


def _check_layout(book: Book, log: FindingLog) -> date | None:
    """Analysis date of a workbook of the known layout; None with E-LAYOUT for any other."""
    for name in REQUIRED_SHEETS:
        if name not in book.sheet_names:
            log.add(Code.LAYOUT, name, "", f"sheet {name!r} is missing")
    if not deal_sheets(book):
        log.add(Code.LAYOUT, "", "", f"no sheet has a name that ends in {SHEET_SUFFIX.strip()!r}: there is no deal")
    if RUN_MODEL not in book.sheet_names:
        return None
    cells = CellReader(book, book.grid(RUN_MODEL), FindingLog())
    deals = {name.removesuffix(SHEET_SUFFIX) for name in deal_sheets(book)}
    if trimmed(str(cells.raw(4, 3))) in deals:
        log.add(Code.LAYOUT, RUN_MODEL, "C4", "a deal name in C4: this is the layout of an older version")
        return None
    analysis_date = cells.day(8, 3, "analysis date")
    if analysis_date is None:
        remark = "no analysis date stands here, by which the layout is known"
        log.add(Code.LAYOUT, RUN_MODEL, "C8", remark, found=cells.raw(8, 3))
    deal = trimmed(str(cells.raw(9, 3)))
    if deal not in deals | {ALL_DEALS}:
        log.add(Code.LAYOUT, RUN_MODEL, "C9", "no deal of this workbook stands here", found=deal)
    return None if log.has_errors else analysis_date


def _read_sheets(book: Book, log: FindingLog, analysis_date: date, progress: Progress | None) -> _Sheets:
    n_read = 0

    def cells(sheet: str) -> CellReader:
        nonlocal n_read
        if progress is not None:
            progress(sheet, n_read / len(book.sheet_names))
        n_read += 1
        return CellReader(book, book.grid(sheet), log)

    panel = read_run_model(cells(RUN_MODEL))
    deals = [read_deal_sheet(cells(sheet), analysis_date) for sheet in deal_sheets(book)]
    assets = read_assets(cells(ALL_ASSETS))
    book.forget(ALL_ASSETS)
    correlation = read_correlation(cells(CORRELATION))
    book.forget(CORRELATION)
    reference = read_reference_table(cells(REFERENCE_TABLE))
    old_panel = read_old_run_model(cells(RUN_MODEL_OLD)) if RUN_MODEL_OLD in book.sheet_names else None
    lists = read_lists(cells(FILTER_SHEET))
    formats = NumberFormats(book)
    results: list[LegacyResult] = []
    for sheet in book.sheet_names:
        if sheet in {*REQUIRED_SHEETS, RUN_MODEL_OLD} or sheet.endswith(SHEET_SUFFIX):
            continue
        if is_output_sheet(sheet):
            results += legacy_results(cells(sheet), formats)
        else:
            log.add(Code.UNKNOWN_SECTION, sheet, "", "a sheet this version does not know is not imported")
    if progress is not None:
        progress("", 1.0)
    return _Sheets(
        panel=panel,
        deals=deals,
        assets=assets,
        correlation=correlation,
        reference=reference,
        old_panel=old_panel,
        lists=lists,
        legacy_results=tuple(results),
    )


def _check_across(log: FindingLog, sheets: _Sheets) -> None:
    records = Records(
        assets=sheets.assets.rows,
        deals=tuple(sheets.deals),
        trades=sheets.panel.trades,
        run_settings=sheets.panel.settings,
    )
    check_records(log, records)
    check_calendars(log, sheets.deals, sheets.reference.holidays)


def _is_never_calculated(book: Book) -> bool:
    """Whether not one formula of the sheets that hold data has a stored value."""
    grids = [book.grid(sheet) for sheet in (RUN_MODEL, REFERENCE_TABLE, *deal_sheets(book))]
    return all(len(grid.uncalculated) == grid.n_formulas for grid in grids)


def _snapshot(book: Book, analysis_date: date, sheets: _Sheets) -> WorkbookSnapshot:
    reference = sheets.reference
    old = sheets.old_panel or Panel(settings=(), filters=(), trades=())
    return WorkbookSnapshot(
        source_file=book.source_file(LAYOUT),
        analysis_date=analysis_date,
        deals=tuple(sheets.deals),
        assets=sheets.assets.rows,
        holidays=reference.holidays,
        fixings=reference.fixings,
        vectors=reference.vectors,
        sink_schedule=reference.sink_schedule,
        curve=reference.curve,
        cf_assumptions=reference.cf_assumptions,
        deal_list=reference.deal_list,
        transition_matrix=reference.transition_matrix,
        correlation=sheets.correlation,
        correlation_rules=reference.correlation_rules,
        run_settings=(*sheets.panel.settings, *old.settings),
        filters=(*sheets.panel.filters, *old.filters),
        trades=(*sheets.panel.trades, *old.trades),
        lists=sheets.lists,
        legacy_results=sheets.legacy_results,
    )
