"""One-year transition matrices turned into those of shorter periods (spec 04 §3.2 to §3.4, §11.1)."""

from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm, logm, sqrtm

from engine.errors import InputError, ModelError
from engine.modes import Mode

Floats = npt.NDArray[np.float64]

ROW_SUM_TOLERANCE = 1e-6
"""How far a row of probabilities may be from 1; within it rows are scaled."""


class Step(Enum):
    """Length of the period, as its number a year."""

    ANNUAL = 1
    SEMI_ANNUAL = 2
    QUARTERLY = 4


def period_matrix(annual: Floats, step: Step, mode: Mode = Mode.STANDARD) -> Floats:
    """Transition probabilities over one period, rows from and columns to a rating, (n, n) decimals.

    Standard mode takes the generator of the matrix, repaired by the weighted adjustment; legacy mode square roots
    whose rows are projected on the probabilities. Raises InputError CLO-1801 for rows that are no probabilities,
    ModelError CLO-1802 for a matrix without a generator.
    """
    if mode is Mode.LEGACY:
        return _by_roots(annual, step)
    rows = _checked(annual)
    if step is Step.ANNUAL:
        return rows
    found = np.asarray(expm(generator(rows) / step.value), dtype=np.float64)
    return np.maximum(found, 0.0)


def generator(annual: Floats) -> Floats:
    """Generator of a one-year matrix, (n, n) a year: off-diagonal rates not negative, rows adding up to 0.

    Negative rates of the logarithm are set to 0 and their sum is taken from the other entries of the row in proportion
    to their size.
    """
    logarithm = logm(annual)
    if np.abs(np.imag(logarithm)).max() > 1e-9 or not np.isfinite(logarithm).all():
        raise ModelError(
            "CLO-1802",
            "The transition matrix has no generator",
            where="transition matrix",
            remedy="Check it for a rating that is left more often than kept.",
        )
    rates = np.real(logarithm).copy()
    own = np.diag(rates).copy()
    off = rates - np.diag(own)
    missing = np.maximum(-off, 0.0).sum(axis=1)
    positive = np.maximum(off, 0.0)
    weight = np.abs(own) + positive.sum(axis=1)
    share = np.divide(missing, weight, out=np.zeros_like(missing), where=weight > 0.0)
    repaired: Floats = positive * (1.0 - share)[:, np.newaxis] + np.diag(own - share * np.abs(own))
    return repaired


def projected_on_probabilities(matrix: Floats) -> Floats:
    """Rows nearest to those of a matrix that are not negative and add up to 1 (spec 04 §3.4)."""
    n = matrix.shape[1]
    found = np.empty_like(matrix)
    for i, row in enumerate(matrix):
        centred = row - (row.sum() - 1.0) / n
        if (centred >= 0.0).all():
            found[i] = centred
            continue
        largest = np.sort(centred)[::-1]
        excess = np.cumsum(largest) - np.arange(1, n + 1) * largest
        kept = int(np.argmax(excess > 1.0)) if (excess > 1.0).any() else n
        threshold = (largest[:kept].sum() - 1.0) / kept
        found[i] = np.maximum(centred - threshold, 0.0)
    return found


def _by_roots(annual: Floats, step: Step) -> Floats:
    found = annual
    for _ in range(int(np.log2(step.value))):
        found = projected_on_probabilities(np.real(sqrtm(found)))
    return found


def _checked(annual: Floats) -> Floats:
    sums = annual.sum(axis=1)
    if (annual < 0.0).any() or (np.abs(sums - 1.0) > ROW_SUM_TOLERANCE).any():
        worst = int(np.argmax(np.abs(sums - 1.0)))
        raise InputError(
            "CLO-1801",
            f"Row {worst + 1} of the transition matrix adds up to {sums[worst]:.8f}",
            where="transition matrix",
            remedy="Give probabilities that add up to 1.",
        )
    return np.asarray(annual / sums[:, np.newaxis], dtype=np.float64)
