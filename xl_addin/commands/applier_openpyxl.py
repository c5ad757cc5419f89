"""Applying a patch to a workbook in memory (openpyxl): files, tests, and the reference for the other appliers.

A patch can be applied twice with the same outcome. Charts that stood in a file before are kept as openpyxl reads them.
"""

from collections.abc import Callable, Iterator
from typing import Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import datetime as excel_days
from openpyxl.utils.cell import (
    absolute_coordinate,
    coordinate_to_tuple,
    get_column_letter,
    quote_sheetname,
    range_boundaries,
)
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableStyleInfo

from engine.errors import InputError
from xl_addin.commands import patch as ops
from xl_addin.commands.charts_openpyxl import OfOpenpyxl, put_chart
from xl_addin.commands.looks import TAB_COLOUR, TABLE_STYLE
from xl_addin.commands.marks import MARK, fingerprint, is_unchanged
from xl_addin.commands.styles_openpyxl import CellStyles

to_serial: Callable[[Any], float] = excel_days.to_excel
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
_FORMULA_STARTS = ("=", "+", "-", "@")


def apply_patch(patch: ops.WorkbookPatch, book: OfOpenpyxl) -> list[ops.Message]:
    """Change a workbook as a patch says; the messages for the user, in order.

    Raises InputError CLO-2213 for an operation on a sheet that is not there.
    """
    return _Applier(book).apply(patch)


def _print_across(sheet: OfOpenpyxl, is_wide: bool) -> None:
    """Results print across the page, all columns side by side unless they are too many."""
    sheet.page_setup.orientation = "landscape"
    if is_wide:
        return
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def our_sheets(book: OfOpenpyxl) -> list[str]:
    """Names of the sheets that patches made and nobody changed since."""
    return [sheet.title for sheet in book.worksheets if _is_ours(sheet)]


def _is_ours(sheet: OfOpenpyxl) -> bool:
    mark = sheet.defined_names.get(MARK)
    return mark is not None and is_unchanged(str(mark.attr_text).strip('"'), sheet_fingerprint(sheet))


def sheet_fingerprint(sheet: OfOpenpyxl) -> str:
    """What stands on a sheet by now; a formula counts as its text."""
    return fingerprint(_counted(cell) for row in sheet.iter_rows() for cell in row)


def _counted(cell: OfOpenpyxl) -> Any:
    value = cell.value
    if isinstance(value, ArrayFormula):
        return value.text
    return to_serial(value) if cell.is_date and value is not None and not isinstance(value, int | float) else value


class _Applier:
    """One patch on its way into a workbook."""

    def __init__(self, book: OfOpenpyxl) -> None:
        self._book = book
        self._styles = CellStyles()
        self._touched: dict[str, OfOpenpyxl] = {}
        self._messages: list[ops.Message] = []

    def apply(self, patch: ops.WorkbookPatch) -> list[ops.Message]:
        for operation in patch.operations:
            self._apply(operation)
        for sheet in self._touched.values():
            mark = DefinedName(MARK, attr_text=f'"{sheet_fingerprint(sheet)}"', hidden=True)
            sheet.defined_names[MARK] = mark
        return self._messages

    def _apply(self, operation: ops.Operation) -> None:  # one branch for each kind of operation
        match operation:
            case ops.EnsureSheet():
                self._ensure_sheet(operation)
            case ops.DeleteSheets(prefix=prefix):
                self._delete_sheets(prefix)
            case ops.Write(sheet=name, anchor=anchor, values=values):
                _write(self._sheet(name), anchor, values)
            case ops.WriteFormulas():
                _write_formulas(self._sheet(operation.sheet), operation)
            case ops.Clear(sheet=name, range=cells, what=what):
                _clear(self._sheet(name), cells, what)
            case ops.DefineName(name=name, sheet=sheet, range=cells):
                target = f"{quote_sheetname(self._sheet(sheet).title)}!{absolute_coordinate(cells)}"
                self._book.defined_names[name] = DefinedName(name, attr_text=target)
            case ops.WriteNamed(name=name, value=value):
                self._write_named(name, value)
            case ops.MakeTable():
                self._make_table(operation)
            case ops.Format(sheet=name, range=cells, style=style):
                for cell in _cells(self._sheet(name), cells):
                    self._styles.give(cell, style)
            case ops.ColumnWidths(sheet=name, widths=widths):
                for column, width in enumerate(widths, start=1):
                    self._sheet(name).column_dimensions[get_column_letter(column)].width = width
            case ops.FreezePanes(sheet=name, cell=cell):
                self._sheet(name).freeze_panes = None if cell == "A1" else cell
            case ops.Chart():
                put_chart(self._sheet(operation.sheet), self._sheet(operation.data_sheet).title, operation)
            case ops.Select(sheet=name, cell=cell):
                self._select(self._sheet(name), cell)
            case ops.Message():
                self._messages.append(operation)

    def _find(self, name: str) -> OfOpenpyxl | None:
        return next((sheet for sheet in self._book.worksheets if sheet.title.lower() == name.lower()), None)

    def _sheet(self, name: str) -> OfOpenpyxl:
        found = self._find(name)
        if found is None:
            raise InputError("CLO-2213", f"The workbook has no sheet {name!r}", remedy="Run the command again.")
        return found

    def _ensure_sheet(self, operation: ops.EnsureSheet) -> None:
        sheet = self._find(operation.name)
        if sheet is None:
            before = None if operation.after is None else self._find(operation.after)
            place = None if before is None else self._book.index(before) + 1
            sheet = self._book.create_sheet(operation.name, place)
            if operation.is_output:
                sheet.sheet_properties.tabColor = TAB_COLOUR
                _print_across(sheet, operation.is_wide)
                sheet.defined_names[MARK] = DefinedName(MARK, attr_text='""', hidden=True)
        sheet.sheet_state = "visible" if operation.is_visible else "hidden"
        if operation.is_output and MARK in sheet.defined_names:
            self._touched[sheet.title] = sheet

    def _delete_sheets(self, prefix: str) -> None:
        for sheet in list(self._book.worksheets):
            if not sheet.title.lower().startswith(prefix.lower()):
                continue
            if sheet.title not in self._touched and not _is_ours(sheet):
                continue
            others = [one for one in self._book.worksheets if one is not sheet and one.sheet_state == "visible"]
            if not others:
                self._book.create_sheet("Sheet1")
            self._touched.pop(sheet.title, None)
            self._forget_names(sheet.title)
            self._book.remove(sheet)

    def _forget_names(self, title: str) -> None:
        start = f"{quote_sheetname(title)}!"
        for name in [name for name, one in self._book.defined_names.items() if str(one.attr_text).startswith(start)]:
            del self._book.defined_names[name]

    def _write_named(self, name: str, value: ops.CellValue) -> None:
        defined = next((one for known, one in self._book.defined_names.items() if known.lower() == name.lower()), None)
        for title, cells in places_of(defined):
            _put(next(_cells(self._sheet(title), cells.replace("$", ""))), value)

    def _make_table(self, operation: ops.MakeTable) -> None:
        for sheet in self._book.worksheets:
            for known in [known for known in sheet.tables if known.lower() == operation.name.lower()]:
                del sheet.tables[known]
        table = Table(displayName=operation.name, ref=operation.range)
        table.tableStyleInfo = TableStyleInfo(name=TABLE_STYLE, showRowStripes=True)
        self._sheet(operation.sheet).add_table(table)

    def _select(self, sheet: OfOpenpyxl, cell: str) -> None:
        self._book.active = self._book.index(sheet)
        for one in self._book.worksheets:
            one.sheet_view.tabSelected = one is sheet
        for selection in sheet.sheet_view.selection:
            selection.activeCell = selection.sqref = cell


