"""Prices, quantities and notional of a payout, from the price quantities of the trade's lots (spec 07 §5.4)."""

from dataclasses import dataclass

from engine.payouts.cdm.codes import BASKET_UNIT, FINANCIAL_UNITS, MINOR_UNITS
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.draft import PriceFact
from engine.payouts.enums import QuantityUnit
from engine.payouts.findings import FindingCode

QUANTITY, DERIVED, PRODUCT, UNRESOLVED = "quantity", "derivedQuantity", "price*units", "unresolved"
EQUAL_AMOUNTS = 1e-9
"""Relative difference up to which a price and a notional are the same number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotAmounts:
    """One lot of one payout: units, unit price, notional, each as far as the document gives it."""

    index: int
    identifier: str
    node: Node
    units: float | None = None
    unit: QuantityUnit | None = None
    unit_type: str | None = None
    price: float | None = None
    price_currency: str | None = None
    quote_factor: float = 1.0
    basket_value: float | None = None
    derived: float | None = None
    derived_currency: str | None = None
    facts: tuple[PriceFact, ...] = ()

    @property
    def notional(self) -> tuple[float, str | None] | None:
        """Derived quantity, else units times unit price."""
        if self.derived is not None:
            return self.derived, self.derived_currency
        if self.units is not None and self.price is not None:
            return self.units * self.price, self.price_currency
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """The notional of a payout, its currency and source, and its lots."""

    notional: float | None = None
    currency: str | None = None
    source: str = UNRESOLVED
    lots: tuple[LotAmounts, ...] = ()
    observable: Node | None = None


def scoped_quantity(payout: Node) -> tuple[float, str] | None:
    """The notional that the payout's own quantity schedule means, if that is an amount of money."""
    total, currency = 0.0, None
    for target in payout.at("priceQuantity", "quantitySchedule").follow():
        code = target.currency("unit", "currency")
        value = target.number("value") if code else None
        if value is None:
            continue
        if value <= 0.0:
            message = f"The quantity {value} is not positive"
            target.findings.error(FindingCode.NOT_A_NUMBER, target.pointer, message)
        if currency in (None, code):
            total, currency = total + value, code
    return None if currency is None else (total, currency)


def read_amounts(trade: Node, payout: Node) -> Amounts:
    """Notional and lots of a performance payout.

    The notional is the payout's own quantity of money, else the derived quantities of its lots, else units times
    price; NOTIONAL_MISSING where there is none of them.
    """
    underlier = payout.at("underlier")
    name = underlier.reference_name
    targets = underlier.follow()
    observable = targets[0] if targets else None
    lots = tuple(
        lot
        for i, node in enumerate(trade.each("tradeLot"))
        if (lot := _lot(node, i, _price_quantities(node, name, observable))) is not None
    )
    own = scoped_quantity(payout)
    if own is not None:
        return Amounts(notional=own[0], currency=own[1], source=QUANTITY, lots=lots, observable=observable)
    notionals = [lot.notional for lot in lots]
    if not lots or any(found is None for found in notionals):
        message = "Neither a quantity of money nor units and a price give a notional"
        payout.findings.warning(FindingCode.NOTIONAL_MISSING, f"{payout.pointer}/priceQuantity", message)
        return Amounts(lots=lots, observable=observable)
    given = [found for found in notionals if found is not None]
    currency = next((code for _, code in given if code), None)
    if any(code not in (None, currency) for _, code in given):
        message = "The lots have notionals in different currencies"
        payout.findings.error(FindingCode.NOTIONAL_CURRENCY_MISMATCH, f"{trade.pointer}/tradeLot", message)
    return Amounts(
        notional=sum(amount for amount, _ in given),
        currency=currency,
        source=DERIVED if lots[0].derived is not None else PRODUCT,
        lots=lots,
        observable=observable,
    )


def has_scoped_key(node: Node, name: str | None) -> bool:
    """Whether the object here, or the value inside it, carries a key."""
    value = node.value
    while isinstance(value, dict):
        if name is not None and value.get("@key:scoped") == name:
            return True
        value = value.get("@data")
    return False


def _price_quantities(lot: Node, name: str | None, observable: Node | None) -> list[Node]:
    """The price quantities of a lot that belong to an underlier: by its key, else by an identifier of the same
    instrument, as lots that an event added have no keys; of an underlier without key all that hold an equity."""
    all_of_them = lot.each("priceQuantity")
    keyed = [node for node in all_of_them if has_scoped_key(node.at("observable"), name)]
    if keyed:
        return keyed
    kinds = ("Security", "EquityIndex", "Basket", "ForeignExchangeRateIndex")
    equities = [node for node in all_of_them if node.at("observable").type_name in kinds]
    if observable is None or name is None:
        return equities
    known = _identifiers(observable)
    return [node for node in equities if known & _identifiers(node.at("observable"))]


def _identifiers(observable: Node) -> set[str]:
    return {text for part in observable.each("identifier") if (text := part.text("identifier"))}


def lot_identifier(node: Node, index: int) -> str:
    """The identifier of a lot, LOT-n where it has none."""
    for part in node.each("lotIdentifier"):
        for assigned in part.each("assignedIdentifier"):
            text = assigned.text("identifier")
            if text:
                return text
    return f"LOT-{index + 1}"


