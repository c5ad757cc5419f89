"""What variance, volatility and correlation terms say, in the numbers that kernels take (spec 07 §13.2, §13.3).

Every function raises ModelError CLO-1958 naming what is missing or contradicts; `located` further up adds the leg.
"""

from dataclasses import dataclass, replace
from datetime import date
from math import inf, nan, sqrt

from engine.errors import ModelError
from engine.payouts.book.moment_statistics import CORRIDOR_METHODS, DIVIDEND_STYLES
from engine.payouts.enums import (
    CashflowSubtype,
    CorrelationMethod,
    CorrelationWeighting,
    DividendApplicability,
    NotionalScale,
    RealisedVarianceMethod,
    UnderlierType,
    WeightType,
)
from engine.payouts.kernels_moment_flows import CORRELATION, VARIANCE, VOLATILITY
from engine.payouts.kernels_moments import NO_CORRIDOR, NO_DIVIDENDS
from engine.payouts.strikes import variance_notional as notional_of_vega
from engine.payouts.strikes import variance_unit, vega_notional, volatility_notional, volatility_unit
from engine.payouts.terms.contract import Leg
from engine.payouts.terms.performance import BasketComposition, BasketConstituent, PerformancePayout
from engine.payouts.terms.returns import CorrelationReturnTerms, VarianceVolatilityTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentTerms:
    """One payoff in the scale of its strike; notional is currency per unit of that scale, NaN is no bound."""

    kind: int
    subtype: CashflowSubtype
    strike: float
    notional: float
    scale: float = 1.0
    vega: float = nan
    cap: float = nan
    floor: float = nan
    annualization: float
    expected_days: int | None
    is_mean_adjusted: bool
    dividend_style: int = NO_DIVIDENDS
    corridor_method: int = NO_CORRIDOR
    lower: float = nan
    upper: float = nan
    is_range_adjusted: bool = False
    initial_level: float = nan


def moment_terms(leg: Leg, payout: PerformancePayout) -> MomentTerms:
    """The payoff of a leg that has variance, volatility or correlation terms."""
    returns = payout.returns
    if returns.variance is not None:
        return _variance(leg, payout, returns.variance)
    if returns.volatility is not None:
        return _volatility(leg, payout, returns.volatility)
    if returns.correlation is not None:
        return _correlation(leg, returns.correlation)
    raise _error("The payout has no variance, volatility or correlation terms", "Give it one of them.")


def _variance(leg: Leg, payout: PerformancePayout, terms: VarianceVolatilityTerms) -> MomentTerms:
    """Variance: strike, cap and floor as variances; the notional per variance unit, from vega when only that is known,
    and last the leg's quantity, which documents give as the variance notional."""
    volatility = _volatility_strike(terms)
    scale = terms.strike_scale
    if scale is None:
        raise _scale_unknown()
    notional, vega = terms.variance_notional_amount, terms.vega_notional_amount
    if notional is None and vega is not None:
        notional = notional_of_vega(vega, volatility, scale)
    if notional is None:
        notional = leg.notional_amount
    if notional is None:
        raise _notional_missing("variance notional or vega notional")
    factor = terms.variance_cap_factor or terms.volatility_cap_factor
    plain = MomentTerms(
        kind=VARIANCE,
        subtype=CashflowSubtype.VARIANCE_RETURN,
        scale=variance_unit(scale),
        strike=terms.variance_strike_price if terms.variance_strike_price is not None else volatility**2,
        notional=notional,
        vega=vega_notional(notional, volatility, scale) if vega is None else vega,
        cap=_first(
            terms.variance_cap_price, _squared(terms.volatility_cap_price), _squared(_product(factor, volatility))
        ),
        floor=_first(terms.variance_floor_price, _squared(terms.volatility_floor_price)),
        annualization=float(terms.annualization_factor),
        expected_days=terms.expected_trading_days,
        is_mean_adjusted=terms.mean_adjustment,
        dividend_style=_dividend_style(payout, terms),
        initial_level=_first(terms.initial_level),
    )
    return _with_corridor(plain, terms)


def _volatility(leg: Leg, payout: PerformancePayout, terms: VarianceVolatilityTerms) -> MomentTerms:
    """Volatility: strike, cap and floor as volatilities; the notional from vega, which the leg's quantity is in
    documents, or from the variance notional."""
    volatility = _volatility_strike(terms)
    scale = terms.strike_scale
    if scale is None:
        raise _scale_unknown()
    if terms.lower_barrier is not None or terms.upper_barrier is not None:
        raise _error("A volatility payoff with barriers is not defined", "Take the barriers out, or trade variance.")
    vega = terms.vega_notional_amount
    if vega is None and leg.notional_amount is not None:
        vega = leg.notional_amount
    if vega is None and terms.variance_notional_amount is not None:
        vega = vega_notional(terms.variance_notional_amount, volatility, scale)
    if vega is None:
        raise _notional_missing("vega notional")
    factor = terms.volatility_cap_factor or terms.variance_cap_factor
    return MomentTerms(
        kind=VOLATILITY,
        subtype=CashflowSubtype.VOLATILITY_RETURN,
        scale=volatility_unit(scale),
        strike=volatility,
        notional=volatility_notional(vega, scale),
        vega=vega,
        cap=_first(terms.volatility_cap_price, _root(terms.variance_cap_price), _product(factor, volatility)),
        floor=_first(terms.volatility_floor_price, _root(terms.variance_floor_price)),
        annualization=float(terms.annualization_factor),
        expected_days=terms.expected_trading_days,
        is_mean_adjusted=terms.mean_adjustment,
        dividend_style=_dividend_style(payout, terms),
        initial_level=_first(terms.initial_level),
    )


