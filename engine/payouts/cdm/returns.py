"""Return terms of a performance payout (spec 07 §5.4, §13.2)."""

from dataclasses import replace

from engine.payouts.cdm.codes import REALISED_METHODS, spelled
from engine.payouts.cdm.dates import Dates
from engine.payouts.cdm.dividends import read_dividend_terms
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.instruments import preferred, read_instrument
from engine.payouts.cdm.quantities import LotAmounts
from engine.payouts.enums import (
    DividendApplicability,
    PriceReturnType,
    RealisedVarianceMethod,
    upper_snake,
)
from engine.payouts.findings import FindingCode
from engine.payouts.strikes import proposed_scale
from engine.payouts.terms.returns import CorrelationReturnTerms, PriceReturnTerms, ReturnTerms, VarianceVolatilityTerms

KNOWN = (
    "priceReturnTerms",
    "dividendReturnTerms",
    "varianceReturnTerms",
    "volatilityReturnTerms",
    "correlationReturnTerms",
)

CAP_FACTOR = 2.5
"""The multiple of the strike at which a cap lies that is said to apply and given no number (spec 07 §3.5)."""


def read_returns(payout: Node, dates: Dates, lot: LotAmounts | None, notional: float | None) -> ReturnTerms:
    """The returns that a payout pays. Odd sets of them are RETURN_TERMS_ODD."""
    terms = payout.at("returnTerms")
    for key in terms.fields:
        if key not in KNOWN and not key.startswith("@"):
            terms.findings.error(FindingCode.UNSUPPORTED_PAYOUT, f"{terms.pointer}/{key}", f"{key} is not supported")
    dividend = terms.at("dividendReturnTerms")
    variance, volatility = terms.at("varianceReturnTerms"), terms.at("volatilityReturnTerms")
    price, correlation = terms.at("priceReturnTerms"), terms.at("correlationReturnTerms")
    found = ReturnTerms(
        price=_price(payout, price, lot) if price.is_there else None,
        dividend=read_dividend_terms(dividend, dates) if dividend.is_there else None,
        variance=_variance(variance, notional) if variance.is_there else None,
        volatility=_volatility(volatility, notional) if volatility.is_there else None,
        correlation=_correlation(correlation) if correlation.is_there else None,
    )
    _check_set(terms, found)
    return found


def _check_set(terms: Node, found: ReturnTerms) -> None:
    others = [one for one in (found.variance, found.volatility, found.correlation) if one is not None]
    if found.price is None and found.dividend is None and not others:
        terms.findings.error(FindingCode.MISSING, terms.pointer, "The payout has no return terms")
    elif len(others) > 1 or (others and (found.price or found.dividend)):
        message = "Variance, volatility and correlation returns stand alone"
        terms.findings.error(FindingCode.RETURN_TERMS_ODD, terms.pointer, message)
    if found.price is not None and found.price.return_type is PriceReturnType.TOTAL and found.dividend is None:
        message = "A total return without dividend terms: the price is taken to contain the income"
        terms.findings.warning(FindingCode.RETURN_TERMS_ODD, f"{terms.pointer}/priceReturnTerms", message)


def _word(node: Node, *keys: str) -> str | None:
    text = node.text(*keys)
    return upper_snake(text) if text else None


def _price(payout: Node, node: Node, lot: LotAmounts | None) -> PriceReturnTerms:
    factor = node.number("conversionFactor")
    values = payout.at("valuationDates")
    return PriceReturnTerms(
        return_type=node.choice(PriceReturnType, "returnType") or PriceReturnType.PRICE,
        conversion_factor=1.0 if factor is None else factor,
        initial_price=lot.price if lot else None,
        initial_price_currency=lot.price_currency if lot and lot.price is not None else None,
        initial_determination_method=_word(values, "initialValuationDate", "determinationMethod"),
        interim_determination_method=_word(values, "interimValuationDate", "determinationMethod"),
        final_determination_method=_word(values, "finalValuationDate", "determinationMethod"),
    )


def _expected(node: Node) -> tuple[int, int | None]:
    """Annualization factor and expected number of returns; both positive."""
    factor, expected = node.integer("annualizationFactor"), node.integer("expectedN")
    for name, value in (("annualizationFactor", factor), ("expectedN", expected)):
        if value is not None and value <= 0:
            node.findings.error(FindingCode.NOT_A_NUMBER, f"{node.pointer}/{name}", f"{value} is not positive")
    return (252 if factor is None else factor), expected


def _applicability(node: Node) -> DividendApplicability:
    given = node.at("dividendApplicability")
    if given.flag("allDividends"):
        return DividendApplicability.ALL
    if given.flag("additionalDividends"):
        return DividendApplicability.ADDITIONAL
    return (
        DividendApplicability.OPTIONS_EXCHANGE if given.flag("optionsExchangeDividends") else DividendApplicability.NONE
    )


def _common(node: Node) -> VarianceVolatilityTerms:
    """What variance and volatility terms share."""
    factor, expected = _expected(node)
    values = node.at("valuationTerms")
    contract = node.at("exchangeTradedContractNearest")
    reference = None
    if contract.is_there:
        reference = preferred(read_instrument(contract).identifiers)
    return VarianceVolatilityTerms(
        annualization_factor=factor,
        expected_trading_days=expected,
        initial_level=node.number("initialLevel"),
        initial_level_source=_word(node, "initialLevelSource"),
        mean_adjustment=bool(node.flag("meanAdjustment")),
        share_price_dividend_adjustment=bool(node.flag("sharePriceDividendAdjustment")),
        dividend_applicability=_applicability(node),
        futures_price_valuation=values.flag("futuresPriceValuation"),
        options_price_valuation=values.flag("optionsPriceValuation"),
        exchange_traded_contract_reference=reference,
    )


