"""Validation through the desk: at the import, of stored data, of a file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from db.store import Store
from engine.desk.desk import Desk
from engine.desk.validation import untold, validate_file
from engine.errors import ReferenceDataError
from engine.snapshot import AssetRow, Finding, WorkbookSnapshot
from engine.validation import Violation
from workbooks.demo import DEAL_NAME
from workbooks.legacy_export import write_legacy_workbook


def with_first_asset(book: WorkbookSnapshot, **changes: object) -> WorkbookSnapshot:
    first, *others = book.assets
    bent = AssetRow(asset=replace(first.asset, **changes), place=first.place)  # type: ignore[arg-type]
    return replace(book, assets=(bent, *others), source_file=replace(book.source_file, sha256="f" * 64))


@pytest.fixture
def written(tmp_path: Path) -> Callable[[WorkbookSnapshot], Path]:
    """Writes a workbook and gives its path."""

    def write(book: WorkbookSnapshot) -> Path:
        path = tmp_path / "bent.xlsx"
        write_legacy_workbook(path, book, with_formulas=True)
        return path

    return write


def test_an_invalid_asset_keeps_the_whole_file_out(
    desk: Desk, demo_book: WorkbookSnapshot, written: Callable[[WorkbookSnapshot], Path]
) -> None:
    """A maturity before the dated date: told with its cell, and nothing is stored."""
    dated = demo_book.assets[0].asset.dated_date
    outcome = desk.import_workbook(written(with_first_asset(demo_book, maturity=dated)))

    assert outcome.has_errors
    assert not outcome.is_written
    assert outcome.message == "bent.xlsx was not imported: 1 error. Nothing was written."
    assert outcome.violations[0].code == "E-MATURITY"
    assert outcome.violations[0].where == "'All Assets'!A2"
    assert desk.deals() == ()
    assert desk.validate() == ()


def test_a_warning_is_told_and_kept_out_only_when_asked(
    desk: Desk, demo_book: WorkbookSnapshot, written: Callable[[WorkbookSnapshot], Path]
) -> None:
    """is_strict counts violations as it counts findings."""
    path = written(with_first_asset(demo_book, currency="Dollar"))
    strict = desk.import_workbook(path, is_strict=True)
    lenient = desk.import_workbook(path)

    assert strict.has_errors
    assert "1 warning" in strict.message
    assert lenient.is_written
    assert [violation.code for violation in lenient.violations] == ["W-CURRENCY"]


def test_what_the_importer_reports_is_told_once(
    desk: Desk, demo_book: WorkbookSnapshot, written: Callable[[WorkbookSnapshot], Path]
) -> None:
    """A coupon in percent is a finding W-UNIT of the importer, and no violation beside it."""
    outcome = desk.import_workbook(written(with_first_asset(demo_book, coupon=4.75)))

    assert [finding.code for finding in outcome.findings].count("W-UNIT") == 1
    assert "W-UNIT" not in [violation.code for violation in outcome.violations]
    assert "W-UNIT" in [violation.code for violation in desk.validate()[0].violations]


def test_a_violation_is_told_unless_a_finding_has_its_code_and_sheet() -> None:
    """Another sheet or another code tells nothing; a violation without sheet is told by any."""

    def violation(code: str, sheet: str) -> Violation:
        return Violation(
            code=code,
            table="asset",
            key="A1",
            sheet=sheet,
            cell="A1" if sheet else "",
            text="wrong",
            value_found="",
            value_used="",
            remedy="Correct it.",
        )

    finding = Finding(code="W-UNIT", sheet="All Assets", cell="N4", text="above 1")
    found = [violation("W-UNIT", "All Assets"), violation("W-UNIT", ""), violation("W-UNIT", "Mag 1 Inputs")]

    assert untold([*found, violation("W-CAP", "All Assets")], [finding]) == (
        violation("W-UNIT", "Mag 1 Inputs"),
        violation("W-CAP", "All Assets"),
    )


def test_stored_data_are_judged_by_deal_and_as_a_whole(desk: Desk, store: Store, demo_book: WorkbookSnapshot) -> None:
    """What was stored without the desk is noticed on demand; an asset nobody holds concerns no deal."""
    stray = AssetRow(
        asset=replace(demo_book.assets[0].asset, blkrock_id="STRAY", market_value=-1.0, issue_name=""),
        place=replace(demo_book.assets[0].place, cell="A900"),
    )
    store.save_snapshot(replace(demo_book, assets=(*demo_book.assets, stray)))

    (everything,) = desk.validate()
    (of_deal,) = desk.validate("demo 1")

    assert (everything.file, everything.deals, everything.as_of) == (
        "Demo 1.xlsx",
        (DEAL_NAME,),
        demo_book.analysis_date,
    )
    assert [(found.code, found.where) for found in everything.violations] == [
        ("E-PRICE", "'All Assets'!A900"),
        ("I-COVERAGE", "correlation"),
    ]
    assert everything.has_errors
    assert of_deal.violations == ()
    assert not of_deal.has_errors


def test_every_workbook_of_the_deals_is_judged(desk: Desk, store: Store, demo_book: WorkbookSnapshot) -> None:
    """Deals whose newest snapshots came from two files make two outcomes."""
    other = replace(demo_book.deals[0], name="Demo 2")
    file = replace(demo_book.source_file, name="Demo 2.xlsx", sha256="e" * 64)
    store.save_snapshot(demo_book)
    store.save_snapshot(replace(demo_book, deals=(other,), source_file=file))

    assert [(outcome.file, outcome.deals) for outcome in desk.validate()] == [
        ("Demo 1.xlsx", ("Demo 1",)),
        ("Demo 2.xlsx", ("Demo 2",)),
    ]


def test_an_unknown_deal_is_said_so(desk: Desk) -> None:
    """As everywhere else."""
    with pytest.raises(ReferenceDataError, match="CLO-3013"):
        desk.validate("Mag 99")


def test_a_file_is_judged_without_a_database(demo_file: Path) -> None:
    """The demo workbook is clean."""
    outcome = validate_file(demo_file)

    assert outcome.file == demo_file.name
    assert outcome.deals == (DEAL_NAME,)
    assert outcome.violations == ()
    assert not outcome.has_errors
