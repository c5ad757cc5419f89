"""Formats, print set-up and tables that all sheets of a results workbook share."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from workbooks.palette import ACCENT, ALERT, AMBER, FONT, FONT_SIZE, GOOD, INK
from workbooks.xlsx import ExactWorkbook, Scalar, one_line, put

LONGEST_PRINT_TITLE = 80
TABLE_STYLE = "Table Style Light 1"
PAGE_WIDTH_CHARACTERS, PAGE_HEIGHT_ROWS = 128.0, 31.0  # of a landscape A4 page at full size, with some air
ROWS_AROUND_BLOCK, SMALLEST_SCALE = 5, 0.45


class Look(Enum):
    """What a cell shows."""

    TEXT = "text"
    WRAPPED = "wrapped"
    DATE = "date"
    MONEY = "money"
    RATE = "rate"
    RATIO = "ratio"
    PRICE = "price"
    YEARS = "years"
    COUNT = "count"
    SHARE = "share"
    NUMBER = "number"
    TITLE = "title"
    SUBTITLE = "subtitle"
    BLOCK = "block"
    HEADER = "header"
    LABEL = "label"
    ALERT = "alert"
    VERDICT = "verdict"


NUMBER_LOOKS = {
    Look.DATE: "yyyy-mm-dd",
    Look.MONEY: '#,##0.00;[Red]-#,##0.00;"-"',
    Look.RATE: '0.000%;[Red]-0.000%;"-"',
    Look.RATIO: "0.00%;[Red]-0.00%",
    Look.PRICE: "0.00000",
    Look.YEARS: "0.00",
    Look.COUNT: "#,##0",
    Look.SHARE: "0.0000%",
    Look.NUMBER: "#,##0.000",
}
WIDTHS = {Look.DATE: 11.5, Look.MONEY: 16.5, Look.RATE: 10.5, Look.RATIO: 10.5, Look.PRICE: 10.5, Look.YEARS: 9.5,
          Look.COUNT: 8, Look.SHARE: 11, Look.NUMBER: 11, Look.VERDICT: 8, Look.TEXT: 18}  # fmt: skip


class Looks:
    """The looks of one workbook as XlsxWriter formats."""

    def __init__(self, book: ExactWorkbook) -> None:
        body = {"font_name": FONT, "font_size": FONT_SIZE, "font_color": INK, "valign": "vcenter"}
        special: dict[Look, dict[str, object]] = {
            Look.TEXT: {"align": "left", "indent": 1},
            Look.WRAPPED: {"text_wrap": True},
            Look.TITLE: {"font_size": 16, "bold": True, "font_color": ACCENT},
            Look.SUBTITLE: {"italic": True, "font_color": "#5A6478"},
            Look.BLOCK: {"bold": True, "font_size": 12, "font_color": ACCENT},
            Look.HEADER: {"bold": True, "font_color": "#FFFFFF", "bg_color": ACCENT, "text_wrap": True,
                          "valign": "vcenter", "align": "center"},
            Look.LABEL: {"bold": True, "align": "left", "indent": 1},
            Look.ALERT: {"bold": True, "font_color": ALERT, "text_wrap": True},
            Look.VERDICT: {"align": "center"},
        }  # fmt: skip
        for look, number_format in NUMBER_LOOKS.items():
            special[look] = {"num_format": number_format, "align": "center" if look is Look.DATE else "right"}
        self._formats: dict[Look, Format] = {look: book.add_format({**body, **own}) for look, own in special.items()}
        self.failed = book.add_format({"bold": True, "font_color": ALERT, "bg_color": "#FBE9E7"})
        self.passed = book.add_format({"font_color": GOOD})
        self.doubtful = book.add_format({"bold": True, "font_color": AMBER, "bg_color": "#FFF4E0"})
        self.muted = book.add_format({"font_color": "#7A7F8C"})

    def __getitem__(self, look: Look) -> Format:
        return self._formats[look]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: header, look and its cells from top to bottom."""

    header: str
    look: Look
    cells: Sequence[Scalar]


