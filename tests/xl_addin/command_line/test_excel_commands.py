"""The commands `clodesk excel ...` as a user runs them."""

import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from xl_addin.command_line.app import app

_RUNNER = CliRunner()


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A workbook with a formula of the Office add-in."""
    book = openpyxl.Workbook()
    book.active["A1"] = "=_xldudf_CLO_PING()"  # type: ignore[index]  # a fresh workbook has a sheet
    path = tmp_path / "deal.xlsx"
    book.save(path)
    return path


def test_build_writes_both_files(tmp_path: Path) -> None:
    """The add-in and its workbook are in the folder, and their names on stdout."""
    result = _RUNNER.invoke(app, ["excel", "build", "--folder", str(tmp_path / "dist")])

    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == ["clo.xlam", "clo.xlsm"]
    assert str(tmp_path / "dist" / "clo.xlam") in result.stdout


def test_a_check_finds_what_a_repair_then_changes(workbook: Path) -> None:
    """--check ends with 1 while there is something to do; the repair does it; then there is nothing."""
    command = ["excel", "repair-links", str(workbook)]
    before = _RUNNER.invoke(app, [*command, "--check"])
    repaired = _RUNNER.invoke(app, [*command, "--json"])
    after = _RUNNER.invoke(app, [*command, "--check"])

    assert (before.exit_code, repaired.exit_code, after.exit_code) == (1, 0, 0)
    assert "calls 1 officejs; 1 formulas would be written" in before.stdout
    assert json.loads(repaired.stdout)["n_calls"] == {"officejs": 1}
    assert openpyxl.load_workbook(workbook)["Sheet"]["A1"].value == "=CLO_PING()"


def test_the_doctor_ends_with_1_where_something_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding names what to do; in local mode without Windows nothing is wrong."""
    monkeypatch.setenv("CLO_MODE", "local")
    fine = _RUNNER.invoke(app, ["excel", "doctor"])
    monkeypatch.setenv("CLO_MODE", "elsewhere")
    wrong = _RUNNER.invoke(app, ["excel", "doctor", "--json"])

    assert (fine.exit_code, wrong.exit_code) == (0, 1)
    assert json.loads(wrong.stdout)[-1]["remedy"] == "Set it to server or local."
