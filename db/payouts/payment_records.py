"""Records of netting instructions and payments (spec 07 §3.8, §17)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from engine.payouts.enums import NettingStatus, PaymentStatus, PaymentType


@dataclass(frozen=True, slots=True)
class NettingInstruction:
    """What two parties net on a day: `payer` pays `amount`, zero where nothing is left (payment_type NONE).

    excluded_because: why its only cashflow is paid gross, None for the others.
    """

    netting_id: UUID
    netting_reference: str
    payer: str
    receiver: str
    netting_date: date
    currency: str
    amount: Decimal
    status: NettingStatus
    payment_type: PaymentType
    netting_agreement: str | None
    created_by: str
    confirmed_by: str | None
    cashflow_references: tuple[str, ...]
    excluded_because: str | None


@dataclass(frozen=True, slots=True)
class Payment:
    """One movement of cash and the cashflows that it pays."""

    payment_id: UUID
    payment_reference: str
    netting_reference: str
    payment_type: PaymentType
    amount: Decimal
    currency: str
    payer: str
    receiver: str
    status: PaymentStatus
    attempt_number: int
    instruction_date: date | None
    execution_date: date | None
    settlement_date: date | None
    cashflow_references: tuple[str, ...]
