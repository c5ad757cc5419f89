"""Moves of cashflows: one, many in one transaction, or a batch row by row (spec 07 §14.3).

`move_all` performs every move, whoever asks: lock, key, version and table first, then row, history, deferral episode
and message together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from db.payouts.cashflow_records import Compensation, Move, MovedCashflow, PlannedMove, StoredCashflow
from db.payouts.work import PayoutWork
from db.store import Store
from engine.desk.swaps.compensation import Lateness, compensation_of, settlement_days
from engine.errors import ClodeskError, InputError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import CashflowStatus
from engine.payouts.life_cycle import CashflowState, MissingDetail, apply_transition
from engine.payouts.transition_requests import (
    Adjust,
    AnyRequest,
    Cancel,
    Defer,
    Extend,
    Realise,
    Release,
    Settle,
)

ANY_VERSION = 0
"""The version of a request that is made on whatever the row says when it is locked."""

_TOPICS: Mapping[type[AnyRequest], str] = {
    Realise: "cashflow.realised",
    Defer: "cashflow.deferred",
    Extend: "cashflow.extended",
    Release: "cashflow.released",
    Settle: "cashflow.settled",
    Cancel: "cashflow.cancelled",
    Adjust: "cashflow.adjusted",
}


@dataclass(frozen=True, slots=True)
class BatchMove:
    """One row of a batch."""

    cashflow_reference: str
    request: AnyRequest
    idempotency_key: str | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How one row of a batch ended: moved, or refused with an error and unchanged."""

    cashflow_reference: str
    moved: MovedCashflow | None
    error: ClodeskError | None


def transition(
    store: Store,
    cashflow_reference: str,
    request: AnyRequest,
    *,
    expected_version: int | None = None,
    idempotency_key: str | None,
) -> MovedCashflow:
    """Move a cashflow, or give the move that was made before under the same key.

    expected_version: the version that the move was decided on, by default the request's; ANY_VERSION takes the row as
    it stands. Raises StaleVersion, InvalidTransition, MissingDetail (CLO-1952, 1951, 1953; the last also for a
    settlement that no payment made), InputError CLO-1971 for a cashflow that is being paid, CLO-1973 for an approval by
    oneself, CLO-1975 for a key of another move, ReferenceDataError CLO-1977 for an unknown cashflow.
    """
    asked = _with(request, expected_version, idempotency_key)
    with store.begin() as work:
        return move_all(work.payouts, [(cashflow_reference, asked)])[0]


def batch(store: Store, requests: Sequence[BatchMove]) -> tuple[BatchResult, ...]:
    """Move cashflows one by one, each whole or not at all; one result for each row, in their order.

    A row that is refused does not keep the next ones from being moved.
    """
    results = []
    for row in requests:
        moved, error = None, None
        try:
            moved = transition(
                store,
                row.cashflow_reference,
                row.request,
                expected_version=row.expected_version,
                idempotency_key=row.idempotency_key,
            )
        except ClodeskError as refused:
            error = refused
        results.append(BatchResult(row.cashflow_reference, moved, error))
    return tuple(results)


def move_all(
    work: PayoutWork,
    requests: Sequence[tuple[str, AnyRequest]],
    *,
    calendars: CenterCalendars | None = None,
    rules: Mapping[str, UUID] | None = None,
) -> tuple[MovedCashflow, ...]:
    """Move different cashflows in one transaction, all or none; results in the order of the requests.

    rules: key of the deferral rule by cashflow, for deferrals that a rule decided. Raises as `transition` does.
    """
    if not requests:
        return ()
    if calendars is None:
        calendars = CenterCalendars(work.calendars.calendars())
    cashflows = work.life_cycle.lock([reference for reference, _ in requests])
    before = work.life_cycle.made_before(
        {
            request.idempotency_key: (reference, request.to)
            for reference, request in requests
            if request.idempotency_key is not None
        }
    )
    planned: list[PlannedMove] = []
    for cashflow, (_, request) in zip(cashflows, requests, strict=True):
        if request.idempotency_key not in before:
            planned.append(_planned(cashflow, request, calendars, (rules or {}).get(cashflow.state.cashflow_reference)))
    _require_free(work, planned)
    _require_paid(work, planned)
    written = {move.cashflow_reference: move for move in work.life_cycle.write(planned)}
    _compensate_released(work, planned, calendars)
    states = {plan.cashflow.state.cashflow_reference: plan.transition.state for plan in planned}
    return tuple(
        _result(cashflow, request, before, written, states)
        for cashflow, (_, request) in zip(cashflows, requests, strict=True)
    )


