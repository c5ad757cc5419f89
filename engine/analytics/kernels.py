"""Risk measures of cash-flow vectors on arrays: compounding periods, present values, solvers, durations, average life.

Flows k = 0..n-1 stand in `cash` and `days` from index 0; the settlement day is apart. Compounding periods come in two
forms: `intervals`, each counted from the flow before, and `cumulative`, each counted from settlement. `frequency` is
compounding periods a year, so that a period discounts by 1 + y / frequency.

Solvers return (root, status); status codes are those of SolveStatus, the root is NaN unless it is 0.
"""

from math import exp, expm1, isfinite, log1p, nan

import numba
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
from engine.conventions.kernels import add_months, days_between
from engine.numerics import kernel, parallel_kernel

DayArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@kernel
def compounding_interval(start: int, end: int, months: int, code: int, is_settlement: bool, is_anchored: bool) -> float:
    """Compounding periods of `months` months between two days (spec 01 §7.3); NaN for months under 1.

    Whole steps are counted back from `end` for the interval that begins at settlement, else forward from `start`; the
    rest is its share of one more step in the day count. is_anchored: all steps from the same end, otherwise each from
    the one before, which drifts at month ends (LQ-56).
    """
    if months < 1:
        return nan
    anchor = end if is_settlement else start
    direction = -months if is_settlement else months
    near = anchor
    far = add_months(anchor, direction)
    steps = 0
    while (far > start) if is_settlement else (far < end):
        steps += 1
        near = far
        far = add_months(anchor, direction * (steps + 1)) if is_anchored else add_months(far, direction)
    if not is_anchored:  # the legacy walk finds the near end by stepping back from the far one
        near = add_months(far, -direction)
    if is_settlement:
        return steps + days_between(start, near, code) / days_between(far, near, code)
    return steps + days_between(near, end, code) / days_between(near, far, code)


@kernel
def compounding_periods(
    settle: int, days: DayArray, n: int, months: int, code: int, is_anchored: bool, intervals: FloatArray
) -> None:
    """Compounding periods of each flow's interval: from settlement to the first flow, then from flow to flow.

    days      : (N,) int64, ascending, the first n are used
    intervals : (N,) float64, written up to n
    """
    previous = settle
    for k in range(n):
        intervals[k] = compounding_interval(previous, days[k], months, code, k == 0, is_anchored)
        previous = days[k]


@kernel
def cumulative_periods(
    settle: int, days: DayArray, n: int, months: int, code: int, is_anchored: bool, cumulative: FloatArray
) -> None:
    """As `compounding_periods`, added up from settlement to each flow."""
    compounding_periods(settle, days, n, months, code, is_anchored, cumulative)
    for k in range(1, n):
        cumulative[k] += cumulative[k - 1]


@kernel
def present_value(cash: FloatArray, cumulative: FloatArray, n: int, annual_yield: float, frequency: float) -> float:
    """Present value at one yield, in the unit of cash; NaN where 1 + y / frequency is not positive."""
    base = annual_yield / frequency
    if not base > -1.0:
        return nan
    log_growth = log1p(base)
    value = 0.0
    for k in range(n):
        value += cash[k] * exp(-cumulative[k] * log_growth)
    return value


@kernel
def _undiscounted_moments(cash: FloatArray, cumulative: FloatArray, n: int) -> tuple[float, float, float, float]:
    """Sum of cash, its first two moments over the periods, and the largest flow."""
    total = 0.0
    first = 0.0
    second = 0.0
    largest = 0.0
    for k in range(n):
        weighted = cash[k] * cumulative[k]
        total += cash[k]
        first += weighted
        second += weighted * cumulative[k]
        largest = max(largest, cash[k])
    return total, first, second, largest


@kernel
def _log_moments(cash: FloatArray, cumulative: FloatArray, n: int, log_growth: float) -> tuple[float, float, float]:
    """Present value at a log growth a period, and its first two moments over the periods."""
    value = 0.0
    first = 0.0
    second = 0.0
    for k in range(n):
        flow = cash[k] * exp(-cumulative[k] * log_growth)
        weighted = flow * cumulative[k]
        value += flow
        first += weighted
        second += weighted * cumulative[k]
    return value, first, second


@kernel
def _bisect_log_growth(
    cash: FloatArray, cumulative: FloatArray, n: int, target: float, start: float
) -> tuple[float, int]:
    """Root nearest to `start`: a widening search for a change of sign, then bisection; NaN without one."""
    at_start = _log_moments(cash, cumulative, n, start)[0] - target
    width = 0.01
    low = start
    high = start
    while width < 32.0:
        for side in range(2):
            edge = start + width if side == 0 else start - width
            value = _log_moments(cash, cumulative, n, edge)[0] - target
            if isfinite(value) and value * at_start <= 0.0:
                low = start
                high = edge
                for _ in range(BISECTION_STEPS):
                    middle = 0.5 * (low + high)
                    value = _log_moments(cash, cumulative, n, middle)[0] - target
                    if value * at_start > 0.0:
                        low = middle
                    else:
                        high = middle
                return 0.5 * (low + high), SOLVED
        width *= 1.3
    return nan, NO_ROOT


