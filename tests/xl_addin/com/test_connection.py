"""The server mode of the Windows face: one connection, a short memory, and a server that comes and goes."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.errors import BackendError, InputError
from xl_addin.com.answers import ServerAnswers
from xl_addin.com.connection import Connection
from xl_addin.com.settings import Mode, face_settings
from xl_addin.registry.dispatch import Call
from xl_addin.registry.errors import CellError

_CALL = Call("CLO_DEALS", [], "Cells!B7")


@dataclass(slots=True)
class _Server:
    """A server of the test: what it got, what it answers next, how many connections were opened."""

    address: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, Any]] = field(default_factory=list)
    n_connections: int = 0
    close: Callable[[], None] = lambda: None


@pytest.fixture
def server() -> Iterator[_Server]:
    """A server on loopback that answers what the test lays out."""
    state = _Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            state.n_connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.requests.append((self.path, dict(self.headers), body))
            status, answer = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            content = orjson.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    state.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    """A clock that stands still until it is moved."""
    return _Clock()


@pytest.fixture
def connection(server: _Server, clock: _Clock) -> Iterator[Connection]:
    """A connection with a token, whose waits are skipped."""
    settings = face_settings({"CLO_SERVER_URL": server.address, "CLO_TOKEN": "secret"})
    made = Connection(settings, clock=clock, sleep=lambda seconds: None)
    yield made
    made.close()


def _answer(value: Any, version: int = 1) -> tuple[int, Any]:
    return 200, {"v": 1, "dv": {"MAG17": version}, "results": [{"v": value}]}


def test_calls_go_over_one_connection_with_token_and_workbook(server: _Server, connection: Connection) -> None:
    """Each call is a batch of one with its cell; the connection stays open between them."""
    server.answers = [_answer(1.0)]
    answers = ServerAnswers(connection)

    answers.answer(Call("CLO_ERROR", ["Cells!A1"], "Cells!B7"), "Book1.xlsx")
    answers.answer(Call("CLO_ERROR", ["Cells!A1"], "Cells!B7"), "Book1.xlsx")

    assert server.n_connections == 1
    assert len(server.requests) == 2  # the errors of cells are never remembered
    path, headers, body = server.requests[0]
    sent = orjson.loads(body)
    assert (path, headers["Authorization"]) == ("/api/v1/udf/batch", "Bearer secret")
    assert (sent["client"], sent["wb"]) == ("com", "Book1.xlsx")
    assert sent["calls"] == [{"f": "CLO_ERROR", "a": ["Cells!A1"], "c": "Cells!B7"}]


def test_equal_calls_are_remembered_while_the_data_stay_the_same(
    server: _Server, connection: Connection, clock: _Clock
) -> None:
    """Within two seconds one request; another version of the data, seen with any call, or time, ends it."""
    server.answers = [_answer(1.0), _answer(2.0), _answer(3.0, 2), _answer(4.0, 2)]
    answers = ServerAnswers(connection, clock=clock)

    first, again = (answers.answer(_CALL, "b") for _ in range(2))
    clock.now = 2.5
    later = answers.answer(_CALL, "b")
    answers.answer(Call("CLO_DEAL", ["Mag 17"]), "b")
    changed = answers.answer(_CALL, "b")

    assert [one["v"] for one in (first, again, later, changed)] == [1.0, 1.0, 2.0, 4.0]


def test_a_server_that_is_away_is_an_error_at_once_and_comes_back(
    server: _Server, connection: Connection, clock: _Clock
) -> None:
    """Cells show #N/A with CLO-3000; after a pause the same connection works again without a restart."""
    server.answers = [(503, "away"), (503, "away"), (503, "away"), _answer(1.0)]
    answers = ServerAnswers(connection, clock=clock)

    away = answers.answer(_CALL, "b")
    n_requests = len(server.requests)
    at_once = answers.answer(_CALL, "b")
    clock.now = 5.0
    back = answers.answer(_CALL, "b")

    assert (away["e"], away["m"][:8]) == ("#N/A", "CLO-3000")
    assert "clodesk serve" in away["m"]
    assert n_requests == 3
    assert at_once["e"] == "#N/A"
    assert len(server.requests) == 4  # none while it was known to be away
    assert back == {"v": 1.0}


def test_nothing_listening_is_the_same_error() -> None:
    """A refused connection says the address and what to do."""
    connection = Connection(face_settings({"CLO_SERVER_URL": "http://127.0.0.1:9"}), sleep=lambda seconds: None)

    with pytest.raises(BackendError, match=r"CLO-3000: .* at http://127.0.0.1:9. Start it"):
        connection.call("GET", "/version")


def test_a_refusal_is_shown_in_the_words_of_the_server(server: _Server, connection: Connection) -> None:
    """A wrong token or a missing right comes through whole; a refusal without words has a number of ours."""
    server.answers = [(401, {"e": "#VALUE!", "m": "CLO-3110: The call has no credential. Sign in again."})]
    with pytest.raises(CellError) as refused:
        connection.call("POST", "/x", {})
    server.answers = [(418, "teapot")]
    with pytest.raises(CellError, match=r"CLO-2253: .* status 418"):
        connection.call("POST", "/x", {})

    assert str(refused.value) == "CLO-3110: The call has no credential. Sign in again."


def test_a_file_goes_along_in_a_form(server: _Server, connection: Connection, tmp_path: Path) -> None:
    """The inputs are one part, each file another under the name of its question."""
    server.answers = [(200, {"job": "j1"})]
    path = tmp_path / "model.xlsx"
    path.write_bytes(b"PK content")

    answer = connection.call("POST", "/api/v1/macro/clo_import_workbook", {"answers": {}}, {"file": path})

    _, headers, body = server.requests[0]
    border = headers["Content-Type"].partition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n") for part in body.split(b"--" + border)[1:-1]]
    assert answer == {"job": "j1"}
    assert [part[0].strip() for part in parts] == [
        b'Content-Disposition: form-data; name="inputs"',
        b'Content-Disposition: form-data; name="file"; filename="model.xlsx"',
    ]
    assert [part[2] for part in parts] == [b'{"answers":{}}\r\n', b"PK content\r\n"]


def test_settings_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    """An unknown mode, and an address that would send the token in clear text."""
    with pytest.raises(InputError, match="CLO-2251"):
        face_settings({"CLO_MODE": "both"})
    with pytest.raises(InputError, match="CLO-2252"):
        face_settings({"CLO_SERVER_URL": "http://desk.example.com"})
    token = tmp_path / "token"
    token.write_text("first\n")
    settings = face_settings({"CLO_MODE": "LOCAL", "CLO_TOKEN_FILE": str(token)})
    before = settings.current_token()
    token.write_text("second\n")

    assert (settings.mode, before, settings.current_token()) == (Mode.LOCAL, "first", "second")
