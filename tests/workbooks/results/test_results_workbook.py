"""Results workbooks: every number exact, every sheet legal, charts native, nothing from outside a formula."""

import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.deal.results import FEE_COLUMNS, OC_COLUMNS, POOL_COLUMNS, TRANCHE_COLUMNS, DealResult, Failure
from engine.errors import InputError
from tests.workbooks.excel_tables import tables
from workbooks.results import ResultRecord, write_results

RecordMaker = Callable[..., ResultRecord]
SHEETS = ["Summary", "Charts", "Tranches", "Collateral", "Tests", "Fees", "Waterfall"]
HOSTILE_NAMES = (
    "=1 + A1",
    '=HYPERLINK("http://x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "a/b\\c[1]:*?",
    "'quoted'",
    "History",
    "x" * 300,
)


@pytest.fixture(scope="module")
def base(make_record: RecordMaker) -> ResultRecord:
    return make_record()


@pytest.fixture(scope="module")
def base_path(base: ResultRecord, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("results") / "base.xlsx"
    write_results(path, [base])
    return path


@pytest.fixture(scope="module")
def base_book(base_path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(base_path)


def assert_same_bits(cells: list[object], values: np.ndarray) -> None:
    """Every cell is the same double as its value; NaN is an empty cell."""
    for cell, value in zip(cells, values.tolist(), strict=True):
        if np.isnan(value):
            assert cell is None
        else:
            assert isinstance(cell, float | int)
            assert struct.pack("<d", float(cell)) == struct.pack("<d", value)


def test_one_run_gives_seven_sheets(base_book: openpyxl.Workbook) -> None:
    """Summary, charts and the five sheets by period, in this order."""
    assert base_book.sheetnames == SHEETS


def test_class_tables_hold_every_number_bit_for_bit(base: ResultRecord, base_book: openpyxl.Workbook) -> None:
    """All eleven columns of every class equal the result, dates are dates, total paid is their sum."""
    found = list(tables(base_book["Tranches"]).values())

    assert len(found) == len(base.result.tranche_names)
    for number, table in enumerate(found):
        for position, name in enumerate(TRANCHE_COLUMNS):
            assert_same_bits(table[name.replace("_", " ").capitalize()], base.result.tranches[:, number, position])
        assert [cell.date() for cell in table["Payment date"]] == base.result.dates.payment.astype(object).tolist()
        paid = base.result.tranches[:, number, [3, 4, 8, 9]].sum(axis=1)
        assert_same_bits(table["Total paid"], paid)


def test_pools_fees_and_tests_hold_every_number_bit_for_bit(base: ResultRecord, base_book: openpyxl.Workbook) -> None:
    """Collateral, fees and OC tests equal the result."""
    pools, fees, tests = (tables(base_book[name]) for name in ("Collateral", "Fees", "Tests"))

    for position, name in enumerate(POOL_COLUMNS):
        assert_same_bits(
            pools["run1_pool_1"][name.replace("_", " ").capitalize()], base.result.original_pool[:, position]
        )
        assert_same_bits(
            pools["run1_pool_2"][name.replace("_", " ").capitalize()], base.result.reinvested_pool[:, position]
        )
    for number in range(len(base.result.fee_names)):
        for position, name in enumerate(FEE_COLUMNS):
            cells = fees[f"run1_fee_{number + 1}"][name.replace("_", " ").capitalize()]
            assert_same_bits(cells, base.result.fees[:, number, position])
    for number in range(len(base.result.oc_names)):
        table = tests[f"run1_oc_{number + 1}"]
        assert_same_bits(table["Ratio"], base.result.oc[:, number, OC_COLUMNS.index("ratio")])
        assert table["Result"][0] == "Pass"
        assert table["Result"][-1] is None


def test_trace_lists_every_step_with_its_text(base: ResultRecord, base_book: openpyxl.Workbook) -> None:
    """The waterfall sheet has a row for every executed step: cash before, paid, cash after."""
    table = tables(base_book["Waterfall"])["run1_trace"]
    trace = base.result.trace

    assert_same_bits(table["Cash before"], trace["cash_before"])
    assert_same_bits(table["Paid"], trace["paid"])
    assert_same_bits(table["Cash after"], trace["cash_after"])
    assert table["Text"][:2] == ["STEP 0.0", "STEP 0.1"]
    assert table["Section"][0] == "Interest proceeds"


def test_charts_are_native_and_point_at_the_tables(base_path: Path, base: ResultRecord) -> None:
    """Balances of the notes, distributions of all classes, and a ratio with its trigger for every OC test."""
    with zipfile.ZipFile(base_path) as archive:
        charts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")]

    assert len(charts) == 2 + len(base.result.oc_names)
    assert sum("areaChart" in chart for chart in charts) == 1
    assert sum("barChart" in chart for chart in charts) == 1
    balances = next(chart for chart in charts if "areaChart" in chart)
    assert balances.count("<c:ser>") == len(base.result.tranche_names) - 1
    assert "Tranches!" in balances
    assert all("Tests!" in chart for chart in charts if "lineChart" in chart)


def test_summary_shows_risk_tests_and_the_source_of_every_assumption(
    base: ResultRecord, base_book: openpyxl.Workbook
) -> None:
    """The class table carries yields and lives exactly; sources, totals and findings are all there."""
    sheet = base_book["Summary"]
    classes = tables(sheet)["run1_classes"]
    texts = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None}

    assert_same_bits(classes["Yield at price"], base.result.risk[:, 0])
    assert_same_bits(classes["Average life"], base.result.risk[:, 3])
    assert classes["Price"][0] is None
    assert {source.item for source in base.summary.sources} <= texts
    assert {source.source for source in base.summary.sources} <= texts
    assert {total.label for total in base.summary.totals} <= texts
    assert {finding.text for finding in base.summary.findings} <= texts


def test_ratio_of_a_repaid_class_is_empty(base: ResultRecord, tmp_path: Path) -> None:
    """Where a test has nothing left to cover there is no ratio, and its lowest cushion ignores the period."""
    oc = base.result.oc.copy()
    oc[20:, 0, OC_COLUMNS.index("denominator")] = 0.0
    oc[20:, 0, OC_COLUMNS.index("ratio")] = 0.0
    write_results(tmp_path / "repaid.xlsx", [replace(base, result=replace(base.result, oc=oc))])
    book = openpyxl.load_workbook(tmp_path / "repaid.xlsx")

    assert tables(book["Tests"])["run1_oc_1"]["Ratio"][20:] == [None] * 23
    assert tables(book["Summary"])["run1_tests"]["Lowest cushion"][0] == pytest.approx(0.05)


def test_failed_run_says_where_and_why(base: ResultRecord, tmp_path: Path) -> None:
    """Period, section, step, number and reason of a stopped run stand on its summary."""
    failure = Failure(number="CLO-1303", period=3, section="EOD", step="RAISE", reason="=the program stops the run")
    write_results(tmp_path / "failed.xlsx", [replace(base, result=replace(base.result, failure=failure))])
    sheet = openpyxl.load_workbook(tmp_path / "failed.xlsx")["Summary"]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]

    assert any(text.startswith("The run stopped in period 3, section EOD, step RAISE: CLO-1303:") for text in texts)


