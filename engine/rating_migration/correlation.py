"""Asset correlations by rule: same issuer, same industry, any other, less for ratings apart (spec 04 §4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.collateral.asset import Asset
from engine.collateral.ratings import rating_rank

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Relationship:
    """Correlation of two assets of one kind, and what each notch between their ratings takes off."""

    base: float
    per_notch: float

    def at(self, notches: int) -> float:
        """The correlation so many notches apart, not negative."""
        return max(0.0, self.base - self.per_notch * notches)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleMatrix:
    """Correlations by rule, (n, n) in the order of ids; excluded: ids of the defaulted and unrated, which have none."""

    ids: tuple[str, ...]
    matrix: Floats
    excluded: tuple[str, ...]


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
        return self.matrix((one, two))[0][1]

    def matrix(self, assets: Sequence[Asset]) -> list[list[float | None]]:
        """Correlations of every pair, by rows; None where `correlation` has none."""
        dense = self._dense(assets)
        return [[None if value != value else value for value in row] for row in dense.tolist()]

    def rule_matrix(self, assets: Sequence[Asset]) -> RuleMatrix:
        """The matrix of the assets that have correlations, and the ids of those that have not (spec 04, quirk 14)."""
        has_rank = _ranks(assets) > 0
        rated = [asset for asset, is_in in zip(assets, has_rank, strict=True) if is_in]
        return RuleMatrix(
            ids=tuple(asset.blkrock_id for asset in rated),
            matrix=self._dense(rated),
            excluded=tuple(asset.blkrock_id for asset, is_in in zip(assets, has_rank, strict=True) if not is_in),
        )

    def _dense(self, assets: Sequence[Asset]) -> Floats:
        """Correlations of every pair, (n, n); NaN where there is none, 1 of an asset with itself."""
        ranks = _ranks(assets)
        found = _at(self.other, ranks)
        for relationship, labels in (
            (self.same_industry, [asset.sp_industry for asset in assets]),
            (self.same_issuer, [asset.issuer_id for asset in assets]),
        ):
            is_same = _same(_codes(labels))
            found[is_same] = _at(relationship, ranks)[is_same]
        unranked = ranks == 0
        found[unranked], found[:, unranked] = np.nan, np.nan
        found[_same(_codes([asset.blkrock_id for asset in assets], is_folded=False))] = 1.0
        np.fill_diagonal(found, 1.0)
        return found


def _at(relationship: Relationship, ranks: Ints) -> Floats:
    """The relationship's correlation for every pair of ranks, through the table of all distances."""
    table = np.array([relationship.at(notches) for notches in range(int(ranks.max(initial=0)) + 1)])
    return np.asarray(table[np.abs(ranks[:, np.newaxis] - ranks)], dtype=np.float64)


def _ranks(assets: Sequence[Asset]) -> Ints:
    """Rank of each S&P rating; 0 for a defaulted or unrated asset."""
    ranks = (0 if asset.default_asset else rating_rank(asset.sp_rating) for asset in assets)
    return np.fromiter(ranks, dtype=np.int64, count=len(assets))


def _codes(labels: Sequence[str], *, is_folded: bool = True) -> Ints:
    """A number for each label, -1 for a blank one."""
    numbers: dict[str, int] = {}
    texts = [label.strip().casefold() if is_folded else label for label in labels]
    return np.array([numbers.setdefault(text, len(numbers)) if text else -1 for text in texts], dtype=np.int64)


def _same(codes: Ints) -> npt.NDArray[np.bool_]:
    return np.asarray((codes[:, np.newaxis] == codes) & (codes >= 0), dtype=np.bool_)
