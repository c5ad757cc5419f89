"""How large a candidate trade may get before it breaks a limit, or before cash or the position run out."""

from dataclasses import dataclass

import numpy as np

from engine.compliance.evaluation import evaluate
from engine.compliance.objective import limits
from engine.compliance.plan import Plan
from engine.compliance.portfolio import Codes, Floats, Mask
from engine.trading.candidates import Candidates, part
from engine.trading.marginal import after_trades, broken_tests, moves
from engine.trading.settlement import HALF_A_CENT
from engine.trading.trades import TradedDeal

NOTHING, CASH, POSITION = -1, -2, -3
"""What stops a trade where no test does."""


@dataclass(frozen=True)
class Sizes:
    """Largest par of each candidate, in currency, and what stops it there: place of the test, or one of the codes."""

    par: Floats
    binding: Codes


def largest_sizes(deal: TradedDeal, candidates: Candidates, *, most: float = np.inf, threads: int = 1) -> Sizes:
    """The size up to which each candidate breaks no limit, at most `most`, to half a cent.

    Found by halving: at this size no limit breaks, and a cent above it one does. Where a score moves in steps, or a
    limit moves with the trade, a still larger size may be feasible again.
    """
    plan, holdings = deal.plan, deal.holdings
    before = evaluate(plan, holdings)

    def broken(chosen: Codes, par: Floats) -> Mask:
        trial = part(candidates, chosen)
        steps, flows = moves(plan, holdings, trial, par, deal.settlement)
        after = after_trades(plan, holdings, trial.rows, steps, flows, threads=threads)
        return broken_tests(before, after) & limits(plan, after.numerator)

    funded, stop = largest_funded(deal, candidates)
    high = np.minimum(funded, most)
    binding = np.where(funded <= most, stop, NOTHING)
    found = broken(np.arange(len(candidates)), high)
    fails = found.any(axis=1)
    binding[fails] = found[fails].argmax(axis=1)
    low = np.where(fails, 0.0, high)
    between = np.flatnonzero(fails)
    while len(between):
        middle = 0.5 * (low[between] + high[between])
        found = broken(between, middle)
        fails = found.any(axis=1)
        too_large = between[fails]
        high[too_large], binding[too_large] = middle[fails], found[fails].argmax(axis=1)
        low[between[~fails]] = middle[~fails]
        between = between[high[between] - low[between] > HALF_A_CENT]
    return Sizes(low, binding)


def largest_funded(deal: TradedDeal, candidates: Candidates) -> tuple[Floats, Codes]:
    """Par that principal cash pays for, or that is held, and the code of which of the two it is, each (candidates,)."""
    spare = max(deal.holdings.cash - deal.settlement.cash_floor, 0.0)
    affordable = spare / (candidates.price + deal.settlement.cost)
    held = np.maximum(deal.holdings.par[candidates.rows], 0.0)
    return np.where(candidates.is_sale, held, affordable), np.where(candidates.is_sale, POSITION, CASH)


def shown_binding(plan: Plan, binding: int) -> str:
    """What stops a trade, in words."""
    if binding >= 0:
        return f"test {plan.settings[binding].test_id}"
    return {CASH: "cash", POSITION: "position"}.get(binding, "")
