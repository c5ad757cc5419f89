"""Day counts of swaps: the vectors of spec 07 §25 V-1, QuantLib as rival, and what must add up."""

import random
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conventions.calendar import Calendar
from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.day_count import DAY_COUNT_CODES, accumulated_fractions, year_fraction
from engine.payouts.enums import DayCount

PRINTED = 5e-13
"""Half a unit of the twelfth decimal, to which V-1 is printed."""
ROUNDING = 1e-13

# start, end, days, ACT/360, ACT/365L, ACT/ACT.ISDA, 30/360, 30E/360, 30E/360.ISDA, the same where the end terminates
V1 = """
2023-12-31 2024-02-29 60 0.166666666667 0.163934426230 0.163941911820 0.163888888889 0.163888888889 0.166666666667 0.163888888889
2024-01-31 2024-02-29 29 0.080555555556 0.079234972678 0.079234972678 0.080555555556 0.080555555556 0.083333333333 0.080555555556
2024-02-29 2024-03-31 31 0.086111111111 0.084699453552 0.084699453552 0.088888888889 0.086111111111 0.083333333333 0.083333333333
2023-02-28 2023-03-31 31 0.086111111111 0.084931506849 0.084931506849 0.091666666667 0.088888888889 0.083333333333 0.083333333333
2023-11-15 2024-05-15 182 0.505555555556 0.497267759563 0.497619582304 0.500000000000 0.500000000000 0.500000000000 0.500000000000
2024-08-31 2025-02-28 181 0.502777777778 0.495890410959 0.494969683360 0.494444444444 0.494444444444 0.500000000000 0.494444444444
2021-08-20 2021-08-31 11 0.030555555556 0.030136986301 0.030136986301 0.030555555556 0.027777777778 0.027777777778 0.027777777778
"""  # noqa: E501
COLUMNS = (
    DayCount.ACT_360,
    DayCount.ACT_365L,
    DayCount.ACT_ACT_ISDA,
    DayCount.THIRTY_360,
    DayCount.THIRTY_E_360,
    DayCount.THIRTY_E_360_ISDA,
)
ROWS = [line.split() for line in V1.split("\n") if line]

WEEKDAYS = CenterCalendars({}).joint(())
DATES = st.dates(date(1995, 1, 1), date(2055, 12, 31))
ADDITIVE = (
    DayCount.ACT_360,
    DayCount.ACT_364,
    DayCount.ACT_365_FIXED,
    DayCount.ACT_ACT_ISDA,
    DayCount.ACT_ACT_ICMA,
    DayCount.THIRTY_E_360,
    DayCount.THIRTY_E_360_ISDA,
    DayCount.BUS_252,
)
"""Day counts in which two adjoining intervals add up; 30/360, ACT/365L and 1/1 look at both ends of an interval."""


def fraction(start: date, end: date, day_count: DayCount, termination: date | None = None) -> float:
    """The year fraction with everything that any day count asks for."""
    return year_fraction(
        start,
        end,
        day_count,
        termination=termination,
        period=(date(2020, 3, 15), date(2020, 9, 15)),
        periods_per_year=2,
        calendar=WEEKDAYS,
    )


def ql_date(day: date) -> ql.Date:
    return ql.Date(day.day, day.month, day.year)


def random_pairs(n: int, longest: int = 4000) -> list[tuple[date, date]]:
    """Pairs of dates in order, month ends and days around them among them more often than by chance."""
    rng = random.Random(7)  # noqa: S311
    pairs = []
    for _ in range(n):
        start = date(1995, 1, 1) + timedelta(days=rng.randrange(16_000))
        end = start + timedelta(days=rng.randrange(1, longest))
        if rng.random() < 0.4:
            start = start.replace(day=1) - timedelta(days=rng.randrange(1, 3))
        if rng.random() < 0.4:
            end = max(end.replace(day=1) - timedelta(days=rng.randrange(1, 3)), start + timedelta(days=1))
        pairs.append((start, end))
    return pairs


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_v1_holds_to_the_last_printed_decimal(row: list[str]) -> None:
    """Every column of V-1, the last one with the end as termination date."""
    start, end = date.fromisoformat(row[0]), date.fromisoformat(row[1])

    assert (end - start).days == int(row[2])
    for day_count, printed in zip(COLUMNS, row[3:9], strict=True):
        assert year_fraction(start, end, day_count) == pytest.approx(float(printed), abs=PRINTED), day_count
    terminating = year_fraction(start, end, DayCount.THIRTY_E_360_ISDA, termination=end)
    assert terminating == pytest.approx(float(row[9]), abs=PRINTED)


