"""The cache: answers that can be computed again, kept for a while under the hash of everything they depend on.

A miss, an eviction, a broken value or a server that is down costs time and never changes a number. Arrays are kept as
raw bytes behind a small header, nothing is pickled.
"""

import hashlib
import json
import logging
import struct
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import redis

from db.embedded import start_valkey
from db.settings import StorageSettings, settings_of_environment
from engine.errors import InputError

_LOG = logging.getLogger(__name__)
Array = npt.NDArray[Any]

_MAGIC = b"CLO1"
_HEAD = struct.Struct("<4sIII")
_LOCAL_BYTES = 256 << 20
_TIMEOUT = 0.5
_RETRY_AFTER = 30.0


class CacheKind(Enum):
    """What is cached: the seed's key prefix and the lifetime in seconds."""

    CORRELATION_MATRIX = ("correlation_matrix", 3600)
    PORTFOLIO_METRICS = ("portfolio_metrics", 1800)
    OC_IC_RESULTS = ("oc_ic_results", 7200)
    WATERFALL_EXECUTION = ("waterfall_exec", 86400)
    CELL_RESULT = ("cell", 86400)

    @property
    def prefix(self) -> str:
        return self.value[0]

    @property
    def lifetime(self) -> int:
        """Seconds."""
        return self.value[1]


def cache_key(kind: CacheKind, *parts: object, content: str) -> str:
    """The key of a value: the seed's prefix, the parts a person would name it by, and its content hash."""
    return ":".join([kind.prefix, *map(str, parts), content])


class ByteCache(Protocol):
    """Bytes by key, for a while."""

    def get(self, key: str) -> bytes | None:
        """The bytes, or None when they are not there (any more)."""

    def put(self, key: str, value: bytes, lifetime: int) -> None:
        """Keep bytes for at most `lifetime` seconds."""

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The bytes of several keys in one round trip."""

    def put_many(self, values: Mapping[str, bytes], lifetime: int) -> None:
        """Keep several values in one round trip."""

    def remove(self, key: str) -> None:
        """Forget a key."""


class LocalCache:
    """A cache in this process, least recently used values going first when it is full."""

    def __init__(self, max_bytes: int = _LOCAL_BYTES) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            expires, value = found
            if expires <= time.monotonic():
                self._forget(key)
                return None
            self._values.move_to_end(key)
            return value

    def put(self, key: str, value: bytes, lifetime: int) -> None:
        with self._lock:
            self._forget(key)
            if len(value) > self._max_bytes:
                return
            self._values[key] = (time.monotonic() + lifetime, value)
            self._size += len(value)
            while self._size > self._max_bytes:
                self._forget(next(iter(self._values)))

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.get(key) for key in keys]

    def put_many(self, values: Mapping[str, bytes], lifetime: int) -> None:
        for key, value in values.items():
            self.put(key, value, lifetime)

    def remove(self, key: str) -> None:
        with self._lock:
            self._forget(key)

    def _forget(self, key: str) -> None:
        found = self._values.pop(key, None)
        if found is not None:
            self._size -= len(found[1])


class RedisCache:
    """A cache in Redis or Valkey. While the server is out of reach, one warning and a cache in this process."""

    def __init__(self, url: str) -> None:
        self._client: redis.Redis = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=None
        )
        self._fallback = LocalCache()
        self._has_warned = False
        self._try_again_at = 0.0

    def get(self, key: str) -> bytes | None:
        if self._is_down():
            return self._fallback.get(key)
        try:
            found = self._client.get(key)
        except (redis.RedisError, OSError) as error:
            self._down(error)
            return self._fallback.get(key)
        return found if isinstance(found, bytes) else None

    def put(self, key: str, value: bytes, lifetime: int) -> None:
        if not self._is_down():
            try:
                self._client.set(key, value, ex=lifetime)
                return
            except (redis.RedisError, OSError) as error:
                self._down(error)
        self._fallback.put(key, value, lifetime)

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        if not self._is_down():
            try:
                found = self._client.mget(keys)
                return [value if isinstance(value, bytes) else None for value in found]
            except (redis.RedisError, OSError) as error:
                self._down(error)
        return self._fallback.get_many(keys)

    def put_many(self, values: Mapping[str, bytes], lifetime: int) -> None:
        if not self._is_down():
            try:
                with self._client.pipeline(transaction=False) as pipe:
                    for key, value in values.items():
                        pipe.set(key, value, ex=lifetime)
                    pipe.execute()
                return
            except (redis.RedisError, OSError) as error:
                self._down(error)
        self._fallback.put_many(values, lifetime)

    def remove(self, key: str) -> None:
        self._fallback.remove(key)
        if self._is_down():
            return
        try:
            self._client.delete(key)
        except (redis.RedisError, OSError) as error:
            self._down(error)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _is_down(self) -> bool:
        return time.monotonic() < self._try_again_at

    def _down(self, error: Exception) -> None:
        self._try_again_at = time.monotonic() + _RETRY_AFTER
        if not self._has_warned:
            self._has_warned = True
            kwargs = self._client.connection_pool.connection_kwargs
            place = kwargs.get("path") or f"{kwargs.get('host')}:{kwargs.get('port')}"
            _LOG.warning(
                "cache server at %s is out of reach (%s): caching in this process", place, type(error).__name__
            )


class Cache:
    """Arrays and JSON values by content hash."""

    def __init__(self, store: ByteCache) -> None:
        self._store = store

    def arrays(self, key: str) -> dict[str, Array] | None:
        """The arrays of a key, read-only, or None."""
        data = self._store.get(key)
        found = None if data is None else unpack_arrays(data)
        if data is not None and found is None:
            _LOG.info("cached value of %s is damaged and is computed again", key)
            self._store.remove(key)
        return found

    def put_arrays(self, kind: CacheKind, key: str, arrays: Mapping[str, Array]) -> None:
        """Keep arrays for the lifetime of their kind."""
        self._store.put(key, pack_arrays(arrays), kind.lifetime)

    def array(self, key: str) -> Array | None:
        """The single array of a key, read-only, or None."""
        found = self.arrays(key)
        return None if found is None else found.get("")

    def put_array(self, kind: CacheKind, key: str, array: Array) -> None:
        """Keep one array for the lifetime of its kind."""
        self.put_arrays(kind, key, {"": array})

    def cell_results(self, keys: Sequence[bytes], stamp: str) -> dict[bytes, bytes]:
        """Answers to cells that any process computed, by key; stamp: version of the code that may read them."""
        found = self._store.get_many([_cell_key(key, stamp) for key in keys])
        return {key: value for key, value in zip(keys, found, strict=True) if value is not None}

    def put_cell_results(self, answers: Mapping[bytes, bytes], stamp: str) -> None:
        """Share answers to cells."""
        self._store.put_many(
            {_cell_key(key, stamp): answer for key, answer in answers.items()}, CacheKind.CELL_RESULT.lifetime
        )

    def remove(self, key: str) -> None:
        """Forget a key."""
        self._store.remove(key)


def _cell_key(key: bytes, stamp: str) -> str:
    return cache_key(CacheKind.CELL_RESULT, content=hashlib.sha256(stamp.encode() + key).hexdigest())


def pack_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Named arrays as bytes: magic, length of the header, length and checksum of the data, JSON header, data.

    Structured arrays are welcome; arrays of objects are a TypeError, for they have no bytes of their own.
    """
    entries, parts = [], []
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"array {name!r} holds objects")
        entries.append([name, array.dtype.descr if array.dtype.names else array.dtype.str, list(array.shape)])
        parts.append(array.tobytes())
    header, data = json.dumps(entries).encode(), b"".join(parts)
    return _HEAD.pack(_MAGIC, len(header), len(data), zlib.crc32(header + data)) + header + data


