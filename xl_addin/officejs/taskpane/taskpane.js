/** The task pane: brings its parts up, and shows whether the server answers and which data it has. */

import { face } from "../bundle/face.js";
import { host } from "../bundle/host.js";
import { fill, STRINGS } from "../bundle/strings.js";
import { basis, loadBasis, onBasis } from "./basis.js";
import { redrawCharts, showCharts } from "./charts_panel.js";
import { $, element, fillTexts, notify } from "./dom.js";
import { showErrors } from "./errors_panel.js";
import { loadFunctions } from "./functions_panel.js";
import { loadJobs, onJobStarted } from "./jobs_panel.js";
import { loadCommands, runCommand } from "./run_panel.js";
import * as server from "./server.js";
import { signIn } from "./sign_in.js";
import { makeTabs } from "./tabs.js";

fillTexts(STRINGS);

let isLoaded = false;
let loading = null;
let about = "";
let commandWaiting = null;

const showTab = makeTabs(document.querySelector("[role=tablist]"), (name) => showCharts(name === "charts"));

/** Load everything; whoever asks while it loads waits for the same. */
function load() {
  loading ??= loadAll().finally(() => (loading = null));
  return loading;
}

async function loadAll() {
  try {
    await face.ready;
    about = `clodesk ${(await server.version()).server}`;
    await Promise.all([loadBasis(), loadCommands(), loadFunctions(), loadJobs()]);
    isLoaded = true;
    if (commandWaiting) await runCommand(commandWaiting);
    commandWaiting = null;
  } catch (error) {
    notify(error.message, "error");
  }
  showVersions();
}

function showState() {
  $("state").dataset.state = face.state;
  $("state-text").textContent = STRINGS.connection[face.state];
  $("sign-in-button").hidden = face.state !== "signed-out";
  if (face.state === "online" && $("notice").dataset.level === "error") notify("");
  if (face.state === "online" && !isLoaded) load();
}

function showVersions() {
  const version = face.versions.ofDeal(basis().deal);
  $("versions").replaceChildren(
    element("span", {}, version === undefined ? "" : fill(STRINGS.dataVersion, { version })),
    element("span", {}, about),
  );
}

async function startInExcel() {
  if (!(await host.inExcel)) {
    document.body.classList.add("browser");
    return;
  }
  for (const { id } of await server.commands().catch(() => [])) globalThis.Office.actions.associate(id, ribbonButton(id));
  await globalThis.Office.addin?.setStartupBehavior?.(globalThis.Office.StartupBehavior.load);
}

/** A ribbon button opens the pane, where its dialog, its progress and its messages are seen. */
function ribbonButton(id) {
  return async (event) => {
    await globalThis.Office.addin?.showAsTaskpane?.();
    if (isLoaded) runCommand(id);
    else commandWaiting = id;
    event.completed();
  };
}

face.askForSignIn = signIn;
face.addEventListener("state", showState);
face.addEventListener("answered", showVersions);
face.addEventListener("stored", () => {
  loadBasis();
  redrawCharts();
});
face.addEventListener("update", () => {
  $("update").hidden = false;
  $("update-text").textContent = face.update;
});
$("reload").addEventListener("click", () => location.reload());
$("sign-in-button").addEventListener("click", signIn);
$("refresh").addEventListener("click", async () => {
  await host.recalculateAll();
  await load();
});
onJobStarted(() => showTab("jobs"));
onBasis(showVersions);
showErrors();
startInExcel();
load();
