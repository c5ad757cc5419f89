"""Who may call: the token of the machine, API keys, sessions, limits of rate (spec 08 §15)."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from engine.desk.desk import Desk
from engine.desk.versions import DataVersions
from engine.errors import InputError
from tests.xl_addin.server.conftest import BATCH, Live, StartServer, batch, settings_for
from xl_addin.server.auth import api_keys
from xl_addin.server.auth.api_keys import fresh_key
from xl_addin.server.auth.token_file import TokenFile
from xl_addin.server.auth.users import digest
from xl_addin.server.services import Services

QUARTER = batch(("CLO_YEAR_FRACTION", [42452, 42542]))
PROTECTED = ["/api/v1/macros", "/api/v1/jobs", "/metrics", "/session"]
OPEN = ["/healthz", "/version", "/api/v1/udf", "/api/v1/udf/CLO_DAYS", "/help/CLO_DAYS", "/help", "/openapi.json"]


def add_key(live: Live, role: str = "viewer", deals: list[str] | None = None, until: datetime | None = None) -> str:
    """The secret of a fresh key."""
    secret = fresh_key()
    live.services.door.desk().access().add_key(digest(secret), "anna", role, deals, until)
    return secret


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", "Basic abc", "Bearer a.b.c", "Bearer clodesk_x"]
)
def test_a_call_without_a_good_credential_is_refused(live: Live, header: str | None) -> None:
    """401 with the error object of cells, and what to do."""
    with live.stranger() as stranger:
        answered = stranger.post(BATCH, json=QUARTER, headers={} if header is None else {"Authorization": header})

    assert answered.status_code == 401
    assert answered.headers["www-authenticate"] == "Bearer"
    assert answered.json()["e"] == "#VALUE!"
    assert answered.json()["m"].startswith("CLO-3110: ")


@pytest.mark.parametrize("path", PROTECTED)
def test_data_are_behind_the_sign_in(live: Live, path: str) -> None:
    """Nothing that tells of data or users is open."""
    with live.stranger() as stranger:
        assert stranger.get(path).status_code == 401


@pytest.mark.parametrize("path", OPEN)
def test_the_catalogue_is_open(live: Live, path: str) -> None:
    """Texts about functions are for everyone who reaches the server."""
    with live.stranger() as stranger:
        assert stranger.get(path).status_code == 200


def test_a_rotated_token_counts_at_once(start_server: StartServer) -> None:
    """The one before is refused from the next call on."""
    with start_server() as live, live.client() as client:
        before = client.post(BATCH, json=QUARTER).status_code
        fresh = TokenFile(live.services.settings.storage.data_dir).rotate()
        after = client.post(BATCH, json=QUARTER).status_code
        with live.client(fresh) as other:
            again = other.post(BATCH, json=QUARTER).status_code

    assert (before, after, again) == (200, 401, 200)


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_a_token_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    """Its file is private when it is made, and refused once it is not."""
    file = TokenFile(tmp_path)
    file.make()
    mode = file.path.stat().st_mode & 0o777
    file.path.chmod(0o640)

    assert mode == 0o600
    with pytest.raises(InputError, match="CLO-3111: Others can read the token of the server"):
        TokenFile(tmp_path).make()
    with pytest.raises(InputError, match="CLO-3111"):
        Services(settings_for(tmp_path, "postgresql://nowhere/none"))


def test_a_key_is_stored_as_its_hash_and_works(live: Live) -> None:
    """What the database holds cannot be used to sign in."""
    secret = add_key(live)
    stored = live.services.door.desk().access().key_of(digest(secret))

    with live.client(secret) as client, live.client(digest(secret)) as thief:
        assert client.get("/session").json() == {"user": "anna", "role": "viewer", "deals": None}
        assert thief.get("/session").status_code == 401
    assert stored is not None
    assert secret not in str(stored)


def test_a_revoked_key_is_refused(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as what was seen of it is looked up again."""
    monkeypatch.setattr(api_keys, "_FRESH", 0.0)
    secret = add_key(live)
    access = live.services.door.desk().access()
    with live.client(secret) as client:
        before = client.get("/session").status_code
        access.revoke_key(access.keys()[-1].key_id)
        after = client.get("/session")

    assert before == 200
    assert after.status_code == 401
    assert after.json()["m"].startswith("CLO-3110: The API key is not known")


def test_an_expired_key_says_so(live: Live) -> None:
    """Another number than for a wrong one: the remedy is another."""
    with live.client(add_key(live, until=datetime.now(UTC) - timedelta(minutes=1))) as client:
        answered = client.get("/session")

    assert answered.status_code == 401
    assert answered.json()["m"].startswith("CLO-3114: The sign-in has expired")


