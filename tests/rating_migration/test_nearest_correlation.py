"""Repair of correlation matrices that are not positive semidefinite (spec 04 §11.3)."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from threadpoolctl import threadpool_limits

from engine.collateral.asset import Asset
from engine.collateral.ratings import Agency, rating_at
from engine.errors import InputError, ModelError
from engine.rating_migration.correlation import CorrelationRules, Relationship
from engine.rating_migration.nearest_correlation import Repair, repaired_correlation

Floats = npt.NDArray[np.float64]

INDEFINITE = np.array([[1.0, 0.9, 0.6], [0.9, 1.0, 0.0], [0.6, 0.0, 1.0]])
PRINTED = 1e-5
METHODS = [Repair.HIGHAM, Repair.CLIPPING, Repair.SHRINKAGE]


def rule_matrix(n: int, seed: int = 4) -> Floats:
    """An indefinite matrix of the rules of Q13, (.9, .1), (.5, .1), (.3, .05)."""
    rng = np.random.default_rng(seed)
    rules = CorrelationRules(Relationship(0.9, 0.1), Relationship(0.5, 0.1), Relationship(0.3, 0.05))
    blank = Asset()
    assets = [
        replace(
            blank,
            blkrock_id=f"A{i}",
            issuer_id=f"I{rng.integers(n // 2)}",
            sp_industry=f"S{rng.integers(12)}",
            sp_rating=rating_at(int(rng.integers(11, 19)), Agency.SP),
        )
        for i in range(n)
    ]
    return rules.rule_matrix(assets).matrix


@pytest.mark.parametrize(
    ("method", "expected", "distance"),
    [
        (Repair.HIGHAM, (0.843221, 0.563066, 0.030537), 0.10508),
        (Repair.CLIPPING, (0.837118, 0.562390, 0.018469), 0.10686),
        (Repair.SHRINKAGE, (0.832050, 0.554700, 0.0), 0.11549),
    ],
)
def test_the_worked_example_is_repaired_as_printed(
    method: Repair, expected: tuple[float, float, float], distance: float
) -> None:
    """The legal rule matrix that the legacy model cannot factor, three ways (spec 04 T4)."""
    found = repaired_correlation(INDEFINITE, method)

    assert_allclose(found.matrix[[0, 0, 1], [1, 2, 2]], expected, atol=PRINTED)
    assert found.report.method is method
    assert found.report.smallest_before == pytest.approx(-0.0817, abs=5.1e-5)
    assert found.report.smallest_after > 0.0
    assert found.report.frobenius_change == pytest.approx(distance, abs=PRINTED)
    assert found.report.largest_change == pytest.approx(np.abs(found.matrix - INDEFINITE).max(), abs=1e-15)
    assert_allclose(np.linalg.cholesky(found.matrix), found.factor.lower, atol=1e-12)


def test_a_matrix_that_is_fine_is_left_alone() -> None:
    """The flat 0.30 matrix has a factor; nothing is moved or blended."""
    flat = np.full((50, 50), 0.3) + 0.7 * np.eye(50)

    found = repaired_correlation(flat)

    assert (found.matrix == flat).all()
    assert found.report.method is Repair.NONE
    assert found.report.largest_change == 0.0
    assert found.report.smallest_before == pytest.approx(0.7, abs=1e-12)


def test_two_like_assets_get_a_factor() -> None:
    """A singular matrix is blended until its factor exists; the change is a millionth."""
    twins = np.array([[1.0, 1.0, 0.3], [1.0, 1.0, 0.3], [0.3, 0.3, 1.0]])

    found = repaired_correlation(twins)

    assert found.report.largest_change < 1e-5
    assert_allclose(found.factor.lower @ found.factor.lower.T, twins, atol=1e-5)


def test_slips_are_tidied_before_anything_else() -> None:
    """Halves that differ are averaged, entries clipped, the diagonal set; all of it counts as change."""
    slips = np.array([[0.9, 0.4], [0.2, 1.0]])

    found = repaired_correlation(slips)

    assert_allclose(found.matrix, [[1.0, 0.3], [0.3, 1.0]], atol=1e-15)
    assert found.report.largest_change == pytest.approx(0.1)
    assert repaired_correlation(np.array([[1.0, 1.2], [1.2, 1.0]])).matrix[0, 1] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_a_portfolio_of_the_rules_is_repaired(method: Repair) -> None:
    """Correlations with a factor of rows of length 1; none of the other methods comes nearer than Higham's."""
    matrix = rule_matrix(120)

    found = repaired_correlation(matrix, method)
    nearest = repaired_correlation(matrix)

    assert found.report.smallest_before < -0.01
    assert found.report.smallest_after > 0.0
    assert (found.matrix == found.matrix.T).all()
    assert (np.diagonal(found.matrix) == 1.0).all()
    assert np.abs(found.matrix).max() <= 1.0
    assert_allclose(np.linalg.norm(found.factor.lower, axis=1), 1.0, atol=1e-12)
    assert nearest.report.frobenius_change <= found.report.frobenius_change


