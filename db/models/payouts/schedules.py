"""Valuation and payment schedules with the dates that were made from them (spec 07 §3.5)."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Date, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column, relationship

from db.models.payouts.columns import Audited, Key, PayoutEntity, choice
from engine.payouts.enums import (
    BusinessDayConvention,
    DayType,
    Disruption,
    PayRelativeTo,
    PeriodUnit,
    ScheduledDateStatus,
    ScheduleRole,
    ScheduleType,
)

_NO_ADJUSTMENT = BusinessDayConvention.NONE


def _frequency() -> MappedColumn[str | None]:
    """The frequency in a word, which the length of the period decides; the database writes it."""
    return mapped_column(Text, Computed("frequency_word(period_multiplier, period_unit)", persisted=True))


class ValuationScheduleRow(Audited, PayoutEntity):
    """When a payout is valued: its initial, interim or final dates."""

    __tablename__ = "valuation_schedules"
    __table_args__ = (
        UniqueConstraint("performance_payout_id", "role"),
        CheckConstraint("period_multiplier > 0", name="period_multiplier"),
        CheckConstraint("first_valuation_date <= last_valuation_date", name="dates"),
        Index("ix_valuation_schedules_business_centers", "business_centers", postgresql_using="gin"),
    )

    id: Mapped[Key]
    performance_payout_id: Mapped[UUID] = mapped_column(ForeignKey("performance_payout.id"))
    role: Mapped[ScheduleRole] = choice("role", ScheduleRole)
    schedule_type: Mapped[ScheduleType] = choice("schedule_type", ScheduleType)
    explicit_dates: Mapped[list[date]] = mapped_column(ARRAY(Date), server_default="{}")
    valuation_frequency: Mapped[str | None] = _frequency()
    period_multiplier: Mapped[int | None]
    period_unit: Mapped[PeriodUnit | None] = choice("period_unit", PeriodUnit)
    first_valuation_date: Mapped[date | None]
    last_valuation_date: Mapped[date | None]
    roll_convention: Mapped[str | None]
    valuation_time: Mapped[str | None]
    valuation_timezone: Mapped[str | None]
    valuation_time_type: Mapped[str | None]
    determination_method: Mapped[str | None]
    relative_to: Mapped[str | None]
    offset_days: Mapped[int | None]
    day_type: Mapped[DayType | None] = choice("day_type", DayType)
    business_day_convention: Mapped[BusinessDayConvention] = choice(
        "business_day_convention", BusinessDayConvention, _NO_ADJUSTMENT
    )
    business_centers: Mapped[list[str]] = mapped_column(server_default="{}")
    disruption: Mapped[Disruption] = choice("disruption", Disruption, Disruption.MOVE_FOLLOWING)

    dates: Mapped[list["ValuationDateRow"]] = relationship(
        cascade="all, delete-orphan", order_by="ValuationDateRow.sequence"
    )


class ValuationDateRow(Audited, PayoutEntity):
    """One date of a schedule before and after adjustment."""

    __tablename__ = "valuation_dates"
    __table_args__ = (Index("ix_valuation_dates_adjusted_date", "adjusted_date"),)

    valuation_schedule_id: Mapped[UUID] = mapped_column(ForeignKey("valuation_schedules.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    unadjusted_date: Mapped[date]
    adjusted_date: Mapped[date]
    status: Mapped[ScheduledDateStatus] = choice("status", ScheduledDateStatus, ScheduledDateStatus.PLANNED)


class PaymentScheduleRow(Audited, PayoutEntity):
    """When a performance payout or an interest rate payout pays; it belongs to one of the two."""

    __tablename__ = "payment_schedules"
    __table_args__ = (
        UniqueConstraint("performance_payout_id", "role"),
        UniqueConstraint("interest_rate_payout_id", "role"),
        CheckConstraint("num_nonnulls(performance_payout_id, interest_rate_payout_id) = 1", name="one_payout"),
        CheckConstraint("period_multiplier > 0", name="period_multiplier"),
        CheckConstraint("first_payment_date <= last_payment_date", name="dates"),
        Index("ix_payment_schedules_business_centers", "business_centers", postgresql_using="gin"),
    )

    id: Mapped[Key]
    performance_payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("performance_payout.id"))
    interest_rate_payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("interest_rate_payouts.id"))
    role: Mapped[ScheduleRole] = choice("role", ScheduleRole)
    schedule_type: Mapped[ScheduleType] = choice("schedule_type", ScheduleType)
    explicit_dates: Mapped[list[date]] = mapped_column(ARRAY(Date), server_default="{}")
    payment_frequency: Mapped[str | None] = _frequency()
    period_multiplier: Mapped[int | None]
    period_unit: Mapped[PeriodUnit | None] = choice("period_unit", PeriodUnit)
    first_payment_date: Mapped[date | None]
    last_payment_date: Mapped[date | None]
    roll_convention: Mapped[str | None]
    relative_to: Mapped[str | None]
    pay_relative_to: Mapped[PayRelativeTo] = choice("pay_relative_to", PayRelativeTo, PayRelativeTo.VALUATION_DATE)
    payment_delay_days: Mapped[int] = mapped_column(server_default=text("0"))
    delay_day_type: Mapped[DayType | None] = choice("delay_day_type", DayType)
    business_day_convention: Mapped[BusinessDayConvention] = choice(
        "business_day_convention", BusinessDayConvention, _NO_ADJUSTMENT
    )
    business_centers: Mapped[list[str]] = mapped_column(server_default="{}")

    dates: Mapped[list["PaymentDateRow"]] = relationship(
        cascade="all, delete-orphan", order_by="PaymentDateRow.sequence"
    )


class PaymentDateRow(Audited, PayoutEntity):
    """One payment date and the sequence numbers of the valuation dates or calculation periods that it pays."""

    __tablename__ = "payment_dates"
    __table_args__ = (Index("ix_payment_dates_adjusted_date", "adjusted_date"),)

    payment_schedule_id: Mapped[UUID] = mapped_column(ForeignKey("payment_schedules.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    unadjusted_date: Mapped[date]
    adjusted_date: Mapped[date]
    pays_sequences: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{}")
