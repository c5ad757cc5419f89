"""Native charts in Calc, from the chart operation of a patch."""

from typing import Any

import uno  # type: ignore[import-not-found]  # comes with LibreOffice

from xl_addin.calc.looks_uno import colour, number_format
from xl_addin.commands.looks import CHART_COLOURS
from xl_addin.commands.patch import Chart

_HUNDREDTH_MM_A_POINT = 2540.0 / 72.0
_GRID, _LINE = "D9DEE5", 53  # pale grey; 1.5 points in 1/100 mm
_DIAGRAMS = {
    "line": "LineDiagram",
    "column": "BarDiagram",
    "stacked_column": "BarDiagram",
    "bar": "BarDiagram",
    "stacked_bar": "BarDiagram",
    "area": "AreaDiagram",
    "stacked_area": "AreaDiagram",
    "scatter": "XYDiagram",
}


def remove_charts(sheet: Any) -> None:
    """Take every chart off a sheet."""
    charts = sheet.getCharts()
    for name in charts.getElementNames():
        charts.removeByName(name)


def draw_chart(context: Any, document: Any, wanted: Chart) -> None:
    """Draw a chart; one of the same name on the sheet goes first."""
    sheet = document.getSheets().getByName(wanted.sheet)
    charts = sheet.getCharts()
    if charts.hasByName(wanted.name):
        charts.removeByName(wanted.name)
    source = document.getSheets().getByName(wanted.data_sheet)
    # The range here only ties the chart to the cells of the document; the series follow.
    area = source.getCellRangeByName(wanted.categories).getRangeAddress()
    charts.addNewByName(wanted.name, _place(sheet, wanted), (area,), False, False)
    chart = charts.getByName(wanted.name).getEmbeddedObject()
    _choose_kind(chart, wanted)
    _fill(context, document, chart, wanted)
    _describe(document, chart, wanted)


def _place(sheet: Any, wanted: Chart) -> Any:
    position = sheet.getCellRangeByName(wanted.anchor).Position
    place = uno.createUnoStruct("com.sun.star.awt.Rectangle")
    place.X, place.Y = position.X, position.Y
    place.Width = round(wanted.width * _HUNDREDTH_MM_A_POINT)
    place.Height = round(wanted.height * _HUNDREDTH_MM_A_POINT)
    return place


def _choose_kind(chart: Any, wanted: Chart) -> None:
    diagram = chart.createInstance(f"com.sun.star.chart.{_DIAGRAMS[wanted.kind]}")
    chart.setDiagram(diagram)
    if wanted.kind in ("bar", "stacked_bar"):
        diagram.Vertical = True
    if wanted.kind.startswith("stacked"):
        diagram.Stacked = True


def _fill(context: Any, document: Any, chart: Any, wanted: Chart) -> None:
    """Give the chart its series and categories, which stay linked to their cells."""
    source = document.getSheets().getByName(wanted.data_sheet)
    provider = chart.getDataProvider()
    system = chart.getFirstDiagram().getCoordinateSystems()[0]
    kind = system.getChartTypes()[0]
    categories = _sequence(context, provider, _reference(source, wanted.categories), "categories")
    made = []
    for place, series in enumerate(wanted.series):
        one = _made(context, "com.sun.star.chart2.DataSeries")
        values = _sequence(context, provider, _reference(source, series.values), "values-y")
        # A series has its name in a sequence of its own, here a constant one.
        label = provider.createDataSequenceByRangeRepresentation(_constant(series.name))
        label.Role = "label"
        values.setLabel(label)
        data = [values]
        if wanted.kind == "scatter":
            data.append(_sequence(context, provider, _reference(source, wanted.categories), "values-x"))
        one.setData(tuple(data))
        one.Color = colour(CHART_COLOURS[place % len(CHART_COLOURS)])
        if wanted.kind.startswith("stacked"):
            one.StackingDirection = uno.Enum("com.sun.star.chart2.StackingDirection", "Y_STACKING")
        made.append(one)
    kind.setDataSeries(tuple(made))
    if wanted.kind != "scatter":
        axis = system.getAxisByDimension(0, 0)
        scale = axis.getScaleData()
        scale.Categories = categories
        axis.setScaleData(scale)


def _describe(document: Any, chart: Any, wanted: Chart) -> None:
    chart.HasMainTitle = bool(wanted.title)
    if wanted.title:
        chart.getTitle().String = wanted.title
    chart.HasLegend = len(wanted.series) > 1
    if chart.HasLegend:
        chart.getLegend().Alignment = uno.Enum("com.sun.star.chart.ChartLegendPosition", "BOTTOM")
        chart.getLegend().LineStyle = uno.Enum("com.sun.star.drawing.LineStyle", "NONE")
        chart.getLegend().FillStyle = uno.Enum("com.sun.star.drawing.FillStyle", "NONE")
    _tidy(chart.getDiagram(), wanted)
    axis = chart.getDiagram().getYAxis()
    axis.LinkNumberFormatToSource = False
    axis.NumberFormat = number_format(chart, wanted.axis_format)
    if wanted.axis_min is not None:
        axis.Min = wanted.axis_min
    if wanted.axis_max is not None:
        axis.Max = wanted.axis_max


def _tidy(diagram: Any, wanted: Chart) -> None:
    """White instead of Calc's grey wall, no frames, pale grid lines."""
    nothing = uno.Enum("com.sun.star.drawing.LineStyle", "NONE")
    wall = diagram.getWall()
    wall.FillStyle = uno.Enum("com.sun.star.drawing.FillStyle", "NONE")
    wall.LineStyle = nothing
    diagram.getYMainGrid().LineColor = colour(_GRID)
    for place in range(len(wanted.series)):
        row = diagram.getDataRowProperties(place)
        if wanted.kind in ("line", "scatter"):
            row.LineWidth = _LINE
        else:
            row.LineStyle = nothing


def _sequence(context: Any, provider: Any, reference: str, role: str) -> Any:
    values = provider.createDataSequenceByRangeRepresentation(reference)
    values.Role = role
    labeled = _made(context, "com.sun.star.chart2.data.LabeledDataSequence")
    labeled.setValues(values)
    return labeled


def _reference(sheet: Any, area: str) -> str:
    return str(sheet.getCellRangeByName(area).AbsoluteName)


def _constant(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"'


def _made(context: Any, service: str) -> Any:
    return context.ServiceManager.createInstanceWithContext(service, context)
