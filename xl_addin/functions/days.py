"""Dates in cells: day counts, business days and periods (spec 06 §11.2)."""

from datetime import date
from typing import Annotated, Literal

from engine.conventions import business_day
from engine.conventions.business_day import BusinessDayConvention, PeriodUnit
from engine.conventions.day_count import days as days_between
from engine.conventions.day_count import parse_day_count, period_rate, year_fraction
from engine.desk.reading.market_data import named_calendar
from engine.modes import Mode
from xl_addin.registry.arguments import RunMode
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import Example, udf
from xl_addin.registry.kinds import NAME

CATEGORY = "CLO Dates"

DayCountName = Annotated[
    str, NAME, "Day count: 30/360, ACTUAL/360, ACTUAL/365, ACTUAL/ACTUAL or 30/360EU; ACTUAL/360 by default."
]
Convention = Annotated[
    Literal["following", "modified_following", "previous", "none"], "What is done with a day that is no business day."
]
CalendarName = Annotated[
    str,
    NAME,
    "Calendar: WORKBOOK (default) for that of the newest imported workbook, US for the New York banks, or WEEKENDS.",
]
StartDate = Annotated[date, "First day."]
EndDate = Annotated[date, "Last day."]

_CONVENTIONS = {
    "following": BusinessDayConvention.FOLLOWING,
    "modified_following": BusinessDayConvention.MODIFIED_FOLLOWING,
    "previous": BusinessDayConvention.PREVIOUS,
    "none": BusinessDayConvention.NONE,
}


@udf(
    "CLO_YEAR_FRACTION",
    category=CATEGORY,
    examples=[Example("=CLO_YEAR_FRACTION(DATE(2016,3,23),DATE(2016,6,21))", 0.25)],
)
def clo_year_fraction(start_date: StartDate, end_date: EndDate, day_count: DayCountName = "ACTUAL/360") -> float:
    """Years between two dates in a day count, never negative."""
    return year_fraction(start_date, end_date, parse_day_count(day_count))


@udf("CLO_DAYS", category=CATEGORY, examples=[Example('=CLO_DAYS(DATE(2016,3,23),DATE(2016,6,23),"30/360")', 90)])
def clo_days(start_date: StartDate, end_date: EndDate, day_count: DayCountName = "ACTUAL/360") -> int:
    """Days from one date to another in a day count, negative where the second is earlier."""
    return days_between(start_date, end_date, parse_day_count(day_count))


@udf(
    "CLO_PERIOD_RATE",
    category=CATEGORY,
    examples=[Example("=CLO_PERIOD_RATE(0.19,DATE(2016,1,1),DATE(2016,7,1))", 0.1)],
)
def clo_period_rate(
    annual_rate: Annotated[float, "Rate a year, decimal: 0.2 for 20 % CPR or CDR."],
    start_date: StartDate,
    end_date: EndDate,
) -> float:
    """Rate of a period from an annual rate, decimal: 1 - (1 - rate) to the power of the years on 30/360."""
    return period_rate(annual_rate, start_date, end_date)


@udf(
    "CLO_BUSINESS_DAY",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_BUSINESS_DAY(DATE(2016,5,29),"modified_following","US")'],
)
def clo_business_day(
    on_date: Annotated[date, "Any day."],
    convention: Convention = "following",
    calendar: CalendarName = "",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> date:
    """Date moved to a business day by a convention; a business day stays."""
    return business_day.adjust(on_date, _CONVENTIONS[convention], named_calendar(ctx.views, calendar), mode.quirks)


@udf(
    "CLO_ADD_BUSINESS_DAYS",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_ADD_BUSINESS_DAYS(DATE(2016,7,1),-2,"US")'],
)
def clo_add_business_days(
    on_date: Annotated[date, "Any day."],
    days: Annotated[int, "Number of business days, negative to go back; 0 for the first one on or after the day."],
    calendar: CalendarName = "",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> date:
    """Business day a number of business days after a date, or before it."""
    return business_day.add_business_days(on_date, days, named_calendar(ctx.views, calendar), mode.quirks)


@udf(
    "CLO_ADD_PERIOD",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_ADD_PERIOD(DATE(2016,1,31),1,"m")'],
)
def clo_add_period(
    on_date: Annotated[date, "Any day."],
    count: Annotated[int, "Number of periods, negative to go back."],
    unit: Annotated[Literal["d", "m", "q", "y"], "Unit of the periods: days, months, quarters or years."],
    convention: Convention = "none",
    end_of_month: Annotated[bool, "TRUE moves to the last day of the month before the convention applies."] = False,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> date:
    """Date a number of days, months, quarters or years later, moved to a business day if a convention is given.

    The holidays are those of the newest imported workbook.
    """
    calendar = named_calendar(ctx.views, "WEEKENDS" if convention == "none" else "")
    return business_day.add_period(
        on_date,
        count,
        PeriodUnit(unit),
        _CONVENTIONS[convention],
        calendar,
        mode.quirks,
        is_end_of_month=end_of_month,
    )
