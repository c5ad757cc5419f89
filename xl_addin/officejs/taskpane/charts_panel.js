/** Charts of the current deal: the same figures as cells show, drawn by the module that draws the dashboard's. */

import { face } from "../bundle/face.js";
import { STRINGS } from "../bundle/strings.js";
import { basis, onBasis } from "./basis.js";
import { $, element } from "./dom.js";
import { records } from "./tables.js";

const LIBRARY = "/static/plotly.min.js";
const DRAWING = "/dashboard/charts.js";
const MOST_TESTS = 12;
/** The axis of ratios ends at so many times the highest trigger. */
const ROOM_ABOVE = 1.6;
let isShown = false;
let drawn = "";
let loading = null;

/** The panel is seen, or no longer; figures are asked for only when somebody looks. */
export function showCharts(isSeen) {
  isShown = isSeen;
  if (isSeen) refresh();
}

/** Draw anew even if nothing was chosen since: a run was stored. */
export function redrawCharts() {
  drawn = "";
  refresh();
}

async function refresh() {
  const chosen = basis();
  const key = JSON.stringify(chosen);
  if (!isShown || key === drawn) return;
  drawn = key;
  const panel = $("panel-charts");
  if (!chosen.deal) {
    panel.replaceChildren(element("p", { class: "empty" }, STRINGS.charts.none));
    return;
  }
  panel.replaceChildren(element("p", { class: "empty", role: "status" }, STRINGS.charts.loading));
  const [figures, drawing] = await Promise.all([figuresOf(chosen), load()]);
  if (drawn !== key) return;
  panel.replaceChildren();
  if (figures.flows.length) card(STRINGS.charts.balances, (place) => drawing.drawBalances(place, Object.fromEntries(figures.flows)));
  if (figures.triggers.length) card(STRINGS.charts.coverage, (place) => drawing.drawCoverage(place, figures.triggers, figures.dates, ROOM_ABOVE));
  if (figures.failure) panel.prepend(element("p", { class: "empty" }, figures.failure, element("br"), STRINGS.charts.noRun));
  if (figures.tests.length) panel.append(rooms(figures.tests));
}

function card(title, draw) {
  const place = element("div", { class: "chart", role: "img", "aria-label": title });
  $("panel-charts").append(element("figure", { class: "card" }, element("h2", {}, title), place));
  draw(place);
}

async function figuresOf({ deal, asOf, scenario }) {
  const tail = [asOf, scenario];
  const [tranches, waterfall, triggers, tests] = await Promise.all([
    face.value("CLO_TRANCHES", deal, asOf),
    face.value("CLO_WATERFALL", deal, "deal", ...tail),
    face.value("CLO_TRIGGERS", deal, "oc", null, ...tail),
    face.value("CLO_COMPLIANCE", deal, asOf),
  ]);
  const classes = records(tranches).map((row) => row.class_name);
  const flows = await Promise.all(classes.map((name) => face.value("CLO_TRANCHE_CASHFLOW", deal, name, ...tail)));
  return {
    failure: waterfall.e === undefined ? "" : waterfall.m,
    flows: classes.map((name, at) => [name, records(flows[at])]).filter(([, rows]) => rows.length),
    triggers: records(triggers),
    dates: new Map(records(waterfall).map((row) => [row.period, row.payment_date])),
    tests: records(tests).filter((row) => typeof row.cushion === "number" && typeof row.threshold === "number" && row.threshold),
  };
}

/** The tests with the least room, as a share of their limit. */
function rooms(tests) {
  const rows = tests
    .map((row) => ({ ...row, share: row.cushion / Math.abs(row.threshold) }))
    .sort((a, b) => a.share - b.share)
    .slice(0, MOST_TESTS)
    .map(({ test_name: name, share, pass }) =>
      element(
        "div",
        { class: pass === false ? "room fails" : "room" },
        element("span", { title: name }, String(name).replaceAll("_", " ")),
        element("b", {}, `${(share * 100).toFixed(1)} %`),
        element("meter", { min: 0, max: 1, low: 0.02, optimum: 1, value: Math.max(0, Math.min(1, share)), "aria-label": name }),
      ),
    );
  return element("section", { class: "card" }, element("h2", {}, STRINGS.charts.tests), ...rows);
}

function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = element("script", { src: LIBRARY });
    script.addEventListener("load", () => resolve(import(DRAWING)));
    script.addEventListener("error", () => reject(new Error(STRINGS.errors.unreachable)));
    document.head.append(script);
  });
  return loading;
}

/** The charting library with what draws the charts of deals. */
export { load as loadDrawing };

onBasis(refresh);
