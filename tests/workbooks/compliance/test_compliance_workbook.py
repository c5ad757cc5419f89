"""Compliance workbooks: exact numbers, verdicts in colour, native charts, nothing from outside a formula."""

import re
import shutil
import struct
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from engine.compliance.results import Verdict
from tests.workbooks.compliance.conftest import DAYS
from tests.workbooks.excel_tables import tables
from workbooks.compliance import ComplianceRecord, write_compliance

SHEETS = ["Dashboard", "Pool", "Concentrations", "History of tests", "Drivers", "Positions", "Provenance"]
WORDS = {
    Verdict.PASSED: "Pass",
    Verdict.FAILED: "Fail",
    Verdict.NOT_APPLICABLE: "n/a",
    Verdict.MAINTAINED: "Maintained",
}
# openpyxl reads the bars of Excel 2007 and drops what Excel 2010 added to them: their even colour.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")


@pytest.fixture(scope="module")
def path(record: ComplianceRecord, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("compliance") / "demo.xlsx"
    write_compliance(made, record)
    return made


@pytest.fixture(scope="module")
def book(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def same_bits(cell: object, value: float | None) -> bool:
    """Whether a cell is the same double as a value; a missing value is an empty cell."""
    if value is None:
        return cell is None
    return isinstance(cell, float | int) and struct.pack("<d", float(cell)) == struct.pack("<d", value + 0.0)


def parts(path: Path, folder: str) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name).decode() for name in archive.namelist() if name.startswith(folder)]


def test_the_workbook_has_seven_sheets(book: openpyxl.Workbook) -> None:
    """Dashboard first, provenance last."""
    assert book.sheetnames == SHEETS


def test_the_dashboard_holds_every_test_bit_for_bit(record: ComplianceRecord, book: openpyxl.Workbook) -> None:
    """Value, limit, cushion, use, verdict and drivers of every test, in the order of the deal's list."""
    table = tables(book["Dashboard"])["compliance_tests"]

    assert table["Test"] == [one.test_id for one in record.report.results]
    for row, one in enumerate(record.report.results):
        assert same_bits(table["Value"][row], one.value if one.is_applicable else None)
        assert same_bits(table["Limit"][row], one.threshold)
        assert same_bits(table["Cushion in par"][row], one.cushion)
        assert same_bits(table["Use of limit"][row], one.use_of_limit)
        assert table["Result"][row] == WORDS[one.verdict]
        assert table["Kind"][row] == one.direction.value.capitalize()
        if one.ranked_name:
            assert table["Driven by"][row] == one.ranked_name
    assert same_bits(table["Baseline"][table["Test"].index(29)], 0.4321)


def test_values_are_shown_in_the_unit_of_their_test(book: openpyxl.Workbook) -> None:
    """Shares as percent, life in years, factor and score as numbers."""
    sheet = book["Dashboard"]
    formats = {
        row[0].value: row[3].number_format
        for row in sheet.iter_rows(min_row=21, max_row=45)
        if isinstance(row[0].value, int)
    }

    assert formats[29] == "0.0000%"
    assert formats[35] == "0.00"
    assert formats[36] == formats[37] == "#,##0.000"


def test_verdicts_and_limits_are_marked_by_conditional_formats(path: Path) -> None:
    """Red, green, amber and grey words; a bar for the use of each limit, full at the limit."""
    dashboard = parts(path, "xl/worksheets/sheet1.xml")[0]

    for word in ("Fail", "Pass", "Maintained", "n/a"):
        assert f'<formula>"{word}"</formula>' in dashboard
    assert "<dataBar>" in dashboard
    assert re.search(r'<cfvo type="num" val="1(\.0)?"/>', dashboard)
    assert re.search(r'operator="greaterThan"><formula>1(\.0)?</formula>', dashboard)


