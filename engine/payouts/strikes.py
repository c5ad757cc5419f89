"""The two scales of variance and volatility: which one a trade speaks, and conversions between them (spec 07 §13.2).

POINTS: volatility 18, variance 324. DECIMAL: volatility 0.18, variance 0.0324. Vega notional is always currency per
volatility point.
"""

from dataclasses import dataclass
from itertools import product
from math import isfinite, sqrt

from engine.errors import InputError
from engine.payouts.enums import StrikeScale

LINK_TOLERANCE = 0.01
"""Relative difference within which vega, variance notional and strike belong together."""


def volatility_unit(scale: StrikeScale) -> float:
    """How many units of the scale a volatility of 1 (100 %) is."""
    return 100.0 if scale is StrikeScale.POINTS else 1.0


def variance_unit(scale: StrikeScale) -> float:
    """How many units of the scale a decimal variance of 1 is."""
    return volatility_unit(scale) ** 2


def volatility_notional(vega: float, scale: StrikeScale) -> float:
    """Currency per unit of the scale's volatility: the vega notional per point, a hundred times that per 100 %."""
    return vega * 100.0 / volatility_unit(scale)


def variance_notional(vega: float, volatility_strike: float, scale: StrikeScale) -> float:
    """Currency per unit of the scale's variance that has the vega at the strike: per-unit vega / (2 K_vol).

    Raises InputError CLO-1959 for a strike that is not positive.
    """
    return volatility_notional(vega, scale) / (2.0 * _positive(volatility_strike))


def vega_notional(notional: float, volatility_strike: float, scale: StrikeScale) -> float:
    """Currency per volatility point of a variance notional at the strike; the inverse of `variance_notional`."""
    return notional * 2.0 * _positive(volatility_strike) * volatility_unit(scale) / 100.0


@dataclass(frozen=True, slots=True)
class ScaleProposal:
    """The reading under which a trade's numbers agree.

    is_volatility_level: the strike is a volatility, also where the document calls it a variance strike.
    relative_error: of the variance notional against vega and strike.
    """

    scale: StrikeScale
    is_volatility_level: bool
    relative_error: float


def proposed_scale(vega: float, notional: float, strike: float) -> ScaleProposal | None:
    """The scale, and what the strike is, under which vega notional, variance notional and strike fit within 1 %.

    None where no reading fits, and where several do (a strike of 1 is its own square), since guessing is worse.
    Signs of the notionals do not matter. Raises InputError CLO-1959 unless the numbers are finite and not zero.
    """
    _positive(strike)
    if not (isfinite(vega) and isfinite(notional)) or vega == 0.0 or notional == 0.0:
        raise InputError(
            "CLO-1959",
            f"Vega notional {vega} and variance notional {notional} do not say which scale they are in",
            remedy="Give finite notionals other than zero.",
        )
    fitting = []
    for scale, is_level in product(StrikeScale, (True, False)):
        implied = variance_notional(abs(vega), strike if is_level else sqrt(strike), scale)
        error = abs(implied / abs(notional) - 1.0)
        if error <= LINK_TOLERANCE:
            fitting.append(ScaleProposal(scale, is_level, error))
    return fitting[0] if len(fitting) == 1 else None


def _positive(strike: float) -> float:
    if not (isfinite(strike) and strike > 0.0):
        raise InputError(
            "CLO-1959", f"A volatility or variance strike of {strike} is not positive", remedy="Correct the strike."
        )
    return strike
