"""Year fractions of the CDM's day counts (spec 07 §6.4)."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.conventions.days import DayArray, day_array, day_number
from engine.errors import InputError
from engine.payouts import kernels_dates as kernels
from engine.payouts.dates.calendars import FIRST_DATE, LAST_DATE, JointCalendar
from engine.payouts.enums import DayCount
from engine.payouts.kernels_dates import NO_DAY, GoodDays

DAY_COUNT_CODES: dict[DayCount, int] = {day_count: code for code, day_count in enumerate(DayCount)}
"""Codes of the day counts in kernels: their positions in the enum."""

NO_GOOD_DAYS = GoodDays(0, np.empty(0, dtype=np.uint8), np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64))
"""What kernels get as calendar where the day count asks for none."""

for _array in NO_GOOD_DAYS[1:]:  # as in every calendar: kernels compile once more for arrays that may be written
    _array.setflags(write=False)

_NO_PERIODS: DayArray = np.empty(0, dtype=np.int64)


def year_fraction(
    start: date,
    end: date,
    day_count: DayCount,
    *,
    termination: date | None = None,
    period: tuple[date, date] | None = None,
    periods_per_year: int | None = None,
    calendar: JointCalendar | None = None,
) -> float:
    """Years in [start, end), 0 where they are equal.

    termination: last day of the contract, which 30E/360.ISDA does not move out of February. period and
    periods_per_year: regular period of ACT/ACT.ICMA around the dates, or beside them for a stub, and 1, 2, 3, 4, 6 or
    12. calendar: of BUS/252. Raises InputError CLO-1914 where one of them is missing or `end` is before `start`.
    """
    _require(start, end, day_count, period, periods_per_year, calendar)
    first, last = period or (start, end)
    return float(
        kernels.day_count_fraction(
            day_number(start),
            day_number(end),
            DAY_COUNT_CODES[day_count],
            end == termination,
            day_number(first),
            day_number(last),
            periods_per_year or 0,
            NO_GOOD_DAYS if calendar is None else calendar.good_days,
        )
    )


def accumulated_fractions(
    start: date,
    ends: Sequence[date],
    day_count: DayCount,
    *,
    termination: date | None = None,
    period: tuple[date, date] | None = None,
    periods_per_year: int | None = None,
    calendar: JointCalendar | None = None,
) -> npt.NDArray[np.float64]:
    """Years from `start` to each of `ends`, (N,) float64; differences of neighbours are the daily accrual factors.

    The factors of a period therefore add up to its year fraction in every day count (spec 07 §15). Arguments and
    errors as in `year_fraction`.
    """
    for end in (min(ends, default=start), max(ends, default=start)):
        _require(start, end, day_count, period, periods_per_year, calendar)
    days = day_array(ends)
    starts = np.full(days.shape, day_number(start), dtype=np.int64)
    fractions = np.empty(days.shape, dtype=np.float64)
    bounds = (_NO_PERIODS, _NO_PERIODS)
    if period is not None:
        bounds = (np.full_like(days, day_number(period[0])), np.full_like(days, day_number(period[1])))
    kernels.day_count_fractions(
        starts,
        days,
        DAY_COUNT_CODES[day_count],
        NO_DAY if termination is None else day_number(termination),
        *bounds,
        periods_per_year or 0,
        NO_GOOD_DAYS if calendar is None else calendar.good_days,
        fractions,
    )
    return fractions


def _require(
    start: date,
    end: date,
    day_count: DayCount,
    period: tuple[date, date] | None,
    periods_per_year: int | None,
    calendar: JointCalendar | None,
) -> None:
    if end < start:
        raise _error(day_count, f"the end {end} is before the start {start}", "Put the dates in order.")
    if day_count is DayCount.ACT_ACT_ICMA:
        if period is None or periods_per_year is None:
            raise _error(day_count, "there is no regular period", "Give the period and the periods a year.")
        if period[1] <= period[0]:
            raise _error(day_count, f"the regular period {period[0]} to {period[1]} is empty", "Correct the period.")
        if periods_per_year < 1 or 12 % periods_per_year:
            raise _error(
                day_count, f"{periods_per_year} periods a year are no whole months", "Use 1, 2, 3, 4, 6 or 12."
            )
    if day_count is DayCount.BUS_252:
        if calendar is None:
            raise _error(day_count, "there is no calendar", "Name the business centers.")
        if not FIRST_DATE <= start <= end <= LAST_DATE:
            raise _error(day_count, f"{start} to {end} leaves the calendar", f"It holds {FIRST_DATE} to {LAST_DATE}.")


def _error(day_count: DayCount, problem: str, remedy: str) -> InputError:
    return InputError("CLO-1914", f"No year fraction in {day_count.value}: {problem}", remedy=remedy)
