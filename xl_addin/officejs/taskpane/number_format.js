/** Values in the number formats that our styles use, for a look without Excel. */

import { isoDate } from "./tables.js";

/** A wire value as a cell of this number format shows it. */
export function formatted(value, format) {
  if (value === null || value === "") return "";
  if (typeof value === "object") return "e" in value ? value.e : isoDate(value.d);
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value !== "number") return value;
  if (/y/i.test(format)) return value ? isoDate(value) : "";
  const [positive] = format.split(";");
  const digits = /\.(0+)/.exec(positive)?.[1].length ?? 0;
  const isPercent = positive.includes("%");
  if (!/[0#]/.test(positive)) return String(Number(value.toPrecision(12)));
  const text = new Intl.NumberFormat("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: positive.includes(","),
  }).format(isPercent ? value * 100 : value);
  return isPercent ? `${text}%` : text;
}
