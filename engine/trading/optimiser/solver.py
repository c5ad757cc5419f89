"""HiGHS through scipy: a model as arrays, maximised with or without its whole numbers, and its shadow prices."""

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, diags_array, vstack

from engine.compliance.portfolio import Floats
from engine.trading.optimiser.model import Limit, Model

_FEASIBILITY = 1e-9
_SMALL = 200


class Outcome(Enum):
    """How a solve ended: SOLVED as exactly as asked, STOPPED with or without a solution when the time was up."""

    SOLVED = "solved"
    STOPPED = "stopped"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    FAILED = "failed"


_OUTCOMES = {0: Outcome.SOLVED, 1: Outcome.STOPPED, 2: Outcome.INFEASIBLE, 3: Outcome.UNBOUNDED}


@dataclass(frozen=True)
class Programme:
    """Maximise over lower <= x <= upper and row_lower <= matrix x <= row_upper.

    scale: what each row of the model was multiplied by; whole: columns of whole numbers; owner: order of which a column
    says the size, NO_OWNER for others; cut: binaries that let an order have any size.
    """

    matrix: csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    scale: Floats
    whole: npt.NDArray[np.bool_]
    owner: npt.NDArray[np.int64]
    cut: npt.NDArray[np.bool_]

    def relaxed(self) -> "Programme":
        """Without whole numbers."""
        return replace(self, whole=np.zeros_like(self.whole))


@dataclass(frozen=True)
class Solution:
    """values (columns,) empty where there are none; bound: what no solution exceeds, in the unit of the goal."""

    outcome: Outcome
    values: Floats
    bound: float

    @property
    def is_found(self) -> bool:
        return bool(len(self.values))


@dataclass(frozen=True)
class ShadowPrices:
    """What the goal gains for each unit by which a row of the model, or a column's upper bound, is moved outwards.

    columns: negative for a column at its lower bound, where it is what the first unit costs; values: the solution.
    """

    rows: Floats
    columns: Floats
    values: Floats


