"""From the raw history of one scenario to a deal result with names and dates."""

import numpy as np
import numpy.typing as npt

from engine.analytics.kernels import solve_xirr
from engine.conventions.days import day_number
from engine.deal.kernels import History, Pools
from engine.deal.kernels_scenarios import ScenarioFigures
from engine.deal.resolve import ResolvedDeal
from engine.deal.results import INCENTIVE_COLUMNS, TRACE_DTYPE, DealResult, Failure, PeriodDates
from engine.liabilities.state import Context, StateBlock, Status, TrancheState
from engine.waterfall.codes import SectionCode
from engine.waterfall.program import DEFAULT_TEST, DIVERSION_TEST

Floats = npt.NDArray[np.float64]

REASONS = {
    Status.RAISED: "the program stops here, as the legacy code did",
    Status.UNDEFINED_ALLOCATION: "a group has no claim to share cash by",
    Status.UNDEFINED_CURE: "a failing test with a trigger of 1 has no principal cure",
}


def to_result(
    resolved: ResolvedDeal, history: History, pools: Pools, figures: ScenarioFigures, states: StateBlock, row: int
) -> DealResult:
    """The result of scenario 0, cut to its last period; row is that of its state."""
    deal, schedule, waterfall = resolved.deal, resolved.schedule, resolved.waterfall
    n = int(figures.last_period[0])
    failure = failure_of(resolved, int(figures.status[0]), n, figures.context[0])
    tranches = history.tranche[:n].copy()
    history.incentive[:n, INCENTIVE_COLUMNS.index("irr")] = _irr(resolved, history.tranche, n)
    return DealResult(
        deal_id=deal.deal_id,
        program=waterfall.program.name,
        dates=PeriodDates(
            payment=schedule.payment[1 : n + 1].astype("datetime64[D]"),
            interest_determination=schedule.interest_determination[1 : n + 1].astype("datetime64[D]"),
            collection_begin=schedule.collection_begin[1 : n + 1].astype("datetime64[D]"),
            collection_end=schedule.collection_end[1 : n + 1].astype("datetime64[D]"),
        ),
        last_period=0 if failure else n,
        tranche_names=tuple(tranche.name for tranche in deal.tranches),
        fee_names=tuple(fee.name for fee in deal.fees),
        oc_names=tuple(oc_label(name) for name in waterfall.oc_names),
        oc_triggers=waterfall.oc_triggers,
        ic_names=tuple(f"Class {name} IC Test" for name in waterfall.ic_names),
        ic_triggers=waterfall.ic_triggers,
        deal=history.deal[:n].copy(),
        original_pool=pools.pool[1 : n + 1].copy(),
        reinvested_pool=pools.book[1 : n + 1].copy(),
        tranches=tranches,
        fees=history.fee[:n].copy(),
        oc=history.oc[:n].copy(),
        ic=history.ic[:n].copy(),
        incentive=history.incentive[:n].copy(),
        risk=np.full_like(figures.risk[0], np.nan) if failure else figures.risk[0].copy(),
        last_calculated=states.tranche[row, :, TrancheState.LAST_CALCULATED].astype(np.int64),
        trace=_trace(history.trace[: int(states.context[row, Context.TRACE_ROWS])]),
        step_texts=waterfall.step_texts,
        collection_end=(float(history.cash_end[0]), float(history.cash_end[1])),
        accrued_interest_end=float(history.cash_end[2]),
        failure=failure,
    )


def oc_label(name: str) -> str:
    """What an analyst calls an OC test of a program."""
    return {DIVERSION_TEST: "Interest Diversion Test", DEFAULT_TEST: "Event of Default"}.get(
        name, f"Class {name} OC Test"
    )


def failure_of(resolved: ResolvedDeal, status: int, period: int, where: npt.NDArray[np.int64]) -> Failure | None:
    """Where and why a run stopped, in words; None for one that reached its end. where (2,): section and step."""
    if status == Status.OK:
        return None
    is_in_tests = status == Status.UNDEFINED_CURE
    section, step = int(where[0]), int(where[1])
    return Failure(
        number="CLO-1303",
        period=period,
        section="tests" if is_in_tests else SectionCode(section).name,
        step="evaluation of the tests" if is_in_tests else resolved.waterfall.step_texts[section, step],
        reason=REASONS[Status(status)],
    )


def _trace(rows: Floats) -> npt.NDArray[np.void]:
    trace = np.empty(rows.shape[0], dtype=TRACE_DTYPE)
    for column, name in enumerate(TRACE_DTYPE.names or ()):
        trace[name] = rows[:, column]
    return trace


def _irr(resolved: ResolvedDeal, tranche: Floats, n: int) -> Floats:
    """Internal rate of the sub-note history up to each period, decimal; 0 where there is none (spec 02 §9.4)."""
    equity = next(t for t, item in enumerate(resolved.deal.tranches) if item.is_equity)
    paid = tranche[:n, equity, TrancheState.INTEREST_PAID] + tranche[:n, equity, TrancheState.PRINCIPAL_PAID]
    before = [(day_number(item.on), item.amount) for item in resolved.sub_note_payments]
    days = np.array([day for day, _ in before] + resolved.schedule.payment[1 : n + 1].tolist(), dtype=np.int64)
    cash = np.array([amount for _, amount in before] + paid.tolist())
    rates = np.zeros(n)
    for i in range(n):
        rate, status = solve_xirr(cash, days, len(before) + i + 1, 0.1)
        rates[i] = rate if status == 0 else 0.0
    return rates
