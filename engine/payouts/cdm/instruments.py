"""Instruments and baskets that a payout follows (spec 07 §5.4, §3.1, §3.4)."""

import re
from dataclasses import dataclass, replace
from datetime import date

from engine.payouts.cdm.codes import NOT_MICS, SECURITY_TYPES
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.identifiers import is_cusip, is_isin
from engine.payouts.enums import CompositionStatus, IdentifierScheme, UnderlierType, WeightType
from engine.payouts.findings import FindingCode
from engine.payouts.terms.parties import Instrument, InstrumentIdentifier
from engine.payouts.terms.performance import BasketComposition, BasketConstituent

PREFERRED = ("ISIN", "RIC", "BBGID", "CUSIP", "SEDOL")
SCHEMES_BY_WORD = (
    ("reuters", IdentifierScheme.RIC),
    ("-ric", IdentifierScheme.RIC),
    ("isin", IdentifierScheme.ISIN),
    ("cusip", IdentifierScheme.CUSIP),
    ("sedol", IdentifierScheme.SEDOL),
    ("bloomberg", IdentifierScheme.BBGID),
)
"""What an identifier of type Other is, by a part of the address of its scheme in lower case."""

CHECKS = {IdentifierScheme.ISIN: is_isin, IdentifierScheme.CUSIP: is_cusip}
PERCENT_TOLERANCE = 1e-6
FRACTION_TOLERANCE = 1e-8
"""How far weights may miss 100 or 1 and still be meant to sum to it (spec 07 §3.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentFacts:
    """An instrument as the document describes it: type, and identifiers as pairs of type and text."""

    document_type: str
    identifiers: tuple[tuple[str, str], ...] = ()
    constituents: tuple["InstrumentFacts", ...] = ()


def instrument_facts(node: Node) -> InstrumentFacts:
    """The description at an observable, nothing interpreted."""
    identifiers = tuple(
        (part.text("identifierType") or "", part.text("identifier") or "") for part in node.each("identifier")
    )
    constituents = tuple(instrument_facts(part.at("observable")) for part in node.each("basketConstituent"))
    return InstrumentFacts(document_type=node.type_name, identifiers=identifiers, constituents=constituents)


def read_instrument(node: Node, currency: str | None = None) -> Instrument:
    """One share, index, fund or rate. A failing check digit makes an identifier one of scheme OTHER."""
    name = node.text("name")
    identifiers: list[InstrumentIdentifier] = []
    for part in node.each("identifier"):
        text, kind = part.text("identifier"), part.text("identifierType")
        if text is None:
            continue
        if kind == "Name":
            name = name or text
            continue
        found = _identifier(part, text, kind)
        if found not in identifiers:
            identifiers.append(found)
    reference = _reference(identifiers, name, node)
    return Instrument(
        reference=reference,
        instrument_type=_instrument_type(node),
        name=name or reference.partition(":")[2],
        currency=currency,
        exchange_mic=_mic(exchange_of(node)),
        is_listed=node.flag("isExchangeListed"),
        identifiers=tuple(identifiers),
    )


def _identifier(part: Node, text: str, kind: str | None) -> InstrumentIdentifier:
    uri = part.at("identifier").fields.get("@scheme")
    uri = uri if isinstance(uri, str) else ""
    if kind is not None and kind in IdentifierScheme.__members__ and kind != "OTHER":
        scheme = IdentifierScheme(kind)
    else:
        scheme = next((found for word, found in SCHEMES_BY_WORD if word in uri.lower()), IdentifierScheme.OTHER)
    if scheme in CHECKS and not CHECKS[scheme](text):
        message = f"{text!r:.30} is no valid {scheme}; kept as an identifier of scheme OTHER"
        part.findings.warning(FindingCode.IDENTIFIER_INVALID, part.pointer, message)
        scheme = IdentifierScheme.OTHER
    return InstrumentIdentifier(scheme=scheme, identifier=text, scheme_uri=uri)


def preferred(identifiers: tuple[InstrumentIdentifier, ...] | list[InstrumentIdentifier]) -> str | None:
    """`SCHEME:IDENTIFIER` of the one that an instrument goes by."""
    ordered = sorted(
        identifiers, key=lambda one: PREFERRED.index(one.scheme) if one.scheme in PREFERRED else len(PREFERRED)
    )
    return f"{ordered[0].scheme}:{ordered[0].identifier}" if ordered else None


def _reference(identifiers: list[InstrumentIdentifier], name: str | None, node: Node) -> str:
    found = preferred(identifiers)
    if found is not None:
        return found
    if name is None:
        node.findings.error(FindingCode.MISSING, node.pointer, "The instrument has neither identifier nor name")
        return "OTHER:?"
    node.findings.warning(FindingCode.IDENTIFIER_INVALID, node.pointer, f"{name!r:.60} has a name only")
    return f"OTHER:{name}"


def _instrument_type(node: Node) -> UnderlierType:
    kind = node.type_name
    if kind in ("EquityIndex", "CreditIndex", "OtherIndex", "InterestRateIndex", "FloatingRateIndex"):
        return UnderlierType.INDEX
    if kind == "ForeignExchangeRateIndex":
        return UnderlierType.FX_RATE
    if kind == "Security":
        return UnderlierType(SECURITY_TYPES.get(node.text("securityType") or "", "OTHER"))
    return UnderlierType.OTHER


def exchange_of(node: Node) -> str | None:
    """The exchange at which an instrument is listed, as text."""
    for role in node.each("partyRole"):
        if role.text("role") == "Exchange":
            party = role.at("partyReference")
            given = [part.text("identifier") for part in party.each("partyId")]
            return next((text for text in given if text), None) or party.text("name")
    return None


def related_exchanges(node: Node) -> tuple[str, ...]:
    """Exchanges of options and futures on an instrument or on what a basket holds."""
    found: list[str] = []
    for place in (node, *(part.at("observable") for part in node.each("basketConstituent"))):
        for role in place.each("ancillaryPartyRole"):
            for party in role.each("partyReference"):
                text = party.text("name") or next((part.text("identifier") for part in party.each("partyId")), None)
                if role.text("role") == "RelatedExchange" and text and text not in found:
                    found.append(text)
    return tuple(found)


def _mic(text: str | None) -> str | None:
    return text if text and re.fullmatch(r"[A-Z]{4}", text, re.ASCII) and text not in NOT_MICS else None


def read_composition(basket: Node, effective_from: date, value: float | None) -> BasketComposition:
    """What a basket holds from a day on. Without all weights it is INCOMPLETE, with WEIGHTS_MISSING."""
    constituents = [_constituent(node) for node in basket.each("basketConstituent")]
    _check_mixture(basket, constituents)
    constituents, is_complete = _checked_weights(basket, constituents)
    return BasketComposition(
        effective_from=effective_from,
        status=CompositionStatus.COMPLETE if is_complete else CompositionStatus.INCOMPLETE,
        basket_value_at_start=value,
        constituents=tuple(constituents),
    )


def _constituent(node: Node) -> BasketConstituent:
    observable = node.at("observable")
    if observable.type_name == "Basket":
        message = "A basket of baskets is not supported"
        node.findings.error(FindingCode.UNSUPPORTED_PAYOUT, observable.pointer, message)
    price = next(iter(node.each("initialValuationPrice")), node.at("initialValuationPrice"))
    price_currency = price.currency("unit", "currency")
    initial_price = price.number("value")
    if initial_price is not None and initial_price <= 0.0:
        node.findings.error(FindingCode.NEGATIVE_PRICE, price.pointer, f"The initial price is {initial_price}")
    quantities = node.each("quantity")
    weight_type, value, currency = None, None, None
    if quantities:
        quantity = quantities[0]
        value = quantity.number("value")
        currency = quantity.currency("unit", "currency")
        if value is not None and value < 0.0:
            node.findings.error(FindingCode.WEIGHTS_SUM, quantity.pointer, f"The weight {value} is negative")
        weight_type = WeightType.NOTIONAL if currency else WeightType.UNITS
        if quantity.text("unit", "financialUnit") == "Weight":
            weight_type = WeightType.PERCENTAGE
    return BasketConstituent(
        instrument=read_instrument(observable, price_currency),
        weight_type=weight_type if value is not None else None,
        weight_value=value,
        weight_currency=currency if value is not None else None,
        initial_price=initial_price,
        price_currency=price_currency,
    )


def _check_mixture(basket: Node, constituents: list[BasketConstituent]) -> None:
    kinds = {member.instrument.instrument_type for member in constituents}
    if len(kinds) > 1 or UnderlierType.OTHER in kinds:
        message = f"The basket holds {', '.join(sorted(kinds))}; all are valued by price"
        basket.findings.warning(FindingCode.MIXED_BASKET, basket.pointer, message)
    references = [member.instrument.reference for member in constituents]
    for reference in {one for one in references if references.count(one) > 1}:
        basket.findings.error(FindingCode.CARDINALITY, basket.pointer, f"{reference} is in the basket twice")
    if not constituents:
        basket.findings.error(FindingCode.MISSING, basket.pointer, "The basket has no constituents")


def _checked_weights(basket: Node, members: list[BasketConstituent]) -> tuple[list[BasketConstituent], bool]:
    kinds = {member.weight_type for member in members}
    if None in kinds:
        message = (
            f"{sum(member.weight_type is None for member in members)} of {len(members)} constituents have no weight"
        )
        basket.findings.warning(FindingCode.WEIGHTS_MISSING, basket.pointer, message)
        return members, False
    if len(kinds) > 1:
        basket.findings.error(FindingCode.WEIGHTS_SUM, basket.pointer, "The weights are of different kinds")
        return members, False
    if kinds == {WeightType.PERCENTAGE}:
        return _percentages(basket, members)
    return members, bool(members)


def _percentages(basket: Node, members: list[BasketConstituent]) -> tuple[list[BasketConstituent], bool]:
    total = sum(member.weight_value or 0.0 for member in members)
    if abs(total - 1.0) <= FRACTION_TOLERANCE:
        return members, True
    if abs(total - 100.0) <= PERCENT_TOLERANCE:
        basket.findings.warning(FindingCode.WEIGHTS_SUM, basket.pointer, "The weights sum to 100 and are divided by it")
        return [replace(member, weight_value=(member.weight_value or 0.0) / 100.0) for member in members], True
    basket.findings.error(FindingCode.WEIGHTS_SUM, basket.pointer, f"The weights sum to {total}, not to 1")
    return members, False
