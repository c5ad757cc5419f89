"""Thresholds that move with the pool's own recovery rate (spec 03 §7.8, §7.11)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.compliance.terms import DealTerms
from engine.modes import Quirk, Quirks

_BASE_RECOVERY = 0.43
_HIGH_SPREAD = 0.031


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold that is linear in the weighted average recovery R: level + slope x clip(R, lowest, highest).

    R is a decimal; a fixed threshold has slope 0. lowest and highest: stops of the modifier, where the deal has any.
    """

    level: float
    slope: float = 0.0
    lowest: float = -math.inf
    highest: float = math.inf

    def at(self, recovery: float) -> float:
        """The threshold for a pool of this recovery rate."""
        return self.level + self.slope * min(max(recovery, self.lowest), self.highest)


ThresholdFunction = Callable[[DealTerms, Quirks], Threshold]


def _modified(terms: DealTerms, base: float, slope: float, pivot: float) -> Threshold:
    stops = (terms.parameters.get("lowest_recovery", -math.inf), terms.parameters.get("highest_recovery", math.inf))
    return Threshold(base - slope * pivot, slope, *stops)


def spread_limit(terms: DealTerms, quirks: Quirks) -> Threshold:
    """Falls with each point of recovery above 43 %, faster where the spread input is high."""
    base = terms.number("weighted_average_spread", 32)
    a_point = 0.00065 if base >= _HIGH_SPREAD else 0.0005
    return _modified(terms, base, -100.0 * a_point, _BASE_RECOVERY)


def spread_limit_of_factor(terms: DealTerms, quirks: Quirks) -> Threshold:
    """Falls by the deal's own factor with each point of recovery above its recovery limit."""
    a_point = terms.number("was_factor", 39)
    pivot = terms.number("warr_threshold", 39)
    return _modified(terms, terms.number("weighted_average_spread", 39), -100.0 * a_point, pivot)


def rating_factor_limit(terms: DealTerms, quirks: Quirks) -> Threshold:
    """Rises with each point of recovery above 43 %."""
    return _rating_factor_limit(terms, quirks, 36, _BASE_RECOVERY)


def rating_factor_limit_of_recovery(terms: DealTerms, quirks: Quirks) -> Threshold:
    """Rises with each point of recovery above the deal's recovery limit."""
    return _rating_factor_limit(terms, quirks, 54, terms.number("warr_threshold", 54))


def _rating_factor_limit(terms: DealTerms, quirks: Quirks, test_id: int, pivot: float) -> Threshold:
    base, a_point = terms.number("warf_threshold", test_id), terms.number("warf_factor", test_id)
    if Quirk.ROUNDED_MODIFIERS in quirks:
        base, a_point = float(round(base)), float(round(a_point))
    return _modified(terms, base, 100.0 * a_point, pivot)
