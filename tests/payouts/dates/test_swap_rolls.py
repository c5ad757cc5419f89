"""Roll dates: QuantLib as rival where both have the rule, cases by hand where it has not."""

import random
from datetime import date, timedelta

import pytest
import QuantLib as ql  # noqa: N813

from engine.conventions.calendar import Calendar
from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.rolls import StubType, adjusted_rolls, roll_dates
from engine.payouts.enums import BusinessDayConvention, PeriodUnit

N_CASES = 700
FREQUENCIES = ((1, PeriodUnit.M), (2, PeriodUnit.M), (3, PeriodUnit.M), (6, PeriodUnit.M), (1, PeriodUnit.Y))
UNITS = {PeriodUnit.D: ql.Days, PeriodUnit.W: ql.Weeks, PeriodUnit.M: ql.Months, PeriodUnit.Y: ql.Years}


def ql_date(day: date) -> ql.Date:
    return ql.Date(day.day, day.month, day.year)


def ql_schedule(
    start: date,
    end: date,
    tenor: tuple[int, PeriodUnit],
    rule: int,
    is_end_of_month: bool = False,
    calendar: ql.Calendar | None = None,
    convention: int = ql.Unadjusted,
) -> tuple[date, ...]:
    """QuantLib's dates of a schedule."""
    schedule = ql.Schedule(
        ql_date(start),
        ql_date(end),
        ql.Period(tenor[0], UNITS[tenor[1]]),
        calendar or ql.NullCalendar(),
        convention,
        convention,
        rule,
        is_end_of_month,
    )
    return tuple(day.to_date() for day in schedule)


def random_terms(n: int) -> list[tuple[date, date]]:
    rng = random.Random(5)  # noqa: S311
    starts = [date(2000, 1, 1) + timedelta(days=rng.randrange(12_000)) for _ in range(n)]
    return [(start, start + timedelta(days=rng.randrange(20, 2_500))) for start in starts]


def month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


@pytest.mark.parametrize(("stub", "rule"), [
    (StubType.SHORT_INITIAL, ql.DateGeneration.Backward),
    (StubType.SHORT_FINAL, ql.DateGeneration.Forward),
])  # fmt: skip
def test_quantlib_rolls_the_same_unadjusted_dates(stub: StubType, rule: int) -> None:
    """Counted back from the end and on from the start, random terms and frequencies give QuantLib's dates."""
    for k, (start, end) in enumerate(random_terms(N_CASES)):
        multiplier, unit = (*FREQUENCIES, (1, PeriodUnit.W), (10, PeriodUnit.D))[k % 7]
        rolls = roll_dates(start, end, multiplier, unit, "NONE", stub)

        assert rolls.dates == ql_schedule(start, end, (multiplier, unit), rule), (start, end, multiplier, unit)


def test_quantlib_rolls_the_same_month_ends() -> None:
    """EOM, counted back from a month end, gives QuantLib's dates."""
    for k, (start, last) in enumerate(random_terms(N_CASES)):
        end = month_end(last)
        rolls = roll_dates(start, end, *FREQUENCIES[k % 5], "EOM")

        assert rolls.dates == ql_schedule(start, end, FREQUENCIES[k % 5], ql.DateGeneration.Backward, True)


@pytest.mark.parametrize(("convention", "rival"), [
    (BusinessDayConvention.FOLLOWING, ql.Following),
    (BusinessDayConvention.MODFOLLOWING, ql.ModifiedFollowing),
    (BusinessDayConvention.PRECEDING, ql.Preceding),
])  # fmt: skip
def test_quantlib_adjusts_schedules_the_same_way(convention: BusinessDayConvention, rival: int) -> None:
    """Quarterly schedules on the euro's calendar, adjusted, are QuantLib's."""
    target = ql.TARGET()
    listed = ql.Calendar.holidayList(target, ql.Date(1, 1, 2000), ql.Date(31, 12, 2050), False)
    calendar = CenterCalendars({"EUTA": Calendar.of(day.to_date() for day in listed)}).joint(("EUTA",))
    for start, end in random_terms(N_CASES):
        rolls = roll_dates(start, end, 3, PeriodUnit.M)
        adjusted = adjusted_rolls(rolls.dates, convention, calendar)
        expected = ql_schedule(
            start, end, (3, PeriodUnit.M), ql.DateGeneration.Backward, calendar=target, convention=rival
        )

        # QuantLib drops a date that adjustment lets coincide with its neighbour; periods of no day go later here.
        assert tuple(sorted(set(adjusted))) == expected, (start, end)


