"""Processes of the server beside its own: how they are started, and that none outlives it."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext

_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_PRELOADED = ["xl_addin.server.worker_process", "xl_addin.server.job_process"]


def process_context() -> BaseContext:
    """Fresh processes, forked from one that has the libraries loaded where the platform can.

    Never a fork of the server itself: it has threads, and threads of OpenMP do not survive a fork.
    """
    context = multiprocessing.get_context(_METHOD)
    context.set_forkserver_preload(_PRELOADED)
    return context


def hold_libraries_to_one_thread() -> None:
    """Keep BLAS at one thread in the processes that are started from here on: there are as many of them as cores."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def silence_the_tracker() -> None:
    """Let the tracker of semaphores clean up after processes that were ended without remarking on each."""
    os.environ.setdefault("PYTHONWARNINGS", "ignore::UserWarning:multiprocessing.resource_tracker")


def end_with_parent() -> None:
    """In a child: leave Ctrl-C to the server, and end when the server ends, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def end_process(pid: int) -> None:
    """End a process of ours at once; one that has ended already is fine."""
    try:
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError:
        return
