"""Correlations through the desk: what is in force, what there is to say about it, and files of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter

from db.store import Store
from engine.desk.correlation_files import read_correlations
from engine.desk.desk import Desk
from engine.desk.reading.rating_data import correlations
from engine.errors import InputError, ReferenceDataError, WorkbookError
from engine.snapshot import Correlation, WorkbookSnapshot
from workbooks.demo import demo_snapshot

Rows = list[list[object]]
SQUARE: Rows = [["", "A", "B", "C"], ["A", 1, 0.25, -0.5], ["B", 0.25, 1, 0.125], ["C", -0.5, 0.125, 1]]
PAIRS: Rows = [["Asset 1", "Asset 2", "Correlation"], ["A", "B", 0.25], ["C", "A", -0.5], ["B", "C", 0.125]]


def written(path: Path, rows: Rows) -> Path:
    """The rows as CSV or as a workbook of one sheet."""
    if path.suffix == ".csv":
        path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
        return path
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Any")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path


def constant(n: int, rho: float = 0.3) -> Correlation:
    """n assets with one correlation for all pairs."""
    return Correlation(
        ids=tuple(f"M{number}" for number in range(n)), matrix=np.full((n, n), rho) + np.eye(n) * (1 - rho)
    )


@pytest.fixture
def ids(demo_book: WorkbookSnapshot) -> tuple[str, ...]:
    """Ids of the demo's matrix."""
    assert demo_book.correlation is not None
    return demo_book.correlation.ids


def test_pair_asset_and_matrix_agree(demo_desk: Desk, demo_book: WorkbookSnapshot, ids: tuple[str, ...]) -> None:
    """The three ways to a number give the same one; an id may be in small letters."""
    assert demo_book.correlation is not None
    stored, found = demo_book.correlation.matrix, demo_desk.correlations()
    row = {item.blkrock_id: item.correlation for item in found.asset(ids[3].lower())}

    assert found.pair(ids[3], ids[7].lower()) == stored[3, 7] == row[ids[7]]
    assert found.pair(ids[3], ids[3]) == 1.0
    assert len(row) == len(ids) - 1
    assert [abs(value or 0.0) for value in row.values()] == sorted((abs(v or 0.0) for v in row.values()), reverse=True)
    assert len(found.asset(ids[3], 5)) == 5
    assert found.matrix((ids[7], ids[3])).matrix.tolist() == stored[np.ix_([7, 3], [7, 3])].tolist()
    assert found.matrix().matrix.tobytes() == stored.tobytes()


def test_an_unknown_asset_is_told_with_those_that_look_like_it(demo_desk: Desk, ids: tuple[str, ...]) -> None:
    """The error offers the closest ids of the matrix."""
    with pytest.raises(ReferenceDataError, match=rf"CLO-4092: Asset {ids[0]}X is not .*The closest: {ids[0]}"):
        demo_desk.correlations().pair(f"{ids[0]}X", ids[1])


def test_without_a_workbook_or_a_matrix_there_is_no_answer(
    desk: Desk, store: Store, demo_book: WorkbookSnapshot
) -> None:
    """Each is said, with what to import."""
    with pytest.raises(ReferenceDataError, match="CLO-4070"):
        desk.correlations().check()
    store.save_snapshot(replace(demo_book, correlation=None))
    with pytest.raises(ReferenceDataError, match=r"CLO-4091: .* `clodesk correlation import FILE`"):
        desk.correlations().check()
    with pytest.raises(ReferenceDataError, match="CLO-4070: No workbook of 1999-12-31"):
        desk.correlations(date(1999, 12, 31)).check()


def test_488_of_1003_assets_with_one_correlation(desk: Desk, store: Store) -> None:
    """The facts of spec 04 §1: 488 ids, 0.30 everywhere, 515 assets without; usable, and one factor gives the same."""
    book = demo_snapshot(n_assets=1003)
    held = tuple(row.asset.blkrock_id for row in book.assets[:488])
    store.save_snapshot(replace(book, correlation=replace(constant(488), ids=held)))
    report = desk.correlations().check()

    assert (report.n_assets, report.n_covered, report.n_known) == (488, 488, 1003)
    assert (report.constant, len(report.missing), report.unknown) == (0.3, 515, ())
    assert report.is_usable
    assert any("one common factor gives the same" in text for text in report.remarks)


