"""Mergers and takeovers: the instrument of a leg is replaced, paid out in cash, or both (spec 07 §19.3)."""

import math
from dataclasses import replace

from engine.errors import InputError
from engine.payouts.corporate_actions import merger_ratio, missing_price
from engine.payouts.enums import CompositionReason, ContractStatus
from engine.payouts.events.composition import with_constituents
from engine.payouts.events.instructions import CorporateActionApplied, Event
from engine.payouts.events.lots import basis_of
from engine.payouts.events.outcome import Effect, EventContext, warning
from engine.payouts.events.own_notionals import unfunded
from engine.payouts.events.positions import (
    Closing,
    changed_lot,
    closed_lots,
    factor_to_event,
    holds,
    is_followed,
    is_leg_closed,
    measured,
    open_units,
    performance_legs,
    price_currency,
    replaced_leg,
)
from engine.payouts.events.quantity import check_currency
from engine.payouts.events.splits import rebasing
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.parties import Instrument


def merge_instrument(
    contract: Contract, applied: CorporateActionApplied, event: Event, context: EventContext
) -> Effect:
    """Shares for shares, cash for shares, or both.

    Of a mixed offer of r shares and cash c for each share, worth w = c + r·P of the successor, the part c/w of the
    units is closed at w and the others become r/(1 - c/w) shares each: together they are worth what was offered. With
    nothing left open the contract is terminated.

    Raises InputError CLO-1965 for cash in another currency than the prices, CLO-1966 where a mixed offer lacks the
    price of the successor, CLO-1969 for missing terms or cash for a constituent of a basket.
    """
    action = applied.action
    has_shares, cash = applied.successor is not None, action.cash_amount or 0.0
    if not has_shares and cash <= 0.0:
        raise InputError(
            "CLO-1969",
            f"The merger of {action.instrument_reference} on {action.ex_date} offers neither shares nor cash",
            remedy="Give the successor with its ratio, the cash amount, or both.",
        )
    effect = Effect(contract=contract)
    for leg in performance_legs(contract):
        if is_followed(leg, action.instrument_reference):
            effect = effect.then(_merged_leg(effect.contract, leg, applied, event, context))
        elif holds(leg, action.instrument_reference):
            effect = effect.then(_merged_constituent(effect.contract, leg, applied, event, context))
    if all(is_leg_closed(leg) for leg in performance_legs(effect.contract)):
        unfunded_contract = unfunded(effect.contract, event.settles_on)
        terminated = replace(unfunded_contract, contract_status=ContractStatus.TERMINATED)
        return replace(effect, contract=terminated, cancel_from=event.effective_date)
    return effect


def _merged_leg(
    contract: Contract, leg: Leg, applied: CorporateActionApplied, event: Event, context: EventContext
) -> Effect:
    action, successor = applied.action, applied.successor
    cash = action.cash_amount or 0.0
    effect = measured(contract, leg, event, context)
    if cash > 0.0:
        check_currency(leg, "cash amount", action.currency, price_currency(leg))
    if successor is None:
        return effect.then(_closed_share(effect.contract, leg.leg_number, 1.0, cash, event, context))
    ratio = merger_ratio(action)
    if cash > 0.0:
        price = applied.prices.get(successor.reference)
        if price is None or not (math.isfinite(price) and price > 0.0):
            raise missing_price(successor.reference, action.ex_date, "a price on")
        worth = cash + ratio * price
        effect = effect.then(_closed_share(effect.contract, leg.leg_number, cash / worth, worth, event, context))
        ratio = ratio / (1.0 - cash / worth)
    return effect.then(_on_successor(effect.contract, leg.leg_number, successor, ratio, event, context))


def _closed_share(
    contract: Contract, leg_number: int, share: float, price: float, event: Event, context: EventContext
) -> Effect:
    """The same share of all lots of a leg closed at a price."""
    held = open_units(contract.leg(leg_number), event, context)
    closings = [
        Closing(lot_identifier=lot.lot_identifier, units=lot.units * share, price=price) for lot in held if lot.units
    ]
    return closed_lots(contract, leg_number, closings, event, context)


def _on_successor(
    contract: Contract, leg_number: int, successor: Instrument, ratio: float, event: Event, context: EventContext
) -> Effect:
    """Q' = r·Q and P' = P/r on the successor.

    The price of the open period's start is one of the old share: fixings of the successor before the completion have to
    be those of the share it replaced, which the finding says.
    """
    leg = contract.leg(leg_number)
    payout = leg.performance
    effect = Effect(contract=contract)
    if payout is None or payout.underlier.instrument is None:
        return effect
    for lot in leg.lots:
        factor = factor_to_event(leg, lot, event, context) / ratio
        record = rebasing(event, leg, lot.lot_identifier, factor, max(basis_of(lot), event.effective_date))
        effect = effect.then(changed_lot(effect.contract, record))
    old = payout.underlier.instrument
    underlier = replace(
        payout.underlier,
        instrument=successor,
        underlier_reference=successor.reference,
        underlier_name=successor.name,
        underlier_currency=successor.currency or payout.underlier.underlier_currency,
        exchange=successor.exchange_mic,
    )
    moved = replace(effect.contract.leg(leg_number), performance=replace(payout, underlier=underlier))
    message = (
        f"{successor.reference} replaces {old.reference}; its closes before {event.effective_date} have to be those of"
        f" {old.reference} over {ratio:.12g}"
    )
    note = warning(FindingCode.MISSING_FIXING, event, message)
    return effect.then(Effect(contract=replaced_leg(effect.contract, moved), findings=(note,)))


def _merged_constituent(
    contract: Contract, leg: Leg, applied: CorporateActionApplied, event: Event, context: EventContext
) -> Effect:
    """The successor in the place of a constituent; cash inside a basket is a rebalancing with weights of somebody."""
    action, successor = applied.action, applied.successor
    if successor is None or action.cash_amount:
        raise InputError(
            "CLO-1969",
            f"{action.instrument_reference} is paid in cash inside the basket of leg {leg.leg_number}",
            remedy="Rebalance the basket to what shall be held in its place.",
        )
    ratio = merger_ratio(action)

    def replaced(one: Instrument, units: float) -> tuple[tuple[Instrument, float], ...]:
        return ((successor, ratio * units) if one.reference == action.instrument_reference else (one, units),)

    changed = with_constituents(contract, leg, event, context, replaced, CompositionReason.SUBSTITUTION)
    return Effect(contract=changed)
