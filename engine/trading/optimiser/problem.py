"""The inputs of the optimiser, checked and laid out by asset before anything runs."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np

from engine.compliance.evaluation import Evaluation, evaluate
from engine.compliance.plan import Plan
from engine.compliance.portfolio import Floats, Mask, Portfolio
from engine.errors import InputError
from engine.trading.faults import HIGHEST_PRICE
from engine.trading.optimiser.inputs import Cushion, OptimiserInputs, name_cap
from engine.trading.trades import TradedDeal

_PERCENT = 100.0
_LOWEST_PRICE = 1.0


@dataclass(frozen=True)
class Problem:
    """The checked question: how much of each asset may be bought and sold at which price, all (n,) by asset.

    plan: the deal's tests with the baselines of this search; may_buy, may_sell: what is eligible; buy_limit and
    sale_limit in currency, 0 for what is not; ask what a unit of par costs and bid what it brings, fractions of par
    after the costs of settlement; base: par and cash at the start, currency.
    """

    deal: TradedDeal
    inputs: OptimiserInputs
    plan: Plan
    before: Evaluation
    may_buy: Mask
    may_sell: Mask
    buy_limit: Floats
    sale_limit: Floats
    ask: Floats
    bid: Floats
    base: float = field(default=0.0)

    @property
    def par(self) -> Floats:
        """Par held at the start, currency, (n,)."""
        return self.deal.holdings.par

    @property
    def cash(self) -> float:
        """Principal cash at the start, currency."""
        return self.deal.holdings.cash

    @property
    def cash_floor(self) -> float:
        """Principal cash that has to stay, currency."""
        return self.deal.settlement.cash_floor


def problem_of(deal: TradedDeal, inputs: OptimiserInputs) -> Problem:
    """Check the inputs and lay them out.

    Raises InputError CLO-1751 to CLO-1761, the first thing that is wrong; nothing is half-done.
    """
    portfolio = deal.plan.portfolio
    _require_amounts(deal, inputs)
    for name, ids in (("buyable", inputs.buyable), ("sellable", inputs.sellable), ("untouched", inputs.untouched)):
        _require_known(portfolio, ids, f"the {name} assets")
    may_buy = _mask(portfolio, inputs.buyable - inputs.untouched)
    may_sell = _mask(portfolio, inputs.sellable - inputs.untouched) & (deal.holdings.par > 0.0)
    ask, bid = (
        _prices(portfolio, prices, mask, side)
        for prices, mask, side in ((inputs.ask, may_buy, "ask"), (inputs.bid, may_sell, "bid"))
    )
    _require_uncrossed(portfolio, ask, bid, may_buy & may_sell)
    before = evaluate(deal.plan, deal.holdings)
    plan = frozen_baseline(before, inputs.maintain_or_improve)
    _require_cushions(plan, inputs.cushions)
    cost = deal.settlement.cost
    return Problem(
        deal=deal,
        inputs=inputs,
        plan=plan,
        before=evaluate(plan, deal.holdings),
        may_buy=may_buy,
        may_sell=may_sell,
        buy_limit=np.where(may_buy, min(name_cap(inputs), inputs.purchases.par), 0.0),
        sale_limit=np.where(may_sell, np.minimum(deal.holdings.par, inputs.sales.par), 0.0),
        ask=np.where(may_buy, ask + cost, 0.0),
        bid=np.where(may_sell, bid - cost, 0.0),
        base=float(deal.holdings.par.sum()) + abs(deal.holdings.cash),
    )


def frozen_baseline(before: Evaluation, maintain_or_improve: bool) -> Plan:
    """The plan with the results at the start as baselines of the tests that fail there, and no other baseline."""
    plan = before.plan
    fails = np.where(plan.is_max, before.value > before.threshold, before.value < before.threshold)
    settings = tuple(
        replace(setting, baseline=float(before.value[place]) if maintain_or_improve and fails[place] else None)
        for place, setting in enumerate(plan.settings)
    )
    return replace(plan, settings=settings)


def _mask(portfolio: Portfolio, ids: Iterable[str]) -> Mask:
    mask = np.zeros(len(portfolio), bool)
    mask[[portfolio.row_of[name] for name in ids]] = True
    return mask


def _require_known(portfolio: Portfolio, ids: Iterable[str], where: str) -> None:
    for name in sorted(ids):
        if name not in portfolio.row_of:
            close = get_close_matches(name, portfolio.ids, 1)
            raise InputError(
                "CLO-1751",
                f"The optimiser does not know the asset {name or 'without id'}",
                where=where,
                remedy=f"Did you mean {close[0]}?" if close else "Correct the id, or add the asset to the candidates.",
            )


def _prices(portfolio: Portfolio, prices: Mapping[str, float], needed: Mask, side: str) -> Floats:
    found = np.zeros(len(portfolio))
    for row in np.flatnonzero(needed):
        name = portfolio.ids[row]
        if name not in prices:
            raise InputError(
                "CLO-1752",
                f"Asset {name} may be traded and has no {side} price",
                where=f"{side} prices",
                remedy="Enter its price in percent of par, or leave the asset out.",
            )
        price, market = prices[name], _PERCENT * float(portfolio.price[row])
        # A price of 1 and below was meant as a fraction, unless the loan is really quoted like that.
        lowest = 0.0 if market <= _LOWEST_PRICE else _LOWEST_PRICE
        if not lowest < price <= HIGHEST_PRICE:
            raise InputError(
                "CLO-1753",
                f"The {side} price {price} of {name} is not above {lowest:g} and at most {HIGHEST_PRICE:g}",
                where=f"{side} prices",
                remedy="Enter the price in percent of par, such as 99.25.",
            )
        found[row] = price / _PERCENT
    return found


def _require_uncrossed(portfolio: Portfolio, ask: Floats, bid: Floats, both: Mask) -> None:
    crossed = np.flatnonzero(both & (ask < bid))
    if len(crossed):
        name = portfolio.ids[crossed[0]]
        raise InputError(
            "CLO-1754",
            f"Asset {name} can be sold at {_PERCENT * bid[crossed[0]]:g} and bought at {_PERCENT * ask[crossed[0]]:g}",
            where="ask and bid prices",
            remedy="Enter an ask that is not below the bid.",
        )


def _require_amounts(deal: TradedDeal, inputs: OptimiserInputs) -> None:
    amounts = {
        "sale budget": inputs.sales.par,
        "purchase budget": inputs.purchases.par,
        "increment": inputs.increment,
        "minimum piece": inputs.minimum_piece,
        "cap by name": name_cap(inputs),
        "turnover cost": inputs.turnover_cost,
    }
    for name, amount in amounts.items():
        if not (math.isfinite(amount) and amount >= 0.0):
            raise InputError(
                "CLO-1755",
                f"The {name} is {amount}, not an amount of 0 or more",
                where="inputs of the optimiser",
                remedy="Enter a positive number, or 0.",
            )
    if inputs.most_trades is not None and inputs.most_trades < 0:
        raise InputError(
            "CLO-1756",
            f"The number of trades is limited to {inputs.most_trades}",
            where="inputs of the optimiser",
            remedy="Enter a whole number of 0 or more, or none.",
        )
    if not (math.isfinite(inputs.time_limit) and inputs.time_limit > 0.0 and 0.0 <= inputs.gap < 1.0):
        raise InputError(
            "CLO-1757",
            f"The time limit is {inputs.time_limit} s and the gap {inputs.gap}",
            where="inputs of the optimiser",
            remedy="Enter seconds above 0, and a gap of 0 to 1 such as 0.001.",
        )
    _require_holdings(deal)


def _require_holdings(deal: TradedDeal) -> None:
    par = deal.holdings.par
    wrong = np.flatnonzero(~(np.isfinite(par) & (par >= 0.0)))
    if len(wrong):
        name = deal.plan.portfolio.ids[wrong[0]]
        raise InputError(
            "CLO-1758",
            f"{deal.name} holds a par of {par[wrong[0]]} of {name}",
            where=f"positions of {deal.name}",
            remedy="Correct the position: par is an amount of 0 or more.",
        )
    if not math.isfinite(deal.holdings.cash):
        raise InputError(
            "CLO-1759",
            f"The principal cash of {deal.name} is {deal.holdings.cash}",
            where=f"accounts of {deal.name}",
            remedy="Enter the balance of the collection account.",
        )


def _require_cushions(plan: Plan, cushions: Iterable[Cushion]) -> None:
    for cushion in cushions:
        if cushion.test_id not in plan.place_of:
            raise InputError(
                "CLO-1760",
                f"A cushion is asked for test {cushion.test_id}, which is not among the tests of {plan.terms.deal}",
                where="cushions",
                remedy="Configure the test, or take the cushion out.",
            )
        if (
            not (math.isfinite(cushion.margin) and math.isfinite(cushion.penalty))
            or min(cushion.margin, cushion.penalty) < 0.0
        ):
            raise InputError(
                "CLO-1761",
                f"The cushion of test {cushion.test_id} is {cushion.margin} at a penalty of {cushion.penalty}",
                where="cushions",
                remedy="Enter both as numbers of 0 or more, the margin in the unit of the test.",
            )
