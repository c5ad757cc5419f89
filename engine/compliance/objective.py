"""The objective of a deal: how far its weighted tests are from their limits (spec 03 §9, 05 §5.2)."""

import math
from collections.abc import Mapping

import numpy as np

from engine.compliance.evaluation import Evaluation
from engine.compliance.plan import Plan
from engine.compliance.portfolio import Floats, Mask
from engine.errors import InputError
from engine.modes import Quirk

UNLIMITED_TEST = 31
"""Facility size, which the legacy objective lets fail."""


def weight_vector(plan: Plan, weights: Mapping[int, float], places: Mapping[int, str] | None = None) -> Floats:
    """Weights by test as (tests,); in legacy mode those of tests that are not configured are left out.

    places: where the weight of a test stands, for the errors.
    Raises InputError CLO-1509 for a weight that is no number of 0 or more, CLO-1510 for one of a test that is not
    configured.
    """
    vector = np.zeros(len(plan))
    for test_id, weight in weights.items():
        where = (places or {}).get(test_id, f"objective weights of {plan.terms.deal}")
        if not math.isfinite(weight) or weight < 0.0:
            raise InputError(
                "CLO-1509",
                f"The objective weight of test {test_id} is {weight}, not a number of 0 or more",
                where=where,
                remedy="Enter a decimal such as 0.3.",
            )
        if test_id in plan.place_of:
            vector[plan.place_of[test_id]] = weight
        elif weight and Quirk.NO_NUMERATOR_NO_LIMIT not in plan.portfolio.quirks:
            raise InputError(
                "CLO-1510",
                f"Test {test_id} has a weight and is not among the tests of {plan.terms.deal}",
                where=where,
                remedy="Configure the test, or set its weight to 0.",
            )
    return vector


def objective(evaluation: Evaluation, weights: Mapping[int, float]) -> float:
    """100 x the weighted sum of threshold / value (maxima) and value / threshold (minima); 0 if a limit is broken.

    Limits are the hard tests; in legacy mode every test but 31 whose numerator is positive, so that a failing score
    breaks nothing (03 Q26).
    """
    vector = weight_vector(evaluation.plan, weights)
    if broken_limits(evaluation).any():
        return 0.0
    return float(objectives(evaluation.plan, vector, evaluation.value, evaluation.threshold))


def broken_limits(evaluation: Evaluation) -> Mask:
    """Tests that fail and bring the objective to 0, (tests,)."""
    broken: Mask = ~evaluation.is_passed & limits(evaluation.plan, evaluation.numerator)
    return broken


def limits(plan: Plan, numerator: Floats) -> Mask:
    """Tests that may not fail, given the numerators (..., tests) of the pools."""
    if Quirk.NO_NUMERATOR_NO_LIMIT in plan.portfolio.quirks:
        is_other = np.array([setting.test_id for setting in plan.settings]) != UNLIMITED_TEST
        positive: Mask = (numerator > 0.0) & is_other
        return positive
    return np.broadcast_to(hard_tests(plan), numerator.shape)


def hard_tests(plan: Plan) -> Mask:
    """Tests that are limits, (tests,)."""
    return np.array([setting.is_hard for setting in plan.settings], bool)


def objectives(plan: Plan, vector: Floats, value: Floats, threshold: Floats) -> Floats:
    """The weighted sums over the last axis of value and threshold (..., tests), limits left aside."""
    top = np.where(plan.is_max, threshold, value)
    bottom = np.where(plan.is_max, value, threshold)
    quotient = np.divide(top, bottom, out=np.zeros_like(top), where=bottom != 0.0)
    # Not a matrix product, whose last digit would depend on how many pools are valued at once.
    total: Floats = 100.0 * (quotient * vector).sum(axis=-1)
    return total
