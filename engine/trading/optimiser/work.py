"""One run of the optimiser: find a portfolio, prove how good it is, look for a better one while that is not enough."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from engine.compliance.evaluation import Evaluation
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.cushions import missing_cushions
from engine.trading.optimiser.goals import LinearGoal, RatioGoal
from engine.trading.optimiser.limits import broken
from engine.trading.optimiser.model import NO_OWNER
from engine.trading.optimiser.problem import Problem
from engine.trading.optimiser.ratios import tangent
from engine.trading.optimiser.relaxation import Relaxation, Relaxed
from engine.trading.optimiser.search import Candidate, Search
from engine.trading.optimiser.solver import Outcome

T = TypeVar("T")

_TANGENTS = 8
_WHOLE_TANGENTS = 3
_TIGHTENINGS = 6
_BETTER = 1e-9
_NO_GAIN = 0.9
_NEGLIGIBLE = 0.1


@dataclass
class Work:
    """One run: the best portfolio so far and the bound so far."""

    problem: Problem
    goal: LinearGoal | RatioGoal
    search: Search
    best: Candidate | None = None
    value: float = -math.inf
    bound: float = math.inf

    @property
    def gap(self) -> float:
        """How far the best portfolio may lie from the best there is, as a fraction of the objective."""
        if self.best is None or not math.isfinite(self.bound):
            return math.inf
        return max(self.bound - self.value, 0.0) / max(abs(self.value), _BETTER)

    def run(self) -> None:
        """Find a portfolio, then prove how good it is, then look for a better one while that is not enough."""
        self._keep_start()
        relaxation = Relaxation(self.search, self.goal)
        start = self._relaxed_search() or self._from_start(self._relaxed_search)
        if start is not None:
            self._bound_once(relaxation)
            self._whole_search(start)
            if self.best is None and self.search.seconds_left:
                self._from_start(lambda: self._whole_search(start))
        wanted = self.problem.inputs.gap
        if self.best is not None and self.gap > wanted:
            self._prove(relaxation)
            if self.gap > wanted and self.search.seconds_left:
                self._search_within(relaxation)

    def tangent(self, evaluation: Evaluation) -> LinearGoal:
        """The goal near an evaluated portfolio."""
        return tangent(self.goal, evaluation) if isinstance(self.goal, RatioGoal) else self.goal

    def value_of(self, evaluation: Evaluation, bought: Floats, sold: Floats) -> float:
        """The objective of an evaluated portfolio, less what is missing of cushions."""
        missing = missing_cushions(self.problem, evaluation)
        if isinstance(self.goal, RatioGoal):
            return self.goal.value(evaluation, bought, sold) - missing
        return self.goal.value(evaluation.holdings, bought, sold) - missing

    def _relaxed_search(self) -> Candidate | None:
        """The best portfolio with trades of any size, by tangents until they stop improving it."""
        best, value, evaluation = None, -math.inf, self.problem.before
        for _ in range(_TANGENTS):
            found = self.search.solve(self.tangent(evaluation), self.problem.inputs.gap, whole=False)
            if isinstance(self.goal, LinearGoal):
                self._bounded_by(found.bound)
            if found.candidate is None:
                break
            reached = self.value_of(found.candidate.evaluation, found.candidate.bought, found.candidate.sold)
            if reached <= value + _BETTER * abs(value):
                break
            best, value, evaluation = found.candidate, reached, found.candidate.evaluation
            if self.search.near:
                self.search.recentre(evaluation.holdings)
            elif isinstance(self.goal, LinearGoal):
                break
        return best

    def _keep_start(self) -> None:
        """Trading nothing is an answer too, where nothing has to be traded."""
        budgets = (self.problem.inputs.sales, self.problem.inputs.purchases)
        if (
            not any(budget.is_exact and budget.par for budget in budgets)
            and self.problem.cash >= self.problem.cash_floor
        ):
            self._consider(self.search.at_start())

    def _from_start(self, search: Callable[[], T]) -> T | None:
        """Once more with the rows of limits that are not linear taken where the deal stands."""
        if not self.search.near:
            return None
        self.search.recentre(self.problem.deal.holdings)
        return search()

    def _whole_search(self, start: Candidate) -> None:
        """The best portfolio with trades of the sizes asked for, from the one with any sizes."""
        if self._is_whole(start):
            self._consider(start)
            return
        evaluation = start.evaluation
        for _ in range(_WHOLE_TANGENTS):
            line = self.tangent(evaluation)
            found = self.search.solve(line, self.problem.inputs.gap, whole=True)
            if isinstance(self.goal, LinearGoal):
                self._bounded_by(found.bound)
            if found.candidate is None or not self._consider(found.candidate):
                return
            evaluation = found.candidate.evaluation
            if self.search.near:
                self.search.recentre(evaluation.holdings)
            elif self._is_expected(line, found.candidate):
                return

    def _is_expected(self, line: LinearGoal, candidate: Candidate) -> bool:
        """Whether a portfolio is worth what the tangent said, so that another tangent has little to add."""
        expected = line.value(candidate.holdings, candidate.bought, candidate.sold)
        reached = (
            expected
            if isinstance(self.goal, LinearGoal)
            else self.value_of(candidate.evaluation, candidate.bought, candidate.sold)
        )
        return abs(expected - reached) <= _NEGLIGIBLE * self.problem.inputs.gap * abs(reached)

    def _is_whole(self, candidate: Candidate) -> bool:
        """Whether a portfolio found without whole numbers needs none."""
        model = candidate.model
        has_sizes = any(whole and owner != NO_OWNER for whole, owner in zip(model.is_whole, model.owner, strict=True))
        return not has_sizes and self._is_compliant(candidate)

    def _is_compliant(self, candidate: Candidate) -> bool:
        fails = broken(candidate.evaluation, self.search.limits.places).any()
        return not fails and not ((candidate.bought > 0.0) & (candidate.sold > 0.0)).any()

    def _consider(self, candidate: Candidate) -> bool:
        """Keep a compliant portfolio that is better than the best one so far."""
        reached = self.value_of(candidate.evaluation, candidate.bought, candidate.sold)
        if not self._is_compliant(candidate) or reached <= self.value + _BETTER * abs(self.value):
            return False
        self.best, self.value = candidate, reached
        return True

    def _bound_once(self, relaxation: Relaxation) -> Relaxed | None:
        """The bound of the present boxes; returns the programme that has it."""
        relaxed = relaxation.relaxed()
        if relaxed is not None:
            solution = self.search.maximised(relaxed.programme.relaxed(), relaxed.goal, 0.0)
            if solution.outcome is Outcome.SOLVED:
                self._bounded_by(solution.bound)
        return relaxed

    def _prove(self, relaxation: Relaxation) -> None:
        """Bring the bound down while that is worth it."""
        for _ in range(_TIGHTENINGS):
            before = self.gap
            relaxed = self._bound_once(relaxation)
            if relaxed is None or not relaxed.columns or not self.search.seconds_left:
                return
            is_slow = self.gap / before > _NO_GAIN and relaxation.is_tightened
            if self.gap <= self.problem.inputs.gap or is_slow:
                return
            if not relaxation.tighten(relaxed, self.value):
                self._bounded_by(self.value)
                return

    def _search_within(self, relaxation: Relaxation) -> None:
        """Solve the bounding programme in whole numbers: its bound is closer, and what it finds may be better."""
        relaxed = relaxation.relaxed(sized=True)
        if relaxed is None or not relaxed.programme.whole.any():
            return
        solution = self.search.maximised(relaxed.programme, relaxed.goal, self.problem.inputs.gap)
        self._bounded_by(solution.bound)
        if solution.is_found:
            candidate = self.search.candidate(relaxed.model, solution.values, has_lessons=False)
            if self._consider(candidate) and isinstance(self.goal, RatioGoal):
                self._whole_search(candidate)

    def _bounded_by(self, bound: float) -> None:
        """Nothing lies above this bound, nor above what was found where the boxes leave nothing better."""
        self.bound = min(self.bound, max(bound, self.value))
