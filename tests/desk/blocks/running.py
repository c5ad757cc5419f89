"""Running a job to its end, and what was received."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dask
from distributed import LocalCluster

from engine.desk.blocks.execute import execute
from engine.desk.blocks.job import Array
from engine.desk.blocks.settings import BlockSettings


@dataclass(slots=True)
class Received:
    """What was received, by block, and on which thread nobody asks."""

    arrays: dict[int, dict[str, Array]] = field(default_factory=dict)

    def __call__(self, block: int, arrays: Mapping[str, Array]) -> None:
        assert block not in self.arrays
        self.arrays[block] = dict(arrays)

    def bytes(self) -> bytes:
        """All arrays in the order of their blocks."""
        return b"".join(array.tobytes() for block in sorted(self.arrays) for array in self.arrays[block].values())


def run_all(job: Any, settings: BlockSettings, **changes: Any) -> Received:
    """Run a job to its end, or to what stops it."""
    received = Received()
    arguments: dict[str, Any] = {"receive": received, "progress": silent, "is_cancelled": never} | changes
    execute(job, settings=settings, **arguments)
    return received


@contextmanager
def three_dask_workers() -> Iterator[BlockSettings]:
    """A cluster of three processes with one thread each."""
    # One retry, where dask itself allows three: workers take a second to come back.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(
            n_workers=3,
            threads_per_worker=1,
            processes=True,
            memory_limit="1GiB",
            dashboard_address=":0",
            # It tells of every worker that is killed, which is what happens here.
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield BlockSettings(scheduler=cluster.scheduler_address)


def silent(text: str, done: float) -> None:
    """Progress that nobody looks at."""


def never() -> bool:
    """A run that nobody stops."""
    return False


def after(n_looks: int) -> Callable[[], bool]:
    """A run that somebody stops at a later look."""
    looks = iter(range(n_looks))
    return lambda: next(looks, None) is None
