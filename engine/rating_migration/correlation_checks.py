"""What a correlation matrix must be: numbers from -1 to 1, symmetric, 1 on the diagonal, positive semidefinite, and of
the assets in question (spec 04 R4, Q12, Q13; spec 06 §5.4).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from engine.errors import ReferenceDataError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SYMMETRY_TOLERANCE = 1e-9
CONSTANT_TOLERANCE = 1e-9
SEMIDEFINITE_TOLERANCE = 1e-10
"""How negative the smallest eigenvalue may be by rounding, for each asset of the matrix."""

_MOST_PLACES = 20


class CorrelationFault(Enum):
    """A way in which a matrix is not one of correlations, or not of these assets; the value is the remark on it."""

    SHAPE = "matrix is not square, or has another size than its ids"
    REPEATED_ID = "an id stands in the matrix twice"
    MISSING = "no number in the matrix"
    OUT_OF_RANGE = "correlation outside of -1 to 1"
    NOT_SYMMETRIC = "matrix is not symmetric"
    DIAGONAL = "correlation of an asset with itself is not 1"
    NOT_SEMIDEFINITE = "matrix is not positive semidefinite"
    CONSTANT = "all correlations are the same"
    ASSET_MISSING = "assets are not in the matrix"
    UNKNOWN_ASSET = "assets of the matrix are not known"


FATAL = frozenset(CorrelationFault) - {CorrelationFault.NOT_SEMIDEFINITE, CorrelationFault.CONSTANT}
"""Faults that no repair takes away; a matrix that is not semidefinite is repaired, a constant one is a factor model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationFinding:
    """One fault: how often it occurs and where, at most 20 places but all ids of coverage.

    places: `A1 A2` for a pair, `A1` for an asset. value: the smallest eigenvalue, the constant correlation, or the
    first wrong entry; None where there is none.
    """

    kind: CorrelationFault
    count: int
    places: tuple[str, ...]
    value: float | None = None

    @property
    def text(self) -> str:
        """The finding in one line."""
        if self.kind is CorrelationFault.NOT_SEMIDEFINITE:
            return f"{self.kind.value}: smallest eigenvalue {self.value:.3g}"
        if self.kind is CorrelationFault.CONSTANT:
            return f"{self.kind.value}, {self.value:g}: one common factor gives the same"
        named = ", ".join(self.places[:3])
        return f"{self.kind.value}: {self.count}, the first {named}" if named else self.kind.value


def matrix_faults(matrix: Floats) -> Iterator[tuple[CorrelationFault, Flags]]:
    """What is wrong with the entries of a square matrix as correlations, each with the (n, n) entries it is about."""
    is_missing = np.isnan(matrix)
    with np.errstate(invalid="ignore"):
        is_outside = np.abs(matrix) > 1
        is_lopsided = np.abs(matrix - matrix.T) > SYMMETRY_TOLERANCE
    found = (
        (CorrelationFault.MISSING, is_missing),
        (CorrelationFault.OUT_OF_RANGE, is_outside),
        (CorrelationFault.NOT_SYMMETRIC, np.triu(is_lopsided)),
        (CorrelationFault.DIAGONAL, np.diag(np.diagonal(matrix) != 1)),
    )
    for kind, is_wrong in found:
        if is_wrong.any():
            yield kind, is_wrong


def correlation_findings(
    ids: Sequence[str],
    matrix: Floats,
    *,
    needed: Collection[str] | None = None,
    known: Collection[str] | None = None,
) -> tuple[CorrelationFinding, ...]:
    """Everything there is to say about a matrix, fatal faults first.

    needed: assets that have to be in the matrix; known: all that may be. None leaves the coverage open.
    """
    found = list(_fatal_findings(ids, matrix, needed, known))
    if not any(finding.kind in _OF_ENTRIES for finding in found):
        found += _findings_of_numbers(matrix)
    return tuple(found)


