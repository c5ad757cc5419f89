"""The generated VBA in an interpreter on Linux, with a host of Python procedures in place of the module CloHost."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pyopenvba.interpreter import HostBridge, Interpreter, VBAArray, VBAErrorValue, VBAObject

from xl_addin.com.build.modules import our_modules
from xl_addin.registry.catalogue import catalogue

_ATTRIBUTE = re.compile(r"^Attribute \w+\.VB_.*$", re.MULTILINE)


class Host(HostBridge):
    """Procedures of CloHost by name; each call is kept."""

    def __init__(self, procedures: Mapping[str, Callable[..., Any]]) -> None:
        self._procedures = {name.lower(): procedure for name, procedure in procedures.items()}
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def has_global_member(self, name: str) -> bool:
        return name.lower() in self._procedures

    def call_global(self, name: str, args: list[object], named: dict[str, object]) -> object:
        values = tuple(_from_vba(value) for value in args)
        self.calls.append((name, values))
        return to_vba(self._procedures[name.lower()](*values))


class Cells(VBAObject):
    """Stands for a range that a cell passes as argument."""

    def __init__(self, address: str, values: Any) -> None:
        super().__init__()
        self.address, self.values = address, values


def project(host: Host) -> Interpreter:
    """The generated modules, ready to run; attributes of procedures, which only the editor reads, are taken out."""
    interpreter = Interpreter(host)
    for module in our_modules(catalogue()):
        if module.name != "CloHost" and not module.is_class:
            interpreter.add_module(_ATTRIBUTE.sub("", module.source), name=module.name)
    return interpreter


def to_vba(value: Any) -> Any:
    """A result of COM as VBA holds it: a list of lists is an array of rank 2, a list one of rank 1."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        columns = len(value[0])
        items = [value[i][j] for j in range(columns) for i in range(len(value))]
        return VBAArray([(0, len(value) - 1), (0, columns - 1)], items=items)
    if isinstance(value, list):
        return VBAArray([(0, len(value) - 1)], items=value)
    return value


def rows(result: VBAArray) -> list[Any]:
    """An array of VBA as nested lists; an error as its number with a sharp sign."""
    if result.dimensions == 1:
        return [shown(value) for value in result.items]
    n_rows = result.bounds[0][1] - result.bounds[0][0] + 1
    items = [shown(value) for value in result.items]
    return [items[i::n_rows] for i in range(n_rows)]


def shown(value: Any) -> Any:
    """A value as tests compare it."""
    if isinstance(value, VBAErrorValue):
        return f"#{int(value.number)}"
    return rows(value) if isinstance(value, VBAArray) else value


def _from_vba(value: Any) -> Any:
    if isinstance(value, VBAArray):
        return [_from_vba(item) for item in value.items]
    return value
