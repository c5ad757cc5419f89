"""Trade lots as CDM blocks: prices, quantities and observables of every leg (spec 07 §5.4)."""

from typing import Any

from engine.payouts.cdm.codes import BASKET_UNIT
from engine.payouts.cdm.writing_names import (
    Names,
    constituent_key,
    number,
    observable_key,
    price_key,
    quantity_key,
    rate_key,
)
from engine.payouts.cdm.writing_payouts import has_own_quantity
from engine.payouts.enums import IdentifierScheme, QuantityUnit, RateKind, UnderlierType, WeightType
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import BasketConstituent, Underlier

Block = dict[str, Any]
UNITS = {
    QuantityUnit.SHARE: "Share",
    QuantityUnit.INDEX_UNIT: "IndexUnit",
    QuantityUnit.CONTRACT: "Contract",
    QuantityUnit.BASKET_UNIT: BASKET_UNIT,
}
SECURITY = "cdm.base.staticdata.asset.common.Security"
TYPES = {
    UnderlierType.SINGLE_STOCK: (SECURITY, {"assetType": "Security", "securityType": "Equity"}),
    UnderlierType.FUND: (SECURITY, {"assetType": "Security", "securityType": "Fund"}),
    UnderlierType.OTHER: (SECURITY, {"assetType": "Security", "securityType": "Debt"}),
    UnderlierType.INDEX: ("cdm.observable.asset.EquityIndex", {"assetType": "Other", "assetClass": "Equity"}),
    UnderlierType.FX_RATE: ("cdm.observable.asset.ForeignExchangeRateIndex", {"assetType": "Other"}),
}
WITHOUT_TYPE = frozenset({IdentifierScheme.OTHER, IdentifierScheme.MIC_TICKER})
"""Schemes that the CDM has no word for."""


def trade_lots(contract: Contract, names: Names) -> list[Block]:
    """One trade lot for each lot identifier of the equity legs; one without lots has its observable all the same."""
    identifiers: list[str] = []
    for leg in contract.legs:
        for lot in leg.lots:
            if lot.lot_identifier not in identifiers:
                identifiers.append(lot.lot_identifier)
    blocks = []
    for i, identifier in enumerate(identifiers or ["LOT-1"]):
        parts: list[Block] = []
        for leg in contract.legs:
            held = next((lot for lot in leg.lots if lot.lot_identifier == identifier), None)
            if leg.performance is not None and (held is not None or i == 0):
                parts.append(_equity(contract, leg, held, is_first=i == 0))
            elif leg.interest is not None:
                parts.append(_interest(contract, leg, leg.interest, identifier, is_first=i == 0))
            elif leg.fixed_price is not None and has_own_quantity(leg) and i == 0:
                parts.append({"quantity": _own_quantity(leg)})
        lot_id = {"assignedIdentifier": [{"identifier": {"@data": identifier}}]}
        blocks.append({"lotIdentifier": [lot_id], "priceQuantity": parts})
    return blocks


def _money(currency: str | None) -> Block:
    return {"currency": {"@data": currency}} if currency is not None else {}


def _own_quantity(leg: Leg) -> Block:
    block: Block = {"@key:scoped": quantity_key(leg), "value": number(leg.notional_amount or 0.0)}
    return {**block, "unit": _money(leg.notional_currency)}


def _equity(contract: Contract, leg: Leg, lot: TradeLot | None, *, is_first: bool) -> Block:
    block: Block = {}
    prices = _prices(leg, lot) if lot is not None else []
    if prices:
        block["price"] = prices
    quantities = []
    if lot is not None and lot.opened_quantity is not None:
        kind = UNITS.get(lot.quantity_unit) if lot.quantity_unit is not None else None
        unit = {"unit": {"financialUnit": kind}} if kind else {}
        quantities.append({"value": number(lot.opened_quantity), **unit})
    if has_own_quantity(leg) and is_first:
        quantities.append(_own_quantity(leg))
    if quantities:
        block["quantity"] = quantities[0] if len(quantities) == 1 else quantities
    underlier = leg.performance.underlier if leg.performance is not None else None
    if underlier is not None:
        described = _observable(contract, leg, underlier)
        block["observable"] = {"@key:scoped": observable_key(leg), "@data": described}
    return block


def _prices(leg: Leg, lot: TradeLot) -> list[Block]:
    """The price of a lot with its notional; a basket's value stands for the price of the whole."""
    price: Block = {}
    unit = lot.price_currency
    if lot.initial_price is not None:
        price["value"] = number(lot.initial_price)
        price["perUnitOf"] = {"financialUnit": _per_unit(leg, lot)}
    else:
        compositions = leg.performance.underlier.compositions if leg.performance is not None else ()
        value = compositions[0].basket_value_at_start if compositions else None
        if value is not None:
            price["value"] = number(value)
    if price:
        price.update({"priceType": "AssetPrice", "priceExpression": "AbsoluteTerms"})
        if unit is not None:
            price["unit"] = _money(unit)
    if lot.notional_amount and not has_own_quantity(leg):
        price["derivedQuantity"] = {"value": number(lot.notional_amount), "unit": _money(leg.notional_currency)}
    return [price] if price else []


def _per_unit(leg: Leg, lot: TradeLot) -> str:
    if lot.quantity_unit is not None:
        return UNITS[lot.quantity_unit]
    kind = leg.performance.underlier.underlier_type if leg.performance is not None else None
    return "IndexUnit" if kind is UnderlierType.INDEX else "Share"


