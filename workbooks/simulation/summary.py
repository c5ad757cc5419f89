"""The first sheet: what was simulated, what came out at the end and year by year, and how well it is known."""

import math

import numpy as np

from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.statistics import QUANTILES, STATISTICS
from workbooks.results.looks import Column, Look, Page, days, numbers
from workbooks.results.record import Unit
from workbooks.results.summary import LOOK_OF_UNIT
from workbooks.simulation.record import DealRecord, SimulationRecord
from workbooks.simulation.tables import look_of_field, statistic_header
from workbooks.xlsx import Scalar

HEADLINE_FIELDS = (
    ("DEFAULTRATE", "Default rate to date"),
    ("BALDEF", "Defaults to date"),
    ("BALPERF", "Performing balance"),
    ("BALMAT", "Repaid to date"),
    ("NUMDEF", "Defaulted loans"),
    ("NUMPERF", "Performing loans"),
)
HEADLINE_STATISTICS = (
    ("mean", "Mean"),
    ("sd", "Deviation"),
    ("standard_error", "Standard error"),
    ("p1", "P1"),
    ("p5", "P5"),
    ("p50", "Median"),
    ("p95", "P95"),
    ("p99", "P99"),
    ("es95", "ES95"),
    ("es99", "ES99"),
)
WIDTHS = (28, *(16.5,) * len(HEADLINE_STATISTICS))
FACT_COLUMNS = (0, 4)
INTERVAL_COLUMN = 6
CHARACTERS_PER_LINE = 165


def write_summary(page: Page, record: SimulationRecord, title: str, prefix: str) -> None:
    """Facts of the run, figures at the end, default rate by year, classes, accuracy and remarks, in this order."""
    for column, width in enumerate(WIDTHS):
        page.sheet.set_column(column, column, width)
    page.title(title)
    last = days(record.dates)[-1]
    subtitle = f"Analysis date {record.as_of.isoformat()}, {record.simulations:,} simulations to {last}"
    page.text(1, 0, subtitle, Look.SUBTITLE)
    row = _write_facts(page, record, 3)
    row = _write_end(page, record, row, prefix)
    row = _write_years(page, record, row, prefix)
    row = _write_classes(page, record, row, prefix)
    second_page = row
    row = _write_accuracy(page, record, row, prefix)
    row = _write_remarks(page, record, row)
    page.sheet.freeze_panes(2, 0)
    page.print_blocks(title, sum(WIDTHS), max(second_page, row - second_page), [second_page])


def years_of(record: SimulationRecord) -> list[int]:
    """Numbers of the dates at whole years from the start, or the last before them."""
    elapsed = (record.dates - record.dates[0]).astype("timedelta64[D]").astype(np.int64)
    n_years = int(elapsed[-1] / 365.25 + 0.02)
    found = [int(np.searchsorted(elapsed, 365.25 * year + 3.0, side="right")) - 1 for year in range(1, n_years + 1)]
    return sorted(set(found) - {0})


