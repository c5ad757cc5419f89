/** What the pane works on: a deal, a date and a scenario, kept in the named cells of the workbook where it has them. */

import { face } from "../bundle/face.js";
import { readBook } from "../bundle/book_reader.js";
import { host } from "../bundle/host.js";
import { STRINGS } from "../bundle/strings.js";
import { $, fillSelect } from "./dom.js";
import { isoDate, records } from "./tables.js";

const NAMES = { deal: "clo_deal", "as-of": "clo_asof", scenario: "clo_scenario" };
const listeners = new Set();
let runs = [];

/** Hear of every change of deal, date or scenario. */
export function onBasis(listener) {
  listeners.add(listener);
}

/** {deal, asOf, scenario}: asOf null for the newest snapshot, deal "" where there is none. */
export function basis() {
  return { deal: $("deal").value, asOf: $("as-of").value || null, scenario: $("scenario").value || "BASE" };
}

/** The basis as named cells of the wire. */
export function basisCells() {
  const { deal, asOf, scenario } = basis();
  return { clo_deal: deal, clo_asof: asOf ?? "", clo_scenario: scenario };
}

/** Load the deals; the workbook's own choice is taken over. */
export async function loadBasis() {
  const [deals, stored] = await Promise.all([
    face.value("CLO_DEALS"),
    face.value("CLO_RUNS", null, "deal", 200),
  ]);
  runs = records(stored);
  const book = await host.run((context) => readBook(context, Object.values(NAMES)));
  const cells = book?.cells ?? {};
  const names = records(deals).map((row) => row.deal);
  const options = names.length ? names.map((name) => ({ value: name, label: name })) : [{ value: "", label: STRINGS.deal.none }];
  fillSelect($("deal"), options, cells.clo_deal || $("deal").value);
  await loadDeal(cells);
}

/** Take over what a patch wrote into the named cells of the basis. */
export async function adoptNamed(patch) {
  const written = patch.filter((one) => one.op === "write_named");
  const values = Object.fromEntries(written.map(({ name, value }) => [name, value?.d ?? value]));
  if (!Object.values(NAMES).some((name) => name in values)) return;
  if (values.clo_deal) $("deal").value = values.clo_deal;
  await loadDeal(values);
}

async function loadDeal(cells = {}) {
  const { deal } = basis();
  const snapshots = deal ? records(await face.value("CLO_SNAPSHOTS", deal)) : [];
  const dates = [...new Set(snapshots.map((row) => row.as_of))].sort().reverse();
  const newest = { value: "", label: dates.length ? `${dates[0]} (${STRINGS.deal.newest})` : STRINGS.deal.newest };
  fillSelect($("as-of"), [newest, ...dates.slice(1).map((value) => ({ value, label: value }))], dateCell(cells.clo_asof));
  const known = records(await face.value("CLO_SCENARIOS")).map((row) => row.name);
  const scenarios = new Set([...known, ...runs.filter((row) => row.deal === deal && row.scenario).map((row) => row.scenario)]);
  fillSelect($("scenario"), [...scenarios].map((value) => ({ value, label: value })), cells.clo_scenario || $("scenario").value);
  tell();
}

function dateCell(value) {
  if (typeof value === "number" && value > 0) return isoDate(value);
  return typeof value === "string" && value ? value : $("as-of").value;
}

function tell() {
  for (const listener of listeners) listener(basis());
}

$("basis").addEventListener("submit", (event) => event.preventDefault());
$("basis").addEventListener("change", async (event) => {
  if (event.target.id === "deal") await loadDeal({ clo_asof: "" });
  else tell();
  await host.writeNamed(basisCells());
});
