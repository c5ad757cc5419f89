"""Bond mathematics in cells: present values, yields, spreads, lives of dated flows (spec 06 §11.2)."""

from collections.abc import Sequence
from datetime import date
from math import isfinite
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt

from engine.analytics import risk, valuation
from engine.analytics.cashflow_vector import CashflowVector, discount_factor, require_future
from engine.analytics.valuation import Solution, SolveStatus
from engine.conventions.day_count import parse_day_count
from engine.conventions.days import day_array
from engine.desk.reading.market_data import chosen_curve
from engine.modes import Mode, Quirks
from xl_addin.functions.curves import CurveName
from xl_addin.functions.days import DayCountName, EndDate, StartDate
from xl_addin.registry.arguments import AsOf, Days, Numbers, RunMode
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import Example, udf
from xl_addin.registry.errors import impossible, no_denominator

CATEGORY = "CLO Bonds"
LEGACY_FAILURE = -1.0
"""What the legacy solvers return for a run-time error."""

FlowDates = Annotated[Days, "Range of payment dates, ascending."]
Amounts = Annotated[Numbers, "Range of amounts paid on these dates, in any currency."]
Settlement = Annotated[date, "Settlement date; no flow may lie before it."]
PresentValue = Annotated[float, "Present value at settlement, in the unit of the amounts."]
Frequency = Annotated[int, "Compounding periods a year, 1 to 12; 4 by default."]
FloatArray = npt.NDArray[np.float64]

_REASONS = {
    SolveStatus.NO_POSITIVE_FLOW: "no flow is positive",
    SolveStatus.NO_ROOT: "no rate gives this present value",
    SolveStatus.BAD_TARGET: "the present value is not positive",
    SolveStatus.ARITHMETIC_ERROR: "a trial rate cannot be discounted at",
}


@udf(
    "CLO_DISCOUNT_FACTOR",
    category=CATEGORY,
    examples=[Example("=CLO_DISCOUNT_FACTOR(0,DATE(2016,3,23),DATE(2017,3,23))", 1)],
)
def clo_discount_factor(
    rate: Annotated[float, "Rate a year, decimal."],
    start_date: StartDate,
    end_date: EndDate,
    day_count: DayCountName = "ACTUAL/360",
    frequency: Frequency = 4,
) -> float:
    """Discount factor between two dates at an annual rate, compounded a number of times a year."""
    return _finite(discount_factor(rate, start_date, end_date, frequency, parse_day_count(day_count)))


@udf("CLO_PV", category=CATEGORY, examples=["=CLO_PV(A2:A5,B2:B5,DATE(2016,2,15),0.05)"])
def clo_pv(
    dates: FlowDates,
    amounts: Amounts,
    settlement: Settlement,
    yield_rate: Annotated[float, "Yield a year, decimal."],
    day_count: DayCountName = "ACTUAL/360",
    frequency: Frequency = 4,
) -> float:
    """Present value of dated flows at a yield, in the unit of the amounts."""
    return _finite(valuation.present_value(_flows(dates, amounts, settlement, day_count, frequency), yield_rate))