def test_charts_are_native_and_point_at_the_tables(path: Path, record: ComplianceRecord) -> None:
    """Limits, rating families, collections, six divisions of the pool, and lines of the chosen tests."""
    charts = parts(path, "xl/charts/chart")
    lines = [chart for chart in charts if "<c:lineChart>" in chart]
    bars = [chart for chart in charts if "<c:barChart>" in chart]

    assert len(bars) == 1 + 2 + 6
    assert len(lines) == 6
    assert all("History of tests" in chart and chart.count("<c:ser>") == 2 for chart in lines)
    assert sum("Concentrations!" in chart for chart in bars) == 6
    assert sum("Dashboard!" in chart for chart in bars) == 1
    weighted = [test for test, weight in record.report.weights if weight]
    labels = {one.test_id: one.label for one in record.report.results}
    assert all(any(labels[test] in chart for chart in lines) for test in weighted)


def test_chosen_tests_are_the_ones_drawn(record: ComplianceRecord, tmp_path: Path) -> None:
    """Tests named by the caller take the place of the default choice."""
    write_compliance(tmp_path / "chosen.xlsx", record, [7, 40])
    lines = [chart for chart in parts(tmp_path / "chosen.xlsx", "xl/charts/chart") if "<c:lineChart>" in chart]

    assert len(lines) == 2
    assert "Caa obligations" in lines[0]
    assert "CCC obligations" in lines[1]


def test_history_has_a_column_for_every_day(record: ComplianceRecord, book: openpyxl.Workbook) -> None:
    """Values, limits and verdicts by test and day."""
    found = tables(book["History of tests"])
    by_key = {(item.test_id, item.as_of): item for item in record.history}

    for day in DAYS:
        for row, test in enumerate(found["history_values"]["Test"]):
            item = by_key[test, day]  # type: ignore[index]
            value = item.value if item.is_applicable else None
            assert same_bits(found["history_values"][day.isoformat()][row], value)
            assert same_bits(found["history_limits"][day.isoformat()][row], item.threshold)
    verdicts = found["history_results"][DAYS[-1].isoformat()]
    assert verdicts == [WORDS[one.verdict] for one in record.report.results]


def test_pool_and_concentrations_equal_the_metrics(record: ComplianceRecord, book: openpyxl.Workbook) -> None:
    """Every figure of the pool, every group with par and share, every period's collections."""
    pool, sheet = record.metrics, book["Pool"]
    figures = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=3, max_row=16)}
    found = tables(book["Concentrations"])

    assert same_bits(figures["Par of all assets"], pool.total_par)
    assert same_bits(figures["Weighted average rating factor"], pool.warf)
    assert same_bits(figures["Market value"], pool.market_value)
    for name in ("sp_industries", "moodys_industries", "countries", "moodys_ratings", "sp_ratings"):
        groups = getattr(pool, name)
        assert found[name]["Group"] == [item.name or "(blank)" for item in groups]
        assert all(same_bits(cell, item.share) for cell, item in zip(found[name]["Share"], groups, strict=True))
    assert len(found["obligors"]["Group"]) == 25
    collections = tables(sheet)["collections"]
    assert [cell.date() for cell in collections["Collection end"]] == [  # type: ignore[attr-defined]
        item.collection_end for item in record.collections
    ]
    assert collections["Total"] == [item.total for item in record.collections]


def test_positions_and_drivers_are_complete(record: ComplianceRecord, book: openpyxl.Workbook) -> None:
    """A row a position with its flags, the largest first; a row for each driver of each test."""
    positions, drivers = tables(book["Positions"])["positions"], tables(book["Drivers"])["drivers"]
    par = {item.asset.blkrock_id: item.par for item in record.positions}
    lite = {item.asset.blkrock_id for item in record.positions if item.asset.cov_lite}

    assert all(same_bits(cell, par[str(name)]) for name, cell in zip(positions["Asset"], positions["Par"], strict=True))
    assert positions["Par"] == sorted(par.values(), reverse=True)
    flags = zip(positions["Asset"], positions["Flags"], strict=True)
    assert {name for name, text in flags if "Cov-Lite" in str(text)} == lite
    assert len(drivers["Test"]) == sum(len(one.drivers) for one in record.report.results)
    broken = {one.test_id for one in record.report.results if not one.is_passed and one.drivers}
    named = {int(test) for text in positions["Drives tests"] if text for test in str(text).split(", ")}
    assert broken <= named


