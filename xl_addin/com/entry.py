"""The module that xlwings calls: one wrapper per function of the catalogue, made at import (spec 08 §6.2).

The first argument of every wrapper is the external address of the calling cell, which our VBA sends along as text. All
arguments and results go through xlwings' `raw` converter; what a value means is decided by the registry alone.
"""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from engine.errors import ClodeskError
from xl_addin.com.addresses import workbook_and_cell
from xl_addin.com.answers import Answers, answers_of
from xl_addin.com.free_xlwings import xlwings
from xl_addin.com.settings import face_settings
from xl_addin.com.values import OMITTED, cell_rows, raw_value
from xl_addin.registry.catalogue import catalogue
from xl_addin.registry.declare import Function, Parameter
from xl_addin.registry.dispatch import Call
from xl_addin.registry.errors import cell_error

CALLER = "caller_address"


@cache
def _answers() -> Answers:
    return answers_of(face_settings())


def answer_cell(function: Function, caller: str, arguments: tuple[Any, ...]) -> list[list[Any]]:
    """Rows of values for VBA: the result of a function, or the one text of its error."""
    workbook, cell = workbook_and_cell(caller)
    try:
        return cell_rows(_answers().answer(Call(function.name, _raw_arguments(function, arguments), cell), workbook))
    except ClodeskError as error:
        shown = cell_error(error, function.name)
        return cell_rows({"e": shown.code, "m": str(shown)})


def _raw_arguments(function: Function, arguments: tuple[Any, ...]) -> list[Any]:
    raw = [raw_value(value) for value in arguments]
    for position, parameter in enumerate(function.parameters[: len(raw)]):
        if parameter.kind.is_address and isinstance(raw[position], str):
            raw[position] = workbook_and_cell(raw[position])[1] or raw[position]
    while raw and raw[-1] is None:
        raw.pop()
    return raw


def _wrapper(function: Function) -> Callable[..., Any]:
    def wrapper(caller_address: str, *arguments: Any) -> list[list[Any]]:
        return answer_cell(function, caller_address if isinstance(caller_address, str) else "", arguments)

    wrapper.__name__ = wrapper.__qualname__ = function.name
    wrapper.__doc__ = function.summary
    has_rest = bool(function.parameters) and function.parameters[-1].is_rest
    signature = [inspect.Parameter(CALLER, inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    signature += [_in_signature(parameter, has_rest) for parameter in function.parameters]
    wrapper.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]  # what inspect reads instead
    return _declared(wrapper, function)


def _in_signature(parameter: Parameter, has_rest: bool) -> inspect.Parameter:
    """A parameter as xlwings reads it; it refuses defaults beside a list of further arguments."""
    if parameter.is_rest:
        return inspect.Parameter(parameter.name, inspect.Parameter.VAR_POSITIONAL)
    default = OMITTED if parameter.is_optional and not has_rest else inspect.Parameter.empty
    return inspect.Parameter(parameter.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)


def _declared(wrapper: Callable[..., Any], function: Function) -> Callable[..., Any]:
    declared = xlwings.func(category=function.category)(wrapper)
    for name in (CALLER, *(parameter.name for parameter in function.parameters)):
        declared = xlwings.arg(name, "raw")(declared)
    made: Callable[..., Any] = xlwings.ret("raw")(declared)
    # Excel can leave out a required argument too, as in F(,1). xlwings would hand None on, which is a blank cell.
    for argument in getattr(made, "__xlfunc__", {"args": []})["args"]:
        argument["optional"] = OMITTED
    return made


for _function in catalogue():
    globals()[_function.name] = _wrapper(_function)
