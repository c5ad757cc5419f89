"""The legacy rebalancer: sell the worst scores, then buy the best while the objective stays above 0 (spec 05 §8).

It is greedy and looks at one purchase at a time; the optimiser finds what it misses. It serves to reconcile with the
legacy model, and without quirk 05 Q1 as the same search under limits that hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.compliance.evaluation import Evaluation, Holdings
from engine.compliance.objective import objective
from engine.compliance.plan import Plan
from engine.compliance.portfolio import Mask
from engine.errors import InputError
from engine.modes import Quirk
from engine.trading.candidates import may_buy, may_sell
from engine.trading.hypothetical import PACKAGE_TITLE, Comparison, evaluated
from engine.trading.legacy_ranking import asset_scores, best_first
from engine.trading.settlement import settle
from engine.trading.trades import Fill, Side, Trade, TradedDeal


@dataclass(frozen=True, kw_only=True)
class RebalanceOrder:
    """What to sell and buy, in currency of par: first sale_par, then buy_par, in steps.

    largest_share: what one name may take of buy_par; sale_filter, buy_filter: assets that may be traded, (n,), all by
    default; includes_held: whether purchases may add to what the deal held before.
    """

    sale_par: float
    buy_par: float
    step: float
    largest_share: float = 0.05
    sale_filter: Mask | None = None
    buy_filter: Mask | None = None
    includes_held: bool = True

    def __post_init__(self) -> None:
        amounts = {"sale par": self.sale_par, "buy par": self.buy_par, "step": self.step, "share": self.largest_share}
        wrong = [f"{name} {value}" for name, value in amounts.items() if not 0.0 <= value < np.inf]
        if wrong or not self.step:
            raise InputError(
                "CLO-1718",
                f"A rebalance cannot have {', '.join(wrong) or 'a step of 0'}",
                where="rebalance order",
                remedy="Enter amounts of par of 0 or more, and a step above 0.",
            )


@dataclass(frozen=True)
class Rebalanced:
    """What a rebalance did: the deal before and after, the fills in their order, and how often a purchase was refused.

    objective_reported: objective of the last purchase tried under 05 Q10, else of the deal after. unsold: par of
    sale_par that no position was there for.
    """

    comparison: Comparison
    n_refused: int
    objective_reported: float
    unsold: float

    def traded(self, side: Side) -> dict[str, float]:
        """Par bought or sold, by asset id."""
        return par_by_name(self.comparison.fills, side)


def par_by_name(fills: Iterable[Fill], side: Side) -> dict[str, float]:
    """Par bought or sold, by asset id, in the order of the first trade of each."""
    total: dict[str, float] = {}
    for fill in fills:
        if fill.trade.side is side:
            total[fill.trade.blkrock_id] = total.get(fill.trade.blkrock_id, 0.0) + fill.par
    return total


@dataclass
class _Search:
    """Where the search stands: trades accepted so far, names that are full, and the plan that the next trial meets."""

    deal: TradedDeal
    plan: Plan
    holdings: Holdings
    evaluation: Evaluation
    reported: float
    fills: list[Fill] = field(default_factory=list)
    full: set[str] = field(default_factory=set)
    n_refused: int = 0

    @property
    def cash_to_spend(self) -> float:
        return self.holdings.cash - self.deal.settlement.cash_floor

    def bought(self) -> dict[str, float]:
        return par_by_name(self.fills, Side.BUY)

    def tried(self, row: int, side: Side, par: float) -> tuple[Holdings, Fill, Evaluation]:
        """A step at market value; under 05 Q1 its results become the baseline, accepted or not."""
        portfolio = self.plan.portfolio
        trade = Trade(deal=self.deal.name, blkrock_id=portfolio.ids[row], side=side, par=par)
        settled = settle(portfolio, self.holdings, [trade], self.deal.settlement)
        evaluation, self.plan = evaluated(self.plan, settled.holdings)
        return settled.holdings, settled.fills[0], evaluation

    def accept(self, holdings: Holdings, fill: Fill, evaluation: Evaluation) -> None:
        self.holdings, self.evaluation = holdings, evaluation
        self.fills.append(fill)


def rebalance(deal: TradedDeal, order: RebalanceOrder) -> Rebalanced:
    """Sell and buy as the order says, at market values; the deal stays as given."""
    before, plan = evaluated(deal.plan, deal.holdings)
    search = _Search(deal, plan, deal.holdings, before, objective(before, deal.weights))
    objective_before = search.reported
    unsold = _sell(search, order)
    while _buy_one(search, order):
        pass
    after = objective(search.evaluation, deal.weights)
    comparison = Comparison(PACKAGE_TITLE, tuple(search.fills), before, search.evaluation, objective_before, after)
    is_last_tried = Quirk.LAST_TRIED_OBJECTIVE in plan.portfolio.quirks
    return Rebalanced(comparison, search.n_refused, search.reported if is_last_tried else after, unsold)


def _sell(search: _Search, order: RebalanceOrder) -> float:
    """Sell the positions with the lowest scores; returns the par that was left to sell."""
    wanted = may_sell(search.holdings, order.sale_filter)
    left = min(order.sale_par, float(search.holdings.par[wanted].sum()))
    while left > 0.0:
        ranked = best_first(asset_scores(search.evaluation, search.deal.weights, Side.SALE), Side.SALE)
        candidates = ranked[may_sell(search.holdings, order.sale_filter)[ranked]]
        if not len(candidates):
            break
        row = int(candidates[0])
        step = min(order.step, left, float(search.holdings.par[row]))
        holdings, fill, evaluation = search.tried(row, Side.SALE, step)
        search.accept(holdings, fill, evaluation)
        search.reported = objective(evaluation, search.deal.weights)
        left -= fill.par
    return max(order.sale_par - sum(fill.par for fill in search.fills), 0.0)


def _buy_one(search: _Search, order: RebalanceOrder) -> bool:
    """Buy a step of the best name that keeps the objective above 0; False where the search is over."""
    bought = search.bought()
    if sum(bought.values()) >= order.buy_par or not search.cash_to_spend > 0.0:
        return False
    portfolio = search.plan.portfolio
    ranked = best_first(asset_scores(search.evaluation, search.deal.weights, Side.BUY), Side.BUY)
    allowed = may_buy(portfolio, search.deal.holdings, portfolio.price, order.buy_filter, order.includes_held)
    for row in ranked[allowed[ranked]]:
        name = portfolio.ids[row]
        step = _step(search, order, int(row), bought)
        if name in search.full or step <= 0.0:
            continue
        holdings, fill, evaluation = search.tried(int(row), Side.BUY, step)
        search.reported = objective(evaluation, search.deal.weights)
        if name in bought and bought[name] + fill.par > order.largest_share * order.buy_par:
            search.full.add(name)
            search.reported = 0.0
        if search.reported > 0.0:
            search.accept(holdings, fill, evaluation)
            return True
        search.n_refused += 1
    return False


def _step(search: _Search, order: RebalanceOrder, row: int, bought: Mapping[str, float]) -> float:
    """Par of the next purchase of a name.

    Under 05 Q20 it is the whole step, whatever is left to buy, and the first of a name may be too large for its share.
    """
    portfolio = search.plan.portfolio
    if Quirk.BUDGET_OVERSHOOT in portfolio.quirks:
        return order.step
    of_name = order.largest_share * order.buy_par - bought.get(portfolio.ids[row], 0.0)
    affordable = search.cash_to_spend / (float(portfolio.price[row]) + search.deal.settlement.cost)
    return min(order.step, order.buy_par - sum(bought.values()), of_name, affordable)
