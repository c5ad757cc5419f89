"""Recovery rates by draws: constant, Beta distributed, low in bad times (spec 04 §11.6)."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import ndtr
from scipy.stats import beta

from engine.errors import InputError
from engine.rating_migration.recovery import (
    MOST_DEVIATIONS,
    TABLE_ERROR,
    beta_quantiles,
    most_deviation,
    recovery_model,
)

N_DRAWS = 200_000


def normals(seed: int, n: int = N_DRAWS) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


def test_without_deviation_a_recovery_is_its_mean() -> None:
    """To the bit, whatever is drawn; also where nothing or everything is recovered."""
    means = np.array([0.0, 0.65, 1.0])
    model = recovery_model(means, np.zeros(3), 0.5)

    found = model.rates(np.array([0, 1, 2, 1]), np.array([5.0, -5.0, 0.3, 9.0]), np.array([-9.0, 1.0, 0.0, 2.0]))

    assert found.tolist() == [0.0, 0.65, 1.0, 0.65]


def test_draws_have_the_mean_and_deviation_of_their_asset() -> None:
    """200,000 draws of each, within 4 standard errors; assets of one distribution share its table."""
    means, deviations = np.array([0.65, 0.30, 0.65]), np.array([0.20, 0.25, 0.20])
    model = recovery_model(means, deviations, 0.4)

    assert model.table.shape[0] == 2
    assert model.row[0] == model.row[2] != model.row[1]
    for i in range(3):
        found = model.rates(np.full(N_DRAWS, i), normals(1), normals(2))
        assert found.mean() == pytest.approx(means[i], abs=4 * deviations[i] / np.sqrt(N_DRAWS))
        assert found.std() == pytest.approx(deviations[i], rel=0.01)
        assert 0.0 <= found.min() <= found.max() <= 1.0


def test_a_bad_systematic_shock_makes_recoveries_low() -> None:
    """A high shock is a bad one; without correlation it does not matter."""
    means, deviations, shocks = np.array([0.65]), np.array([0.2]), np.array([-2.0, 0.0, 2.0])
    places, own = np.zeros(3, dtype=np.int64), np.full(3, 0.1)

    tied = recovery_model(means, deviations, 0.5).rates(places, shocks, own)
    free = recovery_model(means, deviations).rates(places, shocks, own)

    assert tied[0] > tied[1] > tied[2]
    assert free[0] == free[1] == free[2]
    assert free[0] == pytest.approx(beta(*shapes(0.65, 0.2)).ppf(ndtr(0.1)), abs=TABLE_ERROR)


def shapes(mean: float, deviation: float) -> tuple[float, float]:
    total = mean * (1.0 - mean) / deviation**2 - 1.0
    return mean * total, (1.0 - mean) * total


@settings(max_examples=30)
@given(st.floats(0.02, 0.98), st.floats(0.01, 1.0))
def test_the_table_is_as_exact_as_it_says(mean: float, part: float) -> None:
    """Between its nodes, up to the most deviation; below nine tenths of it more exact by far."""
    deviation = part * float(most_deviation(np.array([mean]))[0])
    between = np.linspace(-MOST_DEVIATIONS, MOST_DEVIATIONS, 8193)[1::2]
    model = recovery_model(np.array([mean]), np.array([deviation]))

    found = model.rates(np.zeros(len(between), dtype=np.int64), np.zeros(len(between)), between)

    error = np.abs(found - beta_quantiles(mean, deviation, between)).max()
    assert error < (6e-6 if part <= 0.9 else TABLE_ERROR)


def test_quantiles_are_those_of_the_beta_distribution() -> None:
    """Scipy's own in the middle; in both tails without loss of digits."""
    at = np.linspace(-3.0, 3.0, 25)

    assert_allclose(beta_quantiles(0.4, 0.2, at), beta(*shapes(0.4, 0.2)).ppf(ndtr(at)), rtol=1e-9)
    assert_allclose(beta_quantiles(0.4, 0.2, at), 1.0 - beta_quantiles(0.6, 0.2, -at), atol=1e-12)
    assert beta_quantiles(0.4, 0.2, np.array([7.5]))[0] < 1.0


def test_draws_beyond_the_table_take_its_ends() -> None:
    """Sums of far draws reach past eight deviations."""
    model = recovery_model(np.array([0.5]), np.array([0.2]), 0.6)

    found = model.rates(np.zeros(2, dtype=np.int64), np.array([-9.0, 9.0]), np.array([9.0, -9.0]))

    assert found.tolist() == [model.table[0, -1], model.table[0, 0]]


def test_a_million_recoveries_take_a_fraction_of_a_second() -> None:
    """Half a second of computing at most."""
    model = recovery_model(np.full(100, 0.65), np.full(100, 0.2), 0.3)
    assets, shocks, own = np.arange(1_000_000) % 100, normals(3, 1_000_000), normals(4, 1_000_000)

    before = time.process_time()
    model.rates(assets, shocks, own)
    assert time.process_time() - before < 0.5


@pytest.mark.parametrize(
    ("mean", "deviation"), [(1.2, 0.1), (-0.1, 0.1), (0.5, -0.1), (0.5, 0.48), (0.0, 0.1), (1.0, 0.1), (np.nan, 0.1)]
)
def test_impossible_recoveries_are_refused_by_asset(mean: float, deviation: float) -> None:
    """A mean of 0 or 1 leaves no room to scatter."""
    with pytest.raises(InputError, match="CLO-1819: The recovery of A2 cannot have mean"):
        recovery_model(np.array([0.5, mean]), np.array([0.1, deviation]), ids=("A1", "A2"))


def test_a_correlation_out_of_range_is_refused() -> None:
    """Recoveries do not correlate by more than 1."""
    with pytest.raises(InputError, match=r"CLO-1819: Recoveries cannot have correlation 1\.1"):
        recovery_model(np.array([0.5]), np.array([0.1]), 1.1)
    with pytest.raises(InputError, match="CLO-1819: The recovery of asset 1"):
        recovery_model(np.array([2.0]), np.array([0.0]))
