/** The cells that show an error of ours, with number, text and the last value they had. */

import { numberAndText } from "./values.js";

const MOST = 5_000;

export class CellErrors {
  constructor(onChange = () => {}) {
    this.onChange = onChange;
    this.byCell = new Map();
    this.lastValues = new Map();
  }

  /** Note what a cell shows now. */
  note(cell, formula, answer) {
    if (!cell) return;
    if (answer.e === undefined) {
      remember(this.lastValues, cell, answer.v);
      if (this.byCell.delete(cell)) this.onChange();
      return;
    }
    const [number, text] = numberAndText(answer.m);
    remember(this.byCell, cell, { cell, formula, code: answer.e, number, text, lastValue: this.lastValues.get(cell) });
    this.onChange();
  }

  /** Newest first. */
  list() {
    return [...this.byCell.values()].reverse();
  }

  /** Number and text of a cell's error, undefined for a cell that is well. */
  textOf(cell) {
    const found = this.byCell.get(cell);
    return found && (found.number ? `${found.number}: ${found.text}` : found.text);
  }

  /** Cells whose error has one of these numbers. */
  cellsWith(numbers) {
    return this.list().filter((one) => numbers.includes(one.number)).map((one) => one.cell);
  }
}

function remember(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST) map.delete(map.keys().next().value);
}
