"""The legacy model's output sheets of simulations: names, headers, places and figures as they were."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from engine.errors import InputError
from engine.rating_migration.fields import ROW_OF_FIELD
from tests.workbooks.simulation_records import CLASSES, made_up_legacy
from workbooks.simulation import write_simulation


@pytest.fixture(scope="module")
def legacy_book(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    path = tmp_path_factory.mktemp("legacy") / "legacy.xlsx"
    write_simulation(path, [], made_up_legacy(("Demo 1", "Demo 2")))
    return openpyxl.load_workbook(path)


def test_legacy_sheets_have_their_names(legacy_book: openpyxl.Workbook) -> None:
    """The sheets of spec 04 §8.3, with the simulation in the names of the path sets."""
    assert legacy_book.sheetnames == [
        "RM-Output",
        "RM-Credit Migration Stats",
        "RM-Averages-Output",
        "RM-MIN-3-Output",
        "Deal CF-ALL-Sim Stats",
    ]


def test_legacy_path_blocks_have_two_rows_a_period(legacy_book: openpyxl.Workbook) -> None:
    """RM-Output: 25 columns a simulation beginning in column B, counts above balances."""
    sheet, record = legacy_book["RM-Output"], made_up_legacy(("Demo 1", "Demo 2"))

    assert sheet["B1"].value == "Credit Migration: Simulation 1"
    assert sheet["AB1"].value == "Credit Migration: Simulation 2"
    assert [cell.value for cell in sheet[2]][1:7] == [
        "Period", "Period", "Upgrades this Period", "Downgrades this Period", "Number of AAA", "Number of AA+",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[2]][22:26] == [
        "Number of Defaults", "Number of Payoffs", "Period Defaults", "Period CDR",
    ]  # fmt: skip
    assert record.simulated is not None
    first = record.simulated[0]
    counts, balances = ([cell.value for cell in sheet[row]] for row in (7, 8))
    assert (counts[2], balances[2]) == (2, 2)
    assert counts[21] == first[ROW_OF_FIELD["NUMCCC"], 2]
    assert balances[21] == first[ROW_OF_FIELD["BALCCC"], 2]
    assert counts[25] == first[ROW_OF_FIELD["CDR"], 2]
    assert balances[23] == first[ROW_OF_FIELD["BALMAT"], 2]
    assert balances[3:5] == [None, None]


def test_legacy_statistics_have_ten_rows_a_period(legacy_book: openpyxl.Workbook) -> None:
    """RM-Credit Migration Stats: the start in rows 2 and 3, then five counts, five balances and a blank row."""
    sheet, record = legacy_book["RM-Credit Migration Stats"], made_up_legacy(("Demo 1", "Demo 2"))
    names = [sheet.cell(row, 3).value for row in range(4, 16)]

    assert names == ["Max", "Min", "Average", "Median", "Standard Deviation"] * 2 + [None, "Max"]
    assert len([cell for cell in sheet[1] if cell.value]) == 24
    assert [sheet.cell(row, 2).value for row in (2, 3, 4, 13, 15)] == [0, 0, 1, 1, 2]
    assert record.five is not None
    assert sheet.cell(8, 23).value == record.five[4, ROW_OF_FIELD["NUMDEF"], 1]
    assert sheet.cell(9, 23).value == record.five[0, ROW_OF_FIELD["BALDEF"], 1]


def test_legacy_sets_have_a_column_for_each_deal(legacy_book: openpyxl.Workbook) -> None:
    """Blocks of dates by deals, the fields of each set as the record has them."""
    averages, least = legacy_book["RM-Averages-Output"], legacy_book["RM-MIN-3-Output"]
    record = made_up_legacy(("Demo 1", "Demo 2"))

    titles = [cell.value for cell in averages[1] if cell.value]
    assert titles == [
        "Period CDR", "Number of Defaults in Period", "Balance of Defaults in Period", "Number of CCC",
        "Balance of CCC", "Balance of Performing", "Cumulative Balance of Defaults", "Cumulative Balance of Matures",
    ]  # fmt: skip
    assert "Balance of Performance" in [cell.value for cell in least[1]]
    assert [cell.value for cell in averages[2]][1:4] == ["Period", "Demo 1", "Demo 2"]
    column = next(cell.column for cell in averages[1] if cell.value == "Balance of CCC")
    assert averages.cell(5, column + 2).value == record.sets[0].fields[1, ROW_OF_FIELD["BALCCC"], 2]
    assert least.cell(5, column + 2).value == record.sets[1].fields[1, ROW_OF_FIELD["BALCCC"], 2]


def test_legacy_sets_with_cash_flows_lack_the_number_of_ccc(tmp_path: Path) -> None:
    """With deal cash flows `Number of CCC` is missing (spec 06 §6.2)."""
    write_simulation(tmp_path / "flows.xlsx", [], made_up_legacy(with_flows=True))

    book = openpyxl.load_workbook(tmp_path / "flows.xlsx")
    assert "Number of CCC" not in [cell.value for cell in book["RM-Averages-Output"][1]]
    assert "Deal CF-Demo 1-Sim Stats" in book.sheetnames


def test_sim_stats_has_115_columns_with_the_equity_in_the_eighth_group(legacy_book: openpyxl.Workbook) -> None:
    """Simulation, deal, eight groups of 13 columns and three fees; the equity begins at column index 93."""
    sheet, record = legacy_book["Deal CF-ALL-Sim Stats"], made_up_legacy(("Demo 1", "Demo 2"))
    headers = [cell.value for cell in sheet[1]][1:]
    first = [cell.value for cell in sheet[2]][1:]

    assert len(headers) == 115
    assert headers[-3:] == ["Fee Name", "Fee Paid", ""]
    assert first[0:3] == [1, "Demo 1", "Class A"]
    assert first[93] == "Equity"
    assert record.statistics is not None
    equity = record.statistics.figures[0, 2]
    assert first[94:97] == [equity[0], equity[1], equity[0] + equity[1]]
    assert first[97:105] == equity[2:].tolist()
    assert first[106:108] == ["Base fee", 0.0]
    assert first[112:114] == ["Incentive fee", 2.0]


def test_sim_stats_grows_by_a_group_for_a_ninth_class(tmp_path: Path) -> None:
    """The legacy sheet has eight groups; a deal of nine classes has its equity in a ninth, and then the fees."""
    record = made_up_legacy()
    assert record.statistics is not None
    many = replace(record.statistics, classes=(CLASSES,) * 3, figures=np.arange(270.0).reshape(3, 9, 10))
    write_simulation(tmp_path / "many.xlsx", [], replace(record, statistics=many))

    sheet = openpyxl.load_workbook(tmp_path / "many.xlsx")["Deal CF-Demo 1-Sim Stats"]
    headers, first = ([cell.value for cell in sheet[row]][1:] for row in (1, 2))
    assert len(headers) == 128
    assert first[2:106:13] == list(CLASSES[:-1])
    assert first[106:109] == ["Sub notes", 80.0, 81.0]
    assert first[119] == "Base fee"


def test_legacy_parts_of_different_runs_are_refused(tmp_path: Path) -> None:
    """Arrays of another number of dates, deals or rows: CLO-2067, and no file."""
    record = made_up_legacy()
    statistics = record.statistics
    assert statistics is not None
    assert record.five is not None

    for wrong in (
        replace(record, dates=record.dates[1:]),
        replace(record, simulation_numbers=(1,)),
        replace(record, five=record.five[1:], simulated=None),
        replace(record, deals=("Demo 1", "Demo 2")),
        replace(record, statistics=replace(statistics, fees=statistics.fees[:, :2])),
        replace(record, statistics=replace(statistics, classes=statistics.classes[1:])),
    ):
        with pytest.raises(InputError, match="CLO-2067"):
            write_simulation(tmp_path / "wrong.xlsx", [], wrong)
    assert not (tmp_path / "wrong.xlsx").exists()
