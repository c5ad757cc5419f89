"""Performance payouts, what they follow, and how currencies meet in them (spec 07 §3.3 to §3.5)."""

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models.payouts.columns import (
    Audited,
    Currency,
    Fx,
    Key,
    Money,
    PayoutEntity,
    Price,
    Quantity,
    Rate,
    choice,
    leg_of_contract,
)
from db.models.payouts.contracts import ContractLegRow
from db.models.payouts.parties import InstrumentRow
from engine.payouts.enums import (
    CompositionReason,
    CompositionStatus,
    DayCount,
    FxFeatureType,
    NotionalMode,
    QuoteBasis,
    RebalancingFrequency,
    UnderlierType,
    WeightType,
)

if TYPE_CHECKING:
    from db.models.payouts.returns import ReturnTermsRow
    from db.models.payouts.schedules import PaymentScheduleRow, ValuationScheduleRow


class PerformancePayoutRow(Audited, PayoutEntity):
    """What the payer of an equity leg owes when its underlier moves; one a leg."""

    __tablename__ = "performance_payout"
    __table_args__ = (
        leg_of_contract(),
        UniqueConstraint("leg_id"),
        Index("ix_performance_payout_contract_id", "contract_id"),
    )

    id: Mapped[Key]
    contract_id: Mapped[UUID]
    leg_id: Mapped[UUID]
    payout_type: Mapped[str] = mapped_column(server_default="PERFORMANCE_PAYOUT")
    payout_name: Mapped[str | None]
    payout_description: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    notional_mode: Mapped[NotionalMode] = choice("notional_mode", NotionalMode, NotionalMode.RESET)
    settlement_type: Mapped[str] = mapped_column(server_default="CASH")
    settlement_currency: Mapped[Currency | None]
    first_observation_date: Mapped[date | None]
    cdm_entity_type: Mapped[str] = mapped_column(server_default="PerformancePayout")
    cdm_global_key: Mapped[str | None] = mapped_column(index=True)
    cdm_external_key: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    leg: Mapped[ContractLegRow] = relationship(back_populates="performance")
    underlier: Mapped["UnderlierRow"] = relationship(back_populates="payout", cascade="all, delete-orphan")
    return_terms: Mapped[list["ReturnTermsRow"]] = relationship(back_populates="payout", cascade="all, delete-orphan")
    valuation_schedules: Mapped[list["ValuationScheduleRow"]] = relationship(cascade="all, delete-orphan")
    payment_schedules: Mapped[list["PaymentScheduleRow"]] = relationship(cascade="all, delete-orphan")
    fx_features: Mapped[list["FxFeatureRow"]] = relationship(cascade="all, delete-orphan")
    borrow_fee: Mapped["BorrowFeeRow | None"] = relationship(cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 (SQLAlchemy reads it)


class UnderlierRow(Audited, PayoutEntity):
    """What a payout follows: an instrument, or a basket. `underlier_reference` is a text for people, never unique."""

    __tablename__ = "underliers"
    __table_args__ = (
        UniqueConstraint("performance_payout_id"),
        CheckConstraint("(underlier_type = 'BASKET') = (instrument_id IS NULL)", name="instrument"),
        Index("ix_underliers_underlier_reference", "underlier_reference"),
        Index("ix_underliers_instrument_id", "instrument_id"),
    )

    id: Mapped[Key]
    performance_payout_id: Mapped[UUID] = mapped_column(ForeignKey("performance_payout.id"))
    underlier_type: Mapped[UnderlierType] = choice("underlier_type", UnderlierType)
    instrument_id: Mapped[UUID | None] = mapped_column(ForeignKey("instruments.id"))
    underlier_reference: Mapped[str]
    underlier_name: Mapped[str | None]
    underlier_currency: Mapped[Currency | None]
    exchange: Mapped[str | None]
    sector: Mapped[str | None]
    country: Mapped[str | None]
    cdm_entity_type: Mapped[str] = mapped_column(server_default="Observable")
    cdm_global_key: Mapped[str | None] = mapped_column(index=True)

    payout: Mapped[PerformancePayoutRow] = relationship(back_populates="underlier")
    instrument: Mapped[InstrumentRow | None] = relationship()
    compositions: Mapped[list["BasketCompositionRow"]] = relationship(
        cascade="all, delete-orphan", order_by="BasketCompositionRow.effective_from"
    )


class BasketCompositionRow(Audited, PayoutEntity):
    """What a basket holds from `effective_from` up to, not including, `effective_to`; never two at a time."""

    __tablename__ = "basket_compositions"
    __table_args__ = (
        CheckConstraint("effective_to > effective_from", name="effective_to"),
        CheckConstraint("basket_units > 0", name="basket_units"),
        ExcludeConstraint(
            (text("text_range(basket_underlier_id::text, basket_underlier_id::text, '[]')"), "&&"),
            (func.daterange(text("effective_from"), text("effective_to")), "&&"),
            name="ex_basket_compositions_overlap",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("ix_basket_compositions_basket_underlier_id", "basket_underlier_id", "effective_from"),
    )

    id: Mapped[Key]
    basket_underlier_id: Mapped[UUID] = mapped_column(ForeignKey("underliers.id"))
    effective_from: Mapped[date]
    effective_to: Mapped[date | None]
    rebalancing_frequency: Mapped[RebalancingFrequency] = choice(
        "rebalancing_frequency", RebalancingFrequency, RebalancingFrequency.NONE
    )
    rebalancing_dates: Mapped[list[date]] = mapped_column(ARRAY(Date), server_default="{}")
    next_rebalancing_date: Mapped[date | None]
    basket_units: Mapped[Quantity] = mapped_column(server_default=text("1"))
    status: Mapped[CompositionStatus] = choice("status", CompositionStatus, CompositionStatus.COMPLETE)
    reason: Mapped[CompositionReason] = choice("reason", CompositionReason, CompositionReason.INITIAL)
    basket_value_at_start: Mapped[Money | None]

    constituents: Mapped[list["BasketConstituentRow"]] = relationship(
        cascade="all, delete-orphan", order_by="BasketConstituentRow.position"
    )


class BasketConstituentRow(Audited, PayoutEntity):
    """One instrument of a composition; `position` keeps the order of the document."""

    __tablename__ = "basket_constituents"
    __table_args__ = (
        UniqueConstraint("composition_id", "constituent_instrument_id"),
        CheckConstraint("weight_value >= 0", name="weight_value"),
        CheckConstraint("(weight_type IS NULL) = (weight_value IS NULL)", name="weight"),
        Index("ix_basket_constituents_constituent_instrument_id", "constituent_instrument_id"),
    )

    id: Mapped[Key]
    composition_id: Mapped[UUID] = mapped_column(ForeignKey("basket_compositions.id"))
    position: Mapped[int] = mapped_column(server_default=text("1"))
    constituent_instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instruments.id"))
    weight_type: Mapped[WeightType | None] = choice("weight_type", WeightType)
    weight_value: Mapped[Quantity | None]
    weight_currency: Mapped[Currency | None]
    units: Mapped[Quantity | None]
    initial_price: Mapped[Price | None]
    price_currency: Mapped[Currency | None]
    fx_at_start: Mapped[Fx | None]
    spread_series: Mapped[int | None]

    instrument: Mapped[InstrumentRow] = relationship()


class FxFeatureRow(Audited, PayoutEntity):
    """How the underlier's currency meets the settlement currency; each kind once a payout."""

    __tablename__ = "fx_features"
    __table_args__ = (
        UniqueConstraint(
            "performance_payout_id",
            "fx_feature_type",
            "quote_currency1",
            "quote_currency2",
            name="uq_fx_features_pair",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(
            "fx_feature_type <> 'QUANTO' OR num_nonnulls(quanto_fx_rate, quanto_fx_rate_source) > 0", name="quanto"
        ),
        CheckConstraint(
            "fx_feature_type NOT IN ('COMPOSITE', 'CROSS_CURRENCY') OR quanto_fx_rate IS NULL", name="no_quanto"
        ),
        CheckConstraint("quanto_fx_rate > 0 AND cross_currency_fx_rate > 0", name="rates"),
        CheckConstraint("quote_currency1 <> quote_currency2", name="quote_currencies"),
    )

    id: Mapped[Key]
    performance_payout_id: Mapped[UUID] = mapped_column(ForeignKey("performance_payout.id"))
    fx_feature_type: Mapped[FxFeatureType] = choice("fx_feature_type", FxFeatureType)
    reference_currency: Mapped[Currency]
    quote_currency1: Mapped[Currency | None]
    quote_currency2: Mapped[Currency | None]
    quote_basis: Mapped[QuoteBasis | None] = choice("quote_basis", QuoteBasis)
    quanto_fx_rate: Mapped[Fx | None]
    quanto_fx_rate_source: Mapped[str | None]
    quanto_fixing_time: Mapped[str | None]
    quanto_fixing_timezone: Mapped[str | None]
    composite_determination_method: Mapped[str | None]
    composite_relative_date_offset: Mapped[int | None]
    composite_fx_spot_rate_source: Mapped[str | None]
    cross_currency_fx_rate: Mapped[Fx | None]
    cross_currency_fx_rate_source: Mapped[str | None]
    cross_currency_fixing_time: Mapped[str | None]
    cross_currency_fixing_center: Mapped[str | None]


class BorrowFeeRow(Audited, PayoutEntity):
    """What the short side of a payout pays for borrowed shares; rate is a decimal a year."""

    __tablename__ = "borrow_fees"
    __table_args__ = (
        UniqueConstraint("performance_payout_id"),
        CheckConstraint("rate >= 0", name="rate"),
    )

    id: Mapped[Key]
    performance_payout_id: Mapped[UUID] = mapped_column(ForeignKey("performance_payout.id"))
    payer_party_id: Mapped[UUID] = mapped_column(ForeignKey("parties.id"))
    rate: Mapped[Rate]
    day_count: Mapped[DayCount] = choice("day_count", DayCount)

    steps: Mapped[list["BorrowRateStepRow"]] = relationship(
        cascade="all, delete-orphan", order_by="BorrowRateStepRow.step_date"
    )


class BorrowRateStepRow(Audited, PayoutEntity):
    """The rate of a borrow fee from a date on."""

    __tablename__ = "borrow_rate_steps"
    __table_args__ = (CheckConstraint("rate >= 0", name="rate"),)

    borrow_fee_id: Mapped[UUID] = mapped_column(ForeignKey("borrow_fees.id"), primary_key=True)
    step_date: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Rate]
