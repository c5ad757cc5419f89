"""Tokens of an identity provider: a local one that serves its keys, and every way to be wrong (spec 08 §15)."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from tests.conftest import fresh_database
from tests.xl_addin.server.certificates import private_key
from tests.xl_addin.server.conftest import BATCH, Live, batch, live_server, settings_for

ISSUER = "https://login.example/tenant"
AUDIENCE = "api://clodesk"
KEY, OTHER_KEY = private_key(), private_key()

Signed = Callable[..., str]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Address of the keys of an identity provider."""
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    body = json.dumps({"keys": [{**jwk, "kid": "one", "use": "sig", "alg": "RS256"}]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/keys"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def live(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template_database: str, provider: str
) -> Iterator[Live]:
    """A server that believes that provider."""
    folder = tmp_path_factory.mktemp("oidc")
    with fresh_database(server_url, template_database) as url:
        settings = settings_for(folder, url, oidc_issuer=ISSUER, oidc_audience=AUDIENCE, oidc_jwks_url=provider)
        with live_server(settings) as started:
            yield started


def signed(key: Any = KEY, algorithm: str = "RS256", kid: str = "one", **changes: Any) -> str:
    """A token, good but for the changes; a claim that is None is left out."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "u-1",
        "preferred_username": "anna@example",
        "roles": ["analyst"],
        "exp": time.time() + 86_400,
        **changes,
    }
    given = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(given, key, algorithm=algorithm, headers={"kid": kid})


def test_a_good_token_signs_in_with_its_role(live: Live) -> None:
    """The highest role that the claim names counts; deals are open unless a claim lists them."""
    with live.client(signed(roles=["viewer", "MANAGER", "unknown"])) as client:
        every = client.get("/session").json()
    with live.client(signed(deals=["Mag 17", "Mag 16"])) as client:
        some = client.get("/session").json()

    assert every == {"user": "anna@example", "role": "manager", "deals": None}
    assert some["deals"] == ["MAG16", "MAG17"]


def test_the_skew_of_clocks_is_forgiven(live: Live) -> None:
    """Half a minute past its end a token is good."""
    with live.client(signed(exp=time.time() - 30)) as client:
        assert client.get("/session").status_code == 200


@pytest.mark.parametrize(
    ("token", "number"),
    [
        (signed(exp=time.time() - 120), "CLO-3114"),
        (signed(aud="api://other"), "CLO-3110"),
        (signed(iss="https://elsewhere"), "CLO-3110"),
        (signed(key=OTHER_KEY), "CLO-3110"),
        (signed(kid="unknown"), "CLO-3110"),
        (signed(sub=None), "CLO-3110"),
        (signed(exp=None), "CLO-3110"),
        (signed(nbf=time.time() + 80_000), "CLO-3110"),
        (signed(key="", algorithm="none"), "CLO-3110"),
        (signed()[:-4] + "AAAA", "CLO-3110"),
        ("not.a.token", "CLO-3110"),
    ],
    ids="expired audience issuer key kid subject endless early unsigned signature nonsense".split(),  # noqa: SIM905
)
def test_a_wrong_token_is_refused(live: Live, token: str, number: str) -> None:
    """Each with its number, none with a trace of what is inside."""
    with live.client(token) as client:
        answered = client.post(BATCH, json=batch())

    assert answered.status_code == 401
    assert answered.json()["m"].startswith(number)
    assert "anna" not in answered.text


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(live: Live) -> None:
    """The classic confusion of algorithms."""
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header, claims, _ = signed().split(".")
    forged_header = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "kid": "one", "typ": "JWT"}).encode())
    content = forged_header + b"." + claims.encode()
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(content, public[:40])
    assert header

    with live.client((content + b"." + jwt.utils.base64url_encode(signature)).decode()) as client:
        assert client.get("/session").json()["m"].startswith("CLO-3110")


def test_a_token_without_a_role_is_told_so(live: Live) -> None:
    """403: signed in, and nothing is open."""
    with live.client(signed(roles=["janitor"])) as client:
        answered = client.get("/session")

    assert answered.status_code == 403
    assert answered.json()["m"].startswith("CLO-3124: The sign-in gives no role")


def test_a_provider_that_is_away_is_no_wrong_token(tmp_path_factory: pytest.TempPathFactory, live: Live) -> None:
    """503: the same token is good later."""
    storage = live.services.settings.storage
    assert storage.database_url is not None
    settings = settings_for(
        tmp_path_factory.mktemp("away"),
        storage.database_url.get_secret_value(),
        oidc_issuer=ISSUER,
        oidc_audience=AUDIENCE,
        oidc_jwks_url="http://127.0.0.1:1/keys",
    )
    with live_server(settings) as lonely, lonely.client(signed()) as client:
        answered = client.get("/session")

    assert answered.status_code == 503
    assert answered.json()["e"] == "#N/A"
    assert answered.json()["m"].startswith("CLO-3118: ")
