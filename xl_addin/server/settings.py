"""Settings of the calculation server, from the environment (`CLODESK_SERVER_...`) and the command line."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.settings import StorageSettings, settings_of_environment
from engine.errors import InputError

DEFAULT_PORT = 8765


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ServerSettings(BaseSettings):
    """Where the server listens, whom it believes, what it allows; times in seconds.

    n_workers: processes for heavy calls, and jobs at once. requests_per_second, burst: of one user. oidc_role_claim and
    oidc_deals_claim name the claims that hold a user's role and, where not every deal is open, the deals.
    """

    model_config = SettingsConfigDict(env_prefix="CLODESK_SERVER_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    oidc_issuer: str = ""
    oidc_audience: str = ""
    oidc_jwks_url: str = ""
    oidc_role_claim: str = "roles"
    oidc_deals_claim: str = "deals"
    allowed_origins: tuple[str, ...] = ()
    n_workers: int = Field(default_factory=_cores, ge=1)
    batch_seconds: float = Field(default=25.0, gt=0)
    requests_per_second: float = Field(default=2_000.0, gt=0)
    burst: int = Field(default=10_000, ge=1)
    storage: StorageSettings = Field(default_factory=settings_of_environment)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def has_tls(self) -> bool:
        return self.tls_cert is not None and self.tls_key is not None

    @property
    def has_oidc(self) -> bool:
        return bool(self.oidc_issuer and self.oidc_audience and self.oidc_jwks_url)


def server_settings(**given: Any) -> ServerSettings:
    """Settings of the environment with those that are given in their place, None meaning not given.

    Raises InputError CLO-3120 for a value that cannot be used.
    """
    try:
        return ServerSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "the settings"
        raise InputError(
            "CLO-3120",
            f"The server's setting {name} cannot be used: {first['msg']}",
            where=f"CLODESK_SERVER_{name.upper()} or --{name.replace('_', '-')}",
            remedy="Correct it, or leave it out to use the value clodesk has for it.",
        ) from None
