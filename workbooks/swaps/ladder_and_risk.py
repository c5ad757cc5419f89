"""The payments ladder and the risk numbers, each report with a chart of what matters in it."""

from collections import defaultdict
from dataclasses import replace

from engine.payouts.report_table import Cell, ReportTable
from engine.payouts.results import SwapResults, records
from workbooks.results.charts import PALETTE
from workbooks.results.looks import Block, Column, Look
from workbooks.swaps.charts import HALF_ROWS, IN_COLOR, LOW_SIZE, NET_COLOR, OUT_COLOR, Cells, Series, grouped, stacked
from workbooks.swaps.pages import SwapPage, number
from workbooks.xlsx import ExactWorkbook

BUCKETS = {
    "OVERDUE": "Overdue",
    "UNSCHEDULED": "No date",
    "DUE_TODAY": "Today",
    "1_7_DAYS": "1 to 7 days",
    "8_30_DAYS": "8 to 30 days",
    "31_90_DAYS": "31 to 90 days",
    "OVER_90_DAYS": "Over 90 days",
}
LEVELS = ("BOOK", "CONTRACT", "LEG")
MOST_CHARTS, MOST_COLUMNS = 3, 12
RISKS = ("value_at_risk_95", "value_at_risk_99", "expected_shortfall_95")


def write_ladder(page: SwapPage, book: ExactWorkbook, content: SwapResults, title: str, note: str) -> None:
    """By currency what comes and goes until when, then the report by status."""
    page.title(title)
    page.text(1, 0, f"Open cash flows by time to payment. {note}".strip(), Look.SUBTITLE)
    table = content.report("R-14")
    received: dict[tuple[str, str], float] = defaultdict(float)
    paid: dict[tuple[str, str], float] = defaultdict(float)
    for bucket, currency, one, other in records(table, "bucket", "currency", "gross_in", "gross_out"):
        received[str(currency), str(bucket)] += number(one)
        paid[str(currency), str(bucket)] -= number(other)
    row = 3
    for place, currency in enumerate(sorted({currency for currency, _ in received})):
        into = [received[currency, bucket] for bucket in BUCKETS]
        out = [paid[currency, bucket] for bucket in BUCKETS]
        page.text(row, 0, f"In {currency}", Look.BLOCK)
        columns = [
            Column("Due", Look.TEXT, list(BUCKETS.values())),
            Column("Received", Look.MONEY, into),
            Column("Paid", Look.MONEY, out),
            Column("Net", Look.MONEY, [one + other for one, other in zip(into, out, strict=True)]),
        ]
        block = page.table(row + 1, columns, name=f"ladder_{currency}")
        row = block.last_row + 2
        if place < MOST_CHARTS:
            page.sheet.insert_chart(row, 0, _ladder_chart(book, currency, block), {"y_offset": 4, "object_position": 3})
            row += HALF_ROWS + 1
    page.text(row, 0, "By status", Look.BLOCK)
    page.report(row + 1, table, "ladder")
    page.sheet.freeze_panes(2, 0)
    page.print_landscape(title, n_rows=row + 2 + len(table.rows))


def _ladder_chart(book: ExactWorkbook, currency: str, block: Block) -> object:
    columns = [Series("Received", block.cells("Received"), IN_COLOR), Series("Paid", block.cells("Paid"), OUT_COLOR)]
    line = Series("Net", block.cells("Net"), NET_COLOR)
    return stacked(book, f"Payments to come, {currency}", block.cells("Due"), columns, LOW_SIZE, line=line)


def write_risk(page: SwapPage, book: ExactWorkbook, content: SwapResults, title: str) -> None:
    """Book, contracts and legs, the riskiest first, with a chart of the contracts."""
    page.title(title)
    page.text(
        1,
        0,
        f"Of daily total P&L from {content.risk_since} to {content.as_of}, in base currency; values at risk and "
        "expected shortfall are losses.",
        Look.SUBTITLE,
    )
    table = _riskiest_first(content.report("R-7"))
    levels = [level for (level,) in records(table, "level")]
    known = [risk is not None for (risk,) in records(table, RISKS[0])]
    n_contracts = sum(one == "CONTRACT" and has for one, has in zip(levels, known, strict=True))
    row = 3 if not n_contracts else 3 + HALF_ROWS + 1
    block = page.report(row, table, "risk")
    if n_contracts:
        first = block.first_row + levels.index("CONTRACT")
        last = first + min(n_contracts, MOST_COLUMNS) - 1
        places = {column.name: place for place, column in enumerate(table.columns)}
        cells: dict[str, Cells] = {name: [block.sheet, first, place, last, place] for name, place in places.items()}
        columns = [
            Series(table.columns[places[name]].heading, cells[name], color)
            for name, color in zip(RISKS, (PALETTE[3], PALETTE[1], PALETTE[6]), strict=True)
        ]
        subject = "Value at risk and expected shortfall by contract"
        chart = grouped(book, subject, cells["contract_reference"], columns, LOW_SIZE)
        page.sheet.insert_chart(3, 0, chart, {"object_position": 3})
    page.sheet.freeze_panes(2, 0)
    page.print_landscape(title, n_rows=row + 1 + len(table.rows))


def _riskiest_first(table: ReportTable) -> ReportTable:
    """The report with the book above its contracts above its legs, each by what it may lose."""
    keys = records(table, "level", RISKS[0], "contract_reference", "leg_number")
    ordered = sorted(zip(keys, table.rows, strict=True), key=lambda pair: _risk_key(pair[0]))
    return replace(table, rows=tuple(row for _, row in ordered))


def _risk_key(key: tuple[Cell, ...]) -> tuple[int, bool, float, str, float]:
    level, risk, reference, leg = key
    return LEVELS.index(str(level)), risk is None, -number(risk), str(reference or ""), number(leg)
