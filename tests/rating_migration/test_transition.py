"""Transition matrices of shorter periods, against the worked example of spec 04 §3.5 and §11.1."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from engine.errors import InputError, ModelError
from engine.modes import Mode
from engine.rating_migration.transition import Step, generator, period_matrix, projected_on_probabilities

ANNUAL = np.array(
    [
        [0.950, 0.045, 0.005, 0.000, 0.000],
        [0.040, 0.860, 0.080, 0.010, 0.010],
        [0.002, 0.060, 0.840, 0.058, 0.040],
        [0.000, 0.005, 0.120, 0.600, 0.275],
        [0.000, 0.000, 0.000, 0.000, 1.000],
    ]
)
LEGACY_QUARTER = [
    [0.987020, 0.012076, 0.000904, 0.000000, 0.000000],
    [0.010785, 0.962194, 0.022492, 0.002496, 0.002034],
    [0.000265, 0.016969, 0.955673, 0.018661, 0.008433],
    [0.000000, 0.000493, 0.038729, 0.878793, 0.081984],
    [0.000000, 0.000000, 0.000000, 0.000000, 1.000000],
]
PRINTED = 5.1e-7


def test_legacy_quarter_is_the_one_of_the_worked_example() -> None:
    """Two square roots, each row brought back to probabilities; the year is missed by 2.70e-4 at most."""
    quarter = period_matrix(ANNUAL, Step.QUARTERLY, Mode.LEGACY)

    assert_allclose(quarter, LEGACY_QUARTER, atol=PRINTED)
    assert np.abs(np.linalg.matrix_power(quarter, 4) - ANNUAL).max() == pytest.approx(2.70e-4, abs=5e-7)


def test_generator_misses_the_year_by_what_the_specification_tells() -> None:
    """Weighted adjustment: 3.49e-4 at most, 6.51e-4 in the Frobenius norm."""
    quarter = period_matrix(ANNUAL, Step.QUARTERLY)
    error = np.linalg.matrix_power(quarter, 4) - ANNUAL

    assert np.abs(error).max() == pytest.approx(3.49e-4, abs=5e-7)
    assert np.linalg.norm(error) == pytest.approx(6.51e-4, abs=5e-7)


def test_generator_has_no_negative_rate_and_rows_that_add_up_to_nothing() -> None:
    """A month of it is the row of the specification."""
    from scipy.linalg import expm

    rates = generator(ANNUAL)

    assert (rates - np.diag(np.diag(rates)) >= 0.0).all()
    assert_allclose(rates.sum(axis=1), 0.0, atol=1e-15)
    assert_allclose(expm(rates / 12.0)[2], [0.000069, 0.005817, 0.984864, 0.006587, 0.002663], atol=PRINTED)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("step", Step)
def test_rows_stay_probabilities_and_default_is_final(step: Step, mode: Mode) -> None:
    """Nothing negative, every row adds up to 1."""
    found = period_matrix(ANNUAL, step, mode)

    assert (found >= 0.0).all()
    assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)
    assert found[-1].tolist() == pytest.approx([0.0, 0.0, 0.0, 0.0, 1.0], abs=1e-15)


def test_the_year_itself_is_left_alone() -> None:
    """One year needs no root and no generator."""
    assert_allclose(period_matrix(ANNUAL, Step.ANNUAL), ANNUAL, atol=1e-16)


def test_projection_is_the_nearest_row_of_probabilities() -> None:
    """No random row of probabilities lies nearer; equal entries and rows far off do not stop it."""
    rng = np.random.default_rng(5)
    rows = np.vstack([rng.normal(0.25, 0.4, (40, 4)), [[0.5, 0.5, 0.5, -0.5]], [[3.0, -1e-18, -1.0, -1.0]]])

    found = projected_on_probabilities(rows)

    assert (found >= 0.0).all()
    assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)
    others = rng.dirichlet(np.ones(4), 500)
    distances = np.linalg.norm(rows[:, np.newaxis] - others[np.newaxis], axis=2).min(axis=1)
    assert (np.linalg.norm(rows - found, axis=1) <= distances + 1e-12).all()


def test_rows_that_are_no_probabilities_are_refused() -> None:
    """The row and its sum are named."""
    bad = ANNUAL.copy()
    bad[1, 1] = 0.9

    with pytest.raises(InputError, match=r"CLO-1801: Row 2 of the transition matrix adds up to 1.04000000"):
        period_matrix(bad, Step.QUARTERLY)


def test_a_matrix_without_a_generator_is_refused() -> None:
    """Two ratings that change places every year."""
    with pytest.raises(ModelError, match="CLO-1802"):
        period_matrix(np.array([[0.1, 0.9, 0.0], [0.9, 0.1, 0.0], [0.0, 0.0, 1.0]]), Step.QUARTERLY)
