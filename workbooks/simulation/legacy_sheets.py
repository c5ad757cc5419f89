"""The output sheets of the legacy model's simulations, name by name and header by header (spec 04 §8.3, 06 §6).

Shared sheets hold blocks side by side with a title above, beginning in column B; a sheet of its own has its header in
the first row. Numbers stay unrounded where the legacy sheets hold what their cells showed.
"""

from collections.abc import Sequence

import numpy as np
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from engine.rating_migration.fields import RATINGS, ROW_OF_FIELD
from workbooks.results.looks import days
from workbooks.simulation.checks import N_FEES
from workbooks.simulation.record import Floats, LegacyPathSet, LegacyRecord, SimulationStatistics
from workbooks.simulation.subjects import balance_field
from workbooks.xlsx import ExactWorkbook, Scalar, put, sheet_name

TAB_COLOR = "#00B050"
FIRST_COLUMN, PRINT_SCALE = 1, 50
RATING_HEADERS = tuple(f"Number of {rating}" for rating in RATINGS)
MOVES = ("UPGRADES", "DOWNGRADES")
COUNT_FIELDS = tuple(f"NUM{balance_field(rating)[3:]}" for rating in RATINGS)
BALANCE_FIELDS = tuple(balance_field(rating) for rating in RATINGS)
PATH_HEADERS = ("Period", "Period", "Upgrades this Period", "Downgrades this Period", *RATING_HEADERS,
                "Number of Defaults", "Number of Payoffs", "Period Defaults", "Period CDR")  # fmt: skip
PATH_COUNTS = (*MOVES, *COUNT_FIELDS, "NUMDEF", "NUMMAT", "NUMPERDEF", "CDR")
PATH_BALANCES = (None, None, *BALANCE_FIELDS, "BALDEF", "BALMAT", "BALPERDEF", None)
STATISTIC_HEADERS = ("Period", "Stat", "Upgrades this Period", "Downgrades this Period", *RATING_HEADERS,
                     "Number of Defaults", "Number of Matures", "Period CDR")  # fmt: skip
STATISTIC_COUNTS = (*MOVES, *COUNT_FIELDS, "NUMDEF", "NUMMAT", "CDR")
STATISTIC_BALANCES = (None, None, *BALANCE_FIELDS, "BALDEF", "BALMAT", None)
STATISTIC_NAMES = ("Max", "Min", "Average", "Median", "Standard Deviation")
SET_BLOCKS = (
    ("Period CDR", "CDR"),
    ("Number of Defaults in Period", "NUMPERDEF"),
    ("Balance of Defaults in Period", "BALPERDEF"),
    ("Number of CCC", "NUMCCC"),
    ("Balance of CCC", "BALCCC"),
    ("Balance of Performing", "BALPERF"),
    ("Cumulative Balance of Defaults", "BALDEF"),
    ("Cumulative Balance of Matures", "BALMAT"),
)
AVERAGES = "Averages"
CLASS_HEADERS = ("Class Name", "Total Interest", "Total Principal", "Total Cashflow", "Inputed Price", "Inputed DM",
                 "Yield Given Price", "DM Given Price", "Price Given DM", "WAL", "Mac Duration", "Mod Duration",
                 "")  # fmt: skip
FEE_HEADERS = ("Fee Name", "Fee Paid", "")
N_GROUPS = 8
"""Groups of class columns on Sim Stats; a deal of more classes than the legacy model knew adds groups."""


class _Sheets:
    """Legacy sheets of one book: how cells look, and the next free column of each."""

    def __init__(self, book: ExactWorkbook, taken: set[str]) -> None:
        self.book, self.taken = book, taken
        self.title: Format = book.add_format({"bold": True, "align": "center_across"})
        self.header: Format = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.day: Format = book.add_format({"num_format": "m/d/yyyy"})
        self.amount: Format = book.add_format({"num_format": "#,##0.00"})
        self.rate: Format = book.add_format({"num_format": "0.000%"})

    def add(self, name: str) -> Worksheet:
        sheet = self.book.add_worksheet(sheet_name(name, self.taken))
        sheet.set_tab_color(TAB_COLOR)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_print_scale(PRINT_SCALE)
        return sheet

    def heads(self, sheet: Worksheet, row: int, column: int, headers: Sequence[str]) -> None:
        for offset, header in enumerate(headers):
            put(sheet, row, column + offset, header, self.header)
        sheet.set_column(column, column + len(headers) - 1, 16)

    def titled(self, sheet: Worksheet, column: int, title: str, n_columns: int) -> None:
        put(sheet, 0, column, title, self.title)
        for offset in range(1, n_columns):
            put(sheet, 0, column + offset, None, self.title)


def write_legacy(book: ExactWorkbook, record: LegacyRecord, taken: set[str]) -> None:
    """Add the sheets that the record has figures for.

    RM-Output, RM-Credit Migration Stats, the RM- sets over deals, and Sim Stats.
    """
    sheets = _Sheets(book, taken)
    if record.simulated is not None:
        _write_paths(sheets, record, record.simulated)
    if record.five is not None:
        _write_statistics(sheets, record, record.five)
    for one in record.sets:
        _write_set(sheets, record, one)
    if record.statistics is not None:
        name = record.deals[0] if len(record.deals) == 1 else "ALL"
        _write_simulation_statistics(sheets, f"Deal CF-{name}-Sim Stats", record.statistics)


