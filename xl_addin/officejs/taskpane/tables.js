/** Tables and dates of the wire, as the pane shows them. */

import { fill, STRINGS } from "../bundle/strings.js";

const DAY_MS = 86_400_000;
const EPOCH = Date.UTC(1899, 11, 30);

/** The rows of a table with headers as objects; none for an error. */
export function records(answer) {
  if (!Array.isArray(answer.v)) return [];
  const [names, ...rows] = answer.v;
  return rows.map((row) => Object.fromEntries(names.map((name, column) => [name, plain(row[column])])));
}

/** A date as an ISO text, everything else as it is; an error is missing. */
export function plain(value) {
  if (value === null || typeof value !== "object") return value;
  return "d" in value ? isoDate(value.d) : null;
}

/** A serial as 2016-03-23. */
export function isoDate(serial) {
  return new Date(EPOCH + Math.floor(serial) * DAY_MS).toISOString().slice(0, 10);
}

/** A value in a line of text. */
export function shown(value) {
  if (Array.isArray(value)) return fill(STRINGS.table, { n: value.length });
  const one = plain(value);
  if (typeof one === "number") return one.toLocaleString("en-US", { maximumSignificantDigits: 12 });
  return String(one ?? "");
}
