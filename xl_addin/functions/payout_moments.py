"""Realised variance, volatility and correlation in cells, their payoffs, risk numbers (spec 07 §13, §16.4)."""

from typing import Annotated, Literal

from engine.desk.swaps import cells
from engine.payouts.book import moment_statistics as statistics
from engine.payouts.enums import DividendAdjustmentStyle, RealisedVarianceMethod, StrikeScale
from engine.payouts.risk import risk_numbers
from xl_addin.functions.payouts import CATEGORY, Floats
from xl_addin.registry.arguments import Matrix, Numbers
from xl_addin.registry.declare import Example, udf
from xl_addin.registry.errors import unavailable, wrong
from xl_addin.registry.kinds import NUMBERS, choice
from xl_addin.registry.results import Table

_SCALES = choice(*StrikeScale)

Prices = Annotated[Numbers, "Range of closes in date order, the initial level first."]
ExpectedDays = Annotated[int | None, "Number of returns that the contract expects; those observed by default."]
Annualization = Annotated[float, "Trading days a year, 252 by default."]
MeanAdjusted = Annotated[bool, "TRUE takes the mean return off; FALSE by default."]
Strike = Annotated[float, "Volatility strike in the scale: 18 in points, 0.18 as decimal."]
Vega = Annotated[float, "Vega notional: currency for one volatility point."]
Scale = Annotated[str, _SCALES, "POINTS (default) or DECIMAL: how strike, cap and floor are written."]
Cap = Annotated[float | None, "Level above which nothing more is paid; none by default."]
Floor = Annotated[float | None, "Level below which nothing less is paid; none by default."]


@udf(
    "PAY_REALISED_VARIANCE",
    category=CATEGORY,
    examples=[Example("=PAY_REALISED_VARIANCE({100;101;99.5;100.5;102;101},5)", 0.037268422206)],
)
def pay_realised_variance(
    prices: Prices,
    expected_days: ExpectedDays = None,
    annualization: Annualization = 252.0,
    mean_adjusted: MeanAdjusted = False,
    dividends: Annotated[Floats | None, NUMBERS, "Dividend of each day in the range of prices, 0 for none."] = None,
    dividend_style: Annotated[
        Literal["REDUCE_PREVIOUS", "ADD_BACK"], "REDUCE_PREVIOUS (default) or ADD_BACK."
    ] = "REDUCE_PREVIOUS",
    lower: Annotated[float | None, "Lower end of a corridor; without one every day counts."] = None,
    upper: Annotated[float | None, "Upper end of a corridor."] = None,
    corridor_method: Annotated[
        Literal["PREVIOUS", "LAST", "BOTH"], "Which close of a return has to lie in the corridor; PREVIOUS by default."
    ] = "PREVIOUS",
) -> float:
    """Annualised realised variance of closes, decimal: 0.0324 for a volatility of 18 %."""
    corridor = None
    if lower is not None or upper is not None:
        corridor = statistics.Corridor(
            0.0 if lower is None else lower,
            float("inf") if upper is None else upper,
            RealisedVarianceMethod(corridor_method),
        )
    return statistics.realised_variance(
        prices,
        annualization_factor=_positive(annualization),
        expected_trading_days=expected_days,
        mean_adjustment=mean_adjusted,
        dividends=dividends,
        dividend_style=DividendAdjustmentStyle(dividend_style),
        corridor=corridor,
    ).variance


@udf(
    "PAY_REALISED_VOLATILITY",
    category=CATEGORY,
    examples=[Example("=PAY_REALISED_VOLATILITY({100;101;99.5;100.5;102;101},5)", 0.193050310039)],
)
def pay_realised_volatility(
    prices: Prices,
    expected_days: ExpectedDays = None,
    annualization: Annualization = 252.0,
    mean_adjusted: MeanAdjusted = False,
) -> float:
    """Annualised realised volatility of closes, decimal."""
    return statistics.realised_volatility(
        prices,
        annualization_factor=_positive(annualization),
        expected_trading_days=expected_days,
        mean_adjustment=mean_adjusted,
    )


def _positive(annualization: float) -> float:
    if not annualization > 0.0:
        raise wrong("CLO-2195", "The trading days a year are not positive", remedy="Give a number such as 252.")
    return annualization


