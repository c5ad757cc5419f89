"""Novation: one party is replaced, for all or for part of the position (spec 07 §19.1)."""

import math
from dataclasses import replace

from engine.errors import InputError
from engine.payouts.enums import BusinessEventType, ContractStatus, Side
from engine.payouts.events.allocation import allocated
from engine.payouts.events.instructions import Event, Novation
from engine.payouts.events.lots import LotEvent, LotEventKind, open_notional
from engine.payouts.events.outcome import Effect, EventContext, warning
from engine.payouts.events.own_notionals import split_notionals, unfunded
from engine.payouts.events.positions import (
    Closing,
    changed_lot,
    check_funding,
    closed_lots,
    factor_to_event,
    followers,
    is_leg_closed,
    leg_of,
    lot_of,
    measured,
    notional_per_price,
    open_units,
    performance_legs,
)
from engine.payouts.events.termination import price_of
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.terms.contract import Contract, Leg

NOVATED_FROM, NOVATED_TO = "novated_from", "novated_to"
"""Names in the metadata by which the two contracts of a novation are linked."""


def novate(contract: Contract, novation: Novation, event: Event, context: EventContext) -> Effect:
    """The old contract, NOVATED or reduced, and the new one with the new party.

    The units close in the old contract on the effective date and open in the new one on the same day at the same price:
    that of the novation, where what they earned so far is paid, or each lot's own, where nothing is paid and the new
    party takes over all of it. Dividends already entitled and funding accrued stay with the old contract. The latter
    needs a position that was never reset, since a reset price is not in the terms. Legs without units move as a whole.
    The settlement date, up to which the old contract is funded, is the first day on which the new one is; of a notional
    of its own each has its share by the notional that moves.

    Raises InputError CLO-1966 where a price is needed, CLO-1967 where the new party or reference cannot be, part of a
    leg without units is asked for, or there is no funding to break.
    """
    _check(contract, novation)
    effect = Effect(contract=contract)
    legs = _legs_to_move(contract, novation)
    check_funding(contract, legs, novation.funding)
    for leg in legs:
        effect = effect.then(measured(effect.contract, leg, event, context))
        effect = effect.then(_moved_out(effect.contract, leg.leg_number, novation, event, context))
    new_contract = _with_moved_lots(_new_contract(contract, legs, novation, event), effect, event, context)
    old, is_whole = _old_contract(effect.contract, novation)
    if novation.quantity is not None:
        number = legs[0].leg_number
        before = math.fsum(open_notional(lot) for lot in contract.leg(number).lots)
        left = math.fsum(open_notional(lot) for lot in old.leg(number).lots)
        old, new_contract = split_notionals(old, new_contract, number, 1.0 - left / before, event.settles_on)
    done = replace(
        effect,
        contract=unfunded(old, event.settles_on) if is_whole else old,
        new_contract=new_contract,
        event_type=BusinessEventType.NOVATION if is_whole else BusinessEventType.PARTIAL_NOVATION,
        cancel_from=event.effective_date if is_whole else None,
        findings=(*effect.findings, *_reporting_note(contract, novation, event)),
    )
    return _with_fee(done, novation)


def _check(contract: Contract, novation: Novation) -> None:
    stays = contract.party(novation.side.other).party_identifier
    leaves = contract.party(novation.side).party_identifier
    newcomer = novation.new_party.party_identifier
    if newcomer in (stays, leaves):
        raise InputError(
            "CLO-1967",
            f"{newcomer} is a party of {contract.contract_reference} already",
            remedy="Name the party that steps in.",
        )
    if novation.new_contract_reference == contract.contract_reference:
        raise InputError(
            "CLO-1967",
            f"The new contract cannot be called {novation.new_contract_reference} too",
            remedy="Give the new contract a reference of its own.",
        )


def _legs_to_move(contract: Contract, novation: Novation) -> tuple[Leg, ...]:
    if novation.quantity is None:
        return performance_legs(contract)
    if not (math.isfinite(novation.quantity) and novation.quantity > 0.0):
        raise InputError(
            "CLO-1963", f"A quantity of {novation.quantity} is impossible", remedy="Give a positive number."
        )
    leg = leg_of(contract, novation.instrument_reference, None)
    if not leg.lots:
        raise InputError(
            "CLO-1967", f"Leg {leg.leg_number} has no units to move a part of", remedy="Novate the whole contract."
        )
    return (leg,)


def _moved_out(contract: Contract, leg_number: int, novation: Novation, event: Event, context: EventContext) -> Effect:
    """The units that move closed in the old contract."""
    leg = contract.leg(leg_number)
    held = [lot for lot in open_units(leg, event, context) if lot.units > 0.0]
    if not held and novation.quantity is None:
        return Effect(contract=contract)
    price = price_of(leg, novation.prices)
    if price is None and context.last_realised_date is not None:
        raise InputError(
            "CLO-1966",
            f"Periods of {contract.contract_reference} up to {context.last_realised_date} are realised and the novation"
            " has no price",
            remedy="Give the price at which the position is transferred.",
        )
    total = math.fsum(lot.units for lot in held)
    quantity = total if novation.quantity is None else novation.quantity
    units = allocated(held, quantity, contract.lot_closing_method)
    closings = [
        Closing(lot_identifier=lot, units=moved, price=price, funding=novation.funding) for lot, moved in units.items()
    ]
    return closed_lots(contract, leg_number, closings, event, context)


