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
