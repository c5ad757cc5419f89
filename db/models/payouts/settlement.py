"""Netting and payments (spec 07 §3.8, §17)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models.payouts.columns import CURRENT_USER, Audited, Currency, Key, Money, PayoutEntity, choice
from engine.payouts.enums import NettingInclusion, NettingStatus, PaymentMethod, PaymentStatus, PaymentType


class NettingInstructionRow(Audited, PayoutEntity):
    """What two parties net on a day in a currency; net_amount > 0: party1 pays. The parties stand in order of id."""

    __tablename__ = "netting_instructions"
    __table_args__ = (
        CheckConstraint("party1_id < party2_id", name="party_order"),
        Index("ix_netting_instructions_netting_date", "netting_date", "netting_currency"),
        Index("ix_netting_instructions_parties", "party1_id", "party2_id"),
    )

    id: Mapped[Key]
    netting_reference: Mapped[str] = mapped_column(unique=True)
    party1_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    party2_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    netting_date: Mapped[date]
    netting_currency: Mapped[Currency]
    net_amount: Mapped[Money]
    netting_status: Mapped[NettingStatus] = choice("netting_status", NettingStatus, NettingStatus.PENDING)
    netting_agreement_reference: Mapped[str | None]
    netting_method: Mapped[str | None]
    confirmed_by: Mapped[str | None]

    cashflows: Mapped[list["NettingCashflowMappingRow"]] = relationship(cascade="all, delete-orphan")


class NettingCashflowMappingRow(Audited, PayoutEntity):
    """A cashflow in an instruction, or kept out of it with a reason. A cashflow is included in one live instruction.

    is_live is a copy of the instruction's status, written by a trigger: an index cannot look into another table.
    """

    __tablename__ = "netting_cashflow_mapping"
    __table_args__ = (
        UniqueConstraint("netting_instruction_id", "cashflow_id"),
        CheckConstraint("inclusion_type = 'INCLUDE' OR exclusion_reason IS NOT NULL", name="exclusion_reason"),
        Index(
            "uq_netting_cashflow_mapping_live",
            "cashflow_id",
            unique=True,
            postgresql_where=text("inclusion_type = 'INCLUDE' AND is_live"),
        ),
    )

    id: Mapped[Key]
    netting_instruction_id: Mapped[UUID] = mapped_column(ForeignKey("netting_instructions.id"))
    cashflow_id: Mapped[UUID] = mapped_column(ForeignKey("cashflows.id"))
    inclusion_type: Mapped[NettingInclusion] = choice("inclusion_type", NettingInclusion, NettingInclusion.INCLUDE)
    exclusion_reason: Mapped[str | None]
    is_live: Mapped[bool] = mapped_column(server_default=text("true"))


class PaymentRow(Audited, PayoutEntity):
    """One movement of cash; a retry is a new payment with the next attempt number."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("payment_amount > 0", name="payment_amount"),
        CheckConstraint("payer_party_id <> receiver_party_id", name="parties_differ"),
        CheckConstraint("payment_status <> 'COMPLETED' OR payment_settlement_date IS NOT NULL", name="completed"),
        CheckConstraint("attempt_number > 0", name="attempt_number"),
        Index("ix_payments_netting_instruction_id", "netting_instruction_id"),
        Index("ix_payments_payment_status", "payment_status", "payment_instruction_date"),
    )

    id: Mapped[Key]
    payment_reference: Mapped[str] = mapped_column(unique=True)
    netting_instruction_id: Mapped[UUID | None] = mapped_column(ForeignKey("netting_instructions.id"))
    payment_type: Mapped[PaymentType] = choice("payment_type", PaymentType, PaymentType.CASH)
    payment_amount: Mapped[Money]
    payment_currency: Mapped[Currency]
    payer_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    receiver_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    payment_method: Mapped[PaymentMethod | None] = choice("payment_method", PaymentMethod)
    payment_status: Mapped[PaymentStatus] = choice("payment_status", PaymentStatus, PaymentStatus.PENDING)
    settlement_method: Mapped[str | None]
    settlement_agent: Mapped[str | None]
    settlement_account: Mapped[str | None]
    payment_instruction_date: Mapped[date | None]
    payment_execution_date: Mapped[date | None]
    payment_settlement_date: Mapped[date | None]
    payment_reason: Mapped[str | None]
    payment_priority: Mapped[str | None]
    attempt_number: Mapped[int] = mapped_column(server_default=text("1"))
    version: Mapped[int] = mapped_column(server_default=text("1"))

    cashflows: Mapped[list["PaymentCashflowRow"]] = relationship(cascade="all, delete-orphan")
    instructions: Mapped[list["PaymentInstructionRow"]] = relationship(cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 (SQLAlchemy reads it)


class PaymentCashflowRow(Audited, PayoutEntity):
    """The part of a payment that is for one cashflow, signed as the cashflow is."""

    __tablename__ = "payment_cashflows"
    __table_args__ = (Index("ix_payment_cashflows_cashflow_id", "cashflow_id"),)

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    cashflow_id: Mapped[UUID] = mapped_column(ForeignKey("cashflows.id"), primary_key=True)
    attributed_amount: Mapped[Money]


class PaymentInstructionRow(Audited, PayoutEntity):
    """Where a payment goes; account numbers and bank codes have valid check digits and form."""

    __tablename__ = "payment_instructions"
    __table_args__ = (
        CheckConstraint(
            "beneficiary_iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'"
            " AND mod_97(substr(beneficiary_iban, 5) || left(beneficiary_iban, 4)) = 1",
            name="beneficiary_iban",
        ),
        CheckConstraint(
            "beneficiary_bic ~ '^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$'"
            " AND coalesce(intermediary_bic, 'AAAAAAAA') ~ '^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$'",
            name="bic",
        ),
        Index("ix_payment_instructions_payment_id", "payment_id"),
    )

    id: Mapped[Key]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    instruction_reference: Mapped[str] = mapped_column(unique=True)
    beneficiary_name: Mapped[str | None]
    beneficiary_account: Mapped[str | None]
    beneficiary_iban: Mapped[str | None]
    beneficiary_bic: Mapped[str | None]
    intermediary_bic: Mapped[str | None]
    remittance_information: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]


class PaymentStatusHistoryRow(PayoutEntity):
    """One move of a payment; rows are added only."""

    __tablename__ = "payment_status_history"
    __table_args__ = (
        CheckConstraint("from_status <> to_status", name="statuses_differ"),
        Index("ix_payment_status_history_payment_id", "payment_id", "changed_at"),
    )

    id: Mapped[Key]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    from_status: Mapped[PaymentStatus | None] = choice("from_status", PaymentStatus)
    to_status: Mapped[PaymentStatus] = choice("to_status", PaymentStatus)
    status_change_reason: Mapped[str | None]
    effective_date: Mapped[date]
    changed_by: Mapped[str] = mapped_column(server_default=CURRENT_USER)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
