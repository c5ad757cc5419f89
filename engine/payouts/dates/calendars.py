"""Calendars of business centers and exchanges, alone and joint (spec 07 §6.1).

A center is known by its FpML code (USNY), an exchange by its MIC (XNYS); both are entries of one mapping. A day is good
when it is good in all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from engine.closest import did_you_mean
from engine.conventions.calendar import WEEKENDS_ONLY, Calendar
from engine.conventions.days import day_array, day_number, to_date
from engine.errors import InputError
from engine.payouts import kernels_dates as kernels
from engine.payouts.enums import BusinessDayConvention
from engine.payouts.kernels_dates import NO_DAY, GoodDays

FIRST_DATE = date(1990, 1, 1)
LAST_DATE = date(2060, 12, 31)
_FIRST_DAY = day_number(FIRST_DATE)
_N_DAYS = day_number(LAST_DATE) - _FIRST_DAY + 1

CONVENTION_CODES: dict[BusinessDayConvention, int] = {
    convention: code for code, convention in enumerate(BusinessDayConvention)
}
"""Codes of the conventions in kernels: their positions in the enum."""

DEFAULT_CENTERS: dict[str, tuple[str, ...]] = {
    "USD": ("USNY",),
    "EUR": ("EUTA",),
    "GBP": ("GBLO",),
    "JPY": ("JPTO",),
    "HKD": ("HKHK",),
    "KRW": ("KRSE",),
    "CHF": ("CHZU",),
    "AUD": ("AUSY",),
    "CAD": ("CATO",),
    "SEK": ("SEST",),
    "NOK": ("NOOS",),
    "DKK": ("DKCO",),
    "SGD": ("SGSI",),
    "NZD": ("NZAU",),
}
"""Where payments in a currency are made when the contract names no center."""


@dataclass(frozen=True, slots=True, eq=False)
class JointCalendar:
    """Good days of several centers together, between FIRST_DATE and LAST_DATE; `good_days` is what kernels take.

    Every method raises InputError CLO-1912 for a date, or a result, outside that range.
    """

    centers: tuple[str, ...]
    good_days: GoodDays = field(repr=False)

    @classmethod
    def of(cls, centers: tuple[str, ...], calendars: Iterable[Calendar]) -> "JointCalendar":
        """The days that are good in all `calendars`; weekends and holidays of each are bad."""
        days = np.arange(_FIRST_DAY, _FIRST_DAY + _N_DAYS, dtype=np.int64)
        good = np.ones(_N_DAYS, dtype=np.uint8)
        for calendar in calendars:
            good[(calendar.weekend >> ((days + 3) % 7)) & 1 == 1] = 0
            within = (calendar.holidays >= _FIRST_DAY) & (calendar.holidays < _FIRST_DAY + _N_DAYS)
            good[calendar.holidays[within] - _FIRST_DAY] = 0
        before = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(good, dtype=np.int64)))
        good_days = GoodDays(_FIRST_DAY, good, before, days[good == 1])
        for array in good_days[1:]:
            array.setflags(write=False)
        return cls(centers, good_days)

    def is_good(self, on: date) -> bool:
        """Whether `on` is a good day."""
        self._checked(on)
        return bool(kernels.is_good(day_number(on), self.good_days))

    def adjust(self, on: date, convention: BusinessDayConvention, previous_roll: date | None = None) -> date:
        """`on` moved to a good day; FRN looks at the adjusted roll before (spec 07 §6.2)."""
        if convention in (BusinessDayConvention.NONE, BusinessDayConvention.NOT_APPLICABLE):
            return on
        previous = NO_DAY if previous_roll is None else day_number(previous_roll)
        return self._date(on, kernels.adjust(day_number(on), CONVENTION_CODES[convention], previous, self.good_days))

    def add_business_days(self, on: date, n: int) -> date:
        """The n-th good day after `on`, before it for negative n; n = 0 gives `on` or the next good day."""
        return self._date(on, kernels.add_good_days(day_number(on), n, self.good_days))

    def next_good(self, on: date) -> date:
        """First good day on or after `on`."""
        return self._date(on, kernels.next_good(day_number(on), self.good_days))

    def previous_good(self, on: date) -> date:
        """Last good day on or before `on`."""
        return self._date(on, kernels.previous_good(day_number(on), self.good_days))

    def business_days_between(self, start: date, end: date) -> int:
        """Number of good days in [start, end), negative where `end` is before `start`."""
        self._checked(start)
        self._checked(end)
        return int(kernels.good_days_between(day_number(start), day_number(end), self.good_days))

    def _date(self, asked: date, day: int) -> date:
        self._checked(asked)
        if day == NO_DAY:
            raise _outside(f"A date counted from {asked}")
        return to_date(day)

    def _checked(self, on: date) -> None:
        if not FIRST_DATE <= on <= LAST_DATE:
            raise _outside(str(on))


def _outside(what: str) -> InputError:
    return InputError(
        "CLO-1912",
        f"{what} lies outside the calendars, which hold {FIRST_DATE} to {LAST_DATE}",
        remedy="Correct the date.",
    )


@dataclass(frozen=True, slots=True, eq=False)
class CenterCalendars:
    """Calendars by code of center or exchange, as the storage layer loaded them.

    Joint calendars are made once and kept; the kept ones are no part of the value.
    """

    holidays: Mapping[str, Calendar]
    _joint: dict[tuple[str, ...], JointCalendar] = field(default_factory=dict, init=False, repr=False)

    def __contains__(self, center: object) -> bool:
        return center in self.holidays

    def joint(self, centers: Iterable[str]) -> JointCalendar:
        """The calendar on which all `centers` are open; without any center Monday to Friday are good.

        Order and repetition of the centers do not matter. Raises InputError CLO-1911 naming the known centers.
        """
        key = tuple(sorted(set(centers)))
        found = self._joint.get(key)
        if found is None:
            calendars = [self._calendar(center) for center in key] or [WEEKENDS_ONLY]
            found = self._joint.setdefault(key, JointCalendar.of(key, calendars))
        return found

    def _calendar(self, center: str) -> Calendar:
        try:
            return self.holidays[center]
        except KeyError:
            known = sorted(self.holidays)
            listed = f"Known are {', '.join(known)}." if known else "No calendar is loaded."
            raise InputError(
                "CLO-1911", f"Business center {center!r} is not known", remedy=did_you_mean(center, known, listed)
            ) from None


def closed_weekdays(sessions: Iterable[date]) -> tuple[date, ...]:
    """Holidays of an exchange: Mondays to Fridays without a session, from the first to the last session.

    Before and after, where the exchange says nothing, Monday to Friday are good. Raises InputError CLO-4115 for a
    session on a weekend, which a calendar of holidays cannot hold.
    """
    days = np.unique(day_array(sessions))
    weekend = days[(days + 3) % 7 >= 5]
    if weekend.size:
        raise InputError(
            "CLO-4115",
            f"There is a session on {to_date(weekend[0])}, a weekend day",
            remedy="Leave the exchange out; its swaps then count their days in business centers alone.",
        )
    every = np.arange(days[0], days[-1] + 1) if days.size else days
    weekdays = every[(every + 3) % 7 < 5]
    return tuple(to_date(day) for day in weekdays[~np.isin(weekdays, days)])
