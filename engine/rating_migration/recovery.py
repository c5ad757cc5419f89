"""Recovery rates that scatter, and are low when many default: Beta distributed, tied to the common factor.

A recovery is the Beta quantile of a normal number z = -rho x systematic + sqrt(1 - rho^2) x own; a high systematic
shock is a bad one, so it makes recoveries low (spec 04 §11.6). Quantiles are read from a table over z.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainccinv, betaincinv, ndtr

from engine.errors import InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_DEVIATIONS = 8.0
"""The table ends here; a normal number lies beyond with probability 1e-15."""

N_NODES = 4097
"""Nodes of a table, from -8 to 8 in steps of 1/256."""

LEAST_SHAPE = 0.05
"""Least parameter of a Beta distribution: below it nearly all recoveries are 0 or 1, and the table cannot follow."""

TABLE_ERROR = 1e-4
"""Largest error of a recovery rate by interpolation; 6e-6 up to nine tenths of the most deviation of a mean."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecoveryModel:
    """Recovery rates of assets by draws.

    table (K, N_NODES): quantiles at evenly spaced normal numbers, one row for each distribution; row (n,) int64: the
    distribution of each asset; correlation: rho of a recovery with the systematic shock, 0 to 1.
    """

    table: Floats
    row: Ints
    correlation: float

    def rates(self, assets: Ints, systematic: Floats, own: Floats) -> Floats:
        """Recovery rates, decimals, of assets by place (m,), given systematic shocks and own normal numbers (m,)."""
        normal = np.sqrt(1.0 - self.correlation**2) * own - self.correlation * systematic
        at = (np.clip(normal, -MOST_DEVIATIONS, MOST_DEVIATIONS) + MOST_DEVIATIONS) * _NODES_A_DEVIATION
        node = np.minimum(at.astype(np.int64), N_NODES - 2)
        row = self.row[assets]
        low, high = self.table[row, node], self.table[row, node + 1]
        return np.asarray(low + (at - node) * (high - low), dtype=np.float64)


_NODES_A_DEVIATION = (N_NODES - 1) / (2.0 * MOST_DEVIATIONS)


def recovery_model(
    means: Floats, deviations: Floats, correlation: float = 0.0, *, ids: Sequence[str] = ()
) -> RecoveryModel:
    """A model from each asset's mean and standard deviation of the recovery rate, (n,) decimals each.

    A deviation of 0 makes the mean a constant. ids name assets in messages. Raises InputError CLO-1819 for a mean or
    correlation out of 0 to 1, or a deviation that no Beta distribution with shapes from 0.05 up has at that mean.
    """
    if not 0.0 <= correlation <= 1.0:
        raise _impossible(f"Recoveries cannot have correlation {correlation:g} with the systematic shock")
    is_mean = (means >= 0.0) & (means <= 1.0)
    is_wrong = ~is_mean | ~(deviations >= 0.0) | (deviations > most_deviation(means))
    if is_wrong.any():
        i = int(np.argmax(is_wrong))
        name = ids[i] if ids else f"asset {i + 1}"
        raise _impossible(
            f"The recovery of {name} cannot have mean {means[i]:g} and standard deviation {deviations[i]:g}"
        )
    pairs, row = np.unique(np.column_stack((means, deviations)), axis=0, return_inverse=True)
    normals = np.linspace(-MOST_DEVIATIONS, MOST_DEVIATIONS, N_NODES)
    table = np.array([beta_quantiles(mean, deviation, normals) for mean, deviation in pairs.tolist()])
    return RecoveryModel(
        table=table.reshape(len(pairs), N_NODES), row=row.reshape(-1).astype(np.int64), correlation=correlation
    )


def most_deviation(means: Floats) -> Floats:
    """The largest standard deviation that a recovery of these means may have, (n,)."""
    nearer_end = np.minimum(means, 1.0 - means)
    # The lesser shape is the nearer end times (a + b), and the variance is mean (1 - mean) / (a + b + 1).
    variance = means * (1.0 - means) * nearer_end / np.where(nearer_end > 0.0, LEAST_SHAPE + nearer_end, 1.0)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)), dtype=np.float64)


def beta_quantiles(mean: float, deviation: float, normals: Floats) -> Floats:
    """Quantiles of the Beta distribution of a mean and standard deviation at the probabilities of normal numbers."""
    if deviation == 0.0:
        return np.full(normals.shape, mean)
    total = mean * (1.0 - mean) / deviation**2 - 1.0
    a, b = mean * total, (1.0 - mean) * total
    lower = betaincinv(a, b, ndtr(np.minimum(normals, 0.0)))
    upper = betainccinv(a, b, ndtr(-np.maximum(normals, 0.0)))
    return np.asarray(np.where(normals < 0.0, lower, upper), dtype=np.float64)


def _impossible(problem: str) -> InputError:
    return InputError(
        "CLO-1819",
        problem,
        where="recovery model",
        remedy="Give a mean from 0 to 1 with a smaller standard deviation, and a correlation from 0 to 1.",
    )
