"""Importing through the desk: whole or not at all, and told before it is written."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from db.changes import Change, ChangeKind
from engine.desk.desk import Desk
from engine.snapshot import WorkbookSnapshot
from workbooks.demo import DEAL_NAME
from workbooks.legacy_export import write_legacy_workbook


def with_first_par(edited: Callable[..., WorkbookSnapshot], book: WorkbookSnapshot, par: float) -> WorkbookSnapshot:
    first, *others = book.deals[0].positions
    return edited(positions=(replace(first, par=par), *others))


def test_the_demo_workbook_is_imported(desk: Desk, demo_file: Path) -> None:
    """A new deal is named, written and listed with its par and its source."""
    outcome = desk.import_workbook(demo_file)

    assert (outcome.is_written, outcome.has_errors) == (True, False)
    assert outcome.message == "Demo 1.xlsx was imported. Deals new: Demo 1."
    line = desk.deals()[0]
    assert (line.name, line.n_positions, line.source_file) == (DEAL_NAME, 40, "Demo 1.xlsx")
    assert 0.0 < line.par < 600e6


def test_the_same_file_changes_nothing(desk: Desk, demo_file: Path) -> None:
    """The second import says so and writes nothing."""
    desk.import_workbook(demo_file)
    outcome = desk.import_workbook(demo_file)

    assert not outcome.is_written
    assert outcome.changes == ()
    assert outcome.message == "Demo 1.xlsx is unchanged: it was imported before. Nothing was written."


def test_a_changed_par_is_shown_first_and_makes_one_snapshot(
    desk: Desk,
    demo_file: Path,
    demo_book: WorkbookSnapshot,
    edited: Callable[..., WorkbookSnapshot],
    tmp_path: Path,
) -> None:
    """A dry run tells position, old and new par and writes nothing; the import adds one snapshot of the deal."""
    desk.import_workbook(demo_file)
    before = desk.deals()
    position = demo_book.deals[0].positions[0]
    changed = tmp_path / "Demo 1 changed.xlsx"
    new_par = position.par + 1_000_000.0
    write_legacy_workbook(changed, with_first_par(edited, demo_book, new_par), with_formulas=True)

    told = desk.import_workbook(changed, dry_run=True)
    par_changes = [change for change in told.changes if change.table == "deal_position"]
    assert par_changes == [
        Change(
            deal=DEAL_NAME,
            table="deal_position",
            key=position.blkrock_id,
            kind=ChangeKind.CHANGED,
            field="par",
            old=position.par,
            new=new_par,
        )
    ]
    assert not told.is_written
    assert desk.deals() == before

    outcome = desk.import_workbook(changed)
    assert outcome.message == "Demo 1 changed.xlsx was imported. Deals changed: Demo 1."
    assert desk.deals()[0].par == before[0].par + 1_000_000.0
    assert len(desk.deals()) == 1
