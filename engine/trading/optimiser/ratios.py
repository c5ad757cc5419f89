"""The weighted sum of ratios: its tangent, for successive linear programmes, and the ratios it is made of."""

from dataclasses import dataclass

import numpy as np

from engine.compliance.evaluation import Evaluation
from engine.compliance.forms import Ratio, Sum
from engine.compliance.plan import NO_DECIMALS, Plan, recovery_is_known
from engine.trading.optimiser.goals import LinearGoal, RatioGoal
from engine.trading.optimiser.linear_rows import recovery_sums, shares_denominator
from engine.trading.optimiser.reach import Reach
from engine.trading.optimiser.sums import combined, is_constant, total

_POINTS = 100.0


@dataclass(frozen=True)
class Fraction:
    """weight x numerator / denominator, a term of the goal; the denominator is positive."""

    weight: float
    numerator: Sum
    denominator: Sum


@dataclass(frozen=True)
class MovingTerm:
    """weight x value / threshold, or threshold / value for a maximum, where the two run over different assets.

    value: the test as a fraction; threshold = level + slope x recovery rate.
    """

    weight: float
    place: int
    value: Fraction
    level: float
    slope: float
    is_max: bool


@dataclass(frozen=True)
class Terms:
    """What the weighted ratios never exceed: a linear sum, fractions, and terms with a threshold of their own."""

    linear: Sum
    fractions: tuple[Fraction, ...] = ()
    moving: tuple[MovingTerm, ...] = ()


def tangent(goal: RatioGoal, evaluation: Evaluation) -> LinearGoal:
    """The weighted ratios linearised at a portfolio, thresholds moving with it."""
    plan, holdings = evaluation.plan, evaluation.holdings
    recovery = recovery_sums(plan)
    slope_of_recovery = _quotient_slope(recovery, evaluation)
    known, (lowest, highest) = recovery_is_known(plan), plan.stops
    gradient = Sum(np.zeros(len(holdings.par)))
    for place in np.flatnonzero(goal.weights):
        value, threshold = float(evaluation.value[place]), float(evaluation.threshold[place])
        if value == 0.0 or threshold == 0.0:
            continue
        slope_of_value = _quotient_slope(plan.forms[place], evaluation)
        moves = known[place] and lowest[place] < evaluation.recovery < highest[place]
        slope = float(plan.slopes[place]) if moves else 0.0
        top, bottom = (threshold, value) if plan.is_max[place] else (value, threshold)
        of_value, of_threshold = 1.0 / bottom, -top / bottom**2
        if plan.is_max[place]:
            of_value, of_threshold = of_threshold, of_value
        factor = _POINTS * float(goal.weights[place])
        gradient = combined(gradient, factor * of_value, slope_of_value)
        gradient = combined(gradient, factor * of_threshold * slope, slope_of_recovery)
    at_point = goal.value(evaluation, np.zeros(len(holdings.par)), np.zeros(len(holdings.par)))
    fixed = at_point - float(gradient.per_par @ holdings.par) - gradient.per_cash * holdings.cash
    return LinearGoal(Sum(gradient.per_par, gradient.per_cash, fixed), goal.per_bought, goal.per_sold)


def _quotient_slope(form: object, evaluation: Evaluation) -> Sum:
    """Derivative of a ratio by par and cash."""
    assert isinstance(form, Ratio)  # noqa: S101  `ratio_goal` lets no other form through
    base = total(form.denominator, evaluation.holdings)
    if base <= 0.0:
        return Sum(np.zeros(len(evaluation.holdings.par)))
    value = total(form.numerator, evaluation.holdings) / base
    slope = combined(form.numerator, -value, form.denominator)
    return Sum(slope.per_par / base, slope.per_cash / base)


def terms_of(goal: RatioGoal, plan: Plan, reach: Reach) -> Terms | None:
    """The goal as linear sum, fractions and moving terms, or something never below it; None where it has no bound."""
    recovery = recovery_sums(plan)
    rates = reach.ratio(recovery.numerator, recovery.denominator)
    linear, fractions, moving = Sum(np.zeros(len(goal.per_bought))), [], []
    for place in np.flatnonzero(goal.weights):
        term = _term(goal, plan, int(place), reach, rates)
        if term is None:
            return None
        if isinstance(term, MovingTerm):
            moving.append(term)
        elif is_constant(term.denominator):
            linear = combined(linear, term.weight / term.denominator.fixed, term.numerator)
        else:
            fractions.append(term)
    return Terms(linear, tuple(fractions), tuple(moving))


def _term(
    goal: RatioGoal, plan: Plan, place: int, reach: Reach, rates: tuple[float, float]
) -> Fraction | MovingTerm | None:
    form, threshold = plan.forms[place], plan.thresholds[place]
    if not isinstance(form, Ratio):
        return None
    weight, is_max = _POINTS * float(goal.weights[place]), bool(plan.is_max[place])
    measured = _unrounded(form, int(plan.decimals[place]), is_max)
    has_stops = rates[0] < threshold.lowest or rates[1] > threshold.highest
    limit = _limit(plan, place, form.denominator, has_stops=has_stops)
    if limit is not None:
        top, bottom = (limit, measured) if is_max else (measured, limit)
        return Fraction(weight, top, bottom) if reach.of(bottom)[0] > 0.0 else None
    levels = [threshold.at(rate) for rate in rates]
    if min(levels) <= 0.0 or reach.of(form.denominator)[0] <= 0.0 or reach.of(measured)[0] <= 0.0:
        return None
    if not has_stops:
        value = Fraction(0.0, measured, form.denominator)
        return MovingTerm(weight, place, value, threshold.level, threshold.slope, is_max)
    if is_max:
        return Fraction(weight * max(levels), form.denominator, measured)
    return Fraction(weight / min(levels), measured, form.denominator)


def _unrounded(form: Ratio, decimals: int, is_max: bool) -> Sum:
    """The numerator, moved to where rounding could take the value to the good."""
    if decimals == NO_DECIMALS:
        return form.numerator
    return combined(form.numerator, (-0.5 if is_max else 0.5) * 10.0**-decimals, form.denominator)


def _limit(plan: Plan, place: int, denominator: Sum, *, has_stops: bool) -> Sum | None:
    """Threshold times denominator where that is linear in the holdings; None where it is not."""
    threshold = plan.thresholds[place]
    nothing = Sum(np.zeros(len(denominator.per_par)))
    if threshold.slope == 0.0:
        return combined(nothing, threshold.level, denominator)
    if not recovery_is_known(plan)[place]:
        return combined(nothing, threshold.at(0.0), denominator)
    if has_stops or not shares_denominator(plan, place):
        return None
    return combined(combined(nothing, threshold.level, denominator), threshold.slope, recovery_sums(plan).numerator)
