"""What a worker does in tests in place of computing: it dies, or takes its time."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from xl_addin.registry.dispatch import Answer, Call
from xl_addin.server.worker_process import compute_calls

MARK = "CLODESK_TEST_MARK"
"""Environment variable with the file that workers write a line to for every task."""


def _count() -> int:
    with Path(os.environ[MARK]).open("a+") as file:
        file.write("x\n")
        file.flush()
        file.seek(0)
        return len(file.readlines())


def die(calls: Sequence[Call], user: str, client: str) -> list[Answer]:
    """Die at every task."""
    _count()
    os._exit(9)


def die_once(calls: Sequence[Call], user: str, client: str) -> list[Answer]:
    """Die at the first task, compute the next."""
    if _count() == 1:
        os._exit(9)
    return compute_calls(calls, user, client)


def dawdle(calls: Sequence[Call], user: str, client: str) -> list[Answer]:
    """Compute, after a while."""
    _count()
    time.sleep(1.5)
    return compute_calls(calls, user, client)
