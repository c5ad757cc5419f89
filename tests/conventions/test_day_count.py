"""Day counts against the worked table of spec 01 §10.1, QuantLib and properties."""

from datetime import date, timedelta

import pytest
import QuantLib as ql  # noqa: N813  (the name its own documentation uses)
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.conventions import kernels
from engine.conventions.day_count import DayCount, days, days360, parse_day_count, period_rate, year_fraction
from engine.conventions.days import day_number, to_date
from engine.errors import InputError
from engine.modes import Mode

LEGACY = Mode.LEGACY.quirks
PRINTED = 5e-9  # the table prints eight decimals

# spec 01 §10.1: start, end -> DAYS360 US, DAYS360 EU, YEARFRAC of basis 0 to 4
WORKED_TABLE = {
    ("2015-02-28", "2015-03-31"): (30, 32, 0.08611111, 0.08493151, 0.08611111, 0.08493151, 0.08888889),
    ("2015-02-28", "2016-02-29"): (359, 361, 1.00000000, 1.00136799, 1.01666667, 1.00273973, 1.00277778),
    ("2016-02-29", "2016-03-31"): (30, 31, 0.08611111, 0.08469945, 0.08611111, 0.08493151, 0.08611111),
    ("2016-01-30", "2016-02-29"): (29, 29, 0.08055556, 0.08196721, 0.08333333, 0.08219178, 0.08055556),
    ("2016-03-15", "2016-05-31"): (76, 75, 0.21111111, 0.21038251, 0.21388889, 0.21095890, 0.20833333),
    ("2015-12-31", "2016-03-31"): (90, 90, 0.25000000, 0.24863388, 0.25277778, 0.24931507, 0.25000000),
}

any_date = st.dates(min_value=date(1950, 1, 1), max_value=date(2150, 12, 31))


def ql_date(value: date) -> ql.Date:
    return ql.Date(value.day, value.month, value.year)


def is_february_end(value: date) -> bool:
    return value.month == 2 and (value + timedelta(days=1)).month == 3


@pytest.mark.parametrize("pair", WORKED_TABLE)
def test_worked_table_of_day_counts(pair: tuple[str, str]) -> None:
    """Both DAYS360 and all five year fractions of spec 01 §10.1."""
    start, end = map(date.fromisoformat, pair)
    us, eu, *fractions = WORKED_TABLE[pair]

    assert days360(start, end) == us
    assert days360(start, end, is_european=True) == eu
    assert [year_fraction(start, end, code) for code in DayCount] == pytest.approx(fractions, rel=0, abs=PRINTED)


@given(any_date)
def test_calendar_arithmetic_agrees_with_python(value: date) -> None:
    """Year, month and day come back from a day number and lead to it."""
    day = day_number(value)

    assert kernels.civil_from_days(day) == (value.year, value.month, value.day)
    assert kernels.days_from_civil(value.year, value.month, value.day) == day


@given(any_date, st.integers(-600, 600))
def test_adding_months_agrees_with_quantlib(value: date, n: int) -> None:
    """Adding months keeps the day or stops at the month's end, and month ends are the calendar's."""
    assume(1950 <= value.year + n / 12 <= 2150)
    expected = ql_date(value) + ql.Period(n, ql.Months)

    moved = to_date(kernels.add_months(day_number(value), n))

    assert ql_date(moved) == expected
    assert ql_date(to_date(kernels.end_of_month(day_number(moved)))) == ql.Date.endOfMonth(expected)


