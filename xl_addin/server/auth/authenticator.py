"""From the credential of a request to its user (spec 08 §15)."""

import getpass
import secrets
from typing import Protocol

from fastapi import Request

from xl_addin.commands.declare import Role
from xl_addin.server.auth.sessions import COOKIE, Sessions, require_header
from xl_addin.server.auth.token_file import TokenFile
from xl_addin.server.auth.users import User, not_signed_in


class Provider(Protocol):
    """One way to know a user by a credential."""

    def recognises(self, credential: str) -> bool:
        """Whether a credential has the form of this provider's."""

    async def user(self, credential: str) -> User:
        """The user of a credential. Raises RequestError for one that is not good."""


class MachineToken:
    """The token of this machine: whoever can read its file is the user who owns the server."""

    def __init__(self, file: TokenFile) -> None:
        self._file = file
        try:
            self._name = getpass.getuser()
        except (KeyError, OSError):
            # A container may run as a number without a name.
            self._name = "owner"

    def recognises(self, credential: str) -> bool:
        return True

    async def user(self, credential: str) -> User:
        if not secrets.compare_digest(credential.encode(), self._file.token().encode()):
            raise not_signed_in("The token is not the one of this server")
        return User(name=self._name, role=Role.ADMIN)


class Authenticator:
    """The users that a server knows."""

    def __init__(self, providers: list[Provider]) -> None:
        self._providers = providers
        self.sessions = Sessions()

    async def user(self, request: Request) -> User:
        """The user of a request. Raises RequestError, 401 for a call without a good credential."""
        header = request.headers.get("authorization", "")
        if header:
            scheme, _, credential = header.partition(" ")
            if scheme.lower() != "bearer" or not credential.strip():
                raise not_signed_in("The credential is not a bearer token")
            return await self.user_of(credential.strip())
        session = request.cookies.get(COOKIE)
        kept = None if session is None else self.sessions.credential(session)
        if kept is None:
            raise not_signed_in("The call has no credential")
        require_header(request)
        return await self.user_of(kept)

    async def user_of(self, credential: str) -> User:
        """The user of a credential."""
        for provider in self._providers:
            if provider.recognises(credential):
                return await provider.user(credential)
        raise not_signed_in("The credential is not of a kind that this server knows")
