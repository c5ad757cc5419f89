/**
 * Cells that follow a value while a run or a job goes on (streaming functions of Excel).
 *
 * All cells of one call share a topic; as long as some topic is unfinished, one round of questions a second goes through
 * the queue, as one batch, and at once when a job reports.
 */

const EVERY_MS = 1_000;
const UNFINISHED = /^(queued|waiting|running)/i;

export class StatusCells {
  constructor({ ask, timers }) {
    this.ask = ask;
    this.timers = timers;
    this.topics = new Map();
    this.timer = null;
  }

  /** Tell a cell the value of a call, and again whenever it changes; call the result to stop. */
  follow(name, sent, tell) {
    const key = `${name} ${JSON.stringify(sent)}`;
    let topic = this.topics.get(key);
    if (topic === undefined) {
      topic = { name, sent, tells: new Set(), last: undefined, isFinished: false };
      this.topics.set(key, topic);
      this.refresh(topic);
    } else if (topic.last !== undefined) {
      tell(topic.last);
    }
    topic.tells.add(tell);
    return () => {
      topic.tells.delete(tell);
      if (!topic.tells.size) this.topics.delete(key);
    };
  }

  /** Ask again for what is unfinished: a job has news. */
  poke() {
    this.timers.clear(this.timer);
    this.timer = null;
    for (const topic of this.topics.values()) if (!topic.isFinished) this.refresh(topic);
  }

  async refresh(topic) {
    const answer = await this.ask(topic.name, topic.sent).promise;
    topic.isFinished = answer.e === undefined && !UNFINISHED.test(String(answer.v));
    if (JSON.stringify(answer) !== JSON.stringify(topic.last)) {
      topic.last = answer;
      for (const tell of topic.tells) tell(answer);
    }
    if (!topic.isFinished && topic.tells.size) this.timer ??= this.timers.set(() => this.poke(), EVERY_MS);
  }
}
