/** A patch as sheets to look at: what Excel would show, without Excel. */

import { cellAt, corners } from "../bundle/a1.js";

const MOST_ROWS = 400;

/** {sheets, messages}: each sheet {name, rows, styles, charts, cell(address)}; rows of wire values. */
export function previewBook(operations) {
  const sheets = new Map();
  const messages = [];
  let selected = null;
  const sheet = (name) => {
    if (!sheets.has(name)) sheets.set(name, { name, isVisible: true, rows: [], styles: [], charts: [] });
    return sheets.get(name);
  };
  const apply = {
    ensure_sheet: (one) => (sheet(one.name).isVisible = one.is_visible),
    write: ({ sheet: name, anchor, values }) => put(sheet(name), anchor, values),
    write_formulas: ({ sheet: name, range, formulas }) => put(sheet(name), range.split(":")[0], formulas),
    format: ({ sheet: name, range, style }) => sheet(name).styles.push({ ...corners(range), style }),
    chart: (one) => sheet(one.sheet).charts.push(one),
    select: (one) => (selected = one.sheet),
    message: ({ level, text }) => messages.push({ level, text }),
  };
  for (const operation of operations) apply[operation.op]?.(operation);
  const visible = [...sheets.values()].filter((one) => one.isVisible && (one.rows.length || one.charts.length));
  return { sheets: visible, all: sheets, messages, selected };
}

function put(sheet, anchor, values) {
  const { column, row } = cellAt(anchor);
  values.forEach((line, i) => {
    const target = (sheet.rows[row - 1 + i] ??= []);
    line.forEach((value, j) => (target[column - 1 + j] = value));
  });
}

/** The rows to show with the style of each cell: [[{value, style}]], no more than fit on a screen of a browser. */
export function styledRows(sheet) {
  const width = Math.max(0, ...Array.from(sheet.rows, (row) => row?.length ?? 0));
  const shown = Array.from({ length: Math.min(sheet.rows.length, MOST_ROWS) }, (_, i) =>
    Array.from({ length: width }, (_, j) => ({ value: sheet.rows[i]?.[j] ?? "", style: "" })),
  );
  for (const { first, last, style } of sheet.styles) {
    for (let i = first.row - 1; i < Math.min(last.row, shown.length); i += 1) {
      for (let j = first.column - 1; j < Math.min(last.column, width); j += 1) shown[i][j].style = style;
    }
  }
  return shown;
}

/** The values of a range, row by row. */
export function valuesOf(sheet, range) {
  const { first, last } = corners(range);
  const found = [];
  for (let i = first.row - 1; i < last.row; i += 1) {
    for (let j = first.column - 1; j < last.column; j += 1) found.push(sheet?.rows[i]?.[j] ?? null);
  }
  return found;
}
