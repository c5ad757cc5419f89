"""What the tests of the Windows face share: xlwings' released server on Linux, and calls as VBA makes them."""

import importlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from engine.desk.desk import Desk
from tests.xl_addin.com.windows_stubs import windows
from xl_addin.com.answers import LocalAnswers

CALLER = "[Book1.xlsx]Cells!$B$7"

CallUdf = Callable[..., Any]
"""Called with a function name and COM arguments; gives what VBA gets from xlwings."""


@pytest.fixture(scope="module")
def entry() -> Iterator[ModuleType]:
    """The module with one wrapper per function, decorated as on Windows."""
    with windows():
        yield importlib.import_module("xl_addin.com.entry")


@pytest.fixture
def call_udf(entry: ModuleType, mag17_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> CallUdf:
    """Calls xlwings' own CallUDF in `local` mode on the desk with MAG 17."""
    answers = LocalAnswers(lambda: mag17_desk)
    monkeypatch.setattr(entry, "_answers", lambda: answers)
    server = importlib.import_module("xlwings.com_server").XLPython()

    def call(name: str, *arguments: Any, caller: str = CALLER) -> Any:
        return server.CallUDF("xl_addin.com.entry", name, (caller, *arguments))

    return call
