/** Versions of the stored data as the server last told them, and what an answer depends on. */

const FRESH_MS = 2_000;

export class DataVersions {
  constructor(now) {
    this.now = now;
    this.byDeal = null;
    this.toldAt = -Infinity;
  }

  /** Note what a response says, which is nothing where no call of it read data; true if there is news. */
  tell(byDeal) {
    if (!Object.keys(byDeal).length) return false;
    const before = this.byDeal === null ? null : text(this.byDeal);
    this.byDeal = byDeal;
    this.toldAt = this.now();
    return before !== null && before !== text(byDeal);
  }

  /** Whether what is known is recent enough to answer without asking. */
  get isFresh() {
    return this.now() - this.toldAt < FRESH_MS;
  }

  /** What the answer to a call depends on; null as long as nothing is known. */
  stamp(known, sent) {
    if (known.depends === "") return "";
    if (this.byDeal === null) return null;
    if (known.depends === "deal") {
      const version = this.ofDeal(sent[known.deal]);
      if (version !== undefined) return version;
    }
    return text(this.byDeal);
  }

  /** Version of a deal with what all deals share; undefined for one that is not known by this spelling. */
  ofDeal(name) {
    if (typeof name !== "string" || this.byDeal === null) return undefined;
    const wanted = plain(name);
    const found = Object.keys(this.byDeal).find((key) => plain(key) === wanted);
    return found === undefined ? undefined : `${this.byDeal["*"] ?? 0}.${this.byDeal[found]}`;
  }
}

function plain(name) {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

function text(byDeal) {
  return Object.keys(byDeal).sort().map((key) => `${key}=${byDeal[key]}`).join(",");
}
