"""The cache: right answers or none, whatever happens to it."""

import logging
from collections.abc import Iterator

import numpy as np
import pytest

from db.cache import (
    ByteCache,
    Cache,
    CacheKind,
    LocalCache,
    RedisCache,
    cache_key,
    pack_arrays,
    unpack_arrays,
)
from engine.deal.results import TRACE_DTYPE

_KEY = cache_key(CacheKind.WATERFALL_EXECUTION, "MAG17", "2016-03-23", content="ab12")


@pytest.fixture(params=["local", "redis"])
def bytes_store(request: pytest.FixtureRequest) -> Iterator[ByteCache]:
    """Both kinds of cache, held to the same promises."""
    if request.param == "local":
        yield LocalCache()
        return
    made = RedisCache(request.getfixturevalue("redis_url"))
    made.remove(_KEY)
    yield made
    made.remove(_KEY)
    made.close()


def test_kinds_have_the_names_and_lifetimes_of_the_seed() -> None:
    """One table of prefixes and lifetimes; the content hash ends every key."""
    assert {kind.prefix: kind.lifetime for kind in CacheKind} == {
        "correlation_matrix": 3600,
        "portfolio_metrics": 1800,
        "oc_ic_results": 7200,
        "cell": 86400,
        "waterfall_exec": 86400,
    }
    assert _KEY == "waterfall_exec:MAG17:2016-03-23:ab12"


def test_arrays_come_back_bit_for_bit(bytes_store: ByteCache) -> None:
    """Any shape and type, structured ones too, NaN and empty ones included."""
    cache = Cache(bytes_store)
    arrays = {
        "matrix": np.array([[1.0, np.nan], [-0.0, 0.1 + 0.2]]),
        "none": np.empty((3, 0, 8)),
        "days": np.array(["2016-01-01", "NaT"], "datetime64[D]"),
        "trace": np.array([(1, 0, 2, 1.0, 0.5, 0.5)], dtype=TRACE_DTYPE),
        "scalar": np.array(3, np.int32),
    }
    cache.put_arrays(CacheKind.WATERFALL_EXECUTION, _KEY, arrays)

    found = cache.arrays(_KEY)
    assert found is not None
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()


def test_a_missing_key_is_a_miss(bytes_store: ByteCache) -> None:
    """What was never put, or was removed, is not there."""
    cache = Cache(bytes_store)
    cache.put_array(CacheKind.CORRELATION_MATRIX, _KEY, np.eye(2))
    cache.remove(_KEY)

    assert cache.array(_KEY) is None


def test_values_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its lifetime a value is gone."""
    now = 0.0
    monkeypatch.setattr("db.cache.time.monotonic", lambda: now)
    cache = Cache(LocalCache())
    cache.put_array(CacheKind.PORTFOLIO_METRICS, _KEY, np.eye(2))
    now = 1799.0
    before = cache.array(_KEY)
    now = 1800.0

    assert before is not None
    assert cache.array(_KEY) is None


def test_redis_gets_the_lifetime(redis_url: str) -> None:
    """The server is told how long to keep a value."""
    import redis

    store = RedisCache(redis_url)
    Cache(store).put_array(CacheKind.OC_IC_RESULTS, _KEY, np.eye(2))

    with redis.Redis.from_url(redis_url) as client:
        assert 7190 < client.ttl(_KEY) <= 7200
    store.remove(_KEY)
    store.close()


def _damaged() -> list[bytes]:
    whole = pack_arrays({"a": np.arange(50.0), "b": np.eye(3)})
    flipped = [bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]]) for at in (0, 5, 9, 13, 20, 200, len(whole) - 1)]
    return [b"", b"x", whole[:10], whole[:-1], whole + b"\0", whole[:40], b'{"json": 1}' * 9, *flipped]


@pytest.mark.parametrize("value", _damaged())
def test_a_damaged_value_is_a_miss(bytes_store: ByteCache, value: bytes) -> None:
    """Cut off, lengthened, foreign or changed by a bit: never a wrong number, and the value is forgotten."""
    bytes_store.put(_KEY, value, 60)

    assert Cache(bytes_store).arrays(_KEY) is None
    assert bytes_store.get(_KEY) is None


def test_objects_are_refused() -> None:
    """Nothing is pickled: an array of objects is a mistake of the caller."""
    with pytest.raises(TypeError, match="holds objects"):
        pack_arrays({"a": np.array([object()])})
    assert unpack_arrays(pack_arrays({})) == {}


def test_a_full_local_cache_drops_what_was_used_least_recently() -> None:
    """Memory is bounded, and a value larger than all of it is not kept."""
    cache = LocalCache(max_bytes=10)
    cache.put("a", b"12345", 60)
    cache.put("b", b"12345", 60)
    cache.get("a")
    cache.put("c", b"12345", 60)
    cache.put("d", b"x" * 11, 60)

    assert [cache.get(key) is not None for key in "abcd"] == [True, False, True, False]


def test_a_server_out_of_reach_costs_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Without its server the cache works in this process, says so once, and keeps the password to itself."""
    cache = Cache(RedisCache("redis://:s3cret@127.0.0.1:1/0"))
    with caplog.at_level(logging.WARNING):
        cache.put_array(CacheKind.CORRELATION_MATRIX, _KEY, np.eye(2))
        first = cache.array(_KEY)
        cache.remove(_KEY)
        second = cache.array(_KEY)

    assert first is not None
    assert second is None
    assert len(caplog.records) == 1
    assert "127.0.0.1:1 is out of reach" in caplog.text
    assert "s3cret" not in caplog.text
