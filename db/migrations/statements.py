"""The statements of a revision, from a text file beside the revisions."""

from pathlib import Path
from typing import Any

import psycopg
from alembic import op


def run_file(name: str) -> None:
    """Execute a file of `sql` on the migration's connection, as one script and inside its transaction."""
    script = (Path(__file__).parent / "sql" / name).read_text(encoding="utf-8")
    with migrating_driver().cursor() as cursor:
        cursor.execute(script.encode())


def migrating_driver() -> psycopg.Connection[Any]:
    """The driver's connection that the migration runs on, for what statements alone cannot do."""
    driver = op.get_bind().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("revisions run on a connection of psycopg")
    return driver
