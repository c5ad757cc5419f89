"""The legacy model's own matrix routines and the matrix of a period made with them (spec 04 §3.2 to §3.4, §4.3).

Other routines would give the same numbers but for the last digits, and those decide where two paths part.
"""

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.modes import Mode, Quirk, Quirks

Floats = npt.NDArray[np.float64]
Rows = list[list[float]]

ANNUALLY, SEMI_ANNUALLY, QUARTERLY = "Annually", "Semi-Annually", "Quarterly"

MOST_ITERATIONS = 500
ROOT_TOLERANCE = 1e-15
LEGACY = Mode.LEGACY.quirks


def period_matrix(annual: Floats, frequency: str, quirks: Quirks = LEGACY) -> Floats:
    """Transition probabilities of a period, (n, n): the year itself, or one or two roots with rows repaired after each.

    Any other text than the first two frequencies means quarterly, in another case too under 04 Q8. Raises InputError
    CLO-1841 for a matrix that cannot be inverted on the way to its root.
    """
    text = frequency if Quirk.FREQUENCY_CASE in quirks else frequency.title()
    if text == ANNUALLY:
        return annual
    half = regularised(square_root(annual, quirks))
    return half if text == SEMI_ANNUALLY else regularised(square_root(half, quirks))


def cumulative_rows(matrix: Floats) -> Floats:
    """Probabilities of the state of the column or a better one, added up from the left."""
    return np.cumsum(matrix, axis=1)


def square_root(matrix: Floats, quirks: Quirks = LEGACY) -> Floats:
    """Root of a matrix by the iteration of Denman and Beavers; what it has after 500 steps, good or not."""
    n = matrix.shape[0]
    root, inverse_root = matrix, np.eye(n)
    for _ in range(MOST_ITERATIONS):
        root, inverse_root = (
            0.5 * (root + inverse(inverse_root, quirks)),
            0.5 * (inverse_root + inverse(root, quirks)),
        )
        if norm(root @ root - matrix) < ROOT_TOLERANCE * n:
            break
    return root


def inverse(matrix: Floats, quirks: Quirks = LEGACY) -> Floats:
    """Inverse by LU decomposition, each column refined once. Raises InputError CLO-1841 for a singular matrix.

    Sums run term by term as the legacy model's do: their last bits say whether a matrix is singular.
    """
    n = matrix.shape[0]
    rows: Rows = matrix.astype(np.float64).tolist()
    factors, exchanged = _decomposed(rows)
    found = np.empty((n, n))
    for j in range(n):
        unit = [0.0] * n
        unit[j] = 1.0
        column = _solved(factors, exchanged, unit, quirks)
        rest = [-1.0 if i == j else 0.0 for i in range(n)]
        for i, row in enumerate(rows):
            for k in range(n):
                rest[i] += row[k] * column[k]
        found[:, j] = np.array(column) - np.array(_solved(factors, exchanged, rest, quirks))
    return found


def regularised(matrix: Floats) -> Floats:
    """Rows nearest to those of a matrix that are not negative and add up to 1; of equals the first counts as larger."""
    found: Floats = matrix - (matrix.sum(axis=1, keepdims=True) - 1.0) / matrix.shape[1]
    for row in found:
        if (row >= 0.0).all():
            continue
        order = np.argsort(-row, kind="stable")
        kept = _n_kept(row[order]) or row.shape[0]
        largest = order[:kept]
        share = (1.0 - row[largest].sum()) / kept
        row[largest] += share
        row[order[kept:]] = 0.0
    return found


def regularised_strictly(matrix: Floats) -> Floats:
    """As `regularised`, for a matrix that the legacy model gets through.

    Raises InputError CLO-1844 where it stopped: at equal entries in a row that needs repair, and at one that has too
    little to repair.
    """
    centred = matrix - (matrix.sum(axis=1, keepdims=True) - 1.0) / matrix.shape[1]
    for i, row in enumerate(centred):
        if (row < 0.0).any() and (np.unique(row).size < row.size or not _n_kept(np.sort(row)[::-1])):
            raise InputError(
                "CLO-1844",
                f"The legacy model stops at row {i + 1}, whose repair needs different entries and a visible excess",
                where="transition matrix",
                remedy="Run in standard mode.",
            )
    return regularised(matrix)


