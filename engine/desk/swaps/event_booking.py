"""One business event on one stored contract, within a transaction (spec 07 §19.1).

The contract's next version with its dates, the event, its lot events, the cash flows it cancels and the contract that
it makes are written together. The same event again gives the first result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import uuid4

from db.payouts.contracts import StoredContract
from db.payouts.event_state import instruction_json
from db.payouts.events import EventRepository, StoredEvent
from db.payouts.findings import FindingRepository
from db.payouts.market_events import ExternalValue
from db.store import UnitOfWork
from engine.desk.swaps.booking import put_observed_actions, put_openings
from engine.desk.swaps.event_flows import cancel_flows
from engine.desk.swaps.scheduling import DateMaker
from engine.errors import InputError
from engine.payouts.corporate_actions import with_factors
from engine.payouts.enums import BusinessEventType, ContractStatus
from engine.payouts.events.apply import apply_event
from engine.payouts.events.effects import effect_of
from engine.payouts.events.instructions import Event
from engine.payouts.events.outcome import Effect, EventContext, EventOutcome
from engine.payouts.events.replay import in_force, replayed
from engine.payouts.findings import PayoutFinding
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract

CUM_PRICE_DAYS = 15
"""Days before an ex-date in which the last close with the right is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventResult:
    """What an event came to. before_version and after_version are equal where no terms changed.

    contracts: the contract afterwards, and behind it the new one of a novation. is_repeated: the event had been applied
    before, this is its first result. is_written: False for a preview and for an event that is repeated. others: of a
    document whose event touches several contracts, the results of the others.
    """

    contract_reference: str
    event_reference: str
    event_type: BusinessEventType
    qualifier: str
    effective_date: date
    before_version: int
    after_version: int
    contracts: tuple[Contract, ...]
    findings: tuple[PayoutFinding, ...] = ()
    n_cancelled: int = 0
    is_repeated: bool = False
    is_written: bool = True
    others: tuple["EventResult", ...] = ()

    @property
    def contract(self) -> Contract:
        """The contract the event was applied to, as it is afterwards."""
        return self.contracts[0]


@dataclass(frozen=True, slots=True)
class EventCase:
    """A stored contract with all that applying an event to it needs."""

    stored: StoredContract
    history: tuple[StoredEvent, ...]
    context: EventContext
    maker: DateMaker

    @property
    def contract(self) -> Contract:
        return self.stored.contract


def apply_in(
    work: UnitOfWork,
    contract_reference: str,
    event: Event,
    *,
    idempotency_key: str | None = None,
    reason: str | None = None,
    document: object | None = None,
    is_preview: bool = False,
) -> EventResult:
    """Apply an event within a transaction. The contract is held until its end."""
    if not is_preview:
        work.payouts.contracts.lock(contract_reference)
    first = _first_result(work, contract_reference, event, idempotency_key)
    if first is not None:
        return first
    case = case_of(work, contract_reference)
    event = _placed(event, case)
    outcome = apply_event(case.contract, event, case.context)
    outcome, findings = _dated(case, outcome)
    result = EventResult(
        contract_reference=contract_reference,
        event_reference=event.event_reference,
        event_type=outcome.event_type,
        qualifier=outcome.qualifier,
        effective_date=event.effective_date,
        before_version=case.stored.version,
        after_version=case.stored.version + (outcome.contract != case.contract),
        contracts=outcome.contracts,
        findings=(*outcome.findings, *findings),
        is_written=not is_preview,
    )
    if is_preview:
        return result
    stored = StoredEvent(
        event=event,
        event_type=outcome.event_type,
        qualifier=outcome.qualifier,
        before_version=result.before_version,
        after_version=result.after_version,
        idempotency_key=idempotency_key,
        reason=reason,
    )
    return replace(result, n_cancelled=_write(work, case, outcome, stored, result.findings, document))


