"""Runs revisions on the connection that `db.migrate` hands over, or on CLODESK_DATABASE_URL for the alembic command."""

from alembic import context
from sqlalchemy import Connection

from db.connection import make_engine, parsed_url
from db.embedded import start_postgres
from db.models import METADATA
from db.settings import StorageSettings


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=METADATA, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def run_by_command() -> None:
    settings = StorageSettings()
    named = settings.database_url
    url = parsed_url(named.get_secret_value() if named else start_postgres(settings.data_dir))
    with make_engine(url, settings).begin() as connection:
        run(connection)


handed_over = context.config.attributes.get("connection")
if handed_over is None:
    run_by_command()
else:
    run(handed_over)
