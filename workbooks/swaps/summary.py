"""The first sheet: the book at a glance, what it rests on, and where to read on."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from engine.payouts.enums import CashflowStatus, DeferralUrgency, FindingSeverity
from engine.payouts.results import SwapResults, records
from workbooks.results.looks import Block, Column, Look
from workbooks.swaps.attribution import HEADS
from workbooks.swaps.cash_calendar import GONE, Payment, payments
from workbooks.swaps.charts import (
    COMPONENT_COLORS,
    HALF_OFFSET,
    HALF_ROWS,
    HALF_SIZE,
    NET_COLOR,
    Series,
    grouped,
    stacked,
)
from workbooks.swaps.pages import SwapPage, words
from workbooks.xlsx import ExactWorkbook, Scalar

COLUMN_WIDTHS = (24, 17, 17, 17, 17, 22, 17, 17, 17)
NEXT_DAYS = 8
SIDE = 5
STATUSES = tuple(status for status in CashflowStatus if status not in GONE)


def write_summary(
    page: SwapPage,
    book: ExactWorkbook,
    content: SwapResults,
    title: str,
    sheets: Sequence[tuple[str, str]],
    days: Block | None,
) -> None:
    """Head, figures, P&L by currency, cash by status, next payments, deferrals, findings, contents.

    sheets: (name, what it shows); days: where the daily P&L stands, None where there is none.
    """
    for column, width in enumerate(COLUMN_WIDTHS):
        page.sheet.set_column(column, column, width)
    page.title(title)
    page.text(1, 0, _subtitle(content), Look.SUBTITLE)
    row = _write_head(page, content, 3)
    row = _write_remarks(page, content, row)
    row, marks = _write_marks(page, content, row)
    row = _write_charts(page, book, row, marks, days)
    flows = payments(content)
    row = _write_cash(page, content, flows, row)
    row = _write_next(page, content, flows, row)
    row = _write_contents(page, sheets, row)
    page.sheet.freeze_panes(2, 0)
    page.print_landscape(title)
    page.sheet.fit_to_pages(1, 1)
    page.sheet.center_horizontally()


def _subtitle(content: SwapResults) -> str:
    statuses = Counter(str(status) for (status,) in records(content.contracts, "contract_status"))
    count = ", ".join(f"{n} {status.lower()}" for status, n in sorted(statuses.items()))
    chosen = "" if content.is_whole_book else " chosen"
    return f"As of {content.as_of.isoformat()}, seen by {content.reporting_party};{chosen} contracts: {count or 'none'}"


def _write_head(page: SwapPage, content: SwapResults, row: int) -> int:
    made, ran = content.provenance.made_at, content.provenance.run_finished
    left: tuple[tuple[str, Scalar], ...] = (
        ("As of", content.as_of.isoformat()),
        ("Contracts", str(len(content.contracts.rows))),
        ("Reporting party", content.reporting_party),
        ("End of day", f"{content.provenance.run_day}, finished {ran:%Y-%m-%d %H:%M %Z}" if ran else ""),
    )
    right: tuple[tuple[str, Scalar], ...] = (
        ("Run", content.provenance.run_id),
        ("Engine", content.provenance.engine_version),
        ("Database", content.provenance.database),
        ("Made at", f"{made:%Y-%m-%d %H:%M %Z}".strip()),
    )
    for offset, (one, other) in enumerate(zip(left, right, strict=True)):
        page.text(row + offset, 0, one[0], Look.LABEL)
        page.text(row + offset, 1, one[1])
        page.text(row + offset, SIDE - 1, other[0], Look.LABEL)
        page.text(row + offset, SIDE, other[1])
    return row + len(left) + 1


def _write_remarks(page: SwapPage, content: SwapResults, row: int) -> int:
    """What an analyst has to know before reading on."""
    remarks = []
    stale = [mark for mark in content.marks if mark.oldest_day < content.as_of]
    remarks += [f"Some legs in {mark.currency} were last valued on {mark.oldest_day}." for mark in stale]
    urgencies = records(content.report("R-2"), "deferral_urgency")
    overdue = urgencies.count((DeferralUrgency.OVERDUE,))
    if overdue:
        remarks.append(f"Deferred cash flows that are overdue: {overdue}.")
    apart = sum(verdict == "MISMATCH" for (verdict,) in records(content.report("R-3"), "reconciliation_status"))
    if apart:
        remarks.append(f"Cash flows that differ from the sum of their daily accruals: {apart}.")
    found = Counter(severity for (severity,) in records(content.report("R-15"), "severity"))
    if found[FindingSeverity.ERROR] or found[FindingSeverity.WARNING]:
        errors, warnings = found[FindingSeverity.ERROR], found[FindingSeverity.WARNING]
        remarks.append(f"Open findings of imports: errors {errors}, warnings {warnings}.")
    for remark in remarks:
        page.sheet.merge_range(row, 0, row, len(COLUMN_WIDTHS) - 1, "", page.looks[Look.ALERT])
        page.text(row, 0, remark, Look.ALERT)
        row += 1
    return row + 1 if remarks else row


def _write_marks(page: SwapPage, content: SwapResults, row: int) -> tuple[int, Block]:
    marks = content.marks
    columns = [
        Column("Currency", Look.TEXT, [mark.currency for mark in marks]),
        *(
            Column(head, Look.MONEY, [float(mark.parts.components[place]) for mark in marks])
            for place, head in enumerate(HEADS)
        ),
        Column("Unrealized", Look.MONEY, [float(mark.parts.total) for mark in marks]),
        Column("Legs", Look.COUNT, [mark.n_legs for mark in marks]),
        Column("Valued since", Look.DATE, [mark.oldest_day for mark in marks]),
    ]
    page.text(row, 0, "Unrealized P&L by component", Look.BLOCK)
    block = page.table(row + 1, columns, name="marks")
    return block.last_row + 2, block


def _write_charts(page: SwapPage, book: ExactWorkbook, row: int, marks: Block, days: Block | None) -> int:
    columns = [Series(head, marks.cells(head), color) for head, color in zip(HEADS, COMPONENT_COLORS, strict=True)]
    chart = grouped(book, "Unrealized P&L by currency and component", marks.cells("Currency"), columns, HALF_SIZE)
    page.sheet.insert_chart(row, 0, chart, {"y_offset": 4, "object_position": 3})
    if days is not None:
        parts = [Series(head, days.cells(head), color) for head, color in zip(HEADS, COMPONENT_COLORS, strict=True)]
        line = Series("Cumulative", days.cells("Cumulative"), NET_COLOR)
        daily = stacked(
            book, "P&L by day", days.cells("Day"), parts, HALF_SIZE,
            line=line, line_has_own_axis=True, date_format="d mmm",
        )  # fmt: skip
        page.sheet.insert_chart(row, 0, daily, {"x_offset": HALF_OFFSET, "y_offset": 4, "object_position": 3})
    return row + HALF_ROWS + 1


def _write_cash(page: SwapPage, content: SwapResults, flows: Sequence[Payment], row: int) -> int:
    """Net amounts by currency and status; realized to date is what was settled, is due or was put off."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for flow in flows:
        sums[flow.currency, flow.status] += flow.amount
    currencies = sorted({currency for currency, _ in sums})
    realized = [sum(sums[one, status] for status in STATUSES[1:]) for one in currencies]
    heads = {status: words(status.removeprefix("REALIZED_")) for status in STATUSES}
    deferrals = Counter((currency, urgency) for currency, urgency in
                        records(content.report("R-2"), "currency", "deferral_urgency"))  # fmt: skip
    n_deferred = Counter(currency for (currency,) in records(content.report("R-2"), "currency"))
    columns = [
        Column("Currency", Look.TEXT, currencies),
        Column("Realized to date", Look.MONEY, realized),
        *(Column(heads[status], Look.MONEY, [sums[one, status] for one in currencies]) for status in STATUSES[::-1]),
        Column("Deferrals", Look.COUNT, [n_deferred[one] for one in currencies]),
        Column("Of them overdue", Look.COUNT, [deferrals[one, DeferralUrgency.OVERDUE] for one in currencies]),
    ]
    page.text(row, 0, "Cash, net", Look.BLOCK)
    return page.table(row + 1, columns, name="cash").last_row + 3


