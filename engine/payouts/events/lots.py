"""How a lot changes: a lot is the fold of its lot events, and nothing else changes a lot (spec 07 §3.2, §19.2)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from engine.errors import InputError, ModelError
from engine.payouts.enums import QuantityUnit, UnwindFunding
from engine.payouts.terms.contract import LotClosing, TradeLot

QUANTITY_TOLERANCE = 1e-9
"""Share of a lot below which what is left of it counts as nothing: sums of fractional closings do not meet exactly."""


class LotEventKind(StrEnum):
    """What a lot event does."""

    OPENED = "OPENED"
    MEASURED = "MEASURED"
    """A lot that was a notional alone gets its units."""
    INCREASED = "INCREASED"
    CLOSED = "CLOSED"
    """Units closed at a price; the closing is paid."""
    REDUCED = "REDUCED"
    """A notional without units scaled by a share; nothing is paid for it by the lot."""
    REBASED = "REBASED"
    """Units and prices rewritten to a later basis; changes no value."""
    RESPREAD = "RESPREAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class LotEvent:
    """One change of one lot. quantity_change is signed, it and the price on the lot's basis at the time.

    notional: that of the whole lot afterwards, where the event sets it. quantity_after and notional_after run: what is
    open afterwards. price_adjustment_factor: f of a rebasing, P' = f·P. event_date: the day the change takes effect.
    funding: of a closing.
    """

    event_reference: str
    leg_number: int
    lot_identifier: str
    kind: LotEventKind
    event_date: date
    settlement_date: date | None = None
    quantity_change: float | None = None
    price: float | None = None
    price_adjustment_factor: float = 1.0
    fx_rate: float | None = None
    notional: float | None = None
    spread: float | None = None
    quantity_unit: QuantityUnit | None = None
    price_currency: str | None = None
    basis_date: date | None = None
    funding: UnwindFunding = UnwindFunding.RUN
    quantity_after: float | None = None
    notional_after: float | None = None


def basis_of(lot: TradeLot) -> date:
    """The day on whose basis the lot's units and prices are."""
    return lot.basis_date or lot.cost_date


def open_quantity(lot: TradeLot) -> float | None:
    """Units still open on the lot's basis, None for a notional alone."""
    if lot.opened_quantity is None:
        return None
    left = lot.opened_quantity - lot.closed_quantity
    return left if left > QUANTITY_TOLERANCE * lot.opened_quantity else 0.0


def open_notional(lot: TradeLot) -> float:
    """The share of the lot's notional whose units are open."""
    left = open_quantity(lot)
    if left is None or lot.opened_quantity is None:
        return lot.notional_amount
    return lot.notional_amount * (left / lot.opened_quantity)


def recorded(lot: TradeLot | None, event: LotEvent) -> tuple[TradeLot, LotEvent]:
    """The lot after an event, and the event with its running columns."""
    after = changed(lot, event)
    return after, replace(event, quantity_after=open_quantity(after), notional_after=open_notional(after))


def replay_lot(events: Sequence[LotEvent]) -> TradeLot:
    """The lot that events make, from its opening on. Raises ModelError CLO-1968 without an opening at the front."""
    lot: TradeLot | None = None
    for event in events:
        lot = changed(lot, event)
    if lot is None:
        raise ModelError("CLO-1968", "There are no lot events to replay", remedy="Start with the opening of the lot.")
    return lot


def opening_events(lot: TradeLot, leg_number: int, event_reference: str) -> tuple[LotEvent, ...]:
    """The events that make a lot which a contract was booked with: its opening, and the closings it came with."""
    opening = LotEvent(
        event_reference=event_reference,
        leg_number=leg_number,
        lot_identifier=lot.lot_identifier,
        kind=LotEventKind.OPENED,
        event_date=lot.cost_date,
        settlement_date=lot.settlement_date,
        quantity_change=lot.opened_quantity,
        price=lot.initial_price,
        fx_rate=lot.initial_fx,
        notional=lot.notional_amount,
        spread=lot.spread,
        quantity_unit=lot.quantity_unit,
        price_currency=lot.price_currency,
        basis_date=lot.basis_date,
    )
    current, first = recorded(None, opening)
    events = [first]
    for closing in lot.closings:
        current, event = recorded(current, closing_event(closing, leg_number, lot.lot_identifier))
        events.append(event)
    return tuple(events)


def closing_event(closing: LotClosing, leg_number: int, lot_identifier: str) -> LotEvent:
    """The lot event of a closing."""
    return LotEvent(
        event_reference=closing.event_reference,
        leg_number=leg_number,
        lot_identifier=lot_identifier,
        kind=LotEventKind.CLOSED,
        event_date=closing.event_date,
        settlement_date=closing.settlement_date,
        quantity_change=-closing.quantity,
        price=closing.price,
        fx_rate=closing.fx_rate,
        funding=closing.funding,
    )


