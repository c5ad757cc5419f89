"""HiGHS through scipy: a model as arrays, maximised with or without its whole numbers, and its shadow prices."""

import time
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

from engine.compliance.portfolio import Floats
from engine.trading.optimiser.model import NO_OWNER, Limit, Model

_FEASIBILITY = 1e-9
_FEW_ORDERS = (40, 120, 360)
_CUTS = 10
_NO_PRICE = 1e-9


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

    whole: columns of whole numbers; owner: order of which a column says the size, NO_OWNER for others; cut: binaries that
    let an order have any size.
    """

    matrix: csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
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
    """What the goal gains for each unit by which a row's side, or a column's upper bound, is moved outwards.

    columns: negative for a column at its lower bound, where it is what the first unit of it costs. values: the solution.
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
    is_cut = np.zeros(len(model.lower), bool)
    is_cut[model.cuts] = True
    return Programme(
        matrix=matrix,
        row_lower=np.array([row.lower for row in model.rows]),
        row_upper=np.array([row.upper for row in model.rows]),
        lower=np.array(model.lower),
        upper=np.array(model.upper),
        whole=np.array(model.is_whole, bool),
        owner=np.array(model.owner, np.int64),
        cut=is_cut,
    )


def goal_size(programme: Programme, goal: Floats) -> float:
    """The largest coefficient of a goal among columns that can move, by which it is brought to size 1."""
    return float(np.abs(goal[programme.lower < programme.upper]).max(initial=0.0)) or 1.0


def maximise(programme: Programme, goal: Floats, *, gap: float = 0.0, seconds: float = np.inf) -> Solution:
    """The best solution for a goal (columns,); gap: fraction of the goal at which the search may stop."""
    options: dict[str, float] = {"mip_rel_gap": gap}
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


def best_whole(programme: Programme, goal: Floats, gap: float, deadline: float) -> Solution:
    """As `maximise` until a deadline of `time.monotonic`, by steps where there are many whole numbers.

    First only those orders are free that cost the linear programme least to change, and only the cheapest may be cut to
    any size. What that finds rules out every whole number whose first step costs more than what is left to win; the rest
    is searched in full. The bound is that of the linear programme where cuts were left out.
    """
    n_sizes = int((programme.whole & (programme.owner != NO_OWNER)).sum())
    prices = shadow_prices(programme.relaxed(), goal) if n_sizes > _FEW_ORDERS[0] else None
    if prices is None:
        return maximise(programme, goal, gap=gap, seconds=deadline - time.monotonic())
    highest = float(goal @ prices.values)
    may_cut = np.unique(programme.owner[programme.cut])
    dear_cuts = programme.cut & ~np.isin(programme.owner, _cheapest(programme, prices, may_cut, _CUTS))
    narrowed = _kept(programme, np.zeros(len(goal)), dear_cuts)
    found = _among_few(narrowed, goal, prices, gap, deadline)
    if not found.is_found:
        return maximise(programme, goal, gap=gap, seconds=deadline - time.monotonic())
    value = float(goal @ found.values)
    left = highest - value
    if left <= gap * abs(value):
        return Solution(Outcome.SOLVED, found.values, highest)
    is_lost = narrowed.whole & ~narrowed.cut & (np.abs(prices.columns) > left * (1.0 + _NO_PRICE) + _NO_PRICE)
    better = maximise(_kept(narrowed, prices.values, is_lost), goal, gap=gap, seconds=deadline - time.monotonic())
    values = better.values if better.is_found and float(goal @ better.values) > value else found.values
    is_bound = better.is_found and not programme.cut.any()
    return Solution(Outcome.SOLVED, values, min(max(better.bound, value), highest) if is_bound else highest)


def _among_few(programme: Programme, goal: Floats, prices: ShadowPrices, gap: float, deadline: float) -> Solution:
    """The best solution that leaves all orders but a few as the linear programme has them, of more where that is none."""
    found = Solution(Outcome.INFEASIBLE, np.zeros(0), -np.inf)
    for few in _FEW_ORDERS:
        orders = np.unique(programme.owner[programme.owner != NO_OWNER])
        is_free = np.isin(programme.owner, _cheapest(programme, prices, orders, few)) | (programme.owner == NO_OWNER)
        kept = _kept(programme, prices.values, programme.whole & ~is_free)
        found = maximise(kept, goal, gap=gap, seconds=deadline - time.monotonic())
        if found.is_found or len(orders) <= few:
            break
    return found


def _cheapest(
    programme: Programme, prices: ShadowPrices, orders: npt.NDArray[np.int64], most: int
) -> npt.NDArray[np.int64]:
    """Of these orders those that are no whole numbers yet, and then the ones that cost least to change."""
    is_size = programme.whole & (programme.owner != NO_OWNER)
    of_owner, is_whole = np.zeros(int(programme.owner.max()) + 1), np.ones(int(programme.owner.max()) + 1, bool)
    np.maximum.at(of_owner, programme.owner[is_size], np.abs(prices.columns[is_size]))
    is_part = is_size & ~programme.cut & (np.abs(prices.values - np.round(prices.values)) > _NO_PRICE)
    is_whole[programme.owner[is_part]] = False
    order = np.lexsort((of_owner[orders], is_whole[orders]))
    return orders[order[:most]]


def _kept(programme: Programme, values: Floats, fixed: npt.NDArray[np.bool_]) -> Programme:
    """The programme with some whole numbers kept at the bound at which a solution has them."""
    lower, upper = programme.lower.copy(), programme.upper.copy()
    lower[fixed] = upper[fixed] = np.round(values[fixed])
    return replace(programme, lower=lower, upper=upper)


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
