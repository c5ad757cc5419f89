"""A correlation matrix as a file of its own: CSV or a sheet, as a square with ids in the first row and column, or as
lines of two ids and their correlation under the headers asset_1, asset_2, correlation.

A file is taken whole or not at all: whatever is wrong with it is told with its cell.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.errors import InputError, WorkbookError
from engine.rating_migration.correlation_checks import matrix_faults
from engine.snapshot import Correlation
from workbooks.legacy.book import open_book
from workbooks.legacy.cells import address

PAIR_HEADERS = ("asset_1", "asset_2", "correlation")
SHEET = "Asset Correlation"
_CSV = ".csv"
_WORKBOOKS = (".xlsx", ".xlsm")
_MOST_BYTES = 128 << 20
_MOST_ASSETS = 5000
_SHOWN = 10

Rows = Sequence[Sequence[object]]


def read_correlations(path: Path) -> Correlation:
    """The matrix of a file, (n, n), with ids in its order.

    Of a workbook the sheet `Asset Correlation` is read, else the first. Raises WorkbookError CLO-4155 for a file that
    holds no matrix, CLO-4156 with everything that is wrong with the one it holds.
    """
    sheet, rows = _csv_rows(path) if path.suffix.lower() == _CSV else _sheet_rows(path)
    rows = [row for row in rows if any(_text(cell) for cell in row)]
    if len(rows) < 2:
        raise _no_matrix(path, "has no lines below its headers")
    is_pairs = tuple(_text(cell).casefold().replace(" ", "_") for cell in rows[0][:3]) == PAIR_HEADERS
    faults: list[str] = []
    correlation = _from_pairs(rows, sheet, faults) if is_pairs else _from_square(rows, sheet, faults)
    if len(correlation.ids) > _MOST_ASSETS:
        raise _no_matrix(path, f"has {len(correlation.ids)} assets, more than {_MOST_ASSETS:,}")
    if not faults:
        faults += _wrong_entries(correlation)
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise WorkbookError(
            "CLO-4156",
            f"The correlations cannot be taken: {'; '.join(faults[:_SHOWN])}{more}",
            where=str(path),
            remedy="Correct the file; nothing was stored.",
        )
    return correlation


def write_correlations(path: Path, correlation: Correlation) -> None:
    """Write a matrix as a square CSV that `read_correlations` reads back to the bit; an existing file is replaced.

    Raises InputError CLO-4157 for a name that does not end on .csv.
    """
    if path.suffix.lower() != _CSV:
        raise InputError(
            "CLO-4157",
            f"Correlations are written as CSV, and {path.name} is something else",
            where=str(path),
            remedy="End the name on .csv.",
        )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["", *correlation.ids])
        for name, row in zip(correlation.ids, correlation.matrix.tolist(), strict=True):
            writer.writerow([name, *("" if value != value else repr(value) for value in row)])


def _from_square(rows: Rows, sheet: str, faults: list[str]) -> Correlation:
    across = [_text(cell) for cell in rows[0][1:]]
    while across and not across[-1]:
        across.pop()
    ids = [_text(row[0]) for row in rows[1:]]
    faults += _faults_of_ids(ids, [f"{sheet}!{address(line, 1)}" for line in range(2, len(ids) + 2)])
    n = len(ids)
    if len(across) != n:
        faults.append(f"{n} ids in the first column and {len(across)} in the first row of {sheet}")
    for column, (left, right) in enumerate(zip(ids, across, strict=False), start=2):
        if left != right:
            faults.append(f"row {column} is of {left!r}, but column {address(1, column)} of {right!r}")
            break
    matrix = np.full((n, n), np.nan)
    for i, row in enumerate(rows[1:]):
        for j, cell in enumerate(row[1 : n + 1]):
            matrix[i, j] = _number(cell, sheet, (i + 2, j + 2), faults)
    return Correlation(ids=tuple(ids), matrix=matrix)


def _from_pairs(rows: Rows, sheet: str, faults: list[str]) -> Correlation:
    """A pair may stand in one order or in both; the diagonal need not stand there."""
    place: dict[str, int] = {}
    entries: list[tuple[int, int, float]] = []
    for line, row in enumerate(rows[1:], start=2):
        one, two, *rest = [*row[:3], "", "", ""]
        names = _text(one), _text(two)
        if not all(names):
            faults.append(f"no asset id in line {line} of {sheet}")
            continue
        i, j = (place.setdefault(name, len(place)) for name in names)
        entries.append((i, j, _number(rest[0], sheet, (line, 3), faults)))
    ids = tuple(place)
    matrix = np.full((len(ids), len(ids)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    given: set[tuple[int, int]] = set()
    for i, j, value in entries:
        if (i, j) in given:
            faults.append(f"the pair {ids[i]} and {ids[j]} stands in {sheet} twice")
        given.add((i, j))
        matrix[i, j] = value
    for i, j in given:
        if (j, i) not in given:
            matrix[j, i] = matrix[i, j]
    return Correlation(ids=ids, matrix=matrix)


def _wrong_entries(correlation: Correlation) -> Iterator[str]:
    ids = correlation.ids
    for kind, is_wrong in matrix_faults(correlation.matrix):
        places: npt.NDArray[np.intp] = np.argwhere(is_wrong)
        i, j = places[0]
        yield f"{kind.value} ({len(places)} entries, the first of {ids[i]} and {ids[j]}: {correlation.matrix[i, j]:g})"


def _faults_of_ids(ids: Sequence[str], places: Sequence[str]) -> Iterator[str]:
    first: dict[str, str] = {}
    for name, where in zip(ids, places, strict=True):
        if not name:
            yield f"no asset id at {where}"
        elif name in first:
            yield f"{name} stands at {first[name]} and again at {where}"
        first.setdefault(name, where)


def _number(cell: object, sheet: str, place: tuple[int, int], faults: list[str]) -> float:
    """The number of a cell, NaN where it is blank; text that is none is a fault. place: row and column, from 1."""
    if isinstance(cell, float):
        return cell
    text = _text(cell)
    if not text:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        faults.append(f"{text!r} at {sheet}!{address(*place)} is no number")
        return float("nan")


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _csv_rows(path: Path) -> tuple[str, Rows]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _no_matrix(path, f"is larger than {_MOST_BYTES >> 20} MiB")
        text = path.read_text(encoding="utf-8-sig")
        return f"'{path.name}'", list(csv.reader(io.StringIO(text), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _no_matrix(path, f"cannot be read as CSV ({error})") from error


def _sheet_rows(path: Path) -> tuple[str, Rows]:
    if path.suffix.lower() not in _WORKBOOKS:
        raise _no_matrix(path, "is neither .csv nor a workbook")
    book = open_book(path)
    name = SHEET if SHEET in book.sheet_names else book.sheet_names[0]
    grid = book.grid(name)
    if grid.errors or grid.uncalculated:
        row, column = min([*grid.errors, *grid.uncalculated])
        raise _no_matrix(path, f"has an error or a formula without a value at '{name}'!{address(row, column)}")
    return f"'{name}'", grid.rows


def _no_matrix(path: Path, problem: str) -> WorkbookError:
    return WorkbookError(
        "CLO-4155",
        f"{path.name} {problem}",
        where=str(path),
        remedy="Give a matrix with ids in its first row and column, or lines under asset_1, asset_2, correlation.",
    )
