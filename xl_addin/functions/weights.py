"""Objective weights as a range gives them: test and weight in each row (spec 06 §10.3)."""

from collections.abc import Mapping
from typing import Annotated

from engine.compliance.catalogue import definition_of
from engine.compliance.plan import Plan
from xl_addin.registry.arguments import Rows
from xl_addin.registry.errors import wrong
from xl_addin.registry.kinds import ROWS, TEST
from xl_addin.registry.values import OMITTED, read_number

WEIGHTS = Annotated[
    Rows | None, ROWS, "Range with test number or name and weight in each row; the deal's own weights by default."
]


def weight_by_test(rows: Rows, plan: Plan) -> Mapping[int, float]:
    """Weights by test number; a first row of two texts is headings, blank rows are skipped.

    Raises CellError CLO-2183 for a range of another shape or a test that comes twice, InputError CLO-1503 for an
    unknown test.
    """
    found: dict[int, float] = {}
    for number, row in enumerate(rows, start=1):
        if all(cell == "" for cell in row):
            continue
        if len(row) != 2:
            raise _of_no_use(f"It has {len(row)} columns")
        if number == 1 and isinstance(row[1], str) and not _is_number(row[1]):
            continue
        test = TEST.read(row[0])
        if test is OMITTED:
            raise _of_no_use(f"Row {number} names no test")
        test_id = definition_of(test, f"row {number} of the weights", plan.definitions).id
        if test_id in found:
            raise _of_no_use(f"Row {number} gives test {test_id} a second weight")
        found[test_id] = read_number(row[1])
    return found


def _is_number(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _of_no_use(problem: str) -> Exception:
    return wrong(
        "CLO-2183",
        f"The range of weights cannot be used: {problem}",
        remedy="Give two columns, test number and weight.",
    )
