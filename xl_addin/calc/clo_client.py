"""The calculation server as the add-in calls it: one call a request over a connection that stays open.

Runs inside LibreOffice, whose Python has the standard library and nothing else.
"""

import json
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

_CONNECT_SECONDS = 3.0
# The server itself gives up a batch after 25 seconds.
_ANSWER_SECONDS = 40.0
# A sheet of cells would otherwise wait for the same dead server once each.
_REST_SECONDS = 1.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
UNREACHABLE = "CLO-3000"


def failure(code: str, text: str) -> dict[str, str]:
    """A failure in the form of an answer."""
    return {"e": code, "m": text}


class Server:
    """One server. fingerprint: of the catalogue that the add-in was built from; read_token: what signs a call in.

    notice: what the server says of an add-in that is older than itself, else "".
    """

    def __init__(self, url: str, fingerprint: str, read_token: Callable[[], str]) -> None:
        self._fingerprint = fingerprint
        self._url = urlsplit(url)
        self._read_token = read_token
        self._token = read_token()
        self.notice = ""
        self._connection: HTTPConnection | None = None
        self._silent_until = 0.0
        self._lock = threading.Lock()

    def call(self, name: str, arguments: list[Any]) -> dict[str, Any]:
        """The answer to one call: {"v": value} or {"e": code, "m": text}. Never raises for what the server does."""
        try:
            body = json.dumps(
                {
                    "v": 1,
                    "client": "calc",
                    "fp": self._fingerprint,
                    "wb": "",
                    "calls": [{"f": name, "a": arguments, "c": ""}],
                },
                allow_nan=False,
            ).encode()
        except ValueError:
            return failure("#NUM!", "CLO-2105: The number is too large. Numbers end at 1e308.")
        with self._lock:
            if time.monotonic() < self._silent_until:
                return self._unreachable("it did not answer a moment ago")
            return self._answer(body)

    def is_back(self) -> bool:
        """Whether the server answers, whatever it says."""
        try:
            connection = self._opened()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            connection.close()
        except (OSError, HTTPException, ValueError):
            return False
        return True

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, body: bytes) -> dict[str, Any]:
        fault = self._fault_of_address()
        if fault:
            return failure("#N/A", fault)
        try:
            status, content = self._sent(body)
            if status == 401 and self._has_another_token():
                status, content = self._sent(body)
        except (OSError, HTTPException, ValueError) as error:
            self._silent_until = time.monotonic() + _REST_SECONDS
            return self._unreachable(str(error) or type(error).__name__)
        return self._read(status, content)

    def _read(self, status: int, content: bytes) -> dict[str, Any]:
        """The answer in what the server sent; a refusal of the whole request is the answer of its one call."""
        try:
            told = json.loads(content)
        except ValueError:
            told = None
        if status != 200 or not isinstance(told, dict) or not told.get("results"):
            return _refused(status, told)
        self.notice = told.get("update", "")
        answer: dict[str, Any] = told["results"][0]
        return answer

    def _sent(self, body: bytes) -> tuple[int, bytes]:
        """Status and content of the answer. A connection that the server has closed meanwhile is opened once more."""
        if self._connection is not None:
            try:
                return self._exchanged(self._connection, body)
            except TimeoutError:
                self.close()
                raise
            except (OSError, HTTPException):
                self.close()
        self._connection = self._opened()
        try:
            return self._exchanged(self._connection, body)
        except (OSError, HTTPException):
            self.close()
            raise

    def _exchanged(self, connection: HTTPConnection, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection.request("POST", f"{self._url.path.rstrip('/')}/api/v1/udf/batch", body, headers)
        response: HTTPResponse = connection.getresponse()
        content = response.read()
        if response.will_close:
            self.close()
        return response.status, content

    def _opened(self) -> HTTPConnection:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=_CONNECT_SECONDS)
        connection.connect()
        connection.sock.settimeout(_ANSWER_SECONDS)
        return connection

    def _has_another_token(self) -> bool:
        """Read the token anew: a server that was set up again has another one."""
        before, self._token = self._token, self._read_token()
        return self._token != before

    def _fault_of_address(self) -> str:
        if self._is_usable():
            return ""
        return (
            f"CLO-2330: The server address {self._url.geturl()} cannot be used. "
            "Set CLO_SERVER_URL to an address that begins with https://, or with http:// on this machine."
        )

    def _is_usable(self) -> bool:
        """Whether the address is one that may be sent a token: with TLS, or on this machine."""
        try:
            self._url.port  # noqa: B018 (raises for a port that is no number)
        except ValueError:
            return False
        is_here = self._url.scheme == "http" and self._url.hostname in _LOOPBACK
        return is_here or (self._url.scheme == "https" and bool(self._url.hostname))

    def _unreachable(self, reason: str) -> dict[str, str]:
        return failure(
            "#N/A",
            f"{UNREACHABLE}: The calculation server at {self._url.geturl()} is out of reach ({reason}). "
            "Start it with `clodesk serve`, or correct CLO_SERVER_URL; the cells recover by themselves.",
        )


def _refused(status: int, told: Any) -> dict[str, Any]:
    """Why the server did not take the request, in its own words where it has any."""
    if isinstance(told, dict) and isinstance(told.get("m"), str):
        return failure(str(told.get("e", "#VALUE!")), told["m"])
    text = (
        f"CLO-2331: The server answered with HTTP {status}. Update the extension; if that does not help, read its log."
    )
    return failure("#N/A" if status >= 500 else "#VALUE!", text)
