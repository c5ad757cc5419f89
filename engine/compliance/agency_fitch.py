"""Fitch's average rating factor and recovery rate, and its CCC bucket.

Fitch Ratings, "CLOs and Corporate CDOs Rating Criteria", appendices on the IDR equivalency map, Fitch WARF and WARR,
and the definitions of US CLO indentures that quote it. Where Fitch rates neither the issuer nor the asset, the lower of
Moody's and S&P's rating of the issuer counts.
"""

import numpy as np

from engine.collateral.asset import Asset
from engine.collateral.ratings import LOWEST_RANK, LOWEST_RANK_ABOVE_CCC, rating_rank
from engine.compliance.facts import fact_or, unknown_text
from engine.compliance.forms import Form, Ratio, Sum, average, principal_amount
from engine.compliance.portfolio import Codes, Floats, Portfolio
from engine.compliance.terms import DealTerms

RATING_FACTORS = (
    0.136,
    0.349,
    0.629,
    0.858,
    1.237,
    1.572,
    2.099,
    2.630,
    3.162,
    6.039,
    8.903,
    11.844,
    15.733,
    19.627,
    23.671,
    32.221,
    41.111,
    50.000,
    63.431,
    100.000,
    100.000,
)
"""Fitch rating factor by rank, AAA to C."""

_STRONG, _MODERATE, _WEAK = 0.80, 0.45, 0.20
"""Recovery of a US obligor's debt without a Fitch recovery rating."""


def fitch_ranks(portfolio: Portfolio) -> Codes:
    """Rank of the Fitch rating, 1 = AAA to 21 = C, (n,): the fact `fitch_rank`, else the lower of Moody's and S&P's.

    Of the issuer's two ratings one may be missing, in which case the other counts. Raises InputError CLO-1514 for a
    performing asset of a rank that does not exist.
    """
    moodys = np.array([rating_rank(asset.mdy_dp_rating) for asset in portfolio.assets], np.float64)
    ranks = fact_or(portfolio, "fitch_rank", np.maximum(moodys, portfolio.sp_rank))
    for asset, rank, counts in zip(portfolio.assets, ranks, portfolio.performing, strict=True):
        if counts and not (1 <= rank <= LOWEST_RANK and rank == int(rank)):
            raise unknown_text(asset, "Fitch rank", f"{rank:g}", f"Enter a rank of 1 (AAA) to {LOWEST_RANK} (C).")
    return np.clip(ranks, 1, LOWEST_RANK).astype(np.int64)


def rating_factors(portfolio: Portfolio) -> Floats:
    """Fitch rating factor of each asset, (n,)."""
    return np.array(RATING_FACTORS)[fitch_ranks(portfolio) - 1]


def weighted_average_rating_factor(portfolio: Portfolio, terms: DealTerms) -> Form:
    return average(portfolio.performing, rating_factors(portfolio))


def recovery_rate(asset: Asset) -> float:
    """Recovery rate of an asset without a Fitch recovery rating, decimal, by its place in the capital structure.

    Strong for senior secured loans, moderate for senior secured bonds, weak behind them; for obligors of the United
    States and the jurisdictions that Fitch treats alike.
    """
    category = asset.sp_priority_category.strip().upper()
    is_secured = asset.seniority.strip().upper() == "SENIOR SECURED"
    if not is_secured or "SECOND LIEN" in category or "UNSECURED" in category or asset.first_lien_last_out:
        return _WEAK
    return _STRONG if asset.bond_loan.strip().upper() == "LOAN" else _MODERATE


def weighted_average_recovery_rate(portfolio: Portfolio, terms: DealTerms) -> Form:
    """The fact `fitch_recovery_rate`, else by seniority.

    Of a Fitch recovery rating the rate is 0.95 for RR1, then 0.80, 0.60, 0.40, 0.20 and 0.05 for RR6.
    """
    by_seniority = np.array([recovery_rate(asset) for asset in portfolio.assets], np.float64)
    return average(portfolio.performing, fact_or(portfolio, "fitch_recovery_rate", by_seniority))


def ccc_excess(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Par that Fitch rates CCC+ or worse beyond `fitch_ccc_limit` of the collateral; below 0, what room is left.

    Not cut off at 0, so that it stays a ratio of sums.
    """
    limit = terms.number("fitch_ccc_limit", 74)
    is_ccc = portfolio.performing & (fitch_ranks(portfolio) > LOWEST_RANK_ABOVE_CCC)
    excess = Sum(is_ccc - limit * portfolio.performing, per_cash=-limit)
    return Ratio(excess, principal_amount(portfolio))