def cholesky(matrix: Floats) -> Floats:
    """Lower triangular factor of the lower half of a matrix of two rows and more.

    Raises InputError CLO-1842 for a matrix that is not positive definite, CLO-1843 for less than two rows.
    """
    n = matrix.shape[0]
    if n < 2:
        raise InputError(
            "CLO-1843",
            f"The legacy model correlates two assets and more, not {n}",
            where="correlation matrix",
            remedy="Add an asset, or run in standard mode.",
        )
    lower = np.zeros((n, n))
    for k in range(n):
        column = matrix[k:, k] - lower[k:, :k] @ lower[k, :k]
        if not column[0] > 0.0 and (column[0] != 0.0 or k < n - 1):
            raise _not_definite(k, float(column[0]))
        lower[k, k] = np.sqrt(column[0])
        lower[k + 1 :, k] = column[1:] / lower[k, k] if k < n - 1 else column[1:]
    return lower


def norm(matrix: Floats) -> float:
    """Root of the sum of all squares."""
    return float(np.sqrt((matrix * matrix).sum()))


def _n_kept(descending: Floats) -> int:
    """How many of a row's entries stay above 0, of those in descending order; 0 where all would."""
    excess = np.cumsum(descending) - np.arange(1, descending.shape[0] + 1) * descending
    over = np.flatnonzero(excess > 1.0)
    return int(over[0]) if over.size else 0


def _decomposed(matrix: Rows) -> tuple[Rows, list[int]]:
    """Lower and upper factors in one matrix, and the row exchanged with each; pivots by scaled size."""
    rows, n = [row.copy() for row in matrix], len(matrix)
    largest = [max(abs(value) for value in row) for row in rows]
    if 0.0 in largest:
        raise _singular()
    scale = [1.0 / value for value in largest]
    exchanged = []
    for j in range(n):
        for i in range(n):
            for k in range(min(i, j)):
                rows[i][j] -= rows[i][k] * rows[k][j]
        # The last of equal pivots, as the legacy search goes on through them.
        pivot = max((scale[i] * abs(rows[i][j]), i) for i in range(j, n))[1]
        rows[j], rows[pivot] = rows[pivot], rows[j]
        scale[pivot] = scale[j]
        exchanged.append(pivot)
        if rows[j][j] == 0.0:
            raise _singular()
        inverse_pivot = 1.0 / rows[j][j]
        for i in range(j + 1, n):
            rows[i][j] *= inverse_pivot
    return rows, exchanged


def _solved(factors: Rows, exchanged: list[int], right: list[float], quirks: Quirks) -> list[float]:
    """Solution of the decomposed system; under 04 Q29 entries before the first positive one stay out of the rest."""
    n, found, begin = len(right), right.copy(), -1
    for i in range(n):
        value = found[exchanged[i]]
        found[exchanged[i]] = found[i]
        if begin >= 0:
            for j in range(begin, i):
                value -= factors[i][j] * found[j]
        elif value > 0.0 or (value != 0.0 and Quirk.LU_SKIPS_NEGATIVE not in quirks):
            begin = i
        found[i] = value
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            found[i] -= factors[i][j] * found[j]
        found[i] /= factors[i][i]
    return found


def _singular() -> InputError:
    return InputError(
        "CLO-1841",
        "The matrix has no inverse",
        where="matrix",
        remedy="Check it for a row of zeros and for rows that follow from others.",
    )


def _not_definite(row: int, square: float) -> InputError:
    return InputError(
        "CLO-1842",
        f"The matrix is not positive definite: pivot {row + 1} is the root of {square:.6g}",
        where="correlation matrix",
        remedy="Repair the matrix first; the legacy model stops at it.",
    )
