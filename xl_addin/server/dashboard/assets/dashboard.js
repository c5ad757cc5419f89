// The dashboard: one deal at one date and scenario, in five sections; everything comes from one batch of calls.

import { drawBalances, drawCoverage, drawCushions, drawSankey } from "./charts.js";
import { element, figure, millions, money, number, percent, showTable, showTiles, text, verdict } from "./figures.js";
import { Failure, OutOfReach, SignInNeeded, batch, cancelJob, followJob, isOver, jobs, records, signIn, signOut, version } from "./server.js";

const SECTIONS = ["overview", "coverage", "compliance", "cash", "runs"];
const RETRY_AFTER = 3000;
const JOBS_EVERY = 2500;
const $ = (id) => document.getElementById(id);

const state = { deals: [], runs: [], steps: [], periods: [], chosen: new Set(), followed: new Set(), hasLooked: false, retry: 0 };

// What is asked for

const scope = () => [$("as-of").value || null, $("scenario").value || "BASE", $("mode").value];

async function load() {
  const [deals, runs] = await batch([["CLO_DEALS"], ["CLO_RUNS", null, null, 200]]);
  if (deals instanceof Failure && !/^CLO-(4070|3013)/.test(deals.text)) throw new Error(deals.text);
  state.deals = records(deals);
  state.runs = records(runs);
  fillDeals();
  await loadDeal();
}

async function loadDeal() {
  const deal = $("deal").value;
  showDeals();
  showRuns();
  if (!deal) {
    notice("No deal is stored yet. Import a workbook: clodesk import FILE, or the button in Excel.");
    return;
  }
  fillDates(deal);
  fillScenarios(deal);
  const [asOf, scenario, mode] = scope();
  const tail = [asOf, scenario, mode];
  const calls = [
    ["CLO_DEAL", deal, null, asOf],
    ["CLO_TRANCHES", deal, asOf],
    ["CLO_TRANCHE_METRICS", deal, ...tail],
    ["CLO_TRIGGERS", deal, null, null, ...tail],
    ["CLO_WATERFALL", deal, null, ...tail],
    ["CLO_WATERFALL", deal, "steps", ...tail],
    ["CLO_COMPLIANCE", deal, asOf, null, mode],
    ["CLO_DEAL_PAR", deal, null, asOf],
    ["CLO_DEAL_CASH", deal, null, null, asOf],
  ];
  const results = await batch(calls);
  const [, tranches, metrics, triggers, waterfall, steps, compliance, par, cash] = results;
  const classes = records(tranches);
  const flows = await batch(classes.map((row) => ["CLO_TRANCHE_CASHFLOW", deal, row.class_name, ...tail]));
  notice(waterfall instanceof Failure ? waterfall.text : "");
  const flowsByClass = Object.fromEntries(classes.map((row, index) => [row.class_name, records(flows[index])]));
  const tests = compared(records(compliance));
  showOverview({ classes, metrics: records(metrics), triggers: records(triggers), tests, par, cash, flowsByClass });
  showCoverage(records(triggers), records(waterfall));
  showCompliance(compliance, tests);
  showCash(records(waterfall), records(steps));
}

const isApplicable = (test) => test.comment !== "nothing to test";

/** Tests with their room: how far the result is from its limit, as a share of the limit; the least first. */
function compared(tests) {
  return tests
    .filter((row) => isApplicable(row) && typeof row.result === "number" && typeof row.threshold === "number" && row.threshold !== 0)
    .map((row) => {
      const isLeast = /min|>=|least/i.test(row.direction);
      const room = (isLeast ? row.result - row.threshold : row.threshold - row.result) / Math.abs(row.threshold);
      const label = `${row.test_number}  ${String(row.test_name).replaceAll("_", " ")}`.slice(0, 34);
      return { ...row, room, passes: row.pass, label, shown: `${figure(row.result)} against ${figure(row.threshold)}` };
    })
    .sort((a, b) => a.room - b.room);
}

// What is shown

