"""The best trades of a deal that keep every limit (spec 05 §11, R6 to R8).

The goal is maximised by linear programmes over par amounts, in whole increments where asked for; a weighted sum of ratios
by its tangents. Every portfolio is tested exactly before it counts, and the bound is proven on rows that no compliant
portfolio breaks.
"""

import math
import time
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from engine.compliance.evaluation import Evaluation
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.conflict import conflict_of
from engine.trading.optimiser.cushions import missing_cushions
from engine.trading.optimiser.explanation import binding_limits
from engine.trading.optimiser.goals import LinearGoal, Objective, RatioGoal, linear_goal, ratio_goal
from engine.trading.optimiser.limits import broken
from engine.trading.optimiser.model import NO_OWNER
from engine.trading.optimiser.problem import OptimiserInputs, Problem, problem_of
from engine.trading.optimiser.proposal import BindingLimit, Conflict, Proposal, Status
from engine.trading.optimiser.ratios import tangent
from engine.trading.optimiser.reach import Reach
from engine.trading.optimiser.relaxation import Relaxation
from engine.trading.optimiser.search import Candidate, Search
from engine.trading.optimiser.solver import Outcome
from engine.trading.trades import Side, Trade, TradedDeal

_TANGENTS = 8
_WHOLE_TANGENTS = 3
_TIGHTENINGS = 6
_BETTER = 1e-9
_SLOW = 0.9
_NEGLIGIBLE = 0.1


def optimise(
    deal: TradedDeal,
    inputs: OptimiserInputs,
    objective: Objective = Objective.WEIGHTED_RATIOS,
    default_rate: Floats | None = None,
) -> Proposal:
    """The best trades within the inputs.

    default_rate (n,) a year, for the objectives that take off expected losses; by default that of the rating factors.
    Raises InputError CLO-1751 to CLO-1765 for inputs that are wrong, CLO-1509 and CLO-1510 for weights.
    """
    started = time.monotonic()
    problem = problem_of(deal, inputs)
    goal = ratio_goal(problem) if objective is Objective.WEIGHTED_RATIOS else linear_goal(problem, objective, default_rate)
    work = _Work(problem, goal, Search(problem, Reach(problem), started + inputs.time_limit))
    work.run()
    return work.proposal(objective, time.monotonic() - started)


