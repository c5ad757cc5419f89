"""What may be asked of a cashflow: a record for each move, with what the move requires (spec 07 §14.3)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from engine.payouts.enums import CashflowStatus, DeferralReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved a move, and when."""

    approved_by: str
    approved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What every move says: the version it was decided on, the business date, who asks and why.

    `reason` is the justification. The same idempotency_key again is the same request; storage recognises it.
    """

    to: ClassVar[CashflowStatus]
    version: int
    business_date: date
    changed_by: str
    reason: str = ""
    idempotency_key: str | None = None
    approval_required: bool = False
    approval: Approval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Realise(Request):
    """An accrued amount becomes final and due. Dates are the business date and the row's payment date by default."""

    to = CashflowStatus.REALIZED_UNSETTLED
    realization_date: date | None = None
    payment_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer(Request):
    """An accrued amount becomes final and its payment is put off; both dates are the business date by default."""

    to = CashflowStatus.REALIZED_DEFERRED
    deferral_reason: DeferralReason
    expected_realization_date: date | None = None
    deferral_date: date | None = None
    realization_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Request):
    """A deferred payment is put off further, or for good reasons without a date; the reason stays unless given."""

    to = CashflowStatus.REALIZED_DEFERRED
    expected_realization_date: date | None = None
    deferral_reason: DeferralReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Request):
    """A deferred payment becomes due: on its expected date, or today if that is later, moved to a good day."""

    to = CashflowStatus.REALIZED_UNSETTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Request):
    """Cash is confirmed: on which day, by which payment (or netting instruction that paid nothing), how much."""

    to = CashflowStatus.REALIZED_SETTLED
    settlement_date: date
    payment_reference: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Request):
    """The amount will not be paid; `reason` says why."""

    to = CashflowStatus.CANCELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust(Request):
    """Another cashflow corrects this one; `reason` says why. What was paid stays paid."""

    to = CashflowStatus.ADJUSTED
    superseded_by: str


AnyRequest = Realise | Defer | Extend | Release | Settle | Cancel | Adjust
