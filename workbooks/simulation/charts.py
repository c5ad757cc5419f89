"""Native Excel charts of a simulation: fans, stacked mixes, distributions, lines."""

from collections.abc import Sequence

from xlsxwriter.chart import Chart

from workbooks.palette import ACCENT, ALERT, INK
from workbooks.results.charts import DATE_FORMAT, LONGEST_LABEL, PALETTE
from workbooks.results.looks import Block
from workbooks.simulation.subjects import (
    BAND_COLORS,
    BAND_EDGES,
    BAND_NAMES,
    MEAN_COLOR,
    MEDIAN_COLOR,
)
from workbooks.xlsx import ExactWorkbook, one_line

AMOUNT_FORMAT, RATE_FORMAT = '#,##0,,"m"', "0.0%"
MOST_LABELS = 12
CHART_TITLE_SIZE, AXIS_SIZE = 12, 9
_GRID = {"visible": True, "line": {"color": "#DDE3EA", "width": 0.75}}
_FONT = {"color": INK, "size": AXIS_SIZE}
_AXIS_LINE = {"color": "#9AA5B1"}
Size = tuple[int, int]


def fan_chart(book: ExactWorkbook, subject: str, block: Block, size: Size, *, n_years: float, is_rate: bool) -> Chart:
    """Bands of quantiles as stacked areas, lightest outside, with the lines of median and mean above; `n_years` long.

    block: columns Date, the steps named by BAND_EDGES, Median and Mean.
    """
    chart = book.add_chart({"type": "area", "subtype": "stacked"})
    n_edges = len(BAND_EDGES)
    for number, edge in enumerate(BAND_EDGES):
        band = min(number, n_edges - number) - 1
        fill = {"color": BAND_COLORS[band]} if number else {"none": True}
        name = BAND_NAMES[band] if 0 < number <= n_edges // 2 else f"Up to {edge.upper()}"
        chart.add_series(_series(block, name, f"Step {edge.upper()}", {"fill": fill, "border": {"none": True}}))
    lines = book.add_chart({"type": "line"})
    for name, color, dash in (("Median", MEDIAN_COLOR, "solid"), ("Mean", MEAN_COLOR, "dash")):
        look = {"line": {"color": color, "width": 2.0, "dash_type": dash}, "marker": {"type": "none"}}
        lines.add_series(_series(block, name, name, look))
    chart.combine(lines)
    _finish(chart, subject, RATE_FORMAT if is_rate else AMOUNT_FORMAT, size)
    chart.set_x_axis(_dates(n_years))
    hidden = [0, *range(n_edges // 2 + 1, n_edges)]
    chart.set_legend({"position": "bottom", "font": _FONT, "delete_series": hidden})
    return chart


def mix_chart(
    book: ExactWorkbook,
    subject: str,
    block: Block,
    columns: Sequence[str],
    colors: Sequence[str],
    size: Size,
    *,
    n_years: float,
    is_share: bool,
) -> Chart:
    """Columns of the block on top of each other through time."""
    chart = book.add_chart({"type": "area", "subtype": "percent_stacked" if is_share else "stacked"})
    for name, color in zip(columns, colors, strict=False):
        chart.add_series(_series(block, name, name, {"fill": {"color": color}, "border": {"none": True}}))
    _finish(chart, subject, "0%" if is_share else AMOUNT_FORMAT, size)
    chart.set_x_axis(_dates(n_years))
    return chart


def distribution_chart(
    book: ExactWorkbook, subject: str, block: Block, size: Size, *, has_cumulative: bool = True, axis_name: str = ""
) -> Chart:
    """Share of the simulations by bin as columns, and on the right axis the share at or below as a line.

    block: columns Bin, Share and, if asked for, At most.
    """
    chart = book.add_chart({"type": "column"})
    column = {"fill": {"color": PALETTE[2]}, "border": {"none": True}, "gap": 15}
    chart.add_series(_series(block, "Share of simulations", "Share", column, categories="Bin"))
    if has_cumulative:
        line = book.add_chart({"type": "line"})
        look = {"line": {"color": MEAN_COLOR, "width": 2.0}, "marker": {"type": "none"}, "y2_axis": True}
        line.add_series(_series(block, "At most (right)", "At most", look, categories="Bin"))
        line.set_y2_axis(_values("0%") | {"max": 1, "major_unit": 0.25, "major_gridlines": {"visible": False}})
        chart.combine(line)
    _finish(chart, subject, RATE_FORMAT, size)
    chart.set_x_axis({"num_font": _FONT, "line": _AXIS_LINE, "name": axis_name, "name_font": _FONT})
    return chart


def bar_chart(book: ExactWorkbook, subject: str, block: Block, categories: str, values: str, size: Size) -> Chart:
    """One upright bar a row, labelled with its rate."""
    chart = book.add_chart({"type": "column"})
    labels = {"value": True, "num_format": "0.00%", "font": _FONT}
    look = {"fill": {"color": ACCENT}, "border": {"none": True}, "gap": 60, "data_labels": labels}
    chart.add_series(_series(block, subject, values, look, categories=categories))
    _finish(chart, subject, "0%", size)
    chart.set_x_axis({"num_font": _FONT, "line": _AXIS_LINE})
    chart.set_legend({"none": True})
    return chart


def line_chart(
    book: ExactWorkbook,
    subject: str,
    block: Block,
    columns: Sequence[str],
    size: Size,
    *,
    n_years: float,
    number_format: str,
) -> Chart:
    """One line a column through time."""
    chart = book.add_chart({"type": "line"})
    colors = (PALETTE[0], PALETTE[2], PALETTE[6], ALERT, PALETTE[9], PALETTE[5], PALETTE[8], PALETTE[3])
    for number, name in enumerate(columns):
        dash = "solid" if number < len(colors) else "dash"
        line = {"color": colors[number % len(colors)], "width": 2.0, "dash_type": dash}
        chart.add_series(_series(block, name, name, {"line": line, "marker": {"type": "none"}}))
    _finish(chart, subject, number_format, size)
    chart.set_x_axis(_dates(n_years))
    chart.show_blanks_as("gap")
    return chart


def _series(
    block: Block, name: str, column: str, look: dict[str, object], *, categories: str = "Date"
) -> dict[str, object]:
    cells = {"categories": block.cells(categories), "values": block.cells(column)}
    return {"name": one_line(name, LONGEST_LABEL), **cells, **look}


def _values(number_format: str) -> dict[str, object]:
    return {
        "num_format": number_format,
        "num_font": _FONT,
        "major_gridlines": _GRID,
        "line": {"none": True},
        "min": 0,
    }


def _dates(n_years: float) -> dict[str, object]:
    """A time axis with at most a dozen labels."""
    months = next(months for months in (1, 3, 6, 12, 24, 60, 120, 1200) if 12.0 * n_years <= MOST_LABELS * months)
    return {
        "date_axis": True,
        "major_unit": months if months < 12 else months // 12,
        "major_unit_type": "months" if months < 12 else "years",
        "num_format": DATE_FORMAT,
        "num_font": _FONT,
        "label_position": "low",
        "line": _AXIS_LINE,
    }


def _finish(chart: Chart, subject: str, number_format: str, size: Size) -> None:
    font = {"size": CHART_TITLE_SIZE, "bold": True, "color": INK}
    chart.set_title({"name": one_line(subject, LONGEST_LABEL), "name_font": font, "overlay": False})
    chart.set_y_axis(_values(number_format))
    chart.set_legend({"position": "bottom", "font": _FONT})
    chart.set_size({"width": size[0], "height": size[1]})
