"""Keys of the calculation server's users, and the record of what was asked of it."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret. deals: keys of the deals that it opens, None for all."""

    key_id: int
    user_name: str
    role: str
    deals: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def __post_init__(self) -> None:
        if self.deals is not None:
            object.__setattr__(self, "deals", tuple(self.deals))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One batch or command: who asked when for what, and how it went; failure is empty where it was answered."""

    asked_at: datetime
    request_id: str
    user_name: str
    client: str
    kind: str
    subject: str
    deals: tuple[str, ...]
    n_calls: int
    n_known: int
    n_errors: int
    milliseconds: float
    failure: str


_KEY = "SELECT key_id, user_name, role, deals, created_at, expires_at, revoked_at FROM api_keys"
_AUDIT_COLUMNS = ", ".join(field.name for field in fields(AuditEntry))


class AccessRepository:
    """Keys and records on one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def add_key(
        self, key_hash: str, user_name: str, role: str, deals: Sequence[str] | None, expires_at: datetime | None
    ) -> int:
        """Number of a key that is stored under the hash of its secret."""
        row = self._connection.execute(
            "INSERT INTO api_keys (key_hash, user_name, role, deals, expires_at) VALUES (%s, %s, %s, %s, %s)"
            " RETURNING key_id",
            [key_hash, user_name, role, None if deals is None else list(deals), expires_at],
        ).fetchone()
        assert row is not None  # noqa: S101 (RETURNING gives one)
        return int(row[0])

    def keys(self) -> tuple[ApiKey, ...]:
        """Every key, oldest first."""
        with self._connection.cursor(row_factory=class_row(ApiKey)) as cursor:
            return tuple(cursor.execute(f"{_KEY} ORDER BY key_id"))

    def key_of(self, key_hash: str) -> ApiKey | None:
        """The key under a hash, revoked or not."""
        with self._connection.cursor(row_factory=class_row(ApiKey)) as cursor:
            return cursor.execute(f"{_KEY} WHERE key_hash = %s", [key_hash]).fetchone()

    def revoke_key(self, key_id: int) -> bool:
        """Refuse a key from now on; whether there is such a key."""
        done = self._connection.execute(
            "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = %s", [key_id]
        )
        return done.rowcount == 1

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """Write down what was asked."""
        with self._connection.cursor() as cursor, cursor.copy(f"COPY audit_log ({_AUDIT_COLUMNS}) FROM STDIN") as copy:
            for entry in entries:
                copy.write_row([list(value) if isinstance(value, tuple) else value for value in astuple(entry)])

    def recorded(self, limit: int = 1000) -> tuple[AuditEntry, ...]:
        """What was asked last, newest first."""
        query = f"SELECT {_AUDIT_COLUMNS} FROM audit_log ORDER BY audit_id DESC LIMIT %s"  # noqa: S608 (constants)
        rows = self._connection.execute(query, [limit]).fetchall()
        names = [field.name for field in fields(AuditEntry)]
        return tuple(AuditEntry(**{**dict(zip(names, row, strict=True)), "deals": tuple(row[6])}) for row in rows)
