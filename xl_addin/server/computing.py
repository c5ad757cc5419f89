"""Computing the open calls of a batch: where each belongs by its cost, once each, within a time (spec 08 §5.2, §5.3).

What is not ready in time goes on in the background; its result lands in the memory, where the next batch finds it.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from engine.conventions.day_count import DayCount, year_fraction
from xl_addin.registry.catalogue import by_name
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import Cost
from xl_addin.registry.dispatch import Answer, Batch, Call, Dispatcher, compute, cost_of
from xl_addin.registry.errors import unavailable
from xl_addin.registry.results import encode_error
from xl_addin.server.workers import Workers

T = TypeVar("T")
_N_THREADS = 4
_MOST_IN_A_TASK = 20


@dataclass(slots=True, eq=False)
class _Group:
    """Open calls that are computed together; indices: their places in the batch they belong to."""

    indices: list[int]
    answers: asyncio.Future[list[Answer]]


class Computing:
    """The threads and processes of a server, and what is on its way in them."""

    def __init__(self, dispatcher: Dispatcher, workers: Workers) -> None:
        self._dispatcher = dispatcher
        self._workers = workers
        self._quick = ThreadPoolExecutor(_N_THREADS, "quick")
        # One at a time: two threads in parallel kernels at once are more than every threading layer bears.
        self._data = ThreadPoolExecutor(1, "data")
        self._on_the_way: dict[bytes, tuple[_Group, int]] = {}
        self._background: set[asyncio.Task[list[Answer]]] = set()

    def start(self) -> None:
        """Load what the first light call would wait for; kernels that take longer are warmed where they run."""
        self._quick.submit(year_fraction, date(2016, 3, 23), date(2016, 6, 21), DayCount.ACTUAL_360)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """The result of quick work that may wait for the database."""
        return await asyncio.get_running_loop().run_in_executor(self._quick, work)

    async def finish(self, batch: Batch, ctx: CallContext, seconds: float) -> None:
        """Fill in the open calls of a batch; those that are not ready in time say so."""
        waiting: set[asyncio.Future[list[Answer]]] = set()
        joined: list[tuple[int, _Group, int]] = []
        fresh: list[int] = []
        for index, key in enumerate(batch.keys):
            on_the_way = self._on_the_way.get(key)
            if on_the_way is None or not _is_shared(batch.open_calls[index]):
                fresh.append(index)
            else:
                joined.append((index, *on_the_way))
                waiting.add(on_the_way[0].answers)
        waiting |= self._started(batch, fresh, ctx)
        if waiting:
            await asyncio.wait(waiting, timeout=seconds)
        for index, group, place in joined:
            if group.answers.done():
                batch.fill(index, group.answers.result()[place].encoded)
        self._fill_the_rest(batch)

    def _started(self, batch: Batch, indices: Sequence[int], ctx: CallContext) -> set[asyncio.Future[list[Answer]]]:
        started: set[asyncio.Future[list[Answer]]] = set()
        for cost, chunk in _chunks(batch, indices, self._workers.n_slots):
            task = asyncio.create_task(self._computed(cost, batch, chunk, ctx))
            group = _Group(chunk, task)
            for place, index in enumerate(chunk):
                if _is_shared(batch.open_calls[index]):
                    self._on_the_way[batch.keys[index]] = group, place
            self._background.add(task)
            task.add_done_callback(self._background.discard)
            started.add(task)
        return started

    async def _computed(self, cost: Cost, batch: Batch, indices: list[int], ctx: CallContext) -> list[Answer]:
        """Answers to some open calls, remembered and filled in."""
        calls = [batch.open_calls[index] for index in indices]
        loop = asyncio.get_running_loop()

        def here() -> list[Answer]:
            answers = compute(calls, ctx)
            self._dispatcher.keep(batch, indices, answers)
            return answers

        try:
            if cost is not Cost.HEAVY:
                return await loop.run_in_executor(self._quick if cost is Cost.LIGHT else self._data, here)
            answers = await self._workers.compute(calls, ctx.user, ctx.client)
            await self.in_thread(lambda: self._dispatcher.keep(batch, indices, answers))
            return answers
        finally:
            for index in indices:
                if _is_shared(batch.open_calls[index]):
                    self._on_the_way.pop(batch.keys[index], None)

    def _fill_the_rest(self, batch: Batch) -> None:
        for index, places in enumerate(batch.places):
            if batch.answers[places[0]] is None:
                batch.fill(index, _still(batch.open_calls[index]))

    async def stop(self) -> None:
        """Give up what is on its way."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._quick.shutdown(wait=False, cancel_futures=True)
        self._data.shutdown(wait=False, cancel_futures=True)


def _chunks(batch: Batch, indices: Sequence[int], n_slots: int) -> list[tuple[Cost, list[int]]]:
    """Open calls by what is computed together: light ones, each function on the data, heavy ones in small parts."""
    by_name: dict[str, list[int]] = {}
    light: list[int] = []
    for index in indices:
        name = batch.open_calls[index].name
        if cost_of(name) is Cost.LIGHT:
            light.append(index)
        else:
            by_name.setdefault(name, []).append(index)
    chunks = [(Cost.LIGHT, light)] if light else []
    for name, found in by_name.items():
        cost = cost_of(name)
        size = len(found) if cost is Cost.DATA else min(_MOST_IN_A_TASK, math.ceil(len(found) / n_slots))
        chunks += [(cost, found[start : start + size]) for start in range(0, len(found), size)]
    return chunks


def _is_shared(call: Call) -> bool:
    """Whether the answer is the same for everyone: not where it depends on who asks, from which cell."""
    return by_name()[call.name].is_cached


def _still(call: Call) -> bytes:
    return encode_error(
        unavailable("CLO-3001", "Still calculating", remedy="Recalculate in a moment: the result is kept."), call.name
    )
