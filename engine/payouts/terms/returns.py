"""What a performance payout pays: price, dividend, variance, volatility and correlation terms (spec 07 §3.5)."""

from dataclasses import dataclass
from datetime import date

from engine.payouts.enums import (
    CorrelationMethod,
    CorrelationWeighting,
    DividendAdjustmentStyle,
    DividendAmountType,
    DividendApplicability,
    DividendComposition,
    DividendEntitlement,
    DividendFxDate,
    DividendPaymentReference,
    DividendPeriodConvention,
    NonCashDividendTreatment,
    NotionalScale,
    PerformanceCalculationMethod,
    PriceReturnType,
    RealisedVarianceMethod,
    ReinvestmentPoint,
    StrikeScale,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReturnTerms:
    """Price return; prices are per unit in `initial_price_currency`."""

    return_type: PriceReturnType = PriceReturnType.PRICE
    conversion_factor: float = 1.0
    initial_price: float | None = None
    initial_price_currency: str | None = None
    initial_price_reference: str | None = None
    final_price_reference: str | None = None
    initial_determination_method: str | None = None
    interim_determination_method: str | None = None
    final_determination_method: str | None = None
    price_adjustment_method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendPayoutRatio:
    """Payout ratios of one constituent of a basket, decimals."""

    constituent_reference: str
    total_ratio: float | None = None
    cash_ratio: float | None = None
    non_cash_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendPeriod:
    """An explicit dividend period, both ends included."""

    period_number: int
    start_date: date
    end_date: date
    payment_date: date | None = None
    valuation_date: date | None = None
    constituent_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendReturnTerms:
    """Dividend pass-through. The payout ratio is the net share already; `withholding_rate` informs, it is not applied.

    payment_date_reference is kept as the document's text, in upper snake case, where it is none that can be generated.
    """

    dividend_payout_ratio: float | None = None
    cash_ratio: float | None = None
    non_cash_ratio: float | None = None
    ratio_above_one_allowed: bool = False
    dividend_reinvestment: bool = False
    reinvest_at: ReinvestmentPoint = ReinvestmentPoint.EX_DATE
    dividend_entitlement: DividendEntitlement = DividendEntitlement.EX_DATE
    dividend_amount_type: DividendAmountType | None = None
    first_period: DividendPeriodConvention | None = None
    payment_date_reference: DividendPaymentReference | str | None = None
    payment_offset_days: int | None = None
    payment_offset_day_type: str | None = None
    dividend_fx_date: DividendFxDate = DividendFxDate.EX_DATE
    extraordinary_dividends_party: str | None = None
    excess_dividend_amount_type: str | None = None
    dividend_currency: str | None = None
    dividend_currency_method: str | None = None
    non_cash_dividend_treatment: NonCashDividendTreatment | None = None
    dividend_composition: DividendComposition | None = None
    special_dividends: bool = False
    material_dividend: bool = False
    material_dividend_threshold: float | None = None
    withholding_rate: float | None = None
    payout_ratios: tuple[DividendPayoutRatio, ...] = ()
    periods: tuple[DividendPeriod, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceVolatilityTerms:
    """Variance or volatility return. Strikes, caps and floors are in `strike_scale`; without it nothing is valued."""

    strike_scale: StrikeScale | None = None
    variance_strike_price: float | None = None
    volatility_strike_price: float | None = None
    variance_cap_price: float | None = None
    variance_floor_price: float | None = None
    volatility_cap_price: float | None = None
    volatility_floor_price: float | None = None
    variance_cap_factor: float | None = None
    volatility_cap_factor: float | None = None
    lower_barrier: float | None = None
    upper_barrier: float | None = None
    realised_variance_method: RealisedVarianceMethod | None = None
    days_in_range_adjustment: bool = False
    vega_notional_amount: float | None = None
    vega_notional_currency: str | None = None
    variance_notional_amount: float | None = None
    annualization_factor: int = 252
    expected_trading_days: int | None = None
    initial_level: float | None = None
    initial_level_source: str | None = None
    mean_adjustment: bool = False
    share_price_dividend_adjustment: bool = False
    dividend_applicability: DividendApplicability = DividendApplicability.NONE
    dividend_adjustment_style: DividendAdjustmentStyle = DividendAdjustmentStyle.REDUCE_PREVIOUS
    futures_price_valuation: bool | None = None
    options_price_valuation: bool | None = None
    exchange_traded_contract_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationReturnTerms:
    """Correlation return; strike and bounds are correlations in [-1, 1], the notional is per unit of correlation."""

    correlation_strike: float
    correlation_cap: float | None = None
    correlation_floor: float | None = None
    expected_trading_days: int | None = None
    annualization_factor: int = 252
    correlation_method: CorrelationMethod = CorrelationMethod.PEARSON
    mean_adjustment: bool = False
    weighting: CorrelationWeighting = CorrelationWeighting.EQUAL
    number_of_data_series: int | None = None
    notional_scale: NotionalScale = NotionalScale.PER_UNIT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTerms:
    """The returns of one payout; which of them are there says what it is. Legal sets: price; price and dividend;
    dividend; variance; volatility; correlation (spec 07 §3.5). `variance` and `volatility` share one record type."""

    price: PriceReturnTerms | None = None
    dividend: DividendReturnTerms | None = None
    variance: VarianceVolatilityTerms | None = None
    volatility: VarianceVolatilityTerms | None = None
    correlation: CorrelationReturnTerms | None = None
    performance_calculation_method: PerformanceCalculationMethod = PerformanceCalculationMethod.SIMPLE
