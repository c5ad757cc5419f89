"""The routes of functions: batches, single calls, the catalogue and its help pages (spec 08 §5.1)."""

import orjson
from fastapi import APIRouter, Request, Response

from xl_addin.registry.catalogue import by_name, catalogue, describe, fingerprint
from xl_addin.registry.dispatch import Call
from xl_addin.server.auth.users import User
from xl_addin.server.batch import Answered
from xl_addin.server.body import read_body
from xl_addin.server.errors import json_response
from xl_addin.server.help_page import help_page, index_page
from xl_addin.server.services import SignedIn, services_of
from xl_addin.server.wire import Asked, arguments_of, read_batch, read_object


def router() -> APIRouter:
    """The routes."""
    made = APIRouter(tags=["functions"])
    made.add_api_route("/api/v1/udf/batch", _batch, methods=["POST"], summary="Answer a batch of calls")
    made.add_api_route("/api/v1/udf/{name}", _one, methods=["POST"], include_in_schema=False)
    made.add_api_route("/api/v1/udf", _catalogue, methods=["GET"], summary="The catalogue of functions")
    made.add_api_route("/api/v1/udf/{name}", _description, methods=["GET"], summary="One function")
    made.add_api_route("/help/{name}", _help, methods=["GET"], summary="The help page of a function")
    made.add_api_route("/help", _index, methods=["GET"], summary="The list of help pages")
    return made


async def _batch(request: Request, user: SignedIn) -> Response:
    asked = read_batch(await read_body(request))
    answered = await _answered(asked, request, user)
    return json_response(answered.body())


async def _one(name: str, request: Request, user: SignedIn) -> Response:
    describe(name)
    function = by_name()[name.upper()]
    arguments = arguments_of(function, read_object(await read_body(request)))
    asked = Asked(calls=[Call(function.name, arguments)])
    answered = await _answered(asked, request, user)
    return json_response(answered.answers[0])


async def _answered(asked: Asked, request: Request, user: User) -> Answered:
    services = services_of(request)
    answered = await services.batches.answer(asked, user)
    request.state.facts = services.records.batch(asked, answered, user, request.state.id)
    return answered


def _catalogue() -> Response:
    functions = [describe(function.name) for function in catalogue()]
    return json_response(orjson.dumps({"fingerprint": fingerprint(), "functions": functions}))


def _description(name: str, request: Request) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return _help(name)
    return json_response(orjson.dumps(describe(name)))


def _help(name: str) -> Response:
    return Response(help_page(describe(name)), media_type="text/html")


def _index() -> Response:
    return Response(index_page([describe(function.name) for function in catalogue()]), media_type="text/html")
