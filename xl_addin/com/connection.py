"""One kept-alive connection to the calculation server, for functions and commands (spec 08 §5, §6.2).

Excel waits for every call, so a server that is away is tried again only after a pause; until then calls fail at once.
"""

import http.client
import random
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from engine.errors import BackendError
from xl_addin.com.settings import FaceSettings
from xl_addin.registry.errors import CellError, wrong

_MOST_TRIES = 3
_PAUSE_SECONDS = 3.0
_TIMEOUT_SECONDS = 60.0
_PASSING = frozenset({502, 503, 504})


class Connection:
    """Calls to one server, one after the other. clock, sleep: replaced in tests."""

    def __init__(
        self,
        settings: FaceSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._parts = urlsplit(settings.server_url)
        self._clock = clock
        self._sleep = sleep
        self._http: http.client.HTTPConnection | None = None
        self._away_until = 0.0

    def call(self, method: str, path: str, payload: Any = None, files: Mapping[str, Path] | None = None) -> Any:
        """The JSON answer of the server. files: sent along in a form, whose part `inputs` is the payload then.

        Raises BackendError CLO-3000 where it cannot be reached, CellError with the server's own number and text where
        it refuses, CLO-2253 where it refuses without saying why.
        """
        if self._clock() < self._away_until:
            raise self._unreachable("it did not answer a moment ago")
        content, sent = _body(payload, files or {})
        for n_tries in range(1, _MOST_TRIES + 1):
            try:
                status, body = self._exchange(method, path, content, sent)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                fault = str(error) or type(error).__name__
            else:
                if status not in _PASSING or (n_tries == _MOST_TRIES and body.startswith(b'{"e"')):
                    return _answer(status, body)
                fault = f"it answered {status}"
            if n_tries < _MOST_TRIES:
                self._sleep(random.uniform(0.05, 0.2) * n_tries)  # noqa: S311 (spreads retries, nothing secret)
        self._away_until = self._clock() + _PAUSE_SECONDS
        raise self._unreachable(fault)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _exchange(self, method: str, path: str, content: str, body: bytes | None) -> tuple[int, bytes]:
        if self._http is None:
            self._http = self._opened()
        headers = {"Accept": "application/json", "X-Clodesk-Client": "com"}
        token = self._settings.current_token()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if content:
            headers["Content-Type"] = content
        self._http.request(method, self._parts.path + path, body=body, headers=headers)
        response = self._http.getresponse()
        return response.status, response.read()

    def _opened(self) -> http.client.HTTPConnection:
        host = self._parts.hostname or ""
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, self._parts.port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, self._parts.port, timeout=_TIMEOUT_SECONDS)

    def _unreachable(self, fault: str) -> BackendError:
        return BackendError(
            "CLO-3000",
            f"The calculation server cannot be reached: {fault}",
            where=self._settings.server_url,
            remedy="Start it with `clodesk serve`, or check CLO_SERVER_URL; then recalculate.",
        )


def _body(payload: Any, files: Mapping[str, Path]) -> tuple[str, bytes | None]:
    """Type and bytes of what a call sends: nothing, JSON, or a form with files."""
    if not files:
        return ("", None) if payload is None else ("application/json", orjson.dumps(payload))
    border = secrets.token_hex(16)
    pieces = [_part(border, 'name="inputs"', orjson.dumps(payload))]
    for name, path in files.items():
        shown = path.name.replace('"', "_")
        pieces.append(_part(border, f'name="{name}"; filename="{shown}"', path.read_bytes()))
    return f"multipart/form-data; boundary={border}", b"".join([*pieces, f"--{border}--\r\n".encode()])


def _part(border: str, disposition: str, content: bytes) -> bytes:
    return f"--{border}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


def _answer(status: int, body: bytes) -> Any:
    try:
        answer = orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        answer = None
    if status < 400:
        return answer
    raise _refusal(status, answer)


def _refusal(status: int, answer: Any) -> CellError:
    """Why the server refused, in its own words where it has any: `{"e": "#VALUE!", "m": "CLO-nnnn: ..."}`."""
    text = str(answer.get("m", "")) if isinstance(answer, dict) else ""
    number, _, problem = text.partition(": ")
    if number.startswith("CLO-") and problem:
        return RefusedError(str(answer.get("e", "#VALUE!")), number, problem)
    return wrong(
        "CLO-2253",
        f"The calculation server refused the call with status {status}",
        remedy="Check that add-in and server are of the same version.",
    )


class RefusedError(CellError):
    """A refusal of the server, whose text already says where and what to do."""

    def __str__(self) -> str:
        return f"{self.number}: {self.problem}"
