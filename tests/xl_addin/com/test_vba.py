"""The generated VBA, run by an interpreter (L3): arguments go out, errors come back at every rank."""

from collections.abc import Callable
from typing import Any

import pytest
from pyopenvba.interpreter import EMPTY, MISSING, VBARuntimeError

from tests.xl_addin.com.vba import Cells, Host, project, shown

_CALLER = "[Book1.xlsx]Cells!$B$7"


def _host(answer: Callable[..., Any], **more: Callable[..., Any]) -> Host:
    return Host(
        {
            "CloHost_Answer": answer,
            "CloHost_Caller": lambda: _CALLER,
            "CloHost_CountsFrom1904": lambda: False,
            "CloHost_Forget": lambda: None,
            "CloHost_Values": lambda cells: cells.values,
            "CloHost_Address": lambda cells: cells.address,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (0.25, 0.25),
        ("\x012042 | CLO-3000: away", "#2042"),
        ([1.0, "\x012015 | wrong", "text"], [1.0, "#2015", "text"]),
        ([[1.0, True], ["\x012036 | no", "\x012007 | zero"]], [[1.0, True], ["#2036", "#2007"]]),
    ],
    ids=["value", "error", "row", "table"],
)
def test_a_result_of_every_rank_reaches_the_cell_with_real_errors(answer: Any, expected: Any) -> None:
    """One value, a row and a table: what stands for an error becomes one, the rest stays as it is."""
    vba = project(_host(lambda name, arguments: answer))

    result = vba.run("CLO_YEAR_FRACTION", [42452.0, 42542.0])

    assert shown(result) == expected


def test_arguments_go_to_python_with_the_address_of_the_cell_before_them() -> None:
    """The caller comes first; ranges become values, omitted arguments stay omitted, blank ones blank."""
    host = _host(lambda name, arguments: 1.0)
    vba = project(host)

    vba.run("CLO_YEAR_FRACTION", [Cells("[B]S!$A$1", 42452.0), EMPTY])

    name, arguments = next(values for called, values in host.calls if called.lower() == "clohost_answer")
    assert name == "CLO_YEAR_FRACTION"
    assert arguments == [_CALLER, 42452.0, EMPTY, MISSING]


def test_a_failure_of_python_is_an_error_of_the_cell_with_a_text() -> None:
    """An Err.Raise in the call becomes #VALUE!, its description is kept for the cell, and the connection is dropped."""

    def fail(name: str, arguments: Any) -> Any:
        raise VBARuntimeError(1000, "Could not find Interpreter!")

    host = _host(fail)
    vba = project(host)

    result = vba.run("CLO_YEAR_FRACTION", [42452.0, 42542.0])

    assert shown(result) == "#2015"
    failure = str(vba.run("CloFailure", [_CALLER]))
    assert failure.startswith("CLO-2257: Python did not answer: Could not find Interpreter!")
    assert any(name.lower() == "clohost_forget" for name, _ in host.calls)


def test_a_cell_that_is_well_again_has_no_failure() -> None:
    """The next good answer takes the failure of a cell away."""
    answers = iter([VBARuntimeError(1000, "gone"), 0.5])

    def answer(name: str, arguments: Any) -> Any:
        value = next(answers)
        if isinstance(value, Exception):
            raise value
        return value

    vba = project(_host(answer))
    vba.run("CLO_YEAR_FRACTION", [1.0, 2.0])
    before = str(vba.run("CloFailure", [_CALLER]))
    vba.run("CLO_YEAR_FRACTION", [1.0, 2.0])

    assert before.startswith("CLO-2257")
    assert vba.run("CloFailure", [_CALLER]) == ""


def test_a_workbook_that_counts_from_1904_is_refused() -> None:
    """Its serials are four years off, so no function answers in it."""
    vba = project(_host(lambda name, arguments: 1.0, CloHost_CountsFrom1904=lambda: True))

    result = vba.run("CLO_YEAR_FRACTION", [42452.0, 42542.0])

    assert shown(result) == "#2015"
    assert "1904" in str(vba.run("CloFailure", [_CALLER]))
