"""All dates of a contract: filled into its schedules, and kept over an amendment (spec 07 §6.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.funding import PeriodBasis, calculation_periods
from engine.payouts.dates.payments import equity_payment_dates, follows_valuations, listed_dates
from engine.payouts.dates.periods import has_own_frequency, leg_dates, own_bounds
from engine.payouts.dates.scope import Anchors, contract_anchors, equity_scope, funding_scope, merged, of_leg
from engine.payouts.dates.valuation import valuation_dates
from engine.payouts.enums import ScheduleRole, ScheduleType
from engine.payouts.findings import PayoutFinding
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.funding import CalculationPeriod, InterestRatePayout
from engine.payouts.terms.performance import PerformancePayout
from engine.payouts.terms.schedules import PaymentDate, PaymentSchedule, ScheduledDate, ValuationSchedule

_CONTRACT_DATE = {ScheduleRole.INITIAL: "EFFECTIVE_DATE", ScheduleRole.FINAL: "TERMINATION_DATE"}


@dataclass(frozen=True, slots=True)
class EquityDates:
    """V[0..n] of an equity leg and the payment dates of V[1..n]."""

    valuations: tuple[ScheduledDate, ...]
    payments: tuple[PaymentDate, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """Dates of an earlier version of the contract that are not made anew: those up to and on `until`."""

    contract: Contract
    until: date


def with_schedules(
    contract: Contract, calendars: CenterCalendars, basis: PeriodBasis = PeriodBasis.PAYMENT
) -> tuple[Contract, tuple[PayoutFinding, ...]]:
    """The contract with the dates of all its schedules and the periods of its funding legs, and findings.

    Where an equity leg has no schedule for V[0], V[n] or its payments, one that says what was assumed is added: the
    effective or termination date, and payment on the valuation date. Errors as in `valuation_dates`,
    `equity_payment_dates` and `calculation_periods`.
    """
    return _filled(contract, calendars, basis, None)


def regenerate_after(
    old: Contract,
    amended: Contract,
    calendars: CenterCalendars,
    effective: date,
    basis: PeriodBasis = PeriodBasis.PAYMENT,
) -> tuple[Contract, tuple[PayoutFinding, ...]]:
    """The amended contract with the dates of `old` up to and on `effective`, and its own afterwards.

    old: has its schedules filled. A payment date on or before `effective` stays with what it pays; earlier valuations
    that are not paid yet take part in the new payment dates. A period that `effective` cuts through keeps its start
    and ends where the amended terms end it. Legs are recognised by number.
    """
    return _filled(amended, calendars, basis, _Kept(old, effective))


def valuation_line(payout: PerformancePayout) -> tuple[ScheduledDate, ...]:
    """V[0..n] out of filled schedules: position k is V[k]."""
    in_role = {schedule.role: schedule.dates for schedule in payout.valuation_schedules}
    return tuple(day for role in ScheduleRole for day in in_role.get(role, ()))


def payment_line(schedules: Sequence[PaymentSchedule]) -> tuple[PaymentDate, ...]:
    """The payment dates out of filled schedules, in date order."""
    days = (day for schedule in schedules for day in schedule.dates)
    return tuple(sorted(days, key=lambda day: day.sequence))


def equity_leg_of(contract: Contract, leg: Leg) -> Leg | None:
    """The equity leg that a funding leg follows: the linked one, else the first of the contract."""
    if leg.linked_leg_number is not None:
        return contract.leg(leg.linked_leg_number)
    return next((other for other in contract.legs if other.performance is not None), None)


def _filled(
    contract: Contract, calendars: CenterCalendars, basis: PeriodBasis, kept: _Kept | None
) -> tuple[Contract, tuple[PayoutFinding, ...]]:
    findings: list[tuple[PayoutFinding, ...]] = []
    equity: dict[int, EquityDates] = {}
    filled: dict[int, Leg] = {}
    for leg in contract.legs:
        if leg.performance is not None:
            anchors = _stated_anchors(leg, contract, calendars)
            dates, found = _equity_dates(leg, contract, calendars, anchors, kept)
            equity[leg.leg_number] = dates
            filled[leg.leg_number] = replace(leg, performance=_with_dates(leg.performance, dates))
            findings.append(of_leg(found, leg))
    for leg in contract.legs:
        if leg.interest is not None:
            followed = equity_leg_of(contract, leg)
            followed_dates = equity.get(followed.leg_number) if followed is not None else None
            periods, found = calculation_periods(
                leg,
                contract,
                calendars,
                valuations=followed_dates.valuations if followed_dates else (),
                payments=followed_dates.payments if followed_dates else (),
                basis=basis,
            )
            if kept is not None:
                periods = _spliced_periods(_old_interest(kept.contract, leg), periods, kept.until)
            filled[leg.leg_number] = replace(leg, interest=_with_periods(leg.interest, periods))
            findings.append(of_leg(found, leg))
    return replace(contract, legs=tuple(filled.get(leg.leg_number, leg) for leg in contract.legs)), merged(findings)


def _equity_dates(
    leg: Leg, contract: Contract, calendars: CenterCalendars, anchors: Anchors, kept: _Kept | None
) -> tuple[EquityDates, tuple[PayoutFinding, ...]]:
    payout = leg.performance
    if payout is None:
        return EquityDates((), ()), ()
    valuations, on_valuations = valuation_dates(payout, contract, calendars, anchors)
    old = _old_equity(kept.contract, leg) if kept is not None else None
    if kept is not None and old is not None:
        valuations = _spliced_valuations(old.valuations, valuations, kept.until)
    known = dict(anchors)
    known["INITIAL_VALUATION"] = (valuations[0].adjusted_date,)
    known["INTERIM_VALUATION"] = tuple(day.adjusted_date for day in valuations[1:-1])
    known["FINAL_VALUATION"] = (valuations[-1].adjusted_date,)
    payments, on_payments = equity_payment_dates(payout, contract, calendars, valuations, known)
    if kept is not None and old is not None:
        payments = _spliced_payments(old.payments, payments, kept.until)
    return EquityDates(valuations, payments), (*on_valuations, *on_payments)


def _stated_anchors(leg: Leg, contract: Contract, calendars: CenterCalendars) -> dict[str, tuple[date, ...]]:
    """What a schedule of an equity leg may refer to before any valuation date is known.

    The contract's dates, payment dates that stand for themselves, and the ends of the periods of a funding leg with
    dates of its own, which are its payment dates too where it has no frequency. Findings of this look ahead come again
    where the dates themselves are made.
    """
    anchors = contract_anchors(contract)
    for other in contract.legs:
        payout = other.interest
        follows = payout is not None and equity_leg_of(contract, other) is leg
        if payout is not None and follows:
            scope = funding_scope(other, contract, calendars)
            bounds = own_bounds(payout, *leg_dates(payout, contract, scope), scope)
            if bounds is not None:
                anchors["CALCULATION_PERIODS"] = tuple(bound.adjusted_end for bound in bounds)
                if not has_own_frequency(payout):
                    # Documents speak of the interest leg's payment dates where the equity leg hangs on them.
                    anchors["INTERIM_PAYMENT"] = anchors["CALCULATION_PERIODS"]
    if leg.performance is not None:
        scope = equity_scope(leg.performance, contract, calendars)
        for schedule in leg.performance.payment_schedules:
            refers_on = schedule.schedule_type is ScheduleType.RELATIVE and schedule.relative_to not in anchors
            if not follows_valuations(schedule) and not refers_on:
                days = listed_dates(schedule, contract.effective_date, contract.termination_date, anchors, scope)
                anchors[f"{schedule.role.value}_PAYMENT"] = tuple(day.adjusted for day in days)
    return anchors


def _with_dates(payout: PerformancePayout, dates: EquityDates) -> PerformancePayout:
    """The payout with each date in the schedule of its role."""
    in_role = {
        ScheduleRole.INITIAL: (dates.valuations[:1]),
        ScheduleRole.INTERIM: (dates.valuations[1:-1]),
        ScheduleRole.FINAL: (dates.valuations[-1:]),
    }
    stated = {schedule.role: schedule for schedule in payout.valuation_schedules}
    for role, name in _CONTRACT_DATE.items():
        stated.setdefault(
            role, ValuationSchedule(role=role, schedule_type=ScheduleType.RELATIVE, relative_to=name, offset_days=0)
        )
    return replace(
        payout,
        valuation_schedules=tuple(
            replace(stated[role], dates=in_role[role]) for role in ScheduleRole if role in stated
        ),
        payment_schedules=_with_payments(payout.payment_schedules, dates.payments, len(dates.valuations) - 1),
    )


def _with_payments(
    schedules: Sequence[PaymentSchedule], payments: Sequence[PaymentDate], last: int
) -> tuple[PaymentSchedule, ...]:
    """The payment of the last valuation belongs to the final schedule where there is one, the others to the interim."""
    roles = {schedule.role for schedule in schedules}
    closing = ScheduleRole.FINAL if ScheduleRole.FINAL in roles or not roles else ScheduleRole.INTERIM
    opening = ScheduleRole.INTERIM if ScheduleRole.INTERIM in roles else closing
    added = (PaymentSchedule(role=closing, schedule_type=ScheduleType.RELATIVE),) if not roles else ()
    in_role: dict[ScheduleRole, list[PaymentDate]] = {role: [] for role in ScheduleRole}
    for payment in payments:
        in_role[closing if last in payment.pays_sequences else opening].append(payment)
    return tuple(replace(schedule, dates=tuple(in_role[schedule.role])) for schedule in (*schedules, *added))


def _with_periods(payout: InterestRatePayout, periods: tuple[CalculationPeriod, ...]) -> InterestRatePayout:
    """The payout with its periods, and with the payment dates of these in its schedules."""
    by_day: dict[date, list[CalculationPeriod]] = {}
    for period in periods:
        by_day.setdefault(period.payment_date, []).append(period)
    payments = tuple(
        PaymentDate(
            sequence=i,
            unadjusted_date=paid[-1].unadjusted_end,
            adjusted_date=day,
            pays_sequences=tuple(period.period_number for period in paid),
        )
        for i, (day, paid) in enumerate(sorted(by_day.items()), start=1)
    )
    schedules = payout.payment_schedules and _with_payments(payout.payment_schedules, payments, len(periods))
    return replace(payout, calculation_periods=periods, payment_schedules=schedules)


def _old_equity(old: Contract, leg: Leg) -> EquityDates | None:
    payout = next((other.performance for other in old.legs if other.leg_number == leg.leg_number), None)
    if payout is None:
        return None
    return EquityDates(valuation_line(payout), payment_line(payout.payment_schedules))


def _old_interest(old: Contract, leg: Leg) -> tuple[CalculationPeriod, ...]:
    payout = next((other.interest for other in old.legs if other.leg_number == leg.leg_number), None)
    return () if payout is None else payout.calculation_periods


def _spliced_valuations(
    old: Sequence[ScheduledDate], new: Sequence[ScheduledDate], until: date
) -> tuple[ScheduledDate, ...]:
    before = [day for day in old if day.adjusted_date <= until]
    line = (*before, *(day for day in new if day.adjusted_date > until))
    return tuple(replace(day, sequence=max(k, 1)) for k, day in enumerate(line))


def _spliced_payments(old: Sequence[PaymentDate], new: Sequence[PaymentDate], until: date) -> tuple[PaymentDate, ...]:
    """Old payments stay with what they pay, which is taken out of the new ones; one with nothing left is dropped."""
    before = [payment for payment in old if payment.adjusted_date <= until]
    paid = {k for payment in before for k in payment.pays_sequences}
    after = []
    for payment in new:
        left = tuple(k for k in payment.pays_sequences if k not in paid)
        if payment.adjusted_date > until and (left or not payment.pays_sequences):
            after.append(replace(payment, pays_sequences=left))
    return tuple(replace(payment, sequence=i) for i, payment in enumerate((*before, *after), start=1))


def _spliced_periods(
    old: Sequence[CalculationPeriod], new: Sequence[CalculationPeriod], until: date
) -> tuple[CalculationPeriod, ...]:
    before = [period for period in old if period.adjusted_end <= until]
    after = [period for period in new if period.adjusted_end > until]
    cut = [period for period in old if period.adjusted_start <= until < period.adjusted_end]
    if after and cut:
        after[0] = replace(
            after[0],
            unadjusted_start=cut[0].unadjusted_start,
            adjusted_start=cut[0].adjusted_start,
            fixing_date=cut[0].fixing_date,
        )
    return tuple(replace(period, period_number=i) for i, period in enumerate((*before, *after), start=1))
