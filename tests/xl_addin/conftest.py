"""What the tests of all faces share: a desk that knows the recorded workbook, and calls of cells on it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from db.cache import Cache, LocalCache
from db.settings import StorageSettings
from db.store import Store
from engine.desk.desk import Desk
from tests.conftest import fresh_database
from tests.xl_addin.chromium import chromium
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory

CallCell = Callable[..., Any]
"""Called with a function name and raw arguments; the value of the cell, or its error as {"e": ..., "m": ...}."""


@pytest.fixture(scope="session")
def mag17_url(server_url: str, template_database: str) -> Iterator[str]:
    """Address of a database of its own for the whole session."""
    with fresh_database(server_url, template_database) as url:
        yield url


@pytest.fixture(scope="session")
def mag17_desk(mag17_url: str, storage_settings: StorageSettings, reference: Path) -> Iterator[Desk]:
    """A desk that imported the recorded workbook with MAG 17 once; tests leave its data as they are."""
    store = Store(storage_settings, mag17_url)
    desk = Desk(store, Cache(LocalCache()))
    desk.import_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")
    yield desk
    store.close()


@pytest.fixture
def cell(mag17_desk: Desk) -> CallCell:
    """Calls a function as a cell would, on that desk: the value, or {"e", "m"} for an error."""
    dispatcher, ctx = Dispatcher(ResultMemory()), CallContext(lambda: mag17_desk)

    def call(name: str, *arguments: Any) -> Any:
        answer = dispatcher.call(name, arguments, ctx)
        return answer.get("v", answer)

    return call


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser; while it lives no other can be driven, and nothing else can run an event loop, in this thread."""
    with chromium() as made:
        yield made


@pytest.fixture
def pictures() -> Path | None:
    """Where screenshots go, if somebody asked for them."""
    named = os.environ.get("CLODESK_SCREENSHOTS")
    return None if named is None else Path(named)
