"""What must be in order before a server that others can reach starts (spec 08 §15)."""

from engine.errors import InputError
from xl_addin.server.door import DeskDoor
from xl_addin.server.settings import ServerSettings


def check(settings: ServerSettings, door: DeskDoor) -> None:
    """Raise InputError for a server that would be open: CLO-3112 without TLS, CLO-3113 without known users.

    Beyond loopback the keys in the database count, so that it has to be within reach.
    """
    _check_files(settings)
    if settings.is_loopback:
        return
    if not settings.has_tls:
        raise InputError(
            "CLO-3112",
            f"The server would be reachable from other machines at {settings.host} without encryption",
            where="--tls-cert, --tls-key",
            remedy="Give certificate and key as PEM files, or listen on 127.0.0.1.",
        )
    if not settings.has_oidc and not _has_keys(door):
        raise InputError(
            "CLO-3113",
            f"The server would be reachable from other machines at {settings.host} and knows no user",
            where="--host",
            remedy="Add one with `clodesk keys add NAME`, or name an identity provider in CLODESK_SERVER_OIDC_ISSUER,"
            " CLODESK_SERVER_OIDC_AUDIENCE and CLODESK_SERVER_OIDC_JWKS_URL.",
        )


def _check_files(settings: ServerSettings) -> None:
    for path in (settings.tls_cert, settings.tls_key):
        if path is not None and not path.is_file():
            raise InputError(
                "CLO-3125", f"There is no file {path}", where="--tls-cert, --tls-key", remedy="Correct its name."
            )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise InputError(
            "CLO-3126",
            "A certificate and its key belong together",
            where="--tls-cert, --tls-key",
            remedy="Give both files, or neither.",
        )


def _has_keys(door: DeskDoor) -> bool:
    return any(key.revoked_at is None for key in door.use(lambda desk: desk.access().keys()))
