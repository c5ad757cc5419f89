"""What every test may use: reference data outside the repository, and databases of its own.

Databases are made on the embedded server, or on the one that CLODESK_DATABASE_URL names, and dropped at the end.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from db import migrate
from db.connection import make_engine, parsed_url
from db.embedded import start_postgres, start_valkey, stop_postgres, stop_valkey
from db.settings import StorageSettings
from db.store import Store

PROJECT = Path(__file__).resolve().parent.parent
_ROOM_FOR_A_SERVER = 8 << 30

# An example may have to compile, or to wait for the tests beside it: its time says nothing.
settings.register_profile("shared machine", settings(deadline=None, suppress_health_check=[HealthCheck.too_slow]))
settings.load_profile("shared machine")


def reference_folder() -> Path:
    """Folder named by CLODESK_REFERENCE, by default `../shared` beside the project."""
    return Path(os.environ.get("CLODESK_REFERENCE", PROJECT.parent / "shared"))


@pytest.fixture(scope="session")
def reference() -> Path:
    """The reference folder; its absence is a failure in CI and a visible skip elsewhere."""
    folder = reference_folder()
    if not (folder / "golden").is_dir():
        message = f"no reference data at {folder}: set CLODESK_REFERENCE"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder


def _roomy_memory() -> Path | None:
    """A folder in memory with room for a server: most tests make a database of a thousand files and drop it again,
    which a file system on disk takes ten times as long for."""
    folder = Path("/dev/shm")  # noqa: S108
    has_room = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM_FOR_A_SERVER
    return folder if has_room else None


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """Folder of this session's embedded servers; they are stopped at the end."""
    # Not pytest's own folder: a server that drops root's rights could lose its way into that one.
    folder = Path(tempfile.mkdtemp(prefix="clodesk-test-", dir=_roomy_memory()))
    yield folder
    stop_postgres(folder)
    stop_valkey(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_url(data_dir: Path) -> str:
    """Address of a PostgreSQL on which this session may make databases."""
    named = os.environ.get("CLODESK_DATABASE_URL")
    if named:
        return named
    url = start_postgres(data_dir)
    # What this server holds need not outlive a power cut.
    for statement in (
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET max_wal_size = '256MB'",
        "SELECT pg_reload_conf()",
    ):
        _administer(url, statement)
    return url


@pytest.fixture(scope="session")
def redis_url(data_dir: Path) -> str:
    """Address of a Redis or Valkey; skips where there is none."""
    found = os.environ.get("CLODESK_REDIS_URL") or start_valkey(data_dir)
    if found is None:
        pytest.skip("no embedded Valkey on this platform: set CLODESK_REDIS_URL")
    return found


@pytest.fixture(scope="session")
def storage_settings(data_dir: Path) -> StorageSettings:
    """Settings that no environment variable changes."""
    return StorageSettings.model_construct(
        database_url=None,
        read_database_url=None,
        redis_url=None,
        data_dir=data_dir,
        pool_size=2,
        pool_overflow=4,
        pool_timeout=10.0,
        connect_timeout=5,
        statement_timeout=0,
    )


def _with_database(server_url: str, name: str) -> str:
    return parsed_url(server_url).set(database=name).render_as_string(hide_password=False)


def _administer(server_url: str, statement: str) -> None:
    engine = create_engine(parsed_url(server_url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """A fresh database without any table."""
    name = f"clodesk_test_{secrets.token_hex(6)}"
    _administer(server_url, f"CREATE DATABASE {name}")
    yield _with_database(server_url, name)
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def template_database(server_url: str, storage_settings: StorageSettings) -> Iterator[str]:
    """A database with the schema, of which every test gets a copy."""
    name = f"clodesk_test_{secrets.token_hex(6)}"
    _administer(server_url, f"CREATE DATABASE {name}")
    engine = make_engine(parsed_url(_with_database(server_url, name)), storage_settings)
    migrate.upgrade(engine)
    engine.dispose()
    yield name
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def fresh_database(server_url: str, template: str) -> Iterator[str]:
    """The address of a copy of a database, which is dropped at the end."""
    name = f"clodesk_test_{secrets.token_hex(6)}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _with_database(server_url, name)
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(server_url: str, template_database: str) -> Iterator[str]:
    """A fresh database with the schema."""
    with fresh_database(server_url, template_database) as url:
        yield url


@pytest.fixture
def store(database_url: str, storage_settings: StorageSettings) -> Iterator[Store]:
    """A store on a fresh database."""
    opened = Store(storage_settings, database_url)
    yield opened
    opened.close()
