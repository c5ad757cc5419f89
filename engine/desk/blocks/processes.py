"""Blocks on processes of this machine, started afresh and never forked; one that dies costs the block it had."""

import pickle
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext, SpawnProcess
from types import TracebackType
from typing import Self

from engine.desk.blocks.job import BlockJob, BlockLoss, Outcome
from engine.desk.blocks.worker import serve

_PATIENCE = 5.0
"""Seconds that a process gets to end before it is killed."""


@dataclass(slots=True)
class _Worker:
    """A process, the end of its pipe, and the block it computes; None while it waits."""

    process: SpawnProcess
    connection: Connection
    block: int | None = None

    def stop(self) -> int | None:
        """End the process; what it ended with."""
        self.connection.close()
        self.process.terminate()
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        code = self.process.exitcode
        self.process.close()
        return code


class ProcessPool:
    """Processes that got the job when they were started. They are started as blocks are given out.

    memory: bytes that each of them may take.
    """

    def __init__(self, job: BlockJob, n_workers: int, memory: int | None) -> None:
        self._job = pickle.dumps(job, protocol=pickle.HIGHEST_PROTOCOL)
        self._n_workers = n_workers
        self._memory = memory
        self._context = SpawnContext()
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    @property
    def capacity(self) -> int:
        return self._n_workers

    def start(self, block: int) -> None:
        worker = next((found for found in self._workers if found.block is None), None)
        if worker is None:
            worker = self._started()
        worker.block = block
        # A process that died while it waited is noticed when its answer is read.
        with suppress(OSError):
            worker.connection.send(block)

    def _started(self) -> _Worker:
        here, there = self._context.Pipe()
        process = self._context.Process(target=serve, args=(there, self._job, self._memory), daemon=True)
        process.start()
        there.close()
        worker = _Worker(process, here)
        self._workers.append(worker)
        return worker

    def next(self, timeout: float) -> Outcome | None:
        busy = {worker.connection: worker for worker in self._workers if worker.block is not None}
        ready: Sequence[object] = wait(list(busy), timeout)
        for connection, worker in busy.items():
            if connection in ready:
                return self._answer(worker)
        return None

    def _answer(self, worker: _Worker) -> Outcome:
        block = worker.block
        assert block is not None  # noqa: S101 (only busy workers are asked)
        worker.block = None
        try:
            outcome: Outcome = worker.connection.recv()
        except (EOFError, OSError):
            self._workers.remove(worker)
            return BlockLoss(block=block, reason=_ended_with(worker.stop()))
        return outcome


def _ended_with(code: int | None) -> str:
    if code is not None and code < 0:
        return f"its process was killed by signal {-code}"
    return f"its process ended with code {code}"
