"""Business calendars: weekends and a list of holidays (spec 01 §2.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from engine.conventions import kernels
from engine.conventions.days import DayArray, day_array, day_number
from engine.errors import InputError

SATURDAY_AND_SUNDAY = 0b1100000
EVERY_DAY = 0b1111111


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Days on which nothing is paid.

    holidays: (H,) int64 day numbers, sorted, read-only. weekend: bit mask, bit 0 = Monday.
    """

    holidays: DayArray
    weekend: int = SATURDAY_AND_SUNDAY

    def __post_init__(self) -> None:
        if not 0 <= self.weekend < EVERY_DAY:
            raise InputError(
                "CLO-1003", f"Weekend mask {self.weekend} leaves no working day", remedy="Leave at least one bit unset."
            )
        holidays = np.unique(np.asarray(self.holidays, dtype=np.int64))
        holidays.setflags(write=False)
        object.__setattr__(self, "holidays", holidays)

    @classmethod
    def of(cls, holidays: Iterable[date], weekend: int = SATURDAY_AND_SUNDAY) -> "Calendar":
        """Calendar of a holiday list in any order; a repeated date counts once."""
        return cls(day_array(holidays), weekend)

    def is_business_day(self, on: date) -> bool:
        """Whether `on` is neither on a weekend nor a holiday."""
        return bool(kernels.is_business_day(day_number(on), self.holidays, self.weekend))


WEEKENDS_ONLY = Calendar(np.empty(0, dtype=np.int64))


def us_bank_holidays(first_year: int, last_year: int) -> tuple[date, ...]:
    """Holidays of the Federal Reserve Bank of New York, both years included, in date order.

    A holiday on a Sunday is kept on the Monday after; one on a Saturday is not moved (the rule of the Reserve Banks).
    """
    # Imported here because loading the country tables costs more than most runs that bring their own list.
    from holidays import country_holidays

    federal = country_holidays("US", years=range(first_year, last_year + 1), observed=False)
    return tuple(sorted(on + timedelta(days=1) if on.weekday() == 6 else on for on in federal))


def us_bank_calendar(first_year: int, last_year: int) -> Calendar:
    """Calendar of `us_bank_holidays`, for users without a holiday list of their own."""
    return Calendar.of(us_bank_holidays(first_year, last_year))
