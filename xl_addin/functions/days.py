"""Dates in cells: day counts and business days (spec 06 §11.2)."""

from datetime import date
from typing import Annotated

from engine.conventions.day_count import parse_day_count, year_fraction
from xl_addin.registry.declare import Example, udf

CATEGORY = "CLO Dates"

DayCountName = Annotated[str, "Day count: 30/360, ACTUAL/360, ACTUAL/365, ACTUAL/ACTUAL or 30/360EU."]


@udf(
    "CLO_YEAR_FRACTION",
    category=CATEGORY,
    examples=[Example("=CLO_YEAR_FRACTION(DATE(2016,3,23),DATE(2016,6,21))", 0.25)],
)
def clo_year_fraction(
    start_date: Annotated[date, "First day."],
    end_date: Annotated[date, "Last day."],
    day_count: DayCountName = "ACTUAL/360",
) -> float:
    """Years between two dates in a day count, never negative."""
    return year_fraction(start_date, end_date, parse_day_count(day_count))
