"""A year of a desk, made from a seed: 200 swaps of all types, their market, their events, run day by day.

Every weekday of 2024, and of two weeks after it, is run in order: the events of the day, the end of day, then cash. The
contracts begin all over the year and live two to four months, so that about sixty are alive at any time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from db.payouts.findings import FindingRepository
from db.payouts.payment_records import Payment
from db.payouts.work import PayoutWork
from db.store import Store
from engine.conventions.calendar import Calendar
from engine.desk.swaps import deferrals, events, settlement
from engine.desk.swaps.deferral_rules import DeferralRules
from engine.desk.swaps.desk import SwapDesk
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.schedule import with_schedules
from engine.payouts.deferral import DeferralRule, DeferralScope
from engine.payouts.enums import DeferralAction, DeferralReason
from engine.payouts.terms.contract import Contract
from tests.desk.swaps.simulated_contracts import BUILDERS
from tests.desk.swaps.simulated_events import Planned, planned_events
from tests.desk.swaps.simulated_market import FIRST, HOLIDAYS, LAST, Market, next_good, put_calendars, simulated_market
from tests.desk.swaps.simulated_terms import Slot

N_CONTRACTS = 200
LAST_END = date(2024, 12, 13)
"""Every contract matures by then; what is left of the year pays the last amounts."""

CALENDARS = CenterCalendars({code: Calendar.of(days) for code, days in HOLIDAYS.items()})
FAILING_FROM = date(2024, 6, 3)
"""The first payment due from this day on does not arrive."""

DEFERRING_FROM = (date(2024, 4, 8), date(2024, 8, 12))
"""The first dividend to be found waiting on or after each of these days is put off."""

RULE = DeferralRule(
    rule_id="00000000-0000-4000-8000-000000000001",
    priority=1,
    reason=DeferralReason.BUSINESS_RULE,
    action=DeferralAction.DEFER_DAYS,
    scope=DeferralScope(currency="GBP", party="FUND-2", amount_below=Decimal(100)),
    days=5,
    releases_automatically=True,
)
"""Small amounts of one fund wait five days."""

PUT_OFF_BY, EXTENDED_BY = 10, 15
"""Calendar days from a deferral to the day it is expected, and from there to the day after its extension."""


@dataclass(slots=True)
class YearLog:
    """What happened while the year was run."""

    missing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    corrected: list[date] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)


def simulated_contracts(
    market: Market, rng: np.random.Generator, n_contracts: int = N_CONTRACTS
) -> tuple[Contract, ...]:
    """Contracts with their dates, types in turn, begun all over the year and living two to four months."""
    everywhere = tuple(HOLIDAYS)
    found = []
    for number in range(n_contracts):
        length = int(rng.integers(58, 125))
        start = FIRST + timedelta(days=int(rng.integers(6, (LAST_END - FIRST).days - length)))
        start, end = (next_good(on, *everywhere) for on in (start, start + timedelta(days=length)))
        builder = BUILDERS[number % len(BUILDERS)]
        reference = f"{builder.__name__.upper().replace('_', '-')}-{number:03}"
        # What a builder chooses by the number differs each time it comes round.
        slot = Slot(reference, start, end, market, number // len(BUILDERS) + number % len(BUILDERS))
        found.append(with_schedules(builder(slot), CALENDARS)[0])
    return tuple(found)


def stored_year(work: PayoutWork, seed: int, n_contracts: int = N_CONTRACTS) -> tuple[Market, tuple[Contract, ...]]:
    """The market and the contracts of a seed, stored."""
    rng = np.random.default_rng(seed)
    market = simulated_market(rng)
    contracts = simulated_contracts(market, rng, n_contracts)
    put_calendars(work)
    work.contracts.add_many(contracts)
    market.put(work, {one.reference: one for contract in contracts for one in contract.instruments}.values())
    return market, contracts


def weekdays(first: date = FIRST, last: date = LAST) -> Iterator[date]:
    """Mondays to Fridays: on each at least one of the three markets is open, or nothing happens."""
    for n in range((last - first).days + 1):
        on = first + timedelta(days=n)
        if on.weekday() < 5:
            yield on


@dataclass(slots=True)
class Year:
    """A desk with its planned events, and what is under way between two days."""

    store: Store
    planned: Sequence[Planned]
    log: YearLog = field(default_factory=YearLog)
    _under_way: list[Payment] = field(default_factory=list)
    _put_off: dict[str, date] = field(default_factory=dict)
    _desk: SwapDesk = field(init=False)

    def __post_init__(self) -> None:
        self._desk = SwapDesk(self.store)

    def run(self, days: Sequence[date], repeated: Sequence[date] = ()) -> None:
        """Run the days in order; those to be repeated are run twice in a row."""
        DeferralRules(self.store).add(RULE)
        for on in days:
            self._apply_events(on)
            self._defer(on)
            self._close(on)
            if on in repeated:
                self._repeat(on)
            self._settle(on)

    def _apply_events(self, on: date) -> None:
        """Who enters an event has read its warnings: they are resolved, and lower no confidence of days gone by."""
        for planned in self.planned:
            if planned.on == on:
                events.apply(self.store, planned.contract_reference, planned.event)
                with self.store.begin() as work:
                    FindingRepository(work.driver).resolve(planned.contract_reference)

    def _close(self, on: date) -> None:
        outcome = self._desk.end_of_day(on, refreshes_views=False)
        self.log.refused += [f"{on} {one.contract_reference} {one.error}" for one in outcome.failures]
        self.log.missing += [f"{on} {one}" for one in outcome.missing]
        if outcome.n_corrections:
            self.log.corrected.append(on)

    def _repeat(self, on: date) -> None:
        before = checksums(self.store)
        self._desk.end_of_day(on, refreshes_views=False)
        differing = [name for name, checksum in checksums(self.store).items() if before[name] != checksum]
        self.log.repeated += [f"{on} {name}" for name in differing]

    def rerun(self, on: date) -> None:
        """Run a day of the past again, and note what it changed."""
        self._repeat(on)

    def _defer(self, on: date) -> None:
        """Put a dividend off on certain days; the second is extended once, both are released when they are expected."""
        if len(self.log.deferred) < len(DEFERRING_FROM) and on >= DEFERRING_FROM[len(self.log.deferred)]:
            waiting = self._waiting_dividend(on)
            if waiting is not None:
                self._begin(waiting, on)
        for reference in [name for name, expected in self._put_off.items() if expected == on]:
            is_second = reference in self.log.deferred[1:]
            if is_second and reference not in self.log.extended:
                self._extend(reference, on)
            else:
                del self._put_off[reference]
                deferrals.release(self.store, reference, business_date=on, changed_by="DESK")

    def _waiting_dividend(self, on: date) -> str | None:
        with self.store.read() as work:
            row = work.driver.execute(
                "SELECT cashflow_reference FROM cashflows WHERE cashflow_type = 'DIVIDEND' AND payment_date > %s"
                " AND cashflow_status = 'ACCRUED' AND amount <> 0 ORDER BY payment_date, cashflow_reference LIMIT 1",
                (on,),
            ).fetchone()
        return None if row is None else str(row[0])

    def _begin(self, reference: str, on: date) -> None:
        self._put_off[reference] = next_good(on + timedelta(days=PUT_OFF_BY), *HOLIDAYS)
        self.log.deferred.append(reference)
        deferrals.defer(
            self.store,
            reference,
            reason=DeferralReason.COUNTERPARTY_REQUEST,
            business_date=on,
            expected_realization_date=self._put_off[reference],
            changed_by="DESK",
            justification="the fund asked for it",
        )

    def _extend(self, reference: str, on: date) -> None:
        self.log.extended.append(reference)
        self._put_off[reference] = next_good(on + timedelta(days=EXTENDED_BY), *HOLIDAYS)
        deferrals.extend(
            self.store,
            reference,
            business_date=on,
            expected_realization_date=self._put_off[reference],
            changed_by="DESK",
            justification="asked again",
        )

    def _settle(self, on: date) -> None:
        if self._is_anything_due(on):
            outcome = settlement.settle(self.store, on, execute=True)
            self.log.refused += [f"{on} {one.netting_reference} {one.error}" for one in outcome.failures]
            self._under_way += outcome.payments
        for payment in [one for one in self._under_way if (one.execution_date or on) <= on]:
            self._under_way.remove(payment)
            if on >= FAILING_FROM and not self.log.retried:
                self._fail_and_retry(payment, on)
                continue
            settlement.complete(self.store, payment.payment_reference, payment.execution_date or on)

    def _is_anything_due(self, on: date) -> bool:
        with self.store.read() as work:
            row = work.driver.execute(
                "SELECT EXISTS (SELECT FROM cashflows WHERE cashflow_status = 'REALIZED_UNSETTLED'"
                " AND payment_date <= %s)",
                (on,),
            ).fetchone()
        return row is not None and bool(row[0])

    def _fail_and_retry(self, payment: Payment, on: date) -> None:
        """The payment bounces; another attempt leaves on the next day on which everybody is open."""
        self.log.retried.append(payment.payment_reference)
        settlement.send(self.store, payment.payment_reference, on)
        settlement.fail(self.store, payment.payment_reference, on, "account closed")
        again = next_good(on + timedelta(days=1), *HOLIDAYS)
        self._under_way.append(settlement.retry(self.store, payment.payment_reference, again))


def year_of(store: Store, market: Market, contracts: Sequence[Contract]) -> Year:
    """The year of stored contracts, not run yet."""
    return Year(store, planned_events(contracts, market))


CHECKED_TABLES: Mapping[str, str] = {
    "cashflows": "t",
    "cashflow_status_history": "t",
    "daily_accruals": "t",
    "unrealized_pnl_timeseries": "t",
    "cashflow_deferrals": "t",
    "netting_instructions": "t",
    "payments": "t",
    "contracts": "t",
    "contract_versions": "(t.contract_id, t.version, t.state)",
    "payout_outbox": "t",
}
"""Tables that a repeated day leaves as they are, with what of a row is compared: all but what was compiled and kept."""


def checksums(store: Store) -> dict[str, tuple[int, int]]:
    """Number of rows and a checksum over all of their columns, by table."""
    found = {}
    with store.read() as work:
        for name, row in CHECKED_TABLES.items():
            count, total = work.driver.execute(
                # Names and columns are those of the table above.
                f"SELECT count(*), coalesce(sum(hashtextextended({row}::text, 0)::numeric), 0) FROM {name} t"  # noqa: S608
            ).fetchone() or (0, 0)
            found[name] = (int(count), int(total))
    return found
