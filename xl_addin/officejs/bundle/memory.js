/**
 * Answers that are known already, each with the versions of the data it was made from.
 *
 * Opening a workbook asks for everything at once: what has not changed since is answered from here. Kept in memory and,
 * where the browser has it, in IndexedDB.
 */

const DATABASE = "clodesk";
const STORE = "answers";
const MOST_ENTRIES = 50_000;
const MOST_CHARACTERS = 200_000;

export class AnswerMemory {
  /** database: of IndexedDB, null for memory only. catalogue: answers of another catalogue are of no use. */
  constructor(database = null, catalogue = "") {
    this.database = database;
    this.catalogue = catalogue;
    this.answers = new Map();
    this.unwritten = new Map();
    this.isWriting = false;
  }

  /** The answer to a call, if its data are still of these versions; undefined otherwise. */
  get(key, stamp) {
    const kept = this.answers.get(key);
    if (kept === undefined || kept.stamp !== stamp) return undefined;
    this.answers.delete(key);
    this.answers.set(key, kept);
    return kept.answer;
  }

  /** Whether there is an answer, of whatever version. */
  has(key) {
    return this.answers.has(key);
  }

  put(key, stamp, answer) {
    this.answers.delete(key);
    this.answers.set(key, { stamp, answer });
    if (this.answers.size > MOST_ENTRIES) this.answers.delete(this.answers.keys().next().value);
    if (!this.database) return;
    this.unwritten.set(key, { key, stamp, answer, catalogue: this.catalogue });
    if (!this.isWriting) this.write();
  }

  async write() {
    this.isWriting = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const records = [...this.unwritten.values()];
    this.unwritten.clear();
    this.isWriting = false;
    const store = this.database.transaction(STORE, "readwrite").objectStore(STORE);
    for (const record of records) {
      if (JSON.stringify(record.answer).length <= MOST_CHARACTERS) store.put(record);
    }
  }

  /** Forget everything, here and on disk: the next user must not see what this one saw. */
  async clear() {
    this.answers.clear();
    this.unwritten.clear();
    if (this.database) await settled(this.database.transaction(STORE, "readwrite").objectStore(STORE).clear());
  }

  /** Take up what an earlier session kept; what belongs to another catalogue is dropped. */
  async load() {
    if (!this.database) return;
    const records = await settled(this.database.transaction(STORE).objectStore(STORE).getAll());
    const isUsable = (record) => record.catalogue === this.catalogue;
    if (records.length > MOST_ENTRIES || !records.every(isUsable)) {
      const store = this.database.transaction(STORE, "readwrite").objectStore(STORE);
      for (const record of records) if (!isUsable(record) || records.length > MOST_ENTRIES) store.delete(record.key);
    }
    for (const { key, stamp, answer } of records.filter(isUsable).slice(-MOST_ENTRIES)) {
      if (!this.answers.has(key)) this.answers.set(key, { stamp, answer });
    }
  }
}

/** The memory of this browser for a catalogue; without a usable IndexedDB it lasts as long as the page. */
export async function openMemory(factory, catalogue) {
  try {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    const memory = new AnswerMemory(await settled(request), catalogue);
    await memory.load();
    return memory;
  } catch {
    return new AnswerMemory(null, catalogue);
  }
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}
