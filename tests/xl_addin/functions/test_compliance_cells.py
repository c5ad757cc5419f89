"""Compliance in cells: the recorded results of MAG 17, and the objective with its parts (spec 06 §11.4)."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.desk.desk import Desk
from engine.modes import Mode
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.tables import column, numbers, records
from workbooks.demo import DEAL_NAME

DEAL = "MAG17"


@pytest.fixture(scope="module")
def expected(reference: Path) -> Any:
    return json.loads((reference / "data" / "mag17" / "compliance_expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("mode", ["default", "legacy"])
def test_every_result_has_the_recorded_digits(cell: CallCell, expected: Any, mode: str) -> None:
    """37 tests in the order of the deal's sheet, each rounding to what the workbook shows."""
    rows = records(cell("CLO_COMPLIANCE", DEAL, "2016-03-23", None, mode))

    assert [row["test_number"] for row in rows] == [row["test_id"] for row in expected["configured_tests"]]
    by_test = {row["test_number"]: row for row in rows}
    for recorded in expected["expected_results"]:
        found = by_test[recorded["test_id"]]["result"]
        assert round(found, recorded["recorded_decimals"]) == recorded["recorded_value"], recorded["name"]


def test_numerators_and_moving_thresholds_are_the_recorded_ones(cell: CallCell, expected: Any) -> None:
    """To the digits of the independent calculation."""
    for recorded in expected["expected_results"][:5]:
        found = cell("CLO_TEST_RESULT", DEAL, recorded["test_id"], "numerator")
        assert found == pytest.approx(recorded["reproduced"]["numerator"], rel=1e-12)
    for recorded in expected["expected_dynamic_thresholds"]:
        found = cell("CLO_TEST_RESULT", DEAL, recorded["test_id"], "threshold")
        assert round(found, recorded["recorded_decimals"]) == recorded["recorded_threshold"]


def test_the_table_has_the_published_columns(cell: CallCell) -> None:
    """And one direction a test, a verdict, and empty cells where there is nothing to say."""
    table = cell("CLO_COMPLIANCE", DEAL)

    assert table[0] == [
        "test_number",
        "test_name",
        "direction",
        "numerator",
        "denominator",
        "result",
        "threshold",
        "cushion",
        "pass",
        "maintained",
        "comment",
    ]
    assert set(column(table, "direction")) == {"min", "max"}
    assert set(column(table, "pass")) == {True}


@pytest.mark.parametrize("name", [36, "36", "Weighted average rating factor", "weighted_average_rating_factor"])
def test_a_test_goes_by_number_label_and_short_name(cell: CallCell, name: int | str) -> None:
    """Every spelling finds the recorded 2575.70."""
    assert round(cell("CLO_TEST_RESULT", DEAL, name), 2) == 2575.70


def test_a_test_goes_by_its_legacy_label(cell: CallCell) -> None:
    """As the sheet of the deal spells it."""
    assert cell("CLO_TEST_RESULT", DEAL, "Maximum Moody's Rating Factor Test") == cell("CLO_TEST_RESULT", DEAL, 36)


def test_the_objective_is_the_recorded_one(cell: CallCell) -> None:
    """109.338385 in legacy mode (spec 05 §6), and with the deal's own weights given as a range the same."""
    weights = [["Test", "Weight"], [32, 0.6], [36, 0.3], [38, 0.1], ["", ""]]

    assert cell("CLO_OBJECTIVE", DEAL, None, None, "legacy") == pytest.approx(109.338385, abs=1e-6)
    assert cell("CLO_OBJECTIVE", DEAL, weights, None, "legacy") == cell("CLO_OBJECTIVE", DEAL, None, None, "legacy")


def test_contributions_add_up_to_the_objective(cell: CallCell, mag17_desk: Desk) -> None:
    """Each is 100 x weight x distance from the threshold; the sum is the objective of the compliance run."""
    table = cell("CLO_OBJECTIVE_WEIGHTS", DEAL)
    report = mag17_desk.compliance(DEAL, mode=Mode.STANDARD, store=False).report

    assert table[0] == ["test_number", "test_name", "result", "weight", "contribution"]
    assert sum(numbers(table, "contribution")) == pytest.approx(report.objective, rel=1e-12)
    assert dict(zip(column(table, "test_number"), column(table, "weight"), strict=True))[32] == 0.6
    assert cell("CLO_OBJECTIVE", DEAL) == report.objective


def test_a_stored_run_is_what_cells_show(demo: CallCell, ran_desk: Desk) -> None:
    """The tests that were stored last, cell by cell."""
    outcome = ran_desk.compliance(DEAL_NAME)
    table = demo("CLO_COMPLIANCE", DEAL_NAME)

    assert outcome.answered_from != "computed"
    assert column(table, "result") == [result.value for result in outcome.report.results]
    assert column(table, "cushion") == [
        "" if result.cushion is None else result.cushion for result in outcome.report.results
    ]


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (("CLO_TEST_RESULT", DEAL, 99), "#N/A", "CLO-2181: Mag 17 has no test 99"),
        (("CLO_TEST_RESULT", DEAL, "Junior OCC ratio"), "#N/A", "The closest: Junior OC ratio"),
        (("CLO_TEST_RESULT", DEAL, 1, "value"), "#VALUE!", "Choose test_number, test_name"),
        (("CLO_TEST_RESULT", DEAL, 1, None, None, "HOT"), "#N/A", "CLO-4018: There is no scenario 'HOT'"),
        (("CLO_COMPLIANCE", "Mag 171"), "#N/A", "CLO-3013"),
        (("CLO_OBJECTIVE", DEAL, [[32, 0.5, 1]]), "#VALUE!", "CLO-2183"),
        (("CLO_OBJECTIVE", DEAL, [[32, 0.5], [32, 1]]), "#VALUE!", "Row 2 gives test 32 a second weight"),
        (("CLO_OBJECTIVE", DEAL, [[32, {"e": "#REF!"}]]), "#VALUE!", "Row 1, column 2 of the range holds #REF!"),
        (("CLO_OBJECTIVE", DEAL, [[32, 0.0]]), "#DIV/0!", "CLO-2182: No test has a weight"),
        (("CLO_OBJECTIVE", DEAL, [[84, 1.0]]), "#VALUE!", "CLO-1510"),
    ],
)
def test_what_is_not_there_says_so(cell: CallCell, call: tuple[object, ...], code: str, said: str) -> None:
    """The cell error of the situation, with a number and what to do."""
    answer = cell(*call)

    assert answer["e"] == code
    assert said in answer["m"]
