"""Business days: the worked examples of both specifications, QuantLib and properties, in both modes."""

from datetime import date, timedelta

import pytest
import QuantLib as ql  # noqa: N813  (the name its own documentation uses)
from hypothesis import given
from hypothesis import strategies as st

from engine.conventions.business_day import (
    BusinessDayConvention,
    add_business_months,
    adjust,
    next_business_day,
    parse_business_day_convention,
    previous_business_day,
)
from engine.conventions.calendar import WEEKENDS_ONLY, Calendar, us_bank_calendar, us_bank_holidays
from engine.errors import InputError
from engine.modes import Mode

LEGACY = Mode.LEGACY.quirks
STANDARD = Mode.STANDARD.quirks
MOD_FOLLOWING = BusinessDayConvention.MODIFIED_FOLLOWING

GV1_CALENDAR = Calendar.of([date(2016, 1, 18), date(2016, 5, 30), date(2016, 7, 4)])
# spec 02 §19 GV-1: payment, business days before -> the sheet's date (standard), the macro's date (legacy)
GV1 = [
    ("2016-03-15", 8, "2016-03-03", "2016-03-03"),
    ("2016-06-15", 8, "2016-06-03", "2016-06-05"),
    ("2016-04-15", 8, "2016-04-05", "2016-04-05"),
    ("2016-01-25", 5, "2016-01-15", "2016-01-18"),
    ("2016-04-25", 5, "2016-04-18", "2016-04-18"),
    ("2016-01-19", 8, "2016-01-06", "2016-01-06"),
    ("2016-04-15", 5, "2016-04-08", "2016-04-10"),
    ("2016-04-25", 8, "2016-04-13", "2016-04-13"),
    ("2016-07-18", 8, "2016-07-06", "2016-07-06"),
    ("2016-07-20", 8, "2016-07-08", "2016-07-10"),
]

FIRST_YEAR, LAST_YEAR = 2000, 2050
BANK = us_bank_calendar(FIRST_YEAR, LAST_YEAR)
FEDERAL_RESERVE = ql.UnitedStates(ql.UnitedStates.FederalReserve)
bank_dates = st.dates(min_value=date(FIRST_YEAR, 3, 1), max_value=date(LAST_YEAR, 10, 31))


def ql_date(value: date) -> ql.Date:
    return ql.Date(value.day, value.month, value.year)


def ql_calendar() -> ql.Calendar:
    calendar = ql.BespokeCalendar("bank")
    calendar.addWeekend(ql.Saturday)
    calendar.addWeekend(ql.Sunday)
    for holiday in us_bank_holidays(FIRST_YEAR, LAST_YEAR):
        calendar.addHoliday(ql_date(holiday))
    return calendar


QL_BANK = ql_calendar()


@pytest.mark.parametrize(("payment", "n", "standard", "legacy"), GV1)
def test_determination_dates_of_the_deals(payment: str, n: int, standard: str, legacy: str) -> None:
    """Spec 02 GV-1: the sheet's dates in standard mode, the macro's in legacy mode."""
    on = date.fromisoformat(payment)

    assert previous_business_day(on, n, GV1_CALENDAR).isoformat() == standard
    assert previous_business_day(on, n, GV1_CALENDAR, LEGACY).isoformat() == legacy


def test_worked_walks_back() -> None:
    """Spec 01 §10.1: Prev(2016-06-15, 0..9) and Prev(Saturday 2016-06-18, 0..3), legacy, and the corrected steps."""
    wednesday, saturday = date(2016, 6, 15), date(2016, 6, 18)

    walk = [previous_business_day(wednesday, n, WEEKENDS_ONLY, LEGACY).strftime("%m-%d") for n in range(10)]
    from_saturday = [previous_business_day(saturday, n, WEEKENDS_ONLY, LEGACY).strftime("%m-%d") for n in range(4)]

    assert walk == ["06-15", "06-14", "06-13", "06-12", "06-09", "06-08", "06-07", "06-06", "06-05", "06-02"]
    assert from_saturday == ["06-17", "06-17", "06-16", "06-15"]
    assert previous_business_day(wednesday, 3, WEEKENDS_ONLY) == date(2016, 6, 10)
    assert previous_business_day(wednesday, 8, WEEKENDS_ONLY) == date(2016, 6, 3)


