"""Payment dates of an equity leg and the valuations that each of them pays (spec 07 §6.3)."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date

from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.rolls import StubType, roll_dates
from engine.payouts.dates.scope import AdjustedDate, Anchors, DateScope, anchor_dates, contract_anchors, equity_scope
from engine.payouts.enums import PayRelativeTo, ScheduleRole, ScheduleType
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.performance import PerformancePayout
from engine.payouts.terms.schedules import PaymentDate, PaymentSchedule, ScheduledDate

_VALUATIONS = frozenset({None, "INITIAL_VALUATION", "INTERIM_VALUATION", "FINAL_VALUATION"})
_OF_PERIODS = (PayRelativeTo.CALCULATION_PERIOD_START, PayRelativeTo.CALCULATION_PERIOD_END, PayRelativeTo.RESET_DATE)


def payment_schedule(schedules: Sequence[PaymentSchedule], role: ScheduleRole) -> PaymentSchedule | None:
    """The schedule of a role, None where there is none."""
    return next((schedule for schedule in schedules if schedule.role is role), None)


def follows_valuations(schedule: PaymentSchedule) -> bool:
    """Whether the schedule states a delay after each valuation and no dates of its own."""
    if schedule.schedule_type is ScheduleType.EXPLICIT:
        return not schedule.explicit_dates
    if schedule.schedule_type is ScheduleType.PARAMETRIC:
        return schedule.period_multiplier is None or schedule.period_unit is None
    return schedule.relative_to in _VALUATIONS and schedule.pay_relative_to not in _OF_PERIODS


def delayed(on: date, schedule: PaymentSchedule, scope: DateScope) -> AdjustedDate:
    """`on` plus the schedule's delay, before and after adjustment."""
    return scope.shift(
        on,
        schedule.payment_delay_days,
        schedule.delay_day_type,
        schedule.business_centers,
        schedule.business_day_convention,
    )


def listed_dates(
    schedule: PaymentSchedule, start: date, end: date | None, anchors: Anchors, scope: DateScope
) -> tuple[AdjustedDate, ...]:
    """The payment dates that a schedule states without looking at valuations, in order, each once.

    start, end: term of the leg, within which a frequency without first and last payment date runs; neither is a payment
    date of an interim schedule then. Stated dates are adjusted, the dates that a relative schedule refers to delayed.
    """
    if schedule.schedule_type is ScheduleType.RELATIVE:
        name = "CALCULATION_PERIODS" if schedule.relative_to in _VALUATIONS else schedule.relative_to or "nothing"
        bases = anchor_dates(name, anchors, f"{schedule.role.value.lower()} payment schedule")
        return tuple(sorted({delayed(base, schedule, scope) for base in bases}))
    days = schedule.explicit_dates
    if schedule.schedule_type is ScheduleType.PARAMETRIC:
        days = _rolled(schedule, start, end)
    convention, centers = schedule.business_day_convention, schedule.business_centers
    return tuple(sorted({AdjustedDate(scope.adjust(day, convention, centers), day) for day in days}))


def _rolled(schedule: PaymentSchedule, start: date, end: date | None) -> tuple[date, ...]:
    first, last = schedule.first_payment_date or start, schedule.last_payment_date or end
    if last is None or schedule.period_multiplier is None or schedule.period_unit is None or last <= first:
        return tuple(day for day in (schedule.first_payment_date,) if day is not None)
    stub = StubType.SHORT_INITIAL if schedule.first_payment_date is None else StubType.SHORT_FINAL
    days = roll_dates(first, last, schedule.period_multiplier, schedule.period_unit, schedule.roll_convention, stub)
    opening = 0 if schedule.first_payment_date is not None else 1
    keeps_last = schedule.last_payment_date is not None or schedule.role is ScheduleRole.FINAL
    return days.dates[opening : None if keeps_last else -1]


