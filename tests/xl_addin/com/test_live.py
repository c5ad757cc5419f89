"""The Windows face against a running server: cells through xlwings' dispatch, commands through the ribbon's verbs."""

import importlib
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from engine.desk.desk import Desk
from tests.xl_addin.com.com_values import com_value
from tests.xl_addin.com.conftest import CALLER
from tests.xl_addin.com.fake_excel import FakeBook
from tests.xl_addin.server.conftest import Live, live_server, settings_for
from tests.xl_addin.value_table import CASES
from xl_addin.com.answers import ServerAnswers
from xl_addin.com.connection import Connection
from xl_addin.com.ribbon import Ribbon
from xl_addin.com.running import ServerRunner
from xl_addin.com.settings import face_settings
from xl_addin.com.values import CV_ERRORS

_MOST_SECONDS = 120.0


@pytest.fixture(scope="module")
def live(mag17_desk: Desk, mag17_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server on the database with MAG 17."""
    with live_server(settings_for(tmp_path_factory.mktemp("server"), mag17_url)) as started:
        yield started


@pytest.fixture
def connection(live: Live) -> Iterator[Connection]:
    """The face's connection to it."""
    made = Connection(face_settings({"CLO_SERVER_URL": live.url, "CLO_TOKEN": live.token}))
    yield made
    made.close()


@pytest.fixture
def server_mode(entry: ModuleType, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Any:
    """xlwings' CallUDF in `server` mode."""
    answers = ServerAnswers(connection)
    monkeypatch.setattr(entry, "_answers", lambda: answers)
    return importlib.import_module("xlwings.com_server").XLPython()


def test_the_value_table_holds_over_the_server(server_mode: Any) -> None:
    """Every case gives over HTTP what it gives in process."""
    differing = []
    for case in CASES:
        arguments = (CALLER, *(com_value(raw) for raw in case.arguments))
        result = server_mode.CallUDF("xl_addin.com.entry", case.name, arguments)
        if "e" in case.answer:
            is_same = str(result).startswith(f"\x01{CV_ERRORS[case.answer['e']]} | {case.answer['m']}")
        else:
            is_same = result == pytest.approx(case.answer["v"])
        if not is_same:
            differing.append((case.id, result))

    assert differing == []


def test_the_error_of_a_cell_is_found_by_its_address(server_mode: Any) -> None:
    """CLO_ERROR gets the external address of a cell and gives the text of its error, until the cell is well."""
    name, module = "CLO_YEAR_FRACTION", "xl_addin.com.entry"
    server_mode.CallUDF(module, name, (CALLER, "no date", 42542.0))
    broken = server_mode.CallUDF(module, "CLO_ERROR", ("[Book1.xlsx]Cells!$D$1", CALLER))
    server_mode.CallUDF(module, name, (CALLER, 42452.0, 42542.0))
    well = server_mode.CallUDF(module, "CLO_ERROR", ("[Book1.xlsx]Cells!$D$1", CALLER))

    assert broken.startswith("CLO-2109: 'no date' is not a date")
    assert well == ""


def test_a_wrong_token_is_named_in_the_cell(live: Live, entry: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cell shows the server's refusal."""
    connection = Connection(face_settings({"CLO_SERVER_URL": live.url, "CLO_TOKEN": "wrong"}))
    monkeypatch.setattr(entry, "_answers", lambda: ServerAnswers(connection))

    result = (
        importlib.import_module("xlwings.com_server").XLPython().CallUDF("xl_addin.com.entry", "CLO_PING", (CALLER,))
    )

    connection.close()
    assert result.startswith("\x012015 | CLO-31")


def test_a_command_runs_on_the_server_and_writes_its_sheet(connection: Connection) -> None:
    """Compliance of MAG 17, chosen in the workbook, is a sheet of ours with a table in the end."""
    book: Any = FakeBook()
    book.names.Add("clo_deal", '="Mag 17"')
    book.app.answers = ["NO"]
    ribbon = Ribbon(ServerRunner(connection), ServerAnswers(connection), lambda: book)

    answer = ribbon.press("clo_run_compliance")
    end = time.monotonic() + _MOST_SECONDS
    while answer.startswith("wait|") and time.monotonic() < end:
        time.sleep(0.1)
        answer = ribbon.poll("")

    assert answer.startswith("done|"), answer
    sheet = next(one for one in book.sheets if one.name.lower() == "compliance-mag 17")
    assert sheet.tables
    assert [name.name for name in sheet.names] == ["clodesk_output"]


def test_the_drop_downs_list_the_deals_of_the_server(connection: Connection) -> None:
    """A fingerprint that fits makes the ribbon ready."""
    from xl_addin.registry.catalogue import fingerprint

    ribbon = Ribbon(ServerRunner(connection), ServerAnswers(connection), FakeBook)

    lines = ribbon.connect(fingerprint()).split("\n")
    assert lines[0] == "ready"
    assert any(line.startswith("clo_deal\t") and "17" in line for line in lines)
