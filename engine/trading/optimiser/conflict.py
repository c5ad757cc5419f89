"""Why no portfolio keeps every limit: a smallest set of limits in conflict, and the tests that have to give way."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, hstack

from engine.compliance.portfolio import Floats
from engine.trading.optimiser.inputs import name_cap
from engine.trading.optimiser.model import NO_OWNER, Limit, LimitKind, Model
from engine.trading.optimiser.problem import Problem
from engine.trading.optimiser.proposal import Conflict, Shortfall
from engine.trading.optimiser.reach import Reach
from engine.trading.optimiser.search import Search
from engine.trading.optimiser.solver import Outcome, Programme, limited_rows, maximise, programme_of, shadow_prices
from engine.trading.optimiser.wording import limit_name, test_value

_NOTHING = 1e-7
_CAPS = Limit(LimitKind.NAME_CAP)
_SIZES = Limit(LimitKind.TRADE_SIZES)


@dataclass(frozen=True)
class _Elastic:
    """The smallest sum of what is missing: rows by row, and which rows and columns the proof rests on."""

    missing: Floats
    is_used: np.ndarray
    is_column_used: np.ndarray


def conflict_of(search: Search) -> Conflict | None:
    """The conflict among the limits that every compliant portfolio keeps; None where they leave room."""
    problem = _without_budgets(search.problem)
    search = Search(problem, Reach(problem), time.monotonic() + search.problem.inputs.time_limit)
    model = search.outer_model()
    programme = programme_of(model)
    limits = set(limited_rows(model)) | ({_CAPS} if model.caps else set())
    is_relaxed = _is_infeasible(_with(model, programme, limits - {_SIZES}).relaxed(), search)
    if is_relaxed:
        limits -= {_SIZES}
        support = _support(model, programme, limits)
        is_proof = _is_infeasible(_with(model, programme, support).relaxed(), search)
        limits = support if is_proof else limits
    elif not _is_infeasible(programme, search):
        return None
    smallest = _filtered(search, model, programme, limits, is_relaxed=is_relaxed)
    names = tuple(limit_name(search.problem.plan, limit) for limit in smallest)
    shortfalls = _shortfalls(search, model, programme)
    return Conflict(tuple(smallest), names, shortfalls, _text(search, names, shortfalls))


def _without_budgets(problem: Problem) -> Problem:
    """The problem with orders as large as positions and caps allow, so that budgets are rows and nothing else."""
    cap = problem.inputs.name_cap
    most = max(name_cap(problem.inputs), problem.base if cap is None and not problem.inputs.purchases.par else 0.0)
    return replace(
        problem,
        buy_limit=np.where(problem.may_buy, most, 0.0),
        sale_limit=np.where(problem.may_sell, problem.par, 0.0),
    )


def _filtered(
    search: Search, model: Model, programme: Programme, limits: set[Limit], *, is_relaxed: bool
) -> list[Limit]:
    """Take limits out one by one while the others stay in conflict; tests go last, so that they explain the rest."""
    kept = sorted(limits, key=lambda limit: (limit.kind is LimitKind.TEST, limit.kind.value, limit.place))
    for limit in list(kept):
        others = [item for item in kept if item != limit]
        trial = _with(model, programme, others)
        if _is_infeasible(trial.relaxed() if is_relaxed else trial, search):
            kept = others
    return kept


def _is_infeasible(programme: Programme, search: Search) -> bool:
    goal = np.zeros(len(programme.lower))
    found = maximise(programme, goal, seconds=search.deadline - time.monotonic(), is_sure=True)
    return found.outcome is Outcome.INFEASIBLE


def _with(model: Model, programme: Programme, limits: Iterable[Limit]) -> Programme:
    """The programme with these limits alone."""
    kept = set(limits)
    dropped = np.array([row.limit is not None and row.limit not in kept for row in model.rows], bool)
    upper, whole = programme.upper.copy(), programme.whole
    if _CAPS not in kept:
        for column in model.caps:
            upper[column] = np.inf
    if _SIZES not in kept:
        whole = whole & (programme.owner == NO_OWNER)
    return replace(
        programme,
        row_lower=np.where(dropped, -np.inf, programme.row_lower),
        row_upper=np.where(dropped, np.inf, programme.row_upper),
        upper=upper,
        whole=whole,
    )


def _support(model: Model, programme: Programme, limits: set[Limit]) -> set[Limit]:
    """Limits that carry the proof of infeasibility: those with a price where all that is missing is made smallest."""
    is_soft = np.array([row.limit in limits for row in model.rows], bool)
    elastic = _smallest_missing(_with(model, programme, limits).relaxed(), is_soft, np.ones(len(model.rows)))
    if elastic is None:
        return limits
    used = {row.limit for row, is_used in zip(model.rows, elastic.is_used, strict=True) if is_used and row.limit}
    if any(elastic.is_column_used[column] for column in model.caps):
        used.add(_CAPS)
    return used


def _smallest_missing(programme: Programme, is_soft: np.ndarray, weights: Floats) -> _Elastic | None:
    """Minimise the weighted sum of what soft rows miss."""
    soft = np.flatnonzero(is_soft)
    n = len(programme.lower)
    up = is_soft & np.isfinite(programme.row_upper)
    down = is_soft & np.isfinite(programme.row_lower)
    sides = [(row, -1.0) for row in np.flatnonzero(up)] + [(row, 1.0) for row in np.flatnonzero(down)]
    if not len(soft):
        return None
    extra = csr_array(
        ([sign * programme.scale[row] for row, sign in sides], ([row for row, _ in sides], range(len(sides)))),
        shape=(len(is_soft), len(sides)),
    )
    wider = replace(
        programme,
        matrix=csr_array(hstack([programme.matrix, extra])),
        lower=np.append(programme.lower, np.zeros(len(sides))),
        upper=np.append(programme.upper, np.full(len(sides), np.inf)),
        whole=np.zeros(n + len(sides), bool),
        owner=np.append(programme.owner, np.full(len(sides), NO_OWNER)),
        cut=np.zeros(n + len(sides), bool),
    )
    goal = np.concatenate([np.zeros(n), [-weights[row] for row, _ in sides]])
    prices = shadow_prices(wider, goal)
    if prices is None:
        return None
    missing = np.zeros(len(is_soft))
    np.add.at(missing, [row for row, _ in sides], prices.values[n:])
    return _Elastic(missing, np.abs(prices.rows) > _NOTHING, np.abs(prices.columns[:n]) > _NOTHING)


def _shortfalls(search: Search, model: Model, programme: Programme) -> tuple[Shortfall, ...]:
    """Tests that are missed, and where they end up, when the relative misses are made as small as possible."""
    problem, limits = search.problem, search.limits
    plan, before = problem.plan, problem.before
    is_soft = np.array([row.limit is not None and row.limit.kind is LimitKind.TEST for row in model.rows], bool)
    size = np.array([_size(model, row.limit, before.denominator, before.threshold) for row in model.rows])
    elastic = _smallest_missing(programme.relaxed(), is_soft, 1.0 / size)
    if elastic is None:
        return ()
    missed: dict[int, float] = {}
    for row, missing in zip(model.rows, elastic.missing, strict=True):
        if row.limit is not None and missing > _NOTHING:
            base = float(before.denominator[row.limit.place]) / model.unit or 1.0
            missed[row.limit.place] = max(missed.get(row.limit.place, 0.0), float(missing) / base)
    found = []
    for place, gap in sorted(missed.items()):
        bound = limits.bound(place)
        limit = bound.sign * bound.at(before.recovery)
        definition = plan.definitions[place]
        found.append(Shortfall(definition.id, definition.name, limit + bound.sign * gap, limit))
    return tuple(found)


def _size(model: Model, limit: Limit | None, denominator: Floats, threshold: Floats) -> float:
    if limit is None or limit.kind is not LimitKind.TEST:
        return 1.0
    base, level = float(denominator[limit.place]) / model.unit, abs(float(threshold[limit.place]))
    return (base or 1.0) * (level or 1.0)


def _text(search: Search, names: tuple[str, ...], shortfalls: tuple[Shortfall, ...]) -> str:
    listed = "; ".join(names)
    text = f"No portfolio within reach keeps these together: {listed}." if names else "No portfolio keeps every limit."
    if not search.seconds_left:
        text += " The time limit ended the search for a smaller set."
    plan = search.problem.plan
    for item in shortfalls:
        place = plan.place_of[item.test_id]
        reached, limit = (test_value(plan, place, value) for value in (item.reachable, item.limit))
        text += f" Test {item.test_id} gets no closer than {reached} to its limit of {limit}, all else kept."
    return text
