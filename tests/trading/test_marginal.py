"""Single trades by what they change, held against testing the whole deal after each of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compliance import kernels_groups
from engine.compliance.evaluation import Evaluation, Holdings, evaluate
from engine.compliance.objective import objectives
from engine.compliance.plan import Plan
from engine.compliance.portfolio import Codes, Floats
from engine.modes import Mode
from engine.trading.marginal import BLOCK, AfterTrades, after_trades
from tests.compliance.made_portfolios import made
from tests.compliance.mag17 import LOAN_K, mag17

_ROUNDING = 1e-10
"""Of sums over some hundred positions, relative to the larger of 1 and the value."""


def traded(holdings: Holdings, row: int, step: float, flow: float) -> Holdings:
    par = holdings.par.copy()
    par[row] += step
    return Holdings(par, holdings.cash + flow)


def assert_same(found: AfterTrades, trade: int, whole: Evaluation) -> None:
    """One trade's line against the whole deal tested after it."""
    scale = np.maximum(1.0, np.abs(whole.value))
    np.testing.assert_array_less(np.abs(found.value[trade] - whole.value), _ROUNDING * scale)
    np.testing.assert_allclose(found.threshold[trade], whole.threshold, rtol=_ROUNDING)
    np.testing.assert_array_equal(found.is_passed[trade], whole.is_passed)
    np.testing.assert_array_equal(found.is_maintained[trade], whole.is_maintained)


def random_trades(holdings: Holdings, rng: np.random.Generator, n: int) -> tuple[Codes, Floats, Floats]:
    """Purchases and sales of any size, whole positions and assets that are not held among them."""
    rows = rng.integers(0, len(holdings.par), n)
    held = holdings.par[rows]
    share = rng.choice((0.1, 0.5, 1.0), n)
    is_sale = (held > 0.0) & (rng.random(n) < 0.5)
    steps = np.where(is_sale, -held * share, share * 5e6)
    return rows, steps, -steps * rng.uniform(0.7, 1.02, n)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 60),
    held=st.sampled_from((1.0, 0.7, 0.2)),
    slack=st.sampled_from((0.05, 0.0, -0.02)),
)
def test_every_test_after_a_trade_is_that_of_the_whole_deal(seed: int, n: int, held: float, slack: float) -> None:
    """All 91 tests, on deals of every size and with limits that pass, hold exactly and fail."""
    case = made(n, seed, held=held, slack=slack, defaulted=0.05)
    plan, rng = case.plan, np.random.default_rng(seed)
    rows, steps, flows = random_trades(case.holdings, rng, 12)
    vector = np.linspace(0.0, 1.0, len(plan))
    found = after_trades(plan, case.holdings, rows, steps, flows, vector)

    for trade in range(len(rows)):
        whole = evaluate(plan, traded(case.holdings, int(rows[trade]), steps[trade], flows[trade]))
        assert_same(found, trade, whole)
        expected = objectives(plan, vector, whole.value, whole.threshold)
        assert found.objective[trade] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("mode", Mode)
def test_every_position_of_mag_17_sold_and_doubled(reference: Path, mode: Mode) -> None:
    """The tests as the deal has them, in both modes: DIP obligor by name, rounded life, half-even diversity."""
    case = mag17(reference, mode.quirks)
    holdings = case.holdings
    rows = np.tile(np.arange(len(holdings.par)), 2)
    steps = np.concatenate([-holdings.par, holdings.par])
    flows = -0.98 * steps
    found = after_trades(case.plan, holdings, rows, steps, flows)

    for trade in range(len(rows)):
        assert_same(found, trade, evaluate(case.plan, traded(holdings, int(rows[trade]), steps[trade], flows[trade])))


