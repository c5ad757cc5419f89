"""The end of day of a book: generate, accrue, realise, value, in one transaction (spec 07 §14, §15, §16, §21).

Every step writes only what differs, so the same day a second time changes nothing. A contract that cannot be compiled
and a flow that lacks a fixing are listed and left out; the others go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import numpy as np
import numpy.typing as npt

from db.payouts.end_of_day import (
    END_OF_DAY,
    NOT_STORED,
    EndOfDayRepository,
    StoredFlows,
    StoredStates,
)
from db.payouts.identity import contract_id
from db.payouts.work import PayoutWork
from engine.conventions.days import NO_DAY, day_number
from engine.desk.swaps import generation
from engine.desk.swaps.accruing import accrue
from engine.desk.swaps.compiled import CompiledShelf, Failure, code_version
from engine.desk.swaps.day_rows import BookDay, MissingFixing, accrual_batch, missing_fixings, pnl_batch
from engine.desk.swaps.deferrals import PlannedDeferral, RefusedDeferral, ReleaseRun, defer_many, deferral_decisions
from engine.desk.swaps.market import market_arrays
from engine.desk.swaps.rebalancing import NOTHING_DUE, NotRebalanced, Rebalancings
from engine.payouts.book.compiling import make_book
from engine.payouts.book.dividend_flows import add_dividend_flows
from engine.payouts.book.positions import UnitsAwaitedError
from engine.payouts.book.tables import (
    CURRENCIES,
    FLOWS,
    Book,
    CompiledContract,
)
from engine.payouts.book.valuation import interest_through, leg_values, value_book
from engine.payouts.book.values import FlowValues
from engine.payouts.codes import (
    BY_THE_DAY,
    DIVIDEND,
    FIXED,
    OK,
)
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import CashflowStatus, ContractStatus
from engine.payouts.money import minor_digits

_STORED_DIGIT = 1e-10
"""The last digit of a stored amount."""

_STATUSES = tuple(CashflowStatus)
_GONE = tuple(_STATUSES.index(status) for status in (CashflowStatus.CANCELLED, CashflowStatus.ADJUSTED))

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EndOfDayOutcome:
    """What an end of day did. Counts are rows written; a day that was run before writes none.

    not_deferred and awaiting_approval: cash flows that a rule wants to put off and that stay ACCRUED meanwhile.
    not_rebalanced: baskets that were due and keep their units, or have none yet. n_fixed: baskets with weights that got
    their first units.
    releases: what became due before the day was run, None where only the day itself was.
    """

    as_of: date
    n_contracts: int
    n_flows: int = 0
    n_accruals: int = 0
    n_realised: int = 0
    n_deferred: int = 0
    n_corrections: int = 0
    n_pnl: int = 0
    n_fixed: int = 0
    n_rebalanced: int = 0
    failures: tuple[Failure, ...] = ()
    missing: tuple[MissingFixing, ...] = ()
    not_deferred: tuple[RefusedDeferral, ...] = ()
    awaiting_approval: tuple[PlannedDeferral, ...] = ()
    not_rebalanced: tuple[NotRebalanced, ...] = ()
    releases: ReleaseRun | None = None


def run_end_of_day(
    work: PayoutWork,
    shelf: CompiledShelf,
    as_of: date,
    *,
    references: Sequence[str] | None = None,
    base_currency: str = "USD",
    recompute_since: date | None = None,
    rebalanced: Rebalancings = NOTHING_DUE,
) -> EndOfDayOutcome:
    """Run a day for contracts, by default for all that are active or still have something accrued.

    recompute_since: look again at flows that ended on or after this day, so that fixings revised since are corrected.
    rebalanced: what `rebalance_due` did for the day before, which goes into its record.
    """
    work.jobs.lock(END_OF_DAY)
    run_id = work.jobs.start(END_OF_DAY, as_of)
    calendars = CenterCalendars(work.calendars.calendars())
    chosen = work.end_of_day.contracts_of(as_of) if references is None else tuple(references)
    contracts, failed = shelf.of(work.contracts, work.compiled, chosen, calendars, work.calendars.key())
    failures = [failure for failure in failed if not _begins_later(failure, as_of)]
    outcome = EndOfDayOutcome(as_of, len(contracts), failures=tuple(failures))
    if contracts:
        outcome = _run(work, contracts, as_of, calendars, run_id, failures, base_currency, recompute_since)
    outcome = replace(
        outcome,
        n_fixed=len(rebalanced.fixings),
        n_rebalanced=len(rebalanced.events),
        not_rebalanced=rebalanced.refused,
    )
    _mature(work, as_of)
    work.jobs.finish(
        run_id,
        {
            "contracts": outcome.n_contracts,
            "flows": outcome.n_flows,
            "accruals": outcome.n_accruals,
            "realised": outcome.n_realised,
            "pnl": outcome.n_pnl,
            "fixed": outcome.n_fixed,
            "rebalanced": outcome.n_rebalanced,
            "failed": [failure.contract_reference for failure in outcome.failures],
        },
    )
    return outcome


def _begins_later(failure: Failure, as_of: date) -> bool:
    """Whether a contract waits for the prices of a day to come, before which its basket is worth nothing to anybody."""
    return isinstance(failure.error, UnitsAwaitedError) and failure.error.first_day > as_of


def _mature(work: PayoutWork, as_of: date) -> None:
    """Give contracts that are over and owe nothing any more their last version."""
    for reference in work.end_of_day.finished_contracts(as_of):
        found = work.contracts.load(reference)
        matured = replace(found.contract, contract_status=ContractStatus.MATURED)
        work.contracts.save(matured, valid_from=as_of, expected_version=found.version)


def _run(
    work: PayoutWork,
    contracts: Sequence[CompiledContract],
    as_of: date,
    calendars: CenterCalendars,
    run_id: UUID,
    failures: Sequence[Failure],
    base_currency: str,
    recompute_since: date | None,
) -> EndOfDayOutcome:
    store = work.end_of_day
    day = day_number(as_of)
    book = make_book(contracts)
    since, window = _spans(store, book, as_of, recompute_since)
    begun = generation.in_play(book, day, since)
    market = market_arrays(
        work.fixings,
        work.market_events,
        book,
        day,
        calendars,
        read_from=_first_read(book, begun, window),
    )
    of_day = BookDay(add_dividend_flows(book, market, calendars), market, as_of, calendars)
    book = of_day.book
    chosen = generation.in_play(book, day, since)
    names = generation.flow_names(book, chosen)
    stored = store.stored_flows(names.keys)
    while stored.is_withdrawn.any():
        names = names.renewed(stored.is_withdrawn)
        stored = store.stored_flows(names.keys)
    by_flow = window[generation.contract_rows(book)]
    accruals = accrue(book, market, chosen, _rewritten(of_day, store, names, stored, by_flow), day)
    keys = generation.leg_keys(book)
    valued = names.of(~np.isnan(accruals.through.amount[names.rows]))
    batch = generation.flow_batch(book, accruals.through, keys, valued)
    n_flows = store.put_flows(batch, as_of, code_version())
    n_accruals = store.put_accruals(accrual_batch(of_day, accruals, valued.rows), batch.keys, run_id)
    contract_ids = list({contract for contract, _ in keys.legs})
    store.cancel_vanished(contract_ids, as_of)
    minor_units = {currency: minor_digits(currency) for currency in book.names[CURRENCIES]}
    n_corrections = store.put_corrections(as_of, minor_units)
    final = _to_realise(of_day, accruals.values, valued.rows)
    due = [*(valued.keys[row] for row in np.flatnonzero(final).tolist()), *store.adjustments_to_realise(contract_ids)]
    decisions = deferral_decisions(work, as_of, due)
    deferred = defer_many(work, decisions.planned, as_of)
    n_realised = store.realise([key for key in due if key not in decisions.held], as_of, minor_units, run_id)
    states = store.states(len(batch))
    is_open = _open_flows(of_day, valued.rows, chosen, states)
    legs = leg_values(book, accruals.values, is_open)
    n_pnl = store.put_pnl(pnl_batch(work, of_day, legs, keys, base_currency), as_of, run_id)
    missing = missing_fixings(book, market, accruals.values, chosen)
    return EndOfDayOutcome(
        as_of=as_of,
        n_contracts=len(contracts),
        n_flows=n_flows,
        n_accruals=n_accruals,
        n_realised=n_realised,
        n_deferred=len(deferred.deferred),
        n_corrections=n_corrections,
        n_pnl=n_pnl,
        failures=tuple(failures),
        missing=missing,
        not_deferred=decisions.refused,
        awaiting_approval=deferred.awaiting_approval,
    )


def _rewritten(
    of_day: BookDay, store: EndOfDayRepository, names: generation.FlowNames, stored: StoredFlows, window: Ints
) -> Ints:
    """From which day on the accruals of each flow are written, (F,).

    A flow that began before the window but is new, or comes to another total on the day before it than is stored,
    has its rows written from its start: an event or a revised fixing has changed what it accrued.
    """
    flows = of_day.book[FLOWS]
    starts, from_day = flows["start_day"][names.rows], window[names.rows]
    began_before = starts < from_day
    is_new = began_before & ~stored.is_stored
    compared = began_before & stored.is_accrued
    last_row = np.where(np.isin(flows["kind"], BY_THE_DAY), flows["end_day"] - 1, flows["end_day"])[names.rows]
    day_before = np.minimum(from_day - 1, last_row)
    known = store.cumulative([names.keys[place] for place in np.flatnonzero(compared)], day_before[compared])
    recomputed = np.full(len(names.rows), np.nan)
    for day in np.unique(day_before[compared]).tolist():
        of_that_day = compared & (day_before == day)
        active = np.zeros(len(flows), np.uint8)
        active[names.rows[of_that_day]] = 1
        values = value_book(of_day.book, of_day.market, day, active)
        through = interest_through(of_day.book, of_day.market, day, values, active)
        recomputed[of_that_day] = through.amount[names.rows[of_that_day]]
    differs = is_new.copy()
    gap = np.abs(recomputed[compared] - known)
    differs[compared] |= ~(gap <= _STORED_DIGIT + 1e-15 * np.abs(known))
    rewritten = window.copy()
    rewritten[names.rows[differs]] = starts[differs]
    return rewritten


def _spans(store: EndOfDayRepository, book: Book, as_of: date, recompute_since: date | None) -> tuple[Ints, Ints]:
    """By contract: from which end on flows are looked at, and from which day on accruals are written.

    Neither is after the day itself, which may be one of the past that is run again.
    """
    ids = [contract_id(reference) for reference in book.contracts]
    known = store.progress(ids)
    first = generation.first_days(book)
    since, window = first.copy(), first.copy()
    for row, key in enumerate(ids):
        if key not in known:
            continue
        done = known[key]
        asked = [as_of] if recompute_since is None else [as_of, recompute_since]
        window[row] = day_number(min((done.last_day, *asked)))
        since[row] = day_number(min(filter(None, (done.last_day, done.first_accrued_end, done.changed_from, *asked))))
    return since, window


def _first_read(book: Book, begun: Mask, window: Ints) -> int:
    """The first day whose fixings are needed: the earliest start of a flow that may change, or of a dividend's FX."""
    starts = book[FLOWS]["start_day"][begun]
    return int(min(starts.min(initial=int(window.min())), int(window.min())))


