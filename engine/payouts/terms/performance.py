"""The performance payout of an equity leg: underlier, returns, schedules, FX."""

from dataclasses import dataclass
from datetime import date

from engine.errors import InputError
from engine.payouts.enums import (
    CompositionReason,
    CompositionStatus,
    FxFeatureType,
    NotionalMode,
    QuoteBasis,
    RebalancingFrequency,
    UnderlierType,
    WeightType,
)
from engine.payouts.terms.borrow import BorrowFee
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.returns import ReturnTerms
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketConstituent:
    """One instrument of a basket. PERCENTAGE weights are fractions that sum to 1; `units` are those of one basket unit,
    resolved at the start of the composition; `fx_at_start` is basket currency per price currency."""

    instrument: Instrument
    weight_type: WeightType | None = None
    weight_value: float | None = None
    weight_currency: str | None = None
    units: float | None = None
    initial_price: float | None = None
    price_currency: str | None = None
    fx_at_start: float | None = None
    spread_series: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketComposition:
    """What a basket holds from `effective_from` up to, not including, `effective_to`."""

    effective_from: date
    effective_to: date | None = None
    rebalancing_frequency: RebalancingFrequency = RebalancingFrequency.NONE
    rebalancing_dates: tuple[date, ...] = ()
    next_rebalancing_date: date | None = None
    basket_units: float = 1.0
    status: CompositionStatus = CompositionStatus.COMPLETE
    reason: CompositionReason = CompositionReason.INITIAL
    basket_value_at_start: float | None = None
    constituents: tuple[BasketConstituent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Underlier:
    """What a payout follows: one instrument, or a basket with its compositions in date order."""

    underlier_type: UnderlierType
    underlier_reference: str
    underlier_name: str | None = None
    underlier_currency: str | None = None
    exchange: str | None = None
    cdm_global_key: str | None = None
    instrument: Instrument | None = None
    compositions: tuple[BasketComposition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FxFeature:
    """How the underlier's currency meets the settlement currency (spec 07 §11). A rate is quoted by `quote_basis`."""

    fx_feature_type: FxFeatureType
    reference_currency: str
    quote_currency1: str | None = None
    quote_currency2: str | None = None
    quote_basis: QuoteBasis | None = None
    quanto_fx_rate: float | None = None
    quanto_fx_rate_source: str | None = None
    quanto_fixing_time: str | None = None
    quanto_fixing_timezone: str | None = None
    composite_determination_method: str | None = None
    composite_relative_date_offset: int | None = None
    composite_fx_spot_rate_source: str | None = None
    cross_currency_fx_rate: float | None = None
    cross_currency_fx_rate_source: str | None = None
    cross_currency_fixing_time: str | None = None
    cross_currency_fixing_center: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformancePayout:
    """What the payer of an equity leg owes when its underlier moves.

    first_observation_date: of variance, volatility and correlation payouts, the day of S_0 (spec 07 §13.1).
    borrow_fee: of a position in units, what its short side pays beside. Raises InputError CLO-1989 for one on a payout
    without price return.
    """

    underlier: Underlier
    returns: ReturnTerms
    notional_mode: NotionalMode = NotionalMode.RESET
    payout_name: str | None = None
    payout_description: str | None = None
    is_active: bool = True
    settlement_type: str = "CASH"
    settlement_currency: str | None = None
    first_observation_date: date | None = None
    cdm_global_key: str | None = None
    cdm_external_key: str | None = None
    valuation_schedules: tuple[ValuationSchedule, ...] = ()
    payment_schedules: tuple[PaymentSchedule, ...] = ()
    fx_features: tuple[FxFeature, ...] = ()
    borrow_fee: BorrowFee | None = None

    def __post_init__(self) -> None:
        if self.borrow_fee is not None and self.returns.price is None:
            raise InputError(
                "CLO-1989",
                f"The payout on {self.underlier.underlier_reference} has a borrow fee and no price return, so that"
                " there is no position to borrow for",
                where="borrow_fee",
                remedy="Leave the fee out, or put it on the leg that pays the price return.",
            )
