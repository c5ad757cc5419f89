"""The index curve in cells: points, spot, zero and forward rates (spec 06 §11.2)."""

from datetime import date
from typing import Annotated

from engine.desk.reading.market_data import chosen_curve
from engine.modes import Mode
from xl_addin.registry.arguments import AsOf, RunMode
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.kinds import NAME
from xl_addin.registry.results import Table

CATEGORY = "CLO Curves"

CurveName = Annotated[
    str, NAME, "Assumption set whose curve is meant; the curve of the newest imported workbook by default."
]
Months = Annotated[int, "Tenor in whole months."]


@udf("CLO_YIELD_CURVE", category=CATEGORY, cost="data", depends=("universe",), examples=["=CLO_YIELD_CURVE()"])
def clo_yield_curve(curve: CurveName = "", as_of: AsOf = None, *, ctx: CallContext) -> Table:
    """Points of an index curve: month and effective annual rate, decimal."""
    return Table(("month", "rate"), chosen_curve(ctx.views, curve, as_of, Mode.STANDARD).points)


@udf(
    "CLO_SPOT_RATE",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=["=CLO_SPOT_RATE(DATE(2016,6,30),3)"],
)
def clo_spot_rate(
    on_date: Annotated[date, "Day from which the tenor runs."],
    months: Months,
    curve: CurveName = "",
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """Spot rate from a day over a tenor, effective annual, decimal."""
    return chosen_curve(ctx.views, curve, as_of, mode).spot(on_date, months)


@udf(
    "CLO_ZERO_RATE",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=["=CLO_ZERO_RATE(DATE(2016,3,23),DATE(2017,3,23))"],
)
def clo_zero_rate(
    start_date: Annotated[date, "First day."],
    end_date: Annotated[date, "Last day."],
    curve: CurveName = "",
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """Zero rate between two dates, effective annual, decimal."""
    return chosen_curve(ctx.views, curve, as_of, mode).zero(start_date, end_date)


@udf(
    "CLO_FORWARD_RATE",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=["=CLO_FORWARD_RATE(DATE(2016,9,30),3)"],
)
def clo_forward_rate(
    on_date: Annotated[date, "Day from which the forward runs."],
    months: Months = 1,
    curve: CurveName = "",
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """Forward rate from a day over a tenor, one month by default, effective annual, decimal."""
    return chosen_curve(ctx.views, curve, as_of, mode).spot(on_date, months)