def test_quantlib_counts_the_same_days() -> None:
    """Thousands of random intervals agree with QuantLib in the seven day counts that both know."""
    rivals = {
        DayCount.ACT_360: ql.Actual360(),
        DayCount.ACT_364: ql.Actual364(),
        DayCount.ACT_365_FIXED: ql.Actual365Fixed(),
        DayCount.ACT_ACT_ISDA: ql.ActualActual(ql.ActualActual.ISDA),
        DayCount.THIRTY_360: ql.Thirty360(ql.Thirty360.BondBasis),
        DayCount.THIRTY_E_360: ql.Thirty360(ql.Thirty360.EurobondBasis),
        DayCount.THIRTY_E_360_ISDA: ql.Thirty360(ql.Thirty360.ISDA),
    }
    worst = {
        day_count: max(
            abs(year_fraction(a, b, day_count) - rival.yearFraction(ql_date(a), ql_date(b)))
            for a, b in random_pairs(2_000)
        )
        for day_count, rival in rivals.items()
    }

    assert {day_count: error for day_count, error in worst.items() if error > ROUNDING} == {}


def test_quantlib_leaves_a_terminating_february_alone_too() -> None:
    """30E/360.ISDA with the end as termination date agrees with QuantLib's other branch."""
    for a, b in random_pairs(1_500):
        rival = ql.Thirty360(ql.Thirty360.ISDA, ql_date(b)).yearFraction(ql_date(a), ql_date(b))

        assert year_fraction(a, b, DayCount.THIRTY_E_360_ISDA, termination=b) == pytest.approx(rival, abs=ROUNDING)


