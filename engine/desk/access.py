"""Access to the calculation server: keys of its users, and the record of what was asked of it."""

from collections.abc import Sequence
from datetime import datetime

from db.access import ApiKey as ApiKey
from db.access import AuditEntry as AuditEntry
from db.identifiers import deal_key
from db.store import Store
from engine.errors import InputError


class Access:
    """Keys and records of one database. Every call raises BackendError while that is out of reach."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_key(
        self, key_hash: str, user: str, role: str, deals: Sequence[str] | None, expires_at: datetime | None
    ) -> int:
        """Number of a key that is stored under the hash of its secret; deals in any spelling, None for all."""
        keys = None if deals is None else [deal_key(deal) for deal in deals]
        with self._store.begin() as work:
            return work.access.add_key(key_hash, user, role, keys, expires_at)

    def keys(self) -> tuple[ApiKey, ...]:
        """Every key, oldest first."""
        with self._store.read() as work:
            return work.access.keys()

    def key_of(self, key_hash: str) -> ApiKey | None:
        """The key under the hash of its secret, revoked or not."""
        with self._store.read() as work:
            return work.access.key_of(key_hash)

    def revoke_key(self, key_id: int) -> None:
        """Refuse a key from now on. Raises InputError CLO-3123 where there is no such key."""
        with self._store.begin() as work:
            if not work.access.revoke_key(key_id):
                raise InputError(
                    "CLO-3123", f"There is no key {key_id}", remedy="`clodesk keys list` shows those there are."
                )

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """Write down what was asked."""
        with self._store.begin() as work:
            work.access.record(entries)

    def recorded(self, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """What was asked last, newest first."""
        with self._store.read() as work:
            return work.access.recorded(limit)
