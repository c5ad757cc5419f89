"""Small jobs that workers can import, with little else: pure arithmetic, and the accidents that befall workers."""

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.desk.blocks.job import Array
from engine.errors import ModelError

N_BLOCKS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Numbers of a counter-based stream, multiplied by a matrix that travels with the job."""

    key: str = "draws"
    label: str = "Draws"
    n_blocks: int = N_BLOCKS
    bytes_per_block: int = 1 << 20
    matrix: Array = field(default_factory=lambda: np.random.default_rng(3).normal(size=(200, 200)))

    def run(self, block: int) -> Mapping[str, Array]:
        """The stream of a block through the matrix: (200, 64) float64, and its largest place."""
        normals = np.random.Generator(np.random.Philox(key=[7, block])).normal(size=(200, 64))
        product = self.matrix @ normals
        return {"product": product, "largest": product.argmax(axis=0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow(Draws):
    """As Draws, and each block takes a while."""

    seconds: float = 0.05

    def run(self, block: int) -> Mapping[str, Array]:
        time.sleep(self.seconds)
        return Draws.run(self, block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Killing(Draws):
    """The worker of one block is killed, as often as there are marks left to take in a folder."""

    folder: str
    victim: int = 5

    def run(self, block: int) -> Mapping[str, Array]:
        if block == self.victim:
            left = sorted(Path(self.folder).iterdir())
            if left:
                left[0].unlink()
                os.kill(os.getpid(), signal.SIGKILL)
        return Draws.run(self, block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting(Slow):
    """Each block tells the process that computes it."""

    def run(self, block: int) -> Mapping[str, Array]:
        return {**Slow.run(self, block), "pid": np.array([os.getpid()])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing(Draws):
    """One block cannot be computed."""

    def run(self, block: int) -> Mapping[str, Array]:
        if block == 3:
            raise ModelError("CLO-1300", "The deal has no root", where="period 7", remedy="Look at the coupon.")
        return Draws.run(self, block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistaken(Draws):
    """A program with a mistake in it."""

    def run(self, block: int) -> Mapping[str, Array]:
        raise ZeroDivisionError("a mistake")


@dataclass(frozen=True, slots=True, kw_only=True)
class Greedy(Draws):
    """A block that takes a gibibyte more than it says."""

    def run(self, block: int) -> Mapping[str, Array]:
        return {"zeros": np.ones(1 << 27)}


class Unreadable:
    """A job that cannot be put together in another process."""

    key = "unreadable"
    label = "Unreadable"
    n_blocks = 1
    bytes_per_block = 1

    def run(self, block: int) -> Mapping[str, Array]:
        return {}

    def __setstate__(self, state: object) -> None:
        raise ModelError("CLO-1301", "The job is of another time")

    def __getstate__(self) -> object:
        return {"key": self.key}
