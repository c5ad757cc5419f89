"""The rows of a deal's hard tests: what every compliant portfolio keeps, and what keeps one near a point compliant."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.compliance.evaluation import Evaluation, Holdings
from engine.compliance.forms import RankedGroups, Ratio
from engine.compliance.objective import hard_tests
from engine.compliance.portfolio import Mask
from engine.trading.optimiser import measure_rows
from engine.trading.optimiser.linear_rows import (
    NO_ROWS,
    Bound,
    Row,
    Rows,
    bound_of,
    ranked_rows,
    ratio_rows,
    recovery_sums,
    shares_denominator,
)
from engine.trading.optimiser.problem import Problem
from engine.trading.optimiser.reach import Reach
from engine.trading.optimiser.sums import combined, is_constant, negated, total


@dataclass(frozen=True)
class Limits:
    """The hard tests of a problem as rows.

    margins: how much tighter than its threshold a test is kept, in its unit, by place.
    """

    problem: Problem
    reach: Reach
    margins: Mapping[int, float] = field(default_factory=dict)

    @property
    def places(self) -> tuple[int, ...]:
        """Rows of the results that are limits."""
        return tuple(int(place) for place in np.flatnonzero(hard_tests(self.problem.plan)))

    def bound(self, place: int, margin: float = 0.0) -> Bound:
        """The limit of a test as a maximum."""
        return bound_of(self.problem.plan, place, self.margins.get(place, 0.0) + margin)

    def is_exact(self, place: int) -> bool:
        """Whether the outer rows of a test say all there is to say."""
        form, bound = self.problem.plan.forms[place], self.bound(place)
        if isinstance(form, Ratio):
            return not bound.slope or shares_denominator(self.problem.plan, place)
        if isinstance(form, RankedGroups):
            return bound.sign > 0.0
        return measure_rows.is_exact(form, bound)

    def is_convex(self, place: int) -> bool:
        """Whether every compliant portfolio keeps the near rows of a test too."""
        form = self.problem.plan.forms[place]
        return not isinstance(form, Ratio | RankedGroups) and measure_rows.is_convex(form, self.bound(place))

    def outer(self, place: int, margin: float = 0.0) -> Rows:
        """Rows that every compliant portfolio keeps."""
        form, bound = self.problem.plan.forms[place], self.bound(place, margin)
        if isinstance(form, RankedGroups):
            return ranked_rows(form, bound, self.reach) if bound.sign > 0.0 else NO_ROWS
        if not isinstance(form, Ratio):
            return measure_rows.outer(self.problem, form, bound, self.reach)
        numerator = negated(form.numerator, bound.sign)
        if is_constant(form.denominator) and form.denominator.fixed <= 0.0:
            return NO_ROWS
        if self.is_exact(place):
            return ratio_rows(self.problem.plan, bound, numerator, form.denominator, self.reach)
        recovery = recovery_sums(self.problem.plan)
        easiest = max(bound.at(rate) for rate in self.reach.ratio(recovery.numerator, recovery.denominator))
        return Rows((Row(numerator, easiest, form.denominator),)) if math.isfinite(easiest) else NO_ROWS

    def near(self, place: int, point: Holdings, margin: float = 0.0) -> Rows:
        """Rows that keep portfolios near the point from failing a test that the outer rows do not settle."""
        form, bound = self.problem.plan.forms[place], self.bound(place, margin)
        if isinstance(form, Ratio):
            return self._moving_over_another(form, bound, point)
        if isinstance(form, RankedGroups):
            return NO_ROWS
        return measure_rows.near(self.problem, form, bound, point)

    def _moving_over_another(self, form: Ratio, bound: Bound, point: Holdings) -> Rows:
        """The tangent of a limit that moves with the recovery rate of other assets than the test counts."""
        numerator = negated(form.numerator, bound.sign)
        recovery = recovery_sums(self.problem.plan)
        base, own = total(recovery.denominator, point), total(form.denominator, point)
        rate = total(recovery.numerator, point) / base
        moving = bound.level + bound.slope * rate
        if not bound.otherwise < moving < bound.stop:
            return Rows((Row(numerator, bound.at(rate), form.denominator),))
        turn = combined(recovery.numerator, -rate, recovery.denominator)
        rows = [Row(combined(numerator, -bound.slope * own / base, turn), moving, form.denominator)]
        if math.isfinite(bound.stop):
            rows.append(Row(numerator, bound.stop, form.denominator))
        return Rows(tuple(rows))


def broken(evaluation: Evaluation, places: Iterable[int]) -> Mask:
    """Hard tests that fail, (tests,); one that is not applicable does not fail."""
    is_limit = np.zeros(len(evaluation.plan), bool)
    is_limit[list(places)] = True
    failing: Mask = is_limit & ~evaluation.is_passed & evaluation.is_applicable
    return failing