def case_of(work: UnitOfWork, contract_reference: str) -> EventCase:
    """A stored contract with its history. ReferenceDataError CLO-1983 where there is none."""
    stored = work.payouts.contracts.load(contract_reference)
    events = EventRepository(work.driver)
    history = events.of_contract(contract_reference)
    first = work.payouts.contracts.version(contract_reference, history[0].before_version if history else stored.version)
    context = EventContext(
        last_realised_date=events.last_realised(contract_reference),
        actions=_actions(work, stored.contract),
        initial_prices=_initial_prices(work, stored.contract),
        first_version=first,
        applied=tuple(one.event for one in history),
    )
    return EventCase(stored, history, context, DateMaker(work.payouts.calendars.calendars()))


def _actions(work: UnitOfWork, contract: Contract) -> dict[str, tuple[CorporateAction, ...]]:
    """Corporate actions of what a contract follows, with their factors, from its trade date on."""
    references = [instrument.reference for instrument in contract.instruments]
    first = min(contract.trade_date, contract.effective_date)
    stored = work.payouts.market_events.corporate_actions(references, first, date.max)

    def close_before(reference: str, ex_date: date) -> float | None:
        begin = date.fromordinal(max(ex_date.toordinal() - CUM_PRICE_DAYS, 1))
        end = date.fromordinal(ex_date.toordinal() - 1)
        closes = work.payouts.fixings.prices([reference], begin, end)[0]
        known = closes[closes == closes]
        return float(known[-1]) if known.size else None

    filled = with_factors(stored, close_before)
    return {name: tuple(one for one in filled if one.instrument_reference == name) for name in references}


def _initial_prices(work: UnitOfWork, contract: Contract) -> dict[str, float]:
    """Closes on the cost date for lots that were agreed as a notional alone."""
    found: dict[str, float] = {}
    for leg in contract.legs:
        lot = next((one for one in leg.lots if one.opened_quantity is None and one.initial_price is None), None)
        if lot is None or leg.performance is None or leg.performance.underlier.instrument is None:
            continue
        reference = leg.performance.underlier.instrument.reference
        price = float(work.payouts.fixings.prices([reference], lot.cost_date, lot.cost_date)[0, 0])
        if price == price:
            found[reference] = price
    return found


def _first_result(
    work: UnitOfWork, contract_reference: str, event: Event, idempotency_key: str | None
) -> EventResult | None:
    """The result of the event where it came in before, by key or by reference with the same instructions."""
    events = EventRepository(work.driver)
    known = events.by_idempotency_key(idempotency_key) if idempotency_key is not None else None
    if known is not None and known.event.contract_reference != contract_reference:
        raise InputError(
            "CLO-1996",
            f"The key {idempotency_key!r} is that of event {known.event.event_reference} of"
            f" {known.event.contract_reference}",
            where=contract_reference,
            remedy="Give every event a key of its own.",
        )
    if known is None:
        same = (one for one in events.of_contract(contract_reference) if _is_same(one.event, event))
        known = next(same, None)
    if known is None:
        return None
    after = work.payouts.contracts.version(contract_reference, known.after_version)
    return EventResult(
        contract_reference=contract_reference,
        event_reference=known.event.event_reference,
        event_type=known.event_type,
        qualifier=known.qualifier or known.event_type.value,
        effective_date=known.event.effective_date,
        before_version=known.before_version,
        after_version=known.after_version,
        contracts=(after,),
        is_repeated=True,
        is_written=False,
    )


def _is_same(one: Event, other: Event) -> bool:
    """Whether two events have a reference and ask for the same; another content under it is an error of the engine."""
    return (
        one.event_reference == other.event_reference
        and one.effective_date == other.effective_date
        and [instruction_json(item) for item in one.instructions]
        == [instruction_json(item) for item in other.instructions]
    )


def _placed(event: Event, case: EventCase) -> Event:
    """The event behind others of its day."""
    taken = [
        one.sequence
        for one in case.context.applied
        if (one.effective_date, one.event_date) == (event.effective_date, event.event_date)
    ]
    sequence = event.sequence if event.sequence not in taken else max(taken) + 1
    return replace(event, sequence=sequence, contract_reference=event.contract_reference or None)


