import assert from "node:assert/strict";
import { test } from "node:test";

import { OfficeMockObject } from "office-addin-mock";

import { applyPatch, BATCH } from "../../../../xl_addin/officejs/bundle/applier.js";
import { readBook } from "../../../../xl_addin/officejs/bundle/book_reader.js";
import { freezeFormulas, unfreezeFormulas } from "../../../../xl_addin/officejs/bundle/freezing.js";
import { host } from "../../../../xl_addin/officejs/bundle/host.js";
import { fingerprint, isUnchanged } from "../../../../xl_addin/officejs/bundle/marks.js";
import { FakeExcel } from "./fake_excel.js";

const LOOKS = {
  font: "Arial",
  table_style: "TableStyleLight1",
  tab_colour: "2F5D8C",
  chart_colours: ["111111", "222222"],
  styles: {
    money: { number_format: "#,##0.00", size: 10, is_bold: false, is_italic: false, colour: "000000", fill: "", align: "right" },
    total: { number_format: "", size: 10, is_bold: true, is_italic: false, colour: "000000", fill: "EEEEEE", align: "", has_top_border: true },
  },
};
const SHEET = { op: "ensure_sheet", name: "Out", after: null, is_visible: true, is_output: true };
const apply = (excel, operations) => excel.run((context) => applyPatch(context, operations, LOOKS));

test("every operation of a patch arrives in the workbook", async () => {
  const excel = new FakeExcel({ Control: [["Mag 17"]] });
  excel.names.set("clo_deal", { range: excel.range(excel.sheets[0], "A1") });
  const chart = {
    op: "chart", sheet: "Out", name: "Balances", anchor: "E2", kind: "line", title: "Balances", data_sheet: "Out", categories: "A2:A3",
    series: [{ name: "A", values: "B2:B3" }, { name: "B", values: "C2:C3" }], width: 300, height: 200, axis_format: "0%", axis_min: 0, axis_max: null,
  };
  const messages = await apply(excel, [
    { ...SHEET, after: "Control" },
    { op: "write", sheet: "Out", anchor: "A1", values: [["date", "x", "y"], [{ d: 42452, f: "yyyy-mm-dd" }, 1.5, null], ["=1+1", true, { e: "#N/A", m: "" }]] },
    { op: "write_formulas", sheet: "Out", range: "D1:D2", formulas: [["=SUM(B1:B3)"], ["=1"]], is_array: false },
    { op: "define_name", name: "out_block", sheet: "Out", range: "A1:C3" },
    { op: "write_named", name: "clo_deal", value: "Mag 9" },
    { op: "write_named", name: "nobody", value: 1 },
    { op: "make_table", name: "tbl_out", sheet: "Out", range: "A1:C3" },
    { op: "format", sheet: "Out", range: "B2:B3", style: "money" },
    { op: "format", sheet: "Out", range: "A3:C3", style: "total" },
    { op: "column_widths", sheet: "Out", widths: [10] },
    { op: "freeze_panes", sheet: "Out", cell: "B2" },
    chart,
    chart,
    { op: "select", sheet: "Out", cell: "B2" },
    { op: "message", level: "information", text: "Done." },
  ]);

  const out = excel.sheet("Out");
  assert.deepEqual(excel.sheets.map((sheet) => sheet.name), ["Control", "Out"]);
  assert.deepEqual(out.rows.map((row) => row.slice(0, 3)), [["date", "x", "y"], [42452, 1.5, ""], ["=1+1", true, "#N/A"]]);
  assert.deepEqual(out.formats["A1:C3"], [[null, null, null], ["yyyy-mm-dd", null, null], [null, null, null]]);
  assert.equal(out.formulas["1,4"], "=SUM(B1:B3)");
  assert.deepEqual([out.orientation, out.zoom], ["Landscape", { horizontalFitToPages: 1 }]);
  assert.equal(excel.names.get("out_block").range.local, "A1:C3");
  assert.equal(excel.sheets[0].rows[0][0], "Mag 9");
  assert.equal(excel.tables.get("tbl_out").style, "TableStyleLight1");
  assert.equal(out.formats["B2:B3"], "#,##0.00");
  assert.equal(out.looks["A3:C3"].font.bold, true);
  assert.equal(out.looks["A3:C3"].edge.style, "Continuous");
  assert.equal(out.looks["A:A"].columnWidth, 56.25);
  assert.equal(out.frozen, "A1:A1");
  assert.equal(out.charts.length, 1);
  assert.deepEqual([out.charts[0].kind, out.charts[0].title.text, out.charts[0].axes.valueAxis.minimum], ["Line", "Balances", 0]);
  assert.deepEqual(out.charts[0].list.map((one) => [one.name, one.values, one.categories]), [["A", "B2:B3", "A2:A3"], ["B", "C2:C3", "A2:A3"]]);
  assert.equal(excel.active.address, "B2");
  assert.deepEqual(messages, [{ level: "information", text: "Done." }]);
  assert.ok(out.names.has("clodesk_output"));
});

test("a patch applied twice leaves the same sheet", async () => {
  const excel = new FakeExcel({ Control: [] });
  const patch = [SHEET, { op: "write", sheet: "Out", anchor: "B2", values: [[1, "a"]] }];
  await apply(excel, patch);
  const once = JSON.stringify(excel.sheet("Out").rows);
  await apply(excel, patch);

  assert.equal(JSON.stringify(excel.sheet("Out").rows), once);
  assert.equal(excel.sheets.length, 2);
});

