/** Excel, where there is one: everything that needs the workbook. In a plain browser all of it does nothing. */

const FIRST_OF_2000_FROM_1904 = 35_064;
const READY_MS = 4_000;
const DATA_TYPES = "1.4";

/** Resolves to true in Excel, to false in a browser or where Microsoft's library cannot be had. */
const inExcel = new Promise((resolve) => {
  const begin = () => globalThis.Office.onReady((info) => resolve(info.host === "Excel"));
  if (globalThis.Office?.onReady) begin();
  else {
    const script = globalThis.document?.querySelector("script[data-office]");
    script?.addEventListener("load", begin);
    script?.addEventListener("error", () => resolve(false));
    if (!script) resolve(false);
  }
  // Excel names itself in the address; there is no hurry then. A browser may be kept from Microsoft's library for long.
  if (!globalThis.location?.search.includes("_host_Info")) setTimeout(() => resolve(false), READY_MS);
});

export const host = {
  inExcel,

  /** The runtime of custom functions; outside Excel a stand-in with the same errors. */
  excel() {
    const CustomFunctions = globalThis.CustomFunctions?.Error ? globalThis.CustomFunctions : PLAIN;
    const requirements = globalThis.Office?.context?.requirements;
    return { CustomFunctions, hasDataTypes: Boolean(requirements?.isSetSupported("CustomFunctionsRuntime", DATA_TYPES)) };
  },

  /** Runs a piece of work with the workbook; undefined outside Excel. */
  async run(work) {
    return (await inExcel) ? globalThis.Excel.run(work) : undefined;
  },

  /** Name of the workbook, by which the server tells the errors of one from those of another. */
  async workbookName() {
    const name = await this.run(async (context) => {
      context.workbook.load("name");
      await context.sync();
      return context.workbook.name;
    }).catch(() => undefined);
    return name ?? "browser";
  },

  /** Whether the workbook counts dates from 1904: there the first day of 2000 has another serial. */
  async uses1904() {
    const serial = await this.run(async (context) => {
      const day = context.workbook.functions.date(2000, 1, 1);
      day.load("value");
      await context.sync();
      return day.value;
    }).catch(() => undefined);
    return serial === FIRST_OF_2000_FROM_1904;
  },

  /** Have cells calculate again, given by addresses with sheets. */
  async recalculate(cells) {
    if (!cells.length) return;
    await this.run(async (context) => {
      for (const cell of cells) rangeOf(context, cell).setDirty();
      await context.sync();
    });
  },

  /** Have everything calculate again. */
  async recalculateAll() {
    await this.run(async (context) => {
      context.workbook.application.calculate("FullRebuild");
      await context.sync();
    });
  },

  /** Show a cell. */
  async show(cell) {
    await this.run(async (context) => {
      const range = rangeOf(context, cell);
      range.worksheet.activate();
      range.select();
      await context.sync();
    });
  },

  /** Put a formula into the active cell; gives its address, undefined outside Excel. */
  async insert(formula) {
    return this.run(async (context) => {
      const cell = context.workbook.getActiveCell();
      cell.formulas = [[formula]];
      cell.load("address");
      await context.sync();
      return cell.address;
    });
  },

  /** Write named cells that the workbook has; others are left out. */
  async writeNamed(values) {
    await this.run(async (context) => {
      const items = Object.keys(values).map((name) => context.workbook.names.getItemOrNullObject(name));
      for (const item of items) item.load("isNullObject");
      await context.sync();
      items.forEach((item, at) => {
        if (!item.isNullObject) item.getRange().values = [[Object.values(values)[at]]];
      });
      await context.sync();
    });
  },
};

/** The range at an address such as 'Deal CF'!B7. */
export function rangeOf(context, address) {
  const [sheet, cell] = splitAddress(address);
  const sheets = context.workbook.worksheets;
  return (sheet ? sheets.getItem(sheet) : sheets.getActiveWorksheet()).getRange(cell);
}

/** Sheet and cell of an address; the sheet without its quotes, "" where there is none. */
export function splitAddress(address) {
  const at = address.lastIndexOf("!");
  if (at < 0) return ["", address];
  const sheet = address.slice(0, at);
  return [sheet.startsWith("'") ? sheet.slice(1, -1).replaceAll("''", "'") : sheet, address.slice(at + 1)];
}

class PlainError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const PLAIN = {
  Error: PlainError,
  ErrorCode: {
    invalidValue: "#VALUE!",
    notAvailable: "#N/A",
    invalidNumber: "#NUM!",
    divisionByZero: "#DIV/0!",
  },
};