def programme_of(model: Model) -> Programme:
    """The arrays of a model."""
    counts = np.array([len(row.columns) for row in model.rows], np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    columns = np.concatenate([row.columns for row in model.rows])
    values = np.concatenate([row.coefficients for row in model.rows])
    matrix = csr_array((values, columns, starts), shape=(len(model.rows), len(model.lower)))
    matrix.sum_duplicates()
    scale = _row_scale(matrix)
    matrix = csr_array(diags_array(scale) @ matrix)
    is_cut = np.zeros(len(model.lower), bool)
    is_cut[model.cuts] = True
    return Programme(
        matrix=matrix,
        row_lower=np.array([row.lower for row in model.rows]) * scale,
        row_upper=np.array([row.upper for row in model.rows]) * scale,
        lower=np.array(model.lower),
        upper=np.array(model.upper),
        scale=scale,
        whole=np.array(model.is_whole, bool),
        owner=np.array(model.owner, np.int64),
        cut=is_cut,
    )


def _row_scale(matrix: csr_array) -> Floats:
    """Powers of two that bring the largest coefficient of each row to between 1 and 2."""
    largest = np.maximum.reduceat(np.append(np.abs(matrix.data), 0.0), matrix.indptr[:-1])
    largest[np.diff(matrix.indptr) == 0] = 1.0
    scale: Floats = 2.0 ** -np.floor(np.log2(np.where(largest > 0.0, largest, 1.0)))
    return scale


def goal_size(programme: Programme, goal: Floats) -> float:
    """The largest coefficient of a goal among columns that can move, by which it is brought to size 1."""
    return float(np.abs(goal[programme.lower < programme.upper]).max(initial=0.0)) or 1.0


def maximise(
    programme: Programme, goal: Floats, *, gap: float = 0.0, seconds: float = np.inf, is_sure: bool = False
) -> Solution:
    """The best solution for a goal (columns,); gap: fraction of the goal at which the search may stop.

    is_sure: an infeasible programme is solved once more without presolve, in which HiGHS 1.8 to 1.12 may lose the
    solutions of small programmes in whole numbers; very small ones are solved without it anyway.
    """
    has_presolve = len(goal) > _SMALL
    found = _solved(programme, goal, gap, seconds, has_presolve=has_presolve)
    if is_sure and has_presolve and found.outcome is Outcome.INFEASIBLE and programme.whole.any():
        return _solved(programme, goal, gap, seconds, has_presolve=False)
    return found


def _solved(programme: Programme, goal: Floats, gap: float, seconds: float, *, has_presolve: bool) -> Solution:
    options: dict[str, float] = {"mip_rel_gap": gap, "presolve": has_presolve}
    if np.isfinite(seconds):
        options["time_limit"] = max(seconds, 1e-3)
    found = milp(
        -goal,
        integrality=programme.whole.astype(np.int64),
        bounds=Bounds(programme.lower, programme.upper),
        constraints=LinearConstraint(programme.matrix, programme.row_lower, programme.row_upper),
        options=options,
    )
    outcome = _OUTCOMES.get(found.status, Outcome.FAILED)
    values = np.zeros(0) if found.x is None else np.asarray(found.x)
    if outcome is Outcome.INFEASIBLE:
        return Solution(outcome, np.zeros(0), -np.inf)
    bound = -found.mip_dual_bound if found.mip_dual_bound is not None else np.inf
    if outcome is Outcome.SOLVED and not programme.whole.any():
        bound = float(goal @ values)
    return Solution(outcome, values, bound)


def polished(programme: Programme, goal: Floats, values: Floats) -> Floats:
    """A solution with its whole numbers rounded and the rest solved anew, to the tolerance of a linear programme."""
    whole = np.round(values[programme.whole])
    lower, upper = programme.lower.copy(), programme.upper.copy()
    lower[programme.whole] = upper[programme.whole] = whole
    again = maximise(replace(programme.relaxed(), lower=lower, upper=upper), goal)
    return again.values if again.is_found else values


def shadow_prices(programme: Programme, goal: Floats) -> ShadowPrices | None:
    """Shadow prices of the programme without whole numbers; None where it has no solution."""
    is_equal = programme.row_lower == programme.row_upper
    is_above, is_below = np.isfinite(programme.row_upper) & ~is_equal, np.isfinite(programme.row_lower) & ~is_equal
    matrix = programme.matrix
    inequalities = _stacked(matrix, is_above, is_below)
    found = linprog(
        -goal,
        A_ub=inequalities,
        b_ub=np.concatenate([programme.row_upper[is_above], -programme.row_lower[is_below]]),
        A_eq=matrix[np.flatnonzero(is_equal)],
        b_eq=programme.row_upper[is_equal],
        bounds=np.stack([programme.lower, programme.upper], axis=1),
        method="highs",
        options={"primal_feasibility_tolerance": _FEASIBILITY, "dual_feasibility_tolerance": _FEASIBILITY},
    )
    if found.status != 0:
        return None
    rows = np.zeros(len(programme.row_lower))
    split = int(is_above.sum())
    rows[is_above] -= found.ineqlin.marginals[:split]
    rows[is_below] -= found.ineqlin.marginals[split:]
    rows[is_equal] = -found.eqlin.marginals
    rows *= programme.scale
    columns = -np.asarray(found.upper.marginals) - np.asarray(found.lower.marginals)
    return ShadowPrices(rows, columns, np.asarray(found.x))


def _stacked(matrix: csr_array, is_above: npt.NDArray[np.bool_], is_below: npt.NDArray[np.bool_]) -> csr_array:
    return csr_array(vstack([matrix[np.flatnonzero(is_above)], -matrix[np.flatnonzero(is_below)]]))


def limited_rows(model: Model) -> dict[Limit, list[int]]:
    """Rows of each limit."""
    rows: dict[Limit, list[int]] = {}
    for place, row in enumerate(model.rows):
        if row.limit is not None:
            rows.setdefault(row.limit, []).append(place)
    return rows