def places_of(defined: OfOpenpyxl | None) -> Iterator[tuple[str, str]]:
    """Sheet and range of what a name stands for; nothing for no name."""
    for title, cells in () if defined is None else defined.destinations:
        yield title.replace("''", "'"), cells


def _cells(sheet: OfOpenpyxl, cells: str) -> Iterator[OfOpenpyxl]:
    left, top, right, bottom = range_boundaries(cells)
    for row in sheet.iter_rows(min_row=top, max_row=bottom, min_col=left, max_col=right):
        yield from row


def _write(sheet: OfOpenpyxl, anchor: str, values: ops.Grid) -> None:
    top, left = coordinate_to_tuple(anchor)
    for row, line in enumerate(values, start=top):
        for column, value in enumerate(line, start=left):
            _put(sheet.cell(row, column), value)


def _put(cell: OfOpenpyxl, value: ops.CellValue) -> None:
    """Write one wire value."""
    cell.quotePrefix = False
    if value is None or value == "":
        cell.value = None
    elif isinstance(value, dict) and "d" in value:
        cell.value = value["d"]
        cell.number_format = value.get("f", "yyyy-mm-dd")
    elif isinstance(value, dict):
        cell.value = value["e"] if value["e"] in _ERRORS else "#VALUE!"
        cell.data_type = "e"
    elif isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub(" ", value)
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(_FORMULA_STARTS)
    else:
        cell.value = value


def _write_formulas(sheet: OfOpenpyxl, operation: ops.WriteFormulas) -> None:
    if operation.is_array:
        first, text = operation.range.split(":")[0], operation.formulas[0][0]
        for cell in _cells(sheet, operation.range):
            cell.value = None
        sheet[first] = ArrayFormula(operation.range, text)
        return
    top, left = coordinate_to_tuple(operation.range.split(":")[0])
    for row, line in enumerate(operation.formulas, start=top):
        for column, text in enumerate(line, start=left):
            sheet.cell(row, column).value = text or None


def _clear(sheet: OfOpenpyxl, cells: str, what: str) -> None:
    if not cells:
        _clear_sheet(sheet, what)
        return
    for cell in _cells(sheet, cells):
        if what in ("contents", "all"):
            cell.value = None
        if what in ("formats", "all"):
            cell._style = StyleArray()
    if what == "all":
        for name in [table.displayName for table in sheet.tables.values() if _lies_within(table.ref, cells)]:
            del sheet.tables[name]


def _clear_sheet(sheet: OfOpenpyxl, what: str) -> None:
    if what == "all":
        sheet._cells.clear()
        sheet._charts.clear()
        sheet.tables.clear()
        sheet.column_dimensions.clear()
        sheet.row_dimensions.clear()
        sheet.freeze_panes = None
        return
    for row in sheet.iter_rows():
        for cell in row:
            if what == "contents":
                cell.value = None
            else:
                cell._style = StyleArray()


def _lies_within(inner: str, outer: str) -> bool:
    left, top, right, bottom = (int(end or 0) for end in range_boundaries(inner))
    first, low, last, high = (int(end or 0) for end in range_boundaries(outer))
    return first <= left and right <= last and low <= top and bottom <= high
