"""The legs and lots of a contract as events see them: finding them, measuring them, closing them (spec 07 §19.2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.errors import InputError
from engine.payouts.corporate_actions import cumulative_factor, missing_price
from engine.payouts.enums import NotionalSource, UnwindFunding
from engine.payouts.events.allocation import OpenUnits
from engine.payouts.events.instructions import Event
from engine.payouts.events.lots import LotEvent, LotEventKind, basis_of, open_notional, open_quantity, recorded
from engine.payouts.events.outcome import Effect, EventContext, RealiseRequest
from engine.payouts.terms.contract import Contract, Leg, TradeLot

SAME_NOTIONAL = 1e-9
"""Relative difference up to which two notionals are the same."""


def performance_legs(contract: Contract) -> tuple[Leg, ...]:
    """The legs that follow an underlier."""
    return tuple(leg for leg in contract.legs if leg.performance is not None)


def underlier_reference(leg: Leg) -> str:
    """How prices speak of what a leg follows: its instrument, or the code of its basket."""
    if leg.performance is None:
        raise InputError("CLO-1967", f"Leg {leg.leg_number} follows no underlier", remedy="Name an equity leg.")
    underlier = leg.performance.underlier
    return underlier.instrument.reference if underlier.instrument is not None else underlier.underlier_reference


def is_followed(leg: Leg, reference: str) -> bool:
    """Whether a leg follows the instrument or basket that a reference names, by any of its identifiers."""
    if leg.performance is None:
        return False
    underlier = leg.performance.underlier
    names = {underlier.underlier_reference}
    if underlier.instrument is not None:
        names.add(underlier.instrument.reference)
        for identifier in underlier.instrument.identifiers:
            names.update({identifier.identifier, f"{identifier.scheme.value}:{identifier.identifier}"})
    return reference in names


def holds(leg: Leg, reference: str) -> bool:
    """Whether an instrument is in the last composition of a leg's basket."""
    compositions = leg.performance.underlier.compositions if leg.performance is not None else ()
    if not compositions:
        return False
    last = max(compositions, key=lambda composition: composition.effective_from)
    return any(constituent.instrument.reference == reference for constituent in last.constituents)


def leg_of(contract: Contract, instrument_reference: str | None, lot_identifier: str | None) -> Leg:
    """The leg an instruction speaks of: by the instrument, by the lot, or the only one there is.

    Raises InputError CLO-1964 for an unknown instrument, CLO-1967 where several legs could be meant.
    """
    legs = performance_legs(contract)
    known = ", ".join(underlier_reference(leg) for leg in legs)
    if instrument_reference is not None:
        legs = tuple(leg for leg in legs if is_followed(leg, instrument_reference))
        if not legs:
            raise InputError(
                "CLO-1964",
                f"No leg of {contract.contract_reference} follows {instrument_reference}",
                remedy=f"Its legs follow {known or 'nothing'}.",
            )
    if len(legs) > 1 and lot_identifier is not None:
        with_lot = tuple(leg for leg in legs if any(lot.lot_identifier == lot_identifier for lot in leg.lots))
        legs = with_lot or legs
    if len(legs) != 1:
        raise InputError(
            "CLO-1967",
            f"{len(legs)} legs of {contract.contract_reference} could be meant",
            remedy=f"Name the instrument: {known or 'there is none'}.",
        )
    return legs[0]


def lot_of(leg: Leg, lot_identifier: str) -> TradeLot:
    """The lot of an identifier. Raises InputError CLO-1964 naming those there are."""
    for lot in leg.lots:
        if lot.lot_identifier == lot_identifier:
            return lot
    known = ", ".join(lot.lot_identifier for lot in leg.lots) or "no lots"
    raise InputError("CLO-1964", f"Leg {leg.leg_number} has no lot {lot_identifier}", remedy=f"The leg has {known}.")


def price_currency(leg: Leg) -> str | None:
    """The currency of the prices of a leg's lots, None where nothing says it."""
    payout = leg.performance
    if payout is None:
        return None
    terms, underlier = payout.returns.price, payout.underlier
    candidates = (
        *(lot.price_currency for lot in leg.lots),
        terms.initial_price_currency if terms is not None else None,
        underlier.instrument.currency if underlier.instrument is not None else None,
        underlier.underlier_currency,
    )
    return next((currency for currency in candidates if currency is not None), None)


