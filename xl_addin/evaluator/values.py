"""Values between the calculation engine and the wire of the registry (spec 08 §4.1, in-process evaluator)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from xl_addin.registry.values import Raw, serial

OMITTED = "\ue000omitted"
"""What stands in a formula for an argument that was left out: the engine itself would hand over 0."""

_CODE_BY_KIND = {
    "Div": "#DIV/0!",
    "Na": "#N/A",
    "Value": "#VALUE!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Spill": "#SPILL!",
    "Calc": "#CALC!",
}
_KIND_BY_CODE = {code: kind for kind, code in _CODE_BY_KIND.items()}


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that shows an error."""

    code: str


CellValue = float | str | bool | ErrorCell
MakeError = Callable[[str, str], Any]
"""The engine's maker of an error from its kind and a message."""


def raw_of(argument: Any) -> Raw:
    """An argument as the registry reads it: a blank cell is "", an argument that was left out is None."""
    if isinstance(argument, list):
        return [raw_of(item) for item in argument]
    if argument is None:
        return ""
    if isinstance(argument, dict):
        return {"e": code_of(argument)}
    if isinstance(argument, date):
        return {"d": serial(argument)}
    return None if argument == OMITTED else argument


def result_of(answer: dict[str, Any], make_error: MakeError) -> Any:
    """The answer to a call as the engine takes it; dates are serials, as in every cell."""
    return error_of(answer, make_error) if "e" in answer else _shown(answer["v"], make_error)


def error_of(answer: dict[str, Any], make_error: MakeError) -> Any:
    """An error of the wire, as the engine takes it."""
    return make_error(_KIND_BY_CODE.get(answer["e"], "Value"), str(answer.get("m", "")))


def _shown(value: Any, make_error: MakeError) -> Any:
    if isinstance(value, list):
        return [_shown(item, make_error) for item in value]
    if isinstance(value, dict):
        return float(value["d"]) if "d" in value else error_of(value, make_error)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def code_of(error: dict[str, Any]) -> str:
    """What a cell shows for an error of the engine; a circular reference and the like show #VALUE!."""
    return _CODE_BY_KIND.get(str(error.get("kind")), "#VALUE!")


def cell_of(value: Any) -> CellValue | None:
    """What a cell shows for a value of the engine; None for an empty one."""
    if isinstance(value, dict):
        return ErrorCell(code_of(value))
    if isinstance(value, date):
        return float(serial(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    found: CellValue | None = value
    return found
