"""Native charts of the templates, in the colours of the house."""

from collections.abc import Sequence

from openpyxl.chart import AreaChart, BarChart, Reference
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.legend import Legend
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.utils.cell import coordinate_to_tuple

from workbooks.palette import ALERT, FONT, INK
from workbooks.templates.looks import HAIRLINE, MUTED, SERIES, rgb
from workbooks.templates.page import Area, Page

Chart = BarChart | AreaChart


def bars(title: str, names: Area, series: Sequence[tuple[str, Area]], number_format: str) -> BarChart:
    """Horizontal bars, the first row on top; a series called Trigger is drawn in the colour of alerts."""
    chart = BarChart()
    chart.type, chart.gapWidth, chart.overlap = "bar", 45, -5
    for number, (label, values) in enumerate(series):
        made = _add(chart, values, names, label, ALERT if label == "Trigger" else SERIES[1 + 2 * number])
        made.dLbls = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False)
        made.dLbls.numFmt = number_format
        made.dLbls.txPr = _text(8)
    _finish(chart, title, number_format, has_legend=len(series) > 1)
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.delete = True
    chart.y_axis.majorGridlines = None
    return chart


def columns(title: str, names: Area, series: Sequence[tuple[str, Area]], number_format: str) -> BarChart:
    """Columns side by side."""
    chart = BarChart()
    chart.type, chart.gapWidth, chart.overlap = "col", 60, -5
    for number, (label, values) in enumerate(series):
        _add(chart, values, names, label, SERIES[(1 + 4 * number) % len(SERIES)])
    _finish(chart, title, number_format, has_legend=len(series) > 1)
    return chart


def stacked(title: str, names: Area, series: Sequence[tuple[str, Area]], number_format: str) -> AreaChart:
    """Amounts on top of each other through time. A label that begins with an equals sign is a reference."""
    chart = AreaChart()
    chart.grouping = "stacked"
    for number, (label, values) in enumerate(series):
        _add(chart, values, names, label, SERIES[number % len(SERIES)])
    _finish(chart, title, number_format, has_legend=True)
    chart.x_axis.number_format = "yyyy-mm"
    chart.x_axis.numFmt.sourceLinked = False
    return chart


def place(page: Page, chart: Chart, first: str, last: str) -> None:
    """Put a chart over the cells from the first to the last."""
    corners = [coordinate_to_tuple(cell) for cell in (first, last)]
    begin = AnchorMarker(col=corners[0][1] - 1, row=corners[0][0] - 1)
    end = AnchorMarker(col=corners[1][1], row=corners[1][0])
    anchor = TwoCellAnchor(editAs="oneCell", _from=begin, to=end)
    chart.anchor = anchor  # type: ignore[assignment]  # the stubs know cells only
    page.sheet.add_chart(chart)


def _reference(area: Area) -> Reference:
    return Reference(range_string=area.reference)


def _add(chart: Chart, values: Area, names: Area, label: str, color: str) -> Series:
    made: Series = SeriesFactory(_reference(values), title=None if label.startswith("=") else label)
    if label.startswith("="):
        made.tx = SeriesLabel(strRef=StrRef(label[1:]))
    made.graphicalProperties = GraphicalProperties(solidFill=rgb(color), ln=LineProperties(noFill=True))
    chart.series.append(made)
    chart.set_categories(_reference(names))
    return made


def _text(size: float, *, bold: bool = False, color: str = INK) -> RichText:
    look = CharacterProperties(latin=Font(typeface=FONT), sz=int(size * 100), b=bold, solidFill=rgb(color))
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=look), endParaRPr=look)])


def _finish(chart: Chart, title: str, number_format: str, *, has_legend: bool) -> None:
    look = CharacterProperties(latin=Font(typeface=FONT), sz=1200, b=True, solidFill=rgb(INK))
    words = Paragraph(pPr=ParagraphProperties(defRPr=look), r=[RegularTextRun(rPr=look, t=title)])
    chart.title = Title(tx=Text(rich=RichText(p=[words])), overlay=False)
    chart.style = None
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False
        axis.txPr = _text(9, color=MUTED)
        axis.title = None
        axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=rgb(HAIRLINE)))
    chart.y_axis.number_format = number_format
    chart.y_axis.numFmt.sourceLinked = False
    chart.y_axis.majorGridlines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill=rgb(HAIRLINE))))
    chart.x_axis.tickLblPos = "low"
    chart.legend = Legend(legendPos="b", txPr=_text(9)) if has_legend else None
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.display_blanks = "gap"
