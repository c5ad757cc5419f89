"""The addresses under /excel: what is open to other origins, what browsers may do with it, what is not there."""

import asyncio
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import httpx
import pytest
from fastapi import FastAPI

from xl_addin.officejs import router
from xl_addin.officejs.assets import files


class Client:
    """Asks the routes without a server."""

    def __init__(self) -> None:
        self._app = FastAPI()
        self._app.include_router(router())

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        # In a thread of its own: the browser of other tests keeps an event loop running in this one.
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(lambda: asyncio.run(self._got(path, headers or {}))).result()

    async def _got(self, path: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="https://clo.example.com") as client:
            return await client.get(path, headers=headers)


@pytest.fixture
def client() -> Client:
    return Client()


def test_only_metadata_and_icons_are_open_to_other_origins(client: Client) -> None:
    """Excel on the web reads the metadata from an origin of its own; nothing else may be read so."""
    addresses = ["functions.json", "icons/run-32.png", "functions.js", "catalogue.js", "taskpane.html", "manifest.xml"]
    answers = {name: client.get(f"/excel/{name}", headers={"Origin": "https://excel.office.com"}) for name in addresses}

    assert {answer.status_code for answer in answers.values()} == {200}
    is_open = [name for name, answer in answers.items() if "access-control-allow-origin" in answer.headers]
    assert is_open == ["functions.json", "icons/run-32.png"]


def test_the_pane_runs_no_script_but_ours_and_microsofts(client: Client) -> None:
    """No inline script, no eval, frames only of Office; the page itself holds none either."""
    answer = client.get("/excel/taskpane.html")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))

    assert policy["script-src"] == "'self' https://appsforoffice.microsoft.com"
    assert policy["default-src"] == policy["connect-src"] == "'self'"
    assert "https://*.officeapps.live.com" in policy["frame-ancestors"]
    assert "x-frame-options" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in answer.text
    assert "onclick" not in answer.text
    ours = [one for folder in ("bundle", "taskpane") for one in files(folder).values() if "script" in one.media_type]
    assert not [one for one in ours if b"eval(" in one.body or b"new Function" in one.body or b"innerHTML" in one.body]


def test_an_unchanged_file_is_not_sent_again(client: Client) -> None:
    """A reload asks whether the file is still the same, and gets no body if so."""
    first = client.get("/excel/bundle/queue.js")
    again = client.get("/excel/bundle/queue.js", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["content-type"].startswith("text/javascript")
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["bundle/../routes.py", "bundle/nothing.js", "icons/run-33.png", "icons/x-32.png"])
def test_nothing_else_is_served(client: Client, name: str) -> None:
    """Only files that are meant for a browser have an address."""
    assert client.get(f"/excel/{name}").status_code == 404


def test_addresses_in_the_manifest_are_those_of_the_server(client: Client) -> None:
    """Whoever fetches a manifest gets one that leads back to the same server."""
    manifest = client.get("/excel/manifest.xml?environment=dev").text
    with zipfile.ZipFile(BytesIO(client.get("/excel/package.zip").content)) as package:
        names = package.namelist()

    assert 'DefaultValue="https://clo.example.com/excel/taskpane.html"' in manifest
    assert 'DefaultValue="clodesk DEV"' in manifest
    assert names == ["manifest.json", "color.png", "outline.png"]
