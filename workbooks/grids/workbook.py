"""The workbook of a scenario grid: what was asked, heat maps of every figure, and the points as a table."""

from pathlib import Path

import numpy as np

from engine.deal.results import RISK_COLUMNS
from engine.errors import InputError
from workbooks.grids.heat_maps import EQUITY_IRR, METRICS, write_heat_maps
from workbooks.grids.layout import layout_of
from workbooks.grids.record import AXIS_NAMES, GridRecord, shown
from workbooks.grids.summary import write_head, write_sources
from workbooks.palette import FONT, FONT_SIZE
from workbooks.results.looks import Column, Look, Looks, Page, numbers
from workbooks.results.periods import class_label
from workbooks.xlsx import ExactWorkbook, Scalar, sheet_name

MOST_ROWS = 150_000
MOST_FAILURES = 50
_RISK_LOOKS = (Look.RATE, Look.RATE, Look.PRICE, Look.YEARS, Look.YEARS, Look.YEARS)
_RISK_HEADERS = (
    "Yield at price",
    "Margin at price",
    "Price at margin",
    "Average life",
    "Macaulay duration",
    "Modified duration",
)


def write_grid(path: Path, record: GridRecord) -> None:
    """Write a grid to one workbook at `path`; an existing file is replaced.

    Sheets: Summary, a sheet of heat maps for each figure, Points. Numbers are unrounded. Raises InputError CLO-2064
    for a grid of more points and classes than a workbook shows.
    """
    n_rows = record.results.interest.size
    if n_rows > MOST_ROWS:
        raise InputError(
            "CLO-2064",
            f"A workbook cannot show {record.points.n_points:,} points of {len(record.results.tranche_names)} classes",
            where=str(path),
            remedy=f"Ask for {MOST_ROWS:,} points times classes at most: fewer values, or some classes by --tranche.",
        )
    book = ExactWorkbook(path, font=FONT, font_size=FONT_SIZE)
    looks, taken = Looks(book), set[str]()
    name = f"{record.head.deal} - scenario grid"

    def page(subject: str, color: str) -> Page:
        sheet = book.add_worksheet(sheet_name(subject, taken))
        sheet.set_tab_color(color)
        return Page(sheet, looks)

    _write_summary(page("Summary", "#2F5D8C"), record, name)
    layout = layout_of(record.points)
    for metric in (*METRICS, EQUITY_IRR):
        if np.isfinite(metric.values(record.results)).any():
            write_heat_maps(page(metric.sheet, "#4C86B8"), metric, layout, record.results, name)
    _write_points(page("Points", "#7A7F8C"), record, name)
    book.close()


def _write_summary(page: Page, record: GridRecord, name: str) -> None:
    points, results = record.points, record.results
    facts = [(AXIS_NAMES[axis], _values(record, number)) for number, axis in enumerate(points.axes)]
    if points.names:
        facts = [("Scenarios", ", ".join(points.names))]
    row = write_head(page, record.head, record.run_id, name, [("Points", f"{points.n_points:,}"), *facts])
    page.text(row, 0, "Classes", Look.BLOCK)
    risk = results.risk
    columns = [
        Column("Class", Look.TEXT, [class_label(one) for one in results.tranche_names]),
        Column("Current balance", Look.MONEY, numbers(results.balance)),
        Column("Points with a loss", Look.COUNT, [int(one) for one in results.has_loss.sum(axis=0)]),
        Column("Largest loss", Look.MONEY, _extreme(results.unpaid, np.fmax)),
        Column("Lowest yield", Look.RATE, _extreme(risk[:, :, 0], np.fmin)),
        Column("Highest yield", Look.RATE, _extreme(risk[:, :, 0], np.fmax)),
        Column("Shortest life", Look.YEARS, _extreme(risk[:, :, 3], np.fmin)),
        Column("Longest life", Look.YEARS, _extreme(risk[:, :, 3], np.fmax)),
    ]
    row = page.table(row + 1, columns, name="classes").last_row + 3
    failed = np.flatnonzero(results.is_failed)
    if failed.size:
        page.text(row, 0, f"{failed.size:,} points stopped before their end", Look.ALERT)
        for place in failed[:MOST_FAILURES].tolist():
            row += 1
            page.text(row, 0, _described(record, place))
            page.text(row, 3, results.failure(place))
        row += 2
    row = write_sources(page, record.head, row)
    page.sheet.freeze_panes(2, 0)
    page.print_landscape(name, n_rows=row)


def _values(record: GridRecord, column: int) -> str:
    axis = record.points.axes[column]
    return ", ".join(shown(axis, value) for value in dict.fromkeys(record.points.values[:, column].tolist()))


def _extreme(values: np.ndarray, pick: np.ufunc) -> list[Scalar]:
    return numbers(pick.reduce(values, axis=0))


def _described(record: GridRecord, place: int) -> str:
    points = record.points
    if points.names:
        return points.names[place]
    row = zip(points.axes, points.values[place].tolist(), strict=True)
    return ", ".join(f"{AXIS_NAMES[axis]} {shown(axis, value)}" for axis, value in row)


def _write_points(page: Page, record: GridRecord, name: str) -> None:
    """A row for each point and class, to be filtered and pivoted; axes in the units of the engine."""
    points, results = record.points, record.results
    n, n_classes = results.interest.shape
    columns = [Column("Point", Look.COUNT, np.repeat(np.arange(1, n + 1), n_classes).tolist())]
    if points.names:
        columns.append(Column("Scenario", Look.TEXT, np.repeat(points.names, n_classes).tolist()))
    for number, axis in enumerate(points.axes):
        columns.append(Column(AXIS_NAMES[axis], Look.NUMBER, numbers(np.repeat(points.values[:, number], n_classes))))
    columns.append(Column("Class", Look.TEXT, [class_label(one) for one in results.tranche_names] * n))
    for number, header in enumerate(_RISK_HEADERS[: len(RISK_COLUMNS)]):
        columns.append(Column(header, _RISK_LOOKS[number], numbers(results.risk[:, :, number].ravel())))
    for header, values in (("Interest", results.interest), ("Principal", results.principal), ("Loss", results.unpaid)):
        columns.append(Column(header, Look.MONEY, numbers(values.ravel())))
    columns.append(Column("Equity IRR", Look.RATE, numbers(np.repeat(results.equity_irr, n_classes))))
    columns.append(Column("Stopped", Look.TEXT, np.repeat([results.failure(s) for s in range(n)], n_classes).tolist()))
    page.title(f"{name}: points")
    page.widths(columns)
    page.table(2, columns, name="points")
    page.sheet.freeze_panes(3, 0)
    page.print_landscape(name, header_row=2)
