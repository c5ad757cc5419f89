"""Realised variance, volatility and correlation of prices as they stand in a list or a sheet (spec 07 §13.1, §13.3).

A price of NaN is a disrupted day: it is skipped and the next return spans the gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.payouts import kernels_moments as kernels
from engine.payouts.enums import DividendAdjustmentStyle, RealisedVarianceMethod

Floats = npt.NDArray[np.float64]

DIVIDEND_STYLES = {style: code for code, style in enumerate(DividendAdjustmentStyle)}
CORRIDOR_METHODS = {method: code for code, method in enumerate(RealisedVarianceMethod)}
"""Codes of the enums in kernels: their positions."""


@dataclass(frozen=True, slots=True)
class Corridor:
    """A range of prices, both ends included, and which price of a return has to lie in it."""

    lower: float
    upper: float
    method: RealisedVarianceMethod = RealisedVarianceMethod.PREVIOUS

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise _error(f"The corridor from {self.lower} to {self.upper} holds no price", "Put the barriers in order.")


@dataclass(frozen=True, slots=True)
class RealisedVariance:
    """Annualised decimal variance, the returns observed, and those that counted (all, without a corridor)."""

    variance: float
    n_returns: int
    n_counted: int

    @property
    def volatility(self) -> float:
        """Its square root, decimal."""
        return sqrt(self.variance)


@dataclass(frozen=True, slots=True, eq=False)
class RealisedCorrelation:
    """Weighted mean of the pairs, the (K, K) matrix they come from, and the returns observed."""

    correlation: float
    matrix: Floats
    n_returns: int


def realised_variance(
    prices: Sequence[float] | Floats,
    *,
    annualization_factor: float = 252.0,
    expected_trading_days: int | None = None,
    mean_adjustment: bool = False,
    dividends: Sequence[float] | Floats | None = None,
    dividend_style: DividendAdjustmentStyle = DividendAdjustmentStyle.REDUCE_PREVIOUS,
    corridor: Corridor | None = None,
) -> RealisedVariance:
    """Realised variance of prices in date order, the first of which is S_0.

    expected_trading_days: the divisor N_e, by default the number of returns. dividends: one number a price, paid per
    unit on the ex-date at that place, 0 elsewhere. Raises InputError CLO-1959 for fewer than two prices, prices that
    are not positive, lengths that differ, and for mean adjustment with a corridor, which no contract defines.
    """
    levels, paid = _observed(np.asarray(prices, np.float64), dividends)
    expected = levels.size - 1 if expected_trading_days is None else expected_trading_days
    if expected < (2 if mean_adjustment else 1):
        raise _error(f"{expected} expected returns are too few", "Give the number that the contract states.")
    if mean_adjustment and corridor is not None:
        raise _error("A conditional variance has no mean adjustment", "Leave out the one or the other.")
    style = DIVIDEND_STYLES[dividend_style]
    returns = np.array(
        [kernels.log_return(levels[i - 1], levels[i], paid[i], style) for i in range(1, levels.size)], np.float64
    )
    if np.isnan(returns).any():
        raise _error("A dividend is not smaller than the price it is taken from", "Correct the dividend.")
    method = kernels.NO_CORRIDOR if corridor is None else CORRIDOR_METHODS[corridor.method]
    lower, upper = (0.0, 0.0) if corridor is None else (corridor.lower, corridor.upper)
    variance, n_counted = kernels.realised_variance(
        returns, levels, expected, float(annualization_factor), int(mean_adjustment), lower, upper, method
    )
    return RealisedVariance(float(variance), returns.size, int(n_counted))


def realised_volatility(
    prices: Sequence[float] | Floats,
    *,
    annualization_factor: float = 252.0,
    expected_trading_days: int | None = None,
    mean_adjustment: bool = False,
) -> float:
    """Annualised decimal volatility of prices in date order: the root of `realised_variance`."""
    return realised_variance(
        prices,
        annualization_factor=annualization_factor,
        expected_trading_days=expected_trading_days,
        mean_adjustment=mean_adjustment,
    ).volatility


def pair_correlation(
    prices: Sequence[Sequence[float]] | Floats,
    *,
    weights: Sequence[float] | Floats | None = None,
    mean_adjustment: bool = False,
) -> RealisedCorrelation:
    """Mean correlation of the pairs of K price series, (K, T) in date order, equally weighted by default.

    A day on which any price is NaN is dropped for all. A series that does not move makes the result NaN. Raises
    InputError CLO-1959 for fewer than two series, fewer than two common days, or weights that do not fit or sum to 0.
    """
    table = np.asarray(prices, np.float64)
    if table.ndim != 2 or table.shape[0] < 2:
        raise _error("A correlation needs at least two series of prices", "Give one row of prices for each.")
    common = table[:, ~np.isnan(table).any(axis=0)]
    if common.shape[1] < 2:
        raise _error(f"The series have {common.shape[1]} days in common", "Give prices for the same days.")
    if not (np.isfinite(common).all() and (common > 0.0).all()):
        raise _error("A price is not positive", "Correct the prices; leave a disrupted day empty.")
    shares = np.ones(table.shape[0]) if weights is None else np.asarray(weights, np.float64)
    if shares.shape != (table.shape[0],) or not np.isfinite(shares).all() or (shares < 0.0).any():
        raise _error(
            f"{shares.size} weights do not fit {table.shape[0]} series", "Give one weight, 0 or more, to each."
        )
    if np.count_nonzero(shares) < 2:
        raise _error("Fewer than two series have a weight", "Give at least two series a weight above 0.")
    matrix = np.empty((table.shape[0], table.shape[0]))
    returns = np.ascontiguousarray(np.diff(np.log(common), axis=1))
    correlation = kernels.pair_correlation(returns, shares, int(mean_adjustment), matrix)
    return RealisedCorrelation(float(correlation), matrix, returns.shape[1])


def _observed(prices: Floats, dividends: Sequence[float] | Floats | None) -> tuple[Floats, Floats]:
    """Prices of the days that have one, and what was paid since the one before."""
    paid = np.zeros(prices.shape) if dividends is None else np.asarray(dividends, np.float64)
    if prices.ndim != 1 or paid.shape != prices.shape:
        raise _error(f"{paid.size} dividends do not fit {prices.size} prices", "Give one for each price, 0 for none.")
    there = np.flatnonzero(~np.isnan(prices))
    if there.size < 2:
        raise _error(f"{there.size} prices make no return", "Give at least two prices.")
    if not (np.isfinite(prices[there]).all() and (prices[there] > 0.0).all() and np.isfinite(paid).all()):
        raise _error("A price is not positive, or a dividend no number", "Correct it; leave a disrupted day empty.")
    running = np.cumsum(paid)
    since = np.concatenate((np.zeros(1), np.diff(running[there])))
    return np.ascontiguousarray(prices[there]), since


def _error(problem: str, remedy: str) -> InputError:
    return InputError("CLO-1959", problem, remedy=remedy)
