"""Requests for calls, read from their bytes without models: one batch may hold a thousand cells (spec 08 §5.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from xl_addin.registry.catalogue import PROTOCOL
from xl_addin.registry.declare import Function
from xl_addin.registry.dispatch import Call
from xl_addin.server.errors import RequestError

MOST_CALLS = 1_000
_MOST_NAME = 200
_FORM = 'Send {"v":1,"client":...,"fp":...,"wb":...,"calls":[{"f":NAME,"a":[...],"c":CELL}]}.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Calls in order, and what the client says of itself: its kind, its workbook, the catalogue it was made from."""

    calls: Sequence[Call]
    client: str = "rest"
    workbook: str = ""
    fingerprint: str = ""


def read_json(body: bytes) -> Any:
    """The JSON value of a body. Raises RequestError CLO-3100."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise malformed(f"The request is not JSON: {error.msg}") from None


def read_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object of a body, an empty body being an empty one. Raises RequestError CLO-3100."""
    value = read_json(body) if body else {}
    if not isinstance(value, dict):
        raise malformed("The request is not a JSON object")
    return value


def read_batch(body: bytes) -> Asked:
    """The batch of a body. Raises RequestError CLO-3100 for what is none, CLO-3106 for too many calls."""
    value = read_object(body)
    if value.get("v") != PROTOCOL:
        raise malformed(f"The protocol {str(value.get('v'))[:20]!r} is not {PROTOCOL}")
    items = value.get("calls")
    if not isinstance(items, list):
        raise malformed("The request has no list of calls")
    if len(items) > MOST_CALLS:
        raise RequestError(
            "CLO-3106",
            f"The batch has {len(items):,} calls, more than {MOST_CALLS:,}",
            status=413,
            remedy="Send them in several batches.",
        )
    return Asked(
        calls=[_call(item) for item in items],
        client=_word(value, "client"),
        workbook=_word(value, "wb"),
        fingerprint=_word(value, "fp"),
    )


def _call(item: Any) -> Call:
    try:
        name, arguments, cell = item["f"], item.get("a", ()), item.get("c", "")
    except (TypeError, KeyError, AttributeError):
        raise malformed("A call has no function") from None
    if not isinstance(name, str) or not isinstance(arguments, list | tuple) or not isinstance(cell, str | None):
        raise malformed("A call is of the wrong form")
    return Call(name, arguments, (cell or "")[:_MOST_NAME])


def _word(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    if found is not None and not isinstance(found, str):
        raise malformed(f"{name!r} is not a text")
    return (found or "")[:_MOST_NAME]


def arguments_of(function: Function, body: Mapping[str, Any]) -> list[Any]:
    """Arguments in order from {"a": [...]}, or from an object by names of parameters.

    Raises RequestError CLO-3108 for a name that the function does not have.
    """
    if set(body) == {"a"}:
        if not isinstance(body["a"], list):
            raise malformed('"a" is not a list')
        return list(body["a"])
    names = [parameter.name for parameter in function.parameters]
    given = {name.lower(): value for name, value in body.items()}
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise RequestError(
            "CLO-3108",
            f"{function.name} has no argument {unknown[0][:64]!r}",
            status=400,
            remedy=f"Its arguments are: {', '.join(names)}.",
        )
    last = max((names.index(name) for name in given), default=-1)
    arguments = [given.get(name) for name in names[: last + 1]]
    if arguments and function.parameters[last].is_rest and isinstance(arguments[-1], list):
        return [*arguments[:-1], *arguments[-1]]
    return arguments


def malformed(problem: str) -> RequestError:
    """400 for a body that is not of the form."""
    return RequestError("CLO-3100", problem, status=400, remedy=_FORM)
