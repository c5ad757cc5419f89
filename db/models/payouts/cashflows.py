"""Cashflows, how their status went, and what put them off (spec 07 §3.7, §14, §18)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Integer, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.payouts.columns import (
    CURRENT_USER,
    MONEY,
    Audited,
    Currency,
    Fx,
    Key,
    Money,
    PayoutEntity,
    choice,
    leg_of_contract,
)
from engine.payouts.enums import (
    CashflowStatus,
    CashflowSubtype,
    CashflowType,
    DeferralAction,
    DeferralOutcome,
    DeferralReason,
)

_REALIZED = "('REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'REALIZED_SETTLED')"


class CashflowRow(Audited, PayoutEntity):
    """One amount of one leg, signed for the reporting party; it begins ACCRUED and moves only as spec 07 §14.3 says.

    Triggers refuse other moves, and any change of what was realised.
    """

    __tablename__ = "cashflows"
    __table_args__ = (
        leg_of_contract(),
        UniqueConstraint(
            "leg_id",
            "cashflow_type",
            "cashflow_subtype",
            "accrual_start_date",
            "accrual_end_date",
            "lot_id",
            "dividend_event_id",
            "generation_sequence",
            name="uq_cashflows_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(
            "num_nonnulls(performance_payout_id, interest_rate_payout_id, fixed_price_payout_id) = 1",
            name="one_payout",
        ),
        CheckConstraint("payer_party_id <> receiver_party_id", name="parties_differ"),
        CheckConstraint("accrual_start_date <= accrual_end_date", name="accrual_dates"),
        CheckConstraint("fx_rate > 0", name="fx_rate"),
        CheckConstraint("supersedes_cashflow_id <> id AND superseded_by_cashflow_id <> id", name="chain"),
        CheckConstraint(
            "cashflow_status <> 'REALIZED_DEFERRED'"
            " OR (deferral_date IS NOT NULL AND deferral_reason IS NOT NULL"
            " AND (expected_realization_date IS NOT NULL OR deferral_reason IN ('MARKET_CONDITIONS', 'REGULATORY')))",
            name="deferred",
        ),
        CheckConstraint("expected_realization_date >= deferral_date", name="expected_realization_date"),
        CheckConstraint(
            f"cashflow_status NOT IN {_REALIZED} OR (realization_date IS NOT NULL AND settlement_amount IS NOT NULL)",
            name="realized",
        ),
        CheckConstraint(
            "cashflow_status <> 'REALIZED_SETTLED'"
            " OR (settlement_date IS NOT NULL AND settlement_date >= realization_date)",
            name="settled",
        ),
        Index("ix_cashflows_contract_id", "contract_id", "payment_date"),
        Index("ix_cashflows_cashflow_status", "cashflow_status", "payment_date"),
        Index(
            "ix_cashflows_deferred",
            "expected_realization_date",
            postgresql_where=text("cashflow_status = 'REALIZED_DEFERRED'"),
        ),
        Index(
            "ix_cashflows_unsettled",
            "payment_date",
            "currency",
            postgresql_where=text("cashflow_status = 'REALIZED_UNSETTLED'"),
        ),
        Index("ix_cashflows_calculation_date", "calculation_date"),
        Index("ix_cashflows_parties", "payer_party_id", "receiver_party_id", "currency", "payment_date"),
        Index("ix_cashflows_supersedes", "supersedes_cashflow_id"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID]
    leg_id: Mapped[UUID]
    performance_payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("performance_payout.id"))
    interest_rate_payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("interest_rate_payouts.id"))
    fixed_price_payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("fixed_price_payouts.id"))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("trade_lots.id"))
    dividend_event_id: Mapped[UUID | None] = mapped_column(ForeignKey("dividend_events.id"))
    business_event_id: Mapped[UUID | None] = mapped_column(ForeignKey("business_events.id"))
    supersedes_cashflow_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("cashflows.id", deferrable=True, initially="DEFERRED")
    )
    superseded_by_cashflow_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("cashflows.id", deferrable=True, initially="DEFERRED")
    )
    cashflow_reference: Mapped[str] = mapped_column(unique=True)
    cashflow_type: Mapped[CashflowType] = choice("cashflow_type", CashflowType)
    cashflow_subtype: Mapped[CashflowSubtype | None] = choice("cashflow_subtype", CashflowSubtype)
    generation_sequence: Mapped[int] = mapped_column(server_default=text("1"))
    amount: Mapped[Money]
    absolute_amount: Mapped[Decimal] = mapped_column(MONEY, Computed("abs(amount)", persisted=True), nullable=True)
    settlement_amount: Mapped[Money | None]
    currency: Mapped[Currency]
    fx_rate: Mapped[Fx] = mapped_column(server_default=text("1"))
    base_currency: Mapped[Currency | None]
    base_currency_amount: Mapped[Money | None]
    payer_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    receiver_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    accrual_start_date: Mapped[date]
    accrual_end_date: Mapped[date]
    calculation_date: Mapped[date]
    payment_date: Mapped[date]
    realization_date: Mapped[date | None]
    settlement_date: Mapped[date | None]
    cashflow_status: Mapped[CashflowStatus] = choice("cashflow_status", CashflowStatus, CashflowStatus.ACCRUED)
    deferral_date: Mapped[date | None]
    expected_realization_date: Mapped[date | None]
    deferral_reason: Mapped[DeferralReason | None] = choice("deferral_reason", DeferralReason)
    deferral_period_days: Mapped[int | None] = mapped_column(
        Integer, Computed("expected_realization_date - deferral_date", persisted=True)
    )
    calculation_method: Mapped[str | None]
    calculation_source: Mapped[str | None]
    market_data_snapshot: Mapped[dict[str, Any] | None]
    engine_version: Mapped[str | None]
    input_hash: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default="{}")
    business_metadata: Mapped[dict[str, Any] | None]
    cdm_entity_type: Mapped[str] = mapped_column(server_default="TransferState")
    cdm_global_key: Mapped[str | None] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(server_default=text("1"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 (SQLAlchemy reads it)


class CashflowStatusHistoryRow(PayoutEntity):
    """One move of a cashflow; rows are added only. An extension of a deferral is the one move without a new status."""

    __tablename__ = "cashflow_status_history"
    __table_args__ = (
        CheckConstraint(
            "from_status <> to_status OR (from_status = 'REALIZED_DEFERRED' AND to_status = 'REALIZED_DEFERRED')",
            name="statuses_differ",
        ),
        Index("ix_cashflow_status_history_cashflow_id", "cashflow_id", "changed_at"),
        Index(
            "uq_cashflow_status_history_first", "cashflow_id", unique=True, postgresql_where=text("from_status IS NULL")
        ),
    )

    id: Mapped[Key]
    cashflow_id: Mapped[UUID] = mapped_column(ForeignKey("cashflows.id"))
    from_status: Mapped[CashflowStatus | None] = choice("from_status", CashflowStatus)
    to_status: Mapped[CashflowStatus] = choice("to_status", CashflowStatus)
    status_change_reason: Mapped[str | None]
    effective_date: Mapped[date]
    deferral_reason: Mapped[DeferralReason | None] = choice("deferral_reason", DeferralReason)
    deferral_period_days: Mapped[int | None]
    expected_realization_date: Mapped[date | None]
    changed_by: Mapped[str] = mapped_column(server_default=CURRENT_USER)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    business_justification: Mapped[str | None]
    approval_required: Mapped[bool] = mapped_column(server_default=text("false"))
    approval_received: Mapped[bool] = mapped_column(server_default=text("false"))
    approval_received_by: Mapped[str | None]
    approval_received_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)


class CashflowDeferralRow(Audited, PayoutEntity):
    """One episode of deferral of a cashflow, at most one of them open."""

    __tablename__ = "cashflow_deferrals"
    __table_args__ = (
        CheckConstraint("expected_realization_date >= deferral_date", name="expected_realization_date"),
        CheckConstraint("(ended_date IS NULL) = (outcome IS NULL)", name="ended"),
        CheckConstraint("ended_date >= deferral_date", name="ended_date"),
        Index("ix_cashflow_deferrals_cashflow_id", "cashflow_id", "deferral_date"),
        Index("uq_cashflow_deferrals_open", "cashflow_id", unique=True, postgresql_where=text("ended_date IS NULL")),
    )

    id: Mapped[Key]
    cashflow_id: Mapped[UUID] = mapped_column(ForeignKey("cashflows.id"))
    deferral_date: Mapped[date]
    expected_realization_date: Mapped[date | None]
    deferral_reason: Mapped[DeferralReason] = choice("deferral_reason", DeferralReason)
    deferral_rule_id: Mapped[UUID | None] = mapped_column(ForeignKey("deferral_rules.id"))
    ended_date: Mapped[date | None]
    outcome: Mapped[DeferralOutcome | None] = choice("outcome", DeferralOutcome)
    approved_by: Mapped[str | None]


class DeferralRuleRow(Audited, PayoutEntity):
    """When a cashflow that would be realised is put off instead; the first match by priority applies."""

    __tablename__ = "deferral_rules"
    __table_args__ = (
        CheckConstraint("(action = 'DEFER_DAYS') = (days IS NOT NULL)", name="days"),
        CheckConstraint("days > 0", name="days_positive"),
    )

    id: Mapped[Key]
    priority: Mapped[int]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    reason: Mapped[DeferralReason] = choice("reason", DeferralReason)
    scope: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    action: Mapped[DeferralAction] = choice("action", DeferralAction)
    days: Mapped[int | None]
    approval_required: Mapped[bool] = mapped_column(server_default=text("false"))
    is_released_automatically: Mapped[bool] = mapped_column(server_default=text("true"))
