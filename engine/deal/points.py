"""Many points of one deal: which assumptions each takes, and what its tranches get at it.

A level states an assumption of the whole pool, collateral bought later included, whatever an asset's own is: a constant
CDR of 2 % a year for every asset. Multipliers and shifts change what is assumed, as a `Scenario` does. A recovery lag
is the pool's too; a curve shift moves the index curve; a price is what the chosen tranches are bought at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.collateral.assumptions import AssetAssumptions
from engine.conventions.days import day_number
from engine.deal.assumptions import Scenario
from engine.deal.contract import Deal
from engine.deal.grid_results import POINT_ARRAYS, Axis, PointResults, Points
from engine.deal.kernels_grid import PointFigures, SubNotes, run_points
from engine.deal.kernels_scenarios import ScenarioFigures, ScenarioRows, new_buffers, new_history
from engine.deal.outcome import failure_of
from engine.deal.resolve import ResolvedDeal, resolve
from engine.deal.results import RISK_COLUMNS
from engine.deal.run import OWN_ROW, DealMarket, block_states, deal_out, new_figures, scenario_rows
from engine.errors import InputError
from engine.modes import Quirks
from engine.waterfall.configuration import NO_CONFIGURATION, Configuration
from engine.waterfall.program import Program

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SCENARIO_AXES = (Axis.CURVE_SHIFT, Axis.CPR_MULTIPLIER, Axis.CDR_MULTIPLIER, Axis.SEVERITY_SHIFT)
_RESTING = {Axis.CPR_MULTIPLIER: 1.0, Axis.CDR_MULTIPLIER: 1.0}
"""The value that changes nothing, where it is not 0."""


def scenario_points(scenarios: Sequence[Scenario]) -> Points:
    """Named scenarios as points, in their order."""
    rows = [(item.curve_shift, item.cpr_multiplier, item.cdr_multiplier, item.severity_shift) for item in scenarios]
    values = np.array(rows, dtype=np.float64).reshape(len(rows), len(SCENARIO_AXES))
    return Points(axes=SCENARIO_AXES, values=values, names=tuple(item.name for item in scenarios))


@dataclass(frozen=True, slots=True, kw_only=True)
class DealRun:
    """A deal and everything else that its runs share."""

    deal: Deal
    market: DealMarket
    as_of: date
    quirks: Quirks
    program: Program
    configuration: Configuration = NO_CONFIGURATION


def run_at(
    run: DealRun, points: Points, priced: Sequence[int] | None = None, *, n_threads: int | None = None
) -> PointResults:
    """Run a deal at every point, on so many threads, by default one a processor; results in the order of the points.

    priced: places of the tranches that a price on the price axis is for; all of them by default. A point that the
    program stops is a failure of that point; terms that cannot be run at all raise ModelError or InputError.
    """
    n, n_tranches = points.n_points, len(run.deal.tranches)
    lags, prices = (_distinct(points.column(axis), n) for axis in (Axis.LAG, Axis.PRICE))
    found = _empty(run.deal, n)
    for lag in np.unique(lags):
        resolved, curves = _resolved(run, points, None if np.isnan(lag) else float(lag))
        for price in np.unique(prices[_same(lags, lag)]):
            rows = np.flatnonzero(_same(lags, lag) & _same(prices, price))
            places = range(n_tranches) if priced is None else priced
            bought = resolved if np.isnan(price) else _bought_at(resolved, float(price), places)
            _run_group(bought, points, rows, curves, found, n_threads)
    return found.results(run.deal)


@dataclass(slots=True)
class _Collected:
    """Results while they are put together; fields as in PointResults, failures a text for each point."""

    risk: Floats
    interest: Floats
    principal: Floats
    unpaid: Floats
    equity_irr: Floats
    incentive: Floats
    last_period: Ints
    failures: list[bytes]

    def results(self, deal: Deal) -> PointResults:
        return PointResults(
            tranche_names=tuple(tranche.name for tranche in deal.tranches),
            balance=np.array([tranche.current_balance for tranche in deal.tranches], dtype=np.float64),
            **{name: np.array(getattr(self, name)) for name in POINT_ARRAYS},
        )


def _empty(deal: Deal, n: int) -> _Collected:
    shape = n, len(deal.tranches)
    return _Collected(
        risk=np.full((*shape, len(RISK_COLUMNS)), np.nan),
        interest=np.full(shape, np.nan),
        principal=np.full(shape, np.nan),
        unpaid=np.full(shape, np.nan),
        equity_irr=np.full(n, np.nan),
        incentive=np.full(n, np.nan),
        last_period=np.zeros(n, dtype=np.int64),
        failures=[b""] * n,
    )


def _distinct(column: Floats | None, n: int) -> Floats:
    return np.full(n, np.nan) if column is None else column


def _same(values: Floats, value: float) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isnan(values) if np.isnan(value) else values == value)


def _resolved(run: DealRun, points: Points, lag: float | None) -> tuple[ResolvedDeal, Ints]:
    """The deal at a lag, with every curve of the points; which curve each point takes, (S,)."""
    column = points.column(Axis.CURVE_SHIFT)
    shifts, curves = np.unique(np.zeros(points.n_points) if column is None else column, return_inverse=True)
    base = run.market.curve
    shifted = [base.shifted(float(shift)) if shift else base for shift in shifts]
    deal = _levelled(run.deal, points.axes, lag)
    resolved = resolve(deal, run.program, run.market.calendar, shifted, run.as_of, run.quirks, run.configuration)
    return resolved, curves.astype(np.int64).reshape(-1)


def _levelled(deal: Deal, axes: Sequence[Axis], lag: float | None) -> Deal:
    """The deal whose pool takes levels: rates of 1 and a severity of 0, which multiplier and shift make the level.

    Both are exact in floating point, so that a point equals the run of the deal that assumes its levels.
    """
    levels: dict[str, float] = {}
    if Axis.CPR in axes:
        levels["cpr"] = 1.0
    if Axis.CDR in axes:
        levels["cdr"] = 1.0
    if Axis.SEVERITY in axes:
        levels["severity"] = 0.0
    if lag is not None:
        levels["recovery_lag_months"] = lag
    if not levels:
        return deal

    def levelled(assumptions: AssetAssumptions) -> AssetAssumptions:
        return replace(assumptions, **levels)

    return replace(
        deal,
        holdings=tuple(replace(item, assumptions=levelled(item.assumptions)) for item in deal.holdings),
        reinvestment=replace(deal.reinvestment, **levels),  # type: ignore[arg-type]
    )


def _bought_at(resolved: ResolvedDeal, price: float, places: Sequence[int]) -> ResolvedDeal:
    """The same deal with tranches at another price; their cash flows do not know it."""
    risk = resolved.arrays.risk
    prices = risk.price.copy()
    prices[list(places)] = price
    return replace(resolved, arrays=resolved.arrays._replace(risk=risk._replace(price=prices)))


def _run_group(
    resolved: ResolvedDeal, points: Points, rows: Ints, curves: Ints, found: _Collected, n_threads: int | None
) -> None:
    """Run the points of one lag and one price."""
    n, n_tranches = rows.shape[0], len(resolved.deal.tranches)
    scenarios = _scenario_rows(resolved, points, rows, curves)
    figures = new_figures(n, resolved)
    extra = PointFigures(unpaid=np.zeros((n, n_tranches)), equity_irr=np.zeros(n))
    arrays = resolved.arrays

    def run(first: int, last: int) -> None:
        states, buffers, history = block_states(resolved), new_buffers(arrays), new_history(arrays)
        run_points(
            arrays,
            scenarios,
            first,
            last,
            states,
            OWN_ROW,
            buffers,
            history,
            _sub_notes(resolved),
            figures,
            extra,
        )

    deal_out(n, run, n_threads)
    _collect(resolved, figures, extra, rows, found)


def _scenario_rows(resolved: ResolvedDeal, points: Points, rows: Ints, curves: Ints) -> ScenarioRows:
    def taken(level: Axis, change: Axis) -> Floats:
        column = points.column(level)
        column = points.column(change) if column is None else column
        return np.full(rows.shape[0], _RESTING.get(change, 0.0)) if column is None else column[rows]

    return scenario_rows(
        resolved,
        cpr_multiplier=taken(Axis.CPR, Axis.CPR_MULTIPLIER),
        cdr_multiplier=taken(Axis.CDR, Axis.CDR_MULTIPLIER),
        severity_shift=taken(Axis.SEVERITY, Axis.SEVERITY_SHIFT),
        curve=curves[rows],
    )


def _sub_notes(resolved: ResolvedDeal) -> SubNotes:
    before, payment = resolved.sub_note_payments, resolved.schedule.payment[1:]
    return SubNotes(
        tranche=next(t for t, tranche in enumerate(resolved.deal.tranches) if tranche.is_equity),
        n_before=len(before),
        day=np.concatenate((np.array([day_number(item.on) for item in before], dtype=np.int64), payment)),
        amount=np.concatenate((np.array([item.amount for item in before], dtype=np.float64), np.zeros(len(payment)))),
    )


def _collect(
    resolved: ResolvedDeal, figures: ScenarioFigures, extra: PointFigures, rows: Ints, found: _Collected
) -> None:
    """Put the figures of points that ran in their rows, and the reasons of those that did not."""
    ran = figures.status == 0
    at = rows[ran]
    is_equity = np.array([tranche.is_equity for tranche in resolved.deal.tranches])
    found.risk[at] = figures.risk[ran]
    found.interest[at], found.principal[at] = figures.interest[ran], figures.principal[ran]
    found.unpaid[at] = np.where(is_equity, np.nan, extra.unpaid[ran])
    found.equity_irr[at], found.incentive[at] = extra.equity_irr[ran], figures.incentive[ran]
    found.last_period[rows] = figures.last_period
    for s in np.flatnonzero(~ran).tolist():
        failure = failure_of(resolved, int(figures.status[s]), int(figures.last_period[s]), figures.context[s])
        if failure is not None:
            where = f"period {failure.period}, {failure.section} {failure.step}"
            found.failures[int(rows[s])] = f"{failure.number}: {where}: {failure.reason}".encode()


def places_of(deal_name: str, tranche_names: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    """Places of tranches by name, in any case and with or without `Class`; all of them for none wanted.

    Raises InputError CLO-1345 for a name that the deal does not have.
    """
    known = {_plain(name): place for place, name in enumerate(tranche_names)}
    for name in wanted:
        if _plain(name) not in known:
            raise InputError(
                "CLO-1345",
                f"{deal_name} has no tranche '{name}'",
                remedy=f"Its tranches: {', '.join(tranche_names)}.",
            )
    chosen = {known[_plain(name)] for name in wanted}
    return tuple(sorted(chosen)) if wanted else tuple(range(len(tranche_names)))


def _plain(name: str) -> str:
    return name.strip().upper().removeprefix("CLASS ").strip()
