"""Whole numbers by steps: few orders first, then what can still win, so that large programmes end in time."""

import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.compliance.portfolio import Floats
from engine.trading.optimiser.model import NO_OWNER
from engine.trading.optimiser.solver import Outcome, Programme, ShadowPrices, Solution, maximise, shadow_prices

_FEW_ORDERS = (40, 120, 360)
_CUTS = 10
_NO_PRICE = 1e-9


def best_whole(programme: Programme, goal: Floats, gap: float, deadline: float) -> Solution:
    """As `maximise` until a deadline of `time.monotonic`, by steps where there are many whole numbers.

    First only those orders are free that cost the linear programme least to change, and only the cheapest may be cut to
    any size. What that finds rules out every whole number whose first step costs more than what is left to win; the
    rest is searched in full. The bound is that of the linear programme where cuts were left out.
    """
    n_sizes = int((programme.whole & (programme.owner != NO_OWNER)).sum())
    prices = shadow_prices(programme.relaxed(), goal) if n_sizes > _FEW_ORDERS[0] else None
    if prices is None:
        return maximise(programme, goal, gap=gap, seconds=deadline - time.monotonic(), is_sure=True)
    highest = float(goal @ prices.values)
    may_cut = np.unique(programme.owner[programme.cut])
    dear_cuts = programme.cut & ~np.isin(programme.owner, _cheapest(programme, prices, may_cut, _CUTS))
    narrowed = _kept(programme, np.zeros(len(goal)), dear_cuts)
    found = _among_few(narrowed, goal, prices, gap, deadline)
    if not found.is_found:
        return maximise(programme, goal, gap=gap, seconds=deadline - time.monotonic(), is_sure=True)
    value = float(goal @ found.values)
    left = highest - value
    if left <= gap * abs(value):
        return Solution(Outcome.SOLVED, found.values, highest)
    is_lost = narrowed.whole & ~narrowed.cut & (np.abs(prices.columns) > left * (1.0 + _NO_PRICE) + _NO_PRICE)
    better = maximise(_kept(narrowed, prices.values, is_lost), goal, gap=gap, seconds=deadline - time.monotonic())
    values = better.values if better.is_found and float(goal @ better.values) > value else found.values
    is_bound = better.is_found and not programme.cut.any()
    return Solution(Outcome.SOLVED, values, min(max(better.bound, value), highest) if is_bound else highest)


def _among_few(programme: Programme, goal: Floats, prices: ShadowPrices, gap: float, deadline: float) -> Solution:
    """The best solution that leaves all orders but a few, or a few more, as the linear programme has them."""
    found = Solution(Outcome.INFEASIBLE, np.zeros(0), -np.inf)
    for few in _FEW_ORDERS:
        orders = np.unique(programme.owner[programme.owner != NO_OWNER])
        is_free = np.isin(programme.owner, _cheapest(programme, prices, orders, few)) | (programme.owner == NO_OWNER)
        trial = _kept(programme, prices.values, programme.whole & ~is_free)
        found = maximise(trial, goal, gap=gap, seconds=deadline - time.monotonic())
        if found.is_found or len(orders) <= few:
            break
    return found


def _cheapest(
    programme: Programme, prices: ShadowPrices, orders: npt.NDArray[np.int64], most: int
) -> npt.NDArray[np.int64]:
    """Of these orders those that are no whole numbers yet, and then the ones that cost least to change."""
    is_size = programme.whole & (programme.owner != NO_OWNER)
    of_owner, is_whole = np.zeros(int(programme.owner.max()) + 1), np.ones(int(programme.owner.max()) + 1, bool)
    np.maximum.at(of_owner, programme.owner[is_size], np.abs(prices.columns[is_size]))
    is_part = is_size & ~programme.cut & (np.abs(prices.values - np.round(prices.values)) > _NO_PRICE)
    is_whole[programme.owner[is_part]] = False
    order = np.lexsort((of_owner[orders], is_whole[orders]))
    return orders[order[:most]]


def _kept(programme: Programme, values: Floats, fixed: npt.NDArray[np.bool_]) -> Programme:
    """The programme with some whole numbers kept at the bound at which a solution has them."""
    lower, upper = programme.lower.copy(), programme.upper.copy()
    lower[fixed] = upper[fixed] = np.round(values[fixed])
    return replace(programme, lower=lower, upper=upper)
