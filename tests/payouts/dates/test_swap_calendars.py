"""Calendars of centers and exchanges: V-14 of spec 07 §25, QuantLib as rival, sources, and what goes wrong."""

import random
from datetime import date, timedelta

import pytest
import QuantLib as ql  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conventions.calendar import Calendar
from engine.conventions.days import day_array, to_dates
from engine.errors import InputError
from engine.payouts import kernels_dates as kernels
from engine.payouts.dates import sources
from engine.payouts.dates.calendars import (
    CONVENTION_CODES,
    DEFAULT_CENTERS,
    FIRST_DATE,
    LAST_DATE,
    CenterCalendars,
    JointCalendar,
    closed_weekdays,
)
from engine.payouts.dates.rolls import adjusted_rolls
from engine.payouts.dates.sources import KNOWN_CENTERS, SOFR_GOOD_FRIDAYS, center_holidays, exchange_sessions
from engine.payouts.enums import BusinessDayConvention

BDC = BusinessDayConvention


@pytest.fixture(scope="module")
def new_york() -> JointCalendar:
    """NYSE sessions of 2020 to 2026."""
    sessions = exchange_sessions("XNYS", date(2020, 1, 1), date(2026, 12, 31))
    calendar = Calendar.of(closed_weekdays(session.session_date for session in sessions))
    return CenterCalendars({"XNYS": calendar}).joint(("XNYS",))


@pytest.fixture(scope="module")
def target_and_rival() -> tuple[JointCalendar, ql.Calendar]:
    """The euro's calendar made of QuantLib's holidays, and QuantLib's."""
    rival = ql.TARGET()
    listed = ql.Calendar.holidayList(rival, ql.Date(1, 1, 1999), ql.Date(31, 12, 2060), False)
    return CenterCalendars({"EUTA": Calendar.of(day.to_date() for day in listed)}).joint(("EUTA",)), rival


@pytest.mark.parametrize(
    ("day", "convention", "expected"),
    [
        (date(2024, 3, 31), BDC.MODFOLLOWING, date(2024, 3, 28)),
        (date(2024, 3, 31), BDC.FOLLOWING, date(2024, 4, 1)),
        (date(2024, 6, 1), BDC.MODPRECEDING, date(2024, 6, 3)),
        (date(2024, 7, 4), BDC.NEAREST, date(2024, 7, 3)),
        (date(2024, 7, 7), BDC.NEAREST, date(2024, 7, 8)),
        (date(2024, 3, 31), BDC.PRECEDING, date(2024, 3, 28)),
        (date(2024, 1, 15), BDC.NEAREST, date(2024, 1, 16)),
        (date(2024, 6, 15), BDC.NEAREST, date(2024, 6, 14)),
        (date(2024, 3, 31), BDC.NONE, date(2024, 3, 31)),
        (date(2024, 3, 31), BDC.NOT_APPLICABLE, date(2024, 3, 31)),
    ],
)
def test_v14_on_the_new_york_exchange(new_york: JointCalendar, day: date, convention: BDC, expected: date) -> None:
    """The five moves of V-14, and the conventions that it leaves out."""
    assert new_york.adjust(day, convention) == expected


def test_v14_counts_over_good_friday(new_york: JointCalendar) -> None:
    """Two business days after Maundy Thursday 2024 is the Tuesday after Easter."""
    assert new_york.add_business_days(date(2024, 3, 28), 2) == date(2024, 4, 2)


def test_business_days_count_both_ways(new_york: JointCalendar) -> None:
    """Zero only adjusts; from a holiday the first step lands on its neighbour."""
    assert new_york.add_business_days(date(2024, 3, 29), 0) == date(2024, 4, 1)
    assert new_york.add_business_days(date(2024, 3, 28), 0) == date(2024, 3, 28)
    assert new_york.add_business_days(date(2024, 3, 29), 1) == date(2024, 4, 1)
    assert new_york.add_business_days(date(2024, 3, 29), -1) == date(2024, 3, 28)
    assert new_york.add_business_days(date(2024, 4, 2), -2) == date(2024, 3, 28)


