"""What the loop of `execute` asks of workers, wherever they are."""

from types import TracebackType
from typing import Protocol, Self

from engine.desk.blocks.job import Outcome


class Pool(Protocol):
    """Workers that compute blocks of one job; leaving it stops them, whatever they are doing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def capacity(self) -> int:
        """How many blocks may be under way at once: all that is in memory at any time."""

    def start(self, block: int) -> None:
        """Give a block to a worker; at most `capacity` of them without an outcome."""

    def next(self, timeout: float) -> Outcome | None:
        """What became of a block, or None when nothing ended within so many seconds."""
