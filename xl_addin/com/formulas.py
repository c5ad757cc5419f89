"""Formulas of ours in the open workbook: freezing them to values and back, re-entering them for this computer."""

import re
from collections.abc import Iterator
from typing import Any

from xl_addin.com.book_reader import ComBook, ComSheet
from xl_addin.com.cells import excel_cell
from xl_addin.com.entering import enter, formulas_of, spilled
from xl_addin.links.spelling import Spelling, respelled

FROZEN_SHEET = "clo_frozen"
_OURS = re.compile(r"(?:CLO|PAY)_[A-Z0-9_]+\(", re.IGNORECASE)
_VERY_HIDDEN = 2
_COLUMNS = 4
_CELL, _ARRAY, _SPILL = "cell", "array", "spill"


def freeze(book: ComBook) -> int:
    """Put values in place of our formulas and keep the formulas on a hidden sheet; how many."""
    kept = _kept(book)
    n_before = len(kept)
    for sheet in book.sheets:
        if sheet.name == FROZEN_SHEET:
            continue
        for address, formula, how in list(_formulas(sheet)):
            cells = sheet.range(address)
            kept.append([sheet.name, address, formula, how])
            cells.api.Value2 = cells.api.Value2
    _keep(book, kept)
    return len(kept) - n_before


def unfreeze(book: ComBook) -> int:
    """Bring the frozen formulas back; how many. Those of sheets that are gone are dropped."""
    there = {sheet.name: sheet for sheet in book.sheets}
    n_back = 0
    for name, address, formula, how in _kept(book):
        sheet = there.get(str(name))
        if sheet is not None:
            _enter(sheet, str(address), str(formula), str(how))
            n_back += 1
    _keep(book, [])
    return n_back


def repair(book: ComBook) -> int:
    """Enter our formulas again without the links and dialects of other computers and clients; how many changed."""
    foreign = frozenset[int]()
    n_changed = 0
    for sheet in book.sheets:
        for address, formula, how in list(_formulas(sheet)):
            plain = respelled(formula, Spelling.PLAIN, link=0, foreign=foreign).text
            if plain != formula:
                _enter(sheet, address, plain, how)
                n_changed += 1
    return n_changed


def _enter(sheet: ComSheet, address: str, formula: str, how: str) -> None:
    cells = sheet.range(address)
    if how == _ARRAY:
        cells.formula_array = formula
        return
    if how == _SPILL:
        cells.clear_contents()
    enter(cells[0, 0], formula)


def _formulas(sheet: ComSheet) -> Iterator[tuple[str, str, str]]:
    """Range, formula and how it fills the range, of every formula with a function of ours."""
    used = sheet.used_range
    texts: Any = formulas_of(used)
    rows = texts if isinstance(texts, tuple | list) else ((texts,),)
    arrays: set[str] = set()
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            if not (isinstance(text, str) and text.startswith("=") and _OURS.search(text)):
                continue
            address, how = _extent(used[i, j])
            if address not in arrays:
                arrays.add(address)
                yield address, text, how


def _extent(cell: Any) -> tuple[str, str]:
    """What a formula fills: its cell, the range of an array formula, the range it spills over."""
    over = spilled(cell)
    if over is not None:
        return str(over.Address), _SPILL
    if cell.api.HasArray:
        return str(cell.api.CurrentArray.Address), _ARRAY
    return str(cell.address), _CELL


def _kept(book: ComBook) -> list[list[Any]]:
    sheet = next((one for one in book.sheets if one.name == FROZEN_SHEET), None)
    if sheet is None:
        return []
    values = sheet.used_range.api.Value2
    rows = values if isinstance(values, tuple | list) else ()
    return [list(row) for row in rows if row[0]]


def _keep(book: ComBook, kept: list[list[Any]]) -> None:
    sheet = next((one for one in book.sheets if one.name == FROZEN_SHEET), None)
    if sheet is None:
        if not kept:
            return
        shown = book.sheets.active
        sheet = book.sheets.add(FROZEN_SHEET, after=book.sheets[len(book.sheets) - 1])
        sheet.api.Visible = _VERY_HIDDEN
        shown.activate()
    sheet.clear()
    if kept:
        cells = sheet.range("A1").resize(len(kept), _COLUMNS)
        cells.raw_value = tuple(tuple(excel_cell(value) for value in row) for row in kept)