@dataclass(frozen=True, slots=True)
class Block:
    """Where a table was written, zero-based: header row, first and last data row, first column; columns by header."""

    sheet: str
    header_row: int
    first_row: int
    last_row: int
    first_column: int
    headers: tuple[str, ...]

    def cells(self, header: str) -> list[str | int]:
        """The data cells of a column as XlsxWriter's charts take them."""
        column = self.first_column + self.headers.index(header)
        return [self.sheet, self.first_row, column, self.last_row, column]


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet being written, and the looks of its workbook."""

    sheet: Worksheet
    looks: Looks

    def text(self, row: int, column: int, value: Scalar, look: Look = Look.TEXT) -> None:
        """Write one cell."""
        put(self.sheet, row, column, value, self.looks[look])

    def title(self, text: str) -> None:
        """Write the title of the sheet in its first cell."""
        self.text(0, 0, text, Look.TITLE)
        self.sheet.set_row(0, 24)

    def table(self, row: int, columns: Sequence[Column], *, name: str, first_column: int = 0) -> Block:
        """Write an Excel table with its header at `row`; an empty table has one blank row, as Excel demands."""
        n_rows = max(len(columns[0].cells), 1)
        for offset, column in enumerate(columns):
            for position, cell in enumerate(column.cells, start=row + 1):
                put(self.sheet, position, first_column + offset, cell, self.looks[column.look])
        headers = [{"header": column.header, "header_format": self.looks[Look.HEADER]} for column in columns]
        last_column = first_column + len(columns) - 1
        self.sheet.add_table(
            row,
            first_column,
            row + n_rows,
            last_column,
            {"name": name, "columns": headers, "style": TABLE_STYLE, "autofilter": False, "banded_rows": True},
        )
        self.sheet.set_row(row, 30)
        self._mark_verdicts(row + 1, row + n_rows, first_column, columns)
        return Block(
            sheet=self.sheet.get_name(),
            header_row=row,
            first_row=row + 1,
            last_row=row + n_rows,
            first_column=first_column,
            headers=tuple(column.header for column in columns),
        )

    def _mark_verdicts(self, first: int, last: int, first_column: int, columns: Sequence[Column]) -> None:
        for offset, column in enumerate(columns):
            if column.look is Look.VERDICT:
                area = xl_range_abs(first, first_column + offset, last, first_column + offset)
                for word, format_ in (("Fail", self.looks.failed), ("Pass", self.looks.passed)):
                    rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": format_}
                    self.sheet.conditional_format(area, rule)

    def widths(self, columns: Sequence[Column], first_column: int = 0) -> None:
        """Set the column widths by what the columns show."""
        for offset, column in enumerate(columns):
            self.sheet.set_column(first_column + offset, first_column + offset, width_of(column))

    def print_landscape(self, title: str, *, n_rows: int | None = None, header_row: int | None = None) -> None:
        """A4 landscape, one page wide, `header_row` repeated on every page; few rows are fitted to one page."""
        self._print_on_a4(title)
        is_one_page = n_rows is not None and n_rows * SMALLEST_SCALE < PAGE_HEIGHT_ROWS - ROWS_AROUND_BLOCK
        self.sheet.fit_to_pages(1, 1 if is_one_page else 0)
        if header_row is not None:
            self.sheet.repeat_rows(header_row)

    def print_blocks(self, title: str, width: float, n_rows: int, breaks: Sequence[int]) -> None:
        """A4 landscape, a page for every block of `n_rows` rows and `width` characters; one starts at each of `breaks`.

        The scale is worked out here: Excel ignores breaks where it is asked to fit pages.
        """
        self._print_on_a4(title)
        wide = PAGE_WIDTH_CHARACTERS / width
        high = PAGE_HEIGHT_ROWS / (n_rows + ROWS_AROUND_BLOCK)
        self.sheet.set_print_scale(int(100 * max(SMALLEST_SCALE, min(1.0, wide, high))))
        self.sheet.set_h_pagebreaks(list(breaks))

    def _print_on_a4(self, title: str) -> None:
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        self.sheet.set_header(f'&L&"{FONT},Bold"&10{one_line(title, LONGEST_PRINT_TITLE).replace("&", "&&")}&R&10&A')
        self.sheet.set_footer("&C&9Page &P of &N")
        self.sheet.hide_gridlines(2)


def width_of(column: Column) -> float:
    longest_word = max(len(word) for word in column.header.split())
    return max(WIDTHS.get(column.look, 18.0), longest_word + 2.5)


def numbers(values: np.ndarray) -> list[Scalar]:
    """The floats of a one-dimensional array; NaN stays NaN and becomes an empty cell."""
    return [float(value) for value in values]


def days(values: np.ndarray) -> list[Scalar]:
    """The dates of a datetime64 array; NaT becomes None."""
    return list(values.astype("datetime64[D]").astype(object))


def verdicts(values: np.ndarray) -> list[Scalar]:
    """`Pass` and `Fail` for 1 and 0, None for NaN."""
    return [None if np.isnan(value) else ("Pass" if value else "Fail") for value in values]
