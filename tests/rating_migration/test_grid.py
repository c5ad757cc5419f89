"""Dates of a simulation: regular steps, lists, month ends, and the stubs of assets (spec 04 §6, Q6, Q8, Q33)."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from engine.conventions.days import day_array
from engine.errors import InputError
from engine.rating_migration.grid import lifetimes, listed_grid, regular_grid, step_by_word
from engine.rating_migration.transition import Step

AS_OF = date(2016, 3, 23)
LAST = date(2023, 8, 3)


@pytest.mark.parametrize(
    ("step", "n_periods"), [(Step.QUARTERLY, 30), (Step.SEMI_ANNUAL, 15), (Step.ANNUAL, 8), (Step.MONTHLY, 89)]
)
def test_the_grid_covers_the_last_maturity_and_no_more(step: Step, n_periods: int) -> None:
    """The example of spec 04 §6; the date before the last lies before the maturity."""
    grid = regular_grid(AS_OF, LAST, step)

    assert grid.n_periods == n_periods
    assert grid.dates[0] == AS_OF
    assert grid.dates[-2] < LAST <= grid.dates[-1]
    assert grid.years.tolist() == [grid.months / 12] * n_periods


def test_month_ends_stay_month_ends() -> None:
    """Dates are counted from the first: 31 August, 30 November, 28 or 29 February, 31 May."""
    grid = regular_grid(date(2018, 8, 31), date(2020, 5, 31), Step.QUARTERLY)

    assert grid.dates[1:] == (
        date(2018, 11, 30), date(2019, 2, 28), date(2019, 5, 31), date(2019, 8, 31), date(2019, 11, 30),
        date(2020, 2, 29), date(2020, 5, 31),
    )  # fmt: skip
    assert grid.years[:4].sum() == 1.0


def test_a_last_maturity_on_a_date_of_the_grid_ends_it() -> None:
    """The smallest number of steps that reaches it."""
    assert regular_grid(AS_OF, date(2016, 6, 23), Step.QUARTERLY).n_periods == 1
    assert regular_grid(AS_OF, date(2016, 6, 24), Step.QUARTERLY).n_periods == 2


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("Annually", Step.ANNUAL),
        ("ANNUALLY", Step.ANNUAL),
        (" annual ", Step.ANNUAL),
        ("Semi-Annually", Step.SEMI_ANNUAL),
        ("semi-annual", Step.SEMI_ANNUAL),
        ("semi_annual", Step.SEMI_ANNUAL),
        ("Semi annual", Step.SEMI_ANNUAL),
        ("quarterly", Step.QUARTERLY),
        ("MONTHLY", Step.MONTHLY),
    ],
)
def test_frequencies_are_read_in_any_case(text: str, step: Step) -> None:
    """The words of the legacy workbook and those of the commands."""
    assert step_by_word(text) is step


@pytest.mark.parametrize("text", ["", "weekly", "quarter", "4"])
def test_other_frequencies_are_errors(text: str) -> None:
    """No word means quarterly because it means nothing (Q8)."""
    with pytest.raises(InputError, match=f"CLO-1812: Frequency '{text}' is not known"):
        step_by_word(text)


def test_listed_dates_make_steps_of_their_own_length() -> None:
    """Days over 365.25."""
    grid = listed_grid(AS_OF, [date(2016, 4, 15), date(2016, 7, 15), date(2017, 7, 15)])

    assert grid.months == 0
    assert_allclose(grid.years, np.array([23, 91, 365]) / 365.25, atol=1e-15)
    assert grid.dates[1] == date(2016, 4, 15)


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ([AS_OF], "2016-03-23 does not lie behind 2016-03-23"),
        ([date(2017, 1, 1), date(2016, 12, 31)], "2016-12-31 does not lie behind 2017-01-01"),
        ([], "The list of simulation dates is empty"),
    ],
)
def test_dates_that_do_not_ascend_are_refused(dates: list[date], message: str) -> None:
    """The two dates are named."""
    with pytest.raises(InputError, match=f"CLO-1814: {message}"):
        listed_grid(AS_OF, dates)


def test_a_grid_needs_a_time_to_come() -> None:
    """Nothing is simulated when everything has matured."""
    with pytest.raises(InputError, match="CLO-1813: The last asset matures on 2016-03-23, not after 2016-03-23"):
        regular_grid(AS_OF, AS_OF, Step.MONTHLY)


def test_a_maturity_far_beyond_a_lifetime_is_refused() -> None:
    """A year typed as 9999 is no horizon."""
    with pytest.raises(InputError, match="CLO-1828"):
        regular_grid(AS_OF, date(9999, 12, 31), Step.QUARTERLY)


def test_lifetimes_are_full_steps_and_a_stub() -> None:
    """Two months behind a quarter are 2/12 of a year; on a date of the grid there is no stub, before today no life."""
    grid = regular_grid(AS_OF, LAST, Step.QUARTERLY)
    maturities = [date(2016, 8, 23), date(2016, 9, 23), AS_OF, date(2015, 1, 1), date(2016, 4, 7), date(2031, 1, 1)]

    found = lifetimes(grid, day_array(maturities))

    assert found.full_steps.tolist() == [1, 2, 0, 0, 0, 30]
    assert_allclose(found.stub_years, [2 / 12, 0.0, 0.0, 0.0, 15 / 31 / 12, 0.0], atol=1e-15)


def test_stubs_on_listed_dates_are_counted_in_days() -> None:
    """As the steps are."""
    grid = listed_grid(AS_OF, [date(2016, 7, 15), date(2017, 7, 15)])

    found = lifetimes(grid, day_array([date(2016, 7, 25), date(2016, 4, 2), date(2018, 1, 1)]))

    assert found.full_steps.tolist() == [1, 0, 2]
    assert_allclose(found.stub_years, [10 / 365.25, 10 / 365.25, 0.0], atol=1e-15)


@given(
    st.dates(date(2000, 1, 1), date(2030, 12, 31)),
    st.sampled_from(Step),
    st.lists(st.integers(-400, 4000), min_size=1, max_size=20),
)
def test_stubs_are_shorter_than_a_step_and_grow_with_the_days(as_of: date, step: Step, ages: list[int]) -> None:
    """Full steps and stub together put maturities in their order."""
    grid = regular_grid(as_of, as_of + timedelta(days=4000), step)
    maturities = day_array(as_of + timedelta(days=age) for age in sorted(ages))

    found = lifetimes(grid, maturities)
    lives = found.full_steps * grid.months / 12 + found.stub_years

    assert (found.stub_years >= 0.0).all()
    assert (found.stub_years < grid.months / 12).all()
    assert (np.diff(lives) >= -1e-12).all()
    assert (np.diff(lives)[(np.diff(maturities) > 0) & (maturities[:-1] >= grid.days[0])] > 0.0).all()
    assert (grid.days[found.full_steps] <= np.maximum(maturities, grid.days[0])).all()
