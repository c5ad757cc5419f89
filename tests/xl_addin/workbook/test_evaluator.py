"""The in-process evaluator: cells, ranges and formulas as spreadsheet programs hand them over and show them."""

import sys
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from engine.desk.desk import Desk
from engine.errors import InputError, WorkbookError
from tests.xl_addin.value_table import CASES, Case
from tests.xl_addin.workbook.conftest import calculated
from workbooks.templates.formulas import filling
from xl_addin.evaluator import ErrorCell, Evaluation, evaluate
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Dispatcher
from xl_addin.registry.memory import ResultMemory

GRID = "CLO_WATERFALL_PROBLEMS"
BROKEN = '{"tranches A SUB";"INT:";"NONSENSE"}'


def without_database(workbook: Workbook) -> Evaluation:
    """A workbook whose functions need no stored data."""

    def no_desk() -> Desk:
        pytest.fail("no formula of this workbook may open the database")

    return evaluate(workbook, Dispatcher(ResultMemory()), lambda: CallContext(no_desk))


def of_formulas(**formulas: Any) -> Evaluation:
    """A workbook of one sheet, from its cells."""
    book = Workbook()
    for cell, content in formulas.items():
        book.active[cell] = content
    return without_database(book)


def shown(evaluation: Evaluation, area: str) -> list[list[Any]]:
    """Values of the first sheet, error cells as their codes."""
    rows = evaluation.rows("Sheet", area)
    return [[cell.code if isinstance(cell, ErrorCell) else cell for cell in row] for row in rows]


def _sheet_of_case(book: Workbook, number: int, case: Case) -> str:
    """A sheet with the arguments of a case in cells and the call in A1; returns its name."""
    sheet = book.create_sheet(f"case {number}")
    references = []
    column = 3
    for argument in case.arguments:
        if argument is None:
            references.append("")
            continue
        rows = argument if isinstance(argument, list) else [[argument]]
        for i, row in enumerate(rows, start=1):
            for j, value in enumerate(row):
                _fill(sheet.cell(i, column + j), value)
        width = len(rows[0])
        first, last = get_column_letter(column), get_column_letter(column + width - 1)
        references.append(f"{first}1" if not isinstance(argument, list) else f"{first}1:{last}{len(rows)}")
        column += width
    sheet["A1"] = f"={case.name}({','.join(references)})"
    return sheet.title


def _fill(cell: Any, value: Any) -> None:
    if isinstance(value, dict):
        cell.value = value["d"] if "d" in value else {"#DIV/0!": "=1/0", "#N/A": "=NA()"}[value["e"]]
    elif value != "":
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"


