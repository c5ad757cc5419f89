"""What a workbook relies on in the catalogue, and whether a change of it breaks workbooks (spec 08 §3.5).

Published signatures only grow at their end by optional parameters; what means something else gets a new name.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from xl_addin.registry.declare import Function, Parameter

Signature = Mapping[str, Any]
Signatures = Mapping[str, Signature]
"""By function name: its parameters in order, each with name, kind, whether it may be left out, and default."""


def signatures(functions: Sequence[Function]) -> dict[str, dict[str, Any]]:
    """What workbooks rely on, as JSON values, by function name."""
    return {
        function.name: {
            "returns_table": function.has_headers,
            "parameters": [_parameter(parameter) for parameter in function.parameters],
        }
        for function in sorted(functions, key=lambda one: one.name)
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    default = parameter.default
    return {
        "name": parameter.name,
        "kind": parameter.kind.name,
        "choices": list(parameter.kind.choices),
        "is_optional": parameter.is_optional,
        "is_rest": parameter.is_rest,
        "default": default
        if isinstance(default, str | bool | int | float)
        else None
        if default is None
        else repr(default),
    }


def breaches(published: Signatures, current: Signatures) -> list[str]:
    """What would break a workbook made with the published catalogue, a sentence each; empty for none."""
    found = []
    for name, before in published.items():
        after = current.get(name)
        if after is None:
            found.append(f"{name} is gone")
            continue
        if before["returns_table"] != after["returns_table"]:
            found.append(f"{name} returns another shape")
        found += _parameter_breaches(name, before["parameters"], after["parameters"])
    return found


def _parameter_breaches(name: str, before: Sequence[Signature], after: Sequence[Signature]) -> list[str]:
    for place, (old, new) in enumerate(zip_longest(before, after), start=1):
        where = f"{name}, parameter {place}"
        if new is None:
            return [f"{where}: {old['name']} is gone"]
        if old is None:
            if not new["is_optional"]:
                return [f"{where}: {new['name']} was added and must be given"]
            continue
        if old["name"] != new["name"]:
            return [f"{where}: {old['name']} became {new['name']}"]
        for fact, words in (("kind", "takes another kind"), ("is_rest", "takes another number of arguments"),
                            ("default", "has another default")):  # fmt: skip
            if old[fact] != new[fact]:
                return [f"{where}: {old['name']} {words}, {old[fact]} before and {new[fact]} after"]
        if old["is_optional"] and not new["is_optional"]:
            return [f"{where}: {old['name']} must be given"]
        lost = [word for word in old["choices"] if word not in new["choices"]]
        if lost:
            return [f"{where}: {old['name']} does not take {', '.join(lost)} any more"]
    return []