def _write_next(page: SwapPage, content: SwapResults, flows: Sequence[Payment], row: int) -> int:
    """The next payment days from today on, and the severity of findings beside them."""
    groups: dict[tuple[date, str], list[float]] = defaultdict(list)
    for flow in flows:
        if flow.day is not None and flow.day >= content.as_of and flow.status != CashflowStatus.REALIZED_SETTLED:
            groups[flow.day, flow.currency].append(flow.amount)
    keys = sorted(groups)[:NEXT_DAYS]
    columns = [
        Column("Next payments", Look.DATE, [day for day, _ in keys]),
        Column("In", Look.TEXT, [currency for _, currency in keys]),
        Column("Net amount", Look.MONEY, [sum(groups[key]) for key in keys]),
        Column("Cash flows", Look.COUNT, [len(groups[key]) for key in keys]),
    ]
    page.text(row, 0, "Next payments", Look.BLOCK)
    block = page.table(row + 1, columns, name="next_payments")
    found = Counter(str(severity) for (severity,) in records(content.report("R-15"), "severity"))
    matched = Counter(str(verdict) for (verdict,) in records(content.report("R-3"), "reconciliation_status"))
    page.text(row, SIDE, "Checks", Look.BLOCK)
    lines = [
        *(("Findings", severity.value, found[severity]) for severity in FindingSeverity),
        *(("Accruals", verdict, matched[verdict]) for verdict in ("MATCH", "MISMATCH", "ONLY_DAILY", "ONLY_PERIOD")),
    ]
    checks = page.table(
        row + 1,
        [
            Column("Of", Look.TEXT, [of for of, _, _ in lines]),
            Column("Verdict", Look.TEXT, [verdict for _, verdict, _ in lines]),
            Column("Count", Look.COUNT, [count for _, _, count in lines]),
        ],
        name="checks",
        first_column=SIDE,
    )
    return max(block.last_row, checks.last_row) + 3


def _write_contents(page: SwapPage, sheets: Sequence[tuple[str, str]], row: int) -> int:
    """Links to the sheets, in two columns."""
    page.text(row, 0, "Contents", Look.BLOCK)
    n_lines = (len(sheets) + 1) // 2
    for place, (name, meaning) in enumerate(sheets):
        offset, side = row + 1 + place % n_lines, place // n_lines * SIDE
        page.sheet.write_url(offset, side, f"internal:'{name}'!A1", page.looks.link, name)
        page.text(offset, side + 1, meaning)
    return row + n_lines + 1
