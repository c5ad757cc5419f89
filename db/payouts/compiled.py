"""Compiled contracts beside the versions they were made of, so that a new process need not compile a book again."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from db.payouts import identity


class CompiledRepository:
    """Compiled contracts of one transaction; the key says by which code and calendars they were made."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def load(self, references: Sequence[str], key: str) -> Iterator[tuple[str, bytes]]:
        """What is stored under this key for the newest versions of these contracts."""
        if not references:
            return
        with self._driver.cursor(binary=True) as cursor:
            cursor.execute(
                "SELECT c.contract_reference, v.compiled FROM contracts c"
                " JOIN contract_versions v ON v.contract_id = c.id AND v.version = c.version"
                " WHERE c.contract_reference = ANY(%s) AND v.compiled_key = %s",
                (list(references), key),
            )
            yield from cursor

    def save(self, compiled: Sequence[tuple[str, int, bytes]], key: str) -> None:
        """Keep (reference, version, content) under a key."""
        with self._driver.cursor() as cursor:
            cursor.executemany(
                "UPDATE contract_versions SET compiled = %s, compiled_key = %s WHERE contract_id = %s AND version = %s",
                [(content, key, identity.contract_id(name), version) for name, version, content in compiled],
            )