def changed(lot: TradeLot | None, event: LotEvent) -> TradeLot:
    """The lot after an event.

    Raises ModelError CLO-1968 where the first event opens nothing or a later one opens again, InputError CLO-1963 where
    more is closed than is open.
    """
    if (lot is None) != (event.kind is LotEventKind.OPENED):
        raise ModelError(
            "CLO-1968",
            f"{event.kind.value} cannot be {'first' if lot is None else 'after the opening'}",
            where=f"lot {event.lot_identifier}",
            remedy="Replay all events of the lot in order, its opening first.",
        )
    if lot is None:
        return _opened(event)
    if event.kind is LotEventKind.MEASURED:
        return replace(
            lot,
            opened_quantity=event.quantity_change,
            initial_price=event.price,
            quantity_unit=event.quantity_unit or lot.quantity_unit,
        )
    if event.kind is LotEventKind.INCREASED:
        return _increased(lot, event)
    if event.kind is LotEventKind.CLOSED:
        return _closed(lot, event)
    if event.kind is LotEventKind.REDUCED:
        return replace(lot, notional_amount=lot.notional_amount if event.notional is None else event.notional)
    if event.kind is LotEventKind.REBASED:
        rebased = _rebased(lot, event.price_adjustment_factor, event.basis_date)
        return replace(rebased, quantity_unit=event.quantity_unit or lot.quantity_unit)
    return replace(lot, spread=event.spread)


def averaged(amount: float, value: float, more: float, other: float) -> float:
    """The mean of two values weighted by their amounts; exactly the value where both are the same."""
    return value if value == other else (amount * value + more * other) / (amount + more)


def _opened(event: LotEvent) -> TradeLot:
    if event.notional is None:
        raise ModelError("CLO-1968", "The opening has no notional", where=f"lot {event.lot_identifier}")
    return TradeLot(
        lot_identifier=event.lot_identifier,
        cost_date=event.event_date,
        settlement_date=event.settlement_date or event.event_date,
        notional_amount=event.notional,
        opened_quantity=event.quantity_change,
        quantity_unit=event.quantity_unit,
        initial_price=event.price,
        price_currency=event.price_currency,
        initial_fx=event.fx_rate,
        basis_date=event.basis_date,
        spread=event.spread,
    )


def _increased(lot: TradeLot, event: LotEvent) -> TradeLot:
    """P = Σqp / Σq, and an FX rate that keeps Σqpx; spread and notional are those of the event."""
    held, more = lot.opened_quantity or 0.0, event.quantity_change or 0.0
    price = lot.initial_price if lot.initial_price is not None else 0.0
    paid = event.price if event.price is not None else price
    fx = lot.initial_fx
    if fx is not None and event.fx_rate is not None:
        fx = averaged(held * price, fx, more * paid, event.fx_rate)
    return replace(
        lot,
        opened_quantity=held + more,
        initial_price=averaged(held, price, more, paid) if lot.initial_price is not None else None,
        initial_fx=fx,
        spread=event.spread,
        notional_amount=lot.notional_amount if event.notional is None else event.notional,
    )


def _closed(lot: TradeLot, event: LotEvent) -> TradeLot:
    left, quantity = open_quantity(lot), -(event.quantity_change or 0.0)
    if left is None or quantity <= 0.0 or quantity > left * (1.0 + QUANTITY_TOLERANCE):
        raise InputError(
            "CLO-1963",
            f"{quantity:,.10g} units cannot be closed of {left or 0.0:,.10g} open ones of lot {lot.lot_identifier}",
            remedy="Close no more than is open.",
        )
    if event.price is None:
        raise ModelError("CLO-1968", "The closing has no price", where=f"lot {lot.lot_identifier}")
    closing = LotClosing(
        event_reference=event.event_reference,
        event_date=event.event_date,
        settlement_date=event.settlement_date or event.event_date,
        quantity=quantity,
        price=event.price,
        fx_rate=event.fx_rate,
        funding=event.funding,
    )
    after = replace(lot, closings=(*lot.closings, closing))
    return exhausted(after) if quantity >= left * (1.0 - QUANTITY_TOLERANCE) else after


def exhausted(lot: TradeLot) -> TradeLot:
    """The lot whose last closing takes all that is left, to the last bit: rounding may not keep a lot open."""
    before, last = lot.closings[:-1], lot.closings[-1]
    opened = lot.opened_quantity or 0.0
    quantity = opened - sum(closing.quantity for closing in before)
    while sum(closing.quantity for closing in before) + quantity < opened:
        quantity = math.nextafter(quantity, math.inf)
    return replace(lot, closings=(*before, replace(last, quantity=quantity)))


def _rebased(lot: TradeLot, factor: float, basis_date: date | None) -> TradeLot:
    """Units divided and prices multiplied by the factor, closings too; the notional stays."""
    rebased = replace(
        lot,
        opened_quantity=None if lot.opened_quantity is None else lot.opened_quantity / factor,
        initial_price=None if lot.initial_price is None else lot.initial_price * factor,
        basis_date=basis_date,
        closings=tuple(
            replace(closing, quantity=closing.quantity / factor, price=closing.price * factor)
            for closing in lot.closings
        ),
    )
    was_closed = lot.opened_quantity is not None and lot.closed_quantity >= lot.opened_quantity
    return exhausted(rebased) if was_closed and lot.closings else rebased
