/**
 * A small workbook that speaks the part of Office.js that the face uses.
 *
 * As in Excel, a property can be read only after it was loaded and the context was synced; what a null object gives is a
 * null object. Runs in node and, as a module, in a browser.
 */

import { corners } from "../../../../xl_addin/officejs/bundle/a1.js";

const READ_AFTER_SYNC = new Set(["values", "formulas", "value", "name", "items", "isNullObject", "address", "calculationMode"]);

export class FakeExcel {
  constructor(sheets = {}) {
    this.sheets = Object.entries(sheets).map(([name, rows]) => new Sheet(name, rows));
    this.names = new Map();
    this.tables = new Map();
    this.settings = new Map();
    this.active = { sheet: this.sheets[0], address: "A1" };
    this.calculationMode = "Automatic";
    this.syncs = [];
    this.pending = [];
    this.dirty = [];
    this.operations = 0;
  }

  sheet(name) {
    return this.sheets.find((one) => one.name === name);
  }

  /** Excel.run of this workbook. */
  async run(work) {
    const context = {
      workbook: this.workbook(),
      sync: async () => {
        this.syncs.push(this.operations);
        this.operations = 0;
        for (const state of this.pending) state.isLoaded = true;
        this.pending = [];
      },
    };
    return work(context);
  }

  /** An object of Office.js: what is in `known` can be read after load and sync, `rest` at once. */
  object(known, rest = {}) {
    const state = { isLoaded: false };
    const isNull = known === null;
    const target = isNull ? {} : known;
    const methods = { load: () => this.pending.push(state), ...rest };
    return new Proxy(target, {
      get: (_, key) => {
        if (key === "then") return undefined;
        if (key === "isNullObject") return this.read(state, key, isNull);
        if (key in methods) return methods[key];
        if (isNull) return key.startsWith("get") ? () => this.object(null) : this.read(state, key);
        return READ_AFTER_SYNC.has(key) ? this.read(state, key, target[key]) : target[key];
      },
      set: (_, key, value) => {
        this.operations += 1;
        if (rest.set) rest.set(key, value);
        else target[key] = value;
        return true;
      },
    });
  }

  read(state, key, value) {
    if (!state.isLoaded) throw new Error(`The property '${key}' is not loaded`);
    return value;
  }

  workbook() {
    return {
      load() {},
      name: "Book.xlsx",
      functions: { date: () => this.object({ value: this.is1904 ? 35_064 : 36_526 }) },
      worksheets: this.worksheets(),
      names: this.namedItems(this.names),
      tables: this.tableItems(),
      settings: {
        getItemOrNullObject: (key) =>
          this.settings.has(key) ? this.object({ value: this.settings.get(key) }, { delete: () => this.settings.delete(key) }) : this.object(null),
        add: (key, value) => this.settings.set(key, value),
      },
      application: this.object(this, {
        set: (key, value) => (this[key] = value),
        calculate: (kind) => (this.calculated = kind),
      }),
      getSelectedRange: () => this.range(this.active.sheet, this.active.address),
      getActiveCell: () => this.range(this.active.sheet, this.active.address),
    };
  }

  worksheets() {
    return this.object(
      { get items() { return []; } },
      {
        load: () => {},
        items: this.sheets.map((sheet) => this.worksheet(sheet)),
        getItem: (name) => this.worksheet(this.sheet(name)),
        getActiveWorksheet: () => this.worksheet(this.active.sheet),
        add: (name) => {
          this.sheets.push(new Sheet(name, []));
          return this.worksheet(this.sheet(name));
        },
      },
    );
  }

  worksheet(sheet) {
    const self = this;
    return {
      load() {},
      name: sheet.name,
      names: this.namedItems(sheet.names),
      set position(at) {
        self.sheets.splice(self.sheets.indexOf(sheet), 1);
        self.sheets.splice(at, 0, sheet);
      },
      set visibility(value) { sheet.visibility = value; },
      set tabColor(value) { sheet.tabColor = value; },
      pageLayout: {
        set orientation(value) { sheet.orientation = value; },
        set zoom(value) { sheet.zoom = value; },
      },
      delete: () => this.sheets.splice(this.sheets.indexOf(sheet), 1),
      activate: () => (this.active = { sheet, address: "A1" }),
      getRange: (address = "A1:XFD1048576") => this.range(sheet, address),
      getUsedRangeOrNullObject: () => (sheet.rows.length ? this.range(sheet, sheet.used()) : this.object(null)),
      freezePanes: {
        unfreeze: () => (sheet.frozen = null),
        freezeAt: (range) => (sheet.frozen = range.local),
        freezeRows: (n) => (sheet.frozen = `rows ${n}`),
        freezeColumns: (n) => (sheet.frozen = `columns ${n}`),
      },
      charts: this.charts(sheet),
      tables: {
        load() {},
        items: [...this.tables].filter(([, one]) => one.sheet === sheet).map(([name]) => ({ name, delete: () => this.tables.delete(name) })),
        add: (range) => {
          const table = { sheet, area: range.local };
          return {
            set name(name) { self.tables.set(name, table); },
            set style(style) { table.style = style; },
          };
        },
      },
    };
  }

