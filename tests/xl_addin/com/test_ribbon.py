"""The ribbon from button to workbook: the VBA dispatcher, the verbs in Python, jobs that are polled and cancelled."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pyopenvba.interpreter import VBARuntimeError

from engine.errors import InputError
from tests.xl_addin.com.fake_excel import FakeBook
from tests.xl_addin.com.vba import Host, project
from xl_addin.com import actions
from xl_addin.com import ribbon as verbs
from xl_addin.com.ribbon import Ribbon
from xl_addin.com.running import Standing
from xl_addin.commands.declare import Command, commands
from xl_addin.commands.patch import EnsureSheet, Message, WorkbookPatch, Write
from xl_addin.registry.catalogue import fingerprint
from xl_addin.registry.dispatch import Call

_PATCH = WorkbookPatch(
    (
        EnsureSheet(name="Deal CF-Mag 17"),
        Write(sheet="Deal CF-Mag 17", anchor="A1", values=(("Mag 17", 1.0),)),
        Message(level="information", text="2 periods."),
    )
)
_JOB = "clo_run_waterfall_all"


class _Deals:
    """Answers CLO_DEALS with two deals, CLO_SCENARIOS with two scenarios."""

    def answer(self, call: Call, workbook: str) -> Mapping[str, Any]:
        return {
            "CLO_DEALS": {"v": [["deal"], ["Mag 16"], ["Mag 17"]]},
            "CLO_SCENARIOS": {"v": [["name"], ["BASE"], ["STRESS"]]},
        }[call.name]


class _Jobs:
    """Runs every command as a job that is done at the second look, or stops when it is cancelled."""

    def __init__(self) -> None:
        self.started: list[tuple[str, Mapping[str, Any]]] = []
        self.n_looks = 0
        self.is_cancelled = False

    def start(self, command: Command, inputs: Mapping[str, Any], files: Mapping[str, Path]) -> Standing:
        self.started.append((command.id, inputs))
        return Standing("Started", job="j1")

    def follow(self, job: str) -> Standing:
        assert job == "j1"
        self.n_looks += 1
        if self.is_cancelled:
            return Standing("Cancelled", WorkbookPatch(()))
        return Standing("Mag 17: 50 %", job=job) if self.n_looks < 2 else Standing(patch=_PATCH)

    def cancel(self, job: str) -> None:
        self.is_cancelled = True


@pytest.fixture
def book() -> FakeBook:
    """The workbook that is open."""
    return FakeBook()


@pytest.fixture
def jobs() -> _Jobs:
    """The server's jobs."""
    return _Jobs()


@pytest.fixture
def ribbon(book: FakeBook, jobs: _Jobs, monkeypatch: pytest.MonkeyPatch) -> Ribbon:
    """The ribbon's Python side on that workbook."""
    made = Ribbon(jobs, _Deals(), lambda: book)
    monkeypatch.setattr(verbs, "_ribbon", lambda: made)
    return made


def _host(**more: Callable[..., Any]) -> Host:
    """A host whose commands go to Python's verbs, as xlwings hands them over."""
    quiet = ("Later", "Say", "Warn", "CatchEscape", "Forget")
    return Host(
        {
            "CloHost_Command": lambda verb, argument: getattr(verbs, str(verb))(str(argument)),
            "CloHost_Confirm": lambda question: True,
            **{f"CloHost_{name}": lambda *arguments: None for name in quiet},
            **more,
        }
    )


def _said(host: Host, name: str) -> list[tuple[Any, ...]]:
    return [arguments for called, arguments in host.calls if called.lower() == f"clohost_{name.lower()}"]


def test_a_long_command_is_followed_to_its_sheet(ribbon: Ribbon, book: FakeBook, jobs: _Jobs) -> None:
    """A press starts the job and returns; each poll shows progress; the last one writes the sheet."""
    host = _host()
    vba = project(host)
    book.app.answers = [""]

    vba.run("CloRibbon_Press", [_JOB])
    vba.run("CloRibbon_Poll")
    vba.run("CloRibbon_Poll")
    vba.run("CloRibbon_Poll")

    assert [command for command, _ in jobs.started] == [_JOB]
    assert [text for (text,) in _said(host, "Say")] == ["Started", "Mag 17: 50 %", "2 periods."]
    assert _said(host, "Later") == [(1, "CloRibbon_Poll")] * 2
    assert _said(host, "CatchEscape") == [(True,), (False,)]
    assert book.sheet("Deal CF-Mag 17").values == {(1, 1): "'Mag 17", (1, 2): 1.0}


def test_escape_or_cancel_stops_the_job(ribbon: Ribbon, book: FakeBook, jobs: _Jobs) -> None:
    """After a confirmation the job's flag is set, and the next poll ends the waiting without a sheet."""
    host = _host()
    vba = project(host)
    book.app.answers = [""]

    vba.run("CloRibbon_Press", [_JOB])
    vba.run("CloRibbon_Press", ["clo_cancel_run"])
    vba.run("CloRibbon_Poll")

    assert jobs.is_cancelled
    assert [text for (text,) in _said(host, "Say")] == ["Started", "Cancelling", "Cancelled"]
    assert [sheet.name for sheet in book.sheets] == ["Control"]


def test_a_second_command_waits_for_the_first(ribbon: Ribbon, book: FakeBook, jobs: _Jobs) -> None:
    """While a job runs, another press says so and starts nothing."""
    host = _host()
    vba = project(host)
    book.app.answers = [""]

    vba.run("CloRibbon_Press", [_JOB])
    vba.run("CloRibbon_Press", ["clo_run_waterfall"])

    assert len(jobs.started) == 1
    assert "still running" in _said(host, "Say")[-1][0]


