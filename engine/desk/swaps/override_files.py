"""Overrides as an analyst writes them: a JSON object beside the document, or a mapping (spec 07 §21)."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from engine.closest import did_you_mean
from engine.errors import InputError
from engine.payouts.cdm.overrides import Overrides

SUFFIX = ".overrides.json"
"""What stands in place of `.json` in the name of the file beside a document."""

MAX_BYTES = 1024 * 1024

_OVERRIDES = TypeAdapter(Overrides)
_FIELDS = tuple(Overrides.__dataclass_fields__)


def beside(path: Path) -> Path:
    """Where the overrides of a document lie."""
    return path.with_name(path.name.removesuffix(".json") + SUFFIX)


def overrides_of(given: Overrides | Mapping[str, object], where: str) -> Overrides:
    """Overrides with their types checked. InputError CLO-1993 names the field that is unknown or has a wrong value."""
    if isinstance(given, Overrides):
        return given
    for name in given:
        if name not in _FIELDS:
            remedy = did_you_mean(str(name), _FIELDS, f"Use {', '.join(_FIELDS)}.")
            raise InputError("CLO-1993", f"There is no override {name!r}", where=where, remedy=remedy)
    try:
        # Through JSON: lists become tuples, texts dates and members of closed lists, and nothing else is coerced.
        return _OVERRIDES.validate_json(json.dumps(given, default=str), strict=True)
    except (ValidationError, TypeError, ValueError) as error:
        raise InputError(
            "CLO-1993", f"The overrides have a wrong value: {_first(error)}", where=where, remedy="Correct it."
        ) from error


def read_overrides(path: Path) -> Overrides:
    """The overrides of a file. InputError CLO-1993 for one that cannot be read or has a bad field."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError("CLO-1993", "The overrides are larger than 1 MB", where=str(path), remedy="Shorten them.")
        given = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            "CLO-1993", f"The overrides cannot be read: {error}", where=str(path), remedy="Write a JSON object."
        ) from error
    if not isinstance(given, dict):
        raise InputError("CLO-1993", "The overrides are no JSON object", where=str(path), remedy="Write one.")
    return overrides_of(given, str(path))


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
