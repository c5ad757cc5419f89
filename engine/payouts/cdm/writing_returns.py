"""Return terms of a performance payout as CDM blocks (spec 07 §5.4)."""

from typing import Any

from engine.payouts.cdm.codes import REALISED_METHODS, camel, unspelled
from engine.payouts.cdm.dates import TERMINATION_DATE, TRADE_DATE
from engine.payouts.cdm.writing_names import Names, constituent_key, number
from engine.payouts.cdm.writing_schedules import fixed_date
from engine.payouts.enums import DividendApplicability, DividendPaymentReference
from engine.payouts.terms.contract import Leg
from engine.payouts.terms.performance import PerformancePayout
from engine.payouts.terms.returns import (
    CorrelationReturnTerms,
    DividendPeriod,
    DividendReturnTerms,
    VarianceVolatilityTerms,
)

Block = dict[str, Any]
APPLICABILITY = {
    DividendApplicability.ALL: "allDividends",
    DividendApplicability.ADDITIONAL: "additionalDividends",
    DividendApplicability.OPTIONS_EXCHANGE: "optionsExchangeDividends",
}


def filled(**values: Any) -> Block:
    """The values that are there; whole numbers without a point."""
    return {
        key: number(value) if isinstance(value, float) else value for key, value in values.items() if value is not None
    }


def return_terms(leg: Leg, payout: PerformancePayout, names: Names) -> Block:
    """The block `returnTerms`."""
    returns = payout.returns
    block: Block = {}
    if returns.price is not None:
        factor = returns.price.conversion_factor
        block["priceReturnTerms"] = filled(
            returnType=camel(returns.price.return_type.value), conversionFactor=None if factor == 1.0 else factor
        )
    if returns.dividend is not None:
        block["dividendReturnTerms"] = _dividend(leg, returns.dividend, names)
    if returns.variance is not None:
        block["varianceReturnTerms"] = _variance(returns.variance)
    if returns.volatility is not None:
        block["volatilityReturnTerms"] = _volatility(returns.volatility)
    if returns.correlation is not None:
        block["correlationReturnTerms"] = _correlation(returns.correlation)
    return block


def _dividend(leg: Leg, terms: DividendReturnTerms, names: Names) -> Block:
    block = filled(
        dividendReinvestment=terms.dividend_reinvestment,
        dividendEntitlement=camel(terms.dividend_entitlement.value),
        dividendAmountType=_camel(terms.dividend_amount_type),
        firstOrSecondPeriod=_camel(terms.first_period),
        extraordinaryDividendsParty=terms.extraordinary_dividends_party,
        excessDividendAmount=_camel(terms.excess_dividend_amount_type),
        nonCashDividendTreatment=_camel(terms.non_cash_dividend_treatment),
        dividendComposition=_camel(terms.dividend_composition),
        specialDividends=terms.special_dividends or None,
        materialDividend=terms.material_dividend or None,
    )
    ratios = _ratios(leg, terms)
    if ratios:
        block["dividendPayoutRatio"] = ratios
    currency = filled(determinationMethod=_camel(terms.dividend_currency_method))
    if terms.dividend_currency is not None:
        currency["currency"] = {"@data": terms.dividend_currency}
    if currency:
        block["dividendCurrency"] = currency
    periods = _dividend_periods(leg, terms, names)
    if periods:
        block["dividendPeriod"] = periods
    return block


def _camel(value: str | None) -> str | None:
    return camel(value) if value is not None else None


def _ratios(leg: Leg, terms: DividendReturnTerms) -> list[Block]:
    whole = filled(
        totalRatio=terms.dividend_payout_ratio, cashRatio=terms.cash_ratio, nonCashRatio=terms.non_cash_ratio
    )
    blocks = [whole] if whole else []
    keys = _constituent_keys(leg)
    for ratio in terms.payout_ratios:
        block = filled(totalRatio=ratio.total_ratio, cashRatio=ratio.cash_ratio, nonCashRatio=ratio.non_cash_ratio)
        if ratio.constituent_reference in keys:
            block["basketConstituent"] = {"@ref:scoped": keys[ratio.constituent_reference]}
            blocks.append(block)
    return blocks


def _constituent_keys(leg: Leg) -> dict[str, str]:
    compositions = leg.performance.underlier.compositions if leg.performance is not None else ()
    members = compositions[0].constituents if compositions else ()
    return {member.instrument.reference: constituent_key(leg, i) for i, member in enumerate(members, 1)}


def _dividend_periods(leg: Leg, terms: DividendReturnTerms, names: Names) -> list[Block]:
    keys = _constituent_keys(leg)
    payment: Block = {}
    if terms.payment_date_reference not in (None, DividendPaymentReference.EXPLICIT):
        reference: Block = {"dateReference": camel(str(terms.payment_date_reference))}
        if terms.payment_offset_days is not None:
            offset = {"periodMultiplier": terms.payment_offset_days, "period": "D"}
            kind = terms.payment_offset_day_type
            reference["paymentDateOffset"] = {**offset, "dayType": camel(kind)} if kind else offset
        payment = {"dividendDateReference": reference}
    if not terms.periods:
        whole = {
            "startDate": {"dividendDate": {"@ref:external": names[TRADE_DATE]}},
            "endDate": {"dividendDate": {"@ref:external": names[TERMINATION_DATE]}},
            "dividendPaymentDate": payment,
        }
        return [whole] if payment else []
    return [_dividend_period(period, payment, keys) for period in terms.periods]


