// Charts, drawn by the charting library from figures that were asked for like those of cells.

/* global Plotly */

const COLOURS = ["#14532d", "#1d7a46", "#4ba56f", "#93c5a4", "#b45309", "#d97706", "#f0b429", "#7c5e3c", "#475569", "#94a3b8"];
const INK = "#17211b";
const SOFT = "#5b6860";
const FONT = { family: "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif", size: 12, color: INK };
const OPTIONS = { displayModeBar: false, responsive: true };

function draw(place, traces, layout) {
  if (!traces.length) {
    Plotly.purge(place);
    place.textContent = "Nothing to draw yet.";
    place.classList.add("empty");
    return;
  }
  if (place.classList.contains("empty")) {
    place.textContent = "";
    place.classList.remove("empty");
  }
  const base = {
    font: FONT,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 56, r: 12, t: 8, b: 36 },
    colorway: COLOURS,
    hovermode: "x unified",
    legend: { orientation: "h", y: -0.16, font: { size: 11, color: SOFT } },
    xaxis: { gridcolor: "#eef2ef", zeroline: false },
    yaxis: { gridcolor: "#e6ebe7", zeroline: false },
  };
  Plotly.react(place, traces, { ...base, ...layout }, OPTIONS);
}

/** Balance of each class by date, stacked with the most senior at the bottom; flows by class name. */
export function drawBalances(place, flowsByClass) {
  const traces = Object.entries(flowsByClass)
    .filter(([, rows]) => rows.length)
    .map(([name, rows]) => ({
      name,
      x: rows.map((row) => row.payment_date),
      y: rows.map((row) => row.end_balance / 1e6),
      stackgroup: "classes",
      line: { width: 0.5 },
      hovertemplate: "%{y:,.1f} m",
    }));
  draw(place, traces, { yaxis: { title: { text: "million" }, gridcolor: "#e6ebe7", rangemode: "tozero" } });
}

/** Ratios of one kind of test through time, each with its trigger as a dotted line of the same colour. */
export function drawCoverage(place, rows, dateByPeriod, roomAbove) {
  const names = [...new Set(rows.map((row) => row.test_name))];
  const traces = names.flatMap((name, index) => {
    const own = rows.filter((row) => row.test_name === name && typeof row.result === "number");
    const x = own.map((row) => dateByPeriod.get(row.period) ?? row.period);
    const color = COLOURS[(index * 2) % COLOURS.length];
    return [
      { name, x, y: own.map((row) => row.result), mode: "lines", line: { color, width: 2 }, legendgroup: name, hovertemplate: "%{y:.2%}" },
      {
        name: `${name} trigger`, x, y: own.map((row) => row.threshold), mode: "lines", line: { color, width: 1, dash: "dot" },
        legendgroup: name, showlegend: false, hovertemplate: "trigger %{y:.2%}",
      },
    ];
  });
  // Ratios run away when a class is nearly repaid; what decides is near the triggers: the axis ends at roomAbove times them.
  const triggers = rows.map((row) => row.threshold).filter((value) => typeof value === "number");
  const top = triggers.length ? Math.max(...triggers) * roomAbove : undefined;
  const low = triggers.length ? Math.min(...triggers, ...rows.map((row) => row.result).filter((v) => typeof v === "number")) * 0.97 : undefined;
  draw(place, traces, { yaxis: { tickformat: ".0%", gridcolor: "#e6ebe7", range: top ? [Math.max(0, low), top] : undefined } });
}

/** Room of each test as a share of its limit, least first; failing tests to the left of zero. */
export function drawCushions(place, tests) {
  const rows = tests.slice(0, 18).reverse();
  const trace = {
    type: "bar",
    orientation: "h",
    y: rows.map((row) => row.label),
    x: rows.map((row) => Math.max(-0.5, Math.min(row.room, 1))),
    customdata: rows.map((row) => [row.shown, row.room]),
    marker: { color: rows.map((row) => (row.passes === false ? "#b42318" : row.room < 0.05 ? "#d97706" : "#1d7a46")) },
    hovertemplate: "%{customdata[0]}<br>room %{customdata[1]:.1%}<extra></extra>",
  };
  draw(place, rows.length ? [trace] : [], {
    hovermode: "closest",
    margin: { l: 190, r: 16, t: 8, b: 40 },
    xaxis: { tickformat: ".0%", title: { text: "room as a share of the limit" }, zeroline: true, zerolinecolor: SOFT, gridcolor: "#e6ebe7" },
    yaxis: { automargin: true, tickfont: { size: 11 } },
  });
}

/** Cash of one payment date: from the two proceeds through the sections to those who are paid. */
export function drawSankey(place, steps) {
  const paid = steps.filter((step) => step.paid > 0);
  const label = (section) => (/^int/i.test(section) ? "Interest proceeds" : /^prin/i.test(section) ? "Principal proceeds" : section);
  const nodes = [];
  const indexOf = (key, label, color) => {
    const found = nodes.findIndex((node) => node.key === key);
    return found >= 0 ? found : nodes.push({ key, label, color }) - 1;
  };
  const links = new Map();
  const link = (source, target, value, color) => {
    const key = `${source}>${target}`;
    const known = links.get(key);
    links.set(key, { source, target, value: (known?.value ?? 0) + value, color });
  };
  for (const step of paid) {
    const isInterest = /^int/i.test(step.section);
    const from = indexOf(`s:${step.section}`, label(step.section), isInterest ? "#1d7a46" : "#b45309");
    const to = indexOf(`p:${step.payee}`, step.payee, "#475569");
    link(from, to, step.paid, isInterest ? "rgba(29,122,70,.28)" : "rgba(180,83,9,.28)");
  }
  const total = new Map();
  for (const one of links.values()) total.set(one.target, (total.get(one.target) ?? 0) + one.value);
  const trace = {
    type: "sankey",
    orientation: "h",
    valueformat: ",.0f",
    node: {
      label: nodes.map((node, index) => (total.has(index) ? `${node.label}  ${(total.get(index) / 1e6).toFixed(2)} m` : node.label)),
      color: nodes.map((node) => node.color),
      pad: 14,
      thickness: 14,
      line: { width: 0 },
    },
    link: {
      source: [...links.values()].map((one) => one.source),
      target: [...links.values()].map((one) => one.target),
      value: [...links.values()].map((one) => one.value),
      color: [...links.values()].map((one) => one.color),
    },
  };
  draw(place, links.size ? [trace] : [], { margin: { l: 8, r: 8, t: 8, b: 8 }, hovermode: "closest" });
}
