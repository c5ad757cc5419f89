"""Run a deal: one scenario with its full history and trace, or many scenarios with their figures."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.conventions.calendar import Calendar
from engine.deal.assumptions import Scenario
from engine.deal.contract import Deal
from engine.deal.kernels_scenarios import (
    ScenarioFigures,
    ScenarioRows,
    new_buffers,
    new_history,
    run_block,
)
from engine.deal.outcome import to_result
from engine.deal.resolve import ResolvedDeal, resolve
from engine.deal.results import RISK_COLUMNS, DealResult
from engine.liabilities.state import StateBlock, new_states
from engine.market.curve import IndexCurve
from engine.modes import Quirks
from engine.waterfall.configuration import NO_CONFIGURATION, Configuration
from engine.waterfall.library import load_program
from engine.waterfall.program import Program

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SCENARIO_BLOCKS = 16
"""Blocks that scenarios are dealt out in: enough for uneven cores, few enough that their buffers stay small."""

OWN_ROW = 1


@dataclass(frozen=True, slots=True)
class DealMarket:
    """What a run takes from outside the deal: its calendar and its index curve."""

    calendar: Calendar
    curve: IndexCurve


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioResults:
    """Figures of many scenarios; S scenarios, T tranches, F fees.

    risk (S, T, 6) columns of RISK_COLUMNS; interest, principal (S, T) and fees (S, F) totals paid, incentive (S,),
    currency; last_period (S,); status (S,) a liabilities Status, 0 for a run that reached its end.
    """

    tranche_names: tuple[str, ...]
    fee_names: tuple[str, ...]
    risk: Floats
    interest: Floats
    principal: Floats
    fees: Floats
    incentive: Floats
    last_period: Ints
    status: Ints


def run_deal(
    deal: Deal,
    market: DealMarket,
    as_of: date,
    quirks: Quirks = frozenset(),
    *,
    program: Program | None = None,
    configuration: Configuration = NO_CONFIGURATION,
    has_trace: bool = True,
) -> DealResult:
    """Run one deal as its contract and assumptions say (spec 02 §5).

    program: its waterfall, by default the shipped one of the deal's program name. configuration: optional features,
    in standard mode only. A run that the program stops returns a result with a failure; terms that cannot be run at all
    raise ModelError or InputError.
    """
    chosen = program or load_program(deal.program, quirks)
    resolved = resolve(deal, chosen, market.calendar, (market.curve,), as_of, quirks, configuration)
    arrays = resolved.arrays
    rows = _rows([Scenario(name="")], resolved, [0])
    figures, states, buffers = new_figures(1, resolved), block_states(resolved), new_buffers(arrays)
    history = new_history(arrays)
    if has_trace:
        n_steps = int(arrays.program.section_bounds.max(initial=0))
        history = history._replace(trace=np.zeros((n_steps * resolved.schedule.n_periods, 6)))
    run_block(arrays, rows, 0, 1, states, OWN_ROW, buffers, history, figures)
    return to_result(resolved, history, buffers.pools, figures, states, OWN_ROW)


def run_many(
    deal: Deal,
    market: DealMarket,
    as_of: date,
    scenarios: Sequence[Scenario],
    quirks: Quirks = frozenset(),
    *,
    program: Program | None = None,
    configuration: Configuration = NO_CONFIGURATION,
) -> ScenarioResults:
    """Run many scenarios of one deal in parallel; figures in the order of `scenarios`."""
    chosen = program or load_program(deal.program, quirks)
    shifts = sorted({scenario.curve_shift for scenario in scenarios})
    curves = [market.curve.shifted(shift) if shift else market.curve for shift in shifts]
    resolved = resolve(deal, chosen, market.calendar, curves, as_of, quirks, configuration)
    rows = _rows(scenarios, resolved, [shifts.index(scenario.curve_shift) for scenario in scenarios])
    figures = new_figures(len(scenarios), resolved)
    run_blocks(resolved, rows, figures)
    return ScenarioResults(
        tranche_names=tuple(tranche.name for tranche in deal.tranches),
        fee_names=tuple(fee.name for fee in deal.fees),
        risk=figures.risk,
        interest=figures.interest,
        principal=figures.principal,
        fees=figures.fees,
        incentive=figures.incentive,
        last_period=figures.last_period,
        status=figures.status,
    )


def run_blocks(resolved: ResolvedDeal, rows: ScenarioRows, figures: ScenarioFigures) -> None:
    """Run every scenario of `rows` into `figures`, on as many threads as there are processors."""
    arrays = resolved.arrays

    def run(first: int, last: int) -> None:
        states, buffers, history = block_states(resolved), new_buffers(arrays), new_history(arrays)
        run_block(arrays, rows, first, last, states, OWN_ROW, buffers, history, figures)

    deal_out(rows.curve.shape[0], run)


def deal_out(n: int, run: Callable[[int, int], None], n_threads: int | None = None) -> None:
    """Call `run` for stretches [first, last) of n scenarios, on so many threads, by default one a processor."""
    if n_threads == 1:
        run(0, n)
        return
    n_blocks = max(1, min(SCENARIO_BLOCKS, n))
    bounds = [block * n // n_blocks for block in range(n_blocks + 1)]
    with ThreadPoolExecutor(max_workers=n_threads or os.cpu_count()) as pool:
        list(pool.map(run, bounds[:-1], bounds[1:]))


def _rows(scenarios: Sequence[Scenario], resolved: ResolvedDeal, curves: Sequence[int]) -> ScenarioRows:
    return scenario_rows(
        resolved,
        cpr_multiplier=np.array([scenario.cpr_multiplier for scenario in scenarios], dtype=np.float64),
        cdr_multiplier=np.array([scenario.cdr_multiplier for scenario in scenarios], dtype=np.float64),
        severity_shift=np.array([scenario.severity_shift for scenario in scenarios], dtype=np.float64),
        curve=np.array(curves, dtype=np.int64),
    )


def scenario_rows(
    resolved: ResolvedDeal, *, cpr_multiplier: Floats, cdr_multiplier: Floats, severity_shift: Floats, curve: Ints
) -> ScenarioRows:
    """Rows of S scenarios, (S,) each, of assets that default as their ratings say."""
    return ScenarioRows(
        cpr_multiplier=cpr_multiplier,
        cdr_multiplier=cdr_multiplier,
        severity_shift=severity_shift,
        lag=np.zeros(curve.shape[0], dtype=np.int64),
        curve=curve,
        default_row=resolved.default_row,
        event_recovery=np.full(resolved.default_row.shape, np.nan),
    )


def new_figures(n: int, resolved: ResolvedDeal) -> ScenarioFigures:
    """Zeroed figures of n scenarios."""
    n_tranches, n_fees = len(resolved.deal.tranches), len(resolved.deal.fees)
    return ScenarioFigures(
        risk=np.zeros((n, n_tranches, len(RISK_COLUMNS))),
        interest=np.zeros((n, n_tranches)),
        principal=np.zeros((n, n_tranches)),
        fees=np.zeros((n, n_fees)),
        incentive=np.zeros(n),
        last_period=np.zeros(n, dtype=np.int64),
        status=np.zeros(n, dtype=np.int64),
        context=np.zeros((n, 2), dtype=np.int64),
    )


def block_states(resolved: ResolvedDeal) -> StateBlock:
    """State of one block in OWN_ROW; the rows around it keep the blocks' memory out of each other's cache lines."""
    waterfall = resolved.waterfall
    return new_states(
        2 * OWN_ROW + 1,
        len(resolved.deal.tranches),
        len(resolved.deal.fees),
        len(waterfall.oc_names),
        len(waterfall.ic_names),
        len(waterfall.program.predicates),
    )
