/**
 * The face as one object of the page: functions, task pane and ribbon buttons share its queue, memory and sign-in.
 */

import { FINGERPRINT, FUNCTIONS } from "../catalogue.js";
import { CellErrors } from "./cell_errors.js";
import { EventStreams } from "./events.js";
import { refusal } from "./failures.js";
import { host } from "./host.js";
import { openMemory } from "./memory.js";
import { CallQueue } from "./queue.js";
import { StatusCells } from "./status_cells.js";
import { STRINGS } from "./strings.js";
import { Transport } from "./transport.js";
import { argumentsToWire, resultFromWire } from "./values.js";
import { DataVersions } from "./versions.js";

const PROBE_MS = 3_000;
/** Errors that end when the server is back or the user signs in: unreachable, not signed in, still calculating. */
const PASSING = ["CLO-3000", "CLO-2300", "CLO-2302", "CLO-3001", "CLO-3110", "CLO-3114"];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Face extends EventTarget {
  constructor() {
    super();
    this.state = "connecting";
    this.update = "";
    this.askForSignIn = async () => false;
    this.transport = new Transport({
      fetch: (path, options) => globalThis.fetch(path, options),
      pause,
      signIn: () => this.askForSignIn(),
      onState: (state) => this.become(state),
    });
    this.versions = new DataVersions(() => performance.now());
    this.errors = new CellErrors(() => this.tell("errors"));
    this.streams = new EventStreams({ transport: this.transport, pause });
    this.timers = { set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id) };
    this.ready = this.start();
  }

  async start() {
    this.memory = await openMemory(globalThis.indexedDB, FINGERPRINT);
    this.workbook = await host.workbookName();
    this.uses1904 = await host.uses1904();
    this.queue = new CallQueue({
      send: (calls, signal) => this.send(calls, signal),
      functions: FUNCTIONS,
      memory: this.memory,
      versions: this.versions,
      timers: this.timers,
      onVersions: () => this.tell("versions"),
    });
    this.status = new StatusCells({ ask: (name, sent) => this.queue.ask(name, sent), timers: this.timers });
  }

  async send(calls, signal) {
    const body = { v: 1, client: "officejs", fp: FINGERPRINT, wb: this.workbook, calls };
    const response = await this.transport.json("POST", "/api/v1/udf/batch", { body, signal });
    if (response.update && this.update !== response.update) {
      this.update = response.update;
      this.tell("update");
    }
    this.tell("answered");
    return response;
  }

  /** The wire result of a call, for the task pane. */
  async value(name, ...sent) {
    await this.ready;
    return this.queue.ask(name, sent).promise;
  }

  tell(what) {
    this.dispatchEvent(new Event(what));
  }

  become(state) {
    const before = this.state;
    this.state = state;
    if (state === before) return;
    this.tell("state");
    if (state === "offline") this.probe();
    if (state === "online" && before !== "connecting") this.recalculatePassing();
  }

  /** Ask from time to time whether the server is back. */
  async probe() {
    while (this.state === "offline") {
      await pause(PROBE_MS);
      try {
        await this.transport.send("GET", "/version", { retry: false });
      } catch {
        continue;
      }
    }
  }

  /** Have Excel ask again for cells whose error is over. */
  async recalculatePassing() {
    await host.recalculate(this.errors.cellsWith(PASSING));
  }

  /** Sign in with a token or key. Throws RequestFailure if the server does not accept it. */
  async signIn(credential) {
    const response = await this.transport.patient("POST", "/session", { token: credential }, undefined, false);
    if (!response.ok) throw await refusal(response);
    await this.ready;
    await this.memory.clear();
    this.transport.use(credential);
    this.become("online");
  }
}

export const face = new Face();

/** A call as Excel makes it: the arguments of the cell, then the invocation. */
export async function call(name, given) {
  await face.ready;
  const invocation = given[given.length - 1];
  const excel = host.excel();
  const known = FUNCTIONS[name];
  const sent = argumentsToWire(known, given.slice(0, -1), invocation.parameterAddresses);
  if (face.uses1904) throw excelErrorOf1904(excel);
  if (known.stream) return follow(name, sent, invocation, excel);
  const own = ownError(name, known, sent);
  if (own !== undefined) return [[own]];
  const asked = face.queue.ask(name, sent, invocation.address ?? "");
  invocation.onCanceled = asked.cancel;
  const answer = await asked.promise;
  face.errors.note(invocation.address, name, answer);
  return resultFromWire(answer, excel);
}

function follow(name, sent, invocation, excel) {
  invocation.onCanceled = face.status.follow(name, sent, (answer) => {
    try {
      invocation.setResult(resultFromWire(answer, excel));
    } catch (error) {
      invocation.setResult(error);
    }
  });
}

/** What this page knows of a cell's error itself: equal calls went out once, under one of their addresses. */
function ownError(name, known, sent) {
  return name === "CLO_ERROR" && known.addresses.length ? face.errors.textOf(sent[0]) : undefined;
}

function excelErrorOf1904(excel) {
  const { Error: CellError, ErrorCode } = excel.CustomFunctions;
  return new CellError(ErrorCode.invalidValue, STRINGS.errors.dates1904);
}
