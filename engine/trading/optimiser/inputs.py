"""What the optimiser is asked for: budgets, prices, eligible assets and trading rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.compliance.evaluation import Holdings
from engine.compliance.portfolio import Mask, Portfolio
from engine.trading.candidates import may_buy, may_sell

_SHARE_OF_PURCHASES = 0.05


@dataclass(frozen=True, slots=True)
class Budget:
    """Par to trade on one side, in currency; is_exact: to be reached, not only kept to."""

    par: float
    is_exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cushion:
    """Room to be kept to a limit where it is worth it.

    margin in the unit of the test; penalty: what the objective loses for each unit of the test that is missing.
    """

    test_id: int
    margin: float
    penalty: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimiserInputs:
    """What may be traded, how, and how long to look for it.

    ask and bid: price in percent of par by asset id, needed of every asset that may be bought or sold; buyable and
    sellable: asset ids; untouched: assets that stay as they are, whatever else is said. increment: par of a trade is a
    multiple of it, 0 for any amount; a position may also be sold out, and one trade of a side whose budget is exact is
    cut to meet it. minimum_piece: least par of a trade and of what a sale leaves (a smaller position may be sold out).
    name_cap: most par bought of an asset, 5 % of the purchase budget by default. most_trades: number of assets bought
    or sold. turnover_cost: what the objective loses, in its own unit, for each unit of par traded, beside what
    settlement takes in cash. maintain_or_improve: a limit that is broken at the start need not be mended, only not made
    worse. time_limit in seconds; gap: how far the result may lie from the proven bound, as a fraction of the objective.
    """

    sales: Budget
    purchases: Budget
    ask: Mapping[str, float]
    bid: Mapping[str, float]
    buyable: frozenset[str]
    sellable: frozenset[str]
    untouched: frozenset[str] = frozenset()
    increment: float = 0.0
    minimum_piece: float = 0.0
    name_cap: float | None = None
    most_trades: int | None = None
    turnover_cost: float = 0.0
    cushions: tuple[Cushion, ...] = ()
    maintain_or_improve: bool = True
    time_limit: float = 30.0
    gap: float = 1e-4


def name_cap(inputs: OptimiserInputs) -> float:
    """Most par bought of an asset, currency."""
    return _SHARE_OF_PURCHASES * inputs.purchases.par if inputs.name_cap is None else inputs.name_cap


def market_prices(portfolio: Portfolio) -> dict[str, float]:
    """Market value in percent of par of every asset that has one, for both sides."""
    return {
        asset.blkrock_id: asset.market_value
        for asset in portfolio.assets
        if asset.market_value and asset.market_value > 0
    }


def eligible(
    portfolio: Portfolio,
    holdings: Holdings,
    buy_filter: Mask | None = None,
    sale_filter: Mask | None = None,
    *,
    includes_held: bool = True,
) -> tuple[frozenset[str], frozenset[str]]:
    """Ids that may be bought and sold at market: what rankings and the rebalancer take too (spec 05 §7), if priced.

    buy_filter, sale_filter: assets that the user's filters chose, (n,); all by default. includes_held: whether what is
    held may be bought.
    """
    buyable = may_buy(portfolio, holdings, portfolio.price, buy_filter, includes_held)
    sellable = may_sell(holdings, sale_filter) & (portfolio.price > 0.0)
    ids = portfolio.ids
    return frozenset(ids[row] for row in buyable.nonzero()[0]), frozenset(ids[row] for row in sellable.nonzero()[0])
