"""Ranking candidate trades by their exact effect on the objective and on every test (spec 05 §11.2, R5)."""

from dataclasses import dataclass

import numpy as np

from engine.collateral.asset import Asset
from engine.compliance.evaluation import Evaluation, evaluate
from engine.compliance.objective import limits, objectives, weight_vector
from engine.compliance.portfolio import Codes, Floats, Mask
from engine.errors import InputError
from engine.trading.candidates import Candidates, part
from engine.trading.marginal import AfterTrades, after_trades, broken_tests, moves
from engine.trading.settlement import HALF_A_CENT
from engine.trading.sizes import largest_funded, largest_sizes, shown_binding
from engine.trading.trades import Settlement, Side, TradedDeal


@dataclass(frozen=True)
class Ranking:
    """Candidates with what each does to the deal, alone and at its size; (candidates,) or (candidates, tests).

    change, change_before_costs: of the weighted sum of the objective, limits left aside; breaks: tests that a trade
    turns from pass to failure, or that fail already and get worse; is_feasible: it breaks no limit, and cash or
    position suffice; order: from the best feasible candidate to the worst, then the infeasible ones, ties by asset.
    """

    deal: TradedDeal
    candidates: Candidates
    before: Evaluation
    after: AfterTrades
    change: Floats
    change_before_costs: Floats
    breaks: Mask
    is_feasible: Mask
    order: Codes


@dataclass(frozen=True, slots=True)
class RankedTrade:
    """One line of a ranking: an asset with side, size and price as a fraction of par, and what the trade does.

    breaks: ids of the tests that it breaks; largest_par: the size up to which it breaks no limit, in currency; binding:
    what stops it there, `test 7`, `cash`, `position` or empty.
    """

    asset: Asset
    side: Side
    par: float
    price: float
    change: float
    change_before_costs: float
    is_feasible: bool
    breaks: tuple[int, ...]
    largest_par: float
    binding: str


def rank(deal: TradedDeal, candidates: Candidates, *, threads: int = 1) -> Ranking:
    """Test the deal after each candidate alone and put the best first; the same for any number of threads.

    Raises InputError CLO-1719 for a candidate that is no trade.
    """
    _require_trades(deal, candidates)
    plan, holdings, rows = deal.plan, deal.holdings, candidates.rows
    vector = weight_vector(plan, deal.weights)
    before = evaluate(plan, holdings)
    start = objectives(plan, vector, before.value, before.threshold)
    steps, flows = moves(plan, holdings, candidates, candidates.par, deal.settlement)
    after = after_trades(plan, holdings, rows, steps, flows, vector, threads=threads)
    gross = after
    if deal.settlement.cost:
        steps, flows = moves(plan, holdings, candidates, candidates.par, Settlement())
        gross = after_trades(plan, holdings, rows, steps, flows, vector, threads=threads)
    breaks = broken_tests(before, after)
    is_feasible = ~(breaks & limits(plan, after.numerator)).any(axis=1)
    is_feasible &= candidates.par <= largest_funded(deal, candidates)[0] + HALF_A_CENT
    change = after.objective - start
    return Ranking(
        deal=deal,
        candidates=candidates,
        before=before,
        after=after,
        change=change,
        change_before_costs=gross.objective - start,
        breaks=breaks,
        is_feasible=is_feasible,
        order=np.lexsort((_places_by_id(deal)[rows], -change, ~is_feasible)),
    )


def ranked_trades(ranking: Ranking, n_best: int, *, threads: int = 1) -> tuple[RankedTrade, ...]:
    """The best candidates as lines, with the largest size of each."""
    best = ranking.order[:n_best]
    candidates, plan = part(ranking.candidates, best), ranking.deal.plan
    sizes = largest_sizes(ranking.deal, candidates, threads=threads)
    test_ids = np.array([setting.test_id for setting in plan.settings])
    return tuple(
        RankedTrade(
            asset=plan.portfolio.assets[candidates.rows[place]],
            side=Side.SALE if candidates.is_sale[place] else Side.BUY,
            par=float(candidates.par[place]),
            price=float(candidates.price[place]),
            change=float(ranking.change[candidate]),
            change_before_costs=float(ranking.change_before_costs[candidate]),
            is_feasible=bool(ranking.is_feasible[candidate]),
            breaks=tuple(test_ids[ranking.breaks[candidate]].tolist()),
            largest_par=float(sizes.par[place]),
            binding=shown_binding(plan, int(sizes.binding[place])),
        )
        for place, candidate in enumerate(best)
    )


def _places_by_id(deal: TradedDeal) -> Codes:
    """Place of each asset in the order of the ids, (n,)."""
    ids = np.array(deal.plan.portfolio.ids, dtype=object)
    places = np.empty(len(ids), np.int64)
    places[np.argsort(ids, kind="stable")] = np.arange(len(ids))
    return places


def _require_trades(deal: TradedDeal, candidates: Candidates) -> None:
    is_trade = (candidates.par > 0.0) & (candidates.price > 0.0)
    is_trade &= np.isfinite(candidates.par) & np.isfinite(candidates.price)
    if is_trade.all():
        return
    wrong = int(np.argmin(is_trade))
    name = deal.plan.portfolio.ids[candidates.rows[wrong]]
    raise InputError(
        "CLO-1719",
        f"{np.count_nonzero(~is_trade)} candidates are no trades: the first, {name}, has a par of "
        f"{candidates.par[wrong]} and a price of {candidates.price[wrong]}",
        where=f"candidates of {deal.name}",
        remedy="Give every candidate a par and a price above 0, or leave it out.",
    )
