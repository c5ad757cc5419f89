"""Minimum spread and minimum coupon, each helped by what the other has to spare.

"Minimum Floating Spread Test", "Minimum Weighted Average Coupon Test", "Excess Weighted Average Coupon" and "Excess
Weighted Average Floating Spread" of US CLO indentures. Fees on unfunded commitments are not in the spread.
"""

import numpy as np

from engine.compliance.averages import spread_with_floor
from engine.compliance.facts import require_rates
from engine.compliance.forms import Form, Measure, MeasureKind, Sum
from engine.compliance.portfolio import Floats, Mask, Portfolio
from engine.compliance.terms import DealTerms


def minimum_floating_spread(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Spread with floor benefit of the floating assets, plus the fixed coupons above their minimum spread over them."""
    floating, fixed, spread = _sides(portfolio, terms, 76)
    spare = portfolio.coupon - terms.number("minimum_weighted_average_coupon", 76)
    return _with_excess(floating, spread, fixed, spare)


def minimum_weighted_average_coupon(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Coupon of the fixed-rate assets, plus the floating spread above its minimum spread over them."""
    floating, fixed, spread = _sides(portfolio, terms, 77)
    spare = spread - terms.number("minimum_floating_spread", 77)
    return _with_excess(fixed, portfolio.coupon, floating, spare)


def _sides(portfolio: Portfolio, terms: DealTerms, test_id: int) -> tuple[Mask, Mask, Floats]:
    floating, fixed = portfolio.performing & portfolio.floating, portfolio.performing & portfolio.fixed
    require_rates(portfolio, test_id, floating | fixed)
    return floating, fixed, spread_with_floor(portfolio, terms.number("current_libor", test_id))


def _with_excess(own: Mask, rate: Floats, other: Mask, spare: Floats) -> Measure:
    reals = np.stack([np.where(own, rate, 0.0), np.where(other, spare, 0.0)])
    no_codes = np.zeros((0, len(own)), np.int64)
    return Measure(MeasureKind.WITH_EXCESS, reals, no_codes, np.zeros(0), Sum(own.astype(np.float64)))
