"""Positive semidefinite correlations near a matrix that is not, and the factor that draws them (spec 04 §11.3)."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from engine.errors import InputError, ModelError
from engine.rating_migration.dependence import CholeskyFactor

Floats = npt.NDArray[np.float64]

EIGENVALUE_FLOOR = 1e-8
"""Least eigenvalue of a repaired matrix, and least squared pivot of a factor that counts as found."""

RELATIVE_CHANGE = 1e-7
MOST_ITERATIONS = 500
_BLENDS = (0.0, 1e-6, 1e-5, 1e-4, 1e-3)
_BISECTIONS = 40


class Repair(Enum):
    """How a matrix was made positive semidefinite, or that it had to be neither moved nor blended."""

    NONE = "none"
    HIGHAM = "higham"
    CLIPPING = "clipping"
    SHRINKAGE = "shrinkage"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """What the repair did to the given matrix.

    smallest_before, smallest_after: least eigenvalues; frobenius_change, largest_change: of the entries; iterations: of
    the method; blend: the share of the identity in the result that made its factor exist.
    """

    method: Repair
    smallest_before: float
    smallest_after: float
    frobenius_change: float
    largest_change: float
    iterations: int
    blend: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RepairedCorrelation:
    """A correlation matrix (n, n), its lower Cholesky factor, and how far it is from the given one."""

    matrix: Floats
    factor: CholeskyFactor
    report: RepairReport


def repaired_correlation(
    matrix: Floats, method: Repair = Repair.HIGHAM, *, target: Floats | None = None
) -> RepairedCorrelation:
    """The matrix itself where it has a Cholesky factor, else the one that the method finds near it.

    matrix (n, n): made symmetric, within -1 to 1 and 1 on the diagonal first. target (n, n): what shrinkage moves to,
    the identity by default. Raises InputError CLO-1824 for entries that are no numbers, ModelError CLO-1827 where the
    method does not arrive or (Repair.NONE) may not change a matrix that needs it.
    """
    tidy = _tidied(matrix)
    # The last digits of a factorisation depend on the number of threads, and those of paths on the factor.
    with threadpool_limits(limits=1, user_api="blas"):
        return _repaired(matrix, tidy, method, np.eye(len(tidy)) if target is None else target)


def _repaired(given: Floats, tidy: Floats, method: Repair, target: Floats) -> RepairedCorrelation:
    smallest = _smallest(tidy)
    lower = _lower(tidy)
    if lower is not None:
        return _reported(given, tidy, lower, Repair.NONE, smallest, 0, 0.0)
    found, iterations = _near(tidy, method, target)
    for blend in _BLENDS:
        blended = (1.0 - blend) * found
        np.fill_diagonal(blended, 1.0)
        lower = _lower(blended)
        if lower is not None:
            return _reported(given, blended, lower, method, smallest, iterations, blend)
    raise _failed(f"Repair {method.value} finds no matrix that has a Cholesky factor")


def _near(tidy: Floats, method: Repair, target: Floats) -> tuple[Floats, int]:
    if method is Repair.HIGHAM:
        return _higham(tidy)
    if method is Repair.CLIPPING:
        return _clipped(tidy), 1
    if method is Repair.SHRINKAGE:
        return _shrunk(tidy, target)
    raise _failed("The correlation matrix is not positive definite")


def _higham(tidy: Floats) -> tuple[Floats, int]:
    """Alternating projections with Dykstra's correction, and the number of iterations."""
    near, correction = tidy, np.zeros_like(tidy)
    for iteration in range(1, MOST_ITERATIONS + 1):
        moved = near - correction
        semidefinite = _semidefinite(moved)
        correction = semidefinite - moved
        before, near = near, semidefinite
        np.fill_diagonal(near, 1.0)
        if np.linalg.norm(near - before) < RELATIVE_CHANGE * np.linalg.norm(near):
            return np.clip(near, -1.0, 1.0), iteration
    raise _failed(f"The nearest correlation matrix is not reached in {MOST_ITERATIONS} iterations")


def _semidefinite(matrix: Floats) -> Floats:
    """The nearest matrix with eigenvalues from the floor up."""
    values, vectors = eigh(matrix, driver="evd", check_finite=False)
    n_low = int(np.searchsorted(values, EIGENVALUE_FLOOR))
    low = vectors[:, :n_low]
    raised = matrix + (low * (EIGENVALUE_FLOOR - values[:n_low])) @ low.T
    return np.asarray((raised + raised.T) / 2.0, dtype=np.float64)


def _clipped(tidy: Floats) -> Floats:
    """Eigenvalues below the floor raised to it, rows and columns scaled back to a diagonal of 1."""
    raised = _semidefinite(tidy)
    scale = 1.0 / np.sqrt(np.diagonal(raised))
    return np.asarray(raised * np.outer(scale, scale), dtype=np.float64)


def _shrunk(tidy: Floats, target: Floats) -> tuple[Floats, int]:
    """The least move towards the target that lifts the smallest eigenvalue to the floor, by bisection."""
    floor = EIGENVALUE_FLOOR * np.eye(len(tidy))
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        share = (low + high) / 2.0
        if _lower(tidy + share * (target - tidy) - floor, least_pivot=0.0) is None:
            low = share
        else:
            high = share
    return tidy + high * (target - tidy), _BISECTIONS


def _tidied(matrix: Floats) -> Floats:
    if not np.isfinite(matrix).all():
        raise InputError(
            "CLO-1824",
            "The correlation matrix has entries that are no numbers",
            where="correlation matrix",
            remedy="Fill them in and try again.",
        )
    tidy = np.clip((matrix + matrix.T) / 2.0, -1.0, 1.0)
    np.fill_diagonal(tidy, 1.0)
    return np.asarray(tidy, dtype=np.float64)


def _lower(matrix: Floats, least_pivot: float = EIGENVALUE_FLOOR) -> Floats | None:
    """Lower Cholesky factor, None where a squared pivot is below the least."""
    try:
        lower: Floats = np.linalg.cholesky(matrix).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return None
    return lower if len(lower) == 0 or np.diagonal(lower).min() ** 2 >= least_pivot else None


def _smallest(matrix: Floats) -> float:
    return float(np.linalg.eigvalsh(matrix)[0]) if len(matrix) else 1.0


def _reported(
    given: Floats, found: Floats, lower: Floats, method: Repair, smallest: float, iterations: int, blend: float
) -> RepairedCorrelation:
    change = found - given
    report = RepairReport(
        method=method,
        smallest_before=smallest,
        smallest_after=smallest if method is Repair.NONE else _smallest(found),
        frobenius_change=float(np.linalg.norm(change)),
        largest_change=float(np.abs(change).max(initial=0.0)),
        iterations=iterations,
        blend=blend,
    )
    return RepairedCorrelation(matrix=found, factor=CholeskyFactor(lower=lower), report=report)


def _failed(problem: str) -> ModelError:
    return ModelError(
        "CLO-1827",
        problem,
        where="correlation matrix",
        remedy="Use repair by clipping or shrinkage, or the factor model.",
    )
