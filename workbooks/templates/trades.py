"""The Trades sheet: a blotter of hypothetical trades and what they do to the tests, at once."""

from openpyxl import Workbook

from workbooks.palette import ACCENT
from workbooks.templates import looks
from workbooks.templates.content import ControlContent
from workbooks.templates.formulas import call, shown
from workbooks.templates.page import Area, Page
from workbooks.templates.tables import HYPO

SHEET = "Trades"
N_TRADES, N_TESTS = 24, 60
COLUMNS = ("deal", "asset", "transaction", "par", "price", "comment")
_FIRST_ROW = 6


def write_trades(book: Workbook, content: ControlContent, deals: str) -> None:
    """Write the sheet. deals: the range of the list of deals."""
    page = Page(book, SHEET, ACCENT)
    page.widths([2, 13, 16, 13, 14, 10, 24, 13, 14, 11, 3, 7, 44, 12, 12, 12, 9, 12, 9, 12, 26])
    page.title(
        "Trades", "Hypothetical trades; only those of the chosen deal count. Leave the price blank for the market."
    )
    _write_blotter(page, content, deals)
    blotter = Area(SHEET, _FIRST_ROW + 1, 2, N_TRADES, 5)
    condition = f'(clo_deal<>"")*(COUNTA({blotter.part(1).reference})>0)>0'
    page.section("L5", "Tests before and after", len(HYPO.columns))
    area = page.spill(f"L{_FIRST_ROW}", HYPO, N_TESTS, condition, trades=blotter.reference, pool_mode="clo_pool_mode")
    hypo = call("CLO_HYPO", trades=blotter.reference, pool_mode="clo_pool_mode")
    page.status(
        "M4", hypo, "These trades cannot be tested: correct the rows of the blotter that show an error.", condition
    )
    _mark_tests(page, area)
    page.print_setup(f"A1:U{_FIRST_ROW + N_TESTS}", header_row=_FIRST_ROW)
    page.sheet.freeze_panes = f"A{_FIRST_ROW + 1}"


def _write_blotter(page: Page, content: ControlContent, deals: str) -> None:
    page.section("B5", "Blotter", len(COLUMNS) + 3)
    area = Area(SHEET, _FIRST_ROW, 2, N_TRADES + 1, len(COLUMNS))
    page.headers(area.cell(0, 0), COLUMNS, n_left=3)
    page.headers(f"H{_FIRST_ROW}", ("Filled par", "Proceeds", "Fill price"), n_left=0)
    formats = ("General", "General", "General", looks.AMOUNT, looks.PRICE, "General")
    current = [trade for trade in content.trades if trade.scope == "current"]
    for offset in range(N_TRADES):
        one = current[offset] if offset < len(current) else None
        row = (one.deal, one.blkrock_id, one.transaction, one.par, one.price) if one else ()
        for column, form in enumerate(formats):
            align = "right" if column in (3, 4) else "left"
            cell = area.cell(offset + 1, column)
            page.put(cell, row[column] if column < len(row) else None, looks.entry(form, align))
    page.table("tbl_trades", area)
    _write_fills(page, area)
    last = N_TRADES
    page.choices(f"{area.cell(1, 0)}:{area.cell(last, 0)}", deals, is_strict=False)
    page.choices(f"{area.cell(1, 2)}:{area.cell(last, 2)}", '"Buy,Sale"')
    page.limits(f"{area.cell(1, 3)}:{area.cell(last, 3)}", "decimal", 0, None, "Enter par in units of currency.")
    page.limits(f"{area.cell(1, 4)}:{area.cell(last, 4)}", "decimal", 0, 200, "Enter a price in percent of par.")


def _write_fills(page: Page, area: Area) -> None:
    """What the market gives for each trade, tried alone."""
    for offset in range(1, N_TRADES + 1):
        trade = f"{area.cell(offset, 0)}:{area.cell(offset, 4)}"
        condition = f'(clo_deal<>"")*({area.cell(offset, 0)}=clo_deal)*({area.cell(offset, 1)}<>"")>0'
        fill = call("CLO_HYPO_TRADES", trades=trade, headers="FALSE")
        row = area.row + offset
        page.put(f"H{row}", shown(f"INDEX({fill},1,1)", condition), looks.value(looks.AMOUNT))
        for column, field, form in (("I", 3, looks.MONEY), ("J", 2, looks.PRICE)):
            page.put(f"{column}{row}", f'=IF(ISNUMBER(H{row}),INDEX({fill},1,{field}),"")', looks.value(form))


def _mark_tests(page: Page, area: Area) -> None:
    for name in ("before", "after"):
        passes, result = HYPO.offset(f"{name}_pass"), HYPO.offset(name)
        first = f"${area.cell(0, passes)}"
        for column in (result, passes):
            page.mark(area.part(column).a1, f'AND({first}<>"",{first}=FALSE)', *looks.BAD_MARK)
    limit = f"${area.cell(0, HYPO.offset('threshold_before'))}"
    difference = area.part(HYPO.offset("difference")).a1
    page.format_where(difference, f"AND(ISNUMBER({limit}),{limit}>2)", looks.NUMBER)
