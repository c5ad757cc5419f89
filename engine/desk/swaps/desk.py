"""The second book's door: what an analyst can do with swaps, from any face.

One call per use case, each a unit of work of its own. What a call needs beyond storage is imported by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.payouts.contracts import ContractLine
from db.store import Store
from engine.desk.records import Progress
from engine.desk.swaps.compiled import CompiledShelf

if TYPE_CHECKING:
    from db.payouts.cashflow_records import MovedCashflow
    from db.payouts.contracts import StoredContract
    from db.payouts.payment_records import NettingInstruction, Payment
    from engine.desk.swaps.contracts import ContractDetail
    from engine.desk.swaps.deferral_rules import DeferralRules
    from engine.desk.swaps.demo import SwapDemo
    from engine.desk.swaps.end_of_day import EndOfDayOutcome
    from engine.desk.swaps.events import DocumentTerms, EventResult
    from engine.desk.swaps.importing import ImportedFile
    from engine.desk.swaps.market_data import CalendarLoad, MarketLoad
    from engine.desk.swaps.settlement import SettlementOutcome
    from engine.desk.swaps.tranches import TranchePricing, TrancheQuote
    from engine.payouts.cdm.overrides import Overrides
    from engine.payouts.enums import DeferralReason
    from engine.payouts.netting import NettingSet
    from engine.payouts.report_table import ReportTable
    from engine.payouts.terms.contract import Contract
    from engine.payouts.terms.parties import Party
    from engine.payouts.transition_requests import AnyRequest


class SwapDesk:
    """The use cases of swaps on one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shelf = CompiledShelf()

    # Contracts

    def import_documents(
        self,
        paths: Sequence[Path],
        *,
        overrides: Mapping[str, "Overrides"] | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> tuple["ImportedFile", ...]:
        """Read CDM documents and store their trades, each file whole or not at all; one outcome for each file.

        A file with an ERROR among its findings stores nothing but is listed with them; the other files go on.
        overrides: by file name, what a document lacks.
        """
        from engine.desk.swaps import importing

        return importing.import_documents(self._store, paths, overrides=overrides, dry_run=dry_run, progress=progress)

    def book(
        self, *, party: str | None = None, contract_type: str | None = None, active_on: date | None = None
    ) -> tuple[ContractLine, ...]:
        """Contracts in the order of their references: of a party, of a type, in force on a day."""
        with self._store.read() as work:
            return work.payouts.contracts.lines(party=party, contract_type=contract_type, active_on=active_on)

    def contract(self, contract_reference: str) -> "Contract":
        """The newest version of a contract. ReferenceDataError CLO-1983 where there is none."""
        with self._store.read() as work:
            return work.payouts.contracts.load(contract_reference).contract

    def create(self, request: "Contract | Mapping[str, Any]") -> "StoredContract":
        """Store a new contract with its dates, checked at the border; the same one again gives the stored one."""
        from engine.desk.swaps import contracts

        return contracts.create(self._store, request)

    def amend(
        self,
        contract_reference: str,
        changes: Mapping[str, object],
        effective: date,
        *,
        expected_version: int | None = None,
    ) -> "StoredContract":
        """Change terms from a day on: a new version whose dates after that day are made anew.

        changes: new values by path, `termination_date` of the contract, `2.interest.spread` of leg 2.
        """
        from engine.desk.swaps import contracts

        return contracts.amend(self._store, contract_reference, changes, effective, expected_version=expected_version)

    def detail(self, contract_reference: str) -> "ContractDetail":
        """A contract with its payouts, events and open findings."""
        from engine.desk.swaps import contracts

        return contracts.detail(self._store, contract_reference)

    def export_cdm(self, contract_reference: str) -> str:
        """A contract as a CDM document."""
        from engine.desk.swaps import contracts

        return contracts.export_cdm(self._store, contract_reference)

    def export_transfers(self, contract_reference: str) -> str:
        """The realised cash flows of a contract as a JSON list of CDM transfer states."""
        from engine.desk.swaps import contracts

        return contracts.export_transfers(self._store, contract_reference)

    # Market data and calendars

    def load_market(self, path: Path, *, dry_run: bool = False) -> "MarketLoad":
        """Read fixings, dividends and corporate actions from a workbook or CSV file and store them, all or nothing."""
        from engine.desk.swaps import market_data

        return market_data.load_market(self._store, path, dry_run=dry_run)

    def load_calendars(
        self, first_year: int = 1990, last_year: int = 2060, *, progress: Progress | None = None
    ) -> "CalendarLoad":
        """Load holidays of the known centers and sessions of the known exchanges; how many days of each, and notes."""
        from engine.desk.swaps import market_data

        return market_data.load_calendars(self._store, first_year, last_year, progress=progress)

    def business_days(self, first: date, last: date) -> tuple[date, ...]:
        """Good days of the dollar's centers from first to last, both included, on the calendars that are loaded."""
        from engine.desk.swaps import market_data

        return market_data.business_days(self._store, first, last)

    def demo(self, *, progress: Progress | None = None) -> "SwapDemo":
        """Store three made-up swaps with their market data and run all their business days; again changes nothing."""
        from engine.desk.swaps import demo

        with self._store.begin() as work:
            made = demo.make_demo(work.payouts)
            to_run = demo.days_to_run(work.payouts, made)
        for done, on in enumerate(to_run):
            if progress is not None:
                progress(f"End of day {on}", done / len(to_run))
            self.end_of_day(on, references=made.references, refreshes_views=on == to_run[-1])
        return made

    # CLO tranches

    def publish_tranche(
        self, deal: str, tranche: str, as_of: date, pricing: "TranchePricing | None" = None
    ) -> "TrancheQuote":
        """Store the price of a tranche on a day and what a stored run pays it, so that swaps on it can be valued.

        Without `pricing` at the price, else the margin, of the deal's sheet, from the newest run. Raises InputError
        CLO-4100 to CLO-4104, and CLO-1970 where the run contradicts a payment that was confirmed.
        """
        from engine.desk.swaps import tranches

        return tranches.publish_tranche(self._store, deal, tranche, as_of, pricing or tranches.AT_THE_SHEET)

    def add_tranche_swap(
        self,
        contract_reference: str,
        deal: str,
        tranche: str,
        face: float,
        *,
        start: date,
        end: date,
        party1: "Party",
        party2: "Party",
        pricing: "TranchePricing | None" = None,
        initial_price: float | None = None,
        spread: float = 0.0,
        payment_delay_days: int = 0,
        netting_agreement_reference: str | None = None,
    ) -> "Contract":
        """Publish a tranche on `start` and store a total return swap on it, which party 1 receives.

        face: original face, currency. initial_price: dirty per unit of it, by default the published one. spread:
        decimal, over the overnight rate. Raises what `publish_tranche` raises.
        """
        from engine.desk.swaps import tranches

        return tranches.add_tranche_swap(
            self._store,
            contract_reference,
            deal,
            tranche,
            face,
            start=start,
            end=end,
            party1=party1,
            party2=party2,
            pricing=pricing or tranches.AT_THE_SHEET,
            initial_price=initial_price,
            spread=spread,
            payment_delay_days=payment_delay_days,
            netting_agreement_reference=netting_agreement_reference,
        )

    # Days

    def end_of_day(
        self,
        as_of: date,
        *,
        references: Sequence[str] | None = None,
        base_currency: str = "USD",
        recompute_since: date | None = None,
        refreshes_views: bool = True,
    ) -> "EndOfDayOutcome":
        """Run a day for all contracts, or for some; running it again changes nothing.

        Deferrals whose day has come are released first, so that the day has what they earn, baskets with weights get
        their first units, and those that are due go back to their weights; one that lacks a close is listed and keeps
        its units, or has none yet.
        recompute_since: correct flows that ended since this day and whose fixings were revised.
        """
        from engine.desk.swaps.deferrals import release_due
        from engine.desk.swaps.end_of_day import run_end_of_day
        from engine.desk.swaps.rebalancing import rebalance_due

        with self._store.read() as work:
            first = work.payouts.end_of_day.first_new_trade(as_of) or as_of
        self._store.prepare_payout_years(*(date(year, 1, 1) for year in range(first.year, as_of.year)), as_of)
        releases = release_due(self._store, as_of, references=references)
        rebalanced = rebalance_due(self._store, as_of, references=references)
        with self._store.begin() as work:
            outcome = run_end_of_day(
                work.payouts,
                self._shelf,
                as_of,
                references=references,
                base_currency=base_currency,
                recompute_since=recompute_since,
                rebalanced=rebalanced,
            )
        if refreshes_views:
            self._store.refresh_payout_views()
        return replace(outcome, releases=releases)

    # Events

    def apply_event(self, path: Path, *, dry_run: bool = False, terms: "DocumentTerms | None" = None) -> "EventResult":
        """Apply the business event of a CDM document to the contract it names; with dry_run tell what it would do.

        A file of our own (`event_files`) is read too: it says what CDM has no words for, as a funding that breaks.
        terms: what the document does not say, as the contract that is meant, or that its trade is to be booked first.
        """
        from engine.desk.swaps import events

        return events.apply_document(self._store, path, dry_run=dry_run, terms=terms)

    def cancel_event(self, contract_reference: str, event_reference: str, *, reason: str) -> "EventResult":
        """Undo an event: the contract as it was before, as a new version."""
        from engine.desk.swaps import events

        return events.cancel(self._store, contract_reference, event_reference, reason=reason)

    # Cash

    def settle(
        self,
        on: date,
        *,
        execute: bool = False,
        excluded: Mapping[str, str] | None = None,
        threshold: Decimal | None = None,
    ) -> "SettlementOutcome":
        """Net what is due on a day; with execute confirm the instructions and make their payments.

        excluded: why, by cash flow that is paid by itself. threshold: amount above which another than the one who
        netted has to confirm, by `confirm_netting`.
        """
        from engine.desk.swaps import settlement

        return settlement.settle(self._store, on, execute=execute, excluded=excluded, threshold=threshold)

    def confirm_netting(self, netting_reference: str) -> "NettingInstruction":
        """Confirm what somebody else netted, so that the next `settle` with execute pays it.

        InputError CLO-1973 for what one netted oneself.
        """
        from engine.desk.swaps import settlement

        return settlement.confirm(self._store, netting_reference, threshold=Decimal(0))

    def netting(self, on: date, *, excluded: Mapping[str, str] | None = None) -> tuple["NettingSet", ...]:
        """What `settle` would net on a day; nothing is stored."""
        from engine.desk.swaps import settlement

        return settlement.preview(self._store, on, excluded=excluded)

    def cancel_netting(self, netting_reference: str) -> "NettingInstruction":
        """Call an instruction back that is not executed; its cash flows are netted anew by the next `settle`."""
        from engine.desk.swaps import settlement

        return settlement.cancel_netting(self._store, netting_reference)

    def complete_payment(self, payment_reference: str, on: date) -> "Payment":
        """The cash of a payment is there: its cash flows are settled with this day."""
        from engine.desk.swaps import settlement

        return settlement.complete(self._store, payment_reference, on).payment

    def send_payment(self, payment_reference: str, on: date) -> "Payment":
        """A payment is on its way."""
        from engine.desk.swaps import settlement

        return settlement.send(self._store, payment_reference, on)

    def fail_payment(self, payment_reference: str, on: date, *, reason: str) -> "Payment":
        """A payment did not arrive; its cash flows stay unsettled until it is tried again."""
        from engine.desk.swaps import settlement

        return settlement.fail(self._store, payment_reference, on, reason)

    def cancel_payment(self, payment_reference: str, on: date, *, reason: str) -> "Payment":
        """A payment is called back before it arrives; its cash flows stay unsettled until it is tried again."""
        from engine.desk.swaps import settlement

        return settlement.cancel(self._store, payment_reference, on, reason)

    def retry_payment(self, payment_reference: str, on: date) -> "Payment":
        """The next attempt at a payment that failed or was cancelled."""
        from engine.desk.swaps import settlement

        return settlement.retry(self._store, payment_reference, on)

    def extend(
        self, cashflow_reference: str, *, business_date: date, until: date | None, changed_by: str, justification: str
    ) -> "MovedCashflow":
        """Put a deferred payment off further. Raises as `life_cycle.transition` does."""
        from engine.desk.swaps import deferrals

        return deferrals.extend(
            self._store,
            cashflow_reference,
            business_date=business_date,
            expected_realization_date=until,
            changed_by=changed_by,
            justification=justification,
        )

    def defer(
        self,
        cashflow_reference: str,
        *,
        reason: "DeferralReason",
        business_date: date,
        until: date | None,
        changed_by: str,
        justification: str,
    ) -> "MovedCashflow":
        """Put a payment off by hand, without a day until it is released. Raises as `life_cycle.transition` does."""
        from engine.desk.swaps import deferrals

        return deferrals.defer(
            self._store,
            cashflow_reference,
            reason=reason,
            business_date=business_date,
            expected_realization_date=until,
            changed_by=changed_by,
            justification=justification,
        )

    def release(
        self, cashflow_reference: str, *, business_date: date, changed_by: str, justification: str = ""
    ) -> "MovedCashflow":
        """Make a deferred payment due. Raises as `life_cycle.transition` does."""
        from engine.desk.swaps import deferrals

        return deferrals.release(
            self._store,
            cashflow_reference,
            business_date=business_date,
            changed_by=changed_by,
            justification=justification,
        )

    @property
    def deferral_rules(self) -> "DeferralRules":
        """The rules by which the end of day puts payments off."""
        from engine.desk.swaps.deferral_rules import DeferralRules

        return DeferralRules(self._store)

    def transition(
        self, cashflow_reference: str, request: "AnyRequest", *, idempotency_key: str | None = None
    ) -> "MovedCashflow":
        """Move a cashflow to another status. Raises as `life_cycle.transition` does."""
        from engine.desk.swaps import life_cycle

        return life_cycle.transition(self._store, cashflow_reference, request, idempotency_key=idempotency_key)

    # Reports

    def report(self, code: str, **arguments: Any) -> "ReportTable":
        """A named report, R-1 to R-15 (spec 07 §20.4). InputError CLO-1991 for an unknown one, naming all."""
        from engine.desk.swaps import reports

        return reports.report(self._store, code, **arguments)

    def workbook(self, path: Path, as_of: date, *, references: Sequence[str] | None = None) -> Path:
        """Write the results workbook: cash-flow calendar, accruals, P&L attribution, deferral ageing, reports."""
        from engine.desk.swaps import results

        return results.write_workbook(self._store, path, as_of, references=references)
