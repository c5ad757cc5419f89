"""Applies workbook patches to an open Calc document (spec 08 §8.2), beside the appliers of the other programs.

Runs in a Python that has `uno`, without the packages of clodesk. What LibreOffice hands out has no static types.
"""

from collections.abc import Callable
from typing import Any

import uno  # type: ignore[import-not-found]  # comes with LibreOffice

from engine.errors import InputError
from xl_addin.calc import documents
from xl_addin.calc.cells_uno import contents, write_formulas, write_values
from xl_addin.calc.charts_uno import draw_chart, remove_charts
from xl_addin.calc.looks_uno import colour, format_range, set_widths
from xl_addin.calc.tables_uno import make_table, remove_tables
from xl_addin.commands import patch as p
from xl_addin.commands.looks import TAB_COLOUR
from xl_addin.commands.marks import MARK, fingerprint, is_unchanged

Document = Any

_PAGE_STYLE, _WIDE_PAGE_STYLE = "clodesk results", "clodesk wide results"
_FIXED = (1, 2, 4, 16)  # com.sun.star.sheet.CellFlags: VALUE, DATETIME, STRING, FORMULA
_LOOKS = (32, 64, 256)  # HARDATTR, STYLES, EDITATTR
_CONTENTS, _FORMATS = sum(_FIXED), sum(_LOOKS)


def apply_patch(context: Any, document: Document, patch: p.WorkbookPatch) -> list[p.Message]:
    """Apply all operations in order; the messages among them, which the caller shows.

    context: the component context of the LibreOffice that has the document open. Raises InputError CLO-2213 for an
    operation on a sheet that is not there.
    """
    messages: list[p.Message] = []
    touched: set[str] = set()
    document.lockControllers()
    document.enableAutomaticCalculation(False)
    try:
        for operation in patch.operations:
            if isinstance(operation, p.Message):
                messages.append(operation)
            elif isinstance(operation, p.EnsureSheet):
                touched |= _ensure_sheet(document, operation)
            elif isinstance(operation, p.DeleteSheets):
                _delete_sheets(document, operation, touched)
            elif isinstance(operation, p.Chart):
                draw_chart(context, document, operation)
            else:
                _APPLIERS[type(operation)](document, operation)
    finally:
        document.enableAutomaticCalculation(True)
        document.unlockControllers()
    for name in touched:
        _mark(_sheet(document, name))
    return messages


def our_sheets(document: Document) -> list[str]:
    """Names of the sheets that patches made and nobody changed since."""
    return [sheet.getName() for sheet in documents.sheets(document) if _is_ours(sheet)]


def _is_ours(sheet: Any) -> bool:
    names = sheet.NamedRanges
    if not names.hasByName(MARK):
        return False
    told = str(names.getByName(MARK).getContent()).lstrip("=").strip('"')
    return is_unchanged(told, fingerprint(contents(sheet)))


def _mark(sheet: Any, told: str | None = None) -> None:
    names = sheet.NamedRanges
    if names.hasByName(MARK):
        names.removeByName(MARK)
    content = fingerprint(contents(sheet)) if told is None else told
    names.addNewByName(MARK, f'"{content}"', uno.createUnoStruct("com.sun.star.table.CellAddress"), 0)


def _find(document: Document, name: str) -> Any:
    return next((sheet for sheet in documents.sheets(document) if sheet.getName().lower() == name.lower()), None)


def _sheet(document: Document, name: str) -> Any:
    found = _find(document, name)
    if found is None:
        raise InputError("CLO-2213", f"The workbook has no sheet {name!r}", remedy="Run the command again.")
    return found


def _range(document: Document, sheet: str, area: str) -> Any:
    return _sheet(document, sheet).getCellRangeByName(area)


def _ensure_sheet(document: Document, operation: p.EnsureSheet) -> set[str]:
    """Have the sheet; its name if it is ours to mark in the end."""
    sheet = _find(document, operation.name)
    if sheet is None:
        sheets = document.getSheets()
        before = None if operation.after is None else _find(document, operation.after)
        place = sheets.getCount() if before is None else before.getRangeAddress().Sheet + 1
        sheets.insertNewByName(operation.name, place)
        sheet = sheets.getByName(operation.name)
        if operation.is_output:
            sheet.TabColor = colour(TAB_COLOUR)
            _print_across(document, sheet, operation.is_wide)
            _mark(sheet, "")
    sheet.IsVisible = operation.is_visible
    return {sheet.getName()} if operation.is_output and sheet.NamedRanges.hasByName(MARK) else set()


