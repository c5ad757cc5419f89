"""Calculation periods of a funding leg with their fixing and payment dates (spec 07 §6.3, §12.2)."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.payments import delayed, listed_dates, payment_schedule
from engine.payouts.dates.periods import PeriodBounds, between, has_own_frequency, leg_dates, own_bounds
from engine.payouts.dates.rolls import StubType, roll_dates
from engine.payouts.dates.scope import AdjustedDate, Anchors, DateScope, contract_anchors, funding_scope
from engine.payouts.enums import DayType, PayRelativeTo, RateKind, ResetRelativeTo, ScheduleRole, ScheduleType
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.funding import CalculationPeriod, InterestRatePayout
from engine.payouts.terms.schedules import PaymentDate, PaymentSchedule, ScheduledDate


class PeriodBasis(StrEnum):
    """What bounds the periods of a leg without dates of its own: payment or valuation dates of the equity leg."""

    PAYMENT = "PAYMENT"
    VALUATION = "VALUATION"


def calculation_periods(
    leg: Leg,
    contract: Contract,
    calendars: CenterCalendars,
    *,
    valuations: Sequence[ScheduledDate] = (),
    payments: Sequence[PaymentDate] = (),
    basis: PeriodBasis = PeriodBasis.PAYMENT,
    anchors: Anchors | None = None,
) -> tuple[tuple[CalculationPeriod, ...], tuple[PayoutFinding, ...]]:
    """Periods [start, end) of a funding leg in date order, and findings.

    A leg with a frequency rolls from its effective to its termination date, or to the last valuation where no document
    states that. A leg with payment dates of its own accrues between these. Any other accrues between the payment dates
    of the equity leg and is paid with it: valuations are V[0..n] of that leg, payments its payment dates; with `basis`
    VALUATION it accrues between valuation dates. Raises InputError CLO-1919 where a leg has neither dates nor an equity
    leg, CLO-1915 and CLO-1916 for rolls and references that lead nowhere.
    """
    scope = funding_scope(leg, contract, calendars)
    payout = leg.interest
    if payout is None:
        return (), ()
    known = contract_anchors(contract) if anchors is None else anchors
    paid_periods = _stated(payout, contract, valuations, payments, known, scope)
    if paid_periods is None:
        paid_periods = _following(payout, contract, valuations, payments, basis, scope)
    if paid_periods is None:
        raise _no_bounds(contract, leg)
    bounds, paid = paid_periods
    periods = tuple(
        CalculationPeriod(
            period_number=number,
            unadjusted_start=bound.unadjusted_start,
            unadjusted_end=bound.unadjusted_end,
            adjusted_start=bound.adjusted_start,
            adjusted_end=bound.adjusted_end,
            payment_date=payment,
            fixing_date=fixing_date(payout, bound.adjusted_start, bound.adjusted_end, scope),
            is_stub=bound.is_stub,
        )
        for number, (bound, payment) in enumerate(zip(bounds, paid, strict=True), start=1)
    )
    return periods, tuple(scope.findings)


def fixing_date(payout: InterestRatePayout, start: date, end: date, scope: DateScope) -> date | None:
    """The day whose term rate a period bears: the offset before its reset date; None for other kinds of rate.

    The offset counts back whatever its sign: documents write it as 2 and as -2, and no rate is fixed after its reset.
    """
    if payout.rate_kind is not RateKind.FLOATING_TERM:
        return None
    reset = start if payout.reset_relative_to is ResetRelativeTo.START else end
    offset = -abs(payout.fixing_offset_days)
    if offset == 0 and payout.fixing_centers and payout.fixing_day_type is not DayType.CALENDAR:
        return scope.calendars.joint(payout.fixing_centers).previous_good(reset)
    return scope.shift(reset, offset, payout.fixing_day_type, payout.fixing_centers).adjusted


_PaidPeriods = tuple[tuple[PeriodBounds, ...], list[date]]


def _stated(
    payout: InterestRatePayout,
    contract: Contract,
    valuations: Sequence[ScheduledDate],
    payments: Sequence[PaymentDate],
    anchors: Anchors,
    scope: DateScope,
) -> _PaidPeriods | None:
    """Periods and payment dates of a leg with dates of its own."""
    start, end = leg_dates(payout, contract, scope)
    if end is None and valuations and has_own_frequency(payout):
        end = valuations[-1].adjusted_date
    bounds = own_bounds(payout, start, end, scope)
    if bounds is None:
        return None
    if not has_own_frequency(payout):
        return bounds, [bound.adjusted_end for bound in bounds]
    return bounds, _own_payments(payout, bounds, start, end or start, payments, anchors, scope)


def _following(
    payout: InterestRatePayout,
    contract: Contract,
    valuations: Sequence[ScheduledDate],
    payments: Sequence[PaymentDate],
    basis: PeriodBasis,
    scope: DateScope,
) -> _PaidPeriods | None:
    """Periods and payment dates of a leg that follows the equity leg."""
    start, _ = leg_dates(payout, contract, scope)
    if basis is PeriodBasis.VALUATION and len(valuations) > 1:
        opening = payout.effective_date or valuations[0].adjusted_date
        bounds = between(opening, [day.adjusted_date for day in valuations[1:]], scope)
        return bounds, [_next(bound.adjusted_end, payments) for bound in bounds]
    if payments:
        bounds = between(start, [payment.adjusted_date for payment in payments], scope)
        return bounds, [bound.adjusted_end for bound in bounds]
    return None


def _next(day: date, payments: Sequence[PaymentDate]) -> date:
    """The first equity payment date on or after `day`, else `day` itself."""
    return next((payment.adjusted_date for payment in payments if payment.adjusted_date >= day), day)


def _own_payments(
    payout: InterestRatePayout,
    bounds: Sequence[PeriodBounds],
    start: date,
    end: date,
    equity: Sequence[PaymentDate],
    anchors: Anchors,
    scope: DateScope,
) -> list[date]:
    """Payment date of each period: by delay, by the schedule's own frequency, by its list, or with the equity leg."""
    interim = payment_schedule(payout.payment_schedules, ScheduleRole.INTERIM)
    final = payment_schedule(payout.payment_schedules, ScheduleRole.FINAL)
    schedule = interim or final
    if schedule is None:
        return [bound.adjusted_end for bound in bounds]
    if schedule.schedule_type is ScheduleType.EXPLICIT and schedule.explicit_dates:
        listed = list(listed_dates(schedule, start, end, anchors, scope))
        if interim is not None and final is not None:
            listed += listed_dates(final, start, end, anchors, scope)
        return _matched(bounds, sorted(listed), scope)
    if schedule.schedule_type is ScheduleType.PARAMETRIC:
        return _by_frequency(payout, schedule, bounds, start, end, scope)
    if schedule.relative_to is not None and "PAYMENT" in schedule.relative_to:
        return [delayed(_next(bound.adjusted_end, equity), schedule, scope).adjusted for bound in bounds]
    if schedule.relative_to in (None, "CALCULATION_PERIODS", "INTERIM_VALUATION", "FINAL_VALUATION"):
        return [delayed(_reference(payout, bound, schedule), schedule, scope).adjusted for bound in bounds]
    return _matched(bounds, listed_dates(schedule, start, end, anchors, scope), scope)


