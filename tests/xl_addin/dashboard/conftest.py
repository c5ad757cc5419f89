"""A server whose desk has run the demo deal twice and tested it, and a browser that looks at it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from db.cache import Cache, LocalCache
from db.settings import StorageSettings
from db.store import Store
from engine.desk.desk import Desk
from engine.desk.records import ComplianceOutcome, RunOutcome
from tests.conftest import fresh_database
from tests.xl_addin.running_server import RunningServer, running_server
from workbooks.demo import DEAL_NAME, demo_snapshot, demo_waterfall

_SIZE: ViewportSize = {"width": 1360, "height": 900}


@dataclass(frozen=True)
class Book:
    """What the desk stored, and what it said."""

    url: str
    desk: Desk
    base: RunOutcome
    stress: RunOutcome
    tests: ComplianceOutcome


@pytest.fixture(scope="module")
def book(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Book]:
    """The demo deal with few loans, run in both scenarios and tested."""
    demo = demo_snapshot(n_assets=40)
    demo = replace(demo, source_file=replace(demo.source_file, name="Demo 1.xlsx", sha256="d" * 64))
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        desk = Desk(store, Cache(LocalCache()))
        store.save_snapshot(demo)
        desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), demo.analysis_date)
        base, stress = (desk.run_deal(DEAL_NAME, name, assumptions="workbook") for name in ("BASE", "STRESS"))
        yield Book(url, desk, base, stress, desk.compliance(DEAL_NAME))
        store.close()


@pytest.fixture(scope="module")
def server(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on that database."""
    with running_server(tmp_path_factory.mktemp("dashboard"), book.url) as made:
        yield made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile without any session."""
    with browser.new_context(viewport=_SIZE) as made:
        made.set_default_timeout(20_000)
        yield made


@pytest.fixture(scope="module")
def signed_in(browser: Browser, server: RunningServer) -> Iterator[BrowserContext]:
    """A browser profile with a session."""
    with browser.new_context(viewport=_SIZE) as made:
        made.set_default_timeout(20_000)
        sign_in(made.new_page(), server)
        yield made


@pytest.fixture
def page(signed_in: BrowserContext, server: RunningServer) -> Iterator[Page]:
    """The dashboard, signed in, its figures loaded."""
    made = signed_in.new_page()
    made.goto(server.url)
    made.locator("#tranches table").wait_for()
    yield made
    made.close()


def sign_in(page: Page, server: RunningServer) -> None:
    """Open the dashboard and sign in as a person does."""
    page.goto(server.url)
    page.get_by_label("Token or key").fill(server.token)
    page.get_by_role("button", name="Sign in").click()
    page.locator("#tranches table").wait_for()


def keep_screenshot(page: Page, folder: Path | None, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if folder is not None:
        page.screenshot(path=folder / f"{name}.png", full_page=True)
