"""Moody's recovery rate by asset category and by the ranks between an asset's ratings (specs 04 §9.6, 03 §8.3)."""

from engine.collateral.asset import Asset
from engine.collateral.ratings import rating_rank
from engine.modes import Quirk, Quirks

RECOVERY_OF_DIP = 0.50
RANK_OF_UNRATED = rating_rank("Caa3")
"""A text that is no rating counts as the rating an unrated asset derives."""

_CURLY, _STRAIGHT = "\u2019", "'"
_SENIOR_SECURED_LOAN = f"MOODY{_CURLY}S SENIOR SECURED LOAN"
_NON_SENIOR_SECURED_LOAN = f"MOODY{_CURLY}S NON-SENIOR SECURED LOAN"
_RATES = {
    # Ranks of the default probability rating below the Moody's rating:
    # +2 and more, +1, 0, -1, -2, -3 and less
    _SENIOR_SECURED_LOAN: (0.60, 0.50, 0.45, 0.40, 0.30, 0.20),
    _NON_SENIOR_SECURED_LOAN: (0.55, 0.45, 0.35, 0.25, 0.15, 0.05),
}
_RATES_OF_OTHERS = (0.45, 0.35, 0.30, 0.25, 0.15, 0.05)
_HIGHEST, _LOWEST = 2, -3
_LEGACY_RATE_OF_LOWEST = 0.50


def moodys_recovery_rate(asset: Asset, moodys: str, default_probability: str, quirks: Quirks = frozenset()) -> float:
    """Moody's recovery rate of an asset, a decimal, given its Moody's rating and default probability rating.

    The legacy model takes 50 % in place of 5 % (03 Q4), rank 0 for a text that is no rating (03 Q5), and a category
    with a straight apostrophe for another one.
    """
    if asset.dip:
        return RECOVERY_OF_DIP
    category = asset.mdy_asset_category.strip().upper()
    if Quirk.CURLY_APOSTROPHE_ONLY not in quirks:
        category = category.replace(_STRAIGHT, _CURLY)
    difference = _rank(default_probability, quirks) - _rank(moodys, quirks)
    if difference <= _LOWEST and category != _SENIOR_SECURED_LOAN and Quirk.LOW_RECOVERY_IS_HALF in quirks:
        return _LEGACY_RATE_OF_LOWEST
    return _RATES.get(category, _RATES_OF_OTHERS)[_HIGHEST - min(max(difference, _LOWEST), _HIGHEST)]


def _rank(rating: str, quirks: Quirks) -> int:
    rank = rating_rank(rating, quirks)
    return rank if rank or Quirk.UNRATED_IS_BEST in quirks else RANK_OF_UNRATED
