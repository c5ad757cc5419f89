"""The routes of commands: the list of them with what each asks for, and starting one (spec 08 §5.1, §8)."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from xl_addin.commands.declare import Ask, Command, command_of, commands
from xl_addin.server.auth.deals import command_shut_out, deals_of_inputs
from xl_addin.server.auth.users import User
from xl_addin.server.command_inputs import read_inputs
from xl_addin.server.errors import RequestError, json_response
from xl_addin.server.jobs import Job, JobState
from xl_addin.server.services import Services, SignedIn, services_of
from xl_addin.server.uploads import Uploads


def router() -> APIRouter:
    """The routes."""
    made = APIRouter(tags=["commands"])
    made.add_api_route("/api/v1/macros", _list, methods=["GET"], summary="The commands, and what each asks for")
    made.add_api_route("/api/v1/macro/{command_id}", _start, methods=["POST"], summary="Run a command")
    return made


def _list(user: SignedIn) -> Response:
    return json_response(orjson.dumps([_described(command, user) for command in commands()], default=str))


def _described(command: Command, user: User) -> dict[str, Any]:
    return {
        "id": command.id,
        "label": command.label,
        "group": command.group,
        "supertip": command.supertip,
        "icon": command.icon,
        "is_background": command.is_background,
        "is_client_side": command.is_client_side,
        "role": command.role.value,
        "is_allowed": user.may(command.role),
        "reads": command.reads,
        "asks": [_asked(ask) for ask in command.asks],
    }


def _asked(ask: Ask) -> dict[str, Any]:
    return {
        "name": ask.name,
        "kind": ask.kind.name,
        "label": ask.label,
        "default": ask.default,
        "source": ask.source,
        "choices": ask.kind.choices,
        "is_file": ask.is_file,
        "is_many": ask.is_many,
    }


async def _start(command_id: str, request: Request, user: SignedIn) -> Response:
    """{"job": id} of a background command; {"patch": [...]} of another, or its job where it takes longer."""
    services = services_of(request)
    command = command_of(command_id)
    if not user.may(command.role):
        raise RequestError(
            "CLO-3116",
            f"{command.label} needs the role {command.role.value}, {user.name} is {user.role.value}",
            status=403,
            remedy="Ask an administrator for the role.",
        )
    uploads = Uploads()
    try:
        job = await _begun(command, request, user, services, uploads)
    except BaseException:
        uploads.remove()
        raise
    if not command.is_background:
        await services.jobs.wait(job, services.settings.batch_seconds)
    return _answer(job)


async def _begun(command: Command, request: Request, user: User, services: Services, uploads: Uploads) -> Job:
    inputs = await read_inputs(command, request, uploads)
    if user.deals is not None:
        versions = await services.computing.in_thread(lambda: services.door.use(lambda desk: desk.data_versions()))
        refusal = command_shut_out(command, inputs, user, frozenset(versions.by_tag))
        if refusal is not None:
            raise refusal
    deals = tuple(sorted(deals_of_inputs(command, inputs)))
    client = request.headers.get("x-clodesk-client", "rest")[:200]

    def at_end(job: Job) -> None:
        uploads.remove()
        services.records.command(job, request.state.id, client, deals)

    return services.jobs.start(
        command.run, inputs, user, command=command.id, label=command.label, client=client, at_end=at_end
    )


def _answer(job: Job) -> Response:
    if job.state is JobState.DONE:
        return json_response(b'{"patch":' + job.patch + b"}")
    if job.state is JobState.FAILED:
        return json_response(job.error, status=422)
    return json_response(orjson.dumps({"job": job.id}), status=202)
