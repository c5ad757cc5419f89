"""The equity leg: a performance payout with its underlier, lots, returns, schedules and FX features (spec 07 §5.4)."""

from dataclasses import dataclass, replace
from datetime import date

from engine.payouts.cdm.dates import Centers, Dates
from engine.payouts.cdm.dividends import payment_references
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.draft import LegFacts
from engine.payouts.cdm.instruments import exchange_of, instrument_facts, preferred, read_composition, read_instrument
from engine.payouts.cdm.parties import SIDES
from engine.payouts.cdm.quantities import UNRESOLVED, Amounts, LotAmounts, read_amounts
from engine.payouts.cdm.returns import KNOWN, read_returns
from engine.payouts.cdm.schedules import read_payment_schedules, read_valuation_schedules
from engine.payouts.enums import (
    FxFeatureType,
    LegType,
    NotionalMode,
    PriceReturnType,
    QuoteBasis,
    Side,
    UnderlierType,
    upper_snake,
)
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Leg, TradeLot
from engine.payouts.terms.performance import FxFeature, PerformancePayout, Underlier
from engine.payouts.terms.returns import ReturnTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPlace:
    """Where a leg stands in the document, and what all legs of the trade share.

    settlement_start: the day on which funding of the lots starts.
    """

    trade: Node
    payout: Node
    leg_number: int
    payout_index: int
    dates: Dates
    trade_date: date
    settlement_start: date
    contract_reference: str


def read_payer(payout: Node) -> Side:
    """Who pays the leg; an ERROR where payer and receiver are not the two counterparties."""
    roles = payout.at("payerReceiver")
    payer, receiver = SIDES.get(roles.text("payer") or ""), SIDES.get(roles.text("receiver") or "")
    if payer is None or receiver is None or payer is receiver:
        message = f"Payer {roles.text('payer')} and receiver {roles.text('receiver')} are not Party1 and Party2"
        payout.findings.error(FindingCode.PARTY_MISSING, roles.pointer, message)
    return payer or Side.PARTY1


def read_equity_leg(place: LegPlace) -> tuple[Leg, LegFacts]:
    """The leg of a performance payout with its lots, and its facts."""
    payout = place.payout
    amounts = read_amounts(place.trade, payout)
    settlement_currency = payout.currency("settlementTerms", "settlementCurrency")
    _check_settlement(payout)
    first = amounts.lots[0] if amounts.lots else None
    currency = settlement_currency or amounts.currency
    centers = Centers(payout, currency)
    cost_date = place.dates.day(payout.at("valuationDates", "initialValuationDate", "valuationDate"))
    cost_date = cost_date or place.trade_date
    returns = read_returns(payout, place.dates, first, amounts.notional)
    features = read_fx_features(payout)
    underlier = _underlier(place, amounts, returns, features, cost_date)
    leg = Leg(
        leg_number=place.leg_number,
        leg_type=LegType.EQUITY_LEG,
        payer=read_payer(payout),
        notional_amount=amounts.notional,
        notional_currency=amounts.currency,
        cdm_payout_index=place.payout_index,
        cdm_external_key=payout.at("priceQuantity").external_key,
        performance=PerformancePayout(
            underlier=underlier,
            returns=returns,
            notional_mode=_notional_mode(payout, returns),
            settlement_currency=settlement_currency,
            first_observation_date=place.dates.day(first_observation(payout)),
            cdm_external_key=payout.external_key,
            valuation_schedules=read_valuation_schedules(payout, place.dates, centers),
            payment_schedules=read_payment_schedules(payout, place.dates, centers),
            fx_features=features,
        ),
        lots=tuple(_lot(lot, amounts, cost_date, place.settlement_start) for lot in amounts.lots),
    )
    _check_fx(payout, features, leg)
    return leg, _facts(place, amounts)


def first_observation(payout: Node) -> Node:
    """Where a payout says from when it is observed."""
    return payout.at("observationTerms", "observationDates", "periodicSchedule", "startDate")


def _check_settlement(payout: Node) -> None:
    kind = payout.text("settlementTerms", "settlementType")
    if kind not in (None, "Cash"):
        pointer = payout.at("settlementTerms", "settlementType").pointer
        message = f"Settlement {kind} is not supported; the leg has to settle in cash"
        payout.findings.error(FindingCode.UNSUPPORTED_SETTLEMENT, pointer, message)


def _notional_mode(payout: Node, returns: ReturnTerms) -> NotionalMode:
    reset = payout.flag("priceQuantity", "reset")
    if reset is None:
        if returns.price is not None:
            message = "Whether the notional resets is not said; it is taken to"
            pointer = f"{payout.pointer}/priceQuantity/reset"
            payout.findings.warning(FindingCode.NOTIONAL_MODE_ASSUMED, pointer, message)
        return NotionalMode.RESET
    return NotionalMode.RESET if reset else NotionalMode.FIXED


