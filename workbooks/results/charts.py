"""Native Excel charts of a run: class balances, coverage against triggers, distributions by class."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from workbooks.palette import ALERT, INK
from workbooks.results.looks import Block, Page
from workbooks.results.periods import TOTAL_PAID, CoverageTable, heading
from workbooks.xlsx import ExactWorkbook, one_line

PALETTE = ("#1F3A5F", "#2F5D8C", "#4C86B8", "#7FB0D3", "#B7D3E6", "#E0B66A", "#D98F3E", "#B85C38", "#7A7F8C", "#4F7F6B")
WIDE, HALF, TALL, LOW = 1180, 580, 340, 260
ROW_PIXELS, PIXELS_PER_CHARACTER = 20, 7
LONGEST_LABEL = 60
BELOW_TRIGGER, ABOVE_TRIGGER, RATIO_MARGIN = 0.20, 0.30, 0.01
DATE_FORMAT = "mmm yy"
PIXELS_PER_LABEL = 80


class ChartSource(NamedTuple):
    """A series: its label and the table it is taken from."""

    label: str
    block: Block
    is_equity: bool = False


def write_charts(
    page: Page, book: ExactWorkbook, title: str, classes: Sequence[ChartSource], tests: Sequence[CoverageTable]
) -> None:
    """Place the charts below each other: balances, distributions, then two coverage tests side by side.

    The balances are those of the notes; the equity's stands unchanged until the end.
    """
    page.title(title)
    row = 2
    for subject, column, kind in (
        ("Balance of the notes at period end", heading("balance_end"), "area"),
        ("Distributions by class", TOTAL_PAID, "column"),
    ):
        chart = book.add_chart({"type": kind, "subtype": "stacked"})
        for number, source in enumerate(classes if kind == "column" else [one for one in classes if not one.is_equity]):
            _add_series(chart, source.block, column, source.label, fill=PALETTE[number % len(PALETTE)])
        _finish(chart, subject, classes[0].block if classes else None, '#,##0,,"m"', (WIDE, TALL))
        _insert(page.sheet, chart, row, 0)
        row += TALL // ROW_PIXELS + 1
    below = row
    for number, test in enumerate(tests):
        chart = book.add_chart({"type": "line"})
        _add_line(chart, test.block, "Ratio", "Ratio", PALETTE[1], dashed=False)
        _add_line(chart, test.block, "Trigger", "Trigger", ALERT, dashed=True)
        _finish(chart, f"{test.label} against its trigger", test.block, "0%", (HALF, LOW))
        chart.set_y_axis(_value_axis("0%", *_ratio_bounds(test)))
        _insert(page.sheet, chart, row + (number // 2) * (LOW // ROW_PIXELS + 1), number % 2)
    page.print_blocks(title, WIDE / PIXELS_PER_CHARACTER, 2 * (TALL // ROW_PIXELS + 1), [below])


def _insert(sheet: Worksheet, chart: Chart, row: int, side: int) -> None:
    sheet.insert_chart(row, 0, chart, {"x_offset": side * (WIDE - HALF), "object_position": 3})


def _add_series(chart: Chart, block: Block, column: str, label: str, *, fill: str) -> None:
    chart.add_series(
        {
            "name": one_line(label, LONGEST_LABEL),
            "categories": block.cells("Payment date"),
            "values": block.cells(column),
            "fill": {"color": fill},
            "border": {"none": True},
            "gap": 40,
        }
    )


def _add_line(chart: Chart, block: Block, column: str, label: str, color: str, *, dashed: bool) -> None:
    line: dict[str, object] = {"color": color, "width": 1.5 if dashed else 2.25}
    if dashed:
        line["dash_type"] = "dash"
    chart.add_series(
        {
            "name": one_line(label, LONGEST_LABEL),
            "categories": block.cells("Payment date"),
            "values": block.cells(column),
            "line": line,
            "marker": {"type": "none"},
        }
    )


def _value_axis(number_format: str, minimum: float, maximum: float | None = None) -> dict[str, object]:
    axis: dict[str, object] = {
        "num_format": number_format,
        "num_font": {"color": INK, "size": 9},
        "major_gridlines": {"visible": True, "line": {"color": "#DDE3EA", "width": 0.75}},
        "line": {"none": True},
    }
    axis["min"] = minimum
    if maximum is not None:
        axis["max"] = maximum
    return axis


def _ratio_bounds(test: CoverageTable) -> tuple[float, float]:
    """Lowest and highest ratio shown, in steps of 5 %: near the trigger and the first ratio.

    A class almost repaid has ratios of many hundred percent; they would flatten everything before them.
    """
    known = test.ratios[np.isfinite(test.ratios)]
    low = max(float(known.min(initial=test.trigger)), test.trigger - BELOW_TRIGGER)
    start = float(known[0]) if len(known) else test.trigger
    high = min(float(known.max(initial=test.trigger)), max(test.trigger, start) + ABOVE_TRIGGER)
    return math.floor((low - RATIO_MARGIN) * 20) / 20, math.ceil((high + RATIO_MARGIN) * 20) / 20


def _finish(chart: Chart, subject: str, block: Block | None, number_format: str, size: tuple[int, int]) -> None:
    n_periods = block.last_row - block.first_row + 1 if block else 1
    chart.set_title(
        {
            "name": one_line(subject, LONGEST_LABEL),
            "name_font": {"size": 12, "bold": True, "color": INK},
            "overlay": False,
        }
    )
    chart.set_x_axis(
        {
            "text_axis": True,
            "num_format": DATE_FORMAT,
            "num_font": {"color": INK, "size": 9},
            "interval_unit": max(1, round(n_periods * PIXELS_PER_LABEL / size[0])),
            "label_position": "low",
            "line": {"color": "#9AA5B1"},
        }
    )
    chart.set_y_axis(_value_axis(number_format, 0.0))
    chart.set_legend({"position": "bottom", "font": {"size": 9, "color": INK}})
    chart.set_size({"width": size[0], "height": size[1]})
    chart.show_blanks_as("gap")
