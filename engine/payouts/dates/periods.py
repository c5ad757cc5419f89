"""Bounds of calculation periods, of a funding leg with a frequency or payment dates of its own (spec 07 §6.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from engine.payouts.dates.payments import follows_valuations, listed_dates
from engine.payouts.dates.rolls import RollDates, StubType, adjusted_rolls, roll_dates
from engine.payouts.dates.scope import DateScope
from engine.payouts.enums import ScheduleType, parse
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.funding import InterestRatePayout


@dataclass(frozen=True, slots=True)
class PeriodBounds:
    """Start and end of one period before and after adjustment."""

    unadjusted_start: date
    unadjusted_end: date
    adjusted_start: date
    adjusted_end: date
    is_stub: bool


def has_own_frequency(payout: InterestRatePayout) -> bool:
    """Whether the payout states its periods; else it follows the dates of the equity leg."""
    return payout.period_multiplier is not None and payout.period_unit is not None


def own_bounds(
    payout: InterestRatePayout, start: date, end: date | None, scope: DateScope
) -> tuple[PeriodBounds, ...] | None:
    """Periods that the payout states without looking at the equity leg; None where it states none.

    With a frequency they roll from `start` to `end`, without one they lie between its own payment dates, the last of
    which `end` closes where the dates stop before it.
    """
    if has_own_frequency(payout):
        return None if end is None else own_periods(payout, start, end, scope)
    stated = [
        schedule
        for schedule in payout.payment_schedules
        if schedule.schedule_type is not ScheduleType.RELATIVE and not follows_valuations(schedule)
    ]
    if not stated:
        return None
    ends = {day.adjusted for schedule in stated for day in listed_dates(schedule, start, end, {}, scope)}
    if end is not None:
        closing = scope.adjust(end, stated[-1].business_day_convention, stated[-1].business_centers)
        ends |= {closing} if closing > max(ends, default=start) else set()
    return between(start, sorted(ends), scope)


def between(start: date, ends: Sequence[date], scope: DateScope) -> tuple[PeriodBounds, ...]:
    """Periods from `start` to the first end and on from end to end; an end that is not after `start` is left out."""
    for end in ends:
        if end < start:
            scope.note(FindingCode.DATES_INCONSISTENT, f"No interest accrues up to {end}: the leg starts on {start}")
    later = [end for end in ends if end > start]
    return tuple(PeriodBounds(a, b, a, b, is_stub=False) for a, b in pairwise((start, *later)))


def leg_dates(payout: InterestRatePayout, contract: Contract, scope: DateScope) -> tuple[date, date | None]:
    """Effective and termination date of the leg, the contract's where it states none or none that make sense."""
    start = payout.effective_date or contract.effective_date
    end = payout.termination_date or contract.termination_date
    if payout.termination_date is not None and payout.termination_date <= start:
        scope.note(
            FindingCode.DEGENERATE_PERIOD,
            f"The funding leg would run from {start} to {payout.termination_date}: the contract's dates are used",
        )
        return contract.effective_date, contract.termination_date
    return start, end


def own_periods(payout: InterestRatePayout, start: date, end: date, scope: DateScope) -> tuple[PeriodBounds, ...]:
    """Periods of the payout's own frequency from `start` to `end`, adjusted by its own convention.

    They are counted back from `end`, from `last_regular_end` where that is given, and forward from
    `first_regular_start` where that is; `stub_type` decides where neither is. Periods that adjustment leaves without
    a day are dropped (DATES_MERGED).
    """
    rolls = own_rolls(payout, start, end)
    adjusted = adjusted_rolls(rolls.dates, payout.period_bdc, scope.calendars.joint(payout.period_centers))
    bounds = []
    for k, is_stub in enumerate(rolls.stubs):
        if adjusted[k] < adjusted[k + 1]:
            bounds.append(PeriodBounds(rolls.dates[k], rolls.dates[k + 1], adjusted[k], adjusted[k + 1], is_stub))
        else:
            scope.note(FindingCode.DATES_MERGED, f"The period {rolls.dates[k]} to {rolls.dates[k + 1]} has no day left")
    return tuple(bounds)


def own_rolls(payout: InterestRatePayout, start: date, end: date) -> RollDates:
    """Unadjusted boundaries of the payout's own frequency; those outside the regular part make a stub each."""
    first = max(start, payout.first_regular_start or start)
    last = min(end, payout.last_regular_end or end)
    if payout.period_multiplier is None or payout.period_unit is None:
        return RollDates((start, end))
    stub = parse(StubType, payout.stub_type) if payout.stub_type else StubType.SHORT_INITIAL
    if payout.first_regular_start is not None:
        stub = StubType.SHORT_FINAL if stub.is_initial else stub
    elif payout.last_regular_end is not None and not stub.is_initial:
        stub = StubType.SHORT_INITIAL
    regular = roll_dates(first, last, payout.period_multiplier, payout.period_unit, payout.roll_convention, stub)
    before = (start,) if start < first else ()
    after = (end,) if last < end else ()
    return RollDates(
        (*before, *regular.dates, *after),
        bool(before) or regular.has_initial_stub,
        bool(after) or regular.has_final_stub,
    )
