"""Tests as rows of a linear programme, derived from their forms: what must hold of par and cash for a test to pass.

A row says numerator - level x denominator + own columns <= 0, in currency. Ratios and ranked groups are exact; what is
not linear has rows that every passing portfolio keeps (`outer`) and rows that only passing ones keep near a point
(`near`).
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from engine.compliance.evaluation import TOLERANCE
from engine.compliance.forms import RankedGroups, Ratio, Sum
from engine.compliance.plan import NO_DECIMALS, Plan, recovery_is_known
from engine.compliance.portfolio import Floats
from engine.compliance.thresholds import Threshold
from engine.trading.optimiser.reach import Reach
from engine.trading.optimiser.sums import combined

_NEVER_ABOVE = 1e-9
_ROUNDING_EDGE = 1e-10


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a test brings with it; is_amount: in currency, else a pure number."""

    lower: float = 0.0
    upper: float = math.inf
    is_whole: bool = False
    is_amount: bool = False


@dataclass(frozen=True)
class Row:
    """numerator - level x denominator + sum of own columns <= 0.

    extras: (own column, coefficient); is_number: a row of pure numbers, not of currency; subject: the obligor, country
    or industry it is about; moves: whether a higher threshold relaxes the row, by its denominator times per_unit.
    """

    numerator: Sum
    level: float = 0.0
    denominator: Sum | None = None
    extras: tuple[tuple[int, float], ...] = ()
    is_number: bool = False
    subject: str = ""
    moves: bool = True
    per_unit: float = 1.0


@dataclass(frozen=True)
class Rows:
    """Rows and the columns they bring; several rows hold together."""

    rows: tuple[Row, ...] = ()
    columns: tuple[Column, ...] = ()

    def __add__(self, other: "Rows") -> "Rows":
        shift = len(self.columns)
        moved = tuple(replace(row, extras=tuple((own + shift, c) for own, c in row.extras)) for row in other.rows)
        return Rows(self.rows + moved, self.columns + other.columns)


NO_ROWS = Rows()


@dataclass(frozen=True)
class Bound:
    """The side of a test as a maximum: numerator <= (level + slope x recovery) x denominator, and no further than stop.

    sign: 1 for a maximum, -1 for a minimum, of which everything is negated. stop: level that a moving limit does not go
    beyond; otherwise: constant level that is enough by itself, -inf for none.
    """

    place: int
    sign: float
    level: float
    slope: float = 0.0
    stop: float = math.inf
    otherwise: float = -math.inf

    def at(self, recovery: float) -> float:
        """The level in force for a pool of this recovery rate."""
        return max(min(self.level + self.slope * recovery, self.stop), self.otherwise) if self.slope else self.level


def bound_of(plan: Plan, place: int, margin: float = 0.0) -> Bound:
    """The limit of a test with its frozen baseline; margin: how much tighter, in the unit of the test."""
    threshold, sign = plan.thresholds[place], 1.0 if plan.is_max[place] else -1.0
    baseline = plan.baselines[place]
    maintained = sign * float(baseline) - margin if baseline > 0.0 else -math.inf
    level, slope = sign * threshold.level - margin, sign * threshold.slope
    if not recovery_is_known(plan)[place]:
        level, slope = sign * threshold.at(0.0) - margin, 0.0
    if slope == 0.0:
        return Bound(place, sign, _rounded(max(level, maintained), int(plan.decimals[place])))
    near, far = _stops(threshold, slope)
    return Bound(place, sign, level, slope, level + slope * near, max(level + slope * far, maintained))


def _stops(threshold: Threshold, slope: float) -> tuple[float, float]:
    """Recovery at which a limit stops getting easier, and at which it stops getting harder."""
    return (threshold.highest, threshold.lowest) if slope > 0.0 else (threshold.lowest, threshold.highest)


def _rounded(level: float, decimals: int) -> float:
    """The largest value that does not lie above a level once it is rounded."""
    if decimals == NO_DECIMALS:
        return level
    unit = 10.0**-decimals
    return (math.floor((level + TOLERANCE) / unit + _NEVER_ABOVE) + 0.5) * unit - _ROUNDING_EDGE


def recovery_sums(plan: Plan) -> Ratio:
    """The recovery rate that moves thresholds, as the ratio it is."""
    last, of = len(plan), int(plan.denominator_of[len(plan)])
    top, bottom = plan.numerators, plan.denominators
    return Ratio(
        Sum(top.per_par[last], float(top.per_cash[last]), float(top.fixed[last])),
        Sum(bottom.per_par[of], float(bottom.per_cash[of]), float(bottom.fixed[of])),
    )


def shares_denominator(plan: Plan, place: int) -> bool:
    """Whether a test divides by what the recovery rate divides by, so that a limit moving with it is linear."""
    return bool(plan.denominator_of[place] == plan.denominator_of[len(plan)])