def test_thresholds_move_with_the_recovery_of_the_trade(reference: Path) -> None:
    """05 Q8: a million of loan K loosens no limit; its true effect is 4 % of the one with limits held still."""
    case = mag17(reference)
    row = np.array([case.plan.portfolio.row_of[LOAN_K]])
    vector = np.array([case.weights.get(setting.test_id, 0.0) for setting in case.plan.settings])
    found = after_trades(case.plan, case.holdings, row, np.array([1e6]), np.array([-993_330.0]), vector)
    before = evaluate(case.plan, case.holdings)
    start = objectives(case.plan, vector, before.value, before.threshold)

    assert found.objective[0] - start == pytest.approx(0.0063, abs=5e-5)
    assert objectives(case.plan, vector, found.value[0], before.threshold) - start == pytest.approx(0.152, abs=5e-4)


def test_results_do_not_depend_on_threads_or_neighbours() -> None:
    """Bit for bit: on one thread, on three, and one trade at a time."""
    case = made(80, 5, held=0.8)
    plan: Plan = case.plan
    rows, steps, flows = random_trades(case.holdings, np.random.default_rng(7), 2 * BLOCK + 100)
    vector = np.ones(len(plan))
    together = after_trades(plan, case.holdings, rows, steps, flows, vector)
    threaded = after_trades(plan, case.holdings, rows, steps, flows, vector, threads=3)
    chosen = [0, BLOCK - 1, BLOCK, 2 * BLOCK + 99]
    alone = [after_trades(plan, case.holdings, rows[[k]], steps[[k]], flows[[k]], vector) for k in chosen]

    for name in ("value", "threshold", "numerator", "is_passed", "is_maintained", "objective"):
        whole = getattr(together, name)
        np.testing.assert_array_equal(getattr(threaded, name), whole)
        np.testing.assert_array_equal(np.concatenate([getattr(item, name) for item in alone]), whole[chosen])


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n=st.integers(1, 12), n_groups=st.integers(1, 6), rank=st.integers(1, 5))
def test_ranked_groups_after_a_trade(data: st.DataObject, n: int, n_groups: int, rank: int) -> None:
    """Groups that vanish, appear, overtake each other and tie, against ranking them anew; by size and by name."""
    codes = np.array(data.draw(st.lists(st.integers(-1, n_groups - 1), min_size=n, max_size=n)), np.int64)
    par = np.array(data.draw(st.lists(st.sampled_from((0.0, 1.0, 2.0, 3.0)), min_size=n, max_size=n)))
    count = data.draw(st.integers(1, 3))
    rows = np.repeat(np.arange(n), 5)
    steps = np.where(np.tile(np.arange(5), n) == 0, -par[rows], np.tile([0.0, 0.0, 1.0, 2.0, 5.0], n))
    by_size, by_name = np.empty(len(rows)), np.empty(len(rows))
    kernels_groups.ranked_after_trades(codes, n_groups, rank, count, par, rows, steps, by_size)
    kernels_groups.first_by_name_after_trades(codes, n_groups, par, rows, steps, by_name)

    for trade in range(len(rows)):
        changed = par.copy()
        changed[rows[trade]] += steps[trade]
        sums, top = np.empty(2), np.empty(2, np.int64)
        kernels_groups.ranked(
            np.stack([codes, codes]),
            np.array([n_groups, n_groups]),
            np.array([rank, 1]),
            np.array([count, 1]),
            np.array([0, 1]),
            changed,
            sums,
            top,
        )
        assert (by_size[trade], by_name[trade]) == (sums[0], sums[1])


def test_maintained_results_are_seen_after_a_trade() -> None:
    """A test beyond its limit that gets no worse passes after the trade as it does when the deal is tested."""
    case = made(30, 3, slack=-0.05)
    start = evaluate(case.plan, case.holdings)
    baselines = tuple(
        replace(setting, baseline=float(value)) for setting, value in zip(case.settings, start.value, strict=True)
    )
    plan = replace(case.plan, settings=baselines)
    rows, steps, flows = random_trades(case.holdings, np.random.default_rng(1), 40)
    found = after_trades(plan, case.holdings, rows, steps, flows)

    assert found.is_maintained.any()
    for trade in range(len(rows)):
        whole = evaluate(plan, traded(case.holdings, int(rows[trade]), steps[trade], flows[trade]))
        assert_same(found, trade, whole)
