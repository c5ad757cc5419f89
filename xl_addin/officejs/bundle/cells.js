/** Values of a patch as Excel's ranges take them. */

const FORMULA_LIKE = /^[=+\-@']/;
/** Letters and no digit: nothing that Excel would take for a number, a date or a time. */
const PLAIN_TEXT = /^[A-Za-z][^0-9]*$/;
const WORDS = /^(true|false)$/i;

/** One value; a text that Excel would read as something else is kept a text by a leading apostrophe. */
export function excelValue(value) {
  if (value === null || value === "") return "";
  if (typeof value === "object") return value.e ?? value.d;
  if (typeof value !== "string") return value;
  const isSafe = PLAIN_TEXT.test(value) && !WORDS.test(value) && !FORMULA_LIKE.test(value);
  return isSafe ? value : `'${value}`;
}

/** Number formats of a grid, null where a cell keeps its own; null for a grid without any. */
export function excelFormats(rows) {
  const formats = rows.map((row) => row.map((value) => value?.f ?? null));
  return formats.some((row) => row.some((one) => one !== null)) ? formats : null;
}

/** Rows in portions of at most so many characters. */
export function portions(rows, most) {
  const found = [];
  let portion = [];
  let size = 0;
  rows.forEach((row, at) => {
    const length = JSON.stringify(row).length;
    if (portion.length && size + length > most) {
      found.push({ first: at - portion.length, rows: portion, size });
      portion = [];
      size = 0;
    }
    portion.push(row);
    size += length;
  });
  if (portion.length) found.push({ first: rows.length - portion.length, rows: portion, size });
  return found;
}
