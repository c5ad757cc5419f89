"""Pages of the add-in in Chromium, with Microsoft's real library from the npm package in the place of its address."""

import json
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Route

from tests.xl_addin.officejs.packages import FOLDER, package
from tests.xl_addin.running_server import RunningServer

OFFICE = "https://appsforoffice.microsoft.com/"
HOSTED = f"{OFFICE}lib/1/hosted/"
CELLS = "/excel/cells.html"
_CELLS_PAGE = f"""<!doctype html><meta charset="utf-8"><title>cells</title>
<script src="{HOSTED}custom-functions-runtime.js"></script>
<script src="functions.js"></script>
"""
_WATCH = """
globalThis.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push({
  directive: event.effectiveDirective, blocked: event.blockedURI, source: event.sourceFile || "", sample: event.sample,
}));
"""
# Calls functions as Excel does: [name, arguments, address] each; gives {v} or {e, m}.
CALL = """
async (calls) => Promise.all(calls.map(async ([name, given, address]) => {
  try {
    const invocation = { address, parameterAddresses: given.map(() => "Sheet1!A1") };
    return { v: await CustomFunctions._association.mappings[name](...given, invocation) };
  } catch (error) {
    return { e: error.code, m: error.message };
  }
}))
"""


def wait_until(page: Page, expression: str, seconds: float = 20.0) -> None:
    """Wait until an expression of the page is true; asked from outside, since the page's policy forbids eval."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never true: {expression}"
        page.wait_for_timeout(50)


def serve_library(context: BrowserContext) -> None:
    """Answer requests for Microsoft's library from the npm package; the rest of the internet is not there."""
    folder = package("@microsoft", "office-js", "dist")

    def answer(route: Route) -> None:
        path = folder / route.request.url.removeprefix(HOSTED).split("?")[0]
        if route.request.url.startswith(HOSTED) and path.is_file():
            route.fulfill(path=path, content_type="text/javascript")
        else:
            route.abort()

    context.route(f"{OFFICE}**", answer)
    context.add_init_script(_WATCH)


def sign_in(context: BrowserContext, server: RunningServer) -> None:
    """Give a browser profile a session."""
    answer = context.request.post(f"{server.url}/session", data={"token": server.token}, headers={"X-Clodesk": "1"})
    assert answer.ok, answer.text()


def open_cells(context: BrowserContext, server: RunningServer) -> Page:
    """A page with the runtime of custom functions, the functions associated, under the policy of the pane."""
    policy = context.request.get(f"{server.url}/excel/taskpane.html").headers["content-security-policy"]
    context.route(
        f"**{CELLS}",
        lambda route: route.fulfill(
            body=_CELLS_PAGE, content_type="text/html", headers={"Content-Security-Policy": policy}
        ),
    )
    page = context.new_page()
    page.goto(server.url + CELLS)
    wait_until(page, "Object.keys(CustomFunctions._association.mappings).length > 50")
    return page


def call(page: Page, calls: list[tuple[str, list[Any], str]]) -> list[dict[str, Any]]:
    """The results of calls that Excel makes at once."""
    answers: list[dict[str, Any]] = page.evaluate(CALL, calls)
    return answers


def watch_batches(page: Page) -> list[int]:
    """Filled with the number of calls of every batch that the page sends from now on."""
    found: list[int] = []
    page.on(
        "request",
        lambda request: (
            found.append(len(json.loads(request.post_data or "{}")["calls"]))
            if request.url.endswith("/api/v1/udf/batch")
            else None
        ),
    )
    return found


def our_violations(page: Page) -> list[dict[str, str]]:
    """Breaches of the security policy that are not of Microsoft's library."""
    found: list[dict[str, str]] = page.evaluate("violations")
    return [one for one in found if not one["source"].startswith(OFFICE) and "telemetry" not in one["blocked"]]


def keep_picture(page: Page, folder: Path | None, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if folder is not None:
        page.screenshot(path=folder / f"{name}.png")


def serve_excel(context: BrowserContext) -> None:
    """Give the pane an Excel with a small workbook in the place of Microsoft's library."""
    folder = FOLDER / "node"
    script = (folder / "fake_excel.js").read_text().replace("../../../../xl_addin/officejs/bundle/", "/excel/bundle/")
    context.route("**/excel/fake_excel.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    context.route(
        f"{HOSTED}office.js",
        lambda route: route.fulfill(path=FOLDER / "excel.js", content_type="text/javascript"),
    )


def open_pane(context: BrowserContext, server: RunningServer) -> Page:
    """The task pane of somebody who is signed in, with its commands loaded."""
    sign_in(context, server)
    page = context.new_page()
    page.goto(f"{server.url}/excel/taskpane.html")
    page.locator(".command").first.wait_for()
    page.locator("#deal option", has_text="Demo 1").wait_for(state="attached")
    return page
