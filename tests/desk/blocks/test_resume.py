"""Runs that are interrupted and go on: finished blocks lie in the database and only the others are computed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.blocks import BlockStore
from db.store import Store
from engine.desk.blocks.job import Array, StoppedError
from engine.desk.blocks.resume import ABANDONED_AFTER, run_stored
from engine.desk.blocks.settings import BlockSettings, WorkerKind
from engine.errors import BackendError, InputError, ModelError
from tests.desk.blocks.jobs import N_BLOCKS, Draws, Failing, Killing, Slow
from tests.desk.blocks.running import Received, never, silent

PROJECT = Path(__file__).resolve().parents[3]
ONE_THREAD = BlockSettings(kind=WorkerKind.THREADS, n_workers=1)
_SCRIPT = """
import sys
from db.settings import StorageSettings
from db.store import Store
from tests.desk.blocks.jobs import Slow
from tests.desk.blocks.test_resume import attempt

if __name__ == "__main__":
    attempt(Store(StorageSettings(), sys.argv[1]).blocks, Slow(seconds=0.1), user="killed")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting(Draws):
    """Writes down which blocks it computes."""

    computed: list[int]

    def run(self, block: int) -> Mapping[str, Array]:
        self.computed.append(block)
        return Draws.run(self, block)


def attempt(blocks: BlockStore, job: Any, user: str = "analyst", **changes: Any) -> Received:
    """Run a job with its blocks stored, to its end or to what stops it."""
    received = Received()
    arguments: dict[str, Any] = {
        "receive": received,
        "progress": silent,
        "is_cancelled": never,
        "settings": ONE_THREAD,
    } | changes
    run_stored(blocks, job, kind="simulation", spec={}, requested_by=user, **arguments)
    return received


@pytest.fixture
def blocks(store: Store) -> BlockStore:
    return store.blocks


@pytest.fixture(scope="module")
def expected() -> bytes:
    """What the job gives without workers and without a database."""
    job = Draws()
    return b"".join(array.tobytes() for block in range(N_BLOCKS) for array in job.run(block).values())


def test_a_stopped_run_goes_on_with_the_missing_blocks(blocks: BlockStore, expected: bytes) -> None:
    """The second attempt receives all blocks and computes those that the first did not."""
    received, computed = Received(), list[int]()
    with pytest.raises(StoppedError):
        attempt(blocks, Draws(), receive=received, is_cancelled=lambda: len(received.arrays) >= 5)
    stored = blocks.finished("draws")

    whole = attempt(blocks, Counting(computed=computed))

    assert stored == set(range(5))
    assert sorted(computed) == list(range(5, N_BLOCKS))
    assert whole.bytes() == expected


def test_a_finished_run_that_was_not_stored_computes_nothing(blocks: BlockStore, expected: bytes) -> None:
    """All blocks are there and the run that was to be made of them is not: they are read again."""
    attempt(blocks, Draws())
    computed = list[int]()

    whole = attempt(blocks, Counting(computed=computed))

    assert computed == []
    assert whole.bytes() == expected


