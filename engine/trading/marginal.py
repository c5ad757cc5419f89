"""What single trades do to every test, for many trades at once: exact, and without testing the whole deal each time.

Sums change by what the trade adds, ranked groups and measures are taken anew; values, thresholds and verdicts then
follow from the same functions that test a deal.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.compliance import kernels_groups, kernels_measures
from engine.compliance.evaluation import TOLERANCE, Evaluation, Holdings, Judgement, judge
from engine.compliance.forms import Measure
from engine.compliance.objective import objectives
from engine.compliance.plan import Plan, Sums
from engine.compliance.portfolio import Codes, Floats, Mask
from engine.trading.candidates import Candidates
from engine.trading.settlement import least_position
from engine.trading.trades import Settlement

BLOCK = 1024
"""Trades looked at together: few enough for the processor's cache, whatever the number of threads."""


@dataclass(frozen=True)
class AfterTrades:
    """Every test after each of many single trades, each (trades, tests); objective (trades,), limits left aside."""

    value: Floats
    threshold: Floats
    numerator: Floats
    is_passed: Mask
    is_maintained: Mask
    objective: Floats


def after_trades(
    plan: Plan,
    holdings: Holdings,
    rows: Codes,
    steps: Floats,
    flows: Floats,
    vector: Floats | None = None,
    *,
    threads: int = 1,
) -> AfterTrades:
    """Test the deal after each trade alone.

    rows of the assets, steps that their par changes by, flows that principal cash changes by, each (trades,); vector:
    objective weights (tests,). A rank that no group holds counts 0 in legacy mode too. The results do not depend on
    the number of threads.
    """
    n, tests = len(rows), len(plan)
    found = AfterTrades(
        value=np.empty((n, tests)),
        threshold=np.empty((n, tests)),
        numerator=np.empty((n, tests)),
        is_passed=np.empty((n, tests), bool),
        is_maintained=np.empty((n, tests), bool),
        objective=np.zeros(n),
    )
    top = _Moving.of(plan.numerators, holdings)
    bottom = _Moving.of(plan.denominators, holdings)

    def fill(start: int) -> None:
        block = slice(start, start + BLOCK)
        trades = rows[block], steps[block], flows[block]
        numerator = top.after(*trades)
        judgement = _judged(plan, holdings, numerator, bottom.after(*trades)[:, plan.denominator_of], *trades)
        found.value[block], found.threshold[block] = judgement.value, judgement.threshold
        found.numerator[block] = numerator[:, :-1]
        found.is_passed[block], found.is_maintained[block] = judgement.is_passed, judgement.is_maintained
        if vector is not None:
            found.objective[block] = objectives(plan, vector, judgement.value, judgement.threshold)

    _run(fill, range(0, n, BLOCK), threads)
    return found


def _run(task: Callable[[int], None], starts: Iterable[int], threads: int) -> None:
    if threads <= 1:
        for start in starts:
            task(start)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(task, starts))


@dataclass(frozen=True)
class _Moving:
    """Sums of some tests (tests,), and what par and cash move them by: per_par (n, tests), per_cash (tests,)."""

    start: Floats
    per_par: Floats
    per_cash: Floats

    @classmethod
    def of(cls, sums: Sums, holdings: Holdings) -> "_Moving":
        start = sums.at(holdings.par, holdings.cash)
        return cls(start, np.ascontiguousarray(sums.per_par.T), sums.per_cash)

    def after(self, rows: Codes, steps: Floats, flows: Floats) -> Floats:
        """The sums after each trade, (trades, tests)."""
        total: Floats = self.start + self.per_par[rows] * steps[:, None] + self.per_cash * flows[:, None]
        return total


def _judged(
    plan: Plan, holdings: Holdings, numerator: Floats, denominator: Floats, rows: Codes, steps: Floats, flows: Floats
) -> Judgement:
    sums = np.empty(len(rows))
    ranked = plan.ranked
    for place, form, codes in zip(ranked.place, ranked.forms, ranked.codes, strict=True):
        names = len(form.names)
        if form.is_by_name:
            kernels_groups.first_by_name_after_trades(codes, names, holdings.par, rows, steps, sums)
        else:
            kernels_groups.ranked_after_trades(codes, names, form.rank, form.count, holdings.par, rows, steps, sums)
        numerator[:, place] = sums
    scores = np.full((len(rows), len(plan)), np.nan)
    measured: dict[tuple[object, ...], Floats] = {}
    for place, measure in plan.measures:
        # The coverage tests of all classes share one numerator.
        key = (measure.kind, measure.reals.tobytes(), measure.codes.tobytes(), measure.settings.tobytes())
        if key not in measured:
            measured[key] = _measured(measure, holdings, rows, steps, flows)
        (scores if measure.denominator is None else numerator)[:, place] = measured[key]
    return judge(plan, numerator, denominator, scores)


def _measured(form: Measure, holdings: Holdings, rows: Codes, steps: Floats, flows: Floats) -> Floats:
    values = np.empty(len(rows))
    kernels_measures.measure_after_trades(
        int(form.kind),
        holdings.par,
        holdings.cash,
        form.reals,
        form.codes,
        form.settings,
        rows,
        steps,
        -flows,
        values,
    )
    return values


def moves(
    plan: Plan, holdings: Holdings, candidates: Candidates, par: Floats, settlement: Settlement
) -> tuple[Floats, Floats]:
    """What candidates of these sizes change the par of their asset and principal cash by, each (candidates,).

    As when the trade is settled, a sale that leaves next to nothing takes the whole position.
    """
    held = holdings.par[candidates.rows]
    steps = np.where(candidates.is_sale, -np.minimum(par, np.maximum(held, 0.0)), par)
    is_closing = candidates.is_sale & (np.abs(held + steps) <= least_position(plan.portfolio.quirks))
    unit_flow = np.where(candidates.is_sale, candidates.price - settlement.cost, candidates.price + settlement.cost)
    flows: Floats = -steps * unit_flow
    return np.where(is_closing, -held, steps), flows


def broken_tests(before: Evaluation, after: AfterTrades) -> Mask:
    """Tests that pass before and fail after, or that fail before and get worse, (trades, tests)."""
    sign = np.where(before.plan.is_max, 1.0, -1.0)
    distance_before = sign * (before.value - before.threshold)
    distance = sign * (after.value - after.threshold)
    is_worse = distance > distance_before + TOLERANCE * np.maximum(1.0, np.abs(before.threshold))
    broken: Mask = ~after.is_passed & (before.is_passed | is_worse)
    return broken
