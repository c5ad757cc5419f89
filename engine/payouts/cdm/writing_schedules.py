"""Dates and schedules of a payout as CDM blocks."""

import re
from datetime import date
from typing import Any

from engine.payouts.cdm.codes import CONVENTION_NAMES, DAY_TYPE_NAMES, PAY_RELATIVE_NAMES, camel
from engine.payouts.cdm.dates import (
    FINAL_PAYMENT,
    FINAL_VALUATION,
    INITIAL_VALUATION,
    INTERIM_PAYMENT,
    INTERIM_VALUATION,
)
from engine.payouts.cdm.schedules import default_pay
from engine.payouts.cdm.writing_names import Names
from engine.payouts.enums import BusinessDayConvention, DayType, ScheduleRole, ScheduleType
from engine.payouts.terms.contract import Leg
from engine.payouts.terms.returns import PriceReturnTerms
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule

VALUATIONS = {
    ScheduleRole.INITIAL: ("initialValuationDate", "valuationDate", INITIAL_VALUATION),
    ScheduleRole.INTERIM: ("interimValuationDate", "valuationDates", INTERIM_VALUATION),
    ScheduleRole.FINAL: ("finalValuationDate", "valuationDate", FINAL_VALUATION),
}
EXPRESSION = re.compile(r"(-?\d+)([DWMY])(?: (\w+))? rel (.+)")


def convention_name(convention: BusinessDayConvention) -> str:
    """A business day convention in the document's spelling."""
    return CONVENTION_NAMES.get(convention.value, convention.value)


def adjustments(convention: BusinessDayConvention, centers: tuple[str, ...] = ()) -> dict[str, Any]:
    """Business day adjustments."""
    block: dict[str, Any] = {"businessDayConvention": convention_name(convention)}
    if centers:
        block["businessCenters"] = {"businessCenter": [{"@data": center} for center in centers]}
    return block


def fixed_date(day: date, convention: BusinessDayConvention = BusinessDayConvention.NOT_APPLICABLE) -> dict[str, Any]:
    """An adjustable date."""
    return {"adjustableDate": {"unadjustedDate": day.isoformat(), "dateAdjustments": adjustments(convention)}}


def date_block(day: date | None, expression: str | None, convention: str | None) -> dict[str, Any]:
    """A date of the contract: relative, where it was said so, else fixed."""
    rule = BusinessDayConvention(convention) if convention in set(BusinessDayConvention) else None
    found = EXPRESSION.fullmatch(expression or "")
    if found is None:
        if day is None:
            return {}
        return fixed_date(day, rule or BusinessDayConvention.NOT_APPLICABLE)
    multiplier, period, day_type, name = found.groups()
    block: dict[str, Any] = {"periodMultiplier": int(multiplier), "period": period}
    if day_type:
        block["dayType"] = day_type
    block.update(adjustments(rule or BusinessDayConvention.NOT_APPLICABLE))
    block["dateRelativeTo"] = {"@ref:external": name}
    return {"relativeDate": block}


def _frequency(multiplier: int | None, unit: str | None, roll: str | None) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for key, value in (("periodMultiplier", multiplier), ("period", unit), ("rollConvention", roll)):
        if value is not None:
            block[key] = value
    return block


def _relative(
    days: int, day_type: DayType | None, schedule: ValuationSchedule | PaymentSchedule, target: str
) -> dict[str, Any]:
    block: dict[str, Any] = {"periodMultiplier": days, "period": "D"}
    if day_type is not None:
        block["dayType"] = DAY_TYPE_NAMES[day_type]
    block.update(adjustments(schedule.business_day_convention, schedule.business_centers))
    block["dateRelativeTo"] = {"@ref:external": target}
    return block


def _periodic(schedule: ValuationSchedule | PaymentSchedule, first: date | None, last: date | None) -> dict[str, Any]:
    block: dict[str, Any] = {}
    if first is not None:
        block["startDate"] = fixed_date(first)
    if last is not None:
        block["endDate"] = fixed_date(last)
    unit = schedule.period_unit.value if schedule.period_unit is not None else None
    block["periodFrequency"] = _frequency(schedule.period_multiplier, unit, schedule.roll_convention)
    block["periodDatesAdjustments"] = adjustments(schedule.business_day_convention, schedule.business_centers)
    return {"periodicDates": block}


def _explicit(schedule: ValuationSchedule | PaymentSchedule, *, is_set: bool) -> dict[str, Any]:
    days = [day.isoformat() for day in schedule.explicit_dates]
    rule = adjustments(schedule.business_day_convention, schedule.business_centers)
    if is_set or len(days) > 1:
        return {"adjustableDates": {"unadjustedDate": days, "dateAdjustments": rule}}
    return {"adjustableDate": {"unadjustedDate": days[0] if days else None, "dateAdjustments": rule}}


