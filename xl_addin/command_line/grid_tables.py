"""Grids and break-evens on the terminal and as JSON."""

import math
from typing import Any

import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from engine.deal.grid_results import Ending, Measure
from engine.deal.results import RISK_COLUMNS
from engine.desk.grid_records import BreakEvenOutcome, GridOutcome
from workbooks.grids.record import AXIS_NAMES, shown

MOST_SHOWN = 60


def show_grid(console: Console, outcome: GridOutcome) -> None:
    """The classes over all points, and for few points the yield and loss of each class at every one."""
    results, points = outcome.results, outcome.points
    table = Table(title=f"{outcome.head.deal}: {points.n_points:,} points, run {outcome.run_id}")
    for header in ("Class", "Points with a loss", "Largest loss", "Lowest yield", "Highest yield"):
        table.add_column(header, justify="left" if header == "Class" else "right")
    yields = results.risk[:, :, 0]
    for t, name in enumerate(results.tranche_names):
        largest = np.fmax.reduce(results.unpaid[:, t])
        low, high = np.fmin.reduce(yields[:, t]), np.fmax.reduce(yields[:, t])
        losses = f"{int(results.has_loss[:, t].sum()):,}"
        table.add_row(name, losses, _money(largest), _percent(low), _percent(high))
    console.print(table)
    if points.n_points <= MOST_SHOWN:
        _show_points(console, outcome)
    n_failed = int(results.is_failed.sum())
    if n_failed:
        first = int(np.flatnonzero(results.is_failed)[0])
        console.print(f"{n_failed:,} points stopped, the first one: {results.failure(first)}", markup=False)


def _show_points(console: Console, outcome: GridOutcome) -> None:
    results, points = outcome.results, outcome.points
    table = Table(title="Yield at price, with the loss in percent of today's balance")
    headers = ["Scenario"] if points.names else [AXIS_NAMES[axis] for axis in points.axes]
    for header in (*headers, *results.tranche_names):
        table.add_column(header, justify="right")
    for s in range(points.n_points):
        at = [points.names[s]] if points.names else list(map(shown, points.axes, points.values[s].tolist()))
        cells = [_cell(outcome, s, t) for t in range(len(results.tranche_names))]
        table.add_row(*at, *cells)
    console.print(table)


def _cell(outcome: GridOutcome, s: int, t: int) -> str:
    results = outcome.results
    if results.failures[s]:
        return "stopped"
    text = _percent(float(results.risk[s, t, 0]))
    if not results.has_loss[s, t]:
        return text
    return f"{text} (-{100 * results.unpaid[s, t] / results.balance[t]:.1f}%)"


def show_break_evens(console: Console, outcome: BreakEvenOutcome) -> None:
    """The rates of each class; what was not found says why."""
    table = Table(title=f"{outcome.head.deal}: break-even default rates, run {outcome.run_id}")
    for header in ("Class", "CDR a year", "Multiplier", "Remark"):
        table.add_column(header, justify="right" if header in ("CDR a year", "Multiplier") else "left")
    names = list(dict.fromkeys(item.tranche_name for item in outcome.found))
    for name in names:
        found = {item.measure: item for item in outcome.found if item.tranche_name == name}
        rate, multiplier = found.get(Measure.CDR), found.get(Measure.MULTIPLIER)
        remarks = dict.fromkeys(
            item.reason or item.ending.value for item in found.values() if item.ending is not Ending.FOUND
        )
        table.add_row(
            name,
            "" if rate is None else _percent(rate.value, 4),
            "" if multiplier is None or math.isnan(multiplier.value) else f"{multiplier.value:.4f}",
            ", ".join(remarks),
        )
    console.print(table)
    for one in outcome.tables:
        prices = Table(title=f"{one.tranche_name}, average life {one.wal:.2f} years")
        for header in ("Price", "Yield", "Discount margin", "Modified duration"):
            prices.add_column(header, justify="right")
        for price, annual, margin, duration in zip(
            one.prices, one.yields, one.discount_margins, one.modified, strict=True
        ):
            prices.add_row(f"{100 * price:.4g}", _percent(annual), _percent(margin), f"{duration:.2f}")
        console.print(prices)


def _percent(value: float, digits: int = 3) -> str:
    return "" if math.isnan(value) else f"{100 * value:.{digits}f}%"


def _money(value: float) -> str:
    return "" if math.isnan(value) else f"{value:,.2f}"


def grid_json(outcome: GridOutcome) -> str:
    """A grid for a script: decimals and currency, null for what does not exist."""
    results, points = outcome.results, outcome.points
    rows = []
    for s in range(points.n_points):
        row: dict[str, Any] = {axis.value: points.values[s, i] for i, axis in enumerate(points.axes)}
        if points.names:
            row["scenario"] = points.names[s]
        row["equity_irr"], row["last_period"] = results.equity_irr[s], results.last_period[s]
        row["failure"] = results.failure(s) or None
        row["tranches"] = [
            {
                "name": name,
                **dict(zip(RISK_COLUMNS, results.risk[s, t], strict=True)),
                "interest": results.interest[s, t],
                "principal": results.principal[s, t],
                "loss": results.unpaid[s, t],
                "has_loss": bool(results.has_loss[s, t]),
            }
            for t, name in enumerate(results.tranche_names)
        ]
        rows.append(row)
    return _json({**_head(outcome), "points": rows})


def break_even_json(outcome: BreakEvenOutcome) -> str:
    """Break-evens and price tables for a script."""
    found = [
        {
            "tranche": item.tranche_name,
            "measure": item.measure.value,
            "ending": item.ending.value,
            "value": item.value,
            "bracket": [item.low, item.high],
            "limit": item.limit,
            "reason": item.reason or None,
        }
        for item in outcome.found
    ]
    tables = [
        {
            "tranche": table.tranche_name,
            "wal": table.wal,
            "price": table.prices,
            "yield": table.yields,
            "discount_margin": table.discount_margins,
            "macaulay_duration": table.macaulay,
            "modified_duration": table.modified,
        }
        for table in outcome.tables
    ]
    credit = {axis.value: value for axis, value in outcome.credit.items()}
    return _json({**_head(outcome), "held_constant": credit, "break_evens": found, "prices": tables})


def _head(outcome: GridOutcome | BreakEvenOutcome) -> dict[str, Any]:
    head = outcome.head
    return {
        "run_id": outcome.run_id,
        "deal": head.deal,
        "as_of": head.as_of,
        "scenario": head.scenario,
        "assumptions": head.assumptions,
        "mode": head.mode,
        "answered_from": outcome.answered_from,
    }


def _json(content: dict[str, Any]) -> str:
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_INDENT_2).decode()
