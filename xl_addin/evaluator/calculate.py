"""Calculating a workbook: every function of the catalogue is registered and answered by the dispatcher."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.utils.cell import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from engine.errors import InputError, WorkbookError
from xl_addin.evaluator.formulas import FIT, fitting, prepared, prepared_array
from xl_addin.evaluator.values import CellValue, ErrorCell, cell_of, raw_of, result_of
from xl_addin.registry.catalogue import by_name
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher


@dataclass(frozen=True, slots=True)
class Failure:
    """A call of ours that gave an error: what was called with which raw arguments, and the text of the error."""

    function: str
    arguments: tuple[Any, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A calculated workbook: value by sheet and cell, empty cells left out; the calls that failed, in order."""

    sheets: Mapping[str, Mapping[str, CellValue]]
    failures: tuple[Failure, ...]

    def value(self, sheet: str, cell: str) -> CellValue | None:
        """What a cell shows, None for an empty one."""
        return self.sheets[sheet].get(cell)

    def rows(self, sheet: str, area: str) -> list[list[CellValue | None]]:
        """What the cells of a range show."""
        found = self.sheets[sheet]
        return [
            [found.get(f"{get_column_letter(column)}{row}") for row, column in line] for line in CellRange(area).rows
        ]

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """Sheet, cell and code of every error cell."""
        return [
            (sheet, cell, value.code)
            for sheet, cells in self.sheets.items()
            for cell, value in cells.items()
            if isinstance(value, ErrorCell)
        ]


def evaluate(workbook: Path | Workbook, dispatcher: Dispatcher, get_context: Callable[[], CallContext]) -> Evaluation:
    """Calculate a workbook; a given openpyxl workbook is left as it is.

    Array formulas fill their range, other formulas spill; a spill of more than 10,000 cells is #SPILL! here. All calls
    share one context: one moment of the data. Raises InputError CLO-2190 where the package formualizer is not
    installed, WorkbookError CLO-2191 for a file that is no workbook.
    """
    engine = _engine()
    book = _opened(workbook)
    arrays, formulas = _prepare(book)
    calculated = _loaded(engine, book)
    failures: list[Failure] = []
    _register(engine, calculated, dispatcher, get_context(), failures)
    calculated.evaluate_all()
    sheets = {}
    for sheet in book.worksheets:
        places = {(cell.row, cell.column) for row in sheet.iter_rows() for cell in row if cell.value is not None}
        for area in (*arrays[sheet.title], *_spills(calculated, sheet.title, formulas[sheet.title])):
            places.update(_cells_of(area))
        values = ((place, cell_of(calculated.get_value(sheet.title, *place))) for place in sorted(places))
        sheets[sheet.title] = {
            f"{get_column_letter(column)}{row}": value for (row, column), value in values if value is not None
        }
    return Evaluation(sheets, tuple(failures))


def _engine() -> ModuleType:
    try:
        import formualizer
    except ImportError:
        raise InputError(
            "CLO-2190",
            "Workbooks cannot be calculated here: the package formualizer is not installed",
            remedy='Install it: pip install "clodesk[evaluate]".',
        ) from None
    return formualizer


def _opened(workbook: Path | Workbook) -> Workbook:
    source: Path | BytesIO
    if isinstance(workbook, Path):
        source = workbook
    else:
        source = BytesIO()
        workbook.save(source)
    try:
        return load_workbook(source)
    except (OSError, KeyError, ValueError, BadZipFile, InvalidFileException) as error:
        raise WorkbookError(
            "CLO-2191",
            "The file cannot be read as a workbook",
            where=str(workbook),
            remedy="Give the path of an .xlsx file.",
        ) from error


def _prepare(book: Workbook) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Spell out the formulas of a workbook; the ranges of its array formulas and the cells of the others, by sheet."""
    names = by_name()
    arrays: dict[str, list[str]] = {}
    formulas: dict[str, list[str]] = {}
    for sheet in book.worksheets:
        areas, cells = arrays.setdefault(sheet.title, []), formulas.setdefault(sheet.title, [])
        for cell in [cell for row in sheet.iter_rows() for cell in row]:
            value = cell.value
            if isinstance(value, ArrayFormula):
                areas.append(value.ref)
                _clear(sheet, value.ref)
                cell.value = prepared_array(_with_sign(value.text or ""), value.ref, names)
            elif cell.data_type == "f":
                cells.append(cell.coordinate)
                cell.value = prepared(str(value), names)
    return arrays, formulas


def _with_sign(formula: str) -> str:
    return formula if formula.startswith("=") else f"={formula}"


def _clear(sheet: Worksheet, area: str) -> None:
    """Empty the range of an array formula: a file that a spreadsheet program saved holds values there."""
    for row, column in _cells_of(area):
        sheet.cell(row, column).value = None


def _cells_of(area: str) -> Iterable[tuple[int, int]]:
    return (place for line in CellRange(area).rows for place in line)


def _loaded(engine: ModuleType, book: Workbook) -> Any:
    stream = BytesIO()
    book.save(stream)
    calculated = engine.Workbook.from_bytes(stream.getvalue())
    for sheet in book.worksheets:
        for table in sheet.tables.values():
            area = CellRange(table.ref)
            headers = [column.name for column in table.tableColumns]
            calculated.add_table(
                table.displayName, sheet.title, (area.min_row, area.min_col, area.max_row, area.max_col), headers
            )
    return calculated


def _register(
    engine: ModuleType, calculated: Any, dispatcher: Dispatcher, ctx: CallContext, failures: list[Failure]
) -> None:
    make_error = engine.LiteralValue.error

    def answering(name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            raw = [raw_of(argument) for argument in arguments]
            answer = dispatcher.call(name, raw, ctx)
            if "e" in answer:
                failures.append(Failure(name, tuple(raw), str(answer["m"])))
            return result_of(answer, make_error)

        return call

    for name in by_name():
        calculated.register_function(name, answering(name))
    calculated.register_function(FIT, fitting(make_error))


def _spills(calculated: Any, sheet: str, cells: Iterable[str]) -> list[str]:
    """The ranges over which formulas spilled."""
    found = []
    for cell in cells:
        spill = calculated.inspect_cell(f"'{sheet}'!{cell}", include_values=False).cell.spill
        if spill is not None and spill.extent:
            found.append(spill.extent.rsplit("!", 1)[-1].replace("$", ""))
    return found
