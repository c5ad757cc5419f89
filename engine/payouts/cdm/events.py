"""Reads a business event: the contracts before it and what it asks for (spec 07 §5.1, §19.1)."""

from dataclasses import dataclass, replace
from datetime import date

from engine.payouts.cdm.dates import Calendars, Dates
from engine.payouts.cdm.document import Document, Node
from engine.payouts.cdm.draft import Draft
from engine.payouts.cdm.histories import read_observation
from engine.payouts.cdm.instruments import read_instrument
from engine.payouts.cdm.json_text import Findings, content_key
from engine.payouts.cdm.parties import read_parties
from engine.payouts.cdm.quantities import lot_identifier
from engine.payouts.cdm.reader import anchors_of, read_place
from engine.payouts.cdm.roots import TradePlace, business_event, parsed, place_of, root_kind
from engine.payouts.cdm.transfers import read_fee
from engine.payouts.enums import BusinessEventType, Side, upper_snake
from engine.payouts.events.requests import (
    EventInstruction,
    Instruction,
    Observation,
    QuantityChange,
    QuantityDirection,
    StockSplit,
)
from engine.payouts.findings import FindingCode, PayoutFinding, has_errors
from engine.payouts.terms.contract import Contract, Fee, TradeLot

READ = ("quantityChange", "stockSplit", "observation", "transfer")
CLOSES_ALL = 1e-9
"""Relative difference up to which a decrease is one of the whole quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event as read. `events` has one instruction record for each trade that it touches, beside the draft of that
    trade in `before`; both are empty where a finding is an ERROR that concerns the whole."""

    events: tuple[EventInstruction, ...]
    before: tuple[Draft, ...]
    findings: tuple[PayoutFinding, ...]
    document_root: str = ""

    @property
    def event(self) -> EventInstruction | None:
        """The record of an event on one trade."""
        return self.events[0] if self.events else None

    @property
    def contract(self) -> Contract | None:
        """The contract before an event on one trade."""
        return self.before[0].contract if self.before else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """What all instructions of an event share."""

    reference: str | None
    event_date: date
    effective_date: date | None
    intent: str | None


def read_event(
    text: str | bytes,
    *,
    reporting_party: Side = Side.PARTY1,
    calendars: Calendars | None = None,
) -> EventDraft:
    """The event of a document whose root is a BusinessEvent or a WorkflowStep. Raises nothing over its content."""
    findings = Findings()
    tree = parsed(text, findings)
    if not isinstance(tree, dict):
        return EventDraft(events=(), before=(), findings=findings.all())
    kind = root_kind(tree)
    if kind not in ("BusinessEvent", "WorkflowStep"):
        findings.error(FindingCode.UNSUPPORTED_ROOT, "", "The document is no business event")
        return EventDraft(events=(), before=(), findings=findings.all(), document_root=kind)
    node = business_event(Node(Document(tree, findings), tree, ""), kind)
    event_date = node.day("eventDate")
    if event_date is None:
        findings.error(FindingCode.NOT_A_DATE, f"{node.pointer}/eventDate", "The event has no date")
    instructions = node.each("instruction")
    if not instructions:
        findings.error(FindingCode.MISSING, f"{node.pointer}/instruction", "The event has no instruction")
    intent = node.text("intent")
    shared = _Event(
        reference=_event_reference(node),
        event_date=event_date or date(1900, 1, 1),
        effective_date=node.day("effectiveDate"),
        intent=upper_snake(intent) if intent else None,
    )
    drafts, events = [], []
    for part in instructions:
        place = place_of(kind, part.at("before"), findings) if part.at("before").is_there else None
        if place is None:
            findings.error(FindingCode.MISSING, f"{part.pointer}/before", "The instruction has no trade before it")
            continue
        draft = read_place(place, findings, reporting_party=reporting_party, calendars=calendars)
        drafts.append(draft)
        primitive = Node(
            place.state.document, part.at("primitiveInstruction").value, f"{part.pointer}/primitiveInstruction"
        )
        event = _instruction(primitive, place, draft, shared)
        if event is not None:
            events.append(event)
    noticed = findings.all()
    refused = has_errors(noticed)
    return EventDraft(
        events=() if refused else tuple(events),
        before=tuple(drafts),
        findings=noticed,
        document_root=kind,
    )


