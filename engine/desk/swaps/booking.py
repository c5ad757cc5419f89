"""A trade that was read becomes a contract of the book: new, unchanged, changed, or refused (spec 07 §5.3, §5.4).

Two trades are the same where their reference, trade date, parties, type and underliers are. A second document of the
same trade with other content is its next version; one in the same import is another trade that has the reference too.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from db.payouts.contracts import StoredContract
from db.payouts.events import EventRepository
from db.payouts.findings import TRADE_REFERENCE, FindingRepository, ObservedReset, ResetType
from db.store import UnitOfWork
from engine.desk.swaps.scheduling import DateMaker
from engine.errors import ClodeskError
from engine.payouts.cdm.draft import Draft
from engine.payouts.enums import DividendStatus, FindingSeverity
from engine.payouts.events.lots import opening_events
from engine.payouts.events.replay import BOOKING
from engine.payouts.events.terms import UNDATED, without_later_dates
from engine.payouts.findings import FindingCode, PayoutFinding, has_errors
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract

LOCK = "booking of swaps"
"""Bookings wait for each other: they share parties and instruments, and look for references that are free."""


class Outcome(StrEnum):
    """What became of a document."""

    NEW = "NEW"
    UNCHANGED = "UNCHANGED"
    CHANGED = "CHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Booking:
    """What is to become of a draft. contract is None where it is refused; version: the stored one, 0 for a new one."""

    outcome: Outcome
    contract: Contract | None
    findings: tuple[PayoutFinding, ...]
    version: int = 0


@dataclass(slots=True)
class Batch:
    """References of the contracts that one import has met so far; each is the trade of one of its documents."""

    booked: set[str] = field(default_factory=set)


def book_draft(
    work: UnitOfWork, draft: Draft, maker: DateMaker, batch: Batch, *, is_completed: bool = False
) -> Booking:
    """Decide about a draft; nothing is written. A draft without contract is refused with its findings.

    is_completed: overrides were applied, so that the same content may give another contract.
    """
    contract = draft.contract
    if contract is None:
        return Booking(Outcome.REFUSED, None, draft.findings)
    same = _namesakes(work, contract)
    same_content = next((one for one in same if one.contract.content_key == contract.content_key), None)
    if same_content is not None and not is_completed:
        return Booking(Outcome.UNCHANGED, same_content.contract, draft.findings, same_content.version)
    made, findings = _scheduled(contract, maker)
    noticed = (*draft.findings, *findings)
    if has_errors(noticed):
        return Booking(Outcome.REFUSED, None, noticed)
    for stored in same:
        said = _facts(_named_as(made, stored.contract))
        if said == _facts(stored.contract) or said == _facts(_before_events(work, stored)):
            return Booking(Outcome.UNCHANGED, stored.contract, noticed, stored.version)
    if same_content is not None:
        return _next_version(work, same_content, made, noticed)
    same_trade = [one for one in same if trade_key(one.contract) == trade_key(contract)]
    older = [one for one in same_trade if one.contract.contract_reference not in batch.booked]
    if len(older) > 1:
        names = ", ".join(one.contract.contract_reference for one in older)
        message = f"The document may be a new version of each of {names}; amend the one that is meant"
        return Booking(Outcome.REFUSED, None, (*noticed, _error(FindingCode.DUPLICATE_TRADE, message)))
    if older:
        return _next_version(work, older[0], made, noticed)
    if not same:
        return Booking(Outcome.NEW, made, noticed)
    return _renamed(made, {stored.contract.contract_reference for stored in same}, noticed, work)


def store_booking(work: UnitOfWork, booking: Booking, draft: Draft, document: object) -> Contract:
    """Write the contract of a NEW or CHANGED booking with its document, lots, resets and corporate actions."""
    contract = booking.contract
    if contract is None:
        raise ValueError("a refused booking has nothing to store")
    reference = contract.contract_reference
    work.payouts.contracts.save(contract, valid_from=contract.trade_date, expected_version=booking.version)
    put_openings(EventRepository(work.driver), contract)
    found = FindingRepository(work.driver)
    if booking.version:
        found.resolve(reference)
    found.put_document(reference, document)
    found.put_resets(reference, observed_resets(draft, contract))
    put_observed_actions(work, contract, observed_actions(draft))
    return contract


def put_openings(events: EventRepository, contract: Contract, business_event: str | None = None) -> None:
    """Store the openings of all lots of a contract in place of its lot events so far."""
    events.clear_lot_events(contract.contract_reference)
    events.remove_lots_but(contract)
    bare = replace(contract, legs=tuple(replace(leg, lots=()) for leg in contract.legs))
    openings = [
        event for leg in contract.legs for lot in leg.lots for event in opening_events(lot, leg.leg_number, BOOKING)
    ]
    events.put_lot_events(bare, openings, business_event)


def trade_key(contract: Contract) -> tuple[object, ...]:
    """What two documents of the same trade have in common besides its reference."""
    underliers = tuple(
        leg.performance.underlier.underlier_reference if leg.performance is not None else None for leg in contract.legs
    )
    parties = (contract.party1.party_identifier, contract.party2.party_identifier)
    instruments = frozenset(instrument.reference for instrument in contract.instruments)
    return contract.contract_type, contract.trade_date, parties, underliers, instruments


def observed_resets(draft: Draft, contract: Contract) -> tuple[ObservedReset, ...]:
    """Resets of a document on the leg they belong to: prices, which have a currency, on the first equity leg, rates on
    the first floating one. What fits no leg is left out."""
    equity = next((leg.leg_number for leg in contract.legs if leg.performance is not None), None)
    floating = next(
        (leg.leg_number for leg in contract.legs if leg.interest is not None and leg.interest.floating_rate_index), None
    )
    found = []
    for fact in draft.resets:
        is_rate = fact.unit is None or fact.record_date is not None
        leg = floating if is_rate else equity
        if leg is not None:
            found.append(
                ObservedReset(
                    leg_number=leg,
                    reset_type=ResetType.RATE if is_rate else ResetType.PRICE,
                    reset_date=fact.reset_date,
                    value=fact.value,
                    valuation_date=fact.record_date,
                )
            )
    return tuple(found)


def observed_actions(draft: Draft) -> tuple[CorporateAction, ...]:
    """Corporate actions of a document's observation history; without ratio or amount they wait for them."""
    return tuple(
        CorporateAction(
            instrument_reference=seen.instrument_reference,
            action_type=seen.action_type,
            ex_date=seen.ex_date,
            announcement_date=seen.announcement_date,
            record_date=seen.record_date,
            pay_date=seen.pay_date,
            ratio_new=seen.ratio,
            ratio_old=None if seen.ratio is None else 1.0,
            cash_amount=seen.cash_amount,
            currency=seen.currency,
            status=(
                DividendStatus.ESTIMATED if seen.ratio is None and seen.cash_amount is None else DividendStatus.DECLARED
            ).value,
        )
        for seen in draft.corporate_actions
        if seen.instrument_reference is not None
    )


