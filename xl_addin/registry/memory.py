"""The memory of the dispatcher: answers in this process, bounded in bytes, and behind it those that processes share."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Mapping

from db.cache import Cache

_OVERHEAD = 300


class ResultMemory:
    """Answers by key. shared: the cache behind it, asked only where this process has no answer.

    stamp: goes into the keys of shared answers, so that another version of the code finds none of them.
    """

    def __init__(
        self, *, most_bytes: int = 128 << 20, shared: Callable[[], Cache | None] = lambda: None, stamp: str = ""
    ) -> None:
        self._most_bytes = most_bytes
        self._shared = shared
        self._stamp = stamp
        self._size = 0
        self._answers: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self.n_hits = 0
        self.n_misses = 0

    def get_many(self, keys: Iterable[bytes], shared_keys: Container[bytes] = ()) -> dict[bytes, bytes]:
        """The answers that are known; shared_keys: those that another process may have left in the cache."""
        found: dict[bytes, bytes] = {}
        missing: list[bytes] = []
        with self._lock:
            for key in keys:
                answer = self._answers.get(key)
                if answer is None:
                    missing.append(key)
                else:
                    self._answers.move_to_end(key)
                    found[key] = answer
        shared, wanted = self._shared(), [key for key in missing if key in shared_keys]
        if wanted and shared is not None:
            there = shared.cell_results(wanted, self._stamp)
            self.put_many(there, is_shared=False)
            found.update(there)
        self.n_hits += len(found)
        self.n_misses += len(missing)
        return found

    def put_many(self, answers: Mapping[bytes, bytes], *, is_shared: bool) -> None:
        """Remember answers, here and, if they are to be shared, in the cache."""
        if not answers:
            return
        with self._lock:
            for key, answer in answers.items():
                before = self._answers.pop(key, None)
                if before is not None:
                    self._size -= _size(key, before)
                self._answers[key] = answer
                self._size += _size(key, answer)
            while self._size > self._most_bytes:
                key, answer = self._answers.popitem(last=False)
                self._size -= _size(key, answer)
        shared = self._shared()
        if is_shared and shared is not None:
            shared.put_cell_results(answers, self._stamp)


def _size(key: bytes, answer: bytes) -> int:
    return len(key) + len(answer) + _OVERHEAD
