/** What each operation of a patch does in Excel, by its name on the wire. */

import { cellAt, letters, rangeFrom } from "./a1.js";
import { excelFormats, excelValue, portions } from "./cells.js";
import { addChart } from "./chart.js";
import { fill, STRINGS } from "./strings.js";

const PORTION = 1_000_000;
const LEVELS = { left: "Left", center: "Center", right: "Right" };
const CLEARED = { contents: "Contents", formats: "Formats", all: "All" };

/** Results print across the page, all columns side by side unless they are too many. */
function printAcross(page, isWide) {
  page.orientation = "Landscape";
  if (!isWide) page.zoom = { horizontalFitToPages: 1 };
}

export const OPERATIONS = {
  async ensure_sheet(book, { name, after, is_visible: isVisible, is_output: isOutput, is_wide: isWide }) {
    if (!book.sheets.includes(name)) {
      const sheet = book.context.workbook.worksheets.add(name);
      const place = after === null || !book.sheets.includes(after) ? book.sheets.length : book.sheets.indexOf(after) + 1;
      sheet.position = place;
      if (isOutput) {
        sheet.tabColor = `#${book.looks.tab_colour}`;
        printAcross(sheet.pageLayout, isWide);
      }
      book.sheets.splice(place, 0, name);
    } else if (isOutput && !book.ours.has(name)) {
      throw new Error(fill(STRINGS.errors.foreignSheet, { sheet: name }));
    }
    book.sheet(name).visibility = isVisible ? "Visible" : "Hidden";
    if (isOutput) {
      book.ours.add(name);
      book.written.add(name);
    }
    await book.count(100);
  },

  async delete_sheets(book, { prefix }) {
    for (const name of [...book.ours].filter((one) => one.startsWith(prefix))) {
      book.sheet(name).delete();
      book.ours.delete(name);
      book.written.delete(name);
      book.sheets.splice(book.sheets.indexOf(name), 1);
    }
    await book.count(100);
  },

  async write(book, { sheet, anchor, values }) {
    const { column, row } = cellAt(anchor);
    const width = Math.max(0, ...values.map((line) => line.length));
    if (!width) return;
    for (const { first, rows, size } of portions(values, PORTION)) {
      const full = rows.map((line) => [...line, ...Array(width - line.length).fill("")]);
      const range = book.sheet(sheet).getRange(rangeFrom(`${letters(column)}${row + first}`, full.length, width));
      const formats = excelFormats(full);
      if (formats) range.numberFormat = formats;
      range.values = full.map((line) => line.map(excelValue));
      await book.count(size);
    }
  },

  async write_formulas(book, { sheet, range, formulas, is_array: isArray }) {
    const area = book.sheet(sheet).getRange(range);
    // Excel spills a formula of several cells from its first one.
    if (isArray) area.getCell(0, 0).formulas = [[formulas[0][0]]];
    else area.formulas = formulas;
    await book.count(JSON.stringify(formulas).length);
  },

  async clear(book, { sheet, range, what }) {
    const found = book.sheet(sheet);
    (range ? found.getRange(range) : found.getRange()).clear(CLEARED[what]);
    if (!range && what === "all") await removeObjects(book, found);
    await book.count(100);
  },

  async define_name(book, { name, sheet, range }) {
    const { names } = book.context.workbook;
    if (book.names.has(name)) names.getItem(name).delete();
    names.add(name, book.sheet(sheet).getRange(range));
    book.names.add(name);
    await book.count(100);
  },

  async write_named(book, { name, value }) {
    if (!book.names.has(name)) return;
    book.context.workbook.names.getItem(name).getRange().values = [[excelValue(value)]];
    await book.count(100);
  },

  async make_table(book, { name, sheet, range }) {
    const area = book.sheet(sheet).getRange(range);
    if (book.tables.has(name)) {
      book.context.workbook.tables.getItem(name).resize(area);
    } else {
      const table = book.sheet(sheet).tables.add(area, true);
      table.name = name;
      table.style = book.looks.table_style;
      book.tables.add(name);
    }
    await book.count(200);
  },

  async format(book, { sheet, range, style }) {
    const look = book.looks.styles[style];
    const area = book.sheet(sheet).getRange(range);
    const { format } = area;
    if (look.number_format) area.numberFormat = look.number_format;
    Object.assign(format.font, {
      name: book.looks.font,
      size: look.size,
      bold: look.is_bold,
      italic: look.is_italic,
      color: `#${look.colour}`,
    });
    if (look.fill) format.fill.color = `#${look.fill}`;
    if (look.align) format.horizontalAlignment = LEVELS[look.align];
    if (look.is_wrapped) format.wrapText = true;
    if (look.has_top_border) format.borders.getItem("EdgeTop").style = "Continuous";
    await book.count(300);
  },

  async column_widths(book, { sheet, widths }) {
    widths.forEach((width, at) => {
      const column = letters(at + 1);
      // A character is seven pixels wide, a cell has five more, a pixel is three quarters of a point.
      book.sheet(sheet).getRange(`${column}:${column}`).format.columnWidth = (width * 7 + 5) * 0.75;
    });
    await book.count(60 * widths.length);
  },

  async freeze_panes(book, { sheet, cell }) {
    const { column, row } = cellAt(cell);
    const panes = book.sheet(sheet).freezePanes;
    panes.unfreeze();
    if (row > 1 && column > 1) panes.freezeAt(book.sheet(sheet).getRange(`A1:${letters(column - 1)}${row - 1}`));
    else if (row > 1) panes.freezeRows(row - 1);
    else if (column > 1) panes.freezeColumns(column - 1);
    await book.count(100);
  },

  async chart(book, chart) {
    await addChart(book, chart);
    await book.count(1_000);
  },

  async select(book, { sheet, cell }) {
    book.sheet(sheet).activate();
    book.sheet(sheet).getRange(cell).select();
    book.hasSelected = true;
    await book.count(100);
  },

  async message(book, { level, text }) {
    book.messages.push({ level, text });
  },
};

/** Clearing a sheet as a whole takes its tables and charts with it. */
async function removeObjects(book, sheet) {
  sheet.charts.load("items/name");
  sheet.tables.load("items/name");
  await book.send();
  for (const chart of sheet.charts.items) chart.delete();
  for (const table of sheet.tables.items) {
    table.delete();
    book.tables.delete(table.name);
  }
}
