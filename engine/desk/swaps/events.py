"""Business events on stored contracts: applied, previewed, cancelled, replayed (spec 07 §19, §21).

An event is applied whole or not at all, and the same one again gives the first result.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import uuid4

from db.payouts.contracts import StoredContract
from db.payouts.events import EventRepository, StoredEvent
from db.payouts.findings import FindingRepository
from db.store import Store, UnitOfWork
from engine.desk.swaps.booking import LOCK, Batch, Outcome, book_draft, store_booking, trade_key
from engine.desk.swaps.event_booking import EventResult, apply_in, case_of, replayed_contract
from engine.desk.swaps.event_files import event_of_file
from engine.desk.swaps.importing import read_document
from engine.desk.swaps.scheduling import DateMaker
from engine.errors import InputError, ReferenceDataError
from engine.payouts.cdm.draft import Draft
from engine.payouts.cdm.events import EventDraft, read_event
from engine.payouts.enums import BusinessEventType, FindingSeverity
from engine.payouts.events.instructions import Cancellation, Event, event_of_document
from engine.payouts.events.lots import open_quantity
from engine.payouts.events.requests import EventInstruction
from engine.payouts.findings import PayoutFinding
from engine.payouts.terms.contract import Contract

__all__ = ["EventResult", "apply", "apply_document", "cancel", "preview", "replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTerms:
    """What an event needs and its document does not say.

    contract_reference: the stored contract, where the document's trade could be several. import_before: a trade that is
    not stored is booked first, as it is before the event. settlement_date and fx_rate as in `Event`.
    """

    contract_reference: str | None = None
    import_before: bool = False
    settlement_date: date | None = None
    fx_rate: float | None = None
    idempotency_key: str | None = None


def apply_document(
    store: Store, path: Path, *, dry_run: bool = False, terms: DocumentTerms | None = None
) -> EventResult:
    """Apply the event of a CDM document to the stored contracts it names, all of them or none.

    A file of our own (`event_files`) says what CDM has no words for. Raises InputError CLO-1998 for a document that
    cannot be read as an event, with its errors, ReferenceDataError CLO-1999 where the trade is not stored or could be
    several, and the errors of `apply`; nothing is stored then.
    """
    content = read_document(path)
    if isinstance(content, PayoutFinding):
        raise InputError("CLO-1998", content.message, where=str(path), remedy="Name a file with one business event.")
    terms = terms or DocumentTerms()
    if dry_run:
        with store.read() as work:
            return _apply_read(work, content, path, terms, is_preview=True)
    with store.begin() as work:
        work.payouts.jobs.lock(LOCK)
        return _apply_read(work, content, path, terms, is_preview=False)


def apply(
    store: Store,
    contract_reference: str,
    instruction: Event | EventInstruction,
    *,
    idempotency_key: str | None = None,
    dry_run: bool = False,
) -> EventResult:
    """Apply an event to a contract. Raises the errors of `engine.payouts.events.apply.apply_event`, CLO-1983 for an
    unknown contract, CLO-1996 for a key that another event came in with; nothing is stored then."""
    event = _event(instruction)
    if dry_run:
        with store.read() as work:
            return apply_in(work, contract_reference, event, idempotency_key=idempotency_key, is_preview=True)
    with store.begin() as work:
        work.payouts.jobs.lock(LOCK)
        return apply_in(work, contract_reference, event, idempotency_key=idempotency_key)


def preview(store: Store, contract_reference: str, instruction: Event | EventInstruction) -> EventResult:
    """What an event would come to; nothing is stored."""
    return apply(store, contract_reference, instruction, dry_run=True)


def cancel(store: Store, contract_reference: str, event_reference: str, *, reason: str) -> EventResult:
    """Take an event back: the contract as if it had never been, as a new version; accrued flows of it are cancelled.

    Cash flows that it cancelled stay cancelled, corporate actions that it brought stay known: they are facts of the
    market. Raises InputError CLO-1996 for an event that is not there and without a reason.
    """
    if not reason.strip():
        raise InputError("CLO-1996", "An event is taken back for a reason", where=event_reference, remedy="Give one.")
    with store.begin() as work:
        work.payouts.jobs.lock(LOCK)
        work.payouts.contracts.load(contract_reference)
        history = EventRepository(work.driver).of_contract(contract_reference)
        return apply_in(work, contract_reference, _cancellation(history, event_reference), reason=reason)


def replay(store: Store, contract_reference: str) -> Contract:
    """The contract made anew from its first version and its events; equals the newest version (spec 07 §19.1)."""
    with store.read() as work:
        return replayed_contract(case_of(work, contract_reference))


def _apply_read(work: UnitOfWork, content: bytes, path: Path, terms: DocumentTerms, *, is_preview: bool) -> EventResult:
    own = event_of_file(content, path)
    if own is not None:
        reference = terms.contract_reference or own.contract_reference
        if reference is None:
            raise InputError(
                "CLO-1998", "The event names no contract", where=str(path), remedy="Give contract_reference."
            )
        own = replace(
            own,
            contract_reference=reference,
            settlement_date=own.settlement_date or terms.settlement_date,
            fx_rate=terms.fx_rate if own.fx_rate is None else own.fx_rate,
        )
        return apply_in(work, reference, own, idempotency_key=terms.idempotency_key, is_preview=is_preview)
    maker = DateMaker(work.payouts.calendars.calendars())
    draft = read_event(content, calendars=maker.centers)
    _require_readable(draft, path)
    document = json.loads(content.decode("utf-8-sig"))
    may_book = terms.import_before and not is_preview
    results = []
    for instruction, before in zip(draft.events, draft.before, strict=True):
        reference = terms.contract_reference
        if reference is None:
            reference = _stored_reference(work, before, maker, path, document if may_book else None)
        event = event_of_document(
            replace(instruction, contract_reference=reference),
            settlement_date=terms.settlement_date,
            fx_rate=terms.fx_rate,
        )
        result = apply_in(
            work,
            reference,
            event,
            idempotency_key=terms.idempotency_key,
            document=document,
            is_preview=is_preview,
        )
        results.append(result)
    return replace(results[0], others=tuple(results[1:]))


def _require_readable(draft: EventDraft, path: Path) -> None:
    if draft.events and len(draft.events) == len(draft.before):
        return
    errors = [f"{one.pointer or '/'} {one.message}" for one in draft.findings if one.severity is FindingSeverity.ERROR]
    raise InputError(
        "CLO-1998",
        f"{path.name} cannot be read as a business event: {'; '.join(errors[:5]) or 'it instructs nothing'}",
        where=str(path),
        remedy="Correct the document; a trade without event is imported with clodesk swaps import.",
    )


def _stored_reference(work: UnitOfWork, before: Draft, maker: DateMaker, path: Path, document: object | None) -> str:
    """The reference of the stored contract that the state before an event is one of.

    document: as received, where that state may be booked if it is not stored.
    """
    if before.contract is None:
        raise InputError("CLO-1998", "The trade before the event has errors", where=str(path), remedy="Correct it.")
    candidates = _candidates(work, before.contract)
    if len(candidates) == 1:
        return candidates[0].contract.contract_reference
    name = before.contract.contract_reference
    if candidates:
        names = ", ".join(one.contract.contract_reference for one in candidates)
        raise ReferenceDataError(
            "CLO-1999", f"Trade {name} could be each of {names}", where=str(path), remedy="Name the contract."
        )
    if document is None:
        raise ReferenceDataError(
            "CLO-1999",
            f"There is no stored swap of trade {name}, to which the event applies",
            where=str(path),
            remedy="Import the trade first, or have the state before the event imported with it.",
        )
    booking = book_draft(work, before, maker, Batch())
    if booking.contract is None or booking.outcome is not Outcome.NEW:
        errors = "; ".join(one.message for one in booking.findings if one.severity is FindingSeverity.ERROR)
        raise InputError(
            "CLO-1998", f"The trade before the event is refused: {errors}", where=str(path), remedy="Correct it."
        )
    made = store_booking(work, booking, before, document)
    FindingRepository(work.driver).put(uuid4(), path.name, booking.findings, contract_reference=made.contract_reference)
    return made.contract_reference


def _candidates(work: UnitOfWork, trade: Contract) -> list[StoredContract]:
    """Stored contracts that are the trade: the same reference and facts, of several those with the same open units."""
    contracts = work.payouts.contracts
    found = [contracts.load(name) for name in FindingRepository(work.driver).named(trade.contract_reference)]
    same = [one for one in found if trade_key(one.contract) == trade_key(trade)]
    if len(same) > 1:
        held = [one for one in same if _units(one.contract) == _units(trade)]
        booked = [one for one in held if one.contract.content_key == trade.content_key]
        same = booked or held or same
    return same


def _units(contract: Contract) -> list[float | None]:
    return [open_quantity(lot) for leg in contract.legs for lot in leg.lots]


def _event(instruction: Event | EventInstruction) -> Event:
    return event_of_document(instruction) if isinstance(instruction, EventInstruction) else instruction


def _cancellation(history: Sequence[StoredEvent], event_reference: str) -> Event:
    """The event that takes another back; the one that did so before where it is not in force any more."""
    events = [one.event for one in history]
    target = next((one for one in events if one.event_reference == event_reference), None)
    if target is None:
        known = ", ".join(one.event_reference for one in events) or "none"
        raise InputError("CLO-1996", f"There is no event {event_reference!r}", remedy=f"The events are {known}.")
    cancelling = [one for one in events if Cancellation(cancelled_reference=event_reference) in one.instructions]
    undone = {reference for one in events for reference in _undone_by(one)}
    standing = [one for one in cancelling if one.event_reference not in undone]
    if standing:
        return standing[-1]
    number = f"-{len(cancelling) + 1}" if cancelling else ""
    return Event(
        event_reference=f"CANCEL{number} {event_reference}",
        event_type=BusinessEventType.CANCELLATION,
        event_date=target.event_date,
        effective_date=target.effective_date,
        instructions=(Cancellation(cancelled_reference=event_reference),),
    )


def _undone_by(event: Event) -> list[str | None]:
    return [one.cancelled_reference for one in event.instructions if isinstance(one, Cancellation)]