def _print_across(document: Document, sheet: Any, is_wide: bool) -> None:
    """Results print across the page, all columns side by side unless they are too many."""
    name = _WIDE_PAGE_STYLE if is_wide else _PAGE_STYLE
    styles = document.getStyleFamilies().getByName("PageStyles")
    if not styles.hasByName(name):
        styles.insertByName(name, document.createInstance("com.sun.star.style.PageStyle"))
        style = styles.getByName(name)
        style.IsLandscape = True
        style.Width, style.Height = max(style.Width, style.Height), min(style.Width, style.Height)
        if not is_wide:
            style.ScaleToPagesX, style.ScaleToPagesY = 1, 0
    sheet.PageStyle = name


def _delete_sheets(document: Document, operation: p.DeleteSheets, touched: set[str]) -> None:
    sheets = document.getSheets()
    for sheet in documents.sheets(document):
        name = sheet.getName()
        if not name.lower().startswith(operation.prefix.lower()) or not (name in touched or _is_ours(sheet)):
            continue
        if not any(one.IsVisible for one in documents.sheets(document) if one.getName() != name):
            sheets.insertNewByName("Sheet1", sheets.getCount())
        touched.discard(name)
        _forget_names(document, sheet)
        remove_tables(document, sheet)
        sheets.removeByName(name)


def _forget_names(document: Document, sheet: Any) -> None:
    """Take away the names of the workbook that point to a sheet."""
    names, place = document.NamedRanges, sheet.getRangeAddress().Sheet
    for name in names.getElementNames():
        cells = names.getByName(name).getReferredCells()
        if cells is not None and cells.getRangeAddress().Sheet == place:
            names.removeByName(name)


def _write(document: Document, operation: p.Write) -> None:
    write_values(document, _range(document, operation.sheet, operation.anchor), operation.values)


def _write_formulas(document: Document, operation: p.WriteFormulas) -> None:
    area = _range(document, operation.sheet, operation.range)
    write_formulas(document, area, operation.formulas, is_array=operation.is_array)


def _clear(document: Document, operation: p.Clear) -> None:
    sheet = _sheet(document, operation.sheet)
    area = sheet.getCellRangeByName(operation.range) if operation.range else sheet
    area.clearContents({"contents": _CONTENTS, "formats": _FORMATS, "all": _CONTENTS | _FORMATS}[operation.what])
    if operation.what == "all":
        remove_tables(document, area)
        if not operation.range:
            remove_charts(sheet)
            sheet.getColumns().OptimalWidth = True
            _freeze(document, sheet, 0, 0)


def _define_name(document: Document, operation: p.DefineName) -> None:
    names = document.NamedRanges
    for name in documents.named(names, operation.name):
        names.removeByName(name)
    target = _range(document, operation.sheet, operation.range).AbsoluteName
    names.addNewByName(operation.name, target, uno.createUnoStruct("com.sun.star.table.CellAddress"), 0)


def _write_named(document: Document, operation: p.WriteNamed) -> None:
    for name in documents.named(document.NamedRanges, operation.name):
        cells = document.NamedRanges.getByName(name).getReferredCells()
        if cells is not None:
            write_values(document, cells, ((operation.value,),))


def _make_table(document: Document, operation: p.MakeTable) -> None:
    make_table(document, operation.name, _range(document, operation.sheet, operation.range))


def _format(document: Document, operation: p.Format) -> None:
    format_range(document, _range(document, operation.sheet, operation.range), operation.style)


def _column_widths(document: Document, operation: p.ColumnWidths) -> None:
    set_widths(_sheet(document, operation.sheet), operation.widths)


def _freeze_panes(document: Document, operation: p.FreezePanes) -> None:
    where = _range(document, operation.sheet, operation.cell).getRangeAddress()
    _freeze(document, _sheet(document, operation.sheet), where.StartColumn, where.StartRow)


def _freeze(document: Document, sheet: Any, column: int, row: int) -> None:
    controller = document.getCurrentController()
    shown = controller.getActiveSheet()
    controller.setActiveSheet(sheet)
    controller.freezeAtPosition(column, row)
    controller.setActiveSheet(shown)


def _select(document: Document, operation: p.Select) -> None:
    controller = document.getCurrentController()
    controller.setActiveSheet(_sheet(document, operation.sheet))
    controller.select(_range(document, operation.sheet, operation.cell))


_APPLIERS: dict[type, Callable[[Document, Any], None]] = {
    p.Write: _write,
    p.WriteFormulas: _write_formulas,
    p.Clear: _clear,
    p.DefineName: _define_name,
    p.WriteNamed: _write_named,
    p.MakeTable: _make_table,
    p.Format: _format,
    p.ColumnWidths: _column_widths,
    p.FreezePanes: _freeze_panes,
    p.Select: _select,
}