function showOverview({ classes, metrics, triggers, tests, par, cash, flowsByClass }) {
  const metricByClass = new Map(metrics.map((row) => [row.class_name, row]));
  const first = triggers.filter((row) => row.period === 1 && (row.kind === "oc" || row.kind === "ic"));
  const failing = tests.filter((row) => row.passes === false);
  const debt = classes.filter((row) => row.is_equity !== true).reduce((sum, row) => sum + (row.current_balance || 0), 0);
  const equity = classes.find((row) => row.is_equity === true);
  const irr = equity ? metricByClass.get(equity.class_name)?.irr : null;
  const oc = first.filter((row) => row.kind === "oc").at(-1);
  showTiles($("tiles"), [
    ["Collateral par", millions(par)],
    ["Principal cash", millions(cash)],
    ["Debt outstanding", millions(debt)],
    ["Lowest OC test", oc ? percent(oc.result) : "no run", oc ? `${oc.test_name}, trigger ${percent(oc.threshold)}` : "", oc?.pass === false],
    ["Compliance", tests.length ? `${tests.length - failing.length} of ${tests.length} pass` : "not tested", failing.length ? `${failing.length} fail` : "", failing.length > 0],
    ["Equity IRR", typeof irr === "number" ? percent(irr) : "no run", equity && typeof irr === "number" ? `at a price of ${percent(equity.price)}` : ""],
  ]);
  const of = (name, show) => (row) => show(metricByClass.get(row.class_name)?.[name]);
  showTable($("tranches"), classes, [
    { title: "Class", of: (row) => text(row.class_name) },
    { title: "Balance", of: (row) => money(row.current_balance), isNumber: true },
    { title: "Coupon", of: (row) => text(row.coupon_type) },
    { title: "Spread", of: (row) => percent(row.spread), isNumber: true },
    { title: "Yield", of: of("yield", percent), isNumber: true },
    { title: "WAL", of: of("wal", number), isNumber: true },
    { title: "Price", of: (row) => percent(row.price), isNumber: true },
    { title: "Interest", of: of("total_interest", money), isNumber: true },
    { title: "Principal", of: of("total_principal", money), isNumber: true },
  ]);
  drawWhenSeen("overview", () => drawBalances($("balances"), flowsByClass));
}

function showDeals() {
  showTable($("deals"), state.deals, [
    { title: "Deal", of: (row) => element("a", { href: "#overview", onclick: () => choose("deal", row.deal) }, text(row.deal)) },
    { title: "Date", of: (row) => text(row.snapshot_date) },
    { title: "Waterfall", of: (row) => text(row.waterfall) },
    { title: "Positions", of: (row) => money(row.positions), isNumber: true },
    { title: "Par", of: (row) => money(row.par), isNumber: true },
    { title: "Closing", of: (row) => text(row.closing_date) },
    { title: "Maturity", of: (row) => text(row.maturity_date) },
    { title: "Last run", of: (row) => lastRun(row.deal) },
  ], { empty: "No deal is stored yet." });
}

function lastRun(deal) {
  const run = state.runs.find((row) => row.deal === deal && row.kind === "deal");
  return run ? `${run.run_id}, ${text(run.scenario)}, ${text(run.status)}` : "none";
}

function showCoverage(triggers, waterfall) {
  const dateByPeriod = new Map(waterfall.map((row) => [row.period, row.payment_date]));
  const kinds = triggers.filter((row) => row.kind === "oc" || row.kind === "ic");
  drawWhenSeen("coverage", () => {
    drawCoverage($("oc"), kinds.filter((row) => row.kind === "oc"), dateByPeriod, 1.6);
    drawCoverage($("ic"), kinds.filter((row) => row.kind === "ic"), dateByPeriod, 3);
  });
  const next = triggers.filter((row) => row.period === 1);
  showTable($("triggers"), next, [
    { title: "Test", of: (row) => text(row.test_name) },
    { title: "Kind", of: (row) => text(row.kind).replaceAll("_", " ") },
    { title: "Numerator", of: (row) => money(row.numerator), isNumber: true },
    { title: "Denominator", of: (row) => money(row.denominator), isNumber: true },
    { title: "Result", of: (row) => percent(row.result), isNumber: true },
    { title: "Trigger", of: (row) => percent(row.threshold), isNumber: true },
    { title: "Verdict", of: (row) => verdict(row.pass) },
  ], { rowClass: (row) => (row.pass === false ? "bad" : "") });
}

function showCompliance(table, tests) {
  drawWhenSeen("compliance", () => drawCushions($("cushions"), tests));
  const empty = table instanceof Failure ? table.text : "Nothing to show yet.";
  showTable($("tests"), records(table), [
    { title: "No", of: (row) => text(row.test_number), isNumber: true },
    { title: "Test", of: (row) => text(row.test_name).replaceAll("_", " "), isWide: true },
    { title: "Result", of: (row) => figure(row.result), isNumber: true },
    { title: "Limit", of: (row) => figure(row.threshold), isNumber: true },
    { title: "Verdict", of: (row) => (isApplicable(row) ? verdict(row.pass) : "") },
    { title: "Remark", of: (row) => text(row.comment), isWide: true },
  ], { empty, rowClass: (row) => (row.pass === false ? "bad" : "") });
}

function showCash(waterfall, steps) {
  state.steps = steps;
  state.periods = waterfall;
  const before = $("period").value;
  $("period").replaceChildren(...waterfall.map((row) => element("option", { value: row.period }, text(row.payment_date))));
  if (waterfall.some((row) => String(row.period) === before)) $("period").value = before;
  showPeriod();
}