def put_observed_actions(work: UnitOfWork, contract: Contract, actions: tuple[CorporateAction, ...]) -> None:
    """Store actions on instruments of the contract; what is only estimated takes no stored action's place."""
    known = {instrument.reference for instrument in contract.instruments}
    wanted = [action for action in actions if action.instrument_reference in known]
    if not wanted:
        return
    events = work.payouts.market_events
    stored = events.corporate_actions(
        [action.instrument_reference for action in wanted],
        min(action.ex_date for action in wanted),
        max(action.ex_date for action in wanted),
    )
    taken = {(one.instrument_reference, one.action_type, one.ex_date) for one in stored}
    events.put_corporate_actions(
        action
        for action in wanted
        if action.status != DividendStatus.ESTIMATED.value
        or (action.instrument_reference, action.action_type, action.ex_date) not in taken
    )


def _scheduled(contract: Contract, maker: DateMaker) -> tuple[Contract, tuple[PayoutFinding, ...]]:
    """The contract with its dates. One without an end cannot have them yet: it is stored and waits for its end."""
    try:
        return maker.schedule(contract)
    except ClodeskError as error:
        message = f"The dates cannot be made: {error.problem}. {error.remedy}"
        if contract.termination_date is None:
            return contract, (PayoutFinding(FindingSeverity.WARNING, FindingCode.DATES_INCONSISTENT, "", message),)
        return contract, (_error(FindingCode.DATES_INCONSISTENT, message),)


