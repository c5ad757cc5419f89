"""Present values at zero rates plus a spread, and the spread that explains a price, on one path or many.

Flows, periods and statuses as in `kernels.py`. `rates` are annual zero rates to each flow.
"""

from math import exp, expm1, isfinite, log1p, nan

import numpy as np
import numpy.typing as npt

from engine.analytics.kernels_solver import (
    BAD_TARGET,
    BISECTION_STEPS,
    MAX_STEPS,
    NO_POSITIVE_FLOW,
    NO_ROOT,
    SOLVED,
    STEP_TOLERANCE,
    third_order_step,
)
from engine.numerics import kernel

FloatArray = npt.NDArray[np.float64]


@kernel
def spread_moments(
    cash: FloatArray,
    periods: FloatArray,
    rates: FloatArray,
    n: int,
    spread: float,
    frequency: float,
    is_chained: bool,
) -> tuple[float, float, float]:
    """Present value at rates plus spread, and its first and second derivative by the spread.

    Each flow is discounted over its cumulative periods at its own rate plus the spread. is_chained (LQ-51): over its
    interval only, on top of the flow before; `periods` are then intervals, otherwise cumulative.
    """
    value = 0.0
    first = 0.0
    second = 0.0
    chain = 0.0
    chain_first = 0.0
    chain_second = 0.0
    for k in range(n):
        per_period = rates[k] + spread
        reciprocal = 1.0 / (frequency + per_period)
        slope = periods[k] * reciprocal
        chain = -periods[k] * log1p(per_period / frequency) + (chain if is_chained else 0.0)
        chain_first = -slope + (chain_first if is_chained else 0.0)
        chain_second = slope * reciprocal + (chain_second if is_chained else 0.0)
        flow = cash[k] * exp(chain)
        value += flow
        first += flow * chain_first
        second += flow * (chain_first * chain_first + chain_second)
    return value, first, second


@kernel
def present_value_with_spread(
    cash: FloatArray,
    periods: FloatArray,
    rates: FloatArray,
    n: int,
    spread: float,
    frequency: float,
    is_chained: bool,
) -> float:
    """Present value at rates plus spread; NaN where a rate plus spread is at or under -frequency."""
    for k in range(n):
        if not rates[k] + spread > -frequency:
            return nan
    value, _, _ = spread_moments(cash, periods, rates, n, spread, frequency, is_chained)
    return value


@kernel
def path_moments(
    cash: FloatArray, periods: FloatArray, rates: FloatArray, spread: float, frequency: float, is_chained: bool
) -> tuple[float, float, float]:
    """`spread_moments` added up over paths; cash, rates : (P, N) float64, periods : (N,) float64."""
    value = 0.0
    first = 0.0
    second = 0.0
    for p in range(cash.shape[0]):
        path_value, path_first, path_second = spread_moments(
            cash[p], periods, rates[p], periods.shape[0], spread, frequency, is_chained
        )
        value += path_value
        first += path_first
        second += path_second
    return value, first, second


@kernel
def _spread_guess(
    cash: FloatArray, periods: FloatArray, rates: FloatArray, n: int, target: float, frequency: float, is_chained: bool
) -> float:
    """First guess of a spread: the yield by the undiscounted flows less the mean rate, weighted by cash and time."""
    total = 0.0
    first = 0.0
    second = 0.0
    rate = 0.0
    time = 0.0
    for k in range(n):
        time = periods[k] + (time if is_chained else 0.0)
        weighted = cash[k] * time
        total += cash[k]
        first += weighted
        second += weighted * time
        rate += weighted * rates[k]
    log_growth = third_order_step(total, -first, second, target)
    guess = frequency * expm1(log_growth) - rate / first if first != 0.0 else nan
    return guess if isfinite(guess) else 0.0


@kernel
def _bisect_spread(
    cash: FloatArray,
    periods: FloatArray,
    rates: FloatArray,
    total: float,
    frequency: float,
    is_chained: bool,
    floor: float,
) -> tuple[float, int]:
    """Root nearest to no spread: a widening search for a change of sign, then bisection; NaN without one."""
    at_start = path_moments(cash, periods, rates, 0.0, frequency, is_chained)[0] - total
    width = 0.01
    while width < 1e6:
        for side in range(2):
            edge = width if side == 0 else max(-width, floor * (1.0 - 0.01 / (1.0 + width)))
            value = path_moments(cash, periods, rates, edge, frequency, is_chained)[0] - total
            if isfinite(value) and value * at_start <= 0.0:
                low = 0.0
                high = edge
                for _ in range(BISECTION_STEPS):
                    middle = 0.5 * (low + high)
                    value = path_moments(cash, periods, rates, middle, frequency, is_chained)[0] - total
                    if value * at_start > 0.0:
                        low = middle
                    else:
                        high = middle
                return 0.5 * (low + high), SOLVED
        width *= 1.3
    return nan, NO_ROOT


@kernel
def solve_path_spread(
    cash: FloatArray, periods: FloatArray, rates: FloatArray, target: float, frequency: float, is_chained: bool
) -> tuple[float, int]:
    """Spread at which the mean present value over paths meets the target, and a status.

    cash, rates : (P, N) float64; periods : (N,) float64
    """
    largest = 0.0
    lowest_rate = np.inf
    for p in range(cash.shape[0]):
        for k in range(periods.shape[0]):
            largest = max(largest, cash[p, k])
            lowest_rate = min(lowest_rate, rates[p, k])
    if not largest > 0.0:
        return nan, NO_POSITIVE_FLOW
    if not (target > 0.0 and isfinite(target)):
        return nan, BAD_TARGET
    total = target * cash.shape[0]
    floor = -(frequency + lowest_rate)  # discount factors exist above it only
    spread = max(
        _spread_guess(cash[0], periods, rates[0], periods.shape[0], target, frequency, is_chained), 0.5 * floor
    )
    for _ in range(MAX_STEPS):
        value, first, second = path_moments(cash, periods, rates, spread, frequency, is_chained)
        step = third_order_step(value, first, second, total)
        if not isfinite(step):
            break
        spread = max(spread + step, 0.5 * (spread + floor))
        if abs(step) < STEP_TOLERANCE:
            return spread, SOLVED
    return _bisect_spread(cash, periods, rates, total, frequency, is_chained, floor)


@kernel
def solve_spread(
    cash: FloatArray,
    periods: FloatArray,
    rates: FloatArray,
    n: int,
    target: float,
    frequency: float,
    is_chained: bool,
) -> tuple[float, int]:
    """Spread over the zero rates at which the present value meets the target (currency), and a status.

    rates : (N,) float64, annual zero rate to each flow; periods as in `spread_moments`.
    """
    return solve_path_spread(
        cash[:n].reshape(1, n), periods[:n], rates[:n].reshape(1, n), target, frequency, is_chained
    )
