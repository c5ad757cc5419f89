"""The sheets of the add-in: configuration of xlwings, texts of the function wizard, as-you-type help (spec 08 §6.4)."""

import io
from collections.abc import Iterable

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from xl_addin.com.build.modules import FUNCTION_SHEET, PROJECT_NAME
from xl_addin.registry.catalogue import fingerprint
from xl_addin.registry.declare import Function

INTELLISENSE_SHEET = "_IntelliSense_"
INTERPRETER = r"%CLO_HOME%\python\pythonw.exe"
FINGERPRINT_KEY = "CLO Fingerprint"


def configuration(interpreter: str) -> tuple[tuple[str, str], ...]:
    """What xlwings reads, and the catalogue the add-in was built from; no workbook's folder is searched for code."""
    return (
        ("Interpreter_Win", interpreter),
        ("UDF Modules", "xl_addin.com.entry"),
        ("Use UDF Server", "True"),
        ("ADD_WORKBOOK_TO_PYTHONPATH", "False"),
        (FINGERPRINT_KEY, fingerprint()),
    )


def workbook_bytes(functions: Iterable[Function], *, interpreter: str = INTERPRETER) -> bytes:
    """The workbook without its project, as .xlsx."""
    functions = tuple(functions)
    workbook = Workbook()
    settings = workbook.active
    assert isinstance(settings, Worksheet)  # noqa: S101 (a fresh workbook has one sheet)
    settings.title = f"{PROJECT_NAME}.conf"
    for row in configuration(interpreter):
        settings.append(row)
    _wizard_texts(workbook.create_sheet(FUNCTION_SHEET), functions)
    _as_you_type(workbook.create_sheet(INTELLISENSE_SHEET), functions)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _wizard_texts(sheet: Worksheet, functions: tuple[Function, ...]) -> None:
    sheet.sheet_state = "hidden"
    sheet.append(("Function", "Category", "Description", "Arguments"))
    for function in functions:
        described = (parameter.description for parameter in function.parameters)
        _append_texts(sheet, (function.name, function.category, function.summary, *described))


def _as_you_type(sheet: Worksheet, functions: tuple[Function, ...]) -> None:
    """The sheet that the Excel-DNA IntelliSense add-in reads: name, description, help link, then pairs of arguments."""
    sheet.append(("FunctionInfo", 1))
    for function in functions:
        row = [function.name, function.summary, ""]
        for parameter in function.parameters:
            row += [parameter.name, parameter.description]
        _append_texts(sheet, row)


def _append_texts(sheet: Worksheet, texts: Iterable[str]) -> None:
    """A row of texts; one that begins with = is no formula."""
    sheet.append(list(texts))
    for cell in sheet[sheet.max_row]:
        cell.data_type = "s"
