"""Records of stored cashflows and their moves (spec 07 §3.7, §14.3)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from engine.payouts.enums import CashflowStatus, CashflowSubtype, CashflowType, DeferralReason
from engine.payouts.life_cycle import CashflowState, Transition


@dataclass(frozen=True, slots=True)
class StoredCashflow:
    """A cashflow with its row key, what it is, and the terms of its contract that payments ask for."""

    cashflow_id: UUID
    contract_reference: str
    netting_agreement: str | None
    cashflow_type: CashflowType
    cashflow_subtype: CashflowSubtype | None
    deferral_rate: float | None
    has_late_compensation: bool
    state: CashflowState


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the status history; from_status is None for the row that began the cashflow."""

    move_id: UUID
    cashflow_reference: str
    from_status: CashflowStatus | None
    to_status: CashflowStatus
    effective_date: date
    changed_by: str
    changed_at: datetime
    reason: str | None
    deferral_reason: DeferralReason | None
    expected_realization_date: date | None
    approved_by: str | None
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class MovedCashflow:
    """A move and the cashflow as it stands. is_repeated: the move had been made before under the same key."""

    move: Move
    state: CashflowState
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """What is to be written: the cashflow as it was locked, and what the move makes of it.

    topic names the message that goes out; deferral_rule_id is the rule that put the payment off, if one did.
    """

    cashflow: StoredCashflow
    transition: Transition
    topic: str
    deferral_rule_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Compensation:
    """Interest on an amount that is paid late, a cashflow of its own; amount is signed as the cashflow's.

    due and paid are the days between which the amount was owed.
    """

    cashflow_reference: str
    compensates: str
    amount: Decimal
    due: date
    paid: date
    payment_date: date
    calculation_method: str