def test_imm_rolls_are_third_wednesdays() -> None:
    """Quarterly IMM dates between the outer ones are the third Wednesdays, each outer period a stub."""
    rolls = roll_dates(date(2024, 1, 15), date(2024, 12, 20), 3, PeriodUnit.M, "IMM")

    assert rolls.dates[1:-1] == tuple(
        ql.Date.nthWeekday(3, ql.Wednesday, month, 2024).to_date() for month in (3, 6, 9, 12)
    )
    assert rolls.stubs == (True, False, False, False, True)


def test_a_clipped_february_does_not_shorten_later_months() -> None:
    """Roll 30 gives 29 February and then 30 March again."""
    rolls = roll_dates(date(2023, 12, 30), date(2024, 5, 30), 1, PeriodUnit.M, "30", StubType.SHORT_FINAL)

    assert [day.day for day in rolls.dates] == [30, 30, 29, 30, 30, 30]
    assert rolls.stubs == (False,) * 5


def test_weekly_rolls_take_the_named_day() -> None:
    """WED counts Wednesdays between the outer dates."""
    rolls = roll_dates(date(2024, 3, 4), date(2024, 3, 29), 1, PeriodUnit.W, "WED")

    assert rolls.dates == (
        date(2024, 3, 4),
        date(2024, 3, 6),
        date(2024, 3, 13),
        date(2024, 3, 20),
        date(2024, 3, 27),
        date(2024, 3, 29),
    )
    assert rolls.has_initial_stub
    assert rolls.has_final_stub


@pytest.mark.parametrize(("stub", "inner"), [
    (StubType.SHORT_INITIAL, (date(2024, 2, 20), date(2024, 5, 20), date(2024, 8, 20))),
    (StubType.LONG_INITIAL, (date(2024, 5, 20), date(2024, 8, 20))),
    (StubType.SHORT_FINAL, (date(2024, 4, 10), date(2024, 7, 10), date(2024, 10, 10))),
    (StubType.LONG_FINAL, (date(2024, 4, 10), date(2024, 7, 10))),
])  # fmt: skip
def test_a_long_stub_swallows_its_regular_neighbour(stub: StubType, inner: tuple[date, ...]) -> None:
    """10 January to 20 November in quarters, with the stub at each of its four places."""
    rolls = roll_dates(date(2024, 1, 10), date(2024, 11, 20), 3, PeriodUnit.M, "NONE", stub)

    assert rolls.dates == (date(2024, 1, 10), *inner, date(2024, 11, 20))
    assert rolls.stubs[0] == stub.is_initial
    assert rolls.stubs[-1] == (not stub.is_initial)


def test_a_regular_term_has_no_stub_to_lengthen() -> None:
    """LONG_INITIAL changes nothing where whole periods fit."""
    rolls = roll_dates(date(2024, 1, 10), date(2024, 10, 10), 3, PeriodUnit.M, "10", StubType.LONG_INITIAL)

    assert len(rolls.dates) == 4
    assert rolls.stubs == (False, False, False)


def test_a_term_is_one_period() -> None:
    """Unit T runs from start to end."""
    assert roll_dates(date(2024, 1, 10), date(2024, 10, 11), 1, PeriodUnit.T).stubs == (False,)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((date(2024, 1, 1), date(2024, 1, 1), 1, PeriodUnit.M), "cannot run from 2024-01-01 to 2024-01-01"),
        ((date(2024, 1, 1), date(2025, 1, 1), 0, PeriodUnit.M), "A frequency of 0 periods"),
        ((date(2024, 1, 1), date(2025, 1, 1), 1, PeriodUnit.M, "31"), "Roll convention '31'"),
        ((date(2024, 1, 1), date(2025, 1, 1), 1, PeriodUnit.M, "WED"), "Roll convention 'WED'"),
        ((date(2024, 1, 1), date(2025, 1, 1), 1, PeriodUnit.W, "15"), "Use NONE or one of MON, TUE"),
    ],
)
def test_rolls_that_lead_nowhere_are_refused(arguments: tuple[object, ...], said: str) -> None:
    """CLO-1915 for an empty term, an empty frequency and a roll that does not fit it."""
    with pytest.raises(InputError, match=said) as caught:
        roll_dates(*arguments)  # type: ignore[arg-type]
    assert caught.value.number == "CLO-1915"
