import assert from "node:assert/strict";
import { test } from "node:test";

import { Cancelled, NotSignedIn, RequestFailure, Unreachable } from "../../../../xl_addin/officejs/bundle/failures.js";
import { eventsOf, EventStreams } from "../../../../xl_addin/officejs/bundle/events.js";
import { Transport } from "../../../../xl_addin/officejs/bundle/transport.js";

const json = (status, body) => new Response(JSON.stringify(body), { status });
const DOWN = () => {
  throw new TypeError("fetch failed");
};

/** A transport whose fetch gives the next of `answers`, the last one for ever. */
function setUp(answers, options = {}) {
  const calls = [];
  const pauses = [];
  const states = [];
  const fetch = async (path, given) => {
    calls.push({ path, ...given });
    return answers[Math.min(calls.length, answers.length) - 1]();
  };
  const pause = async (ms) => void pauses.push(ms);
  const transport = new Transport({ fetch, pause, random: () => 0.5, onState: (state) => states.push(state), ...options });
  return { transport, calls, pauses, states };
}

test("a passing failure is tried again at most twice, after growing pauses", async () => {
  const { transport, calls, pauses } = setUp([() => json(503, {}), DOWN, () => json(200, { ok: 1 })]);

  assert.deepEqual(await transport.json("POST", "/x", { body: {} }), { ok: 1 });
  assert.equal(calls.length, 3);
  assert.deepEqual(pauses, [250, 500]);
});

test("a server that stays away is told as CLO-3000", async () => {
  const { transport, calls, states } = setUp([DOWN]);

  await assert.rejects(transport.json("POST", "/x", { body: {} }), Unreachable);
  assert.equal(calls.length, 3);
  assert.deepEqual(states, ["offline"]);
});

const brokenOff = () =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"resul'));
        controller.error(new TypeError("terminated"));
      },
    }),
  );

test("an answer that breaks off is asked for again", async () => {
  const { transport, calls, states } = setUp([brokenOff, () => json(200, { ok: 1 })]);

  assert.deepEqual(await transport.json("POST", "/x", { body: {} }), { ok: 1 });
  assert.equal(calls.length, 2);
  assert.deepEqual(states, ["online"]);
});

test("a server that dies in the middle of every answer is told as CLO-3000", async () => {
  const { transport, calls, states } = setUp([brokenOff]);

  await assert.rejects(transport.json("POST", "/x", { body: {} }), Unreachable);
  assert.equal(calls.length, 3);
  assert.deepEqual(states, ["offline"]);
});

test("a refusal in the server's own words is not tried again", async () => {
  const { transport, calls } = setUp([() => json(413, { e: "#VALUE!", m: "CLO-3106: The batch has 2,000 calls" })]);

  await assert.rejects(transport.json("POST", "/x", { body: {} }), (error) => {
    assert.ok(error instanceof RequestFailure);
    assert.deepEqual(error.answer, { e: "#VALUE!", m: "CLO-3106: The batch has 2,000 calls" });
    return true;
  });
  assert.equal(calls.length, 1);
});

test("a batch that nobody waits for is not tried again", async () => {
  const controller = new AbortController();
  const { transport, calls } = setUp([() => (controller.abort(), DOWN())]);

  await assert.rejects(transport.json("POST", "/x", { body: {}, signal: controller.signal }), Cancelled);
  assert.equal(calls.length, 1);
});

test("a command is not sent twice", async () => {
  const { transport, calls } = setUp([DOWN]);

  await assert.rejects(transport.json("POST", "/x", { body: {}, retry: false }), Unreachable);
  assert.equal(calls.length, 1);
});

test("requests that fail together ask for one sign-in and then succeed", async () => {
  let isIn = false;
  let asked = 0;
  const { transport } = setUp([() => (isIn ? json(200, {}) : json(401, {}))], {
    signIn: async () => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      isIn = true;
      return true;
    },
  });

  await Promise.all([transport.json("GET", "/a"), transport.json("GET", "/b"), transport.json("GET", "/c")]);
  assert.equal(asked, 1);
});

test("whoever does not sign in is asked once and then gets #VALUE!", async () => {
  let asked = 0;
  const { transport, states } = setUp([() => json(401, {})], { signIn: async () => (asked++, false) });

  for (let n = 0; n < 3; n += 1) {
    await assert.rejects(transport.json("GET", "/a"), (error) => {
      assert.ok(error instanceof NotSignedIn);
      assert.equal(error.answer.e, "#VALUE!");
      assert.match(error.answer.m, /^CLO-2300: /);
      return true;
    });
  }
  assert.equal(asked, 1);
  assert.deepEqual(states, ["signed-out", "signed-out", "signed-out"]);
});

test("the token travels in a header only", async () => {
  const { transport, calls } = setUp([() => json(200, {})]);
  transport.use("secret");

  await transport.json("POST", "/x", { body: { a: 1 } });

  assert.equal(calls[0].headers.Authorization, "Bearer secret");
  assert.ok(!(calls[0].path + calls[0].body).includes("secret"));
});

function streamOf(...pieces) {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
}

test("events are read across the pieces in which they come", async () => {
  const found = [];
  for await (const event of eventsOf(streamOf("event: progress\nda", 'ta: {"a":1}\n\n: alive\n\nevent: done\r\ndata: 2\r\n\r\n'))) found.push(event);

  assert.deepEqual(found, [{ event: "progress", data: '{"a":1}' }, { event: "done", data: "2" }]);
});

test("listeners of one topic share a stream, the last one closes it", async () => {
  const opened = [];
  const transport = { send: (_, path, { signal }) => (opened.push({ path, signal }), new Promise(() => {})) };
  const streams = new EventStreams({ transport, pause: async () => {} });
  const stops = [streams.listen("/jobs/1", () => {}), streams.listen("/jobs/1", () => {}), streams.listen("/jobs/2", () => {})];

  assert.deepEqual(opened.map((one) => one.path), ["/jobs/1", "/jobs/2"]);
  stops[0]();
  assert.equal(opened[0].signal.aborted, false);
  stops[1]();
  assert.equal(opened[0].signal.aborted, true);
});
