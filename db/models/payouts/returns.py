"""What a performance payout pays: the returns and their terms, one row of terms a return (spec 07 §3.5)."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models.payouts.columns import Audited, Currency, Key, Money, PayoutEntity, Price, Ratio, choice
from db.models.payouts.parties import InstrumentRow
from db.models.payouts.performance import PerformancePayoutRow
from engine.payouts.enums import (
    CorrelationMethod,
    CorrelationWeighting,
    DividendAdjustmentStyle,
    DividendAmountType,
    DividendApplicability,
    DividendComposition,
    DividendEntitlement,
    DividendFxDate,
    DividendPeriodConvention,
    NonCashDividendTreatment,
    NotionalScale,
    PerformanceCalculationMethod,
    PriceReturnType,
    RealisedVarianceMethod,
    ReinvestmentPoint,
    ReturnSubtype,
    ReturnType,
    StrikeScale,
)

_SIMPLE = PerformanceCalculationMethod.SIMPLE


class ReturnTermsRow(Audited, PayoutEntity):
    """One return of a payout. Which returns a payout may have together, a deferred trigger checks.

    return_subtype follows from the price return terms, is_cumulative from the payout's notional mode.
    """

    __tablename__ = "return_terms"
    __table_args__ = (UniqueConstraint("performance_payout_id", "return_type"),)

    id: Mapped[Key]
    performance_payout_id: Mapped[UUID] = mapped_column(ForeignKey("performance_payout.id"))
    return_type: Mapped[ReturnType] = choice("return_type", ReturnType)
    return_subtype: Mapped[ReturnSubtype | None] = choice("return_subtype", ReturnSubtype)
    is_cumulative: Mapped[bool] = mapped_column(server_default=text("false"))
    performance_calculation_method: Mapped[PerformanceCalculationMethod] = choice(
        "performance_calculation_method", PerformanceCalculationMethod, _SIMPLE
    )

    payout: Mapped[PerformancePayoutRow] = relationship(back_populates="return_terms")
    price: Mapped["PriceReturnTermsRow | None"] = relationship(cascade="all, delete-orphan")
    dividend: Mapped["DividendReturnTermsRow | None"] = relationship(cascade="all, delete-orphan")
    variance_volatility: Mapped["VarianceVolatilityTermsRow | None"] = relationship(cascade="all, delete-orphan")
    correlation: Mapped["CorrelationReturnTermsRow | None"] = relationship(cascade="all, delete-orphan")


class PriceReturnTermsRow(Audited, PayoutEntity):
    """Price return; TOTAL without a dividend return is the return of an index that contains income."""

    __tablename__ = "price_return_terms"

    id: Mapped[Key]
    return_terms_id: Mapped[UUID] = mapped_column(ForeignKey("return_terms.id"), unique=True)
    return_type: Mapped[PriceReturnType] = choice("return_type", PriceReturnType, PriceReturnType.PRICE)
    conversion_factor: Mapped[Ratio] = mapped_column(server_default=text("1"))
    initial_price: Mapped[Price | None]
    initial_price_currency: Mapped[Currency | None]
    initial_price_reference: Mapped[str | None]
    final_price_reference: Mapped[str | None]
    initial_determination_method: Mapped[str | None]
    interim_determination_method: Mapped[str | None]
    final_determination_method: Mapped[str | None]
    price_adjustment_method: Mapped[str | None]


class DividendReturnTermsRow(Audited, PayoutEntity):
    """Dividend pass-through. payment_date_reference is a text: values that cannot be generated are kept as written."""

    __tablename__ = "dividend_return_terms"
    __table_args__ = (
        CheckConstraint(
            "dividend_payout_ratio >= 0 AND (dividend_payout_ratio <= 1 OR ratio_above_one_allowed)",
            name="dividend_payout_ratio",
        ),
        CheckConstraint("withholding_rate BETWEEN 0 AND 1", name="withholding_rate"),
    )

    id: Mapped[Key]
    return_terms_id: Mapped[UUID] = mapped_column(ForeignKey("return_terms.id"), unique=True)
    dividend_payout_ratio: Mapped[Ratio | None]
    cash_ratio: Mapped[Ratio | None]
    non_cash_ratio: Mapped[Ratio | None]
    ratio_above_one_allowed: Mapped[bool] = mapped_column(server_default=text("false"))
    dividend_reinvestment: Mapped[bool] = mapped_column(server_default=text("false"))
    reinvest_at: Mapped[ReinvestmentPoint] = choice("reinvest_at", ReinvestmentPoint, ReinvestmentPoint.EX_DATE)
    dividend_entitlement: Mapped[DividendEntitlement] = choice(
        "dividend_entitlement", DividendEntitlement, DividendEntitlement.EX_DATE
    )
    dividend_amount_type: Mapped[DividendAmountType | None] = choice("dividend_amount_type", DividendAmountType)
    first_period: Mapped[DividendPeriodConvention | None] = choice("first_period", DividendPeriodConvention)
    payment_date_reference: Mapped[str | None]
    payment_offset_days: Mapped[int | None]
    payment_offset_day_type: Mapped[str | None]
    dividend_fx_date: Mapped[DividendFxDate] = choice("dividend_fx_date", DividendFxDate, DividendFxDate.EX_DATE)
    extraordinary_dividends_party: Mapped[str | None]
    excess_dividend_amount_type: Mapped[str | None]
    dividend_currency: Mapped[Currency | None]
    dividend_currency_method: Mapped[str | None]
    non_cash_dividend_treatment: Mapped[NonCashDividendTreatment | None] = choice(
        "non_cash_dividend_treatment", NonCashDividendTreatment
    )
    dividend_composition: Mapped[DividendComposition | None] = choice("dividend_composition", DividendComposition)
    special_dividends: Mapped[bool] = mapped_column(server_default=text("false"))
    material_dividend: Mapped[bool] = mapped_column(server_default=text("false"))
    material_dividend_threshold: Mapped[Money | None]
    withholding_rate: Mapped[Ratio | None]

    payout_ratios: Mapped[list["DividendPayoutRatioRow"]] = relationship(cascade="all, delete-orphan")
    periods: Mapped[list["DividendPeriodRow"]] = relationship(
        cascade="all, delete-orphan", order_by="DividendPeriodRow.period_number"
    )


class DividendPayoutRatioRow(Audited, PayoutEntity):
    """Payout ratios of one constituent of a basket."""

    __tablename__ = "dividend_payout_ratios"

    dividend_return_terms_id: Mapped[UUID] = mapped_column(ForeignKey("dividend_return_terms.id"), primary_key=True)
    constituent_instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instruments.id"), primary_key=True)
    total_ratio: Mapped[Ratio | None]
    cash_ratio: Mapped[Ratio | None]
    non_cash_ratio: Mapped[Ratio | None]

    instrument: Mapped[InstrumentRow] = relationship()


class DividendPeriodRow(Audited, PayoutEntity):
    """An explicit dividend period of the whole underlier or of one constituent, both ends included."""

    __tablename__ = "dividend_periods"
    __table_args__ = (
        UniqueConstraint(
            "dividend_return_terms_id",
            "period_number",
            "constituent_instrument_id",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("start_date <= end_date", name="dates"),
    )

    id: Mapped[Key]
    dividend_return_terms_id: Mapped[UUID] = mapped_column(ForeignKey("dividend_return_terms.id"))
    period_number: Mapped[int]
    start_date: Mapped[date]
    end_date: Mapped[date]
    payment_date: Mapped[date | None]
    valuation_date: Mapped[date | None]
    constituent_instrument_id: Mapped[UUID | None] = mapped_column(ForeignKey("instruments.id"))

    instrument: Mapped[InstrumentRow | None] = relationship()


class VarianceVolatilityTermsRow(Audited, PayoutEntity):
    """Variance or volatility return; strikes, caps and floors are in `strike_scale`."""

    __tablename__ = "variance_volatility_terms"
    __table_args__ = (
        CheckConstraint("num_nonnulls(variance_strike_price, volatility_strike_price) = 1", name="one_strike"),
        CheckConstraint("expected_trading_days > 0", name="expected_trading_days"),
        CheckConstraint("annualization_factor > 0", name="annualization_factor"),
        CheckConstraint("lower_barrier <= upper_barrier", name="barriers"),
    )

    id: Mapped[Key]
    return_terms_id: Mapped[UUID] = mapped_column(ForeignKey("return_terms.id"), unique=True)
    strike_scale: Mapped[StrikeScale | None] = choice("strike_scale", StrikeScale)
    variance_strike_price: Mapped[Price | None]
    volatility_strike_price: Mapped[Price | None]
    variance_cap_price: Mapped[Price | None]
    variance_floor_price: Mapped[Price | None]
    volatility_cap_price: Mapped[Price | None]
    volatility_floor_price: Mapped[Price | None]
    variance_cap_factor: Mapped[Ratio | None]
    volatility_cap_factor: Mapped[Ratio | None]
    lower_barrier: Mapped[Price | None]
    upper_barrier: Mapped[Price | None]
    realised_variance_method: Mapped[RealisedVarianceMethod | None] = choice(
        "realised_variance_method", RealisedVarianceMethod
    )
    days_in_range_adjustment: Mapped[bool] = mapped_column(server_default=text("false"))
    vega_notional_amount: Mapped[Money | None]
    vega_notional_currency: Mapped[Currency | None]
    variance_notional_amount: Mapped[Money | None]
    annualization_factor: Mapped[int] = mapped_column(server_default=text("252"))
    expected_trading_days: Mapped[int | None]
    initial_level: Mapped[Price | None]
    initial_level_source: Mapped[str | None]
    mean_adjustment: Mapped[bool] = mapped_column(server_default=text("false"))
    share_price_dividend_adjustment: Mapped[bool] = mapped_column(server_default=text("false"))
    dividend_applicability: Mapped[DividendApplicability] = choice(
        "dividend_applicability", DividendApplicability, DividendApplicability.NONE
    )
    dividend_adjustment_style: Mapped[DividendAdjustmentStyle] = choice(
        "dividend_adjustment_style", DividendAdjustmentStyle, DividendAdjustmentStyle.REDUCE_PREVIOUS
    )
    futures_price_valuation: Mapped[bool | None]
    options_price_valuation: Mapped[bool | None]
    exchange_traded_contract_reference: Mapped[str | None]


class CorrelationReturnTermsRow(Audited, PayoutEntity):
    """Correlation return; strike and bounds are correlations."""

    __tablename__ = "correlation_return_terms"
    __table_args__ = (
        CheckConstraint("correlation_strike > -1 AND correlation_strike < 1", name="correlation_strike"),
        CheckConstraint("correlation_cap BETWEEN -1 AND 1", name="correlation_cap"),
        CheckConstraint("correlation_floor BETWEEN -1 AND 1", name="correlation_floor"),
        CheckConstraint("correlation_floor <= correlation_cap", name="bounds"),
        CheckConstraint("expected_trading_days > 0", name="expected_trading_days"),
        CheckConstraint("annualization_factor > 0", name="annualization_factor"),
        CheckConstraint("number_of_data_series > 0", name="number_of_data_series"),
    )

    id: Mapped[Key]
    return_terms_id: Mapped[UUID] = mapped_column(ForeignKey("return_terms.id"), unique=True)
    correlation_strike: Mapped[Ratio]
    correlation_cap: Mapped[Ratio | None]
    correlation_floor: Mapped[Ratio | None]
    expected_trading_days: Mapped[int | None]
    annualization_factor: Mapped[int] = mapped_column(server_default=text("252"))
    correlation_method: Mapped[CorrelationMethod] = choice(
        "correlation_method", CorrelationMethod, CorrelationMethod.PEARSON
    )
    mean_adjustment: Mapped[bool] = mapped_column(server_default=text("false"))
    weighting: Mapped[CorrelationWeighting] = choice("weighting", CorrelationWeighting, CorrelationWeighting.EQUAL)
    number_of_data_series: Mapped[int | None]
    notional_scale: Mapped[NotionalScale] = choice("notional_scale", NotionalScale, NotionalScale.PER_UNIT)