def _observable(contract: Contract, leg: Leg, underlier: Underlier) -> Block:
    exchanges = contract.metadata.get(f"related_exchanges_{leg.leg_number}", "").split()
    if underlier.underlier_type is UnderlierType.BASKET:
        members = underlier.compositions[0].constituents if underlier.compositions else ()
        block: Block = {"@type": "cdm.observable.asset.Basket", "assetType": "Security"}
        if underlier.underlier_name is not None:
            block["name"] = {"@data": underlier.underlier_name}
        block["basketConstituent"] = [
            _constituent(member, constituent_key(leg, i), exchanges if i == 1 else [])
            for i, member in enumerate(members, 1)
        ]
        return block
    if underlier.instrument is None:
        return {}
    return _instrument(underlier.instrument, underlier.exchange, exchanges)


def _instrument(instrument: Instrument, exchange: str | None, related: list[str]) -> Block:
    kind, further = TYPES.get(instrument.instrument_type, TYPES[UnderlierType.OTHER])
    identifiers = []
    for one in instrument.identifiers:
        text = {"@scheme": one.scheme_uri, "@data": one.identifier} if one.scheme_uri else {"@data": one.identifier}
        named = "Other" if one.scheme in WITHOUT_TYPE else one.scheme.value
        identifiers.append({"identifier": text, "identifierType": named})
    if instrument.name != instrument.reference.partition(":")[2] or not identifiers:
        identifiers.append({"identifier": {"@data": instrument.name}, "identifierType": "Name"})
    block: Block = {"@type": kind, "identifier": identifiers, **further}
    if instrument.is_listed is not None:
        block["isExchangeListed"] = instrument.is_listed
    if exchange is not None:
        block["partyRole"] = {"partyReference": _exchange(exchange), "role": "Exchange"}
    if related:
        block["ancillaryPartyRole"] = [
            {"partyReference": [_exchange(name) for name in related], "role": "RelatedExchange"}
        ]
    return block


def _exchange(name: str) -> Block:
    return {"partyId": [{"identifier": {"@data": name}}], "name": {"@data": name}}


def _constituent(member: BasketConstituent, key: str, related: list[str]) -> Block:
    instrument = member.instrument
    block: Block = {"@key:scoped": key, "observable": _instrument(instrument, instrument.exchange_mic, related)}
    if member.weight_value is not None:
        unit: Block = {"financialUnit": "Share"}
        if member.weight_type is WeightType.PERCENTAGE:
            unit = {"financialUnit": "Weight"}
        elif member.weight_type is WeightType.NOTIONAL:
            unit = _money(member.weight_currency)
        block["quantity"] = [{"value": number(member.weight_value), "unit": unit}]
    if member.initial_price is not None:
        price: Block = {"value": number(member.initial_price), "priceType": "AssetPrice"}
        if member.price_currency is not None:
            price["unit"] = _money(member.price_currency)
        block["initialValuationPrice"] = [price]
    return block


def _interest(contract: Contract, leg: Leg, payout: InterestRatePayout, identifier: str, *, is_first: bool) -> Block:
    block: Block = {}
    unit = _money(leg.notional_currency)
    common: Block = {"@key:scoped": price_key(leg), "priceType": "InterestRate"}
    if unit:
        common.update({"unit": unit, "perUnitOf": unit})
    if payout.rate_kind is RateKind.FIXED:
        block["price"] = [{**common, "value": payout.fixed_rate}]
    else:
        block["price"] = [
            {**common, "arithmeticOperator": "Add", **one} for one in _spreads(contract, leg, payout, identifier)
        ]
        tenor: Block = {}
        if payout.index_tenor_multiplier is not None and payout.index_tenor_unit is not None:
            tenor = {
                "indexTenor": {
                    "periodMultiplier": payout.index_tenor_multiplier,
                    "period": payout.index_tenor_unit.value,
                }
            }
        index = {
            "@type": "cdm.observable.asset.FloatingRateIndex",
            "identifier": [{"identifier": {"@data": payout.floating_rate_index}, "identifierType": "Other"}],
            "assetType": "Other",
            "assetClass": "InterestRate",
            "floatingRateIndex": {"@data": payout.floating_rate_index},
            **tenor,
        }
        wrapped = {"@type": "cdm.observable.asset.InterestRateIndex", "@key:scoped": rate_key(leg), "@data": index}
        block["observable"] = {"@key:scoped": observable_key(leg), "@data": wrapped}
    if has_own_quantity(leg) and is_first:
        block["quantity"] = _own_quantity(leg)
    return block


def _spreads(contract: Contract, leg: Leg, payout: InterestRatePayout, identifier: str) -> list[Block]:
    """The spread of a lot, or the series of spreads of the leg, each with its dated steps."""
    series = sorted({step.series for step in payout.spread_steps} - {0})
    lots = [lot for other in contract.legs for lot in other.lots]
    own = next((lot.spread for lot in lots if lot.lot_identifier == identifier and lot.spread is not None), None)
    if not series:
        return [_spread(payout, 0, payout.spread if own is None else own)]
    base = {step.series: step.spread for step in payout.spread_steps if step.step_date is None}
    return [_spread(payout, one, base.get(one, 0.0)) for one in series]


def _spread(payout: InterestRatePayout, series: int, value: float) -> Block:
    dated = [
        {"date": step.step_date.isoformat(), "value": number(step.spread)}
        for step in payout.spread_steps
        if step.series == series and step.step_date is not None
    ]
    return {"value": number(value), **({"datedValue": dated} if dated else {})}
