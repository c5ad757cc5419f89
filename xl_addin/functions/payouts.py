"""Returns and funding of swaps in cells, from numbers alone (spec 07 §6.4, §8, §11, §12)."""

from datetime import date
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt

from engine.desk.swaps import cells
from engine.payouts.dates.day_count import year_fraction
from engine.payouts.enums import (
    CompoundingMethod,
    DayCount,
    FxFeatureType,
    NotionalMode,
    ObservationShift,
)
from xl_addin.registry.arguments import Days, Numbers
from xl_addin.registry.declare import Example, udf
from xl_addin.registry.kinds import NUMBERS, choice

CATEGORY = "Swaps"
Floats = npt.NDArray[np.float64]

_MODES = choice(*NotionalMode)
_FX = choice("NONE", FxFeatureType.COMPOSITE, FxFeatureType.QUANTO, FxFeatureType.CROSS_CURRENCY)
_DAY_COUNTS = choice(*(one.value for one in DayCount if one is not DayCount.BUS_252))
_SHIFTS = choice(*ObservationShift)
_PERIODS = choice(*CompoundingMethod)

Mode = Annotated[str, _MODES, "RESET or CUMULATIVE: constant units; FIXED: constant notional."]
Quantity = Annotated[float, "Units; with FIXED the notional in settlement currency."]
StartPrice = Annotated[float, "Price at the start, in the underlier's currency."]
EndPrice = Annotated[float, "Price at the end."]
SwapDayCount = Annotated[
    str, _DAY_COUNTS, "Day count such as ACT/360 (default), ACT/365.FIXED, ACT/ACT.ISDA, 30E/360.ISDA."
]
Start = Annotated[date, "First day of the period."]
End = Annotated[date, "Last day of the period, which does not count."]


@udf(
    "PAY_PERIOD_RETURN",
    category=CATEGORY,
    examples=[
        Example('=PAY_PERIOD_RETURN("RESET",212000,29.45,31.1)', 349_800),
        Example('=PAY_PERIOD_RETURN("RESET",1000,100,110,1.1,1.05,"COMPOSITE")', 5_500),
    ],
)
def pay_period_return(
    mode: Mode,
    quantity: Quantity,
    start_price: StartPrice,
    end_price: EndPrice,
    start_fx: Annotated[float, "Settlement currency per underlier currency at the start; a quanto's rate."] = 1.0,
    end_fx: Annotated[float, "The same at the end."] = 1.0,
    fx_mode: Annotated[str, _FX, "NONE (default), COMPOSITE, QUANTO or CROSS_CURRENCY."] = "NONE",
) -> float:
    """Price amount of one period of an equity leg in settlement currency; positive is received by its receiver."""
    feature = None if fx_mode == "NONE" else FxFeatureType(fx_mode)
    return cells.period_return(NotionalMode(mode), quantity, start_price, end_price, start_fx, end_fx, feature).amount


@udf(
    "PAY_TOTAL_RETURN",
    category=CATEGORY,
    examples=[
        Example('=PAY_TOTAL_RETURN("RESET",212000,29.45,31.1,0.05,0.85)', 358_810),
        Example('=PAY_TOTAL_RETURN("RESET",212000,29.45,31.1,0.05,1,30)', 360_788.6666666667),
    ],
)
def pay_total_return(
    mode: Mode,
    quantity: Quantity,
    start_price: StartPrice,
    end_price: EndPrice,
    dividends: Annotated[Numbers, "Gross dividends per unit that count in the period."],
    payout_ratio: Annotated[float, "Share of the dividends that is passed on, 0.85 for 85 %; 1 by default."] = 1.0,
    ex_date_closes: Annotated[Floats | None, NUMBERS, "Close of each ex-date, where dividends are reinvested."] = None,
) -> float:
    """Amount of one period of a total return leg in one currency: price and dividends, paid or reinvested."""
    return cells.total_return(
        NotionalMode(mode), quantity, start_price, end_price, dividends, payout_ratio, ex_date_closes
    ).amount


