"""Matrices of the legacy model: the examples of spec 04 §3.5 and §11.3, and its routines against other libraries."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import hilbert, sqrtm

from engine.errors import InputError
from engine.modes import Mode, Quirk
from engine.rating_migration.legacy_algebra import (
    cholesky,
    cumulative_rows,
    inverse,
    norm,
    period_matrix,
    regularised,
    regularised_strictly,
    square_root,
)
from engine.rating_migration.legacy_paths import months_of
from tests.rating_migration.worked_example import ANNUAL, LEGACY_QUARTER, PRINTED

LEGACY = Mode.LEGACY.quirks
INDEFINITE = np.array([[1.0, 0.9, 0.6], [0.9, 1.0, 0.0], [0.6, 0.0, 1.0]])


def test_the_quarter_is_the_one_of_the_worked_example() -> None:
    """Spec 04 §3.5: the quarter, how far it misses the year, and the default probabilities it gives back."""
    quarter = period_matrix(ANNUAL, "Quarterly")
    year = np.linalg.matrix_power(quarter, 4)

    assert_allclose(quarter, LEGACY_QUARTER, atol=PRINTED)
    assert np.abs(year - ANNUAL).max() == pytest.approx(2.70e-4, abs=5e-7)
    assert norm(year - ANNUAL) == pytest.approx(4.58e-4, abs=5e-7)
    assert_allclose(year[:4, 4], [0.000211, 0.010002, 0.039999, 0.274969], atol=PRINTED)


def test_the_year_is_left_as_it_is_and_the_half_is_one_root() -> None:
    """Spec 04 §3.2: no repair of the year."""
    half = period_matrix(ANNUAL, "Semi-Annually")

    assert period_matrix(ANNUAL, "Annually") is ANNUAL
    assert_allclose(half, regularised(np.real(sqrtm(ANNUAL))), atol=1e-14)


def test_a_frequency_in_capitals_is_quarterly_in_the_matrix_only() -> None:
    """04 Q8: ANNUALLY takes a quarter's matrix a year at a time; read without case it is the year."""
    quarter, months = period_matrix(ANNUAL, "ANNUALLY"), months_of("ANNUALLY")

    assert_allclose(quarter, LEGACY_QUARTER, atol=PRINTED)
    assert months == 12
    assert period_matrix(ANNUAL, "ANNUALLY", LEGACY - {Quirk.FREQUENCY_CASE}) is ANNUAL


