"""One job's process, from its start to its end."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import orjson

from db.settings import StorageSettings
from xl_addin.commands.declare import Inputs, Run
from xl_addin.server.job_process import run_job
from xl_addin.server.processes import process_context

_GRACE = 0.2
"""Seconds in which a job may heed the flag before its process is ended: CPU use stops within half a second."""


class JobRun:
    """The process of one job. heard is called in the event loop with every message of it."""

    def __init__(self, threads: ThreadPoolExecutor, heard: Callable[[Sequence[Any]], None]) -> None:
        self._threads = threads
        self._heard = heard
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._is_stopped = False
        self._loop = asyncio.get_running_loop()

    async def finished(self, run: Run, inputs: Inputs, settings: StorageSettings, user: str, client: str) -> int | None:
        """Run the job; the exit code of its process."""
        return await self._loop.run_in_executor(self._threads, self._listen, run, inputs, settings, user, client)

    async def stop(self) -> None:
        """Raise the flag, and end the process where it does not heed it."""
        self._is_stopped = True
        if self._connection is None or self._process is None:
            return
        try:
            self._connection.send_bytes(b"stop")
        except OSError:
            return
        await asyncio.sleep(_GRACE)
        if self._process.is_alive():
            self._process.terminate()

    def _listen(self, run: Run, inputs: Inputs, settings: StorageSettings, user: str, client: str) -> int | None:
        context = process_context()
        ours, theirs = context.Pipe()
        process = context.Process(  # type: ignore[attr-defined]  # every context has it, their base does not say so
            target=run_job, args=(theirs, run, inputs, settings, user, client)
        )
        process.start()
        theirs.close()
        self._connection, self._process = ours, process
        if self._is_stopped:
            process.terminate()
        try:
            while True:
                self._loop.call_soon_threadsafe(self._heard, orjson.loads(ours.recv_bytes()))
        except (EOFError, OSError):
            process.join()
        finally:
            ours.close()
        code: int | None = process.exitcode
        return code
