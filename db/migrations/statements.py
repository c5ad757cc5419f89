"""The statements of a revision, from a text file beside the revisions."""

from pathlib import Path

from alembic import op


def run_file(name: str) -> None:
    """Execute a file of `sql` on the migration's connection, as one script and inside its transaction."""
    script = (Path(__file__).parent / "sql" / name).read_text(encoding="utf-8")
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise TypeError("revisions run on a connection of psycopg")
    with driver.cursor() as cursor:
        cursor.execute(script)
