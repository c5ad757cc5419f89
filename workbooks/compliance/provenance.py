"""Where everything comes from: the run, the deal's inputs, every limit and baseline, formulas and their sources."""

import math

from engine.compliance.catalogue import BY_ID
from workbooks.compliance.marks import write_by_unit
from workbooks.compliance.record import ComplianceRecord
from workbooks.results.looks import Column, Look, Page
from workbooks.xlsx import Scalar

COLUMN_WIDTHS = (13, 44, 18, 18, 12, 12, 30, 12, 12, 14, 70, 44)
SOURCE_COLUMN, CHARACTERS_PER_LINE = 3, 220


def write_provenance(page: Page, record: ComplianceRecord, title: str) -> None:
    """The head of the run, remarks, inputs, and a row for every test."""
    for column, width in enumerate(COLUMN_WIDTHS):
        page.sheet.set_column(column, column, width)
    page.title(title)
    row = _write_head(page, record, 2)
    row = _write_remarks(page, record, row)
    row = _write_inputs(page, record, row)
    _write_tests(page, record, row)
    page.sheet.freeze_panes(1, 0)
    page.print_landscape(title)


def _write_head(page: Page, record: ComplianceRecord, row: int) -> int:
    report = record.report
    lines = (
        ("Deal", report.deal),
        ("Tested", report.as_of.isoformat()),
        ("Mode", report.mode),
        ("Run", report.run_id or "not stored"),
        ("Engine", report.engine_version),
        ("Input hash", report.input_hash),
        ("File", report.source_file),
    )
    for offset, (label, value) in enumerate(lines):
        page.text(row + offset, 0, label, Look.LABEL)
        page.text(row + offset, 1, value)
    return row + len(lines) + 1


def _write_remarks(page: Page, record: ComplianceRecord, row: int) -> int:
    page.text(row, 0, "Remarks", Look.BLOCK)
    if not record.report.remarks:
        page.text(row + 1, 0, "None.", Look.SUBTITLE)
        return row + 3
    for remark in record.report.remarks:
        row += 1
        page.sheet.merge_range(row, 0, row, len(COLUMN_WIDTHS) - 1, "", page.looks[Look.WRAPPED])
        page.text(row, 0, remark, Look.WRAPPED)
        page.sheet.set_row(row, 14.5 * max(1, math.ceil(len(remark) / CHARACTERS_PER_LINE)))
    return row + 2


def _write_inputs(page: Page, record: ComplianceRecord, row: int) -> int:
    page.text(row, 0, "Inputs of the tests", Look.BLOCK)
    for source in record.report.inputs:
        row += 1
        page.text(row, 0, source.item)
        page.text(row, SOURCE_COLUMN, source.source)
    return row + 2


def _write_tests(page: Page, record: ComplianceRecord, row: int) -> None:
    """Limit, where it stands, baseline, formula and source of every test."""
    results = record.report.results
    known = BY_ID | {definition.id: definition for definition in record.own_tests}
    definitions = [known.get(result.test_id) for result in results]
    baselines = [result.baseline for result in results]
    units = [result.unit for result in results]
    limits: list[Scalar] = [result.threshold for result in results]
    accepted: list[Scalar] = [None if baseline is None else baseline.value for baseline in baselines]
    columns = [
        Column("Test", Look.COUNT, [result.test_id for result in results]),
        Column("Name", Look.TEXT, [result.name for result in results]),
        Column("Numerator", Look.MONEY, [result.numerator for result in results]),
        Column("Denominator", Look.MONEY, [result.denominator for result in results]),
        Column("Limit", Look.NUMBER, limits),
        Column("From", Look.TEXT, [result.threshold_source.value for result in results]),
        Column("Configured at", Look.TEXT, [result.place for result in results]),
        Column("Baseline", Look.NUMBER, accepted),
        Column("Accepted for", Look.DATE, [None if one is None else one.as_of for one in baselines]),
        Column("Accepted by", Look.TEXT, ["" if one is None else one.accepted_by or "sheet" for one in baselines]),
        Column("Formula", Look.TEXT, ["" if one is None else one.formula for one in definitions]),
        Column("Source", Look.TEXT, ["" if one is None else one.source for one in definitions]),
    ]
    page.text(row, 0, "Limits", Look.BLOCK)
    block = page.table(row + 1, columns, name="limits")
    write_by_unit(page, block, "Limit", limits, units)
    write_by_unit(page, block, "Baseline", accepted, units)