  charts(sheet) {
    return {
      load() {},
      items: sheet.charts.map((one) => ({ delete: () => sheet.charts.splice(sheet.charts.indexOf(one), 1) })),
      getItemOrNullObject: (name) => {
        const found = sheet.charts.find((one) => one.name === name);
        return this.object(found ?? null, found ? { delete: () => sheet.charts.splice(sheet.charts.indexOf(found), 1) } : {});
      },
      add: (kind) => {
        const made = { kind, title: {}, legend: {}, axes: { valueAxis: {} }, list: [newSeries()], setPosition: (at) => (made.at = at) };
        made.series = { getItemAt: (at) => made.list[at], add: () => made.list[made.list.push(newSeries()) - 1] };
        sheet.charts.push(made);
        return made;
      },
    };
  }

  namedItems(names) {
    const item = (name) => {
      const known = names.get(name);
      return this.object({ name, value: known.value }, { delete: () => names.delete(name), getRange: () => known.range, getRangeOrNullObject: () => known.range ?? this.object(null) });
    };
    return {
      load() {},
      items: [...names.keys()].map((name) => ({ name })),
      getItem: item,
      getItemOrNullObject: (name) => (names.has(name) ? item(name) : this.object(null)),
      add: (name, given) => {
        names.set(name, typeof given === "string" ? { value: given.replace(/^="|"$/g, "") } : { range: given });
        return {};
      },
    };
  }

  tableItems() {
    const item = (name) => ({
      resize: (range) => (this.tables.get(name).area = range.local),
      getDataBodyRange: () => {
        const { sheet, area } = this.tables.get(name);
        const { first, last } = corners(area);
        return this.range(sheet, `A${first.row + 1}:${area.split(":")[1].replace(/\d+/, "")}${last.row}`);
      },
      load() {},
    });
    return {
      load() {},
      items: [...this.tables.keys()].map((name) => ({ name })),
      getItem: item,
      getItemOrNullObject: (name) => (this.tables.has(name) ? item(name) : this.object(null)),
    };
  }

  range(sheet, address) {
    const isCell = /^\$?[A-Z]+\$?\d+(:\$?[A-Z]+\$?\d+)?$/.test(address);
    const area = isCell ? corners(address) : { first: { row: 1, column: 1 }, last: { row: 1, column: 1 } };
    const look = (sheet.looks[address] ??= { font: {}, fill: {}, borders: { getItem: (edge) => (look.edge = { edge }) } });
    return this.object(
      { address: `${sheet.name}!${address}`, get values() { return sheet.read(area); }, get formulas() { return sheet.read(area, true); } },
      {
        local: address,
        format: look,
        worksheet: this.worksheet(sheet),
        set: (key, value) => sheet.set(key, value, area, address),
        getCell: (i, j) => this.range(sheet, cellName(area.first.row + i, area.first.column + j)),
        getSpillingToRangeOrNullObject: () => this.object(null),
        copyFrom: () => sheet.set("values", sheet.read(area), area),
        clear: (what) => sheet.cleared.push([address, what]),
        setDirty: () => this.dirty.push(`${sheet.name}!${address}`),
        select: () => (this.active = { sheet, address }),
      },
    );
  }
}

class Sheet {
  constructor(name, rows) {
    Object.assign(this, { name, rows: rows.map((row) => [...row]), names: new Map(), looks: {}, charts: [], formats: {}, formulas: {}, cleared: [] });
  }

  used() {
    const width = Math.max(1, ...Array.from(this.rows, (row) => row?.length ?? 0));
    return `A1:${cellName(this.rows.length, width)}`;
  }

  read({ first, last }, asFormulas = false) {
    return Array.from({ length: last.row - first.row + 1 }, (_, i) =>
      Array.from({ length: last.column - first.column + 1 }, (_, j) => {
        const formula = this.formulas[`${first.row + i},${first.column + j}`];
        return (asFormulas && formula) || (this.rows[first.row - 1 + i]?.[first.column - 1 + j] ?? "");
      }),
    );
  }

  set(key, value, { first }, address) {
    if (key === "numberFormat") this.formats[address] = value;
    if (key !== "values" && key !== "formulas") return;
    value.forEach((line, i) => line.forEach((one, j) => this.put(first.row + i, first.column + j, one, key === "formulas")));
  }

  /** As Excel: an apostrophe in front makes a text of whatever follows, and is not part of it. */
  put(row, column, value, isFormula) {
    delete this.formulas[`${row},${column}`];
    if (isFormula) this.formulas[`${row},${column}`] = value;
    const text = typeof value === "string" && value.startsWith("'") ? value.slice(1) : value;
    (this.rows[row - 1] ??= [])[column - 1] = text;
  }
}

function cellName(row, column) {
  return `${String.fromCharCode(64 + column)}${row}`;
}

function newSeries() {
  const made = { format: { line: {}, fill: { setSolidColor: (colour) => (made.colour = colour) } } };
  made.setValues = (range) => (made.values = range.local);
  made.setXAxisValues = (range) => (made.categories = range.local);
  return made;
}

