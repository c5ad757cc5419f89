/** What a command reads of the workbook: declared names and tables in one round trip, then which sheets are ours. */

import { markedSheets, unchangedSheets } from "./marks.js";
import { cellToWire } from "./values.js";

const ERROR = /^#(VALUE!|N\/A|NUM!|DIV\/0!|REF!|NAME\?|NULL!|SPILL!|CALC!)$/;

/**
 * {cells, tables, sheets, ours} of the open workbook. reads: names of the cells and tables that a command declares; what
 * the workbook does not have is left out. ours: sheets that we wrote and nobody changed.
 */
export async function readBook(context, reads) {
  const { workbook } = context;
  const names = reads.map((name) => workbook.names.getItemOrNullObject(name).getRangeOrNullObject());
  const tables = reads.map((name) => workbook.tables.getItemOrNullObject(name).getDataBodyRange());
  for (const range of [...names, ...tables]) range.load("values");
  workbook.worksheets.load("items/name");
  await context.sync();
  const sheets = workbook.worksheets.items.map((sheet) => sheet.name);
  return {
    cells: found(reads, names, (rows) => (rows.flat().length > 1 ? rows : rows[0][0])),
    tables: found(reads, tables, (rows) => rows),
    sheets,
    ours: await unchangedSheets(context, await markedSheets(context, sheets)),
  };
}

function found(reads, ranges, value) {
  const kept = reads.map((name, at) => [name, ranges[at]]).filter(([, range]) => !range.isNullObject);
  return Object.fromEntries(kept.map(([name, range]) => [name, value(range.values.map((row) => row.map(wire)))]));
}

/** Excel hands an error cell to scripts as its text. */
function wire(cell) {
  return typeof cell === "string" && ERROR.test(cell) ? { e: cell } : cellToWire(cell);
}
