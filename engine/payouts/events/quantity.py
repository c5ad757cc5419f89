"""More or fewer units of what a leg follows: new lots, merged lots, closings (spec 07 §19.2)."""

import math
from dataclasses import replace

from engine.errors import InputError
from engine.payouts.enums import BusinessEventType, ContractStatus, FindingSeverity, UnwindFunding
from engine.payouts.events.allocation import allocated
from engine.payouts.events.instructions import Event
from engine.payouts.events.lots import LotEvent, LotEventKind, averaged, open_notional
from engine.payouts.events.outcome import Effect, EventContext, finding, warning
from engine.payouts.events.own_notionals import has_own_notional, unfunded, with_notional_change
from engine.payouts.events.positions import (
    Closing,
    changed_lot,
    check_funding,
    closed_lots,
    factor_to_event,
    funding_spread,
    is_leg_closed,
    leg_of,
    lot_of,
    measured,
    notional_per_price,
    open_units,
    performance_legs,
    price_currency,
    replaced_leg,
    underlier_reference,
)
from engine.payouts.events.requests import QuantityChange, QuantityDirection
from engine.payouts.events.scaling import scaled_leg
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Contract, Leg, TradeLot


def change_quantity(contract: Contract, change: QuantityChange, event: Event, context: EventContext) -> Effect:
    """The contract after a change of quantity; what it turned out to be is in `event_type`.

    An increase that names a lot there is adds to it, every other one opens a lot. A decrease closes the named lot, else
    by the contract's method; where it gives a notional alone, that share of the open units. REPLACE closes or adds what
    is missing to the new quantity. A leg whose lots have neither units nor prices is scaled by the share of its
    notional. Raises InputError CLO-1963 for impossible quantities, CLO-1964 for an unknown lot or instrument, CLO-1965
    for another currency than the leg's, CLO-1966 for a missing price, CLO-1967 where the change says too little or asks
    to break funding of which nothing is closed.
    """
    leg = leg_of(contract, change.instrument_reference, change.lot_identifier)
    _check_amounts(leg, change)
    if _is_notional_alone(leg):
        check_funding(contract, (), change.funding)
        scaled = _scaled(contract, leg, change, event)
        return _closed_or_not(_own_notionals(scaled, leg.leg_number, change, event).with_fee(change.fee), event)
    effect = measured(contract, leg, event, context)
    leg = effect.contract.leg(leg.leg_number)
    if change.direction is QuantityDirection.REPLACE:
        change = _difference(leg, change, event, context)
    _check_funding(effect.contract, leg, change)
    names_lot = any(lot.lot_identifier == change.lot_identifier for lot in leg.lots)
    if change.direction is QuantityDirection.DECREASE:
        done = _decreased(effect.contract, leg, change, event, context)
    elif names_lot:
        done = _merged(effect.contract, leg, change, event, context)
    else:
        done = _new_lot(effect.contract, leg, change, event)
    done = _own_notionals(effect.then(done), leg.leg_number, change, event)
    return _closed_or_not(done.with_fee(change.fee), event)


def _check_amounts(leg: Leg, change: QuantityChange) -> None:
    for what, amount in (("quantity", change.quantity), ("notional change", change.notional_change)):
        if amount is not None and not (math.isfinite(amount) and amount > 0.0):
            raise InputError("CLO-1963", f"A {what} of {amount} is impossible", remedy="Give a positive number.")
    if change.quantity is None and change.notional_change is None:
        raise InputError("CLO-1963", "The change has no quantity and no notional", remedy="Give one of them.")
    if change.price is not None and not (math.isfinite(change.price) and change.price >= 0.0):
        raise InputError("CLO-1966", f"A price of {change.price} is impossible", remedy="Give the price agreed.")
    check_currency(leg, "price", change.price_currency, price_currency(leg))
    check_currency(leg, "notional", change.notional_currency, leg.notional_currency)


def _check_funding(contract: Contract, leg: Leg, change: QuantityChange) -> None:
    if change.direction is not QuantityDirection.INCREASE:
        check_funding(contract, (leg,), change.funding)
    elif change.funding is UnwindFunding.BREAK:
        raise InputError(
            "CLO-1967", "An increase closes nothing whose funding could be broken", remedy="Leave out its funding."
        )


def check_currency(leg: Leg, what: str, given: str | None, own: str | None) -> None:
    """Refuse an amount in another currency than the leg's: InputError CLO-1965."""
    if given is not None and own is not None and given != own:
        raise InputError(
            "CLO-1965",
            f"The {what} is in {given}, that of leg {leg.leg_number} is in {own}",
            remedy=f"Give the {what} in {own}.",
        )


