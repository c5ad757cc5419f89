"""What moves a measure that is no ratio of sums, found by trading: its cushion and the positions that drive it."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engine.compliance import kernels_measures
from engine.compliance.forms import Measure, Sum
from engine.compliance.portfolio import Floats

TRIAL = 1e-6
"""Trial purchase that finds the worst asset, as a fraction of the holdings."""
FARTHEST = 1e6
"""Where the search gives up, in multiples of the holdings."""
_HALVINGS = 60


def measure_cushion(form: Measure, par: Floats, cash: float, limit: float, sign: float) -> float:
    """Par of the worst held asset that could be bought, at par, before the measure passes its limit; currency.

    sign: 1 for a maximum, -1 for a minimum. Infinite where no purchase brings it there; where it is broken already,
    the par to be sold of the asset whose sale helps most, as a negative number, -infinite where that is not enough.
    """
    held = np.flatnonzero(par)
    size = float(np.abs(par).sum()) + abs(cash)
    if not len(held) or size <= 0.0:
        return math.inf
    excess = sign * (_value(form, par, cash) - limit)
    if math.isnan(excess):
        return math.inf
    side = 1.0 if excess <= 0.0 else -1.0
    worst = _worst(form, par, cash, held, side * TRIAL * size, sign)
    farthest = FARTHEST * size if side > 0.0 else float(par[worst])

    def is_beyond(amount: float) -> bool:
        after = _after(form, par, cash, worst, side * amount)
        return not math.isnan(after) and (sign * (after - limit) > 0.0) == (side > 0.0)

    step = TRIAL * size
    while step < farthest and not is_beyond(step):
        step *= 2.0
    step = min(step, farthest)
    if not is_beyond(step):
        return side * math.inf
    return side * _crossing(is_beyond, step)


def _crossing(is_beyond: Callable[[float], bool], far: float) -> float:
    near = 0.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (near + far)
        if is_beyond(middle):
            far = middle
        else:
            near = middle
    return far


def measure_drivers(form: Measure, par: Floats, cash: float, sign: float) -> Floats:
    """By how much each position makes the result worse, (n,): what its sale at par would improve; below 0, worsen.

    In currency for a measure over a denominator, in the unit of the measure for others; 0 for what is not held.
    """
    held = np.flatnonzero(par)
    worse = np.zeros(len(par))
    without = _values_after(form, par, cash, held, -par[held])
    change = sign * (_value(form, par, cash) - without)
    size = 1.0 if form.denominator is None else _total(form.denominator, par, cash)
    worse[held] = np.where(np.isnan(change), 0.0, change * size)
    return worse


def _worst(form: Measure, par: Floats, cash: float, held: npt.NDArray[np.int64], amount: float, sign: float) -> int:
    """The held asset of which this purchase moves the measure most towards failing (a sale: away from it)."""
    values = _values_after(form, par, cash, held, np.full(len(held), amount))
    towards = sign * values if amount > 0.0 else -sign * values
    return int(held[np.argmax(np.where(np.isnan(towards), -np.inf, towards))])


def _values_after(form: Measure, par: Floats, cash: float, rows: npt.NDArray[np.int64], amounts: Floats) -> Floats:
    """The measure after each single purchase at par, (rows,); NaN where nothing is left to measure."""
    values = np.empty(len(rows))
    kernels_measures.measure_after_trades(
        int(form.kind), par, cash, form.reals, form.codes, form.settings, rows, amounts, amounts, values
    )
    if form.denominator is not None:
        changes = (form.denominator.per_par[rows] - form.denominator.per_cash) * amounts
        below = _total(form.denominator, par, cash) + changes
        values = np.divide(values, below, out=np.full(len(rows), np.nan), where=below > 0.0)
    return values


def _value(form: Measure, par: Floats, cash: float) -> float:
    found = kernels_measures.measure(int(form.kind), par, cash, form.reals, form.codes, form.settings)
    if form.denominator is None:
        return float(found)
    below = _total(form.denominator, par, cash)
    return float(found) / below if below > 0.0 else math.nan


def _after(form: Measure, par: Floats, cash: float, asset: int, amount: float) -> float:
    changed = par.copy()
    changed[asset] += amount
    return _value(form, changed, cash - amount)


def _total(denominator: Sum, par: Floats, cash: float) -> float:
    return float(denominator.per_par @ par) + denominator.per_cash * cash + denominator.fixed