def _strike(node: Node, key: str) -> float | None:
    strike = node.number(key, "value")
    if strike is not None and strike < 0.0:
        node.findings.error(FindingCode.NEGATIVE_PRICE, node.at(key).pointer, f"The strike is {strike}")
    return strike


def _variance(node: Node, notional: float | None) -> VarianceVolatilityTerms:
    bounds = node.at("varianceCapFloor")
    corridor = bounds.at("boundedVariance")
    factor = bounds.number("unadjustedVarianceCap")
    terms = replace(
        _common(node),
        variance_strike_price=_strike(node, "varianceStrikePrice"),
        volatility_strike_price=_strike(node, "volatilityStrikePrice"),
        variance_cap_factor=CAP_FACTOR if factor is None and bounds.flag("varianceCap") else factor,
        lower_barrier=corridor.number("lowerBarrier"),
        upper_barrier=corridor.number("upperBarrier"),
        realised_variance_method=corridor.choice(
            RealisedVarianceMethod, "realisedVarianceMethod", read=lambda text: spelled(REALISED_METHODS, text)
        ),
        days_in_range_adjustment=bool(corridor.flag("daysInRangeAdjustment")),
        vega_notional_amount=node.number("vegaNotionalAmount", "value"),
        vega_notional_currency=node.currency("vegaNotionalAmount", "unit", "currency"),
        variance_notional_amount=notional,
    )
    lower, upper = terms.lower_barrier, terms.upper_barrier
    if lower is not None and upper is not None and lower > upper:
        node.findings.error(FindingCode.UNKNOWN_VALUE, corridor.pointer, f"The corridor runs from {lower} to {upper}")
    if terms.variance_strike_price is not None and terms.volatility_strike_price is not None:
        node.findings.error(FindingCode.CARDINALITY, node.pointer, "There is a variance strike and a volatility strike")
    if terms.variance_strike_price is None and terms.volatility_strike_price is None:
        node.findings.error(FindingCode.MISSING, f"{node.pointer}/varianceStrikePrice", "There is no strike")
    return _with_scale(node, terms)


def _with_scale(node: Node, terms: VarianceVolatilityTerms) -> VarianceVolatilityTerms:
    """Propose the scale that vega, variance notional and strike agree on (spec 07 §13.2).

    A variance strike that fits as a volatility level becomes one. Without a fit the scale stays open.
    """
    place = f"{node.pointer}/varianceStrikePrice"
    vega, units = terms.vega_notional_amount, terms.variance_notional_amount
    given = terms.variance_strike_price if terms.variance_strike_price is not None else terms.volatility_strike_price
    proposal = proposed_scale(vega, units, given) if vega and units and given and given > 0.0 else None
    if proposal is not None and (proposal.is_volatility_level or terms.variance_strike_price is not None):
        what = "a volatility level" if proposal.is_volatility_level else "a variance"
        message = f"Vega {vega} and variance notional {units} fit the strike {given} as {what} in {proposal.scale}"
        node.findings.info(FindingCode.STRIKE_SCALE, place, message)
        return replace(
            terms,
            strike_scale=proposal.scale,
            variance_strike_price=None if proposal.is_volatility_level else given,
            volatility_strike_price=given if proposal.is_volatility_level else None,
        )
    node.findings.warning(FindingCode.STRIKE_SCALE, place, f"The scale of the strike {given} is not known")
    return terms


def _volatility(node: Node, notional: float | None) -> VarianceVolatilityTerms:
    bounds = node.at("volatilityCapFloor")
    factor = bounds.number("volatilityCapFactor")
    cap = bounds.number("totalVolatilityCap")
    strike = _strike(node, "volatilityStrikePrice")
    if strike is None:
        node.findings.error(FindingCode.MISSING, f"{node.pointer}/volatilityStrikePrice", "There is no strike")
    message = f"The scale of the strike {strike} is not known"
    node.findings.warning(FindingCode.STRIKE_SCALE, f"{node.pointer}/volatilityStrikePrice", message)
    is_bare = bool(bounds.flag("applicable")) and factor is None and cap is None
    return replace(
        _common(node),
        volatility_strike_price=strike,
        volatility_cap_price=cap,
        volatility_cap_factor=CAP_FACTOR if is_bare else factor,
        vega_notional_amount=notional,
    )


def _correlation(node: Node) -> CorrelationReturnTerms:
    bounds = node.at("boundedCorrelation")
    factor, expected = _expected(node)
    strike = node.number("correlationStrikePrice", "value")
    floor, cap = bounds.number("lowerBound", "number"), bounds.number("upperBound", "number")
    if strike is None:
        node.findings.error(FindingCode.MISSING, f"{node.pointer}/correlationStrikePrice", "There is no strike")
    elif not -1.0 < strike < 1.0:
        message = f"The correlation strike {strike} does not lie between -1 and 1"
        node.findings.error(FindingCode.NOT_A_NUMBER, f"{node.pointer}/correlationStrikePrice", message)
    if not -1.0 <= (-1.0 if floor is None else floor) <= (1.0 if cap is None else cap) <= 1.0:
        message = f"The bounds {floor} and {cap} are no bounds of a correlation"
        node.findings.error(FindingCode.NOT_A_NUMBER, bounds.pointer, message)
    return CorrelationReturnTerms(
        correlation_strike=0.0 if strike is None else strike,
        correlation_cap=cap,
        correlation_floor=floor,
        expected_trading_days=expected,
        annualization_factor=factor,
        mean_adjustment=bool(node.flag("meanAdjustment")),
        number_of_data_series=node.integer("numberOfDataSeries"),
    )
