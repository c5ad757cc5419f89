"""The funding leg: an interest rate payout; and the fixed leg of a dividend swap."""

from dataclasses import dataclass
from datetime import date

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
from engine.payouts.terms.schedules import PaymentSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSpreadStep:
    """The spread, decimal, from `step_date` on (None: at once). Series 0 is the whole leg, 1 to n constituents."""

    series: int
    spread: float
    step_date: date | None = None
    constituent_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastNotional:
    """What a leg's own notional was up to a day, not included, on which an event changed it."""

    until: date
    notional_amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculationPeriod:
    """One calculation period [adjusted_start, adjusted_end) as generated; period_number counts from 1."""

    period_number: int
    unadjusted_start: date
    unadjusted_end: date
    adjusted_start: date
    adjusted_end: date
    payment_date: date
    fixing_date: date | None = None
    is_stub: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestRatePayout:
    """Terms of a funding leg (spec 07 §3.3, §12). Rates, spreads, caps and floors are decimals a year.

    Where `period_multiplier` is None the periods are those between the equity leg's payment dates. past_notionals: in
    order of their days, what the leg's own notional was before it became what it is.
    """

    rate_kind: RateKind
    day_count: DayCount
    fixed_rate: float | None = None
    floating_rate_index: str | None = None
    index_tenor_multiplier: int | None = None
    index_tenor_unit: PeriodUnit | None = None
    spread: float = 0.0
    multiplier: float = 1.0
    effective_date: date | None = None
    termination_date: date | None = None
    period_multiplier: int | None = None
    period_unit: PeriodUnit | None = None
    roll_convention: str | None = None
    stub_type: str | None = None
    first_regular_start: date | None = None
    last_regular_end: date | None = None
    period_bdc: BusinessDayConvention = BusinessDayConvention.NONE
    period_centers: tuple[str, ...] = ()
    reset_relative_to: ResetRelativeTo = ResetRelativeTo.START
    reset_multiplier: int | None = None
    reset_unit: PeriodUnit | None = None
    fixing_offset_days: int = 0
    fixing_day_type: DayType | None = None
    fixing_centers: tuple[str, ...] = ()
    overnight_method: OvernightMethod | None = None
    observation_shift: ObservationShift = ObservationShift.NONE
    observation_shift_days: int = 0
    observation_centers: tuple[str, ...] = ()
    daily_cap: float | None = None
    daily_floor: float | None = None
    rate_rounding_dp: int | None = None
    compounding_method: CompoundingMethod = CompoundingMethod.NONE
    cap_rate: float | None = None
    floor_rate: float | None = None
    negative_rate_treatment: NegativeRateTreatment = NegativeRateTreatment.NEGATIVE_INTEREST
    initial_stub_rate: float | None = None
    initial_stub_index: str | None = None
    initial_stub_tenor: str | None = None
    final_stub_rate: float | None = None
    final_stub_index: str | None = None
    final_stub_tenor: str | None = None
    notional_source: NotionalSource = NotionalSource.OWN
    spread_steps: tuple[RateSpreadStep, ...] = ()
    past_notionals: tuple[PastNotional, ...] = ()
    calculation_periods: tuple[CalculationPeriod, ...] = ()
    payment_schedules: tuple[PaymentSchedule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPricePayout:
    """The fixed leg of a dividend swap: units times fixed price per dividend period. No price, no valuation."""

    fixed_price: float | None
    currency: str
    price_type: str | None = None
    units: float | None = None
