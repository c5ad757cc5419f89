"""The layout of the legacy sheets: what the importer of saved outputs reads is the run."""

from typing import Any

import pytest
from openpyxl import Workbook

from engine.desk.desk import Desk
from engine.errors import ClodeskError
from tests.xl_addin.commands.conftest import RunCommand, applied
from workbooks.demo import DEAL_NAME

FLOWS, TESTS = "Deal CF-Demo 1-Output", "Compliance-Demo 1"


@pytest.fixture
def shown(run: RunCommand, demo: Desk, book: Workbook) -> Workbook:
    """A workbook with the legacy sheets of a run."""
    number = demo.run_deal(DEAL_NAME, assumptions="workbook").run_id
    applied(run("clo_export_legacy_layout", answers={"run": number}), book)
    return book


def block(book: Workbook, title: str) -> dict[str, list[Any]]:
    """Columns of a block by header; of the two columns Risk Measures the last one."""
    page = book[FLOWS]
    start = next(cell.column for cell in page[1] if cell.value == title)
    columns = {}
    for column in range(start, page.max_column + 1):
        header = page.cell(2, column).value
        if header is None:
            break
        columns[header] = [page.cell(row, column).value for row in range(3, page.max_row + 1)]
    return columns


def test_blocks_stand_in_the_legacy_order(shown: Workbook) -> None:
    """Deal, pools, classes, fees, incentive fee, IC, OC; column A stays empty, misspellings included."""
    titles = [cell.value for cell in shown[FLOWS][1] if cell.value]

    assert titles[:4] == [
        "Deal Info Sim #1",
        "Original Collateral Pool Sim #1",
        "Reinvest Collateral Pool Sim #1",
        "Class X Liabilities Sim #1",
    ]
    assert titles.index("Incentive Fee Sim #1") < titles.index("Class B IC Test Sim #1")
    assert titles.index("Class B IC Test Sim #1") < titles.index("Class B OC Test Sim #1")
    assert shown[FLOWS]["A1"].value is None
    assert list(block(shown, "Deal Info Sim #1"))[-2:] == ["Procceds Reinvest", "LIBOR"]


def test_the_numbers_are_those_of_the_run(shown: Workbook, demo: Desk) -> None:
    """Class flows, ratios and triggers stand under the legacy headers."""
    result = demo.run_deal(DEAL_NAME, assumptions="workbook").result
    n_periods = len(result.dates.payment)
    flows, test = block(shown, "Class B Liabilities Sim #1"), block(shown, "Class B OC Test Sim #1")

    assert flows["Int Paid"][:n_periods] == result.tranche("Class B", "interest_paid").tolist()
    place = result.oc_names.index("Class B OC Test")
    assert test["Result"][0] == result.oc[0, place, 2]
    assert set(test["Threshold"][:n_periods]) == {result.oc_triggers[place]}
    assert flows["Risk Measures"][5] == result.risk[result.tranche_names.index("Class B"), 3]


def test_the_tests_are_rounded_as_they_were_shown(shown: Workbook, demo: Desk) -> None:
    """Four decimals of a percent, from column B on, without a title."""
    page = shown[TESTS]
    first = demo.compliance(DEAL_NAME).report.results[0]

    assert [cell.value for cell in page[1][1:5]] == ["Test Num", "Test Name", "Denominator", "Numeratior"]
    assert (page["B2"].value, page["G2"].value) == (first.test_id, round(first.value, 6))


def test_a_run_has_to_be_chosen(run: RunCommand) -> None:
    """There is no run by default."""
    with pytest.raises(ClodeskError, match="CLO-2214"):
        run("clo_export_legacy_layout")
