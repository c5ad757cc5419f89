"""The results workbook of swaps as a file: charts, printing, hostile texts, and what is refused."""

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from engine.errors import InputError, WorkbookError
from engine.payouts.report_table import ReportTable
from engine.payouts.results import SwapResults
from tests.workbooks.excel_tables import tables
from tests.workbooks.swaps.conftest import SHEETS
from workbooks.swaps import pages
from workbooks.swaps.results import write_swap_results

LONGER_SHEETS = {
    "Accruals": 6, "P&L attribution": 2, "Payments ladder": 2, "R-6 P&L by leg": 3, "R-8 End of day": 2,
    "R-9 Dashboard": 2,
}  # fmt: skip
"""Sheets of the test's book that need more than one page."""
HOSTILE = ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0")


def charts_of(path: Path) -> list[str]:
    """The charts of a workbook as XML."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/charts/chart")]
        return [archive.read(name).decode() for name in names]


def test_charts_point_at_their_tables(path: Path) -> None:
    """P&L by day is five stacked components with a cumulative line, over the days of the table; others likewise."""
    charts = {re.findall(r"<a:t>(.*?)</a:t>", chart)[0]: chart for chart in charts_of(path)}
    daily = charts["P&amp;L by day and component, USD"]
    ranges = re.findall(r"<c:val><c:numRef><c:f>(.*?)</c:f>", daily)
    ageing = charts["Deferred by days overdue and reason, USD"]

    assert len(charts) == 11
    assert len(ranges) == 6
    assert all(re.fullmatch(r"'P&amp;L attribution'!\$[B-H]\$\d+:\$[B-H]\$\d+", one) for one in ranges)
    first, last = map(int, re.findall(r"\$(\d+)", ranges[0]))
    assert last - first + 1 == 27
    assert '<c:grouping val="stacked"/>' in daily
    assert "<c:lineChart>" in daily
    assert ageing.count("<c:ser>") == 5
    assert "'Cash-flow calendar'!$D$5:$O$5" in charts["Cash flows by month, USD"]


def test_pages_are_set_up_for_printing(book: openpyxl.Workbook) -> None:
    """A4 landscape everywhere; lists fit the width and repeat their header, which also stays in sight."""
    for name in SHEETS:
        assert book[name].page_setup.orientation == "landscape"
        assert book[name].page_setup.paperSize == 9
    for name in ("Cash flows", "Accruals", "Reconciliation", "R-6 P&L by leg", "Findings"):
        assert book[name].print_title_rows == "$4:$4"
        assert book[name].freeze_panes == "B5"
        assert book[name].sheet_properties.pageSetUpPr.fitToPage
        assert next(iter(book[name].tables.values())).autoFilter is not None


def test_number_formats_follow_the_kind_of_column(book: openpyxl.Workbook) -> None:
    """Money has two places and red losses, dates are ISO, factors keep their digits, shares are percent."""
    accruals, exposure = book["Accruals"], book["R-12 Exposure"]
    by_head = {cell.value: accruals.cell(5, cell.column).number_format for cell in accruals[4] if cell.value}
    shares = {cell.value: exposure.cell(5, cell.column).number_format for cell in exposure[4] if cell.value}

    assert by_head["Daily accrual amount"] == '#,##0.00;[Red]-#,##0.00;"-"'
    assert by_head["Accrual date"] == "yyyy-mm-dd"
    assert by_head["Accrual factor"] == "#,##0.00####"
    assert shares["Netting benefit"] == "0.0000%"


def test_another_program_prints_it_whole(path: Path, content: SwapResults, tmp_path: Path) -> None:
    """LibreOffice prints every sheet with its title, no number too wide for its cell, on the pages that it needs."""
    office, reader = shutil.which("soffice"), shutil.which("pdftotext")
    if office is None or reader is None:
        pytest.skip("LibreOffice or poppler is not installed")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    printed = subprocess.run(
        [reader, "-layout", str(tmp_path / "swaps.pdf"), "-"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    heads = [next(line for line in page.splitlines() if "Swaps on" in line) for page in printed.split("\f")[:-1]]
    by_sheet = {name: sum(head.rstrip().endswith(f"  {name}") for head in heads) for name in SHEETS}

    assert "###" not in printed
    assert by_sheet == {name: LONGER_SHEETS.get(name, 1) for name in SHEETS}
    assert len(heads) == sum(by_sheet.values())
    for mark in content.marks:
        assert f"{mark.parts.total:,.2f}" in printed


def test_texts_from_outside_never_become_formulas(content: SwapResults, tmp_path: Path) -> None:
    """Names that look like formulas are written as texts, in every sheet and chart."""
    hostile = _renamed(content)
    write_swap_results(tmp_path / "hostile.xlsx", hostile)
    found = openpyxl.load_workbook(tmp_path / "hostile.xlsx")
    with zipfile.ZipFile(tmp_path / "hostile.xlsx") as archive:
        sheets = [archive.read(one) for one in archive.namelist() if one.startswith("xl/worksheets/sheet")]

    assert all(b"<f>" not in sheet for sheet in sheets)
    assert set(tables(found["Contracts"])["contracts"]["Counterparty"]) <= set(HOSTILE)
    assert all(chart.count("<c:f>") == 2 * chart.count("<c:ser>") for chart in charts_of(tmp_path / "hostile.xlsx"))


def _renamed(content: SwapResults) -> SwapResults:
    """The results with all references, parties and messages looking like formulas."""
    names = ("contract_reference", "cashflow_reference", "counterparty", "payer", "receiver", "underliers", "message")

    def renamed(table: ReportTable) -> ReportTable:
        places = [place for place, column in enumerate(table.columns) if column.name in names]
        changed = []
        for number, row in enumerate(table.rows):
            cells = list(row)
            for place in places:
                cells[place] = HOSTILE[number % len(HOSTILE)]
            changed.append(tuple(cells))
        return replace(table, rows=tuple(changed))

    return replace(
        content,
        reporting_party=HOSTILE[0],
        contracts=renamed(content.contracts),
        reports=tuple(map(renamed, content.reports)),
        contract_pnl=tuple(
            replace(one, contract_reference=HOSTILE[place]) for place, one in enumerate(content.contract_pnl)
        ),
    )


def test_equal_content_gives_equal_files(content: SwapResults, tmp_path: Path) -> None:
    """No clock goes into the file but the one that the content names."""
    one, other = (write_swap_results(tmp_path / name, content) for name in ("one.xlsx", "other.xlsx"))

    assert one.read_bytes() == other.read_bytes()


def test_a_report_longer_than_a_sheet_is_refused(
    content: SwapResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CLO-2090 names the report; the file that was there stays, and nothing lies beside it."""
    target = tmp_path / "results.xlsx"
    target.write_text("as it was")
    monkeypatch.setattr(pages, "LAST_ROW", 10)
    with pytest.raises(InputError, match=r"R-1 .* has \d+ rows") as caught:
        write_swap_results(target, content)

    assert caught.value.number == "CLO-2090"
    assert target.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_named(content: SwapResults, tmp_path: Path) -> None:
    """CLO-2062 names the file that was asked for."""
    target = tmp_path / "nowhere" / "results.xlsx"
    with pytest.raises(WorkbookError, match=re.escape(str(target))) as caught:
        write_swap_results(target, content)

    assert caught.value.number == "CLO-2062"


