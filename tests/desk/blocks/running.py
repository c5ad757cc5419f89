"""Running a job to its end, and what was received."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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


def silent(text: str, done: float) -> None:
    """Progress that nobody looks at."""


def never() -> bool:
    """A run that nobody stops."""
    return False


def after(n_looks: int) -> Callable[[], bool]:
    """A run that somebody stops at a later look."""
    looks = iter(range(n_looks))
    return lambda: next(looks, None) is None