def require_correlations(
    ids: Sequence[str],
    matrix: Floats,
    *,
    needed: Collection[str] | None = None,
    known: Collection[str] | None = None,
) -> None:
    """Raise ReferenceDataError CLO-1820 to 1826 for the first fatal finding; what is not semidefinite passes."""
    for finding in _fatal_findings(ids, matrix, needed, known):
        number, remedy = _ERRORS[finding.kind]
        raise ReferenceDataError(number, _sentence(finding.text), where="correlation matrix", remedy=remedy)


def correlations_of(ids: Sequence[str], matrix: Floats, wanted: Sequence[str]) -> Floats:
    """The correlations of some assets in their order, (k, k); ReferenceDataError CLO-1826 names those without."""
    require_correlations(ids, matrix, needed=wanted)
    place = {name: i for i, name in enumerate(ids)}
    rows = np.array([place[name] for name in wanted], dtype=np.int64)
    return np.asarray(matrix[np.ix_(rows, rows)], dtype=np.float64)


def constant_correlation(matrix: Floats) -> float | None:
    """The one correlation of all pairs, None where they differ or there is no pair."""
    pairs = matrix[~np.eye(len(matrix), dtype=np.bool_)]
    if not len(pairs) or not np.ptp(pairs) <= CONSTANT_TOLERANCE:
        return None
    return float(pairs[0])


def _fatal_findings(
    ids: Sequence[str], matrix: Floats, needed: Collection[str] | None, known: Collection[str] | None
) -> Iterator[CorrelationFinding]:
    if matrix.shape != (len(ids), len(ids)):
        size = f"{' x '.join(map(str, matrix.shape))} for {len(ids)} ids"
        yield CorrelationFinding(kind=CorrelationFault.SHAPE, count=1, places=(size,))
        return
    repeated = [name for name, count in Counter(ids).items() if count > 1]
    if repeated:
        yield CorrelationFinding(kind=CorrelationFault.REPEATED_ID, count=len(repeated), places=tuple(repeated))
    for kind, is_wrong in matrix_faults(matrix):
        pairs = np.argwhere(is_wrong)
        places = tuple(f"{ids[i]} {ids[j]}" for i, j in pairs[:_MOST_PLACES])
        value = float(matrix[tuple(pairs[0])])
        yield CorrelationFinding(kind=kind, count=len(pairs), places=places, value=value)
    held = set(ids)
    for kind, names in (
        (CorrelationFault.ASSET_MISSING, [name for name in needed or () if name not in held]),
        (CorrelationFault.UNKNOWN_ASSET, [] if known is None else [name for name in ids if name not in known]),
    ):
        if names:
            yield CorrelationFinding(kind=kind, count=len(names), places=tuple(names))


def _findings_of_numbers(matrix: Floats) -> Iterator[CorrelationFinding]:
    if not len(matrix):
        return
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest < -SEMIDEFINITE_TOLERANCE * len(matrix):
        yield CorrelationFinding(kind=CorrelationFault.NOT_SEMIDEFINITE, count=1, places=(), value=smallest)
    same = constant_correlation(matrix)
    if same is not None:
        yield CorrelationFinding(kind=CorrelationFault.CONSTANT, count=1, places=(), value=same)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


_OF_ENTRIES = FATAL - {CorrelationFault.REPEATED_ID, CorrelationFault.ASSET_MISSING, CorrelationFault.UNKNOWN_ASSET}

_CORRECT = "Correct the matrix and import it again."
_ERRORS = {
    CorrelationFault.SHAPE: ("CLO-1820", _CORRECT),
    CorrelationFault.REPEATED_ID: ("CLO-1820", _CORRECT),
    CorrelationFault.NOT_SYMMETRIC: ("CLO-1821", _CORRECT),
    CorrelationFault.OUT_OF_RANGE: ("CLO-1822", _CORRECT),
    CorrelationFault.DIAGONAL: ("CLO-1823", _CORRECT),
    CorrelationFault.MISSING: ("CLO-1824", _CORRECT),
    CorrelationFault.UNKNOWN_ASSET: ("CLO-1825", "Import the assets, or take them out of the matrix."),
    CorrelationFault.ASSET_MISSING: ("CLO-1826", "Add them to the matrix, or use the rules or the factor model."),
}
