"""Blocks on a dask cluster of three processes: the same bytes, with a worker killed half-way too."""

import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from engine.desk.blocks import cluster as clusters
from engine.desk.blocks.job import Array, StoppedError
from engine.desk.blocks.settings import BlockSettings
from engine.errors import BackendError, InputError, ModelError
from tests.desk.blocks.jobs import N_BLOCKS, Draws, Failing, Killing, Reporting, Slow
from tests.desk.blocks.running import Received, run_all, three_dask_workers


@pytest.fixture(scope="module")
def settings() -> Iterator[BlockSettings]:
    """Three dask workers."""
    with three_dask_workers() as found:
        yield found


@pytest.fixture(scope="module")
def expected() -> bytes:
    """What the job gives without any workers."""
    job = Draws()
    return b"".join(array.tobytes() for block in range(N_BLOCKS) for array in job.run(block).values())


def test_a_cluster_gives_the_same_bytes(settings: BlockSettings, expected: bytes) -> None:
    """Three workers of another process each."""
    assert run_all(Draws(), settings).bytes() == expected


def test_a_killed_worker_costs_its_blocks_only(settings: BlockSettings, expected: bytes) -> None:
    """The worker that computed the first block is killed half-way; what it had is run again."""
    received = Received()

    def receive(block: int, arrays: Mapping[str, Array]) -> None:
        pid = int(arrays["pid"][0])
        received(block, {name: array for name, array in arrays.items() if name != "pid"})
        if len(received.arrays) == N_BLOCKS // 2:
            os.kill(pid, signal.SIGKILL)

    run_all(Reporting(), settings, receive=receive)

    assert received.bytes() == expected


def test_a_worker_killed_in_a_block_costs_that_block_only(
    settings: BlockSettings, tmp_path: Path, expected: bytes
) -> None:
    """The block is run again on another worker."""
    (tmp_path / "1").touch()

    assert run_all(Killing(folder=str(tmp_path)), settings).bytes() == expected


def test_only_missing_blocks_go_to_the_cluster(settings: BlockSettings) -> None:
    """What was received before a stop is not computed again."""
    received = Received()
    with pytest.raises(StoppedError):
        run_all(Slow(), settings, receive=received, is_cancelled=lambda: len(received.arrays) >= 2)
    before = set(received.arrays)

    later = run_all(Draws(), settings, finished=before)

    assert len(before) >= 2
    assert set(later.arrays) == set(range(N_BLOCKS)) - before


def test_an_error_of_the_model_arrives_whole(settings: BlockSettings) -> None:
    """Class, number, place and remedy cross the network."""
    with pytest.raises(ModelError) as caught:
        run_all(Failing(), settings)

    assert str(caught.value) == "CLO-1300: The deal has no root, at period 7. Look at the coupon."


def test_a_block_that_cannot_fit_is_refused_before_it_runs(settings: BlockSettings) -> None:
    """The memory of the cluster's smallest worker counts."""
    with pytest.raises(InputError, match=r"CLO-4167: .* about 2,048 MiB and a worker may take 1,024 MiB"):
        run_all(Draws(bytes_per_block=2 << 30), settings)


@pytest.mark.parametrize("joins_late", [False, True])
def test_workers_of_another_version_are_refused(
    settings: BlockSettings, monkeypatch: pytest.MonkeyPatch, joins_late: bool
) -> None:
    """They might compute other numbers; one that joins while blocks run is noticed by its first block."""
    theirs = clusters.engine_version()
    monkeypatch.setattr(clusters, "engine_version", lambda: "9.9.9")
    if joins_late:
        monkeypatch.setattr(clusters, "_require_version", lambda client, mine, shown: None)

    with pytest.raises(BackendError) as caught:
        run_all(Draws(), settings)

    assert caught.value.number == "CLO-4173"
    assert "runs another clodesk than 9.9.9: " + theirs in caught.value.problem


def test_a_block_that_kills_its_workers_ends_the_run(settings: BlockSettings, tmp_path: Path) -> None:
    """The cluster gives it up by itself; a worker that takes too much memory is ended in the same way."""
    for number in range(2):
        (tmp_path / str(number)).touch()
    with Client(settings.scheduler, set_as_default=False) as client:
        client.wait_for_workers(3, timeout=30)

    with pytest.raises(BackendError, match=r"CLO-4175: Block 0 lost its worker 2 times: .* memory than they may"):
        run_all(Killing(folder=str(tmp_path), victim=0, n_blocks=1), settings)


def test_a_scheduler_without_workers_is_an_error() -> None:
    """Nothing would ever end."""
    with LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=logging.CRITICAL) as cluster:
        settings = BlockSettings(scheduler=cluster.scheduler_address, connect_timeout=0.3)

        with pytest.raises(BackendError, match=r"CLO-4172: The scheduler has no workers, at tcp://127.0.0.1"):
            run_all(Draws(), settings)


def test_a_scheduler_that_is_lost_ends_the_run() -> None:
    """What was received stays received."""
    received = Received()
    cluster = LocalCluster(
        n_workers=1, processes=False, dashboard_address=":0", protocol="tcp", silence_logs=logging.CRITICAL
    )

    def receive(block: int, arrays: Mapping[str, Array]) -> None:
        received(block, arrays)
        cluster.close()

    settings = BlockSettings(scheduler=cluster.scheduler_address, connect_timeout=0.5)
    with pytest.raises(BackendError, match=r"CLO-4174: The connection to the scheduler is lost, at tcp://127.0.0.1"):
        run_all(Slow(seconds=0.2), settings, receive=receive)

    assert len(received.arrays) >= 1


def test_a_scheduler_out_of_reach_is_an_error_without_credentials() -> None:
    """Soon, and with the address but for user and password."""
    settings = BlockSettings(scheduler="tcp://ann:secret@127.0.0.1:9", connect_timeout=0.3)

    with pytest.raises(BackendError, match=r"CLO-4171: .*, at tcp://127.0.0.1:9. Start it") as caught:
        run_all(Draws(), settings)

    assert "secret" not in str(caught.value)


def test_a_missing_extra_names_the_command_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without dask nothing else is missing."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(InputError, match=r"CLO-4168: .* Run pip install 'clodesk\[cluster\]'"):
        run_all(Draws(), BlockSettings(scheduler="tcp://head:8786"))
