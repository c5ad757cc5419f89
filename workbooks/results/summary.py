"""The first sheet of a run: what was run, on which assumptions, and what came out."""

import math
from collections.abc import Sequence

import numpy as np

from engine.deal.results import IC_COLUMNS, OC_COLUMNS, RISK_COLUMNS, TRANCHE_COLUMNS, DealResult, Floats
from workbooks.results.looks import Column, Look, Page
from workbooks.results.periods import PAID_COLUMNS, class_label, label_of_test, ratios_in_force
from workbooks.results.record import ResultRecord, RunSummary, Unit
from workbooks.xlsx import Scalar

LOOK_OF_UNIT = {
    Unit.MONEY: Look.MONEY,
    Unit.RATE: Look.RATE,
    Unit.RATIO: Look.RATIO,
    Unit.YEARS: Look.YEARS,
    Unit.COUNT: Look.COUNT,
}
FIRST_BLOCK_ROW = 3
COLUMN_WIDTHS = (23, 15.5, 15.5, 10.5, 10.5, 10.5, 10.5, 10.5, 10.5, 10.5, 10.5, 10.5, 15.5, 15.5)
LAST_COLUMN = len(COLUMN_WIDTHS) - 1
CHARACTERS_PER_LINE = 150


def write_summary(page: Page, record: ResultRecord, title: str, prefix: str) -> None:
    """Write the head of the run, its classes, tests, totals, assumptions and findings, one below the other."""
    for column, width in enumerate(COLUMN_WIDTHS):
        page.sheet.set_column(column, column, width)
    page.title(title)
    page.text(1, 0, _subtitle(record), Look.SUBTITLE)
    row = _write_head(page, record, FIRST_BLOCK_ROW)
    row = _write_classes(page, record, row, prefix)
    row = _write_tests(page, record.result, row, prefix)
    row = _write_totals(page, record.summary, row)
    row = _write_sources(page, record.summary, row)
    row = _write_findings(page, record.summary, row)
    page.sheet.freeze_panes(2, 0)
    page.print_landscape(title, n_rows=row)


def _subtitle(record: ResultRecord) -> str:
    summary, result = record.summary, record.result
    state = "stopped with an error" if result.failure else f"{result.last_period} payment periods"
    return f"Analysis date {summary.as_of.isoformat()}, {summary.mode} mode, waterfall {summary.program}, {state}"


def _write_head(page: Page, record: ResultRecord, row: int) -> int:
    summary, failure = record.summary, record.result.failure
    payments = record.result.dates.payment
    last_payment = str(payments[-1].astype("datetime64[D]")) if len(payments) else ""
    left = (
        ("Deal", summary.deal),
        ("Scenario", summary.scenario),
        ("Program", summary.program),
        ("Mode", summary.mode),
    )
    right = (
        ("Run", summary.run_id),
        ("Engine", summary.engine_version),
        ("Input hash", summary.input_hash),
        ("Last payment", last_payment),
    )
    for offset, (one, other) in enumerate(zip(left, right, strict=True)):
        page.text(row + offset, 0, one[0], Look.LABEL)
        page.text(row + offset, 1, one[1])
        page.text(row + offset, 4, other[0], Look.LABEL)
        page.text(row + offset, 6, other[1])
    row += len(left) + 1
    if failure is not None:
        text = (
            f"The run stopped in period {failure.period}, section {failure.section}, step {failure.step}: "
            f"{failure.number}: {failure.reason}"
        )
        _wrapped(page, row, text, Look.ALERT)
        row += 2
    return row


def _wrapped(page: Page, row: int, text: str, look: Look) -> None:
    """One text across all columns, the row high enough for it."""
    page.sheet.merge_range(row, 0, row, LAST_COLUMN, "", page.looks[look])
    page.text(row, 0, text, look)
    page.sheet.set_row(row, 14.5 * max(1, math.ceil(len(text) / CHARACTERS_PER_LINE)))


def _paid(flows: Floats, names: Sequence[str]) -> float:
    return float(np.nansum(flows[:, [TRANCHE_COLUMNS.index(name) for name in names]]))


