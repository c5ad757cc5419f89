"""The add-in's client of the server, by itself: what it makes of servers that misbehave."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from xl_addin.calc.clo_client import Server

Respond = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _send_result(handler: BaseHTTPRequestHandler, value: Any) -> None:
    _send(handler, 200, json.dumps({"v": 1, "results": [{"v": value}]}).encode())


class _Standin:
    """A server of one function, which says what the test wants; it counts its connections and keeps its requests."""

    def __init__(self) -> None:
        self.respond: Respond = lambda handler, body: _send_result(handler, 1.0)
        self.n_connections = 0
        self.bodies: list[dict[str, Any]] = []
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                standin.n_connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                standin.bodies.append(body)
                standin.respond(self, body)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def standin() -> Iterator[_Standin]:
    """A stand-in for the server."""
    made = _Standin()
    yield made
    made.close()


def _client(url: str) -> Server:
    return Server(url, "fingerprint", lambda: "secret")


def test_calls_share_a_connection(standin: _Standin) -> None:
    """A hundred cells cost one connection, and each says what the protocol asks for."""
    client = _client(standin.url)

    assert [client.call("CLO_DAYS", [n, None, ""]) for n in range(100)] == [{"v": 1.0}] * 100
    client.close()
    assert standin.n_connections == 1
    assert standin.bodies[0] == {
        "v": 1,
        "client": "calc",
        "fp": "fingerprint",
        "wb": "",
        "calls": [{"f": "CLO_DAYS", "a": [0, None, ""], "c": ""}],
    }


def test_a_connection_that_the_server_closed_is_opened_again(standin: _Standin) -> None:
    """A server that closes idle connections is not noticed in any cell."""

    def answer_and_hang_up(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        _send_result(handler, 2.0)
        handler.close_connection = True

    standin.respond = answer_and_hang_up
    client = _client(standin.url)

    assert [client.call("CLO_DAYS", []) for _ in range(3)] == [{"v": 2.0}] * 3
    client.close()
    assert standin.n_connections == 3


def test_a_server_that_is_away_is_said_at_once() -> None:
    """No server at the address: #N/A names it and the command that starts one; the next cell does not wait."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = _client(url)

    first, second = client.call("CLO_DAYS", []), client.call("CLO_DAYS", [])

    assert (first["e"], second["e"]) == ("#N/A", "#N/A")
    assert first["m"].startswith(f"CLO-3000: The calculation server at {url} is out of reach")
    assert "clodesk serve" in first["m"]
    assert "it did not answer a moment ago" in second["m"]
    assert not client.is_back()


def test_a_token_that_changed_is_read_again(standin: _Standin) -> None:
    """A server that was set up anew refuses the old token once; the cell does not see it."""
    tokens = iter(["old", "new"])

    def only_new(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        if handler.headers["Authorization"] == "Bearer new":
            _send_result(handler, 3.0)
        else:
            _send(handler, 401, b'{"e":"#VALUE!","m":"CLO-3110: The token is not known."}')

    standin.respond = only_new
    client = Server(standin.url, "", lambda: next(tokens))

    assert client.call("CLO_DAYS", []) == {"v": 3.0}
    client.close()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, b'{"e":"#VALUE!","m":"CLO-3110: No."}', {"e": "#VALUE!", "m": "CLO-3110: No."}),
        (500, b"<html>", {"e": "#N/A", "m": "CLO-2331: The server answered with HTTP 500."}),
        (404, b"", {"e": "#VALUE!", "m": "CLO-2331: The server answered with HTTP 404."}),
        (200, b"[]", {"e": "#VALUE!", "m": "CLO-2331: The server answered with HTTP 200."}),
    ],
)
def test_a_refusal_is_the_answer(standin: _Standin, status: int, body: bytes, expected: dict[str, str]) -> None:
    """What the server says of the whole request stands in the cell; where it says nothing, its status does."""
    standin.respond = lambda handler, _: _send(handler, status, body)
    client = _client(standin.url)

    answer = client.call("CLO_DAYS", [])
    client.close()
    assert answer["e"] == expected["e"]
    assert answer["m"].startswith(expected["m"])


def test_an_old_add_in_is_told_to_update(standin: _Standin) -> None:
    """The answer stands, and what the server says of the add-in's age is kept for CLO_ERROR()."""
    body = {"v": 1, "update": "CLO-3101: Update it.", "results": [{"v": 4.0}]}
    standin.respond = lambda handler, _: _send(handler, 200, json.dumps(body).encode())
    client = _client(standin.url)

    assert client.call("CLO_DAYS", []) == {"v": 4.0}
    client.close()
    assert client.notice == "CLO-3101: Update it."


@pytest.mark.parametrize("url", ["http://desk.example:8765", "ftp://127.0.0.1", "desk", "http://127.0.0.1:port"])
def test_a_token_never_leaves_the_machine_in_clear_text(url: str) -> None:
    """An address without TLS beyond this machine, or none at all, is refused before anything is sent."""
    answer = _client(url).call("CLO_DAYS", [])

    assert answer["e"] == "#N/A"
    assert answer["m"].startswith(f"CLO-2330: The server address {url} cannot be used.")


def test_a_number_that_json_cannot_hold_is_refused() -> None:
    """An overflow in a cell's argument is #NUM!, not a broken request."""
    assert _client("http://127.0.0.1:9").call("CLO_DAYS", [float("inf")])["e"] == "#NUM!"
