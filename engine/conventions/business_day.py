"""Moving dates to business days (spec 01 §2.2, §2.3; spec 02 §2.1).

The quirks of the legacy rules (LQ-11 to LQ-15) are settled here: a convention and a set of quirks give one RollRule,
and the kernels know rules only.
"""

from datetime import date
from enum import Enum, IntEnum

from engine.conventions import kernels
from engine.conventions.calendar import Calendar
from engine.conventions.days import day_number, to_date
from engine.errors import InputError
from engine.modes import Quirk, Quirks


class BusinessDayConvention(Enum):
    """What the documents say about a payment date that is no business day."""

    NONE = "NONE"
    FOLLOWING = "FOLLOWING"
    MODIFIED_FOLLOWING = "MOD FOLLOWING"
    PREVIOUS = "PREVIOUS"


class RollRule(IntEnum):
    """What a kernel does with a day that is no business day.

    FOLLOWING_UNLESS_MONTH_END is the legacy Modified Following, which goes back only from a month's last calendar day
    (LQ-13).
    """

    UNADJUSTED = 0
    FOLLOWING = 1
    MODIFIED_FOLLOWING = 2
    PREVIOUS = 3
    FOLLOWING_UNLESS_MONTH_END = 4


_LEGACY_SPELLINGS = {
    "FOLLOWING": BusinessDayConvention.FOLLOWING,
    "MOD FOLLOWING": BusinessDayConvention.MODIFIED_FOLLOWING,
    "PREVIOUS": BusinessDayConvention.PREVIOUS,
}
_SPELLINGS = _LEGACY_SPELLINGS | {
    "MODIFIED FOLLOWING": BusinessDayConvention.MODIFIED_FOLLOWING,
    "": BusinessDayConvention.NONE,
    "NONE": BusinessDayConvention.NONE,
    "UNADJUSTED": BusinessDayConvention.NONE,
}


def parse_business_day_convention(text: str, quirks: Quirks = frozenset()) -> BusinessDayConvention:
    """The convention of a text, in any case; blank is NONE.

    An unknown text is an InputError in standard mode and NONE under LQ-14.
    """
    if Quirk.MATURITY_ALWAYS_FOLLOWING in quirks:
        return _LEGACY_SPELLINGS.get(text.upper(), BusinessDayConvention.NONE)
    known = _SPELLINGS.get(text.strip().upper())
    if known is None:
        raise InputError(
            "CLO-1002",
            f"Business day convention {text!r} is not known",
            remedy="Use Following, Mod Following, Previous or None.",
        )
    return known


def payment_roll_rule(convention: BusinessDayConvention, quirks: Quirks = frozenset()) -> RollRule:
    """Rule for maturities, sink dates and deal payment dates (`CheckBusinessDate`)."""
    if convention is BusinessDayConvention.NONE and Quirk.MATURITY_ALWAYS_FOLLOWING in quirks:
        return RollRule.FOLLOWING
    if convention is BusinessDayConvention.PREVIOUS and Quirk.PREVIOUS_TYPO in quirks:
        return RollRule.FOLLOWING
    return interest_roll_rule(convention, quirks)


def interest_roll_rule(convention: BusinessDayConvention, quirks: Quirks = frozenset()) -> RollRule:
    """Rule for the interest dates of assets (`DateAddBusiness`)."""
    if convention is BusinessDayConvention.MODIFIED_FOLLOWING:
        if Quirk.MOD_FOLLOWING_LAST_DAY_ONLY in quirks:
            return RollRule.FOLLOWING_UNLESS_MONTH_END
        return RollRule.MODIFIED_FOLLOWING
    if convention is BusinessDayConvention.FOLLOWING:
        return RollRule.FOLLOWING
    if convention is BusinessDayConvention.PREVIOUS:
        return RollRule.PREVIOUS
    return RollRule.UNADJUSTED


