"""Bad input, each with exit code 1, a text that says where, and not one row written."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.workbooks.legacy.conftest import (
    ASSETS,
    DEAL,
    PANEL,
    REFERENCE,
    ErrorValue,
    Formula,
    Styled,
    Workbook,
    asset_cell,
)
from workbooks.demo import demo_waterfall

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
WRITTEN = ("source_files", "deal_snapshots", "clo_deals", "assets", "asset_history", "runs")

Bend = Callable[[Workbook], object]


def put(sheet: str, cell: str, *values: object) -> Bend:
    return lambda book: book.put(sheet, cell, list(values))  # type: ignore[arg-type]


def without(sheet: str, cell: str) -> Bend:
    return lambda book: book.sheets[sheet].pop(cell)


def never_calculated(book: Workbook) -> None:
    for cells in book.sheets.values():
        for cell, value in cells.items():
            if isinstance(value, Formula):
                cells[cell] = Formula(value.text.replace("DealAnalysisDate", "TODAY()"))


def without_deal(book: Workbook) -> None:
    del book.sheets[DEAL]
    book.names = {name: text for name, text in book.names.items() if not name.startswith(DEAL)}


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("bend", "code", "place"),
    [
        (lambda book: book.sheets.pop("Filter Sheet"), "E-LAYOUT", "'Filter Sheet'"),
        (without_deal, "E-LAYOUT", "no sheet has a name that ends in 'Inputs'"),
        (put(DEAL, "E5", "a lot"), "E-CELLTYPE", f"'{DEAL}'!E5"),
        (put(DEAL, "E5", ErrorValue("#REF!")), "E-CELLTYPE", f"'{DEAL}'!E5"),
        (put(DEAL, "AE4", True), "E-CELLTYPE", f"'{DEAL}'!AE4"),
        (put(DEAL, "AE9", Styled(-31.0, 1)), "E-CELLTYPE", f"'{DEAL}'!AE9"),
        (without(DEAL, "AK7"), "E-CELLTYPE", f"'{DEAL}'!AK7"),
        (put(DEAL, "L5", 1), "E-DUPTEST", f"'{DEAL}'!L5"),
        (put(REFERENCE, "AN5", 1), "E-DUPCURVE", f"'{REFERENCE}'!AN5"),
        (never_calculated, "E-NOVALUE", f"'{PANEL}'"),
    ],
    ids=[
        "missing sheet",
        "no deal sheet",
        "text in a number cell",
        "error value in a number cell",
        "wrong type",
        "date before 1900",
        "tranche without balance",
        "duplicate test",
        "duplicate curve month",
        "never calculated",
    ],
)
def test_an_error_keeps_the_file_out(clodesk, book, here: Path, n_rows, bend: Bend, code: str, place: str) -> None:
    """The finding names sheet and cell."""
    bend(book)
    said = clodesk("import", book.write(here / "model.xlsx"))

    assert said.code == 1
    assert f"{code:12} {place}" in said.out
    assert said.out.rstrip().endswith("Nothing was written.")
    assert sum(map(n_rows, WRITTEN)) == 0


REMARKABLE = [
    (
        put(ASSETS, asset_cell(3, "sp_facility_rating"), "ZZZ"),
        "W-RATING",
        f"'{ASSETS}'!{asset_cell(3, 'sp_facility_rating')}",
    ),
    (put(ASSETS, "A5", "BRSA"), "W-DUPASSET", f"'{ASSETS}'!A5"),
    (put(DEAL, "D7", "BRSB", 5.0), "W-DUPPOS", f"'{DEAL}'!D7"),
    (put(DEAL, "D5", "BRSX"), "W-ASSET", f"'{DEAL}'!D5"),
    (lambda book: book.names.pop(f"{DEAL}!DealCollateral") and book.sheets[DEAL].pop("B1"), "W-ANCHOR", f"'{DEAL}'!"),
]


@pytest.mark.parametrize(
    ("bend", "code", "place"),
    REMARKABLE,
    ids=["unknown rating", "duplicate asset", "duplicate position", "id not in the asset list", "missing name"],
)
def test_a_warning_keeps_the_file_out_when_asked(
    clodesk, book, here: Path, n_rows, bend: Bend, code: str, place: str
) -> None:
    """--strict refuses what is imported with a remark otherwise."""
    bend(book)
    path = book.write(here / "model.xlsx")
    strict = clodesk("import", path, "--strict")

    assert strict.code == 1
    assert f"{code:12} {place}" in strict.out
    assert "and --strict lets no warning pass. Nothing was written." in flat(strict.out)
    assert sum(map(n_rows, WRITTEN)) == 0

    lenient = clodesk("import", path)
    assert lenient.code == 0
    assert f"{code:12} {place}" in lenient.out
    assert n_rows("source_files") == 1


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (OLE + "EncryptedPackage".encode("utf-16-le"), "CLO-2003:"),
        (b"BLKRockID,Par\nBRSA,1\n", "CLO-2005:"),
        (b"", "CLO-2002:"),
    ],
    ids=["password-protected", "not an Excel file", "empty"],
)
def test_a_file_that_is_no_workbook_is_refused(clodesk, here: Path, n_rows, content: bytes, text: str) -> None:
    """One line that names the file; import and load alike."""
    (here / "model.xlsx").write_bytes(content)
    for command in ("import", "load"):
        said = clodesk(command, "model.xlsx")
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(text)
        assert "model.xlsx" in said.err
    assert sum(map(n_rows, WRITTEN)) == 0


def test_a_truncated_workbook_is_refused(clodesk, book, here: Path, n_rows) -> None:
    """Half of a workbook is none."""
    path = book.write(here / "model.xlsx")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    said = clodesk("import", path)

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("CLO-2006:")
    assert sum(map(n_rows, WRITTEN)) == 0


@pytest.mark.parametrize(
    ("old", "new", "number", "words"),
    [
        ("EQUITY I", "EQITY I", "CLO-12", "EQITY"),
        ("REINVEST MAX", "?REINV DIVERT ID 0.5", "CLO-1216", "circular"),
    ],
    ids=["unknown step", "circular"],
)
def test_a_wrong_waterfall_is_refused_with_line_and_column(
    clodesk, small_demo: Path, here: Path, n_rows, old: str, new: str, number: str, words: str
) -> None:
    """`check` and `set` alike; the deal keeps what it has."""
    clodesk("import", small_demo)
    text = demo_waterfall().replace(old, new)
    (here / "my.waterfall").write_text(text)
    line = demo_waterfall()[: demo_waterfall().index(old)].count("\n") + 1
    checked = clodesk("waterfall", "check", "my.waterfall")
    given = clodesk("waterfall", "set", "Demo 1", "my.waterfall")

    assert (checked.code, given.code) == (1, 1)
    assert f"line {line}, column 3" in flat(checked.out)
    for told in (checked.out, given.err):
        assert told.startswith(number)
        assert words in told
        assert f"line {line}" in flat(told)
    assert n_rows("waterfall_configurations") == 0


def test_a_curve_shorter_than_the_deal_is_refused(clodesk, small_demo: Path, here: Path, n_rows) -> None:
    """The error names the set, the last tenor and the maturity; no run is stored."""
    clodesk("import", small_demo)
    (here / "demo.waterfall").write_text(demo_waterfall())
    clodesk("waterfall", "set", "Demo 1", "demo.waterfall")
    (here / "short.json").write_text(
        '{"name": "short", "curve": [[1, 0.005], [60, 0.02]],'
        ' "rows": [{"blkrock_id": "ALL", "cpr": 0.2, "cdr": 0.02, "severity": 0.3, "recovery_lag_months": 6}]}'
    )
    clodesk("assumptions", "add", "short.json")
    said = clodesk("run", "Demo 1", "--assumptions", "short")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("CLO-4021: The index curve ends in month 60 after 2016-03-31")
    assert "at assumption set 'short'" in said.err
    assert n_rows("runs") == 0


def loader(book: Workbook) -> Workbook:
    """A loader workbook for the deal and the assets of the model workbook, a week later."""
    made = Workbook(sheets={"MAG1 Inputs": {}, "Market": {}, "Outputs": dict(book.sheets[ASSETS])})
    made.put("MAG1 Inputs", "B1", ["Asset", "Par"], ["BRSA", 750_000.0], ["BRSB", 2_000_000.0])
    made.put("MAG1 Inputs", "E2", [1_000.0, 2_000.0])
    made.put("Market", "A1", [date(2016, 3, 30)])
    made.put("Market", "C2", ["BRSA", date(2017, 6, 30), 100_000.0])
    made.put("Market", "G2", [1, 0.0044], [120, 0.02])
    made.names = {
        "Analysisdate": "Market!$A$1",
        "SinkInputs": "Market!$C$2",
        "RatesInputs": "Market!$G$2",
    }
    return made


def test_a_loader_brings_a_new_day(clodesk, book, here: Path) -> None:
    """Positions of the loader at its date; the day before stays as it is, and twice changes nothing."""
    clodesk("import", book.write(here / "model.xlsx"))
    path = loader(book).write(here / "CF_Loader.xlsx")
    told, done, again = clodesk("load", path, "--dry-run"), clodesk("load", path), clodesk("load", path)
    lines = clodesk("deals", "--json").json

    assert (told.code, done.code, again.code) == (0, 0, 0)
    assert "Nothing was written." in told.out
    assert "Deals new: Mag 1." in done.out
    assert "is unchanged" in again.out
    assert [(line["as_of"], line["par"]) for line in lines] == [
        ("2016-03-30", 2_750_000.0),
        ("2016-03-23", 6_000_000.0),
    ]


def test_a_loader_without_a_name_is_refused(clodesk, book, here: Path, n_rows) -> None:
    """E-LAYOUT names the name that leads to no cell."""
    clodesk("import", book.write(here / "model.xlsx"))
    fresh = loader(book)
    del fresh.names["RatesInputs"]
    said = clodesk("load", fresh.write(here / "CF_Loader.xlsx"))

    assert said.code == 1
    assert "name RatesInputs is missing or leads to no cell" in flat(said.out)
    assert n_rows("source_files") == 1


def test_a_loader_that_breaks_a_rule_is_refused(clodesk, book, here: Path, n_rows) -> None:
    """Fresh data are validated in the frame of their model workbook: a negative par is E-PAR at its cell."""
    clodesk("import", book.write(here / "model.xlsx"))
    fresh = loader(book)
    fresh.put("MAG1 Inputs", "C2", [-750_000.0])
    said = clodesk("load", fresh.write(here / "CF_Loader.xlsx"))

    assert said.code == 1
    assert "E-PAR        'MAG1 Inputs'!B2: par of BRSA is negative" in said.out
    assert said.out.rstrip().endswith("Nothing was written.")
    assert n_rows("source_files") == 1


def test_a_loader_needs_its_model_workbook(clodesk, book, here: Path, n_rows) -> None:
    """Fresh data alone make no deal: CLO-4022 says what to import first."""
    said = clodesk("load", loader(book).write(here / "CF_Loader.xlsx"))

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("CLO-4022: No deal of CF_Loader.xlsx is in the database")
    assert n_rows("source_files") == 0
