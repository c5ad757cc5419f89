"""Periods and business days added to a date, against QuantLib and the days of the legacy quirks."""

from datetime import date

import pytest
import QuantLib as ql  # noqa: N813  (the name its own documentation uses)

from engine.conventions.business_day import BusinessDayConvention, PeriodUnit, add_business_days, add_period
from engine.conventions.calendar import WEEKENDS_ONLY, us_bank_calendar
from engine.errors import InputError
from engine.modes import Mode

BANKS = us_bank_calendar(2010, 2030)
QUANTLIB_UNIT = {PeriodUnit.DAYS: ql.Days, PeriodUnit.MONTHS: ql.Months, PeriodUnit.YEARS: ql.Years}


@pytest.mark.parametrize("unit", QUANTLIB_UNIT)
@pytest.mark.parametrize("count", [-13, -1, 0, 1, 5, 24])
def test_periods_are_those_of_quantlib(unit: PeriodUnit, count: int) -> None:
    """From every day around a leap February."""
    for day in range(25, 32):
        start = ql.Date(day, 1, 2016)
        expected = start + ql.Period(count, QUANTLIB_UNIT[unit])

        found = add_period(date(2016, 1, day), count, unit, BusinessDayConvention.NONE, WEEKENDS_ONLY)

        assert found.isoformat() == expected.ISO()


def test_a_quarter_is_three_months() -> None:
    """To the end of the month if asked for, then to a business day."""
    on = date(2016, 1, 29)
    none, following = BusinessDayConvention.NONE, BusinessDayConvention.FOLLOWING

    assert add_period(on, 1, PeriodUnit.QUARTERS, none, WEEKENDS_ONLY) == date(2016, 4, 29)
    assert add_period(on, 1, PeriodUnit.QUARTERS, none, WEEKENDS_ONLY, is_end_of_month=True) == date(2016, 4, 30)
    assert add_period(on, 1, PeriodUnit.QUARTERS, following, BANKS, is_end_of_month=True) == date(2016, 5, 2)
    assert add_period(on, 1, PeriodUnit.DAYS, following, BANKS) == date(2016, 2, 1)


def test_business_days_are_counted_forwards_and_backwards() -> None:
    """The days of LQ-11 and LQ-12: eight before 15 June 2016, and what the legacy model made of them."""
    on = date(2016, 6, 15)

    assert add_business_days(on, -8, BANKS) == date(2016, 6, 3)
    assert add_business_days(on, -8, BANKS, Mode.LEGACY.quirks) == date(2016, 6, 5)
    assert add_business_days(on, 3, BANKS) == date(2016, 6, 20)
    assert add_business_days(on, 3, BANKS, Mode.LEGACY.quirks) == on
    assert add_business_days(date(2016, 6, 18), 0, BANKS) == date(2016, 6, 20)


@pytest.mark.parametrize("count", [10**18, -(10**18), 100_000])
def test_what_leads_out_of_the_calendar_is_refused(count: int) -> None:
    """Quickly, and before anything overflows."""
    with pytest.raises(InputError, match="CLO-1007"):
        add_period(date(2016, 1, 1), count, PeriodUnit.MONTHS, BusinessDayConvention.NONE, BANKS)
    if abs(count) > 10**9:
        with pytest.raises(InputError, match="CLO-1007"):
            add_business_days(date(2016, 1, 1), count, BANKS)