def adjust(on: date, convention: BusinessDayConvention, calendar: Calendar, quirks: Quirks = frozenset()) -> date:
    """`on` as a maturity, sink date or deal payment date: a business day unless the convention is NONE."""
    rule = payment_roll_rule(convention, quirks)
    return to_date(kernels.roll(day_number(on), int(rule), calendar.holidays, calendar.weekend))


def previous_business_day(on: date, n: int, calendar: Calendar, quirks: Quirks = frozenset()) -> date:
    """The n-th business day before `on`, for n = 0 the last one on or before it; under LQ-11 perhaps a bad day."""
    is_unchecked = Quirk.PREV_BUSINESS_OFF in quirks
    return to_date(kernels.previous_business_day(day_number(on), n, is_unchecked, calendar.holidays, calendar.weekend))


def next_business_day(on: date, n: int, calendar: Calendar, quirks: Quirks = frozenset()) -> date:
    """The n-th business day after `on`, for n = 0 the first one on or after it; LQ-12 takes every n for 0."""
    steps = 0 if Quirk.NEXT_BUSINESS_IGNORES_N in quirks else n
    return to_date(kernels.next_business_day(day_number(on), steps, calendar.holidays, calendar.weekend))


def add_business_months(
    on: date,
    n: int,
    convention: BusinessDayConvention,
    calendar: Calendar,
    quirks: Quirks = frozenset(),
    *,
    is_end_of_month: bool = False,
) -> date:
    """`on` plus n months as an interest date: at the month's end if asked for, then moved by the convention."""
    rule = interest_roll_rule(convention, quirks)
    return to_date(
        kernels.add_business_months(day_number(on), n, int(rule), is_end_of_month, calendar.holidays, calendar.weekend)
    )


def months_later(on: date, months: int) -> date:
    """The same day of month so many months later, or the month's last day."""
    return to_date(kernels.add_months(day_number(on), months))


class PeriodUnit(Enum):
    """What a period is counted in."""

    DAYS = "d"
    MONTHS = "m"
    QUARTERS = "q"
    YEARS = "y"


_MONTHS = {PeriodUnit.MONTHS: 1, PeriodUnit.QUARTERS: 3, PeriodUnit.YEARS: 12}
_FARTHEST_DAYS = 3_700_000
"""More days than any two dates are apart."""


def add_period(
    on: date,
    count: int,
    unit: PeriodUnit,
    convention: BusinessDayConvention,
    calendar: Calendar,
    quirks: Quirks = frozenset(),
    *,
    is_end_of_month: bool = False,
) -> date:
    """`on` plus a number of days, months, quarters or years as an interest date, see `add_business_months`.

    Raises InputError CLO-1007 where the calendar ends before.
    """
    _require_near(on, count, _MONTHS.get(unit, 0) * 31 or 1)
    if unit is not PeriodUnit.DAYS:
        months = count * _MONTHS[unit]
        return add_business_months(on, months, convention, calendar, quirks, is_end_of_month=is_end_of_month)
    day = day_number(on) + count
    if is_end_of_month:
        day = kernels.end_of_month(day)
    return to_date(kernels.roll(day, int(interest_roll_rule(convention, quirks)), calendar.holidays, calendar.weekend))


def add_business_days(on: date, days: int, calendar: Calendar, quirks: Quirks = frozenset()) -> date:
    """The business day so many business days after `on`, before it for a negative number, on or after it for none.

    Raises InputError CLO-1007 where the calendar ends before.
    """
    _require_near(on, days, 2)
    if days < 0:
        return previous_business_day(on, -days, calendar, quirks)
    return next_business_day(on, days, calendar, quirks)


def _require_near(on: date, count: int, longest: int) -> None:
    """Refuse a count of units of at most `longest` days that could lead out of the calendar."""
    last = on.toordinal() + max(-_FARTHEST_DAYS, min(_FARTHEST_DAYS, count)) * longest
    if not date(1900, 1, 1).toordinal() <= last <= date(9999, 11, 30).toordinal():
        raise InputError(
            "CLO-1007", f"{count} periods from {on} lead out of the calendar", remedy="Give a smaller number."
        )
