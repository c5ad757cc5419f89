"""The loader workbook `CF_Loader`: fresh positions, cash, assets and market data of a day (spec 06 §7).

It is read as a whole into a staging snapshot; nothing is replaced before all of it is there.
"""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.snapshot import Finding, LoadedDeal, LoaderSnapshot
from workbooks.legacy.assets import ALL_ASSETS, AssetSheet, read_assets
from workbooks.legacy.book import Book, open_book
from workbooks.legacy.cells import Block, column_number
from workbooks.legacy.findings import Code, FindingLog
from workbooks.legacy.positions import COLLATERAL, position_rows
from workbooks.legacy.ranges import Anchor, Located
from workbooks.legacy.reference_table import curve_points, sink_rows
from workbooks.legacy.values import CellReader

LAYOUT = "CF_Loader"
ASSET_SHEET = "Outputs"
ANALYSIS_DATE_NAME = "Analysisdate"
SINK_NAME = "SinkInputs"
CURVE_NAME = "RatesInputs"

_DEAL_SHEET = re.compile(r"MAG(\d+) Inputs\Z")
_POSITION_COLUMN = column_number("B")
_INTEREST_CASH = (2, column_number("E"))
_PRINCIPAL_CASH = (2, column_number("F"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoaderReading:
    """What a loader workbook gave: the snapshot, or None where an error keeps the file out; and all findings."""

    snapshot: LoaderSnapshot | None
    findings: tuple[Finding, ...]


def read_loader(path: Path) -> LoaderReading:
    """Everything a loader workbook holds, with findings; raises WorkbookError as `read_workbook` does."""
    book = open_book(path)
    log = FindingLog()
    analysis_date = _analysis_date(book, log)
    deals = tuple(_deal(book, log, sheet) for sheet in book.sheet_names if _DEAL_SHEET.match(sheet))
    if not deals:
        log.add(Code.LAYOUT, "", "", "no sheet is named like `MAG17 Inputs`: there is no deal")
    sink = _named(book, log, SINK_NAME, width=3)
    curve = _named(book, log, CURVE_NAME, width=2)
    sink_schedule = sink_rows(*sink) if sink else ()
    points = curve_points(*curve) if curve else ()
    assets = _assets(book, log)
    if log.has_errors or analysis_date is None:
        return LoaderReading(snapshot=None, findings=log.findings)
    known = {row.asset.blkrock_id for row in assets.rows}
    for deal in deals:
        for position in deal.positions:
            if position.blkrock_id not in known:
                place = position.place
                remark = f"position {position.blkrock_id} is not on sheet {ASSET_SHEET}"
                log.add(Code.ASSET, place.sheet, place.cell, remark, found=position.blkrock_id)
    snapshot = LoaderSnapshot(
        source_file=book.source_file(LAYOUT),
        analysis_date=analysis_date,
        deals=deals,
        assets=assets.rows,
        sink_schedule=sink_schedule,
        curve=points,
    )
    return LoaderReading(snapshot=snapshot, findings=log.findings)


def _deal(book: Book, log: FindingLog, sheet: str) -> LoadedDeal:
    cells = CellReader(book, book.grid(sheet), log)
    last_row = max(len(cells.grid.rows), 2)
    block = Block(2, _POSITION_COLUMN, last_row, _POSITION_COLUMN + 1)
    positions = position_rows(cells, Located(COLLATERAL, block, is_named=False), {})
    interest = cells.number(*_INTEREST_CASH, "interest cash", required=True)
    principal = cells.number(*_PRINCIPAL_CASH, "principal cash", required=True)
    number = _DEAL_SHEET.match(sheet)
    return LoadedDeal(
        name=f"Mag {number[1]}" if number else sheet,
        positions=positions,
        interest_cash=interest or 0.0,
        principal_cash=principal or 0.0,
        place=cells.place(2, _POSITION_COLUMN),
    )


def _analysis_date(book: Book, log: FindingLog) -> date | None:
    located = _named(book, log, ANALYSIS_DATE_NAME, width=1)
    if located is None:
        return None
    cells, place = located
    return cells.day(place.top, place.left, "analysis date", required=True)


def _named(book: Book, log: FindingLog, name: str, *, width: int) -> tuple[CellReader, Located] | None:
    """Sheet and block below the first cell of a name; E-LAYOUT where the name does not lead to a cell."""
    text = book.name_text(name)
    target = book.reference(text) if text else None
    if target is None:
        log.add(Code.LAYOUT, "", "", f"name {name} is missing or leads to no cell", found=text or "")
        return None
    sheet, block = target
    cells = CellReader(book, book.grid(sheet), log)
    last_row = max(len(cells.grid.rows), block.top)
    anchor = Anchor(name, block.top, block.left, width, last_row)
    return cells, Located(anchor, Block(block.top, block.left, last_row, block.left + width - 1), is_named=False)


def _assets(book: Book, log: FindingLog) -> AssetSheet:
    if ASSET_SHEET not in book.sheet_names:
        log.add(Code.LAYOUT, ASSET_SHEET, "", f"sheet {ASSET_SHEET!r} is missing")
        return AssetSheet(rows=(), n_columns=0, n_capacity_rows=0)
    cells = CellReader(book, book.grid(ASSET_SHEET), log)
    block = Block(ALL_ASSETS.row, ALL_ASSETS.column, max(len(cells.grid.rows), ALL_ASSETS.row), ALL_ASSETS.width)
    return read_assets(cells, Located(ALL_ASSETS, block, is_named=False))
