"""The log of the server: one JSON object a line on stderr."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

_LOG = logging.getLogger("clodesk.server")


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def log_json_lines() -> None:
    """Send every log of this process to stderr as lines of JSON, in place of what was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _LOG.setLevel(logging.INFO)


def log_event(event: str, **facts: Any) -> None:
    """Write one event with what belongs to it; never a credential, never an argument of a call."""
    _LOG.info(event, extra={"facts": facts})