def _write_classes(page: Page, record: ResultRecord, row: int, prefix: str) -> int:
    """Balances, prices and risk measures of every class."""
    summary, result = record.summary, record.result
    inputs = summary.tranche_inputs
    risk = {name: result.risk[:, position].tolist() for position, name in enumerate(RISK_COLUMNS)}
    flows = [result.tranches[:, number, :] for number in range(len(result.tranche_names))]
    interest = [_paid(one, [name for name in PAID_COLUMNS if name != "principal_paid"]) for one in flows]
    principal = [_paid(one, ["principal_paid"]) for one in flows]
    columns = [
        Column("Class", Look.TEXT, [class_label(name) for name in result.tranche_names]),
        Column("Original balance", Look.MONEY, [one.original_balance for one in inputs]),
        Column("Current balance", Look.MONEY, [one.current_balance for one in inputs]),
        Column("Price", Look.PRICE, [one.price for one in inputs]),
        Column("Spread", Look.RATE, [one.spread for one in inputs]),
        Column("Margin", Look.RATE, [one.discount_margin for one in inputs]),
        Column("Yield at price", Look.RATE, risk["yield_at_price"]),
        Column("Margin at price", Look.RATE, risk["discount_margin_at_price"]),
        Column("Price at margin", Look.PRICE, risk["price_at_discount_margin"]),
        Column("Average life", Look.YEARS, risk["wal"]),
        Column("Macaulay duration", Look.YEARS, risk["macaulay_duration"]),
        Column("Modified duration", Look.YEARS, risk["modified_duration"]),
        Column("Interest paid", Look.MONEY, interest),
        Column("Principal paid", Look.MONEY, principal),
    ]
    page.text(row, 0, "Classes", Look.BLOCK)
    return page.table(row + 1, columns, name=f"{prefix}classes").last_row + 3


def _write_tests(page: Page, result: DealResult, row: int, prefix: str) -> int:
    """Every coverage test on the first payment date, its lowest cushion and the first failure."""
    rows: list[tuple[Scalar, ...]] = []
    for kind, names, triggers, values, held in (
        ("OC", result.oc_names, result.oc_triggers, result.oc, OC_COLUMNS),
        ("IC", result.ic_names, result.ic_triggers, result.ic, IC_COLUMNS),
    ):
        for number, (name, trigger) in enumerate(zip(names, triggers, strict=True)):
            ratios = ratios_in_force(values[:, number, :], held)
            verdict = values[:, number, held.index("is_passed")]
            rows.append((label_of_test(name, kind), *_test_figures(ratios, verdict, trigger, result)))
    page.text(row, 0, "Coverage tests", Look.BLOCK)
    heads = (
        ("Test", Look.TEXT),
        ("First ratio", Look.RATIO),
        ("Trigger", Look.RATIO),
        ("Cushion", Look.RATIO),
        ("Result", Look.VERDICT),
        ("Lowest cushion", Look.RATIO),
        ("Periods failed", Look.COUNT),
        ("First failure", Look.DATE),
    )
    columns = [Column(head, look, [one[at] for one in rows]) for at, (head, look) in enumerate(heads)]
    return page.table(row + 1, columns, name=f"{prefix}tests").last_row + 3


def _test_figures(ratios: Floats, verdict: Floats, trigger: float, result: DealResult) -> tuple[Scalar, ...]:
    """First ratio, trigger, cushion, verdict, lowest cushion, failed periods and the date of the first one."""
    failed = np.flatnonzero(verdict == 0.0)
    known = ratios[~np.isnan(ratios)]
    first = float(ratios[0]) if len(ratios) else math.nan
    word = None if not len(verdict) or np.isnan(verdict[0]) else "Pass" if verdict[0] else "Fail"
    lowest = float(known.min()) - trigger if len(known) else None
    first_failure = result.dates.payment[failed[0]].astype("datetime64[D]").item() if len(failed) else None
    return first, trigger, first - trigger, word, lowest, len(failed), first_failure


def _write_totals(page: Page, summary: RunSummary, row: int) -> int:
    if not summary.totals:
        return row
    page.text(row, 0, "Totals", Look.BLOCK)
    for offset, total in enumerate(summary.totals, start=1):
        page.text(row + offset, 0, total.label)
        page.text(row + offset, 2, total.value, LOOK_OF_UNIT[total.unit])
    return row + len(summary.totals) + 2


def _write_sources(page: Page, summary: RunSummary, row: int) -> int:
    """Where every assumption was taken from."""
    page.text(row, 0, "Where the assumptions come from", Look.BLOCK)
    if not summary.sources:
        page.text(row + 1, 0, "No sources were recorded.", Look.SUBTITLE)
    for offset, item in enumerate(summary.sources, start=1):
        page.text(row + offset, 0, item.item)
        page.text(row + offset, 3, item.source)
    return row + max(len(summary.sources), 1) + 2


def _write_findings(page: Page, summary: RunSummary, row: int) -> int:
    """Remarks on the run, then the findings of the import it stands on."""
    page.text(row, 0, "Remarks and findings", Look.BLOCK)
    if not summary.findings and not summary.remarks:
        page.text(row + 1, 0, "None.", Look.SUBTITLE)
    for remark in summary.remarks:
        row += 1
        _wrapped(page, row, remark, Look.WRAPPED)
    for offset, finding in enumerate(summary.findings, start=1):
        place = f"'{finding.sheet}'!{finding.cell}" if finding.cell else f"'{finding.sheet}'"
        page.text(row + offset, 0, finding.code, Look.LABEL)
        page.text(row + offset, 1, place)
        page.text(row + offset, 4, finding.text)
    return row + max(len(summary.findings), 1) + 2