def test_the_recorded_sheet(desk: Desk, store: Store, reference: Path) -> None:
    """The workbook's own 488 ids and 118,828 pairs of 0.30; of the ids its shortened asset list has 196."""
    desk.import_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")
    report = desk.correlations().check()

    assert (report.n_assets, report.n_covered, report.n_known) == (488, 196, 196)
    assert (report.constant, len(report.unknown), report.faults) == (0.3, 292, ())
    with store.read() as work:
        pairs = "SELECT count(*), min(correlation), max(correlation) FROM asset_correlation_pairs"
        assert work.driver.execute(pairs).fetchone() == (118_828, 0.3, 0.3)


def test_a_matrix_to_repair_is_usable_and_one_with_wrong_entries_is_not(
    desk: Desk, store: Store, demo_book: WorkbookSnapshot
) -> None:
    """The example of spec 04 §11.3 has an eigenvalue of -0.0817; an entry of 1.2 is a fault."""
    indefinite = np.array([[1.0, 0.9, 0.6], [0.9, 1.0, 0.0], [0.6, 0.0, 1.0]])
    wrong = indefinite.copy()
    wrong[0, 1] = wrong[1, 0] = 1.2
    reports = []
    for number, matrix in enumerate((indefinite, wrong)):
        file = replace(demo_book.source_file, sha256=str(number) * 64)
        made = Correlation(ids=("A", "B", "C"), matrix=matrix)
        store.save_snapshot(replace(demo_book, correlation=made, source_file=file))
        reports.append(desk.correlations().check())

    assert reports[0].is_usable
    assert "matrix is not positive semidefinite: smallest eigenvalue -0.0817" in reports[0].remarks
    assert not reports[1].is_usable
    assert reports[1].faults == ("correlation outside of -1 to 1: 2, the first A B, B A",)


@pytest.mark.parametrize("rows", [SQUARE, PAIRS], ids=["square", "pairs"])
@pytest.mark.parametrize("name", ["own.csv", "own.xlsx"])
def test_a_file_is_in_force_from_its_date_on(
    demo_desk: Desk, demo_book: WorkbookSnapshot, ids: tuple[str, ...], tmp_path: Path, name: str, rows: Rows
) -> None:
    """A square and a list of pairs say the same; a dry run changes nothing; withdrawn, the sheet counts again."""
    path, found = written(tmp_path / name, rows), demo_desk.correlations()
    tried = found.import_file(path, dry_run=True)
    before = demo_desk.correlations().version
    outcome = found.import_file(path)
    again = found.import_file(path)
    pairs = [demo_desk.correlations().pair(*pair) for pair in ("AB", "CA", "BC")]
    history = [(item.name, item.n_assets) for item in found.history()]
    withdrawn = found.withdraw()

    assert (tried.is_written, outcome.is_written, again.is_written) == (False, True, False)
    assert before.is_of_workbook
    assert "3 pairs of 3 assets" in tried.message
    assert "unchanged" in again.message
    assert pairs == [0.25, -0.5, 0.125]
    assert history == [(name, 3)]
    assert withdrawn == demo_book.analysis_date
    assert demo_desk.correlations().version.is_of_workbook
    assert demo_desk.correlations().version.ids == ids
    with pytest.raises(InputError, match="CLO-4158"):
        found.withdraw()


def test_a_file_for_a_later_day_leaves_this_one_alone(
    demo_desk: Desk, demo_book: WorkbookSnapshot, tmp_path: Path
) -> None:
    """An earlier workbook keeps what it was calculated with."""
    later = demo_book.analysis_date + timedelta(days=1)

    demo_desk.correlations(later).import_file(written(tmp_path / "own.csv", SQUARE))

    assert demo_desk.correlations().version.is_of_workbook


def test_cells_read_what_is_in_force(demo_desk: Desk, ids: tuple[str, ...], tmp_path: Path) -> None:
    """CLO_CORREL answers from the file as soon as it is imported."""
    one, two, three = ids[:3]

    def cell() -> float | None:
        return correlations(demo_desk.views(demo_desk.data_versions()), (one, two), "user", None)[1][0][1]

    before = cell()
    rows: Rows = [["asset_1", "asset_2", "correlation"], [one, two, 0.0625], [one, three, 0.5], [two, three, 0.5]]
    demo_desk.correlations().import_file(written(tmp_path / "own.csv", rows))

    assert before != 0.0625
    assert cell() == 0.0625


