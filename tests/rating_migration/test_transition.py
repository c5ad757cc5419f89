"""Transition matrices of other lengths, against the worked example of spec 04 §3.5 and §11.1."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.testing import assert_allclose
from scipy.special import ndtr

from engine.errors import InputError, ModelError
from engine.modes import Mode
from engine.rating_migration.legacy_algebra import regularised
from engine.rating_migration.transition import (
    Adjustment,
    RatingTransitions,
    Step,
    by_root,
    checked_matrix,
    generator,
    period_matrix,
    rating_transitions,
    scaled_defaults,
    thresholds,
)
from tests.rating_migration.worked_example import ANNUAL, LEGACY_QUARTER, PRINTED, RATINGS

Floats = npt.NDArray[np.float64]


def of_the_example(adjustment: Adjustment = Adjustment.WEIGHTED) -> RatingTransitions:
    return rating_transitions(RATINGS, ANNUAL, adjustment=adjustment)


@st.composite
def matrices(draw: st.DrawFn) -> Floats:
    """Dominant diagonals, default last and absorbing."""
    n = draw(st.integers(2, 7))
    moves = draw(arrays.arrays(np.float64, (n, n), elements=st.floats(0.0, 1.0)))
    matrix = 0.3 * moves / np.maximum(moves.sum(axis=1, keepdims=True), 1.0)
    matrix[-1] = 0.0
    return matrix + np.diag(1.0 - matrix.sum(axis=1))


def test_legacy_quarter_is_the_one_of_the_worked_example() -> None:
    """Two square roots, each row brought back to probabilities; the year is missed by 2.70e-4 at most."""
    quarter = period_matrix(ANNUAL, Step.QUARTERLY, Mode.LEGACY)
    year = np.linalg.matrix_power(quarter, 4)

    assert_allclose(quarter, LEGACY_QUARTER, atol=PRINTED)
    assert np.abs(year - ANNUAL).max() == pytest.approx(2.70e-4, abs=5e-7)
    assert_allclose(year[:-1, -1], [0.000211, 0.010002, 0.039999, 0.274969], atol=PRINTED)


@pytest.mark.parametrize(
    ("quarter", "largest", "frobenius"),
    [
        (lambda: period_matrix(ANNUAL, Step.QUARTERLY, Mode.LEGACY), 2.70e-4, 4.58e-4),
        (lambda: by_root(ANNUAL, 4), 2.70e-4, 4.58e-4),
        (lambda: of_the_example(Adjustment.DIAGONAL).over(0.25), 6.51e-4, 8.11e-4),
        (lambda: of_the_example().over(0.25), 3.49e-4, 6.51e-4),
    ],
    ids=["square roots", "direct root", "diagonal", "weighted"],
)
def test_each_method_misses_the_year_by_what_the_specification_tells(
    quarter: Callable[[], Floats], largest: float, frobenius: float
) -> None:
    """The table of spec 04 §11.1, to its three digits."""
    error = np.linalg.matrix_power(quarter(), 4) - ANNUAL

    assert np.abs(error).max() == pytest.approx(largest, abs=5.1e-7)
    assert np.linalg.norm(error) == pytest.approx(frobenius, abs=5.1e-7)


def test_the_report_tells_what_the_generator_misses() -> None:
    """Largest and Frobenius error of the year, and the default probability of every row."""
    found = of_the_example()

    error = found.over(1.0) - ANNUAL
    assert found.report.largest == pytest.approx(3.49e-4, abs=5.1e-7)
    assert found.report.frobenius == pytest.approx(6.51e-4, abs=5.1e-7)
    assert_allclose(found.report.default_error, np.abs(error[:, -1]), atol=1e-16)


def test_a_month_of_the_weighted_generator_is_the_row_of_the_specification() -> None:
    """Off-diagonal rates are not negative and rows add up to nothing."""
    found = of_the_example()

    assert (found.generator - np.diag(np.diag(found.generator)) >= 0.0).all()
    assert_allclose(found.generator.sum(axis=1), 0.0, atol=1e-15)
    assert_allclose(found.over(1 / 12)[2], [0.000069, 0.005817, 0.984864, 0.006587, 0.002663], atol=PRINTED)


@pytest.mark.parametrize("adjustment", Adjustment)
def test_lengths_of_time_add_up(adjustment: Adjustment) -> None:
    """Four quarters are a year, a stub and the rest a quarter; no time is no move."""
    found = of_the_example(adjustment)
    quarter, stub, rest = found.over_each(np.array([0.25, 0.1, 0.15]))

    assert_allclose(np.linalg.matrix_power(quarter, 4), found.over(1.0), atol=1e-14)
    assert_allclose(stub @ rest, quarter, atol=1e-15)
    assert_allclose(found.over(0.0), np.eye(5), atol=0.0)


def test_a_stub_carries_default_risk() -> None:
    """A B loan that matures two months after the last date defaults over the stub with 1 - survival (spec 04 T11)."""
    found = of_the_example()
    month = found.over(1 / 12)

    survived_twice = 1.0 - (month @ month)[2, -1]
    assert found.over(2 / 12)[2, -1] == pytest.approx(1.0 - survived_twice, rel=1e-12)
    assert found.over(2 / 12)[2, -1] > 0.005


@settings(max_examples=25)
@given(matrices(), st.floats(0.01, 5.0))
def test_any_length_of_any_matrix_gives_probabilities(annual: Floats, years: float) -> None:
    """Nothing negative, rows add up to 1, default is final, and the squared half is the whole."""
    names = tuple(f"R{i}" for i in range(len(annual)))
    found = rating_transitions(names, annual, accepts_error=True)
    whole, half = found.over_each(np.array([years, years / 2]))

    assert (whole >= 0.0).all()
    assert_allclose(whole.sum(axis=1), 1.0, atol=1e-14)
    assert whole[-1, -1] == 1.0
    assert_allclose(half @ half, whole, atol=1e-12)


@settings(max_examples=25)
@given(matrices())
def test_exponential_agrees_with_repeated_small_steps(annual: Floats) -> None:
    """A rival: the generator stepped 2^20 times by second order."""
    rates = generator(annual)
    small = rates / 2.0**20
    step = np.eye(len(rates)) + small + small @ small / 2.0
    names = tuple(f"R{i}" for i in range(len(annual)))

    found = rating_transitions(names, annual, accepts_error=True).over(1.0)
    assert_allclose(found, np.linalg.matrix_power(step, 2**20), atol=1e-9)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("step", [Step.ANNUAL, Step.SEMI_ANNUAL, Step.QUARTERLY])
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

    found = regularised(rows)

    assert (found >= 0.0).all()
    assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)
    others = rng.dirichlet(np.ones(4), 500)
    distances = np.linalg.norm(rows[:, np.newaxis] - others[np.newaxis], axis=2).min(axis=1)
    assert (np.linalg.norm(rows - found, axis=1) <= distances + 1e-12).all()


def test_thresholds_are_those_of_the_worked_example() -> None:
    """Spec 04 §3.5, to four decimals; nothing lies below the first state."""
    inf = np.inf
    expected = [
        [-inf, 2.2268, 3.1202, inf, inf],
        [-inf, -2.2979, 1.9265, 2.6098, 2.8729],
        [-inf, -3.4653, -2.1146, 1.9253, 2.3896],
        [-inf, -inf, -3.2942, -1.7598, 1.3918],
    ]

    assert_allclose(thresholds(period_matrix(ANNUAL, Step.QUARTERLY, Mode.LEGACY)), expected, atol=5.1e-5)


def test_the_worked_draw_downgrades_one_and_defaults_the_other() -> None:
    """Spec 04 §11.2: correlation 0.3, draws 2.60 and 2.10; BB becomes B, B defaults."""
    lower = np.array([[1.0, 0.0], [0.3, np.sqrt(1.0 - 0.09)]])
    shocks = lower @ [2.60, 2.10]
    at = thresholds(period_matrix(ANNUAL, Step.QUARTERLY, Mode.LEGACY))

    assert shocks.tolist() == pytest.approx([2.60000, 2.78327], abs=5.1e-6)
    assert [int((x >= at[k, 1:]).sum()) for x, k in zip(shocks, (1, 2), strict=True)] == [2, 4]


def test_no_draw_leads_nowhere_or_to_an_impossible_state() -> None:
    """Rows that miss 1 by rounding leave no gap at the end (Q28); states of probability 0 are never entered."""
    matrix = np.array([[0.0, 0.1, 0.0, 0.3, 0.6 - 3e-16], [0.7, 0.0, 0.3, 0.0, 0.0], [0.1] * 2 + [0.0] * 2 + [0.8]])
    matrix = np.vstack([matrix, np.eye(5)[-2:]])
    shocks = np.concatenate([np.linspace(-40.0, 40.0, 4001), [-1e300, 1e300, 0.0]])

    at = thresholds(matrix)
    states = (shocks[:, np.newaxis, np.newaxis] >= at[:, 1:]).sum(axis=2)

    assert [sorted(set(states[:, k].tolist())) for k in range(4)] == [[1, 3, 4], [0, 2], [0, 1, 4], [3]]


def test_thresholds_keep_their_digits_in_both_tails() -> None:
    """A default probability of 1e-18 is not lost beside 1."""
    row = [1e-18, 1.0 - 3e-18, 2e-18]

    at = thresholds(np.array([row, [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))

    assert ndtr(at[0, 1]) == pytest.approx(1e-18, rel=1e-10, abs=0.0)
    assert ndtr(-at[0, 2]) == pytest.approx(2e-18, rel=1e-10, abs=0.0)


@given(matrices())
def test_thresholds_give_back_the_probabilities(annual: Floats) -> None:
    """The mass between two thresholds is the probability of the state."""
    at = thresholds(annual)
    bounds = np.concatenate([at, np.full((len(at), 1), np.inf)], axis=1)

    assert (at[:, 1:] >= at[:, :-1]).all()
    assert_allclose(np.diff(ndtr(bounds), axis=1), annual[:-1], atol=1e-14)


def test_thresholds_of_many_matrices_are_those_of_each() -> None:
    """Axes in front of a matrix stay in front."""
    many = of_the_example().over_each(np.array([0.25, 0.1]))

    assert_allclose(thresholds(many), np.stack([thresholds(many[0]), thresholds(many[1])]), atol=0.0)


def test_a_view_of_a_point_in_time_scales_defaults_only() -> None:
    """Default probabilities double, the other moves keep their proportions, rows still add up to 1."""
    found = scaled_defaults(ANNUAL, 2.0)

    assert_allclose(found[:-1, -1], [0.0, 0.02, 0.08, 0.55], atol=1e-15)
    assert_allclose(found.sum(axis=1), 1.0, atol=1e-15)
    assert found[2, 1] / found[2, 3] == pytest.approx(60 / 58)
    assert_allclose(scaled_defaults(ANNUAL, 1.0), ANNUAL, atol=1e-15)
    assert scaled_defaults(ANNUAL, 0.0)[3].tolist() == pytest.approx([0, 0.005 / 0.725, 0.12 / 0.725, 0.6 / 0.725, 0])


@pytest.mark.parametrize("factor", [-0.1, 3.7, float("nan")])
def test_factors_that_leave_no_probability_are_refused(factor: float) -> None:
    """CCC defaults with 27.5 %: 3.7 times that is more than certain."""
    with pytest.raises(InputError, match="CLO-1810"):
        scaled_defaults(ANNUAL, factor)


def changed(place: tuple[int, int], value: float) -> Floats:
    matrix = ANNUAL.copy()
    matrix[place] = value
    return matrix


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (changed((1, 1), 0.9), r"CLO-1801: Row 2 \(BB\) of the transition matrix adds up to 1.04000000"),
        (ANNUAL[:4], "CLO-1803: The transition matrix is not square but 4 x 5"),
        (np.ones(3), "CLO-1803: The transition matrix is not square but 3"),
        (np.ones((1, 1)), "CLO-1804: .* fewer than two states"),
        (changed((0, 3), -0.01), "CLO-1805: The probability of a move from IG to CCC is negative: -0.01"),
        (changed((4, 0), 1e-7), "CLO-1806: The last state, D, can be left"),
        (changed((2, 2), np.nan), "CLO-1807: The probability of a move from B to B is no number: nan"),
        (ANNUAL[1:, 1:] / ANNUAL[1:, 1:].sum(axis=1)[:, np.newaxis], "CLO-1809: 5 ratings do not name 4 states"),
    ],
)
def test_matrices_that_are_none_are_refused_by_row_and_column(matrix: Floats, message: str) -> None:
    """Each kind of mistake has its own number and names its ratings."""
    with pytest.raises(InputError, match=message):
        rating_transitions(RATINGS if matrix.shape != (1, 1) else ("D",), matrix)


def test_rows_are_named_by_number_without_ratings() -> None:
    """The desk's matrices come without names."""
    with pytest.raises(InputError, match=r"CLO-1801: Row 2 of the transition matrix adds up to 1.04000000"):
        period_matrix(changed((1, 1), 0.9), Step.QUARTERLY)
    with pytest.raises(InputError, match=r"CLO-1805: .* from state 1 to state 4"):
        checked_matrix(changed((0, 3), -0.01))


