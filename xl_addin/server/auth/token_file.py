"""The token of this machine: made on first start, in a file that only its user can read."""

import os
import secrets
import stat
from pathlib import Path

from engine.errors import InputError

FILE_NAME = "server.token"


class TokenFile:
    """The token in a data folder; a rotated one counts from the next call on."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE_NAME
        self._seen: tuple[int, int] | None = None
        self._token = ""

    def make(self) -> str:
        """The token, made where there is none."""
        return self.token() if self.path.exists() else self.rotate()

    def token(self) -> str:
        """The token. Raises InputError CLO-3111 for a file that others can read, CLO-3121 where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            raise InputError(
                "CLO-3121",
                "There is no token on this machine",
                where=str(self.path),
                remedy="Start the server once with `clodesk serve`, or make one with `clodesk token rotate`.",
            ) from None
        if os.name == "posix" and (stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid()):
            raise InputError(
                "CLO-3111",
                "Others can read the token of the server",
                where=str(self.path),
                remedy="Make another one with `clodesk token rotate`: this one may be known.",
            )
        seen = (found.st_ino, found.st_mtime_ns)
        if seen != self._seen:
            self._token, self._seen = self.path.read_text().strip(), seen
        return self._token

    def rotate(self) -> str:
        """Another token in place of the one before."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(32)
        fresh = self.path.with_name(f".{FILE_NAME}.{secrets.token_hex(4)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(token + "\n")
        fresh.replace(self.path)
        return token