def valuation_dates(
    leg: Leg, schedules: tuple[ValuationSchedule, ...], price: PriceReturnTerms | None, names: Names
) -> dict[str, Any]:
    """The block `valuationDates` of a performance payout."""
    blocks: dict[str, Any] = {}
    methods = {}
    if price is not None:
        methods = {
            ScheduleRole.INITIAL: price.initial_determination_method,
            ScheduleRole.INTERIM: price.interim_determination_method,
            ScheduleRole.FINAL: price.final_determination_method,
        }
    for role, (key, inner, meaning) in VALUATIONS.items():
        block: dict[str, Any] = {}
        schedule = next((one for one in schedules if one.role is role), None)
        method = (schedule.determination_method if schedule else None) or methods.get(role)
        if method is not None:
            block["determinationMethod"] = camel(method)
        if schedule is not None:
            block[inner] = {"@key:external": names.date_key(leg, meaning), **_valuation(leg, schedule, names)}
            if schedule.valuation_time_type is not None:
                block["valuationTimeType"] = camel(schedule.valuation_time_type)
            if schedule.valuation_time is not None or schedule.valuation_timezone is not None:
                block["valuationTime"] = clock(schedule.valuation_time, schedule.valuation_timezone)
        if block:
            blocks[key] = block
    return blocks


def clock(time: str | None, center: str | None) -> dict[str, Any]:
    """A time of day at a business center."""
    block: dict[str, Any] = {}
    if time is not None:
        block["hourMinuteTime"] = time
    if center is not None:
        block["businessCenter"] = {"@data": center}
    return block


def _valuation(leg: Leg, schedule: ValuationSchedule, names: Names) -> dict[str, Any]:
    is_set = schedule.role is ScheduleRole.INTERIM
    if schedule.schedule_type is ScheduleType.RELATIVE and schedule.relative_to is not None:
        target = names.reference(leg, schedule.relative_to, is_valuation=True)
        block = _relative(schedule.offset_days or 0, schedule.day_type, schedule, target)
        return {"relativeDates" if is_set else "relativeDate": block}
    if schedule.schedule_type is ScheduleType.PARAMETRIC:
        return _periodic(schedule, schedule.first_valuation_date, schedule.last_valuation_date)
    return _explicit(schedule, is_set=is_set)


def payment_dates(
    leg: Leg, schedules: tuple[PaymentSchedule, ...], names: Names, *, has_final: bool = True
) -> dict[str, Any]:
    """The block `paymentDates` of a payout; the final date stands elsewhere where `has_final` is not set."""
    block: dict[str, Any] = {}
    for schedule in schedules:
        is_interim = schedule.role is ScheduleRole.INTERIM
        if not is_interim and not has_final:
            continue
        meaning = INTERIM_PAYMENT if is_interim else FINAL_PAYMENT
        key = names.date_key(leg, meaning)
        made = {"@key:external": key if is_interim or leg.interest is None else f"{key}-final"}
        made.update(payment_block(leg, schedule, names))
        if is_interim:
            block["interimPaymentDates"] = [made]
        else:
            block["finalPaymentDate"] = made
    found: dict[str, Any] = {"paymentDateSchedule": block} if block else {}
    _add_offset(found, schedules)
    return found


def _add_offset(found: dict[str, Any], schedules: tuple[PaymentSchedule, ...]) -> None:
    """`payRelativeTo` where it is not what a reader takes, and the delay of schedules that are not relative."""
    for schedule in schedules:
        if (
            schedule.pay_relative_to is not default_pay(schedule.schedule_type, schedule.relative_to)
            and schedule.pay_relative_to in PAY_RELATIVE_NAMES
        ):
            found["payRelativeTo"] = PAY_RELATIVE_NAMES[schedule.pay_relative_to]
        if schedule.schedule_type is not ScheduleType.RELATIVE and schedule.payment_delay_days:
            offset: dict[str, Any] = {"periodMultiplier": schedule.payment_delay_days, "period": "D"}
            if schedule.delay_day_type is not None:
                offset["dayType"] = DAY_TYPE_NAMES[schedule.delay_day_type]
            found["paymentDaysOffset"] = offset


def payment_block(leg: Leg, schedule: PaymentSchedule, names: Names) -> dict[str, Any]:
    """One set of payment dates."""
    is_set = schedule.role is ScheduleRole.INTERIM
    if schedule.schedule_type is ScheduleType.RELATIVE and schedule.relative_to is not None:
        target = names.reference(leg, schedule.relative_to, is_valuation=False)
        block = _relative(schedule.payment_delay_days, schedule.delay_day_type, schedule, target)
        return {"relativeDates" if is_set else "relativeDate": block}
    if schedule.schedule_type is ScheduleType.PARAMETRIC:
        return _periodic(schedule, schedule.first_payment_date, schedule.last_payment_date)
    return _explicit(schedule, is_set=is_set)
