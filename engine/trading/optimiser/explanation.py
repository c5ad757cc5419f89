"""Which limits bind at the solution, and what relaxing each would gain, from shadow prices."""

from dataclasses import dataclass, replace

import numpy as np

from engine.trading.optimiser.goals import LinearGoal, Objective, goal_vector
from engine.trading.optimiser.model import NO_OWNER, Limit, LimitKind, Model
from engine.trading.optimiser.proposal import BindingLimit
from engine.trading.optimiser.search import Candidate
from engine.trading.optimiser.solver import goal_size, maximise, programme_of, shadow_prices
from engine.trading.optimiser.sums import total
from engine.trading.optimiser.wording import MILLION, limit_name, step_in_words, test_step, worth
from engine.trading.trades import Side

_NOTHING = 1e-9
_MOST_NAMED = 3


@dataclass
class _Gathered:
    """Shadow price of a limit, and of one unit of its threshold, over all of its rows."""

    price: float = 0.0
    per_unit: float = 0.0
    subjects: tuple[tuple[float, str], ...] = ()


def binding_limits(
    model: Model, candidate: Candidate, goal: LinearGoal, objective: Objective
) -> tuple[BindingLimit, ...]:
    """Limits with a shadow price, the most valuable first.

    model: that of the candidate with trades of any size; whole numbers of the tests stay as they are at the solution.
    """
    programme = programme_of(model)
    lower, upper = programme.lower.copy(), programme.upper.copy()
    is_fixed = programme.whole & (programme.owner == NO_OWNER)
    lower[is_fixed] = upper[is_fixed] = _whole_values(candidate)
    upper[_closed(model, candidate)] = 0.0
    vector = goal_vector(model, goal)
    size = goal_size(programme, vector)
    prices = shadow_prices(replace(programme, lower=lower, upper=upper).relaxed(), vector / size)
    if prices is None:
        return ()
    gathered = _gathered(model, candidate, prices.rows * size, prices.columns * size)
    least = _NOTHING * size
    found = [_binding(model, limit, item, objective) for limit, item in gathered.items() if abs(item.per_unit) > least]
    return tuple(sorted(found, key=lambda item: -item.gain))


def _closed(model: Model, candidate: Candidate) -> list[int]:
    """Columns of trades that would be made both ways, on the side on which the candidate makes none."""
    traded = {Side.BUY: candidate.bought, Side.SALE: candidate.sold}
    own = [piece for piece in model.pieces if piece.asset in candidate.exclusive]
    return [piece.column for piece in own if traded[piece.side][piece.asset] == 0.0]


def _whole_values(candidate: Candidate) -> np.ndarray:
    """The whole numbers of the tests, in the order in which every model of the same limits has them.

    Of the choices that the trades leave open, the one that exempts what lies furthest beyond its limit.
    """
    programme, values = programme_of(candidate.model), candidate.values
    is_test = programme.whole & (programme.owner == NO_OWNER)
    kept = ~is_test & (programme.owner != NO_OWNER)
    lower, upper = programme.lower.copy(), programme.upper.copy()
    lower[kept], upper[kept] = values[kept] - _NOTHING, values[kept] + _NOTHING
    activity = programme.matrix @ np.where(is_test, 0.0, values)
    beyond = np.where(np.isfinite(programme.row_upper), activity - programme.row_upper, 0.0)
    need = programme.matrix.T @ np.where(beyond > 0.0, beyond, 0.0)
    fixed = replace(programme, lower=lower, upper=upper, whole=is_test)
    found = maximise(fixed, np.where(is_test, np.abs(need), 0.0))
    chosen: np.ndarray = np.round((found.values if found.is_found else values)[is_test])
    return chosen


def _gathered(model: Model, candidate: Candidate, rows: np.ndarray, columns: np.ndarray) -> dict[Limit, _Gathered]:
    gathered: dict[Limit, _Gathered] = {}
    for row, own_price in zip(model.rows, rows, strict=True):
        if row.limit is None or row.limit.kind is LimitKind.TRADE_SIZES or abs(own_price) < _NOTHING:
            continue
        # Of cash what counts is a unit more of it, which is also collateral, not a floor that is lower by one.
        price = rows[model.cash_row] if row.limit.kind is LimitKind.CASH_FLOOR else own_price
        if row.limit.kind is LimitKind.TEST:
            if row.relief is None:
                continue
            base = total(row.relief, candidate.holdings) * row.per_unit
        else:
            base = model.unit if row.limit.kind is LimitKind.NUMBER_OF_TRADES else 1.0
        _gather(gathered.setdefault(row.limit, _Gathered()), float(price) / model.unit, base, row.subject)
    for column, limit in model.caps.items():
        if columns[column] > _NOTHING:
            price = float(columns[column]) / _par_of(model, column)
            _gather(gathered.setdefault(Limit(LimitKind.NAME_CAP), _Gathered()), price, 1.0, limit.asset)
    return gathered


def _gather(item: _Gathered, price: float, base: float, subject: str) -> None:
    item.price += price
    item.per_unit += price * base
    if subject:
        item.subjects = (*item.subjects, (abs(price), subject))


def _par_of(model: Model, column: int) -> float:
    return next(piece.par for piece in model.pieces if piece.column == column)


def _binding(model: Model, limit: Limit, item: _Gathered, objective: Objective) -> BindingLimit:
    plan = model.problem.plan
    if limit.kind is LimitKind.TEST:
        step = test_step(plan, limit)
    else:
        step = 1.0 if limit.kind is LimitKind.NUMBER_OF_TRADES else MILLION
    gain = abs(item.per_unit) * step
    names = [name for _, name in sorted(item.subjects, key=lambda pair: (-pair[0], pair[1]))]
    others = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    subject = f"{', '.join(names[:_MOST_NAMED])}{others}"
    about = f" ({subject})" if subject else ""
    name = limit_name(plan, limit)
    how = _relaxed(model, limit, item.price, step_in_words(plan, limit))
    text = f"{name[0].upper()}{name[1:]}{about} binds: {how} gains at most {worth(objective, gain)}."
    return BindingLimit(limit, name, subject, item.price, step, gain, text)


def _relaxed(model: Model, limit: Limit, price: float, step: str) -> str:
    """What would have to change, `raising it by 1 percentage point`."""
    if limit.kind is LimitKind.CASH_FLOOR:
        return f"{step} more of principal cash"
    is_raised = model.problem.plan.is_max[limit.place] if limit.kind is LimitKind.TEST else price > 0.0
    return f"{'raising' if is_raised else 'lowering'} it by {step}"
