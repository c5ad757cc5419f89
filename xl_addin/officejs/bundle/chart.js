/** Native charts of Excel from the charts of a patch. */

const KINDS = {
  line: "Line",
  column: "ColumnClustered",
  stacked_column: "ColumnStacked",
  bar: "BarClustered",
  stacked_bar: "BarStacked",
  area: "Area",
  stacked_area: "AreaStacked",
  scatter: "XYScatterLinesNoMarkers",
};
const LINES = new Set(["line", "scatter"]);

/** Put a chart on its sheet, in the place of one of the same name. */
export async function addChart(book, chart) {
  const sheet = book.sheet(chart.sheet);
  const data = book.sheet(chart.data_sheet);
  const former = sheet.charts.getItemOrNullObject(chart.name);
  former.load("name");
  await book.send();
  if (!former.isNullObject) former.delete();
  const made = sheet.charts.add(KINDS[chart.kind], data.getRange(chart.series[0].values), "Columns");
  made.name = chart.name;
  made.title.text = chart.title;
  made.legend.position = "Bottom";
  made.legend.visible = chart.series.length > 1;
  made.setPosition(chart.anchor);
  made.width = chart.width;
  made.height = chart.height;
  const axis = made.axes.valueAxis;
  axis.numberFormat = chart.axis_format;
  if (chart.axis_min !== null) axis.minimum = chart.axis_min;
  if (chart.axis_max !== null) axis.maximum = chart.axis_max;
  chart.series.forEach((one, at) => {
    const series = at === 0 ? made.series.getItemAt(0) : made.series.add(one.name);
    series.name = one.name;
    series.setValues(data.getRange(one.values));
    series.setXAxisValues(data.getRange(chart.categories));
    paint(series, chart.kind, `#${book.looks.chart_colours[at % book.looks.chart_colours.length]}`);
  });
}

function paint(series, kind, colour) {
  if (LINES.has(kind)) series.format.line.color = colour;
  else series.format.fill.setSolidColor(colour);
}
