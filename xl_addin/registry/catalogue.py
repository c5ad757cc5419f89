"""The catalogue: every function in order, as records for generators, and its fingerprint (spec 08 §3.2)."""

import hashlib
from functools import cache
from typing import Any

import orjson

from engine.errors import ReferenceDataError
from xl_addin.registry.declare import FUNCTIONS, Function, Parameter

PROTOCOL = 1


@cache
def catalogue() -> tuple[Function, ...]:
    """All functions by category and name; importing them is part of the first call."""
    import xl_addin.functions  # noqa: F401  (declares them)

    return tuple(sorted(FUNCTIONS.values(), key=lambda function: (function.category, function.name)))


@cache
def by_name() -> dict[str, Function]:
    """All functions by name."""
    return {function.name: function for function in catalogue()}


def describe(name: str) -> dict[str, Any]:
    """What there is to know about a function, as JSON values; ReferenceDataError CLO-2119 for an unknown one."""
    function = by_name().get(name.upper())
    if function is None:
        raise ReferenceDataError("CLO-2119", f"There is no function {name}", remedy="The catalogue lists them all.")
    return {
        "name": function.name,
        "category": function.category,
        "since": function.since,
        "cost": function.cost.value,
        "depends": list(function.depends),
        "summary": function.summary,
        "help": function.help,
        "version": function.version,
        "is_deprecated": function.is_deprecated,
        "returns_table": function.has_headers,
        "parameters": [_described(parameter) for parameter in function.parameters],
        "examples": [{"formula": example.formula, "value": example.value} for example in function.examples],
    }


def _described(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "kind": parameter.kind.name,
        "description": parameter.description,
        "is_optional": parameter.is_optional,
        "is_rest": parameter.is_rest,
        "is_range": parameter.kind.is_range,
        "is_address": parameter.kind.is_address,
        "choices": list(parameter.kind.choices),
        "default": _shown_default(parameter),
    }


def _shown_default(parameter: Parameter) -> Any:
    if not parameter.is_optional or parameter.default is None or parameter.is_rest:
        return None
    value = parameter.default
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "default" if parameter.kind.name == "mode" else str(value)


@cache
def fingerprint() -> str:
    """SHA-256 of the catalogue, as hex: a client that was built from another one is told to update."""
    described = [describe(function.name) for function in catalogue()]
    return hashlib.sha256(orjson.dumps([PROTOCOL, described], option=orjson.OPT_SORT_KEYS)).hexdigest()
