"""Ranges: how rows of raw values become vectors, names, matrices and rows; what is wrong is said with its place."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from xl_addin.registry.errors import CellError, wrong
from xl_addin.registry.values import OMITTED, Raw, is_error, one_value, read_day, read_id, read_number, read_plain_id


def rows_of(raw: Raw) -> list[list[Raw]]:
    """Any raw value as rows of equal length; one value is one row of one cell, a flat list one column."""
    if not isinstance(raw, list):
        return [[raw]]
    rows = [row if isinstance(row, list) else [row] for row in raw]
    if len({len(row) for row in rows}) > 1:
        raise wrong("CLO-2111", "The rows of a range differ in length", remedy="Give a rectangular range.")
    return rows


def _cells(raw: Raw) -> Iterator[tuple[int, int, Raw]]:
    for i, row in enumerate(rows_of(raw), start=1):
        for j, cell in enumerate(row, start=1):
            yield i, j, cell


def _in_range(read: Callable[[Raw], Any], i: int, j: int, cell: Raw) -> Any:
    """Read one cell of a range; what is wrong with it is said with its place."""
    if is_error(cell):
        raise wrong(
            "CLO-2112",
            f"Row {i}, column {j} of the range holds {cell['e']}",
            remedy="Correct that cell, or leave it out of the range.",
        )
    try:
        return read(cell)
    except CellError as error:
        raise wrong(error.number, f"Row {i}, column {j} of the range: {error.problem}", remedy=error.remedy) from None


def _vector(read: Callable[[Raw], Any], raw: Raw) -> list[Any]:
    """The values of a range row by row, without the blanks at its end."""
    cells = list(_cells(raw))
    while cells and cells[-1][2] in ("", None):
        cells.pop()
    values = []
    for i, j, cell in cells:
        value = _in_range(read, i, j, "" if cell is None else cell)
        if value is OMITTED:
            raise wrong("CLO-2113", f"Row {i}, column {j} of the range is blank", remedy="Fill the gap.")
        values.append(value)
    return values


def read_numbers(raw: Raw) -> npt.NDArray[np.float64]:
    return np.array(_vector(read_number, raw), dtype=np.float64)


def read_days(raw: Raw) -> tuple[date, ...]:
    return tuple(_vector(read_day, raw))


def read_names(raw: Raw) -> Any:
    """Names from one cell, from a comma list in one text, or from a range; none at all is no argument."""
    if isinstance(raw, str):
        names = [part.strip() for part in raw.split(",")]
    else:
        names = [_in_range(read_plain_id, i, j, "" if cell is None else cell) for i, j, cell in _cells(raw)]
    found = tuple(name for name in names if name)
    return found or OMITTED


def read_matrix(raw: Raw) -> npt.NDArray[np.float64]:
    rows = rows_of(raw)
    values = [
        [np.nan if cell in ("", None) else _in_range(read_number, i, j, cell) for j, cell in enumerate(row, start=1)]
        for i, row in enumerate(rows, start=1)
    ]
    return np.array(values, dtype=np.float64)


def read_rows(raw: Raw) -> tuple[tuple[Raw, ...], ...]:
    """The rows of a range as plain values, blanks as empty texts, without the blank rows at its end."""
    found = [
        tuple(
            _in_range(lambda value: one_value("" if value is None else value), i, j, cell)
            for j, cell in enumerate(row, start=1)
        )
        for i, row in enumerate(rows_of(raw), start=1)
    ]
    while found and all(cell == "" for cell in found[-1]):
        found.pop()
    return tuple(found)


def read_text_or_rows(raw: Raw) -> Any:
    """A text, or the rows of a range of several cells; a blank is no argument."""
    if isinstance(raw, list) and (len(raw) > 1 or (raw and isinstance(raw[0], list) and len(raw[0]) > 1)):
        return read_rows(raw) or OMITTED
    return read_id(raw)
