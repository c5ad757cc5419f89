"""What a client sends along with a command, read by the kinds that the command declares (spec 08 §8)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import Request

from xl_addin.commands.declare import Command, Inputs
from xl_addin.server.body import read_body
from xl_addin.server.errors import RequestError
from xl_addin.server.uploads import Uploads, read_form
from xl_addin.server.wire import malformed, read_object


async def read_inputs(command: Command, request: Request, uploads: Uploads) -> Inputs:
    """The inputs of a command from {"cells", "tables", "answers", "sheets", "ours"}.

    A form has them as JSON in its part `inputs`, and each file in a part that is named like what asks for it. Raises
    RequestError for what cannot be read, naming the question.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return _inputs(command, read_object(await read_body(request)), {})
    form = await read_form(request)
    try:
        files = {name: await uploads.keep(part) for name, part in form.multi_items() if not isinstance(part, str)}
        stated = form.get("inputs", "")
    finally:
        await form.close()
    if not isinstance(stated, str):
        raise malformed("The part `inputs` is not a text")
    return _inputs(command, read_object(stated.encode()), files)


def _inputs(command: Command, body: Mapping[str, Any], files: Mapping[str, Path]) -> Inputs:
    answers = _mapping(body, "answers")
    unknown = sorted({*answers, *files} - {ask.name for ask in command.asks})
    if unknown:
        raise RequestError(
            "CLO-3135",
            f"{command.label} does not ask for {unknown[0][:64]!r}",
            status=422,
            remedy=f"It asks for: {', '.join(ask.name for ask in command.asks) or 'nothing'}.",
        )
    return Inputs(
        cells=_mapping(body, "cells"),
        tables={name: _rows(name, rows) for name, rows in _mapping(body, "tables").items()},
        answers={
            ask.name: files.get(ask.name, ask.default) if ask.is_file else ask.read(answers.get(ask.name))
            for ask in command.asks
        },
        sheets=_texts(body, "sheets"),
        ours=_texts(body, "ours"),
    )


def _mapping(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name) or {}
    if not isinstance(found, dict):
        raise malformed(f"{name!r} is not an object")
    return found


def _texts(body: Mapping[str, Any], name: str) -> Sequence[str]:
    found = body.get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise malformed(f"{name!r} is not a list of texts")
    return tuple(found)


def _rows(name: str, rows: Any) -> Sequence[Sequence[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise malformed(f"Table {name[:64]!r} is not a list of rows")
    return rows
