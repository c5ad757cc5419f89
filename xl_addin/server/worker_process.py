"""What runs in a process of the pool: heavy calls, on a desk of its own."""

import os
from collections.abc import Sequence

import numba

from db.settings import StorageSettings
from xl_addin.registry.catalogue import catalogue
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Answer, Call, compute
from xl_addin.server.door import DeskDoor
from xl_addin.server.logs import log_json_lines
from xl_addin.server.processes import end_with_parent

_DOORS: list[DeskDoor] = []
# Of one process: what it is told to do arrives as pickled arguments, which cannot hold open connections.


def begin(settings: StorageSettings, n_threads: int) -> None:
    """Prepare this process; its kernels use its share of the cores."""
    end_with_parent()
    log_json_lines()
    numba.set_num_threads(max(1, min(n_threads, numba.get_num_threads())))
    _DOORS.append(DeskDoor(settings))
    catalogue()


def process_id() -> int:
    """The number of this process."""
    return os.getpid()


def warm() -> float:
    """Load every kernel, compiling it where that was never done; seconds it took."""
    from engine.desk.warmup import compile_kernels

    return compile_kernels(lambda _text, _done: None)


def compute_calls(calls: Sequence[Call], user: str, client: str) -> list[Answer]:
    """The answers to calls, computed here."""
    return compute(calls, CallContext(_DOORS[0].desk, user=user, client=client))
