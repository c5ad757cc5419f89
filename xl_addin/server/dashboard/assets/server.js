// Calls of the calculation server: the same functions that cells call, in one request for a whole page.

export class SignInNeeded extends Error {}
export class OutOfReach extends Error {}

const OUT_OF_REACH = "CLO-3000: The server is out of reach. The page goes on by itself when it is back.";
const HEADERS = { "Content-Type": "application/json", "X-Clodesk": "1" };

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options, headers: { ...HEADERS, ...options.headers } });
  } catch {
    throw new OutOfReach(OUT_OF_REACH);
  }
  if (response.status === 401) throw new SignInNeeded(await told(response));
  if (response.status >= 502 && response.status <= 504) throw new OutOfReach(await told(response));
  if (!response.ok) throw new Error(await told(response));
  return response.status === 204 ? null : whole(response);
}

/** The body as JSON. What the server began to send and did not end, because it died, is no answer. */
async function whole(response) {
  let text;
  try {
    text = await response.text();
  } catch {
    throw new OutOfReach(OUT_OF_REACH);
  }
  return JSON.parse(text);
}

async function told(response) {
  try {
    const body = await response.json();
    return body.m || body.detail || response.statusText;
  } catch {
    return response.statusText || `The server answered ${response.status}.`;
  }
}

export function signIn(secret) {
  return request("/session", { method: "POST", body: JSON.stringify({ token: secret.trim() }) });
}

export function signOut() {
  return request("/session", { method: "DELETE" });
}

/** Results of calls [[name, ...arguments], ...] in order: each a value, or a Failure. */
export async function batch(calls) {
  const body = { v: 1, client: "dashboard", calls: calls.map(([f, ...a]) => ({ f, a })) };
  const answer = await request("/api/v1/udf/batch", { method: "POST", body: JSON.stringify(body) });
  return answer.results.map((one) => ("e" in one ? new Failure(one.e, one.m) : plain(one.v)));
}

export class Failure {
  constructor(code, text) {
    this.code = code;
    this.text = text;
  }
}

/** Dates, and moments with their time, as ISO texts; everything else as it is. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object") return "d" in value ? isoDate(value.d) : new Failure(value.e, value.m);
  return value;
}

function isoDate(serial) {
  const moment = new Date(Date.UTC(1899, 11, 30) + Math.round(serial * 86400) * 1000).toISOString();
  return Number.isInteger(serial) ? moment.slice(0, 10) : moment.slice(0, 16).replace("T", " ");
}

/** Rows of a table with headers as objects; none for a Failure. */
export function records(table) {
  if (!Array.isArray(table)) return [];
  const [names, ...rows] = table;
  return rows.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column]])));
}

export const version = () => request("/version");
export const jobs = () => request("/api/v1/jobs");
export const cancelJob = (id) => request(`/api/v1/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });

const FINAL = ["done", "failed", "cancelled"];

/** Calls back with the job at every change until it ends; its state is in `state`. */
export function followJob(id, onChange) {
  const stream = new EventSource(`/api/v1/jobs/${encodeURIComponent(id)}/events`);
  const told = (message) => onChange(JSON.parse(message.data));
  stream.addEventListener("progress", told);
  for (const state of FINAL) {
    stream.addEventListener(state, (message) => {
      stream.close();
      told(message);
    });
  }
}

export const isOver = (job) => FINAL.includes(job.state);
