"""Schedules of assets and deals: worked examples and properties."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conventions.business_day import BusinessDayConvention
from engine.conventions.calendar import WEEKENDS_ONLY, Calendar
from engine.conventions.days import NO_DAY, day_number, to_dates
from engine.conventions.frequency import months_between_payments
from engine.conventions.schedule import DealScheduleTerms, deal_schedule, interest_dates
from engine.errors import InputError
from engine.modes import Mode, Quirks

LEGACY = Mode.LEGACY.quirks
STANDARD = Mode.STANDARD.quirks
MOD_FOLLOWING = BusinessDayConvention.MODIFIED_FOLLOWING

# Deal of spec 02 §19 GV-5 and its holidays.
GV5_HOLIDAYS = [
    "2016-01-01",
    "2016-01-18",
    "2016-02-15",
    "2016-05-30",
    "2016-07-04",
    "2016-09-05",
    "2016-11-24",
    "2016-12-26",
    "2017-01-02",
    "2017-01-16",
    "2017-02-20",
    "2017-05-29",
    "2017-07-04",
    "2017-09-04",
]
GV5_CALENDAR = Calendar.of(map(date.fromisoformat, GV5_HOLIDAYS))
GV5 = DealScheduleTerms(
    closing=date(2015, 3, 12),
    first_payment=date(2015, 7, 15),
    maturity=date(2017, 10, 15),
    payment_day=15,
    months_between_payments=3,
    interest_determination_days=2,
    determination_days=8,
    convention=BusinessDayConvention.FOLLOWING,
)


def iso(days: np.ndarray) -> list[str]:
    return [day.isoformat() for day in to_dates(days)]


def test_worked_interest_dates_at_month_ends() -> None:
    """Spec 01 §10.1, first line: month ends with a stub at maturity."""
    dates = interest_dates(
        date(2014, 12, 31), date(2016, 9, 16), 3, MOD_FOLLOWING, WEEKENDS_ONLY, LEGACY, is_end_of_month=True
    )

    assert iso(dates) == (
        ["2014-12-31", "2015-03-31", "2015-06-30", "2015-09-30", "2015-12-31", "2016-03-31", "2016-06-30", "2016-09-16"]
    )


@pytest.mark.parametrize(
    ("quirks", "expected"),
    [
        (LEGACY, "2015-10-30 2016-02-01 2016-04-29 2016-08-01 2016-10-31 2017-01-17"),
        (STANDARD, "2015-10-30 2016-01-29 2016-04-29 2016-07-29 2016-10-31 2017-01-17"),
    ],
)
def test_worked_interest_dates_under_modified_following(quirks: Quirks, expected: str) -> None:
    """Spec 01 §10.1, second line, with the corrected dates of standard mode."""
    dates = interest_dates(date(2015, 10, 30), date(2017, 1, 17), 3, MOD_FOLLOWING, WEEKENDS_ONLY, quirks)

    assert iso(dates) == expected.split()


@given(
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.integers(1, 9000),
    st.sampled_from([1, 2, 3, 4, 6, 12]),
    st.sampled_from(BusinessDayConvention),
    st.booleans(),
    st.sampled_from([STANDARD, LEGACY]),
)
def test_interest_dates_ascend_to_maturity(
    first: date, life: int, months: int, convention: BusinessDayConvention, is_end_of_month: bool, quirks: Quirks
) -> None:
    """Dates start at the first payment, ascend strictly and end at maturity."""
    maturity = date.fromordinal(first.toordinal() + life)

    dates = interest_dates(first, maturity, months, convention, GV5_CALENDAR, quirks, is_end_of_month=is_end_of_month)

    assert dates[0] == day_number(first)
    assert dates[-1] == day_number(maturity)
    assert (np.diff(dates) > 0).all()


def test_a_first_payment_at_maturity_leaves_one_date_and_none_in_legacy_mode() -> None:
    """LQ-09."""
    on = date(2016, 9, 16)

    assert iso(interest_dates(on, on, 3, MOD_FOLLOWING, WEEKENDS_ONLY)) == ["2016-09-16"]
    assert interest_dates(on, on, 3, MOD_FOLLOWING, WEEKENDS_ONLY, LEGACY).size == 0


def test_months_between_payments_round_half_to_even() -> None:
    """Spec 01 §1.2."""
    assert [months_between_payments(f) for f in (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24)] == [
        12, 6, 4, 3, 2, 2, 2, 2, 1, 1, 0,
    ]  # fmt: skip


def test_deal_periods_of_the_seven_period_run() -> None:
    """Dates of GV-5 follow from spec 02 §2.2: pay(0) is the last payment, collection periods join up."""
    schedule = deal_schedule(GV5, date(2016, 3, 23), GV5_CALENDAR, LEGACY)

    assert schedule.n_periods == 7
    assert iso(schedule.payment[:3]) == ["2016-01-15", "2016-04-15", "2016-07-15"]
    assert schedule.has_previous_payment
    assert (schedule.collection_begin[1:] == schedule.collection_end[:-1]).all()
    assert iso(schedule.interest_determination[1:2]) == ["2016-01-13"]


def test_collection_ends_differ_by_the_defective_walk() -> None:
    """GV-1 in a schedule: MAG 17 pays on 2016-07-20 with 8 determination days."""
    terms = replace(GV5, first_payment=date(2016, 4, 20), payment_day=20, maturity=date(2016, 8, 1))
    calendar = Calendar.of([date(2016, 5, 30), date(2016, 7, 4)])

    ends = [iso(deal_schedule(terms, date(2016, 5, 1), calendar, q).collection_end[1:]) for q in (STANDARD, LEGACY)]

    assert ends == [["2016-07-08"], ["2016-07-10"]]


def test_the_first_period_of_a_deal_begins_at_closing() -> None:
    """Before the first payment there is no payment 0, and the index is determined at closing."""
    schedule = deal_schedule(GV5, date(2015, 4, 1), GV5_CALENDAR)

    assert schedule.payment[0] == schedule.collection_end[0] == NO_DAY
    assert not schedule.has_previous_payment
    assert iso(schedule.collection_begin[1:2]) == iso(schedule.interest_determination[1:2]) == ["2015-03-12"]


def test_a_payment_moved_past_the_analysis_date_is_kept_in_standard_mode() -> None:
    """DQ-04: 2016-10-15 is a Saturday, paid on the 17th; on the 16th it is still to come."""
    standard = deal_schedule(GV5, date(2016, 10, 16), GV5_CALENDAR)
    legacy = deal_schedule(GV5, date(2016, 10, 16), GV5_CALENDAR, LEGACY)

    assert iso(standard.payment[:2]) == ["2016-07-15", "2016-10-17"]
    assert iso(legacy.payment[:2]) == ["2016-10-17", "2017-01-17"]


@given(
    st.dates(date(2010, 1, 1), date(2020, 12, 31)),
    st.integers(1, 28),
    st.sampled_from([1, 3, 6]),
    st.integers(400, 6000),
    st.integers(0, 400),
    st.sampled_from([STANDARD, LEGACY]),
)
def test_deal_dates_ascend(first: date, payment_day: int, months: int, life: int, age: int, quirks: Quirks) -> None:
    """Payments and collection periods ascend, collections end before their payment, payments follow the analysis."""
    terms = replace(
        GV5,
        closing=date(2009, 1, 5),
        first_payment=first,
        payment_day=payment_day,
        months_between_payments=months,
        maturity=date.fromordinal(first.toordinal() + life),
    )
    as_of = date.fromordinal(first.toordinal() + age - 200)

    schedule = deal_schedule(terms, as_of, GV5_CALENDAR, quirks)

    assert (np.diff(schedule.payment[1:]) > 0).all()
    assert (schedule.collection_begin[1:] < schedule.collection_end[1:]).all()
    assert (schedule.collection_end[1:] < schedule.payment[1:]).all()
    assert (schedule.payment[1:] > day_number(as_of)).all()


def test_a_matured_deal_has_no_schedule() -> None:
    """A deal without payments to come is refused with its dates."""
    with pytest.raises(InputError, match=r"CLO-1005: A deal maturing 2017-10-15 has no payment after 2020-01-01"):
        deal_schedule(GV5, date(2020, 1, 1), GV5_CALENDAR)


def test_a_payment_day_must_exist_in_the_first_month() -> None:
    """Day 31 in a first payment month of 30 days is refused."""
    terms = replace(GV5, first_payment=date(2015, 6, 15), payment_day=31)

    with pytest.raises(InputError, match="CLO-1006: June 2015 has no day 31"):
        deal_schedule(terms, date(2016, 3, 23), GV5_CALENDAR)
