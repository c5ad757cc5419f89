"""The pool for heavy calls: one process a slot, warm before it is needed, replaced when it dies."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass, field

from db.settings import StorageSettings
from xl_addin.registry.dispatch import Answer, Call
from xl_addin.registry.errors import CellError, unavailable
from xl_addin.registry.results import encode_error
from xl_addin.server import worker_process
from xl_addin.server.processes import end_process, process_context

_LOG = logging.getLogger(__name__)
_GRACE = 1.0
_LONGEST = 600.0
"""Seconds after which a call is given up and its process with it."""


def _died() -> CellError:
    return unavailable(
        "CLO-3102",
        "The process that computed this died, twice",
        remedy="Recalculate; if it happens again, tell support the formula.",
    )


def _given_up() -> CellError:
    return unavailable(
        "CLO-3109",
        f"The calculation did not end within {_LONGEST / 60:.0f} minutes",
        remedy="Ask for less, or run it as a command.",
    )


@dataclass(slots=True)
class _Task:
    calls: Sequence[Call]
    user: str
    client: str
    answers: asyncio.Future[list[Answer]]
    n_tries: int = 0


@dataclass(slots=True)
class _Slot:
    executor: ProcessPoolExecutor
    process: int | None = None
    is_warm: bool = False
    service: asyncio.Task[None] | None = field(default=None, repr=False)


class Workers:
    """As many processes as slots; each works on one task at a time, so that a death costs one task."""

    def __init__(self, n_slots: int, settings: StorageSettings, *, n_threads: int = 1) -> None:
        self._settings = settings
        self._n_threads = n_threads
        self._queue: asyncio.Queue[_Task] = asyncio.Queue()
        self._slots = [_Slot(self._executor()) for _ in range(n_slots)]
        self.n_deaths = 0

    def _executor(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=1,
            mp_context=process_context(),
            initializer=worker_process.begin,
            initargs=(self._settings, self._n_threads),
        )

    @property
    def n_slots(self) -> int:
        return len(self._slots)

    @property
    def n_warm(self) -> int:
        """Processes that have their kernels loaded."""
        return sum(slot.is_warm for slot in self._slots)

    @property
    def processes(self) -> list[int]:
        """Numbers of the processes that run."""
        return [slot.process for slot in self._slots if slot.process is not None]

    def start(self) -> None:
        """Start the processes and warm them up in the background."""
        for slot in self._slots:
            slot.service = asyncio.create_task(self._serve(slot))

    async def stop(self) -> None:
        """End the processes; what they work on is lost."""
        for slot in self._slots:
            if slot.service is not None:
                slot.service.cancel()
        await asyncio.gather(*(slot.service for slot in self._slots if slot.service), return_exceptions=True)
        for slot in self._slots:
            await self._end(slot)

    async def compute(self, calls: Sequence[Call], user: str, client: str) -> list[Answer]:
        """The answers to calls, from the next free process."""
        task = _Task(calls, user, client, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(task)
        return await task.answers

    async def _serve(self, slot: _Slot) -> None:
        while True:
            # Whoever waits for a worker that was replaced waits no longer than for its own kernels.
            if not slot.is_warm and self._queue.empty():
                await self._warm_up(slot)
            task = await self._queue.get()
            try:
                answers = await self._run(slot, task)
            except BrokenExecutor:
                await self._after_death(slot, task)
            except TimeoutError:
                _finish(task, _failures(task, _given_up))
                await self._replace(slot)
            except Exception as error:  # whatever a call does, its slot serves the next one
                _finish(task, [Answer(encode_error(error, call.name), False) for call in task.calls])
            else:
                _finish(task, answers)

    async def _run(self, slot: _Slot, task: _Task) -> list[Answer]:
        await self._started(slot)
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(slot.executor, worker_process.compute_calls, task.calls, task.user, task.client)
        return await asyncio.wait_for(running, _LONGEST)

    async def _started(self, slot: _Slot) -> None:
        """Have the process of a slot, by its number."""
        if slot.process is None:
            loop = asyncio.get_running_loop()
            slot.process = await loop.run_in_executor(slot.executor, worker_process.process_id)

    async def _warm_up(self, slot: _Slot) -> None:
        try:
            await self._started(slot)
            await asyncio.get_running_loop().run_in_executor(slot.executor, worker_process.warm)
        except BrokenExecutor:
            _LOG.error("a worker died while it was warmed up")
            await self._replace(slot)
            await asyncio.sleep(1.0)
            return
        except Exception:  # a cold worker answers too, later
            _LOG.exception("a worker could not be warmed up")
        slot.is_warm = True

    async def _after_death(self, slot: _Slot, task: _Task) -> None:
        self.n_deaths += 1
        _LOG.error("worker %s died on %s", slot.process, task.calls[0].name)
        task.n_tries += 1
        if task.n_tries < 2:
            self._queue.put_nowait(task)
        else:
            _finish(task, _failures(task, _died))
        await self._replace(slot)

    async def _end(self, slot: _Slot) -> None:
        """End the process of a slot: one at rest leaves by itself, one at work is ended."""
        ended = asyncio.create_task(asyncio.to_thread(slot.executor.shutdown, wait=True, cancel_futures=True))
        _done, busy = await asyncio.wait({ended}, timeout=_GRACE)
        if busy and slot.process is not None:
            end_process(slot.process)
        await ended
        slot.process = None

    async def _replace(self, slot: _Slot) -> None:
        await self._end(slot)
        slot.executor, slot.is_warm = self._executor(), False


def _finish(task: _Task, answers: list[Answer]) -> None:
    if not task.answers.done():
        task.answers.set_result(answers)


def _failures(task: _Task, make: Callable[[], CellError]) -> list[Answer]:
    """An error for each call of a task, which is not kept."""
    return [Answer(encode_error(make(), call.name), False) for call in task.calls]
