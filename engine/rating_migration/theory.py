"""What correlated defaults must come to: two names, several steps, a large pool (spec 04 §11.2, R7).

Probabilities are decimals; a high shock is a bad one. These are the yardsticks of the simulation, not part of it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh_tridiagonal
from scipy.special import ndtr, ndtri

from engine.errors import InputError

Floats = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_FAR = 38.0
"""Standard deviations beyond which the normal distribution is 0 or 1 in double precision."""

_N_HERMITE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class PairDefaults:
    """Two like names at a horizon: probability that one defaults, that both do, and the correlation of these events."""

    one: float
    both: float
    correlation: float


def bivariate_normal(a: npt.ArrayLike, b: npt.ArrayLike, correlation: npt.ArrayLike) -> Floats:
    """Probability that two standard normals stay below a and b, any broadcast shape.

    By Plackett's integral over the angle of the correlation; absolute error below 1e-12 up to correlations of 0.95,
    1e-9 up to 1.
    """
    x, y, rho = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in (a, b, correlation)))
    x, y = np.clip(x, -_FAR, _FAR), np.clip(y, -_FAR, _FAR)
    angle = np.arcsin(rho)[..., np.newaxis]
    theta = angle * (_NODES + 1.0) / 2.0
    square = (x * x + y * y)[..., np.newaxis]
    twice = (2.0 * x * y)[..., np.newaxis]
    density = np.exp(-(square - twice * np.sin(theta)) / (2.0 * np.cos(theta) ** 2))
    joint = ndtr(x) * ndtr(y) + (density * _WEIGHTS).sum(axis=-1) * angle[..., 0] / (4.0 * np.pi)
    return np.asarray(joint, dtype=np.float64)


def joint_default(one: npt.ArrayLike, two: npt.ArrayLike, correlation: npt.ArrayLike) -> Floats:
    """Probability that two names with these default probabilities both default within a step."""
    return bivariate_normal(ndtri(one), ndtri(two), correlation)


def default_correlation(one: npt.ArrayLike, two: npt.ArrayLike, correlation: npt.ArrayLike) -> Floats:
    """Correlation of the default events of two names within a step; NaN where one is certain or impossible."""
    p, q = np.asarray(one, dtype=np.float64), np.asarray(two, dtype=np.float64)
    spread = np.sqrt(p * (1.0 - p) * q * (1.0 - q))
    covariance = np.asarray(joint_default(p, q, correlation) - p * q)
    unknown = np.full(np.broadcast(covariance, spread).shape, np.nan)
    return np.asarray(np.divide(covariance, spread, out=unknown, where=spread > 0), dtype=np.float64)


def default_count_deviation(n_names: int, probability: float, correlation: float) -> float:
    """Standard deviation of the number of defaults among like names within a step."""
    paired = float(default_correlation(probability, probability, correlation))
    return float(np.sqrt(n_names * probability * (1.0 - probability) * (1.0 + (n_names - 1) * paired)))


def pair_defaults(horizon_default: float, correlation: float, n_steps: int, persistence: float = 0.0) -> PairDefaults:
    """Two like names after equal steps, each with the default probability that makes the horizon's without persistence.

    Shocks of a step correlate through one factor; with persistence it follows its value of the step before, which also
    leaves a single name fewer defaults than horizon_default: its bad steps come together. Raises InputError CLO-1818
    for a probability or correlation out of 0 to 1, or no steps.
    """
    _refuse_outside(horizon_default, correlation)
    if n_steps < 1 or not 0.0 <= persistence <= 1.0:
        raise _outside(f"{n_steps} steps with persistence {persistence:g} are no path")
    step_default = -np.expm1(np.log1p(-horizon_default) / n_steps)
    factor, root_weight, vectors = _hermite()
    survival = ndtr(-_conditional_threshold(step_default, correlation, factor))
    decay = np.power(persistence, np.arange(_N_HERMITE), dtype=np.float64)
    one = 1.0 - _expected_product(survival, n_steps, root_weight, vectors, decay)
    neither = _expected_product(survival**2, n_steps, root_weight, vectors, decay)
    both = 2.0 * one - 1.0 + neither
    return PairDefaults(one=one, both=both, correlation=(both - one * one) / (one * (1.0 - one)))


def large_pool_cdf(loss: npt.ArrayLike, probability: float, correlation: float) -> Floats:
    """Probability that the share of defaults in a large pool of like names is at most this (Vasicek)."""
    _refuse_outside(probability, correlation)
    at = np.sqrt(1.0 - correlation) * ndtri(np.asarray(loss, dtype=np.float64)) - ndtri(probability)
    return np.asarray(ndtr(at / np.sqrt(correlation)), dtype=np.float64)


def large_pool_quantile(level: npt.ArrayLike, probability: float, correlation: float) -> Floats:
    """The share of defaults that a large pool exceeds with probability 1 - level."""
    _refuse_outside(probability, correlation)
    at = ndtri(probability) + np.sqrt(correlation) * ndtri(np.asarray(level, dtype=np.float64))
    return np.asarray(ndtr(at / np.sqrt(1.0 - correlation)), dtype=np.float64)


def large_pool_density(loss: npt.ArrayLike, probability: float, correlation: float) -> Floats:
    """Density of the share of defaults in a large pool, for shares between 0 and 1."""
    _refuse_outside(probability, correlation)
    quantile = ndtri(np.asarray(loss, dtype=np.float64))
    at = (np.sqrt(1.0 - correlation) * quantile - ndtri(probability)) / np.sqrt(correlation)
    scale = np.sqrt((1.0 - correlation) / correlation)
    return np.asarray(scale * np.exp((quantile * quantile - at * at) / 2.0), dtype=np.float64)


def large_pool_shortfall(level: npt.ArrayLike, probability: float, correlation: float) -> Floats:
    """Mean share of defaults in the worst 1 - level of cases of a large pool."""
    _refuse_outside(probability, correlation)
    tail = 1.0 - np.asarray(level, dtype=np.float64)
    return np.asarray(bivariate_normal(ndtri(probability), ndtri(tail), np.sqrt(correlation)) / tail, dtype=np.float64)


def _conditional_threshold(probability: float, correlation: float, factor: Floats) -> Floats:
    """Quantile of a name's default probability once the factor is known; a high factor is a bad one."""
    return np.asarray((ndtri(probability) + np.sqrt(correlation) * factor) / np.sqrt(1.0 - correlation))