def _write_paths(sheets: _Sheets, record: LegacyRecord, simulated: Floats) -> None:
    """RM-Output: a block for every simulation, two rows a period: counts, balances."""
    sheet, width = sheets.add("RM-Output"), len(PATH_HEADERS)
    dates = days(record.dates)
    for number, (simulation, fields) in enumerate(zip(record.simulation_numbers, simulated, strict=True)):
        left = FIRST_COLUMN + number * (width + 1)
        sheets.titled(sheet, left, f"Credit Migration: Simulation {simulation}", width)
        sheets.heads(sheet, 1, left, PATH_HEADERS)
        for period, on in enumerate(dates):
            for row, names in ((2 + 2 * period, PATH_COUNTS), (3 + 2 * period, PATH_BALANCES)):
                put(sheet, row, left, on, sheets.day)
                put(sheet, row, left + 1, period)
                _write_fields(sheets, sheet, row, left + 2, names, fields[:, period])
    sheet.freeze_panes(2, 0)


def _write_fields(
    sheets: _Sheets, sheet: Worksheet, row: int, column: int, names: Sequence[str | None], figures: Floats
) -> None:
    for offset, name in enumerate(names):
        if name is not None:
            look = sheets.rate if name == "CDR" else sheets.amount if name.startswith("BAL") else None
            put(sheet, row, column + offset, float(figures[ROW_OF_FIELD[name]]), look)


def _write_statistics(sheets: _Sheets, record: LegacyRecord, five: Floats) -> None:
    """RM-Credit Migration Stats: the start in two rows, then ten rows a period with a blank one between."""
    sheet, left = sheets.add("RM-Credit Migration Stats"), FIRST_COLUMN
    sheets.heads(sheet, 0, left, STATISTIC_HEADERS)
    average = five[STATISTIC_NAMES.index("Average")]
    for row, names in ((1, STATISTIC_COUNTS), (2, STATISTIC_BALANCES)):
        put(sheet, row, left, 0)
        _write_fields(sheets, sheet, row, left + 2, names, average[:, 0])
    row = 3
    for period in range(1, five.shape[2]):
        for names in (STATISTIC_COUNTS, STATISTIC_BALANCES):
            for statistic, figures in zip(STATISTIC_NAMES, five[:, :, period], strict=True):
                put(sheet, row, left, period)
                put(sheet, row, left + 1, statistic)
                _write_fields(sheets, sheet, row, left + 2, names, figures)
                row += 1
        row += 1
    sheet.freeze_panes(1, left + 2)


def _write_set(sheets: _Sheets, record: LegacyRecord, one: LegacyPathSet) -> None:
    """One RM- set: blocks of dates by deals, side by side."""
    middle = one.kind if one.simulation is None else f"{one.kind}-{one.simulation}"
    sheet, left, width = sheets.add(f"RM-{middle}-Output"), FIRST_COLUMN, len(record.deals) + 1
    dates = days(record.dates)
    for title, field in SET_BLOCKS:
        if field == "NUMCCC" and record.with_flows:
            continue
        name = "Balance of Performance" if field == "BALPERF" and one.kind != AVERAGES else title
        sheets.titled(sheet, left, name, width)
        sheets.heads(sheet, 1, left, ("Period", *record.deals))
        look = sheets.rate if field == "CDR" else sheets.amount
        for period, on in enumerate(dates):
            put(sheet, 2 + period, left, on, sheets.day)
            for at in range(len(record.deals)):
                put(sheet, 2 + period, left + 1 + at, float(one.fields[at, ROW_OF_FIELD[field], period]), look)
        left += width + 1
    sheet.freeze_panes(2, 0)


def _write_simulation_statistics(sheets: _Sheets, name: str, statistics: SimulationStatistics) -> None:
    """Sim Stats: 115 columns for up to eight classes, the equity always in the last group of columns."""
    sheet, left = sheets.add(name), FIRST_COLUMN
    n_groups = max([N_GROUPS, *map(len, statistics.classes)])
    headers = ("Simulation #", "Deal Name", *CLASS_HEADERS * n_groups, *FEE_HEADERS * N_FEES)
    sheets.heads(sheet, 0, left, headers)
    for row in range(len(statistics.deal)):
        put(sheet, row + 1, left, int(statistics.simulation[row]))
        put(sheet, row + 1, left + 1, statistics.deal[row])
        classes = statistics.classes[row]
        for at, label in enumerate(classes):
            group = n_groups - 1 if at == len(classes) - 1 else at
            column = left + 2 + group * len(CLASS_HEADERS)
            cells = (label, *_class_cells(statistics.figures[row, at]))
            for offset, cell in enumerate(cells):
                put(sheet, row + 1, column + offset, cell)
        first_fee = left + 2 + n_groups * len(CLASS_HEADERS)
        for at, label in enumerate(statistics.fee_names[row]):
            put(sheet, row + 1, first_fee + at * len(FEE_HEADERS), label)
            put(sheet, row + 1, first_fee + at * len(FEE_HEADERS) + 1, float(statistics.fees[row, at]))
    sheet.freeze_panes(1, left + 2)


def _class_cells(figures: Floats) -> list[Scalar]:
    """Interest, principal, their sum, then price, margin and the risk measures."""
    interest, principal = float(figures[0]), float(figures[1])
    return [interest, principal, float(np.nansum(figures[:2])), *(float(one) for one in figures[2:])]
