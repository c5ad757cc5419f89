"""Files of market data as tables: workbooks, CSV and JSON with one table a kind, every cell with its place."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import WorkbookError
from workbooks.legacy.book import open_book
from workbooks.legacy.cells import address
from workbooks.swaps.market_records import MarketKind

Cell = object

WORKBOOKS = (".xlsx", ".xlsm")
CSV, JSON = ".csv", ".json"
_MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, eq=False)
class MarketTable:
    """A table as it stands: headers in small letters with their column, then rows by their number in the file.

    kind: None where headers have to tell. is_text: every cell is a text, as in CSV. errors: places of cells with an
    error or a formula that was never calculated.
    """

    name: str
    kind: MarketKind | None
    headers: Mapping[str, int]
    rows: Sequence[tuple[int, Sequence[Cell]]]
    is_text: bool = False
    is_json: bool = False
    errors: frozenset[tuple[int, int]] = frozenset()

    def cell(self, row: int, header: str) -> str:
        """The place of a cell: B7, or [6].price in JSON."""
        if self.is_json:
            return f"[{row}].{header}"
        return address(row, self.headers[header] + 1) if header in self.headers else f"row {row}"


def read_tables(path: Path) -> tuple[MarketTable, ...]:
    """The tables of a file. Raises WorkbookError CLO-2080 where it is none, and as `open_book` does."""
    ending = path.suffix.lower()
    if ending in WORKBOOKS:
        return _of_workbook(path)
    if ending == CSV:
        return _of_csv(path)
    if ending == JSON:
        return _of_json(path)
    raise _unreadable(path, "is neither a workbook nor CSV nor JSON")


def _of_workbook(path: Path) -> tuple[MarketTable, ...]:
    book = open_book(path)
    tables = []
    for name in book.sheet_names:
        kind = _kind(name)
        if kind is None:
            continue
        grid = book.grid(name)
        lines = list(enumerate(grid.rows, start=1))
        headers, rows = _headed(lines)
        tables.append(MarketTable(name, kind, headers, rows, errors=frozenset({*grid.errors, *grid.uncalculated})))
        book.forget(name)
    return tuple(tables)


def _of_csv(path: Path) -> tuple[MarketTable, ...]:
    try:
        lines = list(enumerate(csv.reader(io.StringIO(_text(path)), strict=True), start=1))
    except csv.Error as error:
        raise _unreadable(path, f"cannot be read as CSV ({error})") from error
    headers, rows = _headed(lines)
    return (MarketTable(path.name, _kind(path.stem), headers, rows, is_text=True),)


def _of_json(path: Path) -> tuple[MarketTable, ...]:
    """`{"PRICES": [{"instrument": ..., ...}, ...], ...}`"""
    try:
        content: Any = json.loads(_text(path))
    except ValueError as error:
        raise _unreadable(path, f"cannot be read as JSON ({error})") from error
    if not isinstance(content, dict):
        raise _unreadable(path, "holds no object with a list for each kind of data")
    tables = []
    for name, items in content.items():
        kind = _kind(name)
        if kind is None:
            continue
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise _unreadable(path, f"holds no list of objects under {name!r}")
        keys = {str(key).strip().casefold(): place for item in items for place, key in enumerate(item)}
        headers = {key: place for place, key in enumerate(keys)}
        rows = []
        for number, item in enumerate(items):
            by_key = {str(key).strip().casefold(): value for key, value in item.items()}
            rows.append((number, [by_key.get(key) for key in headers]))
        tables.append(MarketTable(name, kind, headers, rows, is_json=True))
    return tuple(tables)


def _headed(
    lines: Sequence[tuple[int, Sequence[Cell]]],
) -> tuple[dict[str, int], list[tuple[int, Sequence[Cell]]]]:
    """Headers of the first line that is not blank, and the lines below that are not."""
    filled = [(number, row) for number, row in lines if any(str(cell).strip() for cell in row if cell is not None)]
    if not filled:
        return {}, []
    first = filled[0][1]
    headers = {str(text).strip().casefold(): place for place, text in reversed(list(enumerate(first)))}
    headers.pop("", None)
    return headers, filled[1:]


def _kind(name: str) -> MarketKind | None:
    try:
        return MarketKind(name.strip().upper().replace(" ", "_"))
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _unreadable(path, f"is larger than {_MOST_BYTES >> 20} MiB")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, "cannot be read as text") from error


def _unreadable(path: Path, problem: str) -> WorkbookError:
    return WorkbookError(
        "CLO-2080",
        f"The market data file {path.name} {problem}",
        where=str(path),
        remedy=f"Give a workbook with sheets {', '.join(MarketKind)}, a CSV file of one of them, or JSON.",
    )
