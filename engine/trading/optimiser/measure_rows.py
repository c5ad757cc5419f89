"""Rows of what is neither a ratio nor a ranked group, one function for each kind of measure.

`outer` rows are kept by every portfolio that passes; `near` rows, taken at a point, keep a portfolio near that point
from failing. A kind without a function of its own gets its tangent.
"""

import math

import numpy as np

from engine.compliance import kernels_measures
from engine.compliance.evaluation import Holdings
from engine.compliance.forms import Measure, MeasureKind, Sum
from engine.compliance.portfolio import Floats
from engine.trading.optimiser.diversity_rows import diversity_rows
from engine.trading.optimiser.linear_rows import NO_ROWS, Bound, Column, Row, Rows, either
from engine.trading.optimiser.problem import Problem
from engine.trading.optimiser.reach import Reach
from engine.trading.optimiser.sums import combined, negated, total

_STEP = 1e-6


def is_exact(form: Measure, bound: Bound) -> bool:
    """Whether the outer rows say all there is to say."""
    return form.kind is MeasureKind.WITH_EXCESS or (form.kind is MeasureKind.HELD_AMOUNT and bound.sign > 0.0)


def is_convex(form: Measure, bound: Bound) -> bool:
    """Whether every passing portfolio keeps the near rows too, so that those of several points hold together."""
    return form.kind is MeasureKind.EFFECTIVE_NUMBER and bound.sign < 0.0


def outer(problem: Problem, form: Measure, bound: Bound, reach: Reach) -> Rows:
    """Rows that every passing portfolio keeps."""
    if form.kind is MeasureKind.HELD_AMOUNT and bound.sign > 0.0:
        return _held_amount(problem, form, bound)
    if form.kind is MeasureKind.WITH_EXCESS:
        return _with_excess(form, bound, reach)
    if form.kind is MeasureKind.ADJUSTED_COLLATERAL and bound.sign < 0.0:
        return Rows((Row(negated(_carried(form)), bound.level, form.denominator),))
    if form.kind is MeasureKind.DISPERSION and bound.sign > 0.0:
        return _dispersion(form, bound, reach)
    return NO_ROWS


def near(problem: Problem, form: Measure, bound: Bound, point: Holdings) -> Rows:
    """Rows that keep portfolios near the point from failing."""
    if form.kind in (MeasureKind.EXCESS_HAIRCUT, MeasureKind.ADJUSTED_COLLATERAL):
        return _excess_haircut(form, bound, point)
    if form.kind is MeasureKind.EFFECTIVE_NUMBER and bound.sign < 0.0:
        return _effective_number(form, bound, point)
    if form.kind is MeasureKind.AVERAGE_GROUP and bound.sign > 0.0:
        return _average_group(problem, form, bound, point)
    if form.kind is MeasureKind.DIVERSITY_SCORE and bound.sign < 0.0:
        return diversity_rows(problem, form, bound, point)
    return _tangent(form, bound, point)


def _measured(form: Measure, holdings: Holdings) -> float:
    return float(
        kernels_measures.measure(int(form.kind), holdings.par, holdings.cash, form.reals, form.codes, form.settings)
    )


def _held_amount(problem: Problem, form: Measure, bound: Bound) -> Rows:
    """A binary for each asset whose amount counts or not, as it is held or not."""
    amounts = form.reals[0]
    stays = problem.par - problem.sale_limit > 0.0
    may_be_held = (problem.par + problem.buy_limit > 0.0) & ~stays & (amounts != 0.0)
    own = np.flatnonzero(may_be_held)
    fixed = Sum(np.zeros(len(amounts)), fixed=float(amounts[stays].sum()))
    rows = [Row(fixed, bound.level, form.denominator, tuple((k, float(amounts[i])) for k, i in enumerate(own)))]
    for k, i in enumerate(own):
        is_asset = np.zeros(len(amounts))
        is_asset[i] = 1.0
        largest = float(problem.par[i] + problem.buy_limit[i])
        rows.append(Row(Sum(is_asset), extras=((k, -largest),), moves=False))
    return Rows(tuple(rows), tuple(Column(upper=1.0, is_whole=True) for _ in own))


def _with_excess(form: Measure, bound: Bound, reach: Reach) -> Rows:
    """What is above 0 helps a minimum, so one of two rows has to hold; a maximum needs both."""
    own = negated(Sum(form.reals[0]), bound.sign)
    alone = Rows((Row(own, bound.level, form.denominator),))
    helped = Rows((Row(combined(own, bound.sign, Sum(form.reals[1])), bound.level, form.denominator),))
    return alone + helped if bound.sign > 0.0 else either(alone, helped, reach)


def _dispersion(form: Measure, bound: Bound, reach: Reach) -> Rows:
    """Twice what lies above the average, or below it, is no less than what lies beyond where the average can get."""
    factor, counted = form.reals
    lowest, highest = reach.ratio(Sum(factor * counted), Sum(counted))
    if not math.isfinite(highest):
        return NO_ROWS
    above, below = np.maximum(factor - highest, 0.0), np.maximum(lowest - factor, 0.0)
    return Rows(tuple(Row(Sum(2.0 * side * counted), bound.level, Sum(counted)) for side in (above, below)))


def _carried(form: Measure) -> Sum:
    return Sum(form.reals[4], per_cash=1.0)