def test_the_repair_does_not_depend_on_the_number_of_threads() -> None:
    """To the bit: paths are drawn through the factor."""
    matrix = rule_matrix(150)

    found = []
    for n_threads in (1, 2):
        with threadpool_limits(limits=n_threads, user_api="blas"):
            found.append(repaired_correlation(matrix).factor.lower)
    assert (found[0] == found[1]).all()


def test_shrinkage_keeps_zeros_and_order() -> None:
    """Every correlation shrinks by one share."""
    matrix = rule_matrix(60)
    apart = ~np.eye(60, dtype=np.bool_)

    shares = repaired_correlation(matrix, Repair.SHRINKAGE).matrix[apart & (matrix > 0)] / matrix[apart & (matrix > 0)]

    assert np.ptp(shares) < 1e-12
    assert shares[0] < 1.0


def test_shrinkage_moves_to_the_matrix_it_is_given() -> None:
    """Towards 0.3 of all pairs no correlation of 0.3 changes."""
    target = np.full((3, 3), 0.3) + 0.7 * np.eye(3)
    matrix = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.3], [0.9, 0.3, 1.0]])

    found = repaired_correlation(matrix, Repair.SHRINKAGE, target=target)

    assert found.matrix[1, 2] == pytest.approx(0.3, abs=1e-12)
    assert 0.3 < found.matrix[0, 1] < 0.9
    assert found.report.smallest_after == pytest.approx(0.0, abs=1e-7)


@settings(max_examples=40)
@given(st.integers(2, 6), st.integers(0, 10_000), st.sampled_from(METHODS))
def test_any_symmetric_matrix_becomes_a_correlation_matrix(n: int, seed: int, method: Repair) -> None:
    """Whatever the entries are; a Cholesky factor always comes out."""
    entries = np.random.default_rng(seed).uniform(-1.0, 1.0, (n, n))
    matrix = np.triu(entries, 1) + np.triu(entries, 1).T + np.eye(n)

    found = repaired_correlation(matrix, method)

    assert_allclose(found.factor.lower @ found.factor.lower.T, found.matrix, atol=1e-14)
    assert (np.diagonal(found.matrix) == 1.0).all()
    assert np.abs(found.matrix).max() <= 1.0


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_nothing_semidefinite_lies_nearer_than_the_nearest(seed: int) -> None:
    """Random correlation matrices around the repaired one are all farther from the given one."""
    rng = np.random.default_rng(seed)
    found = repaired_correlation(INDEFINITE)
    for _ in range(50):
        rows = np.linalg.cholesky(found.matrix) + rng.normal(0.0, 0.02, (3, 3))
        rows /= np.linalg.norm(rows, axis=1)[:, np.newaxis]
        assert np.linalg.norm(rows @ rows.T - INDEFINITE) > found.report.frobenius_change - 1e-5


def test_entries_that_are_no_numbers_are_refused() -> None:
    """There is nothing near them."""
    with pytest.raises(InputError, match="CLO-1824"):
        repaired_correlation(np.array([[1.0, np.nan], [np.nan, 1.0]]))


def test_without_leave_to_repair_an_indefinite_matrix_is_refused() -> None:
    """For those who want their own matrix or none."""
    with pytest.raises(ModelError, match="CLO-1827: The correlation matrix is not positive definite"):
        repaired_correlation(INDEFINITE, Repair.NONE)


def test_shrinking_towards_an_indefinite_matrix_is_refused() -> None:
    """No share of it is semidefinite."""
    with pytest.raises(ModelError, match="CLO-1827: Repair shrinkage finds no matrix"):
        repaired_correlation(INDEFINITE, Repair.SHRINKAGE, target=INDEFINITE)


def test_a_repair_that_does_not_arrive_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of iterations is bounded."""
    monkeypatch.setattr("engine.rating_migration.nearest_correlation.MOST_ITERATIONS", 2)

    with pytest.raises(ModelError, match="CLO-1827: The nearest correlation matrix is not reached in 2 iterations"):
        repaired_correlation(INDEFINITE)
