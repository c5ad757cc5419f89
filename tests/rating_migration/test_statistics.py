"""Statistics over simulations: against numpy, scipy, closed forms, and the legacy model's own median."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.analytics.statistics import median as legacy_median
from engine.errors import InputError
from engine.modes import Mode
from engine.rating_migration import statistics
from engine.rating_migration.fields import FIELDS
from engine.rating_migration.statistics import (
    QUANTILES,
    QUANTILES_PER_MILLE,
    STATISTICS,
    TAILS,
    TAILS_PER_MILLE,
    convergence,
    histogram,
    legacy_paths,
    quantile_ranks,
    representative_path,
    summarise,
    worst_is_high_of_fields,
)

ROUNDING = 1e-12
LEGACY = Mode.LEGACY.quirks


@pytest.fixture(scope="module")
def sample() -> np.ndarray:
    return np.random.default_rng(4).gamma(2.0, 3.0, size=(3, 5, 1001)) - 4.0


def test_moments_are_those_of_numpy(sample: np.ndarray) -> None:
    """Mean, both deviations, standard error and extremes equal numpy's."""
    found = summarise(sample, worst_is_high=True)

    assert found.figures.shape == (3, 5, len(STATISTICS))
    assert found.of("mean") == pytest.approx(sample.mean(axis=-1), rel=ROUNDING)
    assert found.of("sd") == pytest.approx(sample.std(axis=-1, ddof=1), rel=ROUNDING)
    assert found.of("sd_population") == pytest.approx(sample.std(axis=-1), rel=ROUNDING)
    assert found.of("standard_error") == pytest.approx(stats.sem(sample, axis=-1), rel=ROUNDING)
    assert np.array_equal(found.of("minimum"), sample.min(axis=-1))
    assert np.array_equal(found.of("maximum"), sample.max(axis=-1))


@pytest.mark.parametrize("n", [1, 2, 3, 20, 999, 1000, 1001])
def test_quantiles_are_those_of_numpy_and_excel(n: int) -> None:
    """All eleven quantiles interpolate linearly at (n - 1) p, as numpy and PERCENTILE.INC do."""
    values = np.random.default_rng(n).normal(size=(4, n))
    found = summarise(values, worst_is_high=True)

    for name, per_mille in zip(QUANTILES, QUANTILES_PER_MILLE, strict=True):
        expected = np.quantile(values, per_mille / 1000, axis=-1)
        assert found.of(name) == pytest.approx(expected, rel=ROUNDING, abs=ROUNDING)


def test_expected_shortfall_weighs_the_border_value() -> None:
    """The worst 5 % of 30 values are the worst one and half of the next, at either end."""
    values = np.arange(1.0, 31.0)

    high = summarise(values, worst_is_high=True).of("es95")
    low = summarise(values, worst_is_high=False).of("es95")
    assert float(high) == pytest.approx((30.0 + 0.5 * 29.0) / 1.5, rel=ROUNDING)
    assert float(low) == pytest.approx((1.0 + 0.5 * 2.0) / 1.5, rel=ROUNDING)


def test_expected_shortfall_of_a_normal_sample_is_the_closed_form() -> None:
    """phi(z) / (1 - p) for a standard normal, within what 100,000 values allow."""
    values = np.random.default_rng(7).standard_normal(100_000)
    found = summarise(values, worst_is_high=True)

    for name, per_mille in zip(TAILS, TAILS_PER_MILLE, strict=True):
        rest = per_mille / 1000
        expected = stats.norm.pdf(stats.norm.isf(rest)) / rest
        assert float(found.of(name)) == pytest.approx(expected, abs=4.0 / np.sqrt(rest * values.size))


def test_errors_of_quantiles_follow_the_closed_form() -> None:
    """Over 400 normal samples the quantiles scatter by sqrt(p (1 - p) / S) / f(q) (spec 04 §11.8)."""
    n = 2000
    found = summarise(np.random.default_rng(8).standard_normal((400, n)), worst_is_high=True)

    for name, p in (("p5", 0.05), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95)):
        expected = np.sqrt(p * (1 - p) / n) / stats.norm.pdf(stats.norm.ppf(p))
        assert found.of(name).std() == pytest.approx(expected, rel=4 / np.sqrt(2 * 400))