def _event_reference(node: Node) -> str | None:
    for part in node.each("eventIdentifier"):
        for assigned in part.each("assignedIdentifier"):
            text = assigned.text("identifier")
            if text:
                return text
    return None


def _instruction(primitive: Node, place: TradePlace, draft: Draft, shared: _Event) -> EventInstruction | None:
    """The record of what an event asks of one trade."""
    findings = primitive.findings
    unknown = [key for key in primitive.fields if key not in READ and not key.startswith("@")]
    for key in unknown:
        message = f"The instruction {key} is not read"
        findings.error(FindingCode.EVENT_REFUSED, f"{primitive.pointer}/{key}", message)
    contract = draft.contract.contract_reference if draft.contract is not None else None
    made = content_key({"contract": contract, "instruction": primitive.value})
    reference = shared.reference or f"{shared.event_date}-{made[:12]}"
    default_day = shared.effective_date or shared.event_date
    fees = _fees(primitive, place, reference, default_day)
    underlier = _underlier(draft)
    found: list[Instruction] = []
    for node in primitive.each("quantityChange"):
        change = _quantity_change(node, underlier)
        if change is not None:
            found.append(change)
    for node in primitive.each("stockSplit"):
        split = _stock_split(node, underlier)
        if split is not None:
            found.append(split)
    for node in primitive.each("observation"):
        action = read_observation(node.at("observationEvent", "corporateAction"), underlier)
        if action is not None:
            found.append(action)
    if not found:
        findings.error(FindingCode.EVENT_REFUSED, primitive.pointer, "The event asks for nothing that is read")
        return None
    found = _with_fee(primitive, found, fees)
    effective = next((one.effective_date for one in found if isinstance(one, StockSplit)), shared.event_date)
    return EventInstruction(
        event_reference=reference,
        event_type=_event_type(found, draft.contract, shared.intent),
        event_date=shared.event_date,
        effective_date=shared.effective_date or effective,
        contract_reference=contract,
        intent=shared.intent,
        instructions=tuple(found),
    )


def _underlier(draft: Draft) -> str | None:
    """The instrument of the only equity leg of the trade before."""
    legs = draft.contract.legs if draft.contract is not None else ()
    references = {leg.performance.underlier.underlier_reference for leg in legs if leg.performance is not None}
    return next(iter(references)) if len(references) == 1 else None


def _fees(primitive: Node, place: TradePlace, reference: str, default_day: date) -> list[Fee]:
    """The fees that are paid with the event; their parties are those of the trade before."""
    states = primitive.each("transfer", "transferState")
    if not states:
        return []
    parties = read_parties(place.trade)
    dates = Dates(anchors_of(place.trade))
    found: list[Fee] = []
    for state in states:
        fee, _ = read_fee(state.at("transfer"), parties, dates, f"{reference}-FEE-{len(found) + 1}", default_day)
        if fee is not None:
            found.append(fee)
    return found


def _with_fee(primitive: Node, found: list[Instruction], fees: list[Fee]) -> list[Instruction]:
    changes = [i for i, one in enumerate(found) if isinstance(one, QuantityChange)]
    if len(fees) > 1 or (fees and not changes):
        message = f"{len(fees)} fees cannot be attached to the change of quantity"
        primitive.findings.error(FindingCode.EVENT_REFUSED, f"{primitive.pointer}/transfer", message)
    if fees and changes:
        change = found[changes[0]]
        if isinstance(change, QuantityChange):
            found[changes[0]] = replace(change, fee=fees[0])
    return found


