"""L6, task pane: a person works with it in Chromium, against a real server."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.xl_addin.officejs.browser import keep_picture, open_pane, our_violations, wait_until
from tests.xl_addin.running_server import RunningServer
from workbooks.demo import DEAL_NAME

pytestmark = pytest.mark.l6
TABS = ("run", "jobs", "functions", "errors", "charts")


@pytest.fixture
def pane(context: BrowserContext, server: RunningServer) -> Page:
    """The pane, signed in."""
    return open_pane(context, server)


def test_a_day_in_the_pane(pane: Page, pictures: Path | None) -> None:
    """Choose a deal, run its cash flows as a job, see the sheets, then its charts."""
    pane.select_option("#deal", DEAL_NAME)
    expect(pane.locator("#as-of option").first).to_have_text("2016-03-31 (newest)")
    expect(pane.locator("#scenario")).to_have_value("BASE")
    keep_picture(pane, pictures, "pane-run")

    pane.locator("[data-command=clo_run_waterfall]").click()
    expect(pane.locator("#tab-jobs")).to_have_attribute("aria-selected", "true")
    job = pane.locator(".job").first
    expect(job.locator("strong")).to_have_text("Deal cash flows")
    expect(job.locator("progress")).to_be_visible()
    keep_picture(pane, pictures, "pane-job")
    expect(job).to_have_attribute("data-status", "done", timeout=60_000)
    expect(pane.locator("#notice")).to_have_text(re.compile(r"^Run \d+ of Demo 1, scenario BASE: \d+ periods\.$"))
    sheets = pane.locator("#preview .sheets button").all_inner_texts()
    assert sheets == ["Deal CF-Demo 1", "Deal CF-Demo 1 Periods"]
    assert pane.locator("#preview td", has_text="Class A-1").count() >= 1

    pane.locator("#tab-charts").click()
    wait_until(pane, "document.querySelectorAll('#panel-charts .chart .main-svg').length >= 2")
    assert pane.locator("#panel-charts h2").all_inner_texts()[:2] == ["Balance by class", "Overcollateralisation"]
    pane.wait_for_timeout(300)
    keep_picture(pane, pictures, "pane-charts")
    pane.set_viewport_size({"width": 1280, "height": 860})
    pane.locator("#tab-jobs").click()
    pane.wait_for_timeout(300)
    keep_picture(pane, pictures, "pane-in-a-browser")
    assert our_violations(pane) == []


def test_a_job_is_cancelled_after_a_second_thought(pane: Page) -> None:
    """The first press asks, the second one cancels; the job ends as cancelled and nothing of it is shown."""
    pane.locator("[data-command=clo_run_waterfall_all]").click()
    pane.locator("#ask .main").click()
    job = pane.locator(".job").first
    expect(job.locator("strong")).to_have_text("Deal cash flows, all deals")
    job.locator("button").click()
    expect(job.locator("button")).to_have_text("Really cancel?")
    expect(job).to_have_attribute("data-status", re.compile("queued|running"))

    job.locator("button").click()
    expect(job).to_have_attribute("data-status", "cancelled")
    expect(pane.locator("#jobs-count")).to_be_hidden()
    assert pane.locator("#preview").is_hidden()


def test_a_command_asks_for_what_it_needs(pane: Page, pictures: Path | None) -> None:
    """A missing file is said before anything is sent; a refusal of the server is shown in its words."""
    pane.locator("[data-command=clo_import_workbook]").click()
    pane.locator("#ask .main").click()
    expect(pane.locator("#ask [role=alert]")).to_have_text("Choose a file.")
    keep_picture(pane, pictures, "pane-dialog")

    pane.locator("#ask input[type=file]").set_input_files(
        files=[{"name": "book.xlsx", "mimeType": "application/octet-stream", "buffer": b"no workbook"}]
    )
    pane.locator("#ask .main").click()
    expect(pane.locator(".job").first).to_have_attribute("data-status", "failed", timeout=30_000)
    expect(pane.locator("#notice")).to_contain_text(re.compile(r"CLO-\d{4}: "))


def test_functions_are_found_and_explained(pane: Page, pictures: Path | None) -> None:
    """Every word of a search narrows the list; a function opens with its arguments."""
    pane.locator("#tab-functions").click()
    assert pane.locator("details.function").count() > 60
    pane.locator("#search").fill("overcollateralisation ratio")

    assert pane.locator("details.function summary code").all_inner_texts() == ["CLO_OC_RATIO"]
    pane.locator("details.function summary").click()
    expect(pane.locator(".formula")).to_have_text('=CLO_OC_RATIO("deal","test")')
    expect(pane.locator(".detail dt").first).to_have_text("deal name, required")
    keep_picture(pane, pictures, "pane-functions")
    pane.locator("#search").fill("no such thing")
    expect(pane.locator("#function-list .empty")).to_have_text("No function matches.")


def test_a_failing_cell_is_listed_with_its_last_value(pane: Page, pictures: Path | None) -> None:
    """The list has cell, code, number, text and what the cell showed before; it empties when all is well."""
    call = (
        "(name) => import('/excel/bundle/face.js').then((face) =>"
        " face.call('CLO_DEAL_PAR', [[[name]], { address: 'Deal!B4' }])).catch(() => {})"
    )
    pane.evaluate(call, DEAL_NAME)
    pane.evaluate(call, "Mag 99")
    pane.locator("#tab-errors").click()

    fault = pane.locator(".fault")
    expect(fault).to_have_count(1)
    expect(fault.locator("code")).to_have_text("Deal!B4")
    expect(fault.locator(".code")).to_have_text("#N/A CLO-3013")
    expect(fault.locator(".text")).to_contain_text("Deal Mag 99 is not in the database")
    expect(fault.locator(".last")).to_contain_text(re.compile(r"Last known value: [\d,.]+"))
    keep_picture(pane, pictures, "pane-errors")
    pane.evaluate(call, DEAL_NAME)
    expect(pane.locator("#panel-errors .empty")).to_have_text("No cell shows an error.")


def test_signing_in_is_asked_for_once(context: BrowserContext, server: RunningServer, pictures: Path | None) -> None:
    """A wrong token is told as such; after 'Not now' nothing asks again until the user does."""
    page = context.new_page()
    page.goto(f"{server.url}/excel/taskpane.html")
    dialog = page.locator("#sign-in")
    expect(dialog).to_be_visible()
    expect(page.locator("#state")).to_have_text("Not signed in")
    keep_picture(page, pictures, "pane-sign-in")
    page.locator("#credential").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in-error")).to_contain_text("CLO-3110")
    page.locator("#sign-in-cancel").click()
    expect(page.locator("#state")).to_have_text("Not signed in")
    answer = page.evaluate("import('/excel/bundle/face.js').then(({ face }) => face.value('CLO_DAYS', 1000, 1001))")
    assert answer["e"] == "#VALUE!"
    assert answer["m"].startswith("CLO-2300: ")
    expect(dialog).to_be_hidden()

    page.locator("#sign-in-button").click()
    page.locator("#credential").fill(server.token)
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Connected")
    expect(page.locator(".command").first).to_be_visible()
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage, location.href])").count(server.token) == 0


def test_an_old_add_in_is_told_to_update(context: BrowserContext, server: RunningServer) -> None:
    """A page that was made from another catalogue goes on working and offers to reload."""
    script = context.request.get(f"{server.url}/excel/catalogue.js").text()
    old = re.sub(r'FINGERPRINT = "[0-9a-f]{64}"', f'FINGERPRINT = "{"0" * 64}"', script)
    context.route("**/excel/catalogue.js", lambda route: route.fulfill(body=old, content_type="text/javascript"))
    page = open_pane(context, server)

    expect(page.locator("#update")).to_contain_text("CLO-3101: The add-in was made for another version of the server.")
    expect(page.locator("#reload")).to_be_visible()
    expect(page.locator("#state")).to_have_text("Connected")


def test_nothing_scrolls_sideways_at_320_pixels(pane: Page) -> None:
    """Every part of the pane fits into the narrowest pane that Excel makes."""
    pane.set_viewport_size({"width": 320, "height": 640})
    for tab in TABS:
        pane.locator(f"#tab-{tab}").click()
        pane.wait_for_timeout(150)
        widths = pane.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]")
        assert widths == [320, 320, 320], tab
        outside = pane.evaluate(
            "[...document.querySelectorAll('.pane *')].filter((one) => one.offsetParent && !one.closest('.hidden, svg')"
            " && one.getBoundingClientRect().right > 320.5).map((one) => one.outerHTML.slice(0, 80))"
        )
        assert outside == [], tab


def test_the_keyboard_is_enough(pane: Page) -> None:
    """Arrows move between the tabs, Tab reaches a command, Enter starts it, Escape leaves its dialog."""
    pane.locator("#tab-run").focus()
    for name in ("jobs", "functions"):
        pane.keyboard.press("ArrowRight")
        expect(pane.locator(f"#tab-{name}")).to_be_focused()
        expect(pane.locator(f"#panel-{name}")).to_be_visible()
    pane.keyboard.press("Tab")
    expect(pane.locator("#search")).to_be_focused()
    pane.keyboard.type("clo_ping")
    pane.keyboard.press("Tab")
    pane.keyboard.press("Enter")
    expect(pane.locator("details[open] .formula")).to_have_text("=CLO_PING()")
    pane.locator("#tab-functions").focus()
    pane.keyboard.press("Home")
    pane.keyboard.press("Tab")
    focused = pane.evaluate("document.activeElement.dataset.command")
    assert focused
    pane.locator("[data-command=clo_apply_filter]").focus()
    pane.keyboard.press("Enter")
    expect(pane.locator("#ask")).to_be_visible()
    pane.keyboard.press("Escape")
    expect(pane.locator("#ask")).to_be_hidden()
    expect(pane.locator("[data-command=clo_apply_filter]")).to_be_focused()