def test_quantile_intervals_cover_the_true_quantile() -> None:
    """The interval of every quantile holds the true one in at least 95 % of 1,000 samples, where it has two bounds."""
    found = summarise(np.random.default_rng(9).standard_normal((1000, 500)), worst_is_high=True)

    for position, per_mille in enumerate(QUANTILES_PER_MILLE):
        true = stats.norm.ppf(per_mille / 1000)
        low, high = found.quantile_low[:, position], found.quantile_high[:, position]
        if not (np.isnan(low).any() or np.isnan(high).any()):
            assert ((low <= true) & (true <= high)).mean() > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 1000)


@given(n=st.integers(1, 3000), p=st.floats(0.001, 0.999), confidence=st.floats(0.5, 0.999))
@settings(deadline=None, max_examples=60)
def test_ranks_enclose_a_quantile_with_the_confidence_asked_for(n: int, p: float, confidence: float) -> None:
    """The binomial probability between the ranks is at least the confidence."""
    low, high = (int(rank[0]) for rank in quantile_ranks(n, np.array([p]), confidence))

    covered = stats.binom.cdf(high - 1, n, p) - stats.binom.cdf(low - 1, n, p)
    assert 0 <= low < high <= n + 1
    assert covered >= confidence - ROUNDING


def test_a_small_sample_has_no_bound_for_far_quantiles() -> None:
    """Ten values say nothing on how far up the 99 % quantile may lie."""
    found = summarise(np.arange(10.0), worst_is_high=True)

    assert np.isnan(found.quantile_high[QUANTILES.index("p99")])
    assert found.quantile_low[QUANTILES.index("p99")] == 8.0


def test_missing_values_take_no_part(sample: np.ndarray) -> None:
    """Rows with missing values give what their present values give, and are counted."""
    holed = sample.copy()
    holed[0, 0, ::3] = np.nan
    holed[1, 2, :] = np.nan
    holed[2, 4, 1:] = np.nan
    found = summarise(holed, worst_is_high=True)
    alone = summarise(holed[0, 0][~np.isnan(holed[0, 0])], worst_is_high=True)

    assert np.array_equal(found.figures[0, 0], alone.figures)
    assert np.array_equal(found.quantile_low[0, 0], alone.quantile_low, equal_nan=True)
    assert (found.n[0, 0], found.n_missing[0, 0]) == (667, 334)
    assert np.isnan(found.figures[1, 2]).all()
    assert (found.n[1, 2], found.n_missing[1, 2]) == (0, 1001)
    assert found.of("p99_9")[2, 4] == holed[2, 4, 0]
    assert np.isnan(found.of("sd")[2, 4])
    assert np.array_equal(found.figures[0, 1], summarise(sample, worst_is_high=True).figures[0, 1])


def test_a_constant_has_no_deviation() -> None:
    """A value that every simulation shares is its own mean, quantile and tail to the last bit."""
    found = summarise(np.full((2, 997), 0.1), worst_is_high=True)

    assert np.all(found.of("mean") == 0.1)
    assert np.all(found.of("sd") == 0.0)
    assert np.all(found.of("es99_9") == 0.1)
    assert np.all(found.of("p99_9") == 0.1)


def test_small_deviations_of_large_values_are_kept() -> None:
    """A par of 400 million that differs by cents keeps its deviation."""
    values = 4e8 + 0.01 * np.random.default_rng(3).standard_normal(5000)

    exact = np.std(values - 4e8, ddof=1)
    assert float(summarise(values, worst_is_high=False).of("sd")) == pytest.approx(exact, rel=1e-6)


