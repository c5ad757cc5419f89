"""Findings about correlation matrices, and which of them stop a simulation (spec 04 R4, Q12, Q13)."""

import numpy as np
import numpy.typing as npt
import pytest

from engine.errors import ReferenceDataError
from engine.rating_migration.correlation_checks import (
    CorrelationFault,
    CorrelationFinding,
    constant_correlation,
    correlation_findings,
    correlations_of,
    require_correlations,
)

Floats = npt.NDArray[np.float64]

IDS = ("A1", "A2", "A3")
GOOD = np.array([[1.0, 0.3, 0.2], [0.3, 1.0, 0.1], [0.2, 0.1, 1.0]])
INDEFINITE = np.array([[1.0, 0.9, 0.6], [0.9, 1.0, 0.0], [0.6, 0.0, 1.0]])


def changed(i: int, j: int, value: float, back: float | None = None) -> Floats:
    matrix = GOOD.copy()
    matrix[i, j] = value
    matrix[j, i] = value if back is None else back
    return matrix


CASES = [
    (changed(0, 2, 0.25, 0.2), "CLO-1821: Matrix is not symmetric: 1, the first A1 A3", CorrelationFault.NOT_SYMMETRIC),
    (changed(1, 2, 1.1), "CLO-1822: Correlation outside of -1 to 1: 2, the first A2 A3", CorrelationFault.OUT_OF_RANGE),
    (changed(1, 1, 0.9), "CLO-1823: .* with itself is not 1: 1, the first A2 A2", CorrelationFault.DIAGONAL),
    (changed(0, 1, np.nan), "CLO-1824: No number in the matrix: 2, the first A1 A2", CorrelationFault.MISSING),
    (GOOD[:2], "CLO-1820: Matrix is not square, .*: 1, the first 2 x 3 for 3 ids", CorrelationFault.SHAPE),
    (GOOD[:2, :2], "CLO-1820", CorrelationFault.SHAPE),
]


@pytest.mark.parametrize(("matrix", "message", "kind"), CASES)
def test_entries_that_are_no_correlations_stop_a_simulation(
    matrix: Floats, message: str, kind: CorrelationFault
) -> None:
    """Each kind has its number, says how many there are, and names the first pair."""
    with pytest.raises(ReferenceDataError, match=message):
        require_correlations(IDS, matrix)
    assert [finding.kind for finding in correlation_findings(IDS, matrix)] == [kind]


def test_an_id_that_stands_twice_stops_a_simulation() -> None:
    """One of its rows would be ignored in silence."""
    with pytest.raises(ReferenceDataError, match="CLO-1820: An id stands in the matrix twice: 1, the first A1"):
        require_correlations(("A1", "A2", "A1"), GOOD)


def test_gaps_are_listed_both_ways() -> None:
    """All assets that the matrix lacks, and all of the matrix that nobody knows (Q12)."""
    found = correlation_findings(IDS, GOOD, needed=("A1", "X1", "X2"), known=("A1", "A2"))

    assert found == (
        CorrelationFinding(kind=CorrelationFault.ASSET_MISSING, count=2, places=("X1", "X2")),
        CorrelationFinding(kind=CorrelationFault.UNKNOWN_ASSET, count=1, places=("A3",)),
    )
    with pytest.raises(ReferenceDataError, match="CLO-1826: Assets are not in the matrix: 2, the first X1, X2"):
        require_correlations(IDS, GOOD, needed=("A1", "X1", "X2"))
    with pytest.raises(ReferenceDataError, match="CLO-1825: Assets of the matrix are not known: 1, the first A3"):
        require_correlations(IDS, GOOD, known=("A1", "A2"))


def test_a_good_matrix_has_no_findings() -> None:
    """Nor does it stop anything."""
    require_correlations(IDS, GOOD, needed=("A2",), known=IDS)

    assert correlation_findings(IDS, GOOD, needed=("A2",), known=IDS) == ()


def test_an_indefinite_matrix_is_found_but_may_be_repaired() -> None:
    """The legal rule matrix of spec 04 §11.3, smallest eigenvalue -0.0817."""
    (finding,) = correlation_findings(IDS, INDEFINITE)

    assert finding.kind is CorrelationFault.NOT_SEMIDEFINITE
    assert finding.value == pytest.approx(-0.0817, abs=5.1e-5)
    assert finding.text == "matrix is not positive semidefinite: smallest eigenvalue -0.0817"
    require_correlations(IDS, INDEFINITE)


def test_a_singular_matrix_is_semidefinite() -> None:
    """Rounding does not make two like assets a fault."""
    twins = np.array([[1.0, 1.0, 0.3], [1.0, 1.0, 0.3], [0.3, 0.3, 1.0]])

    assert correlation_findings(IDS, twins) == ()


def test_a_constant_matrix_is_offered_as_one_factor() -> None:
    """All pairs 0.30, as the stored matrix has them."""
    flat = np.full((3, 3), 0.3) + 0.7 * np.eye(3)

    (finding,) = correlation_findings(IDS, flat)
    assert finding.kind is CorrelationFault.CONSTANT
    assert finding.text == "all correlations are the same, 0.3: one common factor gives the same"
    assert constant_correlation(flat) == 0.3
    assert constant_correlation(GOOD) is None
    assert constant_correlation(np.ones((1, 1))) is None


def test_many_wrong_pairs_are_counted_and_twenty_named() -> None:
    """A matrix of a thousand wrong pairs is one finding."""
    n = 50
    matrix = np.full((n, n), 2.0)
    np.fill_diagonal(matrix, 1.0)

    (finding,) = correlation_findings(tuple(f"A{i}" for i in range(n)), matrix)[:1]
    assert finding.count == n * (n - 1)
    assert len(finding.places) == 20
    assert finding.value == 2.0


def test_correlations_of_some_assets_come_in_their_order() -> None:
    """And those without are named."""
    assert correlations_of(IDS, GOOD, ("A3", "A1")).tolist() == [[1.0, 0.2], [0.2, 1.0]]
    with pytest.raises(ReferenceDataError, match=r"CLO-1826: .* 1, the first X1"):
        correlations_of(IDS, GOOD, ("A3", "X1"))


def test_an_empty_matrix_is_no_fault() -> None:
    """Nothing to correlate."""
    assert correlation_findings((), np.empty((0, 0))) == ()