@pytest.mark.parametrize("periods_per_year", [1, 2, 4, 12])
def test_quantlib_agrees_inside_a_regular_period(periods_per_year: int) -> None:
    """ACT/ACT.ICMA of any part of a regular period is QuantLib's with that reference period."""
    rival = ql.ActualActual(ql.ActualActual.ISMA)
    rng = random.Random(11)  # noqa: S311
    for _ in range(500):
        first = ql.Date(rng.randrange(1, 29), rng.randrange(1, 13), rng.randrange(2000, 2050))
        last = first + ql.Period(12 // periods_per_year, ql.Months)
        a = rng.randrange(0, last - first - 1)
        b = rng.randrange(a + 1, last - first + 1)
        start, end = first + a, first + b
        expected = rival.yearFraction(start, end, first, last)

        got = year_fraction(
            start.to_date(),
            end.to_date(),
            DayCount.ACT_ACT_ICMA,
            period=(first.to_date(), last.to_date()),
            periods_per_year=periods_per_year,
        )
        assert got == pytest.approx(expected, abs=ROUNDING)


def test_icma_stubs_are_measured_against_notional_periods() -> None:
    """ISDA's memorandum of 1998 on ACT/ACT: short first 0.915068, long first 1.833333 of a year, and the EOM case.

    Printed there: short first period 1999-02-01 to 1999-07-01 annual 150/365; long first period 2002-08-15 to
    2003-07-15 semi-annual 181/(181*2) + 153/(184*2); short final period 2000-01-30 to 2000-06-30, 152/(182*2).
    """
    icma = DayCount.ACT_ACT_ICMA
    short_first = year_fraction(
        date(1999, 2, 1), date(1999, 7, 1), icma, period=(date(1998, 7, 1), date(1999, 7, 1)), periods_per_year=1
    )
    long_first = year_fraction(
        date(2002, 8, 15), date(2003, 7, 15), icma, period=(date(2003, 1, 15), date(2003, 7, 15)), periods_per_year=2
    )
    short_final = year_fraction(
        date(2000, 1, 30), date(2000, 6, 30), icma, period=(date(2000, 1, 30), date(2000, 7, 30)), periods_per_year=2
    )
    month_ends = year_fraction(
        date(1999, 11, 30), date(2000, 5, 31), icma, period=(date(1999, 11, 30), date(2000, 2, 29)), periods_per_year=4
    )

    assert short_first == pytest.approx(150 / 365, abs=ROUNDING)
    assert long_first == pytest.approx(181 / (181 * 2) + 153 / (184 * 2), abs=ROUNDING)
    assert short_final == pytest.approx(152 / (182 * 2), abs=ROUNDING)
    assert month_ends == pytest.approx(0.5, abs=ROUNDING)


def test_bus_252_counts_good_days_from_the_start_up_to_the_end() -> None:
    """The start counts, the end does not, weekends and holidays do not."""
    calendar = CenterCalendars({"BRSP": Calendar.of([date(2024, 5, 1)])}).joint(("BRSP",))

    assert year_fraction(date(2024, 4, 29), date(2024, 5, 6), DayCount.BUS_252, calendar=calendar) == 4 / 252


@settings(max_examples=60, deadline=None)
@given(start=DATES, n=st.integers(1, 500), ends_the_contract=st.booleans(), day_count=st.sampled_from(DayCount))
def test_daily_factors_add_up_to_the_year_fraction(
    start: date, n: int, ends_the_contract: bool, day_count: DayCount
) -> None:
    """Spec 07 §15: differences of the accumulated fractions sum to the fraction of the period in every day count."""
    end = start + timedelta(days=n)
    termination = end if ends_the_contract else None
    ends = [start + timedelta(days=k) for k in range(n + 1)]
    accumulated = accumulated_fractions(
        start,
        ends,
        day_count,
        termination=termination,
        period=(date(2020, 3, 15), date(2020, 9, 15)),
        periods_per_year=2,
        calendar=WEEKDAYS,
    )

    assert accumulated[0] == 0.0
    assert float(np.diff(accumulated).sum()) == pytest.approx(fraction(start, end, day_count, termination), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(start=DATES, n=st.integers(1, 400), day_count=st.sampled_from(ADDITIVE))
def test_single_days_add_up_in_additive_day_counts(start: date, n: int, day_count: DayCount) -> None:
    """The fractions of the days of a period sum to the period's own."""
    days = [start + timedelta(days=k) for k in range(n + 1)]
    total = sum(fraction(a, b, day_count) for a, b in pairwise(days))

    assert total == pytest.approx(fraction(start, days[-1], day_count), abs=1e-12)


@given(day=DATES, day_count=st.sampled_from(DayCount))
def test_no_time_is_no_fraction(day: date, day_count: DayCount) -> None:
    """An interval that ends where it starts has the fraction 0."""
    assert fraction(day, day, day_count) == 0.0


def test_one_is_one_whatever_the_length() -> None:
    """1/1 makes every period one year."""
    assert year_fraction(date(2024, 1, 1), date(2024, 1, 2), DayCount.ONE) == 1.0


def test_codes_follow_the_enum() -> None:
    """Kernels number the day counts by their position."""
    assert list(DAY_COUNT_CODES.values()) == list(range(len(DayCount)))


@pytest.mark.parametrize(
    ("day_count", "arguments", "said"),
    [
        (DayCount.ACT_360, {"end": date(2023, 1, 1)}, "the end 2023-01-01 is before the start 2024-01-01"),
        (DayCount.ACT_ACT_ICMA, {}, "there is no regular period"),
        (
            DayCount.ACT_ACT_ICMA,
            {"period": (date(2024, 1, 1), date(2024, 7, 1)), "periods_per_year": 5},
            "5 periods a year are no whole months",
        ),
        (
            DayCount.ACT_ACT_ICMA,
            {"period": (date(2024, 7, 1), date(2024, 7, 1)), "periods_per_year": 2},
            "the regular period 2024-07-01 to 2024-07-01 is empty",
        ),
        (DayCount.BUS_252, {}, "there is no calendar"),
        (DayCount.BUS_252, {"end": date(2061, 1, 1), "calendar": WEEKDAYS}, "leaves the calendar"),
    ],
)
def test_what_is_missing_is_named(day_count: DayCount, arguments: dict[str, object], said: str) -> None:
    """CLO-1914 says which day count lacks what."""
    asked = {"start": date(2024, 1, 1), "end": date(2024, 6, 1)} | arguments

    with pytest.raises(InputError, match=said) as caught:
        year_fraction(day_count=day_count, **asked)  # type: ignore[arg-type]
    assert caught.value.number == "CLO-1914"
    assert day_count.value in caught.value.problem
