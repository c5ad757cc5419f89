"""What the environment says about workers, and what it cannot say."""

import pytest

from engine.desk.blocks.settings import BlockSettings, WorkerKind, settings_of_environment
from engine.errors import InputError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLODESK_SCHEDULER", "CLODESK_WORKERS", "CLODESK_WORKER_MEMORY"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_said_is_one_worker_a_core_on_this_machine() -> None:
    """And each of them may take its share of the memory."""
    found = settings_of_environment()

    assert found == BlockSettings(scheduler=None, kind=WorkerKind.AUTO, n_workers=0, memory=None)
    assert found.local_workers() >= 1
    assert found.local_memory() is None or found.local_memory() > 1 << 20


@pytest.mark.parametrize(
    ("text", "kind", "n_workers"),
    [
        ("threads:4", WorkerKind.THREADS, 4),
        ("processes:2", WorkerKind.PROCESSES, 2),
        (" Processes : 2 ", WorkerKind.PROCESSES, 2),
        ("8", WorkerKind.AUTO, 8),
        ("", WorkerKind.AUTO, 0),
    ],
)
def test_workers_are_a_number_of_a_kind(
    text: str, kind: WorkerKind, n_workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """threads:N, processes:N, or N of whichever is better."""
    monkeypatch.setenv("CLODESK_WORKERS", text)

    found = settings_of_environment()

    assert (found.kind, found.n_workers) == (kind, n_workers)


@pytest.mark.parametrize("text", ["many", "threads", "fibres:3", "0", "-2", "2.5"])
def test_other_workers_are_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error shows what would be right."""
    monkeypatch.setenv("CLODESK_WORKERS", text)

    with pytest.raises(InputError, match=r"CLO-4165: .* at CLODESK_WORKERS. Write 4, threads:4 or processes:4"):
        settings_of_environment()


@pytest.mark.parametrize(
    ("text", "memory"),
    [("2GiB", 2 << 30), ("1.5 GiB", 3 << 29), ("1500MB", 1_500_000_000), ("512 mib", 512 << 20), ("1048576", 1 << 20)],
)
def test_memory_is_a_number_with_a_unit(text: str, memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Powers of 1,024 with an i, powers of 1,000 without."""
    monkeypatch.setenv("CLODESK_WORKER_MEMORY", text)

    assert settings_of_environment().memory == memory


@pytest.mark.parametrize("text", ["plenty", "2 gigs", "-1GiB", "0"])
def test_other_memory_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error shows what would be right."""
    monkeypatch.setenv("CLODESK_WORKER_MEMORY", text)

    with pytest.raises(InputError, match=r"CLO-4166: .* at CLODESK_WORKER_MEMORY. Write a number of bytes"):
        settings_of_environment()


def test_a_scheduler_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """As dask writes it."""
    monkeypatch.setenv("CLODESK_SCHEDULER", " tcp://head:8786 ")

    assert settings_of_environment().scheduler == "tcp://head:8786"
