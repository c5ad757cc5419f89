"""Workbook files for commands: what a command reads of one, and saving without moving a number (spec 06 §14)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl.cell.cell import Cell

from xl_addin.commands.applier_openpyxl import our_sheets, places_of, to_serial
from xl_addin.commands.charts_openpyxl import OfOpenpyxl
from xl_addin.commands.declare import Inputs


def read_inputs(book: OfOpenpyxl, reads: Sequence[str], answers: dict[str, Any] | None = None) -> Inputs:
    """Named cells and tables of a workbook as a client sends them; names that it does not know are left out.

    Cells must hold values: a book with formulas has to be loaded with what they last showed.
    """
    cells = {name: value for name in reads for value in _named(book, name)}
    tables = {name: rows for name in reads for rows in _table(book, name)}
    names = [sheet.title for sheet in book.worksheets]
    return Inputs(cells=cells, tables=tables, answers=answers or {}, sheets=names, ours=our_sheets(book))


def _named(book: OfOpenpyxl, name: str) -> Iterator[Any]:
    for title, cells in places_of(book.defined_names.get(name)):
        found = book[title][cells.replace("$", "")]
        yield _wire(found) if isinstance(found, Cell) else [[_wire(cell) for cell in row] for row in found]


def _table(book: OfOpenpyxl, name: str) -> Iterator[list[list[Any]]]:
    for sheet in book.worksheets:
        if name in sheet.tables:
            yield [[_wire(cell) for cell in row] for row in sheet[sheet.tables[name].ref][1:]]


def _wire(cell: OfOpenpyxl) -> Any:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        return {"e": str(value), "m": ""}
    if isinstance(value, date | datetime | time):
        return {"d": to_serial(value)}
    return value if isinstance(value, bool | int | float | str) else str(value)


def save_workbook(book: OfOpenpyxl, path: Path) -> None:
    """Write a workbook whose numbers read back as the same doubles."""
    with _exact_numbers(book):
        book.save(path)


@contextmanager
def _exact_numbers(book: OfOpenpyxl) -> Iterator[None]:
    """Numbers that 16 digits do not hold, for as long as the file is written as the text that does.

    openpyxl prints floats with 16 digits, which moves the last bit of some, and texts of numeric cells as they are.
    """
    moved: list[tuple[OfOpenpyxl, float]] = []
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                value = cell.value
                if isinstance(value, float) and float(f"{value:.16g}") != value:
                    moved.append((cell, value))
                    cell._value = repr(value)
    try:
        yield
    finally:
        for cell, value in moved:
            cell._value = value
