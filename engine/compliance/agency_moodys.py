"""The limit of Moody's average rating factor by the asset quality matrix of an indenture.

"Asset Quality Matrix", "Moody's Weighted Average Recovery Adjustment" and "Maximum Moody's Rating Factor Test" of US
CLO indentures: the manager elects a spread and a diversity score, between points of the matrix by interpolation; the
matrix gives the highest rating factor there and by how much each point of recovery moves it. Spread and diversity
score themselves are tests 76 and 37.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.compliance.portfolio import Floats
from engine.compliance.terms import DealTerms
from engine.compliance.thresholds import Threshold
from engine.errors import InputError
from engine.modes import Quirks

_POINT = re.compile(r"matrix_(factor|modifier)_(\d+)_(\d+)\Z")
_BASIS_POINT = 1e-4
_POINTS = 100.0


@dataclass(frozen=True)
class QualityMatrix:
    """Rating factors and recovery modifiers by spread and diversity score.

    spreads (S,) decimals and diversities (D,) ascending; factors (S, D) highest rating factor, modifiers (S, D) what it
    moves with each point of recovery.
    """

    spreads: Floats
    diversities: Floats
    factors: Floats
    modifiers: Floats

    def at(self, spread: float, diversity: float) -> tuple[float, float]:
        """Factor and modifier at a point of the matrix or between points; the point must lie inside."""
        by_diversity = [
            [float(np.interp(diversity, self.diversities, row)) for row in grid]
            for grid in (self.factors, self.modifiers)
        ]
        factor, modifier = (float(np.interp(spread, self.spreads, column)) for column in by_diversity)
        return factor, modifier


def matrix_of(parameters: Mapping[str, float], deal: str) -> QualityMatrix:
    """The matrix among a deal's parameters: `matrix_factor_350_60` at a spread of 350 bp and a diversity score of 60.

    Raises InputError CLO-1517 where points are missing.
    """
    found: dict[str, dict[tuple[int, int], float]] = {"factor": {}, "modifier": {}}
    for name, value in parameters.items():
        match = _POINT.match(name)
        if match:
            found[match[1]][int(match[2]), int(match[3])] = value
    spreads = sorted({spread for points in found.values() for spread, _ in points})
    diversities = sorted({diversity for points in found.values() for _, diversity in points})
    missing = [
        f"matrix_{grid}_{spread}_{diversity}"
        for grid, points in found.items()
        for spread in spreads
        for diversity in diversities
        if (spread, diversity) not in points
    ]
    if missing or not spreads:
        raise InputError(
            "CLO-1517",
            f"The asset quality matrix of {deal} lacks `{missing[0] if missing else 'matrix_factor_350_60'}`",
            where=f"quality inputs of {deal}",
            remedy="Enter the rating factor and the recovery modifier of every spread and diversity score.",
        )
    grids = [
        np.array([[found[grid][spread, diversity] for diversity in diversities] for spread in spreads], np.float64)
        for grid in ("factor", "modifier")
    ]
    return QualityMatrix(np.array(spreads) * _BASIS_POINT, np.array(diversities, np.float64), *grids)


def matrix_limit(terms: DealTerms, quirks: Quirks) -> Threshold:
    """The highest rating factor at the elected spread and diversity score, moved by the recovery rate.

    Each point of recovery above `matrix_recovery` adds the modifier, within `lowest_recovery` and `highest_recovery`
    where the deal states them; the limit stops at `highest_rating_factor` where there is one. Raises InputError
    CLO-1517 for a matrix with gaps, CLO-1518 for an election outside of it.
    """
    matrix = matrix_of(terms.parameters, terms.deal)
    spread, diversity = terms.number("matrix_spread", 75), terms.number("matrix_diversity", 75)
    _require_inside(terms, "matrix_spread", spread, matrix.spreads)
    _require_inside(terms, "matrix_diversity", diversity, matrix.diversities)
    factor, modifier = matrix.at(spread, diversity)
    slope = _POINTS * modifier
    level = factor - slope * terms.number("matrix_recovery", 75)
    highest = terms.parameters.get("highest_recovery", math.inf)
    cap = terms.parameters.get("highest_rating_factor", math.inf)
    if slope > 0.0:
        highest = min(highest, (cap - level) / slope)
    return Threshold(level, slope, terms.parameters.get("lowest_recovery", -math.inf), highest)


def _require_inside(terms: DealTerms, name: str, value: float, points: Floats) -> None:
    if not points[0] - _BASIS_POINT / _POINTS <= value <= points[-1] + _BASIS_POINT / _POINTS:
        raise InputError(
            "CLO-1518",
            f"`{name}` is {value:g}, outside of the asset quality matrix of {terms.deal}",
            where=f"quality inputs of {terms.deal}",
            remedy=f"Elect a value of {points[0]:g} to {points[-1]:g}.",
        )
