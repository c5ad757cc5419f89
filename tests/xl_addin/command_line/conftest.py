"""The command line as a person meets it: arguments in; exit code, stdout and stderr out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from tests.workbooks.legacy.conftest import Workbook, legacy_workbook
from workbooks.demo import write_demo_workbook
from xl_addin.command_line import app as cli


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


Clodesk = Callable[..., Said]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def clodesk(
    database_url: str,
    redis_url: str,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Clodesk:
    """Runs a command on a fresh database, in this process."""
    monkeypatch.setenv("CLODESK_DATABASE_URL", database_url)
    monkeypatch.setenv("CLODESK_REDIS_URL", redis_url)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: object) -> Said:
        monkeypatch.setattr("sys.argv", ["clodesk", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        return Said(int(left.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def n_rows(database_url: str) -> Iterator[Callable[[str], int]]:
    """Counts the rows of a table."""
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:

        def count(table: str) -> int:
            found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608
            assert found is not None
            return int(found[0])

        yield count


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo workbook of few loans."""
    path = tmp_path_factory.mktemp("demo") / "Demo 1.xlsx"
    write_demo_workbook(path, n_assets=30)
    return path


@pytest.fixture
def book() -> Workbook:
    """A clean workbook in the legacy layout, to be bent."""
    return legacy_workbook()
