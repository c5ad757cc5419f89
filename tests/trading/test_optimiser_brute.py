"""The optimiser against trying everything: deals of three to five loans, trades of whole increments, every test."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine.compliance.evaluation import evaluate
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.goals import Objective, RatioGoal, linear_goal, ratio_goal
from engine.trading.optimiser.inputs import Budget, OptimiserInputs, market_prices
from engine.trading.optimiser.limits import Limits, broken
from engine.trading.optimiser.model import traded
from engine.trading.optimiser.optimiser import optimise
from engine.trading.optimiser.problem import Problem, problem_of
from engine.trading.optimiser.reach import Reach
from engine.trading.trades import TradedDeal
from tests.compliance.made_portfolios import made
from tests.trading.small_deals import MAX, MILLION, MIN, Loan, deal_of, inputs_of, limit

WEIGHTS = {32: 0.6, 36: 0.3, 38: 0.1}
GAP = 1e-7


def random_deal(seed: int) -> tuple[TradedDeal, OptimiserInputs]:
    """Three to five loans, some held, all tests within a few percent of their limits."""
    rng = np.random.default_rng(seed)
    deal = made(int(rng.integers(3, 6)), seed, held=0.8, slack=float(rng.choice([0.01, 0.05, 0.15, 0.3])))
    step = float(rng.choice([20.0, 35.0])) * MILLION
    prices = {name: price for name, price in market_prices(deal.portfolio).items() if price > 1.0}
    ids = frozenset(prices)
    inputs = OptimiserInputs(
        sales=Budget(3 * step),
        purchases=Budget(2 * step),
        ask=prices,
        bid=prices,
        buyable=ids,
        sellable=ids,
        increment=step,
        name_cap=2 * step,
        gap=GAP,
    )
    return TradedDeal(deal.plan, deal.holdings, WEIGHTS), inputs


def all_trades(problem: Problem) -> Iterator[tuple[Floats, Floats]]:
    """Every allowed combination of amounts bought and sold."""
    step = problem.inputs.increment
    choices = []
    for buy, sale, par in zip(problem.buy_limit, problem.sale_limit, problem.par, strict=True):
        own = [(step * count, 0.0) for count in range(int(buy / step + 1e-9) + 1)]
        own += [(0.0, step * count) for count in range(1, int(sale / step + 1e-9) + 1)]
        if sale == par > 0.0:
            own.append((0.0, float(par)))
        choices.append(own)
    for chosen in itertools.product(*choices):
        bought, sold = np.array(chosen).T
        if bought.sum() <= problem.inputs.purchases.par + 1.0 and sold.sum() <= problem.inputs.sales.par + 1.0:
            yield bought, sold


def best_of_all(deal: TradedDeal, inputs: OptimiserInputs, objective: Objective) -> float:
    """The best objective of all portfolios that keep every limit; -inf without any."""
    problem = problem_of(deal, inputs)
    goal = ratio_goal(problem) if objective is Objective.WEIGHTED_RATIOS else linear_goal(problem, objective)
    places = Limits(problem, Reach(problem)).places
    best = -np.inf
    for bought, sold in all_trades(problem):
        holdings = traded(problem, bought, sold)
        if holdings.cash < -1.0:
            continue
        found = evaluate(problem.plan, holdings)
        if not broken(found, places).any():
            is_ratio = isinstance(goal, RatioGoal)
            best = max(best, goal.value(found if is_ratio else holdings, bought, sold))  # type: ignore[arg-type]
    return best


@pytest.mark.parametrize("objective", [Objective.WEIGHTED_RATIOS, Objective.SPREAD_INCOME, Objective.PAR_BUILD])
@pytest.mark.parametrize("seed", range(15))
def test_nothing_better_is_found_by_trying_everything(seed: int, objective: Objective) -> None:
    """The optimum is that of all portfolios, and the bound does not lie below it."""
    deal, inputs = random_deal(seed)
    best = best_of_all(deal, inputs, objective)
    found = optimise(deal, inputs, objective)

    assert found.objective_after == pytest.approx(best, rel=1e-7)
    assert found.bound >= best * (1.0 - 1e-9)


FIXED_RATE = (
    Loan("F", 10.0, 99.0, 0.09, 2720, 0.30, is_fixed=True),
    Loan("L", 45.0, 100.0, 0.030, 2720, 0.65),
    Loan("S", 45.0, 96.0, 0.055, 3490, 0.25),
)


def test_limit_that_moves_with_other_assets() -> None:
    """T11: 10 % fixed-rate loans, whose recovery moves the spread limit while their spread does not count."""
    parameters = {"weighted_average_spread": 0.0431, "was_factor": 0.0008, "warr_threshold": 0.43}
    deal = deal_of(FIXED_RATE, 5.0, (limit(39, MIN), limit(4, MAX, 0.60), limit(9, MAX, 0.15)), parameters)
    budget = Budget(20.0 * MILLION)
    inputs = inputs_of(FIXED_RATE, budget, budget, name_cap=20.0 * MILLION, maintain_or_improve=False)
    found = optimise(deal, inputs, Objective.PAR_BUILD)
    grid = best_of_all(deal, replace(inputs, increment=MILLION), Objective.PAR_BUILD)

    assert found.after is not None
    assert not broken(found.after, range(3)).any()
    assert grid == pytest.approx(105.640 * MILLION)
    assert grid <= found.objective_after <= found.bound
    assert found.objective_after <= grid + 0.04 * MILLION
    assert found.gap < 1e-6
