"""Break-even default rates: the fastest constant defaults at which a tranche of a deal still takes no loss.

Losses need not grow with defaults: a failing test diverts cash to a tranche that a little fewer defaults would have
left without. What counts is the first loss on the way up from no defaults. A scan looks at evenly spaced rates (for
multipliers: at ever wider steps) and takes the lowest one with a loss; the interval below it is cut into 64 parts,
again from the bottom, until it is narrow enough. Every round runs the rates of all tranches in one batch. A loss that
comes and goes between two neighbouring rates of the scan is not seen; the scan's step says how wide it could be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.deal.grid import check_value
from engine.deal.grid_results import Axis, BreakEven, Ending, Measure, PointResults, Points
from engine.deal.points import DealRun, run_at
from engine.errors import InputError

Floats = npt.NDArray[np.float64]

SCAN_STEPS = 400
SECTIONS = 64
TOLERANCE = 1e-7
"""Width of a bracket relative to its upper end; a CDR is known to a tenth of a millionth of itself."""
NEAR_ZERO = 1e-12
HIGHEST_MULTIPLIER = 1_000.0
_CREDIT = (Axis.CPR, Axis.SEVERITY, Axis.LAG)


def break_even(
    run: DealRun, measure: Measure, credit: Mapping[Axis, float], places: Sequence[int]
) -> tuple[BreakEven, ...]:
    """Break-evens of the tranches at these places, in their order.

    credit: constant CPR, severity and recovery lag of the whole pool; what is not given is as assumed. Raises
    InputError CLO-1340 for a value that cannot be, CLO-1346 for the sub notes, which are owed nothing they could lose.
    """
    _check(run, credit, places)
    limit = 1.0 if measure is Measure.CDR else _highest_multiplier(run)
    if limit == 0.0:
        return tuple(_ended(run, t, measure, Ending.NO_DEFAULTS, np.nan, limit) for t in places)
    share = np.arange(SCAN_STEPS + 1) / SCAN_STEPS
    levels = limit * (share if measure is Measure.CDR else share**2)
    found = _run(run, measure, credit, levels)
    crossings = {place: _crossing(found, place, 0, levels) for place in places}
    while still := [(place, item) for place, item in crossings.items() if item.is_wide]:
        cuts = [np.linspace(item.low, item.high, SECTIONS + 1) for _, item in still]
        found = _run(run, measure, credit, np.concatenate(cuts))
        for number, ((place, _), cut) in enumerate(zip(still, cuts, strict=True)):
            crossings[place] = _crossing(found, place, number * (SECTIONS + 1), cut)
    return tuple(_answer(run, measure, place, crossings[place], limit) for place in places)


@dataclass(frozen=True, slots=True)
class _Crossing:
    """The first level at which a tranche loses, or a run stops so that it may have lost, and the level below it.

    low is NaN where the lowest level of all is the one, both are where none is. reason: why a run stopped.
    """

    low: float
    high: float
    reason: str = ""

    @property
    def is_wide(self) -> bool:
        return self.high - self.low > max(TOLERANCE * self.high, NEAR_ZERO)


def _crossing(found: PointResults, place: int, first: int, levels: Floats) -> _Crossing:
    """Look through the rows from `first` on, which hold the results of ascending levels."""
    rows = slice(first, first + levels.shape[0])
    hits = np.flatnonzero(found.has_loss[rows, place] | found.is_failed[rows])
    if not hits.size:
        return _Crossing(np.nan, np.nan)
    hit = int(hits[0])
    low = float(levels[hit - 1]) if hit else np.nan
    return _Crossing(low, float(levels[hit]), found.failure(first + hit))


def _answer(run: DealRun, measure: Measure, place: int, crossing: _Crossing, limit: float) -> BreakEven:
    """What a crossing means for the tranche."""
    if np.isnan(crossing.high):
        return _ended(run, place, measure, Ending.NO_LOSS, limit, limit)
    if crossing.reason:
        return _ended(run, place, measure, Ending.STOPPED, crossing.low, limit, crossing.reason)
    if np.isnan(crossing.low):
        return _ended(run, place, measure, Ending.LOSS_AT_ZERO, np.nan, limit)
    return BreakEven(
        tranche_name=run.deal.tranches[place].name,
        measure=measure,
        ending=Ending.FOUND,
        value=crossing.low,
        low=crossing.low,
        high=crossing.high,
        limit=limit,
    )


def _check(run: DealRun, credit: Mapping[Axis, float], places: Sequence[int]) -> None:
    for axis, value in credit.items():
        if axis not in _CREDIT:
            raise ValueError(f"{axis} is not set beside a break-even")
        check_value(axis, value)
    for place in places:
        if run.deal.tranches[place].is_equity:
            raise InputError(
                "CLO-1346",
                f"{run.deal.tranches[place].name} has no break-even: sub notes are owed nothing that they could lose",
                remedy="Ask for a class of debt.",
            )


def _highest_multiplier(run: DealRun) -> float:
    """The multiplier at which every assumed CDR above 0 has reached 1, no more than HIGHEST_MULTIPLIER; 0 for none."""
    rates = [item.assumptions.cdr for item in run.deal.holdings] + [run.deal.reinvestment.cdr]
    known = [rate for rate in rates if not isinstance(rate, str)]
    positive = [x for rate in known for x in (rate if isinstance(rate, tuple) else (rate,)) if x > 0.0]
    return min(1.0 / min(positive), HIGHEST_MULTIPLIER) if positive else 0.0


def _run(run: DealRun, measure: Measure, credit: Mapping[Axis, float], levels: Floats) -> PointResults:
    axes = (*credit, measure.axis)
    values = np.column_stack([*(np.full(levels.shape[0], credit[axis]) for axis in credit), levels])
    return run_at(run, Points(axes=axes, values=values))


def _ended(
    run: DealRun, place: int, measure: Measure, ending: Ending, value: float, limit: float, reason: str = ""
) -> BreakEven:
    """A search that has no bracket to report."""
    return BreakEven(
        tranche_name=run.deal.tranches[place].name,
        measure=measure,
        ending=ending,
        value=value,
        low=np.nan,
        high=np.nan,
        limit=limit,
        reason=reason,
    )
