"""Date arithmetic on day numbers: calendar months, day counts, business days, asset schedules.

Every day is an int64 count of days since 1970-01-01; functions take and return such numbers. `holidays` is always a
sorted (H,) int64 array, `weekend` a bit mask with bit 0 for Monday (96 = Saturday and Sunday).
"""

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel

DayArray = npt.NDArray[np.int64]

# Values of RollRule, repeated as plain numbers because kernels see no enums' methods.
_UNADJUSTED, _FOLLOWING, _MODIFIED_FOLLOWING, _PREVIOUS, _FOLLOWING_UNLESS_MONTH_END = 0, 1, 2, 3, 4


@kernel
def civil_from_days(day: int) -> tuple[int, int, int]:
    """Year, month and day of month in the proleptic Gregorian calendar."""
    shifted = day + 719468
    era = shifted // 146097
    day_of_era = shifted - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day_of_month = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day_of_month


@kernel
def days_from_civil(year: int, month: int, day_of_month: int) -> int:
    """Day number of a calendar date; the inverse of `civil_from_days`."""
    march_year = year - (1 if month <= 2 else 0)
    era = march_year // 400
    year_of_era = march_year - era * 400
    month_from_march = month - 3 if month > 2 else month + 9
    day_of_year = (153 * month_from_march + 2) // 5 + day_of_month - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146097 + day_of_era - 719468


@kernel
def is_leap_year(year: int) -> bool:
    """Whether the year has a 29 February."""
    return (year % 4 == 0) and (year % 100 != 0 or year % 400 == 0)


@kernel
def month_length(year: int, month: int) -> int:
    """Number of days of a month."""
    if month == 2:
        return 29 if is_leap_year(year) else 28
    if month == 4 or month == 6 or month == 9 or month == 11:
        return 30
    return 31


@kernel
def add_months(day: int, n: int) -> int:
    """The same day of month n months later, or the month's last day where that day does not exist (spec 01 §0.3)."""
    year, month, day_of_month = civil_from_days(day)
    months = year * 12 + month - 1 + n
    new_year = months // 12
    new_month = months - new_year * 12 + 1
    return days_from_civil(new_year, new_month, min(day_of_month, month_length(new_year, new_month)))


@kernel
def end_of_month(day: int) -> int:
    """Last calendar day of the month of `day`."""
    year, month, day_of_month = civil_from_days(day)
    return day - day_of_month + month_length(year, month)


@kernel
def months_apart(a: int, b: int) -> int:
    """Calendar months from a to b, the day of month ignored (spec 01 §6.4)."""
    year_a, month_a, _ = civil_from_days(a)
    year_b, month_b, _ = civil_from_days(b)
    return 12 * (year_b - year_a) + month_b - month_a


@kernel
def days360_us(a: int, b: int) -> int:
    """Days from a to b as Excel's DAYS360, US method; negative where a is after b (spec 01 §2.6)."""
    year_a, month_a, day_a = civil_from_days(a)
    year_b, month_b, day_b = civil_from_days(b)
    if day_a == month_length(year_a, month_a):
        day_a = 30
    if day_b == 31:
        if day_a < 30:
            day_b = 1
            month_b += 1  # month 13 is January of the next year in the difference below
        else:
            day_b = 30
    return 360 * (year_b - year_a) + 30 * (month_b - month_a) + day_b - day_a


@kernel
def days360_eu(a: int, b: int) -> int:
    """Days from a to b as Excel's DAYS360, European method: each 31st counts as the 30th."""
    year_a, month_a, day_a = civil_from_days(a)
    year_b, month_b, day_b = civil_from_days(b)
    return 360 * (year_b - year_a) + 30 * (month_b - month_a) + min(day_b, 30) - min(day_a, 30)


@kernel
def days_between(a: int, b: int, code: int) -> int:
    """Days from a to b in the day count `code`, signed (`Days` of spec 01 §2.6)."""
    if code == 1 or code == 2 or code == 3:
        return b - a
    if code == 4:
        return days360_eu(a, b)
    return days360_us(a, b)


@kernel
def _days_30_360(a: int, b: int) -> int:
    """Days from a to b as Excel's YEARFRAC basis 0 counts them: the first matching rule only (spec 01 §2.5)."""
    year_a, month_a, day_a = civil_from_days(a)
    year_b, month_b, day_b = civil_from_days(b)
    is_a_february_end = month_a == 2 and day_a == month_length(year_a, 2)
    is_b_february_end = month_b == 2 and day_b == month_length(year_b, 2)
    if day_a == 31 and day_b == 31:
        day_a = 30
        day_b = 30
    elif day_a == 31:
        day_a = 30
    elif day_a == 30 and day_b == 31:
        day_b = 30
    elif is_a_february_end and is_b_february_end:
        day_a = 30
        day_b = 30
    elif is_a_february_end:
        day_a = 30
    return 360 * (year_b - year_a) + 30 * (month_b - month_a) + day_b - day_a


@kernel
def _actual_year_length(a: int, b: int) -> float:
    """Length of the year that YEARFRAC basis 1 divides by, for a before b (spec 01 §2.5)."""
    year_a, month_a, day_a = civil_from_days(a)
    year_b, month_b, day_b = civil_from_days(b)
    is_within_a_year = year_a == year_b or (
        year_b == year_a + 1 and (month_a > month_b or (month_a == month_b and day_a >= day_b))
    )
    if not is_within_a_year:
        days = days_from_civil(year_b + 1, 1, 1) - days_from_civil(year_a, 1, 1)
        return days / (year_b - year_a + 1)
    if year_a == year_b:
        return 366.0 if is_leap_year(year_a) else 365.0
    if is_leap_year(year_a) and a <= days_from_civil(year_a, 2, 29):
        return 366.0
    if is_leap_year(year_b) and b >= days_from_civil(year_b, 2, 29):
        return 366.0
    return 365.0


