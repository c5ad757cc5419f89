import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Unreachable } from "../../../../xl_addin/officejs/bundle/failures.js";
import { AnswerMemory } from "../../../../xl_addin/officejs/bundle/memory.js";
import { CallQueue } from "../../../../xl_addin/officejs/bundle/queue.js";
import { DataVersions } from "../../../../xl_addin/officejs/bundle/versions.js";

const FUNCTIONS = {
  CLO_DAYS: { version: 1, depends: "", deal: -1, kept: true, rest: false, addresses: [] },
  CLO_DEAL_PAR: { version: 1, depends: "deal", deal: 0, kept: true, rest: false, addresses: [] },
  CLO_DEALS: { version: 1, depends: "all", deal: -1, kept: true, rest: false, addresses: [] },
  CLO_PING: { version: 1, depends: "", deal: -1, kept: false, rest: false, addresses: [] },
};

/** A queue with a server that doubles its first argument, after `latency` turns of the event loop. */
function setUp({ versions = () => ({}), answer = (call) => ({ v: call.a[0] * 2 }), latency = 3 } = {}) {
  const requests = [];
  const clock = { now: 0 };
  const send = async (calls, signal) => {
    const request = { calls, signal };
    requests.push(request);
    for (let turn = 0; turn < latency; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return { dv: versions(), results: calls.map(answer) };
  };
  const memory = new AnswerMemory();
  const timers = { set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id) };
  const known = new DataVersions(() => clock.now);
  const queue = new CallQueue({ send, functions: FUNCTIONS, memory, versions: known, timers });
  return { queue, requests, clock };
}

const asked = (queue, name, ...sent) => queue.ask(name, sent).promise;

test("a thousand cells leave in one request", async () => {
  const { queue, requests } = setUp();

  const answers = await Promise.all(Array.from({ length: 1_000 }, (_, n) => asked(queue, "CLO_DAYS", n)));

  assert.equal(requests.length, 1);
  assert.deepEqual(answers.slice(0, 3), [{ v: 0 }, { v: 2 }, { v: 4 }]);
});

test("equal calls share one entry and all get its answer", async () => {
  const { queue, requests } = setUp();

  const answers = await Promise.all([asked(queue, "CLO_DAYS", 7), asked(queue, "CLO_DAYS", 7), asked(queue, "CLO_DAYS", 8)]);

  assert.deepEqual(requests.map((one) => one.calls.length), [2]);
  assert.deepEqual(answers, [{ v: 14 }, { v: 14 }, { v: 16 }]);
});

test("no more than two requests are on their way", async () => {
  const { queue, requests } = setUp({ latency: 30 });
  const all = Promise.all(Array.from({ length: 3_500 }, (_, n) => asked(queue, "CLO_DAYS", n)));
  await new Promise((resolve) => setTimeout(resolve, 0));

  assert.equal(requests.length, 2);
  await all;
  assert.deepEqual(requests.map((one) => one.calls.length), [1_000, 1_000, 1_000, 500]);
});

test("a batch waits for 5 ms of quiet, but no longer than 15 ms", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { queue, requests } = setUp();
  for (let ms = 0; ms < 14; ms += 1) {
    asked(queue, "CLO_DAYS", ms);
    mock.timers.tick(1);
  }
  assert.equal(requests.length, 0);

  mock.timers.tick(1);
  assert.equal(requests.length, 1);

  asked(queue, "CLO_DAYS", 99);
  mock.timers.tick(5);
  assert.equal(requests.length, 2);
  mock.timers.reset();
});

test("a known answer is given only under versions that the server told just now", async () => {
  let version = 1;
  const { queue, requests, clock } = setUp({
    versions: () => ({ "*": 5, MAG17: version }),
    answer: () => ({ v: 100 + version }),
  });
  const par = () => asked(queue, "CLO_DEAL_PAR", "Mag 17");
  assert.deepEqual(await par(), { v: 101 });

  assert.deepEqual(await par(), { v: 101 });
  assert.equal(requests.length, 1);

  version = 2;
  clock.now = 10_000;
  assert.deepEqual(await par(), { v: 102 });
  assert.equal(requests.length, 2);
});

test("of many known answers one call tells whether the data are still the same", async () => {
  const { queue, requests, clock } = setUp({ versions: () => ({ MAG17: 3 }), answer: (call) => ({ v: call.a[1] }) });
  const open = () => Promise.all(Array.from({ length: 200 }, (_, n) => asked(queue, "CLO_DEAL_PAR", "mag17", n)));
  await open();
  clock.now = 60_000;

  const answers = await open();

  assert.deepEqual(requests.map((one) => one.calls.length), [200, 1]);
  assert.equal(answers[199].v, 199);
});

test("a change of the data during a pause is asked for in one more request", async () => {
  let version = 1;
  const { queue, requests, clock } = setUp({ versions: () => ({ MAG17: version }), answer: (call) => ({ v: call.a[1] * version }) });
  const open = () => Promise.all(Array.from({ length: 50 }, (_, n) => asked(queue, "CLO_DEAL_PAR", "mag17", n)));
  await open();
  version = 2;
  clock.now = 60_000;

  const answers = await open();

  assert.deepEqual(answers.map((one) => one.v), Array.from({ length: 50 }, (_, n) => n * 2));
  assert.deepEqual(requests.map((one) => one.calls.length), [50, 1, 49]);
});

test("errors and values that change by themselves are not kept", async () => {
  let turn = 0;
  const { queue, requests } = setUp({ answer: () => (turn++ ? { v: "ok" } : { e: "#N/A", m: "CLO-3201: away" }) });

  assert.equal((await asked(queue, "CLO_PING")).e, "#N/A");
  assert.deepEqual(await asked(queue, "CLO_PING"), { v: "ok" });
  assert.equal(requests.length, 2);
});

test("a request whose cells are all cancelled is aborted, a shared one goes on", async () => {
  const { queue, requests } = setUp({ latency: 20 });
  const first = queue.ask("CLO_DAYS", [1]);
  const second = queue.ask("CLO_DAYS", [2]);
  await new Promise((resolve) => setTimeout(resolve, 20));

  first.cancel();
  assert.equal(requests[0].signal.aborted, false);
  second.cancel();
  assert.equal(requests[0].signal.aborted, true);
});

test("a cancelled cell that has not left yet is never sent", async () => {
  const { queue, requests } = setUp();
  queue.ask("CLO_DAYS", [1]).cancel();

  await asked(queue, "CLO_DAYS", 2);

  assert.deepEqual(requests.map((one) => one.calls.map((call) => call.a[0])), [[2]]);
});

test("a failed request gives every cell of it the text of the failure", async () => {
  const { queue } = setUp();
  queue.send = async () => {
    throw new Unreachable();
  };

  const answers = await Promise.all([asked(queue, "CLO_DAYS", 1), asked(queue, "CLO_DAYS", 2)]);

  assert.deepEqual(answers.map((one) => [one.e, one.m.slice(0, 8)]), [["#N/A", "CLO-3000"], ["#N/A", "CLO-3000"]]);
});

test("a call that is still calculating is asked for again until it is done", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let turn = 0;
  const { queue, requests } = setUp({ latency: 0, answer: () => (turn++ < 2 ? { e: "#N/A", m: "CLO-3001: still calculating" } : { v: 9 }) });
  const result = asked(queue, "CLO_DAYS", 1);
  for (let n = 0; n < 60; n += 1) {
    mock.timers.tick(500);
    await new Promise((resolve) => setImmediate(resolve));
  }

  assert.deepEqual(await result, { v: 9 });
  assert.equal(requests.length, 3);
  mock.timers.reset();
});
