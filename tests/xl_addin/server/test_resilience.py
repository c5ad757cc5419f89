"""What goes wrong and recovers by itself: dead workers, slow calls, a database that is away, a killed server."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from db.connection import parsed_url
from db.embedded import stop_postgres
from db.settings import StorageSettings
from tests.xl_addin.running_server import RunningServer, running_server
from tests.xl_addin.server import dying
from tests.xl_addin.server.conftest import BATCH, Live, StartServer, batch, live_server
from xl_addin.server import processes, worker_process
from xl_addin.server.settings import ServerSettings

RANKINGS = ("CLO_RANKINGS", ["Mag 99", "buy", 1_000_000])
QUARTER = ("CLO_YEAR_FRACTION", [42452, 42542])

Behave = Callable[[Callable[..., Any]], Path]


@pytest.fixture
def workers_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Behave:
    """Makes workers do something else than compute; the file in which they count their tasks."""

    def behave(work: Callable[..., Any]) -> Path:
        mark = tmp_path / "tasks"
        monkeypatch.setenv(dying.MARK, str(mark))
        monkeypatch.setattr(worker_process, "compute_calls", work)
        # A process of its own, so that the variable reaches it.
        monkeypatch.setattr(processes, "_METHOD", "spawn")
        return mark

    return behave


def until_warm(live: Live) -> None:
    while live.services.workers.n_warm < live.services.workers.n_slots:
        time.sleep(0.05)


def answers(client: httpx.Client, *calls: tuple[str, list[Any]]) -> list[dict[str, Any]]:
    """The results of a batch."""
    found: list[dict[str, Any]] = client.post(BATCH, json=batch(*calls)).json()["results"]
    return found


def test_a_worker_that_dies_is_replaced_and_its_call_tried_again(start_server: StartServer, workers_do: Behave) -> None:
    """The client notices nothing but the time."""
    mark = workers_do(dying.die_once)
    with start_server() as live, live.client() as client:
        (answered,) = answers(client, RANKINGS)
        n_deaths = live.services.workers.n_deaths

    assert answered["m"].startswith("CLO-3013: ")
    assert n_deaths == 1
    assert mark.read_text() == "x\nx\n"


def test_a_call_that_kills_two_workers_is_an_error_of_its_cell(start_server: StartServer, workers_do: Behave) -> None:
    """It is not tried for ever, it is not kept, and other calls go on."""
    mark = workers_do(dying.die)
    with start_server() as live, live.client() as client:
        deadly, light = answers(client, RANKINGS, QUARTER)
        answers(client, RANKINGS)

    assert deadly["e"] == "#N/A"
    assert deadly["m"].startswith("CLO-3102: The process that computed this died, twice")
    assert light == {"v": 0.25}
    assert len(mark.read_text()) == 8


def test_a_slow_call_goes_on_in_the_background(start_server: StartServer, workers_do: Behave) -> None:
    """Beyond the time limit the cell says so; asking again starts nothing twice; the result lands in the memory."""
    mark = workers_do(dying.dawdle)
    with start_server(batch_seconds=0.4) as live, live.client() as client:
        until_warm(live)
        first, light = answers(client, RANKINGS, QUARTER)
        (second,) = answers(client, RANKINGS)
        time.sleep(2.0)
        (third,) = answers(client, RANKINGS)

    assert first["m"].startswith("CLO-3001: Still calculating")
    assert second == first
    assert light == {"v": 0.25}
    assert third["m"].startswith("CLO-3013: ")
    assert mark.read_text() == "x\n"


def test_an_end_lets_the_batch_under_way_finish(start_server: StartServer, workers_do: Behave) -> None:
    """Graceful shutdown drains what was asked before."""
    workers_do(dying.dawdle)
    found: list[dict[str, Any]] = []
    with start_server() as live:
        until_warm(live)
        client = live.client()
        asking = threading.Thread(target=lambda: found.extend(answers(client, RANKINGS)))
        asking.start()
        time.sleep(0.5)
    asking.join()
    client.close()

    assert found[0]["m"].startswith("CLO-3013: ")


def test_without_its_database_the_server_answers_what_it_can(start_server: StartServer, database_url: str) -> None:
    """Data calls say what is away, calls without data work, and all is well once it is back."""
    name = parsed_url(database_url).database
    engine = create_engine(parsed_url(database_url).set(database="postgres"), isolation_level="AUTOCOMMIT")

    def administer(statement: str) -> None:
        with engine.connect() as connection:
            connection.execute(text(statement))

    with start_server() as live, live.client() as client:
        until_warm(live)
        before = answers(client, ("CLO_DEALS", []))[0]
        administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608
        started = time.monotonic()
        away = answers(client, *[("CLO_DEAL", [f"Mag {n}"]) for n in range(500)], QUARTER)
        seconds = time.monotonic() - started
        readiness = client.get("/readyz").status_code
        administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        time.sleep(1.2)
        back = answers(client, ("CLO_DEALS", []))[0]
    engine.dispose()

    assert away[0]["e"] == "#N/A"
    assert away[0]["m"].startswith("CLO-3002: PostgreSQL cannot be reached")
    assert away[-1] == {"v": 0.25}
    assert seconds < 5.0
    assert readiness == 503
    assert back == before


def test_an_embedded_database_that_was_stopped_is_started_again() -> None:
    """`clodesk db stop` under a running server costs the next call some time, no more."""
    folder = Path(tempfile.mkdtemp(prefix="clodesk-test-"))
    storage = StorageSettings(data_dir=folder, redis_url=SecretStr("redis://127.0.0.1:1/0"))
    settings = ServerSettings(port=0, n_workers=1, storage=storage)
    try:
        with live_server(settings) as live, live.client() as client:
            before = answers(client, ("CLO_DEALS", []))
            stop_postgres(folder)
            time.sleep(0.2)
            at_once = answers(client, ("CLO_DEALS", []))
            time.sleep(1.2)
            later = answers(client, ("CLO_DEALS", []))
    finally:
        stop_postgres(folder)
        shutil.rmtree(folder, ignore_errors=True)

    assert at_once == before or at_once[0]["m"].startswith("CLO-3002: ")
    assert later == before
    assert "CLO-3" not in str(before)


def test_a_server_that_is_killed_and_started_again_is_found_by_its_clients(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    """A client that tries again gets its answer with the same token; no process of the first server is left."""
    with running_server(tmp_path, database_url, redis_url=redis_url) as first:
        children = psutil.Process(first.process.pid).children(recursive=True)
        broken = _killed_in_mid_batch(first)
        with running_server(tmp_path, database_url, redis_url=redis_url, port=first.port) as second:
            with second.client() as client:
                again = answers(client, QUARTER)
            assert (second.url, second.token) == (first.url, first.token)
    _gone, alive = psutil.wait_procs(children, timeout=5)

    assert isinstance(broken, httpx.TransportError)
    assert again == [{"v": 0.25}]
    assert alive == []


def _killed_in_mid_batch(server: RunningServer) -> Exception | None:
    """What a client sees whose server is killed between its request and the answer."""
    calls = batch(*[("CLO_DAYS", [40000, 40001 + n]) for n in range(1000)])
    seen: list[Exception] = []

    def ask() -> None:
        try:
            with server.client() as client:
                while True:
                    client.post(BATCH, json=calls).raise_for_status()
        except httpx.TransportError as error:
            seen.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.5)
    server.process.kill()
    asking.join(20)
    return seen[0] if seen else None
