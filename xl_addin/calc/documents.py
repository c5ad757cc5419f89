"""Calc documents over UNO: formulas entered so that they are known, cells read, files saved.

Runs in a Python that has `uno`, without the packages of clodesk. What LibreOffice hands out has no static types.
"""

import re
from collections.abc import Sequence
from typing import Any

Document = Any
Cells = dict[str, Any]

_FORMULAS = 16  # com.sun.star.sheet.CellFlags.FORMULA
_PREFIX = re.compile(r"(?:'[^']*'!|\[\d+\]!)?(?:_xldudf_|_xll\.)?((?:CLO|PAY)_[A-Z0-9_]+)(?=\()", re.IGNORECASE)
_WORD_BY_ERROR = {
    32767: "#N/A",
    503: "#NUM!",
    519: "#VALUE!",
    521: "#NULL!",
    524: "#REF!",
    525: "#NAME?",
    532: "#DIV/0!",
}
_FILTERS = {
    ".xlsx": "Calc MS Excel 2007 XML",
    ".ods": "calc8",
    ".pdf": "calc_pdf_Export",
    ".csv": "Text - txt - csv (StarCalc)",
}


def repaired(formula: str) -> str:
    """A formula with our functions under their plain names; texts inside it stay as they are."""
    pieces = formula.split('"')
    pieces[::2] = [_PREFIX.sub(lambda found: found.group(1).upper(), piece) for piece in pieces[::2]]
    return '"'.join(pieces)


def enter_formulas(document: Document) -> int:
    """Enter each formula that uses our functions anew, as what it is; the number of them.

    Calc looks names up while it compiles a formula: those of a loaded file were compiled as unknown.
    """
    document.lockControllers()
    document.enableAutomaticCalculation(False)
    try:
        return sum(_enter(sheet) for sheet in sheets(document))
    finally:
        document.enableAutomaticCalculation(True)
        document.unlockControllers()


def _enter(sheet: Any) -> int:
    """Enter what uses our functions anew, a whole block of formulas at once where no array formula is among them."""
    n_entered = 0
    arrays: list[Any] = []
    for where in sheet.queryContentCells(_FORMULAS).getRangeAddresses():
        block = sheet.getCellRangeByPosition(where.StartColumn, where.StartRow, where.EndColumn, where.EndRow)
        formulas = block.getFormulaArray()
        n_ours = sum(bool(_PREFIX.search(formula)) for row in formulas for formula in row)
        if n_ours and any(formula.startswith("{") for row in formulas for formula in row):
            n_entered += _enter_singly(block, formulas, arrays)
        elif n_ours:
            block.setFormulaArray(tuple(tuple(map(repaired, row)) for row in formulas))
            n_entered += n_ours
    return n_entered


def _enter_singly(block: Any, formulas: Sequence[Sequence[str]], arrays: list[Any]) -> int:
    """Enter the formulas of a block one by one. arrays: ranges of array formulas that are entered already; extended."""
    n_entered = 0
    for row, formulas_of_row in enumerate(formulas):
        for column, formula in enumerate(formulas_of_row):
            cell = block.getCellByPosition(column, row)
            if not _PREFIX.search(formula) or (formula.startswith("{") and _lies_in(arrays, cell)):
                continue
            n_entered += 1
            if formula.startswith("{"):
                area = block.getSpreadsheet().createCursorByRange(cell)
                area.collapseToCurrentArray()
                area.setArrayFormula(repaired(formula.strip("{}")))
                arrays.append(area.getRangeAddress())
            else:
                cell.setFormula(repaired(formula))
    return n_entered


def _lies_in(ranges: Sequence[Any], cell: Any) -> bool:
    at = cell.getCellAddress()
    return any(one.StartRow <= at.Row <= one.EndRow and one.StartColumn <= at.Column <= one.EndColumn for one in ranges)


def values(document: Document) -> dict[str, Cells]:
    """What every used cell holds, by sheet and address: a number, a text, or an error as {"e": code}."""
    return {sheet.getName(): values_of_sheet(sheet) for sheet in sheets(document)}


def values_of_sheet(sheet: Any) -> Cells:
    """What every used cell of a sheet holds, by address, row by row."""
    area = used_area(sheet)
    found: Cells = {}
    for i, row in enumerate(area.getDataArray()):
        for j, value in enumerate(row):
            # An error is no value for getDataArray; a blank and a text that is empty are the same to it.
            if value is None or value == "":
                error = sheet.getCellByPosition(j, i).getError()
                if error:
                    found[address_of(j, i)] = {"e": _WORD_BY_ERROR.get(error, f"Err:{error}")}
            else:
                found[address_of(j, i)] = value
    return found


def used_area(sheet: Any) -> Any:
    """Everything from A1 to the last used cell."""
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    end = cursor.getRangeAddress()
    return sheet.getCellRangeByPosition(0, 0, end.EndColumn, end.EndRow)


def address_of(column: int, row: int) -> str:
    """The A1 address of a position that counts from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def named(container: Any, name: str) -> list[str]:
    """The names in a container that differ from a name in capitals at most."""
    return [one for one in container.getElementNames() if one.lower() == name.lower()]


def sheets(document: Document) -> list[Any]:
    """All sheets in order."""
    found = document.getSheets()
    return [found.getByIndex(index) for index in range(found.getCount())]


def filter_of(path: str) -> str:
    """The export filter that writes a file of this name."""
    return _FILTERS[path[path.rindex(".") :].lower()]
