"""Wire values as Excel takes them through COM: texts that stay texts, dates as serials with a format."""

from collections.abc import Iterator
from typing import Any

from xl_addin.commands.patch import CellValue, Grid

_TYPED_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
_STARTS = ("=", "+", "-", "@", "#", "'")
_DATE_FORMAT = "yyyy-mm-dd"


def excel_cells(values: Grid) -> tuple[tuple[Any, ...], ...]:
    """A grid for one array write."""
    return tuple(tuple(excel_cell(value) for value in row) for row in values)


def excel_cell(value: CellValue) -> Any:
    """One value. Excel reads a text as if it were typed, so one it might take for something else gets an apostrophe.

    An error is typed as its code, of which Excel makes the error itself.
    """
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        if "d" in value:
            return float(value["d"])
        return value["e"] if value["e"] in _TYPED_ERRORS else "#VALUE!"
    if isinstance(value, str) and _might_be_more(value):
        return f"'{value}"
    return value


def _might_be_more(text: str) -> bool:
    """Whether Excel could make a formula, number, date, logical value or error of a text."""
    return (
        text.startswith(_STARTS)
        or any(letter.isdigit() for letter in text)
        or text.strip().upper() in ("TRUE", "FALSE")
    )


def date_formats(values: Grid) -> Iterator[tuple[int, int, int, str]]:
    """Row, column, number of rows and number format of each run of dates down a column of a grid."""
    for column in range(len(values[0]) if values else 0):
        start, running = 0, ""
        for row in range(len(values) + 1):
            found = _format(values[row][column]) if row < len(values) and column < len(values[row]) else ""
            if found != running:
                if running:
                    yield start, column, row - start, running
                start, running = row, found


def _format(value: CellValue) -> str:
    return str(value.get("f", _DATE_FORMAT)) if isinstance(value, dict) and "d" in value else ""
