"""Native charts of patches in openpyxl: one for each anchor cell, colours and axes as all appliers have them."""

from typing import Any

from openpyxl.chart import AreaChart, BarChart, LineChart, Reference, ScatterChart, Series
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.utils.cell import absolute_coordinate, get_column_letter, quote_sheetname

from xl_addin.commands.looks import CHART_COLOURS, GRID_COLOUR, INK
from xl_addin.commands.patch import Chart

OfOpenpyxl = Any
"""A sheet, chart or series: the library's types know half of what these have."""

_CM_PER_POINT = 2.54 / 72.0


def put_chart(sheet: OfOpenpyxl, data_sheet: str, wanted: Chart) -> None:
    """Place a chart; one that stood at its anchor goes."""
    made = _chart_of(wanted.kind)
    prefix = f"{quote_sheetname(data_sheet)}!"
    categories = Reference(range_string=prefix + absolute_coordinate(wanted.categories))
    for place, one in enumerate(wanted.series):
        values = Reference(range_string=prefix + absolute_coordinate(one.values))
        is_scatter = isinstance(made, ScatterChart)
        series = Series(values, categories if is_scatter else None, title=one.name)
        _colour(series, wanted.kind, CHART_COLOURS[place % len(CHART_COLOURS)])
        made.series.append(series)
    if not isinstance(made, ScatterChart):
        made.set_categories(categories)
    _finish(made, wanted)
    sheet._charts[:] = [one for one in sheet._charts if _anchor(one) != wanted.anchor]
    sheet.add_chart(made, wanted.anchor)


def _anchor(chart: OfOpenpyxl) -> str:
    """The cell a chart stands at, as A1."""
    if isinstance(chart.anchor, str):
        return chart.anchor
    start = chart.anchor._from
    return f"{get_column_letter(start.col + 1)}{start.row + 1}"


def _chart_of(kind: str) -> OfOpenpyxl:
    grouping = "stacked" if kind.startswith("stacked") else None
    plain = kind.removeprefix("stacked_")
    if plain in ("column", "bar"):
        bars: OfOpenpyxl = BarChart()
        bars.type, bars.gapWidth = ("col" if plain == "column" else "bar"), 50
        bars.grouping, bars.overlap = ("stacked", 100) if grouping else ("clustered", None)
        return bars
    if plain == "scatter":
        return ScatterChart()
    made: OfOpenpyxl = LineChart() if plain == "line" else AreaChart()
    made.grouping = grouping or "standard"
    return made


def _colour(series: OfOpenpyxl, kind: str, colour: str) -> None:
    if kind in ("line", "scatter"):
        series.graphicalProperties.line.solidFill = colour
        series.graphicalProperties.line.width = 22_000
        series.smooth = False
        series.marker.symbol = "none"
    else:
        series.graphicalProperties.solidFill = colour
        series.graphicalProperties.line.noFill = True


def _title(text: str) -> Title:
    look = CharacterProperties(sz=1200, b=True, solidFill=INK)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=look), r=[RegularTextRun(rPr=look, t=text)])
    return Title(tx=Text(rich=RichText(p=[paragraph])), overlay=False)


def _finish(made: OfOpenpyxl, wanted: Chart) -> None:
    made.title = _title(wanted.title)
    made.y_axis.majorGridlines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill=GRID_COLOUR)))
    if wanted.kind in ("bar", "stacked_bar"):
        made.x_axis.scaling.orientation, made.y_axis.crosses = "maxMin", "max"
    made.width, made.height = wanted.width * _CM_PER_POINT, wanted.height * _CM_PER_POINT
    made.x_axis.delete = made.y_axis.delete = False
    made.y_axis.number_format = wanted.axis_format
    made.y_axis.scaling.min, made.y_axis.scaling.max = wanted.axis_min, wanted.axis_max
    made.x_axis.tickLblPos = "low"
    if len(wanted.series) > 1:
        made.legend.position = "b"
    else:
        made.legend = None
