"""Date arithmetic of swaps on day numbers: good days of joint calendars, adjustment, day counts (spec 07 §6).

Every day is an int64 count of days since 1970-01-01. A result of NO_DAY, or NaN for a year fraction, says that the
input lies outside the calendar or that a code is unknown; the layer above names the error.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.conventions.kernels import add_months, civil_from_days, days_from_civil, end_of_month, is_leap_year
from engine.numerics import kernel

NO_DAY = -(2**63)

# Positions in BusinessDayConvention and in DayCount, repeated as plain numbers because kernels see no enums' methods.
_FOLLOWING, _MODFOLLOWING, _PRECEDING, _MODPRECEDING, _NEAREST, _FRN = 0, 1, 2, 3, 4, 5
_UNADJUSTED, _NOT_APPLICABLE = 6, 7
_ACT_360, _ACT_364, _ACT_365_FIXED, _ACT_365L, _ACT_ACT_ISDA, _ACT_ACT_ICMA = 0, 1, 2, 3, 4, 5
_THIRTY_360, _THIRTY_E_360, _THIRTY_E_360_ISDA, _BUS_252, _ONE = 6, 7, 8, 9, 10


class GoodDays(NamedTuple):
    """One calendar, joint or not, over the day range [first_day, first_day + D).

    good   : (D,) uint8, 1 where the day is good
    before : (D + 1,) int64, number of good days before first_day + i
    days   : (G,) int64, the good days themselves, sorted
    """

    first_day: int
    good: npt.NDArray[np.uint8]
    before: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]


@kernel
def is_good(day: int, calendar: GoodDays) -> bool:
    """Whether `day` is a good day; no day outside the range is."""
    position = day - calendar.first_day
    return 0 <= position < calendar.good.shape[0] and calendar.good[position] == 1


@kernel
def next_good(day: int, calendar: GoodDays) -> int:
    """First good day on or after `day`, NO_DAY outside the range."""
    position = day - calendar.first_day
    if position < 0 or position >= calendar.good.shape[0]:
        return NO_DAY
    rank = calendar.before[position]
    return calendar.days[rank] if rank < calendar.days.shape[0] else NO_DAY


@kernel
def previous_good(day: int, calendar: GoodDays) -> int:
    """Last good day on or before `day`, NO_DAY outside the range."""
    position = day - calendar.first_day
    if position < 0 or position >= calendar.good.shape[0]:
        return NO_DAY
    rank = calendar.before[position + 1] - 1
    return calendar.days[rank] if rank >= 0 else NO_DAY


@kernel
def add_good_days(day: int, n: int, calendar: GoodDays) -> int:
    """The n-th good day after `day`, for negative n before it; for n = 0 `day` itself where good, else the next one."""
    position = day - calendar.first_day
    if position < 0 or position >= calendar.good.shape[0]:
        return NO_DAY
    rank = calendar.before[position + 1] + n - 1 if n > 0 else calendar.before[position] + n
    return calendar.days[rank] if 0 <= rank < calendar.days.shape[0] else NO_DAY


@kernel
def good_days_between(a: int, b: int, calendar: GoodDays) -> int:
    """Number of good days in [a, b), negative where b is before a; NO_DAY outside the range."""
    n_days = calendar.good.shape[0]
    first = a - calendar.first_day
    last = b - calendar.first_day
    if first < 0 or last < 0 or first > n_days or last > n_days:
        return NO_DAY
    return calendar.before[last] - calendar.before[first]


@kernel
def last_good_of_month(day: int, calendar: GoodDays) -> int:
    """Last good day of the month of `day`, NO_DAY outside the range."""
    return previous_good(end_of_month(day), calendar)


@kernel
def _modified_following(day: int, calendar: GoodDays) -> int:
    following = next_good(day, calendar)
    if following > end_of_month(day):
        return previous_good(day, calendar)
    return following


@kernel
def adjust(day: int, convention: int, previous_roll: int, calendar: GoodDays) -> int:
    """`day` moved to a good day (spec 07 §6.2); a good day stays, except under FRN.

    convention    : position of the BusinessDayConvention; another number gives NO_DAY
    previous_roll : for FRN, the adjusted roll before this one, NO_DAY where there is none: when it is the last good
                    day of its month, `day` becomes the last good day of its own
    """
    if convention in (_UNADJUSTED, _NOT_APPLICABLE):
        return day
    if convention == _FRN:
        if previous_roll != NO_DAY and previous_roll == last_good_of_month(previous_roll, calendar):
            return last_good_of_month(day, calendar)
        return _modified_following(day, calendar)
    if convention == _FOLLOWING:
        return next_good(day, calendar)
    if convention == _MODFOLLOWING:
        return _modified_following(day, calendar)
    if convention == _PRECEDING:
        return previous_good(day, calendar)
    if convention == _MODPRECEDING:
        preceding = previous_good(day, calendar)
        year, month, _ = civil_from_days(day)
        if preceding < days_from_civil(year, month, 1):
            return next_good(day, calendar)
        return preceding
    if convention == _NEAREST:
        weekday = (day + 3) % 7
        if weekday == 6 or weekday == 0:
            return next_good(day, calendar)
        return previous_good(day, calendar)
    return NO_DAY


@kernel
def adjust_days(
    days: npt.NDArray[np.int64], convention: int, calendar: GoodDays, adjusted: npt.NDArray[np.int64]
) -> None:
    """`adjust` for each of many unrelated days, which therefore have no previous roll.

    days     : (N,) int64
    adjusted : (N,) int64, written
    """
    for i in range(days.shape[0]):
        adjusted[i] = adjust(days[i], convention, NO_DAY, calendar)


@kernel
def _is_february_end(day: int) -> bool:
    _, month, _ = civil_from_days(day)
    return month == 2 and day == end_of_month(day)


@kernel
def _days_30_360(a: int, b: int, code: int, is_termination: bool) -> int:
    """Days from a to b in one of the three 30/360 rules of spec 07 §6.4."""
    year_a, month_a, day_a = civil_from_days(a)
    year_b, month_b, day_b = civil_from_days(b)
    if code == _THIRTY_360:
        if day_b == 31 and day_a > 29:
            day_b = 30
        day_a = min(day_a, 30)
    else:
        day_a = min(day_a, 30)
        day_b = min(day_b, 30)
        if code == _THIRTY_E_360_ISDA:
            if _is_february_end(a):
                day_a = 30
            if _is_february_end(b) and not is_termination:
                day_b = 30
    return 360 * (year_b - year_a) + 30 * (month_b - month_a) + day_b - day_a


@kernel
def _actual_actual_isda(a: int, b: int) -> float:
    """Days in leap years over 366 plus the other days over 365, split at 1 January."""
    year_a, _, _ = civil_from_days(a)
    year_b, _, _ = civil_from_days(b)
    n_leap = 0
    for year in range(year_a, year_b + 1):
        if is_leap_year(year):
            n_leap += min(b, days_from_civil(year + 1, 1, 1)) - max(a, days_from_civil(year, 1, 1))
    return n_leap / 366.0 + (b - a - n_leap) / 365.0


@kernel
def _regular_boundary(period_start: int, period_end: int, months: int, k: int) -> int:
    """Start of the k-th notional regular period; k = 0 is the given one, k = 1 its end.

    Where both given days end their months all boundaries do; else they keep the later day of month of the two, because
    the earlier may have been clipped by a short month.
    """
    if k == 0:
        return period_start
    if k == 1:
        return period_end
    moved = add_months(period_start, k * months)
    last = end_of_month(moved)
    if period_start == end_of_month(period_start) and period_end == end_of_month(period_end):
        return last
    _, _, day_start = civil_from_days(period_start)
    _, _, day_end = civil_from_days(period_end)
    _, _, day_moved = civil_from_days(moved)
    return min(last, moved - day_moved + max(day_start, day_end))


@kernel
def _actual_actual_icma(a: int, b: int, period_start: int, period_end: int, periods_per_year: int) -> float:
    """Days over the length of the regular period times periods a year, each notional period for itself."""
    if periods_per_year < 1 or 12 % periods_per_year != 0 or period_end <= period_start:
        return np.nan
    months = 12 // periods_per_year
    k = 0
    while _regular_boundary(period_start, period_end, months, k) > a:
        k -= 1
    years = 0.0
    start = _regular_boundary(period_start, period_end, months, k)
    while start < b:
        end = _regular_boundary(period_start, period_end, months, k + 1)
        n = min(b, end) - max(a, start)
        if n > 0:
            years += n / ((end - start) * periods_per_year)
        k += 1
        start = end
    return years


@kernel
def day_count_fraction(
    a: int,
    b: int,
    code: int,
    is_termination: bool,
    period_start: int,
    period_end: int,
    periods_per_year: int,
    calendar: GoodDays,
) -> float:
    """Years from a to b in a day count (spec 07 §6.4); 0 where a = b.

    code             : position of the DayCount
    is_termination   : b is the termination date (30E/360.ISDA only)
    period_start/end : regular period around or beside [a, b), with periods_per_year (ACT/ACT.ICMA only)
    calendar         : good days (BUS/252 only)
    Returns NaN where a is after b, for an unknown code, without a regular period or outside the calendar.
    """
    if a == b:
        return 0.0
    if a > b:
        return np.nan
    if code == _ACT_360:
        return (b - a) / 360.0
    if code == _ACT_364:
        return (b - a) / 364.0
    if code == _ACT_365_FIXED:
        return (b - a) / 365.0
    if code == _ACT_365L:
        year_b, _, _ = civil_from_days(b)
        return (b - a) / (366.0 if is_leap_year(year_b) else 365.0)
    if code == _ACT_ACT_ISDA:
        return _actual_actual_isda(a, b)
    if code == _ACT_ACT_ICMA:
        return _actual_actual_icma(a, b, period_start, period_end, periods_per_year)
    if code in (_THIRTY_360, _THIRTY_E_360, _THIRTY_E_360_ISDA):
        return _days_30_360(a, b, code, is_termination) / 360.0
    if code == _BUS_252:
        n = good_days_between(a, b, calendar)
        return np.nan if n == NO_DAY else n / 252.0
    if code == _ONE:
        return 1.0
    return np.nan


@kernel
def day_count_fractions(
    a: npt.NDArray[np.int64],
    b: npt.NDArray[np.int64],
    code: int,
    termination: int,
    period_start: npt.NDArray[np.int64],
    period_end: npt.NDArray[np.int64],
    periods_per_year: int,
    calendar: GoodDays,
    fractions: npt.NDArray[np.float64],
) -> None:
    """`day_count_fraction` of many intervals.

    a, b             : (N,) int64
    termination      : the termination date, NO_DAY where there is none
    period_start/end : (N,) int64, or (0,) where the day count asks for no regular period
    fractions        : (N,) float64, written
    """
    has_periods = period_start.shape[0] > 0
    for i in range(a.shape[0]):
        fractions[i] = day_count_fraction(
            a[i],
            b[i],
            code,
            b[i] == termination,
            period_start[i] if has_periods else 0,
            period_end[i] if has_periods else 0,
            periods_per_year,
            calendar,
        )