def unpack_arrays(value: bytes) -> dict[str, Array] | None:
    """The arrays that `pack_arrays` packed, read-only; None for bytes that are cut off, changed or of another kind."""
    if len(value) < _HEAD.size:
        return None
    magic, header_size, data_size, checksum = _HEAD.unpack_from(value)
    body = memoryview(value)[_HEAD.size :]
    if magic != _MAGIC or len(body) != header_size + data_size or zlib.crc32(body) != checksum:
        return None
    found: dict[str, Array] = {}
    offset = _HEAD.size + header_size
    for name, described, shape in json.loads(bytes(body[:header_size])):
        dtype = np.dtype(described if isinstance(described, str) else [tuple(part) for part in described])
        if dtype.hasobject:
            return None
        count = int(np.prod(shape, dtype=np.int64))
        found[name] = np.frombuffer(value, dtype, count, offset).reshape(shape)
        offset += count * dtype.itemsize
    return found


def open_cache(settings: StorageSettings | None = None) -> Cache:
    """The cache that the environment names, by default the embedded server, without one a cache in this process."""
    settings = settings or settings_of_environment()
    if settings.redis_url is not None:
        try:
            return Cache(RedisCache(settings.redis_url.get_secret_value()))
        except ValueError:
            raise InputError(
                "CLO-3019",
                "The cache address is not a Redis address",
                where="CLODESK_REDIS_URL",
                remedy="Write redis://host:6379/0, rediss://... or unix://...",
            ) from None
    embedded = start_valkey(settings.data_dir)
    return Cache(LocalCache() if embedded is None else RedisCache(embedded))