def test_frn_stays_at_month_ends_once_it_is_there(new_york: JointCalendar) -> None:
    """A roll on the last good day of its month makes all later ones last good days; from elsewhere nothing changes."""
    ends = (date(2024, 2, 29), date(2024, 3, 29), date(2024, 4, 29), date(2024, 5, 29))
    inner = (date(2024, 2, 28), date(2024, 3, 28), date(2024, 4, 28), date(2024, 5, 28))

    assert adjusted_rolls(ends, BDC.FRN, new_york) == (
        date(2024, 2, 29),
        date(2024, 3, 28),
        date(2024, 4, 30),
        date(2024, 5, 31),
    )
    # 28 March is the last good day of its month, so that April and May follow the rule although February did not.
    assert adjusted_rolls(inner, BDC.FRN, new_york) == (
        date(2024, 2, 28),
        date(2024, 3, 28),
        date(2024, 4, 30),
        date(2024, 5, 31),
    )
    assert new_york.adjust(date(2024, 6, 15), BDC.FRN, date(2024, 5, 15)) == date(2024, 6, 17)


def test_quantlib_moves_the_same_way(target_and_rival: tuple[JointCalendar, ql.Calendar]) -> None:
    """Thousands of random days agree with QuantLib in four conventions and in steps over business days.

    NEAREST is left out: QuantLib goes forward on a mid-week holiday, the CDM back (spec 07 §24).
    """
    calendar, rival = target_and_rival
    conventions = {
        BDC.FOLLOWING: ql.Following,
        BDC.MODFOLLOWING: ql.ModifiedFollowing,
        BDC.PRECEDING: ql.Preceding,
        BDC.MODPRECEDING: ql.ModifiedPreceding,
    }
    rng = random.Random(3)  # noqa: S311
    for _ in range(2_000):
        day = date(1999, 3, 1) + timedelta(days=rng.randrange(22_000))
        there = ql.Date(day.day, day.month, day.year)
        n = rng.randrange(-30, 31)

        assert calendar.is_good(day) == rival.isBusinessDay(there)
        for ours, theirs in conventions.items():
            assert calendar.adjust(day, ours) == rival.adjust(there, theirs).to_date(), (day, ours)
        if n:
            assert calendar.add_business_days(day, n) == rival.advance(there, n, ql.Days).to_date(), (day, n)
        later = day + timedelta(days=abs(n))
        between = rival.businessDaysBetween(there, there + abs(n), True, False)
        assert calendar.business_days_between(day, later) == between


@settings(deadline=None)
@given(st.lists(st.dates(date(1991, 1, 1), date(2059, 12, 31)), min_size=1, max_size=20), st.sampled_from(BDC))
def test_many_days_at_once_are_adjusted_as_each_alone(days: list[date], convention: BDC) -> None:
    """The vectorised kernel is the scalar one, repeated."""
    calendar = CenterCalendars({}).joint(())
    numbers = day_array(days)
    adjusted = numbers.copy()
    kernels.adjust_days(numbers, CONVENTION_CODES[convention], calendar.good_days, adjusted)

    assert to_dates(adjusted) == tuple(calendar.adjust(day, convention) for day in days)


def test_a_joint_day_is_good_in_all_centers() -> None:
    """The holidays of each center are bad together; order and repetition of the centers change nothing."""
    calendars = CenterCalendars(
        {"GBLO": Calendar.of([date(2024, 5, 6)]), "USNY": Calendar.of([date(2024, 5, 27), date(2024, 7, 4)])}
    )
    joint = calendars.joint(("USNY", "GBLO"))

    assert [joint.is_good(day) for day in (date(2024, 5, 6), date(2024, 5, 27), date(2024, 5, 28))] == [
        False,
        False,
        True,
    ]
    assert calendars.joint(("GBLO",)).is_good(date(2024, 5, 27))
    assert calendars.joint(("GBLO", "USNY", "GBLO")) is joint


