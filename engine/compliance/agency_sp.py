"""Inputs of the S&P CDO Monitor (non-model version) and S&P recovery rates by class.

S&P Global Ratings, "Updated Assumptions For CDO Monitor Non-Model Version" (21 June 2019) and the definitions of US CLO
indentures that quote it: everything runs over performing assets rated CCC- or better ("S&P CLO Specified Assets"),
factors and recovery rates as in the indentures' schedules.
"""

import re

import numpy as np

from engine.collateral.asset import Asset
from engine.compliance.definition import TestFunction
from engine.compliance.facts import unknown_text, years_to_maturity
from engine.compliance.forms import Form, Measure, MeasureKind, Sum, average
from engine.compliance.portfolio import Floats, Groups, Mask, Portfolio
from engine.compliance.terms import DealTerms

RATING_FACTORS = (
    13.51,
    26.75,
    46.36,
    63.90,
    99.50,
    146.35,
    199.83,
    271.01,
    361.17,
    540.42,
    784.92,
    1233.63,
    1565.44,
    1982.00,
    2859.50,
    3610.11,
    4641.40,
    5293.00,
    5751.10,
)
"""S&P rating factor by rank, AAA to CCC-."""
LIABILITY_RATINGS = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC")

_LOWEST_SPECIFIED_RANK = len(RATING_FACTORS)
_RATE_OF_ESTIMATE = {
    100: (0.75, 0.85, 0.88, 0.90, 0.92, 0.95, 0.95),
    95: (0.70, 0.80, 0.84, 0.875, 0.91, 0.95, 0.95),
    90: (0.65, 0.75, 0.80, 0.85, 0.90, 0.95, 0.95),
    85: (0.625, 0.725, 0.775, 0.83, 0.88, 0.92, 0.92),
    80: (0.60, 0.70, 0.75, 0.81, 0.86, 0.89, 0.89),
    75: (0.55, 0.65, 0.705, 0.77, 0.825, 0.84, 0.84),
    70: (0.50, 0.60, 0.66, 0.73, 0.79, 0.79, 0.79),
    65: (0.45, 0.55, 0.61, 0.68, 0.73, 0.74, 0.74),
    60: (0.40, 0.50, 0.56, 0.63, 0.67, 0.69, 0.69),
    55: (0.35, 0.45, 0.51, 0.58, 0.63, 0.64, 0.64),
    50: (0.30, 0.40, 0.46, 0.53, 0.59, 0.59, 0.59),
    45: (0.285, 0.375, 0.44, 0.495, 0.535, 0.54, 0.54),
    40: (0.27, 0.35, 0.42, 0.46, 0.48, 0.49, 0.49),
    35: (0.235, 0.305, 0.375, 0.425, 0.435, 0.44, 0.44),
    30: (0.20, 0.26, 0.33, 0.39, 0.39, 0.39, 0.39),
    25: (0.175, 0.23, 0.285, 0.325, 0.335, 0.34, 0.34),
    20: (0.15, 0.20, 0.24, 0.26, 0.28, 0.29, 0.29),
    15: (0.10, 0.15, 0.195, 0.225, 0.235, 0.24, 0.24),
    10: (0.05, 0.10, 0.15, 0.19, 0.19, 0.19, 0.19),
    5: (0.035, 0.07, 0.105, 0.135, 0.14, 0.14, 0.14),
    0: (0.02, 0.04, 0.06, 0.08, 0.09, 0.09, 0.09),
}
"""S&P recovery rate by the recovery point estimate in percent, and by the rating of the class that is tested."""
_ESTIMATE_OF_RATING = {
    "1+": 100,
    "1": 90,
    "2H": 80,
    "2L": 70,
    "2": 70,
    "3H": 60,
    "3L": 50,
    "3": 50,
    "4H": 40,
    "4L": 30,
    "4": 30,
    "5H": 20,
    "5L": 10,
    "5": 10,
    "6": 0,
}
"""Lower end of the range where no point estimate stands beside the recovery rating."""
_RATE_OF_SENIOR_SECURED = (0.50, 0.55, 0.59, 0.63, 0.75, 0.79, 0.79)
_RATE_OF_COV_LITE = (0.41, 0.46, 0.49, 0.53, 0.63, 0.67, 0.67)
_RATE_OF_JUNIOR = (0.18, 0.20, 0.23, 0.26, 0.29, 0.31, 0.31)
_RECOVERY_RATING = re.compile(r"(1\+|[1-6][HL]?)(?:\s*\(?\s*(\d{1,3})\s*%?\s*\)?)?\Z")
_UNRATED = frozenset({"", "NR"})


