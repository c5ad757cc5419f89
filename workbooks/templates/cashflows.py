"""The Cashflows sheet: classes of the last stored run, one class period by period, the tests of one period."""

from openpyxl import Workbook
from openpyxl.chart import AreaChart
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break

from workbooks.templates import looks
from workbooks.templates.charts import stacked
from workbooks.templates.deal import CLASSES, N_CLASSES
from workbooks.templates.formulas import call, filling, quoted, shown
from workbooks.templates.page import Area, Page
from workbooks.templates.tables import TRANCHE_CASHFLOW, TRIGGERS

SHEET = "Cashflows"
N_PERIODS, N_TRIGGERS, N_CHARTED = 80, 24, 10
METRICS = (
    ("wal", "WAL", looks.YEARS),
    ("yield", "Yield", looks.RATE),
    ("dm", "Discount margin", looks.RATE),
    ("price", "Price", looks.PRICE),
    ("macaulay", "Macaulay duration", looks.YEARS),
    ("modified", "Modified duration", looks.YEARS),
    ("total_interest", "Total interest", looks.AMOUNT),
    ("total_principal", "Total principal", looks.AMOUNT),
    ("irr", "IRR", looks.RATE),
)
_N_CHARTED_PERIODS = 48
_BALANCES = "Balances"
PERIODS = Area(_BALANCES, 7, 2, N_PERIODS, 2)
BALANCES = Area(_BALANCES, 7, 4, N_PERIODS, N_CHARTED)
BALANCE_LABELS = Area(_BALANCES, 5, 4, 1, N_CHARTED)


def write_cashflows(book: Workbook) -> None:
    """Write the sheet."""
    page = Page(book, SHEET, looks.SERIES[2])
    page.widths([2, 14, 24, 17, 16, 15, 15, 15, 16, 15, 15, 15, 15, 15, 2])
    page.title(
        '=IF(clo_deal="","Cash flows",clo_deal)',
        "The last stored run of the chosen scenario. Run the deal first: ribbon, Deal waterfall.",
    )
    page.status("B4", call("CLO_TRANCHE_METRICS"), "There is no stored run of this deal, date, scenario and mode.")
    _write_metrics(page, 5)
    row = 8 + N_CLASSES
    page.section(f"B{row}", "Coverage tests of a period", len(TRIGGERS.columns))
    page.text(f"B{row + 1}", "Period", looks.LABEL)
    page.entry(f"C{row + 1}", "clo_period", 1, looks.WHOLE)
    page.limits(f"C{row + 1}", "whole", 1, 400, "Enter the number of a payment period.")
    area = page.spill(f"B{row + 2}", TRIGGERS, N_TRIGGERS, period="clo_period")
    passes = f"${area.cell(0, TRIGGERS.offset('pass'))}"
    page.mark(area.part(5, 3).a1, f'AND({passes}<>"",{passes}=FALSE)', *looks.BAD_MARK)
    row += N_TRIGGERS + 4
    page.section(f"B{row}", "A class period by period", len(TRANCHE_CASHFLOW.columns))
    page.text(f"B{row + 1}", "Class", looks.LABEL)
    page.entry(f"C{row + 1}", "clo_class", f'={CLASSES.sheet}!{CLASSES.cell(0, 0)}&""')
    page.choices(f"C{row + 1}", CLASSES.reference, is_strict=False)
    chosen = '(clo_deal<>"")*(clo_class<>"")>0'
    page.spill(f"B{row + 2}", TRANCHE_CASHFLOW, N_PERIODS, chosen, class_name="clo_class")
    page.print_setup(f"A1:N{row + 2 + N_PERIODS}")
    page.sheet.row_breaks.append(Break(id=row - 1))
    page.sheet.freeze_panes = "A5"


def _write_metrics(page: Page, row: int) -> None:
    page.section(f"B{row}", "Classes of the run", len(METRICS) + 1)
    page.headers(f"B{row + 1}", ("Class", *(label for _, label, _ in METRICS)))
    area = Area(SHEET, row + 2, 2, N_CLASSES, len(METRICS) + 1)
    page.lines(area)
    for offset in range(N_CLASSES):
        name = f"${area.cell(offset, 0)}"
        page.put(area.cell(offset, 0), f'={CLASSES.sheet}!{CLASSES.cell(offset, 0)}&""', looks.TEXT)
        for column, (metric, _, form) in enumerate(METRICS, start=1):
            found = call("CLO_TRANCHE_METRIC", class_name=name, metric=quoted(metric))
            page.put(area.cell(offset, column), shown(found, f'{name}<>""'), looks.value(form))


def write_balances(book: Workbook) -> None:
    """Write the sheet of balances by class through time, with its chart."""
    page = Page(book, _BALANCES, looks.SERIES[3])
    page.widths([2, 9, 13, *[15] * N_CHARTED, 2])
    page.title(
        '=IF(clo_deal="","Balances",clo_deal)',
        "Balance of each class at the end of each period of the last stored run.",
    )
    page.headers("B5", ("Period", "Payment date"), n_left=0)
    periods = call("CLO_WATERFALL")
    for offset, form in ((0, looks.WHOLE), (1, looks.DATE)):
        column = PERIODS.part(offset)
        page.dress(column.a1, looks.value(form))
        _write_column(page, column, f"INDEX({periods},0,{offset + 1})")
    for offset in range(N_CHARTED):
        name = BALANCE_LABELS.cell(0, offset)
        source = f"{CLASSES.sheet}!{CLASSES.cell(offset, 0)}"
        # A chart invents a name for a series without one; a blank that does not break is a name.
        page.put(name, f'=IF({source}="","\u00a0",{source})', looks.HEADER)
        column = BALANCES.part(offset)
        page.dress(column.a1, looks.value(looks.AMOUNT))
        flow = call("CLO_TRANCHE_CASHFLOW", class_name=name)
        balance = TRANCHE_CASHFLOW.offset("end_balance") + 1
        _write_column(page, column, f"INDEX({flow},0,{balance})", f'{source}<>""')
    page.sheet.row_dimensions[5].height = 31
    page.lines(Area(_BALANCES, PERIODS.row, PERIODS.column, N_PERIODS, N_CHARTED + 2))
    last = get_column_letter(BALANCES.column + N_CHARTED - 1)
    page.print_setup(f"A1:{last}{6 + N_PERIODS}", header_row=5)
    page.sheet.freeze_panes = "D7"


def _write_column(page: Page, column: Area, expression: str, condition: str = 'clo_deal<>""') -> None:
    """One column of a table with the header of the function over it: in Calc a column of one cell is none."""
    above = Area(column.sheet, column.row - 1, column.column, column.n_rows + 1, 1)
    page.array(above, filling(expression, column.n_rows + 1, 1, condition))
    page.dress(above.cell(0, 0), looks.SUB_HEADER)


def balance_chart(title: str) -> AreaChart:
    """Balances of all classes on top of each other, most senior at the bottom."""
    series = [
        (
            f"='{_BALANCES}'!${get_column_letter(BALANCES.column + offset)}$5",
            BALANCES.part(offset).head(_N_CHARTED_PERIODS),
        )
        for offset in range(N_CHARTED)
    ]
    return stacked(title, PERIODS.part(1).head(_N_CHARTED_PERIODS), series, '#,##0,,"m"')
