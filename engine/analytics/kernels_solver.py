"""What the solvers of yields and spreads share: statuses, tolerances and one step."""

from math import log, nan

from engine.numerics import kernel

SOLVED, NO_POSITIVE_FLOW, NO_ROOT, BAD_TARGET = 0, 1, 2, 3

MAX_STEPS = 40
# Steps are of third order: after one shorter than this the error left is far below 1e-12 in the annual rate.
STEP_TOLERANCE = 1e-8
BISECTION_STEPS = 200


@kernel
def third_order_step(value: float, first: float, second: float, target: float) -> float:
    """Halley's step towards log(value / target) = 0 from a value and its derivatives; NaN where there is none.

    The logarithm of a present value is nearly linear in its rate, so two or three steps are enough.
    """
    if not (value > 0.0 and first < 0.0):
        return nan
    error = log(value / target)
    slope = first / value
    curvature = second / value - slope * slope
    newton = -error / slope
    damping = 1.0 + 0.5 * newton * curvature / slope
    return newton / damping if damping > 0.5 else newton
