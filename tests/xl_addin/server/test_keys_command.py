"""`clodesk keys` and `clodesk token`: keys are shown once, listed without secrets, revoked by number."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from db.store import Store
from xl_addin.command_line import app as cli
from xl_addin.server.auth.users import digest

Clodesk = Callable[..., tuple[int, str, str]]


@pytest.fixture
def clodesk(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Clodesk:
    """Runs a command in this process: its exit code, what it printed and what it said."""
    monkeypatch.setenv("CLODESK_DATABASE_URL", database_url)
    monkeypatch.setenv("CLODESK_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("CLODESK_DATA_DIR", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["clodesk", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


def test_a_key_is_shown_once_and_listed_without_its_secret(clodesk: Clodesk, store: Store) -> None:
    """What is stored is the hash of what was printed."""
    options = ["--role", "manager", "--deal", "Mag 17", "--expires", "2027-12-31"]
    _, secret, _ = clodesk("keys", "add", "anna", *options)
    _, listed, _ = clodesk("keys", "list", "--json")
    _, table, _ = clodesk("keys", "list")

    (key,) = orjson.loads(listed)
    assert (key["user_name"], key["role"], key["deals"]) == ("anna", "manager", ["MAG17"])
    assert key["expires_at"].startswith("2027-12-31T23:59:59")
    assert secret.strip() not in listed + table
    assert "good" in table
    with store.read() as work:
        assert work.access.key_of(digest(secret.strip())) is not None


def test_a_revoked_key_is_listed_as_such(clodesk: Clodesk) -> None:
    """By its number; an unknown number is an error."""
    clodesk("keys", "add", "anna")
    (key,) = orjson.loads(clodesk("keys", "list", "--json")[1])

    assert clodesk("keys", "revoke", str(key["key_id"]))[0] == 0
    assert "revoked" in clodesk("keys", "list")[1]
    code, _, said = clodesk("keys", "revoke", "999")
    assert code == 1
    assert "CLO-3123: There is no key 999" in said


def test_a_role_that_does_not_exist_is_refused(clodesk: Clodesk) -> None:
    """With those that do."""
    code, printed, said = clodesk("keys", "add", "anna", "--role", "king")

    assert (code, printed) == (1, "")
    assert "CLO-3127: There is no role 'king'" in said


def test_the_token_is_made_by_rotating_and_shown(clodesk: Clodesk) -> None:
    """Without a server one has to be made first."""
    code, _, said = clodesk("token", "show")
    rotated = clodesk("token", "rotate")[1]
    shown = clodesk("token", "show")[1]

    assert code == 1
    assert "CLO-3121: There is no token on this machine" in said
    assert rotated == shown
    assert len(shown.strip()) == 43
