"""Routes of operations: whether the server lives, whether it is ready, which version it is."""

from importlib.metadata import version

import orjson
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from engine.desk.runs import engine_version
from xl_addin.registry.catalogue import PROTOCOL, fingerprint
from xl_addin.server.errors import json_response
from xl_addin.server.services import SignedIn, services_of


def router() -> APIRouter:
    """The routes."""
    made = APIRouter(tags=["operations"])
    made.add_api_route("/healthz", _health, methods=["GET"], summary="Whether the server lives")
    made.add_api_route("/readyz", _readiness, methods=["GET"], summary="Whether database and workers are ready")
    made.add_api_route("/version", _version, methods=["GET"], summary="Versions of server, engine and catalogue")
    made.add_api_route("/metrics", _metrics, methods=["GET"], summary="Figures for Prometheus")
    return made


async def _health() -> Response:
    return json_response(b'{"status":"ok"}')


async def _readiness(request: Request) -> Response:
    services = services_of(request)
    has_database = await services.computing.in_thread(services.door.is_open)
    n_warm, n_slots = services.workers.n_warm, services.workers.n_slots
    is_ready = has_database and n_warm == n_slots
    body = {"ready": is_ready, "database": has_database, "workers_warm": n_warm, "workers": n_slots}
    return json_response(orjson.dumps(body), status=200 if is_ready else 503)


async def _metrics(request: Request, _user: SignedIn) -> Response:
    services = services_of(request)
    services.metrics.jobs_running.set(services.jobs.n_running)
    services.metrics.workers_warm.set(services.workers.n_warm)
    services.metrics.worker_deaths.set(services.workers.n_deaths)
    return Response(services.metrics.text(), media_type=CONTENT_TYPE_LATEST)


async def _version() -> Response:
    return json_response(
        orjson.dumps(
            {
                "server": version("clodesk"),
                "engine": engine_version(),
                "protocol": PROTOCOL,
                "fingerprint": fingerprint(),
            }
        )
    )
