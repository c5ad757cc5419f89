"""Coverage tests in cells: numerator over denominator, cures, and what a paid-off class has (spec 06 §11.3)."""

import numpy as np
import pytest

from engine.desk.desk import Desk
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.tables import column, numbers, records
from workbooks.demo import DEAL_NAME


def test_a_ratio_is_numerator_over_denominator(demo: CallCell) -> None:
    """In every period of every test; the tests that fail are those below their threshold."""
    table = demo("CLO_TRIGGERS", DEAL_NAME, None, None, None, "STRESS")
    ratio = numbers(table, "numerator") / numbers(table, "denominator")

    assert table[0] == [
        "period",
        "test_name",
        "kind",
        "numerator",
        "denominator",
        "result",
        "threshold",
        "pass",
        "cure_interest",
        "cure_principal",
    ]
    np.testing.assert_allclose(numbers(table, "result"), ratio, rtol=1e-12)
    np.testing.assert_array_equal(column(table, "pass"), numbers(table, "result") >= numbers(table, "threshold") - 1e-9)
    assert False in column(table, "pass")


def test_a_failing_oc_test_names_its_cure(demo: CallCell) -> None:
    """Redeeming the interest cure, (1 - ratio / trigger) x denominator, restores the ratio to its trigger."""
    failing = [
        row
        for row in records(demo("CLO_TRIGGERS", DEAL_NAME, "oc", None, None, "STRESS"))
        if not row["pass"] and row["cure_interest"] < row["denominator"]
    ]

    assert failing
    for row in failing:
        assert row["numerator"] / (row["denominator"] - row["cure_interest"]) == pytest.approx(row["threshold"])


def test_kind_and_period_choose_rows(demo: CallCell) -> None:
    """The two tests of the whole deal are kinds of their own; an IC test has one cure amount."""
    rows = records(demo("CLO_TRIGGERS", DEAL_NAME, None, 1))

    assert [row["kind"] for row in rows] == ["oc"] * 4 + ["interest_diversion", "event_of_default"] + ["ic"] * 3
    assert demo("CLO_TRIGGERS", DEAL_NAME, "IC", 1)[1:] == [list(row.values()) for row in rows[-3:]]
    assert {row["cure_principal"] for row in rows if row["kind"] == "ic"} == {""}


def test_short_forms_are_the_first_period(demo: CallCell, ran_desk: Desk) -> None:
    """CLO_OC_RATIO, CLO_IC_RATIO and CLO_TRIGGER are cells of the run's first period."""
    result = ran_desk.latest_run(DEAL_NAME, "STRESS").result
    scenario = (None, "STRESS")

    assert demo("CLO_OC_RATIO", DEAL_NAME, "Class C", *scenario) == result.oc[0, 1, 2]
    assert demo("CLO_OC_RATIO", DEAL_NAME, "interest diversion", *scenario) == result.oc[0, 4, 2]
    assert demo("CLO_OC_RATIO", DEAL_NAME, "Event of Default", *scenario) == result.oc[0, 5, 2]
    assert demo("CLO_IC_RATIO", DEAL_NAME, "Class C IC Test", *scenario) == result.ic[0, 1, 3]
    assert demo("CLO_TRIGGER", DEAL_NAME, "C", "oc", 5, "numerator", *scenario) == result.oc[4, 1, 0]
    assert demo("CLO_TRIGGER", DEAL_NAME, "", "interest diversion", 1, "threshold", *scenario) == 1.055
    assert demo("CLO_TRIGGER", DEAL_NAME, "C", "ic", 1, "pass", *scenario) is True


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (("CLO_TRIGGER", DEAL_NAME, "B", "oc", 37), "#DIV/0!", "CLO-2175: Class B OC Test has nothing to cover"),
        (("CLO_TRIGGER", DEAL_NAME, "B", "oc", 99), "#N/A", "CLO-2173: The run has no period 99"),
        (("CLO_TRIGGERS", DEAL_NAME, "oc", 0), "#N/A", "CLO-2173: The run has no period 0"),
        (("CLO_IC_RATIO", DEAL_NAME, "Class E"), "#N/A", "CLO-2171: There is no coverage test 'Class E'"),
        (("CLO_OC_RATIO", DEAL_NAME, None), "#VALUE!", "CLO-2101: Argument test is missing"),
        (("CLO_TRIGGER", DEAL_NAME, "B", "par"), "#VALUE!", "Choose oc, ic, interest_diversion"),
        (("CLO_OC_RATIO", DEAL_NAME, "B", None, "HOT"), "#N/A", "CLO-4014"),
    ],
)
def test_what_is_not_there_says_so(demo: CallCell, call: tuple[object, ...], code: str, said: str) -> None:
    """The cell error of the situation, with a number and what to do."""
    answer = demo(*call)

    assert answer["e"] == code
    assert said in answer["m"]
