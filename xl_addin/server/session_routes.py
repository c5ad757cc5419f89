"""The routes of sessions: a browser signs in once with a credential and carries a cookie from then on."""

import orjson
from fastapi import APIRouter, Request, Response

from xl_addin.server.auth.sessions import COOKIE, LIFETIME
from xl_addin.server.body import read_body
from xl_addin.server.errors import json_response
from xl_addin.server.services import SignedIn, services_of
from xl_addin.server.wire import malformed, read_object

_MOST_BYTES = 1 << 16


def router() -> APIRouter:
    """The routes."""
    made = APIRouter(tags=["sessions"])
    made.add_api_route("/session", _open, methods=["POST"], summary='Sign in with {"token": ...}')
    made.add_api_route("/session", _show, methods=["GET"], summary="Who is signed in")
    made.add_api_route("/session", _close, methods=["DELETE"], summary="Sign out")
    return made


async def _open(request: Request) -> Response:
    services = services_of(request)
    credential = read_object(await read_body(request, _MOST_BYTES)).get("token")
    if not isinstance(credential, str):
        raise malformed("The request has no token")
    credential = credential.strip()
    user = await services.authenticator.user_of(credential)
    services.limit.take(user.name)
    response = json_response(orjson.dumps({"user": user.name, "role": user.role.value}))
    response.set_cookie(
        COOKIE,
        services.authenticator.sessions.open(credential),
        max_age=LIFETIME,
        httponly=True,
        samesite="strict",
        secure=services.settings.has_tls,
    )
    return response


async def _show(user: SignedIn) -> Response:
    deals = None if user.deals is None else sorted(user.deals)
    return json_response(orjson.dumps({"user": user.name, "role": user.role.value, "deals": deals}))


async def _close(request: Request, user: SignedIn) -> Response:
    services_of(request).authenticator.sessions.close(request.cookies.get(COOKIE, ""))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE)
    return response