@udf(
    "PAY_CORRELATION",
    category=CATEGORY,
    examples=["=PAY_CORRELATION({100,50;101,50.6;100.2,50.1;101.9,50.9})"],
)
def pay_correlation(
    prices: Annotated[Matrix, "Closes with a day in each row and an underlier in each column; blank where disrupted."],
    weights: Annotated[Floats | None, NUMBERS, "Weight of each underlier; equal by default."] = None,
    mean_adjusted: MeanAdjusted = False,
) -> float:
    """Weighted mean of the correlations of all pairs of underliers."""
    found = statistics.pair_correlation(prices.T, weights=weights, mean_adjustment=mean_adjusted).correlation
    if found != found:
        raise unavailable("CLO-2192", "A series does not move, so nothing correlates", remedy="Give more days.")
    return found


@udf(
    "PAY_VARIANCE_PAYOFF",
    category=CATEGORY,
    examples=[Example("=PAY_VARIANCE_PAYOFF(0.037268422206,18,50000)", 67_616.975083)],
)
def pay_variance_payoff(
    realised_variance: Annotated[float, "Realised variance, decimal, as PAY_REALISED_VARIANCE gives it."],
    volatility_strike: Strike,
    vega_notional: Vega,
    scale: Scale = "POINTS",
    cap: Cap = None,
    floor: Floor = None,
    range_share: Annotated[float, "Days in the corridor over expected days; 1 without days-in-range adjustment."] = 1.0,
) -> float:
    """Payoff of a variance swap to the buyer of variance, in currency; cap and floor are volatility levels."""
    return cells.variance_payoff(
        realised_variance,
        volatility_strike,
        vega_notional,
        scale=StrikeScale(scale),
        cap=cap,
        floor=floor,
        range_share=range_share,
    )


@udf(
    "PAY_VOLATILITY_PAYOFF",
    category=CATEGORY,
    examples=[Example("=PAY_VOLATILITY_PAYOFF(0.193050310039,18,50000)", 65_251.55019)],
)
def pay_volatility_payoff(
    realised_volatility: Annotated[float, "Realised volatility, decimal."],
    volatility_strike: Strike,
    vega_notional: Vega,
    scale: Scale = "POINTS",
    cap: Cap = None,
    floor: Floor = None,
) -> float:
    """Payoff of a volatility swap to the buyer of volatility, in currency."""
    return cells.volatility_payoff(
        realised_volatility, volatility_strike, vega_notional, scale=StrikeScale(scale), cap=cap, floor=floor
    )


@udf(
    "PAY_CORRELATION_PAYOFF",
    category=CATEGORY,
    examples=[Example("=PAY_CORRELATION_PAYOFF(0.704664921477,0.60123,350000,0.85123,0.35123)", 36_202.222517)],
)
def pay_correlation_payoff(
    correlation: Annotated[float, "Realised correlation."],
    strike: Annotated[float, "Correlation strike."],
    notional: Annotated[float, "Currency for a correlation of 1."],
    cap: Cap = None,
    floor: Floor = None,
) -> float:
    """Payoff of a correlation swap to the buyer of correlation, in currency."""
    return cells.correlation_payoff(correlation, strike, notional, cap=cap, floor=floor)


@udf(
    "PAY_RISK",
    category=CATEGORY,
    examples=["=PAY_RISK({-9;-7;-5;-4;-3;-2;-1;-1;0;0;1;1;2;2;3;3;4;5;6;8})"],
)
def pay_risk(pnl: Annotated[Numbers, "Range of daily profits and losses."]) -> Table:
    """Risk numbers of daily P&L, one a row: quantiles as they are, values at risk and shortfall as losses.

    Of fewer than 20 days nothing is told; of fewer than 100 the numbers at 99 % rest on too few.
    """
    found = risk_numbers(pnl)
    if found.reason is not None:
        raise wrong("CLO-2193", f"The sample is too small: {found.reason}", remedy="Give more days.")
    names = (
        "count",
        "mean",
        "standard_deviation",
        "minimum",
        "maximum",
        "var_95_percentile",
        "var_99_percentile",
        "value_at_risk_95",
        "value_at_risk_99",
        "expected_shortfall_95",
        "is_low_sample_99",
    )
    return Table(("number", "value"), [(name, getattr(found, name)) for name in names])
