"""The filter blocks of the control panel: rows of six cells, joined as the legacy model joined them (spec 05 §3.1)."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from engine.collateral.filters.parser import parse_filter
from engine.collateral.filters.syntax import Expression
from engine.collateral.filters.text import FilterError
from engine.modes import Quirk, Quirks

_CELL = re.compile(r"([A-Z]+)(\d+)\Z")
_LETTERS = 26


class CellPlace(Protocol):
    """Sheet and cell (A1) of the first cell of a row."""

    @property
    def sheet(self) -> str: ...

    @property
    def cell(self) -> str: ...


class FilterCells(Protocol):
    """One row of a filter block, as `engine.snapshot.FilterRow` has it."""

    @property
    def logical_operator(self) -> str: ...

    @property
    def open_parenthesis(self) -> str: ...

    @property
    def field(self) -> str: ...

    @property
    def operator(self) -> str: ...

    @property
    def value(self) -> object: ...

    @property
    def close_parenthesis(self) -> str: ...

    @property
    def place(self) -> CellPlace: ...


class _Piece(NamedTuple):
    """Text of one cell; row and column count from 0 within the block."""

    text: str
    row: int
    column: int


def filter_text(rows: Sequence[FilterCells]) -> str:
    """The text that the legacy model made of the rows: `" op "` where there is one, then the other cells trimmed."""
    return "".join(piece.text for piece in _pieces(rows, quotes_values=False))


def parse_rows(rows: Sequence[FilterCells], quirks: Quirks = frozenset()) -> Expression:
    """The expression of the rows of one block, in their order.

    A value is known by its cell, so that in standard mode it may contain AND, OR and brackets. Raises the first
    FilterError, whose `where` names sheet, cell and row.
    """
    pieces = list(_pieces(rows, quotes_values=Quirk.FILTER_PRECEDENCE not in quirks))
    try:
        return parse_filter("".join(piece.text for piece in pieces), quirks)
    except FilterError as error:
        where = _where(rows, pieces, error.place.offset)
        raise FilterError(error.number, error.problem, place=error.place, remedy=error.remedy, where=where) from error


def _pieces(rows: Sequence[FilterCells], *, quotes_values: bool) -> Iterator[_Piece]:
    for number, row in enumerate(rows):
        logical, value = row.logical_operator.strip(), _cell_text(row.value)
        if quotes_values and (value or row.field.strip() or row.operator.strip()):
            doubled = value.replace('"', '""')
            value = f'"{doubled}"'
        texts = (f" {logical} " if logical else "", row.open_parenthesis.strip(), row.field.strip(),
                 row.operator.strip(), value, row.close_parenthesis.strip())  # fmt: skip
        for column, text in enumerate(texts):
            yield _Piece(text, number, column)


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _where(rows: Sequence[FilterCells], pieces: Sequence[_Piece], offset: int) -> str:
    end = 0
    found = pieces[-1]
    for piece in pieces:
        end += len(piece.text)
        if offset < end:
            found = piece
            break
    place = rows[found.row].place
    return f"'{place.sheet}'!{_moved_right(place.cell, found.column)}, row {found.row + 1} of the filter"


def _moved_right(cell: str, columns: int) -> str:
    match = _CELL.match(cell)
    if match is None:
        return cell
    number = columns
    for place, letter in enumerate(reversed(match[1])):
        number += (ord(letter) - ord("A") + 1) * _LETTERS**place
    letters = ""
    while number:
        number, rest = divmod(number - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{match[2]}"
