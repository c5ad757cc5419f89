"""The sheets of charts through time: fans of quantiles, the mix of ratings; their figures stand on one data sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter.chart import Chart

from workbooks.results.looks import Block, Column, Look, Page, days, numbers, width_of
from workbooks.simulation.charts import fan_chart, mix_chart
from workbooks.simulation.record import SimulationRecord
from workbooks.simulation.subjects import (
    BAND_EDGES,
    FAMILIES,
    FAN_SUBJECTS,
    MIX_COLORS,
    MIX_NAMES,
    FanSubject,
    fan_edges,
    fan_steps,
    performing_mix,
    rating_mix,
    statistic,
    years_between,
)
from workbooks.xlsx import ExactWorkbook

WIDE, HALF, TALL, LOW = 1180, 580, 320, 260
ROW_PIXELS, PIXELS_PER_CHARACTER = 20, 7
FIRST_CHART_ROW, ROWS_BETWEEN = 2, 1
AIR_PIXELS = 4
DATA_GAP = 1


@dataclass(slots=True)
class DataSheet:
    """The sheet of chart figures while it is being written: tables side by side, each under its title."""

    page: Page
    prefix: str
    next_column: int = 0
    n_tables: int = 0

    def table(self, title: str, columns: Sequence[Column]) -> Block:
        """Write one table right of the last."""
        self.n_tables += 1
        self.page.text(2, self.next_column, title, Look.BLOCK)
        block = self.page.table(3, columns, name=f"{self.prefix}chart_{self.n_tables}", first_column=self.next_column)
        for offset, column in enumerate(columns):
            self.page.sheet.set_column(self.next_column + offset, self.next_column + offset, width_of(column))
        self.next_column += len(columns) + DATA_GAP
        return block


def rows_of(pixels: int) -> int:
    """Rows that a chart covers, and the one below it."""
    return pixels // ROW_PIXELS + ROWS_BETWEEN


def insert(page: Page, chart: Chart, row: int, side: int) -> None:
    """Place a chart on the left (0) or right (1) half of the page."""
    page.sheet.insert_chart(
        row, 0, chart, {"x_offset": side * (WIDE - HALF), "y_offset": AIR_PIXELS, "object_position": 3}
    )


def print_charts(page: Page, title: str, n_rows: int, breaks: Sequence[int] = ()) -> None:
    """Pages of `n_rows` rows, as wide as two charts."""
    page.print_blocks(title, WIDE / PIXELS_PER_CHARACTER, n_rows, breaks)


def write_fans(page: Page, book: ExactWorkbook, data: DataSheet, record: SimulationRecord, title: str) -> None:
    """The default rate across the page, the other subjects in pairs below."""
    page.title(title)
    row, n_years = FIRST_CHART_ROW, years_between(record.dates)
    for number, subject in enumerate(FAN_SUBJECTS):
        size = (WIDE, TALL) if number == 0 else (HALF, LOW)
        block = data.table(subject.title, _fan_columns(record, subject))
        chart = fan_chart(book, subject.title, block, size, n_years=n_years, is_rate=subject.is_rate)
        insert(page, chart, row, (number - 1) % 2 if number else 0)
        if number == 0:
            row += rows_of(TALL)
        elif number % 2 == 0:
            row += rows_of(LOW)
    print_charts(page, title, row)


def write_mix(page: Page, book: ExactWorkbook, data: DataSheet, record: SimulationRecord, title: str) -> None:
    """Mean balances by letter family with what was repaid and defaulted on top, and the families' shares."""
    page.title(title)
    dates = Column("Date", Look.DATE, days(record.dates))
    mix, shares, n_years = rating_mix(record), performing_mix(record), years_between(record.dates)
    subject, below = "Mean balance by rating, repaid and defaulted", "Mix of the performing balance"
    amounts = [Column(name, Look.MONEY, numbers(mix[:, at])) for at, name in enumerate(MIX_NAMES)]
    block = data.table(subject, [dates, *amounts])
    chart = mix_chart(book, subject, block, MIX_NAMES, MIX_COLORS, (WIDE, TALL), n_years=n_years, is_share=False)
    insert(page, chart, FIRST_CHART_ROW, 0)
    rates = [Column(name, Look.RATIO, numbers(shares[:, at])) for at, name in enumerate(FAMILIES)]
    performing = Column("Date", Look.DATE, days(record.dates[: len(shares)]))
    block = data.table(below, [performing, *rates])
    row = FIRST_CHART_ROW + rows_of(TALL)
    chart = mix_chart(book, below, block, FAMILIES, MIX_COLORS, (WIDE, TALL), n_years=n_years, is_share=True)
    insert(page, chart, row, 0)
    print_charts(page, title, row + rows_of(TALL))


def _fan_columns(record: SimulationRecord, subject: FanSubject) -> list[Column]:
    """Date, mean, median, the quantiles, and the steps between them that the areas are stacked from."""
    look, first = Look.RATE if subject.is_rate else Look.MONEY, subject.first
    edges, steps = fan_edges(record, subject.field)[first:], fan_steps(record, subject.field)[first:]
    mean, median = (statistic(record, subject.field, name)[first:] for name in ("mean", "p50"))
    return [
        Column("Date", Look.DATE, days(record.dates[first:])),
        Column("Mean", look, numbers(mean)),
        Column("Median", look, numbers(median)),
        *(Column(name.upper(), look, numbers(edges[:, at])) for at, name in enumerate(BAND_EDGES)),
        *(Column(f"Step {name.upper()}", look, numbers(steps[:, at])) for at, name in enumerate(BAND_EDGES)),
    ]
