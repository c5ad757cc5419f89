"""Simulations of one or several deals as an Excel workbook with native charts and tables (spec 04 §8, §11.8)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.errors import InputError
from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from workbooks.palette import FONT, FONT_SIZE
from workbooks.results.looks import Column, Look, Looks, Page, numbers
from workbooks.simulation.chart_pages import DataSheet, write_fans, write_mix
from workbooks.simulation.checks import check, check_legacy
from workbooks.simulation.legacy_sheets import write_legacy
from workbooks.simulation.losses import write_losses
from workbooks.simulation.record import LegacyRecord, SimulationRecord
from workbooks.simulation.summary import write_summary
from workbooks.simulation.tables import write_paths, write_statistics
from workbooks.simulation.tranches import write_tranches
from workbooks.xlsx import ExactWorkbook, sheet_name

SUBJECT_COLORS = {
    "Summary": "#2F5D8C",
    "Fan charts": "#2F5D8C",
    "Rating mix": "#2F5D8C",
    "Loss distribution": "#2F5D8C",
    "Tranches": "#4C86B8",
    "Paths": "#4C86B8",
    "Statistics": "#7A7F8C",
    "Chart data": "#7A7F8C",
}
DATA_SCALE = 50
OVERVIEW_COLOR = "#B85C38"
OVERVIEW_STATISTICS = (
    ("mean", "Mean"),
    ("standard_error", "Standard error"),
    ("p50", "Median"),
    ("p95", "P95"),
    ("p99", "P99"),
)


def write_simulation(path: Path, records: Sequence[SimulationRecord], legacy: LegacyRecord | None = None) -> None:
    """Write `records` to one workbook at `path`; an existing file is replaced.

    One deal gives the sheets Summary, Fan charts, Rating mix, Loss distribution, Tranches, Paths, Statistics and Chart
    data, without those that the record has nothing for; several give a sheet Deals first, then these for each. legacy:
    the output sheets of the legacy model, added at the end. Numbers are unrounded, missing values empty cells. Raises
    InputError CLO-2066 without a record, CLO-2067 for arrays that do not belong together, WorkbookError CLO-2062 where
    the file cannot be written.
    """
    if not records and legacy is None:
        raise InputError("CLO-2066", "There is no simulation to write", remedy="Run a simulation first.")
    for record in records:
        check(record)
    if legacy is not None:
        check_legacy(legacy)
    book = ExactWorkbook(path, font=FONT, font_size=FONT_SIZE)
    looks, taken = Looks(book), set[str]()
    if len(records) > 1:
        sheet = book.add_worksheet(sheet_name("Deals", taken))
        sheet.set_tab_color(OVERVIEW_COLOR)
        _write_overview(Page(sheet, looks), records)
    for number, record in enumerate(records, start=1):
        suffix = f" - {record.deal}" if len(records) > 1 else ""
        _write_deal(book, looks, record, f"simulation{number}_", suffix, taken)
    if legacy is not None:
        write_legacy(book, legacy, taken)
    book.close()


def _write_deal(
    book: ExactWorkbook, looks: Looks, record: SimulationRecord, prefix: str, suffix: str, taken: set[str]
) -> None:
    """The sheets of one deal, in the order of SUBJECT_COLORS; the chart data stand last."""
    pages = {}
    for subject in _subjects(record):
        sheet = book.add_worksheet(sheet_name(subject + suffix, taken))
        sheet.set_tab_color(SUBJECT_COLORS[subject])
        pages[subject] = Page(sheet, looks)
    head = f"{record.deal}: {record.simulations:,} simulations"
    data = DataSheet(pages["Chart data"], prefix)
    data.page.title(f"{record.deal}: figures of the charts")
    write_summary(pages["Summary"], record, head, prefix)
    write_fans(pages["Fan charts"], book, data, record, f"{record.deal}: range of outcomes")
    write_mix(pages["Rating mix"], book, data, record, f"{record.deal}: mean balances by rating")
    if "Loss distribution" in pages:
        write_losses(pages["Loss distribution"], book, data, record, f"{record.deal}: distribution of losses")
    if record.tranches is not None:
        write_tranches(pages["Tranches"], book, data, record.tranches, f"{record.deal}: tranches", prefix)
    if record.paths:
        write_paths(pages["Paths"], book, data, record, f"{record.deal}: representative paths", prefix)
    write_statistics(pages["Statistics"], record, f"{record.deal}: all fields by period", prefix)
    data.page.sheet.freeze_panes(4, 0)
    data.page.sheet.set_landscape()
    data.page.sheet.set_paper(9)
    data.page.sheet.set_print_scale(DATA_SCALE)


def _subjects(record: SimulationRecord) -> list[str]:
    absent = set()
    if record.collateral_loss is None and (record.tranches is None or not record.tranches.losses):
        absent.add("Loss distribution")
    if record.tranches is None:
        absent.add("Tranches")
    if not record.paths:
        absent.add("Paths")
    return [subject for subject in SUBJECT_COLORS if subject not in absent]


def _write_overview(page: Page, records: Sequence[SimulationRecord]) -> None:
    """The cumulative default rate of every deal at its end."""
    title = f"{len(records)} deals: default rate at the end"
    page.title(title)
    figures = np.stack([record.figures[ROW_OF_FIELD["DEFAULTRATE"], -1] for record in records])
    columns = [
        Column("Deal", Look.TEXT, [record.deal for record in records]),
        Column("Simulations", Look.COUNT, [record.simulations for record in records]),
        Column("Opening balance", Look.MONEY, [record.opening_balance for record in records]),
        *(
            Column(header, Look.RATE, numbers(figures[:, STATISTICS.index(name)]))
            for name, header in OVERVIEW_STATISTICS
        ),
    ]
    page.table(2, columns, name="deals")
    page.widths(columns)
    page.print_landscape(title, n_rows=len(records) + 3)