def test_rows_are_scaled_within_the_rounding_of_their_source() -> None:
    """Half a millionth is scaled away, and reported."""
    found = rating_transitions(RATINGS, changed((2, 2), 0.84 + 5e-7))

    assert_allclose(found.annual.sum(axis=1), 1.0, atol=1e-15)
    assert found.report.rescaled == pytest.approx(5e-7, rel=1e-6)


def test_a_matrix_without_a_generator_is_refused() -> None:
    """Two ratings that change places every year."""
    with pytest.raises(ModelError, match="CLO-1802"):
        period_matrix(np.array([[0.1, 0.9, 0.0], [0.9, 0.1, 0.0], [0.0, 0.0, 1.0]]), Step.QUARTERLY)


def test_a_generator_that_misses_defaults_needs_consent() -> None:
    """More than 5 basis points of a row's default probability are refused unless the caller accepts them."""
    matrix = np.array([[0.98, 0.02, 0.00], [0.00, 0.95, 0.05], [0.00, 0.00, 1.00]])

    with pytest.raises(InputError, match=r"CLO-1808: The generator misses the default probability of good by 0\.0"):
        rating_transitions(("good", "bad", "D"), matrix)
    with pytest.raises(InputError, match="CLO-1808"):
        period_matrix(matrix, Step.QUARTERLY)
    found = rating_transitions(("good", "bad", "D"), matrix, accepts_error=True)
    assert found.report.default_error[0] == pytest.approx(5.12e-4, abs=5e-7)
    assert_allclose(period_matrix(matrix, Step.QUARTERLY, accepts_error=True), found.over(0.25), atol=1e-15)


def test_an_error_of_five_basis_points_needs_no_consent() -> None:
    """A default probability missed by 2.6 of them."""
    matrix = np.array([[0.99, 0.01, 0.00], [0.00, 0.95, 0.05], [0.00, 0.00, 1.00]])

    assert rating_transitions(("good", "bad", "D"), matrix).report.default_error[0] == pytest.approx(2.56e-4, abs=5e-7)


@pytest.mark.parametrize("years", [-0.25, float("nan"), float("inf")])
def test_time_does_not_run_backwards(years: float) -> None:
    """Nor is it no number."""
    with pytest.raises(InputError, match="CLO-1829"):
        of_the_example().over(years)


def test_legacy_has_no_months() -> None:
    """Square roots reach halves and quarters only."""
    with pytest.raises(InputError, match="CLO-1811"):
        period_matrix(ANNUAL, Step.MONTHLY, Mode.LEGACY)