def require_another_person(asked_by: str, approved_by: str, where: str) -> None:
    """Four eyes: InputError CLO-1973 where the one who approves is the one who asked."""
    if asked_by == approved_by:
        raise InputError(
            "CLO-1973",
            f"{approved_by} cannot approve what {asked_by} asked for",
            where=where,
            remedy="Have somebody else approve it.",
        )


def _with(request: AnyRequest, expected_version: int | None, idempotency_key: str | None) -> AnyRequest:
    version = request.version if expected_version is None else expected_version
    return replace(request, version=version, idempotency_key=idempotency_key or request.idempotency_key)


def _planned(
    cashflow: StoredCashflow, request: AnyRequest, calendars: CenterCalendars, rule: UUID | None
) -> PlannedMove:
    state = cashflow.state
    if request.version == ANY_VERSION:
        request = replace(request, version=state.version)
    if request.approval is not None:
        require_another_person(request.changed_by, request.approval.approved_by, state.cashflow_reference)
    made = apply_transition(state, request, settlement_days(calendars, state.currency))
    return PlannedMove(cashflow, made, _TOPICS[type(request)], rule)


def _result(
    cashflow: StoredCashflow,
    request: AnyRequest,
    before: Mapping[str, Move],
    written: Mapping[str, Move],
    states: Mapping[str, CashflowState],
) -> MovedCashflow:
    if request.idempotency_key is not None and request.idempotency_key in before:
        return MovedCashflow(before[request.idempotency_key], cashflow.state, is_repeated=True)
    reference = cashflow.state.cashflow_reference
    return MovedCashflow(written[reference], states[reference])


def _require_free(work: PayoutWork, planned: Sequence[PlannedMove]) -> None:
    """What is being paid may not be cancelled or adjusted under the payment; what was paid may be adjusted."""
    due = [
        plan.cashflow.state.cashflow_reference
        for plan in planned
        if plan.cashflow.state.status is CashflowStatus.REALIZED_UNSETTLED
        and plan.transition.state.status is not CashflowStatus.REALIZED_SETTLED
    ]
    if not due:
        return
    for reference, instruction in work.settlement.live_instructions_of(due).items():
        raise InputError(
            "CLO-1971",
            f"The cashflow is being paid by {instruction}",
            where=reference,
            remedy="Cancel the netting instruction first, or correct the cashflow once it is settled.",
        )


def _require_paid(work: PayoutWork, planned: Sequence[PlannedMove]) -> None:
    """Cash is confirmed by the payment that the request names, so that payments and settled cashflows agree."""
    named = {
        plan.cashflow.state.cashflow_reference: plan.transition.state.payment_reference
        for plan in planned
        if plan.transition.state.status is CashflowStatus.REALIZED_SETTLED
    }
    if not named:
        return
    paid = work.settlement.paid_by(list(named))
    for reference, payment in named.items():
        if paid.get(reference) != payment:
            raise MissingDetail(
                "CLO-1953",
                f"{payment} is no completed payment of the cashflow",
                where=reference,
                remedy="Complete its payment, which settles it.",
            )


def _compensate_released(work: PayoutWork, planned: Sequence[PlannedMove], calendars: CenterCalendars) -> None:
    """Deferred amounts earn the contract's deferral rate, where it has one, from the day on which they were due."""
    found: list[Compensation] = []
    for plan in planned:
        before, rate = plan.cashflow.state, plan.cashflow.deferral_rate
        due, paid = before.payment_date, plan.transition.state.payment_date
        is_release = before.status is CashflowStatus.REALIZED_DEFERRED and (
            plan.transition.state.status is CashflowStatus.REALIZED_UNSETTLED
        )
        if is_release and rate is not None and due is not None and paid is not None:
            earned = compensation_of(plan.cashflow, rate, due, paid, Lateness.DEFERRED, calendars)
            found += [] if earned is None else [earned]
    if found:
        work.compensations.add(found, max(plan.transition.history.effective_date for plan in planned))