def test_a_key_of_some_deals_sees_no_other(live: Live) -> None:
    """Another deal and functions over all deals are denied; functions without data are not."""
    calls = batch(
        ("CLO_DEAL", ["Mag 17"]), ("CLO_DEAL", [[["MAG-16"]]]), ("CLO_DEALS", []), ("CLO_DAYS", [42452, 42542])
    )
    with live.client(add_key(live, deals=["mag 17"])) as client:
        mine, other, every, light = client.post(BATCH, json=calls).json()["results"]

    assert "CLO-3115" not in mine["m"]
    assert other == {
        "e": "#VALUE!",
        "m": "CLO-3115: Access to MAG-16 is denied, at CLO_DEAL. Ask an administrator to open the deal to you.",
    }
    assert every["m"].startswith("CLO-3115: Access to CLO_DEALS over all deals is denied")
    assert light == {"v": 90}


def test_a_closed_deal_stands_in_no_table_of_trades(live: Live) -> None:
    """Trades of an open deal may not carry those of a closed one along."""
    trades = [["Mag 17", "BUY", "BL1", 1e6, 99.0], ["mag16", "SELL", "BL2", 1e6, 99.0]]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Desk, "data_versions", lambda _self: DataVersions({"MAG16": 1, "MAG17": 1}))
        with live.client(add_key(live, deals=["Mag 17"])) as client:
            calls = batch(("CLO_HYPO_TRADES", ["Mag 17", trades]))
            answered = client.post(BATCH, json=calls).json()

    assert answered["results"][0]["m"].startswith("CLO-3115: Access to mag16 is denied")
    assert answered["dv"] == {"MAG17": 1}


def test_a_command_needs_its_role_and_an_open_deal(live: Live) -> None:
    """A viewer runs no cash flows; an analyst of one deal runs none of another."""
    named = {"cells": {"clo_deal": "Mag 16"}}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Desk, "data_versions", lambda _self: DataVersions({"MAG16": 1, "MAG17": 1}))
        with live.client(add_key(live)) as viewer, live.client(add_key(live, "analyst", ["Mag 17"])) as analyst:
            too_low = viewer.post("/api/v1/macro/clo_run_waterfall", json=named)
            closed = analyst.post("/api/v1/macro/clo_run_waterfall", json=named)
            every = analyst.post("/api/v1/macro/clo_run_compliance_all", json={})

    assert too_low.status_code == 403
    assert too_low.json()["m"].startswith("CLO-3116: ")
    assert closed.json()["m"].startswith("CLO-3115: Access to MAG16 is denied")
    assert every.json()["m"].startswith("CLO-3115: ")


def test_a_session_needs_the_header_to_change_anything(live: Live) -> None:
    """A cookie alone reads; what changes needs X-Clodesk, which another site cannot send."""
    with live.stranger() as browser:
        opened = browser.post("/session", json={"token": live.token})
        reading = browser.get("/session").status_code
        forged = browser.post(BATCH, json=QUARTER)
        meant = browser.post(BATCH, json=QUARTER, headers={"X-Clodesk": "1"})
        left = browser.delete("/session", headers={"X-Clodesk": "1"}).status_code
        after = browser.get("/session").status_code

    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert live.token not in cookie
    assert (reading, forged.status_code, meant.status_code, left, after) == (200, 403, 200, 204, 401)
    assert forged.json()["m"].startswith("CLO-3117: ")


def test_a_session_of_a_wrong_token_is_not_opened(live: Live) -> None:
    """Signing in is judged as every call is."""
    with live.stranger() as browser:
        wrong = browser.post("/session", json={"token": "wrong"})
        none = browser.post("/session", json={})

    assert (wrong.status_code, none.status_code) == (401, 400)
    assert "set-cookie" not in wrong.headers


def test_too_many_requests_wait(start_server: StartServer) -> None:
    """429 says how long; another user is not held up."""
    with start_server(requests_per_second=0.5, burst=3) as live, live.client() as client:
        codes = [client.post(BATCH, json=QUARTER).status_code for _ in range(4)]
        refused = client.post(BATCH, json=QUARTER)
        with live.client(add_key(live)) as other:
            others = other.post(BATCH, json=QUARTER).status_code

    assert codes == [200, 200, 200, 429]
    assert refused.headers["retry-after"] == "2"
    assert refused.json()["e"] == "#N/A"
    assert refused.json()["m"].startswith("CLO-3103: ")
    assert others == 200


def test_responses_carry_the_headers_that_protect_them(live: Live, client: httpx.Client) -> None:
    """Pages stand in no foreign frame, types are not guessed, answers are not kept by proxies."""
    answered = client.post(BATCH, json=QUARTER, headers={"X-Request-Id": "cell-7"})

    assert answered.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answered.headers["content-security-policy"]
    assert answered.headers["cache-control"] == "no-store"
    assert answered.headers["x-request-id"] == "cell-7"
    assert "access-control-allow-origin" not in answered.headers
