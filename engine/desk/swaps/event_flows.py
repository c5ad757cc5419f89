"""Cash flows that an event leaves without ground are cancelled; realised ones stay (spec 07 §14.3, §19.1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from db.payouts.events import EventRepository, StandingFlow
from db.store import UnitOfWork
from engine.conventions.days import to_date
from engine.desk.swaps.scheduling import DateMaker
from engine.errors import ClodeskError
from engine.payouts.book.compiling import compile_contract, make_book
from engine.payouts.book.tables import EVENTS, FLOWS, LEGS, LOTS, NO_ROW
from engine.payouts.enums import CashflowType, ContractStatus
from engine.payouts.events.instructions import Event
from engine.payouts.events.outcome import Effect
from engine.payouts.terms.contract import Contract

_TYPES = tuple(CashflowType)


def cancel_flows(work: UnitOfWork, contract: Contract, effect: Effect, event: Event, maker: DateMaker) -> int:
    """Cancel what is accrued and no longer owed after an event; how many cash flows.

    These are the flows of an event that was taken back, those that begin once everything is closed and settled, those
    whose period the contract no longer has, and all of the contracts that are cancelled with it.
    """
    events, reference = EventRepository(work.driver), contract.contract_reference
    cancelled = 0
    if effect.undone_reference is not None:
        cancelled += events.cancel_flows_of(reference, effect.undone_reference, event.effective_date)
    if effect.cancel_from is not None:
        # Funding of what was closed runs until it settles, in the period that then runs.
        is_void = contract.contract_status is ContractStatus.CANCELLED
        start = effect.cancel_from if is_void else max(effect.cancel_from, event.settles_on)
        cancelled += events.cancel_flows(contract, start, event.event_reference)
    standing = standing_flows(contract, maker)
    if standing is not None:
        cancelled += events.cancel_flows_but(reference, standing, event.effective_date, event.event_reference)
    for name in effect.cancelled_contracts:
        made = work.payouts.contracts.load(name)
        closed = replace(made.contract, contract_status=ContractStatus.CANCELLED)
        work.payouts.contracts.save(closed, valid_from=event.effective_date, expected_version=made.version)
        cancelled += events.cancel_flows(closed, date.min, event.event_reference)
    return cancelled


def standing_flows(contract: Contract, maker: DateMaker) -> Sequence[StandingFlow] | None:
    """The cash flows that a contract has by its terms; None where it cannot be compiled, so that nobody knows."""
    try:
        book = make_book([compile_contract(contract, maker.centers)])
    except ClodeskError:
        return None
    names, lots, numbers = book.names[EVENTS], book[LOTS], book[LEGS]["leg_number"].tolist()
    return tuple(
        StandingFlow(
            leg_number=numbers[row["leg"]],
            cashflow_type=_TYPES[row["cashflow_type"]],
            end_date=to_date(int(row["end_day"])),
            lot=names[lots[row["lot"]]["lot"]] if row["lot"] != NO_ROW else None,
            event=names[row["event"]] if row["event"] != NO_ROW else None,
        )
        for row in book[FLOWS]
    )
