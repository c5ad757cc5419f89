"""Weighted averages, the diversity score and the junior OC ratio (spec 03 §7.8 to §7.13)."""

import numpy as np

from engine.collateral.ratings import rating_factor
from engine.compliance.forms import Form, Measure, MeasureKind, Ratio, Sum, average
from engine.compliance.portfolio import Floats, Mask, Portfolio
from engine.compliance.terms import DealTerms
from engine.modes import Quirk

_DISPLAYED_DECIMALS_OF_LIFE = 2


def spread_with_floor(portfolio: Portfolio, libor: float) -> Floats:
    """Spread of each asset and what its floor lies above the index, decimals a year, (n,).

    An asset of another index earns its coupon over the index.
    """
    with_floor = portfolio.spread + np.maximum(portfolio.floor - libor, 0.0)
    return np.where(portfolio.on_libor, with_floor, portfolio.coupon - libor)


def spread_measure(portfolio: Portfolio, libor: float) -> Floats:
    """As `spread_with_floor`; under 03 Q10 a floored asset earns its coupon over the index, though it may be stale."""
    if Quirk.FLOOR_BENEFIT_FROM_COUPON not in portfolio.quirks:
        return spread_with_floor(portfolio, libor)
    is_unfloored = portfolio.on_libor & (portfolio.floor <= libor)
    return np.where(is_unfloored, portfolio.spread, portfolio.coupon - libor)


def interest_rate(portfolio: Portfolio, libor: float) -> Floats:
    """Rate at which each asset earns interest today: the coupon, or index and spread with floor, (n,)."""
    return np.where(portfolio.floating, libor + spread_with_floor(portfolio, libor), portfolio.coupon)


def _spread(portfolio: Portfolio, terms: DealTerms, counted: Mask, test_id: int) -> Form:
    libor = terms.number("current_libor", test_id)
    return average(counted & portfolio.floating, spread_measure(portfolio, libor))


def weighted_average_spread(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Spread of the floating assets."""
    return _spread(portfolio, terms, portfolio.tested, 32)


def weighted_average_spread_mag14(portfolio: Portfolio, terms: DealTerms) -> Form:
    return _spread(portfolio, terms, portfolio.performing, 39)


def weighted_average_spread_mag06(portfolio: Portfolio, terms: DealTerms) -> Form:
    return _spread(portfolio, terms, portfolio.performing, 46)


def weighted_average_recovery(portfolio: Portfolio, terms: DealTerms) -> Form:
    return average(portfolio.performing, portfolio.recovery)


def weighted_average_coupon(portfolio: Portfolio, terms: DealTerms) -> Form:
    return average(portfolio.tested & portfolio.fixed, portfolio.coupon)


def weighted_average_life(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Life in years; under 03 Q9 defaulted assets are in the numerator, under 03 Q35 rounded before it is compared."""
    life = average(portfolio.performing, portfolio.wal, numerator=portfolio.tested)
    is_rounded = Quirk.ROUNDED_LIFE in portfolio.quirks
    return Ratio(life.numerator, life.denominator, _DISPLAYED_DECIMALS_OF_LIFE if is_rounded else None)


def rating_factors(portfolio: Portfolio) -> Floats:
    """Moody's rating factor of each asset by its WARF rating, 10000 where that is no rating, (n,)."""
    return np.array([rating_factor(asset.mdy_dp_rating_warf) for asset in portfolio.assets], np.float64)


def weighted_average_rating_factor(portfolio: Portfolio, terms: DealTerms) -> Form:
    return average(portfolio.performing, rating_factors(portfolio))


def diversity_score(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Moody's diversity score; an issuer belongs to the industry of its first asset that is held."""
    half_even = float(Quirk.DIVERSITY_HALF_EVEN in portfolio.quirks)
    codes = np.stack([portfolio.issuer.codes, portfolio.moodys_industry.codes])
    counted = portfolio.tested.astype(np.float64)[None, :]
    return Measure(MeasureKind.DIVERSITY_SCORE, counted, codes, np.array([half_even]))


def junior_oc_ratio(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Cash and adjusted par over the junior OC denominator: defaulted assets at market, deferring ones at recovery."""
    is_deferring = portfolio.flags(lambda asset: asset.piking)
    adjusted = np.where(portfolio.defaulted, portfolio.price, np.where(is_deferring, portfolio.recovery, 1.0))
    denominator = terms.number("junior_oc_denominator", 38)
    return Ratio(Sum(adjusted, per_cash=1.0), Sum(np.zeros(len(portfolio)), fixed=denominator))