def test_weekends_are_those_of_the_center() -> None:
    """A center whose week ends on Friday is closed on Friday and Saturday."""
    friday_and_saturday = 0b0110000
    joint = CenterCalendars({"ILTA": Calendar.of([], weekend=friday_and_saturday)}).joint(("ILTA",))

    assert joint.add_business_days(date(2024, 5, 2), 1) == date(2024, 5, 5)


def test_without_centers_monday_to_friday_are_good() -> None:
    """No center at all leaves weekends bad and every other day good."""
    calendar = CenterCalendars({}).joint(())

    assert calendar.is_good(date(2024, 12, 25))
    assert not calendar.is_good(date(2024, 12, 28))


def test_an_exchange_is_closed_between_its_sessions_and_says_nothing_beyond_them() -> None:
    """Inside the loaded span only sessions are good; outside it Monday to Friday are."""
    sessions = [date(2024, 1, 23), date(2024, 1, 18), date(2024, 1, 19)]
    calendar = CenterCalendars({"XBOM": Calendar.of(closed_weekdays(sessions))}).joint(("XBOM",))

    assert closed_weekdays(sessions) == (date(2024, 1, 22),)
    assert [day for day in range(15, 29) if calendar.is_good(date(2024, 1, day))] == [
        *(15, 16, 17, 18, 19),
        *(23, 24, 25, 26),
    ]
    assert closed_weekdays([]) == ()


def test_a_session_on_a_weekend_is_refused() -> None:
    """Bombay's budget session of Saturday, the 20th of January 2024, cannot be told by holidays; it is not dropped."""
    with pytest.raises(InputError, match="CLO-4115: There is a session on 2024-01-20, a weekend day"):
        closed_weekdays([date(2024, 1, 19), date(2024, 1, 20)])


def test_an_unknown_center_names_the_known_ones() -> None:
    """CLO-1911 lists what is loaded, or says that nothing is."""
    with pytest.raises(InputError, match="'USNX' is not known") as caught:
        CenterCalendars({"USNY": Calendar.of([]), "GBLO": Calendar.of([])}).joint(("USNX",))
    with pytest.raises(InputError, match="No calendar is loaded"):
        CenterCalendars({}).joint(("GBLO",))

    assert caught.value.number == "CLO-1911"
    assert "USNY" in caught.value.remedy


@pytest.mark.parametrize("day", [FIRST_DATE - timedelta(days=1), LAST_DATE + timedelta(days=1)])
def test_dates_outside_the_calendars_are_refused(day: date) -> None:
    """CLO-1912 for a date outside 1990 to 2060, whatever is asked; without adjustment no calendar is asked."""
    calendar = CenterCalendars({}).joint(())
    questions = (
        lambda: calendar.is_good(day),
        lambda: calendar.adjust(day, BDC.FOLLOWING),
        lambda: calendar.add_business_days(day, 1),
        lambda: calendar.next_good(day),
        lambda: calendar.business_days_between(day, day),
    )

    for question in questions:
        with pytest.raises(InputError, match="1990-01-01 to 2060-12-31") as caught:
            question()
        assert caught.value.number == "CLO-1912"
    assert calendar.adjust(day, BDC.NONE) == day


def test_a_step_out_of_the_calendars_is_refused() -> None:
    """CLO-1912 where the date counted to lies outside."""
    calendar = CenterCalendars({}).joint(())

    with pytest.raises(InputError, match="counted from 2060-12-31"):
        calendar.add_business_days(LAST_DATE, 1)
    with pytest.raises(InputError, match="counted from 1990-01-01"):
        calendar.add_business_days(FIRST_DATE, -1)


def test_every_currency_has_centers_with_a_source() -> None:
    """What payments fall back on can be loaded."""
    assert {center for centers in DEFAULT_CENTERS.values() for center in centers} <= set(KNOWN_CENTERS)


