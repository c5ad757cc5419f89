"""What the instructions of one event do to a contract, one after another (spec 07 §19.1)."""

from dataclasses import replace

from engine.errors import InputError
from engine.payouts.enums import BusinessEventType, ContractStatus
from engine.payouts.events.composition import fix_basket, rebalance_basket
from engine.payouts.events.corporate import apply_corporate_action
from engine.payouts.events.instructions import (
    AnyInstruction,
    Cancellation,
    CorporateActionApplied,
    Correction,
    Event,
    ExternalValuation,
    IndexTransition,
    InitialFixing,
    Novation,
    Rebalancing,
    Termination,
    TermsChange,
)
from engine.payouts.events.novation import novate
from engine.payouts.events.outcome import Effect, EventContext
from engine.payouts.events.quantity import change_quantity
from engine.payouts.events.requests import Observation, QuantityChange, StockSplit
from engine.payouts.events.splits import observe, split_lots
from engine.payouts.events.termination import terminate
from engine.payouts.events.terms import change_terms, move_index, reset_notional
from engine.payouts.terms.contract import Contract

FORMATIONS = frozenset({BusinessEventType.EXECUTION, BusinessEventType.CONTRACT_FORMATION})


def effect_of(contract: Contract, event: Event, context: EventContext) -> Effect:
    """The instructions of an event applied one after another, without asking whether the event may be applied."""
    effect = Effect(contract=contract)
    if not event.instructions and event.event_type in FORMATIONS:
        active = replace(contract, contract_status=ContractStatus.ACTIVE)
        return Effect(contract=active, event_type=event.event_type)
    if not event.instructions:
        raise InputError(
            "CLO-1967",
            f"The {event.event_type.value} has no instructions",
            remedy="Give the event its instructions; resets of periods and transfers are recorded, not applied.",
        )
    for instruction in event.instructions:
        effect = effect.then(_instructed(effect.contract, instruction, event, context))
    return effect


def _instructed(contract: Contract, instruction: AnyInstruction, event: Event, context: EventContext) -> Effect:
    if isinstance(instruction, QuantityChange):
        return change_quantity(contract, instruction, event, context)
    if isinstance(instruction, StockSplit):
        return split_lots(contract, instruction, event, context)
    if isinstance(instruction, Observation):
        return observe(contract, instruction, event)
    if isinstance(instruction, Termination):
        return terminate(contract, instruction, event, context)
    if isinstance(instruction, Novation):
        return novate(contract, instruction, event, context)
    if isinstance(instruction, TermsChange):
        return change_terms(contract, instruction, event, context)
    if isinstance(instruction, IndexTransition):
        return move_index(contract, instruction, event, context)
    if isinstance(instruction, InitialFixing):
        return fix_basket(contract, instruction, event)
    if isinstance(instruction, Rebalancing):
        return rebalance_basket(contract, instruction, event, context)
    if isinstance(instruction, CorporateActionApplied):
        return apply_corporate_action(contract, instruction, event, context)
    if isinstance(instruction, ExternalValuation):
        return _valued(contract, instruction)
    if isinstance(instruction, Cancellation | Correction):
        raise InputError(
            "CLO-1967", "An event that undoes another asks for nothing else", remedy="Make it an event of its own."
        )
    return reset_notional(contract, instruction, event)


def _valued(contract: Contract, valuation: ExternalValuation) -> Effect:
    if valuation.leg_number is not None:
        contract.leg(valuation.leg_number)
    return Effect(contract=contract, event_type=BusinessEventType.VALUATION, valuations=(valuation,))
