"""The desk of a server process: opened when it is first needed, and again after its database was away."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

from db.cache import Cache
from db.settings import StorageSettings
from engine.desk.desk import Desk, open_desk
from engine.errors import BackendError

T = TypeVar("T")
_REST = 1.0
"""Seconds after a failed attempt in which the next callers get its answer at once: a batch asks only once."""


class DeskDoor:
    """One desk for all threads of a process; user: in whose name it writes."""

    def __init__(self, settings: StorageSettings, user: str = "") -> None:
        self._settings = settings
        self._user = user
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._desk: Desk | None = None
        self._failure: BackendError | None = None
        self._failed_at = 0.0

    def desk(self) -> Desk:
        """The desk. Raises BackendError while the database is out of reach."""
        with self._lock:
            if self._failure is not None and time.monotonic() < self._failed_at + _REST:
                raise self._failure.with_traceback(None)
            if self._desk is None:
                try:
                    self._desk = self._stack.enter_context(open_desk(self._settings, user=self._user))
                except BackendError as error:
                    self._note(error)
                    raise
            self._failure = None
            return self._desk

    def cache(self) -> Cache | None:
        """What processes share, None before the desk is open."""
        return None if self._desk is None else self._desk.cache

    def use(self, work: Callable[[Desk], T]) -> T:
        """What some work on the desk gives. Raises BackendError while the database is out of reach, and notes it."""
        desk = self.desk()
        try:
            return work(desk)
        except BackendError as error:
            self.failed(error)
            raise

    def failed(self, error: BackendError) -> None:
        """Take note that the desk lost its database."""
        with self._lock:
            self._note(error)
            self._close()

    def is_open(self) -> bool:
        """Whether the database answers."""
        try:
            self.use(Desk.data_versions)
        except BackendError:
            return False
        return True

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            self._close()

    def _note(self, error: BackendError) -> None:
        self._failure, self._failed_at = error, time.monotonic()

    def _close(self) -> None:
        # Opening anew starts the embedded server where that is the one that went away.
        self._desk = None
        self._stack.close()


def refused(error: BackendError) -> Callable[[], Desk]:
    """In place of a desk while there is none: every use of it is the same failure."""

    def refuse() -> Desk:
        raise error.with_traceback(None)

    return refuse
