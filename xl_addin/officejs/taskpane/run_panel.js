/** The commands as buttons: what a command asks for is asked in a dialog, what it writes goes into the workbook. */

import { applyPatch } from "../bundle/applier.js";
import { face } from "../bundle/face.js";
import { readBook } from "../bundle/book_reader.js";
import { host } from "../bundle/host.js";
import { fill, STRINGS } from "../bundle/strings.js";
import { ask } from "./ask_dialog.js";
import { adoptNamed, basisCells } from "./basis.js";
import { CLIENT_COMMANDS } from "./client_commands.js";
import { $, element, notify } from "./dom.js";
import { follow } from "./jobs_panel.js";
import { showPatch } from "./preview.js";
import * as server from "./server.js";

let known = [];
let looks = null;

export async function loadCommands() {
  known = await server.commands();
  looks ??= await face.transport.json("GET", "/excel/looks.json");
  const panel = $("panel-run");
  panel.replaceChildren();
  if (!known.length) panel.append(element("p", { class: "empty" }, STRINGS.commands.none));
  for (const group of new Set(known.map((command) => command.group))) {
    const buttons = known.filter((command) => command.group === group).map((one) => element("li", {}, button(one)));
    panel.append(element("h2", { class: "group" }, group), element("ul", { class: "list" }, ...buttons));
  }
}

function button(command) {
  const attributes = { class: "command", type: "button", title: command.supertip, "data-command": command.id };
  const made = element("button", attributes, element("strong", {}, command.label), element("span", {}, command.supertip));
  made.addEventListener("click", () => runCommand(command.id));
  return made;
}

/** Run a command from a button of the pane or of the ribbon; what goes wrong is shown in the pane. */
export async function runCommand(id) {
  const command = known.find((one) => one.id === id);
  if (!command) return;
  const button = document.querySelector(`[data-command="${CSS.escape(id)}"]`);
  try {
    const act = command.is_client_side ? CLIENT_COMMANDS[id] : undefined;
    if (act) {
      notify(await act());
      return;
    }
    const given = command.asks.length ? await ask(command) : { answers: {}, files: {} };
    if (given === null) return;
    button?.setAttribute("disabled", "");
    notify(`${STRINGS.commands.starting}: ${command.label}`);
    const outcome = await server.run(command, { ...(await inputs(command)), answers: given.answers }, given.files);
    if (outcome.job) {
      notify("");
      follow(outcome.job, (patch) => take(command, patch));
    } else {
      await take(command, outcome.patch);
    }
  } catch (error) {
    notify(error.message, "error");
  } finally {
    button?.removeAttribute("disabled");
  }
}

/** What the workbook says; without a workbook, what the pickers say. */
async function inputs(command) {
  const book = await host.run((context) => readBook(context, command.reads));
  if (!book) return { cells: basisCells(), tables: {}, sheets: [], ours: [] };
  return { ...book, cells: { ...basisCells(), ...book.cells } };
}

/** Write a patch into the workbook; outside Excel, show it. */
async function take(command, patch) {
  try {
    const messages = (await host.inExcel)
      ? await host.run((context) => applyPatch(context, patch, looks))
      : await showPatch(command.label, patch, looks);
    await adoptNamed(patch);
    const last = messages[messages.length - 1];
    if (last) notify(last.text, last.level);
    else notify(fill(STRINGS.commands.applied, { n: patch.length }));
  } catch (error) {
    notify(error.message, "error");
  }
  face.tell("stored");
}
