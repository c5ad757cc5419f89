// Figures and tables on the page. Text goes in as text, never as markup.

import { Failure } from "./server.js";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const two = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const isNumber = (value) => typeof value === "number";

export const money = (value) => (isNumber(value) ? whole.format(value) : "");
export const millions = (value) => (isNumber(value) ? `${two.format(value / 1e6)} m` : "");
export const percent = (value) => (isNumber(value) ? `${two.format(value * 100)} %` : "");
export const number = (value) => (isNumber(value) ? two.format(value) : "");
export const text = (value) => (value instanceof Failure ? value.code : value === true ? "yes" : value === false ? "no" : String(value ?? ""));

/** A figure of a test: ratios as percent, everything else as it is. */
export const figure = (value) => (!isNumber(value) ? text(value) : Math.abs(value) <= 5 ? percent(value) : number(value));

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Fill a place with a table; columns: [{ title, of: row => text or node, isNumber }]. */
export function showTable(place, rows, columns, { empty = "Nothing to show yet.", rowClass = () => "", caption = "" } = {}) {
  if (!rows.length) {
    place.replaceChildren(element("p", { class: "empty" }, empty));
    return;
  }
  const cellClass = (column) => [column.isNumber ? "number" : "", column.isWide ? "wide" : ""].join(" ").trim() || null;
  const head = element("tr", {}, ...columns.map((c) => element("th", { class: cellClass(c), scope: "col" }, c.title)));
  const body = rows.map((row) =>
    element("tr", { class: rowClass(row) || null }, ...columns.map((c) => element("td", { class: cellClass(c) }, c.of(row)))),
  );
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  if (caption) table.prepend(element("caption", {}, caption));
  place.replaceChildren(table);
}

/** Tiles of [label, figure, note, isBad]. */
export function showTiles(place, tiles) {
  place.replaceChildren(
    ...tiles.map(([label, value, note, isBad]) =>
      element("dl", { class: isBad ? "tile bad" : "tile", style: null }, element("dt", {}, label), element("dd", {}, value, note ? element("small", {}, note) : null)),
    ),
  );
}

export function verdict(passes) {
  if (passes === true) return element("span", { class: "pass" }, "passes");
  if (passes === false) return element("span", { class: "fail" }, "fails");
  return "";
}
