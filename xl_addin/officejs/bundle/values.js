/**
 * Cell values on their way: what Excel hands to a custom function, what goes over the wire, what Excel gets back.
 *
 * Wire: null (omitted), "" (blank), number, text, boolean, {e, m} error, {d, f} date, rows of those.
 */

const ERROR_CODES = {
  "#VALUE!": "invalidValue",
  "#N/A": "notAvailable",
  "#NUM!": "invalidNumber",
  "#DIV/0!": "divisionByZero",
};

/** One cell of Excel on the wire. */
export function cellToWire(cell) {
  if (cell === null || cell === undefined) return null;
  if (typeof cell !== "object") return typeof cell === "bigint" ? Number(cell) : cell;
  if (cell.type === "Error" || cell.errorType) return { e: cell.basicValue ?? "#VALUE!", m: cell.errorMessage ?? "" };
  if (cell.type === "Empty") return "";
  return cell.basicValue ?? "";
}

/** One argument on the wire; a range of one cell is that cell. */
export function argumentToWire(given) {
  if (!Array.isArray(given)) return cellToWire(given);
  const rows = given.map((row) => (Array.isArray(row) ? row.map(blankIfMissing) : [blankIfMissing(row)]));
  return rows.length === 1 && rows[0].length === 1 ? cellToWire(given[0]?.[0] ?? given[0]) : rows;
}

function blankIfMissing(cell) {
  return cellToWire(cell) ?? "";
}

/**
 * All arguments of a call, in order and without omitted ones at the end.
 *
 * known: what the catalogue says of the function. addresses: where Excel says its arguments stand.
 */
export function argumentsToWire(known, given, addresses) {
  const last = given.length - 1;
  const flat = known.rest && Array.isArray(given[last]) ? [...given.slice(0, last), ...given[last]] : given;
  const sent = flat.map((one, at) => (known.addresses.includes(at) ? addressOf(one, addresses?.[at]) : argumentToWire(one)));
  while (sent.length && sent[sent.length - 1] === null) sent.pop();
  return sent;
}

/** Where an argument stands, null for one that was omitted. */
function addressOf(given, address) {
  if (given === null || given === undefined) return null;
  return address ? String(address) : null;
}

/**
 * A result as Excel takes it: rows of cells. Throws the error of Excel for a failed call.
 *
 * excel: {CustomFunctions, hasDataTypes}; a date carries its format where the runtime knows data types.
 */
export function resultFromWire(result, excel) {
  if ("e" in result) throw excelError(result, excel);
  const rows = Array.isArray(result.v) ? result.v : [[result.v]];
  return rows.map((row) => row.map((cell) => cellFromWire(cell, excel)));
}

function cellFromWire(cell, excel) {
  if (cell === null) return "";
  if (typeof cell !== "object") return cell;
  if ("e" in cell) return excelError(cell, excel);
  if (!excel.hasDataTypes) return cell.d;
  return { type: "FormattedNumber", basicValue: cell.d, numberFormat: cell.f ?? "yyyy-mm-dd" };
}

/** An error as Excel shows it; only #VALUE! and #N/A carry a text, and no other codes can be given out. */
export function excelError(error, excel) {
  const { Error: CellError, ErrorCode } = excel.CustomFunctions;
  const name = ERROR_CODES[error.e] ?? "invalidValue";
  const carriesText = name === "invalidValue" || name === "notAvailable";
  return carriesText ? new CellError(ErrorCode[name], error.m || error.e) : new CellError(ErrorCode[name]);
}

/** Number and text of an error's message: ["CLO-2003", "There is no deal ..."]. */
export function numberAndText(message) {
  const found = /^(CLO-\d{4}): (.*)$/s.exec(message ?? "");
  return found ? [found[1], found[2]] : ["", message ?? ""];
}
