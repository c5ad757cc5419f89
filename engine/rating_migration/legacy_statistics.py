"""What the legacy sheets show of many simulations: figures by date, and the whole paths of three (spec 04 §8.2)."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from engine.modes import Quirk, Quirks
from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.legacy_algebra import LEGACY
from engine.rating_migration.statistics import LegacyPaths, legacy_paths, summarise

Floats = npt.NDArray[np.float64]

SHEET_FIELDS = ("CDR", "NUMPERDEF", "BALPERDEF", "NUMCCC", "BALCCC", "BALPERF", "BALDEF", "BALMAT")
"""The blocks of an all-deals sheet, in its order."""


class SheetStatistic(Enum):
    """The four all-deals sheets, by the legacy model's texts."""

    AVERAGE = "AVERAGE"
    MAXIMUM = "MAX"
    MINIMUM = "MIN"
    MEDIAN = "MEDIAN"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DateFigures:
    """Figures over simulations, (F, T + 1) each in the unit of the field; deviation divides by their number."""

    maximum: Floats
    minimum: Floats
    average: Floats
    median: Floats
    deviation: Floats


@dataclass(frozen=True, slots=True)
class ShownPaths:
    """The simulations that stand for the minimum, the maximum and the median.

    has_equals: whether simulations have the same total, so that the first of them was taken; the legacy model stopped.
    """

    paths: LegacyPaths
    has_equals: bool


def date_figures(fields: Floats, quirks: Quirks = LEGACY) -> DateFigures:
    """Figures of every field and date, fields (F, T + 1, S); the median of 3, 7, 11 ... is one place off (04 Q15)."""
    found = summarise(fields, worst_is_high=True, quirks=quirks)
    return DateFigures(
        maximum=found.of("maximum"),
        minimum=found.of("minimum"),
        average=found.of("mean"),
        median=found.of("p50"),
        deviation=found.of("sd_population"),
    )


def shown_paths(default_balances: Floats, quirks: Quirks = LEGACY) -> ShownPaths:
    """The paths of least, most and median default, from balances in default on the last date by deal (D, S)."""
    totals = default_balances.sum(axis=0)
    return ShownPaths(legacy_paths(totals, quirks), np.unique(totals).size < totals.size)


def sheet_series(
    fields: Floats, field: str, statistic: SheetStatistic, paths: LegacyPaths, quirks: Quirks = LEGACY
) -> Floats:
    """One block of a deal on an all-deals sheet, (T + 1,), of its fields (N_FIELDS, T + 1, S).

    The average is that of each date, the others are the whole path of one simulation. The balance of CCC on the sheet
    of the minimum is the performing balance (04 Q16).
    """
    is_minimum = statistic is SheetStatistic.MINIMUM
    if is_minimum and field == "BALCCC" and Quirk.CCC_OF_MINIMUM_IS_PERFORMING in quirks:
        field = "BALPERF"
    values: Floats = fields[ROW_OF_FIELD[field]]
    if statistic is SheetStatistic.AVERAGE:
        return np.asarray(values.mean(axis=-1))
    chosen = {
        SheetStatistic.MINIMUM: paths.minimum,
        SheetStatistic.MAXIMUM: paths.maximum,
        SheetStatistic.MEDIAN: paths.median,
    }[statistic]
    return np.asarray(values[:, chosen])
