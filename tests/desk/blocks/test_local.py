"""Blocks on threads and processes of this machine: the same bytes, and what befalls workers costs their blocks only."""

import os
import pickle
import signal
import threading
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from engine.collateral.filters.text import FilterError, Place
from engine.desk.blocks import execute as execution
from engine.desk.blocks.job import Array, StoppedError
from engine.desk.blocks.settings import BlockSettings, WorkerKind
from engine.errors import BackendError, InputError, ModelError
from tests.desk.blocks.jobs import (
    N_BLOCKS,
    Draws,
    Failing,
    Greedy,
    Killing,
    Mistaken,
    Reporting,
    Slow,
    Unreadable,
)
from tests.desk.blocks.running import Received, after, run_all

ONE_THREAD = BlockSettings(kind=WorkerKind.THREADS, n_workers=1)
TWO_THREADS = BlockSettings(kind=WorkerKind.THREADS, n_workers=2)
ONE_PROCESS = BlockSettings(kind=WorkerKind.PROCESSES, n_workers=1)
TWO_PROCESSES = BlockSettings(kind=WorkerKind.PROCESSES, n_workers=2)


@pytest.fixture(scope="module")
def expected() -> bytes:
    """What the job gives without any workers."""
    job = Draws()
    return b"".join(array.tobytes() for block in range(N_BLOCKS) for array in job.run(block).values())


@pytest.mark.parametrize("settings", [ONE_THREAD, TWO_THREADS, TWO_PROCESSES, BlockSettings()])
def test_any_number_of_workers_gives_the_same_bytes(settings: BlockSettings, expected: bytes) -> None:
    """One thread, two threads, two processes and what is chosen by default."""
    assert run_all(Draws(), settings).bytes() == expected


