"""The Calc add-in: every function of the catalogue, forwarded to the calculation server (spec 08 §10).

Runs inside LibreOffice. A result is a sequence of sequences of numbers and texts; dates are serials, logical values 0
and 1. An error is a number that is none: Calc keeps its error codes in the payload of a NaN, alone and inside arrays.
"""

import json
import os
import re
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import clo_client  # type: ignore[import-not-found]  # these stand beside it in the extension, or in LibreOffice
import clo_places  # type: ignore[import-not-found]
import unohelper  # type: ignore[import-not-found]
from com.sun.star.lang import XServiceInfo  # type: ignore[import-not-found]
from org.clo.calc import XCloFunctions  # type: ignore[import-not-found]

_NAME = "org.clo.calc.CloAddIn"
_SERVICES = (_NAME, "com.sun.star.sheet.AddIn")
_ERROR_FUNCTION = "CLO_ERROR"
_MOST_ERRORS = 10_000
_LOOK_AGAIN_SECONDS = 2.0
# Error numbers of Calc (its help lists them); any other error is shown as #VALUE!.
_CALC_ERRORS = {
    "#N/A": 0x7FFF,
    "#VALUE!": 519,
    "#NUM!": 503,
    "#DIV/0!": 532,
    "#REF!": 524,
    "#NAME?": 525,
    "#NULL!": 521,
}


def _error(code: str) -> float:
    number = _CALC_ERRORS.get(code, _CALC_ERRORS["#VALUE!"])
    found: float = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_0000 | number))[0]
    return found


def _sent(argument: Any) -> Any:
    """An argument as the wire takes it: a range is a list of rows whose blanks are empty texts."""
    if isinstance(argument, tuple):
        return [["" if cell is None else cell for cell in row] for row in argument]
    return argument


def _shown(value: Any) -> float | str:
    """One value of an answer as a cell of Calc holds it."""
    if isinstance(value, dict):
        return float(value["d"]) if "d" in value else _error(value["e"])
    return value if isinstance(value, str) else float(value)


def _rows(answer: dict[str, Any]) -> tuple[tuple[float | str, ...], ...]:
    """An answer as a sequence of sequences."""
    if "e" in answer:
        return ((_error(answer["e"]),),)
    value = answer.get("v", "")
    if isinstance(value, list):
        return tuple(tuple(_shown(cell) for cell in row) for row in value)
    return ((_shown(value),),)


