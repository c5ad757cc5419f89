/** What a command gives, shown beside the pane when there is no Excel: sheets as tables, charts drawn. */

import { fill, STRINGS } from "../bundle/strings.js";
import { loadDrawing } from "./charts_panel.js";
import { $, element } from "./dom.js";
import { formatted } from "./number_format.js";
import { previewBook, styledRows, valuesOf } from "./preview_book.js";
import { plain } from "./tables.js";

/** Show a patch; gives its messages. */
export async function showPatch(title, operations, looks) {
  const book = previewBook(operations);
  if (!book.sheets.length) return book.messages;
  const place = $("preview");
  const body = element("div");
  const show = (sheet) => {
    for (const one of tabs) one.setAttribute("aria-pressed", String(one.textContent === sheet.name));
    body.replaceChildren(...drawn(book, sheet, looks));
    drawCharts(book, sheet, looks);
  };
  const tabs = book.sheets.map((sheet) => element("button", { type: "button", onclick: () => show(sheet) }, sheet.name));
  const close = element("button", { type: "button", class: "quiet", onclick: () => (place.hidden = true) }, STRINGS.preview.close);
  place.replaceChildren(
    element("header", {}, element("h2", {}, title), close),
    element("div", { class: "sheets", role: "group", "aria-label": STRINGS.preview.title }, ...tabs),
    body,
  );
  place.hidden = false;
  show(book.sheets.find((sheet) => sheet.name === book.selected) ?? book.sheets[0]);
  return book.messages;
}

function drawn(book, sheet, looks) {
  const rows = styledRows(sheet);
  const table = element("table", {}, element("tbody", {}, ...rows.map((row) => tableRow(row, looks))));
  const grid = element("div", { class: "grid", tabindex: "0", role: "region", "aria-label": sheet.name }, table);
  const note = fill(STRINGS.preview.rows, { shown: rows.length, all: sheet.rows.length });
  const charts = sheet.charts.map((chart, at) => 
    element("figure", { class: "card" }, element("div", { class: "chart", id: `drawing-${at}`, role: "img", "aria-label": chart.title })),
  );
  return [grid, sheet.rows.length > rows.length ? element("p", { class: "muted" }, note) : "", element("div", { class: "drawings" }, ...charts)];
}

function tableRow(row, looks) {
  const last = row.findLastIndex(({ value, style }) => value !== "" || style);
  return element("tr", {}, ...row.slice(0, last + 1).map((cell) => tableCell(cell, looks)));
}

function tableCell({ value, style }, looks) {
  const look = looks.styles[style];
  const made = element("td", { class: style }, formatted(value, look?.number_format ?? ""));
  const isNumber = typeof value === "number" && !look?.align;
  const { style: css } = made;
  css.textAlign = isNumber ? "right" : (look?.align ?? "");
  if (!look) return made;
  css.color = `#${look.colour}`;
  css.backgroundColor = look.fill ? `#${look.fill}` : "";
  css.fontWeight = look.is_bold ? "700" : "";
  css.fontStyle = look.is_italic ? "italic" : "";
  css.fontSize = look.size > 12 ? "16px" : "";
  css.borderTopColor = look.has_top_border ? `#${look.colour}` : "";
  return made;
}

const TRACES = {
  line: { mode: "lines" },
  scatter: { mode: "lines" },
  area: { mode: "lines", fill: "tozeroy" },
  stacked_area: { mode: "lines", stackgroup: "one" },
  column: { type: "bar" },
  stacked_column: { type: "bar" },
  bar: { type: "bar", orientation: "h" },
  stacked_bar: { type: "bar", orientation: "h" },
};

async function drawCharts(book, sheet, looks) {
  if (!sheet.charts.length) return;
  await loadDrawing();
  sheet.charts.forEach((chart, at) => {
    const place = $(`drawing-${at}`);
    if (!place) return;
    const data = book.all.get(chart.data_sheet);
    const categories = valuesOf(data, chart.categories).map(plain);
    const isFlat = chart.kind.endsWith("bar");
    const traces = chart.series.map((series, n) => {
      const values = valuesOf(data, series.values).map(plain);
      const colour = `#${looks.chart_colours[n % looks.chart_colours.length]}`;
      const axes = isFlat ? { x: values, y: categories } : { x: categories, y: values };
      return { ...axes, ...TRACES[chart.kind], name: series.name, line: { color: colour }, marker: { color: colour } };
    });
    globalThis.Plotly.newPlot(place, traces, layout(chart, isFlat), { displayModeBar: false, responsive: true });
  });
}

function layout(chart, isFlat) {
  const axis = { tickformat: chart.axis_format.includes("%") ? ".0%" : "", gridcolor: "#e6ebe7", automargin: true };
  if (chart.axis_min !== null && chart.axis_max !== null) axis.range = [chart.axis_min, chart.axis_max];
  const other = { automargin: true, gridcolor: "#eef2ef" };
  return {
    title: { text: chart.title, font: { size: 13 } },
    font: { family: "Segoe UI, system-ui, sans-serif", size: 11, color: "#17211b" },
    margin: { l: 48, r: 12, t: 34, b: 30 },
    barmode: chart.kind.startsWith("stacked") ? "stack" : "group",
    showlegend: chart.series.length > 1,
    legend: { orientation: "h", y: -0.18, font: { size: 10 } },
    [isFlat ? "xaxis" : "yaxis"]: axis,
    [isFlat ? "yaxis" : "xaxis"]: other,
  };
}