def test_a_long_run_goes_on_with_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word about workers the first block of each thread tells how long the rest will take."""
    monkeypatch.setattr(execution, "LONG_RUN", 0.01)

    received = run_all(Reporting(n_blocks=6, seconds=0.02), BlockSettings(n_workers=2))

    pids = [int(received.arrays[block]["pid"][0]) for block in range(6)]
    assert pids[0] == pids[1] == os.getpid()
    assert os.getpid() not in pids[2:]


def test_a_short_run_stays_on_threads() -> None:
    """No process is started for blocks that take milliseconds."""
    received = run_all(Reporting(n_blocks=6, seconds=0.0), BlockSettings(n_workers=2))

    assert {int(arrays["pid"][0]) for arrays in received.arrays.values()} == {os.getpid()}


def test_blocks_are_received_on_the_callers_thread() -> None:
    """Whoever receives need not be safe against threads."""
    threads = set()

    def receive(block: int, arrays: Mapping[str, Array]) -> None:
        threads.add(threading.current_thread())

    run_all(Draws(), TWO_THREADS, receive=receive)

    assert threads == {threading.current_thread()}


def test_finished_blocks_are_not_run_again() -> None:
    """Only what is missing is computed."""
    received = run_all(Draws(), TWO_THREADS, finished={0, 3, N_BLOCKS - 1})

    assert set(received.arrays) == set(range(N_BLOCKS)) - {0, 3, N_BLOCKS - 1}


def test_progress_tells_blocks_rate_and_time_left() -> None:
    """The line of the terminal: how many are done, how fast, how long yet."""
    lines: list[tuple[str, float]] = []

    run_all(Slow(), TWO_THREADS, finished=range(4), progress=lambda text, done: lines.append((text, done)))

    assert lines[0] == ("Draws: 4 of 12 blocks", 4 / 12)
    assert all(now[1] >= before[1] for before, now in pairwise(lines))
    assert any(" a second, about " in text for text, _ in lines)


@pytest.mark.parametrize("settings", [TWO_THREADS, TWO_PROCESSES])
def test_a_run_can_be_stopped_and_gone_on_with(settings: BlockSettings, expected: bytes) -> None:
    """What was received before the stop stays, the rest is computed by the next run."""
    received = Received()
    stop_at_three = lambda: len(received.arrays) >= 3  # noqa: E731
    with pytest.raises(StoppedError, match=r"CLO-4169: The run was stopped after 3 of 12 blocks, at Draws"):
        run_all(Draws(), settings, receive=received, is_cancelled=stop_at_three)
    n_before = len(received.arrays)

    run_all(Draws(), settings, receive=received, finished=received.arrays.keys())

    assert n_before == 3
    assert received.bytes() == expected


def test_stopping_does_not_wait_for_processes() -> None:
    """A process in the middle of a long block is ended."""
    with pytest.raises(StoppedError):
        run_all(Slow(seconds=600.0), ONE_PROCESS, is_cancelled=after(4))


def test_a_killed_process_costs_its_block_only(tmp_path: Path, expected: bytes) -> None:
    """A worker process is killed in the middle of a block: its block is run again and nothing else changes."""
    (tmp_path / "1").touch()

    received = run_all(Killing(folder=str(tmp_path)), TWO_PROCESSES)

    assert not list(tmp_path.iterdir())
    assert received.bytes() == expected


def test_a_process_killed_from_outside_costs_its_block_only() -> None:
    """The process that computed the first block is killed as soon as it has told its number."""
    received = Received()
    killed = []

    def receive(block: int, arrays: Mapping[str, Array]) -> None:
        received(block, arrays)
        if not killed:
            killed.append(int(arrays["pid"][0]))
            os.kill(killed[0], signal.SIGKILL)

    run_all(Reporting(), TWO_PROCESSES, receive=receive)

    assert set(received.arrays) == set(range(N_BLOCKS))
    assert sum(int(arrays["pid"][0]) in killed for arrays in received.arrays.values()) == 1


def test_a_block_that_kills_its_workers_ends_the_run(tmp_path: Path) -> None:
    """After three retries the error names the block and what became of the last worker."""
    for number in range(4):
        (tmp_path / str(number)).touch()

    with pytest.raises(BackendError) as caught:
        run_all(Killing(folder=str(tmp_path), victim=0), ONE_PROCESS)

    assert caught.value.number == "CLO-4175"
    assert caught.value.problem == "Block 0 lost its worker 4 times: its process was killed by signal 9"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("settings", [TWO_THREADS, ONE_PROCESS])
def test_an_error_of_the_model_arrives_whole(settings: BlockSettings) -> None:
    """Class, number, place and remedy cross the border of processes."""
    with pytest.raises(ModelError) as caught:
        run_all(Failing(), settings)

    assert str(caught.value) == "CLO-1300: The deal has no root, at period 7. Look at the coupon."
    assert (caught.value.where, caught.value.remedy) == ("period 7", "Look at the coupon.")


def test_a_job_that_a_process_cannot_read_is_an_error() -> None:
    """The reason arrives, where a process that ends would tell none."""
    with pytest.raises(ModelError, match="CLO-1301: The job is of another time"):
        run_all(Unreadable(), ONE_PROCESS)


def test_errors_with_more_to_tell_are_pickled_whole() -> None:
    """Attributes that only one kind of error has, and a place that was filled in on the way."""
    original = FilterError("CLO-1180", "Unknown field", place=Place(0, 1, 1), remedy="Choose another.")
    original.add_note("seen")

    found = pickle.loads(pickle.dumps(original))  # noqa: S301

    assert type(found) is FilterError
    assert (str(found), found.__dict__) == (str(original), original.__dict__)


def test_a_mistake_in_the_program_arrives_with_its_traceback() -> None:
    """What is no error of clodesk is raised as it is, with a note of where it happened."""
    with pytest.raises(ZeroDivisionError) as caught:
        run_all(Mistaken(), ONE_PROCESS)

    assert 'raise ZeroDivisionError("a mistake")' in caught.value.__notes__[0]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is bounded on Linux")
def test_a_process_that_takes_too_much_memory_ends_the_run() -> None:
    """The limit of the worker holds, and the error says what to do."""
    settings = BlockSettings(kind=WorkerKind.PROCESSES, n_workers=1, memory=700 << 20)

    with pytest.raises(BackendError, match=r"CLO-4170: Block 0 needs more memory .*, at Draws. Raise CLODESK_WORKER_"):
        run_all(Greedy(), settings)


@pytest.mark.parametrize("kind", WorkerKind)
def test_a_block_that_cannot_fit_is_refused_before_it_runs(kind: WorkerKind) -> None:
    """The estimate of the job against the memory of a worker."""
    settings = BlockSettings(kind=kind, n_workers=2, memory=1 << 30)

    with pytest.raises(InputError, match=r"CLO-4167: One block needs about [\d,]+ MiB and a worker may take 1,024 MiB"):
        run_all(Draws(bytes_per_block=2 << 30), settings)


def test_a_receiver_that_fails_stops_the_run() -> None:
    """What cannot be kept need not be computed."""

    def receive(block: int, arrays: Mapping[str, Array]) -> None:
        raise BackendError("CLO-3002", "PostgreSQL cannot be reached")

    with pytest.raises(BackendError, match="CLO-3002"):
        run_all(Slow(), TWO_PROCESSES, receive=receive)
