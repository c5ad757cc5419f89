"""Blocks on the workers of a dask cluster, which runs those of a lost worker again by itself."""

import re
import time
from concurrent.futures import CancelledError
from functools import cache
from importlib import import_module
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from engine.desk.blocks.job import BlockFailure, BlockJob, BlockLoss, BlockResult, Outcome, lost_too_often
from engine.desk.blocks.settings import BlockSettings, require_room
from engine.desk.blocks.worker import compute
from engine.desk.engine_version import engine_version
from engine.errors import BackendError, InputError

# dask is optional and types its own methods in part only.
Client = Any
Future = Any

_AHEAD = 2
"""Blocks under way for each thread of the cluster: one that runs and one that waits on the spot."""
_LOOK_AGAIN = 5.0
"""Seconds between looks at how many workers the cluster has."""
_PATIENCE = 60.0
"""Seconds that the cluster may be without workers, which start again after they were ended."""
_DIED = "the cluster ended its workers, most often because they took more memory than they may"
_SECRET = re.compile(r"//[^/@]*@")


def open_cluster(job: BlockJob, settings: BlockSettings) -> "ClusterPool":
    """The workers of the scheduler that the settings name, the job sent to each of them.

    InputError CLO-4168 without the extra `cluster`, CLO-4167 when a block does not fit into a worker; BackendError
    CLO-4171 when the scheduler cannot be reached, CLO-4172 when it has no workers, CLO-4173 when workers run another
    version of clodesk.
    """
    address = settings.scheduler or ""
    client = _connected(address, settings.connect_timeout)
    try:
        _require_workers(client, _shown(address), settings)
        version = engine_version()
        _require_version(client, version, _shown(address))
        require_room(job, _worker_memory(client, settings))
        return ClusterPool(client, job, version, _shown(address))
    except BaseException:
        client.close()
        raise


def _shown(address: str) -> str:
    """The address without a user and a password."""
    return _SECRET.sub("//", address)


def _connected(address: str, timeout: float) -> Client:
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise InputError(
            "CLO-4168",
            "A scheduler is named and dask is not installed",
            where="CLODESK_SCHEDULER",
            remedy="Run pip install 'clodesk[cluster]', or take CLODESK_SCHEDULER out to use this machine.",
        ) from None
    try:
        return distributed.Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BackendError(
            "CLO-4171",
            f"The scheduler cannot be reached ({type(error).__name__})",
            where=_shown(address),
            remedy="Start it, or correct CLODESK_SCHEDULER (tcp://host:8786); without it this machine does the work.",
        ) from None


def _require_workers(client: Client, shown: str, settings: BlockSettings) -> None:
    try:
        client.wait_for_workers(1, timeout=settings.connect_timeout)
    except TimeoutError:
        raise _no_workers(shown) from None


def _no_workers(shown: str) -> BackendError:
    return BackendError(
        "CLO-4172", "The scheduler has no workers", where=shown, remedy="Start some with `dask worker`."
    )


def _require_version(client: Client, mine: str, shown: str) -> None:
    found = client.run(version_of_worker, on_error="return")
    strangers = {worker: version for worker, version in found.items() if version != mine}
    if strangers:
        worker, version = next(iter(strangers.items()))
        raise _other_version(worker, version if isinstance(version, str) else type(version).__name__, mine, shown)


def _other_version(worker: str, theirs: str, mine: str, where: str) -> BackendError:
    return BackendError(
        "CLO-4173",
        f"Worker {worker} runs another clodesk than {mine}: {theirs}",
        where=where,
        remedy="Install the same version of clodesk on every worker of the cluster.",
    )


def _worker_memory(client: Client, settings: BlockSettings) -> int | None:
    """Bytes that the smallest worker has; None where no worker has a limit."""
    workers = client.scheduler_info()["workers"].values()
    limits = [int(worker["memory_limit"]) for worker in workers if worker["memory_limit"]]
    return min([*limits, *([settings.memory] if settings.memory is not None else [])], default=None)


@cache
def version_of_worker() -> str:
    """The version of the engine in the process where this is called first."""
    return engine_version()


def compute_on_cluster(job: BlockJob, block: int, version: str) -> BlockResult | BlockFailure:
    """`compute` in a worker of the cluster; one that joined late may be of another version."""
    from distributed import get_worker
    from threadpoolctl import threadpool_limits

    worker = str(get_worker().address)
    if version_of_worker() != version:
        return BlockFailure(block=block, error=_other_version(worker, version_of_worker(), version, job.label))
    # Not restored: other threads of this worker may compute blocks too, and dask itself starts at one BLAS thread.
    threadpool_limits(limits=1)
    return compute(job, block, worker)


class ClusterPool:
    """The cluster behind a client; leaving it gives back what it holds for this job."""

    def __init__(self, client: Client, job: BlockJob, version: str, shown: str) -> None:
        self._client = client
        self._job = job
        self._shown = shown
        self._version = version
        self._sent = self._send()
        self._ended: SimpleQueue[Future] = SimpleQueue()
        self._blocks: dict[Future, int] = {}
        self._n_threads = 0
        self._last_seen_at = time.monotonic()
        self._counted_at = self._last_seen_at - _LOOK_AGAIN

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client.status == "running":
            self._client.cancel([*self._blocks, self._sent], force=True)
        self._blocks.clear()
        self._client.close()

    @property
    def capacity(self) -> int:
        self._look_around()
        return max(_AHEAD * self._n_threads, 1)

    def _look_around(self) -> None:
        """Count the cluster's threads now and then; CLO-4172 when there have been none for a while."""
        now = time.monotonic()
        if now - self._counted_at < _LOOK_AGAIN:
            return
        self._require_connection()
        self._n_threads = sum(self._client.nthreads().values())
        self._counted_at = now
        if self._n_threads:
            self._last_seen_at = now
        elif now - self._last_seen_at > _PATIENCE:
            raise _no_workers(self._shown)

    def start(self, block: int) -> None:
        future = self._client.submit(compute_on_cluster, self._sent, block, self._version, pure=False)
        self._blocks[future] = block
        future.add_done_callback(self._ended.put)

    def next(self, timeout: float) -> Outcome | None:
        try:
            future = self._ended.get(timeout=timeout)
        except Empty:
            self._require_connection()
            self._look_around()
            return None
        return self._outcome(future, self._blocks.pop(future))

    def _send(self) -> Any:
        """The job in the memory of every worker, once."""
        try:
            return self._client.scatter(self._job, broadcast=True, hash=False)
        except TimeoutError:
            raise _no_workers(self._shown) from None

    def _outcome(self, future: Future, block: int) -> Outcome:
        from distributed import KilledWorker

        try:
            outcome: BlockResult | BlockFailure = future.result()
        except KilledWorker as error:
            died = lost_too_often(self._job.label, block, error.allowed_failures + 1, _DIED)
            return BlockFailure(block=block, error=died)
        except (CancelledError, OSError):
            # All workers that held the job or the result were lost, or the scheduler was.
            self._require_connection()
            self._sent = self._send()
            return BlockLoss(block=block, reason="the cluster lost all that it had of it")
        return outcome

    def _require_connection(self) -> None:
        if self._client.status != "running":
            raise BackendError(
                "CLO-4174",
                "The connection to the scheduler is lost",
                where=self._shown,
                remedy="Start the scheduler and run again: finished blocks of a stored run are kept.",
            )
