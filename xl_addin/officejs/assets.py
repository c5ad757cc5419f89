"""The files that a browser loads, each with its media type and a tag that changes with its bytes."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}


@dataclass(frozen=True, slots=True)
class Asset:
    """Bytes, media type and entity tag."""

    body: bytes
    media_type: str
    tag: str


def asset(body: bytes, media_type: str) -> Asset:
    """An asset of these bytes."""
    return Asset(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


@cache
def files(folder: str) -> dict[str, Asset]:
    """The files of `bundle` or `taskpane`, by name."""
    return {
        path.name: asset(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted((_HERE / folder).iterdir())
        if path.suffix in _TYPES
    }
