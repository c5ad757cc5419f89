"""Users: a name, a role, and the deals that are open to them."""

import hashlib
from dataclasses import dataclass

from db.identifiers import deal_key
from xl_addin.commands.declare import Role
from xl_addin.server.errors import RequestError

_RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who calls. deals: keys of the deals that are open to them, None for all."""

    name: str
    role: Role
    deals: frozenset[str] | None = None

    def may(self, role: Role) -> bool:
        """Whether the user's role includes another."""
        return _RANK[self.role] >= _RANK[role]

    def may_see(self, deal: str) -> bool:
        """Whether a deal, in any spelling, is open to the user."""
        return self.deals is None or deal_key(deal) in self.deals


def highest_role(words: list[str]) -> Role | None:
    """The highest of the roles that words name, None where none does."""
    named = [role for role in Role if role.value in {word.strip().lower() for word in words}]
    return named[-1] if named else None


def digest(secret: str) -> str:
    """SHA-256 of a secret, as hex: secrets of 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def not_signed_in(problem: str) -> RequestError:
    """401 for a call without a credential, or with one that is not known."""
    return RequestError(
        "CLO-3110",
        problem,
        status=401,
        remedy="Sign in again; on this machine `clodesk token show` prints the token.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def expired() -> RequestError:
    """401 for a credential that was good once."""
    return RequestError(
        "CLO-3114",
        "The sign-in has expired",
        status=401,
        remedy="Sign in again, or ask an administrator for another key.",
        headers={"WWW-Authenticate": "Bearer"},
    )