def test_a_run_of_all_deals_steps_the_years_matrix_by_quarters() -> None:
    """04 Q2: one-year default probabilities of BB, B and CCC are .0639, .1948, .6241 instead of .01, .04, .275."""

    def one_year(months: int) -> np.ndarray:
        return np.linalg.matrix_power(period_matrix(ANNUAL, "Annually"), 12 // months)[1:4, 4]

    legacy = one_year(months_of("Annually", is_all_deals=True))
    standard = one_year(months_of("Annually", LEGACY - {Quirk.ALL_DEALS_STEP_QUARTERLY}, is_all_deals=True))

    assert_allclose(legacy, [0.0639, 0.1948, 0.6241], atol=5.1e-5)
    assert_allclose(standard, [0.01, 0.04, 0.275], rtol=1e-12)


def test_the_root_is_that_of_another_method() -> None:
    """Spec 04 §3.3: within 1e-14 of the root by Schur's form."""
    assert_allclose(square_root(ANNUAL), sqrtm(ANNUAL), atol=1e-14)


def test_the_inverse_is_that_of_a_library() -> None:
    """Random matrices, to what their condition allows; an argument keeps its values."""
    random = np.random.default_rng(4)
    for n in (1, 2, 7, 18):
        matrix = random.normal(size=(n, n)) + np.eye(n)
        before = matrix.copy()

        assert_allclose(inverse(matrix), np.linalg.inv(matrix), rtol=0.0, atol=1e-13 * np.linalg.cond(matrix))
        assert (matrix == before).all()


def test_skipping_negative_entries_shows_in_ill_conditioned_matrices_only() -> None:
    """04 Q29: the two refinements differ where little is certain, and by less than 1e-14 in transition matrices."""
    without = LEGACY - {Quirk.LU_SKIPS_NEGATIVE}

    assert (inverse(hilbert(7)) != inverse(hilbert(7), without)).any()
    assert_allclose(inverse(ANNUAL), inverse(ANNUAL, without), atol=1e-14)


@pytest.mark.parametrize("matrix", [[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [1.0, 2.0]]])
def test_a_singular_matrix_is_refused(matrix: list[list[float]]) -> None:
    """CLO-1841, for rows that follow from others and for a row of zeros."""
    with pytest.raises(InputError) as refused:
        inverse(np.array(matrix))
    assert refused.value.number == "CLO-1841"


def test_repaired_rows_are_the_nearest_probabilities() -> None:
    """Rows are not negative and add up to 1, and no other such row lies nearer."""
    random = np.random.default_rng(5)
    rows = random.normal(0.1, 0.3, size=(200, 6))
    repaired = regularised(rows)
    distance = np.linalg.norm(rows - repaired, axis=1)

    assert (repaired >= 0.0).all()
    assert_allclose(repaired.sum(axis=1), 1.0, atol=1e-14)
    for _ in range(50):
        others = random.dirichlet(np.full(6, 0.5), size=200)
        assert (np.linalg.norm(rows - others, axis=1) >= distance - 1e-12).all()


@pytest.mark.parametrize("row", [[1.3, -0.1, -0.1, -0.1], [1.0, -1e-18, 0.0]])
def test_rows_that_stopped_the_legacy_model_are_repaired_all_the_same(row: list[float]) -> None:
    """CLO-1844 only where the legacy result itself is asked for: equal entries, or next to nothing to repair."""
    matrix = np.array([row])

    assert_allclose(regularised(matrix), [[1.0] + [0.0] * (len(row) - 1)], atol=1e-15)
    with pytest.raises(InputError) as refused:
        regularised_strictly(matrix)
    assert refused.value.number == "CLO-1844"


def test_cumulative_rows_end_at_one() -> None:
    """Added up from the best rating."""
    cumulative = cumulative_rows(period_matrix(ANNUAL, "Quarterly"))

    assert_allclose(cumulative[:, -1], 1.0, atol=1e-15)
    assert_allclose(cumulative[1, :3], np.cumsum(LEGACY_QUARTER[1][:3]), atol=3 * PRINTED)


def test_the_factor_is_that_of_a_library() -> None:
    """One correlation of .3 between all, and an argument of which only the lower half is read."""
    matrix = np.full((40, 40), 0.3) + 0.7 * np.eye(40)
    lower = cholesky(matrix)

    assert_allclose(lower, np.linalg.cholesky(matrix), atol=1e-15)
    assert (cholesky(np.tril(matrix)) == lower).all()


def test_a_matrix_that_is_not_definite_is_refused_by_its_pivot() -> None:
    """CLO-1842, 04 Q13: the third pivot of the example of spec 04 §11.3 is the root of -0.8947."""
    with pytest.raises(InputError, match=r"pivot 3 is the root of -0\.894737") as refused:
        cholesky(INDEFINITE)
    assert refused.value.number == "CLO-1842"


def test_a_pivot_of_nothing_is_allowed_in_the_last_place_only() -> None:
    """CLO-1842: two assets correlated fully have a factor, three do not, because the next row divides by the pivot."""
    assert cholesky(np.ones((2, 2))).tolist() == [[1.0, 0.0], [1.0, 0.0]]
    with pytest.raises(InputError, match="pivot 2"):
        cholesky(np.ones((3, 3)))


def test_one_asset_alone_is_refused() -> None:
    """CLO-1843: the legacy factorisation has its first two rows written out."""
    with pytest.raises(InputError) as refused:
        cholesky(np.ones((1, 1)))
    assert refused.value.number == "CLO-1843"
