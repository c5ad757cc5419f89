"""The acceptance workbook in the evaluator, and in LibreOffice against a running server, with MAG 17 behind it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.desk.control_content import control_content
from engine.desk.desk import Desk
from tests.xl_addin.programs import need
from tests.xl_addin.running_server import running_server
from tests.xl_addin.workbook.acceptance import Acceptance, Expected, acceptance, functions_of
from tests.xl_addin.workbook.conftest import DEMO, calculated
from workbooks.templates.control_workbook import control_workbook
from workbooks.templates.package import save
from xl_addin.calc.harness import Office
from xl_addin.evaluator import ErrorCell, Evaluation
from xl_addin.registry.catalogue import by_name

FEWEST_FUNCTION_CELLS = 500
RELATIVE = 1e-12
_ERRORS_OF_CALC = {"#VALUE!": ("Err:504",)}
"""A call with too many arguments is found by Calc before it is made."""


@pytest.fixture(scope="module")
def made(reference: Path, mag17_run_desk: Desk) -> Acceptance:
    return acceptance(reference, mag17_run_desk)


@pytest.fixture(scope="module")
def evaluation(made: Acceptance, mag17_run_desk: Desk) -> Evaluation:
    return calculated(made.book, mag17_run_desk)


def agrees(shown: Any, expected: Expected) -> bool:
    """Whether a cell shows what it must; an empty cell shows an empty text."""
    value = expected.value
    if isinstance(shown, ErrorCell):
        return shown.code == value
    if isinstance(value, str):
        return (shown or "") == value
    if not isinstance(shown, float | bool):
        return False
    if expected.decimals is not None:
        return round(float(shown), expected.decimals) == round(float(value), expected.decimals)
    return bool(float(shown) == pytest.approx(float(value), rel=RELATIVE, abs=1e-15))


def test_the_workbook_has_hundreds_of_cells_and_calls_every_function(made: Acceptance) -> None:
    """At least 500 cells with a function of ours, and none of the catalogue left out."""
    assert made.n_function_cells >= FEWEST_FUNCTION_CELLS
    assert functions_of(made) == set(by_name())


def test_every_expected_value_comes_out_of_the_evaluator(made: Acceptance, evaluation: Evaluation) -> None:
    """Positions, classes, cash, recorded test results, cash flows, dates and errors, cell by cell."""
    wrong = {
        (sheet, cell): (evaluation.value(sheet, cell), expected)
        for (sheet, cell), expected in made.expected.items()
        if not agrees(evaluation.value(sheet, cell), expected)
    }

    assert wrong == {}


def test_errors_stand_only_where_they_are_meant(made: Acceptance, evaluation: Evaluation) -> None:
    """Outside the sheets of mistakes and examples no cell shows an error."""
    subjects = ("Assets", "Deal", "Tests", "Flows", "Dates")
    found = [(sheet, cell, code) for sheet, cell, code in evaluation.errors if sheet in subjects]

    # The array of tests is declared one row longer than the deal has tests.
    assert {(sheet, code) for sheet, _, code in found} <= {("Tests", "#N/A")}


@pytest.fixture(scope="module")
def office(mag17_run_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """LibreOffice with the add-in, connected to a running server on the same data."""
    need("soffice")
    with (
        running_server(tmp_path_factory.mktemp("server"), mag17_run_url) as server,
        Office(server.url, server.token) as made,
    ):
        yield made


def test_libreoffice_shows_the_same_against_a_running_server(
    made: Acceptance, evaluation: Evaluation, office: Office, tmp_path: Path
) -> None:
    """Every cell, but for what Calc does by design: logical values are numbers, and it counts arguments itself."""
    path = tmp_path / "acceptance.xlsx"
    save(made.book, path)

    assert differences(evaluation, office.evaluate(path)) == {}


def test_the_control_workbook_shows_the_same_in_libreoffice(
    mag17_run_desk: Desk, office: Office, tmp_path: Path
) -> None:
    """The workbook of an analyst, with the demo deal: no error, and every figure that the evaluator calculates."""
    book = control_workbook(control_content(mag17_run_desk, DEMO, "1.0"))
    path = tmp_path / "control.xlsx"
    save(book, path)
    evaluation = calculated(book, mag17_run_desk)

    assert evaluation.errors == []
    assert differences(evaluation, office.evaluate(path)) == {}


def differences(evaluation: Evaluation, shown: dict[str, dict[str, Any]]) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Cells in which LibreOffice shows something else."""
    return {
        (sheet, cell): (value, shown[sheet].get(cell))
        for sheet, cells in evaluation.sheets.items()
        for cell, value in cells.items()
        if not same_in_calc(value, shown[sheet].get(cell)) and not is_a_fact_of_the_server(sheet)
    }


def same_in_calc(value: Any, calc: Any) -> bool:
    """Whether LibreOffice shows what the evaluator shows."""
    if isinstance(value, ErrorCell):
        return isinstance(calc, dict) and calc.get("e") in (value.code, *_ERRORS_OF_CALC.get(value.code, ()))
    if isinstance(value, bool | float):
        return isinstance(calc, float | int) and float(calc) == pytest.approx(float(value), rel=RELATIVE, abs=1e-15)
    return (calc or "") == (value or "")


def is_a_fact_of_the_server(sheet: str) -> bool:
    """What differs from process to process: versions, and the errors that a process has seen."""
    return sheet.startswith(("CLO_VERSION", "CLO_ERROR", "About"))
