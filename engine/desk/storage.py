"""Where the data are, and bringing the schema up to date."""

from collections.abc import Mapping
from dataclasses import dataclass

from db import migrate
from db.connection import driver_errors, make_engine, parsed_url, shown_address
from db.embedded import start_postgres, stop_postgres, stop_valkey
from db.payouts.partitions import misplaced_rows, place_rows
from db.settings import StorageSettings, settings_of_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageStatus:
    """Address of the database without its password, the schema's revision (empty for none) and the one needed.

    misplaced: daily rows of swaps that lie in no year's partition, by table; empty where every row has its place.
    """

    address: str
    is_embedded: bool
    revision: str
    needed: str
    cache: str
    misplaced: Mapping[str, int]

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
    is_embedded = settings.database_url is None
    if settings.database_url is None:
        address = start_postgres(settings.data_dir)
    else:
        address = settings.database_url.get_secret_value()
    url = parsed_url(address)
    engine = make_engine(url, settings)
    try:
        with driver_errors(url):
            if upgrade:
                migrate.upgrade(engine)
                with engine.begin() as connection:
                    place_rows(connection)
            with engine.connect() as connection:
                revision = migrate.schema_revision(connection)
                found = misplaced_rows(connection) if revision == migrate.HEAD else {}
    finally:
        engine.dispose()
    return StorageStatus(
        address=shown_address(url),
        is_embedded=is_embedded,
        revision=revision or "",
        needed=migrate.HEAD,
        cache="embedded" if settings.redis_url is None else "CLODESK_REDIS_URL",
        misplaced={table: n for table, n in found.items() if n},
    )


def upgrade_storage(settings: StorageSettings | None = None) -> StorageStatus:
    """Bring the schema up to date and say where it stands."""
    return storage_status(settings, upgrade=True)


def stop_storage(settings: StorageSettings | None = None) -> bool:
    """Stop the embedded servers; whether any was running."""
    settings = settings or settings_of_environment()
    stopped_postgres = stop_postgres(settings.data_dir)
    return stop_valkey(settings.data_dir) or stopped_postgres
