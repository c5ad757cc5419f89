"""Running the server: the socket, uvicorn, and an end that lets the requests under way finish."""

import gc
import os
import signal
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from engine.errors import InputError
from xl_addin.server.app import create_app
from xl_addin.server.logs import log_json_lines
from xl_addin.server.pages import pages
from xl_addin.server.processes import hold_libraries_to_one_thread, silence_the_tracker
from xl_addin.server.services import Services
from xl_addin.server.settings import ServerSettings

_COLLECT_AFTER = 50_000
"""Objects made between two looks for garbage."""
_KEPT_OPEN = 75
"""Seconds that an idle connection stays: a workbook that is edited by hand asks every few of them."""
_PATIENCE = 30
"""Seconds that requests under way get at the end."""


def serve(settings: ServerSettings) -> None:
    """Serve until SIGTERM or Ctrl-C; the address goes to stdout once connections are taken."""
    if os.environ.get("XLWINGS_ON_SERVER"):
        raise InputError(
            "CLO-3104",
            "XLWINGS_ON_SERVER is set: xlwings would ask for a paid licence",
            where="XLWINGS_ON_SERVER",
            remedy="Take the variable out of the environment of the server.",
        )
    log_json_lines()
    hold_libraries_to_one_thread()
    silence_the_tracker()
    app = create_app(settings, pages=pages())
    listening = bound_socket(settings)
    # What was loaded by now stays for good; loading a deal makes thousands of records, none of them garbage.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
    print(address_of(settings, listening), flush=True)
    # Once all is ended uvicorn raises the signal that ended it again; the process then leaves as from any end.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    server_of(app, settings).run(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn, with jobs ended before connections are waited for: a stream of progress lasts as long as its job."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        services: Services = self.config.app.state.services  # type: ignore[union-attr]  # our own application
        await services.jobs.stop()
        await super().shutdown(sockets)


def server_of(app: FastAPI, settings: ServerSettings) -> uvicorn.Server:
    """The server of an application."""
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=_KEPT_OPEN,
            timeout_graceful_shutdown=_PATIENCE,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
        )
    )


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def bound_socket(settings: ServerSettings) -> socket.socket:
    """The socket that takes connections. Raises InputError CLO-3122 where the address is not free."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio turns Nagle's delay of 40 ms off only for sockets that say they are TCP.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((settings.host, settings.port))
        made.listen(2048)
    except OSError as error:
        made.close()
        raise InputError(
            "CLO-3122",
            f"The server cannot listen on {settings.host}:{settings.port}: {error.strerror or error}",
            where="--host, --port",
            remedy="Another server may run there; choose another port.",
        ) from error
    return made


def address_of(settings: ServerSettings, listening: socket.socket) -> str:
    """The URL of the server."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{'https' if settings.has_tls else 'http'}://{host}:{listening.getsockname()[1]}"
