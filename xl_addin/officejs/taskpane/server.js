/** What the pane asks the server for beside values of functions. */

import { face } from "../bundle/face.js";

const { transport } = face;

/** The commands that the user may run, in the order of the ribbon. */
export async function commands() {
  const known = await transport.json("GET", "/api/v1/macros");
  return known.filter((command) => command.is_allowed);
}

/** Run a command: {patch} or {job}. files: by name of what was asked for. */
export function run(command, inputs, files) {
  const path = `/api/v1/macro/${encodeURIComponent(command.id)}`;
  if (!Object.keys(files).length) return transport.json("POST", path, { body: inputs, retry: false });
  const form = new FormData();
  form.append("inputs", JSON.stringify(inputs));
  for (const [name, file] of Object.entries(files)) form.append(name, file);
  return transport.json("POST", path, { body: form, retry: false });
}

export const jobs = () => transport.json("GET", "/api/v1/jobs");
export const cancelJob = (id) => transport.json("DELETE", jobPath(id));
export const jobEvents = (id) => `${jobPath(id)}/events`;
export const version = () => transport.json("GET", "/version");
export const functions = async () => (await transport.json("GET", "/api/v1/udf")).functions;

function jobPath(id) {
  return `/api/v1/jobs/${encodeURIComponent(id)}`;
}
