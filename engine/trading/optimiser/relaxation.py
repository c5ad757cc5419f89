"""What no compliant portfolio exceeds: the outer model with the goal's ratios in boxes, and how the boxes shrink.

A portfolio better than the best one known has its ratios in intervals that linear programmes find; with them the planes
around the ratios come closer, and the bound comes down (bound tightening by the objective).
"""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, vstack

from engine.compliance.forms import Ratio
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.boxes import Box, add_ratio, divided
from engine.trading.optimiser.goals import LinearGoal, RatioGoal, goal_vector
from engine.trading.optimiser.limits import Limits
from engine.trading.optimiser.linear_rows import Bound, Row, Rows, recovery_sums
from engine.trading.optimiser.model import Model
from engine.trading.optimiser.ratios import Fraction, MovingTerm, Terms, terms_of
from engine.trading.optimiser.search import Search
from engine.trading.optimiser.solver import Outcome, Programme, goal_size, programme_of
from engine.trading.optimiser.sums import negated

Key = tuple[bytes, bytes] | int


@dataclass(frozen=True)
class Relaxed:
    """A programme whose optimum no compliant portfolio exceeds; the columns of each ratio and of its base."""

    model: Model
    programme: Programme
    goal: Floats
    columns: dict[Key, tuple[int, int]]


