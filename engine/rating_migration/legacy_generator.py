"""The random numbers of the legacy model: `Rnd` of its macro language, and normals made of them (spec 04 §5).

A 24-bit generator: one sequence of 16,777,216 numbers in which a seed chooses one of 65,536 places (04 Q9, Q11). One of
the numbers is 0 and has no normal (04 Q10).
"""

import struct

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from engine.errors import ModelError
from engine.rating_migration.kernels_legacy_generator import INCREMENT, MODULUS, MULTIPLIER, fill_uniforms

Floats = npt.NDArray[np.float64]

FRESH_STATE = 327680
"""Where the generator starts in a process that has not been reseeded; every such run draws the same numbers."""

_RESEEDING = -10.0
_LOW_16 = 0xFFFF


def state_of_seed(seed: int) -> int:
    """State of the generator after the model's reseeding: a call with -10, then the seed.

    Bits 8 to 23 come of the upper half of the seed as a double, its two words exclusive-or; 8193 and 32 give the same.
    """
    bits = int.from_bytes(struct.pack("<f", _RESEEDING), "little")
    state = (bits + (bits >> 24)) % MODULUS
    state = (state * MULTIPLIER + INCREMENT) % MODULUS
    upper = int.from_bytes(struct.pack("<d", float(seed))[4:], "little")
    return ((upper & _LOW_16) ^ (upper >> 16)) << 8 | (state & 0xFF)


class LegacyRandom:
    """A stream of the legacy generator; drawing moves it on, as the model's single stream does."""

    def __init__(self, seed: int | None = None) -> None:
        """A stream reseeded with `seed`, or that of a fresh process without one."""
        self.state = FRESH_STATE if seed is None else state_of_seed(seed)
        self.n_drawn = 0

    def uniforms(self, n: int) -> Floats:
        """The next n numbers, (n,), from 0 to less than 1."""
        return self._drawn(n)[0]

    def normals(self, n: int) -> Floats:
        """The next n standard normals by inverse distribution, (n,).

        Raises ModelError CLO-1840 where a number is 0 and so has none (04 Q10).
        """
        before = self.n_drawn
        values, first_zero = self._drawn(n)
        if first_zero >= 0:
            raise ModelError(
                "CLO-1840",
                f"Draw {before + first_zero + 1:,} of the legacy generator is 0, which has no normal",
                where="legacy random numbers",
                remedy="Choose another seed or fewer simulations, or run in standard mode.",
            )
        normals: Floats = ndtri(values)
        return normals

    def _drawn(self, n: int) -> tuple[Floats, int]:
        values = np.empty(n)
        state, first_zero = fill_uniforms(self.state, values)
        self.state = int(state)
        self.n_drawn += n
        return values, int(first_zero)