def _lot(lot: LotAmounts, amounts: Amounts, cost_date: date, settlement_start: date) -> TradeLot:
    """One lot. Its notional is its own, else the payout's where it is alone; zero stands for one that is not known,
    as the notional of the leg is None then."""
    own = lot.notional
    alone = amounts.notional if len(amounts.lots) == 1 else None
    notional = own[0] if own is not None else alone
    return TradeLot(
        lot_identifier=lot.identifier,
        cost_date=cost_date,
        settlement_date=settlement_start,
        notional_amount=notional or 0.0,
        opened_quantity=lot.units,
        quantity_unit=lot.unit,
        initial_price=lot.price,
        price_currency=lot.price_currency,
    )


def _underlier(
    place: LegPlace, amounts: Amounts, returns: ReturnTerms, features: tuple[FxFeature, ...], cost_date: date
) -> Underlier:
    node = amounts.observable
    if node is None or not node.type_name:
        pointer = place.payout.at("underlier").pointer
        place.payout.findings.error(FindingCode.MISSING, pointer, "The payout has no underlier")
        node = place.payout.at("underlier")
    first = amounts.lots[0] if amounts.lots else None
    if node.type_name == "Basket":
        return _basket(place, node, first, cost_date)
    if node.type_name not in ("Security", "EquityIndex", "ForeignExchangeRateIndex", "OtherIndex", "Loan", ""):
        message = f"An underlier of type {node.type_name} is not supported"
        node.findings.error(FindingCode.UNSUPPORTED_PAYOUT, node.pointer, message)
    instrument = read_instrument(node, _underlier_currency(first, features))
    if first is not None and first.quote_factor != 1.0:
        instrument = replace(instrument, price_quote_factor=first.quote_factor)
    price = returns.price
    if (
        instrument.instrument_type is UnderlierType.INDEX
        and price is not None
        and price.return_type is PriceReturnType.TOTAL
        and returns.dividend is None
    ):
        instrument = replace(instrument, is_total_return_index=True)
    return Underlier(
        underlier_type=instrument.instrument_type,
        underlier_reference=instrument.reference,
        underlier_name=instrument.name,
        underlier_currency=instrument.currency,
        exchange=exchange_of(node),
        instrument=instrument,
    )


def _underlier_currency(lot: LotAmounts | None, features: tuple[FxFeature, ...]) -> str | None:
    """The currency of the underlier: the reference currency of a cross-currency feature, else that of its price."""
    for feature in features:
        if feature.fx_feature_type is FxFeatureType.CROSS_CURRENCY:
            return feature.reference_currency
    return lot.price_currency if lot is not None and lot.price is not None else None


def _basket(place: LegPlace, node: Node, lot: LotAmounts | None, cost_date: date) -> Underlier:
    identifiers = read_instrument(node).identifiers if node.each("identifier") else ()
    composition = read_composition(node, cost_date, lot.basket_value if lot else None)
    return Underlier(
        underlier_type=UnderlierType.BASKET,
        underlier_reference=preferred(identifiers) or f"BASKET:{place.contract_reference}-{place.leg_number}",
        underlier_name=node.text("name"),
        compositions=(composition,),
    )


def read_fx_features(payout: Node) -> tuple[FxFeature, ...]:
    """The FX features; one with several quanto rates becomes a feature for each currency pair."""
    found: list[FxFeature] = []
    for node in payout.each("fxFeature"):
        reference = node.currency("referenceCurrency")
        if reference is None:
            if node.text("referenceCurrency") is None:
                message = "The FX feature has no reference currency"
                node.findings.error(FindingCode.MISSING, f"{node.pointer}/referenceCurrency", message)
            continue
        if node.at("quanto").is_there:
            found.extend(_quanto(node.at("quanto"), reference))
        elif node.at("composite").is_there:
            found.append(_composite(node.at("composite"), reference))
        elif node.at("crossCurrency").is_there:
            found.append(_cross_currency(node.at("crossCurrency"), reference))
        else:
            message = f"The FX feature names {reference} and no kind"
            node.findings.warning(FindingCode.FX_FEATURE_UNSPECIFIED, node.pointer, message)
            found.append(FxFeature(fx_feature_type=FxFeatureType.UNSPECIFIED, reference_currency=reference))
    return tuple(found)


def source_text(node: Node) -> str | None:
    """Where a rate is published: `provider page`, e.g. `Reuters KRW=`."""
    primary = node.at("primarySource")
    provider, page = primary.text("sourceProvider"), primary.text("sourcePage")
    return " ".join(part for part in (provider, page) if part) or None


