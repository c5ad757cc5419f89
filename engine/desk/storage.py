"""Where the data are, and bringing the schema up to date."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from db import migrate
from db.connection import driver_errors, make_engine, parsed_url, shown_address
from db.embedded import start_postgres, stop_postgres, stop_valkey
from db.payouts import archive
from db.payouts.partitions import archived_years, misplaced_rows, place_rows
from db.settings import StorageSettings, settings_of_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageStatus:
    """Address of the database without its password, the schema's revision (empty for none) and the one needed.

    misplaced: daily rows of swaps that lie in no year's partition, by table; empty where every row has its place.
    archived: years whose daily rows of swaps were put aside.
    """

    address: str
    is_embedded: bool
    revision: str
    needed: str
    cache: str
    misplaced: Mapping[str, int]
    archived: tuple[int, ...]

    @property
    def is_current(self) -> bool:
        """Whether the schema is the one this version needs."""
        return self.revision == self.needed


def storage_status(settings: StorageSettings | None = None, *, upgrade: bool = False) -> StorageStatus:
    """Look at the database, starting the embedded one where none is named; upgrade brings its schema up to date.

    With upgrade daily rows of swaps that lie in no year's partition are moved into one.

    Raises BackendError when the server is out of reach.
    """
    settings = settings or settings_of_environment()
    with _opened(settings) as engine:
        if upgrade:
            migrate.upgrade(engine)
            with engine.begin() as connection:
                place_rows(connection)
        with engine.connect() as connection:
            revision = migrate.schema_revision(connection)
            is_current = revision == migrate.HEAD
            found = misplaced_rows(connection) if is_current else {}
            archived = archived_years(connection) if is_current else ()
    return StorageStatus(
        address=shown_address(engine.url),
        is_embedded=settings.database_url is None,
        revision=revision or "",
        needed=migrate.HEAD,
        cache="embedded" if settings.redis_url is None else "CLODESK_REDIS_URL",
        misplaced={table: n for table, n in found.items() if n},
        archived=archived,
    )


@contextmanager
def _opened(settings: StorageSettings) -> Iterator[Engine]:
    """Connections to the database, starting the embedded one where none is named."""
    if settings.database_url is None:
        address = start_postgres(settings.data_dir)
    else:
        address = settings.database_url.get_secret_value()
    url = parsed_url(address)
    engine = make_engine(url, settings)
    try:
        with driver_errors(url):
            yield engine
    finally:
        engine.dispose()


def archive_year(year: int, settings: StorageSettings | None = None) -> tuple[str, ...]:
    """Put the daily rows of swaps of an old year aside; names of the tables that hold them. Needs the schema's owner.

    InputError CLO-3035 for a year that the book still needs, and as in `db.payouts.archive`.
    """
    with _opened(settings or settings_of_environment()) as engine, engine.begin() as connection:
        return archive.archive_year(connection, year)


def restore_year(year: int, settings: StorageSettings | None = None) -> None:
    """Bring the daily rows of an archived year back. InputError CLO-3035 for one that is not archived."""
    with _opened(settings or settings_of_environment()) as engine, engine.begin() as connection:
        archive.restore_year(connection, year)


def upgrade_storage(settings: StorageSettings | None = None) -> StorageStatus:
    """Bring the schema up to date and say where it stands."""
    return storage_status(settings, upgrade=True)


def stop_storage(settings: StorageSettings | None = None) -> bool:
    """Stop the embedded servers; whether any was running."""
    settings = settings or settings_of_environment()
    stopped_postgres = stop_postgres(settings.data_dir)
    return stop_valkey(settings.data_dir) or stopped_postgres
