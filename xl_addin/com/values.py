"""Values of COM as the registry's raw wire values, and results as what VBA puts into cells (spec 08 §4.1, §4.3).

VBA cannot be handed an error value by Python: an error travels as the text U+0001, the number for CVErr, " | " and the
message, which the generated VBA turns into a real error.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

OMITTED: Any = object()
"""Stands for an argument that was not given; a blank cell arrives as None."""

ERROR_MARK = "\x01"
CV_ERRORS: Mapping[str, int] = {
    "#NULL!": 2000,
    "#DIV/0!": 2007,
    "#VALUE!": 2015,
    "#REF!": 2023,
    "#NAME?": 2029,
    "#NUM!": 2036,
    "#N/A": 2042,
    "#SPILL!": 2045,
    "#CALC!": 2050,
}
"""What VBA's CVErr takes for each error that a cell can hold."""

_COM_BASE = -2146828288
_CODE_BY_COM = {_COM_BASE + number: code for code, number in CV_ERRORS.items()}
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


def raw_value(value: Any) -> Any:
    """One argument as the registry reads it.

    None is a blank cell, a tuple a range or an array (of one rank: a row), whole numbers around -2146826246 are error
    cells, a date loses its zone and becomes a serial with the time of day as fraction.
    """
    if value is OMITTED:
        return None
    if isinstance(value, tuple | list):
        rows = value if all(isinstance(row, tuple | list) for row in value) else (value,)
        return [[_raw_cell(cell) for cell in row] for row in rows]
    return _raw_cell(value)


def _raw_cell(value: Any) -> Any:
    if value is None or value is OMITTED:
        return ""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        code = _CODE_BY_COM.get(value)
        return value if code is None else {"e": code}
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if isfinite(number) else {"e": "#NUM!"}
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) - _EPOCH).total_seconds() / 86_400.0
    if isinstance(value, date):
        return float(value.toordinal() - _EPOCH.toordinal())
    return {"e": "#VALUE!", "m": f"CLO-2250: An argument of type {type(value).__name__} cannot be used. Give a cell."}


def cell_rows(answer: Mapping[str, Any]) -> list[list[Any]]:
    """An answer of the registry as rows of what VBA puts into cells: always at least one row of one value."""
    if "e" in answer:
        return [[error_text(answer)]]
    if "v" not in answer:
        return [[error_text({"e": "#N/A", "m": "CLO-3001: Still calculating. Recalculate in a moment."})]]
    value = answer["v"]
    if isinstance(value, list):
        return [[_cell(cell) for cell in row] for row in value]
    return [[_cell(value)]]


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return error_text(value) if "e" in value else float(value["d"])
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # a whole number beyond 32 bits is of no type that Excel takes
    return value


def error_text(error: Mapping[str, Any]) -> str:
    """An error as the text that VBA decodes."""
    return f"{ERROR_MARK}{CV_ERRORS.get(str(error['e']), 2015)} | {error.get('m', '')}"
