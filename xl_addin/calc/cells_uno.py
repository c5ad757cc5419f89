"""Writing into the cells of Calc: values of the wire, and formulas as Excel writes them."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import uno  # type: ignore[import-not-found]  # comes with LibreOffice

from xl_addin.calc.documents import repaired, used_area
from xl_addin.calc.looks_uno import number_format
from xl_addin.commands.patch import CellValue, Grid

_LOGICAL = "BOOLEAN"
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# com.sun.star.sheet.AddressConvention: Calc's own, and that of Excel's files.
_CALC, _EXCEL_FILE = 0, 3


def write_values(document: Any, anchor: Any, values: Grid) -> None:
    """Write a grid from the anchor cell on; a text stays one whatever it begins with, None and "" are blank cells."""
    sheet, start = anchor.getSpreadsheet(), anchor.getRangeAddress()
    top, left = start.StartRow, start.StartColumn
    for first, rows in _blocks(values):
        last, width = first + len(rows) - 1, len(rows[0])
        if width:
            area = sheet.getCellRangeByPosition(left, top + first, left + width - 1, top + last)
            area.setDataArray(tuple(tuple(map(_plain, row)) for row in rows))
    for column in range(max(map(len, values), default=0)):
        for code, first, last in _formatted(values, column):
            cells = sheet.getCellRangeByPosition(left + column, top + first, left + column, top + last)
            cells.NumberFormat = number_format(document, code)
    for row, cells_of_row in enumerate(values):
        for column, value in enumerate(cells_of_row):
            if isinstance(value, dict) and "e" in value:
                code = value["e"] if value["e"] in _ERRORS else "#VALUE!"
                sheet.getCellByPosition(left + column, top + row).setFormula(f"={code}")


def _blocks(values: Grid) -> Iterator[tuple[int, Sequence[Sequence[CellValue]]]]:
    """The rows in blocks of one width, each with the place of its first: cells that a row does not have stay."""
    first = 0
    for place in range(1, len(values) + 1):
        if place == len(values) or len(values[place]) != len(values[first]):
            yield first, values[first:place]
            first = place


def _plain(value: CellValue) -> float | str:
    """A value as `setDataArray` takes it, where an empty text is a blank cell."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return float(value["d"]) if "d" in value else ""
    # No file of Excel can hold a control character.
    return _CONTROL.sub(" ", value) if isinstance(value, str) else float(value)


def _code(value: CellValue) -> str:
    """The number format that a value brings along, "" for none."""
    if isinstance(value, bool):
        return _LOGICAL
    return str(value.get("f", "")) if isinstance(value, dict) else ""


def _formatted(values: Grid, column: int) -> Iterator[tuple[str, int, int]]:
    """Runs of rows of a column that bring the same number format: format, first and last row."""
    codes = [_code(row[column]) if column < len(row) else "" for row in values]
    first = 0
    for place in range(1, len(codes) + 1):
        if place == len(codes) or codes[place] != codes[first]:
            if codes[first]:
                yield codes[first], first, place - 1
            first = place


def contents(sheet: Any) -> Iterator[Any]:
    """What stands in each cell of a sheet, row by row: a value, a formula as its text, an error written as such."""
    area = used_area(sheet)
    for values, formulas in zip(area.getDataArray(), area.getFormulaArray(), strict=True):
        for value, formula in zip(values, formulas, strict=True):
            if formula.startswith("=#"):
                yield formula[1:]
            else:
                yield formula if formula.startswith(("=", "{=")) else value


def write_formulas(document: Any, area: Any, formulas: Sequence[Sequence[str]], *, is_array: bool) -> None:
    """Enter formulas with commas and A1 references, one per cell, or the first one as an array formula over all."""
    if is_array:
        area.setArrayFormula(_spelled(document, area, formulas[0][0]))
        return
    for row, formulas_of_row in enumerate(formulas):
        for column, formula in enumerate(formulas_of_row):
            cell = area.getCellByPosition(column, row)
            cell.setFormula(_spelled(document, cell, formula) if formula else "")


def _spelled(document: Any, area: Any, formula: str) -> str:
    """A formula of Excel as Calc spells it in this place."""
    where, start = uno.createUnoStruct("com.sun.star.table.CellAddress"), area.getRangeAddress()
    where.Sheet, where.Column, where.Row = start.Sheet, start.StartColumn, start.StartRow
    parser = document.createInstance("com.sun.star.sheet.FormulaParser")
    parser.CompileEnglish = True
    parser.FormulaConvention = _EXCEL_FILE
    tokens = parser.parseFormula(formula.removeprefix("="), where)
    parser.FormulaConvention = _CALC
    # Read as in a file of Excel, our functions are unknown names, and printed as such.
    return repaired(f"={parser.printFormula(tokens, where)}")
