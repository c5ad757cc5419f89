"""What can be cut into blocks: a pure function of a block's number, and what a worker answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from engine.errors import BackendError

Array = npt.NDArray[Any]
Receive = Callable[[int, Mapping[str, Array]], None]
"""Called with the number of a block and its arrays, in the order in which blocks end, which is no order at all."""


class BlockJob(Protocol):
    """A calculation in blocks: picklable, and sent to each worker once however large it is.

    Several threads of one process call `run` at the same time: it must not change the job, nor enter a parallel
    kernel. What it returns depends on the job and the block's number alone.
    """

    @property
    def key(self) -> str:
        """Content hash of everything the blocks depend on, the version of the engine and the cut included."""

    @property
    def label(self) -> str:
        """What is computed, for people: the beginning of every line of progress and of every error."""

    @property
    def n_blocks(self) -> int:
        """Blocks are numbered from 0."""

    @property
    def bytes_per_block(self) -> int:
        """Memory that a worker needs for one block, job and result included; an estimate."""

    def run(self, block: int) -> Mapping[str, Array]:
        """The arrays of a block, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockResult:
    """What a worker computed; worker: which one, for people."""

    block: int
    arrays: Mapping[str, Array]
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFailure:
    """A block that cannot be computed: trying again would fail again."""

    block: int
    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLoss:
    """A block whose worker is gone; reason: what became of the worker."""

    block: int
    reason: str


Outcome = BlockResult | BlockFailure | BlockLoss


class StoppedError(BackendError):
    """Somebody stopped the run: what was received stays received, and the run may be started again."""


def lost_too_often(label: str, block: int, times: int, reason: str) -> BackendError:
    """The error of a block whose workers ended one after the other; reason: what became of the last one."""
    return BackendError(
        "CLO-4175",
        f"Block {block} lost its worker {times} times: {reason}",
        where=label,
        remedy="Give workers more memory (CLODESK_WORKER_MEMORY) or use fewer of them.",
    )
