/** What goes wrong between a cell and the server, as errors that carry what the cell shows. */

import { STRINGS } from "./strings.js";

/** A failure of a whole request; `answer` is the wire form that every cell of it gets. */
export class RequestFailure extends Error {
  constructor(code, message) {
    super(message);
    this.answer = { e: code, m: message };
  }
}

/** The server does not answer. */
export class Unreachable extends RequestFailure {
  constructor() {
    super("#N/A", STRINGS.errors.unreachable);
  }
}

/** The user is not signed in, or no longer. */
export class NotSignedIn extends RequestFailure {
  constructor() {
    super("#VALUE!", STRINGS.errors.notSignedIn);
  }
}

/** Nobody waits any more. */
export class Cancelled extends RequestFailure {
  constructor() {
    super("#N/A", STRINGS.errors.cancelled);
  }
}

/** An answer came that is none of ours. */
export class Unreadable extends RequestFailure {
  constructor() {
    super("#N/A", STRINGS.errors.unreadable);
  }
}

/** The server refused; its own words, if it had any. */
export async function refusal(response) {
  let said = null;
  try {
    said = await response.json();
  } catch {
    said = null;
  }
  if (said?.e && said?.m) return new RequestFailure(said.e, said.m);
  return new RequestFailure("#N/A", STRINGS.errors.refused.replace("{status}", String(response.status)));
}
