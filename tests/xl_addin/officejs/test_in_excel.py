"""L6, task pane inside Excel: what commands, buttons and lists do to a workbook."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.xl_addin.officejs.browser import open_pane, serve_excel, wait_until
from tests.xl_addin.running_server import RunningServer
from workbooks.demo import DEAL_NAME

pytestmark = pytest.mark.l6


@pytest.fixture
def pane(context: BrowserContext, server: RunningServer) -> Page:
    """The pane in an Excel whose workbook names deal, date and scenario."""
    serve_excel(context)
    return open_pane(context, server)


def _book(page: Page, expression: str) -> Any:
    return page.evaluate(f"workbook.then((book) => ({expression}))")


def test_a_ribbon_button_writes_its_sheet(pane: Page) -> None:
    """The button shows the pane, the command reads the workbook's deal, the patch makes a sheet that is ours."""
    wait_until(pane, "'clo_view_deal_assets' in ribbon")
    pane.evaluate("ribbon.clo_view_deal_assets({ completed() { globalThis.isCompleted = true; } })")
    assert pane.evaluate("shown") == 1
    pane.locator("#ask .main").click()
    wait_until(pane, "workbook.then((book) => book.sheets.length === 2 && book.sheets[1].names.size === 1)")

    assert _book(pane, "book.sheets.map((sheet) => sheet.name)") == ["Control", f"Deal Assets-{DEAL_NAME}"]
    assert DEAL_NAME in _book(pane, "book.sheets[1].rows[0][0]")
    assert _book(pane, "book.sheets[1].rows.length") > 40
    assert _book(pane, "book.calculationMode") == "Automatic"
    assert pane.evaluate("isCompleted") is True
    assert pane.locator("#preview").is_hidden()


def test_a_choice_in_the_pane_goes_into_the_workbook(pane: Page) -> None:
    """The pickers and the named cells of the Control sheet say the same."""
    expect(pane.locator("#deal")).to_have_value(DEAL_NAME)
    pane.evaluate("workbook.then((book) => { book.sheets[0].rows[0][0] = ''; })")
    pane.select_option("#as-of", index=0)
    pane.locator("#deal").dispatch_event("change")
    wait_until(pane, f"workbook.then((book) => book.sheets[0].rows[0][0] === '{DEAL_NAME}')")


def test_a_function_is_inserted_into_the_active_cell(pane: Page) -> None:
    """Insert writes the formula with a placeholder for every required argument."""
    _book(pane, "(book.active = { sheet: book.sheets[0], address: 'D7' }, 0)")
    pane.locator("#tab-functions").click()
    pane.locator("#search").fill("clo_deal_par")
    pane.locator("details.function summary").click()
    pane.get_by_role("button", name="Insert").click()
    expect(pane.locator("#notice")).to_have_text("Formula inserted at Control!D7.")

    assert _book(pane, "book.sheets[0].formulas['7,4']") == '=CLO_DEAL_PAR("deal")'


def test_the_error_list_leads_to_the_cell(pane: Page) -> None:
    """Go to cell selects it."""
    pane.evaluate(
        "CustomFunctions.mappings.CLO_DEAL_PAR([['Mag 99']], { address: 'Control!B9' }).catch((error) => error.code)"
    )
    pane.locator("#tab-errors").click()
    pane.get_by_role("button", name="Go to cell Control!B9").click()
    wait_until(pane, "workbook.then((book) => book.active.address === 'B9')")


def test_cells_that_missed_the_server_recalculate_when_it_is_back(pane: Page, context: BrowserContext) -> None:
    """The pane tells that the server is away; cells with CLO-3000 are calculated again without a reload."""
    context.route("**/api/v1/udf/batch", lambda route: route.abort())
    context.route("**/version", lambda route: route.abort())
    code = pane.evaluate(
        "CustomFunctions.mappings.CLO_DAYS([[42000]], [[42009]], { address: 'Control!C3' })"
        ".catch((error) => error.message)"
    )
    assert code.startswith("CLO-3000: ")
    expect(pane.locator("#state")).to_have_text("Server not reachable")
    context.unroute("**/api/v1/udf/batch")
    context.unroute("**/version")

    expect(pane.locator("#state")).to_have_text("Connected")
    wait_until(pane, "workbook.then((book) => book.dirty.includes('Control!C3'))")


def test_a_workbook_that_counts_from_1904_is_refused(context: BrowserContext, server: RunningServer) -> None:
    """Dates of such a workbook would be four years off: every cell says so instead."""
    context.add_init_script("globalThis.is1904 = true;")
    serve_excel(context)
    pane = open_pane(context, server)
    text = pane.evaluate(
        "CustomFunctions.mappings.CLO_DAYS([[42000]], [[42009]], { address: 'Control!C3' })"
        ".catch((error) => error.code + ' ' + error.message)"
    )

    assert text.startswith("#VALUE! CLO-2306: This workbook counts dates from 1904.")
