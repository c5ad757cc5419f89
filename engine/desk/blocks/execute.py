"""Run the blocks of a job that are missing, on threads, processes or a cluster: the same arrays on any of them.

Results are received as blocks end and belong where their number says; no more blocks are under way than there are
workers to compute them, so memory is bounded however many blocks there are.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence

from engine.desk.blocks.cluster import open_cluster
from engine.desk.blocks.job import (
    BlockFailure,
    BlockJob,
    BlockResult,
    Receive,
    StoppedError,
    lost_too_often,
)
from engine.desk.blocks.pools import Pool
from engine.desk.blocks.processes import ProcessPool
from engine.desk.blocks.settings import PROCESS_BASE, BlockSettings, WorkerKind, has_room, require_room
from engine.desk.blocks.threads import ThreadPool
from engine.desk.records import Progress

MOST_RETRIES = 3
"""How often a block is run again after its worker was lost."""
LONG_RUN = 30.0
"""Seconds of work left after the first blocks from which on processes are worth the seconds they take to start."""
_POLL = 0.1
"""Seconds between looks at whether somebody wants the run to stop."""


def execute(
    job: BlockJob,
    *,
    receive: Receive,
    finished: Collection[int] = (),
    progress: Progress,
    is_cancelled: Callable[[], bool],
    settings: BlockSettings,
) -> None:
    """Run every block that is not finished; receive gets each of them on this thread, in any order.

    A failure of the model, or what `receive` or `progress` raises, stops the run. StoppedError CLO-4169 when it is
    cancelled; blocks that run on threads are waited for. BackendError CLO-4175 for a block whose worker is lost time
    and again, CLO-4170 for one that takes more memory than a worker may; InputError CLO-4167 where that can be told
    before. On a cluster also as in `cluster.open_cluster`, and CLO-4174 when the scheduler is lost.
    """

    def hand_over(result: BlockResult) -> None:
        receive(result.block, result.arrays)

    execute_results(
        job, receive=hand_over, finished=finished, progress=progress, is_cancelled=is_cancelled, settings=settings
    )


def execute_results(
    job: BlockJob,
    *,
    receive: Callable[[BlockResult], None],
    finished: Collection[int] = (),
    progress: Progress,
    is_cancelled: Callable[[], bool],
    settings: BlockSettings,
) -> None:
    """As `execute`, with the name of the worker beside the arrays."""
    known = set(finished)
    missing = [block for block in range(job.n_blocks) if block not in known]
    course = _Course(job, receive, progress, is_cancelled, n_done=job.n_blocks - len(missing))
    if not missing:
        course.report()
    elif settings.scheduler is None:
        _on_this_machine(job, missing, course, settings)
    else:
        course.report()
        with open_cluster(job, settings) as pool:
            course.run(pool, missing)


def _on_this_machine(job: BlockJob, missing: Sequence[int], course: "_Course", settings: BlockSettings) -> None:
    n_workers = min(settings.local_workers(), len(missing))
    memory = settings.local_memory()
    if settings.kind is not WorkerKind.PROCESSES:
        require_room(job, memory)
        with ThreadPool(job, n_workers) as pool:
            missing = _begun_on_threads(job, missing, course, settings, pool)
    if missing:
        require_room(job, memory, base=PROCESS_BASE)
        with ProcessPool(job, n_workers, memory) as processes:
            course.run(processes, missing)


def _begun_on_threads(
    job: BlockJob, missing: Sequence[int], course: "_Course", settings: BlockSettings, pool: ThreadPool
) -> Sequence[int]:
    """Run blocks on threads; those that are left for processes.

    Kernels release the GIL and threads start at once. What is left after the first block of every thread goes to
    processes when it takes long and one of them has room for a block: there Python code runs side by side too.
    """
    may_move = settings.kind is WorkerKind.AUTO and pool.capacity > 1
    if not (may_move and has_room(job, settings.local_memory(), base=PROCESS_BASE)):
        course.run(pool, missing)
        return ()
    first, rest = missing[: pool.capacity], missing[pool.capacity :]
    started = time.monotonic()
    course.run(pool, first)
    if (time.monotonic() - started) * len(rest) / pool.capacity >= LONG_RUN:
        return rest
    course.run(pool, rest)
    return ()


class _Course:
    """One run: how far it is, who hears of it, and how often blocks were lost."""

    def __init__(
        self,
        job: BlockJob,
        receive: Callable[[BlockResult], None],
        progress: Progress,
        is_cancelled: Callable[[], bool],
        *,
        n_done: int,
    ) -> None:
        self._job = job
        self._receive = receive
        self._progress = progress
        self._is_cancelled = is_cancelled
        self._n_before = self._n_done = n_done
        self._losses: Counter[int] = Counter()
        self._started = time.monotonic()

    def run(self, pool: Pool, blocks: Sequence[int]) -> None:
        """Run blocks on a pool until each of them is received."""
        waiting = deque(blocks)
        n_under_way = 0
        while waiting or n_under_way:
            self._stop_if_wanted()
            while waiting and n_under_way < pool.capacity:
                pool.start(waiting.popleft())
                n_under_way += 1
            outcome = pool.next(_POLL)
            if outcome is None:
                continue
            n_under_way -= 1
            if isinstance(outcome, BlockFailure):
                raise outcome.error
            if isinstance(outcome, BlockResult):
                # The worker gets its next block before the result is handed over, which may take as long.
                if waiting:
                    pool.start(waiting.popleft())
                    n_under_way += 1
                self._receive(outcome)
                self._n_done += 1
            else:
                self._count_loss(outcome.block, outcome.reason)
                waiting.appendleft(outcome.block)

    def _stop_if_wanted(self) -> None:
        self.report()
        if self._is_cancelled():
            raise StoppedError(
                "CLO-4169",
                f"The run was stopped after {self._n_done} of {self._job.n_blocks} blocks",
                where=self._job.label,
                remedy="Run it again to go on.",
            )

    def _count_loss(self, block: int, reason: str) -> None:
        self._losses[block] += 1
        if self._losses[block] > MOST_RETRIES:
            raise lost_too_often(self._job.label, block, self._losses[block], reason)

    def report(self) -> None:
        """Tell how many blocks there are, how fast they come and how long the others will take."""
        n_now, n_blocks = self._n_done - self._n_before, self._job.n_blocks
        text = f"{self._job.label}: {self._n_done} of {n_blocks} blocks"
        if n_now and self._n_done < n_blocks:
            rate = n_now / max(time.monotonic() - self._started, 1e-9)
            text += f", {rate:,.2g} a second, about {(n_blocks - self._n_done) / rate:,.0f} s left"
        self._progress(text, self._n_done / n_blocks if n_blocks else 1.0)
