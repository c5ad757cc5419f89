"""Native charts of patches in Excel through COM; colours and axes as all appliers have them."""

from typing import Any

from xl_addin.com.book_reader import ComSheet
from xl_addin.com.looks_com import colour
from xl_addin.commands.looks import CHART_COLOURS
from xl_addin.commands.patch import Chart

_KINDS = {
    "line": 4,
    "column": 51,
    "stacked_column": 52,
    "bar": 57,
    "stacked_bar": 58,
    "area": 1,
    "stacked_area": 76,
    "scatter": 75,
}
_CATEGORIES, _VALUES = 1, 2
_AT_BOTTOM = -4107


def put_chart(sheet: ComSheet, data: ComSheet, wanted: Chart) -> None:
    """Place a chart; one of the same name goes."""
    for chart in list(sheet.charts):
        if chart.name == wanted.name:
            chart.delete()
    corner = sheet.range(wanted.anchor)
    frame = sheet.api.ChartObjects().Add(corner.left, corner.top, wanted.width, wanted.height)
    frame.Name = wanted.name
    chart = frame.Chart
    chart.ChartType = _KINDS[wanted.kind]
    for _ in range(chart.SeriesCollection().Count):  # Excel makes some of whatever is selected
        chart.SeriesCollection(1).Delete()
    for place, one in enumerate(wanted.series):
        series = chart.SeriesCollection().NewSeries()
        series.Name, series.Values = one.name, data.range(one.values).api
        series.XValues = data.range(wanted.categories).api
        _colour(series, wanted.kind, colour(CHART_COLOURS[place % len(CHART_COLOURS)]))
    chart.HasTitle = True
    chart.ChartTitle.Text = wanted.title
    chart.HasLegend = len(wanted.series) > 1
    if chart.HasLegend:
        chart.Legend.Position = _AT_BOTTOM
    _axes(chart, wanted)


def _colour(series: Any, kind: str, number: int) -> None:
    part = series.Format.Line if kind in ("line", "scatter") else series.Format.Fill
    part.ForeColor.RGB = number


def _axes(chart: Any, wanted: Chart) -> None:
    values = chart.Axes(_VALUES)
    values.TickLabels.NumberFormat = wanted.axis_format
    if wanted.axis_min is not None:
        values.MinimumScale = wanted.axis_min
    if wanted.axis_max is not None:
        values.MaximumScale = wanted.axis_max
    if wanted.kind.endswith("bar"):
        chart.Axes(_CATEGORIES).ReversePlotOrder = True