@pytest.mark.parametrize(
    ("on", "convention", "standard", "legacy"),
    [
        ("2016-07-31", "Mod Following", "2016-07-29", "2016-07-29"),
        ("2016-07-30", "Mod Following", "2016-07-29", "2016-08-01"),  # LQ-13
        ("2016-07-30", "Previous", "2016-07-29", "2016-08-01"),  # LQ-15
        ("2016-07-31", "", "2016-07-31", "2016-08-01"),  # LQ-14
    ],
)
def test_worked_adjustments(on: str, convention: str, standard: str, legacy: str) -> None:
    """Spec 01 §10.1, CheckBusinessDate: legacy as printed, standard by the stated convention."""
    unadjusted = date.fromisoformat(on)
    in_legacy = parse_business_day_convention(convention, LEGACY)

    assert adjust(unadjusted, parse_business_day_convention(convention), WEEKENDS_ONLY).isoformat() == standard
    assert adjust(unadjusted, in_legacy, WEEKENDS_ONLY, LEGACY).isoformat() == legacy


def test_interest_dates_go_back_under_previous_in_both_modes() -> None:
    """LQ-15 concerns maturities and sink dates alone."""
    for quirks in (STANDARD, LEGACY):
        on = add_business_months(date(2016, 4, 30), 3, BusinessDayConvention.PREVIOUS, WEEKENDS_ONLY, quirks)

        assert on == date(2016, 7, 29)


def test_stepping_forward_ignores_the_count_in_legacy_mode() -> None:
    """LQ-12."""
    friday = date(2016, 6, 17)

    assert next_business_day(friday, 2, WEEKENDS_ONLY) == date(2016, 6, 21)
    assert next_business_day(friday, 2, WEEKENDS_ONLY, LEGACY) == friday


@given(bank_dates, st.sampled_from([c for c in BusinessDayConvention if c is not BusinessDayConvention.NONE]))
def test_an_adjusted_date_is_a_business_day(on: date, convention: BusinessDayConvention) -> None:
    """In standard mode no convention but NONE leaves a payment on a bad day; adjusting twice changes nothing."""
    adjusted = adjust(on, convention, BANK)

    assert BANK.is_business_day(adjusted)
    assert adjust(adjusted, convention, BANK) == adjusted


@given(bank_dates, st.integers(0, 30))
def test_business_days_agree_with_quantlib(on: date, n: int) -> None:
    """Conventions and steps of business days are QuantLib's on the same holidays."""
    quantlib = {
        BusinessDayConvention.FOLLOWING: ql.Following,
        MOD_FOLLOWING: ql.ModifiedFollowing,
        BusinessDayConvention.PREVIOUS: ql.Preceding,
        BusinessDayConvention.NONE: ql.Unadjusted,
    }
    for convention, rule in quantlib.items():
        assert ql_date(adjust(on, convention, BANK)) == QL_BANK.adjust(ql_date(on), rule)
    if n > 0:
        assert ql_date(previous_business_day(on, n, BANK)) == QL_BANK.advance(ql_date(on), -n, ql.Days)
        assert ql_date(next_business_day(on, n, BANK)) == QL_BANK.advance(ql_date(on), n, ql.Days)


@given(bank_dates, st.integers(1, 20))
def test_the_legacy_walk_ends_one_calendar_day_before_the_last_good_day(on: date, n: int) -> None:
    """DQ-01 in other words: the day before the (n - 1)-th business day back."""
    start = adjust(on, BusinessDayConvention.PREVIOUS, BANK)
    steps = n if start == on else n - 1
    expected = previous_business_day(start, steps - 1, BANK) - timedelta(days=1) if steps else start

    assert previous_business_day(on, n, BANK, LEGACY) == expected


def test_bank_holidays_are_the_federal_reserves() -> None:
    """Every weekday of forty years, against QuantLib's calendar of the Federal Reserve."""
    first, last = date(2005, 1, 1), date(2044, 12, 31)
    weekdays = [day for n in range((last - first).days + 1) if (day := first + timedelta(days=n)).weekday() < 5]

    different = [day for day in weekdays if BANK.is_business_day(day) != FEDERAL_RESERVE.isBusinessDay(ql_date(day))]

    assert different == []


def test_a_calendar_does_not_change() -> None:
    """Holidays are sorted, counted once and read-only."""
    calendar = Calendar.of([date(2016, 7, 4), date(2016, 5, 30), date(2016, 7, 4)])

    assert calendar.holidays.tolist() == sorted(set(calendar.holidays.tolist()))
    with pytest.raises(ValueError, match="read-only"):
        calendar.holidays[0] = 0


def test_a_calendar_needs_a_working_day() -> None:
    """A mask of seven weekend days would send every walk on for ever."""
    with pytest.raises(InputError, match="CLO-1003"):
        Calendar.of([], weekend=0b1111111)


def test_an_unknown_convention_is_an_error_and_none_in_legacy_mode() -> None:
    """LQ-14, with the text of the error."""
    with pytest.raises(InputError) as caught:
        parse_business_day_convention("Nearest")

    assert str(caught.value) == (
        "CLO-1002: Business day convention 'Nearest' is not known. Use Following, Mod Following, Previous or None."
    )
    assert parse_business_day_convention("Nearest", LEGACY) is BusinessDayConvention.NONE
