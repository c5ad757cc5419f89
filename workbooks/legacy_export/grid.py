"""Cells, looks and formulas of a sheet in the legacy layout (spec 06 §5)."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_cell_to_rowcol
from xlsxwriter.worksheet import Worksheet

from workbooks.xlsx import ExactWorkbook, Scalar, put, serial

SECTION_MARK = "Table of Contents"


class Look(Enum):
    """Number formats and fonts of the legacy sheets."""

    PLAIN = "plain"
    DATE = "date"
    MONEY = "money"
    PERCENT = "percent"
    INDEX = "index"
    TITLE = "title"
    HEADER = "header"


FORMAT_BY_LOOK: dict[Look, dict[str, str | int | bool]] = {
    Look.PLAIN: {},
    Look.DATE: {"num_format": "m/d/yyyy"},
    Look.MONEY: {"num_format": "#,##0.00"},
    Look.PERCENT: {"num_format": "0.000%"},
    Look.INDEX: {"num_format": "0.00000%"},
    Look.TITLE: {"bold": True, "font_color": "#1F3864"},
    Look.HEADER: {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
}


class Looks:
    """The looks of one workbook as XlsxWriter formats."""

    def __init__(self, book: ExactWorkbook) -> None:
        self._formats: dict[Look, Format | None] = {
            look: book.add_format(dict(wanted)) if wanted else None for look, wanted in FORMAT_BY_LOOK.items()
        }

    def __getitem__(self, look: Look) -> Format | None:
        return self._formats[look]


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet. with_formulas: write the legacy formulas beside their values; otherwise the values alone."""

    book: ExactWorkbook
    sheet: Worksheet
    looks: Looks
    with_formulas: bool

    def put(self, cell: str, value: Scalar, look: Look = Look.PLAIN) -> None:
        """Write one value at an A1 address; None leaves the cell empty."""
        if value is not None:
            row, column = xl_cell_to_rowcol(cell)
            put(self.sheet, row, column, value, self.looks[look])

    def put_at(self, row: int, column: int, value: Scalar, look: Look = Look.PLAIN) -> None:
        """Write one value at a zero-based row and column; None leaves the cell empty."""
        if value is not None:
            put(self.sheet, row, column, value, self.looks[look])

    def formula(self, cell: str, text: str, value: Scalar, look: Look = Look.PLAIN) -> None:
        """Write a formula with its value, or the value alone."""
        if not self.with_formulas or value is None:
            self.put(cell, value, look)
        else:
            self.sheet.write_formula(cell, text, self.looks[look], _stored(value))

    def array_formula(self, cell: str, text: str, value: Scalar, look: Look = Look.PLAIN) -> None:
        """Write a single-cell array formula with its value, or the value alone."""
        if not self.with_formulas or value is None:
            self.put(cell, value, look)
        else:
            self.sheet.write_array_formula(f"{cell}:{cell}", text, self.looks[look], _stored(value))

    def name(self, name: str, area: str) -> None:
        """Define a workbook name for an area of this sheet."""
        self.book.define_name(name, f"='{self.sheet.get_name()}'!{area}")

    def local_name(self, name: str, area: str) -> None:
        """Define a name that belongs to this sheet."""
        self.book.define_name(f"'{self.sheet.get_name()}'!{name}", f"='{self.sheet.get_name()}'!{area}")


def _stored(value: Scalar) -> str | float | int | bool | None:
    return serial(value) if isinstance(value, date) else value
