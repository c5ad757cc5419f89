"""The legacy model's discounting and bisection, error values included (spec 01 §7.3, §7.4; LQ-51, LQ-52)."""

from math import exp, isfinite, log, nan

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel

DayArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

SOLVED, ARITHMETIC_ERROR = 0, 4
ERROR_VALUE = -1.0
WIDTH_TOLERANCE = 1e-13
MAX_TRIALS = 1_000_000


@kernel
def discount(log_base: float, base: float, periods: float) -> float:
    """1 / base^periods; NaN where the legacy power stops: a base of 0, or a negative one to a fractional power."""
    if base > 0.0:
        return exp(-periods * log_base)
    if periods != np.floor(periods) or base == 0.0:
        return nan
    return 1.0 / base**periods


@kernel
def path_present_value(
    cash: FloatArray, intervals: FloatArray, rates: FloatArray, spread: float, frequency: float
) -> float:
    """Mean over paths of the present value with each interval discounted at its rate plus spread; NaN on an error.

    cash, rates : (P, N) float64; intervals : (N,) float64, compounding periods from flow to flow
    """
    total = 0.0
    for p in range(cash.shape[0]):
        factor = 1.0
        value = 0.0
        base = nan
        log_base = nan
        for k in range(intervals.shape[0]):
            new_base = 1.0 + (rates[p, k] + spread) / frequency
            if new_base != base:
                base = new_base
                log_base = log(base) if base > 0.0 else nan
            factor *= discount(log_base, base, intervals[k])
            value += cash[p, k] * factor
        if not isfinite(value):
            return nan
        total += value
    return total / cash.shape[0]


@kernel
def bisect_spread(
    cash: FloatArray,
    intervals: FloatArray,
    rates: FloatArray,
    target: float,
    frequency: float,
    low: float,
    high: float,
    tolerance: float,
) -> tuple[float, int]:
    """Spread by the legacy bisection, and a status; with rates of 0 the yield.

    Stops when the present value is within `tolerance` (currency) of the target, or on the width of the bracket, whose
    end it then returns. 0 for a target of 0; ARITHMETIC_ERROR and -1 where a trial cannot be valued.
    """
    value = 0.0
    root = 0.0
    for _ in range(MAX_TRIALS):
        if target == 0.0 or abs(low - high) < WIDTH_TOLERANCE:
            break
        if value == 0.0:
            root = (low + high) / 2.0
        elif value < target:
            high = root
            root = (low + root) / 2.0
        elif value > target:
            low = root
            root = (high + root) / 2.0
        if root == 0.0:
            root = 0.01
        value = path_present_value(cash, intervals, rates, root, frequency)
        if not isfinite(value):
            return ERROR_VALUE, ARITHMETIC_ERROR
        if abs(value - target) < tolerance:
            break
    return root, SOLVED


@kernel
def has_positive_flow(cash: FloatArray) -> bool:
    """Whether any flow is above 0; without one the legacy yield and spread are 0."""
    return bool((cash > 0.0).any())


@kernel
def solve_yield(cash: FloatArray, intervals: FloatArray, n: int, target: float, frequency: float) -> tuple[float, int]:
    """Yield of one vector as `CalcYield` finds it in [-1.5, 1]."""
    if not has_positive_flow(cash[:n]):
        return 0.0, SOLVED
    rates = np.zeros((1, n))
    return bisect_spread(cash[:n].reshape(1, n), intervals[:n], rates, target, frequency, -1.5, 1.0, 1e-13)


@kernel
def solve_spread(
    cash: FloatArray, intervals: FloatArray, rates: FloatArray, n: int, target: float, frequency: float
) -> tuple[float, int]:
    """Spread of one vector over its rates as `CalcZSpread` finds it in [-1.5, 1]."""
    if not has_positive_flow(cash[:n]):
        return 0.0, SOLVED
    path_cash = cash[:n].reshape(1, n)
    path_rates = rates[:n].reshape(1, n)
    return bisect_spread(path_cash, intervals[:n], path_rates, target, frequency, -1.5, 1.0, 1e-5)


@kernel
def solve_oas(
    cash: FloatArray, intervals: FloatArray, rates: FloatArray, target: float, frequency: float
) -> tuple[float, int]:
    """Spread over many paths as `CalcOAS` finds it in [-0.5, 0.5]; cash, rates : (P, N)."""
    return bisect_spread(cash, intervals, rates, target, frequency, -0.5, 0.5, 1e-4)


@kernel
def tranche_durations(
    cash: FloatArray, days: DayArray, n: int, settle: int, annual_yield: float, market_value: float, frequency: float
) -> tuple[float, float]:
    """Macaulay and modified duration of a tranche over calendar days / 365 (spec 02 §7).

    market_value : price times balance. Modified is 0 unless the yield is positive (DQ-22). NaN where a power or the
    division has no value.
    """
    base = 1.0 + annual_yield / frequency
    if not base > 0.0 or market_value == 0.0:
        return nan, nan
    log_base = log(base)
    weighted = 0.0
    for k in range(n):
        years = (days[k] - settle) / 365.0
        weighted += years * cash[k] * exp(-frequency * years * log_base)
    macaulay = weighted / market_value
    return macaulay, macaulay / base if annual_yield > 0.0 else 0.0


@kernel
def wal_by_index(cash: FloatArray, n: int, payments_per_year: float) -> float:
    """Average life by flow number on total cash, in years (LQ-55); NaN without cash."""
    weighted = 0.0
    total = 0.0
    for k in range(n):
        weighted += (k + 1) * cash[k]
        total += cash[k]
    return weighted / total / payments_per_year if total != 0.0 else nan
