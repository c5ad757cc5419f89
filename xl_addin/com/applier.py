"""Applying a patch to the workbook that is open in Excel, through xlwings (spec 08 §8.2).

One array goes into Excel for each Write. The screen and automatic calculation rest meanwhile, and are as before in the
end whatever happens. A sheet of ours carries the sheet-level name `clodesk_output`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.errors import InputError
from xl_addin.com import looks_com
from xl_addin.com.book_reader import ComBook, ComSheet, defined_name, is_ours, mark_of, sheet_fingerprint
from xl_addin.com.cells import date_formats, excel_cells
from xl_addin.com.charts import put_chart
from xl_addin.com.entering import enter
from xl_addin.commands import patch as ops
from xl_addin.commands.looks import TAB_COLOUR, TABLE_STYLE
from xl_addin.commands.marks import MARK

_MANUAL = "manual"
_SOURCE_RANGE, _WITH_HEADERS = 1, 1
_LANDSCAPE = 2


def apply_patch(patch: ops.WorkbookPatch, book: ComBook) -> list[ops.Message]:
    """Change the workbook as a patch says; the messages for the user, in order.

    Raises InputError CLO-2263 for an operation on a sheet that is not there.
    """
    with resting(book.app):
        return _Applier(book).apply(patch)


def _print_across(page: Any, is_wide: bool) -> None:
    """Results print across the page, all columns side by side unless they are too many."""
    page.Orientation = _LANDSCAPE
    if is_wide:
        return
    page.Zoom = False
    page.FitToPagesWide, page.FitToPagesTall = 1, False


@contextmanager
def resting(app: Any) -> Iterator[None]:
    """Excel without redrawing, recalculating and asking; afterwards all three are as they were."""
    before = app.screen_updating, app.calculation, app.display_alerts
    try:
        app.screen_updating, app.calculation, app.display_alerts = False, _MANUAL, False
        yield
    finally:
        app.screen_updating, app.calculation, app.display_alerts = before


def write_choice(book: ComBook, name: str, text: str) -> None:
    """Write what the user chose into a named cell, or into the name itself in a workbook without such a cell."""
    found = defined_name(book, name)
    if found is not None and not str(found.refers_to).startswith('="'):
        found.refers_to_range.value = text or None
        return
    quoted = text.replace('"', '""')
    book.api.Names.Add(name, f'="{quoted}"')


class _Applier:
    """One patch on its way into the workbook."""

    def __init__(self, book: ComBook) -> None:
        self._book = book
        self._touched: dict[str, ComSheet] = {}
        self._messages: list[ops.Message] = []

    def apply(self, patch: ops.WorkbookPatch) -> list[ops.Message]:
        for operation in patch.operations:
            self._apply(operation)
        for sheet in self._touched.values():
            _mark(sheet, sheet_fingerprint(sheet))
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
                self._book.api.Names.Add(name, "=" + _external(self._sheet(sheet), cells))
            case ops.WriteNamed(name=name, value=value):
                self._write_named(name, value)
            case ops.MakeTable():
                self._make_table(operation)
            case ops.Format(sheet=name, range=cells, style=style):
                looks_com.give(self._sheet(name).range(cells).api, style)
            case ops.ColumnWidths(sheet=name, widths=widths):
                for column, width in enumerate(widths, start=1):
                    self._sheet(name).api.Columns(column).ColumnWidth = width
            case ops.FreezePanes(sheet=name, cell=cell):
                self._freeze(self._sheet(name), cell)
            case ops.Chart():
                put_chart(self._sheet(operation.sheet), self._sheet(operation.data_sheet), operation)
            case ops.Select(sheet=name, cell=cell):
                self._sheet(name).activate()
                self._sheet(name).range(cell).select()
            case ops.Message():
                self._messages.append(operation)

    def _find(self, name: str) -> ComSheet | None:
        return next((sheet for sheet in self._book.sheets if sheet.name.lower() == name.lower()), None)

    def _sheet(self, name: str) -> ComSheet:
        found = self._find(name)
        if found is None:
            raise InputError("CLO-2263", f"The workbook has no sheet {name!r}", remedy="Run the command again.")
        return found

    def _ensure_sheet(self, operation: ops.EnsureSheet) -> None:
        sheet = self._find(operation.name)
        if sheet is None:
            after = None if operation.after is None else self._find(operation.after)
            sheet = self._book.sheets.add(operation.name, after=after or self._book.sheets[len(self._book.sheets) - 1])
            if operation.is_output:
                sheet.api.Tab.Color = looks_com.colour(TAB_COLOUR)
                _print_across(sheet.api.PageSetup, operation.is_wide)
                _mark(sheet, "")
        sheet.visible = operation.is_visible
        if operation.is_output and mark_of(sheet) is not None:
            self._touched[sheet.name] = sheet

    def _delete_sheets(self, prefix: str) -> None:
        for sheet in list(self._book.sheets):
            if not sheet.name.lower().startswith(prefix.lower()):
                continue
            if sheet.name not in self._touched and not is_ours(sheet):
                continue
            if sum(one.visible for one in self._book.sheets if one.name != sheet.name) == 0:
                self._book.sheets.add("Sheet1", before=sheet)
            self._touched.pop(sheet.name, None)
            sheet.delete()

    def _write_named(self, name: str, value: ops.CellValue) -> None:
        found = defined_name(self._book, name)
        if found is not None:
            cells = found.refers_to_range
            _write(cells.sheet, cells.address.split(":")[0], ((value,),))

    def _make_table(self, operation: ops.MakeTable) -> None:
        for sheet in self._book.sheets:
            for table in list(sheet.tables):
                if table.name.lower() == operation.name.lower():
                    table.api.Unlist()
        sheet = self._sheet(operation.sheet)
        made = sheet.api.ListObjects.Add(_SOURCE_RANGE, sheet.range(operation.range).api, None, _WITH_HEADERS)
        made.Name, made.TableStyle = operation.name, TABLE_STYLE

    def _freeze(self, sheet: ComSheet, cell: str) -> None:
        sheet.activate()
        window = self._book.app.api.ActiveWindow
        window.FreezePanes = False
        corner = sheet.range(cell)
        window.SplitRow, window.SplitColumn = corner.row - 1, corner.column - 1
        window.FreezePanes = cell != "A1"


def _mark(sheet: ComSheet, text: str) -> None:
    sheet.api.Names.Add(MARK, f'="{text}"', False)


def _external(sheet: ComSheet, cells: str) -> str:
    quoted = sheet.name.replace("'", "''")
    return f"'{quoted}'!{sheet.range(cells).address}"


def _write(sheet: ComSheet, anchor: str, values: ops.Grid) -> None:
    """One array into Excel, then the formats of its dates."""
    if not values or not values[0]:
        return
    cells = sheet.range(anchor).resize(len(values), len(values[0]))
    cells.raw_value = excel_cells(values)
    for row, column, n_rows, number_format in date_formats(values):
        cells[row : row + n_rows, column : column + 1].number_format = number_format


def _write_formulas(sheet: ComSheet, operation: ops.WriteFormulas) -> None:
    cells = sheet.range(operation.range)
    if operation.is_array:
        cells.clear_contents()
        cells.formula_array = operation.formulas[0][0]
    else:
        enter(cells, tuple(tuple(row) for row in operation.formulas))


def _clear(sheet: ComSheet, cells: str, what: str) -> None:
    place = sheet.range(cells) if cells else sheet.cells
    if what == "contents":
        place.clear_contents()
        return
    if what == "formats":
        place.clear_formats()
        return
    if not cells:
        for table in list(sheet.tables):
            table.api.Unlist()
        for chart in list(sheet.charts):
            chart.delete()
    place.clear()
