"""The application: routes of functions, commands, jobs and operations, and the pages of the faces (spec 08 §5)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from engine.errors import ClodeskError
from xl_addin.server import calls, job_routes, macros, operations, session_routes
from xl_addin.server.errors import answer_failure
from xl_addin.server.frame import Frame
from xl_addin.server.openapi import describe_api
from xl_addin.server.services import Services
from xl_addin.server.settings import ServerSettings

_ROUTERS = (calls.router, macros.router, job_routes.router, session_routes.router, operations.router)


def create_app(settings: ServerSettings, *, pages: Sequence[APIRouter] = ()) -> FastAPI:
    """The application. pages: routes of the faces that are served as files."""
    services = Services(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await services.start()
        try:
            yield
        finally:
            await services.stop()

    app = FastAPI(
        title="clodesk",
        version=version("clodesk"),
        summary="CLO desk: functions of the spreadsheet, commands and jobs.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    for made in (router() for router in _ROUTERS):
        app.include_router(made)
    for made in pages:
        app.include_router(made)
    app.add_exception_handler(ClodeskError, answer_failure)
    app.add_exception_handler(Exception, answer_failure)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id", "X-Clodesk-Client"],
        )
    app.add_middleware(Frame, metrics=services.metrics, has_tls=settings.has_tls)
    describe_api(app)
    return app