@pytest.mark.parametrize(
    ("center", "rival"),
    [
        ("EUTA", ql.TARGET()),
        ("USNY", ql.UnitedStates(ql.UnitedStates.FederalReserve)),
        ("GBLO", ql.UnitedKingdom(ql.UnitedKingdom.Settlement)),
        ("SEST", ql.Sweden()),
        ("CHZU", ql.Switzerland()),
    ],
)
def test_sources_and_quantlib_know_the_same_bank_holidays(center: str, rival: ql.Calendar) -> None:
    """The working days of 2015 to 2025 on which a center is closed are QuantLib's."""
    ours = {day for day, _ in center_holidays(center, 2015, 2025) if day.weekday() < 5}
    listed = ql.Calendar.holidayList(rival, ql.Date(1, 1, 2015), ql.Date(31, 12, 2025), False)

    assert ours == {day.to_date() for day in listed}


def test_sofr_is_not_published_on_three_good_fridays() -> None:
    """USSOFR is USGS plus the Good Fridays on which bonds traded (spec 07 §6.1)."""
    bonds = {day for day, _ in center_holidays("USGS", 2018, 2026)}
    sofr = {day for day, _ in center_holidays("USSOFR", 2018, 2026)}

    assert sofr - bonds == set(SOFR_GOOD_FRIDAYS)
    assert bonds <= sofr


def test_holidays_have_names_and_are_in_order() -> None:
    """A Sunday holiday of the Reserve Bank keeps its name on the Monday."""
    days = center_holidays("USNY", 2021, 2022)

    assert days == tuple(sorted(days))
    assert dict(days)[date(2021, 7, 5)] == "Independence Day"


@pytest.mark.parametrize(
    ("mic", "closed"),
    [("XTKS", date(2020, 10, 1)), ("XKRX", date(2025, 6, 3)), ("XHKG", date(2023, 7, 17))],
)
def test_sessions_know_what_was_closed_at_short_notice(mic: str, closed: date) -> None:
    """The Tokyo outage, the Korean election and a Hong Kong storm day are no sessions (spec 07 §6.1)."""
    sessions = exchange_sessions(mic, closed - timedelta(days=7), closed + timedelta(days=7))
    days = [session.session_date for session in sessions]

    assert len(days) > 5
    assert closed not in days


def test_sessions_end_where_their_source_ends() -> None:
    """A window before the first year of the source is cut, and empty where nothing is left; early closes are marked."""
    tokyo = exchange_sessions("XTKS", date(1990, 1, 1), date(1997, 1, 10))
    early = [s for s in exchange_sessions("XNYS", date(2024, 11, 1), date(2024, 12, 31)) if s.is_early_close]

    assert tokyo[0].session_date == date(1997, 1, 6)
    assert exchange_sessions("XTKS", date(1990, 1, 1), date(1990, 1, 10)) == ()
    assert [session.session_date for session in early] == [date(2024, 11, 29), date(2024, 12, 24)]
    assert early[0].close_time.isoformat() == "2024-11-29T18:00:00+00:00"


def test_unknown_sources_are_named() -> None:
    """CLO-1918 for a center without holidays and an exchange without sessions."""
    with pytest.raises(InputError, match="'USNX'") as center:
        center_holidays("USNX", 2024, 2024)
    with pytest.raises(InputError, match="'XXXX'") as exchange:
        exchange_sessions("XXXX", date(2024, 1, 1), date(2024, 2, 1))

    assert {center.value.number, exchange.value.number} == {"CLO-1918"}
    assert "USNY" in center.value.remedy


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """CLO-1913 tells what to install."""

    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(sources.importlib, "import_module", absent)
    with pytest.raises(InputError, match=r"pip install clodesk\[calendars\]") as caught:
        exchange_sessions("XNYS", date(2024, 1, 1), date(2024, 2, 1))

    assert caught.value.number == "CLO-1913"
