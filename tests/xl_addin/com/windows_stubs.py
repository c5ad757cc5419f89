"""Stand-ins for the Windows modules that xlwings' COM server imports, so that its released code runs on Linux."""

import ctypes
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

OMITTED_ARGUMENT = -2147352572
"""What COM hands over for an argument that was not given."""

_XLWINGS = ("xlwings.udfs", "xlwings.com_server", "xlwings._xlwindows", "xlwings._win32patch")
_ENTRY = "xl_addin.com.entry"


class ComError(Exception):
    """Stands for pywintypes.com_error."""


class Wrapped:
    """What the server hands out: an object behind a COM interface."""

    def __init__(self, obj: Any) -> None:
        self.obj = obj


def _module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    made.__dict__.update(members)
    return made


def _unwrap(value: Any) -> Any:
    if not isinstance(value, Wrapped):
        raise ValueError("not one of ours")
    return value.obj


class _Nothing:
    """Answers every attribute and call with itself: Windows functions that are only looked up on import."""

    def __getattr__(self, name: str) -> "_Nothing":
        return self

    def __call__(self, *arguments: Any) -> "_Nothing":
        return self


def _stubs() -> dict[str, ModuleType]:
    nothing = type("Nothing", (), {})
    client = _module(
        "win32com.client",
        CDispatch=nothing,
        CoClassBaseClass=nothing,
        DispatchBaseClass=nothing,
        Dispatch=lambda value, **_: value,
        DispatchEx=lambda value, **_: value,
    )
    util = _module("win32com.server.util", wrap=lambda obj, *_a, **_k: obj and Wrapped(obj.obj), unwrap=_unwrap)
    server = _module(
        "win32com.server",
        util=util,
        dispatcher=_module("win32com.server.dispatcher"),
        policy=_module("win32com.server.policy", DefaultPolicy=object),
    )
    return {
        "pythoncom": _module(
            "pythoncom",
            __file__="pythoncom.so",
            CoInitialize=lambda: None,
            TypeIIDs={"IDispatch": type("PyIDispatch", (), {})},
            IID_IDispatch="IDispatch",
            IID_IEnumVARIANT="IEnumVARIANT",
            Missing=object(),
        ),
        "pywintypes": _module("pywintypes", com_error=ComError, IID=str, TimeType=nothing),
        "win32api": _module("win32api"),
        "win32con": _module("win32con"),
        "win32gui": _module("win32gui"),
        "win32event": _module("win32event"),
        "win32process": _module("win32process"),
        "win32timezone": _module("win32timezone"),
        "win32com": _module("win32com", client=client, server=server),
        "win32com.client": client,
        "win32com.server": server,
        "win32com.server.util": util,
        "win32com.server.dispatcher": server.dispatcher,
        "win32com.server.policy": server.policy,
    }


def _without(*names: str) -> None:
    for name in names:
        sys.modules.pop(name, None)


@contextmanager
def _standing_in(modules: dict[str, ModuleType]) -> Iterator[None]:
    """Modules in the place of others; what else is imported meanwhile stays, for numba cannot be imported twice."""
    before = {name: sys.modules[name] for name in modules if name in sys.modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        _without(_ENTRY, *_XLWINGS, *modules)
        sys.modules.update(before)


@contextmanager
def windows() -> Iterator[None]:
    """While it lasts, xlwings' own UDF code is imported and its decorators are those of Windows."""
    from xl_addin.com.free_xlwings import xlwings

    _without(_ENTRY, *_XLWINGS)
    nothing = _Nothing()
    with (
        _standing_in(_stubs()),
        patch.object(ctypes, "windll", nothing, create=True),
        patch.object(ctypes, "oledll", nothing, create=True),
        patch.object(ctypes, "PyDLL", nothing),
    ):
        excel = importlib.import_module("xlwings._xlwindows")
        udfs = importlib.import_module("xlwings.udfs")
        server = importlib.import_module("xlwings.com_server")
        with (
            patch.object(xlwings, "func", udfs.xlfunc),
            patch.object(xlwings, "arg", udfs.xlarg),
            patch.object(xlwings, "ret", udfs.xlret),
            patch.dict(xlwings.engines.engines_by_name, {"excel": xlwings.Engine(impl=excel.engine)}),
        ):
            try:
                yield
            finally:
                server.loop.close()
                _without(_ENTRY, *_XLWINGS)
