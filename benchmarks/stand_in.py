"""A job in blocks that burns one core in a kernel; workers import this module and little else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.desk.blocks.job import Array
from engine.numerics import kernel


@kernel
def burn(seed: int, rounds: int, out: Any) -> int:
    """Numbers of a xorshift generator, one after the other; out: (n,) float64, the last of them, written."""
    state = np.uint64(seed + 88172645463325252)
    for i in range(out.shape[0]):
        for _ in range(rounds):
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
        out[i] = float(state >> np.uint64(11))
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """As much arithmetic a block as rounds say."""

    key: str = "stand-in"
    label: str = "Stand-in"
    n_blocks: int = 16
    bytes_per_block: int = 16 << 20
    rounds: int = 500

    def run(self, block: int) -> Mapping[str, Array]:
        """The fields of 256 simulations: (49, 41, 256) float64."""
        found = np.empty(49 * 41 * 256)
        burn(block, self.rounds, found)
        return {"fields": found.reshape(49, 41, 256)}