def equity_payment_dates(
    payout: PerformancePayout,
    contract: Contract,
    calendars: CenterCalendars,
    valuations: Sequence[ScheduledDate],
    anchors: Anchors | None = None,
) -> tuple[tuple[PaymentDate, ...], tuple[PayoutFinding, ...]]:
    """Payment dates of V[1] to V[n] in date order, and findings.

    valuations: V[0..n]; `pays_sequences` holds the k of the V[k] that a date pays. A delay is counted from each
    valuation. A list is matched one to one where it is as long as the valuations and none is paid before it is
    valued; otherwise each valuation waits for the next payment date, and what comes after the last listed interim
    date is paid at the end. Interim valuations without any interim schedule wait for the end too. A listed date that
    pays nothing is kept, with a finding. anchors: dates that a relative schedule may name, by default the contract's.
    """
    scope = equity_scope(payout, contract, calendars)
    interim = payment_schedule(payout.payment_schedules, ScheduleRole.INTERIM)
    final = payment_schedule(payout.payment_schedules, ScheduleRole.FINAL)
    known = contract_anchors(contract) if anchors is None else anchors
    last = len(valuations) - 1
    paid: dict[int, AdjustedDate] = {}
    listed: tuple[AdjustedDate, ...] = ()
    if interim is not None:
        ends_here = final is None
        sequences = range(1, last + 1 if ends_here else last)
        if follows_valuations(interim):
            paid = {k: delayed(valuations[k].adjusted_date, interim, scope) for k in sequences}
        else:
            listed = listed_dates(interim, contract.effective_date, contract.termination_date, known, scope)
            paid = _matched({k: valuations[k].adjusted_date for k in sequences}, listed)
    if last not in paid:
        paid[last] = _final(valuations[last], final, contract, known, scope)
    for k in range(1, last):
        paid.setdefault(k, paid[last])
    paying = {payment.adjusted for payment in paid.values()}
    surplus = tuple(day for day in listed if day.adjusted not in paying)
    _report(paid, surplus, valuations, scope)
    return _grouped(paid, surplus), tuple(scope.findings)


def _matched(valued: Mapping[int, date], listed: Sequence[AdjustedDate]) -> dict[int, AdjustedDate]:
    """For each valuation number the payment date that pays it, where the list has one."""
    in_order = list(zip(valued.items(), listed, strict=False))
    if len(valued) == len(listed) and all(day <= payment.adjusted for (_, day), payment in in_order):
        return {k: payment for (k, _), payment in in_order}
    days = [payment.adjusted for payment in listed]
    found = {k: bisect_left(days, day) for k, day in valued.items()}
    return {k: listed[i] for k, i in found.items() if i < len(listed)}


def _final(
    valuation: ScheduledDate, final: PaymentSchedule | None, contract: Contract, anchors: Anchors, scope: DateScope
) -> AdjustedDate:
    """The last payment: of the final schedule; without one on the valuation date, with a finding."""
    if final is not None and follows_valuations(final):
        return delayed(valuation.adjusted_date, final, scope)
    if final is not None:
        listed = listed_dates(final, contract.effective_date, contract.termination_date, anchors, scope)
        if listed:
            return listed[-1]
    scope.note(
        FindingCode.MISSING,
        f"No payment date is stated for the valuation of {valuation.adjusted_date}: it is paid on that day",
    )
    return AdjustedDate(valuation.adjusted_date, valuation.adjusted_date)


def _report(
    paid: Mapping[int, AdjustedDate],
    surplus: Sequence[AdjustedDate],
    valuations: Sequence[ScheduledDate],
    scope: DateScope,
) -> None:
    for k, payment in paid.items():
        if payment.adjusted < valuations[k].adjusted_date:
            scope.note(
                FindingCode.DATES_INCONSISTENT,
                f"The valuation of {valuations[k].adjusted_date} is paid before it, on {payment.adjusted}",
            )
    for payment in surplus:
        scope.note(FindingCode.DATES_INCONSISTENT, f"No valuation is paid on the payment date {payment.adjusted}")


def _grouped(paid: Mapping[int, AdjustedDate], surplus: Sequence[AdjustedDate]) -> tuple[PaymentDate, ...]:
    """One record a payment date, numbered in date order from 1."""
    by_day: dict[date, list[int]] = {payment.adjusted: [] for payment in surplus}
    unadjusted = {payment.adjusted: payment.unadjusted for payment in (*surplus, *paid.values())}
    for k, payment in sorted(paid.items()):
        by_day.setdefault(payment.adjusted, []).append(k)
    return tuple(
        PaymentDate(sequence=i, unadjusted_date=unadjusted[day], adjusted_date=day, pays_sequences=tuple(by_day[day]))
        for i, day in enumerate(sorted(by_day), start=1)
    )