@udf(
    "PAY_YEAR_FRACTION",
    category=CATEGORY,
    examples=[Example('=PAY_YEAR_FRACTION(DATE(2024,1,31),DATE(2024,2,29),"30E/360.ISDA")', 30 / 360)],
)
def pay_year_fraction(
    start_date: Start,
    end_date: End,
    day_count: SwapDayCount = "ACT/360",
    termination_date: Annotated[date | None, "Last day of the contract, which 30E/360.ISDA treats apart."] = None,
    period_start: Annotated[date | None, "First day of the regular period, for ACT/ACT.ICMA."] = None,
    period_end: Annotated[date | None, "Last day of the regular period, for ACT/ACT.ICMA."] = None,
    periods_per_year: Annotated[int | None, "Regular periods a year, for ACT/ACT.ICMA."] = None,
) -> float:
    """Years from one date to another in a day count of swaps."""
    period = None if period_start is None or period_end is None else (period_start, period_end)
    return year_fraction(
        start_date,
        end_date,
        DayCount(day_count),
        termination=termination_date,
        period=period,
        periods_per_year=periods_per_year,
    )


@udf(
    "PAY_ACCRUED_FUNDING",
    category=CATEGORY,
    examples=[
        Example('=PAY_ACCRUED_FUNDING(28469376,5%,0.2%,DATE(2024,4,1),DATE(2024,5,1),"30/360")', 123_367.296),
    ],
)
def pay_accrued_funding(
    notional: Annotated[float, "Notional in currency."],
    rate: Annotated[float, "Rate a year, decimal."],
    spread: Annotated[float, "Spread a year, decimal."],
    start_date: Start,
    end_date: End,
    day_count: SwapDayCount = "ACT/360",
) -> float:
    """Interest of a funding leg from the first day up to the last: notional times rate and spread times years."""
    return cells.accrued_funding(notional, rate, spread, start_date, end_date, DayCount(day_count))


@udf(
    "PAY_COMPOUNDED_PERIODS",
    category=CATEGORY,
    examples=[Example('=PAY_COMPOUNDED_PERIODS(1000000,{0.05;0.052},{0.25;0.25},0.005,"FLAT")', 28_178.75)],
)
def pay_compounded_periods(
    notional: Annotated[float, "Notional in currency."],
    rates: Annotated[Numbers, "Rate of each calculation period, decimal, without spread."],
    year_fractions: Annotated[Numbers, "Years of each calculation period."],
    spread: Annotated[float, "Spread a year, decimal."] = 0.0,
    method: Annotated[str, _PERIODS, "NONE (default), FLAT, STRAIGHT or SPREAD_EXCLUSIVE."] = "NONE",
) -> float:
    """Interest of several calculation periods that are compounded into one payment."""
    return cells.compounded_periods(notional, rates, year_fractions, spread, CompoundingMethod(method))


@udf(
    "PAY_OVERNIGHT_RATE",
    category=CATEGORY,
    examples=[
        Example("=PAY_OVERNIGHT_RATE({0.05;0.05},{45376;45377},DATE(2024,3,25),DATE(2024,3,27))", 0.05000347222222222),
    ],
)
def pay_overnight_rate(
    rates: Annotated[Numbers, "Published overnight rates, decimals."],
    days: Annotated[Days, "The days they are of; only these are business days."],
    start_date: Start,
    end_date: End,
    method: Annotated[
        Literal["compounded", "averaged", "spread_compounded"],
        "compounded (default), averaged, or spread_compounded with the spread in every day's rate.",
    ] = "compounded",
    shift: Annotated[str, _SHIFTS, "NONE (default), LOOKBACK, OBSERVATION_PERIOD_SHIFT or LOCKOUT."] = "NONE",
    shift_days: Annotated[int, "Business days of the shift."] = 0,
    spread: Annotated[float, "Spread a year, decimal."] = 0.0,
    basis: Annotated[float, "Days of the index's year: 360 (default) or 365."] = 360.0,
) -> float:
    """Annual rate of a period from overnight rates, spread included, decimal."""
    terms = cells.OvernightTerms(
        is_averaged=method == "averaged",
        is_spread_compounded=method == "spread_compounded",
        spread=spread,
        shift=ObservationShift(shift),
        shift_days=shift_days,
        basis=basis,
    )
    return cells.overnight_period_rate(rates, days, start_date, end_date, terms)