def test_a_killed_process_is_gone_on_with(
    blocks: BlockStore, database_url: str, tmp_path: Path, expected: bytes
) -> None:
    """A process is killed without a chance to clean up: its blocks are there, its lock is not."""
    script = tmp_path / "attempt.py"
    script.write_text(_SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen([sys.executable, str(script), database_url], env=environment, cwd=PROJECT) as process:
        while len(blocks.finished("draws")) < 3:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    stored = blocks.finished("draws")
    computed = list[int]()

    whole = _as_soon_as_free(blocks, Counting(computed=computed))

    assert 3 <= len(stored) < N_BLOCKS
    assert set(computed) == set(range(N_BLOCKS)) - stored
    assert whole.bytes() == expected


def _as_soon_as_free(blocks: BlockStore, job: Counting) -> Received:
    """The server needs a moment to see that a process is gone."""
    deadline = time.monotonic() + 10.0
    while True:
        try:
            return attempt(blocks, job)
        except BackendError as error:
            if error.number != "CLO-3050" or time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def test_two_runners_of_one_job_do_not_clash(blocks: BlockStore) -> None:
    """The second is told who is at it, and the first is not disturbed."""
    is_under_way, may_go_on = threading.Event(), threading.Event()
    received = Received()

    def receive(block: int, arrays: Mapping[str, Array]) -> None:
        received(block, arrays)
        is_under_way.set()
        may_go_on.wait(30)

    first = threading.Thread(target=attempt, args=(blocks, Draws()), kwargs={"receive": receive})
    first.start()
    is_under_way.wait(30)
    with pytest.raises(BackendError, match=r"CLO-3050: Draws is being computed by analyst"):
        attempt(blocks, Draws(), user="colleague")
    may_go_on.set()
    first.join(30)

    assert set(received.arrays) == set(range(N_BLOCKS))


def test_a_lost_worker_leaves_finished_blocks_behind(blocks: BlockStore, tmp_path: Path, expected: bytes) -> None:
    """A block that kills every worker ends the attempt; the others need not be computed again."""
    for number in range(4):
        (tmp_path / str(number)).touch()
    processes = BlockSettings(kind=WorkerKind.PROCESSES, n_workers=1)
    with pytest.raises(BackendError, match="CLO-4175"):
        attempt(blocks, Killing(folder=str(tmp_path), victim=2), settings=processes)

    assert blocks.finished("draws") == {0, 1}
    assert attempt(blocks, Draws()).bytes() == expected


def test_blocks_of_a_deal_that_cannot_be_run_are_discarded(blocks: BlockStore) -> None:
    """No attempt could ever end: nothing is kept for one."""
    with pytest.raises(ModelError, match="CLO-1300"):
        attempt(blocks, Failing())

    assert blocks.jobs() == ()


def test_settings_that_do_not_work_cost_no_blocks(blocks: BlockStore) -> None:
    """A second attempt with too little memory for a block, and the third finds everything in its place."""
    attempt(blocks, Draws())
    narrow = BlockSettings(kind=WorkerKind.THREADS, n_workers=1, memory=1 << 10)
    with pytest.raises(InputError, match="CLO-4167"):
        attempt(blocks, Draws(n_blocks=N_BLOCKS + 1, key="more"), settings=narrow)

    assert len(blocks.finished("draws")) == N_BLOCKS
    assert {job.key for job in blocks.jobs()} == {"draws", "more"}


def test_a_block_tells_who_computed_it(store: Store) -> None:
    """The worker stands beside its block."""
    attempt(store.blocks, Draws())

    with store.read() as work:
        workers = work.driver.execute("SELECT DISTINCT worker FROM job_blocks").fetchall()
    assert workers == [("clodesk-block_0",)]


def test_abandoned_jobs_go_when_another_begins(store: Store, blocks: BlockStore) -> None:
    """Nobody has to clean up after those who gave up."""
    attempt(blocks, Draws(key="old"))
    with store.begin() as work:
        at = datetime.now(UTC) - ABANDONED_AFTER - timedelta(hours=1)
        work.driver.execute("UPDATE block_jobs SET started_at = %s", [at])
        work.driver.execute("UPDATE job_blocks SET finished_at = %s", [at])

    attempt(blocks, Draws(key="new"))

    assert [job.key for job in blocks.jobs()] == ["new"]


def test_the_merge_does_not_see_where_blocks_came_from(blocks: BlockStore) -> None:
    """Stored blocks and fresh ones have the same types, shapes and names."""
    received = Received()
    with pytest.raises(StoppedError):
        attempt(blocks, Draws(), receive=received, is_cancelled=lambda: len(received.arrays) >= 5)

    whole = attempt(blocks, replace(Slow(), seconds=0.0))

    kinds = {
        tuple((name, array.dtype, array.shape) for name, array in arrays.items()) for arrays in whole.arrays.values()
    }
    assert kinds == {(("product", np.dtype("f8"), (200, 64)), ("largest", np.dtype("i8"), (64,)))}
