"""Yields, durations and spreads in bulk beside QuantLib and the legacy bisection."""

from dataclasses import dataclass
from datetime import date

import numba
import numpy as np
import numpy.typing as npt
import QuantLib as ql  # noqa: N813  (the name its own documentation uses)

from benchmarks.figures import Figure, Unit, median_seconds
from engine.analytics import kernels, kernels_legacy
from engine.analytics.kernels_spread import solve_spread
from engine.conventions.days import day_number

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

N_BONDS, N_FLOWS = 10_000, 20
N_SCENARIOS, N_TRANCHES, N_PERIODS = 10_000, 8, 48
N_RIVAL_BONDS, N_RIVAL_SOLVES = 200, 200
SETTLE = day_number(date(2016, 3, 23))
QUARTER = 91


@dataclass(frozen=True, slots=True)
class Bonds:
    """Quarterly bonds with different first payments and prices."""

    cash: FloatArray
    days: IntArray
    prices: FloatArray

    @classmethod
    def random(cls) -> "Bonds":
        rng = np.random.default_rng(1)
        cash = np.tile(rng.uniform(0.5, 2.5, (N_BONDS, 1)), (1, N_FLOWS))
        cash[:, -1] += 100.0
        days = SETTLE + rng.integers(5, QUARTER, (N_BONDS, 1)) + QUARTER * np.arange(N_FLOWS)
        return cls(cash, days, rng.uniform(85.0, 115.0, N_BONDS))


def bulk_seconds(bonds: Bonds, repeats: int) -> float:
    """Seconds for all bonds: counting compounding periods, then yield and both durations."""
    counts, months, codes = (np.full(N_BONDS, value) for value in (N_FLOWS, 3, 2))
    frequencies = np.full(N_BONDS, 4.0)
    cumulative = np.empty_like(bonds.cash)
    yields, macaulay, modified = np.empty((3, N_BONDS))
    statuses = np.empty(N_BONDS, dtype=np.int64)

    def solve() -> None:
        kernels.bulk_cumulative_periods(SETTLE, bonds.days, counts, months, codes, cumulative)
        kernels.bulk_yield_and_durations(
            bonds.cash, cumulative, counts, bonds.prices, frequencies, yields, macaulay, modified, statuses
        )

    seconds = median_seconds(solve, repeats)
    assert not statuses.any()
    return seconds


def quantlib_seconds(bonds: Bonds, repeats: int) -> float:
    """Seconds for N_RIVAL_BONDS bonds: yield and both durations of prepared legs."""
    epoch = ql.Date(1, 1, 1970)
    settle = epoch + SETTLE
    day_count = ql.Actual365Fixed()
    legs = [
        ql.Leg([ql.SimpleCashFlow(c, epoch + int(d)) for c, d in zip(bonds.cash[b], bonds.days[b], strict=True)])
        for b in range(N_RIVAL_BONDS)
    ]

    def solve() -> None:
        for leg, price in zip(legs, bonds.prices, strict=False):
            found = ql.CashFlows.yieldRate(
                leg, float(price), day_count, ql.Compounded, ql.Quarterly, False, settle, settle, 1e-12, 100, 0.05
            )
            rate = ql.InterestRate(found, day_count, ql.Compounded, ql.Quarterly)
            ql.CashFlows.duration(leg, rate, ql.Duration.Macaulay, False, settle)
            ql.CashFlows.duration(leg, rate, ql.Duration.Modified, False, settle)

    return median_seconds(solve, repeats)


@numba.njit(parallel=True)
def solve_tranches(
    cash: FloatArray, cumulative: FloatArray, rates: FloatArray, prices: FloatArray, solutions: FloatArray
) -> None:
    """Yield and discount margin of every scenario and tranche; prices (S, T), solutions (S, T, 2) written."""
    for s in numba.prange(prices.shape[0]):
        for t in range(prices.shape[1]):
            n = cumulative.shape[0]
            solutions[s, t, 0] = kernels.solve_yield(cash[t], cumulative, n, prices[s, t], 4.0)[0]
            solutions[s, t, 1] = solve_spread(cash[t], cumulative, rates, n, prices[s, t], 4.0, False)[0]


@numba.njit
def solve_by_bisection(
    cash: FloatArray, intervals: FloatArray, rates: FloatArray, prices: FloatArray, solutions: FloatArray
) -> None:
    """As `solve_tranches` for one row of prices, by the legacy bisection."""
    for i in range(prices.shape[0]):
        n = intervals.shape[0]
        solutions[i, 0] = kernels_legacy.solve_yield(cash, intervals, n, prices[i], 4.0)[0]
        solutions[i, 1] = kernels_legacy.solve_spread(cash, intervals, rates, n, prices[i], 4.0)[0]


def tranche_seconds(repeats: int) -> tuple[float, float]:
    """Seconds for all scenarios and tranches, and for N_RIVAL_SOLVES tranches by bisection."""
    rng = np.random.default_rng(2)
    cash = rng.uniform(1e5, 5e6, (N_TRANCHES, N_PERIODS))
    days = SETTLE + 30 + QUARTER * np.arange(N_PERIODS) + np.arange(N_PERIODS) % 3
    intervals, cumulative = np.empty(N_PERIODS), np.empty(N_PERIODS)
    kernels.compounding_periods(SETTLE, days, N_PERIODS, 3, 2, True, intervals)
    kernels.cumulative_periods(SETTLE, days, N_PERIODS, 3, 2, True, cumulative)
    rates = np.linspace(0.004, 0.025, N_PERIODS)
    prices = cash.sum(axis=1) * rng.uniform(0.6, 0.95, (N_SCENARIOS, N_TRANCHES))
    solutions = np.empty((N_SCENARIOS, N_TRANCHES, 2))
    fast = median_seconds(lambda: solve_tranches(cash, cumulative, rates, prices, solutions), repeats)
    assert np.isfinite(solutions).all()
    few = prices[:N_RIVAL_SOLVES, 0].copy()
    return fast, median_seconds(lambda: solve_by_bisection(cash[0], intervals, rates, few, solutions[:, 0]), repeats)


def run(*, is_quick: bool) -> list[Figure]:
    """Yield and durations of bonds; yield and discount margin of tranches in many scenarios."""
    bonds, repeats = Bonds.random(), 3 if is_quick else 9
    solving, rival = bulk_seconds(bonds, repeats), quantlib_seconds(bonds, repeats)
    tranches, bisection = tranche_seconds(repeats)
    return [
        Figure(
            name=f"price to yield and both durations, one of {N_BONDS:,} bonds",
            amount=solving / N_BONDS,
            unit=Unit.MICROSECOND,
            alternative=f"QuantLib, one of {N_RIVAL_BONDS} prepared legs",
            alternative_amount=rival / N_RIVAL_BONDS,
            target=1e-6,
        ),
        Figure(
            name=f"yield and discount margin, one of {N_SCENARIOS * N_TRANCHES:,} tranches of {N_PERIODS} flows",
            amount=tranches / (N_SCENARIOS * N_TRANCHES),
            unit=Unit.MICROSECOND,
            alternative=f"the legacy bisection, compiled, one of {N_RIVAL_SOLVES}",
            alternative_amount=bisection / N_RIVAL_SOLVES,
        ),
    ]