def _reference(payout: InterestRatePayout, bound: PeriodBounds, schedule: PaymentSchedule) -> date:
    """The day of a period from which the payment delay counts."""
    if schedule.pay_relative_to is PayRelativeTo.CALCULATION_PERIOD_START:
        return bound.adjusted_start
    if schedule.pay_relative_to is PayRelativeTo.RESET_DATE and payout.reset_relative_to is ResetRelativeTo.START:
        return bound.adjusted_start
    return bound.adjusted_end


def _matched(bounds: Sequence[PeriodBounds], listed: Sequence[AdjustedDate], scope: DateScope) -> list[date]:
    """One to one where both are equally many and in order; else the first payment on or after the end of a period."""
    days = [payment.adjusted for payment in listed]
    if len(days) == len(bounds) and all(b.adjusted_end <= day for b, day in zip(bounds, days, strict=True)):
        return days
    paid = []
    for bound in bounds:
        at = bisect_left(days, bound.adjusted_end)
        if at == len(days):
            scope.note(
                FindingCode.DATES_INCONSISTENT,
                f"No payment date follows the period to {bound.adjusted_end}: it is paid at its end",
            )
        paid.append(days[at] if at < len(days) else bound.adjusted_end)
    return paid


def _by_frequency(
    payout: InterestRatePayout,
    schedule: PaymentSchedule,
    bounds: Sequence[PeriodBounds],
    start: date,
    end: date,
    scope: DateScope,
) -> list[date]:
    """Periods compounded into payments less frequent than themselves: each waits for the next payment roll."""
    if schedule.period_multiplier is None or schedule.period_unit is None:
        return [delayed(_reference(payout, bound, schedule), schedule, scope).adjusted for bound in bounds]
    is_forward = payout.first_regular_start is not None or schedule.first_payment_date is not None
    stub = StubType.SHORT_FINAL if is_forward else StubType.SHORT_INITIAL
    first = schedule.first_payment_date or payout.first_regular_start or start
    last = schedule.last_payment_date or end
    roll = schedule.roll_convention or payout.roll_convention
    days = list(roll_dates(first, last, schedule.period_multiplier, schedule.period_unit, roll, stub).dates)
    if schedule.first_payment_date is None:
        days = days[1:]
    if days[-1] < end:
        days.append(end)
    adjusted_end = {bound.unadjusted_end: bound.adjusted_end for bound in bounds}
    paid = []
    for bound in bounds:
        at = bisect_left(days, bound.unadjusted_end)
        base = days[min(at, len(days) - 1)]
        paid.append(delayed(adjusted_end.get(base, base), schedule, scope).adjusted)
    return paid


def _no_bounds(contract: Contract, leg: Leg) -> InputError:
    return InputError(
        "CLO-1919",
        f"Leg {leg.leg_number} of {contract.contract_reference} has no calculation periods: it states no frequency and"
        " no equity leg gives it dates",
        remedy="State a period frequency and a termination date, or link the leg to an equity leg.",
    )
