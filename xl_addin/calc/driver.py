"""Drives a running LibreOffice: one JSON request a line on standard input, one JSON answer a line on standard output.

Runs in a Python that has `uno`; `harness` starts it. Its first argument is the name of LibreOffice's pipe. A request is
{"do": name, ...arguments}; the answer {"ok": result} or {"failed": text}. At the end
of the input it closes LibreOffice.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uno  # type: ignore[import-not-found]  # comes with LibreOffice
import unohelper  # type: ignore[import-not-found]  # comes with LibreOffice
from com.sun.star.task import XInteractionApprove, XInteractionHandler  # type: ignore[import-not-found]
from com.sun.star.ucb import XCommandEnvironment  # type: ignore[import-not-found]

from xl_addin.calc import documents
from xl_addin.calc.applier_uno import apply_patch, our_sheets
from xl_addin.commands.patch import patch_from_json

_START_SECONDS = 60.0


class Driver:
    """One LibreOffice and the documents that are open in it, by number."""

    def __init__(self, pipe: str) -> None:
        self._context = _connected(pipe)
        self._manager = self._context.ServiceManager
        self._desktop = self._made("com.sun.star.frame.Desktop")
        self._documents: dict[int, Any] = {}

    def answer(self, request: dict[str, Any]) -> Any:
        """The result of one request."""
        operation: Callable[..., Any] = getattr(self, f"do_{request.pop('do')}")
        return operation(**request)

    def do_install(self, url: str) -> None:
        """Install an extension for the user of this profile."""
        path = "/singletons/com.sun.star.deployment.ExtensionManager"
        manager = self._context.getValueByName(path)
        manager.addExtension(url, (), "user", None, _Approving())

    def do_functions(self) -> list[dict[str, Any]]:
        """What the function wizard knows of our functions."""
        described = self._made("com.sun.star.sheet.FunctionDescriptions")
        found = [{one.Name: one.Value for one in described.getByIndex(index)} for index in range(described.getCount())]
        return [
            {
                "name": one["Name"],
                "description": one["Description"],
                "arguments": [[argument.Name, argument.Description] for argument in one["Arguments"] or ()],
                "optional": [argument.IsOptional for argument in one["Arguments"] or ()],
            }
            for one in found
            if one["Name"].startswith(("CLO_", "PAY_"))
        ]

    def do_open(self, url: str = "private:factory/scalc") -> int:
        """Open a document, a new one by default; its number."""
        # Not hidden: panes can only be frozen in a window with a size, and without a screen nobody sees it.
        document = self._desktop.loadComponentFromURL(url, "_blank", 0, ())
        if document is None:
            raise ValueError(f"LibreOffice cannot open {url}")
        number = max(self._documents, default=0) + 1
        self._documents[number] = document
        return number

    def do_enter(self, document: int) -> int:
        """Enter the formulas with our functions anew; the number of them."""
        return documents.enter_formulas(self._documents[document])

    def do_calculate(self, document: int) -> None:
        """Calculate every formula."""
        self._documents[document].calculateAll()

    def do_write(self, document: int, formulas: dict[str, Any]) -> None:
        """Put formulas, texts or numbers in cells of the first sheet.

        Under the address of a range: one formula is an array formula, rows of formulas are those of its cells.
        """
        target = self._documents[document]
        cells = target.getSheets().getByIndex(0)
        target.enableAutomaticCalculation(False)
        for address, content in formulas.items():
            place = cells.getCellRangeByName(address)
            if isinstance(content, list):
                place.setFormulaArray(tuple(map(tuple, content)))
            elif ":" in address:
                place.setArrayFormula(content)
            elif isinstance(content, str):
                place.setFormula(content)
            else:
                place.setValue(content)
        target.enableAutomaticCalculation(True)

    def do_values(self, document: int) -> dict[str, Any]:
        """What every used cell holds."""
        return documents.values(self._documents[document])

    def do_patch(self, document: int, patch: list[dict[str, Any]]) -> list[list[str]]:
        """Apply a workbook patch; level and text of its messages."""
        told = apply_patch(self._context, self._documents[document], patch_from_json(patch))
        return [[one.level, one.text] for one in told]

    def do_ours(self, document: int) -> list[str]:
        """The sheets that carry our mark."""
        return our_sheets(self._documents[document])

    def do_charts(self, document: int) -> dict[str, list[str]]:
        """The names of the charts on each sheet that has any."""
        found = {
            one.getName(): list(one.getCharts().getElementNames())
            for one in documents.sheets(self._documents[document])
        }
        return {name: charts for name, charts in found.items() if charts}

    def do_save(self, document: int, url: str) -> None:
        """Save a copy under a name whose ending says the format."""
        filters = (_property("FilterName", documents.filter_of(url)),)
        self._documents[document].storeToURL(url, filters)

    def do_close(self, document: int) -> None:
        """Close a document without saving."""
        self._documents.pop(document).close(True)

    def end(self) -> None:
        """Close LibreOffice, if it is still there."""
        with suppress(Exception):  # it raises a class of its own when it is gone already
            self._desktop.terminate()

    def _made(self, service: str) -> Any:
        return self._manager.createInstanceWithContext(service, self._context)


class _Approving(unohelper.Base, XCommandEnvironment, XInteractionHandler):  # type: ignore[misc]  # bases of UNO
    """Says yes to whatever an installation asks."""

    def getInteractionHandler(self) -> Any:  # noqa: N802 (names of UNO)
        return self

    def getProgressHandler(self) -> None:  # noqa: N802
        return None

    def handle(self, request: Any) -> None:
        for continuation in request.getContinuations():
            if continuation.queryInterface(uno.getTypeByName(XInteractionApprove.__pyunointerface__)) is not None:
                continuation.select()
                return


def _property(name: str, value: Any) -> Any:
    made = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
    made.Name, made.Value = name, value
    return made


def _connected(pipe: str) -> Any:
    """The context of the LibreOffice behind a pipe, as soon as it is there."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    give_up = time.monotonic() + _START_SECONDS
    while True:
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # LibreOffice raises a class of its own that no module here can name
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def main() -> None:
    """Answer requests until the input ends."""
    driver = Driver(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = {"ok": driver.answer(json.loads(line))}
        except Exception:  # the outermost adapter: the caller gets the failure as text
            answer = {"failed": traceback.format_exc()}
        print(json.dumps(answer), flush=True)
    # The caller is done, or dead: either way nobody needs this LibreOffice any more.
    driver.end()


if __name__ == "__main__":
    main()
