/** The dialog of a command: one field for each thing it asks for. */

import { face } from "../bundle/face.js";
import { STRINGS } from "../bundle/strings.js";
import { basis } from "./basis.js";
import { $, element } from "./dom.js";
import { records } from "./tables.js";

/** Where the entries of a picker come from: {value, label} each. */
const SOURCES = {
  deals: async () => entries(await face.value("CLO_DEALS"), (row) => [row.deal, row.deal]),
  assets: async () =>
    entries(await face.value("CLO_ASSETS", basis().deal, "blkrock_id,issue_name"), (row) => [
      row.blkrock_id,
      `${row.blkrock_id}  ${row.issue_name}`,
    ]),
  runs: async () =>
    entries(await face.value("CLO_RUNS", basis().deal, null, 50), (row) => [
      row.run_id,
      `${row.run_id}  ${row.kind}  ${row.scenario}  ${row.as_of ?? ""}`,
    ]),
  scenarios: async () => [...$("scenario").options].map(({ value, label }) => ({ value, label })),
  filters: async () => [],
};

function entries(answer, of) {
  return records(answer).map((row) => {
    const [value, label] = of(row);
    return { value: String(value), label: String(label) };
  });
}

/** {answers, files} of the user, null if they changed their mind. */
export async function ask(command) {
  const fields = await Promise.all(command.asks.map(field));
  const dialog = $("ask");
  const problem = element("p", { class: "bad", role: "alert", hidden: true });
  const cancel = element("button", { type: "button", class: "plain", onclick: () => dialog.close("cancel") }, STRINGS.commands.cancel);
  const buttons = element("div", { class: "buttons" }, cancel, element("button", { class: "main" }, STRINGS.commands.run));
  const form = element(
    "form",
    { method: "dialog", novalidate: true },
    element("h2", { id: "ask-title" }, command.label),
    element("p", { class: "muted" }, command.supertip),
    ...fields.map((one) => one.label),
    problem,
    buttons,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const missing = fields.find((one) => one.isMissing());
    problem.hidden = !missing;
    if (missing) {
      problem.textContent = STRINGS.commands.chooseFile;
      missing.input.focus();
    } else {
      dialog.close("run");
    }
  });
  dialog.replaceChildren(form);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue === "run" ? gathered(fields) : null;
}

async function field(asked) {
  const input = await inputFor(asked);
  const isCheck = input.type === "checkbox";
  const label = isCheck
    ? element("label", { class: "check" }, input, asked.label)
    : element("label", {}, asked.label, input);
  return { asked, input, label, isMissing: () => asked.is_file && !input.files.length };
}

async function inputFor(asked) {
  if (asked.is_file) return element("input", { type: "file", name: asked.name });
  if (asked.kind === "TRUE/FALSE") {
    return element("input", { type: "checkbox", name: asked.name, checked: asked.default === true });
  }
  const options = asked.choices?.length
    ? asked.choices.map((word) => ({ value: word, label: word }))
    : asked.source
      ? await SOURCES[asked.source]()
      : [];
  if (options.length) return picker(asked, options);
  const type = asked.kind === "date" ? "date" : "text";
  const mode = ["number", "whole number"].includes(asked.kind) ? "decimal" : undefined;
  return element("input", { type, name: asked.name, inputmode: mode, value: asked.default ?? "", autocomplete: "off" });
}

function picker(asked, options) {
  const chosen = asked.default ?? (asked.source === "deals" ? basis().deal : asked.source === "scenarios" ? basis().scenario : "");
  const offered = asked.is_many || chosen ? options : [{ value: "", label: STRINGS.commands.pickOne }, ...options];
  const rows = asked.is_many ? Math.min(8, Math.max(3, options.length)) : undefined;
  return element(
    "select",
    { name: asked.name, multiple: asked.is_many, size: rows },
    ...offered.map(({ value, label }) => element("option", { value, selected: value === String(chosen) }, label)),
  );
}

function gathered(fields) {
  const answers = {};
  const files = {};
  for (const { asked, input } of fields) {
    if (asked.is_file) files[asked.name] = input.files[0];
    else if (input.type === "checkbox") answers[asked.name] = input.checked;
    else if (asked.is_many && input.selectedOptions) answers[asked.name] = [...input.selectedOptions].map((one) => [one.value]);
    else answers[asked.name] = input.value === "" ? null : input.value;
  }
  return { answers, files };
}
