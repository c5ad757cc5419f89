"""What an administrator and a developer see: health, metrics, the record of calls, the OpenAPI document."""

import time
from collections.abc import Callable

import httpx
import pytest

from db.access import AuditEntry
from db.connection import make_engine, parsed_url
from db.roles import grant_roles
from db.settings import StorageSettings
from db.store import Store
from engine.errors import BackendError
from tests.xl_addin.server.conftest import BATCH, Live, StartServer, batch
from xl_addin.registry.catalogue import catalogue

QUARTER = ("CLO_YEAR_FRACTION", [42452, 42542])


def until(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError


def test_a_server_says_when_it_is_ready(live: Live) -> None:
    """It lives at once, and is ready when the database answers and the workers have their kernels."""
    with live.stranger() as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/readyz").json() == {"ready": True, "database": True, "workers_warm": 1, "workers": 1}
        assert set(client.get("/version").json()) == {"server", "engine", "protocol", "fingerprint"}


def test_every_batch_is_in_the_metrics(client: httpx.Client) -> None:
    """Calls, hits, errors by number."""
    client.post(BATCH, json=batch(QUARTER, QUARTER, ("CLO_DAYS", [])))
    client.post(BATCH, json=batch(QUARTER))

    text = client.get("/metrics").text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(figures["clodesk_calls_total"]) >= 4.0
    assert float(figures["clodesk_calls_known_total"]) >= 1.0
    assert float(figures['clodesk_errors_total{number="CLO-2101"}']) == 1.0
    assert float(figures["clodesk_batch_calls_count"]) >= 2.0
    assert float(figures['clodesk_requests_total{status="200"}']) >= 2.0
    assert "clodesk_queue_seconds_sum" in figures


def test_a_batch_leaves_a_row_in_the_record(live: Live, client: httpx.Client) -> None:
    """Who asked for what, how much of it was known, how many errors; within a second or two."""
    calls = batch(QUARTER, QUARTER, ("CLO_DEAL", ["Mag 99"]), ("NO\0BODY", []), client="calc")
    client.post(BATCH, json=calls, headers={"X-Request-Id": "audited"})
    access = live.services.door.desk().access()

    def row() -> AuditEntry | None:
        return next((entry for entry in access.recorded() if entry.request_id == "audited"), None)

    until(lambda: row() is not None)
    found = row()
    assert found is not None
    assert (found.kind, found.client, found.failure) == ("batch", "calc", "")
    assert found.subject == "CLO_YEAR_FRACTION 2, CLO_DEAL 1, unknown 1"
    assert found.deals == ("Mag 99",)
    assert (found.n_calls, found.n_errors) == (4, 2)
    assert found.milliseconds > 0.0


def test_a_command_leaves_a_row_and_none_is_lost_at_the_end(start_server: StartServer, store: Store) -> None:
    """What is still in memory is written when the server ends."""
    with start_server() as live, live.client() as client:
        client.post("/api/v1/macro/clo_validate", json={"cells": {"clo_deal": "Mag 99"}})
        client.post(BATCH, json=batch(QUARTER))

    with store.read() as work:
        rows = work.access.recorded()
    assert [row.kind for row in rows] == ["batch", "command"]
    assert (rows[1].subject, rows[1].deals) == ("clo_validate", ("Mag 99",))
    assert rows[1].failure.startswith("CLO-")


def test_the_writer_adds_to_the_record_and_changes_nothing(
    store: Store, database_url: str, storage_settings: StorageSettings
) -> None:
    """The server's own role cannot take back what it wrote, nor make itself a key."""
    engine = make_engine(parsed_url(database_url), storage_settings)
    grant_roles(engine)
    engine.dispose()
    columns = "asked_at, request_id, user_name, client, kind, subject, deals, n_calls, n_known, n_errors, milliseconds"
    insert = f"INSERT INTO audit_log ({columns}, failure) VALUES (now(), '', '', '', '', '', '{{}}', 0, 0, 0, 0, '')"  # noqa: S608
    with store.begin() as work:
        work.driver.execute("SET LOCAL ROLE clodesk_writer")
        work.driver.execute(insert)  # type: ignore[arg-type]
        assert work.access.keys() == ()

    for statement in (
        "DELETE FROM audit_log",
        "UPDATE audit_log SET user_name = 'nobody'",
        "INSERT INTO api_keys (key_hash, user_name, role) VALUES ('x', 'me', 'admin')",
    ):
        with pytest.raises(BackendError, match="permission denied"):
            _as_role(store, "clodesk_writer", statement)
    with pytest.raises(BackendError, match="permission denied"):
        _as_role(store, "clodesk_reader", "SELECT key_hash FROM api_keys")


def _as_role(store: Store, role: str, statement: str) -> None:
    with store.begin() as work:
        work.driver.execute(f"SET LOCAL ROLE {role}")  # type: ignore[arg-type]
        work.driver.execute(statement)  # type: ignore[arg-type]


def test_every_function_is_an_operation_of_the_document(client: httpx.Client) -> None:
    """Generated from the catalogue: names, arguments, what is required."""
    document = client.get("/openapi.json").json()

    for function in catalogue():
        operation = document["paths"][f"/api/v1/udf/{function.name}"]["post"]
        assert operation["summary"] == function.summary
        named = operation["requestBody"]["content"]["application/json"]["schema"]["anyOf"][0]
        assert list(named["properties"]) == [parameter.name for parameter in function.parameters]
    assert "/api/v1/udf/batch" in document["paths"]


def test_the_help_page_shows_arguments_and_examples(client: httpx.Client) -> None:
    """What Excel opens from the function wizard; the same under the catalogue's own address in a browser."""
    page = client.get("/help/CLO_YEAR_FRACTION")
    same = client.get("/api/v1/udf/clo_year_fraction", headers={"Accept": "text/html"})

    assert page.text == same.text
    assert "<code>start_date</code>" in page.text
    assert "=CLO_YEAR_FRACTION(DATE(2016,3,23),DATE(2016,6,21))" in page.text
    assert client.get("/help/CLO_NOTHING").status_code == 404


def test_other_origins_are_refused_unless_they_are_listed(start_server: StartServer) -> None:
    """The API is for its own pages; an origin that the administrator lists may call it."""
    question = {"Origin": "https://tools.example", "Access-Control-Request-Method": "POST"}
    with start_server(allowed_origins=("https://tools.example",)) as live, live.stranger() as client:
        listed = client.options(BATCH, headers=question)
        other = client.options(BATCH, headers={**question, "Origin": "https://evil.example"})

    assert listed.headers["access-control-allow-origin"] == "https://tools.example"
    assert "access-control-allow-credentials" not in listed.headers
    assert "access-control-allow-origin" not in other.headers
