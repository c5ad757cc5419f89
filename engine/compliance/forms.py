"""What a test measures, in the few shapes from which values, cushions, trades and optimisation rows all follow.

A form knows the assets and never the holdings: par (n,) and principal cash come when it is evaluated.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from engine.compliance.portfolio import Floats, Groups, Mask, Portfolio


@dataclass(frozen=True)
class Sum:
    """A sum that is linear in the holdings: per_par · par + per_cash x principal cash + fixed.

    per_par (n,) what one unit of par of each asset adds; per_cash what one unit of principal cash adds; fixed in the
    unit of the sum.
    """

    per_par: Floats
    per_cash: float = 0.0
    fixed: float = 0.0


@dataclass(frozen=True)
class Ratio:
    """One sum over another; without a denominator (not above 0) the test is not applicable and its value is 0.

    decimals: digits the value is rounded to, half to even, before it is compared (03 Q35); None for none.
    """

    numerator: Sum
    denominator: Sum
    decimals: int | None = None


@dataclass(frozen=True)
class RankedGroups:
    """Par of the group with the given rank, largest first, over the collateral principal amount.

    codes (n,) group of each asset, -1 for assets that do not count; ranks `rank` to `rank + count - 1` are added up. A
    rank that does not exist adds 0. reported_rank: rank whose par is reported as numerator (03 Q22).
    """

    names: tuple[str, ...]
    codes: npt.NDArray[np.int64]
    rank: int
    denominator: Sum
    count: int = 1
    is_by_name: bool = False
    must_exist: bool = False
    reported_rank: int = 0


class MeasureKind(IntEnum):
    """Measures that are neither a ratio of sums nor a ranked group; `kernels_measures.measure` computes them."""

    DIVERSITY_SCORE = 1
    HELD_AMOUNT = 2
    EXCESS_HAIRCUT = 3
    ADJUSTED_COLLATERAL = 4
    DISPERSION = 5
    EFFECTIVE_NUMBER = 6
    WITH_EXCESS = 7
    AVERAGE_GROUP = 8


@dataclass(frozen=True)
class Measure:
    """A measure of the holdings by its kind: reals (k, n) and codes (j, n) by asset, settings (s,) for all.

    denominator: over which the measure is taken; None for a measure that has no parts, which is NaN where there is
    nothing to measure: the test is not applicable then.
    """

    kind: MeasureKind
    reals: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int64]
    settings: npt.NDArray[np.float64]
    denominator: Sum | None = None


Form = Ratio | RankedGroups | Measure


def principal_amount(portfolio: Portfolio) -> Sum:
    """Collateral principal amount: par of performing assets and principal cash (spec 03 §2)."""
    return Sum(portfolio.performing.astype(np.float64), per_cash=1.0)


def share(portfolio: Portfolio, counted: Mask) -> Ratio:
    """Par of the counted assets over the collateral principal amount."""
    return Ratio(Sum(counted.astype(np.float64)), principal_amount(portfolio))


def average(weights: Mask, values: Floats, numerator: Mask | None = None) -> Ratio:
    """Par-weighted average of a value; the numerator may run over other assets than the weights (03 Q9)."""
    over = weights if numerator is None else numerator
    return Ratio(Sum(np.where(over, values, 0.0)), Sum(weights.astype(np.float64)))


def largest(
    portfolio: Portfolio,
    groups: Groups,
    counted: Mask,
    rank: int,
    *,
    count: int = 1,
    is_by_name: bool = False,
    must_exist: bool = False,
    reported_rank: int = 0,
) -> RankedGroups:
    """The rank-th largest group of the counted assets over the collateral principal amount."""
    return RankedGroups(
        groups.names,
        np.where(counted, groups.codes, -1),
        rank,
        principal_amount(portfolio),
        count,
        is_by_name,
        must_exist,
        reported_rank,
    )