@dataclass
class _Work:
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
        start = self._relaxed_search() or self._from_start()
        if start is None:
            return
        self._whole_search(start)
        wanted = self.problem.inputs.gap
        if self.best is not None and self.gap > wanted:
            relaxation = Relaxation(self.search, self.goal)
            self._prove(relaxation)
            if self.gap > wanted and self.search.seconds_left:
                self._search_within(relaxation)

    def _tangent(self, evaluation: Evaluation) -> LinearGoal:
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
            found = self.search.solve(self._tangent(evaluation), self.problem.inputs.gap, whole=False)
            if isinstance(self.goal, LinearGoal):
                self.bound = min(self.bound, found.bound)
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

    def _from_start(self) -> Candidate | None:
        """Once more with the rows of limits that are not linear taken where the deal stands."""
        if not self.search.near:
            return None
        self.search.recentre(self.problem.deal.holdings)
        return self._relaxed_search()

    def _whole_search(self, start: Candidate) -> None:
        """The best portfolio with trades of the sizes asked for, from the one with any sizes."""
        if self._is_whole(start):
            self._consider(start)
            return
        evaluation = start.evaluation
        for _ in range(_WHOLE_TANGENTS):
            line = self._tangent(evaluation)
            found = self.search.solve(line, self.problem.inputs.gap, whole=True)
            if isinstance(self.goal, LinearGoal):
                self.bound = min(self.bound, found.bound)
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
        reached = expected if isinstance(self.goal, LinearGoal) else self.value_of(
            candidate.evaluation, candidate.bought, candidate.sold
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

    def _prove(self, relaxation: Relaxation) -> None:
        """Bring the bound down while that is worth it."""
        for _ in range(_TIGHTENINGS):
            relaxed = relaxation.relaxed()
            if relaxed is None:
                return
            before = self.gap
            solution = self.search.maximised(relaxed.programme.relaxed(), relaxed.goal, 0.0)
            if solution.outcome is Outcome.SOLVED:
                self.bound = min(self.bound, solution.bound)
            is_slow = self.gap > _SLOW * before
            if self.gap <= self.problem.inputs.gap or is_slow or not relaxed.columns or not self.search.seconds_left:
                return
            if not relaxation.tighten(relaxed, self.value):
                self.bound = self.value
                return

    def _search_within(self, relaxation: Relaxation) -> None:
        """Solve the bounding programme in whole numbers: its bound is closer, and what it finds may be better."""
        relaxed = relaxation.relaxed(sized=True)
        if relaxed is None or not relaxed.programme.whole.any():
            return
        solution = self.search.maximised(relaxed.programme, relaxed.goal, self.problem.inputs.gap)
        self.bound = min(self.bound, solution.bound)
        if solution.is_found:
            candidate = self.search.candidate(relaxed.model, solution.values)
            if self._consider(candidate) and isinstance(self.goal, RatioGoal):
                self._whole_search(candidate)

    def proposal(self, objective: Objective, seconds: float) -> Proposal:
        """The answer, with its explanation."""
        problem, best = self.problem, self.best
        nothing = np.zeros(len(problem.par))
        before = self.value_of(problem.before, nothing, nothing)
        conflict = conflict_of(self.search) if best is None else None
        binding = () if best is None else self._binding(best, objective)
        return Proposal(
            deal=problem.deal.name,
            objective=objective,
            status=self._status(conflict),
            trades=() if best is None else trades_of(problem, best),
            before=problem.before,
            after=None if best is None else best.evaluation,
            objective_before=before,
            objective_after=math.nan if best is None else self.value,
            bound=self.bound,
            gap=self.gap,
            binding=binding,
            conflict=conflict,
            inputs=problem.inputs,
            seconds=seconds,
            n_solves=self.search.n_solves,
            solver=f"HiGHS of scipy {version('scipy')}",
            remarks=self._remarks(),
        )

    def _binding(self, best: Candidate, objective: Objective) -> tuple[BindingLimit, ...]:
        self.search.near, self.search.margins = best.near, best.margins
        return binding_limits(self.search.any_size_model(), best, self._tangent(best.evaluation), objective)

    def _status(self, conflict: Conflict | None) -> Status:
        if self.best is None:
            return Status.NOT_FOUND if conflict is None else Status.INFEASIBLE
        return Status.OPTIMAL if self.gap <= self.problem.inputs.gap else Status.FEASIBLE

    def _remarks(self) -> tuple[str, ...]:
        plan, found = self.problem.plan, []
        if not self.search.seconds_left:
            found.append("The time limit ended the search; on another machine it may end elsewhere.")
        if self.search.near:
            names = ", ".join(str(plan.definitions[place].id) for place in sorted(self.search.near))
            found.append(f"Tests that are not linear in par were kept by rows near the solution: {names}.")
        if self.best is not None and self.best.evaluation.is_maintained.any():
            kept = np.flatnonzero(self.best.evaluation.is_maintained)
            names = ", ".join(str(plan.definitions[place].id) for place in kept)
            found.append(f"Tests that fail at the start and are no worse afterwards: {names}.")
        return tuple(found)


def trades_of(problem: Problem, candidate: Candidate) -> tuple[Trade, ...]:
    """The trades of a candidate, sales first, at the prices of the inputs."""
    ids, inputs = problem.plan.portfolio.ids, problem.inputs
    return tuple(
        Trade(deal=problem.deal.name, blkrock_id=ids[row], side=side, par=float(amounts[row]), price=prices[ids[row]])
        for side, amounts, prices in (
            (Side.SALE, candidate.sold, inputs.bid),
            (Side.BUY, candidate.bought, inputs.ask),
        )
        for row in np.flatnonzero(amounts)
    )
