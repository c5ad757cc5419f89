"""The optimiser beside the legacy greedy rebalance at the same sizes: what each takes, and what it reaches."""

from collections.abc import Iterable

from benchmarks.figures import Figure, Unit, median_seconds
from engine.trading.optimiser.inputs import Budget, OptimiserInputs, eligible, market_prices
from engine.trading.optimiser.optimiser import optimise
from engine.trading.rebalance import RebalanceOrder, rebalance
from engine.trading.trades import TradedDeal
from tests.compliance.made_portfolios import made

WEIGHTS = {32: 0.6, 36: 0.3, 38: 0.1}
SALES, PURCHASES, STEP = 15e6, 25e6, 750e3
LEGACY_TESTS = range(1, 55)
GAP = 0.002
"""At most how far the result may lie from the bound; a tenth of it costs some seconds more on a thousand loans."""
SEED = 3


def deal_of(n: int, held: float, tests: Iterable[int] | None) -> TradedDeal:
    """A deal of 500 million, all tests within 5 % of their limits."""
    case = made(n, SEED, held=held, tests=tests)
    return TradedDeal(case.plan, case.holdings, WEIGHTS)


def inputs_of(deal: TradedDeal) -> OptimiserInputs:
    """Sales and purchases at market in whole increments."""
    portfolio = deal.plan.portfolio
    prices = market_prices(portfolio)
    buyable, sellable = eligible(portfolio, deal.holdings)
    return OptimiserInputs(
        sales=Budget(SALES),
        purchases=Budget(PURCHASES),
        ask=prices,
        bid=prices,
        buyable=buyable,
        sellable=sellable,
        increment=STEP,
        gap=GAP,
    )


def figure(n: int, held: float, tests: Iterable[int] | None, target: float, repeats: int) -> Figure:
    """One size: seconds of either, with the objectives that they reach in the names."""
    deal = deal_of(n, held, tests)
    inputs, order = inputs_of(deal), RebalanceOrder(sale_par=SALES, buy_par=PURCHASES, step=STEP)
    found, greedy = optimise(deal, inputs), rebalance(deal, order)
    return Figure(
        name=f"optimiser, {n:,} loans, {len(deal.plan)} tests: {found.objective_before:.2f} to "
        f"{found.objective_after:.2f}, proven gap {found.gap:.3%}",
        amount=median_seconds(lambda: optimise(deal, inputs), repeats),
        unit=Unit.SECOND,
        alternative=f"greedy rebalance: {greedy.comparison.objective_after:.2f}",
        alternative_amount=median_seconds(lambda: rebalance(deal, order), 1),
        target=target,
    )


def run(*, is_quick: bool) -> list[Figure]:
    """A deal as large as MAG 17 with the legacy tests, and a thousand loans with all tests."""
    repeats = 1 if is_quick else 5
    return [figure(195, 0.9, LEGACY_TESTS, 1.0, repeats), figure(1_004, 0.2, None, 5.0, repeats)]
