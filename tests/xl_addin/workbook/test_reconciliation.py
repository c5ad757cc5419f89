"""The reconciliation workbook: legacy results beside live formulas, compared at the digits that were shown."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from engine.desk.desk import Desk
from engine.snapshot import LegacyResult, Place, WorkbookSnapshot
from tests.xl_addin.workbook.conftest import MAG17, calculated
from tests.xl_addin.workbook.formula_calls import calls, formulas
from workbooks.templates import write_reconciliation
from workbooks.templates.reconciliation import COLUMNS, digits_of, reconciliation
from xl_addin.evaluator import Evaluation
from xl_addin.registry.catalogue import by_name

RESULT = LegacyResult(
    sheet="HYPO-Mag 17-Output",
    block="Pool",
    row_key="1",
    column="Results",
    text="0.97164",
    number=0.97164,
    number_format="0.000%",
    place=Place("HYPO-Mag 17-Output", "E3"),
)


@pytest.fixture(scope="module")
def book(mag17_run_desk: Desk) -> WorkbookSnapshot:
    """The recorded workbook, as it was imported."""
    return mag17_run_desk.views(mag17_run_desk.data_versions()).deal(MAG17).source.book


@pytest.fixture(scope="module")
def evaluation(book: WorkbookSnapshot, mag17_run_desk: Desk) -> Evaluation:
    return calculated(reconciliation(book.legacy_results, MAG17, book.trades), mag17_run_desk)


def _verdicts(evaluation: Evaluation, book: WorkbookSnapshot, *columns: str) -> Counter[str]:
    found = zip(
        book.legacy_results, evaluation.rows("Reconciliation", f"K10:K{9 + len(book.legacy_results)}"), strict=True
    )
    return Counter(str(row[0]) for one, row in found if not columns or one.column in columns)


def test_every_recorded_result_of_a_test_is_met(evaluation: Evaluation, book: WorkbookSnapshot) -> None:
    """What the workbook recorded of MAG 17's tests before the trades is equal at the digits shown."""
    verdicts = _verdicts(evaluation, book, "Results", "Before Results")

    assert set(verdicts) == {"equal"}
    assert verdicts["equal"] > 20


def test_every_result_has_a_verdict(evaluation: Evaluation, book: WorkbookSnapshot) -> None:
    """Nothing is passed over: equal, different, not to be had now, or without a counterpart; the head counts them."""
    verdicts = _verdicts(evaluation, book)
    counted = {
        name: evaluation.value("Reconciliation", f"{column}6")
        for name, column in (("equal", "B"), ("differs", "C"), ("not available", "E"), ("no counterpart", "I"))
    }

    assert sum(verdicts.values()) == len(book.legacy_results)
    assert {name: float(verdicts[name]) for name in counted} == counted


def test_a_difference_shows_at_the_digits_of_the_legacy_sheet(mag17_run_desk: Desk) -> None:
    """A result one unit off in the last digit shown differs; one beyond the digits shown does not."""
    off = replace(RESULT, text="0.97165", number=0.97165)
    beyond = replace(RESULT, text="0.971640004", number=0.971640004)
    found = calculated(reconciliation([RESULT, off, beyond], MAG17), mag17_run_desk)

    assert [row[0] for row in found.rows("Reconciliation", "K10:K12")] == ["equal", "differs", "equal"]
    assert found.value("Reconciliation", "J11") == pytest.approx(-1e-05)


@pytest.mark.parametrize(
    ("text", "number_format", "digits"),
    [("0.97164", "0.000%", 5), ("2e-05", "General", 5), ("750000", "General", 0), ("2,576", "#,##0", 0)],
)
def test_digits_are_those_of_the_format_or_of_the_text(text: str, number_format: str, digits: int) -> None:
    """A percent format shows two digits more than it names."""
    assert digits_of(replace(RESULT, text=text, number_format=number_format)) == digits


def test_formulas_name_functions_of_the_catalogue_only(book: WorkbookSnapshot) -> None:
    """As in the other templates."""
    made = reconciliation(book.legacy_results, MAG17, book.trades)

    assert {one.function for _, _, formula in formulas(made) for one in calls(formula)} <= set(by_name())


def test_equal_results_give_equal_bytes(tmp_path: Path) -> None:
    """The file holds no clock; its table has the columns of the contract."""
    for name in ("one.xlsx", "two.xlsx"):
        write_reconciliation(tmp_path / name, [RESULT], MAG17)
    table = load_workbook(tmp_path / "one.xlsx")["Reconciliation"].tables["tbl_reconciliation"]

    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    assert tuple(column.name for column in table.tableColumns) == COLUMNS
