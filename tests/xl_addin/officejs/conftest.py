"""One server with the demo deal and one browser for the tests of the Office.js face."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from db.cache import Cache, LocalCache
from db.settings import StorageSettings
from db.store import Store
from engine.desk.desk import Desk
from tests.conftest import fresh_database
from tests.xl_addin.officejs.browser import open_cells, serve_library, sign_in
from tests.xl_addin.running_server import RunningServer, running_server
from workbooks.demo import DEAL_NAME, demo_snapshot, demo_waterfall

N_ASSETS = 40


class Servers:
    """One server at a time, always at the same address with the same token."""

    def __init__(self, stack: ExitStack, folder: Path, database_url: str) -> None:
        self._stack = stack
        self._folder = folder
        self._database_url = database_url
        self._now: RunningServer | None = None

    def living(self) -> RunningServer:
        """The server, started if it is not there."""
        if self._now is None or self._now.process.poll() is not None:
            port = 0 if self._now is None else self._now.port
            made = running_server(self._folder, self._database_url, port=port, options=("--workers", "1"))
            self._now = self._stack.enter_context(made)
        return self._now


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "l6: Office.js in node and Chromium (spec 08 §12.2)")
    config.addinivalue_line("markers", "l7: manifests and metadata against Microsoft's schemas (spec 08 §12.2)")


@pytest.fixture(scope="session")
def demo_url(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[str]:
    """A database with the demo deal, not yet run."""
    demo = demo_snapshot(n_assets=N_ASSETS)
    demo = replace(demo, source_file=replace(demo.source_file, name="Demo 1.xlsx", sha256="e" * 64))
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        store.save_snapshot(demo)
        Desk(store, Cache(LocalCache())).documents.set_waterfall(DEAL_NAME, demo_waterfall(), demo.analysis_date)
        store.close()
        yield url


@pytest.fixture(scope="session")
def servers(demo_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Starts a server on that database; another one takes the place of one that died."""
    with ExitStack() as stack:
        yield Servers(stack, tmp_path_factory.mktemp("officejs"), demo_url)


@pytest.fixture
def server(servers: Servers) -> RunningServer:
    """A server that lives; its address and token are the same in every test."""
    return servers.living()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile without a session, as narrow as a task pane."""
    with browser.new_context(viewport={"width": 350, "height": 760}) as made:
        made.set_default_timeout(20_000)
        serve_library(made)
        yield made


@pytest.fixture
def cells(context: BrowserContext, server: RunningServer) -> Page:
    """A page whose functions can be called, signed in."""
    sign_in(context, server)
    return open_cells(context, server)