def specified(portfolio: Portfolio) -> Mask:
    """Performing assets with an S&P rating of CCC- or better, (n,)."""
    rank = portfolio.sp_rank
    return portfolio.performing & (rank > 0) & (rank <= _LOWEST_SPECIFIED_RANK)


def rating_factors(portfolio: Portfolio) -> Floats:
    """S&P rating factor of each specified asset, 0 for others, (n,)."""
    by_rank = np.array((0.0, *RATING_FACTORS, 0.0, 0.0))
    return np.where(specified(portfolio), by_rank[portfolio.sp_rank], 0.0)


def weighted_average_rating_factor(portfolio: Portfolio, terms: DealTerms) -> Form:
    """SPWARF."""
    return average(specified(portfolio), rating_factors(portfolio))


def default_rate_dispersion(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Average distance of the rating factors from SPWARF."""
    counted = specified(portfolio).astype(np.float64)
    reals = np.stack([rating_factors(portfolio), counted])
    return Measure(MeasureKind.DISPERSION, reals, np.zeros((0, len(portfolio)), np.int64), np.zeros(0), Sum(counted))


def obligor_diversity_measure(portfolio: Portfolio, terms: DealTerms) -> Form:
    """1 over the sum of the squared shares of the obligors."""
    return _effective_number(portfolio, portfolio.issuer)


def industry_diversity_measure(portfolio: Portfolio, terms: DealTerms) -> Form:
    """1 over the sum of the squared shares of the S&P industries."""
    return _effective_number(portfolio, portfolio.sp_industry)


def _effective_number(portfolio: Portfolio, groups: Groups) -> Measure:
    counted = specified(portfolio).astype(np.float64)[None, :]
    return Measure(MeasureKind.EFFECTIVE_NUMBER, counted, groups.codes[None, :], np.zeros(0))


def weighted_average_life(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Years to maturity, not the average life that test 35 takes from the asset master."""
    counted = specified(portfolio)
    return average(counted, years_to_maturity(portfolio, terms, 69, counted))


def recovery_rate(asset: Asset, liability_rating: str) -> float:
    """S&P recovery rate of an asset for a class of this rating, decimal.

    By the recovery rating, `3 (65%)`, `3H` or `3`; without one by the priority of the asset, for obligors of a Group A
    jurisdiction (the United States, Canada and most of Western Europe), whatever other debt of the obligor is rated.
    Raises InputError CLO-1514 for a text that is no recovery rating.
    """
    column = LIABILITY_RATINGS.index(liability_rating)
    text = asset.sp_recovery_rating.strip().upper()
    if text in _UNRATED:
        return _unrated_rates(asset)[column]
    match = _RECOVERY_RATING.match(text)
    estimate = _estimate(match) if match else None
    if estimate is None:
        remedy = "Enter a rating such as 3H, 3 or 3 (65%), or NR."
        raise unknown_text(asset, "S&P recovery rating", asset.sp_recovery_rating, remedy)
    return _RATE_OF_ESTIMATE[estimate][column]


def _estimate(match: re.Match[str]) -> int | None:
    """Point estimate in percent, rounded down to a row of the table; None outside 0 to 100."""
    rating, percent = match.groups()
    if percent is None:
        return _ESTIMATE_OF_RATING[rating]
    return int(percent) // 5 * 5 if int(percent) <= max(_RATE_OF_ESTIMATE) else None


def _unrated_rates(asset: Asset) -> tuple[float, ...]:
    category = asset.sp_priority_category.strip().upper()
    is_secured = asset.seniority.strip().upper() == "SENIOR SECURED"
    if not is_secured or "SECOND LIEN" in category or "UNSECURED" in category or asset.first_lien_last_out:
        return _RATE_OF_JUNIOR
    is_loan = asset.bond_loan.strip().upper() == "LOAN"
    return _RATE_OF_SENIOR_SECURED if is_loan and not asset.cov_lite else _RATE_OF_COV_LITE


def weighted_average_recovery(liability_rating: str) -> TestFunction:
    """Average S&P recovery rate of the performing assets for a class of this rating."""

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        rates = np.array([recovery_rate(asset, liability_rating) for asset in portfolio.assets], np.float64)
        return average(portfolio.performing, rates)

    return test
