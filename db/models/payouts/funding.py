"""Interest rate payouts of funding legs, fixed price payouts of dividend swaps (spec 07 §3.3)."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models.payouts.columns import (
    Audited,
    Currency,
    Key,
    Money,
    PayoutEntity,
    Price,
    Quantity,
    Rate,
    Ratio,
    choice,
    leg_of_contract,
)
from db.models.payouts.contracts import ContractLegRow
from db.models.payouts.parties import InstrumentRow
from db.models.payouts.schedules import PaymentScheduleRow
from engine.payouts.enums import (
    BusinessDayConvention,
    CompoundingMethod,
    DayCount,
    DayType,
    NegativeRateTreatment,
    NotionalSource,
    ObservationShift,
    OvernightMethod,
    PeriodUnit,
    RateKind,
    ResetRelativeTo,
)


class InterestRatePayoutRow(Audited, PayoutEntity):
    """Terms of a funding leg; rates, spreads, caps and floors are decimals a year."""

    __tablename__ = "interest_rate_payouts"
    __table_args__ = (
        leg_of_contract(),
        UniqueConstraint("leg_id"),
        CheckConstraint("termination_date >= effective_date", name="termination_date"),
        CheckConstraint("period_multiplier > 0", name="period_multiplier"),
        CheckConstraint("floor_rate <= cap_rate", name="cap_floor"),
        CheckConstraint("daily_floor <= daily_cap", name="daily_cap_floor"),
        Index("ix_interest_rate_payouts_contract_id", "contract_id"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID]
    leg_id: Mapped[UUID]
    rate_kind: Mapped[RateKind] = choice("rate_kind", RateKind)
    fixed_rate: Mapped[Rate | None]
    floating_rate_index: Mapped[str | None]
    index_tenor_multiplier: Mapped[int | None]
    index_tenor_unit: Mapped[PeriodUnit | None] = choice("index_tenor_unit", PeriodUnit)
    spread: Mapped[Rate] = mapped_column(server_default=text("0"))
    multiplier: Mapped[Ratio] = mapped_column(server_default=text("1"))
    day_count: Mapped[DayCount] = choice("day_count", DayCount)
    effective_date: Mapped[date | None]
    termination_date: Mapped[date | None]
    period_multiplier: Mapped[int | None]
    period_unit: Mapped[PeriodUnit | None] = choice("period_unit", PeriodUnit)
    roll_convention: Mapped[str | None]
    stub_type: Mapped[str | None]
    first_regular_start: Mapped[date | None]
    last_regular_end: Mapped[date | None]
    period_bdc: Mapped[BusinessDayConvention] = choice("period_bdc", BusinessDayConvention, BusinessDayConvention.NONE)
    period_centers: Mapped[list[str]] = mapped_column(server_default="{}")
    reset_relative_to: Mapped[ResetRelativeTo] = choice("reset_relative_to", ResetRelativeTo, ResetRelativeTo.START)
    reset_multiplier: Mapped[int | None]
    reset_unit: Mapped[PeriodUnit | None] = choice("reset_unit", PeriodUnit)
    fixing_offset_days: Mapped[int] = mapped_column(server_default=text("0"))
    fixing_day_type: Mapped[DayType | None] = choice("fixing_day_type", DayType)
    fixing_centers: Mapped[list[str]] = mapped_column(server_default="{}")
    overnight_method: Mapped[OvernightMethod | None] = choice("overnight_method", OvernightMethod)
    observation_shift: Mapped[ObservationShift] = choice("observation_shift", ObservationShift, ObservationShift.NONE)
    observation_shift_days: Mapped[int] = mapped_column(server_default=text("0"))
    observation_centers: Mapped[list[str]] = mapped_column(server_default="{}")
    daily_cap: Mapped[Rate | None]
    daily_floor: Mapped[Rate | None]
    rate_rounding_dp: Mapped[int | None]
    compounding_method: Mapped[CompoundingMethod] = choice(
        "compounding_method", CompoundingMethod, CompoundingMethod.NONE
    )
    cap_rate: Mapped[Rate | None]
    floor_rate: Mapped[Rate | None]
    negative_rate_treatment: Mapped[NegativeRateTreatment] = choice(
        "negative_rate_treatment", NegativeRateTreatment, NegativeRateTreatment.NEGATIVE_INTEREST
    )
    initial_stub_rate: Mapped[Rate | None]
    initial_stub_index: Mapped[str | None]
    initial_stub_tenor: Mapped[str | None]
    final_stub_rate: Mapped[Rate | None]
    final_stub_index: Mapped[str | None]
    final_stub_tenor: Mapped[str | None]
    notional_source: Mapped[NotionalSource] = choice("notional_source", NotionalSource, NotionalSource.OWN)

    leg: Mapped[ContractLegRow] = relationship(back_populates="interest")
    spread_steps: Mapped[list["RateSpreadStepRow"]] = relationship(
        cascade="all, delete-orphan", order_by="(RateSpreadStepRow.series, RateSpreadStepRow.step_date.nulls_first())"
    )
    past_notionals: Mapped[list["PastNotionalRow"]] = relationship(
        cascade="all, delete-orphan", order_by="PastNotionalRow.until"
    )
    calculation_periods: Mapped[list["CalculationPeriodRow"]] = relationship(
        cascade="all, delete-orphan", order_by="CalculationPeriodRow.period_number"
    )
    payment_schedules: Mapped[list[PaymentScheduleRow]] = relationship(cascade="all, delete-orphan")


class RateSpreadStepRow(Audited, PayoutEntity):
    """The spread from a date on; no date: from the start, which is why the key is a number of its own."""

    __tablename__ = "rate_spread_steps"
    __table_args__ = (
        UniqueConstraint("interest_rate_payout_id", "series", "step_date", postgresql_nulls_not_distinct=True),
        CheckConstraint("series >= 0", name="series"),
    )

    id: Mapped[Key]
    interest_rate_payout_id: Mapped[UUID] = mapped_column(ForeignKey("interest_rate_payouts.id"))
    series: Mapped[int]
    step_date: Mapped[date | None]
    spread: Mapped[Rate]
    constituent_instrument_id: Mapped[UUID | None] = mapped_column(ForeignKey("instruments.id"))

    instrument: Mapped[InstrumentRow | None] = relationship()


class PastNotionalRow(Audited, PayoutEntity):
    """What a leg's own notional was up to a day, not included."""

    __tablename__ = "past_notionals"
    __table_args__ = (CheckConstraint("notional_amount >= 0", name="notional_amount"),)

    interest_rate_payout_id: Mapped[UUID] = mapped_column(ForeignKey("interest_rate_payouts.id"), primary_key=True)
    until: Mapped[date] = mapped_column(primary_key=True)
    notional_amount: Mapped[Money]


