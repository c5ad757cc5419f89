"""What Excel is told about the functions, made from the catalogue (spec 08 §9.2).

`functions_json` is read by Excel, `functions_script` associates the names with the bundle, `catalogue_script` tells the
bundle what it must know to batch and to keep answers.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from xl_addin.registry.catalogue import catalogue, fingerprint
from xl_addin.registry.declare import Function, Parameter

_PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def functions_json(base_url: str) -> bytes:
    """The custom functions metadata of the add-in; help pages stand under `base_url`."""
    functions = catalogue()
    return orjson.dumps(
        {
            "allowErrorForDataTypeAny": True,
            "allowCustomDataForDataTypeAny": True,
            "functions": [_function(function, base_url) for function in functions],
            "enums": enums(functions),
        },
        option=_PRETTY,
    )


def flat_functions(base_url: str) -> list[dict[str, Any]]:
    """The same functions as the unified manifest lists them: options stand beside the other fields."""
    described = [_function(function, base_url) for function in catalogue()]
    # The unified schema spells one option differently.
    spelling = {"requiresParameterAddresses": "requiresParameterAddress"}
    return [
        {
            **{key: value for key, value in one.items() if key != "options"},
            **{spelling.get(key, key): value for key, value in one["options"].items()},
        }
        for one in described
    ]


def enums(functions: Sequence[Function]) -> list[dict[str, Any]]:
    """Every enumeration of the parameters, once."""
    found: dict[str, tuple[str, ...]] = {}
    for function, parameter in _enumerations(functions):
        found.setdefault(enum_id(function, parameter), parameter.kind.choices)
    return [
        {"id": name, "type": "string", "values": [{"name": word, "stringValue": word} for word in words]}
        for name, words in found.items()
    ]


def enum_id(function: Function, parameter: Parameter) -> str:
    """Name of the enumeration of a parameter; the mode is the same everywhere."""
    if parameter.kind.name != "choice":
        return f"CLO.{parameter.kind.name}"
    return f"{function.name}.{parameter.name}"


def _enumerations(functions: Sequence[Function]) -> Iterator[tuple[Function, Parameter]]:
    for function in functions:
        for parameter in function.parameters:
            if parameter.kind.choices:
                yield function, parameter


def _function(function: Function, base_url: str) -> dict[str, Any]:
    return {
        "id": function.name,
        "name": function.name,
        "description": function.summary,
        "helpUrl": f"{base_url}/help/{function.name}",
        "parameters": [_parameter(function, parameter) for parameter in function.parameters],
        "result": {"dimensionality": "matrix"},
        "options": _options(function),
    }


def _options(function: Function) -> dict[str, bool]:
    if is_streamed(function):
        return {"stream": True}
    options = {"cancelable": True, "requiresAddress": True}
    if any(parameter.kind.is_address for parameter in function.parameters):
        options["requiresParameterAddresses"] = True
    return options


def _parameter(function: Function, parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {"name": parameter.name, "description": parameter.description}
    if parameter.kind.choices:
        described |= {"type": "string", "dimensionality": "scalar", "customEnumId": enum_id(function, parameter)}
    else:
        described |= {"type": "any", "dimensionality": "matrix"}
    if parameter.is_rest:
        described["repeating"] = True
    elif parameter.is_optional:
        described["optional"] = True
    return described


def is_streamed(function: Function) -> bool:
    """Whether a cell follows the function's value while a run or a job goes on."""
    return function.name.endswith("_STATUS")


def functions_script() -> bytes:
    """A classic script that associates every function with the bundle, as soon as Excel has loaded it."""
    names = [function.name for function in catalogue()]
    return b"".join(
        (
            b'"use strict";\n(() => {\n  if (!globalThis.CustomFunctions) return;\n',
            b'  const bundle = import("./bundle/face.js");\n  for (const name of ',
            orjson.dumps(names),
            b") {\n    CustomFunctions.associate(name, (...given) => bundle.then((face) => face.call(name, given)));\n",
            b"  }\n})();\n",
        )
    )


def catalogue_script() -> bytes:
    """A module with the fingerprint of the catalogue and what the bundle must know of each function."""
    known = {function.name: _known(function) for function in catalogue()}
    return b"".join(
        (
            b"export const FINGERPRINT = ",
            orjson.dumps(fingerprint()),
            b";\nexport const FUNCTIONS = ",
            orjson.dumps(known, option=orjson.OPT_INDENT_2),
            b";\n",
        )
    )


def _known(function: Function) -> dict[str, Any]:
    """depends: nothing, one deal or everything; deal: position of the argument that names it."""
    names = [parameter.name for parameter in function.parameters]
    of_deal = "deal" in function.depends and "universe" not in function.depends and "deal" in names
    return {
        "version": function.version,
        "depends": "" if not function.depends else "deal" if of_deal else "all",
        "deal": names.index("deal") if of_deal else -1,
        "kept": function.is_cached and not is_streamed(function),
        "stream": is_streamed(function),
        "rest": bool(function.parameters and function.parameters[-1].is_rest),
        "addresses": [at for at, parameter in enumerate(function.parameters) if parameter.kind.is_address],
    }
