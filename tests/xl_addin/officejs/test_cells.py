"""L6, cells: the real runtime of custom functions in Chromium calls a real server."""

import os
import signal
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.xl_addin.officejs.browser import CALL, call, open_cells, our_violations, sign_in, wait_until, watch_batches
from tests.xl_addin.officejs.conftest import Servers
from tests.xl_addin.running_server import RunningServer
from tests.xl_addin.value_table import CASES, Case
from workbooks.demo import DEAL_NAME
from xl_addin.registry.catalogue import by_name

pytestmark = pytest.mark.l6
# Follows the status of a run as Excel does, until its first value comes.
_FOLLOW = """
(run) => new Promise((resolve) => {
  setTimeout(resolve, 8000, ["", "no value came"]);
  const setResult = (value) => { invocation.onCanceled(); resolve([value.code, value.message]); };
  const invocation = { setResult };
  CustomFunctions._association.mappings.CLO_RUN_STATUS([[run]], invocation);
})
"""


def _days(n: int, first: int = 0) -> list[tuple[str, list[Any], str]]:
    """Calls of a function of dates, each with another answer: first + 1, first + 2, ..."""
    return [("CLO_DAYS", [[[42_000]], [[42_001 + first + i]]], f"Sheet1!A{i + 1}") for i in range(n)]


def test_a_thousand_cells_are_two_requests_at_most(cells: Page) -> None:
    """A sheet that calculates asks the server in batches."""
    batches = watch_batches(cells)

    answers = call(cells, _days(1_000))

    assert [answer["v"] for answer in answers] == [[[i + 1]] for i in range(1_000)]
    assert len(batches) <= 2
    assert sum(batches) == 1_000


def test_what_is_known_survives_a_reload_and_is_asked_for_once(cells: Page) -> None:
    """Opening a workbook again sends one call that tells whether the data are the same."""
    calls = [("CLO_ACCOUNTS", [[[DEAL_NAME]]], "S!A1"), ("CLO_TRANCHES", [[[DEAL_NAME]]], "S!A9")]
    before = call(cells, calls)
    cells.wait_for_timeout(600)
    cells.reload()
    wait_until(cells, "Object.keys(CustomFunctions._association.mappings).length > 50")
    batches = watch_batches(cells)

    assert call(cells, calls) == before
    assert batches == [1]


def _given(case: Case) -> list[Any]:
    """The arguments of a case as Excel hands them over: ranges, error cells and dates as its data types."""
    parameters = by_name()[case.name].parameters
    return [
        raw if raw is None or parameters[min(at, len(parameters) - 1)].kind.choices else _matrix(raw)
        for at, raw in enumerate(case.arguments)
    ]


def _matrix(raw: Any) -> list[list[Any]]:
    rows = raw if isinstance(raw, list) else [[raw]]
    return [[_cell(cell) for cell in (row if isinstance(row, list) else [row])] for row in rows]


def _cell(raw: Any) -> Any:
    if isinstance(raw, dict) and "e" in raw:
        return {"type": "Error", "basicValue": raw["e"], "errorType": "Any"}
    if isinstance(raw, dict):
        return {"type": "FormattedNumber", "basicValue": raw["d"], "numberFormat": "yyyy-mm-dd"}
    return raw


def _as_cells(value: Any) -> list[list[Any]]:
    rows = value if isinstance(value, list) else [[value]]
    return [[cell["d"] if isinstance(cell, dict) and "d" in cell else cell for cell in row] for row in rows]


def test_the_value_table_holds_in_excels_own_types(cells: Page) -> None:
    """The values and errors that every face gives, with the text where Excel shows one."""
    assert len(CASES) >= 60
    answers = call(cells, [(case.name, _given(case), f"T!A{at + 1}") for at, case in enumerate(CASES)])

    wrong = []
    for case, got in zip(CASES, answers, strict=True):
        if "v" in case.answer:
            is_good = got.get("v") == _as_cells(case.answer["v"])
        else:
            shows_text = case.answer["e"] in ("#VALUE!", "#N/A")
            is_good = got.get("e") == case.answer["e"] and (not shows_text or case.answer["m"] in got["m"])
        if not is_good:
            wrong.append((case.id, case.answer, got))
    assert not wrong


def test_cells_outlive_the_death_of_their_server(context: BrowserContext, servers: Servers) -> None:
    """Killed in mid-recalculation every cell gets a value or a text; when the server is back, they calculate again."""
    first = servers.living()
    sign_in(context, first)
    page = open_cells(context, first)
    assert call(page, _days(3))[2] == {"v": [[3]]}
    page.evaluate(f"(calls) => {{ globalThis.underway = ({CALL})(calls); }}", _days(3_500, first=100))
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    answers: list[dict[str, Any]] = page.evaluate("underway")

    failed = [answer for answer in answers if "e" in answer]
    assert failed
    assert {answer["e"] for answer in failed} == {"#N/A"}
    assert all(answer["m"].startswith("CLO-3000: ") for answer in failed)
    assert all(answer["v"] == [[101 + at]] for at, answer in enumerate(answers) if "v" in answer)

    second = servers.living()
    assert second.url == first.url
    sign_in(context, second)
    assert [answer["v"] for answer in call(page, _days(1_500, first=100))] == [[[101 + i]] for i in range(1_500)]


def test_without_a_session_a_cell_says_where_to_sign_in(context: BrowserContext, server: RunningServer) -> None:
    """A page that nobody signs in on shows #VALUE! with CLO-2300, and does not go on asking."""
    page = open_cells(context, server)
    batches = watch_batches(page)

    answers = call(page, _days(2))

    assert {answer["e"] for answer in answers} == {"#VALUE!"}
    assert all(answer["m"].startswith("CLO-2300: You are not signed in.") for answer in answers)
    assert batches == [2]


def test_an_error_can_be_read_by_the_address_of_any_cell_that_shows_it(cells: Page) -> None:
    """Equal calls go out once, under one address; CLO_ERROR knows the others too."""
    call(cells, [("CLO_DEAL_PAR", [[["Mag 99"]]], address) for address in ("S!B1", "S!B2")])
    text = cells.evaluate(
        "CustomFunctions._association.mappings.CLO_ERROR([[0]], { address: 'S!C1', parameterAddresses: ['S!B2'] })"
    )

    assert text[0][0].startswith("CLO-3013: Deal Mag 99 is not in the database")


def test_a_status_cell_follows_until_it_is_cancelled(cells: Page) -> None:
    """A streaming function gives its value by itself; an unknown run is an error in the cell."""
    got = cells.evaluate(_FOLLOW, 987_654)

    assert got[0] == "#N/A"
    assert got[1].startswith("CLO-")


def test_cells_breach_no_security_policy(cells: Page) -> None:
    """Functions run under the policy of the pane without inline script, eval or foreign addresses."""
    call(cells, _days(5))

    assert our_violations(cells) == []