@given(any_date, any_date)
def test_year_fractions_agree_with_quantlib(a: date, b: date) -> None:
    """Actual/360, Actual/365, European and US 30/360 are QuantLib's.

    Apart from a February end to a 31st, where Excel's first rule that matches leaves the 31st alone.
    """
    start, end = min(a, b), max(a, b)
    first, last = ql_date(start), ql_date(end)
    actual_360, actual_365 = ql.Actual360(), ql.Actual365Fixed()
    european, american = ql.Thirty360(ql.Thirty360.European), ql.Thirty360(ql.Thirty360.USA)

    assert year_fraction(a, b, DayCount.ACTUAL_360) == pytest.approx(actual_360.yearFraction(first, last), rel=1e-15)
    assert year_fraction(a, b, DayCount.ACTUAL_365) == pytest.approx(actual_365.yearFraction(first, last), rel=1e-15)
    assert year_fraction(a, b, DayCount.THIRTY_360_EU) == pytest.approx(european.yearFraction(first, last), rel=1e-15)
    if not (is_february_end(start) and end.day == 31):
        assert year_fraction(a, b, DayCount.THIRTY_360_US) == pytest.approx(american.yearFraction(first, last))


@given(any_date, any_date, st.sampled_from(DayCount))
def test_year_fractions_ignore_the_order_of_dates(a: date, b: date, code: DayCount) -> None:
    """A year fraction is symmetric and never negative."""
    assert year_fraction(a, b, code) == year_fraction(b, a, code) >= 0.0


@given(any_date, any_date)
def test_counted_days_are_calendar_days_in_actual_counts(a: date, b: date) -> None:
    """Actual day counts count calendar days with their sign."""
    for code in (DayCount.ACTUAL_ACTUAL, DayCount.ACTUAL_360, DayCount.ACTUAL_365):
        assert days(a, b, code) == (b - a).days


def test_worked_period_rates() -> None:
    """P(r; a, b) of spec 01 §10.1, with its trapped error and its computed 150 %."""
    start, quarter, year = date(2015, 12, 31), date(2016, 3, 31), date(2016, 12, 31)

    assert period_rate(0.20, start, quarter) == pytest.approx(0.05425839099682417, rel=1e-14)
    assert period_rate(0.04, start, quarter) == pytest.approx(0.01015359923204695, rel=1e-14)
    assert period_rate(1.0, start, quarter) == 1.0
    assert period_rate(1.5, start, quarter) == 0.0
    assert period_rate(1.5, start, year) == 1.5
    assert period_rate(60.0, start, year) == 60.0
    assert period_rate(0.2, start, start) == 0.0


@given(st.floats(0.0, 0.9), st.integers(1, 360))
def test_period_rate_compounds_back_to_the_annual_rate(rate: float, days_360: int) -> None:
    """What survives a period, to the power of periods a year, is what survives a year."""
    survivors = 1.0 - kernels.period_rate_from_days(rate, days_360)

    assert survivors ** (360.0 / days_360) == pytest.approx(1.0 - rate, rel=1e-11)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("30/360", 0),
        ("Actual/Actual", 1),
        ("Actual/360", 2),
        ("act360", 2),
        ("ACTUAL/365", 3),
        ("Act365", 3),
        ("30/360eu", 4),
    ],
)
def test_day_counts_are_read_in_any_case(text: str, code: int) -> None:
    """Every spelling of spec 01 §2.5 gives its code in both modes."""
    assert parse_day_count(text) == parse_day_count(text, LEGACY) == code


def test_an_unknown_day_count_is_an_error_and_30_360_in_legacy_mode() -> None:
    """LQ-08, with the whole text of the error."""
    with pytest.raises(InputError) as caught:
        parse_day_count("ACT/361")

    assert str(caught.value) == (
        "CLO-1001: Day count 'ACT/361' is not known. "
        "Use one of 30/360, ACTUAL/ACTUAL, ACTUAL/360, ACT360, ACTUAL/365, ACT365, 30/360EU."
    )
    assert parse_day_count("ACT/361", LEGACY) is DayCount.THIRTY_360_US
    assert parse_day_count(" ACTUAL/360 ") is DayCount.ACTUAL_360
    assert parse_day_count(" ACTUAL/360 ", LEGACY) is DayCount.THIRTY_360_US
