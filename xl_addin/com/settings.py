"""Where the Windows face finds its answers, from the environment of the user (spec 08 §2)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from db.settings import settings_of_environment
from engine.errors import InputError
from xl_addin.server.auth.token_file import FILE_NAME
from xl_addin.server.settings import DEFAULT_PORT

SERVER_URL = f"http://127.0.0.1:{DEFAULT_PORT}"


class Mode(Enum):
    """SERVER asks the calculation server; LOCAL computes in this process."""

    SERVER = "server"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """Mode, address of the server, and the token or the file it is read from."""

    mode: Mode
    server_url: str
    token: str
    token_file: Path

    def current_token(self) -> str:
        """The token that calls carry; read again each time, as the server may have made another one."""
        if self.token:
            return self.token
        try:
            return self.token_file.read_text(encoding="utf-8").strip()
        except OSError:
            return ""


def face_settings(environment: Mapping[str, str] = os.environ) -> FaceSettings:
    """The settings of CLO_MODE, CLO_SERVER_URL, CLO_TOKEN and CLO_TOKEN_FILE.

    Raises InputError CLO-2251 for an unknown mode, CLO-2252 for an address that is none or that sends the token in
    clear text beyond this machine.
    """
    word = environment.get("CLO_MODE", Mode.SERVER.value).strip().lower()
    try:
        mode = Mode(word)
    except ValueError:
        raise InputError(
            "CLO-2251", f"The mode {word!r} is not known", where="CLO_MODE", remedy="Set it to server or local."
        ) from None
    url = environment.get("CLO_SERVER_URL", SERVER_URL).strip().rstrip("/")
    _check(url)
    token_file = environment.get("CLO_TOKEN_FILE", "")
    return FaceSettings(
        mode=mode,
        server_url=url,
        token=environment.get("CLO_TOKEN", "").strip(),
        token_file=Path(token_file) if token_file else settings_of_environment().data_dir / FILE_NAME,
    )


def _check(url: str) -> None:
    parts = urlsplit(url)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise InputError(
            "CLO-2252",
            f"{url!r} is not an address of a calculation server that can be used",
            where="CLO_SERVER_URL",
            remedy="Give https://host:port; http:// is for this machine only.",
        )
