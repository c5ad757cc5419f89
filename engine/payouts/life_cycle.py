"""The life of a cashflow: which status may follow which, what each move needs, and what it makes of the row.

`apply_transition` is pure. Storage locks the row, calls it, and writes row, history and deferral episode in one
transaction (spec 07 §14.2, §14.3).

InputError
  TransitionError             a move that is refused
    InvalidTransition         CLO-1951: the table does not have it
    StaleVersion              CLO-1952: the row changed since it was read
    MissingDetail             CLO-1953: what the move requires is missing or contradicts the row
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from engine.errors import InputError
from engine.payouts.enums import BusinessDayConvention, CashflowStatus, DeferralOutcome, DeferralReason
from engine.payouts.money import settlement_amount
from engine.payouts.transition_requests import (
    Adjust,
    AnyRequest,
    Approval,
    Cancel,
    Defer,
    Extend,
    Realise,
    Release,
    Settle,
)

_S = CashflowStatus

TRANSITIONS: Mapping[CashflowStatus, frozenset[CashflowStatus]] = {
    _S.ACCRUED: frozenset({_S.REALIZED_DEFERRED, _S.REALIZED_UNSETTLED, _S.CANCELLED, _S.ADJUSTED}),
    _S.REALIZED_DEFERRED: frozenset({_S.REALIZED_DEFERRED, _S.REALIZED_UNSETTLED, _S.CANCELLED, _S.ADJUSTED}),
    _S.REALIZED_UNSETTLED: frozenset({_S.REALIZED_SETTLED, _S.CANCELLED, _S.ADJUSTED}),
    _S.REALIZED_SETTLED: frozenset({_S.ADJUSTED}),
    _S.CANCELLED: frozenset(),
    _S.ADJUSTED: frozenset(),
}
"""Which status may follow which; REALIZED_DEFERRED after itself is an extension."""

OPEN_ENDED_REASONS = frozenset({DeferralReason.MARKET_CONDITIONS, DeferralReason.REGULATORY})
"""Reasons for which a deferral may have no expected date."""


class TransitionError(InputError):
    """A move that is refused; nothing has changed."""


class InvalidTransition(TransitionError):  # noqa: N818  (the name that spec 07 §21 gives)
    """A move that the table does not have."""


class StaleVersion(TransitionError):  # noqa: N818
    """A move decided on a version of the row that is no longer the last."""


class MissingDetail(TransitionError):  # noqa: N818
    """A move without what it requires, or with what contradicts the row."""


class SettlementDays(Protocol):
    """Good settlement days of a cashflow's currency; `JointCalendar` is one."""

    def is_good(self, on: date, /) -> bool:
        """Whether cash can settle on the day."""

    def adjust(self, on: date, convention: BusinessDayConvention, /) -> date:
        """The day moved to a good one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashflowState:
    """A cashflow as its life cycle sees it. Amounts are signed: positive is received by the reporting party.

    settlement_amount: in minor units, from the first realisation on. superseded_by: the correcting cashflow.
    """

    cashflow_reference: str
    status: CashflowStatus
    amount: Decimal
    currency: str
    reporting_party: str
    counterparty: str
    payment_date: date | None = None
    settlement_amount: Decimal | None = None
    realization_date: date | None = None
    deferral_date: date | None = None
    expected_realization_date: date | None = None
    deferral_reason: DeferralReason | None = None
    settlement_date: date | None = None
    payment_reference: str | None = None
    superseded_by: str | None = None
    version: int = 1

    @property
    def due(self) -> Decimal:
        """What is paid: the settlement amount once there is one."""
        return self.amount if self.settlement_amount is None else self.settlement_amount

    @property
    def payer(self) -> str:
        """Who pays: the counterparty of an amount of zero or more."""
        return self.counterparty if self.due >= 0 else self.reporting_party

    @property
    def receiver(self) -> str:
        """Who is paid."""
        return self.reporting_party if self.due >= 0 else self.counterparty


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One row of the status history (spec 07 §3.7)."""

    cashflow_reference: str
    from_status: CashflowStatus
    to_status: CashflowStatus
    effective_date: date
    changed_by: str
    business_justification: str
    deferral_reason: DeferralReason | None
    deferral_period_days: int | None
    expected_realization_date: date | None
    approval_required: bool
    approval: Approval | None
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class Transition:
    """The new state, its history entry, how an open deferral episode ends (None: none is open), whether one begins."""

    state: CashflowState
    history: HistoryEntry
    ended_deferral: DeferralOutcome | None
    begins_deferral: bool