def notional_per_price(leg: Leg, fx_rate: float | None) -> float:
    """What turns units times price into the leg's notional: conversion factor and, across currencies, the FX rate.

    Raises InputError CLO-1966 where the notional is in another currency and no rate was given.
    """
    terms = leg.performance.returns.price if leg.performance is not None else None
    factor = terms.conversion_factor if terms is not None else 1.0
    currency = price_currency(leg)
    if leg.notional_currency is None or currency is None or leg.notional_currency == currency:
        return factor
    if fx_rate is None:
        raise InputError(
            "CLO-1966",
            f"The notional of leg {leg.leg_number} is in {leg.notional_currency}, its prices are in {currency}",
            remedy="Give the event the FX rate of its day.",
        )
    return factor * fx_rate


def factor_to_event(leg: Leg, lot: TradeLot, event: Event, context: EventContext) -> float:
    """Product of the adjustment factors between a lot's basis and the event's day: P' = f·P, Q' = Q/f."""
    actions = context.actions.get(underlier_reference(leg), ())
    return cumulative_factor(actions, basis_of(lot), event.effective_date)


def open_units(leg: Leg, event: Event, context: EventContext, lot_identifier: str | None = None) -> list[OpenUnits]:
    """What the lots of a leg have open, on the basis of the event's day; of the named lot alone where one is named."""
    lots = leg.lots if lot_identifier is None else (lot_of(leg, lot_identifier),)
    units: list[OpenUnits] = []
    for lot in lots:
        factor = factor_to_event(leg, lot, event, context)
        price = None if lot.initial_price is None else lot.initial_price * factor
        units.append(
            OpenUnits(
                lot_identifier=lot.lot_identifier,
                cost_date=lot.cost_date,
                price=price,
                units=(open_quantity(lot) or 0.0) / factor,
            )
        )
    return units


