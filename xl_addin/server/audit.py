"""The record of what was asked: kept in memory for a second, then written in the background."""

import asyncio
import logging
from collections import deque

from engine.desk.access import AuditEntry
from engine.errors import BackendError, ClodeskError
from xl_addin.server.door import DeskDoor

_LOG = logging.getLogger(__name__)
_EVERY = 1.0
_MOST = 100_000
"""Entries kept while the database is away; beyond them the oldest are only in the log."""


class AuditTrail:
    """Entries on their way to the database."""

    def __init__(self, door: DeskDoor) -> None:
        self._door = door
        self._entries: deque[AuditEntry] = deque(maxlen=_MOST)
        self._task: asyncio.Task[None] | None = None

    def note(self, entry: AuditEntry) -> None:
        """Keep an entry for the next writing."""
        self._entries.append(entry)

    def start(self) -> None:
        """Begin to write every second."""
        self._task = asyncio.create_task(self._write_on())

    async def stop(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._write)

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            await asyncio.to_thread(self._write)

    def _write(self) -> None:
        entries = [self._entries.popleft() for _ in range(len(self._entries))]
        if not entries:
            return
        try:
            self._door.use(lambda desk: desk.access().record(entries))
        except BackendError:
            self._entries.extendleft(reversed(entries[-(_MOST - len(self._entries)) :]))
        except ClodeskError as error:
            _LOG.error("%s entries of the record cannot be stored: %s", len(entries), error)
