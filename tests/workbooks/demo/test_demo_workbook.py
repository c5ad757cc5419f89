"""The demo workbook: the same for a seed, exact, sound, and a deal of its own."""

import hashlib
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from engine.collateral.asset import WORKBOOK_FIELDS
from engine.errors import InputError
from engine.waterfall.parser import check_program
from workbooks.demo import DEAL_NAME, demo_snapshot, demo_waterfall, write_demo_workbook, write_universe_workbook

SHEETS = [
    "Run Model",
    f"{DEAL_NAME} Inputs",
    "All Assets",
    "Asset Correlation",
    "Reference Table",
    "Run Model_old",
    "Filter Sheet",
]
SHEET_SCOPED_NAMES = {
    "AnalysisDate", "DealCollateral", "Accounts", "TestThresholds", "QualityTestInputs", "ObjWeights", "CFInputs",
    "PaySubNotes", "CLOInputs", "DateInputs", "Close_Date", "PMT_Dates", "CollBegDate", "CollEndDate", "Liability",
    "Fees",
}  # fmt: skip
WORKBOOK_NAMES = {
    "DealAnalysisDate", "Deals", "BuyFilter", "SaleFilter", "HypoAssets", "FilterFields", "AllAssets",
    "AssetCorrelation", "Holidays", "LIBOR_Rates", "CF_Vectors", "Sink_Schedule", "SpTransMat", "LIBORCurve",
    "CFAssumptions", "CorrData", "OPTInfo", "Filter", "RunModelButton",
}  # fmt: skip


@pytest.fixture(scope="module")
def demo_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.xlsx"
    write_demo_workbook(path)
    return path


