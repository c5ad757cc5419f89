"""The rows of the optimiser say what the tests say: on random deals with every test of the catalogue."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compliance.evaluation import evaluate
from engine.compliance.forms import RankedGroups, Ratio
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.goals import Objective, linear_goal
from engine.trading.optimiser.inputs import Budget, OptimiserInputs, market_prices
from engine.trading.optimiser.limits import Limits
from engine.trading.optimiser.linear_rows import Rows, group_sum
from engine.trading.optimiser.model import Limit, LimitKind, traded
from engine.trading.optimiser.problem import Problem, problem_of
from engine.trading.optimiser.reach import Reach
from engine.trading.optimiser.search import Search
from engine.trading.optimiser.solver import Outcome, maximise, programme_of
from engine.trading.optimiser.trade_columns import trading_model
from engine.trading.trades import Side, TradedDeal
from tests.compliance.made_portfolios import made

NEAR_LIMIT = 1e-6
"""Results this close to their limit, relative to it, are left out: there the tolerance decides."""
AGREES = 1e-9


def problem(seed: int, n: int, slack: float = 0.01) -> Problem:
    """A deal with all tests close to their limits, every loan of which may be bought and sold."""
    deal = made(n, seed, held=0.8, slack=slack, defaulted=0.05)
    prices = market_prices(deal.portfolio)
    priced = frozenset(name for name, price in prices.items() if price > 1.0)
    performing = frozenset(
        asset.blkrock_id for asset in deal.portfolio.assets if asset.blkrock_id in priced and not asset.default_asset
    )
    total = float(deal.holdings.par.sum())
    inputs = OptimiserInputs(
        sales=Budget(0.2 * total),
        purchases=Budget(0.2 * total),
        ask=prices,
        bid=prices,
        buyable=performing,
        sellable=priced,
        name_cap=0.1 * total,
        maintain_or_improve=False,
    )
    return problem_of(TradedDeal(deal.plan, deal.holdings), inputs)


def random_trades(chosen: Problem, seed: int) -> tuple[Floats, Floats]:
    """Amounts bought and sold within the limits by asset and the budgets."""
    rng = np.random.default_rng(seed)
    sides = []
    for limits, budget in ((chosen.buy_limit, chosen.inputs.purchases), (chosen.sale_limit, chosen.inputs.sales)):
        wanted = limits * rng.random(len(limits)) * (rng.random(len(limits)) < 0.5)
        wanted *= min(1.0, budget.par / max(float(wanted.sum()), 1.0))
        sides.append(wanted)
    return sides[0], sides[1]


def is_kept(chosen: Problem, rows: Rows, bought: Floats, sold: Floats) -> bool:
    """Whether the rows leave room for these trades, with whatever values their own columns take."""
    model = trading_model(chosen, any_size=True)
    model.add(rows, Limit(LimitKind.TEST, 0))
    wanted = {Side.BUY: bought, Side.SALE: sold}
    for piece in model.pieces:
        amount = float(wanted[piece.side][piece.asset]) / piece.par
        model.lower[piece.column] = model.upper[piece.column] = amount
    programme = programme_of(model)
    return maximise(programme, np.zeros(len(model.lower))).outcome is Outcome.SOLVED


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 30))
def test_rows_hold_exactly_where_the_test_passes(seed: int, n: int) -> None:
    """Outer rows are kept by every portfolio that passes; where they say all there is to say, by no other."""
    chosen = problem(seed, n)
    bought, sold = random_trades(chosen, seed)
    holdings = traded(chosen, bought, sold)
    if holdings.cash < 0.0:
        return
    found = evaluate(chosen.plan, holdings)
    limits = Limits(chosen, Reach(chosen))

    for place in limits.places:
        value, threshold = found.value[place], found.threshold[place]
        is_close = abs(value - threshold) <= NEAR_LIMIT * max(abs(value), abs(threshold))
        if is_close or not found.is_applicable[place]:
            continue
        test_id = chosen.plan.settings[place].test_id
        held = is_kept(chosen, limits.outer(place), bought, sold)
        if found.is_passed[place]:
            assert held, test_id
        elif limits.is_exact(place):
            assert not held, test_id


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 30))
def test_near_rows_hold_at_their_point(seed: int, n: int) -> None:
    """Rows taken at a portfolio with room to every limit leave that portfolio in."""
    chosen = problem(seed, n, slack=0.3)
    bought, sold = random_trades(chosen, seed)
    holdings = traded(chosen, bought, sold)
    if holdings.cash < 0.0:
        return
    found = evaluate(chosen.plan, holdings)
    limits = Limits(chosen, Reach(chosen))

    for place in limits.places:
        room = abs(found.value[place] - found.threshold[place]) > 0.02 * abs(found.threshold[place])
        if limits.is_exact(place) or not found.is_passed[place] or not found.is_applicable[place] or not room:
            continue
        assert is_kept(chosen, limits.near(place, holdings), bought, sold), chosen.plan.settings[place].test_id


@pytest.mark.parametrize("seed", range(6))
def test_predicted_results_are_the_evaluated_ones(seed: int) -> None:
    """Values and thresholds by the columns of the solved programme are those of the exact tests, to 1e-9."""
    chosen = problem(seed, 40, slack=0.05)
    search = Search(chosen, Reach(chosen), deadline=np.inf)
    candidate = search.solve(linear_goal(chosen, Objective.SPREAD_INCOME), 0.0, whole=False).candidate
    assert candidate is not None
    model, plan, found = candidate.model, chosen.plan, candidate.evaluation

    def predicted(item: object) -> float:
        columns, coefficients, start = model.expression(item)  # type: ignore[arg-type]
        return float(coefficients @ candidate.values[columns] + start) * model.unit

    for place, form in enumerate(plan.forms):
        if isinstance(form, Ratio) and found.is_applicable[place]:
            value = predicted(form.numerator) / predicted(form.denominator)
        elif isinstance(form, RankedGroups):
            sums = sorted((predicted(group_sum(form, group)) for group in range(len(form.names))), reverse=True)
            value = sum(sums[form.rank - 1 : form.rank - 1 + form.count]) / predicted(form.denominator)
        else:
            continue
        assert value == pytest.approx(found.value[place], rel=AGREES, abs=AGREES), plan.settings[place].test_id


def test_reach_is_never_exceeded() -> None:
    """No trades within the budgets take a sum, a ratio or a group further than said."""
    for seed in range(20):
        chosen = problem(seed, 25)
        reach = Reach(chosen)
        holdings = traded(chosen, *random_trades(chosen, seed))
        for form in chosen.plan.forms:
            if isinstance(form, Ratio):
                for item in (form.numerator, form.denominator):
                    low, high = reach.of(item)
                    amount = float(item.per_par @ holdings.par) + item.per_cash * holdings.cash + item.fixed
                    spare = 1e-9 * (abs(low) + abs(high))
                    assert low - spare <= amount <= high + spare
                low, high = reach.ratio(form.numerator, form.denominator)
                bottom = form.denominator
                base = float(bottom.per_par @ holdings.par) + bottom.per_cash * holdings.cash + bottom.fixed
                top = form.numerator
                if base > 0.0:
                    value = (float(top.per_par @ holdings.par) + top.per_cash * holdings.cash + top.fixed) / base
                    spare = 1e-9 * (abs(low) + abs(high)) if np.isfinite(low + high) else 0.0
                    assert low - spare <= value <= high + spare
