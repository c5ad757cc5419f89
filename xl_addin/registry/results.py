"""Results: what a function returns as the wire form that every face reads (spec 08 §4.2, §5.2; 06 §10.4).

A result is one JSON fragment: {"v": value} or {"e": code, "m": text}. A value is a number, a text, a logical value, a
date as {"d": serial, "f": format}, or a list of rows of those and of errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from xl_addin.registry.errors import CellError, cell_error, impossible, unavailable, wrong
from xl_addin.registry.values import FIRST_SERIAL, serial

if TYPE_CHECKING:
    import pandas as pd

DATE_FORMAT = "yyyy-mm-dd"
MOMENT_FORMAT = "yyyy-mm-dd hh:mm:ss"
_SECONDS_A_DAY = 86_400
MOST_CELLS = 200_000
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_MOST_TEXT = 32_767
_EXACT = 2**53
_JSON = orjson.OPT_SERIALIZE_NUMPY


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names, both part of the contract; a missing value is None, a failed one a CellError."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def encode(result: Any, where: str, *, has_headers: bool = True) -> bytes:
    """The wire form of a result, or of a failure. where: the function, for messages.

    A table loses its first row where has_headers is False; without any row it is #N/A then.
    """
    try:
        return b'{"v":' + _encoded_value(result, where, has_headers) + b"}"
    except CellError as error:
        return encode_error(error, where)


def encode_error(error: Exception, where: str) -> bytes:
    """The wire form of a failure."""
    shown = cell_error(error, where)
    return orjson.dumps({"e": shown.code, "m": str(shown)})


def decode(answer: bytes) -> Any:
    """What `encode` wrote, for faces in this process."""
    return orjson.loads(answer)


def _encoded_value(result: Any, where: str, has_headers: bool) -> bytes:
    if isinstance(result, float):
        if not isfinite(result):
            raise _not_a_number()
        return orjson.dumps(float(result))
    if isinstance(result, Table):
        return orjson.dumps(_table(result, where, has_headers), option=_JSON)
    if isinstance(result, np.ndarray):
        return _encoded_array(result, where)
    if isinstance(result, list | tuple):
        rows = [row if isinstance(row, list | tuple) else (row,) for row in result]
        return orjson.dumps(_grid(rows, where), option=_JSON)
    if type(result).__name__ == "DataFrame":
        return orjson.dumps(_table(_of_frame(result), where, has_headers), option=_JSON)
    return orjson.dumps(_cell(result))


def _not_a_number() -> CellError:
    return impossible("CLO-2114", "The result is not a number", remedy="Check the inputs for zeros and blanks.")


def _cell(value: Any) -> Any:
    """One value on the wire; raises CellError for what no cell can hold."""
    if value is None:
        return ""
    if isinstance(value, CellError):
        raise value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        if not isfinite(number):
            raise _not_a_number()
        return number
    if isinstance(value, int | np.integer):
        return int(value) if abs(int(value)) <= _EXACT else str(int(value))
    if isinstance(value, str):
        if len(value) > _MOST_TEXT:
            raise wrong("CLO-2115", "The result is a text of more than 32,767 characters", remedy="Ask for less.")
        return value
    if isinstance(value, datetime):
        seconds = 3600 * value.hour + 60 * value.minute + value.second
        return {"d": serial(value) + seconds / _SECONDS_A_DAY, "f": MOMENT_FORMAT}
    if isinstance(value, date):
        if serial(value) < FIRST_SERIAL:
            raise impossible("CLO-2126", f"The result is {value}", remedy="Cells hold dates from 1 March 1900 on.")
        return {"d": serial(value), "f": DATE_FORMAT}
    raise TypeError(f"no cell can hold a {type(value).__name__}")


def _grid_cell(value: Any, where: str) -> Any:
    try:
        return _cell(value)
    except CellError as error:
        shown = cell_error(error, where)
        return {"e": shown.code, "m": str(shown)}


def _grid(rows: Sequence[Sequence[Any]], where: str) -> list[list[Any]]:
    n_columns = len(rows[0]) if rows else 0
    _check_size(len(rows), n_columns)
    if not rows or not n_columns:
        raise unavailable("CLO-2116", "There is nothing to show", remedy="Widen the filter or the period.")
    return [[_grid_cell(value, where) for value in row] for row in rows]


def _check_size(n_rows: int, n_columns: int) -> None:
    if n_rows > _MOST_ROWS or n_columns > _MOST_COLUMNS:
        raise wrong(
            "CLO-2117",
            f"The result of {n_rows} rows and {n_columns} columns is larger than a sheet",
            remedy="Ask for less.",
        )


def _table(table: Table, where: str, has_headers: bool) -> list[list[Any]]:
    if len(table.rows) * len(table.columns) > MOST_CELLS:
        raise wrong(
            "CLO-2118",
            f"The table has {len(table.rows):,} rows and {len(table.columns)} columns, more than {MOST_CELLS:,} cells",
            remedy="Limit it with a filter or with top_n.",
        )
    rows = [[_grid_cell(value, where) for value in row] for row in table.rows]
    if has_headers:
        return [list(table.columns), *rows]
    if not rows:
        raise unavailable("CLO-2116", "There is nothing to show", remedy="Widen the filter or the period.")
    return rows


def _encoded_array(array: np.ndarray[Any, Any], where: str) -> bytes:
    """A numeric array; a vector stands as a column. Whole arrays of finite numbers go out without a look at each."""
    grid = array.reshape(-1, 1) if array.ndim == 1 else array
    _check_size(*grid.shape)
    if grid.size == 0:
        raise unavailable("CLO-2116", "There is nothing to show", remedy="Widen the filter or the period.")
    if grid.dtype == np.float64 and bool(np.isfinite(grid).all()):
        return orjson.dumps(np.ascontiguousarray(grid), option=_JSON)
    return orjson.dumps(_grid(grid.tolist(), where), option=_JSON)


def _of_frame(frame: "pd.DataFrame") -> Table:
    if frame.index.name is not None:
        frame = frame.reset_index()
    missing = frame.isna().to_numpy()
    rows = [
        [None if gone else value for value, gone in zip(row, flags, strict=True)]
        for row, flags in zip(frame.itertuples(index=False, name=None), missing, strict=True)
    ]
    return Table([str(column) for column in frame.columns], rows)