def test_a_memory_map_is_summarised_slice_by_slice(
    tmp_path: Path, sample: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A map on disk, small slices and a view with foreign strides give the same bytes as one array."""
    path = tmp_path / "values.dat"
    values = np.memmap(path, dtype=np.float64, mode="w+", shape=sample.shape)
    values[:] = sample
    expected = summarise(sample, worst_is_high=True, group_size=7)
    monkeypatch.setattr(statistics, "SLICE_VALUES", 2002)
    strided = np.asfortranarray(sample)

    for given_values in (values, strided):
        found = summarise(given_values, worst_is_high=True, group_size=7)
        assert found.figures.tobytes() == expected.figures.tobytes()
        assert found.quantile_high.tobytes() == expected.quantile_high.tobytes()
    assert os.path.getsize(path) == sample.nbytes


def test_working_memory_is_that_of_a_few_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """An array of 16 MB is summarised within ten slices of half a megabyte and what is returned."""
    values = np.random.default_rng(12).standard_normal((2, 100, 10_000))
    monkeypatch.setattr(statistics, "SLICE_VALUES", 1 << 16)
    tracemalloc.start()
    try:
        found = summarise(values, worst_is_high=True, group_size=2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    results = found.figures.nbytes + found.quantile_low.nbytes + found.quantile_high.nbytes
    assert peak < 10 * 8 * (1 << 16) + 3 * results


def test_the_worst_tail_is_chosen_row_by_row(sample: np.ndarray) -> None:
    """A flag for each row of fields decides which tail expected shortfall means."""
    worst = np.array([[True], [False], [True]])
    found = summarise(sample, worst_is_high=worst)

    assert np.array_equal(found.of("es95")[0], summarise(sample[0], worst_is_high=True).of("es95"))
    assert np.array_equal(found.of("es95")[1], summarise(sample[1], worst_is_high=False).of("es95"))
    assert np.all(found.of("es95")[1] < found.of("p5")[1])


def test_defaults_are_bad_when_high_and_performing_loans_when_low() -> None:
    """Every field has a worst tail: high for defaults and CCC loans, low for performing ones."""
    worst = dict(zip(FIELDS, worst_is_high_of_fields()[:, 0].tolist(), strict=True))

    assert worst["BALDEF"]
    assert worst["DEFAULTRATE"]
    assert worst["NUMCCC"]
    assert not worst["BALPERF"]
    assert not worst["UPGRADES"]


@pytest.mark.parametrize("group_size", [2, 8, 25, 50])
def test_standard_error_of_groups_is_that_of_their_means(group_size: int) -> None:
    """Antithetic pairs and scrambles: the deviation of the group means over the root of their number."""
    values = np.random.default_rng(5).normal(2.0, 1.0, size=(3, 1000))
    found = summarise(values, worst_is_high=True, group_size=group_size)

    means = values.reshape(3, -1, group_size).mean(axis=-1)
    assert found.of("standard_error") == pytest.approx(stats.sem(means, axis=-1), rel=1e-11)


def test_antithetic_pairs_shrink_the_standard_error() -> None:
    """Pairs (x, -x) know their mean exactly, which the plain formula does not see."""
    half = np.random.default_rng(6).standard_normal(500)
    values = np.stack([half, -half], axis=-1).reshape(-1)

    assert float(summarise(values, worst_is_high=True).of("standard_error")) > 0.03
    assert float(summarise(values, worst_is_high=True, group_size=2).of("standard_error")) < 1e-15


def test_standard_error_of_one_group_is_unknown() -> None:
    """One scramble says nothing on its own error."""
    found = summarise(np.arange(8.0), worst_is_high=True, group_size=8)

    assert np.isnan(found.of("standard_error"))


def test_convergence_shows_means_of_growing_samples() -> None:
    """Steps S/16 to S with their means, errors and changes against the final mean."""
    values = np.random.default_rng(10).normal(5.0, 1.0, size=(2, 1600))
    found = convergence(values)

    assert found.n.tolist() == [100, 200, 400, 800, 1600]
    assert found.mean[:, 2] == pytest.approx(values[:, :400].mean(axis=-1), rel=ROUNDING)
    assert found.standard_error[:, 1] == pytest.approx(stats.sem(values[:, :200], axis=-1), rel=ROUNDING)
    expected = (values.mean(axis=-1) - values[:, :800].mean(axis=-1)) / values.mean(axis=-1)
    assert found.relative_change[:, 4] == pytest.approx(expected, rel=1e-9)
    assert np.isnan(found.relative_change[:, 0]).all()


def test_convergence_keeps_groups_whole() -> None:
    """Steps are whole groups, and a mean of zero has no relative change."""
    found = convergence(np.zeros(300), group_size=50)

    assert found.n.tolist() == [50, 150, 300]
    assert np.isnan(found.relative_change).all()
    assert found.mean.tolist() == [0.0, 0.0, 0.0]


def test_histogram_counts_every_value_in_round_bins() -> None:
    """Bins of a round width hold all values; the edges are multiples of the width."""
    values = np.random.default_rng(11).gamma(2.0, 0.013, size=5000)
    found = histogram(values, most_bins=30)
    widths = np.diff(found.edges)

    assert found.counts.sum() == 5000
    assert len(found.counts) <= 31
    assert np.allclose(widths, widths[0])
    assert widths[0] == pytest.approx(0.01, rel=1e-9)
    assert found.counts[3] == ((values >= found.edges[3]) & (values < found.edges[4])).sum()


@pytest.mark.parametrize("value", [0.0, 3.7, -2.0, 1e-12])
def test_histogram_of_one_value(value: float) -> None:
    """A value that never changes still has a bin around it."""
    found = histogram(np.array([value, value, np.nan]))

    assert found.counts.sum() == 2
    assert found.edges[0] <= value <= found.edges[-1]
    assert np.all(np.diff(found.edges) > 0)


def test_representative_path_is_the_nearest_and_the_first_of_equals() -> None:
    """The path nearest to the quantile of the totals; ties go to the lowest simulation."""
    totals = np.array([9.0, 4.0, 1.0, 6.0, 4.0, 6.0])

    assert representative_path(totals, 0.5) == 1
    assert representative_path(totals, 0.999) == 0
    assert representative_path(np.array([np.nan, 3.0, 1.0]), 0.001) == 2


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 8, 11, 1000, 1001])
def test_legacy_median_is_that_of_the_legacy_routine(n: int) -> None:
    """LQ-53 = 04 Q15: p50 is the median of the scalar routine that the golden reference confirms."""
    values = np.random.default_rng(n).normal(size=n)

    found = float(summarise(values, worst_is_high=True, quirks=LEGACY).of("p50"))
    assert found == pytest.approx(legacy_median(values.tolist(), LEGACY), abs=1e-15)


def test_legacy_paths_are_picked_by_rank() -> None:
    """MIN and MAX are the first extremes; MEDIAN is number S/2 half to even of the ascending order (spec 04 §8.2)."""
    rising = [np.arange(float(n)) for n in (1, 2, 3, 4, 5, 7, 11)]

    assert [legacy_paths(totals, LEGACY).median for totals in rising] == [0, 1, 1, 2, 2, 4, 6]
    assert [legacy_paths(totals, frozenset()).median for totals in rising] == [0, 0, 1, 1, 2, 3, 5]
    tied = legacy_paths(np.array([2.0, 1.0, 5.0, 1.0, 5.0]), frozenset())
    assert (tied.minimum, tied.maximum, tied.median) == (1, 2, 0)


def test_statistics_of_nothing_are_refused() -> None:
    """No simulation, no statistic: CLO-1850."""
    for call in (
        lambda: summarise(np.empty((2, 0)), worst_is_high=True),
        lambda: convergence(np.empty(0)),
        lambda: histogram(np.array([np.nan])),
        lambda: representative_path(np.array([np.nan]), 0.5),
        lambda: legacy_paths(np.empty(0), frozenset()),
    ):
        with pytest.raises(InputError, match="CLO-1850"):
            call()


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_refused(value: float) -> None:
    """A figure that does not exist is missing, not infinite: CLO-1851."""
    values = np.array([1.0, np.nan, value])

    for call in (
        lambda: summarise(values, worst_is_high=True),
        lambda: convergence(values),
        lambda: histogram(values),
        lambda: representative_path(values, 0.5),
    ):
        with pytest.raises(InputError, match="CLO-1851"):
            call()


@pytest.mark.parametrize("group_size", [0, 3, 11])
def test_groups_must_divide_the_simulations(group_size: int) -> None:
    """Half a pair is no group: CLO-1852."""
    with pytest.raises(InputError, match="CLO-1852: 10 simulations cannot be divided into groups"):
        summarise(np.arange(10.0), worst_is_high=True, group_size=group_size)


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, 95.0, np.nan])
def test_probabilities_lie_between_zero_and_one(probability: float) -> None:
    """A confidence in percent is refused: CLO-1853."""
    with pytest.raises(InputError, match="CLO-1853"):
        summarise(np.arange(10.0), worst_is_high=True, confidence=probability)
    with pytest.raises(InputError, match="CLO-1853"):
        representative_path(np.arange(10.0), probability)
