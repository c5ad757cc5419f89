"""Valuation dates V[0] < V[1] < ... < V[n] of an equity leg (spec 07 §6.3)."""

from collections.abc import Sequence
from datetime import date

from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars, JointCalendar
from engine.payouts.dates.rolls import StubType, adjusted_rolls, roll_dates
from engine.payouts.dates.scope import AdjustedDate, Anchors, DateScope, anchor_dates, contract_anchors, equity_scope
from engine.payouts.enums import Disruption, ScheduledDateStatus, ScheduleRole, ScheduleType
from engine.payouts.findings import FindingCode, PayoutFinding
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.performance import PerformancePayout
from engine.payouts.terms.schedules import ScheduledDate, ValuationSchedule

MOVE_LIMIT = 8
"""Scheduled trading days after which a disrupted valuation happens all the same."""


def valuation_schedule(schedules: Sequence[ValuationSchedule], role: ScheduleRole) -> ValuationSchedule | None:
    """The schedule of a role, None where there is none."""
    return next((schedule for schedule in schedules if schedule.role is role), None)


def valuation_dates(
    payout: PerformancePayout, contract: Contract, calendars: CenterCalendars, anchors: Anchors | None = None
) -> tuple[tuple[ScheduledDate, ...], tuple[PayoutFinding, ...]]:
    """V[0..n] of a payout and findings; V[k] has sequence k, V[0], which nothing pays, 1 as the first of its schedule.

    V[0] is the initial schedule's date or the effective date, V[n] the final schedule's or the termination date, or
    else the last interim date. Interim dates are those strictly between; what adjustment lets coincide is merged
    (DATES_MERGED). Where sessions of the exchange are loaded, a date without one moves as the schedule's `disruption`
    says; V[0] stays where its price is agreed. anchors: dates that a relative schedule may name, by default the
    contract's. Raises InputError CLO-1916 for a name without dates, CLO-1917 where there is no final date after V[0].
    """
    scope = equity_scope(payout, contract, calendars)
    known = dict(contract_anchors(contract) if anchors is None else anchors)
    initial, interim, final = (valuation_schedule(payout.valuation_schedules, role) for role in ScheduleRole)
    effective = AdjustedDate(contract.effective_date, contract.effective_date)
    first = _single(initial, effective.unadjusted, known, scope, position=0) or effective
    known["INITIAL_VALUATION"] = (first.adjusted,)
    last = _single(final, contract.termination_date, known, scope, position=-1)
    between = _interim(interim, first, last, known, scope)
    if last is None:
        if not between or between[-1].adjusted <= first.adjusted:
            raise _no_end(contract, first)
        last = between[-1]
    if last.adjusted <= first.adjusted:
        raise _no_end(contract, first)
    has_agreed_price = payout.returns.price is not None and payout.returns.price.initial_price is not None
    start = _scheduled(first, 1, ScheduledDateStatus.PLANNED)
    if not has_agreed_price:
        start = _observed(first, 1, initial, scope)
    inner = [_observed(day, 0, interim, scope) for day in _inside(between, first, last, scope)]
    end = _observed(last, 0, final or interim, scope)
    later = _in_order(start, inner, end, scope)
    if not later:
        raise _no_end(contract, first)
    return (start, *later), tuple(scope.findings)


def _single(
    schedule: ValuationSchedule | None, otherwise: date | None, anchors: Anchors, scope: DateScope, position: int
) -> AdjustedDate | None:
    """The one date of an initial (first) or final (last) schedule; `otherwise` adjusted, where it states none."""
    day = otherwise
    if schedule is not None and schedule.schedule_type is ScheduleType.RELATIVE and schedule.relative_to is not None:
        stated = _relative(schedule, anchors, scope)
        if stated:
            return stated[position]
    elif schedule is not None and schedule.explicit_dates:
        day = sorted(schedule.explicit_dates)[position]
    if day is None:
        return None
    if schedule is None:
        return AdjustedDate(day, day)
    return AdjustedDate(scope.adjust(day, schedule.business_day_convention, schedule.business_centers), day)


def _interim(
    schedule: ValuationSchedule | None,
    first: AdjustedDate,
    last: AdjustedDate | None,
    anchors: Anchors,
    scope: DateScope,
) -> tuple[AdjustedDate, ...]:
    """The dates that an interim schedule states, adjusted, in order; without a schedule none."""
    if schedule is None:
        return ()
    if schedule.schedule_type is ScheduleType.RELATIVE:
        return _relative(schedule, anchors, scope)
    days = tuple(sorted(set(schedule.explicit_dates)))
    if schedule.schedule_type is ScheduleType.PARAMETRIC:
        days = _rolled(schedule, first.unadjusted, None if last is None else last.unadjusted)
    calendar = scope.calendars.joint(schedule.business_centers)
    adjusted = adjusted_rolls(days, schedule.business_day_convention, calendar)
    return tuple(AdjustedDate(moved, day) for moved, day in zip(adjusted, days, strict=True))


