"""Default correlations and the large pool, against the numbers of spec 04 §11.2 and against quadrature."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal

from engine.errors import InputError
from engine.rating_migration.theory import (
    bivariate_normal,
    default_correlation,
    default_count_deviation,
    joint_default,
    large_pool_cdf,
    large_pool_density,
    large_pool_quantile,
    large_pool_shortfall,
    pair_defaults,
)

P, RHO = 0.045, 0.3


def by_quadrature(a: float, b: float, correlation: float) -> float:
    """The bivariate normal as an integral over the first variable."""

    def integrand(x: float) -> float:
        inner = ndtr((b - correlation * x) / np.sqrt(1.0 - correlation**2))
        return float(np.exp(-x * x / 2.0) / np.sqrt(2.0 * np.pi) * inner)

    middle = b / correlation if correlation else 0.0
    points = sorted({-12.0, *(point for point in (middle, 0.0, -2.0) if -12.0 < point < a), a})
    return sum(quad(integrand, low, high, epsabs=1e-14, epsrel=1e-12, limit=200)[0] for low, high in pairwise(points))


@pytest.mark.parametrize(("probability", "expected"), [(0.005, 0.0325), (0.044, 0.0923), (0.05, 0.0976), (0.2, 0.1634)])
def test_default_correlations_are_those_of_the_specification(probability: float, expected: float) -> None:
    """Asset correlation 0.30, to four decimals."""
    assert float(default_correlation(probability, probability, 0.3)) == pytest.approx(expected, abs=5.1e-5)


def test_correlation_triples_the_spread_of_the_default_count() -> None:
    """100 names of 4.5 %: 2.07 without and 6.63 with correlation 0.30."""
    assert default_count_deviation(100, P, 0.0) == pytest.approx(2.07, abs=5.1e-3)
    assert default_count_deviation(100, P, RHO) == pytest.approx(6.63, abs=5.1e-3)


@pytest.mark.parametrize(
    ("n_steps", "both", "correlation"),
    [(1, 0.0661, 0.163), (5, 0.0536, 0.085), (10, 0.0498, 0.061), (20, 0.0470, 0.044), (60, 0.0440, 0.025)],
)
def test_finer_steps_weaken_the_dependence_of_defaults(n_steps: int, both: float, correlation: float) -> None:
    """The table of spec 04 §11.2: 20 % over five years, correlation 0.30, independent shocks (T5)."""
    found = pair_defaults(0.2, 0.3, n_steps)

    assert found.one == pytest.approx(0.2, abs=1e-12)
    assert found.both == pytest.approx(both, abs=1e-4)
    assert found.correlation == pytest.approx(correlation, abs=5.1e-4)


def test_steps_without_persistence_are_products_of_the_bivariate_normal() -> None:
    """The path formula and the closed one agree."""
    step = -np.expm1(np.log1p(-0.2) / 20)
    neither = (1.0 - 2.0 * step + float(joint_default(step, step, 0.3))) ** 20

    assert pair_defaults(0.2, 0.3, 20).both == pytest.approx(2 * 0.2 - 1.0 + neither, abs=1e-12)


def test_a_factor_that_stays_gives_its_dependence_back() -> None:
    """Persistence raises the default correlation of quarterly steps; for ever it is one integral over the factor."""
    found = [pair_defaults(0.2, 0.3, 20, persistence) for persistence in (0.0, 0.5, 0.9, 0.99, 1.0)]

    assert np.all(np.diff([pair.correlation for pair in found]) > 0.0)
    assert np.all(np.diff([pair.one for pair in found]) < 0.0)
    step = -np.expm1(np.log1p(-0.2) / 20)

    def survival(factor: float) -> float:
        return float(ndtr(-(ndtri(step) + np.sqrt(0.3) * factor) / np.sqrt(0.7))) ** 20

    def weighted(factor: float, power: int) -> float:
        return survival(factor) ** power * float(np.exp(-factor * factor / 2.0) / np.sqrt(2.0 * np.pi))

    alive, neither = (quad(weighted, -10.0, 10.0, args=(power,), epsabs=1e-13)[0] for power in (1, 2))
    assert found[-1].one == pytest.approx(1.0 - alive, abs=1e-8)
    assert found[-1].both == pytest.approx(1.0 - 2.0 * alive + neither, abs=1e-8)


def test_a_persistent_path_agrees_with_simulation() -> None:
    """Two names over 8 steps, 200,000 paths, within 4 standard errors."""
    n_paths, n_steps, rho, persistence = 200_000, 8, 0.3, 0.8
    rng = np.random.default_rng(2024)
    at = -ndtri(-np.expm1(np.log1p(-0.2) / n_steps))
    factor, alive = rng.standard_normal(n_paths), np.ones((2, n_paths), dtype=np.bool_)
    for _ in range(n_steps):
        shocks = np.sqrt(rho) * factor + np.sqrt(1.0 - rho) * rng.standard_normal((2, n_paths))
        alive &= shocks < at
        factor = persistence * factor + np.sqrt(1.0 - persistence**2) * rng.standard_normal(n_paths)
    both = float((~alive).all(axis=0).mean())

    found = pair_defaults(0.2, rho, n_steps, persistence)
    assert both == pytest.approx(found.both, abs=4 * np.sqrt(found.both / n_paths))
    assert float((~alive).mean()) == pytest.approx(found.one, abs=4 * np.sqrt(found.one / n_paths))


@pytest.mark.parametrize("correlation", [-0.9, -0.3, 0.0, 0.3, 0.7, 0.95, 0.99])
@pytest.mark.parametrize(("a", "b"), [(-1.7, -1.7), (-1.0, 2.0), (-4.0, -3.5), (0.0, 0.0), (1.5, -0.2)])
def test_the_bivariate_normal_is_the_integral(a: float, b: float, correlation: float) -> None:
    """Against adaptive quadrature to 1e-12, and against scipy's own to its 1e-8."""
    found = float(bivariate_normal(a, b, correlation))

    assert found == pytest.approx(by_quadrature(a, b, correlation), abs=1e-12)
    rival = multivariate_normal.cdf([a, b], cov=[[1.0, correlation], [correlation, 1.0]], abseps=1e-10)
    assert found == pytest.approx(float(rival), abs=1e-8)


