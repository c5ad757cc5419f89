"""Files that come with a command: limited in size, kept in a private folder, gone when the command has ended."""

import asyncio
import re
import shutil
import tempfile
from pathlib import Path

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.types import Message, Receive

from engine.errors import WorkbookError
from workbooks.legacy.package import open_package
from xl_addin.server.body import MOST_BYTES, too_large
from xl_addin.server.errors import RequestError

MOST_UPLOADED = 64 << 20
_MOST_FILES = 8
_NAME = re.compile(r"[^\w .()-]+")


class Uploads:
    """The folder of one command's files."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    async def keep(self, file: UploadFile) -> Path:
        """Where a file lies now, under its own name. Raises WorkbookError for a damaged or hostile workbook."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="clodesk-upload-"))
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        name = _NAME.sub("_", Path((file.filename or "").replace("\\", "/")).name)[-100:].strip(". ")
        path = folder / (name or "upload")
        with path.open("wb") as target:
            while part := await file.read(1 << 20):
                target.write(part)
        if file.size:
            await asyncio.to_thread(_refuse_hostile, path)
        return path

    def remove(self) -> None:
        """Delete the files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _refuse_hostile(path: Path) -> None:
    """Refuse a container that unpacks to more than it should, before anything opens it."""
    with path.open("rb") as file:
        is_container = file.read(2) == b"PK"
    if not is_container:
        return
    try:
        open_package(path)
    except WorkbookError as error:
        error.where = path.name
        raise


async def read_form(request: Request) -> FormData:
    """The form of a request. Raises RequestError CLO-3105 for one too large, CLO-3134 for one that is damaged."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > MOST_UPLOADED:
        raise too_large(MOST_UPLOADED)
    limited = Request(request.scope, _limited(request, MOST_UPLOADED))
    try:
        return await limited.form(max_files=_MOST_FILES, max_fields=8, max_part_size=MOST_BYTES)
    except MultiPartException as error:
        raise RequestError(
            "CLO-3134",
            f"The upload cannot be read: {error.message}",
            status=400,
            remedy="Send the inputs as JSON in the part `inputs` and each file in a part of its name.",
        ) from None


def _limited(request: Request, most: int) -> Receive:
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > most:
            raise too_large(most)
        return message

    return receive
