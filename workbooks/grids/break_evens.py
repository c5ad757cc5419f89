"""The workbook of a break-even search: the rates with a bar chart, and price tables with their curves."""

from collections.abc import Sequence
from pathlib import Path

from engine.deal.grid_results import BreakEven, Ending, Measure, PriceTable
from engine.errors import InputError
from workbooks.grids.record import AXIS_NAMES, BreakEvenRecord, shown
from workbooks.grids.summary import COLUMN_WIDTHS, write_head, write_sources
from workbooks.palette import ACCENT, AMBER, FONT, FONT_SIZE, INK
from workbooks.results.looks import Block, Column, Look, Looks, Page, numbers
from workbooks.results.periods import class_label
from workbooks.xlsx import ExactWorkbook, one_line, sheet_name

CHART_SIZE = {"width": 620, "height": 300}
CHART_ROWS = 16
_SAID = {
    Ending.FOUND: "first loss found",
    Ending.NO_LOSS: "no loss at the highest rate",
    Ending.LOSS_AT_ZERO: "loss without defaults",
    Ending.STOPPED: "the run stopped",
    Ending.NO_DEFAULTS: "no defaults are assumed",
}


def write_break_evens(path: Path, record: BreakEvenRecord) -> None:
    """Write a search to one workbook at `path`; an existing file is replaced.

    Sheets: Summary with the rates and their chart, Prices where price tables were asked for. Raises InputError CLO-2065
    for a search without a class.
    """
    if not record.found:
        raise InputError(
            "CLO-2065", "There is no break-even to write", where=str(path), remedy="Search for one class at least."
        )
    book = ExactWorkbook(path, font=FONT, font_size=FONT_SIZE)
    looks, taken = Looks(book), set[str]()
    name = f"{record.head.deal} - break-even default rates"
    sheet = book.add_worksheet(sheet_name("Summary", taken))
    sheet.set_tab_color(ACCENT)
    _write_summary(Page(sheet, looks), book, record, name)
    if record.tables:
        sheet = book.add_worksheet(sheet_name("Prices", taken))
        sheet.set_tab_color("#4C86B8")
        _write_prices(Page(sheet, looks), book, record.tables, f"{record.head.deal} - yields at prices")
    book.close()


def _write_summary(page: Page, book: ExactWorkbook, record: BreakEvenRecord, name: str) -> None:
    held = [(AXIS_NAMES[axis], shown(axis, value)) for axis, value in record.credit.items()]
    facts = held or [("Held constant", "nothing: prepayments, severities and lags are as assumed")]
    row = write_head(page, record.head, record.run_id, name, facts)
    ends = []
    for measure in Measure:
        found = [item for item in record.found if item.measure is measure]
        if not found:
            continue
        is_cdr = measure is Measure.CDR
        title = "Break-even CDR a year" if is_cdr else "Break-even multiplier of the assumed CDR"
        page.text(row, 0, title, Look.BLOCK)
        block = _table(page, row + 1, found, measure)
        row = block.last_row + 2
        chart = book.add_chart({"type": "bar"})
        chart.add_series(
            {
                "name": title,
                "categories": block.cells("Class"),
                "values": block.cells("Break-even"),
                "fill": {"color": ACCENT if is_cdr else AMBER},
                "gap": 60,
                "data_labels": {"value": True, "num_format": "0.0%" if is_cdr else "0.0", "font": {"size": 9}},
            }
        )
        chart.set_title({"name": title, "name_font": {"size": 12, "bold": True, "color": INK}})
        chart.set_y_axis({"reverse": True, "num_font": {"size": 9, "color": INK}})
        chart.set_x_axis({"min": 0, "num_format": "0%" if is_cdr else "0", "major_gridlines": {"visible": False}})
        chart.set_legend({"none": True})
        chart.set_size(CHART_SIZE)
        page.sheet.insert_chart(row, 0, chart, {"object_position": 1})
        row += CHART_ROWS
        ends.append(row)
    write_sources(page, record.head, row)
    page.sheet.freeze_panes(2, 0)
    page.print_blocks(name, sum(COLUMN_WIDTHS), ends[0], ends)


def _table(page: Page, row: int, found: Sequence[BreakEven], measure: Measure) -> Block:
    look = Look.SHARE if measure is Measure.CDR else Look.PRICE
    columns = [
        Column("Class", Look.TEXT, [class_label(item.tranche_name) for item in found]),
        Column("Break-even", look, [item.value for item in found]),
        Column("No loss at", look, [item.low for item in found]),
        Column("Loss at", look, [item.high for item in found]),
        Column("Highest looked at", look, [item.limit for item in found]),
        Column("Outcome", Look.TEXT, [_SAID[item.ending] for item in found]),
        Column("Remark", Look.TEXT, [item.reason for item in found]),
    ]
    return page.table(row, columns, name=f"break_even_{measure.value}")


def _write_prices(page: Page, book: ExactWorkbook, tables: Sequence[PriceTable], name: str) -> None:
    """A table and a chart for each class, a page each."""
    page.title(name)
    row, breaks = 2, []
    for number, table in enumerate(tables, start=1):
        label = class_label(table.tranche_name)
        page.text(row, 0, f"{label}, average life {table.wal:.2f} years", Look.BLOCK)
        columns = [
            Column("Price", Look.PRICE, numbers(table.prices)),
            Column("Yield", Look.RATE, numbers(table.yields)),
            Column("Discount margin", Look.RATE, numbers(table.discount_margins)),
            Column("Macaulay duration", Look.YEARS, numbers(table.macaulay)),
            Column("Modified duration", Look.YEARS, numbers(table.modified)),
        ]
        page.widths(columns)
        block = page.table(row + 1, columns, name=f"prices_{number}")
        page.sheet.insert_chart(row, len(columns) + 1, _price_chart(book, block, label), {"object_position": 1})
        row += max(len(table.prices) + 4, CHART_ROWS + 1)
        breaks.append(row)
    page.sheet.freeze_panes(2, 0)
    longest = max(len(table.prices) + 4 for table in tables)
    page.print_blocks(name, 140.0, 2 * max(longest, CHART_ROWS + 1) - 5, breaks[1:-1:2])


def _price_chart(book: ExactWorkbook, block: Block, label: str) -> object:
    chart = book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
    for header, color in (("Yield", ACCENT), ("Discount margin", AMBER)):
        chart.add_series(
            {
                "name": header,
                "categories": block.cells("Price"),
                "values": block.cells(header),
                "line": {"color": color, "width": 2},
                "marker": {"type": "circle", "size": 4, "fill": {"color": color}, "border": {"color": color}},
            }
        )
    title = one_line(f"{label}: yield and margin by price", 60)
    chart.set_title({"name": title, "name_font": {"size": 12, "bold": True, "color": INK}})
    chart.set_x_axis({"num_format": "0.0%", "name": "Price", "label_position": "low", "name_font": {"size": 9}})
    chart.set_y_axis({"num_format": "0.0%", "major_gridlines": {"visible": True, "line": {"color": "#E3E8EE"}}})
    chart.set_legend({"position": "bottom", "font": {"size": 9}})
    chart.set_size(CHART_SIZE)
    return chart