def _dividend_period(period: DividendPeriod, payment: Block, keys: dict[str, str]) -> Block:
    block: Block = {
        "startDate": {"dividendDate": fixed_date(period.start_date)},
        "endDate": {"dividendDate": fixed_date(period.end_date)},
    }
    dated = dict(payment)
    if period.payment_date is not None:
        dated["dividendDate"] = fixed_date(period.payment_date)
    if dated:
        block["dividendPaymentDate"] = dated
    if period.valuation_date is not None:
        block["dividendValuationDate"] = fixed_date(period.valuation_date)
    if period.constituent_reference in keys:
        block["basketConstituent"] = {"@ref:scoped": keys[period.constituent_reference or ""]}
    return block


def _common(terms: VarianceVolatilityTerms) -> Block:
    block = filled(
        annualizationFactor=None if terms.annualization_factor == 252 else terms.annualization_factor,
        expectedN=terms.expected_trading_days,
        initialLevel=terms.initial_level,
        initialLevelSource=_camel(terms.initial_level_source),
        meanAdjustment=terms.mean_adjustment or None,
        sharePriceDividendAdjustment=terms.share_price_dividend_adjustment or None,
    )
    if terms.dividend_applicability in APPLICABILITY:
        block["dividendApplicability"] = {APPLICABILITY[terms.dividend_applicability]: True}
    values = filled(
        futuresPriceValuation=terms.futures_price_valuation, optionsPriceValuation=terms.options_price_valuation
    )
    if values:
        block["valuationTerms"] = values
    if terms.exchange_traded_contract_reference is not None:
        scheme, _, text = terms.exchange_traded_contract_reference.partition(":")
        kind = "Other" if scheme == "OTHER" else scheme
        derivative = {
            "@type": "cdm.base.staticdata.asset.common.ListedDerivative",
            "identifier": [{"identifier": {"@data": text}, "identifierType": kind}],
            "assetType": "ListedDerivative",
        }
        block["exchangeTradedContractNearest"] = {"@data": derivative}
    return block


def _variance(terms: VarianceVolatilityTerms) -> Block:
    block = _common(terms)
    if terms.variance_strike_price is not None:
        block["varianceStrikePrice"] = {"value": number(terms.variance_strike_price), "priceType": "Variance"}
    if terms.volatility_strike_price is not None:
        block["volatilityStrikePrice"] = {"value": number(terms.volatility_strike_price), "priceType": "Volatility"}
    if terms.vega_notional_amount is not None:
        vega: Block = {"value": number(terms.vega_notional_amount)}
        if terms.vega_notional_currency is not None:
            vega["unit"] = {"currency": {"@data": terms.vega_notional_currency}}
        block["vegaNotionalAmount"] = vega
    method = terms.realised_variance_method
    corridor = filled(
        realisedVarianceMethod=unspelled(REALISED_METHODS, method.value) if method is not None else None,
        daysInRangeAdjustment=terms.days_in_range_adjustment or None,
        upperBarrier=terms.upper_barrier,
        lowerBarrier=terms.lower_barrier,
    )
    bounds = filled(unadjustedVarianceCap=terms.variance_cap_factor)
    if terms.variance_cap_factor is not None:
        bounds["varianceCap"] = True
    if corridor:
        bounds["boundedVariance"] = corridor
    if bounds:
        block["varianceCapFloor"] = bounds
    return block


def _volatility(terms: VarianceVolatilityTerms) -> Block:
    block = _common(terms)
    if terms.volatility_strike_price is not None:
        block["volatilityStrikePrice"] = {"value": number(terms.volatility_strike_price), "priceType": "Volatility"}
    bounds = filled(totalVolatilityCap=terms.volatility_cap_price, volatilityCapFactor=terms.volatility_cap_factor)
    if bounds:
        block["volatilityCapFloor"] = {"applicable": True, **bounds}
    return block


def _correlation(terms: CorrelationReturnTerms) -> Block:
    block = filled(
        annualizationFactor=None if terms.annualization_factor == 252 else terms.annualization_factor,
        expectedN=terms.expected_trading_days,
        numberOfDataSeries=terms.number_of_data_series,
        meanAdjustment=terms.mean_adjustment or None,
    )
    block["correlationStrikePrice"] = {"value": number(terms.correlation_strike), "priceType": "Correlation"}
    bounds: Block = {}
    if terms.correlation_floor is not None:
        bounds["lowerBound"] = {"number": number(terms.correlation_floor)}
    if terms.correlation_cap is not None:
        bounds["upperBound"] = {"number": number(terms.correlation_cap)}
    if bounds:
        block["boundedCorrelation"] = bounds
    return block