def _write_facts(page: Page, record: SimulationRecord, row: int) -> int:
    """Label and text in two columns, filled downwards."""
    facts = [("Run", record.run_id), *((fact.label, fact.text) for fact in record.facts)]
    height = math.ceil(len(facts) / len(FACT_COLUMNS))
    for number, (label, text) in enumerate(facts):
        column = FACT_COLUMNS[number // height]
        page.text(row + number % height, column, label, Look.LABEL)
        page.text(row + number % height, column + 1 + (column > 0), text)
    return row + height + 1


def _write_end(page: Page, record: SimulationRecord, row: int, prefix: str) -> int:
    page.text(row, 0, f"At the end, {days(record.dates)[-1]}", Look.BLOCK)
    page.text(
        row, 4, "ES95, ES99: mean of the worst 5 % and 1 %, high for defaults and low for the rest.", Look.SUBTITLE
    )
    headers = ("Figure", *(header for _, header in HEADLINE_STATISTICS))
    written = page.table(row + 1, [Column(one, Look.TEXT, [None] * len(HEADLINE_FIELDS)) for one in headers],
                         name=f"{prefix}end")  # fmt: skip
    for offset, (field, label) in enumerate(HEADLINE_FIELDS):
        page.text(written.first_row + offset, 0, label)
        figures = record.figures[ROW_OF_FIELD[field], -1]
        for column, (name, _) in enumerate(HEADLINE_STATISTICS, start=1):
            figure = float(figures[STATISTICS.index(name)])
            page.text(written.first_row + offset, column, figure, look_of_field(field))
    return written.last_row + 2


def _write_years(page: Page, record: SimulationRecord, row: int, prefix: str) -> int:
    chosen = years_of(record)
    if not chosen:
        return row
    page.text(row, 0, "Default rate to date, year by year", Look.BLOCK)
    figures = record.figures[ROW_OF_FIELD["DEFAULTRATE"]][chosen]
    columns = [
        Column("Date", Look.DATE, days(record.dates[chosen])),
        *(
            Column(header, Look.RATE, numbers(figures[:, STATISTICS.index(name)]))
            for name, header in HEADLINE_STATISTICS
        ),
    ]
    return page.table(row + 1, columns, name=f"{prefix}years").last_row + 2


def _write_classes(page: Page, record: SimulationRecord, row: int, prefix: str) -> int:
    deal = record.tranches
    if deal is None:
        return row
    page.text(row, 0, "Classes", Look.BLOCK)
    rate = deal.expected_loss / np.where(deal.balance > 0.0, deal.balance, np.nan)
    columns = [
        Column("Class", Look.TEXT, deal.names),
        Column("Balance", Look.MONEY, numbers(deal.balance)),
        Column("Expected loss", Look.MONEY, numbers(deal.expected_loss)),
        Column("Expected loss rate", Look.SHARE, numbers(rate)),
        Column("Probability of loss", Look.SHARE, numbers(deal.loss_probability)),
        Column("Break-even CDR", Look.RATE, numbers(deal.break_even_cdr)),
        *(
            Column(f"{deal.metrics[at]}, mean", LOOK_OF_UNIT[deal.units[at]], numbers(deal.figures[:, at, 0]))
            for at in _metrics_beside_losses(deal)[: len(WIDTHS) - 6]
        ),
    ]
    return page.table(row + 1, columns, name=f"{prefix}classes").last_row + 2


def _metrics_beside_losses(deal: DealRecord) -> list[int]:
    """Places of the metrics that the other columns do not show, rates and lives before amounts."""
    places = [at for at, metric in enumerate(deal.metrics) if not metric.startswith("Loss")]
    return sorted(places, key=lambda at: deal.units[at] is Unit.MONEY)


def _write_accuracy(page: Page, record: SimulationRecord, row: int, prefix: str) -> int:
    """Side by side: means of growing numbers of simulations, and the intervals that hold the quantiles."""
    page.text(row, 0, "Convergence", Look.BLOCK)
    page.text(row, 1, f"Standard errors from {record.standard_error_of}.", Look.SUBTITLE)
    rows = record.convergence
    subjects: list[Scalar] = [one.subject for one in rows]
    columns = [
        Column("Figure", Look.TEXT, subjects),
        Column("Simulations", Look.COUNT, [one.simulations for one in rows]),
        Column("Mean", Look.TEXT, [None] * len(rows)),
        Column("Standard error", Look.TEXT, [None] * len(rows)),
        Column("Change", Look.SHARE, [one.relative_change for one in rows]),
    ]
    left = page.table(row + 1, columns, name=f"{prefix}convergence")
    for offset, one in enumerate(rows):
        for column, figure in ((2, one.mean), (3, one.standard_error)):
            page.text(left.first_row + offset, column, figure, LOOK_OF_UNIT[one.unit])
    page.text(row, INTERVAL_COLUMN, "Default rate at the end, with 95 % confidence between", Look.BLOCK)
    at = ROW_OF_FIELD["DEFAULTRATE"]
    first = STATISTICS.index(QUANTILES[0])
    columns = [
        Column("Quantile", Look.TEXT, [statistic_header(name) for name in QUANTILES]),
        Column("Value", Look.SHARE, numbers(record.figures[at, -1, first : first + len(QUANTILES)])),
        Column("Low", Look.SHARE, numbers(record.quantile_low[at, -1])),
        Column("High", Look.SHARE, numbers(record.quantile_high[at, -1])),
    ]
    right = page.table(row + 1, columns, name=f"{prefix}quantiles", first_column=INTERVAL_COLUMN)
    return max(left.last_row, right.last_row) + 2


def _write_remarks(page: Page, record: SimulationRecord, row: int) -> int:
    page.text(row, 0, "Remarks", Look.BLOCK)
    if not record.remarks:
        page.text(row + 1, 0, "None.", Look.SUBTITLE)
    for remark in record.remarks:
        row += 1
        page.sheet.merge_range(row, 0, row, len(WIDTHS) - 1, "", page.looks[Look.WRAPPED])
        page.text(row, 0, remark, Look.WRAPPED)
        page.sheet.set_row(row, 14.5 * max(1, math.ceil(len(remark) / CHARACTERS_PER_LINE)))
    return row + 2
