"""One LibreOffice with the built extension and one calculation server for all tests of this folder."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError
from tests.conftest import fresh_database
from tests.xl_addin.programs import need
from tests.xl_addin.running_server import PROJECT, RunningServer, running_server
from xl_addin.calc.harness import Office
from xl_addin.calc.installation import Installation, find_installation

TRIALS = Path(__file__).parent / "newly_registered"
# What the server and the build see of the functions that nothing but their declaration knows.
WITH_TRIALS = {"PYTHONPATH": os.pathsep.join((str(PROJECT), str(TRIALS)))}


class Calculation:
    """The server behind the cells: it can be killed, and started again where it was."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._database_url = database_url
        self._stack = ExitStack()
        self._port = 0
        self.server: RunningServer

    def start(self) -> None:
        """Start it, at the same address each time."""
        self.server = self._stack.enter_context(
            running_server(self._folder, self._database_url, port=self._port, environment=WITH_TRIALS)
        )
        self._port = self.server.port

    def kill(self) -> None:
        """End it without a farewell."""
        self.server.process.kill()
        self.server.process.wait()

    def close(self) -> None:
        """End it, and the cache that it started beside its data."""
        self._stack.close()


@pytest.fixture(scope="session")
def installation() -> Installation:
    """LibreOffice with its SDK and a Python that knows UNO."""
    need("soffice")
    found = find_installation()
    try:
        found.type_compiler  # noqa: B018 (raises where it is missing)
    except InputError:
        need("unoidl-write")
    if subprocess.run([found.python, "-c", "import uno"], env={"PATH": os.defpath}, check=False).returncode != 0:
        need("python3-uno")
    return found


@pytest.fixture(scope="session")
def extension(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The extension as `clodesk calc build` makes it, with the trial functions in the catalogue."""
    target = tmp_path_factory.mktemp("calc") / "clo.oxt"
    command = "from xl_addin.start import main; main()"
    subprocess.run(
        [sys.executable, "-c", command, "calc", "build", "--output", target],
        env={**os.environ, **WITH_TRIALS},
        check=True,
        capture_output=True,
    )
    return target.read_bytes()


@pytest.fixture(scope="session")
def calculation(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Calculation]:
    """A running server with an empty database."""
    with fresh_database(server_url, template_database) as url:
        made = Calculation(tmp_path_factory.mktemp("calculation"), url)
        try:
            made.start()
            yield made
        finally:
            made.close()


@pytest.fixture(scope="session")
def office(installation: Installation, extension: bytes, calculation: Calculation) -> Iterator[Office]:
    """LibreOffice with the extension, connected to the server."""
    server = calculation.server
    with Office(server.url, server.token, extension=extension, installation=installation) as made:
        yield made


class Sheet:
    """A new document in LibreOffice, of which the tests use the first sheet."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.document: int = office.ask("open")

    def write(self, formulas: dict[str, Any]) -> None:
        """Enter formulas (with ; between arguments) and values by address; a range takes an array formula."""
        self._office.ask("write", document=self.document, formulas=formulas)

    def values(self) -> dict[str, Any]:
        """Values by address."""
        found: dict[str, dict[str, Any]] = self._office.ask("values", document=self.document)
        return next(iter(found.values()))

    def value(self, formula: str) -> Any:
        """The value of a formula in a cell of its own."""
        self.write({"A1": formula})
        return self.values().get("A1")

    def close(self) -> None:
        self._office.ask("close", document=self.document)


@pytest.fixture
def sheet(office: Office) -> Iterator[Sheet]:
    """A sheet of a new document."""
    made = Sheet(office)
    yield made
    made.close()
