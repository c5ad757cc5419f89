/**
 * Applies a workbook patch with Office.js (spec 08 §8.2): 50 operations or 4 MB go out together.
 *
 * What the user had before - selected cell, calculation mode - is there again afterwards, also after a failure.
 */

import { OPERATIONS } from "./operations.js";
import { markedSheets, markSheets } from "./marks.js";
import { fill, STRINGS } from "./strings.js";

export const BATCH = { operations: 50, characters: 4_000_000 };

/** Apply operations; gives the messages of the patch. looks: the styles, as the server describes them. */
export async function applyPatch(context, operations, looks) {
  const book = await openBook(context, looks);
  const { application } = context.workbook;
  const before = await rememberPlace(context);
  application.calculationMode = "Manual";
  try {
    for (const operation of operations) await applied(book, operation);
    await book.send();
    await markSheets(context, [...book.written]);
  } finally {
    application.calculationMode = before.calculationMode;
    if (!book.hasSelected) before.cell.select();
    await context.sync();
  }
  return book.messages;
}

async function applied(book, operation) {
  const apply = OPERATIONS[operation.op];
  if (!apply) throw new Error(fill(STRINGS.errors.unknownOperation, operation));
  await apply(book, operation);
}

/** What the appliers of operations share: what the workbook has, what was written, and a count of what is pending. */
async function openBook(context, looks) {
  const { workbook } = context;
  workbook.worksheets.load("items/name");
  workbook.names.load("items/name");
  workbook.tables.load("items/name");
  await context.sync();
  const sheets = workbook.worksheets.items.map((sheet) => sheet.name);
  const marked = await markedSheets(context, sheets);
  return {
    context,
    looks,
    sheets,
    ours: new Set(marked.map(({ name }) => name)),
    names: new Set(workbook.names.items.map((one) => one.name)),
    tables: new Set(workbook.tables.items.map((one) => one.name)),
    written: new Set(),
    messages: [],
    hasSelected: false,
    pending: { operations: 0, characters: 0 },

    sheet(name) {
      return workbook.worksheets.getItem(name);
    },

    /** Count an operation; what is pending goes out when there is enough of it. */
    async count(characters) {
      this.pending.operations += 1;
      this.pending.characters += characters;
      const { operations, characters: size } = this.pending;
      if (operations >= BATCH.operations || size >= BATCH.characters / 2) await this.send();
    },

    async send() {
      this.pending = { operations: 0, characters: 0 };
      await context.sync();
    },
  };
}

async function rememberPlace(context) {
  const { application } = context.workbook;
  application.load("calculationMode");
  const cell = context.workbook.getSelectedRange();
  await context.sync();
  return { calculationMode: application.calculationMode, cell };
}
