"""The long tables: every field with every statistic by period, and the representative paths."""

from engine.rating_migration.fields import FIELDS, ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from workbooks.results.looks import TABLE_STYLE, Column, Look, Page, days, numbers
from workbooks.simulation.chart_pages import FIRST_CHART_ROW, TALL, WIDE, DataSheet, insert, rows_of
from workbooks.simulation.charts import AMOUNT_FORMAT, line_chart
from workbooks.simulation.record import RepresentativePath, SimulationRecord
from workbooks.simulation.subjects import path_name, years_between
from workbooks.xlsx import ExactWorkbook, put

RATE_FIELDS = frozenset({"CDR", "CDRSIMPLE", "DEFAULTRATE"})
KEY_HEADERS = ("Field", "Period", "Date")
STATISTIC_HEADERS = {
    "mean": "Mean",
    "sd": "Deviation",
    "sd_population": "Population deviation",
    "standard_error": "Standard error",
    "minimum": "Minimum",
    "maximum": "Maximum",
}
PATH_FIELDS = (
    ("BALPERF", "Performing balance"),
    ("BALCCC", "Balance rated CCC"),
    ("BALPERDEF", "Defaults of the period"),
    ("BALDEF", "Defaults to date"),
    ("BALPERMAT", "Repaid in the period"),
    ("BALMAT", "Repaid to date"),
    ("CDR", "Default rate a year"),
    ("DEFAULTRATE", "Default rate to date"),
    ("NUMPERF", "Performing loans"),
    ("NUMDEF", "Defaulted loans"),
    ("UPGRADES", "Upgrades"),
    ("DOWNGRADES", "Downgrades"),
)
PATH_WIDTH = 16.5
HEADER_ROW, FIELD_WIDTH, FIGURE_WIDTH = 2, 16, 15.5


def look_of_field(field: str) -> Look:
    """How a field is shown: balances as money, rates in percent, counts with decimals for their means."""
    if field in RATE_FIELDS:
        return Look.RATE
    return Look.MONEY if field.startswith("BAL") else Look.NUMBER


def statistic_header(name: str) -> str:
    """`p0_1` -> `P0.1`, `es95` -> `ES95`."""
    return STATISTIC_HEADERS.get(name, name.upper().replace("_", "."))


def write_statistics(page: Page, record: SimulationRecord, title: str, prefix: str) -> None:
    """One row for every field and period, with a filter above each column; the number format follows the field."""
    page.title(title)
    headers = (*KEY_HEADERS, *(statistic_header(name) for name in STATISTICS))
    dates, row = days(record.dates), HEADER_ROW
    for at, field in enumerate(FIELDS):
        look = page.looks[look_of_field(field)]
        for period, figures in enumerate(record.figures[at].tolist()):
            row += 1
            page.text(row, 0, field)
            page.text(row, 1, period, Look.COUNT)
            page.text(row, 2, dates[period], Look.DATE)
            for column, figure in enumerate(figures, start=len(KEY_HEADERS)):
                put(page.sheet, row, column, figure, look)
    options = {
        "name": f"{prefix}statistics",
        "style": TABLE_STYLE,
        "columns": [{"header": header, "header_format": page.looks[Look.HEADER]} for header in headers],
    }
    page.sheet.add_table(HEADER_ROW, 0, row, len(headers) - 1, options)
    page.sheet.set_row(HEADER_ROW, 30)
    page.sheet.set_column(0, 0, FIELD_WIDTH)
    page.sheet.set_column(1, 2, 11.5)
    page.sheet.set_column(len(KEY_HEADERS), len(headers) - 1, FIGURE_WIDTH)
    page.sheet.freeze_panes(HEADER_ROW + 1, len(KEY_HEADERS))
    page.print_landscape(title, header_row=HEADER_ROW)


def write_paths(
    page: Page, book: ExactWorkbook, data: DataSheet, record: SimulationRecord, title: str, prefix: str
) -> None:
    """A chart of the default balances of all representative paths, then a table of each."""
    page.title(title)
    names = [path_name(path) for path in record.paths]
    rows = ROW_OF_FIELD["BALDEF"]
    columns = [
        Column(name, Look.MONEY, numbers(path.fields[rows])) for name, path in zip(names, record.paths, strict=True)
    ]
    subject = "Defaults to date of the representative paths"
    block = data.table(subject, [Column("Date", Look.DATE, days(record.dates)), *columns])
    n_years = years_between(record.dates)
    chart = line_chart(book, subject, block, names, (WIDE, TALL), n_years=n_years, number_format=AMOUNT_FORMAT)
    insert(page, chart, FIRST_CHART_ROW, 0)
    row = FIRST_CHART_ROW + rows_of(TALL)
    breaks, n_rows = list[int](), len(record.dates) + 2
    for number, (name, path) in enumerate(zip(names, record.paths, strict=True), start=1):
        breaks.append(row)
        page.text(row, 0, name, Look.BLOCK)
        row = page.table(row + 1, path_columns(record, path), name=f"{prefix}path_{number}").last_row + 2
    page.sheet.set_column(0, 1, 11.5)
    page.sheet.set_column(2, len(PATH_FIELDS) + 1, PATH_WIDTH)
    page.print_blocks(title, 23 + PATH_WIDTH * len(PATH_FIELDS), n_rows, breaks)


def path_columns(record: SimulationRecord, path: RepresentativePath) -> list[Column]:
    """Period, date, and the fields an analyst follows a path by."""
    columns = [
        Column("Period", Look.COUNT, list(range(len(record.dates)))),
        Column("Date", Look.DATE, days(record.dates)),
    ]
    for field, header in PATH_FIELDS:
        look = look_of_field(field)
        counted = Look.COUNT if look is Look.NUMBER else look
        columns.append(Column(header, counted, numbers(path.fields[ROW_OF_FIELD[field]])))
    return columns