class CalculationPeriodRow(Audited, PayoutEntity):
    """One calculation period as generated; stored so that amendments are visible."""

    __tablename__ = "calculation_periods"
    __table_args__ = (CheckConstraint("adjusted_start <= adjusted_end", name="dates"),)

    interest_rate_payout_id: Mapped[UUID] = mapped_column(ForeignKey("interest_rate_payouts.id"), primary_key=True)
    period_number: Mapped[int] = mapped_column(primary_key=True)
    unadjusted_start: Mapped[date]
    unadjusted_end: Mapped[date]
    adjusted_start: Mapped[date]
    adjusted_end: Mapped[date]
    payment_date: Mapped[date]
    fixing_date: Mapped[date | None]
    is_stub: Mapped[bool] = mapped_column(server_default=text("false"))


class FixedPricePayoutRow(Audited, PayoutEntity):
    """The fixed leg of a dividend swap; no price, no valuation."""

    __tablename__ = "fixed_price_payouts"
    __table_args__ = (
        leg_of_contract(),
        UniqueConstraint("leg_id"),
        Index("ix_fixed_price_payouts_contract_id", "contract_id"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID]
    leg_id: Mapped[UUID]
    fixed_price: Mapped[Price | None]
    price_type: Mapped[str | None]
    units: Mapped[Quantity | None]
    currency: Mapped[Currency]

    leg: Mapped[ContractLegRow] = relationship(back_populates="fixed_price")