def test_provenance_tells_run_inputs_limits_and_baselines(record: ComplianceRecord, book: openpyxl.Workbook) -> None:
    """Engine, hash, file, remarks, inputs with their cells; of each test its limit, cell, baseline and formula."""
    sheet = book["Provenance"]
    texts = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None}
    limits = tables(sheet)["limits"]
    place = limits["Test"].index(29)

    assert {"12", "0.1.0+abc", "d0c4b7a9e1f25836", "Demo 1.xlsx", "'Demo 1 Inputs'!S3", *record.report.remarks} <= texts
    assert limits["Configured at"] == [one.place for one in record.report.results]
    assert all(
        same_bits(cell, one.numerator) for cell, one in zip(limits["Numerator"], record.report.results, strict=True)
    )
    assert same_bits(limits["Baseline"][place], 0.4321)
    assert limits["Accepted by"][place] == "pm"
    assert "cov-lite" in str(limits["Formula"][place])
    assert "spec 03" in str(limits["Source"][place])


def test_texts_from_outside_never_become_formulas(hostile: ComplianceRecord, tmp_path: Path) -> None:
    """Deal, labels, groups, names and remarks that look like formulas stay texts, and charts keep their references."""
    write_compliance(tmp_path / "hostile.xlsx", hostile)

    assert openpyxl.load_workbook(tmp_path / "hostile.xlsx").sheetnames == SHEETS
    assert all("<f>" not in sheet for sheet in parts(tmp_path / "hostile.xlsx", "xl/worksheets/sheet"))
    for chart in parts(tmp_path / "hostile.xlsx", "xl/charts/chart"):
        assert chart.count("<c:f>") == 2 * chart.count("<c:ser>")


def test_a_deal_without_history_collections_or_holdings_is_still_a_workbook(
    record: ComplianceRecord, tmp_path: Path
) -> None:
    """Nothing stored, nothing run, nothing held: empty tables, not a broken file."""
    pool = replace(
        record.metrics,
        n_assets=0,
        collateral_principal_amount=0.0,
        wal_years=None,
        sp_industries=(),
        moodys_industries=(),
        countries=(),
        moodys_ratings=(),
        sp_ratings=(),
        obligors=(),
    )
    bare = replace(record, report=replace(record.report, results=(), remarks=(), run_id=""), metrics=pool)
    write_compliance(tmp_path / "bare.xlsx", replace(bare, collections=(), positions=(), history=()))
    book = openpyxl.load_workbook(tmp_path / "bare.xlsx")

    assert book.sheetnames == SHEETS
    assert any("has not been run" in str(cell.value) for row in book["Pool"].iter_rows() for cell in row)


def test_equal_content_gives_equal_files(record: ComplianceRecord, path: Path, tmp_path: Path) -> None:
    """No clock goes into the file."""
    write_compliance(tmp_path / "again.xlsx", record)

    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


def test_pages_are_set_up_for_printing(book: openpyxl.Workbook) -> None:
    """A4 landscape everywhere, the dashboard's header on every page, tables of groups on pages of their own."""
    for name in SHEETS:
        assert book[name].page_setup.orientation == "landscape"
        assert book[name].page_setup.paperSize == 9
    assert book["Dashboard"].print_title_rows == "$20:$20"
    assert len(book["Concentrations"].row_breaks.brk) == 5


def test_another_program_shows_the_figures(path: Path, record: ComplianceRecord, tmp_path: Path) -> None:
    """LibreOffice opens the workbook and prints every test with its value and verdict."""
    office, reader = shutil.which("soffice"), shutil.which("pdftotext")
    if office is None or reader is None:
        pytest.skip("LibreOffice or poppler is not installed")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    printed = subprocess.run(
        [reader, "-layout", str(tmp_path / "demo.pdf"), "-"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    flat = re.sub(r"\s+", " ", printed)

    for one in record.report.results:
        if one.unit.value == "share" and one.is_applicable:
            assert f"{one.label} {one.category.value} {one.value:.4%}" in flat
    assert f"{record.metrics.total_par:,.2f}" in flat
    assert "Demo 1: history of tests" in flat
    assert "Use of limits, the fullest first" in flat