def test_an_empty_book_of_results_is_still_a_workbook(content: SwapResults, tmp_path: Path) -> None:
    """Without rows, marks or P&L every sheet is there and says that there is nothing."""
    empty = replace(
        content,
        reports=tuple(replace(table, rows=()) for table in content.reports),
        contracts=replace(content.contracts, rows=()),
        marks=(),
        daily_pnl=(),
        contract_pnl=(),
    )
    found = openpyxl.load_workbook(write_swap_results(tmp_path / "empty.xlsx", empty))

    assert found.sheetnames == SHEETS
    assert found["Cash flows"]["A5"].value == "Nothing to show."


def test_two_base_currencies_are_never_added(content: SwapResults, tmp_path: Path) -> None:
    """Each base currency has its section with its own days, contracts and charts."""
    days, contracts = content.daily_pnl, content.contract_pnl
    both = replace(
        content,
        daily_pnl=(*days, *(replace(one, base_currency="EUR") for one in days[:3])),
        contract_pnl=(*contracts[:2], *(replace(one, base_currency="EUR") for one in contracts[2:])),
    )
    found = tables(openpyxl.load_workbook(write_swap_results(tmp_path / "two.xlsx", both))["P&L attribution"])

    assert len(found["pnl_days_USD"]["Day"]) == 27
    assert len(found["pnl_days_EUR"]["Day"]) == 3
    assert len(found["pnl_contracts_EUR"]["Contract"]) == 2
