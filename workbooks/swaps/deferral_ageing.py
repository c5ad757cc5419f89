"""Deferral ageing: how long overdue what was put off is, and why it was."""

from collections import defaultdict
from collections.abc import Sequence

from engine.payouts.enums import AgingBucket, DeferralReason
from engine.payouts.results import SwapResults, records
from workbooks.results.looks import Block, Column, Look
from workbooks.swaps.charts import HALF_ROWS, LOW_SIZE, REASON_COLORS, Series, stacked
from workbooks.swaps.pages import SwapPage, number, words
from workbooks.xlsx import ExactWorkbook

BUCKETS = tuple(reversed(AgingBucket))
"""The longest overdue first."""

MOST_CHARTS = 3


def write_deferral_ageing(page: SwapPage, book: ExactWorkbook, content: SwapResults, title: str) -> None:
    """A matrix of buckets and reasons with its chart for each currency, then every deferral, overdue first."""
    page.title(title)
    page.text(1, 0, "By days after the expected date; amounts are signed, positive is received.", Look.SUBTITLE)
    table = content.report("R-2")
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for currency, bucket, reason, amount in records(table, "currency", "aging_bucket", "deferral_reason", "amount"):
        sums[str(currency), str(bucket), str(reason)] += number(amount)
        counts[str(currency), str(bucket)] += 1
    row = 3
    for place, currency in enumerate(sorted({currency for currency, _ in counts})):
        page.text(row, 0, f"Deferred amounts in {currency}", Look.BLOCK)
        columns = _bucket_columns(currency, sums, counts)
        block = page.table(row + 1, columns, name=f"deferral_buckets_{currency}")
        row = block.last_row + 2
        if place < MOST_CHARTS:
            _chart(page, book, row, currency, block)
            row += HALF_ROWS + 1
    page.text(row, 0, "Deferrals, overdue first", Look.BLOCK)
    page.report(row + 1, table, "deferrals")
    page.sheet.freeze_panes(2, 0)
    page.print_landscape(title, n_rows=row + 2 + len(table.rows))


def _bucket_columns(
    currency: str, sums: dict[tuple[str, str, str], float], counts: dict[tuple[str, str], int]
) -> list[Column]:
    reasons = list(DeferralReason)
    by_reason = [[sums[currency, bucket, reason] for bucket in BUCKETS] for reason in reasons]
    return [
        Column("Overdue", Look.TEXT, [_bucket_words(bucket) for bucket in BUCKETS]),
        Column("Cash flows", Look.COUNT, [counts[currency, bucket] for bucket in BUCKETS]),
        *(Column(words(reason), Look.MONEY, cells) for reason, cells in zip(reasons, by_reason, strict=True)),
        Column("Total", Look.MONEY, [sum(cells) for cells in zip(*by_reason, strict=True)]),
    ]


def _bucket_words(bucket: AgingBucket) -> str:
    if bucket is AgingBucket.CURRENT:
        return "Not overdue"
    if bucket is AgingBucket.OVER_90:
        return "Over 90 days"
    first, last, _ = bucket.value.split("_")
    return f"{first} to {last} days"


def _chart(page: SwapPage, book: ExactWorkbook, row: int, currency: str, block: Block) -> None:
    columns: Sequence[Series] = [
        Series(words(reason), block.cells(words(reason)), color)
        for reason, color in zip(DeferralReason, REASON_COLORS, strict=True)
    ]
    subject = f"Deferred by days overdue and reason, {currency}"
    chart = stacked(book, subject, block.cells("Overdue"), columns, LOW_SIZE)
    page.sheet.insert_chart(row, 0, chart, {"y_offset": 4, "object_position": 3})
