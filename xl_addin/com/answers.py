"""Where the cells of Excel get their answers: from the calculation server, or from this process (spec 08 §2, §6.2)."""

import atexit
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol

import orjson

from engine.desk.desk import Desk, open_desk
from engine.errors import ClodeskError
from xl_addin.com.connection import Connection
from xl_addin.com.settings import FaceSettings, Mode
from xl_addin.registry.catalogue import PROTOCOL, by_name, fingerprint
from xl_addin.registry.context import CallContext, ErrorLog
from xl_addin.registry.dispatch import Call, Dispatcher
from xl_addin.registry.errors import cell_error
from xl_addin.registry.memory import ResultMemory

_FRESH_SECONDS = 2.0
_MOST_REMEMBERED = 20_000
_BATCH = "/api/v1/udf/batch"


class Answers(Protocol):
    """Answers one call of a workbook, as {"v": ...} or {"e": ..., "m": ...}."""

    def answer(self, call: Call, workbook: str) -> Mapping[str, Any]: ...


class ServerAnswers:
    """Answers of the calculation server, one request a call, as Excel waits for each.

    Equal calls are answered from memory while the versions of the data that the server reports stay the same, and no
    longer than two seconds after it last reported them.
    """

    def __init__(self, connection: Connection, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._clock = clock
        self._remembered: dict[bytes, Mapping[str, Any]] = {}
        self._versions: Any = None
        self._fresh_until = 0.0

    def answer(self, call: Call, workbook: str) -> Mapping[str, Any]:
        function = by_name().get(call.name)
        key = orjson.dumps([call.name, call.arguments]) if function is not None and function.is_cached else b""
        if key in self._remembered and self._clock() < self._fresh_until:
            return self._remembered[key]
        answer = self._asked(call, workbook)
        if key and answer.get("e") != "#N/A" and "job" not in answer:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[key] = answer
        return answer

    def _asked(self, call: Call, workbook: str) -> Mapping[str, Any]:
        asked = {"f": call.name, "a": call.arguments, "c": call.cell}
        request = {"v": PROTOCOL, "client": "com", "fp": fingerprint(), "wb": workbook, "calls": [asked]}
        try:
            response = self._connection.call("POST", _BATCH, request)
        except ClodeskError as error:
            return _failure(error, call.name)
        if response["dv"]:  # a function that needs no data says nothing of them
            if response["dv"] != self._versions or self._clock() >= self._fresh_until:
                self._versions = response["dv"]
                self._remembered.clear()
            self._fresh_until = self._clock() + _FRESH_SECONDS
        answer: Mapping[str, Any] = response["results"][0]
        return answer


class LocalAnswers:
    """Answers computed in this process, with a desk that opens when the first call needs it."""

    def __init__(self, get_desk: Callable[[], Desk]) -> None:
        self._get_desk = get_desk
        self._errors = ErrorLog()
        self._dispatcher = Dispatcher(ResultMemory())

    def answer(self, call: Call, workbook: str) -> Mapping[str, Any]:
        context = CallContext(
            self._get_desk, errors=self._errors, workbook=workbook, client="com", client_fingerprint=fingerprint()
        )
        try:
            answer: Mapping[str, Any] = self._dispatcher.call(call.name, call.arguments, context, call.cell)
        except ClodeskError as error:
            return _failure(error, call.name)
        return answer


def answers_of(settings: FaceSettings) -> Answers:
    """Where the settings say that answers come from."""
    if settings.mode is Mode.SERVER:
        return ServerAnswers(Connection(settings))
    return LocalAnswers(DeskOnDemand())


class DeskOnDemand:
    """The desk of this process, opened by the first call that needs it and kept to the end of the process."""

    def __init__(self) -> None:
        self._desk: Desk | None = None

    def __call__(self) -> Desk:
        if self._desk is None:
            opened = ExitStack()
            self._desk = opened.enter_context(open_desk())
            atexit.register(opened.close)
        return self._desk


def _failure(error: ClodeskError, where: str) -> Mapping[str, Any]:
    shown = cell_error(error, where)
    return {"e": shown.code, "m": str(shown)}
