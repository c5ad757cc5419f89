"""`clodesk validate`: what is printed, as JSON, and the exit code."""

from pathlib import Path

from tests.workbooks.legacy.conftest import ASSETS, DEAL, asset_cell


def test_a_file_is_told_with_code_place_and_remedy(clodesk, book, here: Path) -> None:
    """Errors come first and make the exit code; nothing is stored."""
    book.put(DEAL, "E5", [-2_000_000.0])
    book.put(ASSETS, asset_cell(3, "currency"), ["Dollar"])
    said = clodesk("validate", "--file", book.write(here / "model.xlsx"))

    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[0] == f"E-PAR        '{DEAL}'!D5: par of BRSB is negative (found '-2000000.0')"
    assert lines[1].strip() == "Correct the par; what was sold is no position."
    currency = lines.index(f"W-CURRENCY   '{ASSETS}'!A3: BRSB: Currency is no currency code (found 'Dollar')")
    assert lines[currency + 1].strip() == "Give the three-letter code."
    assert lines[-1].startswith("model.xlsx, Mag 1 as of 2016-03-23: 1 error, ")


def test_an_import_with_a_violation_stores_nothing(clodesk, book, here: Path, n_rows) -> None:
    """The same error keeps the file out, with exit code 1."""
    book.put(DEAL, "E5", [-2_000_000.0])
    said = clodesk("import", book.write(here / "model.xlsx"))

    assert said.code == 1
    assert f"E-PAR        '{DEAL}'!D5" in said.out
    assert said.out.rstrip().endswith("Nothing was written.")
    assert [n_rows(table) for table in ("source_files", "deal_snapshots", "assets")] == [0, 0, 0]


def test_a_file_that_cannot_be_imported_is_told_with_its_findings(clodesk, book, here: Path) -> None:
    """Where no records can be made there is nothing more to judge."""
    book.put(DEAL, "E5", ["a lot"])
    said = clodesk("validate", "--file", book.write(here / "model.xlsx"), "--json")

    assert said.code == 1
    assert said.json[0]["has_errors"] is True
    assert said.json[0]["as_of"] is None
    assert "E-CELLTYPE" in [finding["code"] for finding in said.json[0]["findings"]]


def test_stored_data_as_json(clodesk, small_demo: Path) -> None:
    """The demo deal has no fault; a clean answer is exit code 0."""
    clodesk("import", small_demo)
    said = clodesk("validate", "demo1", "--json")

    assert said.code == 0
    assert said.json[0]["deals"] == ["Demo 1"]
    assert [violation["severity"] for violation in said.json[0]["violations"]].count("E") == 0
    assert "Demo 1 as of 2016-03-31" in clodesk("validate").out


def test_nothing_stored_is_said(clodesk) -> None:
    """An empty database has nothing to judge."""
    said = clodesk("validate")

    assert (said.code, said.out.strip()) == (0, "No deal is stored")


def test_a_deal_and_a_file_are_too_much(clodesk) -> None:
    """A wrong command line is exit code 2."""
    assert clodesk("validate", "Mag 1", "--file", "model.xlsx").code == 2