def _to_realise(of_day: BookDay, values: FlowValues, valued: Ints) -> Mask:
    """Which of the valued flows are final.

    A dividend and a fee stay with the unrealized P&L until the last business day before they are paid, as entitlements
    that are not yet due (spec 07 §16.1).
    """
    flows = of_day.book[FLOWS][valued]
    ended: Mask = (flows["end_day"] <= of_day.day) & (values.status[valued] == OK)
    waits = np.isin(flows["kind"], (DIVIDEND, FIXED))
    eve = np.empty(len(of_day.book.names[CURRENCIES]), np.int64)
    for row, currency in enumerate(of_day.book.names[CURRENCIES]):
        eve[row] = day_number(of_day.calendar(currency).add_business_days(of_day.as_of, 1))
    is_due = (flows["payment_day"] != NO_DAY) & (flows["payment_day"] <= eve[flows["currency"]])
    realised: Mask = ended & (~waits | is_due)
    return realised


def _open_flows(of_day: BookDay, valued: Ints, chosen: Mask, states: StoredStates) -> Mask:
    """Flows that have begun and neither are realised by the day nor were cancelled."""
    is_open = chosen.copy()
    realised_by_now = ~np.isnat(states.realization) & (states.realization <= np.datetime64(of_day.as_of))
    gone = np.isin(states.status, _GONE)
    is_open[valued] = (states.status == NOT_STORED) | (~realised_by_now & ~gone)
    return is_open


def counts(outcome: EndOfDayOutcome) -> Mapping[str, int]:
    """The counts of an outcome by what they count."""
    return {
        "contracts": outcome.n_contracts,
        "cash flows": outcome.n_flows,
        "accrual rows": outcome.n_accruals,
        "realised": outcome.n_realised,
        "deferred": outcome.n_deferred,
        "corrections": outcome.n_corrections,
        "P&L rows": outcome.n_pnl,
        "baskets fixed": outcome.n_fixed,
        "baskets rebalanced": outcome.n_rebalanced,
    }
