"""What runs in the process of a job: one command, its progress and its outcome sent through a pipe."""

import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson

from db.settings import StorageSettings
from engine.errors import ClodeskError
from xl_addin.commands.declare import Inputs, Progress, Run
from xl_addin.commands.patch import patch_to_json
from xl_addin.registry.context import CallContext
from xl_addin.registry.errors import cell_error
from xl_addin.server.door import DeskDoor
from xl_addin.server.logs import log_json_lines
from xl_addin.server.processes import end_with_parent

_PAUSE = 0.05
"""Seconds between reports of one stage: more of them nobody could see."""


class _Cancelled(Exception):  # noqa: N818 (not an error: somebody asked for it)
    """The flag was raised."""


def run_job(
    connection: Connection, run: Run, inputs: Inputs, settings: StorageSettings, user: str, client: str
) -> None:
    """Run a command. Sends ["progress", stage, fraction], then one of ["done", patch], ["failed", e, m], ["cancelled"].

    Anything that arrives on the connection is the flag to stop.
    """
    end_with_parent()
    log_json_lines()
    door = DeskDoor(settings, user)
    try:
        patch = run(inputs, CallContext(door.desk, user=user, client=client), _reporting(connection))
        _send(connection, "done", patch_to_json(patch))
    except _Cancelled:
        _send(connection, "cancelled")
    except Exception as error:  # the outermost layer of this process: its parent shows whatever went wrong
        place = "" if isinstance(error, ClodeskError) else "the command"
        shown = cell_error(error, place)
        _send(connection, "failed", shown.code, _without_folders(str(shown), inputs))
    finally:
        door.close()


def _without_folders(text: str, inputs: Inputs) -> str:
    """A message that names uploaded files as the user knows them."""
    for path in inputs.answers.values():
        if isinstance(path, Path):
            text = text.replace(str(path), path.name)
    return text


def _reporting(connection: Connection) -> Progress:
    last_stage, last_at = "", 0.0

    def report(stage: str, done: float) -> None:
        nonlocal last_stage, last_at
        if connection.poll():
            raise _Cancelled
        now = time.monotonic()
        if stage != last_stage or now - last_at >= _PAUSE:
            last_stage, last_at = stage, now
            _send(connection, "progress", stage, float(done))

    return report


def _send(connection: Connection, *message: Any) -> None:
    connection.send_bytes(orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY))
