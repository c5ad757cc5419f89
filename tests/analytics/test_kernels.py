"""Kernels: many vectors at once equal one at a time, compiled equals plain Python."""

from datetime import date, timedelta

import numpy as np
import pytest

from engine.analytics import kernels
from engine.conventions.days import day_array, day_number

SETTLE = date(2016, 3, 23)


@pytest.fixture
def bonds() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cash (B, N), days (B, N), counts and prices of bonds of different lengths."""
    rng = np.random.default_rng(20160323)
    n_bonds, n_flows = 50, 40
    cash = rng.uniform(0.5, 3.0, (n_bonds, n_flows))
    first = rng.integers(5, 90, n_bonds)
    days = np.array([day_array([SETTLE + timedelta(days=int(f) + 91 * k) for k in range(n_flows)]) for f in first])
    counts = rng.integers(1, n_flows + 1, n_bonds)
    cash[np.arange(n_bonds), counts - 1] += 100.0
    return cash, days, counts, rng.uniform(60.0, 140.0, n_bonds)


def test_bulk_yields_equal_single_ones(bonds: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Periods, yields and durations in bulk are those of each bond alone, to the last bit."""
    cash, days, counts, prices = bonds
    n_bonds = cash.shape[0]
    cumulative = np.zeros_like(cash)
    months, codes, frequencies = np.full(n_bonds, 3), np.full(n_bonds, 2), np.full(n_bonds, 4.0)
    kernels.bulk_cumulative_periods(day_number(SETTLE), days, counts, months, codes, cumulative)
    yields, macaulay, modified = np.empty((3, n_bonds))
    statuses = np.empty(n_bonds, dtype=np.int64)

    kernels.bulk_yield_and_durations(
        cash, cumulative, counts, prices, frequencies, yields, macaulay, modified, statuses
    )

    for b in range(n_bonds):
        periods = np.empty(counts[b])
        kernels.cumulative_periods(day_number(SETTLE), days[b], counts[b], 3, 2, True, periods)
        alone = kernels.yield_and_durations(cash[b], periods, counts[b], prices[b], 4.0)
        assert (yields[b], macaulay[b], modified[b], statuses[b]) == alone


def test_durations_of_the_solver_equal_durations_at_its_yield(
    bonds: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """The durations that come with a solved yield are those computed afresh, and the price's derivative."""
    cash, days, counts, prices = bonds
    for b in range(cash.shape[0]):
        n = counts[b]
        periods = np.empty(n)
        kernels.cumulative_periods(day_number(SETTLE), days[b], n, 3, 2, True, periods)
        solved, macaulay, modified, _ = kernels.yield_and_durations(cash[b], periods, n, prices[b], 4.0)
        bump = 1e-5
        up, down = (kernels.present_value(cash[b], periods, n, solved + s, 4.0) for s in (bump, -bump))

        assert (macaulay, modified) == pytest.approx(kernels.durations(cash[b], periods, n, solved, 4.0), rel=1e-11)
        assert modified == pytest.approx((down - up) / (2.0 * bump) / prices[b], rel=1e-6)


def test_compiled_solvers_equal_plain_python() -> None:
    """The compiled yield is the one Python finds with the same source."""
    cash, periods = np.array([1.25, 1.25, 101.25]), np.array([0.5, 1.5, 2.5])

    compiled = kernels.solve_log_growth(cash, periods, 3, 99.0)
    plain = getattr(kernels.solve_log_growth, "py_func", kernels.solve_log_growth)(cash, periods, 3, 99.0)

    assert compiled == pytest.approx(plain, rel=1e-14)
