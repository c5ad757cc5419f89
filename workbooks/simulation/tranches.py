"""The sheet of the tranches: losses, quantiles of every metric, and how often the coverage tests fail."""

import numpy as np

from engine.rating_migration.statistics import STATISTICS
from workbooks.results.looks import Block, Column, Look, Page, numbers
from workbooks.results.summary import LOOK_OF_UNIT
from workbooks.simulation.chart_pages import HALF, LOW, DataSheet, insert, rows_of
from workbooks.simulation.charts import bar_chart, line_chart
from workbooks.simulation.record import DealRecord
from workbooks.simulation.subjects import years_between
from workbooks.xlsx import ExactWorkbook, Scalar

METRIC_STATISTICS = (
    ("mean", "Mean"),
    ("sd", "Deviation"),
    ("standard_error", "Std error"),
    ("p1", "P1"),
    ("p5", "P5"),
    ("p25", "P25"),
    ("p50", "Median"),
    ("p75", "P75"),
    ("p95", "P95"),
    ("p99", "P99"),
    ("es95", "ES 95"),
)
WIDTHS = (16, 17, *(15.5,) * 10, 9)
ROWS_ON_PAGE = 40


def write_tranches(page: Page, book: ExactWorkbook, data: DataSheet, deal: DealRecord, title: str, prefix: str) -> None:
    """Losses by class, two charts, then a table of quantiles for every metric."""
    page.title(title)
    for column, width in enumerate(WIDTHS):
        page.sheet.set_column(column, column, width)
    page.text(2, 0, "Losses by class", Look.BLOCK)
    losses = _write_losses(page, deal, prefix)
    row = losses.last_row + 2
    chart = bar_chart(
        book, "Expected loss of the notes", _note_table(data, deal), "Class", "Expected loss", (HALF, LOW)
    )
    insert(page, chart, row, 0)
    if deal.test_names:
        block = _breach_table(data, deal)
        subject = "Probability that an OC test fails"
        chart = line_chart(
            book,
            subject,
            block,
            deal.test_names,
            (HALF, LOW),
            n_years=years_between(deal.payment_dates),
            number_format="0%",
        )
        insert(page, chart, row, 1)
    row += rows_of(LOW)
    breaks, height = [row], max(row, ROWS_ON_PAGE)
    for at, metric in enumerate(deal.metrics):
        if row > breaks[-1] and row + len(deal.names) + 2 > breaks[-1] + height:
            breaks.append(row)
        page.text(row, 0, metric, Look.BLOCK)
        row = _write_metric(page, deal, at, row + 1, prefix).last_row + 2
    page.sheet.freeze_panes(2, 1)
    page.print_blocks(title, sum(WIDTHS), height, breaks)


def _write_losses(page: Page, deal: DealRecord, prefix: str) -> Block:
    rate = deal.expected_loss / np.where(deal.balance > 0.0, deal.balance, np.nan)
    columns = [
        Column("Class", Look.TEXT, deal.names),
        Column("Balance", Look.MONEY, numbers(deal.balance)),
        Column("Expected loss", Look.MONEY, numbers(deal.expected_loss)),
        Column("Expected loss rate", Look.SHARE, numbers(rate)),
        Column("Probability of loss", Look.SHARE, numbers(deal.loss_probability)),
        Column("Break-even CDR", Look.RATE, numbers(deal.break_even_cdr)),
    ]
    return page.table(3, columns, name=f"{prefix}losses")


def _note_table(data: DataSheet, deal: DealRecord) -> Block:
    notes = [at for at, is_equity in enumerate(deal.is_equity) if not is_equity]
    rates = [float(deal.expected_loss[at] / deal.balance[at]) if deal.balance[at] > 0.0 else np.nan for at in notes]
    columns = [
        Column("Class", Look.TEXT, [deal.names[at] for at in notes]),
        Column("Expected loss", Look.SHARE, rates),
    ]
    return data.table("Expected loss of the notes", columns)


def _breach_table(data: DataSheet, deal: DealRecord) -> Block:
    dates: list[Scalar] = list(deal.payment_dates.astype("datetime64[D]").astype(object))
    tests = [Column(name, Look.SHARE, numbers(deal.breach_probability[at])) for at, name in enumerate(deal.test_names)]
    return data.table("Probability that an OC test fails", [Column("Date", Look.DATE, dates), *tests])


def _write_metric(page: Page, deal: DealRecord, metric: int, row: int, prefix: str) -> Block:
    look = LOOK_OF_UNIT[deal.units[metric]]
    figures = deal.figures[:, metric]
    columns = [
        Column("Class", Look.TEXT, deal.names),
        *(Column(header, look, numbers(figures[:, STATISTICS.index(name)])) for name, header in METRIC_STATISTICS),
        Column("Missing", Look.COUNT, deal.n_missing[:, metric].tolist()),
    ]
    return page.table(row, columns, name=f"{prefix}metric_{metric + 1}")