def _new_contract(contract: Contract, legs: tuple[Leg, ...], novation: Novation, event: Event) -> Contract:
    """The contract of the new party with the legs that move, as yet without their units."""
    party1, party2 = contract.party1, contract.party2
    if novation.side is Side.PARTY1:
        party1 = novation.new_party
    else:
        party2 = novation.new_party
    moved = {leg.leg_number for leg in legs}
    following = {leg.leg_number for number in moved for leg in followers(contract, number)}
    is_whole = novation.quantity is None
    kept = (
        _without_units(leg, is_follower=leg.leg_number in following)
        for leg in contract.legs
        if is_whole or leg.leg_number in moved or leg.linked_leg_number in (None, *moved)
        if is_whole or leg.performance is None or leg.leg_number in moved
    )
    return replace(
        contract,
        contract_reference=novation.new_contract_reference,
        trade_date=event.event_date,
        effective_date=event.effective_date,
        party1=party1,
        party2=party2,
        legs=tuple(_funded_from(leg, event) for leg in kept),
        fees=(),
        cdm_global_key=None,
        content_key=None,
        metadata={**contract.metadata, NOVATED_FROM: contract.contract_reference},
    )


def _funded_from(leg: Leg, event: Event) -> Leg:
    """A funding leg from the settlement on: what it was before that is the old contract's."""
    interest = leg.interest
    if interest is None:
        return leg
    first = interest.first_regular_start
    begins = replace(
        interest,
        effective_date=max(interest.effective_date or event.settles_on, event.settles_on),
        first_regular_start=first if first is not None and first > event.settles_on else None,
        past_notionals=(),
    )
    return replace(leg, interest=begins)


def _without_units(leg: Leg, *, is_follower: bool) -> Leg:
    """The leg before units move in: what counts units begins at nothing, other notionals move as they are."""
    has_units = any(lot.opened_quantity is not None for lot in leg.lots) or _is_measurable(leg)
    if not (has_units or is_follower):
        return leg
    return replace(leg, lots=(), notional_amount=None if leg.notional_amount is None else 0.0)


def _is_measurable(leg: Leg) -> bool:
    payout = leg.performance
    return (
        bool(leg.lots)
        and payout is not None
        and (payout.returns.price is not None or payout.returns.dividend is not None)
    )


def _with_moved_lots(new_contract: Contract, effect: Effect, event: Event, context: EventContext) -> Contract:
    """The new contract with a lot for each one that units came from, on the basis of the event's day."""
    for record in effect.lot_events:
        if record.kind is not LotEventKind.CLOSED:
            continue
        leg = effect.contract.leg(record.leg_number)
        lot = lot_of(leg, record.lot_identifier)
        closing = lot.closings[-1]
        factor = factor_to_event(leg, lot, event, context)
        share = closing.quantity / (lot.opened_quantity or closing.quantity)
        is_at_own_price = closing.price == lot.initial_price
        opening = LotEvent(
            event_reference=event.event_reference,
            leg_number=record.leg_number,
            lot_identifier=record.lot_identifier,
            kind=LotEventKind.OPENED,
            event_date=event.effective_date,
            settlement_date=event.settles_on,
            quantity_change=closing.quantity / factor,
            price=closing.price * factor,
            fx_rate=closing.fx_rate,
            notional=lot.notional_amount * share
            if is_at_own_price
            else closing.quantity * closing.price * notional_per_price(leg, closing.fx_rate),
            spread=lot.spread,
            quantity_unit=lot.quantity_unit,
            price_currency=lot.price_currency,
        )
        new_contract = changed_lot(new_contract, opening).contract
    return new_contract


def _old_contract(contract: Contract, novation: Novation) -> tuple[Contract, bool]:
    """The old contract with its link, and whether nothing of it is left."""
    legs = performance_legs(contract)
    is_whole = novation.quantity is None or all(is_leg_closed(leg) for leg in legs)
    metadata = {**contract.metadata, NOVATED_TO: novation.new_contract_reference}
    status = ContractStatus.NOVATED if is_whole else contract.contract_status
    return replace(contract, contract_status=status, metadata=metadata), is_whole


def _reporting_note(contract: Contract, novation: Novation, event: Event) -> tuple[PayoutFinding, ...]:
    if novation.side is not contract.reporting_party:
        return ()
    name = novation.new_party.party_identifier
    message = f"the reporting party steps out; {novation.new_contract_reference} is seen by {name}"
    return (warning(FindingCode.PARTY_MISSING, event, message),)


def _with_fee(effect: Effect, novation: Novation) -> Effect:
    """The fee in the contract whose parties pay and receive it; one between leaving and new party in the old one."""
    fee, new = novation.fee, effect.new_contract
    if fee is None or new is None:
        return effect
    pair = {fee.payer_identifier, fee.receiver_identifier}
    if pair == {new.party1.party_identifier, new.party2.party_identifier}:
        return replace(effect, new_contract=replace(new, fees=(fee,)), fees=(fee,))
    return effect.with_fee(fee)