def _dated(case: EventCase, outcome: EventOutcome) -> tuple[EventOutcome, tuple[PayoutFinding, ...]]:
    """The outcome with the dates that the event makes necessary."""
    effect, contract = outcome.effect, outcome.contract
    findings: tuple[PayoutFinding, ...] = ()
    if effect.schedules_from is not None:
        contract, findings = case.maker.reschedule(case.contract, contract, effect.schedules_from)
    if effect.new_contract is None:
        return replace(outcome, contracts=(contract,)), findings
    made, found = case.maker.schedule(effect.new_contract)
    return replace(outcome, contracts=(contract, made)), (*findings, *found)


def _write(
    work: UnitOfWork,
    case: EventCase,
    outcome: EventOutcome,
    stored: StoredEvent,
    findings: Sequence[PayoutFinding],
    document: object | None,
) -> int:
    """Store everything; how many cash flows were cancelled."""
    events, reference = EventRepository(work.driver), case.contract.contract_reference
    event, effect = stored.event, outcome.effect
    # The openings first: putting them takes away every lot that the contract did not have before the event.
    if not events.has_lot_events(reference):
        put_openings(events, case.contract)
    work.payouts.contracts.save(outcome.contract, valid_from=event.effective_date, expected_version=case.stored.version)
    events.append(reference, stored, document)
    if effect.rebuilds:
        events.clear_lot_events(reference)
        events.remove_lots_but(outcome.contract)
        bare = replace(case.contract, legs=tuple(replace(leg, lots=()) for leg in case.contract.legs))
        events.put_lot_events(bare, effect.lot_events, None)
    else:
        events.put_lot_events(case.contract, effect.lot_events, event.event_reference)
    FindingRepository(work.driver).put(
        uuid4(), f"event {event.event_reference}", findings, contract_reference=reference
    )
    for made in outcome.contracts[1:]:
        _write_new(work, made)
    put_observed_actions(work, outcome.contract, effect.actions)
    _put_valuations(work, outcome.contract, effect)
    if outcome.contract == case.contract:
        return 0
    return cancel_flows(work, outcome.contract, effect, event, case.maker)


def _write_new(work: UnitOfWork, contract: Contract) -> None:
    """Store the contract that a novation made."""
    work.payouts.contracts.lock(contract.contract_reference)
    found = work.payouts.contracts.find(contract.contract_reference)
    if found is not None and found.contract.contract_status is not ContractStatus.CANCELLED:
        raise InputError(
            "CLO-1997",
            f"There is a swap {contract.contract_reference} already",
            remedy="Give the new contract a reference of its own.",
        )
    version = 0 if found is None else found.version
    work.payouts.contracts.save(contract, valid_from=contract.effective_date, expected_version=version)
    put_openings(EventRepository(work.driver), contract)


def _put_valuations(work: UnitOfWork, contract: Contract, effect: Effect) -> None:
    work.payouts.market_events.put_external(
        ExternalValue(
            contract_reference=contract.contract_reference,
            leg_number=contract.legs[0].leg_number if value.leg_number is None else value.leg_number,
            value_date=value.valuation_date,
            value=value.value,
            currency=value.currency,
            source=value.source or "event",
        )
        for value in effect.valuations
    )


def replayed_contract(case: EventCase) -> Contract:
    """The fold of the events in force over the first version, each with the dates it makes necessary."""
    first = case.context.first_version
    if first is None or not case.context.applied:
        return case.contract
    unrestricted = replace(case.context, last_realised_date=None)
    contract = first
    for event in in_force(case.context.applied):
        effect = effect_of(contract, event, unrestricted)
        made = effect.contract
        if effect.schedules_from is not None:
            made, _ = case.maker.reschedule(contract, made, effect.schedules_from)
        contract = made
    status = replayed(first, case.context.applied, unrestricted).contract.contract_status
    return replace(contract, contract_status=status)