@udf(
    "CLO_PV_SPREAD",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=["=CLO_PV_SPREAD(A2:A5,B2:B5,DATE(2016,3,23),0.04)"],
)
def clo_pv_spread(
    dates: FlowDates,
    amounts: Amounts,
    settlement: Settlement,
    spread: Annotated[float, "Spread over the zero rates, decimal."],
    curve: CurveName = "",
    day_count: DayCountName = "ACTUAL/360",
    frequency: Frequency = 4,
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """Present value of dated flows at the zero rates of a curve plus a spread, in the unit of the amounts."""
    flows = _flows(dates, amounts, settlement, day_count, frequency, mode.quirks)
    zeros = _zeros(ctx, dates, settlement, curve, as_of, mode)
    return _finite(valuation.present_value_with_spread(flows, zeros, spread, mode.quirks))


@udf("CLO_YIELD", category=CATEGORY, examples=["=CLO_YIELD(A2:A5,B2:B5,DATE(2016,2,15),99)"])
def clo_yield(
    dates: FlowDates,
    amounts: Amounts,
    settlement: Settlement,
    pv: PresentValue,
    day_count: DayCountName = "ACTUAL/360",
    frequency: Frequency = 4,
    mode: RunMode = Mode.STANDARD,
) -> float:
    """Yield a year at which dated flows have a present value, decimal.

    Legacy mode searches in -150 % to 100 % only and gives -1 where the legacy model did.
    """
    flows = _flows(dates, amounts, settlement, day_count, frequency, mode.quirks)
    return _solved(valuation.solve_yield(flows, pv, mode.quirks), mode)


@udf(
    "CLO_ZSPREAD",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=["=CLO_ZSPREAD(A2:A5,B2:B5,DATE(2016,3,23),99)"],
)
def clo_zspread(
    dates: FlowDates,
    amounts: Amounts,
    settlement: Settlement,
    pv: PresentValue,
    curve: CurveName = "",
    day_count: DayCountName = "ACTUAL/360",
    frequency: Frequency = 4,
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """Spread over the zero rates of a curve at which dated flows have a present value, decimal a year."""
    flows = _flows(dates, amounts, settlement, day_count, frequency, mode.quirks)
    zeros = _zeros(ctx, dates, settlement, curve, as_of, mode)
    return _solved(valuation.solve_spread(flows, zeros, pv, mode.quirks), mode)


@udf("CLO_WAL", category=CATEGORY, examples=["=CLO_WAL(A2:A5,B2:B5,DATE(2016,3,23))"])
def clo_wal(
    dates: FlowDates,
    principal: Annotated[Numbers, "Range of principal paid on these dates."],
    settlement: Settlement,
    mode: RunMode = Mode.STANDARD,
) -> float:
    """Weighted average life of principal flows in years from settlement, Actual/365.

    Legacy mode counts quarters by the number of the flow instead of days.
    """
    require_future(settlement, dates)
    found = risk.average_life(settlement, dates, principal, mode.quirks)
    if not isfinite(found):
        raise no_denominator("CLO-2164", "No principal is paid", remedy="Give amounts that do not add up to 0.")
    return found


@udf("CLO_DURATION", category=CATEGORY, examples=["=CLO_DURATION(A2:A5,B2:B5,DATE(2016,2,15),0.05)"])
def clo_duration(
    dates: FlowDates,
    amounts: Amounts,
    settlement: Settlement,
    yield_rate: Annotated[float, "Yield a year, decimal."],
    kind: Annotated[Literal["macaulay", "modified"], "Which duration; macaulay by default."] = "macaulay",
    day_count: DayCountName = "ACTUAL/360",
    frequency: Frequency = 4,
) -> float:
    """Duration of dated flows at a yield, in years."""
    flows = _flows(dates, amounts, settlement, day_count, frequency)
    macaulay, modified = risk.durations(flows, yield_rate, market_value=0.0)
    return _finite(macaulay if kind == "macaulay" else modified)


def _flows(
    dates: Sequence[date],
    amounts: FloatArray,
    settlement: date,
    day_count: str,
    frequency: int,
    quirks: Quirks = frozenset(),
) -> CashflowVector:
    require_future(settlement, dates)
    return CashflowVector.of(
        settlement, dates, amounts, frequency=frequency, day_count=parse_day_count(day_count, quirks), quirks=quirks
    )


def _zeros(
    ctx: CallContext, dates: Sequence[date], settlement: date, curve: str, as_of: date | None, mode: Mode
) -> FloatArray:
    chosen = chosen_curve(ctx.views, curve, as_of, mode)
    index = chosen.reaching(dates[-1]) if dates else chosen.index
    return index.zeros(settlement, day_array(dates))


def _finite(value: float) -> float:
    if not isfinite(value):
        raise impossible(
            "CLO-2165",
            "The flows have no value at this rate",
            remedy="Give a rate above -100 % a period.",
        )
    return value


def _solved(found: Solution, mode: Mode) -> float:
    if found.is_solved:
        return found.value
    if mode is Mode.LEGACY:
        return LEGACY_FAILURE
    raise impossible(
        "CLO-2166",
        f"There is no solution: {_REASONS[found.status]}",
        remedy="Check signs and units: flows and present value are in the same unit, received amounts positive.",
    )
