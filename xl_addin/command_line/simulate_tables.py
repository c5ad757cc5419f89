"""Simulations on the terminal and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from rich.console import Console
from rich.text import Text

from engine.rating_migration.fields import FIELDS, ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from workbooks.simulation import DealRecord, SimulationRecord
from workbooks.simulation.summary import years_of
from xl_addin.command_line.tables import millions, number, percent, table

Floats = npt.NDArray[np.float64]

MOST_DATES = 5
JSON_STATISTICS = ("mean", "sd", "standard_error", "p1", "p5", "p25", "p50", "p75", "p95", "p99", "es95", "es99")
DEFAULT_STATISTICS = ("mean", "standard_error", "p5", "p50", "p95", "p99")
IRR_QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A simulation as the terminal shows it: its record, the equity IRR of every path (empty without cash flows)."""

    record: SimulationRecord
    equity_irr: Floats
    seed: int | None
    answered_from: str


def show_simulation(console: Console, shown: Shown) -> None:
    """Headline numbers of one deal: defaults through time, classes, coverage, equity."""
    record = shown.record
    title = f"{record.deal}, {record.as_of}: {record.simulations:,} simulations, run {record.run_id}, seed {shown.seed}"
    console.print(Text(title, style="bold"), soft_wrap=True)
    _show_defaults(console, record)
    if record.tranches is not None:
        _show_classes(console, record.tranches)
        _show_breaches(console, record.tranches)
        _show_equity(console, shown.equity_irr)
    for remark in record.remarks:
        console.print(Text(remark), soft_wrap=True)


def _show_defaults(console: Console, record: SimulationRecord) -> None:
    """Cumulative defaults at some dates, the last one among them; the rate a year is the mean one until then."""
    rows = []
    for period in _dates(record):
        figures = record.figures[ROW_OF_FIELD["BALDEF"], period]
        balance = {name: float(figures[STATISTICS.index(name)]) for name in DEFAULT_STATISTICS}
        shares = [percent(value / record.opening_balance, 2) for value in balance.values()]
        rate = percent(_mean_rate(record, period), 2)
        rows.append((str(record.dates[period]), millions(balance["mean"]), *shares, rate))
    headers = ("Until", "Defaults", "Of par", "Std error", "P5", "Median", "P95", "P99", "CDR")
    console.print(table("Defaults to date, mean and quantiles (millions)", headers, rows))


def _dates(record: SimulationRecord) -> list[int]:
    """Periods at 1, 2, 3, 5 years and so on, and the last."""
    years = years_of(record)
    last = len(record.dates) - 1
    chosen = [years[year - 1] for year in (1, 3, 5, 7) if year <= len(years)]
    return [*[period for period in chosen if period < last][: MOST_DATES - 1], last]


def _mean_rate(record: SimulationRecord, period: int) -> float:
    """Mean of the annual default rates of all periods until one, decimal."""
    rates = record.figures[ROW_OF_FIELD["CDR"], 1 : period + 1, STATISTICS.index("mean")]
    return float(rates.mean()) if len(rates) else float("nan")


def _show_classes(console: Console, deal: DealRecord) -> None:
    mean, low = STATISTICS.index("mean"), STATISTICS.index("p5")
    yields, lives = deal.metrics.index("Yield at price"), deal.metrics.index("Average life")
    rows = [
        (
            name,
            millions(deal.balance[c]),
            "" if deal.is_equity[c] or not deal.balance[c] else percent(deal.expected_loss[c] / deal.balance[c]),
            percent(deal.loss_probability[c], 2),
            "none" if deal.break_even_cdr[c] >= 1.0 else percent(deal.break_even_cdr[c], 2),
            percent(deal.figures[c, yields, mean], 2),
            percent(deal.figures[c, yields, low], 2),
            number(deal.figures[c, lives, mean], 2),
        )
        for c, name in enumerate(deal.names)
    ]
    headers = ("Class", "Balance", "Expected loss", "P(loss)", "Break-even", "Yield", "P5 yield", "WAL")
    console.print(table("Classes: mean figures, break-even CDR (balance in millions)", headers, rows))


def _show_breaches(console: Console, deal: DealRecord) -> None:
    if not deal.test_names:
        return
    rows = []
    for k, name in enumerate(deal.test_names):
        failing = deal.breach_probability[k]
        known = np.isfinite(failing)
        worst = int(np.nanargmax(failing)) if known.any() else 0
        rows.append((name, percent(failing[0], 2), percent(failing[worst], 2), str(deal.payment_dates[worst])))
    headers = ("Test", f"Fails on {deal.payment_dates[0]}", "At most", "On")
    console.print(table("Probability that a test fails", headers, rows))


def _show_equity(console: Console, irr: Floats) -> None:
    known = irr[np.isfinite(irr)]
    if not len(known):
        return
    cells = [percent(float(value), 2) for value in np.quantile(known, IRR_QUANTILES)]
    headers = ("Equity IRR", "Mean", "P5", "P25", "Median", "P75", "P95", "Without one")
    row = ("", percent(float(known.mean()), 2), *cells, f"{len(irr) - len(known):,}")
    console.print(table("", headers, [row]))


def simulations_json(found: Sequence[Shown]) -> str:
    """Simulations for a script: decimals and currency, null for what does not exist."""
    content = [_json(one) for one in found]
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_INDENT_2).decode()


def _json(shown: Shown) -> dict[str, Any]:
    record = shown.record
    place = {name: STATISTICS.index(name) for name in JSON_STATISTICS}
    return {
        "run_id": int(record.run_id),
        "deal": record.deal,
        "as_of": record.as_of,
        "simulations": record.simulations,
        "seed": shown.seed,
        "answered_from": shown.answered_from,
        "facts": {fact.label: fact.text for fact in record.facts},
        "dates": [str(day) for day in record.dates],
        "opening_balance": record.opening_balance,
        "fields": {
            name: {statistic: record.figures[row, :, at].tolist() for statistic, at in place.items()}
            for row, name in enumerate(FIELDS)
        },
        "classes": None if record.tranches is None else _classes(record.tranches, place),
        "tests": None if record.tranches is None else _tests(record.tranches),
        "equity_irr": _equity(shown.equity_irr),
        "remarks": record.remarks,
    }


def _classes(deal: DealRecord, place: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "balance": deal.balance[c],
            "expected_loss": deal.expected_loss[c],
            "loss_probability": deal.loss_probability[c],
            "break_even_cdr": deal.break_even_cdr[c],
            "metrics": {
                metric: {statistic: deal.figures[c, m, at] for statistic, at in place.items()}
                for m, metric in enumerate(deal.metrics)
            },
        }
        for c, name in enumerate(deal.names)
    ]


def _tests(deal: DealRecord) -> dict[str, Any]:
    return {
        "payment_dates": [str(day) for day in deal.payment_dates],
        "breach_probability": {name: deal.breach_probability[k].tolist() for k, name in enumerate(deal.test_names)},
    }


def _equity(irr: Floats) -> dict[str, Any] | None:
    known = irr[np.isfinite(irr)]
    if not len(irr):
        return None
    values = np.quantile(known, IRR_QUANTILES) if len(known) else [None] * len(IRR_QUANTILES)
    quantiles = {f"p{100 * p:.0f}": value for p, value in zip(IRR_QUANTILES, values, strict=True)}
    mean = known.mean() if len(known) else None
    return {"mean": mean, **quantiles, "n_missing": len(irr) - len(known)}