@pytest.mark.parametrize("n", [488, 489])
def test_an_export_comes_back_to_the_bit(demo_desk: Desk, store: Store, tmp_path: Path, n: int) -> None:
    """Every digit of a large matrix survives the file."""
    loadings = np.random.default_rng(n).uniform(-0.5, 0.5, (n, 2))
    matrix = loadings @ loadings.T
    np.fill_diagonal(matrix, 1.0)
    made = Correlation(ids=constant(n).ids, matrix=(matrix + matrix.T) / 2.0)
    with store.begin() as work:
        work.correlations.add(made, "made", date(2000, 1, 1))

    demo_desk.correlations().export(tmp_path / "out.csv")

    found = read_correlations(tmp_path / "out.csv")
    assert found.ids == made.ids
    assert found.matrix.tobytes() == made.matrix.tobytes()


def changed(line: int, column: int, value: object, rows: Rows = SQUARE) -> Callable[[], Rows]:
    """The rows with another cell."""
    return lambda: [
        [value if (i, j) == (line, column) else cell for j, cell in enumerate(row)] for i, row in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (changed(1, 2, ""), "no number in the matrix"),
        (changed(1, 2, "high"), r"'high' at 'own.csv'!C2 is no number"),
        (changed(1, 2, 0.26), "matrix is not symmetric .*A and B"),
        (changed(1, 2, 1.5), "correlation outside of -1 to 1"),
        (changed(2, 2, 0.9), "correlation of an asset with itself is not 1 .*B and B: 0.9"),
        (changed(0, 2, "X"), "row 3 is of 'B', but column C1 of 'X'"),
        (changed(2, 0, "A"), r"A stands at 'own.csv'!A2 and again at 'own.csv'!A3"),
        (changed(2, 0, ""), r"no asset id at 'own.csv'!A3"),
        (lambda: SQUARE[:3], "2 ids in the first column and 3 in the first row"),
        (lambda: PAIRS[:3], "no number in the matrix .*the first of B and C"),
        (lambda: [*PAIRS, ["A", "B", 0.25]], "the pair A and B stands in 'own.csv' twice"),
        (lambda: [*PAIRS, ["B", "A", 0.5]], "matrix is not symmetric"),
        (changed(1, 1, "", PAIRS), "no asset id in line 2"),
    ],
)
def test_a_wrong_file_is_refused_whole(tmp_path: Path, rows: Callable[[], Rows], told: str) -> None:
    """The error says what is wrong and where."""
    path = written(tmp_path / "own.csv", rows())

    with pytest.raises(WorkbookError, match=f"CLO-4156: .*{told}.*nothing was stored"):
        read_correlations(path)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("none.csv", "", "has no lines below its headers"),
        ("gone.csv", None, "cannot be read as CSV"),
        ("own.txt", "A", "is neither .csv nor a workbook"),
        ("own.csv", "\udc80", "cannot be read as CSV"),
    ],
)
def test_a_file_without_a_matrix_is_refused(tmp_path: Path, name: str, text: str | None, told: str) -> None:
    """An empty, missing or foreign file."""
    if text is not None:
        (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(WorkbookError, match=f"CLO-4155: {name} {told}"):
        read_correlations(tmp_path / name)


def test_an_error_in_a_sheet_is_told_with_its_cell(tmp_path: Path) -> None:
    """A formula without a value, or an Excel error, is no correlation."""
    with xlsxwriter.Workbook(tmp_path / "own.xlsx") as book:
        sheet = book.add_worksheet("Asset Correlation")
        for number, row in enumerate(SQUARE):
            sheet.write_row(number, 0, row)
        sheet.write_formula("C2", "=1/0", None, "#DIV/0!")

    with pytest.raises(WorkbookError, match=r"CLO-4155: .*'Asset Correlation'!C2"):
        read_correlations(tmp_path / "own.xlsx")


def test_an_export_is_csv(demo_desk: Desk, tmp_path: Path) -> None:
    """Another ending is refused before anything is written."""
    with pytest.raises(InputError, match="CLO-4157"):
        demo_desk.correlations().export(tmp_path / "out.xlsx")

    assert list(tmp_path.iterdir()) == []
