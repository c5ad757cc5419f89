"""Solving until the exact tests agree: limits that are not linear get rows near each solution, the others a margin."""

import time
from dataclasses import dataclass, field

import numpy as np

from engine.compliance.evaluation import Evaluation, Holdings, evaluate
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.cushions import add_cushions
from engine.trading.optimiser.goals import LinearGoal, goal_vector
from engine.trading.optimiser.limits import Limits, broken
from engine.trading.optimiser.linear_rows import Rows
from engine.trading.optimiser.model import Limit, LimitKind, Model, traded
from engine.trading.optimiser.problem import Problem
from engine.trading.optimiser.reach import Reach
from engine.trading.optimiser.solver import Programme, Solution, goal_size, polished, programme_of
from engine.trading.optimiser.staged import best_whole
from engine.trading.optimiser.trade_columns import trading_model

_ROUNDS = 12
_EXTRA_MARGIN = 1.5
_LEAST_MARGIN = 1e-11
_SHARE_OF_GAP = 0.5


@dataclass(frozen=True)
class Candidate:
    """Trades by asset, (n,) in currency, with the exact tests of what they lead to.

    model and values: the programme that they are a solution of; near, margins, cuts and exclusive: what the search had
    learnt by then.
    """

    bought: Floats
    sold: Floats
    evaluation: Evaluation
    model: Model
    values: Floats
    near: dict[int, tuple[Rows, ...]]
    margins: dict[int, float]
    cuts: dict[int, tuple[Rows, ...]]
    exclusive: frozenset[int]

    @property
    def holdings(self) -> Holdings:
        return self.evaluation.holdings


@dataclass(frozen=True)
class Found:
    """What a solve came to.

    candidate: None where nothing was found; bound: what no compliant portfolio exceeds, from the programme as it was
    first solved, infinite where that had rows that cut some off.
    """

    candidate: Candidate | None
    bound: float


