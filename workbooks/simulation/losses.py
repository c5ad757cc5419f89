"""The sheet of loss distributions: collateral, classes, and the spread of the equity's return."""

from xlsxwriter.chart import Chart

from workbooks.results.looks import Block, Column, Look, Page
from workbooks.simulation.chart_pages import (
    FIRST_CHART_ROW,
    HALF,
    LOW,
    TALL,
    WIDE,
    DataSheet,
    insert,
    print_charts,
    rows_of,
)
from workbooks.simulation.charts import distribution_chart
from workbooks.simulation.record import LossDistribution, SimulationRecord, Spread
from workbooks.simulation.subjects import bin_labels, loss_shares, loss_title, losses_of
from workbooks.xlsx import ExactWorkbook

LOSS_AXIS = "Loss from, share of the opening balance"


def write_losses(page: Page, book: ExactWorkbook, data: DataSheet, record: SimulationRecord, title: str) -> None:
    """The collateral's distribution across the page, then classes that lose in pairs, last the equity's return.

    Columns show the simulations that lose; the line counts all of them.
    """
    page.title(title)
    losses = losses_of(record)
    page.text(1, 0, _subtitle(record, losses), Look.SUBTITLE)
    row, breaks = FIRST_CHART_ROW, list[int]()
    if record.collateral_loss is not None and record.collateral_loss in losses:
        subject = loss_title(record.collateral_loss)
        chart = distribution_chart(
            book, subject, _loss_table(data, record.collateral_loss), (WIDE, TALL), axis_name=LOSS_AXIS
        )
        insert(page, chart, row, 0)
        row += rows_of(TALL)
    charts = [
        distribution_chart(book, loss_title(one), _loss_table(data, one), (HALF, LOW), axis_name=LOSS_AXIS)
        for one in losses
        if one is not record.collateral_loss
    ]
    equity_irr = record.tranches.equity_irr if record.tranches else None
    if equity_irr is not None:
        charts.append(_irr_chart(book, data, equity_irr))
    height = row + 2 * rows_of(LOW)
    for pair in range(0, len(charts), 2):
        if row + rows_of(LOW) - (breaks[-1] if breaks else 0) > height:
            breaks.append(row)
        for side, chart in enumerate(charts[pair : pair + 2]):
            insert(page, chart, row, side)
        row += rows_of(LOW)
    print_charts(page, title, height, breaks)


def _subtitle(record: SimulationRecord, losses: list[LossDistribution]) -> str:
    if not losses:
        return f"No loss in any of {record.simulations:,} simulations."
    every = [record.collateral_loss, *(record.tranches.losses if record.tranches else ())]
    spared = [one.subject for one in every if one is not None and one not in losses]
    return (
        f"No loss in any simulation: {', '.join(spared)}." if spared else "Simulations without a loss have no column."
    )


def _loss_table(data: DataSheet, loss: LossDistribution) -> Block:
    shares, at_most = loss_shares(loss)
    low, high = loss.edges[:-1].tolist(), loss.edges[1:].tolist()
    columns = [
        Column("Bin", Look.TEXT, bin_labels(loss.edges)),
        Column("From", Look.SHARE, low),
        Column("To", Look.SHARE, high),
        Column("Simulations", Look.COUNT, loss.counts.tolist()),
        Column("Share", Look.SHARE, shares.tolist()),
        Column("At most", Look.SHARE, at_most.tolist()),
    ]
    return data.table(f"Loss of {loss.subject}", columns)


def _irr_chart(book: ExactWorkbook, data: DataSheet, spread: Spread) -> Chart:
    n = int(spread.counts.sum())
    shares = (spread.counts / max(n, 1)).tolist()
    columns = [
        Column("Bin", Look.TEXT, bin_labels(spread.edges)),
        Column("From", Look.SHARE, spread.edges[:-1].tolist()),
        Column("To", Look.SHARE, spread.edges[1:].tolist()),
        Column("Simulations", Look.COUNT, spread.counts.tolist()),
        Column("Share", Look.SHARE, shares),
    ]
    missing = f" ({spread.n_missing:,} simulations have none)" if spread.n_missing else ""
    block = data.table("Return of the equity", columns)
    subject = f"Return of the equity{missing}"
    return distribution_chart(book, subject, block, (HALF, LOW), has_cumulative=False, axis_name="IRR a year, from")