def _hermite() -> tuple[Floats, Floats, Floats]:
    """Gauss-Hermite nodes, roots of their weights, and the orthonormal Hermite functions at them by rows.

    Each node has a sign of its own, which its root and its functions share.
    """
    nodes, vectors = eigh_tridiagonal(np.zeros(_N_HERMITE), np.sqrt(np.arange(1.0, _N_HERMITE)))
    return nodes, vectors[0], vectors


def _expected_product(survival: Floats, n_steps: int, root_weight: Floats, vectors: Floats, decay: Floats) -> float:
    """Expectation of the product of a function of the factor over steps of an autoregressive path.

    Hermite functions are the eigenfunctions of such a path; degree n decays by the power n of the persistence a step.
    """
    so_far = survival * root_weight
    for _ in range(n_steps - 1):
        so_far = survival * (vectors.T @ (decay * (vectors @ so_far)))
    return float(root_weight @ so_far)


def _refuse_outside(probability: float, correlation: float) -> None:
    if not (0.0 < probability < 1.0 and 0.0 < correlation < 1.0):
        raise _outside(f"Default probability {probability:g} with correlation {correlation:g} has no distribution")


def _outside(problem: str) -> InputError:
    return InputError(
        "CLO-1818",
        problem,
        where="default correlation",
        remedy="Give probability and correlation between 0 and 1, at least one step, persistence from 0 to 1.",
    )
