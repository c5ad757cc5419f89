"""Day numbers: days since 1970-01-01 as int64, the one form of a date inside arrays and kernels."""

from collections.abc import Iterable
from datetime import date

import numpy as np
import numpy.typing as npt

DayArray = npt.NDArray[np.int64]

NO_DAY = int(np.iinfo(np.int64).min)
"""The day number of a date that does not exist; numpy's NaT."""

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def day_number(value: date) -> int:
    """Days from 1970-01-01 to `value`."""
    return value.toordinal() - _EPOCH_ORDINAL


def to_date(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(int(day) + _EPOCH_ORDINAL)


def day_array(values: Iterable[date]) -> DayArray:
    """Day numbers of dates, in their order."""
    return np.array([day_number(value) for value in values], dtype=np.int64)


def to_dates(days: DayArray) -> tuple[date, ...]:
    """Dates of day numbers, in their order."""
    return tuple(to_date(day) for day in days.tolist())
