"""Stores on databases that are gone afterwards."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from db.connection import parsed_url
from db.embedded import start_postgres
from db.settings import StorageSettings
from db.store import Store


@contextmanager
def fresh_store() -> Iterator[Store]:
    """A store on an empty database, on the server that CLODESK_DATABASE_URL names or an embedded one.

    `python -m benchmarks` gives the embedded server a folder of its own and stops it at the end.
    """
    settings = StorageSettings()
    server = os.environ.get("CLODESK_DATABASE_URL") or start_postgres(Path(settings.data_dir))
    name = f"clodesk_bench_{secrets.token_hex(4)}"
    administration = create_engine(parsed_url(server), isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        store = Store(settings, parsed_url(server).set(database=name).render_as_string(hide_password=False))
        try:
            yield store
        finally:
            store.close()
    finally:
        with administration.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        administration.dispose()
