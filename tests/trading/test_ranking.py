"""Rankings: candidates, their exact effect, the largest size of each and what stops it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compliance.evaluation import evaluate
from engine.compliance.objective import objectives, weight_vector
from engine.compliance.terms import Direction, TestSetting
from engine.errors import InputError
from engine.modes import Mode
from engine.trading.candidates import Candidates, joined, left_out, part, purchases, sales
from engine.trading.ranking import rank, ranked_trades
from engine.trading.settlement import apply
from engine.trading.sizes import CASH, NOTHING, POSITION, largest_sizes
from engine.trading.trades import Settlement, Side, Trade, TradedDeal
from tests.compliance.made_portfolios import made
from tests.compliance.mag17 import LOAN_K, mag17
from tests.trading.made_deals import CAA, RECOVERY, loan, small_deal

_A_CENT = 0.01
_WEIGHTS = {32: 0.4, 33: 0.2, 36: 0.3, 38: 0.1}


def trade_of(deal: TradedDeal, candidates: Candidates, place: int) -> Trade:
    """A candidate as a trade."""
    return Trade(
        deal=deal.name,
        blkrock_id=deal.plan.portfolio.ids[candidates.rows[place]],
        side=Side.SALE if candidates.is_sale[place] else Side.BUY,
        par=float(candidates.par[place]),
        price=100.0 * float(candidates.price[place]),
    )


def test_purchases_leave_out_what_may_not_be_bought() -> None:
    """Spec 05 §7: nothing defaulted, nothing priced below 75, positions only where they may be added to."""
    distressed, defaulted = loan("LOW", price=74.9), replace(loan("DEF"), default_asset=True)
    assets = [loan("A"), loan("B", price=75.0), distressed, defaulted, loan("NONE", price=None)]
    deal = small_deal(assets, {"A": 10.0}, 50.0)
    portfolio, holdings = deal.plan.portfolio, deal.holdings
    all_but_b = np.array([name != "B" for name in portfolio.ids])

    def names(candidates: Candidates) -> list[str]:
        return [portfolio.ids[row] for row in candidates.rows]

    assert names(purchases(portfolio, holdings, 1.0)) == ["A", "B"]
    assert names(purchases(portfolio, holdings, 1.0, includes_held=False)) == ["B"]
    assert names(purchases(portfolio, holdings, 1.0, chosen=all_but_b)) == ["A"]
    assert names(purchases(portfolio, holdings, 1.0, prices={"LOW": 80.0})) == ["A", "B", "LOW"]
    assert left_out(portfolio, holdings, Side.BUY, includes_held=False) == {
        "A": "held already",
        "DEF": "defaulted",
        "LOW": "market value below 75",
        "NONE": "no market value",
    }


def test_sales_are_of_positions_and_no_larger() -> None:
    """A sale takes the step or the whole position; what has no price is left out, and said to be."""
    deal = small_deal([loan("A"), loan("B"), loan("C", price=None)], {"A": 10.0, "C": 3.0}, 0.0)
    portfolio, holdings = deal.plan.portfolio, deal.holdings
    found = sales(portfolio, holdings, 25.0)

    assert [(portfolio.ids[row], par) for row, par in zip(found.rows, found.par, strict=True)] == [("A", 10.0)]
    assert left_out(portfolio, holdings, Side.SALE) == {"B": "not held", "C": "no market value"}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), cost=st.sampled_from((0.0, 0.00125)))
def test_change_is_that_of_the_objective_when_the_trade_is_made(seed: int, cost: float) -> None:
    """The effect of a candidate is what settling it and testing the whole deal shows; before costs, without them."""
    case = made(50, seed, held=0.7, slack=0.2)
    plan = case.plan
    deal = TradedDeal(plan, case.holdings, _WEIGHTS, Settlement(cost=cost))
    portfolio, holdings = case.portfolio, case.holdings
    candidates = joined(purchases(portfolio, holdings, 1e5), sales(portfolio, holdings, 7e6))
    ranking = rank(deal, candidates)
    vector = weight_vector(plan, _WEIGHTS)
    start = objectives(plan, vector, ranking.before.value, ranking.before.threshold)

    for place in range(0, len(candidates), 7):
        for settlement, change in (
            (deal.settlement, ranking.change),
            (Settlement(), ranking.change_before_costs),
        ):
            after, _ = apply(portfolio, holdings, [trade_of(deal, candidates, place)], settlement)
            found = evaluate(plan, after)
            expected = objectives(plan, vector, found.value, found.threshold) - start
            assert change[place] == pytest.approx(expected, abs=1e-9)


def test_best_feasible_trade_comes_first() -> None:
    """Recovery is what counts: the best loan breaks the Caa limit and stands behind all that break none."""
    assets = [
        loan("A"),
        loan("GOOD", recovery=0.6),
        loan("BETTER", recovery=0.7),
        loan("ALSO", recovery=0.6),
        loan("CAA", recovery=0.9, rating="Caa1"),
        loan("BAD", recovery=0.1),
    ]
    deal = small_deal(assets, {"A": 80.0}, 20.0)
    candidates = purchases(deal.plan.portfolio, deal.holdings, 12.0)
    lines = ranked_trades(rank(deal, candidates), 10)
    backwards = ranked_trades(rank(deal, part(candidates, np.arange(len(candidates))[::-1])), 10)

    assert [line.asset.blkrock_id for line in lines] == ["BETTER", "ALSO", "GOOD", "A", "BAD", "CAA"]
    assert backwards == lines
    assert [line.is_feasible for line in lines] == [True, True, True, True, True, False]
    assert [line.breaks for line in lines] == [(), (), (), (), (), (7,)]
    assert lines[0].change == pytest.approx(100.0 * ((0.5 * 80.0 + 0.7 * 12.0) / 92.0 - 0.5) / 0.4)


def test_largest_sizes_by_hand() -> None:
    """What stops a trade: the Caa share at slack over what a unit adds, cash, the position, or the size asked for."""
    assets = [loan("A"), loan("CAA", rating="Caa1"), loan("CHEAP", price=80.0, rating="Caa1")]
    deal = small_deal(assets, {"A": 80.0}, 20.0, settings=(RECOVERY, CAA))
    candidates = joined(
        purchases(deal.plan.portfolio, deal.holdings, 1.0), sales(deal.plan.portfolio, deal.holdings, 1.0)
    )
    lines = {
        (line.asset.blkrock_id, line.side): (line.largest_par, line.binding)
        for line in ranked_trades(rank(deal, candidates), 10)
    }
    capped = largest_sizes(deal, candidates, most=5.0)

    assert lines["A", Side.BUY] == (20.0, "cash")
    assert lines["A", Side.SALE] == (80.0, "position")
    assert lines["CAA", Side.BUY] == (pytest.approx(10.0, abs=_A_CENT), "test 7")
    # 0.1 x (100 + 0.2 q) = q: the discount adds to the collateral principal amount.
    assert lines["CHEAP", Side.BUY] == (pytest.approx(10.0 / 0.98, abs=_A_CENT), "test 7")
    assert capped.par.tolist() == [5.0, 5.0, 5.0, 5.0]
    assert capped.binding.tolist() == [NOTHING] * 4


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), slack=st.sampled_from((0.05, 0.3)))
def test_largest_size_is_feasible_and_a_little_more_is_not(seed: int, slack: float) -> None:
    """With all 91 tests: at the size no limit breaks, and a cent above the test that is named does."""
    case = made(40, seed, held=0.7, slack=slack)
    deal = TradedDeal(case.plan, case.holdings, _WEIGHTS)
    candidates = joined(purchases(case.portfolio, case.holdings, 1e5), sales(case.portfolio, case.holdings, 1e5))
    sizes = largest_sizes(deal, candidates)
    at_size = rank(deal, replace(candidates, par=np.maximum(sizes.par, _A_CENT)))
    above = rank(deal, replace(candidates, par=sizes.par + _A_CENT))

    assert at_size.is_feasible[sizes.par > _A_CENT].all()
    is_stopped = sizes.binding >= 0
    assert is_stopped.any()
    assert above.breaks[is_stopped, sizes.binding[is_stopped]].all()
    funded = np.where(candidates.is_sale, case.holdings.par[candidates.rows], case.holdings.cash / candidates.price)
    np.testing.assert_allclose(sizes.par[~is_stopped], funded[~is_stopped])
    assert set(sizes.binding[~is_stopped]) <= {CASH, POSITION}


def test_a_limit_that_is_broken_already_may_not_get_worse() -> None:
    """Trades that mend a broken test are feasible, those that worsen it are not, and it stops them at once."""
    deal = small_deal(
        [loan("A"), loan("CAA", rating="Caa1")],
        {"A": 70.0, "CAA": 20.0},
        10.0,
        settings=(RECOVERY, TestSetting(test_id=7, direction=Direction.MAX, threshold=0.10)),
    )
    portfolio, holdings = deal.plan.portfolio, deal.holdings
    ranking = rank(deal, joined(purchases(portfolio, holdings, 1.0), sales(portfolio, holdings, 1.0)))
    feasible = {
        (line.asset.blkrock_id, line.side): (line.is_feasible, line.largest_par) for line in ranked_trades(ranking, 10)
    }

    assert feasible["CAA", Side.BUY] == (False, pytest.approx(0.0, abs=_A_CENT))
    assert feasible["CAA", Side.SALE] == (True, 20.0)
    assert feasible["A", Side.BUY] == (True, 10.0)


def test_cash_floor_and_position_decide_on_feasibility() -> None:
    """What principal cash above its floor does not pay for, or what is not held, is not feasible."""
    deal = small_deal([loan("A"), loan("B")], {"A": 50.0}, 50.0, settlement=Settlement(cash_floor=45.0))
    candidates = Candidates(
        np.array([1, 1, 0, 0, 1]),
        np.array([False, False, True, True, True]),
        np.array([5.0, 6.0, 50.0, 51.0, 1.0]),
        np.ones(5),
    )

    assert rank(deal, candidates).is_feasible.tolist() == [True, False, True, False, False]


def test_ranking_does_not_depend_on_threads_or_on_the_order_of_candidates() -> None:
    """The same order and the same numbers on any number of threads, and for candidates given backwards."""
    case = made(120, 11, held=0.6)
    deal = TradedDeal(case.plan, case.holdings, _WEIGHTS)
    forwards = purchases(case.portfolio, case.holdings, 5e5)
    backwards = Candidates(forwards.rows[::-1], forwards.is_sale, forwards.par, forwards.price[::-1])
    one, two, turned = rank(deal, forwards), rank(deal, forwards, threads=2), rank(deal, backwards)

    np.testing.assert_array_equal(one.change, two.change)
    np.testing.assert_array_equal(one.order, two.order)
    np.testing.assert_array_equal(one.change, turned.change[::-1])
    np.testing.assert_array_equal(forwards.rows[one.order], backwards.rows[turned.order])
    assert ranked_trades(one, 5) == ranked_trades(two, 5, threads=2)


def test_legacy_mode_ranks_by_the_same_trades(reference: Path) -> None:
    """MAG 17 in legacy mode: the effect of loan K, and a position of next to nothing that a sale takes whole."""
    case = mag17(reference, Mode.LEGACY.quirks)
    deal = TradedDeal(case.plan, case.holdings, case.weights)
    row = case.plan.portfolio.row_of[LOAN_K]
    held = float(case.holdings.par[row])
    price = float(case.plan.portfolio.price[row])
    candidates = Candidates(
        np.array([row, row]), np.array([False, True]), np.array([1e6, held - 0.5]), np.array([price, price])
    )
    ranking = rank(deal, candidates)
    kept, _ = apply(case.plan.portfolio, case.holdings, [trade_of(deal, candidates, 1)])

    assert ranking.change[0] == pytest.approx(109.3447093635 - 109.33838464831747, abs=1e-9)
    assert kept.par[row] == 0.0
    np.testing.assert_allclose(ranking.after.value[1], evaluate(case.plan, kept).value, rtol=1e-12)


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf")])
def test_step_is_an_amount(step: float) -> None:
    """A step that is no positive amount is refused."""
    deal = small_deal([loan("A")], {"A": 1.0}, 0.0)

    with pytest.raises(InputError, match="CLO-1715: The par step"):
        purchases(deal.plan.portfolio, deal.holdings, step)


def test_candidates_are_trades() -> None:
    """Prices of unknown assets, and candidates without par or price, are refused with the first of them named."""
    deal = small_deal([loan("A"), loan("B")], {"A": 1.0}, 0.0)
    wrong = Candidates(np.array([0, 1]), np.array([False, False]), np.array([1.0, -1.0]), np.ones(2))

    with pytest.raises(InputError, match=r"CLO-1717: ZZZ at 98\.0 is no asset"):
        purchases(deal.plan.portfolio, deal.holdings, 1.0, prices={"ZZZ": 98.0})
    with pytest.raises(InputError, match=r"CLO-1719: 1 candidates are no trades: the first, B, has a par of -1\.0"):
        rank(deal, wrong)