function showPeriod() {
  const period = Number($("period").value);
  const own = state.steps.filter((row) => row.period === period);
  const row = state.periods.find((one) => one.period === period);
  $("period-total").textContent = row
    ? `Interest proceeds ${money(row.interest_proceeds)}, principal proceeds ${money(row.principal_proceeds)}`
    : "";
  const wanted = own.filter((one) => new RegExp(`^${$("proceeds").value}`, "i").test(one.section));
  drawWhenSeen("cash", () => drawSankey($("sankey"), wanted));
  showTable($("steps"), own, [
    { title: "Section", of: (one) => text(one.section) },
    { title: "Step", of: (one) => text(one.step), isWide: true },
    { title: "Payee", of: (one) => text(one.payee) },
    { title: "Due", of: (one) => money(one.due), isNumber: true },
    { title: "Paid", of: (one) => money(one.paid), isNumber: true },
    { title: "Remaining", of: (one) => money(one.remaining), isNumber: true },
  ]);
}

function showRuns() {
  showTable($("run-list"), state.runs, [
    { title: "", of: (row) => (row.kind === "deal" ? picker(row.run_id) : "") },
    { title: "Run", of: (row) => text(row.run_id), isNumber: true },
    { title: "Kind", of: (row) => (row.kind === "deal" ? "cash flows" : text(row.kind)) },
    { title: "Deal", of: (row) => text(row.deal) },
    { title: "Date", of: (row) => text(row.as_of) },
    { title: "Scenario", of: (row) => text(row.scenario) },
    { title: "Mode", of: (row) => text(row.mode) },
    { title: "Status", of: (row) => text(row.status) },
    { title: "Started", of: (row) => text(row.started) },
    { title: "By", of: (row) => text(row.user) },
  ], { empty: "Nothing was run yet." });
}

function picker(run) {
  return element("input", {
    type: "checkbox", "aria-label": `Compare run ${run}`, checked: state.chosen.has(run), "data-run": run,
    onchange: (event) => pick(run, event.target.checked),
  });
}

async function pick(run, isChosen) {
  if (isChosen) state.chosen.add(run);
  else state.chosen.delete(run);
  if (state.chosen.size > 2) {
    const oldest = state.chosen.values().next().value;
    state.chosen.delete(oldest);
    const box = document.querySelector(`input[data-run="${oldest}"]`);
    if (box) box.checked = false;
  }
  $("comparison-card").hidden = state.chosen.size !== 2;
  if (state.chosen.size === 2) await guarded(compare);
}

async function compare() {
  const [first, second] = [...state.chosen].sort((a, b) => a - b);
  const [one, other] = await batch([first, second].map((run) => ["CLO_RUN_RESULT", run, "tranches"]));
  const failure = [one, other].find((result) => result instanceof Failure);
  if (failure) {
    $("comparison").replaceChildren(element("p", { class: "error" }, failure.text));
    return;
  }
  const rowsByClass = new Map(records(other).map((row) => [row.class_name, row]));
  const measured = records(one);
  const names = Object.keys(measured[0] ?? {}).filter((name) => typeof measured[0][name] === "number" || measured.some((row) => typeof row[name] === "number"));
  const shown = (name, value) => (/interest|principal|loss|balance/.test(name) ? money(value) : /wal|duration|macaulay|modified/.test(name) ? number(value) : percent(value));
  const rows = measured.flatMap((row) =>
    names.map((name) => ({ class: row.class_name, name, a: row[name], b: rowsByClass.get(row.class_name)?.[name] })),
  );
  showTable($("comparison"), rows.filter((row) => row.a !== "" || row.b !== ""), [
    { title: "Class", of: (row) => text(row.class) },
    { title: "Measure", of: (row) => row.name.replaceAll("_", " ") },
    { title: `Run ${first}`, of: (row) => shown(row.name, row.a), isNumber: true },
    { title: `Run ${second}`, of: (row) => shown(row.name, row.b), isNumber: true },
    { title: "Difference", of: (row) => (typeof row.a === "number" && typeof row.b === "number" ? shown(row.name, row.b - row.a) : ""), isNumber: true },
  ]);
}

// Jobs

async function showJobs() {
  const fresh = (await jobs()).filter((job) => !state.followed.has(job.id));
  // What ended between two looks is shown too; what had ended before the first one is not.
  for (const job of fresh) {
    if (isOver(job) && !state.hasLooked) state.followed.add(job.id);
    else follow(job);
  }
  state.hasLooked = true;
}

