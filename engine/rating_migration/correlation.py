"""Asset correlations by rule: same issuer, same industry, any other, less for ratings apart (spec 04 §4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.collateral.asset import Asset
from engine.collateral.ratings import rating_rank

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Relationship:
    """Correlation of two assets of one kind, and what each notch between their ratings takes off."""

    base: float
    per_notch: float

    def at(self, notches: int) -> float:
        """The correlation so many notches apart, not negative."""
        return max(0.0, self.base - self.per_notch * notches)


@dataclass(frozen=True, slots=True)
class CorrelationRules:
    """The three relationships, the closest that applies counts."""

    same_issuer: Relationship
    same_industry: Relationship
    other: Relationship

    def correlation(self, one: Asset, two: Asset) -> float | None:
        """Correlation of two assets by issuer, S&P industry and S&P rating; None where one is not rated or defaulted.

        Blank issuers and industries are not the same.
        """
        if one.blkrock_id == two.blkrock_id:
            return 1.0
        ranks = rating_rank(one.sp_rating), rating_rank(two.sp_rating)
        if 0 in ranks or one.default_asset or two.default_asset:
            return None
        return self._relationship(one, two).at(abs(ranks[0] - ranks[1]))

    def matrix(self, assets: Sequence[Asset]) -> list[list[float | None]]:
        """Correlations of every pair, by rows."""
        return [[self.correlation(one, two) for two in assets] for one in assets]

    def _relationship(self, one: Asset, two: Asset) -> Relationship:
        if _is_same(one.issuer_id, two.issuer_id):
            return self.same_issuer
        return self.same_industry if _is_same(one.sp_industry, two.sp_industry) else self.other


def _is_same(one: str, two: str) -> bool:
    folded = one.strip().casefold()
    return bool(folded) and folded == two.strip().casefold()
