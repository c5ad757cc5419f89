"""The dashboard in a real browser: its figures are those of the desk, and anybody can work it."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from engine.deal.results import OC_COLUMNS, RISK_COLUMNS
from tests.xl_addin.dashboard.conftest import Book, keep_screenshot, sign_in
from tests.xl_addin.running_server import RunningServer, running_server
from workbooks.demo import DEAL_NAME

SECTIONS = ("overview", "coverage", "compliance", "cash", "runs")


def _show(page: Page, section: str) -> None:
    page.locator(f"nav a[href='#{section}']").click()
    page.locator(f"[data-section={section}]").wait_for()


def _rows(page: Page, place: str) -> list[list[str]]:
    """The body of a table as texts."""
    rows = page.locator(f"{place} tbody tr")
    return [row.locator("td").all_inner_texts() for row in rows.all()]


def _number(text: str) -> float:
    return float(re.sub(r"[^\d.-]", "", text))


def _drawn(page: Page, place: str) -> list[dict[str, Any]]:
    """The series of a chart."""
    page.wait_for_function(f"document.getElementById('{place}').data?.length > 0")
    found: list[dict[str, Any]] = page.evaluate(
        f"document.getElementById('{place}').data.map(one => JSON.parse(JSON.stringify(one)))"
    )
    return found


def test_nothing_is_shown_before_somebody_signs_in(context: BrowserContext, server: RunningServer) -> None:
    """A wrong token is told as such; after signing out the figures are gone."""
    page = context.new_page()
    page.goto(server.url)
    page.get_by_label("Token or key").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#sign-in-error")).to_contain_text("CLO-3110")
    assert page.locator("#tranches table").count() == 0

    sign_in(page, server)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token or key")).to_be_visible()
    expect(page.locator("[data-section=overview]")).to_be_hidden()


def test_the_overview_shows_what_the_desk_says(page: Page, book: Book, pictures: Path | None) -> None:
    """Tranches with balance and yield of the stored run, the pool, and how many tests pass."""
    rows = _rows(page, "#tranches")
    inputs, result = book.base.summary.tranche_inputs, book.base.result

    assert [row[0] for row in rows] == [one.name for one in inputs]
    assert [_number(row[1]) for row in rows] == [pytest.approx(one.current_balance, abs=0.5) for one in inputs]
    first_yield = float(result.risk[0, RISK_COLUMNS.index("yield_at_price")])
    assert _number(rows[0][4]) == pytest.approx(100 * first_yield, abs=0.0051)
    tiles = page.locator("#tiles").inner_text()
    applicable = [one for one in book.tests.report.results if one.is_applicable]
    assert f"{sum(one.is_passed for one in applicable)} of {len(applicable)} pass" in tiles
    expect(page.locator("#balances .plot-container")).to_be_visible()
    keep_screenshot(page, pictures, "dashboard-overview")


def test_coverage_is_drawn_through_time_with_its_triggers(page: Page, book: Book, pictures: Path | None) -> None:
    """Each OC test is a line of the ratios of the run, its trigger a dotted one."""
    _show(page, "coverage")
    series = _drawn(page, "oc")

    lines = [one for one in series if one["line"].get("dash") != "dot"]
    triggers = [one for one in series if one["line"].get("dash") == "dot"]
    assert len(lines) == len(triggers) > 0
    assert lines[0]["y"][0] == pytest.approx(float(book.base.result.oc[0, 0, OC_COLUMNS.index("ratio")]), rel=1e-12)
    keep_screenshot(page, pictures, "dashboard-coverage")


def test_compliance_lists_every_test_and_draws_the_closest(page: Page, book: Book, pictures: Path | None) -> None:
    """The table has every test of the deal with its verdict; the bars are ordered by their room."""
    _show(page, "compliance")
    rows = _rows(page, "#tests")

    assert [int(row[0]) for row in rows] == [one.test_id for one in book.tests.report.results]
    (bars,) = _drawn(page, "cushions")
    assert bars["x"] == sorted(bars["x"], reverse=True)
    keep_screenshot(page, pictures, "dashboard-compliance")


def test_the_waterfall_drawing_adds_up(page: Page, book: Book, pictures: Path | None) -> None:
    """What the links carry at a payment date is what the steps paid, and another date is another drawing."""
    _show(page, "cash")
    (first,) = _drawn(page, "sankey")
    page.locator("details summary").click()
    paid = [_number(row[4] or "0") for row in _rows(page, "#steps")]

    assert sum(first["link"]["value"]) == pytest.approx(sum(paid), abs=0.5 * len(paid))
    page.get_by_role("button", name="Later payment date").click()
    (second,) = _drawn(page, "sankey")
    assert second["link"]["value"] != first["link"]["value"]
    keep_screenshot(page, pictures, "dashboard-cash")


def test_two_runs_are_compared(page: Page, book: Book, pictures: Path | None) -> None:
    """Differences are the second run less the first."""
    _show(page, "runs")
    page.get_by_label(f"Compare run {book.base.run_id}").check()
    page.get_by_label(f"Compare run {book.stress.run_id}").check()
    page.locator("#comparison table").wait_for()

    rows = [row for row in _rows(page, "#comparison") if row[1] == "wal" and row[4]]
    assert rows
    for row in rows:
        assert _number(row[4]) == pytest.approx(_number(row[3]) - _number(row[2]), abs=0.011)
    keep_screenshot(page, pictures, "dashboard-runs")


def test_another_scenario_shows_its_own_run(page: Page, book: Book) -> None:
    """The pickers offer what was run."""
    before = _rows(page, "#tranches")[-1]
    page.get_by_label("Scenario").select_option("STRESS")
    expect(page.locator("#tranches tbody tr").last).not_to_have_text("".join(before))

    assert page.get_by_label("Deal", exact=True).input_value() == DEAL_NAME
    life = float(book.stress.result.risk[0, RISK_COLUMNS.index("wal")])
    assert _number(_rows(page, "#tranches")[0][5]) == pytest.approx(life, abs=0.0051)


def test_a_run_that_somebody_starts_shows_its_progress_and_then_its_result(
    page: Page, book: Book, server: RunningServer, pictures: Path | None
) -> None:
    """The page finds the job by itself, draws its bar, and lists the run when it is stored."""
    with page.expect_response("**/api/v1/jobs"):
        _show(page, "runs")
    before = len(_rows(page, "#run-list"))
    cells = {"clo_deal": DEAL_NAME, "clo_scenario": "STRESS", "clo_mode": "legacy", "clo_assumptions": "workbook"}
    with server.client() as client:
        assert client.post("/api/v1/macro/clo_run_waterfall", json={"cells": cells}).status_code == 202

    expect(page.locator("#jobs progress")).to_be_visible()
    keep_screenshot(page, pictures, "dashboard-progress")
    expect(page.locator("#jobs")).to_contain_text("done")
    expect(page.locator("#run-list tbody tr")).to_have_count(before + 1)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_telephone_shows_every_section_without_scrolling_sideways(
    page: Page, section: str, pictures: Path | None
) -> None:
    """At 320 pixels only tables and drawings scroll, inside their own frames."""
    page.set_viewport_size({"width": 320, "height": 640})
    _show(page, section)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    keep_screenshot(page, pictures, f"dashboard-{section}-320")


def test_everything_can_be_reached_by_keyboard(page: Page) -> None:
    """The first stop skips to the figures; the sections and pickers follow, and Enter opens a section."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the figures"
    wanted = ["deal", "as-of", "scenario", "mode", "sign-out", *(f"#{section}" for section in SECTIONS)]
    reached = []
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.getAttribute('href')"))

    assert reached == wanted
    page.locator("nav a[href='#cash']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-section=cash]")).to_be_visible()