function follow(job) {
  const bar = element("progress", { max: job.total, value: job.done, "aria-label": `Progress of ${job.label}` });
  const words = element("span", {}, job.label);
  const stop = element("button", { class: "plain", type: "button", onclick: () => guarded(() => cancelJob(job.id)) }, "Cancel");
  const line = element("li", {}, words, stop, bar);
  $("jobs").append(line);
  $("jobs-card").hidden = false;
  state.followed.add(job.id);
  followJob(job.id, (now) => {
    bar.value = isOver(now) ? now.total : now.done;
    words.textContent = `${job.label}: ${now.error ? now.error.m : isOver(now) ? now.state : now.message}`;
    if (!isOver(now)) return;
    stop.remove();
    setTimeout(() => {
      line.remove();
      $("jobs-card").hidden = !$("jobs").children.length;
    }, 8000);
    guarded(load);
  });
}

// Pickers, sections, the state of the connection

function fillDeals() {
  const before = $("deal").value || state.runs.find((row) => row.kind === "deal")?.deal;
  const names = [...new Set(state.deals.map((row) => row.deal))];
  $("deal").replaceChildren(...names.map((name) => element("option", { value: name }, name)));
  if (names.includes(before)) $("deal").value = before;
}

function fillDates(deal) {
  const before = $("as-of").value;
  const dates = state.deals.filter((row) => row.deal === deal).map((row) => row.snapshot_date).sort().reverse();
  $("as-of").replaceChildren(...dates.map((date) => element("option", { value: date }, date)));
  if (dates.includes(before)) $("as-of").value = before;
}

function fillScenarios(deal) {
  const before = $("scenario").value;
  const run = state.runs.filter((row) => row.deal === deal && row.kind === "deal").map((row) => row.scenario);
  const names = [...new Set(run)];
  if (!names.length) names.push("BASE");
  $("scenario").replaceChildren(...names.map((name) => element("option", { value: name }, name)));
  $("scenario").value = names.includes(before) ? before : names.includes("BASE") ? "BASE" : names[0];
}

function choose(picker, value) {
  $(picker).value = value;
  guarded(loadDeal);
}

const drawings = new Map();

/** A chart measures its place, so it is drawn when its section is on the screen. */
function drawWhenSeen(section, drawing) {
  drawings.set(section, drawing);
  if (section === shownSection()) drawing();
}

const shownSection = () => (SECTIONS.includes(location.hash.slice(1)) ? location.hash.slice(1) : SECTIONS[0]);

function showSection() {
  const wanted = shownSection();
  const isSignedOut = !$("sign-in").hidden;
  for (const section of document.querySelectorAll("[data-section]")) {
    section.hidden = isSignedOut || section.dataset.section !== wanted;
  }
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.getAttribute("href") === `#${wanted}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!isSignedOut) drawings.get(wanted)?.();
}

function notice(words) {
  $("notice").textContent = words;
  $("notice").hidden = !words;
}

function connection(words, isAway = false) {
  $("connection").textContent = words;
  document.querySelector(".state").classList.toggle("away", isAway);
}

function askToSignIn(words) {
  $("sign-in").hidden = false;
  $("sign-in-error").textContent = /CLO-3110/.test(words) && !$("secret").value ? "" : words;
  $("sign-out").hidden = true;
  connection("signed out");
  showSection();
  $("secret").focus();
}

/** Do something that needs the server; say what is wrong, and go on by itself where that helps. */
async function guarded(action) {
  clearTimeout(state.retry);
  try {
    await action();
    connection("connected");
    $("sign-out").hidden = false;
  } catch (error) {
    if (error instanceof SignInNeeded) askToSignIn(error.message);
    else {
      notice(error.message);
      if (error instanceof OutOfReach) {
        connection("server out of reach", true);
        state.retry = setTimeout(() => guarded(load), RETRY_AFTER);
      }
    }
  }
}

async function start() {
  $("sign-in-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await guarded(async () => {
      await signIn($("secret").value);
      $("secret").value = "";
      $("sign-in").hidden = true;
      showSection();
      await load();
    });
  });
  $("sign-out").addEventListener("click", () => guarded(async () => { await signOut(); askToSignIn(""); }));
  for (const id of ["deal", "as-of", "scenario", "mode"]) $(id).addEventListener("change", () => guarded(loadDeal));
  $("pickers").addEventListener("submit", (event) => event.preventDefault());
  $("period-form").addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["period", "proceeds"]) $(id).addEventListener("change", showPeriod);
  const step = (by) => () => {
    const index = $("period").selectedIndex + by;
    if (index >= 0 && index < $("period").options.length) {
      $("period").selectedIndex = index;
      showPeriod();
    }
  };
  $("earlier").addEventListener("click", step(-1));
  $("later").addEventListener("click", step(1));
  window.addEventListener("hashchange", showSection);
  showSection();
  await guarded(load);
  guarded(async () => { $("version").textContent = `clodesk ${(await version()).server ?? ""}`; });
  const look = () => { if ($("sign-in").hidden && document.visibilityState === "visible") showJobs().catch(() => {}); };
  look();
  setInterval(look, JOBS_EVERY);
}

start();
