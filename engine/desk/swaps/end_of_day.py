"""The end of day of a book: generate, accrue, realise, value, in one transaction (spec 07 §14, §15, §16, §21).

Every step writes only what differs, so the same day a second time changes nothing. A contract that cannot be compiled
and a flow that lacks a fixing are listed and left out; the others go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt

from db.payouts.end_of_day import (
    END_OF_DAY,
    NOT_STORED,
    AccrualBatch,
    EndOfDayRepository,
    PnlBatch,
    StoredFlows,
    StoredStates,
)
from db.payouts.identity import contract_id
from db.payouts.work import PayoutWork
from engine.conventions.days import NO_DAY, day_number, to_date
from engine.desk.swaps import generation
from engine.desk.swaps.accruing import Accruals, accrue
from engine.desk.swaps.compiled import CompiledShelf, Failure, code_version
from engine.desk.swaps.deferrals import PlannedDeferral, RefusedDeferral, defer_many, deferral_decisions
from engine.desk.swaps.market import market_arrays
from engine.payouts.book.compiling import make_book
from engine.payouts.book.dividend_flows import add_dividend_flows
from engine.payouts.book.tables import (
    CURRENCIES,
    EVENTS,
    FLOWS,
    INSTRUMENTS,
    LEGS,
    PAIRS,
    RATES,
    Book,
    CompiledContract,
)
from engine.payouts.book.valuation import LegValues, interest_through, leg_values, value_book
from engine.payouts.book.values import FlowValues
from engine.payouts.codes import (
    DIVIDEND,
    ESTIMATED,
    FIXED,
    FUNDING,
    MISSING_FX,
    MISSING_PRICE,
    MISSING_RATE,
    OK,
    OTHER_PART,
)
from engine.payouts.dates.calendars import DEFAULT_CENTERS, CenterCalendars
from engine.payouts.enums import CashflowStatus, ConfidenceLevel, ContractStatus, ValuationMethod
from engine.payouts.market import MarketArrays
from engine.payouts.money import minor_digits

_STORED_DIGIT = 1e-10
"""The last digit of a stored amount."""

_STATUSES = tuple(CashflowStatus)
_GONE = tuple(_STATUSES.index(status) for status in (CashflowStatus.CANCELLED, CashflowStatus.ADJUSTED))
_NAMES_BY_STATUS = {
    MISSING_PRICE: (INSTRUMENTS, "price"),
    MISSING_FX: (PAIRS, "FX rate"),
    MISSING_RATE: (RATES, "rate"),
}

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MissingFixing:
    """A flow that could not be valued: what it lacked, of which day."""

    contract_reference: str
    leg_number: int
    what: str
    name: str
    on: date | None


@dataclass(frozen=True, slots=True)
class EndOfDayOutcome:
    """What an end of day did. Counts are rows written; a day that was run before writes none.

    not_deferred and awaiting_approval: cash flows that a rule wants to put off and that stay ACCRUED meanwhile.
    """

    as_of: date
    n_contracts: int
    n_flows: int = 0
    n_accruals: int = 0
    n_realised: int = 0
    n_deferred: int = 0
    n_corrections: int = 0
    n_pnl: int = 0
    failures: tuple[Failure, ...] = ()
    missing: tuple[MissingFixing, ...] = ()
    not_deferred: tuple[RefusedDeferral, ...] = ()
    awaiting_approval: tuple[PlannedDeferral, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Day:
    """A book with its market on one day."""

    book: Book
    market: MarketArrays
    as_of: date
    calendars: CenterCalendars

    @property
    def day(self) -> int:
        return day_number(self.as_of)


def run_end_of_day(
    work: PayoutWork,
    shelf: CompiledShelf,
    as_of: date,
    *,
    references: Sequence[str] | None = None,
    base_currency: str = "USD",
    recompute_since: date | None = None,
) -> EndOfDayOutcome:
    """Run a day for contracts, by default for all that are active or still have something accrued.

    recompute_since: look again at flows that ended on or after this day, so that fixings revised since are corrected.
    """
    work.jobs.lock(END_OF_DAY)
    run_id = work.jobs.start(END_OF_DAY, as_of)
    calendars = CenterCalendars(work.calendars.calendars())
    chosen = work.end_of_day.contracts_of(as_of) if references is None else tuple(references)
    contracts, failures = shelf.of(work.contracts, work.compiled, chosen, calendars, work.calendars.key())
    outcome = EndOfDayOutcome(as_of, len(contracts), failures=tuple(failures))
    if contracts:
        outcome = _run(work, contracts, as_of, calendars, run_id, failures, base_currency, recompute_since)
    _mature(work, as_of)
    work.jobs.finish(
        run_id,
        {
            "contracts": outcome.n_contracts,
            "flows": outcome.n_flows,
            "accruals": outcome.n_accruals,
            "realised": outcome.n_realised,
            "pnl": outcome.n_pnl,
            "failed": [failure.contract_reference for failure in outcome.failures],
        },
    )
    return outcome


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
    of_day = _Day(add_dividend_flows(book, market, calendars), market, as_of, calendars)
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
    n_accruals = store.put_accruals(_accrual_batch(of_day, accruals, valued.rows), batch.keys, run_id)
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
    n_pnl = store.put_pnl(_pnl_batch(work, of_day, legs, keys, base_currency), as_of, run_id)
    missing = _missing(book, market, accruals.values, chosen)
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
    of_day: _Day, store: EndOfDayRepository, names: generation.FlowNames, stored: StoredFlows, window: Ints
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
    last_row = np.where(flows["kind"] == FUNDING, flows["end_day"] - 1, flows["end_day"])[names.rows]
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


def _good_by_currency(of_day: _Day, first: date, last: date) -> dict[str, list[tuple[date, bool]]]:
    """By currency: for each day its business date, and whether it is one itself."""
    found: dict[str, list[tuple[date, bool]]] = {}
    for currency in of_day.book.names[CURRENCIES]:
        centers = [center for center in DEFAULT_CENTERS.get(currency, ()) if center in of_day.calendars]
        calendar = of_day.calendars.joint(centers)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        found[currency] = [(calendar.previous_good(on), calendar.is_good(on)) for on in days]
    return found


def _accrual_batch(of_day: _Day, accruals: Accruals, valued: Ints) -> AccrualBatch:
    """The rows of all days; `flow` counts within the flows that were valued."""
    place = np.full(len(of_day.book[FLOWS]), -1, np.int64)
    place[valued] = np.arange(len(valued))
    days = accruals.days
    first = to_date(days[0].day) if days else of_day.as_of
    good = _good_by_currency(of_day, first, of_day.as_of)
    names = of_day.book.names[CURRENCIES]
    business = np.array([[day_number(on) for on, _ in good[name]] for name in names], np.int64)
    is_good = np.array([[flag for _, flag in good[name]] for name in names], bool)
    rows = np.concatenate([item.flow for item in days]) if days else np.empty(0, np.int64)
    on_day = np.concatenate([np.full(len(item.flow), item.day) for item in days]) if days else np.empty(0, np.int64)
    currency = of_day.book[FLOWS]["currency"][rows]
    column = on_day - day_number(first)

    def joined(name: str) -> npt.NDArray[np.float64]:
        return np.concatenate([getattr(item, name) for item in days]) if days else np.empty(0)

    kept = place[rows] >= 0
    return AccrualBatch(
        flow=place[rows][kept],
        accrual_date=on_day[kept].astype("datetime64[D]"),
        business_date=business[currency, column][kept].astype("datetime64[D]"),
        cumulative=joined("cumulative")[kept],
        cumulative_before=joined("cumulative_before")[kept],
        year_fraction=joined("year_fraction")[kept],
        year_fraction_before=joined("year_fraction_before")[kept],
        notional=joined("notional")[kept],
        rate_or_price=joined("rate_or_price")[kept],
        is_business_day=is_good[currency, column][kept],
        is_estimated=joined("is_estimated")[kept].astype(bool),
    )


def _to_realise(of_day: _Day, values: FlowValues, valued: Ints) -> Mask:
    """Which of the valued flows are final.

    A dividend and a fee stay with the unrealized P&L until the last business day before they are paid, as entitlements
    that are not yet due (spec 07 §16.1).
    """
    flows = of_day.book[FLOWS][valued]
    ended: Mask = (flows["end_day"] <= of_day.day) & (values.status[valued] == OK)
    waits = np.isin(flows["kind"], (DIVIDEND, FIXED))
    eve = np.empty(len(of_day.book.names[CURRENCIES]), np.int64)
    for row, currency in enumerate(of_day.book.names[CURRENCIES]):
        centers = [center for center in DEFAULT_CENTERS.get(currency, ()) if center in of_day.calendars]
        eve[row] = day_number(of_day.calendars.joint(centers).add_business_days(of_day.as_of, 1))
    is_due = (flows["payment_day"] != NO_DAY) & (flows["payment_day"] <= eve[flows["currency"]])
    realised: Mask = ended & (~waits | is_due)
    return realised


def _open_flows(of_day: _Day, valued: Ints, chosen: Mask, states: StoredStates) -> Mask:
    """Flows that have begun and neither are realised by the day nor were cancelled."""
    is_open = chosen.copy()
    realised_by_now = ~np.isnat(states.realization) & (states.realization <= np.datetime64(of_day.as_of))
    gone = np.isin(states.status, _GONE)
    is_open[valued] = (states.status == NOT_STORED) | (~realised_by_now & ~gone)
    return is_open


def _pnl_batch(
    work: PayoutWork, of_day: _Day, legs: LegValues, keys: generation.LegKeys, base_currency: str
) -> PnlBatch:
    rows = of_day.book[LEGS]
    names = [of_day.book.names[CURRENCIES][code] for code in rows["currency"]]
    used = sorted(set(names))
    rates = work.fixings.fx([(name, base_currency) for name in used], of_day.as_of - timedelta(days=7), of_day.as_of)
    base_by_currency = dict(zip(used, map(_last_known, rates), strict=True))
    warned = work.end_of_day.warned([contract for contract, _ in keys.legs])
    parts, methods, confidence = legs.parts.copy(), [], []
    external = work.market_events.external(of_day.as_of)
    for row, (contract, leg) in enumerate(keys.legs):
        level = ConfidenceLevel.MEDIUM if legs.is_estimated[row] or contract in warned else ConfidenceLevel.HIGH
        method = ValuationMethod.MARK_TO_MARKET
        if leg in external:
            value, _, level = external[leg]
            known = np.nan_to_num(parts[:, row])
            parts[:, row] = known
            parts[OTHER_PART, row] = value - (known.sum() - known[OTHER_PART])
            method = ValuationMethod.EXTERNAL_PRICE
        methods.append(method.value)
        confidence.append(level)
    ends = {name: _ends(of_day, name) for name in used}
    return PnlBatch(
        legs=keys.legs,
        parts=parts,
        currency=names,
        base_currency=base_currency,
        base_rate=np.array([base_by_currency[name] for name in names]),
        confidence=confidence,
        method=methods,
        is_month_end=np.array([ends[name][0] for name in names]),
        is_quarter_end=np.array([ends[name][1] for name in names]),
        is_year_end=np.array([ends[name][2] for name in names]),
    )


def _last_known(rates: npt.NDArray[np.float64]) -> float:
    there = np.flatnonzero(~np.isnan(rates))
    return float(rates[there[-1]]) if there.size else float("nan")


def _ends(of_day: _Day, currency: str) -> tuple[bool, bool, bool]:
    """Whether the day is the last business day of its month, quarter and year."""
    centers = [center for center in DEFAULT_CENTERS.get(currency, ()) if center in of_day.calendars]
    following = of_day.calendars.joint(centers).add_business_days(of_day.as_of, 1)
    is_month_end = following.month != of_day.as_of.month
    return is_month_end, is_month_end and of_day.as_of.month % 3 == 0, is_month_end and of_day.as_of.month == 12


def _missing(book: Book, market: MarketArrays, values: FlowValues, chosen: Mask) -> tuple[MissingFixing, ...]:
    """What the flows lacked that could not be valued, each thing once per leg."""
    flows, legs = book[FLOWS], book[LEGS]
    rows = np.flatnonzero(chosen & (values.status != OK) & (values.status != ESTIMATED))
    found: dict[MissingFixing, None] = {}
    for row in rows:
        leg = legs[flows[row]["leg"]]
        kind, what = _NAMES_BY_STATUS.get(int(values.status[row]), (EVENTS, "term"))
        name_row, day = int(values.missing_row[row]), int(values.missing_day[row])
        name = book.names[kind][name_row] if 0 <= name_row < len(book.names[kind]) else ""
        on = to_date(day) if day > NO_DAY and day >= market.first_day else None
        found[MissingFixing(book.contracts[leg["contract"]], int(leg["leg_number"]), what, name, on)] = None
    return tuple(found)


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
    }