@pytest.fixture(scope="module")
def demo_book(demo_path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(demo_path, data_only=True)


def test_same_seed_gives_the_same_bytes(demo_path: Path, tmp_path: Path) -> None:
    """Two runs of the generator write the same file; another seed writes another."""
    write_demo_workbook(tmp_path / "again.xlsx")
    write_demo_workbook(tmp_path / "other.xlsx", seed=7)
    digests = [
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (demo_path, tmp_path / "again.xlsx", tmp_path / "other.xlsx")
    ]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_layout_has_the_sheets_and_names_of_the_legacy_workbook(demo_book: openpyxl.Workbook) -> None:
    """Sheets stand in the legacy order, and every name of spec 06 §3 exists in its scope."""
    assert demo_book.sheetnames == SHEETS
    assert set(demo_book.defined_names) == WORKBOOK_NAMES
    assert set(demo_book[f"{DEAL_NAME} Inputs"].defined_names) == SHEET_SCOPED_NAMES


def test_every_asset_cell_reads_back_as_written(demo_book: openpyxl.Workbook) -> None:
    """The 70 columns of All Assets hold the records bit for bit, headers exactly."""
    rows = list(demo_book["All Assets"].iter_rows(values_only=True))
    assets = [row.asset for row in demo_snapshot().assets]

    assert list(rows[0]) == [item.header for item in WORKBOOK_FIELDS]
    assert len(rows) == len(assets) + 1 == 201
    for asset, row in zip(assets, rows[1:], strict=True):
        for item, cell in zip(WORKBOOK_FIELDS, row, strict=True):
            if isinstance(cell, float | int) and not isinstance(cell, bool):
                assert cell == getattr(asset, item.name)


def test_control_totals_add_up_to_the_last_bit(demo_book: openpyxl.Workbook) -> None:
    """C10 of Run Model is the sum of the positions top to bottom, the junior OC denominator that of all debt."""
    deal = demo_book[f"{DEAL_NAME} Inputs"]
    par = 0.0
    for row in range(4, 204):
        par += deal[f"E{row}"].value

    assert demo_book["Run Model"]["C10"].value == par
    assert demo_book["Run Model"]["C12"].value == deal["H5"].value == 5431157.9152890025
    assert deal["S8"].value == sum(deal.cell(7, column).value for column in range(37, 45))


def test_formula_values_are_what_a_recalculation_would_give(demo_book: openpyxl.Workbook) -> None:
    """Stored results agree with the cells they read: index fixing, next payment, calendar chain."""
    deal = demo_book[f"{DEAL_NAME} Inputs"]
    reference = demo_book["Reference Table"]
    yields = {reference[f"D{row}"].value: reference[f"G{row}"].value for row in range(4, 700)}
    fixed_on = deal["AG7"].value

    assert deal["AF4"].value == deal["AE6"].value
    assert deal["C4"].value == deal["AF7"].value
    assert deal["C5"].value == deal["AH7"].value
    assert all(deal[f"AH{row}"].value == deal[f"AI{row - 1}"].value for row in range(5, 186))
    assert deal["K4"].value == yields[f"{(fixed_on.date() - date(1899, 12, 30)).days}3 MONTH LIBOR"] / 100


def test_transition_rows_sum_to_one_and_correlations_are_positive_definite() -> None:
    """The matrices can be simulated with."""
    snapshot = demo_snapshot()
    assert snapshot.transition_matrix is not None
    assert snapshot.correlation is not None
    sums = snapshot.transition_matrix.matrix.sum(axis=1)

    assert np.abs(sums - 1.0).max() < 1e-12
    assert snapshot.transition_matrix.matrix.min() >= 0.0
    assert np.linalg.eigvalsh(snapshot.correlation.matrix).min() > 0.0


def test_deal_has_nine_classes_and_cushions_above_its_triggers() -> None:
    """Nine classes, the equity last; on the analysis date every OC test passes by 3 to 7 points."""
    deal = demo_snapshot().deals[0]
    assets = sum(row.par for row in deal.positions) + deal.accounts[1].principal
    cushions, debt = [], 0.0
    for tranche in deal.tranches[1:]:
        debt += tranche.current_balance or 0.0
        if tranche.oc_trigger is not None:
            cushions.append(assets / debt - tranche.oc_trigger)

    assert len(deal.tranches) == 9
    assert [tranche.is_equity for tranche in deal.tranches] == [False] * 8 + [True]
    assert all(0.03 < cushion < 0.08 for cushion in cushions)


def test_universe_holds_1004_assets_and_489_correlations(tmp_path: Path) -> None:
    """The universe variant has the size of the legacy universe, and the deal stays at 200 positions."""
    write_universe_workbook(tmp_path / "universe.xlsx")
    book = CalamineWorkbook.from_path(tmp_path / "universe.xlsx")
    assets = book.get_sheet_by_name("All Assets").to_python()
    matrix = book.get_sheet_by_name("Asset Correlation").to_python()

    assert len({row[0] for row in assets[1:]}) == 1004
    assert len(matrix) == 490
    assert matrix[0][1:] == [row[0] for row in matrix[1:]] == [row[0] for row in assets[1:490]]


def test_program_names_the_classes_of_the_deal() -> None:
    """The shipped waterfall lists exactly the classes of the demo deal, in their order."""
    first_line = demo_waterfall().splitlines()[0].split()
    names = [tranche.name.removeprefix("Class ") for tranche in demo_snapshot().deals[0].tranches]

    assert first_line[0] == "tranches"
    assert first_line[1:] == [*names[:-1], "SUB"]


def test_impossible_sizes_are_refused() -> None:
    """Too few assets, or more correlated than assets, is CLO-2050."""
    for sizes in ({"n_assets": 5}, {"n_assets": 30, "n_correlated": 31}):
        with pytest.raises(InputError) as caught:
            demo_snapshot(**sizes)

        assert caught.value.number == "CLO-2050"


def test_file_holds_no_clock(demo_path: Path) -> None:
    """Document properties carry the fixed date."""
    with zipfile.ZipFile(demo_path) as archive:
        assert b"2016-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_program_is_accepted_by_the_waterfall_language() -> None:
    """The parser finds nothing to object to in the shipped program."""
    assert check_program(demo_waterfall()) == []
