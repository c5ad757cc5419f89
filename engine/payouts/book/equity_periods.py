"""Valuation periods of an equity leg: from which close to which, and when they are paid (spec 07 §6.3, §8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from engine.conventions.days import NO_DAY, day_number
from engine.payouts.enums import ScheduleRole
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.performance import PerformancePayout
from engine.payouts.terms.schedules import PaymentSchedule, ScheduledDate

FAR_DAY = day_number(date(9999, 12, 31))
"""The end of what has no end yet: the period of an open-ended contract, a lot that is not closed."""


@dataclass(frozen=True, slots=True)
class ValuationPeriod:
    """One valuation period (start_day, end_day]: V[k-1] and V[k]; payment_day is NO_DAY where none is scheduled."""

    start_day: int
    end_day: int
    payment_day: int


def valuation_periods(contract: Contract, leg: Leg, payout: PerformancePayout) -> tuple[ValuationPeriod, ...]:
    """The periods of a leg in order.

    The first one starts on the earliest cost date of the lots, else on the initial valuation date or the effective
    date. The last one ends on the last interim or final valuation date; where the schedules hold none, on the
    termination date, and without one it has no end (a CFD): FAR_DAY.
    """
    valuations = _valuations(payout)
    start = _first_day(contract, leg, payout)
    if not valuations:
        last = contract.termination_date
        end = FAR_DAY if last is None else day_number(last)
        return (ValuationPeriod(start, end, _payment_day(end, None, payout.payment_schedules)),)
    periods: list[ValuationPeriod] = []
    for sequence, end in valuations:
        if end > start:
            periods.append(ValuationPeriod(start, end, _payment_day(end, sequence, payout.payment_schedules)))
            start = end
    return tuple(periods)


def payment_days(schedules: Iterable[PaymentSchedule]) -> tuple[int, ...]:
    """Adjusted payment days of all schedules, each once, in order."""
    return tuple(sorted({day_number(paid.adjusted_date) for schedule in schedules for paid in schedule.dates}))


def _valuations(payout: PerformancePayout) -> list[tuple[int, int]]:
    """(sequence, day) of the interim and final valuations, one a day, in date order."""
    by_day: dict[int, int] = {}
    for schedule in payout.valuation_schedules:
        if schedule.role is not ScheduleRole.INITIAL:
            by_day.update({day_number(dated.adjusted_date): dated.sequence for dated in schedule.dates})
    return [(sequence, day) for day, sequence in sorted(by_day.items())]


def _first_day(contract: Contract, leg: Leg, payout: PerformancePayout) -> int:
    if leg.lots:
        return day_number(min(lot.cost_date for lot in leg.lots))
    initial: list[ScheduledDate] = [
        dated
        for schedule in payout.valuation_schedules
        if schedule.role is ScheduleRole.INITIAL
        for dated in schedule.dates
    ]
    return day_number(initial[0].adjusted_date if initial else contract.effective_date)


def _payment_day(valuation_day: int, sequence: int | None, schedules: Iterable[PaymentSchedule]) -> int:
    """The payment that names the valuation, else the first one on or after it; NO_DAY where there is none.

    Sequences are counted over the whole leg. A payment that names the number but lies before the valuation belongs to
    a schedule that was numbered by itself, and is passed over.
    """
    later: list[int] = []
    for schedule in schedules:
        for paid in schedule.dates:
            day = day_number(paid.adjusted_date)
            if day < valuation_day:
                continue
            if sequence is not None and sequence in paid.pays_sequences:
                return day
            later.append(day)
    return min(later, default=NO_DAY)