def _quantity_change(node: Node, underlier: str | None) -> QuantityChange | None:
    """Units, notional, price and spread that a change names."""
    direction = node.choice(QuantityDirection, "direction")
    if direction is None:
        node.findings.error(FindingCode.MISSING, f"{node.pointer}/direction", "The change has no direction")
        return None
    change = QuantityChange(direction=direction, instrument_reference=underlier)
    if node.each("lotIdentifier"):
        change = replace(change, lot_identifier=lot_identifier(node, 0))
    for part in node.each("change"):
        change = _with_part(change, part)
    if change.quantity is None and change.notional_change is None:
        message = "The change names neither units nor an amount"
        node.findings.error(FindingCode.MISSING, f"{node.pointer}/change", message)
        return None
    return change


def _with_part(change: QuantityChange, part: Node) -> QuantityChange:
    for quantity in part.each("quantity"):
        value, currency = quantity.number("value"), quantity.currency("unit", "currency")
        if value is not None and value < 0.0:
            message = f"The quantity {value} is negative; the direction says which way it goes"
            quantity.findings.error(FindingCode.NOT_A_NUMBER, quantity.pointer, message)
        if currency is not None:
            change = replace(change, notional_change=value, notional_currency=currency)
        elif value is not None:
            change = replace(change, quantity=value)
    for price in part.each("price"):
        value = price.number("value")
        if value is None:
            continue
        if price.text("priceType") == "InterestRate":
            change = replace(change, spread=value)
        else:
            if value <= 0.0:
                price.findings.error(FindingCode.NEGATIVE_PRICE, price.pointer, f"The price is {value}")
            change = replace(change, price=value, price_currency=price.currency("unit", "currency"))
    observable = part.at("observable")
    if observable.type_name in ("Security", "EquityIndex"):
        change = replace(change, instrument_reference=read_instrument(observable).reference)
    return change


def _stock_split(node: Node, underlier: str | None) -> StockSplit | None:
    ratio, day = node.number("adjustmentRatio"), node.day("effectiveDate")
    if ratio is None or ratio <= 0.0 or day is None or underlier is None:
        message = f"A split needs a positive ratio, a date and one instrument; it has {ratio}, {day}, {underlier}"
        node.findings.error(FindingCode.EVENT_REFUSED, node.pointer, message)
        return None
    return StockSplit(instrument_reference=underlier, ratio=ratio, effective_date=day)


def _event_type(found: list[Instruction], contract: Contract | None, intent: str | None) -> BusinessEventType:
    """The type of an event: its intent where that says more than the instructions do."""
    if intent in ("NOTIONAL_RESET", "PORTFOLIO_REBALANCING"):
        return BusinessEventType(intent)
    first = found[0]
    if isinstance(first, StockSplit):
        return BusinessEventType.STOCK_SPLIT
    if isinstance(first, Observation):
        return BusinessEventType.CORPORATE_ACTION
    if first.direction is QuantityDirection.INCREASE:
        return BusinessEventType.INCREASE
    lots = _lots(contract)
    if first.direction is QuantityDirection.REPLACE:
        current = sum(_open(lot) for lot in lots if first.lot_identifier in (None, lot.lot_identifier))
        if first.quantity is not None and first.quantity > current:
            return BusinessEventType.INCREASE
        is_all = first.quantity == 0.0 and current >= sum(_open(lot) for lot in lots)
        return BusinessEventType.TERMINATION if is_all else BusinessEventType.PARTIAL_TERMINATION
    total = sum(_open(lot) for lot in lots)
    if total and first.quantity is not None and first.quantity >= total * (1.0 - CLOSES_ALL):
        return BusinessEventType.TERMINATION
    return BusinessEventType.PARTIAL_TERMINATION


def _lots(contract: Contract | None) -> list[TradeLot]:
    return [lot for leg in contract.legs for lot in leg.lots] if contract is not None else []


def _open(lot: TradeLot) -> float:
    return (lot.opened_quantity or 0.0) - lot.closed_quantity