def _lot(node: Node, index: int, parts: list[Node]) -> LotAmounts | None:
    """The lot as these price quantities tell it. Prices of a quantity of money alone are read with the payout."""
    if not parts:
        return None
    units, unit, unit_type = _units(parts)
    prices = [price for part in parts for price in part.each("price")]
    derived = next((place for price in prices if (place := price.at("derivedQuantity")).is_there), None)
    derived_value = derived.number("value") if derived is not None else None
    derived_currency = derived.currency("unit", "currency") if derived is not None else None
    if derived is not None and derived_value is not None and derived_value <= 0.0:
        node.findings.error(FindingCode.NOT_A_NUMBER, derived.pointer, f"The notional {derived_value} is not positive")
    price = _unit_price(prices, derived_value, derived_currency, units)
    return LotAmounts(
        index=index,
        identifier=lot_identifier(node, index),
        node=node,
        units=units,
        unit=unit,
        unit_type=unit_type,
        price=price.value,
        price_currency=price.currency,
        quote_factor=price.quote_factor,
        basket_value=price.basket_value,
        derived=derived_value,
        derived_currency=derived_currency,
        facts=tuple(_fact(price) for price in prices),
    )


def _units(parts: list[Node]) -> tuple[float | None, QuantityUnit | None, str | None]:
    for part in parts:
        for quantity in part.each("quantity"):
            kind = quantity.text("unit", "financialUnit")
            if kind is None and quantity.at("unit", "currency").is_there:
                continue
            value = quantity.number("value")
            if value is None:
                continue
            if value <= 0.0:
                message = f"The quantity {value} is not positive"
                quantity.findings.error(FindingCode.NOT_A_NUMBER, quantity.pointer, message)
            name = "BASKET_UNIT" if kind == BASKET_UNIT else FINANCIAL_UNITS.get(kind or "")
            if name is None and kind is not None:
                message = f"The unit {kind!r:.30} is not known"
                quantity.findings.warning(FindingCode.UNKNOWN_VALUE, quantity.pointer, message)
            return value, QuantityUnit(name) if name else None, kind
    return None, None, None


def _fact(price: Node) -> PriceFact:
    return PriceFact(
        value=price.number("value"),
        currency=price.text("unit", "currency"),
        per=price.text("perUnitOf", "financialUnit") or price.text("perUnitOf", "currency"),
        expression=price.text("priceExpression"),
    )


@dataclass(frozen=True, slots=True)
class _Price:
    value: float | None = None
    currency: str | None = None
    quote_factor: float = 1.0
    basket_value: float | None = None


def _unit_price(prices: list[Node], notional: float | None, currency: str | None, units: float | None) -> _Price:
    """The price per unit among the prices of a lot; without `perUnitOf` and equal to the notional it is a value."""
    for node in prices:
        if node.text("priceType") not in (None, "AssetPrice"):
            continue
        value = node.number("value")
        if value is None:
            continue
        if value <= 0.0:
            node.findings.error(FindingCode.NEGATIVE_PRICE, node.pointer, f"The price is {value}")
        is_notional = notional is not None and abs(value - notional) <= EQUAL_AMOUNTS * abs(notional)
        if not node.at("perUnitOf").is_there and is_notional:
            return _Price(basket_value=value, currency=node.currency("unit", "currency") or currency)
        _check_expression(node, value, notional, units, is_notional)
        return _with_currency(node, value, currency)
    if prices:
        prices[0].findings.info(FindingCode.PRICE_MISSING, prices[0].pointer, "The initial price is not given")
    return _Price()


def _check_expression(node: Node, value: float, notional: float | None, units: float | None, is_notional: bool) -> None:
    expression = node.text("priceExpression")
    if expression not in (None, "AbsoluteTerms"):
        message = f"The price {value} is expressed as {expression} and per unit; it is read as an amount of money"
        node.findings.warning(FindingCode.PRICE_EXPRESSION_ODD, node.pointer, message)
    elif is_notional:
        message = f"The unit price {value} is the whole notional"
        node.findings.warning(FindingCode.PRICE_EXPRESSION_ODD, node.pointer, message)
    if notional and units and abs(units * value - notional) > 1e-4 * notional:
        message = f"{units} units at {value} make {units * value}, the document says {notional}"
        node.findings.warning(FindingCode.UNITS_DISAGREE, node.pointer, message)


def _with_currency(node: Node, value: float, fallback: str | None) -> _Price:
    raw = node.text("unit", "currency")
    if raw in MINOR_UNITS:
        major, factor = MINOR_UNITS[raw]
        return _Price(value / factor, major, factor)
    given = node.currency("unit", "currency")
    if raw is None and fallback is not None:
        message = f"The price has no currency; {fallback} is taken from the notional"
        node.findings.warning(FindingCode.PRICE_CURRENCY_ASSUMED, node.pointer, message)
    elif given is not None and fallback is not None and given != fallback:
        message = f"The price is in {given}, the notional in {fallback}"
        node.findings.warning(FindingCode.NOTIONAL_CURRENCY_MISMATCH, node.pointer, message)
    return _Price(value, given or fallback)
