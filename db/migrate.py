"""Bringing the schema of a database to the revision that this version of clodesk needs, or back to nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text

from db.connection import driver_connection
from engine.errors import BackendError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0011"
"""Newest schema revision; a constant, so that a start on a current schema need not load the migration library."""

_LOCK = 3_001_001


def script_location() -> Path:
    return Path(__file__).parent / "migrations"


def config_for(connection: Connection) -> "Config":
    """Configuration of Alembic for one open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(script_location()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def schema_revision(connection: Connection) -> str | None:
    """Revision the database stands at; None for one without our schema."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to a revision, in one transaction; processes that start together wait for each other.

    At the newest revision the table of compliance tests is filled from the catalogue.
    """
    from alembic import command

    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(config_for(connection), revision)
        if revision in ("head", HEAD):
            from db.compliance_rows import keep_catalogue

            keep_catalogue(driver_connection(connection))


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the schema back to a revision, in one transaction; the data of what goes are lost."""
    from alembic import command

    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.downgrade(config_for(connection), revision)


def require_current(connection: Connection, address: str) -> None:
    """Raise BackendError CLO-3004 unless the schema is at the revision this version needs."""
    found = schema_revision(connection)
    if found != HEAD:
        state = "has no schema of clodesk" if found is None else f"is at schema revision {found}, not {HEAD}"
        raise BackendError(
            "CLO-3004", f"The database {state}", where=address, remedy="Run `clodesk db upgrade` as its owner."
        )
