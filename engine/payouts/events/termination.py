"""Termination: everything of a contract closes on one day (spec 07 §19.1, §19.2)."""

import math
from collections.abc import Mapping
from dataclasses import replace

from engine.errors import InputError
from engine.payouts.corporate_actions import missing_price
from engine.payouts.enums import BusinessEventType, ContractStatus
from engine.payouts.events.instructions import Event, Termination
from engine.payouts.events.outcome import Effect, EventContext
from engine.payouts.events.own_notionals import unfunded
from engine.payouts.events.positions import (
    Closing,
    check_funding,
    closed_lots,
    is_followed,
    measured,
    open_units,
    performance_legs,
    underlier_reference,
)
from engine.payouts.terms.contract import Contract, Leg


def terminate(contract: Contract, termination: Termination, event: Event, context: EventContext) -> Effect:
    """The contract TERMINATED with all open units closed at the prices given.

    Legs without units (variance, correlation) end without an amount: what they were worth is agreed and paid as a fee.
    Funding runs to the settlement, that of a notional of its own too.
    Raises InputError CLO-1966 naming an underlier with open units and no price, CLO-1967 where there is no funding to
    break.
    """
    effect = _everything_closed(contract, termination, event, context)
    unfunded_contract = unfunded(effect.contract, event.settles_on)
    terminated = replace(unfunded_contract, contract_status=ContractStatus.TERMINATED)
    done = replace(
        effect,
        contract=terminated,
        event_type=BusinessEventType.TERMINATION,
        cancel_from=event.effective_date,
    )
    return done.with_fee(termination.fee)


def _everything_closed(contract: Contract, termination: Termination, event: Event, context: EventContext) -> Effect:
    """All open units of all legs closed at the price of what the leg follows."""
    check_funding(contract, performance_legs(contract), termination.funding)
    effect = Effect(contract=contract)
    for leg in performance_legs(contract):
        effect = effect.then(measured(effect.contract, leg, event, context))
        open_leg = effect.contract.leg(leg.leg_number)
        held = [lot for lot in open_units(open_leg, event, context) if lot.units > 0.0]
        if not held:
            continue
        price = price_of(open_leg, termination.prices)
        if price is None:
            raise missing_price(underlier_reference(open_leg), event.effective_date, "a closing price on")
        closings = [
            Closing(lot_identifier=lot.lot_identifier, units=lot.units, price=price, funding=termination.funding)
            for lot in held
        ]
        effect = effect.then(closed_lots(effect.contract, leg.leg_number, closings, event, context))
    return effect


def price_of(leg: Leg, prices: Mapping[str, float]) -> float | None:
    """The price of what a leg follows, by any of its names. Raises InputError CLO-1966 for one that cannot be."""
    for reference, price in prices.items():
        if is_followed(leg, reference):
            if not (math.isfinite(price) and price >= 0.0):
                raise InputError(
                    "CLO-1966", f"A price of {price} of {reference} is impossible", remedy="Give the price agreed."
                )
            return price
    return None