def _namesakes(work: UnitOfWork, contract: Contract) -> list[StoredContract]:
    """Stored contracts whose document had this reference, or this content."""
    found = FindingRepository(work.driver)
    names = dict.fromkeys(found.named(contract.contract_reference))
    if contract.content_key is not None:
        names |= dict.fromkeys(found.with_content(contract.content_key))
    return [work.payouts.contracts.load(name) for name in names]


def _before_events(work: UnitOfWork, stored: StoredContract) -> Contract:
    """A contract as it was when its first event came in: what events made of it since is no change of its document."""
    history = EventRepository(work.driver).of_contract(stored.contract.contract_reference)
    if not history:
        return stored.contract
    return work.payouts.contracts.version(stored.contract.contract_reference, history[0].before_version)


def _next_version(
    work: UnitOfWork, stored: StoredContract, made: Contract, findings: tuple[PayoutFinding, ...]
) -> Booking:
    """The document as the next version, unless events or realised amounts rest on the stored one."""
    reference = stored.contract.contract_reference
    events = EventRepository(work.driver)
    made = _named_as(made, stored.contract)
    message = ""
    if events.of_contract(reference):
        message = f"{reference} had events since it was booked; enter the change as an event or amend it"
    last = events.last_realised(reference)
    if last is not None and _contradicts(made, stored.contract, last):
        message = f"{reference} has realised amounts up to {last} that the document contradicts; amend it from then on"
    if message:
        return Booking(Outcome.REFUSED, None, (*findings, _error(FindingCode.DUPLICATE_TRADE, message)))
    return Booking(Outcome.CHANGED, made, findings, stored.version)


def _renamed(made: Contract, taken: set[str], findings: tuple[PayoutFinding, ...], work: UnitOfWork) -> Booking:
    base, number = made.contract_reference, 2
    while f"{base}-{number}" in taken or work.payouts.contracts.find(f"{base}-{number}") is not None:
        number += 1
    name = f"{base}-{number}"
    message = f"Another trade has the reference {base}; this one is booked as {name}"
    note = PayoutFinding(FindingSeverity.WARNING, FindingCode.DUPLICATE_TRADE, "", message)
    renamed = replace(made, contract_reference=name, metadata={**made.metadata, TRADE_REFERENCE: base})
    return Booking(Outcome.NEW, renamed, (*findings, note))


def _named_as(made: Contract, stored: Contract) -> Contract:
    """A contract as read under the reference it was booked with."""
    base = stored.metadata.get(TRADE_REFERENCE)
    if base is None:
        return made
    metadata = {**made.metadata, TRADE_REFERENCE: base}
    return replace(made, contract_reference=stored.contract_reference, metadata=metadata)


def _facts(contract: Contract) -> Contract:
    """A contract without its generated dates and without what only says which document it came from."""
    return _document_free(without_later_dates(contract, date.min))


def _contradicts(made: Contract, stored: Contract, last_realised: date) -> bool:
    """Whether a contract says anything else about the time up to a day than the stored one."""
    undated: dict[str, Any] = {name: getattr(stored, name) for name in UNDATED}
    known = without_later_dates(stored, last_realised)
    said = replace(without_later_dates(made, last_realised), **undated)
    return _document_free(known) != _document_free(said)


def _document_free(contract: Contract) -> Contract:
    parties = [replace(party, cdm_global_key=None) for party in (contract.party1, contract.party2)]
    return replace(
        contract, party1=parties[0], party2=parties[1], content_key=None, cdm_global_key=None, cdm_version=None
    )


def _error(code: FindingCode, message: str) -> PayoutFinding:
    return PayoutFinding(FindingSeverity.ERROR, code, "", message)
