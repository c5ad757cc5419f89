/** Addresses of the form A1 and A1:C3. */

/** Column and row of a cell, both from 1. */
export function cellAt(address) {
  const found = /^\$?([A-Z]{1,3})\$?(\d+)$/i.exec(address);
  const column = [...found[1].toUpperCase()].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
  return { column, row: Number(found[2]) };
}

/** Letters of a column, from 1. */
export function letters(column) {
  let text = "";
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) text = String.fromCharCode(65 + ((rest - 1) % 26)) + text;
  return text;
}

/** The range of so many rows and columns from a cell on. */
export function rangeFrom(anchor, rows, columns) {
  const { column, row } = cellAt(anchor);
  return `${letters(column)}${row}:${letters(column + columns - 1)}${row + rows - 1}`;
}

/** First and last cell of a range: {first, last}, each {column, row}. */
export function corners(range) {
  const [first, last = first] = range.split(":");
  return { first: cellAt(first), last: cellAt(last) };
}
