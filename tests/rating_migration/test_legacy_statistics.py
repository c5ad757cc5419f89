"""What the legacy sheets show of many simulations (spec 04 §8.2 and §8.3, quirks 15 and 16)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from engine.modes import Mode, Quirk
from engine.rating_migration.fields import N_FIELDS, ROW_OF_FIELD
from engine.rating_migration.legacy_statistics import (
    SHEET_FIELDS,
    SheetStatistic,
    date_figures,
    sheet_series,
    shown_paths,
)
from engine.rating_migration.statistics import LegacyPaths

LEGACY = Mode.LEGACY.quirks
WITHOUT_MEDIAN = LEGACY - {Quirk.MEDIAN_ODD}


@pytest.mark.parametrize(("n", "place"), [(3, 3), (5, 3), (7, 5), (9, 5), (11, 7), (4, 2.5)])
def test_the_median_of_some_odd_samples_is_one_place_off(n: int, place: float) -> None:
    """04 Q15: of 3 simulations it is the last, of 7 the 5th and of 11 the 7th value of the descending order."""
    values = np.random.default_rng(1).permutation(np.arange(1.0, n + 1.0))
    fields = np.broadcast_to(values, (2, 3, n)).copy()
    legacy = date_figures(fields).median
    standard = date_figures(fields, WITHOUT_MEDIAN).median

    assert legacy.shape == (2, 3)
    assert (legacy == n + 1 - place).all()
    assert (standard == (n + 1) / 2).all()


def test_the_deviation_divides_by_the_number() -> None:
    """Spec 04 §8.2: the population's, beside the extremes and the mean."""
    fields = np.random.default_rng(2).normal(5.0, 2.0, size=(4, 6, 50))
    found = date_figures(fields)

    assert_allclose(found.deviation, fields.std(axis=-1))
    assert_allclose(found.average, fields.mean(axis=-1))
    assert_allclose(found.maximum, fields.max(axis=-1))
    assert_allclose(found.minimum, fields.min(axis=-1))


@pytest.mark.parametrize(("n", "place"), [(1, 0), (2, 1), (3, 1), (4, 2), (7, 4), (8, 4), (11, 6)])
def test_three_paths_stand_for_all(n: int, place: int) -> None:
    """Spec 04 §8.2: by defaults of all deals together; the median is number S/2 of the ascending list, half to even."""
    totals = np.random.default_rng(n).permutation(np.arange(float(n))) * 1e6
    by_deal = np.stack([totals * 0.25, totals * 0.75])
    found = shown_paths(by_deal)

    assert found.paths == LegacyPaths(
        minimum=int(np.argmin(totals)), maximum=int(np.argmax(totals)), median=int(np.argsort(totals)[place])
    )
    assert not found.has_equals


def test_equal_totals_give_the_first_and_say_so() -> None:
    """The legacy model stopped at two simulations with the same total."""
    found = shown_paths(np.array([[5.0, 1.0, 9.0, 1.0, 9.0, 5.0]]))

    assert found.has_equals
    assert found.paths == LegacyPaths(minimum=1, maximum=2, median=5)


def numbered() -> np.ndarray:
    """Fields (N_FIELDS, 4, 3) that are all different."""
    return np.arange(N_FIELDS * 12.0).reshape(N_FIELDS, 4, 3)


def test_series_are_means_by_date_or_whole_paths() -> None:
    """Spec 04 §8.2: the two meanings of a statistic."""
    fields, paths = numbered(), LegacyPaths(minimum=2, maximum=0, median=1)
    row = ROW_OF_FIELD["NUMPERDEF"]

    assert (sheet_series(fields, "NUMPERDEF", SheetStatistic.AVERAGE, paths) == fields[row].mean(axis=1)).all()
    for statistic, s in ((SheetStatistic.MINIMUM, 2), (SheetStatistic.MAXIMUM, 0), (SheetStatistic.MEDIAN, 1)):
        assert (sheet_series(fields, "NUMPERDEF", statistic, paths) == fields[row, :, s]).all()


def test_the_sheet_of_the_minimum_shows_performing_for_ccc() -> None:
    """04 Q16: on that sheet only, and not without the quirk."""
    fields, paths = numbered(), LegacyPaths(minimum=2, maximum=0, median=1)
    right = LEGACY - {Quirk.CCC_OF_MINIMUM_IS_PERFORMING}
    performing, ccc = fields[ROW_OF_FIELD["BALPERF"]], fields[ROW_OF_FIELD["BALCCC"]]

    assert (sheet_series(fields, "BALCCC", SheetStatistic.MINIMUM, paths) == performing[:, 2]).all()
    assert (sheet_series(fields, "BALCCC", SheetStatistic.MAXIMUM, paths) == ccc[:, 0]).all()
    assert (sheet_series(fields, "BALCCC", SheetStatistic.MINIMUM, paths, right) == ccc[:, 2]).all()
    assert set(SHEET_FIELDS) <= set(ROW_OF_FIELD)
