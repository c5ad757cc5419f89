"""What a correlation matrix must be: numbers from -1 to 1, symmetric, 1 on the diagonal (spec 06 §5.4, W-MATRIX).

Whether it is positive semidefinite is for those who factor it.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.validation.rules import Fault, Records, Rule, Scope

SYMMETRY_TOLERANCE = 1e-9


def matrix_faults(matrix: npt.NDArray[np.float64]) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """What is wrong with a square matrix as correlations: a remark and the (n, n) entries it is about, if any."""
    is_missing = np.isnan(matrix)
    with np.errstate(invalid="ignore"):
        is_outside = np.abs(matrix) > 1
        is_lopsided = np.abs(matrix - matrix.T) > SYMMETRY_TOLERANCE
    found = (
        ("no number in the matrix", is_missing),
        ("correlation outside of -1 to 1", is_outside),
        ("matrix is not symmetric", np.triu(is_lopsided)),
        ("correlation of an asset with itself is not 1", np.diag(np.diagonal(matrix) != 1)),
    )
    for remark, is_wrong in found:
        if is_wrong.any():
            yield remark, is_wrong


def matrices_that_are_none(records: Records) -> Iterator[Fault]:
    """One fault for each way in which the correlations are wrong, at the first pair of assets."""
    if records.correlation is None:
        return
    ids, matrix = records.correlation.ids, records.correlation.matrix
    for remark, is_wrong in matrix_faults(matrix):
        pairs = np.argwhere(is_wrong)
        i, j = int(pairs[0][0]), int(pairs[0][1])
        text = f"{remark} ({len(pairs)} pairs, the first is {ids[i]} and {ids[j]})"
        yield Fault(text=text, key=f"{ids[i]} {ids[j]}", found=float(matrix[i, j]))


CORRELATION_RULES: tuple[Rule, ...] = (
    Rule(
        "W-MATRIX",
        Scope.CROSS,
        "correlation",
        "Correlations lie between -1 and 1, are symmetric, and are 1 of an asset with itself.",
        "Correct the entries; a simulation does not use a matrix with such entries as it is.",
        "spec 06 §5.4",
        matrices_that_are_none,
    ),
)
