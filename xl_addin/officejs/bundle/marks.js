/** The mark of a sheet of ours: a sheet-level name whose value is a fingerprint of what we wrote there. */

export const MARK = "clodesk_output";

/** Fingerprint of the values of a sheet, row by row: filled cells | sum of numbers | sum of letters. */
export function fingerprint(rows) {
  let filled = 0;
  let total = 0;
  let letters = 0;
  for (const value of rows.flat()) {
    if (value === null || value === "") continue;
    filled += 1;
    if (typeof value === "string") for (const letter of value) letters += letter.codePointAt(0);
    else total += Number(value);
  }
  return `${filled}|${total}|${letters}`;
}

/** Whether two fingerprints are of the same content; sums may differ in rounding. */
export function isUnchanged(mark, now) {
  const [one, other] = [mark.split("|"), now.split("|")];
  if (one.length !== 3 || one[0] !== other[0] || one[2] !== other[2]) return false;
  const [a, b] = [Number(one[1]), Number(other[1])];
  return Math.abs(a - b) <= Math.max(1e-6, 1e-9 * Math.max(Math.abs(a), Math.abs(b)));
}

/** Names of the sheets that carry our mark: [{name, mark}]. */
export async function markedSheets(context, names) {
  const items = names.map((name) => context.workbook.worksheets.getItem(name).names.getItemOrNullObject(MARK));
  for (const item of items) item.load("value");
  await context.sync();
  return names.map((name, at) => ({ name, item: items[at] })).filter(({ item }) => !item.isNullObject)
    .map(({ name, item }) => ({ name, mark: String(item.value) }));
}

/** Of marked sheets those that nobody changed since. */
export async function unchangedSheets(context, marked) {
  const now = await fingerprints(context, marked.map(({ name }) => name));
  return marked.filter(({ mark }, at) => isUnchanged(mark, now[at])).map(({ name }) => name);
}

/** Mark sheets as ours, as they are now. */
export async function markSheets(context, names) {
  const now = await fingerprints(context, names);
  const items = names.map((name) => context.workbook.worksheets.getItem(name).names.getItemOrNullObject(MARK));
  for (const item of items) item.load("name");
  await context.sync();
  names.forEach((name, at) => {
    if (!items[at].isNullObject) items[at].delete();
    const made = context.workbook.worksheets.getItem(name).names.add(MARK, `="${now[at]}"`);
    made.visible = false;
  });
  await context.sync();
}

async function fingerprints(context, names) {
  const ranges = names.map((name) => context.workbook.worksheets.getItem(name).getUsedRangeOrNullObject(true));
  for (const range of ranges) range.load("values");
  await context.sync();
  return ranges.map((range) => fingerprint(range.isNullObject ? [] : range.values));
}