def ratio_rows(plan: Plan, bound: Bound, numerator: Sum, denominator: Sum, reach: Reach) -> Rows:
    """A ratio (its numerator times the sign) against a fixed limit, or one that moves over the same denominator."""
    if not bound.slope:
        return Rows((Row(numerator, bound.level, denominator),))
    recovery = recovery_sums(plan)
    moving = [Row(combined(numerator, -bound.slope, recovery.numerator), bound.level, denominator)]
    if math.isfinite(bound.stop):
        moving.append(Row(numerator, bound.stop, denominator))
    if not math.isfinite(bound.otherwise):
        return Rows(tuple(moving))
    return either(Rows(tuple(moving)), Rows((Row(numerator, bound.otherwise, denominator),)), reach)


def either(first: Rows, second: Rows, reach: Reach) -> Rows:
    """Rows of which one of two sets must hold, with a binary where trades can decide which."""
    if _always_hold(first, reach) or _always_hold(second, reach):
        return NO_ROWS
    if _never_hold(first, reach):
        return second
    if _never_hold(second, reach):
        return first
    choice = Column(upper=1.0, is_whole=True)
    rows = [replace(row, extras=((0, -_room(row, reach)),)) for row in first.rows]
    for row in second.rows:
        room = _room(row, reach)
        shifted = Sum(row.numerator.per_par, row.numerator.per_cash, row.numerator.fixed - room)
        rows.append(replace(row, numerator=shifted, extras=((0, room),)))
    return Rows(tuple(rows), (choice,))


def _extent(row: Row, reach: Reach) -> tuple[float, float]:
    whole = row.numerator if row.denominator is None else combined(row.numerator, -row.level, row.denominator)
    return reach.of(whole)


def _always_hold(rows: Rows, reach: Reach) -> bool:
    return all(_extent(row, reach)[1] <= 0.0 for row in rows.rows)


def _never_hold(rows: Rows, reach: Reach) -> bool:
    return any(_extent(row, reach)[0] > 0.0 for row in rows.rows)


def _room(row: Row, reach: Reach) -> float:
    return max(_extent(row, reach)[1], 0.0)


def ranked_rows(form: RankedGroups, bound: Bound, reach: Reach) -> Rows:
    """Ranked groups against a maximum: a row for each group that could come near it.

    Ranks behind the first let as many groups lie above as there are ranks in front, each with a binary; several ranks
    together are the sum of the largest, of what every group has above a common level.
    """
    lowest, highest = reach.groups(form.codes, len(form.names))
    if form.count == 1 or form.is_by_name:
        return _single_rank(form, bound, reach, highest)
    return _several_ranks(form, bound, lowest, highest)


def _single_rank(form: RankedGroups, bound: Bound, reach: Reach, highest: Floats) -> Rows:
    room = highest - bound.level * reach.of(form.denominator)[0]
    near = np.flatnonzero(room > 0.0)
    rank = 1 if form.is_by_name else form.rank
    if len(near) < rank:
        return NO_ROWS
    rows = [
        Row(group_sum(form, int(group)), bound.level, form.denominator, subject=form.names[group]) for group in near
    ]
    if rank == 1:
        return Rows(tuple(rows))
    rows = [replace(row, extras=((own, -float(room[near[own]])),)) for own, row in enumerate(rows)]
    exempt = Row(
        Sum(np.zeros(len(form.codes)), fixed=1.0 - rank),
        extras=tuple((own, 1.0) for own in range(len(near))),
        is_number=True,
        moves=False,
    )
    return Rows((*rows, exempt), tuple(Column(upper=1.0, is_whole=True) for _ in near))


def _several_ranks(form: RankedGroups, bound: Bound, lowest: Floats, highest: Floats) -> Rows:
    last = form.rank + form.count - 1
    never_less = np.sort(lowest)[::-1][last - 1] if len(lowest) >= last else -math.inf
    near = np.flatnonzero(highest >= never_less)
    if len(near) < form.rank:
        return NO_ROWS
    none = Sum(np.zeros(len(form.codes)))
    columns = [Column(is_amount=True) for _ in range(len(near) + 1)]
    rows = []
    for own, group in enumerate(near, 1):
        extras: tuple[tuple[int, float], ...] = ((0, -1.0), (own, -1.0))
        if form.rank > 1:
            extras = (*extras, (len(columns), -float(highest[group])))
            columns.append(Column(upper=1.0, is_whole=True))
        rows.append(Row(group_sum(form, int(group)), extras=extras, subject=form.names[group], moves=False))
    largest = ((0, float(form.count)), *((own, 1.0) for own in range(1, len(near) + 1)))
    rows.append(Row(none, bound.level, form.denominator, extras=largest))
    if form.rank > 1:
        exempt = tuple((len(near) + own, 1.0) for own in range(1, len(near) + 1))
        rows.append(Row(replace(none, fixed=1.0 - form.rank), extras=exempt, is_number=True, moves=False))
    return Rows(tuple(rows), tuple(columns))


def group_sum(form: RankedGroups, group: int) -> Sum:
    """Par of a group."""
    return Sum((form.codes == group).astype(np.float64))
