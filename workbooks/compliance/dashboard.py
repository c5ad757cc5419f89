"""The first sheet: how many tests stand how, the pool in figures, every test, and those nearest to their limits."""

from xlsxwriter.chart import Chart

from engine.compliance.results import ComplianceResult, Verdict
from workbooks.compliance.charts import bar_chart
from workbooks.compliance.marks import (
    WORD_OF_VERDICT,
    mark_use,
    mark_verdicts,
    names_of,
    nearest,
    write_by_unit,
)
from workbooks.compliance.record import ComplianceRecord
from workbooks.results.looks import Block, Column, Look, Page
from workbooks.xlsx import ExactWorkbook, Scalar

COLUMN_WIDTHS = (7, 38, 17, 12, 7, 12, 11, 17, 10, 12, 44, 12, 48)
HEAD_ROW, TESTS_ROW = 3, 18
MOST_NEAR, MOST_NAMED = 12, 3
CHART_COLUMN, CHART_SIZE = 7, (900, 270)


def write_dashboard(page: Page, book: ExactWorkbook, record: ComplianceRecord, title: str) -> Block:
    """Write the sheet; the table of all tests is returned."""
    for column, width in enumerate(COLUMN_WIDTHS):
        page.sheet.set_column(column, column, width)
    page.title(title)
    page.text(1, 0, _subtitle(record), Look.SUBTITLE)
    _write_counts(page, record)
    _write_pool(page, record)
    tests = _write_tests(page, record)
    near = _write_nearest(page, record, tests.last_row + 3)
    page.sheet.insert_chart(HEAD_ROW, CHART_COLUMN, _chart(book, near), {"object_position": 3})
    page.sheet.freeze_panes(2, 2)
    page.print_landscape(title, header_row=TESTS_ROW + 1)
    page.sheet.print_area(0, 0, tests.last_row, len(COLUMN_WIDTHS) - 1)
    return tests


def _subtitle(record: ComplianceRecord) -> str:
    report = record.report
    told = [f"{report.count(verdict)} {WORD_OF_VERDICT[verdict].lower()}" for verdict in Verdict]
    run = f", run {report.run_id}" if report.run_id else ""
    return f"Tested {report.as_of.isoformat()}, {report.mode} mode{run}: {', '.join(told)}"


def _write_counts(page: Page, record: ComplianceRecord) -> None:
    report = record.report
    rows: list[tuple[str, Scalar, Look]] = [
        ("Tests", len(report.results), Look.COUNT),
        ("Pass", report.count(Verdict.PASSED), Look.COUNT),
        ("Maintained or improved", report.count(Verdict.MAINTAINED), Look.COUNT),
        ("Nothing to test", report.count(Verdict.NOT_APPLICABLE), Look.COUNT),
        ("Fail", report.count(Verdict.FAILED), Look.COUNT),
        ("Objective", report.objective, Look.NUMBER),
    ]
    page.text(HEAD_ROW, 0, "Verdicts", Look.BLOCK)
    for row, (label, value, look) in enumerate(rows, start=HEAD_ROW + 1):
        page.text(row, 0, label, Look.LABEL)
        page.text(row, 2, value, look)


def _write_pool(page: Page, record: ComplianceRecord) -> None:
    pool = record.metrics
    rows: list[tuple[str, Scalar, Look]] = [
        ("Principal amount", pool.collateral_principal_amount, Look.MONEY),
        ("Par of assets", pool.total_par, Look.MONEY),
        ("Principal cash", pool.principal_cash, Look.MONEY),
        ("Rating factor", pool.warf, Look.NUMBER),
        ("Spread", pool.was, Look.SHARE),
        ("Recovery rate", pool.warr, Look.SHARE),
        ("Average life, years", pool.wal_years, Look.YEARS),
        ("Diversity score", pool.diversity_score, Look.NUMBER),
        ("Assets", pool.n_assets, Look.COUNT),
        ("Obligors", pool.n_obligors, Look.COUNT),
    ]
    page.text(HEAD_ROW, 3, "Pool", Look.BLOCK)
    for row, (label, value, look) in enumerate(rows, start=HEAD_ROW + 1):
        page.text(row, 3, label, Look.LABEL)
        page.sheet.merge_range(row, 5, row, 6, "", page.looks[look])
        page.text(row, 5, value, look)


def _write_tests(page: Page, record: ComplianceRecord) -> Block:
    """Every test in the order of the deal's list."""
    results, names = record.report.results, names_of(record)
    units = [result.unit for result in results]
    values: list[Scalar] = [None if one.verdict is Verdict.NOT_APPLICABLE else one.value for one in results]
    thresholds: list[Scalar] = [result.threshold for result in results]
    baselines: list[Scalar] = [None if one.baseline is None else one.baseline.value for one in results]
    columns = [
        Column("Test", Look.COUNT, [result.test_id for result in results]),
        Column("Name", Look.TEXT, [result.label for result in results]),
        Column("Category", Look.TEXT, [result.category.value for result in results]),
        Column("Value", Look.NUMBER, values),
        Column("Kind", Look.TEXT, [result.direction.value.capitalize() for result in results]),
        Column("Limit", Look.NUMBER, thresholds),
        Column("Limit from", Look.TEXT, [result.threshold_source.value for result in results]),
        Column("Cushion in par", Look.MONEY, [result.cushion for result in results]),
        Column("Use of limit", Look.RATIO, [result.use_of_limit for result in results]),
        Column("Result", Look.VERDICT, [WORD_OF_VERDICT[result.verdict] for result in results]),
        Column("Driven by", Look.TEXT, [driven_by(result, names) for result in results]),
        Column("Baseline", Look.NUMBER, baselines),
        Column("Remark", Look.TEXT, [result.remark for result in results]),
    ]
    page.text(TESTS_ROW, 0, "Tests", Look.BLOCK)
    block = page.table(TESTS_ROW + 1, columns, name="compliance_tests")
    for header, cells in (("Value", values), ("Limit", thresholds), ("Baseline", baselines)):
        write_by_unit(page, block, header, cells, units)
    mark_verdicts(page, block, "Result")
    mark_use(page, block, "Use of limit")
    return block


def driven_by(result: ComplianceResult, names: dict[str, str]) -> str:
    """The ranked group, or the strongest positions behind a result."""
    if result.ranked_name:
        return result.ranked_name
    return ", ".join(names.get(driver.blkrock_id) or driver.blkrock_id for driver in result.drivers[:MOST_NAMED])


def _write_nearest(page: Page, record: ComplianceRecord, row: int) -> Block:
    """The tests nearest to their limits, from which the chart at the top is drawn."""
    near = nearest(record.report.results, MOST_NEAR)
    columns = [
        Column("Test", Look.COUNT, [result.test_id for result in near]),
        Column("Name", Look.TEXT, [result.label for result in near]),
        Column("Result", Look.VERDICT, [WORD_OF_VERDICT[result.verdict] for result in near]),
        Column("Use", Look.RATIO, [result.use_of_limit for result in near]),
    ]
    page.text(row, 0, "Nearest to their limits", Look.BLOCK)
    block = page.table(row + 1, columns, name="nearest_limits")
    mark_verdicts(page, block, "Result")
    return block


def _chart(book: ExactWorkbook, near: Block) -> Chart:
    return bar_chart(book, "Use of limits, the fullest first", near, "Name", "Use", "0%", CHART_SIZE)
