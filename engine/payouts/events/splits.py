"""Splits and other actions with a factor: lots rewritten to the ex-date, which changes no value (spec 07 §19.3)."""

import math
from dataclasses import replace
from datetime import date

from engine.errors import InputError
from engine.payouts.corporate_actions import SPLITS, adjustment_factor, cumulative_factor
from engine.payouts.enums import (
    BusinessEventType,
    CorporateActionType,
    DividendStatus,
    FindingSeverity,
    QuantityUnit,
)
from engine.payouts.events.fractions import rounded, to_be_rounded
from engine.payouts.events.instructions import Event
from engine.payouts.events.lots import LotEvent, LotEventKind, basis_of
from engine.payouts.events.outcome import Effect, EventContext, finding
from engine.payouts.events.positions import changed_lot, holds, is_followed, performance_legs, underlier_reference
from engine.payouts.events.requests import Observation, StockSplit
from engine.payouts.findings import FindingCode
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract, Leg

SAME_FACTOR = 1e-9
"""Relative difference up to which a split and the action stored for it say the same."""


def split_lots(contract: Contract, split: StockSplit, event: Event, context: EventContext) -> Effect:
    """The contract after a split of what it follows: units times, prices divided by the ratio, notionals unchanged.

    Takes effect on the split's own effective date, whatever the date of the event. The action to store is among the
    actions. An instrument reference that is empty stands for the only instrument. Raises InputError CLO-1969 for an
    impossible ratio or one that contradicts the stored action, CLO-1964 where no leg follows the instrument, CLO-1966
    for fractions without a price.
    """
    if not (math.isfinite(split.ratio) and split.ratio > 0.0):
        raise InputError("CLO-1969", f"A split ratio of {split.ratio} is impossible", remedy="Give new units per old.")
    reference = split.instrument_reference or _only_reference(contract)
    kind = CorporateActionType.STOCK_SPLIT if split.ratio >= 1.0 else CorporateActionType.REVERSE_STOCK_SPLIT
    action = CorporateAction(
        instrument_reference=reference,
        action_type=kind,
        ex_date=split.effective_date,
        ratio_new=split.ratio,
        ratio_old=1.0,
        adjustment_factor=1.0 / split.ratio,
    )
    effect = to_be_rounded(contract, split, action, event, context)
    effect = effect.then(rebased_lots(effect.contract, action, event, context))
    effect = rounded(effect, split, action, event, context)
    return replace(effect, event_type=BusinessEventType.STOCK_SPLIT, actions=(action,))


def rebased_lots(contract: Contract, action: CorporateAction, event: Event, context: EventContext) -> Effect:
    """The contract with all lots on the instrument on the basis of the action's ex-date.

    Actions between a lot's basis and the ex-date that are in the context go in too. Lots that begin on or after the
    ex-date are on its basis already. Baskets need no change: their units count from the start of the composition.
    """
    legs = [leg for leg in performance_legs(contract) if is_followed(leg, action.instrument_reference)]
    if not legs and not any(holds(leg, action.instrument_reference) for leg in performance_legs(contract)):
        raise not_followed(contract, action.instrument_reference)
    effect = Effect(contract=contract)
    for leg in legs:
        others = _others(context.actions.get(underlier_reference(leg), ()), action)
        for lot in leg.lots:
            basis = basis_of(lot)
            if basis >= action.ex_date:
                continue
            factor = cumulative_factor(others, basis, action.ex_date) * adjustment_factor(action)
            record = rebasing(event, leg, lot.lot_identifier, factor, action.ex_date)
            effect = effect.then(changed_lot(effect.contract, record))
    return effect


def rebasing(
    event: Event,
    leg: Leg,
    lot_identifier: str,
    factor: float,
    basis_date: date,
    quantity_unit: QuantityUnit | None = None,
) -> LotEvent:
    """The lot event that rewrites a lot to a later basis, and to another unit where one is given."""
    return LotEvent(
        event_reference=event.event_reference,
        leg_number=leg.leg_number,
        lot_identifier=lot_identifier,
        kind=LotEventKind.REBASED,
        event_date=event.effective_date,
        price_adjustment_factor=factor,
        basis_date=basis_date,
        quantity_unit=quantity_unit,
    )


def observe(contract: Contract, observation: Observation, event: Event) -> Effect:
    """A corporate action that was seen: stored where its instrument is known, without any change of terms.

    A cash dividend without an amount waits for it, a split without a ratio too.
    """
    reference = observation.instrument_reference or (
        underlier_reference(performance_legs(contract)[0]) if len(performance_legs(contract)) == 1 else None
    )
    waits = observation.cash_amount is None and observation.ratio is None
    message = f"{observation.action_type.value} of {observation.ex_date} was observed and waits for its amount"
    note = finding(FindingSeverity.INFO, FindingCode.MISSING_FIXING, event, message)
    return Effect(
        contract=contract,
        event_type=BusinessEventType.CORPORATE_ACTION,
        findings=(note,) if waits else (),
        actions=() if reference is None else (_observed_action(observation, reference, waits=waits),),
    )


def not_followed(contract: Contract, reference: str) -> InputError:
    """The error for an instrument that no leg of a contract has to do with."""
    known = ", ".join(underlier_reference(leg) for leg in performance_legs(contract)) or "nothing"
    return InputError(
        "CLO-1964",
        f"No leg of {contract.contract_reference} follows {reference}",
        remedy=f"Its legs follow {known}.",
    )


def _observed_action(observation: Observation, reference: str, *, waits: bool) -> CorporateAction:
    return CorporateAction(
        instrument_reference=reference,
        action_type=observation.action_type,
        ex_date=observation.ex_date,
        announcement_date=observation.announcement_date,
        record_date=observation.record_date,
        pay_date=observation.pay_date,
        ratio_new=observation.ratio,
        ratio_old=None if observation.ratio is None else 1.0,
        cash_amount=observation.cash_amount,
        currency=observation.currency,
        status=(DividendStatus.ESTIMATED if waits else DividendStatus.DECLARED).value,
    )


def _others(actions: tuple[CorporateAction, ...], action: CorporateAction) -> tuple[CorporateAction, ...]:
    """The stored actions but the one that is applied. Raises InputError CLO-1969 where it is stored with another
    factor."""
    same = [
        stored
        for stored in actions
        if stored.ex_date == action.ex_date and {stored.action_type, action.action_type} <= _family(action)
    ]
    for stored in same:
        if abs(adjustment_factor(stored) / adjustment_factor(action) - 1.0) > SAME_FACTOR:
            raise InputError(
                "CLO-1969",
                f"{action.action_type.value} of {action.instrument_reference} on {action.ex_date} has the factor"
                f" {adjustment_factor(action):.12g}, the stored one {adjustment_factor(stored):.12g}",
                remedy="Correct the one that is wrong, then apply the event again.",
            )
    return tuple(stored for stored in actions if stored not in same)


def _family(action: CorporateAction) -> frozenset[CorporateActionType]:
    return SPLITS if action.action_type in SPLITS else frozenset({action.action_type})


def _only_reference(contract: Contract) -> str:
    legs = performance_legs(contract)
    if len(legs) != 1:
        raise InputError(
            "CLO-1967",
            f"The split names no instrument and {contract.contract_reference} has {len(legs)} equity legs",
            remedy="Name the instrument that is split.",
        )
    return underlier_reference(legs[0])
