"""Valuation and payment schedules, and the dates that were generated from them."""

from dataclasses import dataclass
from datetime import date

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledDate:
    """One date of a schedule before and after adjustment; sequence counts from 1."""

    sequence: int
    unadjusted_date: date
    adjusted_date: date
    status: ScheduledDateStatus = ScheduledDateStatus.PLANNED


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDate:
    """One payment date and the sequence numbers of the valuation dates (or calculation periods) that it pays."""

    sequence: int
    unadjusted_date: date
    adjusted_date: date
    pays_sequences: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationSchedule:
    """When a payout is valued: the initial, the interim or the final dates (spec 07 §6.3).

    EXPLICIT lists `explicit_dates`; PARAMETRIC rolls every `period_multiplier` `period_unit` from
    `first_valuation_date` to `last_valuation_date`; RELATIVE shifts the date set `relative_to` by `offset_days` of
    `day_type`. `dates` holds what was generated.
    """

    role: ScheduleRole
    schedule_type: ScheduleType
    explicit_dates: tuple[date, ...] = ()
    period_multiplier: int | None = None
    period_unit: PeriodUnit | None = None
    first_valuation_date: date | None = None
    last_valuation_date: date | None = None
    roll_convention: str | None = None
    valuation_time: str | None = None
    valuation_timezone: str | None = None
    valuation_time_type: str | None = None
    determination_method: str | None = None
    relative_to: str | None = None
    offset_days: int | None = None
    day_type: DayType | None = None
    business_day_convention: BusinessDayConvention = BusinessDayConvention.NONE
    business_centers: tuple[str, ...] = ()
    disruption: Disruption = Disruption.MOVE_FOLLOWING
    dates: tuple[ScheduledDate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSchedule:
    """When a leg pays: interim or final dates. Fields as in `ValuationSchedule`; the delay is counted in
    `delay_day_type` from what `pay_relative_to` names."""

    role: ScheduleRole
    schedule_type: ScheduleType
    explicit_dates: tuple[date, ...] = ()
    period_multiplier: int | None = None
    period_unit: PeriodUnit | None = None
    first_payment_date: date | None = None
    last_payment_date: date | None = None
    roll_convention: str | None = None
    relative_to: str | None = None
    pay_relative_to: PayRelativeTo = PayRelativeTo.VALUATION_DATE
    payment_delay_days: int = 0
    delay_day_type: DayType | None = None
    business_day_convention: BusinessDayConvention = BusinessDayConvention.NONE
    business_centers: tuple[str, ...] = ()
    dates: tuple[PaymentDate, ...] = ()
