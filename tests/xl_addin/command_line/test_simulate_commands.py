"""`clodesk simulate`: what it prints, stores, writes and refuses, and how it is stopped and gone on with."""

import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from engine.modes import Mode
from engine.rating_migration.draws import Method
from tests.xl_addin.command_line.conftest import Clodesk
from workbooks.demo import demo_waterfall
from xl_addin.command_line.simulate import USUAL, _usual, interruptible

ASKED = ("simulate", "Demo 1", "-n", "128", "--seed", "5")
WITH_FLOWS = (*ASKED, "--cash-flows", "--assumptions", "workbook")


@pytest.fixture
def imported(clodesk: Clodesk, small_demo: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> Clodesk:
    """The demo deal in the database with its waterfall; everything on one thread."""
    monkeypatch.setenv("CLODESK_WORKERS", "threads:1")
    (here / "demo.waterfall").write_text(demo_waterfall())
    assert clodesk("import", small_demo).code == 0
    assert clodesk("waterfall", "set", "Demo 1", "demo.waterfall").code == 0
    return clodesk


def test_a_simulation_is_run_stored_shown_and_written(imported: Clodesk, here: Path) -> None:
    """Headlines on the terminal, everything as JSON, a workbook and pictures; later by its number alone."""
    first = imported(*WITH_FLOWS, "--out", "s.xlsx", "--png", "plots", "--json")
    (found,) = first.json
    again = imported(*WITH_FLOWS, "--json")
    shown = imported("simulate", "--run", found["run_id"], "--out", "old.xlsx", "--legacy-sheets")

    assert (first.code, again.code, shown.code) == (0, 0, 0)
    assert (found["deal"], found["simulations"], found["seed"]) == ("Demo 1", 128, 5)
    assert [one["answered_from"] for one in (found, again.json[0])] == ["computed", "store"]
    assert again.json[0]["fields"] == found["fields"]
    assert found["fields"]["NUMDEF"]["mean"][0] == 0.0
    assert found["classes"][-1]["metrics"]["Yield at price"]["p5"] < 0.2
    assert set(found["equity_irr"]) == {"mean", "p5", "p25", "p50", "p75", "p95", "n_missing"}
    assert openpyxl.load_workbook(here / "s.xlsx").sheetnames[0] == "Summary"
    assert "Sim Stats" in openpyxl.load_workbook(here / "old.xlsx", read_only=True).sheetnames[-1]
    assert list((here / "plots").glob("demo-1-*.png"))
    for text in ("128 simulations", "Defaults to date", "Class A-1", "P(loss)", "Class B OC Test", "Equity IRR"):
        assert text in shown.out
    tables = shown.out[: shown.out.index("Equity IRR")]
    assert max(len(line.rstrip()) for line in tables.splitlines()) <= 80


def test_a_seed_is_drawn_and_said(imported: Clodesk) -> None:
    """On stderr before the work begins, so that a stopped run can be gone on with."""
    said = imported("simulate", "-n", "128", "--json")
    (drawn,) = re.findall(r"Seed (\d+)", said.err)

    assert said.json[0]["seed"] == int(drawn)
    assert imported("simulate", "-n", "128", "--seed", drawn, "--json").json[0]["answered_from"] == "store"


def test_ctrl_c_stops_after_the_running_blocks_and_says_how_to_go_on(
    imported: Clodesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is shown or stored of a stopped run; the command that it prints runs to the end."""
    with monkeypatch.context() as pressing:
        press_at_first_look(pressing)
        stopped = imported("simulate", "Demo 1", "-n", "1100")
    (line,) = re.findall(r"Go on with: clodesk (.*)", stopped.err.replace("\n", " "))
    seed = line.split()[-1]

    assert stopped.code == 130
    assert stopped.out == ""
    assert "CLO-4169: The run was stopped after" in stopped.err
    assert line.strip() == f"simulate 'Demo 1' -n 1100 --seed {seed}"
    again = imported(*shlex.split(line), "--json")
    assert (again.code, again.json[0]["answered_from"]) == (0, "computed")


def press_at_first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody presses Ctrl-C as soon as the blocks are asked for."""
    from engine.desk.blocks import execute

    run = execute._Course.run

    def pressed(course: Any, *arguments: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        run(course, *arguments)

    monkeypatch.setattr(execute._Course, "run", pressed)


@pytest.fixture
def usual_handler() -> Iterator[None]:
    """Ctrl-C raises, as in a terminal; a process in the background of a script may have been told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("usual_handler")
def test_the_second_ctrl_c_ends_at_once_and_legacy_runs_keep_the_first() -> None:
    """Outside of a simulation the signal means what it did before."""
    before = signal.getsignal(signal.SIGINT)
    with interruptible(Mode.STANDARD) as is_cancelled:
        assert not is_cancelled()
        signal.raise_signal(signal.SIGINT)
        assert is_cancelled()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    with interruptible(Mode.LEGACY), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


REFUSED: list[tuple[tuple[str, ...], int, str]] = [
    (("-n", "0"), 1, "CLO-1831: 0 simulations cannot be run. Ask for 1 to 1,000,000 simulations."),
    (("--market", "0.1"), 1, "CLO-4153: The factor model is only given in part, at --market, --industry, --issuer"),
    (("--persistence", "0.5"), 1, "CLO-4153"),
    (("--market", "0.5", "--industry", "0.2", "--issuer", "0.6"), 1, "CLO-1815: Correlations 0.5, 0.2 and 0.6 do not"),
    (
        ("--correlation", "rule", "--market", "0.1", "--industry", "0.2", "--issuer", "0.5"),
        1,
        "CLO-4154: --market has no effect here: only the factor model reads it. Leave it out, or leave out --correl",
    ),
    (("--scrambles", "8"), 1, "CLO-4154: --scrambles has no effect here: only Sobol points have scrambles"),
    (("--repair", "clipping"), 1, "CLO-4154: --repair has no effect here"),
    (
        ("--recovery-sd", "0.2"),
        1,
        "CLO-4154: --recovery-sd has no effect here: nothing is recovered without cash flows",
    ),
    (("--cash-flows", "--assumptions", "workbook", "--recovery-correlation", "0.5"), 1, "CLO-4154: --recovery-correl"),
    (("--run", "1"), 1, "CLO-4154: DEAL has no effect here: --run shows what is stored. Leave it out, or ask without"),
    (("--by-issuer", "--correlation", "rule"), 1, "CLO-4180: Issuers that default as one need the factor model"),
    (("--cash-flows",), 1, "CLO-4016: No assumption set was chosen"),
    (("--mode", "legacy"), 1, "CLO-4194: The legacy model knows no monthly steps and no factor model"),
    (("--frequency", "weekly"), 2, "Invalid value for '--frequency'"),
    (("--seed", "one"), 2, "Invalid value for '--seed'"),
]


def test_bad_input_is_told(imported: Clodesk) -> None:
    """One message and an exit code for numbers, names and options that do not go together."""
    for arguments, code, text in REFUSED:
        said = imported("simulate", "Demo 1", *arguments)

        assert said.code == code, arguments
        assert text in " ".join(said.err.replace("│", " ").split())


def test_workers_that_cannot_be(imported: Clodesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says is read when a simulation begins."""
    for name, value, text in (
        ("CLODESK_WORKERS", "many", "CLO-4165: 'many' does not say how many workers to use"),
        ("CLODESK_WORKER_MEMORY", "1MB", "CLO-4167: One block needs about"),
    ):
        with monkeypatch.context() as one:
            one.setenv(name, value)
            said = imported(*ASKED)

        assert said.code == 1
        assert text in " ".join(said.err.split())


@pytest.mark.parametrize(
    ("method", "scrambles", "expected"),
    [(Method.PSEUDO, 16, USUAL), (Method.ANTITHETIC, 16, USUAL), (Method.SOBOL, 16, 8192), (Method.SOBOL, 100, 12_800)],
)
def test_as_many_as_usual_whatever_the_method(method: Method, scrambles: int, expected: int) -> None:
    """Sobol sequences hold a power of two, at least 128."""
    assert _usual(method, scrambles) == expected


def test_the_help_names_the_environment(clodesk: Clodesk, capsys: pytest.CaptureFixture[str]) -> None:
    """Workers, memory, scheduler: what they are set to, and that no number depends on them."""
    said = clodesk("simulate", "--help")

    assert said.code == 0
    for name in ("CLODESK_WORKERS", "CLODESK_WORKER_MEMORY", "CLODESK_SCHEDULER", "Ctrl-C"):
        assert name in said.out
    assert sys.argv[1] == "simulate"


def test_legacy_sheets_need_a_workbook(clodesk: Clodesk) -> None:
    """Refused before anything is run."""
    refused = clodesk(*ASKED, "--legacy-sheets")

    assert refused.code == 1
    assert "CLO-4154: --legacy-sheets has no effect here: there is no workbook to add them to" in refused.err
