"""Sheets of the swaps' results: report tables with filters, widths that fit their cells, words in their colours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil

from xlsxwriter.format import Format

from engine.errors import InputError
from engine.payouts.report_table import Cell, ColumnKind, ReportTable
from workbooks.palette import ACCENT, PALE
from workbooks.results.looks import NUMBER_LOOKS, TABLE_STYLE, Block, Column, Look, Looks, Page
from workbooks.xlsx import ExactWorkbook, Scalar, put

LAST_ROW = 1_048_576
"""Rows of a sheet."""

NARROWEST, WIDEST = 9.0, 60.0
ROOM, FILTER_ROOM = 2.0, 3.5
CAPITAL = 1.25
"""Capital letters are wider than the digits by which widths count."""
HEADER_HEIGHT = 30

LOOK_BY_KIND = {
    ColumnKind.TEXT: Look.TEXT,
    ColumnKind.DATE: Look.DATE,
    ColumnKind.MONEY: Look.MONEY,
    ColumnKind.PRICE: Look.PRICE,
    ColumnKind.RATE: Look.NUMBER,
    ColumnKind.SHARE: Look.SHARE,
    ColumnKind.COUNT: Look.COUNT,
}
# Factors, days and rates share a kind: digits as many as there are, up to six, read right for all of them.
PRECISE = "#,##0.00####"
LONGEST_PRECISE = len("1,000.000000")

GOOD_WORDS = ("REALIZED_SETTLED", "MATCH", "HIGH")
DOUBTFUL_WORDS = ("REALIZED_DEFERRED", "UNSCHEDULED", "DUE_TODAY", "ONLY_DAILY", "ONLY_PERIOD", "WARNING", "MEDIUM")
BAD_WORDS = ("OVERDUE", "MISMATCH", "ERROR", "LOW")
OPEN_WORDS = ("REALIZED_UNSETTLED", "DUE_SOON")
GONE_WORDS = ("CANCELLED", "ADJUSTED")
COLOURED = ("cashflow_status", "reconciliation_status", "deferral_urgency", "severity", "confidence_level", "bucket")


class SwapLooks(Looks):
    """The looks of results, and those that only swaps need."""

    def __init__(self, book: ExactWorkbook) -> None:
        super().__init__(book)
        body = {"font_name": "Arial", "font_size": 10, "font_color": "#1F2A44", "valign": "vcenter"}
        self.precise: Format = book.add_format({**body, "num_format": PRECISE, "align": "right"})
        self.total: Format = book.add_format(
            {**body, "bold": True, "num_format": NUMBER_LOOKS[Look.MONEY], "align": "right", "top": 1, "bg_color": PALE}
        )
        self.total_label: Format = book.add_format({**body, "bold": True, "indent": 1, "top": 1, "bg_color": PALE})
        self.link: Format = book.add_format({**body, "font_color": ACCENT, "underline": 1, "indent": 1})
        self.open: Format = book.add_format({"font_color": ACCENT, "bold": True})

    def of_kind(self, kind: ColumnKind) -> Format:
        """The format of a report's column."""
        return self.precise if kind in (ColumnKind.RATE, ColumnKind.PRICE) else self[LOOK_BY_KIND[kind]]


@dataclass(frozen=True, slots=True)
class SwapPage(Page):
    """One sheet being written."""

    looks: SwapLooks

    def report(self, row: int, table: ReportTable, name: str) -> Block:
        """A report as an Excel table with filters, its header at `row`; columns become as wide as what they show."""
        check_height(table, row)
        n_rows = max(len(table.rows), 1)
        for place, column in enumerate(table.columns):
            look = self.looks.of_kind(column.kind)
            for number, cells in enumerate(table.rows, start=row + 1):
                put(self.sheet, number, place, shown(cells[place]), look)
            width = _width(column.heading, [shown(cells[place]) for cells in table.rows], column.kind)
            self.sheet.set_column(place, place, width)
            if column.name in COLOURED:
                self.colour_words(row + 1, row + n_rows, place)
        headers = tuple(column.heading for column in table.columns)
        self.sheet.add_table(
            row,
            0,
            row + n_rows,
            len(headers) - 1,
            {
                "name": name,
                "columns": [{"header": header, "header_format": self.looks[Look.HEADER]} for header in headers],
                "style": TABLE_STYLE,
                "banded_rows": True,
            },
        )
        self.sheet.set_row(row, HEADER_HEIGHT)
        if not table.rows:
            self.text(row + 1, 0, "Nothing to show.", Look.SUBTITLE)
        return Block(self.sheet.get_name(), row, row + 1, row + n_rows, 0, headers)

    def colour_words(self, first: int, last: int, column: int) -> None:
        """Show statuses and verdicts of a column in their colours."""
        formats = (
            (GOOD_WORDS, self.looks.passed),
            (DOUBTFUL_WORDS, self.looks.doubtful),
            (BAD_WORDS, self.looks.failed),
            (OPEN_WORDS, self.looks.open),
            (GONE_WORDS, self.looks.muted),
        )
        for words, format_ in formats:
            for word in words:
                rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": format_}
                self.sheet.conditional_format(first, column, last, column, rule)

    def total_row(self, row: int, label: str, amounts: Sequence[Scalar], first_column: int = 0) -> None:
        """A row of sums below a table."""
        put(self.sheet, row, first_column, label, self.looks.total_label)
        for place, amount in enumerate(amounts, start=first_column + 1):
            put(self.sheet, row, place, amount, self.looks.total)

    def fit(self, columns: Sequence[Column], least: float = NARROWEST) -> None:
        """Make the first columns as wide as what they show; call it with the widest of tables that share columns."""
        for place, column in enumerate(columns):
            kind = next((kind for kind, look in LOOK_BY_KIND.items() if look is column.look), ColumnKind.TEXT)
            self.sheet.set_column(place, place, max(least, _width(column.header, column.cells, kind)))


def check_height(table: ReportTable, row: int) -> None:
    """InputError CLO-2090 for a report that is longer than a sheet."""
    if row + 1 + len(table.rows) > LAST_ROW:
        raise InputError(
            "CLO-2090",
            f"{table.code} {table.title} has {len(table.rows):,} rows, a sheet holds {LAST_ROW:,}",
            remedy="Write the workbook for some of the contracts at a time.",
        )


def shown(cell: Cell) -> Scalar:
    """A value of a report as a cell: decimals as numbers, truth values as words."""
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell


def number(cell: Cell) -> float:
    """An amount of a report; an empty one is zero."""
    return float(cell) if isinstance(cell, Decimal | float | int) else 0.0


def words(code: str) -> str:
    """A code for people: `OVER_90_DAYS` -> `Over 90 days`."""
    return code.replace("_", " ").capitalize()


def _width(header: str, cells: Sequence[Scalar], kind: ColumnKind) -> float:
    longest_word = max((len(word) for word in header.split()), default=0)
    longest = max((_length(cell, kind) for cell in cells), default=0)
    return min(WIDEST, max(NARROWEST, longest_word + FILTER_ROOM, longest + ROOM))


def _length(cell: Scalar, kind: ColumnKind) -> int:
    """How many letters a cell shows."""
    if cell is None:
        return 0
    if isinstance(cell, date):
        return 10
    if isinstance(cell, str):
        return ceil(sum(CAPITAL if letter.isupper() else 1.0 for letter in cell)) + 1
    if kind is ColumnKind.COUNT:
        return len(f"{cell:,.0f}")
    if kind in (ColumnKind.RATE, ColumnKind.PRICE):
        return max(LONGEST_PRECISE, len(f"{cell:,.4f}"))
    return len(f"{cell:,.2f}") + 1
