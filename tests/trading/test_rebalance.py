"""The legacy rebalancer and its asset score, with and without their quirks."""

import numpy as np
import pytest

from engine.compliance.evaluation import evaluate
from engine.compliance.terms import Direction, TestSetting
from engine.errors import InputError
from engine.modes import Quirk, Quirks
from engine.trading.legacy_ranking import asset_scores
from engine.trading.rebalance import RebalanceOrder, rebalance
from engine.trading.trades import Settlement, Side
from tests.trading.made_deals import RECOVERY, loan, small_deal

CAA_LIMIT = TestSetting(test_id=7, direction=Direction.MAX, threshold=0.10)
LIFE = TestSetting(test_id=35, direction=Direction.MAX, threshold=6.0)
DIVERSITY = TestSetting(test_id=37, direction=Direction.MIN, threshold=1.0)


def buying(par: float, step: float, largest_share: float = 1.0) -> RebalanceOrder:
    return RebalanceOrder(sale_par=0.0, buy_par=par, step=step, largest_share=largest_share, includes_held=False)


@pytest.mark.parametrize(
    ("quirks", "bought"),
    [(frozenset(), {}), (frozenset({Quirk.MOVING_BASELINE}), {"SECOND": 20.0})],
)
def test_a_refused_purchase_is_no_baseline(quirks: Quirks, bought: dict[str, float]) -> None:
    """T9: the first candidate breaks the limit, the second breaks it less and has to be refused as well (05 Q1)."""
    assets = [
        loan("A"),
        loan("FIRST", rating="Caa1", recovery=0.9),
        loan("SECOND", rating="Caa1", recovery=0.8, price=80.0),
    ]
    deal = small_deal(assets, {"A": 80.0}, 20.0, settings=(RECOVERY, CAA_LIMIT), quirks=quirks)
    found = rebalance(deal, buying(20.0, 20.0))

    assert found.traded(Side.BUY) == bought
    assert found.comparison.after.value[1] == pytest.approx(20.0 / 104.0 if bought else 0.0)


@pytest.mark.parametrize(
    ("quirks", "bought"),
    [
        (frozenset(), {"B": 4.0, "C": 4.0, "D": 2.0}),
        (frozenset({Quirk.BUDGET_OVERSHOOT}), {"B": 6.0, "C": 6.0}),
    ],
)
def test_budgets_are_met_exactly(quirks: Quirks, bought: dict[str, float]) -> None:
    """05 Q20: the legacy steps go past the budget and the first of a name past its share."""
    assets = [loan("A"), loan("B", recovery=0.9), loan("C", recovery=0.8), loan("D", recovery=0.7)]
    deal = small_deal(assets, {"A": 80.0}, 20.0, quirks=quirks)

    assert rebalance(deal, buying(10.0, 6.0, largest_share=0.4)).traded(Side.BUY) == pytest.approx(bought)


def test_sales_take_the_worst_scores_first_and_no_more_than_is_held() -> None:
    """Positions are sold from the lowest score up; what no position is there for is reported as unsold."""
    assets = [loan("A", recovery=0.5), loan("B", recovery=0.3), loan("C", recovery=0.4)]
    deal = small_deal(assets, {"A": 10.0, "B": 4.0, "C": 10.0}, 0.0)
    chosen = np.array([name != "A" for name in deal.plan.portfolio.ids])
    some = rebalance(deal, RebalanceOrder(sale_par=6.0, buy_par=0.0, step=3.0))
    most = rebalance(deal, RebalanceOrder(sale_par=20.0, buy_par=0.0, step=3.0, sale_filter=chosen))

    assert some.traded(Side.SALE) == pytest.approx({"B": 4.0, "C": 2.0})
    assert [fill.par for fill in some.comparison.fills] == [3.0, 1.0, 2.0]
    assert most.traded(Side.SALE) == pytest.approx({"B": 4.0, "C": 10.0})
    assert most.unsold == pytest.approx(6.0)


