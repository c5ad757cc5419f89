"""Commands that bring data in, judge them, publish edits and compare runs."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from db.cache import Cache, LocalCache
from db.store import Store
from engine.desk.desk import Desk
from engine.errors import ClodeskError
from engine.modes import Mode
from engine.snapshot import WorkbookSnapshot
from tests.xl_addin.commands.conftest import RunCommand, applied, table_on
from workbooks.demo import DEAL_NAME, demo_waterfall
from workbooks.legacy_export import write_legacy_workbook
from xl_addin.commands.declare import Inputs, command_of
from xl_addin.registry.context import CallContext

PUBLISHED = {"is_dry_run": False}


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory, demo_book: WorkbookSnapshot) -> Path:
    """The workbook of the demo deal."""
    path = tmp_path_factory.mktemp("demo") / "Demo 1.xlsx"
    write_legacy_workbook(path, demo_book, with_formulas=True)
    return path


@pytest.fixture
def empty_desk(store: Store) -> Desk:
    """A desk that knows no deal."""
    return Desk(store, Cache(LocalCache()))


@pytest.fixture
def desk(demo_desk_of_its_own: Desk) -> Desk:
    return demo_desk_of_its_own


def program_rows(text: str) -> list[list[Any]]:
    """A program as a client sends the sheet: one line a row."""
    return [[line] for line in text.splitlines()]


def test_an_import_is_tried_before_it_is_made(
    run: RunCommand, empty_desk: Desk, book: Workbook, demo_file: Path
) -> None:
    """By default nothing is stored; the changes are listed."""
    told = applied(run("clo_import_workbook", desk=empty_desk, answers={"file": str(demo_file)}), book)
    before = empty_desk.deals()
    run("clo_import_workbook", desk=empty_desk, answers={"file": str(demo_file), **PUBLISHED})

    assert before == ()
    assert [line.name for line in empty_desk.deals()] == [DEAL_NAME]
    assert told[0].level == "information"
    changes = table_on(book, "Import", next(_titles(book, "Import", "Changes")))
    assert {row["Deal"] for row in changes} >= {DEAL_NAME}


def _titles(book: Workbook, sheet: str, start: str) -> Any:
    return (str(row[0].value) for row in book[sheet].iter_rows(max_col=1) if str(row[0].value).startswith(start))


def test_an_import_without_a_file_is_a_mistake(run: RunCommand, empty_desk: Desk) -> None:
    """So is a file that is no workbook."""
    with pytest.raises(ClodeskError, match="CLO-2209"):
        run("clo_import_workbook", desk=empty_desk)
    with pytest.raises(ClodeskError):
        run("clo_import_loader", desk=empty_desk, answers={"file": __file__})


def test_validation_lists_what_the_desk_finds(run: RunCommand, desk: Desk, book: Workbook) -> None:
    """One row for every breach, of all deals where none is chosen."""
    applied(run("clo_validate", desk=desk, cells={"clo_deal": ""}), book)
    found = desk.validate()
    n_remarks = sum(len(one.findings) + len(one.violations) for one in found)

    assert "Validation-All" in book.sheetnames
    assert book["Validation-All"]["A4"].value == f"Messages: {n_remarks:,}"


def test_a_changed_waterfall_is_published(run: RunCommand, desk: Desk, book: Workbook) -> None:
    """It is listed first, and stored as the next version only when that was asked for."""
    text = demo_waterfall().replace("\n", "\n# reviewed by the desk\n", 1)
    cells = {"clo_program": program_rows(text)}
    told = applied(run("clo_publish_inputs", desk=desk, cells=cells), book)
    stored = desk.documents.waterfall_text(DEAL_NAME)
    run("clo_publish_inputs", desk=desk, cells=cells, answers=PUBLISHED)
    again = run("clo_publish_inputs", desk=desk, cells=cells, answers=PUBLISHED)

    assert told[0].text == "Demo 1: 1 input would change; nothing was stored."
    assert stored == demo_waterfall()
    assert desk.documents.waterfall_text(DEAL_NAME).splitlines()[1] == "# reviewed by the desk"
    assert "are stored as they stand" in again.operations[-1].text  # type: ignore[union-attr]  # a Message


def test_a_wrong_waterfall_names_its_rows(run: RunCommand, desk: Desk) -> None:
    """Nothing is stored, not even the scenarios beside it."""
    rows = program_rows(demo_waterfall())
    rows[4] = ["  PAY NOBODY KNOWS"]
    tables = {"tbl_scenarios": [["MILD", "", 0.5, 0.5, 0.0, 0.0]]}
    cells = {"clo_program": rows}
    with pytest.raises(ClodeskError, match=r"CLO-2210.*line 5.*clo_program"):
        run("clo_publish_inputs", desk=desk, cells=cells, tables=tables, answers=PUBLISHED)

    assert "MILD" not in {one.name for one in desk.documents.scenarios()}


def test_scenarios_are_published_and_can_be_run(run: RunCommand, desk: Desk, book: Workbook) -> None:
    """A blank shock is none; a scenario that is stored alike is no change."""
    rows = [
        ["BASE", "The assumptions as they are", 1.0, 1.0, 0.0, 0.0],
        ["mild", "Half", 0.5, 0.5, "", 0.001],
        [""] * 6,
    ]
    applied(run("clo_publish_inputs", desk=desk, tables={"tbl_scenarios": rows}, answers=PUBLISHED), book)
    (mild,) = (one for one in desk.documents.scenarios() if one.name == "MILD")
    changes = table_on(book, "Publish-Demo 1", "Changes")

    assert (mild.cpr_multiplier, mild.severity_shift, mild.curve_shift) == (0.5, 0.0, 0.001)
    assert {row["Key"].split()[0] for row in changes} == {"MILD"}
    assert desk.run_deal(DEAL_NAME, "mild", assumptions="workbook").summary.scenario == "MILD"


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (["MILD", "", "half", 0.5, 0.0, 0.0], "tbl_scenarios, row 1, cpr_multiplier"),
        (["MILD", "", -1.0, 0.5, 0.0, 0.0], "tbl_scenarios, row 1"),
    ],
)
def test_a_wrong_scenario_names_its_row(run: RunCommand, desk: Desk, row: list[Any], where: str) -> None:
    """Text and negative multipliers are refused."""
    with pytest.raises(ClodeskError) as caught:
        run("clo_publish_inputs", desk=desk, tables={"tbl_scenarios": [row]}, answers=PUBLISHED)

    assert caught.value.where == where


def test_weights_are_published_into_the_limits_of_the_deal(run: RunCommand, desk: Desk) -> None:
    """What else the limits say stays."""
    desk.set_limits(DEAL_NAME, '{"parameters": {"current_libor": 0.0123}}', "test")
    before = dict(desk.compliance(DEAL_NAME).report.weights)
    test = next(iter(before))
    rows = [[test, "", "", 0.125]]
    run("clo_publish_inputs", desk=desk, tables={"tbl_weights": rows}, answers=PUBLISHED)

    assert dict(desk.compliance(DEAL_NAME).report.weights) == {**before, test: 0.125}
    assert "current_libor" in (desk.limits_text(DEAL_NAME) or "")


def test_two_runs_side_by_side(run: RunCommand, desk: Desk, book: Workbook) -> None:
    """Every measure of both with its difference."""
    one = desk.run_deal(DEAL_NAME, "BASE", assumptions="workbook", mode=Mode.STANDARD)
    other = desk.run_deal(DEAL_NAME, "STRESS", assumptions="workbook")
    answers = {"run_a": one.run_id, "run_b": other.run_id}
    applied(run("clo_compare_runs", desk=desk, answers=answers), book)
    rows = {
        (row["Class name"], row["Measure"]): row
        for row in table_on(book, f"Compare {one.run_id} and {other.run_id}", "Classes")
    }

    wal = rows["Class B", "wal"]
    place = one.result.tranche_names.index("Class B")
    assert (wal["First"], wal["Second"]) == (one.result.risk[place, 3], other.result.risk[place, 3])
    assert wal["Difference"] == wal["Second"] - wal["First"]


@pytest.mark.parametrize("answers", [{}, {"run_a": 1, "run_b": 1}])
def test_one_run_cannot_be_compared(run: RunCommand, desk: Desk, answers: dict[str, int]) -> None:
    """Two different runs are needed."""
    with pytest.raises(ClodeskError, match="CLO-2211"):
        run("clo_compare_runs", desk=desk, answers=answers)


def test_two_dates_side_by_side(
    run: RunCommand, desk: Desk, store: Store, book: Workbook, demo_book: WorkbookSnapshot
) -> None:
    """Only positions that differ are listed, tests all."""
    deal = demo_book.deals[0]
    later, first = date(2016, 6, 30), deal.positions[0]
    changed = replace(deal, analysis_date=later, positions=(replace(first, par=first.par + 1e6), *deal.positions[1:]))
    file = replace(demo_book.source_file, sha256="f" * 64)
    store.save_snapshot(replace(demo_book, analysis_date=later, deals=(changed,), source_file=file))
    applied(run("clo_compare_versions", desk=desk, answers={"first": deal.analysis_date}), book)
    (row,) = table_on(book, "Compare Dates-Demo 1", "Positions")

    assert (row["BlackRock ID"], row["First"], row["Difference"]) == (first.blkrock_id, first.par, 1e6)
    tests = table_on(book, "Compare Dates-Demo 1", "Compliance tests")
    assert [one["Second"] for one in tests] == [one.value for one in desk.compliance(DEAL_NAME).report.results]
    with pytest.raises(ClodeskError, match="CLO-2215"):
        run("clo_compare_versions", desk=desk)


def test_messages_are_those_of_the_workbook(demo: Desk, book: Workbook) -> None:
    """The errors that the server remembers of this workbook's cells, not of another's."""
    ctx = CallContext(lambda: demo, workbook="mine.xlsx")
    ctx.errors.note("mine.xlsx", "Sheet1!$B$2", "CLO-3013: There is no deal")
    ctx.errors.note("other.xlsx", "A1", "CLO-2101: missing")
    applied(command_of("clo_show_messages").run(Inputs(), ctx, lambda _text, _done: None), book)

    assert table_on(book, "CLO Messages", "Errors") == [{"Where": "SHEET1!B2", "Text": "CLO-3013: There is no deal"}]
