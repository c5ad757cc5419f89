"""Sessions of browsers: a cookie that stands for a credential, which is judged again at every call."""

import secrets
import time
from collections import OrderedDict

from fastapi import Request

from xl_addin.server.auth.users import digest
from xl_addin.server.errors import RequestError

COOKIE = "clodesk_session"
HEADER = "x-clodesk"
LIFETIME = 12 * 3600
_MOST = 1_000
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Sessions:
    """Credentials by session, in memory: after a restart of the server its users sign in again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def open(self, credential: str) -> str:
        """The secret of a fresh session."""
        secret = secrets.token_urlsafe(32)
        self._kept[digest(secret)] = (time.monotonic() + LIFETIME, credential)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return secret

    def credential(self, secret: str) -> str | None:
        """What a session stands for, None for one that is over."""
        ends, credential = self._kept.get(digest(secret), (0.0, ""))
        return credential if time.monotonic() < ends else None

    def close(self, secret: str) -> None:
        """End a session."""
        self._kept.pop(digest(secret), None)


def require_header(request: Request) -> None:
    """Refuse a change that comes with a cookie alone: another site could have made the browser send it."""
    if request.method not in _SAFE and request.headers.get(HEADER) != "1":
        raise RequestError(
            "CLO-3117",
            "A change with a session needs the header X-Clodesk: 1",
            status=403,
            remedy="Send it, or sign in with a bearer token.",
        )
