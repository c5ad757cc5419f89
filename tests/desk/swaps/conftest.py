"""One database for all tests of a file about cash: copying one for each of them takes longer than the tests."""

from collections.abc import Iterator

import pytest

from db.settings import StorageSettings
from db.store import Store
from tests.conftest import fresh_database
from tests.desk.swaps.cash_book import emptied


@pytest.fixture(scope="module")
def cash_database_url(server_url: str, template_database: str) -> Iterator[str]:
    """A database that a file of tests shares."""
    with fresh_database(server_url, template_database) as url:
        yield url


@pytest.fixture(scope="module")
def cash_store(cash_database_url: str, storage_settings: StorageSettings) -> Iterator[Store]:
    """A store on it."""
    found = Store(storage_settings, cash_database_url)
    yield found
    found.close()


@pytest.fixture
def emptied_store(cash_store: Store) -> Iterator[Store]:
    """The same without cashflows, contracts and rules, and emptied again behind the test."""
    yield cash_store
    emptied(cash_store)