def _quanto(node: Node, reference: str) -> list[FxFeature]:
    source = source_text(node.at("fxSpotRateSource"))
    base = FxFeature(
        fx_feature_type=FxFeatureType.QUANTO,
        reference_currency=reference,
        quanto_fx_rate_source=source,
        quanto_fixing_time=node.text("fixingTime", "hourMinuteTime"),
        quanto_fixing_timezone=node.text("fixingTime", "businessCenter"),
    )
    found = []
    for part in node.each("fxRate"):
        rate = part.number("rate")
        if rate is not None and rate <= 0.0:
            node.findings.error(FindingCode.NEGATIVE_PRICE, part.pointer, f"The quanto rate is {rate}")
        pair = part.at("quotedCurrencyPair")
        found.append(
            replace(
                base,
                quanto_fx_rate=rate,
                quote_currency1=pair.currency("currency1"),
                quote_currency2=pair.currency("currency2"),
                quote_basis=pair.choice(QuoteBasis, "quoteBasis", read=_basis),
            )
        )
    if not found and source is None:
        message = "A quanto feature needs a rate or a source"
        node.findings.error(FindingCode.FX_SOURCE_MISSING, node.pointer, message)
    return found or [base]


def _basis(text: str) -> str:
    """`Currency2PerCurrency1` as `CURRENCY2_PER_CURRENCY1`."""
    return text.upper().replace("PERCURRENCY", "_PER_CURRENCY")


def _composite(node: Node, reference: str) -> FxFeature:
    method = node.text("determinationMethod")
    source = source_text(node.at("fxSpotRateSource"))
    if source is None:
        message = "The source of the composite rate is not given"
        node.findings.warning(FindingCode.FX_SOURCE_MISSING, node.pointer, message)
    return FxFeature(
        fx_feature_type=FxFeatureType.COMPOSITE,
        reference_currency=reference,
        composite_determination_method=upper_snake(method) if method else None,
        composite_relative_date_offset=node.integer("relativeDate", "periodMultiplier"),
        composite_fx_spot_rate_source=source,
    )


def _cross_currency(node: Node, reference: str) -> FxFeature:
    source = source_text(node.at("fxSpotRateSource"))
    if source is None:
        message = "The source of the cross currency rate is not given"
        node.findings.warning(FindingCode.FX_SOURCE_MISSING, node.pointer, message)
    return FxFeature(
        fx_feature_type=FxFeatureType.CROSS_CURRENCY,
        reference_currency=reference,
        cross_currency_fx_rate_source=source,
        cross_currency_fixing_time=node.text("fixingTime", "hourMinuteTime"),
        cross_currency_fixing_center=node.text("fixingTime", "businessCenter"),
    )


def _check_fx(payout: Node, features: tuple[FxFeature, ...], leg: Leg) -> None:
    settlement = leg.performance.settlement_currency if leg.performance else None
    price_currency = leg.lots[0].price_currency if leg.lots else None
    if settlement and price_currency and settlement != price_currency and not features:
        message = f"The price is in {price_currency}, settlement in {settlement}, and there is no FX feature"
        payout.findings.warning(FindingCode.FX_SOURCE_MISSING, payout.pointer, message)
    if settlement and leg.notional_currency and settlement != leg.notional_currency and not features:
        message = f"The notional is in {leg.notional_currency}, settlement in {settlement}"
        payout.findings.warning(FindingCode.NOTIONAL_CURRENCY_MISMATCH, payout.pointer, message)


def _facts(place: LegPlace, amounts: Amounts) -> LegFacts:
    payout = place.payout
    terms = payout.at("returnTerms")
    given = {key for kind in KNOWN for key in terms.at(kind).fields}
    dividend = terms.at("dividendReturnTerms")
    first = amounts.lots[0] if amounts.lots else None
    ratios = dividend.each("dividendPayoutRatio")
    return LegFacts(
        leg_number=place.leg_number,
        payout_index=place.payout_index,
        kind="PerformancePayout",
        notional_source=amounts.source if amounts.notional is not None else UNRESOLVED,
        notional_reset=payout.flag("priceQuantity", "reset"),
        given_terms=frozenset(given),
        prices=first.facts if first else (),
        unit_type=first.unit_type if first else None,
        underlier=instrument_facts(amounts.observable) if amounts.observable is not None else None,
        dividend_payment_references=payment_references(dividend),
        total_ratios=tuple(part.number("totalRatio") for part in ratios),
        cash_ratios=tuple(part.number("cashRatio") for part in ratios),
    )
