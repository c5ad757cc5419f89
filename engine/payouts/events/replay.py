"""Repeating and reversing events: the last version of a contract is the fold of its events (spec 07 §19.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.errors import InputError
from engine.payouts.enums import ContractStatus
from engine.payouts.events.effects import effect_of
from engine.payouts.events.instructions import Cancellation, Correction, Event
from engine.payouts.events.lots import LotEvent, opening_events
from engine.payouts.events.outcome import ContractClosedError, Effect, EventContext
from engine.payouts.terms.contract import Contract

BOOKING = "EXECUTION"
"""Event reference of the openings of lots that a contract was first booked with."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A contract with all its lot events, and the effect of each event in force by its reference."""

    contract: Contract
    lot_events: tuple[LotEvent, ...]
    effects: dict[str, Effect]


def replay(first_version: Contract, events: Iterable[Event], context: EventContext | None = None) -> Contract:
    """The last version: of the events, as they came in, those in force are applied in the order of `Event.order`.

    Events were accepted when they came in, so that nothing is refused here for what was realised since.
    """
    return replayed(first_version, tuple(events), context or EventContext()).contract


def reverse(
    first_version: Contract, events: Sequence[Event], cancelled_reference: str, context: EventContext | None = None
) -> Contract:
    """The contract as if one of its events had never been. Raises InputError CLO-1909 for one that is not there, and
    the errors of later events that cannot be applied without it."""
    _check_known(cancelled_reference, in_force(events))
    return replay(first_version, [event for event in events if event.event_reference != cancelled_reference], context)


def lot_history(
    first_version: Contract, events: Iterable[Event], context: EventContext | None = None
) -> tuple[LotEvent, ...]:
    """All lot events of a contract, the openings of its first lots in front."""
    return replayed(first_version, tuple(events), context or EventContext()).lot_events


def undoes(event: Event) -> bool:
    """Whether an event cancels or corrects."""
    return _cancellation(event) is not None or _correction(event) is not None


def in_force(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events that count, in the order in which they take effect: without the cancelled ones, with what corrections
    put in their place. Cancelling a cancellation brings the event back."""
    cancelled: set[str | None] = set()
    kept: list[Event] = []
    for event in reversed(events):
        if event.event_reference in cancelled:
            continue
        cancellation = _cancellation(event)
        if cancellation is not None:
            cancelled.add(cancellation.cancelled_reference)
        else:
            kept.append(event)
    standing: dict[str, Event] = {}
    for event in reversed(kept):
        correction = _correction(event)
        if correction is None:
            standing[event.event_reference] = event
        elif correction.corrected_reference in standing:
            reference = correction.corrected_reference
            standing[reference] = _corrected(standing[reference], correction)
    return tuple(sorted(standing.values(), key=lambda event: event.order))


def replayed(first_version: Contract, events: Sequence[Event], context: EventContext) -> Replayed:
    """The events in force applied to the first version.

    Raises ContractClosedError CLO-1961 where one of them, put before others, ends the contract under the next.
    """
    unrestricted = replace(context, last_realised_date=None)
    contract = first_version
    lot_events = [
        event
        for leg in first_version.legs
        for lot in leg.lots
        for event in opening_events(lot, leg.leg_number, BOOKING)
    ]
    effects: dict[str, Effect] = {}
    for event in in_force(events):
        _check_open(contract, event)
        effect = effect_of(contract, event, unrestricted)
        contract = effect.contract
        lot_events.extend(effect.lot_events)
        effects[event.event_reference] = effect
    if _is_contract_cancelled(events):
        contract = replace(contract, contract_status=ContractStatus.CANCELLED)
    return Replayed(contract, tuple(lot_events), effects)


def _check_open(contract: Contract, event: Event) -> None:
    if contract.contract_status in (ContractStatus.TERMINATED, ContractStatus.NOVATED):
        raise ContractClosedError(
            "CLO-1961",
            f"{contract.contract_reference} is {contract.contract_status.value} before {event.event_reference} takes"
            f" effect on {event.effective_date}",
            remedy="Cancel the later event first.",
        )


def replayed_effect(contract: Contract, event: Event, context: EventContext) -> Effect:
    """The effect of an event that only repeating all events gives: one that cancels or corrects another, or that takes
    its place before others. Its own fees, requests and findings are those of the event as it now stands.

    Raises InputError CLO-1967 where it asks for something else too, CLO-1909 without the history, or where the event
    that it cancels or corrects is not there.
    """
    cancellation, correction = _cancellation(event), _correction(event)
    if undoes(event) and len(event.instructions) > 1:
        raise InputError(
            "CLO-1967", "An event that undoes another asks for nothing else", remedy="Make it an event of its own."
        )
    if cancellation is not None and cancellation.cancelled_reference is None:
        return Effect(
            contract=replace(contract, contract_status=ContractStatus.CANCELLED),
            cancel_from=min(contract.effective_date, event.effective_date),
        )
    if context.first_version is None:
        raise InputError(
            "CLO-1909",
            f"The history of {contract.contract_reference} is not there",
            remedy="Give the first version and the applied events.",
        )
    events = (*context.applied, event)
    before = replayed(context.first_version, context.applied, context)
    after = replayed(context.first_version, events, context)
    if cancellation is not None:
        undone = cancellation.cancelled_reference
        _check_known(undone, context.applied)
        own = Effect(contract=after.contract)
    else:
        undone = correction.corrected_reference if correction is not None else None
        if undone is not None:
            _check_known(undone, in_force(context.applied))
        own = after.effects[undone or event.event_reference]
    starts = [one.effective_date for one in context.applied if one.event_reference == undone]
    return replace(
        own,
        contract=after.contract,
        lot_events=after.lot_events,
        schedules_from=min([event.effective_date, *starts]),
        cancelled_contracts=tuple(sorted(_made(before) - _made(after))),
        rebuilds=True,
        undone_reference=undone,
    )


def _made(replayed_events: Replayed) -> set[str]:
    """References of the contracts that novations made."""
    made = (effect.new_contract for effect in replayed_events.effects.values())
    return {contract.contract_reference for contract in made if contract is not None}


def _cancellation(event: Event) -> Cancellation | None:
    return next((one for one in event.instructions if isinstance(one, Cancellation)), None)


def _correction(event: Event) -> Correction | None:
    return next((one for one in event.instructions if isinstance(one, Correction)), None)


def _is_contract_cancelled(events: Sequence[Event]) -> bool:
    undone: set[str | None] = set()
    for event in reversed(events):
        cancellation = _cancellation(event)
        if cancellation is not None and event.event_reference not in undone:
            undone.add(cancellation.cancelled_reference)
    return None in undone


def _corrected(event: Event, correction: Correction) -> Event:
    return replace(
        event,
        instructions=correction.instructions,
        event_date=correction.event_date or event.event_date,
        effective_date=correction.effective_date or event.effective_date,
        settlement_date=correction.settlement_date or event.settlement_date,
        fx_rate=event.fx_rate if correction.fx_rate is None else correction.fx_rate,
    )


def _check_known(reference: str | None, events: Sequence[Event]) -> None:
    known = [event.event_reference for event in events]
    if reference not in known:
        raise InputError(
            "CLO-1909",
            f"There is no event {reference}",
            remedy=f"The events are {', '.join(known) or 'none'}.",
        )
