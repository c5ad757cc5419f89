"""Declaring a spreadsheet function: `udf` turns a typed Python function into an entry of the catalogue (spec 08 §3.1).

A function that breaks a rule of the clients fails when its module is imported, with an error that names it.
"""

import inspect
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from xl_addin.registry import kinds, names
from xl_addin.registry.kinds import Kind
from xl_addin.registry.results import Table

F = TypeVar("F", bound=Callable[..., Any])

_MOST_PARAMETERS = 29
_MOST_TEXT = 255
_CONTEXT = "ctx"
_KIND_BY_TYPE: dict[type, Kind] = {
    float: kinds.NUMBER,
    int: kinds.WHOLE,
    bool: kinds.FLAG,
    str: kinds.TEXT,
    date: kinds.DAY,
}


class Cost(Enum):
    """What a call costs: LIGHT answers in microseconds, DATA reads the database, HEAVY computes for up to seconds."""

    LIGHT = "light"
    DATA = "data"
    HEAVY = "heavy"


PAYOUTS = "payouts"
"""In `depends`: on what swaps have stored, and on no deal."""


class DeclarationError(TypeError):
    """A function that breaks a rule of the registry: a mistake of its author, never of an analyst."""


@dataclass(frozen=True, slots=True)
class Example:
    """A formula that the help page shows and the tests calculate; value: its result, None where it is a table."""

    formula: str
    value: float | str | bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument. default: what stands for an omitted one; is_rest: takes all arguments from here on."""

    name: str
    kind: Kind
    description: str
    is_optional: bool
    default: Any = None
    is_rest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the catalogue.

    call(*values) takes the values of `parameters` in order, and ctx=... if takes_context; batch(list of value tuples,
    ctx) gives a list of results or exceptions in the same order. has_headers: the result is a table, whose headers the
    last parameter switches. is_cached False: the result depends on more than arguments and data.
    """

    name: str
    category: str
    since: str
    cost: Cost
    depends: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    summary: str
    help: str
    examples: tuple[Example, ...]
    version: int
    is_cached: bool
    is_deprecated: bool
    has_headers: bool
    takes_context: bool
    call: Callable[..., Any]
    batch: Callable[[Sequence[tuple[Any, ...]], Any], Sequence[Any]] | None


FUNCTIONS: dict[str, Function] = {}
"""Every function that was declared, by name; filled by importing `xl_addin.functions`."""


def udf(
    name: str,
    *,
    category: str,
    since: str = "1.0",
    cost: Literal["light", "data", "heavy"] = "light",
    depends: Sequence[str] = (),
    examples: Sequence[Example | str],
    batch: Callable[[Sequence[tuple[Any, ...]], Any], Sequence[Any]] | None = None,
    version: int = 1,
    is_cached: bool = True,
    is_deprecated: bool = False,
) -> Callable[[F], F]:
    """Declare a function of the catalogue; the decorated function itself stays what it is.

    depends: `deal` for data of the deal that the first DealName parameter names, `universe` for anything stored of
    deals, `payouts` for anything stored of swaps.
    examples: formulas as text, or Example where the result is known. version: raised when the meaning of a stored
    result changes. Raises DeclarationError for whatever a client would not accept.
    """

    def declare(function: F) -> F:
        made = _function(
            function,
            name=name,
            category=category,
            since=since,
            cost=Cost(cost),
            depends=tuple(depends),
            examples=tuple(Example(one) if isinstance(one, str) else one for one in examples),
            batch=batch,
            version=version,
            is_cached=is_cached,
            is_deprecated=is_deprecated,
        )
        if name in FUNCTIONS:
            raise DeclarationError(f"{name} is declared twice")
        FUNCTIONS[name] = made
        return function

    return declare