def _correlation(leg: Leg, terms: CorrelationReturnTerms) -> MomentTerms:
    if terms.correlation_method is CorrelationMethod.SPEARMAN:
        raise _error("A payoff on rank correlation (SPEARMAN) is not valued", "Set correlation_method to PEARSON.")
    if leg.notional_amount is None:
        raise _notional_missing("notional amount of the leg")
    return MomentTerms(
        kind=CORRELATION,
        subtype=CashflowSubtype.CORRELATION_RETURN,
        strike=terms.correlation_strike,
        notional=leg.notional_amount * (100.0 if terms.notional_scale is NotionalScale.PER_POINT else 1.0),
        cap=_first(terms.correlation_cap),
        floor=_first(terms.correlation_floor),
        annualization=float(terms.annualization_factor),
        expected_days=terms.expected_trading_days,
        is_mean_adjusted=terms.mean_adjustment,
    )


def _volatility_strike(terms: VarianceVolatilityTerms) -> float:
    """The strike as a volatility, in the scale of the terms."""
    variance, volatility = terms.variance_strike_price, terms.volatility_strike_price
    if (variance is None) == (volatility is None):
        raise _error(
            "Exactly one of variance strike and volatility strike has to be there",
            "Set variance_strike_price or volatility_strike_price.",
        )
    strike = volatility if volatility is not None else _root(variance)
    if strike is None or not strike > 0.0:
        raise _error(f"A strike of {variance or volatility} is not positive", "Correct the strike.")
    return strike


def _dividend_style(payout: PerformancePayout, terms: VarianceVolatilityTerms) -> int:
    """How returns are adjusted for dividends; never those of an index or an FX rate (spec 07 §13.1)."""
    is_asked = terms.share_price_dividend_adjustment or terms.dividend_applicability is DividendApplicability.ALL
    pays_none = payout.underlier.underlier_type in (UnderlierType.INDEX, UnderlierType.FX_RATE)
    return DIVIDEND_STYLES[terms.dividend_adjustment_style] if is_asked and not pays_none else NO_DIVIDENDS


def _with_corridor(plain: MomentTerms, terms: VarianceVolatilityTerms) -> MomentTerms:
    """The payoff with its barriers; one alone leaves the other side open, no method counts by the price before."""
    if terms.lower_barrier is None and terms.upper_barrier is None:
        return plain
    if terms.mean_adjustment:
        raise _error("A conditional variance with mean adjustment is not defined", "Take out one of the two.")
    lower = 0.0 if terms.lower_barrier is None else terms.lower_barrier
    upper = inf if terms.upper_barrier is None else terms.upper_barrier
    if lower > upper:
        raise _error(f"The corridor from {lower} to {upper} holds no price", "Put the barriers in order.")
    return replace(
        plain,
        corridor_method=CORRIDOR_METHODS[terms.realised_variance_method or RealisedVarianceMethod.PREVIOUS],
        lower=lower,
        upper=upper,
        is_range_adjusted=terms.days_in_range_adjustment,
    )


def correlation_basket(payout: PerformancePayout, start: date) -> tuple[BasketConstituent, ...]:
    """Constituents of the composition in force on the first observation day; a correlation follows them to its end."""
    compositions = [one for one in payout.underlier.compositions if _is_in_force(one, start)]
    constituents = compositions[-1].constituents if compositions else ()
    if len(constituents) < 2:
        raise _error(
            f"A correlation needs at least two constituents on {start}, there are {len(constituents)}",
            "Give the basket its composition.",
        )
    return constituents


def _is_in_force(composition: BasketComposition, on: date) -> bool:
    return composition.effective_from <= on and (composition.effective_to is None or on < composition.effective_to)


def basket_weights(terms: CorrelationReturnTerms, constituents: tuple[BasketConstituent, ...]) -> tuple[float, ...]:
    """Weights of the pairs: 1 each when equal, else the basket's, whose common factor cancels."""
    if terms.weighting is CorrelationWeighting.EQUAL:
        return (1.0,) * len(constituents)
    weights = []
    for constituent in constituents:
        if constituent.weight_value is None or constituent.weight_type not in (
            WeightType.PERCENTAGE,
            WeightType.NOTIONAL,
        ):
            raise _error(
                f"{constituent.instrument.reference} has no percentage or notional weight",
                "Complete the basket's weights, or set weighting to EQUAL.",
            )
        weights.append(constituent.weight_value)
    return tuple(weights)


def _first(*candidates: float | None) -> float:
    """The first that is there, else NaN."""
    return next((one for one in candidates if one is not None), nan)


def _squared(value: float | None) -> float | None:
    return None if value is None else value * value


def _root(value: float | None) -> float | None:
    return None if value is None or value < 0.0 else sqrt(value)


def _product(factor: float | None, value: float) -> float | None:
    return None if factor is None else factor * value


def _scale_unknown() -> ModelError:
    return _error(
        "The scale of strike and notional is not known",
        "Set strike_scale to POINTS (volatility 18, variance 324) or DECIMAL (0.18, 0.0324).",
    )


def _notional_missing(what: str) -> ModelError:
    return _error(f"The {what} is missing", "Set it.")


def _error(problem: str, remedy: str) -> ModelError:
    return ModelError("CLO-1958", problem, remedy=remedy)
