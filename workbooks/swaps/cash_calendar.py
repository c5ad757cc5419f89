"""The cash-flow calendar: months across by currency, and the payment days around today."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from engine.payouts.enums import CashflowStatus
from engine.payouts.results import SwapResults, records
from workbooks.results.looks import Column, Look
from workbooks.swaps.charts import (
    HALF_OFFSET,
    HALF_ROWS,
    HALF_SIZE,
    IN_COLOR,
    NET_COLOR,
    OUT_COLOR,
    WIDE_ROWS,
    WIDE_SIZE,
    Cells,
    Series,
    stacked,
)
from workbooks.swaps.pages import SwapPage, number
from workbooks.xlsx import ExactWorkbook

MONTHS_BACK, MONTHS_AHEAD = 5, 6
EARLIER, LATER, UNDATED = "Earlier", "Later", "No date"
DAYS_BACK = 31
LINES = ("Received", "Paid", "Net")
MOST_CHARTS = 4
GONE = (CashflowStatus.CANCELLED, CashflowStatus.ADJUSTED)


class Payment(NamedTuple):
    """A cash flow as money: its day (None without one), currency, signed amount and status."""

    day: date | None
    currency: str
    amount: float
    status: str
    contract: str


def payments(content: SwapResults) -> list[Payment]:
    """All cash flows that are, were or will be money; cancelled and replaced ones are not.

    A deferred one comes when it is expected, a settled one came when it was settled.
    """
    found = []
    names = ("payment_date", "expected_realization_date", "settlement_date", "currency", "amount", "settlement_amount")
    for due, expected, settled, currency, amount, final, status, contract in records(
        content.report("R-1"), *names, "cashflow_status", "contract_reference"
    ):
        if status in GONE:
            continue
        day = {CashflowStatus.REALIZED_DEFERRED: expected, CashflowStatus.REALIZED_SETTLED: settled}.get(
            CashflowStatus(str(status)), due
        )
        found.append(
            Payment(
                day if isinstance(day, date) else None,
                str(currency),
                number(amount if final is None else final),
                str(status),
                str(contract),
            )
        )
    return found


def months_around(as_of: date) -> list[str]:
    """The months of the calendar, `2026-11`, those before and after today."""
    first = as_of.year * 12 + as_of.month - 1
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(first - MONTHS_BACK, first + MONTHS_AHEAD + 1)]


def write_calendar(page: SwapPage, book: ExactWorkbook, content: SwapResults, title: str) -> None:
    """Received, paid and net by currency and month with a chart of each currency, then payment days."""
    page.title(title)
    page.text(
        1,
        0,
        "Received is positive, paid negative. Accrued amounts are as of today; deferred ones stand where they are "
        "expected, settled ones where they were settled.",
        Look.SUBTITLE,
    )
    flows = payments(content)
    months = months_around(content.as_of)
    currencies = _by_turnover(flows)
    columns = _month_columns(flows, months, currencies)
    page.text(3, 0, "By month", Look.BLOCK)
    block = page.table(4, columns, name="calendar_months")
    row = block.last_row + 2
    for place, currency in enumerate(currencies[:MOST_CHARTS]):
        first = block.first_row + len(LINES) * place
        across: list[Cells] = [
            [block.sheet, first + line, 3, first + line, 2 + len(months)] for line in range(len(LINES))
        ]
        chart = stacked(
            book,
            f"Cash flows by month, {currency}",
            [block.sheet, block.header_row, 3, block.header_row, 2 + len(months)],
            [Series("Received", across[0], IN_COLOR), Series("Paid", across[1], OUT_COLOR)],
            WIDE_SIZE if len(currencies) == 1 else HALF_SIZE,
            line=Series("Net", across[2], NET_COLOR),
        )
        side = place % 2 * HALF_OFFSET
        page.sheet.insert_chart(
            row + place // 2 * HALF_ROWS, 0, chart, {"x_offset": side, "y_offset": 4, "object_position": 3}
        )
    row += WIDE_ROWS if len(currencies) == 1 else (min(len(currencies), MOST_CHARTS) + 1) // 2 * HALF_ROWS
    page.text(row + 1, 0, f"Payment days from {content.as_of - timedelta(days=DAYS_BACK)}", Look.BLOCK)
    days = _day_columns(flows, content.as_of)
    page.table(row + 2, days, name="calendar_days")
    page.fit(columns)
    page.sheet.freeze_panes(2, 0)
    page.print_landscape(title, n_rows=row + 3 + len(days[0].cells))


def _by_turnover(flows: Sequence[Payment]) -> list[str]:
    """Currencies, that with most cash flows first."""
    counts: dict[str, int] = defaultdict(int)
    for flow in flows:
        counts[flow.currency] += 1
    return sorted(counts, key=lambda currency: (-counts[currency], currency))


def _month_columns(flows: Sequence[Payment], months: Sequence[str], currencies: Sequence[str]) -> list[Column]:
    slots = (EARLIER, *months, LATER, UNDATED)
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    for flow in flows:
        line = LINES[0] if flow.amount >= 0 else LINES[1]
        for one in (line, LINES[2]):
            sums[flow.currency, one, _slot(flow.day, months)] += flow.amount
    rows = [(currency, line) for currency in currencies for line in LINES]
    across = [Column(slot, Look.MONEY, [sums[currency, line, slot] for currency, line in rows]) for slot in slots]
    total = Column("Total", Look.MONEY, [sum(sums[currency, line, slot] for slot in slots) for currency, line in rows])
    heads = [
        Column("Currency", Look.TEXT, [currency for currency, _ in rows]),
        Column("Flow", Look.TEXT, [line for _, line in rows]),
    ]
    return [*heads, *across, total]


def _slot(day: date | None, months: Sequence[str]) -> str:
    if day is None:
        return UNDATED
    month = f"{day.year}-{day.month:02d}"
    return EARLIER if month < months[0] else LATER if month > months[-1] else month


def _day_columns(flows: Sequence[Payment], as_of: date) -> list[Column]:
    """A row for every payment day and currency, from a month back on."""
    groups: dict[tuple[date, str], list[Payment]] = defaultdict(list)
    for flow in flows:
        if flow.day is not None and flow.day >= as_of - timedelta(days=DAYS_BACK):
            groups[flow.day, flow.currency].append(flow)
    keys = sorted(groups)
    received = [sum(one.amount for one in groups[key] if one.amount > 0) for key in keys]
    paid = [sum(one.amount for one in groups[key] if one.amount < 0) for key in keys]
    open_count = [sum(one.status != CashflowStatus.REALIZED_SETTLED for one in groups[key]) for key in keys]
    return [
        Column("Currency", Look.TEXT, [currency for _, currency in keys]),
        Column("Day", Look.DATE, [day for day, _ in keys]),
        Column("Received", Look.MONEY, received),
        Column("Paid", Look.MONEY, paid),
        Column("Net", Look.MONEY, [one + other for one, other in zip(received, paid, strict=True)]),
        Column("Cash flows", Look.COUNT, [len(groups[key]) for key in keys]),
        Column("Not settled", Look.COUNT, open_count),
    ]
