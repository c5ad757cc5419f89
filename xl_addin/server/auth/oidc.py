"""OIDC: bearer tokens that the organisation's identity provider signed (spec 08 §15)."""

import asyncio
from typing import Any

import jwt
from jwt import PyJWKClient

from db.identifiers import deal_key
from engine.errors import BackendError
from xl_addin.server.auth.users import User, expired, highest_role, not_signed_in
from xl_addin.server.errors import RequestError
from xl_addin.server.settings import ServerSettings

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"]
"""Signatures with a public key only: `none` and shared secrets would let a client sign for itself."""
_SKEW = 60
_TIMEOUT = 5


class Oidc:
    """Users by token of one issuer."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._keys = PyJWKClient(settings.oidc_jwks_url, cache_keys=True, lifespan=300, timeout=_TIMEOUT)

    def recognises(self, credential: str) -> bool:
        """Whether it has the three parts of a signed token."""
        return credential.count(".") == 2

    async def user(self, credential: str) -> User:
        """The user of a token. Raises RequestError 401 for one that is wrong or over, 403 for one without a role."""
        claims = await asyncio.to_thread(self._claims, credential)
        role = highest_role(_items(claims.get(self._settings.oidc_role_claim)))
        if role is None:
            raise RequestError(
                "CLO-3124",
                "The sign-in gives no role",
                status=403,
                remedy=f"Ask an administrator for viewer, analyst, manager or admin in"
                f" {self._settings.oidc_role_claim!r}.",
            )
        deals = claims.get(self._settings.oidc_deals_claim)
        name = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
        return User(
            name=name[:200],
            role=role,
            deals=None if deals is None else frozenset(map(deal_key, _items(deals))),
        )

    def _claims(self, credential: str) -> dict[str, Any]:
        try:
            key = self._keys.get_signing_key_from_jwt(credential)
            return jwt.decode(
                credential,
                key,
                algorithms=_ALGORITHMS,
                audience=self._settings.oidc_audience,
                issuer=self._settings.oidc_issuer,
                leeway=_SKEW,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise expired() from None
        except jwt.PyJWKClientConnectionError as error:
            raise BackendError(
                "CLO-3118",
                "The identity provider cannot be reached",
                where=self._settings.oidc_jwks_url,
                remedy="Try again in a moment.",
            ) from error
        except (jwt.PyJWKClientError, jwt.PyJWKSetError, jwt.InvalidTokenError) as error:
            raise not_signed_in(f"The sign-in is not good: {error}") from None


def _items(claim: Any) -> list[str]:
    """A claim that is a list, or a text with commas."""
    if isinstance(claim, str):
        return claim.split(",")
    return [str(item) for item in claim] if isinstance(claim, list) else []
