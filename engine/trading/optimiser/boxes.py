"""A ratio held in a box: the four planes that touch ratio x base = top at the corners of two intervals (McCormick)."""

from dataclasses import dataclass

import numpy as np

from engine.trading.optimiser.model import Model

_WIDER = 1e-7
_NARROW = 1e-5
_NARROW_BASE = 0.02


@dataclass(frozen=True)
class Box:
    """Where a ratio lies, and its base in units of the model."""

    lowest: float
    highest: float
    least: float
    most: float

    @property
    def is_wide(self) -> tuple[bool, bool]:
        """Whether ratio and base have any room to speak of."""
        size, depth = max(abs(self.lowest), abs(self.highest)), max(abs(self.least), abs(self.most))
        return self.highest - self.lowest > _NARROW * size, self.most - self.least > _NARROW_BASE * depth

    def with_ratio(self, lowest: float, highest: float) -> "Box":
        """The box with the ratio no further than these ends, and a little more for the tolerance of the solver."""
        spare = _WIDER * (abs(self.lowest) + abs(self.highest))
        return Box(max(self.lowest, lowest - spare), min(self.highest, highest + spare), self.least, self.most)

    def with_base(self, least: float, most: float) -> "Box":
        """The box with the base no further than these ends, likewise."""
        spare = _WIDER * (abs(self.least) + abs(self.most))
        return Box(self.lowest, self.highest, max(self.least, least - spare), min(self.most, most + spare))


def divided(top: tuple[float, float], base: tuple[float, float]) -> tuple[float, float]:
    """Ends of a quotient of two intervals, the base above 0."""
    ends = [numerator / denominator for numerator in top for denominator in base]
    return min(ends), max(ends)


def add_ratio(model: Model, box: Box, top: int, base: int) -> int:
    """The column of a ratio of two columns, within its box; returns it."""
    model.lower[base], model.upper[base] = max(model.lower[base], box.least), min(model.upper[base], box.most)
    ratio = model.column(box.lowest, box.highest)
    for rate, size, is_above in (
        (box.lowest, box.least, True),
        (box.highest, box.most, True),
        (box.lowest, box.most, False),
        (box.highest, box.least, False),
    ):
        # top >= size x ratio + rate x base - rate x size at two corners, <= at the others.
        side = -rate * size / box.most
        lower, upper = (side, np.inf) if is_above else (-np.inf, side)
        model.row([top, ratio, base], [1.0 / box.most, -size / box.most, -rate / box.most], lower, upper)
    return ratio
