"""Native Excel charts of swaps: stacked columns with a line, bars, and a waterfall."""

from collections.abc import Sequence
from typing import NamedTuple

from xlsxwriter.chart import Chart

from workbooks.palette import ALERT, GOOD, INK
from workbooks.results.charts import HALF, LONGEST_LABEL, LOW, PALETTE, PIXELS_PER_LABEL, ROW_PIXELS, TALL, WIDE
from workbooks.xlsx import ExactWorkbook, one_line

COMPONENT_COLORS = (PALETTE[1], PALETTE[9], PALETTE[5], PALETTE[3], PALETTE[8])
IN_COLOR, OUT_COLOR, NET_COLOR = PALETTE[2], PALETTE[6], INK
REASON_COLORS = (PALETTE[1], PALETTE[3], PALETTE[5], PALETTE[6], PALETTE[7])
WIDE_SIZE, LOW_SIZE, HALF_SIZE = (WIDE, TALL), (WIDE, LOW), (HALF, LOW)
HALF_OFFSET = HALF + 20
WIDE_ROWS, HALF_ROWS = TALL // ROW_PIXELS + 1, LOW // ROW_PIXELS + 1
AMOUNTS = "#,##0"
GAP = 45
_GRID = {"visible": True, "line": {"color": "#DDE3EA", "width": 0.75}}
_FONT = {"color": INK, "size": 9}

Cells = Sequence[str | int]


class Series(NamedTuple):
    """A series: its label, its cells and its colour; None is not drawn, it only lifts what stands on it."""

    label: str
    cells: Cells
    color: str | None


def stacked(
    book: ExactWorkbook,
    subject: str,
    categories: Cells,
    columns: Sequence[Series],
    size: tuple[int, int],
    *,
    line: Series | None = None,
    line_has_own_axis: bool = False,
    date_format: str | None = None,
) -> Chart:
    """Amounts on top of each other, negative ones downwards, and a line over them, on an axis of its own or not."""
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    for one in columns:
        chart.add_series(_column(one, categories))
    if line is not None:
        over = book.add_chart({"type": "line"})
        over.add_series(
            {
                "name": one_line(line.label, LONGEST_LABEL),
                "categories": list(categories),
                "values": list(line.cells),
                "line": {"color": line.color, "width": 2.25},
                "marker": {"type": "none"},
                "y2_axis": line_has_own_axis,
            }
        )
        if line_has_own_axis:
            over.set_y2_axis({"num_format": AMOUNTS, "num_font": _FONT, "line": {"none": True}, "name": line.label,
                              "name_font": _FONT})  # fmt: skip
        chart.combine(over)
    below: dict[str, object] = {"num_font": _FONT, "text_axis": True, "label_position": "low"}
    below["interval_unit"] = max(1, round(_count(categories) * PIXELS_PER_LABEL / size[0]))
    if date_format is not None:
        below["num_format"] = date_format
    _finish(chart, subject, size, below, has_legend=True)
    return chart


def bars(book: ExactWorkbook, subject: str, categories: Cells, one: Series, size: tuple[int, int]) -> Chart:
    """Bars from the top down, negative ones to the left."""
    chart = book.add_chart({"type": "bar"})
    negative = {"invert_if_negative": True, "invert_if_negative_color": OUT_COLOR}
    labels = {"data_labels": {"value": True, "num_format": AMOUNTS, "font": _FONT}}
    chart.add_series(_column(one, categories) | negative | labels)
    _title(chart, subject, size)
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    chart.set_y_axis({"num_font": _FONT, "reverse": True, "label_position": "low", "line": {"color": "#9AA5B1"}})
    chart.set_legend({"none": True})
    return chart


def grouped(
    book: ExactWorkbook, subject: str, categories: Cells, columns: Sequence[Series], size: tuple[int, int]
) -> Chart:
    """Columns beside each other."""
    chart = book.add_chart({"type": "column"})
    for one in columns:
        chart.add_series(_column(one, categories))
    _finish(chart, subject, size, {"num_font": _FONT, "label_position": "low"}, has_legend=len(columns) > 1)
    return chart


class Step(NamedTuple):
    """One step of a waterfall as stacked columns: what lifts it, and its rise or fall above and below zero."""

    lift: float
    rise_above: float
    rise_below: float
    fall_above: float
    fall_below: float


def step(start: float, end: float) -> Step:
    """The columns that reach from start to end; above and below zero columns are stacked apart."""
    low, high = min(start, end), max(start, end)
    lift = max(0.0, low) + min(0.0, high)
    above, below = max(0.0, high) - max(0.0, low), min(0.0, low) - min(0.0, high)
    return Step(lift, above, below, 0.0, 0.0) if end >= start else Step(lift, 0.0, 0.0, above, below)


def waterfall(
    book: ExactWorkbook, subject: str, categories: Cells, columns: Sequence[Cells], size: tuple[int, int]
) -> Chart:
    """Steps from one amount to the next; columns: the cells of the fields of Step, in their order."""
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    colors = (None, GOOD, GOOD, ALERT, ALERT)
    for name, cells, color in zip(Step._fields, columns, colors, strict=True):
        chart.add_series(_column(Series(name.replace("_", " ").capitalize(), cells, color), categories))
    chart.show_hidden_data()
    _finish(chart, subject, size, {"num_font": _FONT, "label_position": "low"}, has_legend=False)
    return chart


def _count(cells: Cells) -> int:
    """How many cells these are, in a row or a column."""
    _, first_row, first_column, last_row, last_column = cells
    return max(int(last_row) - int(first_row), int(last_column) - int(first_column)) + 1


def _column(one: Series, categories: Cells) -> dict[str, object]:
    fill: dict[str, object] = {"none": True} if one.color is None else {"color": one.color}
    return {
        "name": one_line(one.label, LONGEST_LABEL),
        "categories": list(categories),
        "values": list(one.cells),
        "fill": fill,
        "border": {"none": True},
        "gap": GAP,
    }


def _finish(chart: Chart, subject: str, size: tuple[int, int], below: dict[str, object], *, has_legend: bool) -> None:
    _title(chart, subject, size)
    chart.set_x_axis(below | {"line": {"color": "#9AA5B1"}})
    chart.set_y_axis({"num_format": AMOUNTS, "num_font": _FONT, "major_gridlines": _GRID, "line": {"none": True}})
    chart.set_legend({"position": "bottom", "font": _FONT} if has_legend else {"none": True})
    chart.show_blanks_as("gap")


def _title(chart: Chart, subject: str, size: tuple[int, int]) -> None:
    font = {"size": 12, "bold": True, "color": INK}
    chart.set_title({"name": one_line(subject, LONGEST_LABEL), "name_font": font, "overlay": False})
    chart.set_size({"width": size[0], "height": size[1]})