@kernel
def year_fraction(a: int, b: int, code: int) -> float:
    """Years between a and b as Excel's YEARFRAC of basis `code`; never negative, the order does not matter."""
    if a == b:
        return 0.0
    first = min(a, b)
    last = max(a, b)
    if code == 1:
        return (last - first) / _actual_year_length(first, last)
    if code == 2:
        return (last - first) / 360.0
    if code == 3:
        return (last - first) / 365.0
    if code == 4:
        return days360_eu(first, last) / 360.0
    return _days_30_360(first, last) / 360.0


@kernel
def period_rate_from_days(rate: float, days360: int) -> float:
    """Rate of a period of `days360` days from an annual rate: 1 - (1 - rate)^(days360 / 360).

    0 wherever that power does not exist: no days, a negative base with a fractional exponent, zero to a negative
    power, overflow (spec 01 §2.7). A negative number of days gives a negative rate.
    """
    if days360 == 0:
        return 0.0
    exponent = 1.0 / (360.0 / days360)
    base = 1.0 - rate
    if base < 0.0 and exponent != np.floor(exponent):
        return 0.0
    if base == 0.0 and exponent < 0.0:
        return 0.0
    result = 1.0 - base**exponent
    return result if np.isfinite(result) else 0.0


@kernel
def period_rate(rate: float, a: int, b: int) -> float:
    """Rate over [a, b] from an annual rate, always on DAYS360 (P(r; a, b) of spec 01 §2.7)."""
    if a == b:  # DAYS360 of a February end with itself is -2
        return 0.0
    return period_rate_from_days(rate, days360_us(a, b))


@kernel
def is_business_day(day: int, holidays: DayArray, weekend: int) -> bool:
    """Whether `day` is neither on a weekend nor a listed holiday."""
    if (weekend >> ((day + 3) % 7)) & 1:
        return False
    position = np.searchsorted(holidays, day)
    return not (position < holidays.shape[0] and holidays[position] == day)


@kernel
def roll_back(day: int, holidays: DayArray, weekend: int) -> int:
    """Last business day on or before `day`."""
    while not is_business_day(day, holidays, weekend):
        day -= 1
    return day


@kernel
def roll_forward(day: int, holidays: DayArray, weekend: int) -> int:
    """First business day on or after `day`."""
    while not is_business_day(day, holidays, weekend):
        day += 1
    return day


@kernel
def roll(day: int, rule: int, holidays: DayArray, weekend: int) -> int:
    """`day` moved to a business day by a RollRule; a business day stays."""
    if rule == _UNADJUSTED or is_business_day(day, holidays, weekend):
        return day
    if rule == _PREVIOUS:
        return roll_back(day, holidays, weekend)
    if rule == _FOLLOWING_UNLESS_MONTH_END and day == end_of_month(day):
        return roll_back(day, holidays, weekend)
    following = roll_forward(day, holidays, weekend)
    if rule == _MODIFIED_FOLLOWING and following > end_of_month(day):
        return roll_back(day, holidays, weekend)
    return following


@kernel
def previous_business_day(day: int, n: int, is_last_step_unchecked: bool, holidays: DayArray, weekend: int) -> int:
    """The n-th business day before `day`; for n = 0 the last one on or before it.

    is_last_step_unchecked: the walk of LQ-11, which takes the last step back without looking where it lands.
    """
    if not is_business_day(day, holidays, weekend):
        day = roll_back(day, holidays, weekend)
        n -= 1
    if is_last_step_unchecked:
        for _ in range(n):
            day = roll_back(day, holidays, weekend) - 1
    else:
        for _ in range(n):
            day = roll_back(day - 1, holidays, weekend)
    return day


@kernel
def next_business_day(day: int, n: int, holidays: DayArray, weekend: int) -> int:
    """The n-th business day after `day`; for n = 0 the first one on or after it."""
    if not is_business_day(day, holidays, weekend):
        day = roll_forward(day, holidays, weekend)
        n -= 1
    for _ in range(n):
        day = roll_forward(day + 1, holidays, weekend)
    return day


@kernel
def add_business_months(day: int, n: int, rule: int, is_end_of_month: bool, holidays: DayArray, weekend: int) -> int:
    """`day` plus n months, moved to the month's end if asked for, then rolled (spec 01 §2.3)."""
    moved = add_months(day, n)
    if is_end_of_month:
        moved = end_of_month(moved)
    return roll(moved, rule, holidays, weekend)


@kernel
def interest_dates(
    first: int,
    maturity: int,
    months: int,
    rule: int,
    is_end_of_month: bool,
    holidays: DayArray,
    weekend: int,
    dates: DayArray,
) -> int:
    """Interest dates of an asset from its first payment date, as given, to a stub at maturity (spec 01 §2.4).

    dates : (N,) int64, written from the start; `interest_date_bound` gives a sufficient N.
    Returns their number: 0 where the first payment date is not before maturity, -1 for months under 1 or a full array.
    """
    if months < 1:
        return -1
    count = 0
    day = first
    while day < maturity:
        if count + 2 > dates.shape[0]:
            return -1
        dates[count] = day
        count += 1
        day = add_business_months(first, count * months, rule, is_end_of_month, holidays, weekend)
    if count > 0:
        dates[count] = maturity
        count += 1
    return count


@kernel
def interest_date_bound(first: int, maturity: int, months: int) -> int:
    """A number of dates that `interest_dates` never exceeds."""
    return max(0, maturity - first) // (28 * max(1, months)) + 3
