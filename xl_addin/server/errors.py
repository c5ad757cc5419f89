"""Failures of a request: the HTTP status, and the same error object that a cell gets (spec 08 §4.3, §5.2)."""

from collections.abc import Mapping

import orjson
from fastapi import Request
from fastapi.responses import Response

from engine.errors import BackendError, ClodeskError, ReferenceDataError
from xl_addin.registry.errors import cell_error


class RequestError(ClodeskError):
    """A request that is not answered; status: of HTTP, code: what its cells show, headers: what goes along."""

    def __init__(
        self,
        number: str,
        problem: str,
        *,
        status: int,
        code: str = "#VALUE!",
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(number, problem, remedy=remedy)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


def error_body(error: ClodeskError) -> bytes:
    """{"e": code, "m": text} of a failure."""
    code = error.code if isinstance(error, RequestError) else cell_error(error, "").code
    return orjson.dumps({"e": code, "m": str(error)})


def status_of(error: ClodeskError) -> int:
    """HTTP status of a failure."""
    if isinstance(error, RequestError):
        return error.status
    if isinstance(error, BackendError):
        return 503
    return 404 if isinstance(error, ReferenceDataError) else 422


async def answer_failure(_request: Request, error: Exception) -> Response:
    """The response to a failure that a handler raised."""
    if not isinstance(error, ClodeskError):
        shown = cell_error(error, "the server")
        return json_response(orjson.dumps({"e": shown.code, "m": str(shown)}), status=500)
    headers = error.headers if isinstance(error, RequestError) else {}
    return json_response(error_body(error), status=status_of(error), headers=headers)


def json_response(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response of JSON that is written already."""
    return Response(body, status_code=status, headers=dict(headers or {}), media_type="application/json")
