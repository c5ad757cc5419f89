/**
 * Calls of cells, sent in batches (spec 08 §9.3).
 *
 * A batch leaves after 5 ms of quiet, 15 ms after its first call, or at 1,000 calls; two are on their way at most. Equal
 * calls share one entry. An answer from memory counts only under versions of the data that the server told just now:
 * where none are known, the next response decides.
 */

import { RequestFailure, Unreadable } from "./failures.js";

export const LIMITS = { quietMs: 5, longestMs: 15, calls: 1_000, characters: 4_000_000, inFlight: 2 };
const STILL_CALCULATING = "CLO-3001";
const ASK_AGAIN_MS = 2_000;
const MOST_ASKED_AGAIN = 60;

export class CallQueue {
  /**
   * send(calls, signal): posts a batch, gives {dv, results}. functions: what the catalogue says, by name. timers:
   * {set(f, ms), clear(id), now()}.
   */
  constructor({ send, functions, memory, versions, timers, onVersions = () => {} }) {
    Object.assign(this, { send, functions, memory, versions, timers, onVersions });
    this.waiting = [];
    this.byKey = new Map();
    this.inFlight = 0;
    this.quietTimer = null;
    this.longestTimer = null;
  }

  /** Ask for a value: {promise of the wire result, cancel()}. */
  ask(name, sent, cell = "") {
    const known = this.functions[name] ?? { version: 0, depends: "all", kept: false };
    const key = `${name}.${known.version} ${JSON.stringify(sent)}`;
    let entry = this.byKey.get(key);
    if (entry === undefined) {
      entry = { key, name, sent, known, cell, waiters: new Set(), request: null, nAsked: 0, isOutdated: false };
      this.byKey.set(key, entry);
      this.waiting.push(entry);
      this.schedule();
    }
    const waiter = {};
    const promise = new Promise((resolve) => (waiter.resolve = resolve));
    entry.waiters.add(waiter);
    return { promise, cancel: () => this.leave(entry, waiter) };
  }

  leave(entry, waiter) {
    entry.waiters.delete(waiter);
    if (entry.waiters.size) return;
    if (this.byKey.get(entry.key) === entry) this.byKey.delete(entry.key);
    this.waiting = this.waiting.filter((one) => one !== entry);
    if (entry.request?.entries.every((one) => one.waiters.size === 0)) entry.request.controller.abort();
  }

  schedule() {
    if (this.waiting.length >= LIMITS.calls) {
      this.flush();
      return;
    }
    this.timers.clear(this.quietTimer);
    this.quietTimer = this.timers.set(() => this.flush(), LIMITS.quietMs);
    this.longestTimer ??= this.timers.set(() => this.flush(), LIMITS.longestMs);
  }

  flush() {
    this.timers.clear(this.quietTimer);
    this.timers.clear(this.longestTimer);
    this.quietTimer = this.longestTimer = null;
    if (this.versions.isFresh) this.answerFromMemory();
    while (this.waiting.length && this.inFlight < LIMITS.inFlight) this.request(this.take());
  }

  answerFromMemory() {
    this.waiting = this.waiting.filter((entry) => !this.answerKept(entry));
  }

  answerKept(entry) {
    const stamp = this.versions.stamp(entry.known, entry.sent);
    const answer = stamp === null || !entry.known.kept ? undefined : this.memory.get(entry.key, stamp);
    if (answer === undefined) return false;
    this.settle(entry, answer);
    return true;
  }

  /** The entries of the next batch, as many as it may hold. */
  take() {
    let n = 0;
    for (let length = 0; n < this.waiting.length && n < LIMITS.calls; n += 1) {
      length += this.waiting[n].key.length;
      if (n > 0 && length > LIMITS.characters) break;
    }
    return this.waiting.splice(0, n);
  }

  async request(entries) {
    const request = { entries, controller: new AbortController() };
    for (const entry of entries) entry.request = request;
    const [asked, hoped] = this.split(entries);
    this.inFlight += 1;
    try {
      const calls = asked.map(({ name, sent, cell }) => (cell ? { f: name, a: sent, c: cell } : { f: name, a: sent }));
      const response = await this.send(calls, request.controller.signal);
      if (this.versions.tell(response.dv)) this.onVersions(this.versions);
      asked.forEach((entry, at) => this.accept(entry, response.results[at]));
      this.again(hoped.filter((entry) => !this.answerKept(entry)));
    } catch (error) {
      const isKnown = error instanceof RequestFailure;
      for (const entry of entries) this.settle(entry, isKnown ? error.answer : new Unreadable().answer);
    } finally {
      this.inFlight -= 1;
      if (this.waiting.length) this.flush();
    }
  }

  /** Entries to ask for, and those that memory may answer once the response has told the versions of the data. */
  split(entries) {
    const isHoped = (entry) => entry.known.kept && !entry.isOutdated && this.memory.has(entry.key);
    const asked = entries.filter((entry) => !isHoped(entry));
    const hoped = entries.filter(isHoped);
    // A response tells versions only if some call reads data.
    if (hoped.length && !asked.some((entry) => entry.known.depends)) asked.push(hoped.shift());
    return [asked, hoped];
  }

  accept(entry, answer) {
    const isUnfinished = answer.e !== undefined && (answer.m ?? "").startsWith(STILL_CALCULATING);
    if (isUnfinished && entry.nAsked < MOST_ASKED_AGAIN && entry.waiters.size) {
      entry.nAsked += 1;
      this.timers.set(() => this.again([entry]), ASK_AGAIN_MS);
      return;
    }
    const stamp = this.versions.stamp(entry.known, entry.sent);
    // An error may be gone with the next try; the server remembers those that are not.
    if (entry.known.kept && stamp !== null && answer.e === undefined) this.memory.put(entry.key, stamp, answer);
    this.settle(entry, answer);
  }

  /** Put entries back to the front: what memory had of them is outdated. */
  again(entries) {
    const still = entries.filter((entry) => entry.waiters.size && this.byKey.get(entry.key) === entry);
    if (!still.length) return;
    for (const entry of still) Object.assign(entry, { request: null, isOutdated: true });
    this.waiting.unshift(...still);
    this.schedule();
  }

  settle(entry, answer) {
    if (this.byKey.get(entry.key) === entry) this.byKey.delete(entry.key);
    for (const waiter of entry.waiters) waiter.resolve(answer);
  }
}
