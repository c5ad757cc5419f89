"""Commands and jobs: progress, cancel, failures, files (spec 08 §8.3)."""

import io
import threading
import time
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest

from tests.xl_addin.server.conftest import Live, StartServer
from tests.xl_addin.server.test_sign_in import add_key
from xl_addin.commands.declare import COMMANDS, commands

FINAL = {"done", "failed", "cancelled"}


@pytest.fixture(scope="module", autouse=True)
def slow_commands() -> Iterator[None]:
    """The commands of tests, for the tests of this module only."""
    commands()
    before = dict(COMMANDS)
    import_module("tests.xl_addin.server.slow_commands")
    ours = {name: found for name, found in COMMANDS.items() if name.startswith("test_")}
    COMMANDS.update(ours)
    yield
    COMMANDS.clear()
    COMMANDS.update(before)


def begin(client: httpx.Client, name: str) -> str:
    """The id of a job that was started."""
    answered = client.post(f"/api/v1/macro/{name}", json={})
    assert answered.status_code == 202, answered.text
    return str(answered.json()["job"])


def ended(client: httpx.Client, job: str) -> dict[str, Any]:
    """A job once it has ended."""
    for _ in range(600):
        shown: dict[str, Any] = client.get(f"/api/v1/jobs/{job}").json()
        if shown["state"] in FINAL:
            return shown
        time.sleep(0.05)
    raise AssertionError(shown)


def until_running(client: httpx.Client, job: str, stage: str) -> None:
    """Wait until a job says that it is at a stage."""
    for _ in range(600):
        if client.get(f"/api/v1/jobs/{job}").json()["stage"] == stage:
            return
        time.sleep(0.02)
    raise AssertionError(client.get(f"/api/v1/jobs/{job}").json())


