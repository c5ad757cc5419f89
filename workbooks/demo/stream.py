"""The demo's random stream: few operations, each pinned to the bits of one generator, so that a seed gives one deal."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


class Stream:
    """Uniform draws of PCG64 from a seed, and what the demo makes of them."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number in [low, high)."""
        return low + (high - low) * float(self._generator.random())

    def whole(self, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        return low + int(self.uniform() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform() < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """One item, all equally likely."""
        return items[self.whole(0, len(items) - 1)]

    def weighted(self, choices: Sequence[tuple[Item, float]]) -> Item:
        """One item by weight; weights need not add up to 1."""
        left = self.uniform() * sum(weight for _, weight in choices)
        for item, weight in choices:
            left -= weight
            if left < 0.0:
                return item
        return choices[-1][0]
