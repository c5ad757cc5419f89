"""XlsxWriter workbooks whose numbers read back as the same double, and whose texts never become formulas (spec 06 §14).

XlsxWriter prints floats with 16 digits, which moves the last bit of some; the sheets made here print the shortest text
that reads back exactly.
"""

import math
from datetime import date, datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from engine.errors import WorkbookError

EXCEL_EPOCH = date(1899, 12, 30)
LONGEST_TEXT = 32_767
LONGEST_SHEET_NAME = 31
FORBIDDEN_IN_SHEET_NAMES = "[]:*?/\\"
CREATED = datetime(2016, 1, 1)  # noqa: DTZ001 - a fixed local time, so that equal content gives equal files

Scalar = str | float | int | bool | date | None


class ExactWorksheet(Worksheet):  # type: ignore[misc]  # XlsxWriter is untyped
    """A worksheet that writes the shortest text of a number that reads back to the same double."""

    def _xml_number_element(self, number: float, attributes: list[tuple[str, object]]) -> None:
        printed = "".join(f' {key}="{value}"' for key, value in attributes)
        text = str(int(number)) if isinstance(number, int) else float.__repr__(float(number))
        self.fh.write(f"<c{printed}><v>{text}</v></c>")


class ExactWorkbook(xlsxwriter.Workbook):  # type: ignore[misc]  # XlsxWriter is untyped
    """A workbook of exact sheets. Equal content gives equal bytes: no clock goes into the file."""

    def __init__(self, path: Path, *, font: str = "Calibri", font_size: int = 11) -> None:
        as_typed = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
        default = {"default_format_properties": {"font_name": font, "font_size": font_size}}
        super().__init__(str(path), as_typed | default)
        self.worksheet_class = ExactWorksheet
        self.set_properties({"created": CREATED})

    def close(self) -> None:
        """Write the file. Raises WorkbookError CLO-2062 where that is not possible."""
        try:
            super().close()
        except FileCreateError as error:
            raise WorkbookError(
                "CLO-2062",
                "The workbook cannot be written",
                where=str(self.filename),
                remedy="Close it in Excel, or choose another place.",
            ) from error


def serial(on: date) -> int:
    """Excel's serial number of a date (1900 system)."""
    return (on - EXCEL_EPOCH).days


def put(sheet: Worksheet, row: int, column: int, value: Scalar, look: Format | None = None) -> None:
    """Write one value, zero-based row and column, by its own type.

    None and NaN leave the cell empty (formatted if a look is given); an infinite number is written as text, a text
    too long for a cell ends in an ellipsis. A text that looks like a formula stays a text.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        if look is not None:
            sheet.write_blank(row, column, None, look)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value, look)
    elif isinstance(value, str):
        sheet.write_string(row, column, _shortened(value, LONGEST_TEXT), look)
    elif isinstance(value, date):
        sheet.write_number(row, column, serial(value), look)
    elif isinstance(value, float) and math.isinf(value):
        sheet.write_string(row, column, "inf" if value > 0 else "-inf", look)
    else:
        sheet.write_number(row, column, value, look)


def one_line(text: str, longest: int) -> str:
    """The text without control characters and at most `longest` long: for headers, chart titles and print headers.

    A leading equals sign gets a blank before it, because charts would take the text for a reference.
    """
    printable = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    safe = f" {printable}" if printable.startswith("=") else printable
    return _shortened(safe, longest)


def _cut(text: str, longest: int) -> str:
    """The beginning of a text that Excel counts as at most `longest` characters: UTF-16 units."""
    while len(text.encode("utf-16-le", "surrogatepass")) > 2 * longest:
        text = text[:longest] if len(text) > longest else text[:-1]
    return text


def _shortened(text: str, longest: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if _cut(text, longest) == text else _cut(text, longest - 1) + "…"


def sheet_name(wanted: str, taken: set[str]) -> str:
    """A legal sheet name near `wanted`: at most 31 characters, no forbidden one, not in `taken` (lower case).

    The chosen name is added to `taken`.
    """
    legal = "".join(
        " " if letter in FORBIDDEN_IN_SHEET_NAMES or not letter.isprintable() else letter for letter in wanted
    )
    legal = _cut(legal.strip().strip("'").strip(), LONGEST_SHEET_NAME).strip().strip("'") or "Sheet"
    if legal.lower() == "history":
        legal = "History of deal"
    chosen, number = legal, 2
    while chosen.lower() in taken:
        suffix = f" ({number})"
        chosen, number = _cut(legal, LONGEST_SHEET_NAME - len(suffix)).rstrip() + suffix, number + 1
    taken.add(chosen.lower())
    return chosen