def _difference(leg: Leg, change: QuantityChange, event: Event, context: EventContext) -> QuantityChange:
    """A replacing quantity as the increase or decrease that leads to it."""
    if change.quantity is None:
        raise InputError("CLO-1963", "A replacing change needs a quantity", remedy="Give the new quantity.")
    held = math.fsum(lot.units for lot in open_units(leg, event, context, change.lot_identifier))
    more = change.quantity - held
    if more == 0.0:
        raise InputError("CLO-1963", f"The quantity is {held:,.10g} already", remedy="There is nothing to change.")
    direction = QuantityDirection.INCREASE if more > 0.0 else QuantityDirection.DECREASE
    return replace(change, direction=direction, quantity=abs(more), notional_change=None)


def _decreased(contract: Contract, leg: Leg, change: QuantityChange, event: Event, context: EventContext) -> Effect:
    lots = open_units(leg, event, context, change.lot_identifier)
    quantity = change.quantity
    if quantity is None:
        named = leg.lots if change.lot_identifier is None else (lot_of(leg, change.lot_identifier),)
        share = (change.notional_change or 0.0) / max(math.fsum(open_notional(lot) for lot in named), 1e-300)
        quantity = share * math.fsum(lot.units for lot in lots)
    if change.lot_identifier is not None:
        units = {change.lot_identifier: quantity}
    else:
        units = allocated(lots, quantity, contract.lot_closing_method)
    closings = [
        Closing(lot_identifier=lot, units=closed, price=change.price, funding=change.funding)
        for lot, closed in units.items()
    ]
    effect = closed_lots(contract, leg.leg_number, closings, event, context)
    if change.price is not None:
        return effect
    message = "the closing has no price; each lot closes at its own, correct the event once the price is known"
    return replace(effect, findings=(warning(FindingCode.PRICE_MISSING, event, message),))


def _merged(contract: Contract, leg: Leg, change: QuantityChange, event: Event, context: EventContext) -> Effect:
    """More units on a lot that is there: P = Σqp/Σq, the spread averaged by notional, the notional recomputed.

    Funding and dividends of the added units run from the lot's own dates. That is right only as long as nothing of the
    lot was closed or realised: later the price of the open period is the reset one, and what was paid would change.
    """
    lot = lot_of(leg, change.lot_identifier or "")
    has_past = context.last_realised_date is not None and context.last_realised_date > lot.cost_date
    if lot.closings or has_past:
        past = "closings" if lot.closings else "realised periods"
        raise InputError(
            "CLO-1967",
            f"Lot {lot.lot_identifier} has {past} and takes no more units",
            remedy="Leave out the lot identifier, so that a lot of its own is opened.",
        )
    factor = factor_to_event(leg, lot, event, context)
    price = lot.initial_price if change.price is None else change.price / factor
    if price is None:
        raise _no_price(leg)
    fx = event.fx_rate if change.price is not None and event.fx_rate is not None else lot.initial_fx
    units = _units(leg, change, price * factor, fx) * factor
    notional = _merged_notional(leg, lot, units, price, fx)
    added = units * price * notional_per_price(leg, fx)
    record = LotEvent(
        event_reference=event.event_reference,
        leg_number=leg.leg_number,
        lot_identifier=lot.lot_identifier,
        kind=LotEventKind.INCREASED,
        event_date=event.effective_date,
        quantity_change=units,
        price=price,
        fx_rate=fx,
        notional=notional,
        spread=_merged_spread(contract, leg, lot, change.spread, notional - added, added),
    )
    note = finding(
        FindingSeverity.INFO,
        FindingCode.DATES_MERGED,
        event,
        f"the units on {lot.lot_identifier} run from its cost date {lot.cost_date}, funded from {lot.settlement_date}",
    )
    effect = changed_lot(contract, record)
    return replace(effect, event_type=BusinessEventType.INCREASE, findings=(note,))


def _merged_notional(leg: Leg, lot: TradeLot, units: float, price: float, fx: float | None) -> float:
    """Σ q·p·x of both parts, in the notional's currency."""
    held, own = lot.opened_quantity or 0.0, lot.initial_price if lot.initial_price is not None else price
    if lot.initial_fx == fx:
        return (held + units) * averaged(held, own, units, price) * notional_per_price(leg, fx)
    return held * own * notional_per_price(leg, lot.initial_fx) + units * price * notional_per_price(leg, fx)


def _merged_spread(
    contract: Contract, leg: Leg, lot: TradeLot, spread: float | None, held: float, added: float
) -> float | None:
    """The lot's own spread, None while it is the leg's; held, added: the notionals on which both are paid."""
    of_leg = funding_spread(contract, leg.leg_number)
    own = of_leg if lot.spread is None else lot.spread
    if spread is None or own is None or spread == own:
        return lot.spread
    return averaged(held, own, added, spread)