class _Errors:
    """The texts of the errors that cells show now, by call; the oldest go first when there are too many."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()

    def note(self, name: str, arguments: list[Any], text: str | None) -> None:
        """Remember the error of a call; None: it is well again."""
        if not self._texts and text is None:
            return
        call = (name, json.dumps(arguments))
        self._texts.pop(call, None)
        if text is not None:
            self._texts[call] = text
            if len(self._texts) > _MOST_ERRORS:
                self._texts.popitem(last=False)

    def newest(self, names: set[str] | None = None) -> str:
        """Text of the newest error, of the named functions only where names are given; "" where there is none."""
        found = (text for (name, _), text in reversed(self._texts.items()) if names is None or name in names)
        return next(found, "")


class _Documents:
    """The spreadsheets that are open in this LibreOffice."""

    def __init__(self, ctx: Any) -> None:
        self._desktop = ctx.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", ctx)

    def all(self) -> list[Any]:
        components = self._desktop.getComponents().createEnumeration()
        found = []
        while components.hasMoreElements():
            component = components.nextElement()
            if component.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
                found.append(component)
        return found

    def cell(self, address: str) -> Any:
        """The cell of an address such as B7, Tests.B7, 'My tests'!B7 or what CELL("address") gives."""
        current = self._desktop.getCurrentComponent()
        spreadsheets = self.all()
        document = current if current in spreadsheets else spreadsheets[0]
        sheet, _, cell = address.rpartition("#")[2].replace("!", ".").rpartition(".")
        sheet = sheet.lstrip("$").strip("'").replace("''", "'")
        if sheet:
            return document.getSheets().getByName(sheet).getCellRangeByName(cell)
        controller = document.getCurrentController()
        active = controller.getActiveSheet() if controller else document.getSheets().getByIndex(0)
        return active.getCellRangeByName(cell)


class _Recovery:
    """Recalculates the open spreadsheets as soon as a server that was away answers again."""

    def __init__(self, server: clo_client.Server, documents: _Documents) -> None:
        self._server = server
        self._documents = documents
        self._is_waiting = threading.Lock()

    def await_server(self) -> None:
        if self._is_waiting.acquire(blocking=False):
            threading.Thread(target=self._wait, name="clodesk-recovery", daemon=True).start()

    def _wait(self) -> None:
        while True:
            time.sleep(_LOOK_AGAIN_SECONDS)
            if self._server.is_back():
                break
        # Released first: a cell that misses the server once more begins another wait.
        self._is_waiting.release()
        for document in self._documents.all():
            document.calculateAll()


class CloAddIn(unohelper.Base, XCloFunctions, XServiceInfo):  # type: ignore[misc]  # bases of UNO have no types
    """The service that Calc calls; its methods are the functions of the catalogue."""

    def __init__(self, ctx: Any) -> None:
        url = os.environ.get("CLO_SERVER_URL") or _FACTS["server_url"]
        self.server = clo_client.Server(url, _FACTS["fingerprint"], _token)
        self.documents = _Documents(ctx)
        self.recovery = _Recovery(self.server, self.documents)
        self.errors = _Errors()

    def getImplementationName(self) -> str:  # noqa: N802 (the name that UNO asks for)
        return _NAME

    def supportsService(self, name: str) -> bool:  # noqa: N802
        return name in _SERVICES

    def getSupportedServiceNames(self) -> tuple[str, ...]:  # noqa: N802
        return _SERVICES

    def error_text(self, address: str) -> str:
        """CLO_ERROR: the newest error, or that of the functions in the cell whose address is given as a text.

        A reference to a failed cell would not arrive here: Calc hands on its error instead of calling.
        """
        if not address:
            notice: str = self.server.notice
            return self.errors.newest() or notice
        cell = self.documents.cell(address)
        return self.errors.newest(set(re.findall(r"\w+(?=\()", cell.getFormula()))) if cell.getError() else ""


def _forwarding(name: str, has_rest: bool) -> Callable[..., Any]:
    """The method of one function."""

    def method(self: CloAddIn, *arguments: Any) -> Any:
        if has_rest:
            arguments = (*arguments[:-1], *arguments[-1])
        sent = [_sent(argument) for argument in arguments]
        while sent and sent[-1] is None:
            sent.pop()
        answer = self.server.call(name, sent)
        text = answer.get("m")
        self.errors.note(name, sent, text)
        if text is not None and text.startswith(clo_client.UNREACHABLE):
            self.recovery.await_server()
        return _rows(answer)

    return method


def _show_error(self: CloAddIn, address: Any) -> Any:
    return ((self.error_text(address if isinstance(address, str) else ""),),)


def _token() -> str:
    """The token of CLO_TOKEN, of the file CLO_TOKEN_FILE, or of the file that a server on this machine leaves."""
    given = os.environ.get("CLO_TOKEN", "").strip()
    if given:
        return given
    folder = os.environ.get("CLODESK_DATA_DIR") or clo_places.user_data_folder()
    file = os.environ.get("CLO_TOKEN_FILE") or os.path.join(folder, _FACTS["token_file"])
    try:
        with open(file, encoding="utf-8") as content:
            return content.read().strip()
    except OSError:
        return ""


with open(os.path.join(os.path.dirname(__file__), "functions.json"), encoding="utf-8") as _file:
    _FACTS = json.load(_file)
for _function, _has_rest in _FACTS["has_rest"].items():
    setattr(CloAddIn, _function, _show_error if _function == _ERROR_FUNCTION else _forwarding(_function, _has_rest))

g_ImplementationHelper = unohelper.ImplementationHelper()  # noqa: N816 (the name that the loader looks for)
g_ImplementationHelper.addImplementation(CloAddIn, _NAME, _SERVICES)
