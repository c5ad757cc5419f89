"""A real simulation in blocks: the same bytes on threads, processes and a cluster, a worker killed half-way too."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping

import pytest
from distributed import Client

from engine.deal.simulation_job import SimulationJob
from engine.desk.blocks.job import Array
from engine.desk.blocks.settings import BlockSettings, WorkerKind
from tests.deal.test_simulation_job import A_BLOCK, deal_job
from tests.desk.blocks.running import Received, run_all, three_dask_workers

N_BLOCKS = 5


@pytest.fixture(scope="module")
def job() -> SimulationJob:
    """Twenty loans, two pools, one of them through its waterfall; five blocks."""
    return deal_job(N_BLOCKS * A_BLOCK)


@pytest.fixture(scope="module")
def expected(job: SimulationJob) -> bytes:
    """What the job gives on one thread."""
    return run_all(job, BlockSettings(kind=WorkerKind.THREADS, n_workers=1)).bytes()


@pytest.fixture(scope="module")
def cluster() -> Iterator[BlockSettings]:
    """Three dask workers."""
    with three_dask_workers() as found:
        yield found


def killing_one(workers: Callable[[], list[int]], received: Received) -> Callable[[int, Mapping[str, Array]], None]:
    """Kill one of the workers when the first block is there."""

    def receive(block: int, arrays: Mapping[str, Array]) -> None:
        received(block, arrays)
        if len(received.arrays) == 1:
            os.kill(workers()[0], signal.SIGKILL)

    return receive


@pytest.mark.parametrize(("kind", "n_workers"), [(WorkerKind.THREADS, 2), (WorkerKind.PROCESSES, 2)])
def test_workers_of_this_machine_change_no_byte(
    job: SimulationJob, expected: bytes, kind: WorkerKind, n_workers: int
) -> None:
    """Two threads and two processes give what one thread gives."""
    assert run_all(job, BlockSettings(kind=kind, n_workers=n_workers)).bytes() == expected


def test_a_killed_process_changes_no_byte(job: SimulationJob, expected: bytes) -> None:
    """One of two processes is killed when the first block is there; its block is run again."""
    received = Received()

    def workers() -> list[int]:
        return [process.pid for process in multiprocessing.active_children() if process.pid]

    settings = BlockSettings(kind=WorkerKind.PROCESSES, n_workers=2)
    run_all(job, settings, receive=killing_one(workers, received))

    assert received.bytes() == expected


def test_a_cluster_changes_no_byte(job: SimulationJob, expected: bytes, cluster: BlockSettings) -> None:
    """Three dask workers give what one thread gives."""
    assert run_all(job, cluster).bytes() == expected


def test_a_killed_worker_of_a_cluster_changes_no_byte(
    job: SimulationJob, expected: bytes, cluster: BlockSettings
) -> None:
    """One of three dask workers is killed when the first block is there."""
    received = Received()

    def workers() -> list[int]:
        with Client(cluster.scheduler) as client:
            return list(client.run(os.getpid).values())

    run_all(job, cluster, receive=killing_one(workers, received))

    assert received.bytes() == expected