def events(client: httpx.Client, job: str) -> list[tuple[str, dict[str, Any]]]:
    """Every event of a job, by name."""
    found: list[tuple[str, dict[str, Any]]] = []
    with client.stream("GET", f"/api/v1/jobs/{job}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                found.append((name, orjson.loads(line[6:])))
    return found


def test_a_job_reports_its_stages_and_ends_with_its_patch(client: httpx.Client) -> None:
    """Server-sent events: progress rises, the last event has the patch."""
    told = events(client, begin(client, "test_steps"))

    *progress, (last, job) = told
    assert last == job["state"] == "done"
    assert {name for name, _ in progress} == {"progress"}
    done = [float(shown["done"]) for _, shown in progress]
    assert done == sorted(done)
    assert [shown["stage"] for _, shown in progress if shown["stage"] in ("Loading", "Working", "Writing")] == [
        "Loading",
        "Working",
        "Writing",
    ]
    assert progress[-1][1]["total"] == 100
    assert job["patch"][0]["op"] == "message"
    assert job["patch"][0]["text"].startswith("done for ")


def test_a_cell_shows_where_a_job_stands(live: Live, client: httpx.Client) -> None:
    """CLO_RUN_STATUS takes the id of a job; for somebody else's there is none."""
    job = begin(client, "test_steps")
    shown = set()
    while "done" not in shown:
        shown.add(client.post("/api/v1/udf/CLO_RUN_STATUS", json={"a": [job]}).json()["v"])
        time.sleep(0.01)

    assert any(word.startswith("running ") and word.endswith("%") for word in shown)
    headers = {"Authorization": f"Bearer {add_key(live, 'analyst')}"}
    theirs = client.post("/api/v1/udf/CLO_RUN_STATUS", json={"a": [job]}, headers=headers)
    assert theirs.json()["m"].startswith("CLO-2185")


def test_a_job_begins_within_a_second(client: httpx.Client) -> None:
    """Its process is forked from one that has the libraries loaded."""
    ended(client, begin(client, "test_steps"))
    started = time.monotonic()

    until_running(client, begin(client, "test_steps"), "Loading")

    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize(("name", "stage"), [("test_burn", "Burning"), ("test_deaf", "Started")])
def test_cancelling_a_job_stops_its_processor_use_within_half_a_second(
    client: httpx.Client, name: str, stage: str
) -> None:
    """One that heeds the flag, and one that has to be ended (spec 08 §16, 8)."""
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    job = begin(client, name)
    until_running(client, job, stage)
    started = time.monotonic()

    cancelled = client.delete(f"/api/v1/jobs/{job}").json()
    seconds = time.monotonic() - started

    left = [
        process
        for process in psutil.Process().children(recursive=True)
        if process.pid not in before and process.status() != psutil.STATUS_ZOMBIE and "resource" not in process.name()
    ]
    assert cancelled["state"] == "cancelled"
    assert seconds < 0.5
    assert sum(process.cpu_percent(0.2) for process in left) < 50.0
    assert ended(client, job)["error"] is None


def test_a_cancelled_job_leaves_nothing_half_written(live: Live, client: httpx.Client) -> None:
    """PostgreSQL undoes what was under way."""
    job = begin(client, "test_write")
    until_running(client, job, "Storing")

    client.delete(f"/api/v1/jobs/{job}")

    assert ended(client, job)["state"] == "cancelled"
    assert live.services.door.desk().access().key_of("half written") is None


def test_an_end_of_the_server_ends_jobs_and_their_streams(start_server: StartServer) -> None:
    """A stream of progress does not hold the server up."""
    with start_server() as live:
        client = live.client()
        job = begin(client, "test_burn")
        until_running(client, job, "Burning")
        told: list[tuple[str, dict[str, Any]]] = []
        listening = threading.Thread(target=lambda: told.extend(events(client, job)))
        listening.start()
        time.sleep(0.3)
        started = time.monotonic()
    seconds = time.monotonic() - started
    listening.join()
    client.close()

    assert told[-1][0] == "cancelled"
    assert seconds < 10.0


def test_a_job_that_dies_fails_with_a_text(client: httpx.Client) -> None:
    """A process that is gone is told as a failure with its exit code."""
    shown = ended(client, begin(client, "test_die"))

    assert shown["state"] == "failed"
    assert shown["error"]["m"].startswith("CLO-3130: The process of the command ended unexpectedly (3)")


def test_a_failing_command_says_what_to_do(client: httpx.Client) -> None:
    """The error of the desk reaches the client; an unforeseen one shows a reference only."""
    foreseen = client.post("/api/v1/macro/test_fail", json={})
    unforeseen = client.post("/api/v1/macro/test_crash", json={})
    unknown = client.post("/api/v1/macro/test_nothing", json={})

    assert foreseen.status_code == 422
    assert foreseen.json()["m"] == "CLO-9001: The test wants it so, at B7. Do something else."
    assert unforeseen.json()["m"].startswith("CLO-2199: ")
    assert "secret" not in unforeseen.text
    assert unknown.status_code == 404
    assert unknown.json()["m"].startswith("CLO-2200: ")


def test_only_the_owner_and_an_admin_see_a_job(live: Live, client: httpx.Client) -> None:
    """For anyone else there is no such job."""
    with live.client(add_key(live)) as viewer:
        theirs = begin(viewer, "test_steps")
        mine = begin(client, "test_steps")
        listed = {job["id"] for job in viewer.get("/api/v1/jobs").json()}
        foreign = [viewer.get(f"/api/v1/jobs/{mine}"), viewer.delete(f"/api/v1/jobs/{mine}")]
        as_admin = client.get(f"/api/v1/jobs/{theirs}").status_code
        assert ended(viewer, theirs)["patch"][0]["text"] == "done for anna"

    assert theirs in listed
    assert mine not in listed
    assert [answered.status_code for answered in foreign] == [404, 404]
    assert foreign[0].json()["m"].startswith("CLO-3132: ")
    assert as_admin == 200


def test_a_file_is_kept_for_the_command_and_gone_afterwards(client: httpx.Client) -> None:
    """Under its own name, in a folder that nobody else can enter."""
    inputs = orjson.dumps({"answers": {"count": "3", "deals": ["Mag 17", " ", "Mag 16"]}, "cells": {"a": 1}})
    answered = client.post(
        "/api/v1/macro/test_file",
        data={"inputs": inputs.decode()},
        files={"file": ("../../Book 1.txt", b"hello", "text/plain")},
    )

    text = answered.json()["patch"][0]["text"]
    assert "; 3; Mag 17, Mag 16; {'a': 1}" in text
    assert text.startswith("Book 1.txt: 5 bytes in ")
    folder = Path(text.split(" in ")[1].split(";")[0])
    assert not folder.exists()


def test_a_file_that_is_no_workbook_is_named_as_the_user_knows_it(client: httpx.Client) -> None:
    """The message of the importer, without the folder of the server."""
    answered = client.post("/api/v1/macro/clo_import_workbook", files={"file": ("My book.xlsx", b"no workbook")})
    text = ended(client, answered.json()["job"])["error"]["m"]

    assert text.startswith("CLO-2005: The file is not an Excel workbook")
    assert "My book.xlsx" in text
    assert "clodesk-upload" not in text


def test_answers_are_read_by_their_kind(client: httpx.Client) -> None:
    """A missing answer takes its default; a wrong one and an unknown one are refused by name."""
    path = "/api/v1/macro/test_file"
    missing = client.post(path, json={"answers": {}})
    wrong = client.post(path, json={"answers": {"count": "many"}})
    unknown = client.post(path, json={"answers": {"colour": 1}})
    malformed = client.post(path, json={"tables": {"tbl_trades": 7}})

    assert "; 7; " in missing.json()["patch"][0]["text"]
    assert wrong.status_code == 422
    assert wrong.json()["m"].startswith("CLO-2104: 'many' is not a number, at How many")
    assert unknown.json()["m"].startswith("CLO-3135: Read does not ask for 'colour'")
    assert malformed.status_code == 400


def test_a_container_that_would_explode_is_refused(client: httpx.Client) -> None:
    """Before anything unpacks it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (200 << 20))

    answered = client.post("/api/v1/macro/test_file", files={"file": ("bomb.xlsx", packed.getvalue())})

    assert answered.status_code == 422
    assert answered.json()["m"].startswith("CLO-2008: ")
    assert "bomb.xlsx" in answered.json()["m"]


def test_an_upload_over_the_limit_is_refused(client: httpx.Client) -> None:
    """By its stated length, before it is read."""
    answered = client.post("/api/v1/macro/test_file", files={"file": ("large.bin", b"\0" * ((64 << 20) + 1))})

    assert answered.status_code == 413
    assert answered.json()["m"].startswith("CLO-3105: ")


def test_the_list_of_commands_tells_what_each_asks(client: httpx.Client) -> None:
    """For the task pane: texts, questions with their kinds, whether the user may."""
    found = {item["id"]: item for item in client.get("/api/v1/macros").json()}

    assert found["clo_import_workbook"]["is_background"] is True
    assert found["clo_import_workbook"]["asks"][0]["is_file"] is True
    assert found["clo_run_waterfall"]["is_allowed"] is True
    assert "clo_deal" in found["clo_run_waterfall"]["reads"]
