"""What happens inside a worker: one block on one core, memory bounded, failures as values.

Imports little: a process of the local pool imports this module and what its job needs.
"""

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from multiprocessing.connection import Connection, wait
from pathlib import Path

from threadpoolctl import threadpool_limits

from engine.desk.blocks.job import BlockFailure, BlockJob, BlockResult
from engine.errors import BackendError, ClodeskError

_SINGLE_THREADED = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def compute(job: BlockJob, block: int, worker: str) -> BlockResult | BlockFailure:
    """The arrays of a block, or why there are none; the caller holds BLAS at one thread.

    A block that runs out of memory is a BackendError CLO-4170; a ClodeskError is passed on as it is, and so is what
    can only be a mistake in the program, with its traceback as a note.
    """
    try:
        return BlockResult(block=block, arrays=job.run(block), worker=worker)
    except ClodeskError as error:
        return BlockFailure(block=block, error=error)
    except MemoryError:
        return BlockFailure(block=block, error=memory_exceeded(job.label, block))
    except Exception as error:  # the outermost frame of a worker: whatever it is, the caller has to see it
        error.add_note(f"in block {block} of {job.label}, on {worker}:\n{traceback.format_exc()}")
        return BlockFailure(block=block, error=error)


def memory_exceeded(label: str, block: int) -> BackendError:
    """The error of a block that needs more memory than its worker may take."""
    return BackendError(
        "CLO-4170",
        f"Block {block} needs more memory than a worker may take",
        where=label,
        remedy="Raise CLODESK_WORKER_MEMORY, or use fewer workers.",
    )


def serve(connection: Connection, job_bytes: bytes, memory: int | None) -> None:
    """Answer block numbers with outcomes until the other end is closed: the whole life of a local process.

    memory: bytes that this process may take, where the system can hold it to that.
    """
    # Ctrl-C reaches the whole group of processes; the one that started this worker ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for name in _SINGLE_THREADED:
        os.environ[name] = "1"
    worker = f"process {os.getpid()}"
    try:
        job: BlockJob = pickle.loads(job_bytes)  # noqa: S301 (from the process that started this one)
    except Exception as error:  # a job may raise anything while it is put together
        connection.send(_sendable(BlockFailure(block=connection.recv(), error=error)))
        return
    with threadpool_limits(limits=1):
        if memory is not None:
            bound_memory(memory)
        try:
            while True:
                connection.send(_sendable(compute(job, connection.recv(), worker)))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _end_with_parent() -> None:
    """End at once when the process that started this one ends, however it ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _sendable(outcome: BlockResult | BlockFailure) -> BlockResult | BlockFailure:
    """The outcome, its error replaced by its text where it cannot be pickled."""
    if isinstance(outcome, BlockFailure):
        try:
            pickle.loads(pickle.dumps(outcome.error))  # noqa: S301 (made in this line)
        except Exception:  # pickling may raise anything
            return BlockFailure(block=outcome.block, error=RuntimeError(repr(outcome.error)))
    return outcome


def bound_memory(memory: int) -> None:
    """Hold this process to so many bytes, what it has taken already included; on Linux, elsewhere nothing happens.

    An allocation beyond it is a MemoryError. The limit is on private writable pages: address space that is only
    reserved, as compilers and allocators do, does not count.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return
    import resource

    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if line.startswith("Vm"))
    resident, data = (int(lines[name].split()[0]) << 10 for name in ("VmRSS", "VmData"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (data + max(memory - resident, 0), hard))
