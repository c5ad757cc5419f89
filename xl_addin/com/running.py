"""Running commands for the ribbon: on the calculation server, or in this process (spec 08 §8.3)."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from engine.desk.desk import Desk
from xl_addin.com.connection import Connection, RefusedError
from xl_addin.commands.declare import Ask, Command, Inputs
from xl_addin.commands.patch import WorkbookPatch, patch_from_json
from xl_addin.registry.catalogue import fingerprint
from xl_addin.registry.context import CallContext
from xl_addin.registry.errors import wrong


@dataclass(frozen=True, slots=True)
class Standing:
    """How a command stands: a patch once it is done, until then what it is doing. job: what to ask for again."""

    text: str = ""
    patch: WorkbookPatch | None = None
    job: str = ""


class Runner(Protocol):
    """Starts commands and follows them. A command that failed raises its error."""

    def start(self, command: Command, inputs: Mapping[str, Any], files: Mapping[str, Path]) -> Standing: ...

    def follow(self, job: str) -> Standing: ...

    def cancel(self, job: str) -> None: ...


class ServerRunner:
    """Commands of the calculation server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, command: Command, inputs: Mapping[str, Any], files: Mapping[str, Path]) -> Standing:
        return _standing(self._connection.call("POST", f"/api/v1/macro/{command.id}", inputs, files))

    def follow(self, job: str) -> Standing:
        return _standing(self._connection.call("GET", f"/api/v1/jobs/{job}"))

    def cancel(self, job: str) -> None:
        self._connection.call("DELETE", f"/api/v1/jobs/{job}")


def _standing(answer: Mapping[str, Any]) -> Standing:
    if "patch" in answer:
        return Standing(patch=patch_from_json(answer["patch"]))
    if "job" in answer:
        return Standing("Started", job=answer["job"])
    error = answer.get("error")
    if error:
        number, _, problem = str(error["m"]).partition(": ")
        raise RefusedError(str(error["e"]), number, problem)
    if answer["state"] in ("cancelled", "canceled"):
        return Standing("Cancelled", WorkbookPatch(()))
    return Standing(str(answer.get("message", "")), job=str(answer["id"]))


class _CancelledError(Exception):
    """Raised out of a command that the user stopped, where it next reports progress."""


class LocalRunner:
    """Commands in a thread of this process, one at a time."""

    def __init__(self, get_desk: Callable[[], Desk]) -> None:
        self._get_desk = get_desk
        self._thread: threading.Thread | None = None
        self._standing = Standing()
        self._error: Exception | None = None
        self._is_cancelled = threading.Event()

    def start(self, command: Command, inputs: Mapping[str, Any], files: Mapping[str, Path]) -> Standing:
        read = _inputs(command, inputs, files)
        self._is_cancelled.clear()
        self._error, self._standing = None, Standing("Started", job="local")
        self._thread = threading.Thread(target=self._run, args=(command, read), daemon=True)
        self._thread.start()
        if not command.is_background:
            self._thread.join()
        return self.follow("local")

    def follow(self, job: str) -> Standing:
        if self._error is not None:
            raise self._error
        return self._standing

    def cancel(self, job: str) -> None:
        self._is_cancelled.set()

    def _run(self, command: Command, inputs: Inputs) -> None:
        context = CallContext(self._get_desk, client="com", client_fingerprint=fingerprint())
        try:
            self._standing = Standing(patch=command.run(inputs, context, self._progress))
        except _CancelledError:
            self._standing = Standing("Cancelled", WorkbookPatch(()))
        except Exception as error:  # the outermost adapter: the ribbon shows it
            self._error = error

    def _progress(self, text: str, fraction: float) -> None:
        if self._is_cancelled.is_set():
            raise _CancelledError
        self._standing = Standing(f"{text}: {fraction:.0%}", job="local")


def _inputs(command: Command, sent: Mapping[str, Any], files: Mapping[str, Path]) -> Inputs:
    """What was gathered in the workbook as the command reads it."""
    answers = sent.get("answers", {})
    return Inputs(
        cells=sent.get("cells", {}),
        tables=sent.get("tables", {}),
        answers={
            ask.name: _file(ask, files) if ask.is_file else ask.read(answers.get(ask.name)) for ask in command.asks
        },
        sheets=sent.get("sheets", ()),
        ours=sent.get("ours", ()),
    )


def _file(ask: Ask, files: Mapping[str, Path]) -> Path:
    if ask.name not in files:
        raise wrong("CLO-2262", "No file was chosen", where=ask.label, remedy="Press the button again.")
    return files[ask.name]
