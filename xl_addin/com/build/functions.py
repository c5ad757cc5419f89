"""VBA of the functions: one module per category, one procedure per function of the catalogue (spec 08 §6.3)."""

import re
from collections.abc import Iterable, Sequence

from xl_addin.com.build.templates import filled
from xl_addin.registry.declare import Cost, Function, Parameter

_WIDTH = 100
_MOST_MODULE_NAME = 31


def udf_modules(functions: Iterable[Function]) -> dict[str, str]:
    """Source by name of module, with the functions of a category in the order in which they come."""
    procedures: dict[str, list[str]] = {}
    for function in functions:
        procedures.setdefault(module_name(function.category), []).append(procedure(function))
    return {name: "\n".join([_header(name), *members]) for name, members in procedures.items()}


def module_name(category: str) -> str:
    """`CLO Cash flows` as `CloUdfs_CashFlows`; VBA does not tell capital letters from small ones."""
    words = re.findall(r"[A-Za-z0-9]+", category.removeprefix("CLO "))
    return ("CloUdfs_" + "".join(word.capitalize() for word in words))[:_MOST_MODULE_NAME]


def procedure(function: Function) -> str:
    """One function as VBA: its arguments go to Python as they are, its result comes back with real errors."""
    return filled(
        "function.bas.tmpl",
        name=function.name,
        parameters=_wrapped([_declared(parameter) for parameter in function.parameters]),
        description=_in_quotes(function.summary),
        body="\n".join(_body(function)),
    )


def _header(name: str) -> str:
    return f'Attribute VB_Name = "{name}"\nOption Explicit\n'


def _declared(parameter: Parameter) -> str:
    if parameter.is_rest:
        return f"ParamArray {parameter.name}() As Variant"
    return f"{'Optional ' if parameter.is_optional else ''}{parameter.name} As Variant"


def _body(function: Function) -> list[str]:
    parameters = function.parameters
    rest = parameters[-1].name if parameters and parameters[-1].is_rest else ""
    single = parameters[:-1] if rest else parameters
    lines = []
    for parameter in single:
        if parameter.kind.is_address:
            # A cell that failed before it reached Python is known to VBA alone.
            lines += [
                f"    {function.name} = CloFailure(CloAddress({parameter.name}))",
                f"    If Len({function.name}) > 0 Then Exit Function",
            ]
    values = _wrapped(['""', *(_value(parameter) for parameter in single)])
    arguments = f"Array({values})"
    if rest:
        lines += ["    Dim further As Variant", f"    further = {rest}"]
        arguments = f"CloJoin({arguments}, further)"
    call = "CloCallHeavy" if function.cost is Cost.HEAVY else "CloCall"
    lines.append(f'    {function.name} = {call}("{function.name}", {arguments})')
    return lines


def _value(parameter: Parameter) -> str:
    return f"{'CloAddress' if parameter.kind.is_address else 'CloArg'}({parameter.name})"


def _wrapped(items: Sequence[str]) -> str:
    """Items with commas, on several lines: one of VBA has at most 1,023 characters, a statement at most 25 lines."""
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) > _WIDTH:
            lines.append(line)
            line = ""
        line += f"{', ' if line else ''}{item}"
    return ", _\n        ".join([*lines, line])


def _in_quotes(text: str) -> str:
    return text.replace('"', '""')
