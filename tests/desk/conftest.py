"""A desk on a fresh database, and the demo deal small enough to run in a moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from db.cache import Cache, RedisCache
from db.store import Store
from engine.desk.desk import Desk
from engine.snapshot import DealSnapshot, WorkbookSnapshot
from workbooks.demo import DEAL_NAME, demo_snapshot, demo_waterfall
from workbooks.legacy_export import write_legacy_workbook

N_LOANS = 40


class Shelf:
    """A cache of bytes that a test can look into and empty."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes, lifetime: int) -> None:
        self.values[key] = value

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.values.get(key) for key in keys]

    def put_many(self, values: Mapping[str, bytes], lifetime: int) -> None:
        self.values.update(values)

    def remove(self, key: str) -> None:
        self.values.pop(key, None)


@pytest.fixture(scope="session")
def demo_book() -> WorkbookSnapshot:
    """The demo deal with few loans, as records."""
    book = demo_snapshot(n_assets=N_LOANS)
    return replace(book, source_file=replace(book.source_file, name="Demo 1.xlsx", sha256="d" * 64))


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory, demo_book: WorkbookSnapshot) -> Path:
    """The workbook of that deal."""
    path = tmp_path_factory.mktemp("demo") / "Demo 1.xlsx"
    write_legacy_workbook(path, demo_book, with_formulas=True)
    return path


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def desk(store: Store, shelf: Shelf) -> Desk:
    """A desk that knows no deal yet."""
    return Desk(store, Cache(shelf))


@pytest.fixture
def demo_desk(desk: Desk, store: Store, demo_book: WorkbookSnapshot) -> Desk:
    """A desk that knows the demo deal and its waterfall."""
    store.save_snapshot(demo_book)
    desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), demo_book.analysis_date)
    return desk


@pytest.fixture
def redis_desk(store: Store, redis_url: str) -> Desk:
    """A desk on the same database whose cache is a server."""
    return Desk(store, Cache(RedisCache(redis_url)))


@pytest.fixture
def edited(demo_book: WorkbookSnapshot) -> Callable[..., WorkbookSnapshot]:
    """Makes the demo workbook with another deal sheet: fields of the deal by name."""

    def edit(**changes: object) -> WorkbookSnapshot:
        deal: DealSnapshot = replace(demo_book.deals[0], **changes)
        return replace(demo_book, deals=(deal,), source_file=replace(demo_book.source_file, sha256="e" * 64))

    return edit