def allowed(current: CashflowStatus, to: CashflowStatus) -> bool:
    """Whether the table has the move."""
    return to in TRANSITIONS[current]


def apply_transition(state: CashflowState, request: AnyRequest, days: SettlementDays) -> Transition:
    """What a move makes of a cashflow; the state it was given is left alone.

    Raises StaleVersion, InvalidTransition and MissingDetail, checked in that order.
    """
    if request.version != state.version:
        raise StaleVersion(
            "CLO-1952",
            f"The cashflow is at version {state.version}, the request was made on version {request.version}",
            where=state.cashflow_reference,
            remedy="Read it again and decide anew.",
        )
    _require_allowed(state, request)
    if request.approval_required and request.approval is None:
        raise _missing(state, "The move needs an approval", "Have it approved, and say by whom and when.")
    moved = _moved(state, request, days)
    return Transition(
        replace(moved, status=request.to, version=state.version + 1),
        _history(state, moved, request),
        _ended_deferral(state, request),
        request.to is _S.REALIZED_DEFERRED,
    )


def _require_allowed(state: CashflowState, request: AnyRequest) -> None:
    """The table, and for the two moves that share a target, the status that tells them apart."""
    is_allowed = allowed(state.status, request.to)
    if isinstance(request, Extend | Release):
        is_allowed = state.status is _S.REALIZED_DEFERRED
    elif isinstance(request, Realise | Defer):
        is_allowed = state.status is _S.ACCRUED
    if is_allowed:
        return
    names = ", ".join(sorted(TRANSITIONS[state.status]))
    raise InvalidTransition(
        "CLO-1951",
        f"{type(request).__name__} leads to {request.to.value}, which is no move from {state.status.value}",
        where=state.cashflow_reference,
        remedy=f"It can become {names}." if names else "It is final; correct it by a new cashflow.",
    )


def _moved(state: CashflowState, request: AnyRequest, days: SettlementDays) -> CashflowState:
    """The row with what the request brings, still under its old status and version."""
    match request:
        case Realise():
            return _realised(state, request)
        case Defer():
            return _deferred(state, request, days)
        case Extend():
            return _extended(state, request, days)
        case Release():
            return _released(state, request, days)
        case Settle():
            return _settled(state, request)
        case Cancel():
            _require_reason(state, request)
            return state
        case Adjust():
            _require_reason(state, request)
            if not request.superseded_by or request.superseded_by == state.cashflow_reference:
                raise _missing(state, "The correcting cashflow is not named", "Set superseded_by to its reference.")
            return replace(state, superseded_by=request.superseded_by)


def _realised(state: CashflowState, request: Realise) -> CashflowState:
    payment_date = request.payment_date or state.payment_date
    if payment_date is None:
        raise _missing(state, "The payment date is not known", "Set payment_date.")
    return replace(
        state,
        payment_date=payment_date,
        realization_date=request.realization_date or request.business_date,
        settlement_amount=settlement_amount(state.amount, state.currency),
    )


def _deferred(state: CashflowState, request: Defer, days: SettlementDays) -> CashflowState:
    _require_reason(state, request)
    deferral_date = request.deferral_date or request.business_date
    _require_expected(state, request.expected_realization_date, request.deferral_reason, deferral_date, days)
    return replace(
        state,
        realization_date=request.realization_date or request.business_date,
        settlement_amount=settlement_amount(state.amount, state.currency),
        deferral_date=deferral_date,
        expected_realization_date=request.expected_realization_date,
        deferral_reason=request.deferral_reason,
    )