@pytest.fixture(scope="module")
def case_results() -> dict[str, tuple[Any, set[str]]]:
    """What the cell of each case shows, and the numbers of the errors of its function."""
    book = Workbook()
    titles = {case.id: _sheet_of_case(book, number, case) for number, case in enumerate(CASES)}
    found = without_database(book)
    numbers = {
        case.id: {failure.text[:8] for failure in found.failures if failure.function == case.name} for case in CASES
    }
    return {key: (found.value(title, "A1"), numbers[key]) for key, title in titles.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_cell_shows_what_the_table_says(case: Case, case_results: dict[str, tuple[Any, set[str]]]) -> None:
    """The table of values and errors that every face runs comes out of formulas in cells, too."""
    value, numbers = case_results[case.id]

    if "e" in case.answer:
        assert value == ErrorCell(case.answer["e"])
        assert not case.answer["m"] or case.answer["m"] in numbers
    else:
        assert value == pytest.approx(case.answer["v"])


def test_an_omitted_argument_is_not_a_blank_one() -> None:
    """An argument left out between commas takes its default; a blank cell is read as a blank cell."""
    found = of_formulas(
        A1='=CLO_RATING_RANK("A+",,"legacy")', A2='=CLO_RATING_RANK("A+","S&P")', A3="=CLO_PERIOD_RATE(B9,42370,42736)"
    )

    assert shown(found, "A1:A3") == [[2.0], [5.0], [0.0]]


def test_native_functions_work_on_results_and_errors() -> None:
    """Nesting, IFERROR and IFNA take our results and errors as they take those of the program."""
    found = of_formulas(
        A1='=IFERROR(CLO_RATING_FACTOR("Zzz"),"no rating")',
        A2='=IFNA(CLO_RATING_RANK(""),"not rated")',
        A3='=CLO_RATING_FROM_RANK(CLO_RATING_RANK("Ba1"),"S&P")',
        A4='=CLO_RATING_FACTOR("B2")+CLO_RATING_FACTOR(B1)',
        A5="=INDEX({1,2},1,2)*CLO_YEAR_FRACTION(DATE(2016,3,23),DATE(2016,6,21))",
        B1="B3",
    )

    assert shown(found, "A1:A5") == [["no rating"], ["not rated"], ["BB+"], [6210.0], [0.5]]
    assert [failure.function for failure in found.failures] == ["CLO_RATING_FACTOR", "CLO_RATING_RANK"]


def test_formulas_of_every_client_calculate() -> None:
    """The forms that Excel stores with either add-in mean the same call; a text that looks like one stays a text."""
    found = of_formulas(
        A1='=[1]!CLO_RATING_FACTOR("B2")', A2='=_xldudf_CLO_RATING_FACTOR("B2")', A3='="[1]!CLO_RATING_FACTOR("&"B2)"'
    )

    assert shown(found, "A1:A3") == [[2720.0], [2720.0], ["[1]!CLO_RATING_FACTOR(B2)"]]


def test_an_array_formula_shows_what_its_range_has_room_for() -> None:
    """A larger table is cut, a smaller one is followed by #N/A, one value or row is repeated, as Excel does it."""
    found = of_formulas(
        A1=ArrayFormula("A1:B1", f"={GRID}({BROKEN})"),
        A5=ArrayFormula("A5:D6", "={1,2,3;4,5,6}"),
        A9=ArrayFormula("A9:B10", '=CLO_RATING_FACTOR("B2")'),
        A12=ArrayFormula("A12:B13", "={1,2}"),
        E12="=SUM(A12:B13)",
    )

    assert shown(found, "A1:C1") == [["line", "problem", None]]
    assert shown(found, "A5:D6") == [[1, 2, 3, "#N/A"], [4, 5, 6, "#N/A"]]
    assert shown(found, "A9:B10") == [[2720.0, 2720.0]] * 2
    assert shown(found, "A12:B13") == [[1, 2], [1, 2]]
    assert found.value("Sheet", "E12") == 6.0


def test_a_filling_formula_is_empty_beyond_its_table() -> None:
    """Where a template stretches a table over a range the rest is empty, and so is a table that is missing."""
    book = Workbook()
    book.create_sheet("Lists")
    book.active["A1"] = ArrayFormula("A1:C3", filling("{1,2;3,4}", 3, 3, "TRUE"))
    book.active["A5"] = ArrayFormula("A5:B6", filling(f"{GRID}(1,2,3)", 2, 2, "TRUE"))

    found = without_database(book)

    assert shown(found, "A1:C3") == [[1, 2, ""], [3, 4, ""], ["", "", ""]]
    assert shown(found, "A5:B6") == [["", ""], ["", ""]]


def test_a_formula_spills_and_blocked_ones_say_so() -> None:
    """A table in a plain formula spills over the cells below and beside it, if they are free."""
    found = of_formulas(A1=f"={GRID}({BROKEN})", F1=f"={GRID}({BROKEN})", F2="taken")

    assert shown(found, "A1:C1") == [["line", "problem", "remedy"]]
    assert found.value("Sheet", "A2") == 3.0
    assert found.value("Sheet", "F1") == ErrorCell("#SPILL!")


def test_tables_and_names_are_known() -> None:
    """Structured references reach the calls as the ranges that they are."""
    book = Workbook()
    for row in (("day", "paid"), (42817, 100)):
        book.active.append(row)
    book.active.add_table(Table(displayName="tbl_flows", ref="A1:B2"))
    book.active["D1"] = "=CLO_WAL(tbl_flows[day],tbl_flows[paid],42452)"

    assert without_database(book).value("Sheet", "D1") == 1.0


def test_the_given_workbook_stays_as_it_is() -> None:
    """Calculating reads a workbook and changes none of its formulas."""
    book = Workbook()
    book.active["A1"] = '=CLO_RATING_RANK("A+",,"legacy")'

    without_database(book)

    assert book.active["A1"].value == '=CLO_RATING_RANK("A+",,"legacy")'


def test_all_calls_see_one_moment_of_the_data(demo_run_desk: Desk) -> None:
    """One context answers the whole workbook."""
    asked: list[CallContext] = []

    def context() -> CallContext:
        asked.append(CallContext(lambda: demo_run_desk))
        return asked[-1]

    book = Workbook()
    for row in range(1, 4):
        book.active[f"A{row}"] = '=CLO_DEAL_PAR("Demo 1")'
    evaluate(book, Dispatcher(ResultMemory()), context)

    assert len(asked) == 1


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path, demo_run_desk: Desk) -> None:
    """The error names the file."""
    path = tmp_path / "notes.xlsx"
    path.write_text("not a workbook")

    with pytest.raises(WorkbookError, match=r"CLO-2191: The file cannot be read as a workbook, at .*notes.xlsx"):
        calculated(path, demo_run_desk)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the calculation engine the error says what to install."""
    monkeypatch.setitem(sys.modules, "formualizer", None)

    with pytest.raises(InputError, match=r'CLO-2190: .* Install it: pip install "clodesk\[evaluate\]"'):
        without_database(Workbook())
