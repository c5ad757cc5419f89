"""Raw wire values as COM delivers them, for the table that all faces run."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.xl_addin.com.windows_stubs import OMITTED_ARGUMENT
from xl_addin.com.values import CV_ERRORS


def com_value(raw: Any) -> Any:
    """An argument: None is omitted, a list of rows a tuple of tuples."""
    if raw is None:
        return OMITTED_ARGUMENT
    if isinstance(raw, list):
        return tuple(tuple(_cell(cell) for cell in row) for row in raw)
    return _cell(raw)


def _cell(raw: Any) -> Any:
    if isinstance(raw, dict):
        if "d" in raw:
            return datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=raw["d"])
        return -2146828288 + CV_ERRORS[raw["e"]]
    if raw == "":
        return None
    return float(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