def measured(contract: Contract, leg: Leg, event: Event, context: EventContext) -> Effect:
    """The contract with units on all lots of a leg that were a notional alone: Q = N / (P·X) (spec 07 §8).

    Lots of legs without price or dividend return stay as they are. Raises InputError CLO-1966 where a lot has no price,
    CLO-1967 where the leg has a notional and no lots: a lot added to it would stand for all of it.
    """
    payout = leg.performance
    effect = Effect(contract=contract)
    if payout is None or (payout.returns.price is None and payout.returns.dividend is None):
        return effect
    if not leg.lots and leg.notional_amount:
        raise InputError(
            "CLO-1967",
            f"Leg {leg.leg_number} of {contract.contract_reference} has a notional and no lots",
            remedy="Give the leg the lot that it was opened with.",
        )
    agreed = payout.returns.price.initial_price if payout.returns.price is not None else None
    for lot in leg.lots:
        if lot.opened_quantity is not None:
            continue
        price = lot.initial_price or agreed or context.initial_prices.get(underlier_reference(leg))
        if price is None:
            raise missing_price(underlier_reference(leg), lot.cost_date, "a price on")
        units = lot.notional_amount / (price * notional_per_price(leg, lot.initial_fx))
        measuring = LotEvent(
            event_reference=event.event_reference,
            leg_number=leg.leg_number,
            lot_identifier=lot.lot_identifier,
            kind=LotEventKind.MEASURED,
            event_date=event.effective_date,
            quantity_change=units,
            price=price,
        )
        effect = effect.then(changed_lot(effect.contract, measuring))
    return effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Units to close of a lot, on the basis of the event's day; price on that basis, None: the lot's own price."""

    lot_identifier: str
    units: float
    price: float | None
    funding: UnwindFunding = UnwindFunding.RUN


def closed_lots(
    contract: Contract, leg_number: int, closings: Sequence[Closing], event: Event, context: EventContext
) -> Effect:
    """The contract after closings of lots of one leg, with what is to be realised. Notionals follow.

    Raises InputError CLO-1967 for a lot that opens after the event.
    """
    effect = Effect(contract=contract)
    for closing in closings:
        leg = effect.contract.leg(leg_number)
        lot = lot_of(leg, closing.lot_identifier)
        if lot.cost_date > event.effective_date:
            raise InputError(
                "CLO-1967",
                f"Lot {lot.lot_identifier} opens on {lot.cost_date}, after the closing on {event.effective_date}",
                remedy="Cancel what opens the lot first, or close it on a later day.",
            )
        factor = factor_to_event(leg, lot, event, context)
        price = lot.initial_price if closing.price is None else closing.price / factor
        if price is None:
            raise missing_price(underlier_reference(leg), event.effective_date, "a closing price on")
        record = LotEvent(
            event_reference=event.event_reference,
            leg_number=leg_number,
            lot_identifier=lot.lot_identifier,
            kind=LotEventKind.CLOSED,
            event_date=event.effective_date,
            settlement_date=event.settles_on,
            quantity_change=-closing.units * factor,
            price=price,
            fx_rate=lot.initial_fx if closing.price is None else event.fx_rate,
            funding=closing.funding,
        )
        request = RealiseRequest(
            leg_number=leg_number,
            lot_identifier=lot.lot_identifier,
            event_reference=event.event_reference,
            end_date=event.effective_date,
            payment_date=event.settles_on,
        )
        changed = changed_lot(effect.contract, record)
        effect = effect.then(replace(changed, realise=(request,)))
    return effect


def changed_lot(contract: Contract, event: LotEvent) -> Effect:
    """The contract after one lot event: its lot changed or added, the notionals of its leg and followers moved."""
    leg = contract.leg(event.leg_number)
    before = next((lot for lot in leg.lots if lot.lot_identifier == event.lot_identifier), None)
    after, record = recorded(before, event)
    lots = (
        (*leg.lots, after)
        if before is None
        else tuple(after if lot.lot_identifier == event.lot_identifier else lot for lot in leg.lots)
    )
    change = open_notional(after) - (open_notional(before) if before is not None else 0.0)
    with_lots = replaced_leg(contract, replace(leg, lots=lots))
    return Effect(contract=_moved_notionals(with_lots, leg.leg_number, change), lot_events=(record,))


def replaced_leg(contract: Contract, leg: Leg) -> Contract:
    """The contract with a leg in place of that of its number."""
    return replace(
        contract, legs=tuple(leg if known.leg_number == leg.leg_number else known for known in contract.legs)
    )


def replaced_legs(contract: Contract, change: Callable[[Leg], Leg]) -> Contract:
    """The contract with every leg changed."""
    return replace(contract, legs=tuple(change(leg) for leg in contract.legs))


def followers(contract: Contract, leg_number: int) -> tuple[Leg, ...]:
    """Funding legs whose notional follows an equity leg: linked to it, or to none where it is the only one."""
    is_only = len(performance_legs(contract)) == 1
    return tuple(
        leg
        for leg in contract.legs
        if leg.interest is not None
        and leg.interest.notional_source is not NotionalSource.OWN
        and (leg.linked_leg_number == leg_number or (leg.linked_leg_number is None and is_only))
    )


def check_funding(contract: Contract, legs: Sequence[Leg], funding: UnwindFunding) -> None:
    """Refuse to break the funding of legs that none follows: InputError CLO-1967."""
    if funding is UnwindFunding.RUN or any(followers(contract, leg.leg_number) for leg in legs):
        return
    names = ", ".join(str(leg.leg_number) for leg in legs) or "none"
    raise InputError(
        "CLO-1967",
        f"Funding BREAK was asked for, and no funding leg of {contract.contract_reference} follows the notional of what"
        f" is closed, leg {names}",
        remedy="Leave out the funding of the event; agree what a notional of its own has accrued as a fee.",
    )


def funding_spread(contract: Contract, leg_number: int) -> float | None:
    """The spread of the funding leg that follows an equity leg, None without one."""
    for leg in contract.legs:
        if leg.interest is not None and (leg.linked_leg_number in (None, leg_number)):
            return leg.interest.spread
    return None


def is_leg_closed(leg: Leg) -> bool:
    """Whether nothing of a leg is open any more."""
    if leg.lots:
        return all(open_notional(lot) == 0.0 for lot in leg.lots)
    return leg.notional_amount == 0.0


def _moved_notionals(contract: Contract, leg_number: int, change: float) -> Contract:
    if change == 0.0:
        return contract
    moved = {leg_number, *(leg.leg_number for leg in followers(contract, leg_number))}

    def with_change(leg: Leg) -> Leg:
        if leg.leg_number not in moved or leg.notional_amount is None:
            return leg
        notional = leg.notional_amount + change
        is_nothing = abs(notional) <= SAME_NOTIONAL * abs(change)
        return replace(leg, notional_amount=0.0 if is_nothing else notional)

    return replaced_legs(contract, with_change)
