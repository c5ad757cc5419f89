/**
 * Streams of server-sent events, one per topic however many listen, over the transport that signs requests.
 *
 * The browser's EventSource cannot carry a token; a response that is read piece by piece can.
 */

const MOST_PAUSE_MS = 10_000;

export class EventStreams {
  constructor({ transport, pause }) {
    this.transport = transport;
    this.pause = pause;
    this.topics = new Map();
  }

  /** Hear the events of a topic, the path of its stream; call the result to stop. The last listener closes it. */
  listen(path, hear) {
    let topic = this.topics.get(path);
    if (topic === undefined) {
      topic = { listeners: new Set(), controller: new AbortController() };
      this.topics.set(path, topic);
      this.follow(path, topic);
    }
    topic.listeners.add(hear);
    return () => {
      topic.listeners.delete(hear);
      if (topic.listeners.size) return;
      topic.controller.abort();
      if (this.topics.get(path) === topic) this.topics.delete(path);
    };
  }

  async follow(path, topic) {
    const { signal } = topic.controller;
    for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, MOST_PAUSE_MS)) {
      try {
        const response = await this.transport.send("GET", path, { signal });
        for await (const event of eventsOf(response.body)) {
          wait = 500;
          for (const hear of topic.listeners) hear(event);
        }
      } catch {
        if (signal.aborted) return;
      }
      if (!signal.aborted) await this.pause(wait);
    }
  }
}

/** The events of a stream of bytes: {event, data}, data as text. */
export async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value.replaceAll("\r\n", "\n");
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const event = parsed(part);
      if (event) yield event;
    }
  }
}

function parsed(part) {
  const data = [];
  let event = "message";
  for (const line of part.split("\n")) {
    if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
    else if (line.startsWith("event:")) event = line.slice(6).trim();
  }
  return data.length ? { event, data: data.join("\n") } : null;
}
