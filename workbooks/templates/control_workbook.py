"""The control workbook of an analyst: every sheet of spec 06 §14, made by code."""

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font

from workbooks.palette import FONT, FONT_SIZE
from workbooks.templates.about import write_about
from workbooks.templates.cashflows import write_balances, write_cashflows
from workbooks.templates.compliance import write_compliance_sheet
from workbooks.templates.content import ControlContent
from workbooks.templates.control import write_control
from workbooks.templates.dashboard import write_dashboard
from workbooks.templates.deal import write_deal
from workbooks.templates.lists import SHEET as LISTS
from workbooks.templates.lists import write_lists
from workbooks.templates.package import save
from workbooks.templates.portfolio import write_portfolio
from workbooks.templates.scenarios import write_scenarios
from workbooks.templates.trades import write_trades
from workbooks.templates.waterfall import write_waterfall

FILE_NAME = "clo_control.xlsx"


def write_control_workbook(path: Path, content: ControlContent | None = None) -> None:
    """Write the workbook; an existing file is replaced. Equal content gives equal bytes.

    Raises WorkbookError CLO-2062 where the file cannot be written.
    """
    save(control_workbook(content or ControlContent()), path)


def control_workbook(content: ControlContent) -> Workbook:
    """The workbook, not yet written."""
    book = Workbook()
    book.remove(book.worksheets[0])
    normal = Font(name=FONT, size=FONT_SIZE)
    # Column widths are counted in digits of this font.
    book._named_styles["Normal"].font = normal  # type: ignore[attr-defined]  # openpyxl has no public way
    lists = write_lists(book, content)
    write_control(book, content, lists)
    write_dashboard(book)
    write_trades(book, content, lists["deals"])
    write_deal(book)
    write_compliance_sheet(book)
    write_portfolio(book)
    write_cashflows(book)
    write_balances(book)
    write_scenarios(book, content.scenarios, lists["scenarios"])
    write_waterfall(book, content.program)
    write_about(book, content)
    book.move_sheet(LISTS, len(book.worksheets))
    book.active = 0
    book.calculation.fullCalcOnLoad = True
    return book