def test_the_page_asks_nobody_but_its_server(context: BrowserContext, server: RunningServer) -> None:
    """No other host, no breach of its content policy, no error in the console."""
    page = context.new_page()
    hosts: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: hosts.add(re.sub(r"^(\w+://[^/]+|data:|blob:).*", r"\1", request.url)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, server)
    for section in SECTIONS:
        _show(page, section)

    assert hosts - {"data:", "blob:"} == {server.url}
    # Before signing in the first batch is refused; that is how the page learns that it has to ask.
    assert [text for text in complaints if "401" not in text] == []


def test_the_page_goes_on_when_the_server_comes_back(
    context: BrowserContext, book: Book, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """While the server is away the page says so; afterwards it loads by itself, or asks to sign in again."""
    folder = tmp_path_factory.mktemp("returning")
    page = context.new_page()
    with running_server(folder, book.url) as first:
        sign_in(page, first)
        first.process.kill()
        first.process.wait()
        page.get_by_label("Mode").select_option("legacy")
        expect(page.locator("#notice")).to_contain_text("CLO-3000")
        expect(page.locator("#connection")).to_have_text("server out of reach")
    with running_server(folder, book.url, port=first.port) as second:
        page.get_by_label("Token or key").wait_for()
        page.get_by_label("Token or key").fill(second.token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("#connection")).to_have_text("connected")
