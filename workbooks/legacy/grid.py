"""One sheet as stored: cell values by row and column, error cells, formulas without a value (spec 06 §4.1, §4.2).

Values come from calamine, which reads neither formulas nor errors; these are picked out of the sheet's XML, and only
where they matter. Nothing is ever recalculated.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from engine.errors import WorkbookError
from workbooks.legacy.cells import address, column_number, parse_address, parse_block

Raw = str | float | int | bool | date | datetime | time | timedelta
"""A cell as calamine gives it; blank and error cells are the empty text."""

MOST_CELLS = 8_000_000
"""Cells of the rectangle a sheet may span: its values are held as a dense table."""

_FAR_CELL = re.compile(rb'<c r="(?:[A-Za-z]{3,}|[A-Za-z]+\d{5,})')
_ANY_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^>]*)")
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
_HAS_REFERENCE = re.compile(rb"\sr\s*=")
_ANY_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])([^>]*)")
_ROW_NUMBER = re.compile(rb"""\sr\s*=\s*["'](\d{1,9})""")
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension\s[^>]*ref="([^"]+)"')
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\s([^>]*?\bt="e"[^>]*)(?<!/)>(.*?)</(?:\w+:)?c>', re.DOTALL)
_FORMULA_CELL = re.compile(
    rb"<(?:\w+:)?c\s([^>]*[^/])>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)</(?:\w+:)?f>)\s*(<(?:\w+:)?v>[^<])?"
)
_STORED_VALUE = re.compile(
    rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]+\d+)"[^>]*(?<!/)>'
    rb"(?:\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>))?\s*<(?:\w+:)?v>([^<]*)<"
)
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)</")


class Grid:
    """Values of one sheet. Rows and columns count from 1; outside of what is stored everything is blank."""

    def __init__(self, name: str, rows: list[list[Raw]], xml: Callable[[], bytes]) -> None:
        self.name = name
        self.rows = rows
        self._xml = xml
        self._stored: dict[bytes, bytes] | None = None
        data = xml()
        self.errors = _error_cells(data)
        self.uncalculated, self.n_formulas = _formulas_without_value(data)
        dimension = _DIMENSION.search(data)
        used = parse_block(dimension[1].decode()) if dimension else None
        self.last_row = max(len(rows), used.bottom if used else 0)
        self.last_column = max(len(rows[0]) if rows else 0, used.right if used else 0)

    def raw(self, row: int, column: int) -> Raw:
        """The stored value; the empty text where blank, an error or not calculated."""
        if row > len(self.rows):
            return ""
        values = self.rows[row - 1]
        return values[column - 1] if column <= len(values) else ""

    def serial(self, row: int, column: int) -> float | None:
        """The number behind a cell that its format shows as a date; None where there is none."""
        if self._stored is None:
            self._stored = dict(_STORED_VALUE.findall(self._xml()))
        try:
            return float(self._stored.get(address(row, column).encode(), b""))
        except ValueError:
            return None

    def count_formulas(self, letters: str) -> int:
        """Number of formulas in a column."""
        start = rb'<(?:\w+:)?c\s[^>]*?\br="' + letters.encode() + rb'\d+"[^>]*>\s*<(?:\w+:)?f[\s>/]'
        return len(re.findall(start, self._xml()))


def refuse_sprawl(sheet: str, data: bytes) -> None:
    """Raise WorkbookError CLO-2010 where the cells of a sheet span a rectangle too large to be a sheet of the model.

    A cell whose address is no address counts as far away: the reader of the values would believe it.
    """
    n_addressed = data.count(b'<c r="')
    n_cells = sum(data.count(b"<c" + follower) for follower in (b" ", b">", b"/", b"\t", b"\n", b"\r"))
    if n_addressed == n_cells and b":c" not in data and not _FAR_CELL.search(data):
        return
    rows, columns, without_address = 1, 1, 0
    for match in _ANY_CELL.finditer(data):
        reference = _REFERENCE.search(match[1])
        if reference is not None:
            rows = max(rows, int(reference[2]))
            columns = max(columns, column_number(reference[1].decode()))
        elif _HAS_REFERENCE.search(match[1]):
            rows = columns = MOST_CELLS
        else:
            without_address += 1
    if without_address:
        rows_without_number = 0
        for match in _ANY_ROW.finditer(data):
            number = _ROW_NUMBER.search(match[1])
            rows = max(rows, int(number[1]) if number else 1)
            rows_without_number += number is None
        rows += rows_without_number
    if (rows + 1) * (columns + without_address) > MOST_CELLS:
        raise WorkbookError(
            "CLO-2010",
            f"The cells of the sheet span {rows:,} rows and {columns + without_address:,} columns",
            where=f"'{sheet}'",
            remedy="Delete what stands far outside of the model and save.",
        )


def _cell_of(attributes: bytes) -> tuple[int, int] | None:
    reference = _REFERENCE.search(b" " + attributes)
    return parse_address((reference[1] + reference[2]).decode()) if reference else None


def _error_cells(data: bytes) -> dict[tuple[int, int], str]:
    if b't="e"' not in data:
        return {}
    found = {}
    for match in _ERROR_CELL.finditer(data):
        place = _cell_of(match[1])
        value = _VALUE.search(match[2])
        if place:
            found[place] = value[1].decode() if value else "#N/A"
    return found


def _formulas_without_value(data: bytes) -> tuple[dict[tuple[int, int], str], int]:
    """Formula text of every cell whose result was never stored, and the number of all formulas."""
    if b":f" not in data:
        n_formulas = data.count(b"<f>") + data.count(b"<f ")
        if n_formulas == data.count(b"</f><v>") - data.count(b"</f><v></v>"):
            return {}, n_formulas
    found = {}
    n_formulas = 0
    for match in _FORMULA_CELL.finditer(data):
        n_formulas += 1
        has_empty_text = b't="str"' in match[1]
        if match[3] is None and not has_empty_text:
            place = _cell_of(match[1])
            if place:
                found[place] = (match[2] or b"").decode(errors="replace")
    return found, n_formulas