def test_the_bivariate_normal_has_its_limits() -> None:
    """Full correlation either way, certain and impossible events, many at once."""
    assert float(bivariate_normal(-1.0, 0.5, 1.0)) == pytest.approx(ndtr(-1.0), abs=1e-9)
    assert float(bivariate_normal(1.0, 0.5, -1.0)) == pytest.approx(ndtr(1.0) + ndtr(0.5) - 1.0, abs=1e-9)
    assert_allclose(
        bivariate_normal([-np.inf, np.inf, np.inf], [0.3, 0.3, np.inf], 0.4), [0.0, ndtr(0.3), 1.0], atol=1e-15
    )
    assert np.isnan(default_correlation([0.0, 1.0], 0.2, 0.3)).all()
    assert default_correlation([[0.1], [0.2]], [0.1, 0.2, 0.3], 0.3).shape == (2, 3)


@given(st.floats(0.001, 0.5), st.floats(0.01, 0.9))
def test_default_correlation_lies_below_the_asset_correlation(probability: float, correlation: float) -> None:
    """And above 0."""
    found = float(default_correlation(probability, probability, correlation))

    assert 0.0 < found < correlation


def test_a_large_pool_is_a_distribution() -> None:
    """Its density integrates to its distribution, its mean is the default probability, quantiles invert it."""
    levels = np.array([0.01, 0.5, 0.95, 0.999])
    losses = large_pool_quantile(levels, P, RHO)

    assert_allclose(large_pool_cdf(losses, P, RHO), levels, atol=1e-13)
    mass = [quad(lambda x: float(large_pool_density(x, P, RHO)), 1e-12, loss, limit=300)[0] for loss in losses]
    assert_allclose(mass, levels, atol=1e-8)
    mean = quad(lambda x: 1.0 - float(large_pool_cdf(x, P, RHO)), 0.0, 1.0, limit=300)[0]
    assert mean == pytest.approx(P, abs=1e-9)


def test_the_shortfall_is_the_mean_of_the_worst_quantiles() -> None:
    """At 99 %, against the integral of the quantiles; at level 0 it is the mean."""
    integral = quad(lambda u: float(large_pool_quantile(u, P, RHO)), 0.99, 1.0, limit=300)[0]

    assert float(large_pool_shortfall(0.99, P, RHO)) == pytest.approx(integral / 0.01, rel=1e-7)
    assert float(large_pool_shortfall(0.0, P, RHO)) == pytest.approx(P, abs=1e-12)
    assert float(large_pool_shortfall(0.99, P, RHO)) > float(large_pool_quantile(0.99, P, RHO))


@pytest.mark.parametrize(
    ("probability", "correlation"), [(0.0, 0.3), (1.0, 0.3), (0.1, 0.0), (0.1, 1.0), (np.nan, 0.3)]
)
def test_degenerate_pools_are_refused(probability: float, correlation: float) -> None:
    """They have no density."""
    for measure in (large_pool_cdf, large_pool_quantile, large_pool_density, large_pool_shortfall):
        with pytest.raises(InputError, match="CLO-1818"):
            measure(0.5, probability, correlation)
    with pytest.raises(InputError, match="CLO-1818"):
        pair_defaults(probability, correlation, 4)


@pytest.mark.parametrize(("n_steps", "persistence"), [(0, 0.0), (4, -0.1), (4, 1.1)])
def test_paths_without_steps_are_refused(n_steps: int, persistence: float) -> None:
    """So is a persistence that is none."""
    with pytest.raises(InputError, match="CLO-1818"):
        pair_defaults(0.2, 0.3, n_steps, persistence)