def _rolled(schedule: ValuationSchedule, start: date, end: date | None) -> tuple[date, ...]:
    """Roll dates strictly between V[0] and the final date: on from the stated first date, else back from the last."""
    first = schedule.first_valuation_date or start
    last = schedule.last_valuation_date or end
    if last is None or last <= first or schedule.period_multiplier is None or schedule.period_unit is None:
        days: tuple[date, ...] = (first,)
    else:
        stub = StubType.SHORT_INITIAL if schedule.first_valuation_date is None else StubType.SHORT_FINAL
        days = roll_dates(
            first, last, schedule.period_multiplier, schedule.period_unit, schedule.roll_convention, stub
        ).dates
    return tuple(day for day in days if start < day and (end is None or day < end))


def _relative(schedule: ValuationSchedule, anchors: Anchors, scope: DateScope) -> tuple[AdjustedDate, ...]:
    bases = anchor_dates(
        schedule.relative_to or "nothing", anchors, f"{schedule.role.value.lower()} valuation schedule"
    )
    centers, convention = schedule.business_centers, schedule.business_day_convention
    offset = schedule.offset_days or 0
    return tuple(sorted({scope.shift(base, offset, schedule.day_type, centers, convention) for base in bases}))


def _inside(
    between: Sequence[AdjustedDate], first: AdjustedDate, last: AdjustedDate, scope: DateScope
) -> list[AdjustedDate]:
    """Interim dates strictly between the outer ones, each day once, with a finding for what is lost on the way."""
    kept: list[AdjustedDate] = []
    for day in sorted(between):
        if day.unadjusted in (first.unadjusted, last.unadjusted) or day.adjusted in (first.adjusted, last.adjusted):
            if day.unadjusted not in (first.unadjusted, first.adjusted, last.unadjusted, last.adjusted):
                _note_merged(day.unadjusted, day.adjusted, scope)
        elif not first.adjusted < day.adjusted < last.adjusted:
            scope.note(
                FindingCode.DATES_INCONSISTENT,
                f"The interim valuation {day.adjusted} is left out: it is not between {first.adjusted} and"
                f" {last.adjusted}",
            )
        elif kept and kept[-1].adjusted == day.adjusted:
            _note_merged(day.unadjusted, day.adjusted, scope)
        else:
            kept.append(day)
    return kept


def _in_order(
    start: ScheduledDate, inner: Sequence[ScheduledDate], end: ScheduledDate, scope: DateScope
) -> list[ScheduledDate]:
    """V[1..n] numbered; a date that a disruption moved onto or past its neighbour is merged with it."""
    dates: list[ScheduledDate] = []
    for day in (*inner, end):
        while dates and day.adjusted_date <= dates[-1].adjusted_date:
            _note_merged(dates[-1].unadjusted_date, day.adjusted_date, scope)
            dates.pop()
        if day.adjusted_date > start.adjusted_date:
            dates.append(day)
        else:
            _note_merged(day.unadjusted_date, start.adjusted_date, scope)
    return [
        ScheduledDate(sequence=k, unadjusted_date=d.unadjusted_date, adjusted_date=d.adjusted_date, status=d.status)
        for k, d in enumerate(dates, start=1)
    ]


def _observed(day: AdjustedDate, sequence: int, schedule: ValuationSchedule | None, scope: DateScope) -> ScheduledDate:
    """The date with its disruption resolved, as far as sessions are known."""
    sessions = scope.sessions()
    if sessions is None or sessions.is_good(day.adjusted):
        return _scheduled(day, sequence, ScheduledDateStatus.PLANNED)
    rule = Disruption.MOVE_FOLLOWING if schedule is None else schedule.disruption
    if rule is Disruption.USE_LAST_CLOSE:
        return _scheduled(day, sequence, ScheduledDateStatus.DISRUPTED)
    if rule is Disruption.MOVE_PRECEDING:
        moved = sessions.previous_good(day.adjusted)
        return _scheduled(AdjustedDate(moved, day.unadjusted), sequence, ScheduledDateStatus.MOVED)
    scheduled = scope.calendars.joint(() if schedule is None else schedule.business_centers)
    return _moved_following(day, sequence, sessions, scheduled)


def _moved_following(
    day: AdjustedDate, sequence: int, sessions: JointCalendar, scheduled: JointCalendar
) -> ScheduledDate:
    """The next session, at the latest the eighth day on which one was to be expected.

    Which days those are the sessions cannot say, because they lack what was closed at short notice: they are the good
    days of the schedule's centers.
    """
    moved, latest = sessions.next_good(day.adjusted), scheduled.add_business_days(day.adjusted, MOVE_LIMIT)
    if moved <= latest:
        return _scheduled(AdjustedDate(moved, day.unadjusted), sequence, ScheduledDateStatus.MOVED)
    return _scheduled(AdjustedDate(latest, day.unadjusted), sequence, ScheduledDateStatus.DISRUPTED)


def _scheduled(day: AdjustedDate, sequence: int, status: ScheduledDateStatus) -> ScheduledDate:
    return ScheduledDate(sequence=sequence, unadjusted_date=day.unadjusted, adjusted_date=day.adjusted, status=status)


def _note_merged(unadjusted: date, into: date, scope: DateScope) -> None:
    scope.note(FindingCode.DATES_MERGED, f"The valuation of {unadjusted} falls together with that of {into}")


def _no_end(contract: Contract, first: AdjustedDate) -> InputError:
    return InputError(
        "CLO-1917",
        f"{contract.contract_reference} has no final valuation after the initial one of {first.adjusted}",
        remedy="State the final valuation date or the termination date.",
    )