@kernel
def solve_log_growth(cash: FloatArray, cumulative: FloatArray, n: int, target: float) -> tuple[float, float, int]:
    """Log growth a period, log(1 + y / frequency), at which the present value meets the target.

    Returns it with the duration in periods and a status. The iteration starts from the undiscounted flows, costs one
    exponential a flow and step, and falls back to bracketing where it leaves the region of its own convergence.
    """
    total, first, second, largest = _undiscounted_moments(cash, cumulative, n)
    if not largest > 0.0:
        return nan, nan, NO_POSITIVE_FLOW
    if not (target > 0.0 and isfinite(target) and isfinite(total)):
        return nan, nan, BAD_TARGET
    log_growth = third_order_step(total, -first, second, target)
    if not isfinite(log_growth):
        log_growth = 0.0
    for _ in range(MAX_STEPS):
        value, first, second = _log_moments(cash, cumulative, n, log_growth)
        step = third_order_step(value, -first, second, target)
        if not isfinite(step):
            break
        log_growth += step
        if abs(step) < STEP_TOLERANCE:
            duration = first / value
            return log_growth, duration - step * (second / value - duration * duration), SOLVED
    log_growth, status = _bisect_log_growth(cash, cumulative, n, target, 0.0)
    if status != SOLVED:
        return nan, nan, status
    value, first, second = _log_moments(cash, cumulative, n, log_growth)
    return log_growth, first / value, SOLVED


@kernel
def solve_yield(cash: FloatArray, cumulative: FloatArray, n: int, target: float, frequency: float) -> tuple[float, int]:
    """Annual yield at which the present value meets the target (currency), and a status."""
    log_growth, _, status = solve_log_growth(cash, cumulative, n, target)
    return frequency * expm1(log_growth), status


@kernel
def yield_and_durations(
    cash: FloatArray, cumulative: FloatArray, n: int, target: float, frequency: float
) -> tuple[float, float, float, int]:
    """Annual yield, Macaulay and modified duration in years, and a status."""
    log_growth, duration, status = solve_log_growth(cash, cumulative, n, target)
    macaulay = duration / frequency
    return frequency * expm1(log_growth), macaulay, macaulay * exp(-log_growth), status


@kernel
def durations(
    cash: FloatArray, cumulative: FloatArray, n: int, annual_yield: float, frequency: float
) -> tuple[float, float]:
    """Macaulay and modified duration in years at a yield; NaN where the present value is not positive."""
    base = annual_yield / frequency
    if not base > -1.0:
        return nan, nan
    log_growth = log1p(base)
    value, first, _ = _log_moments(cash, cumulative, n, log_growth)
    if not value > 0.0:
        return nan, nan
    macaulay = first / value / frequency
    return macaulay, macaulay / (1.0 + base)


@kernel
def weighted_average_life(
    principal: FloatArray, days: DayArray, n: int, settle: int, balance: float, divisor: float
) -> float:
    """Average life in years, Actual/365, of principal flows out of `balance`, over `divisor` (spec 02 §7).

    What is never repaid counts to the last day. NaN for a divisor of 0.
    """
    if divisor == 0.0 or n == 0:
        return nan
    weighted = 0.0
    repaid = 0.0
    for k in range(n):
        weighted += (days[k] - settle) * principal[k]
        repaid += principal[k]
    weighted += (balance - repaid) * (days[n - 1] - settle)
    return weighted / divisor / 365.0


@kernel
def solve_xirr(cash: FloatArray, days: DayArray, n: int, guess: float) -> tuple[float, int]:
    """Internal rate of return, effective annual on Actual/365 from the first flow, and a status.

    Newton's method from the guess, in the logarithm of 1 + rate, then the change of sign nearest to the guess.
    """
    has_inflow = False
    has_outflow = False
    years = np.empty(n)
    for k in range(n):
        has_inflow = has_inflow or cash[k] > 0.0
        has_outflow = has_outflow or cash[k] < 0.0
        years[k] = (days[k] - days[0]) / 365.0
    if not (has_inflow and has_outflow):
        return nan, NO_ROOT
    start = log1p(guess)
    log_growth = start
    for _ in range(100):
        value, first, _ = _log_moments(cash, years, n, log_growth)
        if first == 0.0 or not isfinite(value):
            break
        step = value / first
        log_growth += step
        if not abs(log_growth) < 30.0:
            break
        if abs(step) < 1e-13 * max(1.0, abs(log_growth)):
            return expm1(log_growth), SOLVED
    log_growth, status = _bisect_log_growth(cash, years, n, 0.0, start)
    return expm1(log_growth), status


@parallel_kernel
def bulk_cumulative_periods(
    settle: int, days: DayArray, counts: DayArray, months: DayArray, codes: DayArray, cumulative: FloatArray
) -> None:
    """Cumulative compounding periods, anchored, of many vectors at once.

    days, cumulative : (B, N), cumulative written; counts, months, codes : (B,) int64
    """
    for b in numba.prange(days.shape[0]):
        cumulative_periods(settle, days[b], counts[b], months[b], codes[b], True, cumulative[b])


@parallel_kernel
def bulk_yield_and_durations(
    cash: FloatArray,
    cumulative: FloatArray,
    counts: DayArray,
    targets: FloatArray,
    frequencies: FloatArray,
    yields: FloatArray,
    macaulay: FloatArray,
    modified: FloatArray,
    statuses: DayArray,
) -> None:
    """Yield and both durations of many vectors at once.

    cash, cumulative : (B, N) float64, the first counts[b] of each row are used
    targets, frequencies : (B,) float64, price in the unit of cash, compounding periods a year
    yields, macaulay, modified : (B,) float64, statuses : (B,) int64; all written
    """
    for b in numba.prange(cash.shape[0]):
        yields[b], macaulay[b], modified[b], statuses[b] = yield_and_durations(
            cash[b], cumulative[b], counts[b], targets[b], frequencies[b]
        )
