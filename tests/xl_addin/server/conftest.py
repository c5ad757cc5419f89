"""A server in this process, on a real socket of loopback: what it works with can be looked into."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from db.settings import StorageSettings
from tests.conftest import fresh_database
from xl_addin.server.app import create_app
from xl_addin.server.run import bound_socket, server_of
from xl_addin.server.services import Services
from xl_addin.server.settings import ServerSettings

BATCH = "/api/v1/udf/batch"


@dataclass(frozen=True)
class Live:
    """A server that answers, and its parts."""

    url: str
    token: str
    services: Services

    def client(self, credential: str | None = None, **options: Any) -> httpx.Client:
        """A client with a credential, by default the token of the machine."""
        headers = {"Authorization": f"Bearer {credential or self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60.0, **options)

    def stranger(self) -> httpx.Client:
        """A client without a credential."""
        return httpx.Client(base_url=self.url, timeout=60.0)


StartServer = Callable[..., AbstractContextManager[Live]]


def settings_for(data_dir: Path, database_url: str, **changes: Any) -> ServerSettings:
    """Settings of a server of a test: loopback, a free port, one worker."""
    data_dir.mkdir(parents=True, exist_ok=True)
    storage = StorageSettings(
        database_url=SecretStr(database_url), redis_url=SecretStr("redis://127.0.0.1:1/0"), data_dir=data_dir
    )
    return ServerSettings(**{"port": 0, "n_workers": 1, "storage": storage, **changes})


@contextmanager
def live_server(settings: ServerSettings) -> Iterator[Live]:
    """Run a server in a thread until the end of the block."""
    app = create_app(settings)
    listening = bound_socket(settings)
    server = server_of(app, settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    token = (settings.storage.data_dir / "server.token").read_text().strip()
    try:
        yield Live(f"http://127.0.0.1:{listening.getsockname()[1]}", token, app.state.services)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


@pytest.fixture
def start_server(tmp_path: Path, database_url: str) -> StartServer:
    """Starts a server on a fresh database, with settings of the test's own."""

    def start(**changes: Any) -> AbstractContextManager[Live]:
        return live_server(settings_for(tmp_path / "data", database_url, **changes))

    return start


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, server_url: str, template_database: str) -> Iterator[Live]:
    """A server for the tests of one module, on an empty database."""
    with (
        fresh_database(server_url, template_database) as url,
        live_server(settings_for(tmp_path_factory.mktemp("server"), url)) as started,
    ):
        yield started


@pytest.fixture
def client(live: Live) -> Iterator[httpx.Client]:
    """A client that is signed in with the token of the machine."""
    with live.client() as made:
        yield made


def batch(*calls: tuple[str, list[Any]], **fields: Any) -> dict[str, Any]:
    """The body of a batch."""
    return {"v": 1, "client": "rest", "calls": [{"f": name, "a": arguments} for name, arguments in calls], **fields}
