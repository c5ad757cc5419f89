"""Applying an event to a contract: what may be applied, by whom, and what comes of it (spec 07 §19.1)."""

from dataclasses import replace

from engine.errors import InputError, located
from engine.payouts.enums import BusinessEventType, ContractStatus
from engine.payouts.events.effects import effect_of
from engine.payouts.events.instructions import Event, event_of_document
from engine.payouts.events.outcome import ContractClosedError, Effect, EventContext, EventOutcome, warning
from engine.payouts.events.replay import replayed_effect, undoes
from engine.payouts.events.requests import EventInstruction
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.terms.contract import Contract

CLOSED = frozenset(
    {ContractStatus.TERMINATED, ContractStatus.NOVATED, ContractStatus.CANCELLED, ContractStatus.MATURED}
)
"""Statuses in which a contract takes no events but those that undo one."""

BACKWARD = frozenset({BusinessEventType.CORRECTION, BusinessEventType.CANCELLATION})
"""Events that may reach into realised periods: what was realised stays, the difference becomes an adjustment."""


def apply_event(
    contract: Contract, event: Event | EventInstruction, context: EventContext | None = None
) -> EventOutcome:
    """What an event makes of a contract; nothing is changed in place, and an error leaves nothing half applied.

    The instructions are applied one after another. Cancelling and correcting, and an event whose place is before others
    that were applied, need the history in the context: all events are then applied again from the first version.

    Raises ContractClosedError (CLO-1961) for a contract that is over, InputError CLO-1962 for an event before the last
    realised period that is no correction, CLO-1967 for an event of another contract or without a meaning, and the
    errors of its instructions.
    """
    event = event_of_document(event) if isinstance(event, EventInstruction) else event
    context = context or EventContext()
    with located(f"{contract.contract_reference}, event {event.event_reference}"):
        _check_contract(contract, event, context)
        _check_dates(event, context)
        if undoes(event) or _is_late(event, context):
            effect = replayed_effect(contract, event, context)
        else:
            effect = effect_of(contract, event, context)
    return _outcome(effect, event, contract)


def _is_late(event: Event, context: EventContext) -> bool:
    """Whether events that were applied already come after this one."""
    return context.first_version is not None and any(applied.order > event.order for applied in context.applied)


def _check_contract(contract: Contract, event: Event, context: EventContext) -> None:
    if event.contract_reference is not None and event.contract_reference != contract.contract_reference:
        raise InputError(
            "CLO-1967",
            f"The event is one of {event.contract_reference}",
            remedy="Apply it to the contract it names.",
        )
    if any(event.event_reference == applied.event_reference for applied in context.applied):
        raise InputError(
            "CLO-1967",
            f"Event {event.event_reference} was applied already",
            remedy="Give a new event a reference of its own; correct the old one by a CORRECTION.",
        )
    if contract.contract_status in CLOSED and not undoes(event):
        raise ContractClosedError(
            "CLO-1961",
            f"{contract.contract_reference} is {contract.contract_status.value} and takes no {event.event_type.value}",
            remedy="Cancel the event that closed it, or name an open contract.",
        )


def _check_dates(event: Event, context: EventContext) -> None:
    if event.settles_on < event.effective_date:
        raise InputError(
            "CLO-1967",
            f"The event settles on {event.settlement_date}, before it takes effect on {event.effective_date}",
            remedy="Put the dates in order.",
        )
    last = context.last_realised_date
    if last is None or event.effective_date >= last or event.event_type in BACKWARD or undoes(event):
        return
    raise InputError(
        "CLO-1962",
        f"The event takes effect on {event.effective_date}, periods up to {last} are realised",
        remedy="Enter it as a CORRECTION, or from the end of the last realised period on.",
    )


def _outcome(effect: Effect, event: Event, before: Contract) -> EventOutcome:
    found = effect.event_type or event.event_type
    if event.event_type in BACKWARD:
        found = event.event_type
    notes: list[PayoutFinding] = []
    if found is not event.event_type:
        message = f"the event is called {event.event_type.value} and is a {found.value}"
        notes.append(warning(FindingCode.QUALIFIER_MISMATCH, event, message))
    end = before.termination_date
    if end is not None and event.effective_date > end:
        message = f"the event takes effect on {event.effective_date}, after the contract ended on {end}"
        notes.append(warning(FindingCode.DATES_INCONSISTENT, event, message))
    complete = replace(effect, findings=(*effect.findings, *notes))
    new = () if complete.new_contract is None else (complete.new_contract,)
    return EventOutcome(event_type=found, qualifier=found.value, contracts=(complete.contract, *new), effect=complete)
