"""Values and errors of cells in the dispatcher, case by case of the table that every face runs."""

import pytest

from engine.desk.desk import Desk
from tests.xl_addin.value_table import CASES, Case
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory


def _no_desk() -> Desk:
    pytest.fail("no case of the table may open the database")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_cell_shows_what_the_table_says(case: Case) -> None:
    """The value or the Excel error, and the number that its text begins with."""
    answer = Dispatcher(ResultMemory()).call(case.name, case.arguments, CallContext(_no_desk))

    if "m" in answer and case.answer.get("m"):
        assert answer["m"].startswith(f"{case.answer['m']}: ")
        answer = {**answer, "m": case.answer["m"]}
    if case.answer.get("m") == "":
        answer = {**answer, "m": ""}
    assert answer == case.answer


def test_every_case_has_a_name_of_its_own() -> None:
    """The faces report failures by it."""
    assert len({case.id for case in CASES}) == len(CASES)
