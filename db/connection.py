"""Connections to PostgreSQL: the pool, addresses without secrets, and driver failures as clodesk errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, exc, make_url

from db.settings import StorageSettings
from engine.errors import BackendError, ClodeskError, InputError

_PASSWORD = re.compile(r"(?i)(password\s*[=:]\s*)\S+")


def parsed_url(text: str) -> URL:
    """The address with the psycopg driver; `postgres://` and bare `postgresql://` are accepted.

    Raises InputError CLO-3023 for text that is no PostgreSQL address; the text itself is not shown, it may hold a
    password.
    """
    try:
        url = make_url(re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg://", text.strip()))
    except (exc.ArgumentError, ValueError):
        url = None
    if url is None or url.drivername != "postgresql+psycopg":
        raise InputError(
            "CLO-3023",
            "The database address is not a PostgreSQL address",
            where="CLODESK_DATABASE_URL",
            remedy="Write postgresql://user:password@host:5432/database.",
        )
    return url


def shown_address(url: URL) -> str:
    """The address for people and logs: no password, wherever in the address it stands."""
    secret_free = {key: value for key, value in url.query.items() if "password" not in key.lower()}
    plain = url.set(drivername="postgresql", query=secret_free)
    return plain.render_as_string(hide_password=True)


def make_engine(url: URL, settings: StorageSettings, *, read_only: bool = False) -> Engine:
    """A pool of connections; dead ones are noticed before use. Nothing connects yet."""
    options = f"-c statement_timeout={settings.statement_timeout * 1000}"
    if read_only:
        options += " -c default_transaction_read_only=on"
    arguments: dict[str, str | int] = {"connect_timeout": settings.connect_timeout}
    if "options" not in url.query:
        arguments["options"] = options
    return create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout,
        pool_pre_ping=True,
        pool_use_lifo=True,
        connect_args=arguments,
        hide_parameters=True,
    )


def driver_connection(connection: Connection) -> psycopg.Connection[tuple[object, ...]]:
    """The psycopg connection under a SQLAlchemy one, for COPY inside the same transaction."""
    found = connection.connection.driver_connection
    if not isinstance(found, psycopg.Connection):
        raise TypeError("the connection is not one of psycopg")
    return found


@contextmanager
def driver_errors(url: URL) -> Iterator[None]:
    """Turn failures of the driver into clodesk errors that name the address and never a password.

    CLO-3002 the server is out of reach; CLO-3007 a constraint of the schema rejects the data; CLO-3008 a value does
    not fit its column; CLO-3009 anything else the server reports.
    """
    try:
        yield
    except ClodeskError:
        raise
    except (exc.DBAPIError, exc.TimeoutError, psycopg.Error) as error:
        raise _translated(error, url) from error


def _translated(error: Exception, url: URL) -> ClodeskError:
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    place = shown_address(url)
    text = _without_secrets(cause, url)
    if isinstance(cause, psycopg.errors.IntegrityError):
        return InputError(
            "CLO-3007", f"The database rejects the data: {text}", where=place, remedy="Nothing was stored."
        )
    if isinstance(cause, psycopg.errors.DataError):
        return InputError(
            "CLO-3008", f"A value does not fit its column: {text}", where=place, remedy="Nothing was stored."
        )
    if isinstance(cause, psycopg.OperationalError | exc.TimeoutError):
        return BackendError(
            "CLO-3002",
            f"PostgreSQL cannot be reached: {text}",
            where=place,
            remedy="Start the server, or correct CLODESK_DATABASE_URL; without it clodesk uses its own server.",
        )
    return BackendError("CLO-3009", f"PostgreSQL reports: {text}", where=place, remedy="Nothing was stored.")


def _without_secrets(cause: BaseException, url: URL) -> str:
    diagnostic = getattr(cause, "diag", None)
    message = getattr(diagnostic, "message_primary", None) or str(cause)
    first_line = message.strip().splitlines()[0].rstrip(".") if message.strip() else type(cause).__name__
    secrets = [str(url.password)] if url.password else []
    secrets += [str(value) for key, value in url.query.items() if "password" in key.lower()]
    for secret in secrets:
        first_line = first_line.replace(secret, "***")
    return _PASSWORD.sub(r"\1***", first_line)
