"""Day counts: the five Excel bases, their spellings and fractions (spec 01 §2.5, §2.6)."""

from datetime import date
from enum import IntEnum

from engine.conventions import kernels
from engine.conventions.days import day_number
from engine.errors import InputError
from engine.modes import Quirk, Quirks


class DayCount(IntEnum):
    """Codes of Excel's YEARFRAC."""

    THIRTY_360_US = 0
    ACTUAL_ACTUAL = 1
    ACTUAL_360 = 2
    ACTUAL_365 = 3
    THIRTY_360_EU = 4


_BY_SPELLING = {
    "30/360": DayCount.THIRTY_360_US,
    "ACTUAL/ACTUAL": DayCount.ACTUAL_ACTUAL,
    "ACTUAL/360": DayCount.ACTUAL_360,
    "ACT360": DayCount.ACTUAL_360,
    "ACTUAL/365": DayCount.ACTUAL_365,
    "ACT365": DayCount.ACTUAL_365,
    "30/360EU": DayCount.THIRTY_360_EU,
}


def parse_day_count(text: str, quirks: Quirks = frozenset()) -> DayCount:
    """The day count of a text, in any case.

    Blanks around it do not matter in standard mode. An unknown text is an InputError there and 30/360 under LQ-08.
    """
    if Quirk.UNKNOWN_DAYCOUNT_30_360 in quirks:
        return _BY_SPELLING.get(text.upper(), DayCount.THIRTY_360_US)
    known = _BY_SPELLING.get(text.strip().upper())
    if known is None:
        raise InputError(
            "CLO-1001", f"Day count {text!r} is not known", remedy=f"Use one of {', '.join(_BY_SPELLING)}."
        )
    return known


def year_fraction(start: date, end: date, day_count: DayCount) -> float:
    """Years between two dates as Excel's YEARFRAC; never negative."""
    return float(kernels.year_fraction(day_number(start), day_number(end), int(day_count)))


def days(start: date, end: date, day_count: DayCount) -> int:
    """Days from start to end in the day count, signed: DAYS360 for the 30/360 counts, else calendar days."""
    return int(kernels.days_between(day_number(start), day_number(end), int(day_count)))


def days360(start: date, end: date, *, is_european: bool = False) -> int:
    """Days from start to end as Excel's DAYS360."""
    count = kernels.days360_eu if is_european else kernels.days360_us
    return int(count(day_number(start), day_number(end)))


def period_rate(annual_rate: float, start: date, end: date) -> float:
    """Rate over [start, end] from an annual decimal, 0 where the conversion has no value (spec 01 §2.7)."""
    return float(kernels.period_rate(annual_rate, day_number(start), day_number(end)))
