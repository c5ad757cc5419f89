"""Kernels of realised variance and correlation (spec 07 §13.1, §13.3)."""

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel

Floats = npt.NDArray[np.float64]

NO_DIVIDENDS, REDUCE_PREVIOUS, ADD_BACK = -1, 0, 1
"""How a return treats a dividend; positions in DividendAdjustmentStyle, none before them."""

NO_CORRIDOR, PREVIOUS, LAST, BOTH = -1, 0, 1, 2
"""Which price of a return has to lie in the corridor; positions in RealisedVarianceMethod, none before them."""


@kernel
def log_return(before: float, now: float, dividend: float, style: int) -> float:
    """ln(now / before), a dividend taken from the price before or added to that now; NaN unless both are positive."""
    if style == REDUCE_PREVIOUS:
        before -= dividend
    elif style == ADD_BACK:
        now += dividend
    if not (before > 0.0 and now > 0.0):
        return np.nan
    return np.log(now / before)


@kernel
def return_sums(returns: Floats, levels: Floats, lower: float, upper: float, method: int) -> tuple[float, float, int]:
    """Sum of squares, sum and number of the returns that count.

    returns: (n,); levels: (n + 1,) prices against which the corridor [lower, upper] is held. Compensated sums.
    """
    squares, squares_lost, total, total_lost = 0.0, 0.0, 0.0, 0.0
    counted = 0
    for i in range(returns.shape[0]):
        was_within = lower <= levels[i] <= upper
        is_within = lower <= levels[i + 1] <= upper
        if method == PREVIOUS and not was_within:
            continue
        if method == LAST and not is_within:
            continue
        if method == BOTH and not (was_within and is_within):
            continue
        counted += 1
        term = returns[i] * returns[i] - squares_lost
        next_squares = squares + term
        squares_lost = (next_squares - squares) - term
        squares = next_squares
        term = returns[i] - total_lost
        next_total = total + term
        total_lost = (next_total - total) - term
        total = next_total
    return squares, total, counted


@kernel
def realised_variance(
    returns: Floats,
    levels: Floats,
    expected_days: int,
    annualization: float,
    is_mean_adjusted: int,
    lower: float,
    upper: float,
    method: int,
) -> tuple[float, int]:
    """Annualised decimal variance and the number of returns that counted (spec 07 §13.1, §13.3).

    Without a corridor the divisor is `expected_days`, less one when mean-adjusted; with one the number counted, and
    the variance of none is 0.
    """
    squares, total, counted = return_sums(returns, levels, lower, upper, method)
    if method != NO_CORRIDOR:
        return (annualization / counted * squares if counted > 0 else 0.0), counted
    if is_mean_adjusted == 0:
        return annualization / expected_days * squares, counted
    centred = squares - total * total / counted if counted > 0 else 0.0
    return annualization / (expected_days - 1) * centred, counted


@kernel
def pair_correlation(returns: Floats, weights: Floats, is_mean_adjusted: int, matrix: Floats) -> float:
    """Weighted mean of the correlations of all pairs (spec 07 §13.3).

    returns: (K, n); weights: (K,); matrix: (K, K), written, 1 on its diagonal. NaN for a series that does not move.
    """
    n_series, n = returns.shape
    weighted, weight = 0.0, 0.0
    means = np.zeros(n_series)
    if is_mean_adjusted != 0 and n > 0:
        for k in range(n_series):
            means[k] = returns[k].sum() / n
    norms = np.zeros(n_series)
    for k in range(n_series):
        for i in range(n):
            norms[k] += (returns[k, i] - means[k]) ** 2
    for a in range(n_series):
        matrix[a, a] = 1.0
        for b in range(a + 1, n_series):
            product = 0.0
            for i in range(n):
                product += (returns[a, i] - means[a]) * (returns[b, i] - means[b])
            norm = np.sqrt(norms[a] * norms[b])
            rho = product / norm if norm > 0.0 else np.nan
            matrix[a, b] = rho
            matrix[b, a] = rho
            weighted += weights[a] * weights[b] * rho
            weight += weights[a] * weights[b]
    return weighted / weight if weight != 0.0 else np.nan