def _function(function: Callable[..., Any], *, name: str, **facts: Any) -> Function:
    fault = names.fault_of_function_name(name)
    if fault:
        raise DeclarationError(f"the function name {name} {fault}")
    text = inspect.cleandoc(function.__doc__ or "")
    summary = " ".join(text.split("\n\n")[0].split())
    if not summary or len(summary) > _MOST_TEXT:
        raise DeclarationError(f"{name}: the first paragraph of the docstring needs 1 to {_MOST_TEXT} characters")
    if not facts["examples"]:
        raise DeclarationError(f"{name} has no example")
    hints = get_type_hints(function, include_extras=True)
    if "return" not in hints:
        raise DeclarationError(f"{name} declares no return type")
    parameters = tuple(
        _parameter(name, parameter, hints.get(parameter.name))
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != _CONTEXT
    )
    has_headers = hints["return"] is Table
    if has_headers:
        parameters += (_headers(),)
    _check_parameters(name, parameters)
    return Function(
        name=name,
        parameters=parameters,
        summary=summary,
        help=text,
        has_headers=has_headers,
        takes_context=_CONTEXT in inspect.signature(function).parameters,
        call=function,
        **facts,
    )


def _headers() -> Parameter:
    return Parameter(
        name="headers",
        kind=kinds.FLAG,
        description="TRUE (default) shows the column names in the first row.",
        is_optional=True,
        default=True,
    )


def _parameter(function: str, parameter: inspect.Parameter, hint: Any) -> Parameter:
    where = f"{function}, parameter {parameter.name}"
    fault = names.fault_of_parameter_name(parameter.name)
    if fault:
        raise DeclarationError(f"{where}: the name {fault}")
    if hint is None:
        raise DeclarationError(f"{where} has no type")
    kind, description = _kind_and_description(where, hint)
    if not description or len(description) > _MOST_TEXT:
        raise DeclarationError(f"{where} needs a description of 1 to {_MOST_TEXT} characters")
    is_rest = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    is_optional = parameter.default is not inspect.Parameter.empty
    return Parameter(
        name=parameter.name,
        kind=kind,
        description=description,
        is_optional=is_optional or is_rest,
        default=parameter.default if is_optional else None,
        is_rest=is_rest,
    )


def _kind_and_description(where: str, hint: Any) -> tuple[Kind, str]:
    metadata: tuple[Any, ...] = ()
    if get_origin(hint) in (Union, types.UnionType):
        hint = _without_none(where, hint)
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        metadata = tuple(rest)
        if get_origin(hint) in (Union, types.UnionType) and not any(isinstance(item, Kind) for item in metadata):
            hint = _without_none(where, hint)
    kind = next((item for item in metadata if isinstance(item, Kind)), None)
    description = next((item for item in reversed(metadata) if isinstance(item, str)), "")
    if kind is None and get_origin(hint) is Literal:
        kind = kinds.choice(*get_args(hint))
    if kind is None:
        kind = _KIND_BY_TYPE.get(hint)
    if kind is None:
        raise DeclarationError(f"{where}: the type {hint} is not one that a cell can give")
    return kind, description


def _without_none(where: str, hint: Any) -> Any:
    kept = [option for option in get_args(hint) if option is not type(None)]
    if len(kept) != 1:
        raise DeclarationError(f"{where}: the type {hint} is ambiguous")
    return kept[0]


def _check_parameters(name: str, parameters: tuple[Parameter, ...]) -> None:
    if len(parameters) > _MOST_PARAMETERS:
        raise DeclarationError(f"{name} has more than {_MOST_PARAMETERS} parameters")
    has_rest = any(parameter.is_rest for parameter in parameters)
    optional = [parameter.is_optional for parameter in parameters]
    if optional != sorted(optional):
        raise DeclarationError(f"{name}: a required parameter follows an optional one")
    if has_rest and (sum(optional) > 1 or not parameters[-1].is_rest):
        raise DeclarationError(f"{name} mixes optional parameters and a list of further ones")
    if len({parameter.name.lower() for parameter in parameters}) < len(parameters):
        raise DeclarationError(f"{name} has two parameters of one name")