def test_purchases_stop_at_the_cash_floor() -> None:
    """No purchase goes below the floor, costs included."""
    deal = small_deal(
        [loan("A"), loan("B", recovery=0.9)], {"A": 80.0}, 20.0, settlement=Settlement(cash_floor=9.9, cost=0.01)
    )
    found = rebalance(deal, buying(20.0, 7.0))

    assert found.traded(Side.BUY) == pytest.approx({"B": 10.0})
    assert found.comparison.after.holdings.cash == pytest.approx(9.9)


@pytest.mark.parametrize(("quirks", "reported"), [(frozenset(), 125.0), (frozenset({Quirk.LAST_TRIED_OBJECTIVE}), 0.0)])
def test_objective_reported_is_that_of_the_deal(quirks: Quirks, reported: float) -> None:
    """05 Q10: the legacy sheet shows the objective of the last purchase tried, refused or not."""
    assets = [loan("A"), loan("CAA", rating="Caa1", recovery=0.9)]
    deal = small_deal(assets, {"A": 80.0}, 20.0, settings=(RECOVERY, CAA_LIMIT), quirks=quirks)
    found = rebalance(deal, buying(20.0, 20.0))

    assert found.n_refused == 1
    assert found.objective_reported == pytest.approx(reported)
    assert found.comparison.objective_after == pytest.approx(125.0)


def test_score_of_a_test_without_a_term() -> None:
    """05 Q7: diversity takes the term of the test before, or of the asset before; without the quirk it is an error."""
    quirks = frozenset({Quirk.SCORE_STALE_TERM})
    assets, held = [loan("A", recovery=0.4), loan("B", recovery=0.6)], {"A": 80.0}

    def scores(settings: tuple[TestSetting, ...], weights: dict[int, float], quirks: Quirks) -> list[float]:
        deal = small_deal(assets, held, 20.0, settings=settings, weights=weights, quirks=quirks)
        found: list[float] = asset_scores(evaluate(deal.plan, deal.holdings), weights, Side.BUY).tolist()
        return found

    of_a, of_b = scores((RECOVERY,), {33: 1.0}, quirks)

    assert scores((RECOVERY, DIVERSITY), {33: 1.0, 37: 0.5}, quirks) == pytest.approx([1.5 * of_a, 1.5 * of_b])
    assert scores((DIVERSITY, RECOVERY), {33: 1.0, 37: 0.5}, quirks) == pytest.approx([of_a, of_b + 0.5 * of_a])
    with pytest.raises(InputError, match="CLO-1716: The asset score has no term for test 37"):
        scores((RECOVERY, DIVERSITY), {33: 1.0, 37: 0.5}, frozenset())


def test_score_steps() -> None:
    """05 Q6: in the legacy score a million of par meets a denominator that grew by ten."""
    assets, held = [loan("A", recovery=0.4)], {"A": 80e6}

    def score(quirks: Quirks) -> float:
        deal = small_deal(assets, held, 0.0, settings=(RECOVERY, LIFE), quirks=quirks)
        return float(asset_scores(evaluate(deal.plan, deal.holdings), {33: 1.0}, Side.BUY)[0])

    assert score(frozenset()) == pytest.approx(1.0)
    assert score(frozenset({Quirk.SCORE_STEPS})) == pytest.approx(0.4 * 81e6 / 90e6 / 0.4)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"sale_par": -1.0}, "sale par -1.0"),
        ({"buy_par": float("nan")}, "buy par nan"),
        ({"step": 0.0}, "a step of 0"),
        ({"largest_share": float("inf")}, "share inf"),
    ],
)
def test_orders_are_amounts(wrong: dict[str, float], text: str) -> None:
    """Amounts that are none are refused before anything is sold."""
    with pytest.raises(InputError, match=f"CLO-1718: A rebalance cannot have {text}"):
        RebalanceOrder(**{"sale_par": 1.0, "buy_par": 1.0, "step": 1.0, **wrong})