test("a sheet of the user's is never written on, and mode and cell are restored", async () => {
  const excel = new FakeExcel({ Out: [["mine"]] });
  excel.active = { sheet: excel.sheets[0], address: "C9" };

  await assert.rejects(apply(excel, [SHEET, { op: "write", sheet: "Out", anchor: "A1", values: [[1]] }]), /CLO-2305.*Out/);
  assert.deepEqual(excel.sheet("Out").rows, [["mine"]]);
  assert.equal(excel.calculationMode, "Automatic");
  assert.equal(excel.active.address, "C9");
});

test("only sheets of ours are deleted by prefix", async () => {
  const excel = new FakeExcel({ "HYPO-mine": [["x"]] });
  await apply(excel, [{ ...SHEET, name: "HYPO-ours" }]);

  await apply(excel, [{ op: "delete_sheets", prefix: "HYPO" }]);
  assert.deepEqual(excel.sheets.map((sheet) => sheet.name), ["HYPO-mine"]);
});

test("an operation from a later server is refused with what to do", async () => {
  await assert.rejects(apply(new FakeExcel({ A: [] }), [{ op: "teleport" }]), /CLO-2304.*teleport.*Update/);
});

test("fifty operations go out together, and four megabytes at most", async () => {
  const excel = new FakeExcel({ Control: [] });
  const small = Array.from({ length: 120 }, (_, n) => ({ op: "write", sheet: "Out", anchor: `A${n + 1}`, values: [[n]] }));
  await apply(excel, [SHEET, ...small]);
  const ofSmall = excel.syncs.length;
  excel.syncs = [];
  await apply(excel, small.slice(0, 10).map((one) => ({ ...one, values: [["x".repeat(900_000)]] })));

  assert.equal(BATCH.operations, 50);
  assert.ok(ofSmall <= 10, `${ofSmall} syncs for 121 operations`);
  assert.ok(excel.syncs.length >= 4, `${excel.syncs.length} syncs for 9 MB`);
});

test("named cells and tables are read in one round trip, what is not there is left out", async () => {
  const excel = new FakeExcel({ Control: [["Mag 17", 42452], ["#N/A", ""]], Trades: [["deal", "par"], ["Mag 17", 5], ["", ""]] });
  const [control, trades] = excel.sheets;
  excel.names.set("clo_deal", { range: excel.range(control, "A1") });
  excel.names.set("clo_asof", { range: excel.range(control, "B1") });
  excel.names.set("clo_message", { range: excel.range(control, "A2") });
  excel.tables.set("tbl_trades", { sheet: trades, area: "A1:B3" });

  const book = await excel.run((context) => readBook(context, ["clo_deal", "clo_asof", "clo_message", "clo_mode", "tbl_trades"]));

  assert.deepEqual(book.cells, { clo_deal: "Mag 17", clo_asof: 42452, clo_message: { e: "#N/A" } });
  assert.deepEqual(book.tables, { tbl_trades: [["Mag 17", 5], ["", ""]] });
  assert.deepEqual([book.sheets, book.ours], [["Control", "Trades"], []]);
  assert.ok(excel.syncs.length <= 3);
});

test("a sheet that the user changed since is no longer ours", async () => {
  const excel = new FakeExcel({ Control: [] });
  await apply(excel, [SHEET, { op: "write", sheet: "Out", anchor: "A1", values: [[1, "a"]] }]);
  const before = await excel.run((context) => readBook(context, []));
  excel.sheet("Out").rows[0][0] = 2;
  const after = await excel.run((context) => readBook(context, []));

  assert.deepEqual([before.ours, after.ours], [["Out"], []]);
});

test("fingerprints forgive rounding and nothing else", () => {
  assert.equal(fingerprint([[1, 2.5, ""], ["ab", true, null]]), "4|4.5|195");
  assert.ok(isUnchanged("3|0.30000000000000004|5", "3|0.3|5"));
  assert.ok(!isUnchanged("3|0.3|5", "3|0.31|5"));
  assert.ok(!isUnchanged("3|0.3|5", "3|0.3|6"));
});

test("frozen formulas come back where they were", async () => {
  const excel = new FakeExcel({ Deal: [[100, 7, 3]] });
  const [sheet] = excel.sheets;
  Object.assign(sheet.formulas, { "1,1": '=CLO_DEAL_PAR("Mag 17")', "1,2": "=A1/2", "1,3": "=1+PAY_RATE()" });

  assert.equal(await excel.run(freezeFormulas), 2);
  assert.deepEqual(sheet.formulas, { "1,2": "=A1/2" });
  assert.deepEqual(sheet.rows[0], [100, 7, 3]);
  assert.equal(await excel.run(unfreezeFormulas), 2);
  assert.deepEqual(sheet.formulas, { "1,1": '=CLO_DEAL_PAR("Mag 17")', "1,2": "=A1/2", "1,3": "=1+PAY_RATE()" });
});

test("the name of the workbook is loaded before it is read", async () => {
  const excel = new OfficeMockObject({
    context: { workbook: { name: "Desk.xlsx" } },
    run: async function (work) {
      return work(this.context);
    },
  }, "excel");
  globalThis.Excel = excel;
  const inside = { ...host, run: (work) => globalThis.Excel.run(work) };

  assert.equal(await inside.workbookName(), "Desk.xlsx");
});
