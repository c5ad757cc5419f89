/** Jobs: what runs on the server, with progress as it comes and a way to cancel. */

import { face } from "../bundle/face.js";
import { STRINGS } from "../bundle/strings.js";
import { $, element, notify } from "./dom.js";
import * as server from "./server.js";

const ENDED = new Set(["done", "failed", "cancelled"]);
const jobs = new Map();
let showTab = () => {};

export function onJobStarted(show) {
  showTab = show;
}

/** Take up the jobs that the user started elsewhere, or before the pane was reloaded. */
export async function loadJobs() {
  for (const job of (await server.jobs()).reverse()) {
    if (jobs.has(job.id)) continue;
    note(job);
    if (!ENDED.has(job.state)) listen(job.id, null);
  }
  render();
}

/** Follow a job that was just started; its patch goes to `take`. */
export function follow(id, take) {
  note({ id, label: "", state: "queued", stage: STRINGS.jobs.states.queued, done: 0, total: 100 });
  listen(id, take);
  render();
  showTab();
}

function note(job) {
  const row = jobs.get(job.id) ?? makeRow(job.id);
  Object.assign(row.job, job);
  jobs.set(job.id, row);
  draw(row);
}

function listen(id, take) {
  const stop = face.streams.listen(server.jobEvents(id), async ({ data }) => {
    const { patch, ...job } = JSON.parse(data);
    note(job);
    face.status.poke();
    count();
    if (!ENDED.has(job.state)) return;
    stop();
    if (job.state === "done" && take) await take(patch);
    if (job.state === "failed") notify(job.error?.m ?? STRINGS.jobs.states.failed, "error");
  });
}

function render() {
  const rows = [...jobs.values()].reverse().map((one) => one.element);
  const list = element("ul", { class: "list" }, ...rows);
  $("panel-jobs").replaceChildren(rows.length ? list : element("p", { class: "empty" }, STRINGS.jobs.none));
  count();
}

function count() {
  const running = [...jobs.values()].filter(({ job }) => !ENDED.has(job.state)).length;
  $("jobs-count").hidden = !running;
  $("jobs-count").textContent = running;
}

/** A row is made once and then told what changed: whoever has its button under the finger keeps it. */
function makeRow(id) {
  const parts = {
    label: element("strong"),
    state: element("span", { class: "muted" }),
    cancel: cancelButton(id),
    progress: element("progress"),
    stage: element("span", { class: "stage" }),
  };
  return { job: { id }, parts, element: element("li", { class: "job" }, ...Object.values(parts)) };
}

function draw({ job, parts, element: row }) {
  const isOpen = !ENDED.has(job.state);
  row.dataset.status = job.state;
  parts.label.textContent = job.label || STRINGS.jobs.states.queued;
  parts.state.textContent = STRINGS.jobs.states[job.state];
  parts.state.hidden = isOpen;
  parts.cancel.hidden = parts.progress.hidden = !isOpen;
  parts.progress.max = job.total || 100;
  parts.progress.value = job.done ?? 0;
  parts.progress.setAttribute("aria-label", job.label || "");
  parts.stage.textContent = stage(job);
}

function stage(job) {
  if (job.error) return job.error.m;
  if (ENDED.has(job.state)) return job.ended_at ? new Date(job.ended_at).toLocaleTimeString("en-GB") : "";
  return job.message || job.stage;
}

/** Asks again before it cancels; leaving the button takes the question back. */
function cancelButton(id) {
  const button = element("button", { type: "button", class: "plain" }, STRINGS.jobs.cancel);
  let isAsked = false;
  const ask = (isSo) => {
    isAsked = isSo;
    button.textContent = isSo ? STRINGS.jobs.confirm : STRINGS.jobs.cancel;
  };
  button.addEventListener("click", () => {
    if (isAsked) cancel(id);
    ask(!isAsked);
  });
  button.addEventListener("blur", () => ask(false));
  return button;
}

/** Cancel every job that has not ended. */
export async function cancelAll() {
  const open = [...jobs.values()].filter(({ job }) => !ENDED.has(job.state));
  await Promise.all(open.map(({ job }) => cancel(job.id)));
  return open.length;
}

async function cancel(id) {
  note({ id, message: STRINGS.jobs.cancelling });
  try {
    await server.cancelJob(id);
  } catch (error) {
    notify(error.message, "error");
  }
}
