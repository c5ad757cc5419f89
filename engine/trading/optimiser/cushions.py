"""Room to a limit that is wanted but not demanded: what of it is missing costs the goal a penalty."""

from dataclasses import replace

from engine.compliance.evaluation import Evaluation
from engine.errors import InputError
from engine.trading.optimiser.limits import Limits
from engine.trading.optimiser.linear_rows import Column, Rows
from engine.trading.optimiser.model import Model
from engine.trading.optimiser.problem import Problem


def add_cushions(model: Model, limits: Limits) -> None:
    """Rows of each cushion with a column for what is missing, in currency of the test's denominator.

    Raises InputError CLO-1765 for a test that is not linear in par.
    """
    problem = limits.problem
    for cushion in problem.inputs.cushions:
        place = problem.plan.place_of[cushion.test_id]
        if not limits.is_exact(place):
            raise InputError(
                "CLO-1765",
                f"A cushion is asked for test {cushion.test_id}, which is not linear in par",
                where="cushions",
                remedy="Overwrite the threshold of the test instead.",
            )
        rows = limits.outer(place, cushion.margin)
        missing = len(rows.columns)
        softened = tuple(replace(row, extras=(*row.extras, (missing, -1.0))) if row.moves else row for row in rows.rows)
        own = model.add(Rows(softened, (*rows.columns, Column(is_amount=True))), None)
        size = float(problem.before.denominator[place]) or problem.base
        model.penalties[own[missing]] = cushion.penalty / size


def missing_cushions(problem: Problem, evaluation: Evaluation) -> float:
    """What the goal loses for the room that is missing."""
    lost = 0.0
    for cushion in problem.inputs.cushions:
        place = problem.plan.place_of[cushion.test_id]
        sign = 1.0 if problem.plan.is_max[place] else -1.0
        beyond = sign * float(evaluation.value[place] - evaluation.threshold[place]) + cushion.margin
        size = float(problem.before.denominator[place]) or problem.base
        lost += cushion.penalty * max(beyond, 0.0) * float(evaluation.denominator[place]) / size
    return lost