def _excess_haircut(form: Measure, bound: Bound, point: Holdings) -> Rows:
    """The excess of each bucket as a column, priced at the loss of the asset at which it ends.

    An excess E cuts no more than w E and what the assets that lose more than w lose beyond w, whatever w; with the loss
    of the last asset as w that is just what it cuts.
    """
    collateral = Sum(form.reals[0], per_cash=1.0)
    haircut, rows, columns = 0, [], [Column(is_amount=True)]
    for bucket in (1, 2):
        counted, excess = form.reals[bucket], len(columns)
        columns.append(Column(is_amount=True))
        beyond = combined(Sum(counted), -float(form.settings[0]), collateral)
        rows.append(Row(beyond, extras=((excess, -1.0),), moves=False))
        last = _last_loss(form, counted, total(beyond, point), point)
        dearer = Sum(np.maximum(form.reals[3] - last, 0.0) * counted)
        rows.append(Row(dearer, extras=((excess, last), (haircut, -1.0)), moves=False))
    is_whole_measure = form.kind is MeasureKind.ADJUSTED_COLLATERAL
    before = negated(_carried(form), bound.sign) if is_whole_measure else Sum(np.zeros(len(collateral.per_par)))
    sign = -bound.sign if is_whole_measure else bound.sign
    rows.append(Row(before, bound.level, form.denominator, ((haircut, sign),)))
    return Rows(tuple(rows), tuple(columns))


def _last_loss(form: Measure, counted: Floats, excess: float, point: Holdings) -> float:
    """What a unit of par loses in the asset at which an excess ends; the most of any asset where there is none."""
    order = form.codes[0]
    loss = np.where(counted > 0.0, form.reals[3], 0.0)[order]
    if excess <= 0.0:
        return float(loss.max(initial=0.0))
    reached = np.cumsum((counted * point.par)[order]) >= excess
    return float(loss[np.argmax(reached)]) if reached.any() else 0.0


def _effective_number(form: Measure, bound: Bound, point: Holdings) -> Rows:
    """T / |G| >= sqrt(level): a cone, whose tangent at the point cuts off nothing that passes."""
    codes, counted = form.codes[0], form.reals[0]
    groups = np.bincount(codes, counted * point.par)
    length, least = float(np.linalg.norm(groups)), -bound.level
    if length <= 0.0 or least <= 0.0:
        return NO_ROWS
    share = 1.0 / math.sqrt(least)
    return Rows((Row(Sum(groups[codes] / length * counted), share, Sum(counted), per_unit=share / least / 2.0),))


def _average_group(problem: Problem, form: Measure, bound: Bound, point: Holdings) -> Rows:
    """So many groups have to be held that the average stays small enough for the collateral of the point."""
    counted, codes = form.reals[0], form.codes[0]
    base = form.denominator or Sum(counted)
    if bound.level <= 0.0:
        return NO_ROWS
    needed = math.ceil(float(counted @ point.par) / (bound.level * total(base, point)) - _STEP)
    held, bought, sold = (
        np.bincount(codes, counted * amounts) for amounts in (problem.par, problem.buy_limit, problem.sale_limit)
    )
    stays = held - sold > 0.0
    choices = np.flatnonzero(~stays & (held + bought > 0.0))
    piece = max(problem.inputs.minimum_piece, problem.inputs.increment, _STEP * problem.base)
    rows = [Row(Sum(counted), bound.level * needed, base, per_unit=float(needed))]
    for own, group in enumerate(choices):
        least = min(piece, float(held[group])) if held[group] > 0.0 else piece
        rows.append(Row(Sum(np.where(codes == group, -counted, 0.0)), extras=((own, least),), moves=False))
    missing = Sum(np.zeros(len(counted)), fixed=float(needed - stays.sum()))
    rows.append(Row(missing, extras=tuple((own, -1.0) for own in range(len(choices))), is_number=True, moves=False))
    return Rows(tuple(rows), tuple(Column(upper=1.0, is_whole=True) for _ in choices))


def _tangent(form: Measure, bound: Bound, point: Holdings) -> Rows:
    """The measure replaced by its tangent, from differences."""
    value = _measured(form, point)
    if not math.isfinite(value):
        return NO_ROWS
    n = len(point.par)
    step = _STEP * max(float(point.par.sum()) + abs(point.cash), 1.0)
    moved = np.empty(n)
    kernels_measures.measure_after_trades(
        form.kind, point.par, point.cash, form.reals, form.codes, form.settings,
        np.arange(n), np.full(n, step), np.zeros(n), moved,
    )  # fmt: skip
    per_par = (moved - value) / step
    per_cash = (_measured(form, Holdings(point.par, point.cash + step)) - value) / step
    fixed = value - float(per_par @ point.par) - per_cash * point.cash
    tangent = negated(Sum(per_par, per_cash, fixed), bound.sign)
    if form.denominator is not None:
        return Rows((Row(tangent, bound.level, form.denominator),))
    # A score has no currency; times the collateral it is a row of the size of the others.
    size = float(point.par.sum()) + abs(point.cash)
    scaled = Sum(tangent.per_par * size, tangent.per_cash * size, tangent.fixed * size)
    return Rows((Row(scaled, bound.level, Sum(np.zeros(n), fixed=size)),))
