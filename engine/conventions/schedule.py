"""Schedules: the interest dates of an asset and the payment periods of a deal."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.conventions import kernels
from engine.conventions.business_day import BusinessDayConvention, RollRule, interest_roll_rule, payment_roll_rule
from engine.conventions.calendar import Calendar
from engine.conventions.days import NO_DAY, DayArray, day_number
from engine.errors import InputError
from engine.modes import Quirk, Quirks


def interest_dates(
    first_payment: date,
    maturity: date,
    months: int,
    convention: BusinessDayConvention,
    calendar: Calendar,
    quirks: Quirks = frozenset(),
    *,
    is_end_of_month: bool = False,
) -> DayArray:
    """Interest dates of an asset as ascending day numbers, the last one its maturity (spec 01 §2.4).

    maturity is taken as adjusted. Where the first payment is not before maturity there is the maturity alone, and
    nothing under LQ-09.
    """
    if months < 1:
        raise InputError("CLO-1004", f"{months} months between payments", remedy="Give a frequency of 1 to 12 a year.")
    first, last = day_number(first_payment), day_number(maturity)
    rule = int(interest_roll_rule(convention, quirks))
    dates = np.empty(kernels.interest_date_bound(first, last, months), dtype=np.int64)
    count = kernels.interest_dates(
        first, last, months, rule, is_end_of_month, calendar.holidays, calendar.weekend, dates
    )
    if count == 0 and Quirk.NO_ROWS_CRASH not in quirks:
        return np.array([last], dtype=np.int64)
    return dates[:count].copy()


@dataclass(frozen=True, slots=True, eq=False)
class DealSchedule:
    """Payment periods of a deal still to come (spec 02 §2.2), as day numbers.

    All arrays have N + 1 rows; row i is period i, row 0 the payment before. payment[0] and collection_end[0] are
    NO_DAY where the first period is the deal's first; interest_determination[0] and collection_begin[0] always are.
    A collection period is (collection_begin, collection_end].
    """

    payment: DayArray
    interest_determination: DayArray
    collection_begin: DayArray
    collection_end: DayArray

    @property
    def n_periods(self) -> int:
        """Number of payments to come."""
        return int(self.payment.shape[0]) - 1

    @property
    def has_previous_payment(self) -> bool:
        """Whether the deal has paid before."""
        return bool(self.payment[0] != NO_DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class DealScheduleTerms:
    """What a deal's documents say about its payment dates; lags in business days before the payment."""

    closing: date
    first_payment: date
    maturity: date
    payment_day: int
    months_between_payments: int
    interest_determination_days: int
    determination_days: int
    convention: BusinessDayConvention


def deal_schedule(
    terms: DealScheduleTerms, as_of: date, calendar: Calendar, quirks: Quirks = frozenset()
) -> DealSchedule:
    """Periods of a deal whose payments lie after `as_of` and not after maturity.

    Both limits compare adjusted dates; under DQ-04 the dates before adjustment. Raises InputError where no payment is
    left, or a month has no such payment day.
    """
    rule = payment_roll_rule(terms.convention, quirks)
    unadjusted, payment = _payment_grid(terms, rule, calendar)
    analysis, maturity = day_number(as_of), day_number(terms.maturity)
    if Quirk.UNADJUSTED_SCHEDULE_TESTS in quirks:
        is_kept = (unadjusted > analysis) & (unadjusted <= maturity)
    else:
        last = max(maturity, kernels.roll(maturity, int(rule), calendar.holidays, calendar.weekend))
        is_kept = (payment > analysis) & (payment <= last)
    kept = np.flatnonzero(is_kept)
    if kept.size == 0:
        raise InputError(
            "CLO-1005",
            f"A deal maturing {terms.maturity} has no payment after {as_of}",
            remedy="Check first payment date, maturity and analysis date.",
        )
    first = int(kept[0])
    return _periods(
        payment[first : kept[-1] + 1], int(payment[first - 1]) if first else NO_DAY, terms, calendar, quirks
    )


def _payment_grid(terms: DealScheduleTerms, rule: RollRule, calendar: Calendar) -> tuple[DayArray, DayArray]:
    """Every payment day from the first to just past maturity: as the documents count them, and adjusted."""
    months = terms.months_between_payments
    if months < 1:
        raise InputError("CLO-1004", f"{months} months between payments", remedy="Give at least one month.")
    try:
        anchor = day_number(terms.first_payment.replace(day=terms.payment_day))
    except ValueError as error:
        raise InputError(
            "CLO-1006",
            f"{terms.first_payment:%B %Y} has no day {terms.payment_day}",
            remedy="Choose a payment day of 1 to 28, or the first payment's own day.",
        ) from error
    end = day_number(terms.maturity)
    days: list[int] = []
    while (day := kernels.add_months(anchor, len(days) * months)) <= end:
        days.append(day)
    unadjusted = np.array(days, dtype=np.int64)
    adjusted = np.array(
        [kernels.roll(day, int(rule), calendar.holidays, calendar.weekend) for day in days], dtype=np.int64
    )
    return unadjusted, adjusted


def _periods(
    payments: DayArray, previous: int, terms: DealScheduleTerms, calendar: Calendar, quirks: Quirks
) -> DealSchedule:
    """Determination and collection dates around the payments; `previous` is the payment before, or NO_DAY."""
    is_unchecked = Quirk.PREV_BUSINESS_OFF in quirks

    def business_days_before(day: int, n: int) -> int:
        return int(kernels.previous_business_day(day, n, is_unchecked, calendar.holidays, calendar.weekend))

    payment = np.concatenate((np.array([previous], dtype=np.int64), payments))
    collection_end = np.full_like(payment, NO_DAY)
    interest_determination = np.full_like(payment, NO_DAY)
    collection_begin = np.full_like(payment, NO_DAY)
    closing = day_number(terms.closing)
    for i, day in enumerate(payment.tolist()):
        if day == NO_DAY:
            continue
        collection_end[i] = business_days_before(day, terms.determination_days)
        if i == 0:
            continue
        is_first_of_deal = payment[i - 1] == NO_DAY
        collection_begin[i] = closing if is_first_of_deal else collection_end[i - 1]
        interest_determination[i] = (
            closing
            if is_first_of_deal
            else business_days_before(int(payment[i - 1]), terms.interest_determination_days)
        )
    for days in (payment, interest_determination, collection_begin, collection_end):
        days.setflags(write=False)
    return DealSchedule(payment, interest_determination, collection_begin, collection_end)
