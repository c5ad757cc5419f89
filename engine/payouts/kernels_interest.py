"""Arithmetic of interest on numbers alone: all-in rates, compounded periods, daily rows (spec 07 §12.2, §12.4, §15)."""

from math import floor, isnan

import numpy as np
import numpy.typing as npt

from engine.numerics import inlined_kernel, kernel
from engine.payouts.kernels_dates import GoodDays, day_count_fraction
from engine.payouts.kernels_overnight import bounded

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Positions in CompoundingMethod and NegativeRateTreatment; kernels see no enums' methods.
_FLAT, _STRAIGHT, _SPREAD_EXCLUSIVE = 1, 2, 3
_ZERO, _ZERO_EXCLUDING_SPREAD = 1, 2


@inlined_kernel
def rounded_rate(rate: float, decimals: int) -> float:
    """A decimal rate rounded half away from zero; fewer than 0 decimals: as it is.

    A billionth of the last place short of a half counts as the half, since decimals have no exact binary form.
    """
    if decimals < 0 or isnan(rate):
        return rate
    scale = 10.0**decimals
    size = floor(abs(rate) * scale + 0.5 + 1e-9) / scale
    return size if rate >= 0.0 else -size


@inlined_kernel
def all_in_rate(
    rate: float,
    multiplier: float,
    spread: float,
    treatment: int,
    cap_rate: float,
    floor_rate: float,
    decimals: int,
) -> float:
    """Fixing to all-in rate: multiplier, floor without spread, spread, floor, cap and floor rates, rounding (§12.2).

    treatment : position of the NegativeRateTreatment
    cap_rate, floor_rate : NaN where there is none
    """
    result = rate * multiplier
    if treatment == _ZERO_EXCLUDING_SPREAD and result < 0.0:
        result = 0.0
    result += spread
    if treatment == _ZERO and result < 0.0:
        result = 0.0
    return rounded_rate(bounded(result, floor_rate, cap_rate), decimals)


@kernel
def compounded_amounts(
    notional: float, rates: Floats, spread: float, year_fractions: Floats, method: int, amounts: Floats
) -> float:
    """Amounts of J calculation periods compounded into one payment, and their sum (spec 07 §12.4).

    rates, year_fractions : (J,)
    method  : position of the CompoundingMethod
    amounts : (J,) written, each with the interest on the earlier ones
    """
    total = 0.0
    base = 0.0
    for j in range(rates.shape[0]):
        own = notional * (rates[j] + spread) * year_fractions[j]
        without_spread = notional * rates[j] * year_fractions[j]
        extra = carried_interest(total, base, rates[j] + spread, rates[j], year_fractions[j], method)
        amounts[j] = own + extra
        total += own + extra
        base += without_spread + extra
    return total


@inlined_kernel
def carried_interest(
    amounts: float, amounts_without_spread: float, all_in: float, rate: float, year_fraction: float, method: int
) -> float:
    """Interest of a period on the earlier amounts of its payment: at the all-in rate under STRAIGHT, without the spread
    under FLAT, and under SPREAD_EXCLUSIVE on the amounts without spread."""
    if method == _STRAIGHT:
        return amounts * all_in * year_fraction
    if method == _FLAT:
        return amounts * rate * year_fraction
    if method == _SPREAD_EXCLUSIVE:
        return amounts_without_spread * rate * year_fraction
    return 0.0


@kernel
def accrual_rows(
    starts: Ints,
    ends: Ints,
    notionals: Floats,
    rates: Floats,
    day_count: int,
    termination: int,
    calendar: GoodDays,
    offsets: Ints,
    factors: Floats,
    cumulative: Floats,
    daily: Floats,
) -> None:
    """Rows per calendar day of K periods with one rate each (spec 07 §15); ACT/ACT.ICMA takes the period as regular.

    starts, ends, notionals, rates : (K,); days [start, end), all-in annual rates
    day_count, termination : position of the DayCount; last day of the contract, NO_DAY where there is none
    calendar  : good days of BUS/252
    offsets   : (K + 1,) where the rows of each period begin: running sum of ends - starts
    factors, cumulative, daily : (offsets[K],) written: accrual factor, accrued through the day, its change
    """
    for k in range(starts.shape[0]):
        years_before = 0.0
        for i in range(ends[k] - starts[k]):
            day = starts[k] + i + 1
            row = offsets[k] + i
            years = day_count_fraction(starts[k], day, day_count, day == termination, starts[k], ends[k], 1, calendar)
            factors[row] = years - years_before
            cumulative[row] = notionals[k] * rates[k] * years
            daily[row] = cumulative[row] - notionals[k] * rates[k] * years_before
            years_before = years
