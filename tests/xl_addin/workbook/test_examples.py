"""The examples of the catalogue: each is calculated in a workbook, on the deals that it names."""

from datetime import date

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from engine.desk.desk import Desk
from tests.xl_addin.workbook.conftest import DEMO, calculated
from xl_addin.evaluator import ErrorCell, Evaluation
from xl_addin.registry.catalogue import by_name, catalogue
from xl_addin.registry.declare import Example

EXAMPLES = {
    f"{function.name} {number}": example
    for function in catalogue()
    for number, example in enumerate(function.examples, start=1)
}
HANDLE = '=CLO_SCENARIO("BASE","cdr_multiplier=2")'
BOND = ((date(2016, 6, 15), 1.25), (date(2016, 9, 15), 1.25), (date(2016, 12, 15), 1.25), (date(2017, 3, 15), 101.25))
"""Where an example refers to cells: a handle in A1, dates and amounts of a bond in A2:B5."""

ANSWER, ANSWER_AREA = "H1", "H1:J3"


def _on_the_demo(key: str) -> bool:
    """Whether an example needs no more than the demo: it names the deal or a loan of it, or needs no stored data."""
    formula = EXAMPLES[key].formula
    return DEMO in formula or '"DMO' in formula or not by_name()[key.split()[0]].depends


def _evaluated(ids: list[str], desk: Desk) -> Evaluation:
    """Each example on a sheet of its own; of a table, its upper left corner."""
    book = Workbook()
    book.remove(book.active)
    for key in ids:
        sheet = book.create_sheet(key[:31])
        sheet["A1"] = HANDLE
        for row, (day, amount) in enumerate(BOND, start=2):
            sheet[f"A{row}"], sheet[f"B{row}"] = day, amount
        formula = EXAMPLES[key].formula
        is_one = EXAMPLES[key].value is not None
        sheet[ANSWER] = formula if is_one else ArrayFormula(ANSWER_AREA, formula)
    return calculated(book, desk)


@pytest.fixture(scope="module")
def on_the_demo(demo_run_desk: Desk) -> Evaluation:
    """Examples that any user can calculate once he has made the demo deal and simulated it, each on its own sheet."""
    return _evaluated([key for key in EXAMPLES if _on_the_demo(key)], demo_run_desk)


@pytest.fixture(scope="module")
def on_the_reference(mag17_run_desk: Desk) -> Evaluation:
    """Examples on what the recorded workbook holds."""
    return _evaluated([key for key in EXAMPLES if not _on_the_demo(key)], mag17_run_desk)


def _check(key: str, example: Example, found: Evaluation) -> None:
    value = found.value(key[:31], ANSWER)

    assert not isinstance(value, ErrorCell), [one.text for one in found.failures if key.startswith(one.function)]
    if isinstance(example.value, float | int) and not isinstance(example.value, bool):
        assert value == pytest.approx(example.value)
    elif example.value is not None:
        assert value == example.value
    else:
        assert value is not None


@pytest.mark.parametrize("key", [key for key in EXAMPLES if _on_the_demo(key)])
def test_an_example_gives_what_it_promises(key: str, on_the_demo: Evaluation) -> None:
    """Its stated value, or a table or a value without an error."""
    _check(key, EXAMPLES[key], on_the_demo)


@pytest.mark.parametrize("key", [key for key in EXAMPLES if not _on_the_demo(key)])
def test_an_example_with_the_recorded_deal_gives_what_it_promises(key: str, on_the_reference: Evaluation) -> None:
    """The same for examples on what the recorded workbook holds."""
    _check(key, EXAMPLES[key], on_the_reference)


def test_every_function_has_an_example() -> None:
    """No function goes without, and no two sheets of the test share a name."""
    assert {key.split()[0] for key in EXAMPLES} == {function.name for function in catalogue()}
    assert len({key[:31] for key in EXAMPLES}) == len(EXAMPLES)
