"""API keys: random, shown once, kept as their hash with a user, a role, deals and an end (spec 08 §15)."""

import asyncio
import secrets
import time
from collections import OrderedDict
from datetime import UTC, datetime

from engine.desk.access import ApiKey
from engine.errors import BackendError
from xl_addin.commands.declare import Role
from xl_addin.server.auth.users import User, digest, expired, not_signed_in
from xl_addin.server.door import DeskDoor

PREFIX = "clodesk_"
_FRESH = 5.0
"""Seconds for which a key is believed without a look at the database: how long a revoked one may still work."""
_MOST = 10_000


def fresh_key() -> str:
    """The secret of a fresh key: 256 random bits behind a prefix that scanners for leaked secrets can know."""
    return PREFIX + secrets.token_urlsafe(32)


class ApiKeys:
    """Users by API key. While the database is away, keys that were seen before stay good."""

    def __init__(self, door: DeskDoor) -> None:
        self._door = door
        self._seen: OrderedDict[str, tuple[float, ApiKey | None]] = OrderedDict()

    def recognises(self, credential: str) -> bool:
        """Whether it begins as our keys do."""
        return credential.startswith(PREFIX)

    async def user(self, credential: str) -> User:
        """The user of a key. Raises RequestError 401 for one that is unknown, revoked or over."""
        key = await self._key(digest(credential))
        if key is None or key.revoked_at is not None:
            raise not_signed_in("The API key is not known")
        if key.expires_at is not None and key.expires_at <= datetime.now(UTC):
            raise expired()
        deals = None if key.deals is None else frozenset(key.deals)
        return User(name=key.user_name, role=Role(key.role), deals=deals)

    async def _key(self, key_hash: str) -> ApiKey | None:
        seen_at, seen = self._seen.get(key_hash, (-_FRESH, None))
        if time.monotonic() < seen_at + _FRESH:
            return seen
        try:
            found: ApiKey | None = await asyncio.to_thread(self._door.use, lambda desk: desk.access().key_of(key_hash))
        except BackendError:
            if seen is None:
                raise
            return seen
        self._seen[key_hash] = (time.monotonic(), found)
        self._seen.move_to_end(key_hash)
        while len(self._seen) > _MOST:
            self._seen.popitem(last=False)
        return found
