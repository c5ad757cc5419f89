"""Servers out of reach, and addresses that keep their secrets."""

import logging
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from db.connection import parsed_url, shown_address
from db.embedded import running_postgres, start_postgres, stop_postgres
from db.scenarios import NamedContent
from db.settings import StorageSettings
from db.store import Store, open_store
from engine.errors import BackendError, InputError

_SECRET = "s3cret/word"  # noqa: S105


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_unreachable_server_is_named_without_its_password(
    storage_settings: StorageSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """The error says what was tried and what to do, and the password is nowhere in it."""
    port = _free_port()
    with caplog.at_level(logging.DEBUG), pytest.raises(BackendError) as caught:
        Store(storage_settings, f"postgresql://desk:s3cret%2Fword@127.0.0.1:{port}/clo?sslpassword={_SECRET}")

    shown = str(caught.value)
    assert shown.startswith("CLO-3002: PostgreSQL cannot be reached: ")
    assert f"at postgresql://desk:***@127.0.0.1:{port}/clo." in shown
    assert "CLODESK_DATABASE_URL" in shown
    assert _SECRET not in shown + caplog.text
    assert "s3cret" not in shown + caplog.text


def test_a_wrong_address_is_not_repeated(storage_settings: StorageSettings) -> None:
    """Text that is no PostgreSQL address may hold anything, so the error does not show it."""
    for address in ("mysql://desk:s3cret@host/clo", "s3cret", "postgresql://desk:s3cret@host:port/clo"):
        with pytest.raises(InputError, match="CLO-3023") as caught:
            Store(storage_settings, address)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgres://a:b@h:1/d", "postgresql://a:***@h:1/d"),
        ("postgresql+psycopg://a@h/d", "postgresql://a@h/d"),
        ("postgresql:///d?host=/tmp/x&password=b", "postgresql:///d?host=%2Ftmp%2Fx"),
    ],
)
def test_addresses_are_shown_without_secrets(given: str, shown: str) -> None:
    """Wherever a password stands in an address, people do not see it."""
    assert shown_address(parsed_url(given)) == shown


def test_the_embedded_server_is_found_again(data_dir: Path, storage_settings: StorageSettings) -> None:
    """A running server is used as it is; a folder without one has no address."""
    first = start_postgres(data_dir)

    assert start_postgres(data_dir) == first == running_postgres(data_dir)
    assert running_postgres(data_dir / "elsewhere") is None
    store = open_store(storage_settings)
    with store.read() as work:
        assert work.snapshots.deals() == ()
    store.close()


def test_data_outlive_a_stop_of_the_server(storage_settings: StorageSettings) -> None:
    """A stopped server keeps its data for the next start, and stopping twice does no harm."""
    folder = Path(tempfile.mkdtemp(prefix="clodesk-test-"))
    settings = storage_settings.model_copy(update={"data_dir": folder})
    store = open_store(settings)
    with store.begin() as work:
        work.scenarios.save(NamedContent(name="base", description="", content={}))
    store.close()
    stopped = [stop_postgres(folder) for _ in range(2)]

    store = open_store(settings)
    with store.read() as work:
        assert work.scenarios.find("base") is not None
    assert stopped == [True, False]
    store.close()
    stop_postgres(folder)
    shutil.rmtree(folder)


def test_a_reporting_address_only_reads(database_url: str, storage_settings: StorageSettings) -> None:
    """Queries go to the second address, in transactions that cannot write."""
    from pydantic import SecretStr
    from sqlalchemy import text

    store = Store(storage_settings.model_copy(update={"read_database_url": SecretStr(database_url)}), database_url)
    with pytest.raises(BackendError, match="read-only transaction"), store.read() as work:
        work.session.execute(text("DELETE FROM runs"))
    store.close()
