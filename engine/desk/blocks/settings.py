"""Where blocks run and how much memory a worker may take: `CLODESK_SCHEDULER`, `_WORKERS`, `_WORKER_MEMORY`."""

import os
import re
from dataclasses import dataclass
from enum import Enum

from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.desk.blocks.job import BlockJob
from engine.errors import InputError

PROCESS_BASE = 256 << 20
"""Bytes that a worker process takes for the interpreter, numpy, numba and compiled code, before its first block."""

_WORKERS = re.compile(r"(?:(threads|processes)\s*:\s*)?(\d{1,4})", re.IGNORECASE)
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B|B)?", re.IGNORECASE)
_UNITS = {"B": 1} | {
    f"{sign}{kind}B".upper(): base**power
    for power, sign in enumerate("KMGT", start=1)
    for kind, base in (("", 1000), ("i", 1024))
}


class WorkerKind(Enum):
    """What a local worker is; AUTO begins on threads and goes on with processes where the run will be long."""

    AUTO = "auto"
    THREADS = "threads"
    PROCESSES = "processes"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSettings:
    """Where blocks run.

    scheduler: address of a dask scheduler; None for workers of this machine. n_workers: 0 for one a core. memory: bytes
    a worker may take; None for its share of the machine. connect_timeout: seconds to wait for the scheduler.
    """

    scheduler: str | None = None
    kind: WorkerKind = WorkerKind.AUTO
    n_workers: int = 0
    memory: int | None = None
    connect_timeout: float = 5.0

    def local_workers(self) -> int:
        """How many blocks run at once on this machine."""
        return self.n_workers or _cores()

    def local_memory(self) -> int | None:
        """Bytes that each local worker may take; None where nobody says and the machine does not tell its size."""
        if self.memory is not None:
            return self.memory
        machine = _machine_memory()
        return None if machine is None else machine // self.local_workers()


def has_room(job: BlockJob, memory: int | None, *, base: int = 0) -> bool:
    """Whether one block fits into a worker of so many bytes, of which base are taken; None for no limit."""
    return memory is None or job.bytes_per_block + base <= memory


def require_room(job: BlockJob, memory: int | None, *, base: int = 0) -> None:
    """Raise InputError CLO-4167 when one block cannot fit into a worker of so many bytes, of which base are taken."""
    if memory is not None and not has_room(job, memory, base=base):
        need, room = ((amount / (1 << 20)) for amount in (job.bytes_per_block + base, memory))
        raise InputError(
            "CLO-4167",
            f"One block needs about {need:,.0f} MiB and a worker may take {room:,.0f} MiB",
            where=job.label,
            remedy="Raise CLODESK_WORKER_MEMORY, or give the workers of the cluster more memory.",
        )


def settings_of_environment() -> BlockSettings:
    """The settings that the environment names.

    InputError CLO-4165 for workers that are neither a number, threads:N nor processes:N; CLO-4166 for a memory that is
    no number of bytes.
    """
    texts = _Texts()
    kind, n_workers = _parsed_workers(texts.workers)
    return BlockSettings(
        scheduler=texts.scheduler.strip() or None,
        kind=kind,
        n_workers=n_workers,
        memory=_parsed_memory(texts.worker_memory),
    )


class _Texts(BaseSettings):
    """The variables as they are written."""

    model_config = SettingsConfigDict(env_prefix="CLODESK_", extra="ignore")

    scheduler: str = ""
    workers: str = ""
    worker_memory: str = ""


def _parsed_workers(text: str) -> tuple[WorkerKind, int]:
    if not text.strip():
        return WorkerKind.AUTO, 0
    found = _WORKERS.fullmatch(text.strip())
    if found is None or int(found[2]) == 0:
        raise InputError(
            "CLO-4165",
            f"'{text}' does not say how many workers to use",
            where="CLODESK_WORKERS",
            remedy="Write 4, threads:4 or processes:4, or take it out: one worker for each core.",
        )
    return WorkerKind((found[1] or "auto").lower()), int(found[2])


def _parsed_memory(text: str) -> int | None:
    if not text.strip():
        return None
    found = _MEMORY.fullmatch(text.strip())
    if found is None or float(found[1]) == 0.0:
        raise InputError(
            "CLO-4166",
            f"'{text}' is not an amount of memory",
            where="CLODESK_WORKER_MEMORY",
            remedy="Write a number of bytes with its unit, such as 2GiB or 1500MB.",
        )
    return int(float(found[1]) * _UNITS[(found[2] or "B").upper()])


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _machine_memory() -> int | None:
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
