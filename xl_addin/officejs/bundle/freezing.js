/** Values in place of CLO formulas, and the formulas back: kept in the workbook's own settings. */

const KEY = "clodesk_frozen";
const OURS = /\b(CLO|PAY)_[A-Z0-9_]+\(/i;

/** Replace every formula that calls a function of ours by what it shows; gives their number. */
export async function freezeFormulas(context) {
  const { worksheets, settings } = context.workbook;
  worksheets.load("items/name");
  const before = settings.getItemOrNullObject(KEY);
  before.load("value");
  await context.sync();
  const used = worksheets.items.map((sheet) => sheet.getUsedRangeOrNullObject());
  for (const range of used) range.load("formulas");
  await context.sync();
  const cells = used.flatMap((range, at) => (range.isNullObject ? [] : formulasOf(range, worksheets.items[at].name)));
  const spills = cells.map(({ cell }) => cell.getSpillingToRangeOrNullObject());
  cells.forEach(({ cell }, at) => {
    cell.load("address");
    spills[at].load("address");
  });
  await context.sync();
  const frozen = cells.map(({ sheet, cell, formula }, at) => ({ sheet, cell: local(cell.address), area: areaOf(cell, spills[at]), formula }));
  for (const { sheet, area } of frozen) {
    const range = worksheets.getItem(sheet).getRange(area);
    range.copyFrom(range, "Values");
  }
  settings.add(KEY, JSON.stringify([...(before.isNullObject ? [] : JSON.parse(before.value)), ...frozen]));
  await context.sync();
  return frozen.length;
}

/** Put frozen formulas back where they were; gives their number. */
export async function unfreezeFormulas(context) {
  const { worksheets, settings } = context.workbook;
  const kept = settings.getItemOrNullObject(KEY);
  kept.load("value");
  worksheets.load("items/name");
  await context.sync();
  if (kept.isNullObject) return 0;
  const sheets = new Set(worksheets.items.map((sheet) => sheet.name));
  const frozen = JSON.parse(kept.value).filter(({ sheet }) => sheets.has(sheet));
  for (const { sheet, cell, area, formula } of frozen) {
    worksheets.getItem(sheet).getRange(area).clear("Contents");
    worksheets.getItem(sheet).getRange(cell).formulas = [[formula]];
  }
  kept.delete();
  await context.sync();
  return frozen.length;
}

function formulasOf(range, sheet) {
  return range.formulas.flatMap((row, i) =>
    row.map((formula, j) => ({ sheet, formula, cell: range.getCell(i, j) })).filter(({ formula }) => typeof formula === "string" && formula.startsWith("=") && OURS.test(formula)),
  );
}

/** A result that spills is frozen whole. */
function areaOf(cell, spill) {
  return local(spill.isNullObject ? cell.address : spill.address);
}

function local(address) {
  return address.slice(address.lastIndexOf("!") + 1);
}
