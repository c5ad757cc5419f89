"""The Deal sheet: what is stored of the deal, read only."""

from openpyxl import Workbook

from workbooks.templates import looks
from workbooks.templates.formulas import call, filling
from workbooks.templates.page import LINE_HEIGHT, Area, Page
from workbooks.templates.tables import ACCOUNTS, FEES, PAYMENT_DATES, TRANCHES

SHEET = "Deal"
N_FIELDS, N_CLASSES, N_FEES, N_ACCOUNTS, N_PERIODS = 70, 14, 12, 12, 80
_VALUE = "[>=1000]#,##0.00;General"
CLASSES = Area(SHEET, 7, 6, N_CLASSES, 1)
"""Where the names of the classes stand."""


def write_deal(book: Workbook) -> None:
    """Write the sheet."""
    page = Page(book, SHEET, looks.SERIES[2])
    page.widths([2, 32, 20, 3, 9, 22, 16, 16, 15, 13, 15, 12, 12, 14, 11, 11, 11, 9])
    page.title('=IF(clo_deal="","Deal",clo_deal)', "What is stored of the deal; inputs live in the database.")
    page.section("B5", "Terms and figures", 2)
    fields = Area(SHEET, 6, 2, N_FIELDS, 2)
    page.dress(fields.a1, looks.TEXT)
    page.dress(fields.part(1).a1, looks.value(_VALUE))
    page.dress("B6:C6", looks.HEADER_LEFT)
    page.array(fields, filling(call("CLO_DEAL"), N_FIELDS, 2))
    name = "$" + fields.cell(0, 0)
    is_date = f'OR(RIGHT({name},5)="_date",LEFT({name},11)="collection_")'
    page.format_where(fields.part(1).a1, is_date, looks.DATE)
    page.lines(fields)
    page.section("E5", "Classes", len(TRANCHES.columns))
    page.spill("E6", TRANCHES, N_CLASSES)
    page.section("F23", "Fees", len(FEES.columns))
    page.spill("F24", FEES, N_FEES, height=LINE_HEIGHT)
    page.section("E38", "Accounts", len(ACCOUNTS.columns))
    page.spill("E39", ACCOUNTS, N_ACCOUNTS, height=LINE_HEIGHT)
    page.section("K38", "Payment dates", len(PAYMENT_DATES.columns))
    page.spill("K39", PAYMENT_DATES, N_PERIODS, height=LINE_HEIGHT)
    page.print_setup(f"A1:R{39 + N_PERIODS}")
    page.sheet.freeze_panes = "A5"