def test_a_refused_command_says_why_and_frees_the_ribbon(ribbon: Ribbon, book: FakeBook, jobs: _Jobs) -> None:
    """The error of a command is shown whole; the next press works."""
    book.app.answers = ["NO"]

    def refuse(command: Command, inputs: Mapping[str, Any], files: Mapping[str, Path]) -> Standing:
        raise InputError("CLO-2201", "No deal is chosen", where="cell clo_deal", remedy="Press Select deal.")

    jobs.start = refuse  # type: ignore[method-assign]  # this test's server refuses
    host = _host()

    project(host).run("CloRibbon_Press", ["clo_run_compliance"])

    assert _said(host, "Say") == [("CLO-2201: No deal is chosen, at cell clo_deal. Press Select deal.",)]
    assert _said(host, "Later") == []


def test_python_that_does_not_answer_is_a_warning_not_a_debugger(ribbon: Ribbon) -> None:
    """An error of the connection is caught, shown in a dialog, and the connection is made anew."""

    def fail(verb: str, argument: str) -> str:
        raise VBARuntimeError(1000, "Could not find Interpreter!")

    host = _host(CloHost_Command=fail)
    project(host).run("CloRibbon_Press", ["clo_run_compliance"])

    assert _said(host, "Warn") == [("Could not find Interpreter!",)]
    assert _said(host, "Forget") == [()]


def test_connecting_fills_the_drop_downs_and_switches_the_buttons_on(ribbon: Ribbon) -> None:
    """Deals come from the server; labels and ids are those of the entries; buttons go grey without a server."""
    host = _host()
    vba = project(host)
    vba.add_module(
        """
Attribute VB_Name = "Probe"
Private Type Control
    ID As String
End Type
Public Function Enabled(ByVal name As String) As Boolean
    Dim one As Control, found As Variant
    one.ID = name
    CloRibbon_GetEnabled one, found
    Enabled = found
End Function
Public Function Labels(ByVal name As String) As String
    Dim one As Control, n As Variant, i As Integer, label As Variant
    one.ID = name
    CloRibbon_GetItemCount one, n
    For i = 0 To n - 1
        CloRibbon_GetItemLabel one, i, label
        Labels = Labels & label & ";"
    Next i
End Function
""",
        name="Probe",
    )
    before = vba.run("Enabled", ["clo_run_compliance"])
    vba.run("CloRibbon_Connect")

    assert (before, vba.run("Enabled", ["clo_run_compliance"])) == (False, True)
    assert vba.run("Enabled", ["clo_cancel_run"]) is False
    assert vba.run("Labels", ["clo_deal"]) == "Mag 16;Mag 17;"
    assert vba.run("Labels", ["clo_scenario"]) == "BASE;STRESS;"


def test_a_workbook_of_another_computer_is_repaired_when_it_opens(ribbon: Ribbon, book: FakeBook) -> None:
    """Its formulas are entered again without a question; a workbook that is well is left alone."""
    sheet = book.sheet("Control")
    sheet.values[1, 1] = "=_xldudf_CLO_X(1)"
    broken = iter((False, True))
    vba = project(_host(CloHost_IsBroken=lambda name: next(broken)))

    vba.run("CloRibbon_OnOpen", ["Book1.xlsx"])
    untouched = sheet.values[1, 1]
    vba.run("CloRibbon_OnOpen", ["Book1.xlsx"])

    assert (untouched, sheet.values[1, 1]) == ("=_xldudf_CLO_X(1)", "=CLO_X(1)")


def test_an_add_in_of_another_version_is_told_to_update(ribbon: Ribbon) -> None:
    """Its fingerprint differs, so nothing is switched on."""
    assert ribbon.connect("0" * 64).startswith("CLO-2264")
    assert ribbon.connect(fingerprint()).startswith("ready\nclo_deal\tMag 16")


def test_cancelling_a_dialog_runs_nothing(ribbon: Ribbon, book: FakeBook, jobs: _Jobs) -> None:
    """Excel gives FALSE for a dialog that was cancelled."""
    book.app.answers = [False]

    assert ribbon.press("clo_select_deal") == "done|"
    assert jobs.started == []
    assert book.app.prompts == ["Select deal: Deal\nMag 16, Mag 17 []"]


def test_answers_and_cells_go_along_with_a_command(ribbon: Ribbon, book: FakeBook, jobs: _Jobs) -> None:
    """What was asked, the named cells and the sheets are what the command gets."""
    book.names.Add("clo_deal", '="Mag 17"')
    book.app.answers = ["Mag 16"]

    ribbon.press("clo_select_deal")

    command, inputs = jobs.started[0]
    assert command == "clo_select_deal"
    assert inputs["answers"] == {"deal": "Mag 16"}
    assert inputs["sheets"] == ["Control"]


def test_a_choice_in_the_ribbon_goes_into_its_cell_only(ribbon: Ribbon, book: FakeBook) -> None:
    """Only the three fields of the ribbon can be written."""
    assert ribbon.change("clo_deal\tMag 17") == "done|"
    with pytest.raises(InputError, match="CLO-2265"):
        ribbon.change("Workbook_Open\tx")
    assert [(name.name, name.refers_to) for name in book.names] == [("clo_deal", '="Mag 17"')]


def test_every_command_of_the_client_is_carried_out_by_it(ribbon: Ribbon, book: FakeBook) -> None:
    """No button of the ribbon answers that it is not available, but for those that the dispatcher handles itself."""
    local = {one.id for one in commands() if one.is_client_side}
    assert local - {"clo_cancel_run"} == set(actions.ACTIONS)
    assert ribbon.press("clo_refresh") == "done|All cells were calculated again."
    assert book.app.n_calculated == 1