def test_several_scenarios_share_a_workbook_and_a_comparison(make_record: RecordMaker, tmp_path: Path) -> None:
    """A first sheet compares the runs; each has its own seven sheets and table names."""
    runs = [make_record(scenario="Base"), make_record(scenario="Stress", stress=0.12), make_record(scenario="Base")]
    write_results(tmp_path / "runs.xlsx", runs)
    book = openpyxl.load_workbook(tmp_path / "runs.xlsx")
    comparison = tables(book["Scenarios"])
    cushions = next(table for table in comparison.values() if "Test" in table)

    assert len(book.sheetnames) == 1 + 7 * 3
    assert len(set(book.sheetnames)) == len(book.sheetnames)
    assert min(cushions["Stress"]) < 0.0 < min(cushions["Base"])
    assert cushions["Base (3)"] == cushions["Base"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_from_outside_never_become_formulas(base: ResultRecord, name: str, tmp_path: Path) -> None:
    """Deal, scenario, classes, fees and texts that look like formulas are written as texts on legal sheets."""
    result = replace(
        base.result,
        tranche_names=(name, *base.result.tranche_names[1:]),
        fee_names=(name, *base.result.fee_names[1:]),
        oc_names=(name, *base.result.oc_names[1:]),
        step_texts=dict.fromkeys(base.result.step_texts, name),
    )
    record = ResultRecord(replace(base.summary, deal=name, scenario=name, program=name, remarks=(name,)), result)
    write_results(tmp_path / "hostile.xlsx", [record, record])
    book = openpyxl.load_workbook(tmp_path / "hostile.xlsx")
    with zipfile.ZipFile(tmp_path / "hostile.xlsx") as archive:
        charts = [archive.read(one).decode() for one in archive.namelist() if one.startswith("xl/charts/chart")]
        sheets = [archive.read(one) for one in archive.namelist() if one.startswith("xl/worksheets/sheet")]

    assert all(b"<f>" not in sheet for sheet in sheets)
    assert all(chart.count("<c:f>") == 2 * chart.count("<c:ser>") for chart in charts)
    assert all(len(title) <= 31 for title in book.sheetnames)


@settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(deal=st.text(max_size=80), scenario=st.text(max_size=80))
def test_any_name_gives_a_workbook_that_opens(
    make_record: RecordMaker, deal: str, scenario: str, tmp_path: Path
) -> None:
    """Whatever deal and scenario are called, both readers' rules for sheet names are met."""
    record = make_record(deal=deal, scenario=scenario, n_periods=2)
    write_results(tmp_path / "any.xlsx", [record, record])

    assert len(openpyxl.load_workbook(tmp_path / "any.xlsx").sheetnames) == 15


def test_run_without_trace_or_periods_is_still_a_workbook(base: ResultRecord, tmp_path: Path) -> None:
    """A run that stopped before its first payment date has empty tables, not a broken file."""
    none = slice(0, 0)
    dates = replace(
        base.result.dates, **{name: getattr(base.result.dates, name)[none] for name in base.result.dates.__slots__}
    )
    arrays = ("deal", "original_pool", "reinvested_pool", "tranches", "fees", "oc", "ic", "incentive", "trace")
    empty: DealResult = replace(
        base.result, dates=dates, last_period=0, **{name: getattr(base.result, name)[none] for name in arrays}
    )
    write_results(tmp_path / "empty.xlsx", [replace(base, result=empty)])

    assert openpyxl.load_workbook(tmp_path / "empty.xlsx").sheetnames == SHEETS


def test_pages_are_set_up_for_printing(base_book: openpyxl.Workbook) -> None:
    """A4 landscape everywhere; flowing sheets fit the width, tables by class start on pages of their own."""
    for name in SHEETS:
        assert base_book[name].page_setup.orientation == "landscape"
        assert base_book[name].page_setup.paperSize == 9
    assert base_book["Waterfall"].print_title_rows == "$3:$3"
    assert len(base_book["Tranches"].row_breaks.brk) == 8
    assert base_book["Tranches"].freeze_panes == "C3"


def test_records_that_do_not_belong_together_are_refused(base: ResultRecord, tmp_path: Path) -> None:
    """No run is CLO-2060; a head of other classes than the numbers is CLO-2061; nothing is written."""
    short = replace(base, summary=replace(base.summary, tranche_inputs=base.summary.tranche_inputs[1:]))
    for runs, number in (([], "CLO-2060"), ([short], "CLO-2061")):
        with pytest.raises(InputError) as caught:
            write_results(tmp_path / "none.xlsx", runs)

        assert caught.value.number == number
    assert not (tmp_path / "none.xlsx").exists()


def test_ratio_charts_stay_near_the_trigger(base: ResultRecord, tmp_path: Path) -> None:
    """A class almost repaid does not flatten its chart: the axis ends within 30 points of trigger and first ratio."""
    oc = base.result.oc.copy()
    oc[30, 0, OC_COLUMNS.index("ratio")] = 29.7
    write_results(tmp_path / "steep.xlsx", [replace(base, result=replace(base.result, oc=oc))])
    with zipfile.ZipFile(tmp_path / "steep.xlsx") as archive:
        chart = archive.read("xl/charts/chart3.xml").decode()

    assert '<c:max val="1.7"/>' in chart
    assert '<c:min val="1.25"/>' in chart
