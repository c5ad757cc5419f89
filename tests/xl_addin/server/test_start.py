"""Starting and ending `clodesk serve`: what it refuses, TLS beyond loopback, its log (spec 08 §15)."""

import signal
import stat
from pathlib import Path

import httpx
import orjson
import pytest

from db.store import Store
from engine.errors import InputError
from tests.xl_addin.running_server import running_server
from tests.xl_addin.server.certificates import write_certificate
from tests.xl_addin.server.conftest import BATCH, batch, settings_for
from xl_addin.server.auth.api_keys import fresh_key
from xl_addin.server.auth.users import digest
from xl_addin.server.run import bound_socket, serve
from xl_addin.server.services import Services
from xl_addin.server.settings import server_settings

QUARTER = batch(("CLO_YEAR_FRACTION", [42452, 42542]))


def test_beyond_loopback_it_needs_encryption(tmp_path: Path, database_url: str) -> None:
    """Refused with what to do."""
    with pytest.raises(InputError, match=r"CLO-3112: The server would be reachable from other machines at 0\.0"):
        Services(settings_for(tmp_path, database_url, host="0.0.0.0"))  # noqa: S104


def test_beyond_loopback_it_needs_users(tmp_path: Path, database_url: str, store: Store) -> None:
    """A key in the database or an identity provider; a revoked key is none."""
    certificate, key = write_certificate(tmp_path)
    settings = settings_for(tmp_path, database_url, host="::", tls_cert=certificate, tls_key=key)
    with store.begin() as work:
        number = work.access.add_key(digest(fresh_key()), "anna", "viewer", None, None)
        work.access.revoke_key(number)

    with pytest.raises(InputError, match=r"CLO-3113: .* knows no user"):
        Services(settings)
    Services(settings.model_copy(update={"oidc_issuer": "i", "oidc_audience": "a", "oidc_jwks_url": "https://i/keys"}))
    assert not (tmp_path / "server.token").exists()


@pytest.mark.parametrize(
    ("changes", "number"),
    [({"tls_cert": "missing.pem"}, "CLO-3125"), ({"tls_cert": __file__}, "CLO-3126")],
)
def test_half_a_certificate_is_refused(tmp_path: Path, database_url: str, changes: dict[str, str], number: str) -> None:
    """A file that is not there, and a certificate without its key."""
    with pytest.raises(InputError, match=number):
        Services(settings_for(tmp_path, database_url, **{name: Path(value) for name, value in changes.items()}))


def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its variable and its option."""
    monkeypatch.setenv("CLODESK_SERVER_PORT", "high")

    with pytest.raises(InputError, match=r"CLO-3120: The server's setting port .*CLODESK_SERVER_PORT or --port"):
        server_settings()


def test_a_port_that_is_taken_is_told(tmp_path: Path, database_url: str) -> None:
    """With the advice to choose another."""
    settings = settings_for(tmp_path, database_url)
    with bound_socket(settings) as taken:
        wanted = settings.model_copy(update={"port": taken.getsockname()[1]})

        with pytest.raises(InputError, match=r"CLO-3122: The server cannot listen on 127\.0"):
            bound_socket(wanted)


def test_it_never_runs_as_a_server_of_xlwings(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable would make xlwings ask for a licence."""
    monkeypatch.setenv("XLWINGS_ON_SERVER", "true")

    with pytest.raises(InputError, match="CLO-3104"):
        serve(settings_for(tmp_path, database_url))


def test_a_served_address_ends_cleanly_and_logs_no_secret(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """SIGTERM ends it with exit code 0; every line of the log is JSON and none holds the token."""
    with running_server(tmp_path, database_url, redis_url=redis_url) as server:
        mode = stat.S_IMODE((tmp_path / "server.token").stat().st_mode)
        with server.client() as client:
            answered = client.post(f"{BATCH}?token={server.token}", json=QUARTER)
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(30)
    lines = [orjson.loads(line) for line in server.log.read_text().splitlines()]

    assert answered.json()["results"] == [{"v": 0.25}]
    assert (mode, code) == (0o600, 0)
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["path"], line["status"], line["calls"]) for line in requests] == [(BATCH, 200, 1)]
    assert server.token not in server.log.read_text()


def test_beyond_loopback_it_serves_with_encryption_and_keys(
    tmp_path: Path, database_url: str, redis_url: str, store: Store
) -> None:
    """The token of the machine is none there; cookies are for encrypted connections only."""
    secret = fresh_key()
    with store.begin() as work:
        work.access.add_key(digest(secret), "anna", "analyst", None, None)
    certificate, key = write_certificate(tmp_path)
    options = ("--host", "0.0.0.0", "--tls-cert", str(certificate), "--tls-key", str(key))  # noqa: S104
    with running_server(tmp_path, database_url, redis_url=redis_url, options=options) as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        with httpx.Client(base_url=url, verify=False, timeout=30.0) as client:  # noqa: S501
            answered = client.post(BATCH, json=QUARTER, headers={"Authorization": f"Bearer {secret}"})
            opened = client.post("/session", json={"token": secret})
            strange = client.post(BATCH, json=QUARTER, headers={"Authorization": "Bearer guess"})

    assert url.startswith("https://")
    assert answered.json()["results"] == [{"v": 0.25}]
    assert answered.headers["strict-transport-security"] == "max-age=31536000"
    assert "Secure" in opened.headers["set-cookie"]
    assert strange.status_code == 401
    assert server.token == ""