@dataclass
class Relaxation:
    """Bounds a goal; `boxes` shrink as `tighten` learns what a better portfolio would look like, if it ever did."""

    search: Search
    goal: LinearGoal | RatioGoal
    boxes: dict[Key, Box] = field(default_factory=dict)
    is_tightened: bool = False

    @cached_property
    def terms(self) -> Terms | None:
        """The goal in parts; None where it has no bound."""
        if isinstance(self.goal, LinearGoal):
            return Terms(self.goal.worth)
        return terms_of(self.goal, self.search.problem.plan, self.search.reach)

    def relaxed(self, *, sized: bool = False) -> Relaxed | None:
        """The programme of the present boxes; None where the goal has no bound.

        sized: with trades of the sizes asked for.
        """
        terms = self.terms
        if terms is None:
            return None
        model = (self.search.outer_model() if sized else self.search.bounding_model()).copy()
        goal_of: dict[int, float] = {}
        columns: dict[Key, tuple[int, int]] = {}
        for fraction in terms.fractions:
            goal_of[self._fraction(model, fraction, columns)] = fraction.weight
        if (terms.moving or self._moving_limits) and self._has_recovery:
            rate = self._fraction(model, self._recovery, columns)
            for term in terms.moving:
                goal_of[self._moving_term(model, term, rate, columns)] = term.weight
            self._add_moving_limits(model, rate)
        goal = goal_vector(model, LinearGoal(terms.linear, self.goal.per_bought, self.goal.per_sold))
        for column, weight in goal_of.items():
            goal[column] += weight
        return Relaxed(model, programme_of(model), goal, columns)

    def tighten(self, relaxed: Relaxed, best: float) -> bool:
        """Shrink the boxes to what portfolios better than the best known can reach; False where there are none."""
        self.is_tightened = True
        programme = _better_than(relaxed, best)
        for key, (ratio, base) in relaxed.columns.items():
            is_ratio_wide, is_base_wide = self.boxes[key].is_wide
            # The base of a term with a threshold of its own is another ratio, which has a box itself.
            for column, is_ratio in ((ratio, True), (base, False)):
                if not (is_ratio_wide if is_ratio else is_base_wide and not isinstance(key, int)):
                    continue
                low, high = (self._end(programme, column, sign) for sign in (-1.0, 1.0))
                if low is None or high is None:
                    return False
                if not self.search.seconds_left:
                    return True
                box = self.boxes[key]
                self.boxes[key] = box.with_ratio(low, high) if is_ratio else box.with_base(low, high)
        return True

    def _end(self, programme: Programme, column: int, sign: float) -> float | None:
        """Lowest or highest value of a column; None where no portfolio is better than the best known."""
        goal = np.zeros(len(programme.lower))
        goal[column] = sign
        found = self.search.maximised(programme, goal, 0.0)
        if found.outcome is Outcome.INFEASIBLE:
            return None
        return sign * found.bound if found.outcome is Outcome.SOLVED else sign * math.inf

    @cached_property
    def _recovery(self) -> Fraction:
        recovery = recovery_sums(self.search.problem.plan)
        return Fraction(0.0, recovery.numerator, recovery.denominator)

    @cached_property
    def _has_recovery(self) -> bool:
        return self.search.reach.of(self._recovery.denominator)[0] > 0.0

    @cached_property
    def _moving_limits(self) -> list[tuple[Bound, Ratio]]:
        """Limits that move with the recovery rate of other assets than they count."""
        limits, plan = Limits(self.search.problem, self.search.reach), self.search.problem.plan
        forms = [(place, plan.forms[place]) for place in limits.places if not limits.is_exact(place)]
        return [(limits.bound(place), form) for place, form in forms if isinstance(form, Ratio)]

    def _fraction(self, model: Model, fraction: Fraction, columns: dict[Key, tuple[int, int]]) -> int:
        """The column of a ratio of two sums."""
        key = fraction.numerator.per_par.tobytes(), fraction.denominator.per_par.tobytes()
        if key not in columns:
            top, base = model.sum_column(fraction.numerator), model.sum_column(fraction.denominator)
            if key not in self.boxes:
                reach = self.search.reach
                least, most = (end / model.unit for end in reach.of(fraction.denominator))
                self.boxes[key] = Box(*reach.ratio(fraction.numerator, fraction.denominator), least, most)
            columns[key] = add_ratio(model, self.boxes[key], top, base), base
        return columns[key][0]

    def _moving_term(self, model: Model, term: MovingTerm, rate: int, columns: dict[Key, tuple[int, int]]) -> int:
        """The column of value / threshold, or the other way round; the threshold follows the recovery rate."""
        value = self._fraction(model, term.value, columns)
        ends = [term.level + term.slope * end for end in (model.lower[rate], model.upper[rate])]
        threshold = model.column(min(ends), max(ends))
        model.row([threshold, rate], [1.0, -term.slope], term.level, term.level)
        top, base = (threshold, value) if term.is_max else (value, threshold)
        top_ends, base_ends = ((model.lower[column], model.upper[column]) for column in (top, base))
        box = Box(*divided(top_ends, base_ends), *base_ends)
        if term.place in self.boxes:
            box = box.with_ratio(self.boxes[term.place].lowest, self.boxes[term.place].highest)
        self.boxes[term.place] = box
        columns[term.place] = add_ratio(model, box, top, base), base
        return columns[term.place][0]

    def _add_moving_limits(self, model: Model, rate: int) -> None:
        """numerator <= (level + slope x rate) x denominator, where no other level is enough; the rate in its box."""
        low, high = model.lower[rate], model.upper[rate]
        for bound, form in self._moving_limits:
            if min(bound.level + bound.slope * end for end in (low, high)) < bound.otherwise:
                continue
            numerator = negated(form.numerator, bound.sign)
            if math.isfinite(bound.stop):
                model.add(Rows((Row(numerator, bound.stop, form.denominator),)), None)
            least, most = (end / model.unit for end in self.search.reach.of(form.denominator))
            columns, coefficients, start = model.expression(numerator)
            base = model.sum_column(form.denominator)
            corners = ((high, least), (low, most)) if bound.slope > 0.0 else ((low, least), (high, most))
            for end, size in corners:
                model.row(
                    [*columns, base, rate],
                    [*coefficients, -bound.level - bound.slope * end, -bound.slope * size],
                    -np.inf,
                    -start - bound.slope * end * size,
                )


def _better_than(relaxed: Relaxed, best: float) -> Programme:
    """The programme, its goal at least as high as the best known."""
    programme = relaxed.programme.relaxed()
    size = goal_size(programme, relaxed.goal)
    return replace(
        programme,
        matrix=csr_array(vstack([programme.matrix, csr_array(relaxed.goal[None, :] / size)])),
        row_lower=np.append(programme.row_lower, best / size),
        row_upper=np.append(programme.row_upper, np.inf),
        scale=np.append(programme.scale, 1.0),
    )
