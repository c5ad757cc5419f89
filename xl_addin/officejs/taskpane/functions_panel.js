/** The function browser: search the catalogue, read what a function takes, put it into the active cell. */

import { host } from "../bundle/host.js";
import { fill, STRINGS } from "../bundle/strings.js";
import { $, element, notify } from "./dom.js";
import * as server from "./server.js";

let known = [];

export async function loadFunctions() {
  known = await server.functions();
  render();
}

function render() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = known.filter((one) => words.every((word) => text(one).includes(word)));
  const list = $("function-list");
  list.replaceChildren();
  if (!found.length) list.append(element("p", { class: "empty" }, STRINGS.functions.none));
  for (const category of new Set(found.map((one) => one.category))) {
    const rows = found.filter((one) => one.category === category).map((one) => element("li", {}, details(one)));
    list.append(element("h2", { class: "group" }, category), element("ul", { class: "list" }, ...rows));
  }
}

function text(one) {
  return `${one.name} ${one.summary} ${one.category}`.toLowerCase();
}

function details(one) {
  const made = element(
    "details",
    { class: "function", "data-function": one.name },
    element("summary", {}, element("code", {}, one.name), element("span", {}, one.summary)),
  );
  made.addEventListener("toggle", () => made.open && made.children.length === 1 && made.append(detail(one)));
  return made;
}

function detail(one) {
  const required = (parameter) => (parameter.is_optional ? STRINGS.functions.optional : STRINGS.functions.required);
  const rows = one.parameters.flatMap((parameter) => [
    element("dt", {}, element("code", {}, parameter.name), ` ${parameter.kind}, ${required(parameter)}`),
    element("dd", {}, parameter.description),
  ]);
  const insertion = element("button", { type: "button", class: "main", onclick: () => insert(one) }, STRINGS.functions.insert);
  const help = element("a", { class: "quiet", href: `/help/${one.name}`, target: "_blank", rel: "noopener" }, STRINGS.functions.help);
  return element(
    "div",
    { class: "detail" },
    element("code", { class: "formula" }, formula(one)),
    element("dl", {}, ...rows),
    element("div", { class: "buttons" }, help, insertion),
  );
}

/** The formula with a placeholder for each required argument; a function without any stands with its brackets. */
function formula(one) {
  return `=${one.name}(${one.parameters.filter((parameter) => !parameter.is_optional).map((parameter) => `"${parameter.name}"`).join(",")})`;
}

async function insert(one) {
  try {
    const address = await host.insert(formula(one));
    if (address) notify(fill(STRINGS.functions.inserted, { address }));
    else {
      await navigator.clipboard.writeText(formula(one));
      notify(STRINGS.functions.copied);
    }
  } catch (error) {
    notify(error.message, "error");
  }
}

$("search").addEventListener("input", render);
