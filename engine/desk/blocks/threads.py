"""Blocks on threads of this process: nothing to start, nothing to send; kernels release the GIL."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from threadpoolctl import threadpool_limits

from engine.desk.blocks.job import BlockFailure, BlockJob, BlockResult
from engine.desk.blocks.worker import compute


class ThreadPool:
    """Threads that compute blocks; a thread cannot be stopped, so leaving waits for the blocks that run."""

    def __init__(self, job: BlockJob, n_workers: int) -> None:
        self._job = job
        self._n_workers = n_workers
        self._executor = ThreadPoolExecutor(n_workers, thread_name_prefix="clodesk-block")
        self._ended: SimpleQueue[Future[BlockResult | BlockFailure]] = SimpleQueue()
        # One limit around all threads: it is the library's, not the thread's, and restoring it twice would lose it.
        self._one_blas_thread = threadpool_limits(limits=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._one_blas_thread.restore_original_limits()

    @property
    def capacity(self) -> int:
        return self._n_workers

    def start(self, block: int) -> None:
        self._executor.submit(self._compute, block).add_done_callback(self._ended.put)

    def _compute(self, block: int) -> BlockResult | BlockFailure:
        return compute(self._job, block, threading.current_thread().name)

    def next(self, timeout: float) -> BlockResult | BlockFailure | None:
        try:
            return self._ended.get(timeout=timeout).result()
        except Empty:
            return None
