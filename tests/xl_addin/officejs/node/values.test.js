import assert from "node:assert/strict";
import { test } from "node:test";

import { excelFormats, excelValue, portions } from "../../../../xl_addin/officejs/bundle/cells.js";
import { CellErrors } from "../../../../xl_addin/officejs/bundle/cell_errors.js";
import { argumentsToWire, argumentToWire, resultFromWire } from "../../../../xl_addin/officejs/bundle/values.js";
import { formatted } from "../../../../xl_addin/officejs/taskpane/number_format.js";

class CellError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
const CustomFunctions = {
  Error: CellError,
  ErrorCode: { invalidValue: "#VALUE!", notAvailable: "#N/A", invalidNumber: "#NUM!", divisionByZero: "#DIV/0!" },
};
const known = { rest: false, addresses: [] };

test("a range of one cell is that cell, a larger one keeps its shape", () => {
  assert.equal(argumentToWire([[5]]), 5);
  assert.equal(argumentToWire([[""]]), "");
  assert.deepEqual(argumentToWire([[1, ""], [null, "a"]]), [[1, ""], ["", "a"]]);
});

test("values of data types and error cells come as the wire has them", () => {
  assert.equal(argumentToWire([[{ type: "FormattedNumber", basicValue: 42452, numberFormat: "yyyy-mm-dd" }]]), 42452);
  assert.equal(argumentToWire([[{ type: "Empty" }]]), "");
  assert.deepEqual(argumentToWire([[{ type: "Error", basicValue: "#DIV/0!", errorType: "Div0" }]]), { e: "#DIV/0!", m: "" });
});

test("omitted arguments at the end are left out, in between they are null", () => {
  assert.deepEqual(argumentsToWire(known, ["a", null, [[1]], null, undefined]), ["a", null, 1]);
});

test("repeated arguments follow each other, an address stands for its cell", () => {
  assert.deepEqual(argumentsToWire({ rest: true, addresses: [] }, ["a", [[[1]], [[2]]]]), ["a", 1, 2]);
  assert.deepEqual(argumentsToWire({ rest: false, addresses: [0] }, [[["x"]]], ["Sheet1!B7"]), ["Sheet1!B7"]);
});

test("dates carry their format where Excel knows data types, else they are serials", () => {
  const result = { v: { d: 42452, f: "yyyy-mm-dd" } };

  assert.deepEqual(resultFromWire(result, { CustomFunctions, hasDataTypes: true }), [
    [{ type: "FormattedNumber", basicValue: 42452, numberFormat: "yyyy-mm-dd" }],
  ]);
  assert.deepEqual(resultFromWire(result, { CustomFunctions, hasDataTypes: false }), [[42452]]);
});

test("an error of a call is thrown with its text, one inside a table stands in its cell", () => {
  const excel = { CustomFunctions, hasDataTypes: false };

  assert.throws(() => resultFromWire({ e: "#N/A", m: "CLO-3013: no deal" }, excel), { code: "#N/A", message: "CLO-3013: no deal" });
  assert.throws(() => resultFromWire({ e: "#DIV/0!", m: "CLO-2114: x" }, excel), { code: "#DIV/0!", message: "" });
  assert.throws(() => resultFromWire({ e: "#REF!", m: "" }, excel), { code: "#VALUE!", message: "#REF!" });
  const [[number, inside]] = resultFromWire({ v: [[1, { e: "#N/A", m: "CLO-2116: nothing" }]] }, excel);
  assert.equal(number, 1);
  assert.equal(inside.code, "#N/A");
});

test("what Excel would read as a formula, a number or a date is written as a text", () => {
  const texts = ["=1+1", "+5", "-5", "@x", "00123", "1-2", "Mar 16", "TRUE", "'quoted", "3/4", "5%"];

  for (const text of texts) assert.equal(excelValue(text), `'${text}`);
  for (const plain of ["Class A", "Mag", "Sub Notes"]) assert.equal(excelValue(plain), plain);
  assert.deepEqual([excelValue(null), excelValue(5), excelValue(true), excelValue({ d: 42452 }), excelValue({ e: "#N/A" })], ["", 5, true, 42452, "#N/A"]);
});

test("only dates bring a number format along", () => {
  assert.equal(excelFormats([[1, "a"]]), null);
  assert.deepEqual(excelFormats([[1, { d: 42452, f: "yyyy-mm-dd" }]]), [[null, "yyyy-mm-dd"]]);
});

test("large grids are cut between rows, none is lost", () => {
  const rows = Array.from({ length: 100 }, (_, n) => [n, "x".repeat(90)]);
  const found = portions(rows, 1_000);

  assert.deepEqual(found.flatMap((one) => one.rows), rows);
  assert.deepEqual(found.map((one) => one.first), found.map((_, at) => found.slice(0, at).reduce((sum, one) => sum + one.rows.length, 0)));
  assert.ok(found.every((one) => one.size <= 1_000));
});

test("the error of a cell keeps the last value it had and goes away with the next one", () => {
  let changes = 0;
  const errors = new CellErrors(() => (changes += 1));
  errors.note("S!A1", "CLO_PING", { v: 5 });
  errors.note("S!A1", "CLO_PING", { e: "#N/A", m: "CLO-3000: away" });

  assert.deepEqual(errors.list(), [{ cell: "S!A1", formula: "CLO_PING", code: "#N/A", number: "CLO-3000", text: "away", lastValue: 5 }]);
  assert.deepEqual(errors.cellsWith(["CLO-3000"]), ["S!A1"]);
  assert.equal(errors.textOf("S!A1"), "CLO-3000: away");
  errors.note("S!A1", "CLO_PING", { v: 6 });
  assert.deepEqual(errors.list(), []);
  assert.equal(changes, 2);
});

test("a look without Excel shows values in the formats of our styles", () => {
  assert.equal(formatted(1234567.891, "#,##0.00;[Red]-#,##0.00"), "1,234,567.89");
  assert.equal(formatted(0.0475, "0.000%"), "4.750%");
  assert.equal(formatted(42452, "yyyy-mm-dd"), "2016-03-23");
  assert.equal(formatted({ d: 42452, f: "yyyy-mm-dd" }, ""), "2016-03-23");
  assert.equal(formatted(0.1 + 0.2, ""), "0.3");
});
