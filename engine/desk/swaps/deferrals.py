"""Payments that are put off: by rule at the end of a day, by hand, and released again (spec 07 §18)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from db.payouts.cashflow_records import MovedCashflow
from db.payouts.work import PayoutWork
from db.store import Store
from engine.desk.swaps.compensation import settlement_days
from engine.desk.swaps.life_cycle import ANY_VERSION, BatchMove, BatchResult, batch, move_all, transition
from engine.errors import ClodeskError, InputError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.deferral import (
    DeferralAge,
    DeferralDecision,
    aging,
    decide,
    releasable,
)
from engine.payouts.enums import DeferralReason
from engine.payouts.transition_requests import Approval, Defer, Extend, Release

BY_RULE = "deferral rules"
"""Who defers by rule and releases by night, as the history names it."""


@dataclass(frozen=True, slots=True)
class PlannedDeferral:
    """A cashflow that a rule puts off."""

    cashflow_id: UUID
    decision: DeferralDecision


@dataclass(frozen=True, slots=True)
class RefusedDeferral:
    """A cashflow that a rule wants to put off and cannot, as for want of a next payment date."""

    cashflow_id: UUID
    cashflow_reference: str
    error: ClodeskError


@dataclass(frozen=True, slots=True)
class DeferralDecisions:
    """What rules say of cashflows that would be realised; those named here are not to be realised.

    planned are to be deferred; refused stay ACCRUED until somebody realises them, defers them or corrects the rule.
    """

    planned: tuple[PlannedDeferral, ...] = ()
    refused: tuple[RefusedDeferral, ...] = ()

    @property
    def held(self) -> frozenset[UUID]:
        """Keys of the cashflows that are not to be realised."""
        return frozenset([item.cashflow_id for item in self.planned] + [item.cashflow_id for item in self.refused])


@dataclass(frozen=True, slots=True)
class DeferralRun:
    """Cashflows that were deferred, and those whose rule wants an approval that is not there: they stay ACCRUED."""

    deferred: tuple[MovedCashflow, ...]
    awaiting_approval: tuple[PlannedDeferral, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRun:
    """What the nightly job released, what was refused, and the deferrals whose date has come and that wait."""

    as_of: date
    released: tuple[MovedCashflow, ...]
    failed: tuple[BatchResult, ...]
    waiting: tuple[DeferralAge, ...]


def deferral_decisions(work: PayoutWork, as_of: date, cashflow_ids: Sequence[UUID]) -> DeferralDecisions:
    """What the active rules say of ACCRUED cashflows that are about to be realised on a day.

    For the end of day, between writing its flows and realising them: realise all but `held`, and give `planned` to
    `defer_many`. Two statements, none where there is no active rule.
    """
    rules = work.deferrals.rules(only_active=True)
    if not rules or not cashflow_ids:
        return DeferralDecisions()
    calendars = CenterCalendars(work.calendars.calendars())
    planned: list[PlannedDeferral] = []
    refused: list[RefusedDeferral] = []
    for key, candidate in work.deferrals.candidates(cashflow_ids, as_of).items():
        try:
            decision = decide(rules, candidate, as_of, settlement_days(calendars, candidate.currency))
        except InputError as error:
            refused.append(RefusedDeferral(key, candidate.cashflow_reference, error))
            continue
        if decision is not None:
            planned.append(PlannedDeferral(key, decision))
    return DeferralDecisions(tuple(planned), tuple(refused))


def defer_many(
    work: PayoutWork,
    planned: Sequence[PlannedDeferral],
    as_of: date,
    *,
    approvals: Mapping[str, Approval] | None = None,
) -> DeferralRun:
    """Defer what rules decided, in the caller's transaction; the decision is written to the history.

    approvals: by cashflow reference. A rule that wants an approval and has none leaves its cashflow as it is.
    """
    given = approvals or {}
    waiting = tuple(
        item
        for item in planned
        if item.decision.approval_required and item.decision.candidate.cashflow_reference not in given
    )
    ready = [item for item in planned if item not in waiting]
    requests = [(item.decision.candidate.cashflow_reference, _by_rule(item.decision, as_of, given)) for item in ready]
    rules = {item.decision.candidate.cashflow_reference: UUID(item.decision.rule_id) for item in ready}
    return DeferralRun(move_all(work, requests, rules=rules), waiting)


def defer(
    store: Store,
    cashflow_reference: str,
    *,
    reason: DeferralReason,
    business_date: date,
    expected_realization_date: date | None,
    changed_by: str,
    justification: str,
    approval: Approval | None = None,
    expected_version: int = ANY_VERSION,
    idempotency_key: str | None = None,
) -> MovedCashflow:
    """Put a payment off by hand; raises as `life_cycle.transition` does."""
    request = Defer(
        version=expected_version,
        business_date=business_date,
        changed_by=changed_by,
        reason=justification,
        deferral_reason=reason,
        expected_realization_date=expected_realization_date,
        approval_required=approval is not None,
        approval=approval,
    )
    return transition(store, cashflow_reference, request, idempotency_key=idempotency_key)


def extend(
    store: Store,
    cashflow_reference: str,
    *,
    business_date: date,
    expected_realization_date: date | None,
    changed_by: str,
    justification: str,
    reason: DeferralReason | None = None,
    approval: Approval | None = None,
    expected_version: int = ANY_VERSION,
    idempotency_key: str | None = None,
) -> MovedCashflow:
    """Put a deferred payment off further; the reason stays unless given. Raises as `life_cycle.transition` does."""
    request = Extend(
        version=expected_version,
        business_date=business_date,
        changed_by=changed_by,
        reason=justification,
        deferral_reason=reason,
        expected_realization_date=expected_realization_date,
        approval_required=approval is not None,
        approval=approval,
    )
    return transition(store, cashflow_reference, request, idempotency_key=idempotency_key)


def release(
    store: Store,
    cashflow_reference: str,
    *,
    business_date: date,
    changed_by: str,
    justification: str = "",
    expected_version: int = ANY_VERSION,
    idempotency_key: str | None = None,
) -> MovedCashflow:
    """Make a deferred payment due, with a compensation where the contract has a deferral rate."""
    request = Release(
        version=expected_version, business_date=business_date, changed_by=changed_by, reason=justification
    )
    return transition(store, cashflow_reference, request, idempotency_key=idempotency_key)


def release_due(store: Store, as_of: date, *, references: Sequence[str] | None = None) -> ReleaseRun:
    """Release deferrals whose expected date has come and whose rule allows it; list the others that wait.

    references: only of these contracts. Each is released in a transaction of its own; a second run releases nothing. A
    rule that was deactivated since still lets go of what it put off. Deferrals by hand wait for a person, as do those
    without a date.
    """
    with store.read() as work:
        found = {
            item.cashflow.cashflow_reference: item
            for item in work.payouts.deferrals.deferred(as_of)
            if references is None or item.contract_reference in references
        }
    ages = aging([item.cashflow for item in found.values()], as_of)
    ready = [age for age in ages if releasable(age, found[age.cashflow.cashflow_reference].is_automatic)]
    results = batch(
        store,
        [
            BatchMove(
                age.cashflow.cashflow_reference,
                Release(
                    version=found[age.cashflow.cashflow_reference].version,
                    business_date=as_of,
                    changed_by=BY_RULE,
                    reason="expected date has come",
                ),
            )
            for age in ready
        ],
    )
    waiting = [age for age in ages if age not in ready and (age.days_until_expected or 0) <= 0]
    return ReleaseRun(
        as_of,
        tuple(item.moved for item in results if item.moved is not None),
        tuple(item for item in results if item.error is not None),
        tuple(waiting),
    )


def _by_rule(decision: DeferralDecision, as_of: date, approvals: Mapping[str, Approval]) -> Defer:
    reference = decision.candidate.cashflow_reference
    return Defer(
        version=ANY_VERSION,
        business_date=as_of,
        changed_by=BY_RULE,
        reason=_explained(decision),
        deferral_reason=decision.reason,
        expected_realization_date=decision.expected_realization_date,
        deferral_date=decision.deferral_date,
        approval_required=decision.approval_required,
        approval=approvals.get(reference),
    )


def _explained(decision: DeferralDecision) -> str:
    """The rule and what it looked at, for the history."""
    seen = decision.candidate
    inputs = {
        "contract": seen.contract_reference,
        "type": seen.cashflow_type.value,
        "currency": seen.currency,
        "amount": str(seen.amount),
        "parties": list(seen.parties),
        "next_payment_date": None if seen.next_payment_date is None else seen.next_payment_date.isoformat(),
    }
    return f"rule {decision.rule_id} {decision.action.value}: {json.dumps(inputs)}"
