"""`clodesk correlation`: what is printed, as JSON, and the exit codes."""

from pathlib import Path

import pytest

from workbooks.legacy import read_workbook

PAIRS = "asset_1,asset_2,correlation\nA,B,0.25\nA,C,-0.5\nB,C,0.125\n"


@pytest.fixture
def correlation(clodesk, small_demo: Path):
    """The commands on a database with the demo of 30 loans."""
    clodesk("import", small_demo)
    return lambda *words: clodesk("correlation", *words)


def test_two_assets_and_one_asset(correlation, small_demo: Path) -> None:
    """The number of a pair, and the strongest of a row, as text and as JSON."""
    book = read_workbook(small_demo).snapshot
    assert book is not None
    assert book.correlation is not None
    ids, matrix = book.correlation.ids, book.correlation.matrix
    shown = correlation("show", ids[0], ids[1])
    pair = correlation("show", ids[0].lower(), ids[1], "--json").json
    strongest = correlation("of", ids[0], "--top", "3", "--json").json
    listed = correlation("of", ids[0], "--top", "3")

    assert (shown.code, shown.out) == (0, f"{ids[0]} and {ids[1]}: {matrix[0, 1]:.6f} (Demo 1.xlsx)\n")
    assert (pair["asset_1"], pair["correlation"], pair["source"]) == (ids[0], matrix[0, 1], "Demo 1.xlsx")
    assert [item["correlation"] for item in strongest] == sorted(matrix[0, 1:].tolist(), reverse=True)[:3]
    assert f"{ids[0]}: 3 of 29 correlations" in listed.out


def test_a_check_tells_size_and_coverage(correlation) -> None:
    """All 30 loans are covered; nothing is at fault."""
    said, found = correlation("check"), correlation("check", "--json").json

    assert said.code == 0
    assert "30 assets, 435 pairs" in said.out
    assert "30 of 30 assets of the workbook (100.0%)" in said.out
    assert (found["n_covered"], found["faults"]) == (30, [])


def test_a_file_goes_in_and_comes_out(correlation, here: Path, n_rows) -> None:
    """A dry run writes nothing; the import is in force, exported, listed and withdrawn."""
    Path("own.csv").write_text(PAIRS)
    tried = correlation("import", "own.csv", "--dry-run")
    n_before = n_rows("correlation_sources")
    done = correlation("import", "own.csv", "--json").json
    value = correlation("show", "C", "A", "--json").json
    out = correlation("export", "out.csv")
    listed = correlation("history")
    back = correlation("withdraw")

    assert tried.code == 0
    assert "Nothing was written." in tried.out
    assert "Not in the matrix" in tried.out
    assert "0 of 30 assets" in tried.out
    assert n_before == 0
    assert (done["is_written"], done["report"]["n_assets"]) == (True, 3)
    assert (value["correlation"], value["source"]) == (-0.5, "own.csv")
    assert (out.code, Path("out.csv").read_text().splitlines()[1]) == (0, "A,1.0,0.25,-0.5")
    assert "own.csv" in listed.out
    assert "are those of the workbooks" in back.err
    assert correlation("check", "--json").json["source"] == "Demo 1.xlsx"


def test_one_correlation_offers_one_factor(correlation, here: Path) -> None:
    """The loading of the factor that gives 0.3 for every pair."""
    Path("own.csv").write_text(PAIRS.replace("0.25", "0.3").replace("-0.5", "0.3").replace("0.125", "0.3"))
    said = correlation("import", "own.csv", "--dry-run")

    assert "every correlation is 0.3; one factor with loading 0.547723 gives the same" in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "A", "B"), "CLO-4092: Asset A is not in the correlation matrix"),
        (("import", "wrong.csv"), "CLO-4156"),
        (("import", "gone.csv"), "CLO-4155"),
        (("export", "out.xlsx"), "CLO-4157"),
        (("withdraw",), "CLO-4158"),
        (("check", "--as-of", "1999-12-31"), "CLO-4070"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_1(
    correlation, here: Path, n_rows, words: tuple[str, ...], told: str
) -> None:
    """On stderr, with nothing stored."""
    Path("wrong.csv").write_text(PAIRS.replace("0.25", "2.5"))
    said = correlation(*words)

    assert (said.code, said.out) == (1, "")
    assert told in said.err
    assert (n_rows("correlation_sources"), n_rows("asset_correlations")) == (0, 1)


def test_a_matrix_that_cannot_be_used_ends_with_1(clodesk, book, here: Path) -> None:
    """The faults are printed, and a script sees them."""
    book.put("Asset Correlation", "C2", [0.4])
    clodesk("import", book.write(here / "model.xlsx"))
    said = clodesk("correlation", "check")

    assert said.code == 1
    assert "matrix is not symmetric" in said.out
