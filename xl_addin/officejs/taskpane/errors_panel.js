/** The cells that show an error: number, text, the last value they had, and a way to go there. */

import { face } from "../bundle/face.js";
import { host } from "../bundle/host.js";
import { fill, STRINGS } from "../bundle/strings.js";
import { $, element } from "./dom.js";
import { shown } from "./tables.js";

const MOST_SHOWN = 200;
let isDue = false;

/** Show the list as it is; a recalculation with a thousand errors draws it once. */
export function showErrors() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    const errors = face.errors.list();
    $("errors-count").hidden = !errors.length;
    $("errors-count").textContent = errors.length > 99 ? "99+" : errors.length;
    const rows = errors.slice(0, MOST_SHOWN).map((one) => element("li", { class: "fault" }, ...row(one)));
    const title = element("h2", { class: "group" }, fill(STRINGS.errorList.count, { n: errors.length }));
    const parts = rows.length ? [title, element("ul", { class: "list" }, ...rows)] : [element("p", { class: "empty" }, STRINGS.errorList.none)];
    $("panel-errors").replaceChildren(...parts);
  });
}

function row({ cell, formula, code, number, text, lastValue }) {
  const last = lastValue === undefined ? null : fill(STRINGS.errorList.lastKnown, { value: shown(lastValue) });
  const jump = element(
    "button",
    { type: "button", class: "quiet", "aria-label": `${STRINGS.errorList.jump} ${cell}`, onclick: () => host.show(cell) },
    STRINGS.errorList.jump,
  );
  return [
    element("code", {}, cell),
    element("span", { class: "code" }, [code, number].filter(Boolean).join("  ")),
    jump,
    element("span", { class: "text" }, text),
    element("span", { class: "last" }, last ? `${formula} · ${last}` : formula),
  ];
}

face.addEventListener("errors", showErrors);
