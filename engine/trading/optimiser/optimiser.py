"""The best trades of a deal that keep every limit (spec 05 §11, R6 to R8).

The goal is maximised by linear programmes over par amounts, in whole increments where asked for; a weighted sum of
ratios by its tangents. Every portfolio is tested exactly before it counts, and the bound is proven on rows that no
compliant portfolio breaks.
"""

import math
import time
from importlib.metadata import version

import numpy as np

from engine.compliance.portfolio import Floats
from engine.trading.optimiser.conflict import conflict_of
from engine.trading.optimiser.explanation import binding_limits
from engine.trading.optimiser.goals import Objective, linear_goal, ratio_goal
from engine.trading.optimiser.inputs import OptimiserInputs
from engine.trading.optimiser.problem import Problem, problem_of
from engine.trading.optimiser.proposal import BindingLimit, Conflict, Proposal, Status
from engine.trading.optimiser.reach import Reach
from engine.trading.optimiser.search import Candidate, Search
from engine.trading.optimiser.work import Work
from engine.trading.trades import Side, Trade, TradedDeal


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
    is_weighted = objective is Objective.WEIGHTED_RATIOS
    goal = ratio_goal(problem) if is_weighted else linear_goal(problem, objective, default_rate)
    work = Work(problem, goal, Search(problem, Reach(problem), started + inputs.time_limit))
    work.run()
    return _proposal(work, objective, started)


def _proposal(work: Work, objective: Objective, started: float) -> Proposal:
    problem, best = work.problem, work.best
    nothing = np.zeros(len(problem.par))
    remarks = _remarks(work)
    conflict = conflict_of(work.search) if best is None else None
    return Proposal(
        deal=problem.deal.name,
        objective=objective,
        status=_status(work, conflict),
        trades=() if best is None else _trades(problem, best),
        before=problem.before,
        after=None if best is None else best.evaluation,
        objective_before=work.value_of(problem.before, nothing, nothing),
        objective_after=math.nan if best is None else work.value,
        bound=work.bound,
        gap=work.gap,
        binding=() if best is None else _binding(work, best, objective),
        conflict=conflict,
        inputs=problem.inputs,
        seconds=time.monotonic() - started,
        n_solves=work.search.n_solves,
        solver=f"HiGHS of scipy {version('scipy')}",
        remarks=remarks,
    )


def _status(work: Work, conflict: Conflict | None) -> Status:
    if work.best is None:
        return Status.NOT_FOUND if conflict is None else Status.INFEASIBLE
    return Status.OPTIMAL if work.gap <= work.problem.inputs.gap else Status.FEASIBLE


def _trades(problem: Problem, candidate: Candidate) -> tuple[Trade, ...]:
    """The trades of a candidate, sales first, at the prices of the inputs."""
    ids, inputs = problem.plan.portfolio.ids, problem.inputs
    sides = ((Side.SALE, candidate.sold, inputs.bid), (Side.BUY, candidate.bought, inputs.ask))
    return tuple(
        Trade(deal=problem.deal.name, blkrock_id=ids[row], side=side, par=float(amounts[row]), price=prices[ids[row]])
        for side, amounts, prices in sides
        for row in np.flatnonzero(amounts)
    )


def _binding(work: Work, best: Candidate, objective: Objective) -> tuple[BindingLimit, ...]:
    search = work.search
    search.near, search.margins, search.cuts = best.near, best.margins, best.cuts
    return binding_limits(search.any_size_model(), best, work.tangent(best.evaluation), objective)


def _remarks(work: Work) -> tuple[str, ...]:
    plan, found = work.problem.plan, []
    if not work.search.seconds_left:
        found.append("The time limit ended the search; on another machine it may end elsewhere.")
    lessons = sorted({*work.search.near, *work.search.cuts})
    if lessons:
        names = ", ".join(str(plan.definitions[place].id) for place in lessons)
        found.append(f"Tests that are not linear in par were kept by rows near the solution: {names}.")
    if work.best is not None and work.best.evaluation.is_maintained.any():
        kept = np.flatnonzero(work.best.evaluation.is_maintained)
        names = ", ".join(str(plan.definitions[place].id) for place in kept)
        found.append(f"Tests that fail at the start and are no worse afterwards: {names}.")
    return tuple(found)
