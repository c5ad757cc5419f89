"""Contracts made and changed by people: checked at the border, stored whole, shown whole (spec 07 §21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from db.payouts.contracts import StoredContract
from db.payouts.event_state import term_value
from db.payouts.events import EventRepository, StoredEvent, require_version
from db.payouts.findings import FindingRepository
from db.payouts.payouts import PayoutLine
from db.store import Store, UnitOfWork
from engine.desk.swaps.booking import LOCK, put_openings
from engine.desk.swaps.event_booking import apply_in
from engine.desk.swaps.scheduling import DateMaker
from engine.errors import InputError
from engine.payouts.cdm.json_text import content_key
from engine.payouts.cdm.writer import write_trade, write_transfers
from engine.payouts.enums import BusinessEventType
from engine.payouts.events.instructions import Event, FieldChange, TermsChange
from engine.payouts.events.terms import without_later_dates
from engine.payouts.findings import PayoutFinding
from engine.payouts.terms.contract import Contract

_CONTRACT = TypeAdapter(Contract)


@dataclass(frozen=True, slots=True)
class ContractDetail:
    """A contract with what belongs to it. payouts: a line for each equity leg, by leg number."""

    contract: Contract
    version: int
    payouts: tuple[PayoutLine, ...]
    events: tuple[StoredEvent, ...]
    findings: tuple[PayoutFinding, ...]


def create(store: Store, request: Contract | Mapping[str, Any]) -> StoredContract:
    """Store a new contract with its dates, whole or not at all; the same one again gives the stored one.

    Raises InputError CLO-1995 for a request that is no contract, naming the field, CLO-1997 where another contract has
    its reference, and the errors of its dates.
    """
    asked = request if isinstance(request, Contract) else contract_of_request(request)
    with store.begin() as work:
        work.payouts.jobs.lock(LOCK)
        work.payouts.contracts.lock(asked.contract_reference)
        found = work.payouts.contracts.find(asked.contract_reference)
        if found is not None:
            return _same(work, found, asked)
        made, findings = DateMaker(work.payouts.calendars.calendars()).schedule(asked)
        stored = work.payouts.contracts.save(made, valid_from=made.trade_date)
        put_openings(EventRepository(work.driver), made)
        if findings:
            key = stored.contract_id
            FindingRepository(work.driver).put(key, "created", findings, contract_reference=made.contract_reference)
        return stored


def contract_of_request(request: Mapping[str, Any]) -> Contract:
    """A contract of a request in JSON terms. InputError CLO-1995 names the first field that is wrong or unknown."""
    try:
        made = _CONTRACT.validate_python(dict(request))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        problem = f"The contract has {error.error_count()} faults, first {place}: {first['msg']}"
        raise InputError("CLO-1995", problem, where=place, remedy="Correct the fields and send it again.") from error
    unknown = next(iter(unknown_fields(request, _CONTRACT.dump_python(made), "")), None)
    if unknown is not None:
        raise InputError("CLO-1995", f"A contract has no field {unknown}", where=unknown, remedy="Leave it out.")
    return made


def amend(
    store: Store,
    contract_reference: str,
    changes: Mapping[str, object],
    effective: date,
    *,
    expected_version: int | None = None,
) -> StoredContract:
    """Change terms from a day on: a new version, its dates after that day made anew, recorded as a TERMS_CHANGE.

    changes: new values by path, `termination_date` of the contract, `2.interest.spread` of leg 2. The same amendment
    again gives the same version. expected_version: the version that was looked at. Raises InputError CLO-1982 where
    there is another one by now, CLO-1986 for a term or value that cannot be, and the errors of `change_terms`.
    """
    asked = tuple(_field_change(path, value) for path, value in changes.items())
    key = content_key({"amend": [f"{one.leg_number} {one.path} {one.value}" for one in asked]})[:12]
    event = Event(
        event_reference=f"AMEND {effective} {key}",
        event_type=BusinessEventType.TERMS_CHANGE,
        event_date=effective,
        effective_date=effective,
        instructions=(TermsChange(changes=asked),),
    )
    with store.begin() as work:
        work.payouts.jobs.lock(LOCK)
        work.payouts.contracts.lock(contract_reference)
        stored = work.payouts.contracts.load(contract_reference)
        is_repeated = any(
            one.event.event_reference == event.event_reference
            for one in EventRepository(work.driver).of_contract(contract_reference)
        )
        if expected_version is not None and not is_repeated:
            require_version(stored, expected_version)
        result = apply_in(work, contract_reference, event)
        return StoredContract(stored.contract_id, result.after_version, result.contract)


def detail(store: Store, contract_reference: str) -> ContractDetail:
    """A contract with its payouts, events and open findings, in four statements.

    ReferenceDataError CLO-1983 where there is none.
    """
    with store.read() as work:
        stored = work.payouts.contracts.load(contract_reference)
        page = work.payouts.payouts.by_contract(contract_reference, limit=max(len(stored.contract.legs), 1))
        return ContractDetail(
            contract=stored.contract,
            version=stored.version,
            payouts=page.lines,
            events=EventRepository(work.driver).of_contract(contract_reference),
            findings=FindingRepository(work.driver).of_contract(contract_reference),
        )


def export_cdm(store: Store, contract_reference: str) -> str:
    """A contract as a CDM document. Errors as in `detail` and `write_trade`."""
    with store.read() as work:
        return write_trade(work.payouts.contracts.load(contract_reference).contract)


def export_transfers(store: Store, contract_reference: str) -> str:
    """The realised cash flows of a contract as a JSON list of CDM transfer states, by settlement date (spec 07 §14.5).

    A net payment may be one of several contracts; the cash flows in it are said to be netted, it is not listed.
    ReferenceDataError CLO-1983 where there is no such contract.
    """
    with store.read() as work:
        contract = work.payouts.contracts.load(contract_reference).contract
        return write_transfers(contract, work.payouts.settlement.transfers(contract_reference))


def _same(work: UnitOfWork, found: StoredContract, asked: Contract) -> StoredContract:
    """The stored contract where it was created from the same request, whatever happened to it since."""
    events = EventRepository(work.driver).of_contract(asked.contract_reference)
    first = found.contract
    if events:
        first = work.payouts.contracts.version(asked.contract_reference, events[0].before_version)
    made, _ = DateMaker(work.payouts.calendars.calendars()).schedule(asked)
    if without_later_dates(made, date.min) == without_later_dates(first, date.min):
        return found
    raise InputError(
        "CLO-1997",
        f"There is a swap {asked.contract_reference} already, on other terms",
        remedy="Amend that one, or give the new one a reference of its own.",
    )


def _field_change(path: str, value: object) -> FieldChange:
    number, _, rest = path.partition(".")
    leg_number = int(number) if number.isdecimal() and rest else None
    name = path if leg_number is None else rest
    return FieldChange(path=name, value=term_value(name, value, leg_number), leg_number=leg_number)


def unknown_fields(given: object, known: object, place: str) -> list[str]:
    """Places of a request in JSON terms that the record made of it does not have."""
    if isinstance(given, Mapping) and isinstance(known, Mapping):
        found = [f"{place}{name}" for name in given if name not in known]
        parts = [(f"{place}{name}.", child, known[name]) for name, child in given.items() if name in known]
    elif isinstance(given, list | tuple) and isinstance(known, list | tuple) and len(given) == len(known):
        found = []
        parts = [(f"{place}{n}.", child, made) for n, (child, made) in enumerate(zip(given, known, strict=True))]
    else:
        return []
    return [*found, *(one for inner, child, made in parts for one in unknown_fields(child, made, inner))]
