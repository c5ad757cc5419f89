"""The Portfolio sheet: the positions of the deal that pass a filter."""

from openpyxl import Workbook

from workbooks.templates import looks
from workbooks.templates.formulas import call, shown
from workbooks.templates.page import Page
from workbooks.templates.tables import ASSETS

SHEET = "Portfolio"
N_ASSETS = 500
_ROW = 9


def write_portfolio(book: Workbook) -> None:
    """Write the sheet."""
    page = Page(book, SHEET, looks.SERIES[2])
    page.widths([2, 14, 44, 15, 13, 10, 10, 11, 11, 10, 9, 12, 11, 2])
    page.title(
        '=IF(clo_deal="","Portfolio",clo_deal)',
        "Positions and their assets. A filter in words, such as wal < 4 and market_value >= 95.",
    )
    page.text("B5", "Filter", looks.LABEL)
    page.entry("C5", "clo_portfolio_filter", None)
    chosen = 'IF(clo_portfolio_filter="","",clo_portfolio_filter)'
    page.text("B6", "Par that passes", looks.LABEL)
    page.put("C6", shown(call("CLO_DEAL_PAR", filter=chosen)), looks.value(looks.MONEY))
    page.status("D5", call("CLO_ASSETS", filter=chosen), "This filter cannot be read, or the deal is not stored.")
    page.section("B8", "Positions", len(ASSETS.columns))
    page.spill(f"B{_ROW}", ASSETS, N_ASSETS, filter=chosen)
    page.print_setup(f"A1:M{_ROW + N_ASSETS}", header_row=_ROW)
    page.sheet.freeze_panes = f"D{_ROW + 1}"