@dataclass
class Search:
    """The programme of a problem and what its solutions have taught.

    margins: how much tighter than its threshold a test is kept, by place; near: rows at a point, by place; cuts: rows
    at several points that every compliant portfolio keeps, by place; exclusive: assets not to be bought and sold at
    once; deadline: of `time.monotonic`.
    """

    problem: Problem
    reach: Reach
    deadline: float
    margins: dict[int, float] = field(default_factory=dict)
    near: dict[int, tuple[Rows, ...]] = field(default_factory=dict)
    cuts: dict[int, tuple[Rows, ...]] = field(default_factory=dict)
    exclusive: frozenset[int] = frozenset()
    n_solves: int = 0
    _outer: Model | None = None
    _bounding: Model | None = None
    _inner: Model | None = None

    @property
    def limits(self) -> Limits:
        """The limits with the margins of this search."""
        return Limits(self.problem, self.reach, self.margins)

    @property
    def is_outer(self) -> bool:
        """Whether no row cuts off a portfolio that is compliant."""
        return not (self.margins or self.near or self.exclusive)

    @property
    def seconds_left(self) -> float:
        return max(self.deadline - time.monotonic(), 0.0)

    def outer_model(self) -> Model:
        """What every compliant portfolio keeps."""
        if self._outer is None:
            limits = Limits(self.problem, self.reach)
            self._outer = _with_limits(trading_model(self.problem), limits, self.cuts)
        return self._outer

    def bounding_model(self) -> Model:
        """The outer model with trades of any size, which a bound may allow."""
        if self._bounding is None:
            trades = trading_model(self.problem, any_size=True)
            self._bounding = _with_limits(trades, Limits(self.problem, self.reach), self.cuts)
        return self._bounding

    def any_size_model(self) -> Model:
        """The model of this search with trades of any size, for shadow prices."""
        return self.bounding_model() if self.is_outer else self._with_lessons(any_size=True)

    def model(self) -> Model:
        """The outer model and all that was added to it."""
        if self.is_outer:
            return self.outer_model()
        if self._inner is None:
            self._inner = self._with_lessons()
        return self._inner

    def _with_lessons(self, *, any_size: bool = False) -> Model:
        exclusive = frozenset[int]() if any_size else self.exclusive
        trades = trading_model(self.problem, exclusive, any_size=any_size)
        return _with_limits(trades, self.limits, self.cuts, self.near)

    def solve(self, goal: LinearGoal, gap: float, *, whole: bool) -> Found:
        """Solve, test, add what was missing, and solve again, until the tests agree.

        whole: False leaves whole numbers aside, and with them the tests that are exact only in whole numbers.
        """
        bound, is_outer = np.inf, self.is_outer
        for number in range(_ROUNDS):
            model = self.model()
            programme = programme_of(model)
            vector = goal_vector(model, goal)
            solution = self.maximised(programme if whole else programme.relaxed(), vector, gap)
            if number == 0 and is_outer:
                bound = solution.bound
            if not solution.is_found:
                break
            values = (
                polished(programme, vector, solution.values) if whole and _has_fractions(model) else solution.values
            )
            candidate = self.candidate(model, values, whole=whole)
            if not self._taught(candidate, whole):
                return Found(candidate, bound)
            if not self.seconds_left:
                break
        return Found(None, bound)

    def maximised(self, programme: Programme, vector: Floats, gap: float) -> Solution:
        """Solve within the time left; the goal is brought to size 1 for the tolerances of the solver."""
        self.n_solves += 1
        size = goal_size(programme, vector)
        found = best_whole(programme, vector / size, gap * _SHARE_OF_GAP, self.deadline)
        return Solution(found.outcome, found.values, found.bound * size)

    def candidate(self, model: Model, values: Floats, *, whole: bool = True, has_lessons: bool = True) -> Candidate:
        """The trades of a solution, tested exactly; has_lessons: of the model of this search, not of the outer one."""
        bought, sold = model.amounts(values, whole=whole)
        holdings = traded(self.problem, bought, sold)
        return Candidate(
            bought,
            sold,
            evaluate(self.problem.plan, holdings),
            model,
            values,
            dict(self.near) if has_lessons else {},
            dict(self.margins) if has_lessons else {},
            dict(self.cuts),
            self.exclusive if has_lessons else frozenset(),
        )

    def at_start(self) -> Candidate:
        """No trade at all."""
        nothing = np.zeros(len(self.problem.par))
        model = self.outer_model()
        values = np.zeros(len(model.lower))
        return Candidate(nothing, nothing, self.problem.before, model, values, {}, {}, dict(self.cuts), frozenset())

    def recentre(self, holdings: Holdings) -> None:
        """Take the near rows that are in use at another point."""
        for place in self.near:
            if not self.limits.is_convex(place):
                self.margins.pop(place, None)
                self.near[place] = (self.limits.near(place, holdings),)
        self._inner = None

    def _taught(self, candidate: Candidate, whole: bool) -> bool:
        """Whether something was wrong with a candidate that the next solve will respect."""
        learnt = False
        both = np.flatnonzero((candidate.bought > 0.0) & (candidate.sold > 0.0))
        if whole and len(both):
            self.exclusive |= {int(asset) for asset in both}
            learnt = True
        evaluation = candidate.evaluation
        for place in np.flatnonzero(broken(evaluation, self.limits.places)):
            learnt |= self._learn(int(place), evaluation, whole)
        if learnt:
            self._inner = None
        return learnt

    def _learn(self, place: int, evaluation: Evaluation, whole: bool) -> bool:
        limits = self.limits
        if limits.is_exact(place):
            if whole:
                self._widen(place, evaluation)
            return whole
        if place in self.near or place in self.cuts:
            self._widen(place, evaluation)
        if not limits.is_convex(place):
            self.near[place] = (self.limits.near(place, evaluation.holdings),)
            return True
        cut = Limits(self.problem, self.reach).near(place, evaluation.holdings)
        self.cuts[place] = (*self.cuts.get(place, ()), cut)
        self._outer = self._bounding = None
        if self.margins.get(place):
            self.near[place] = (*self.near.get(place, ()), self.limits.near(place, evaluation.holdings))
        return True

    def _widen(self, place: int, evaluation: Evaluation) -> None:
        missing = abs(float(evaluation.value[place]) - self._level(place, evaluation))
        self.margins[place] = self.margins.get(place, 0.0) + _EXTRA_MARGIN * missing + _LEAST_MARGIN

    def _level(self, place: int, evaluation: Evaluation) -> float:
        bound = Limits(self.problem, self.reach).bound(place)
        return bound.sign * bound.at(evaluation.recovery)


def _with_limits(model: Model, limits: Limits, *added: dict[int, tuple[Rows, ...]]) -> Model:
    for place in limits.places:
        model.add(limits.outer(place), Limit(LimitKind.TEST, place))
    add_cushions(model, limits)
    for rows_by_place in added:
        for place, all_rows in rows_by_place.items():
            for rows in all_rows:
                model.add(rows, Limit(LimitKind.TEST, place))
    return model


def _has_fractions(model: Model) -> bool:
    is_whole = model.is_whole
    return any(is_whole) and not all(is_whole[piece.column] for piece in model.pieces)
