/**
 * Requests to the server: tried again where a second try can help, with one sign-in where it asks for one.
 *
 * Calls are pure, so a batch may be sent twice. Waiting times are drawn, so that many clients do not come back at once.
 */

import { Cancelled, NotSignedIn, refusal, Unreachable } from "./failures.js";

const PASSING = new Set([502, 503, 504]);
const MOST_RETRIES = 2;
const PAUSE_MS = 250;

/** The same response with all of its body here. Rejects where the server dies while it sends. */
async function arrived(response) {
  const hasBody = response.body !== null;
  return new Response(hasBody ? await response.arrayBuffer() : null, response);
}

export class Transport {
  /**
   * fetch, pause(ms): of the browser, or of a test. signIn: asked once when the server wants to know who calls; true
   * when it is worth trying again. onState(state): "online", "offline" or "signed-out", whenever it is learned.
   */
  constructor({ fetch, pause, random = Math.random, signIn = async () => false, onState = () => {} }) {
    this.fetch = fetch;
    this.pause = pause;
    this.random = random;
    this.signIn = signIn;
    this.onState = onState;
    this.bearer = null;
    this.signingIn = null;
    this.wasRefused = false;
  }

  /** Who calls from now on: a token or key, kept in memory only; null leaves it to the session's cookie. */
  use(bearer) {
    this.bearer = bearer;
    this.wasRefused = false;
  }

  /** The JSON answer to a request. retry: whether a passing failure is tried again. Throws RequestFailure. */
  async json(method, path, { body, signal, retry = true } = {}) {
    const response = await this.send(method, path, { body, signal, retry, isWhole: true });
    return response.status === 204 ? null : response.json();
  }

  /**
   * The response to a request that succeeded. isWhole: its body has arrived as well; an answer that breaks off is then
   * none. Throws RequestFailure.
   */
  async send(method, path, { body, signal, retry = true, isWhole = false } = {}) {
    let response = await this.patient(method, path, body, signal, retry, isWhole);
    if (response.status === 401) {
      this.onState("signed-out");
      if (!(await this.signedIn())) throw this.signedOut();
      response = await this.patient(method, path, body, signal, retry, isWhole);
      if (response.status === 401) throw this.signedOut();
    }
    if (!response.ok) {
      this.onState(PASSING.has(response.status) ? "offline" : "online");
      throw await refusal(response);
    }
    // Some answers are for everybody: they do not tell that the user is in.
    this.onState(this.signingIn || this.wasRefused ? "signed-out" : "online");
    return response;
  }

  async patient(method, path, body, signal, retry, isWhole = false) {
    for (let tried = 0; ; tried += 1) {
      const isLast = !retry || tried === MOST_RETRIES;
      try {
        const arriving = await this.once(method, path, body, signal);
        const response = isWhole ? await arrived(arriving) : arriving;
        if (isLast || !PASSING.has(response.status)) return response;
      } catch (error) {
        if (signal?.aborted) throw new Cancelled();
        if (isLast) {
          this.onState("offline");
          throw new Unreachable();
        }
      }
      await this.pause(PAUSE_MS * 2 ** tried * (0.5 + this.random()));
      if (signal?.aborted) throw new Cancelled();
    }
  }

  once(method, path, body, signal) {
    const isForm = typeof FormData !== "undefined" && body instanceof FormData;
    const headers = { "X-Clodesk": "1", "X-Clodesk-Client": "officejs" };
    if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
    if (this.bearer) headers.Authorization = `Bearer ${this.bearer}`;
    const sent = body === undefined || isForm ? body : JSON.stringify(body);
    return this.fetch(path, { method, headers, body: sent, signal, credentials: "same-origin", cache: "no-store" });
  }

  /** Whether the user signed in; asked once, also for requests that fail at the same time, until someone signs in. */
  async signedIn() {
    if (this.wasRefused) return false;
    this.signingIn ??= this.signIn();
    const isIn = await this.signingIn;
    this.signingIn = null;
    this.wasRefused = !isIn;
    return isIn;
  }

  signedOut() {
    this.wasRefused = true;
    return new NotSignedIn();
  }
}
