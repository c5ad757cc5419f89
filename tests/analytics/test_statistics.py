"""Statistics of small samples in both modes (spec 01 §7.2)."""

import statistics as reference_statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.statistics import average, median, standard_deviation
from engine.errors import InputError
from engine.modes import Mode

LEGACY = Mode.LEGACY.quirks
samples = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


@given(samples)
def test_standard_mode_agrees_with_pythons_statistics(values: list[float]) -> None:
    """Mean, population deviation and median are the textbook's."""
    assert average(values) == pytest.approx(reference_statistics.fmean(values), rel=1e-12, abs=1e-6)
    assert standard_deviation(values) == pytest.approx(reference_statistics.pstdev(values), rel=1e-9, abs=1e-6)
    assert median(values) == pytest.approx(reference_statistics.median(values))


def test_legacy_medians_of_odd_samples() -> None:
    """LQ-53: medians of 1..n for n = 3, 5, 7, 9, 11 come out 1, 3, 3, 5, 5."""
    assert [median(list(range(1, n + 1)), LEGACY) for n in (3, 5, 7, 9, 11)] == [1, 3, 3, 5, 5]
    assert [median(list(range(1, n + 1))) for n in (3, 5, 7, 9, 11)] == [2, 3, 4, 5, 6]


def test_a_median_leaves_its_input_alone() -> None:
    """The legacy function sorted the caller's array; this one does not."""
    values = [3.0, 1.0, 2.0]
    median(values, LEGACY)

    assert values == [3.0, 1.0, 2.0]


def test_the_legacy_average_divides_by_the_upper_bound() -> None:
    """LQ-54: an array that begins at 1 is divided by one too many."""
    assert average([2.0, 4.0], LEGACY, lower_bound=1) == 2.0
    assert average([2.0, 4.0], lower_bound=1) == 3.0


def test_the_legacy_average_of_integers_overflows() -> None:
    """LQ-54: integer sums stay in 32 bits or are an error, never a number."""
    with pytest.raises(InputError, match="CLO-1041"):
        average([2_000_000_000, 2_000_000_000], LEGACY)
    assert average([2_000_000_000, 2_000_000_000]) == 2e9


def test_no_values_have_no_statistics() -> None:
    """An empty sample is refused."""
    with pytest.raises(InputError, match="CLO-1042"):
        average([])
