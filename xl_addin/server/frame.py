"""Around every request: its number, the headers that protect pages, one line in the log, one count in the metrics."""

import re
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xl_addin.server.logs import log_event
from xl_addin.server.metrics import Metrics

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors {frames}"
)
# Hosts that show the task pane in a frame; every other page of ours stands alone.
_OFFICE = (
    "'self' https://*.officeapps.live.com https://*.office.com https://*.office365.com https://*.sharepoint.com"
    " https://*.cloud.microsoft"
)
_YEAR = 31_536_000
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class Frame:
    """The middleware."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, has_tls: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._has_tls = has_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["id"] = request_id
        status = 500

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._protect(MutableHeaders(scope=message), scope["path"], request_id)
            await send(message)

        try:
            await self._app(scope, receive, framed)
        finally:
            self._note(scope, state, status, time.perf_counter() - started)

    def _protect(self, headers: MutableHeaders, path: str, request_id: str) -> None:
        headers["X-Request-Id"] = request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Referrer-Policy", "no-referrer")
        frames = _OFFICE if path.startswith("/excel/") else "'none'"
        headers.setdefault("Content-Security-Policy", _POLICY.format(frames=frames))
        if path == "/excel/functions.json" or path.startswith("/excel/icons/"):
            headers["Access-Control-Allow-Origin"] = "*"
        if path.startswith(("/api/", "/session")):
            headers.setdefault("Cache-Control", "no-store")
        if self._has_tls:
            headers["Strict-Transport-Security"] = f"max-age={_YEAR}"

    def _note(self, scope: Scope, state: MutableMapping[str, Any], status: int, seconds: float) -> None:
        self._metrics.requests.labels(status=str(status)).inc()
        if scope["path"] in _QUIET:
            return
        user = state.get("user")
        log_event(
            "request",
            request_id=state["id"],
            method=scope["method"],
            path=scope["path"],
            status=status,
            user=user.name if user is not None else "",
            milliseconds=round(1000.0 * seconds, 3),
            **state.get("facts", {}),
        )