def _extended(state: CashflowState, request: Extend, days: SettlementDays) -> CashflowState:
    _require_reason(state, request)
    reason = request.deferral_reason or state.deferral_reason
    if reason is None or state.deferral_date is None:
        raise _missing(state, "The deferral has no reason or date", "Correct the row.")
    expected, before = request.expected_realization_date, state.expected_realization_date
    _require_expected(state, expected, reason, state.deferral_date, days)
    if expected is not None and before is not None and expected <= before:
        raise _missing(
            state, f"{expected} does not extend the deferral to {before}", "Give a later date, or release it."
        )
    return replace(state, expected_realization_date=expected, deferral_reason=reason)


def _released(state: CashflowState, request: Release, days: SettlementDays) -> CashflowState:
    due = max(state.expected_realization_date or request.business_date, request.business_date)
    return replace(state, payment_date=days.adjust(due, BusinessDayConvention.FOLLOWING))


def _settled(state: CashflowState, request: Settle) -> CashflowState:
    if not request.payment_reference:
        raise _missing(state, "The payment is not named", "Set payment_reference.")
    if request.amount != state.settlement_amount:
        raise _missing(
            state,
            f"{request.amount} {state.currency} were paid, {state.settlement_amount} are due",
            "Settle the whole amount; partial payments are refused.",
        )
    if state.realization_date is not None and request.settlement_date < state.realization_date:
        raise _missing(
            state,
            f"Settlement on {request.settlement_date} is before realisation on {state.realization_date}",
            "Correct the settlement date.",
        )
    return replace(state, settlement_date=request.settlement_date, payment_reference=request.payment_reference)


def _require_expected(
    state: CashflowState, expected: date | None, reason: DeferralReason, deferral_date: date, days: SettlementDays
) -> None:
    if expected is None:
        if reason not in OPEN_ENDED_REASONS:
            raise _missing(
                state, f"A deferral for {reason.value} needs an expected date", "Set expected_realization_date."
            )
        return
    if expected < deferral_date:
        raise _missing(state, f"The expected date {expected} is before the deferral on {deferral_date}", "Correct it.")
    if not days.is_good(expected):
        raise _missing(state, f"The expected date {expected} is no good settlement day", "Give a good day.")


def _require_reason(state: CashflowState, request: AnyRequest) -> None:
    if not request.reason.strip():
        raise _missing(state, f"{type(request).__name__} needs a reason", "Say why.")


def _ended_deferral(state: CashflowState, request: AnyRequest) -> DeferralOutcome | None:
    """How the open episode ends. One that another cashflow replaces was cancelled."""
    if state.status is not _S.REALIZED_DEFERRED:
        return None
    if isinstance(request, Release):
        return DeferralOutcome.REALIZED
    return DeferralOutcome.EXTENDED if isinstance(request, Extend) else DeferralOutcome.CANCELLED


def _history(before: CashflowState, after: CashflowState, request: AnyRequest) -> HistoryEntry:
    is_deferral = request.to is _S.REALIZED_DEFERRED
    expected = after.expected_realization_date if is_deferral else None
    period = None
    if expected is not None and after.deferral_date is not None:
        period = (expected - after.deferral_date).days
    return HistoryEntry(
        cashflow_reference=before.cashflow_reference,
        from_status=before.status,
        to_status=request.to,
        effective_date=request.business_date,
        changed_by=request.changed_by,
        business_justification=request.reason,
        deferral_reason=after.deferral_reason if is_deferral else None,
        deferral_period_days=period,
        expected_realization_date=expected,
        approval_required=request.approval_required,
        approval=request.approval,
        idempotency_key=request.idempotency_key,
    )


def _missing(state: CashflowState, problem: str, remedy: str) -> MissingDetail:
    return MissingDetail("CLO-1953", problem, where=state.cashflow_reference, remedy=remedy)