def _new_lot(contract: Contract, leg: Leg, change: QuantityChange, event: Event) -> Effect:
    """A lot of its own, costed on the effective date and funded from the settlement date."""
    if change.price is None or change.price == 0.0:
        raise _no_price(leg)
    model = leg.lots[0] if leg.lots else None
    currency = price_currency(leg)
    scale = notional_per_price(leg, event.fx_rate)
    units = _units(leg, change, change.price, event.fx_rate)
    record = LotEvent(
        event_reference=event.event_reference,
        leg_number=leg.leg_number,
        lot_identifier=change.lot_identifier or next_lot_identifier(leg),
        kind=LotEventKind.OPENED,
        event_date=event.effective_date,
        settlement_date=event.settles_on,
        quantity_change=units,
        price=change.price,
        fx_rate=event.fx_rate,
        notional=units * change.price * scale,
        spread=change.spread,
        quantity_unit=model.quantity_unit if model is not None else None,
        price_currency=change.price_currency or currency,
    )
    effect = changed_lot(contract, record)
    given = change.notional_change
    opened = units * change.price * scale
    is_other = given is not None and abs(given - opened) > 1e-4 * opened
    note = f"units times price make a notional of {opened:,.2f}, the event says {given or 0.0:,.2f}; units win"
    notes = (warning(FindingCode.UNITS_DISAGREE, event, note),) if is_other else ()
    return replace(effect, event_type=BusinessEventType.INCREASE, findings=notes)


def next_lot_identifier(leg: Leg) -> str:
    """LOT-n of the first n that is free."""
    taken = {lot.lot_identifier for lot in leg.lots}
    number = len(leg.lots) + 1
    while f"LOT-{number}" in taken:
        number += 1
    return f"LOT-{number}"


def _units(leg: Leg, change: QuantityChange, price: float, fx: float | None) -> float:
    if change.quantity is not None:
        return change.quantity
    return (change.notional_change or 0.0) / (price * notional_per_price(leg, fx))


def _no_price(leg: Leg) -> InputError:
    return InputError(
        "CLO-1966", f"New units of {underlier_reference(leg)} have no price", remedy="Give the price agreed."
    )


def _is_notional_alone(leg: Leg) -> bool:
    payout = leg.performance
    return payout is not None and payout.returns.price is None and payout.returns.dividend is None


def _scaled(contract: Contract, leg: Leg, change: QuantityChange, event: Event) -> Effect:
    """A variance, volatility or correlation leg with more or less of its notional; nothing is paid but fees."""
    if change.notional_change is None or change.quantity is not None:
        raise InputError(
            "CLO-1963",
            f"Leg {leg.leg_number} is a notional without units",
            remedy="Give the change of its notional in place of a quantity.",
        )
    held = leg.notional_amount or math.fsum(lot.notional_amount for lot in leg.lots)
    signs = {QuantityDirection.INCREASE: 1.0, QuantityDirection.DECREASE: -1.0}
    direction = signs.get(change.direction)
    wanted = change.notional_change if direction is None else held + direction * change.notional_change
    if held <= 0.0 or wanted < -1e-9 * held:
        raise InputError(
            "CLO-1963",
            f"A notional of {change.notional_change:,.10g} cannot be closed of {held:,.10g}",
            remedy="Close no more than is open.",
        )
    effect = scaled_leg(contract, leg, max(wanted, 0.0) / held, event)
    is_more = wanted > held
    return replace(effect, event_type=BusinessEventType.INCREASE if is_more else None)


def _own_notionals(effect: Effect, leg_number: int, change: QuantityChange, event: Event) -> Effect:
    """Funding legs linked to the leg that keep a notional of their own: moved from the settlement on where the event
    says so, else noted."""
    for leg in effect.contract.legs:
        if not has_own_notional(leg) or leg.linked_leg_number != leg_number or leg.notional_amount is None:
            continue
        if change.notional_change is None:
            message = f"funding leg {leg.leg_number} keeps its notional of {leg.notional_amount:,.2f}"
            note = warning(FindingCode.NOTIONAL_MISSING, event, message)
            effect = replace(effect, findings=(*effect.findings, note))
            continue
        sign = 1.0 if change.direction is QuantityDirection.INCREASE else -1.0
        changed = with_notional_change(leg, sign * change.notional_change, event.settles_on)
        effect = replace(effect, contract=replaced_leg(effect.contract, changed))
    return effect


def _closed_or_not(effect: Effect, event: Event) -> Effect:
    """With nothing open on any performance leg the contract is terminated."""
    if effect.event_type is BusinessEventType.INCREASE:
        return effect
    if not all(is_leg_closed(leg) for leg in performance_legs(effect.contract)):
        return replace(effect, event_type=BusinessEventType.PARTIAL_TERMINATION)
    last = effect.lot_events[-1].event_date if effect.lot_events else None
    return replace(
        effect,
        event_type=BusinessEventType.TERMINATION,
        contract=replace(unfunded(effect.contract, event.settles_on), contract_status=ContractStatus.TERMINATED),
        cancel_from=effect.cancel_from or last,
    )
