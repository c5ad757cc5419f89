"""Fractions of units that a corporate action leaves, paid in cash (spec 07 §19.3).

Nobody paid for the shares of a swap, so that the cash in lieu of a fraction is not its price but what the fraction has
earned: it is closed like a small unwind at the price stated for the day, with a TERMINATION_AMOUNT of
f·(P·X - P[k-1]·X[k-1]) by the FX feature of the leg, and its funding runs to the settlement. At the close of the day
this changes no value: cash and what stays are what the leg was worth with the fraction.
"""

import math
from dataclasses import replace

from engine.errors import InputError
from engine.payouts.corporate_actions import missing_price
from engine.payouts.enums import ContractStatus, CorporateActionType, SpinOffMethod
from engine.payouts.events.instructions import CorporateActionApplied, Event
from engine.payouts.events.lots import LotEventKind
from engine.payouts.events.outcome import Effect, EventContext
from engine.payouts.events.own_notionals import unfunded
from engine.payouts.events.positions import (
    Closing,
    closed_lots,
    holds,
    is_followed,
    is_leg_closed,
    measured,
    open_units,
    performance_legs,
)
from engine.payouts.events.requests import StockSplit
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract

WHOLE_UNITS = 1e-9
"""How far, as a share of them, units may be from a whole number that they are by the rounding of floats alone."""


def to_be_rounded(
    contract: Contract,
    instruction: CorporateActionApplied | StockSplit,
    action: CorporateAction,
    event: Event,
    context: EventContext,
) -> Effect:
    """The contract with units on the lots that are to be rounded, where the instruction asks for it.

    Raises InputError CLO-1966 without a price for the fractions, CLO-1969 for a price without rounding and for an
    action or a basket whose units are no shares of the instrument.
    """
    effect = Effect(contract=contract)
    price, reference = instruction.cash_in_lieu_price, action.instrument_reference
    if not instruction.round_units:
        if price is None:
            return effect
        raise InputError(
            "CLO-1969",
            f"The {action.action_type.value} of {reference} has a price for fractions, which are kept",
            remedy="Ask for round_units, or leave the price out.",
        )
    if price is None or not (math.isfinite(price) and price >= 0.0):
        raise missing_price(reference, action.ex_date, "a cash_in_lieu_price on")
    legs = performance_legs(contract)
    if _leaves_shares_beside(action) or any(holds(leg, reference) for leg in legs):
        raise InputError(
            "CLO-1969",
            f"The {action.action_type.value} of {reference} leaves units of a basket, whose fractions are kept",
            remedy="Leave out round_units.",
        )
    for leg in legs:
        if is_followed(leg, reference):
            effect = effect.then(measured(effect.contract, leg, event, context))
    return effect


def rounded(
    done: Effect,
    instruction: CorporateActionApplied | StockSplit,
    action: CorporateAction,
    event: Event,
    context: EventContext,
) -> Effect:
    """What an action did, and the fractions of the lots that it rewrote closed where the instruction asks for it.

    They close on the ex-date, or where the event takes effect later then. With nothing left open the contract is
    terminated.
    """
    if not instruction.round_units:
        return done
    day = max(event.effective_date, action.ex_date)
    closing_event = replace(event, effective_date=day, settlement_date=max(event.settles_on, day))
    rewritten = {
        (record.leg_number, record.lot_identifier) for record in done.lot_events if record.kind is LotEventKind.REBASED
    }
    effect = done
    for leg in performance_legs(done.contract):
        closings = [
            Closing(lot_identifier=lot.lot_identifier, units=fraction, price=instruction.cash_in_lieu_price)
            for lot in open_units(leg, closing_event, context)
            if (leg.leg_number, lot.lot_identifier) in rewritten and (fraction := fraction_of(lot.units)) > 0.0
        ]
        effect = effect.then(closed_lots(effect.contract, leg.leg_number, closings, closing_event, context))
    if all(is_leg_closed(leg) for leg in performance_legs(effect.contract)):
        unfunded_contract = unfunded(effect.contract, closing_event.settles_on)
        terminated = replace(unfunded_contract, contract_status=ContractStatus.TERMINATED)
        return replace(effect, contract=terminated, cancel_from=day)
    return effect


def fraction_of(units: float) -> float:
    """What units have above a whole number, 0 where they are one but for the rounding of floats."""
    is_whole = abs(units - round(units)) <= WHOLE_UNITS * max(units, 1.0)
    return 0.0 if is_whole else units - math.floor(units)


def _leaves_shares_beside(action: CorporateAction) -> bool:
    """Whether the treatment makes a basket of the share: a spin-off whose child joins its parent."""
    return action.action_type is CorporateActionType.SPIN_OFF and action.method is not SpinOffMethod.METHOD_FACTOR
