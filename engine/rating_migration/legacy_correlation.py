"""The legacy model's correlations by rule, with every asset in the matrix (spec 04 §4.2)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.collateral.asset import Asset
from engine.collateral.ratings import rating_rank
from engine.modes import Quirks
from engine.rating_migration.correlation import CorrelationRules, Relationship
from engine.rating_migration.legacy_algebra import LEGACY

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def legacy_rule_matrix(assets: Sequence[Asset], rules: CorrelationRules, quirks: Quirks = LEGACY) -> Floats:
    """Correlations of all assets, (n, n), in their order.

    An asset in default or without a rating has rank 0, 15 notches from a B (04 Q14); blank issuers are one issuer, and
    texts are compared letter by letter.
    """
    ranks = np.array([rating_rank(asset.sp_rating, quirks) for asset in assets], dtype=np.int64)
    notches = np.abs(ranks[:, np.newaxis] - ranks)
    found = _at(rules.other, notches)
    for relationship, texts in (
        (rules.same_industry, [asset.sp_industry for asset in assets]),
        (rules.same_issuer, [asset.issuer_id for asset in assets]),
    ):
        codes = np.unique(np.array(texts, dtype=np.str_), return_inverse=True)[1]
        is_same = codes[:, np.newaxis] == codes
        found[is_same] = _at(relationship, notches)[is_same]
    np.fill_diagonal(found, 1.0)
    return found


def _at(relationship: Relationship, notches: Ints) -> Floats:
    found: Floats = np.maximum(relationship.base - notches * relationship.per_notch, 0.0)
    return found
