"""The routes of jobs: progress, events, cancel (spec 08 §5.1, §8.3)."""

import asyncio
from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from xl_addin.commands.declare import Role
from xl_addin.server.auth.users import User
from xl_addin.server.errors import json_response
from xl_addin.server.jobs import Job
from xl_addin.server.services import SignedIn, services_of

_SILENCE = 10.0
"""Seconds after which a stream says that it lives: proxies close silent ones."""


def router() -> APIRouter:
    """The routes."""
    made = APIRouter(tags=["jobs"])
    made.add_api_route("/api/v1/jobs", _list, methods=["GET"], summary="Your jobs, newest first; all for an admin")
    made.add_api_route("/api/v1/jobs/{job_id}", _one, methods=["GET"], summary="A job, with its patch when it is done")
    made.add_api_route("/api/v1/jobs/{job_id}", _cancel, methods=["DELETE"], summary="Cancel a job")
    made.add_api_route(
        "/api/v1/jobs/{job_id}/events", _events, methods=["GET"], summary="Progress as server-sent events"
    )
    return made


def _job(job_id: str, request: Request, user: User) -> Job:
    return services_of(request).jobs.job(job_id, user, is_admin=user.may(Role.ADMIN))


async def _list(request: Request, user: SignedIn) -> Response:
    found = services_of(request).jobs.jobs(user, is_admin=user.may(Role.ADMIN))
    return json_response(orjson.dumps([job.shown() for job in found]))


async def _one(job_id: str, request: Request, user: SignedIn) -> Response:
    return json_response(_job(job_id, request, user).body())


async def _cancel(job_id: str, request: Request, user: SignedIn) -> Response:
    job = _job(job_id, request, user)
    await services_of(request).jobs.cancel(job)
    return json_response(orjson.dumps(job.shown()))


async def _events(job_id: str, request: Request, user: SignedIn) -> Response:
    """Events `progress` with the job, and at the end one named like its final state, with the patch or the error."""
    return StreamingResponse(
        _told(_job(job_id, request, user)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _told(job: Job) -> AsyncIterator[bytes]:
    while not job.state.is_final:
        changed = job.changed
        yield format_sse_event(event="progress", data_str=orjson.dumps(job.shown()).decode())
        while not changed.is_set():
            try:
                await asyncio.wait_for(changed.wait(), _SILENCE)
            except TimeoutError:
                yield b": alive\n\n"
    yield format_sse_event(event=job.state.value, data_str=job.body().decode())
