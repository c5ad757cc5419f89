"""Runs and the state of the add-in in cells (spec 06 §11.5, 08 §3.5)."""

from datetime import date, timedelta
from typing import Any

import pytest

from engine.desk.desk import Desk
from engine.errors import BackendError
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.conftest import RATES_UP
from tests.xl_addin.functions.tables import column, records
from workbooks.demo import DEAL_NAME
from xl_addin.registry.catalogue import fingerprint
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Call, Dispatcher
from xl_addin.registry.memory import ResultMemory

_EPOCH = date(1899, 12, 30)


def test_runs_are_listed_newest_first(demo: CallCell, ran_desk: Desk) -> None:
    """Every kind, with the deal as people spell it, times that order them, and how each went."""
    table = demo("CLO_RUNS")
    rows = records(table)

    assert table[0] == [
        "run_id",
        "kind",
        "deal",
        "as_of",
        "scenario",
        "mode",
        "seed",
        "simulations",
        "status",
        "progress",
        "started",
        "ended",
        "user",
    ]
    assert [(row["kind"], row["scenario"], row["mode"]) for row in rows] == [
        ("deal", RATES_UP, "standard"),
        ("deal", "STRESS", "standard"),
        ("deal", "BASE", "legacy"),
        ("deal", "BASE", "standard"),
        ("compliance", "", "standard"),
        ("rating_migration", "BASE", "legacy"),
        ("simulation", "BASE", "standard"),
        ("rating_migration", "BASE", "standard"),
    ]
    assert [(row["seed"], row["simulations"]) for row in rows] == [("", "")] * 5 + [(12, 9), (7, 96), (12, 96)]
    assert {(row["deal"], row["status"], row["progress"]) for row in rows} == {(DEAL_NAME, "done", 1.0)}
    assert all(row["started"]["d"] <= row["ended"]["d"] for row in rows)
    assert rows[0]["started"]["f"] == "yyyy-mm-dd hh:mm:ss"
    started = ran_desk.runs(DEAL_NAME)[0].started_at
    assert _EPOCH + timedelta(days=int(rows[0]["started"]["d"])) == started.date()


def test_kind_number_and_deal_choose_runs(demo: CallCell) -> None:
    """A kind, the newest so many, a deal that is known."""
    assert column(demo("CLO_RUNS", "demo1", "compliance"), "kind") == ["compliance"]
    assert len(demo("CLO_RUNS", None, None, 2)) == 3
    assert demo("CLO_RUNS", "Demo 2")["e"] == "#N/A"
    assert demo("CLO_RUNS", None, "dreams")["e"] == "#VALUE!"


def test_the_tables_of_a_run_are_those_of_the_functions(demo: CallCell) -> None:
    """By its number a run shows what the functions show of the last run of its scenario."""
    by_kind = {(row["kind"], row["scenario"], row["mode"]): row["run_id"] for row in records(demo("CLO_RUNS"))}
    stress, tested = by_kind["deal", "STRESS", "standard"], by_kind["compliance", "", "standard"]
    args = (None, "STRESS")

    assert demo("CLO_RUN_STATUS", stress) == "done"
    assert demo("CLO_RUN_RESULT", stress, "tranches") == demo("CLO_TRANCHE_METRICS", DEAL_NAME, *args)
    assert demo("CLO_RUN_RESULT", str(stress), "triggers") == demo("CLO_TRIGGERS", DEAL_NAME, None, None, *args)
    assert demo("CLO_RUN_RESULT", stress, "waterfall", "demo 1") == demo("CLO_WATERFALL", DEAL_NAME, None, *args)
    assert demo("CLO_RUN_RESULT", stress, "steps") == demo("CLO_WATERFALL", DEAL_NAME, "steps", *args)
    assert demo("CLO_RUN_RESULT", stress, "collateral") == demo("CLO_COLLATERAL_CASHFLOW", DEAL_NAME, "total", *args)
    assert demo("CLO_RUN_RESULT", stress, "incentive_fee") == demo("CLO_INCENTIVE_FEE", DEAL_NAME, *args)
    assert demo("CLO_RUN_RESULT", tested, "tests") == demo("CLO_COMPLIANCE", DEAL_NAME)


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (("CLO_RUN_STATUS", 987654), "#N/A", "CLO-3015: There is no run 987654"),
        (("CLO_RUN_STATUS", "job-7f"), "#N/A", "CLO-2185: job-7f is a job"),
        (("CLO_RUN_STATUS", "seven"), "#VALUE!", "CLO-2186: 'seven' is no number of a run"),
        (("CLO_RUN_RESULT", 1, "everything"), "#VALUE!", "Choose tranches, triggers"),
    ],
)
def test_runs_that_are_not_there(demo: CallCell, call: tuple[object, ...], code: str, said: str) -> None:
    """The cell error of the situation, with a number and what to do."""
    answer = demo(*call)

    assert answer["e"] == code
    assert said in answer["m"]


def test_a_part_of_another_kind_of_run(demo: CallCell) -> None:
    """A compliance run has no classes, a deal run no purchases."""
    rows = records(demo("CLO_RUNS"))
    deal_run, tested = rows[0]["run_id"], rows[4]["run_id"]

    assert "CLO-2188" in demo("CLO_RUN_RESULT", tested, "tranches")["m"]
    assert "is a deal run and has no purchases" in demo("CLO_RUN_RESULT", deal_run, "purchases")["m"]


def _answers(ctx: CallContext, *calls: Call) -> list[Any]:
    dispatcher = Dispatcher(ResultMemory())
    return [dispatcher.call(call.name, call.arguments, ctx, call.cell) for call in calls]


def test_the_error_of_a_cell_can_be_asked_for() -> None:
    """Of a cell, or the newest of the workbook; a cell that is well again has none, another workbook knows nothing."""
    ctx = CallContext(lambda: pytest.fail("no database is needed"), workbook="book.xlsx")
    wrong = Call("CLO_YEAR_FRACTION", ["today", 42542], "Tests!B7")
    right = Call("CLO_YEAR_FRACTION", [42452, 42542], "Tests!$B$7")

    _, of_cell, newest = _answers(ctx, wrong, Call("CLO_ERROR", ["Tests!$B$7"]), Call("CLO_ERROR", []))
    _, healed, nothing = _answers(ctx, right, Call("CLO_ERROR", ["Tests!B7"]), Call("CLO_ERROR", []))

    assert of_cell["v"].startswith("CLO-2109: 'today' is not a date")
    assert newest["v"] == f"TESTS!B7: {of_cell['v']}"
    assert healed == nothing == {"v": ""}


def test_versions_tell_an_old_add_in_from_a_new_one(ran_desk: Desk) -> None:
    """Five components; add-in and catalogue show the same digits where the add-in fits."""
    ctx = CallContext(lambda: ran_desk, client_fingerprint=fingerprint())
    table = _answers(ctx, Call("CLO_VERSION", []))[0]["v"]
    by_name = {row["component"]: row["version"] for row in records(table)}

    assert list(by_name) == ["add-in", "server", "engine", "catalogue", "data"]
    assert by_name["add-in"] == by_name["catalogue"] == fingerprint()[:12]
    assert by_name["engine"].startswith(by_name["server"] + "+")


def test_a_database_out_of_reach_says_so() -> None:
    """CLO_PING is #N/A with the reason and never kept; CLO_VERSION shows all but the data."""

    def gone() -> Desk:
        raise BackendError("CLO-3001", "The database does not answer", remedy="Start it.")

    ctx = CallContext(gone)
    ping, versions = _answers(ctx, Call("CLO_PING", []), Call("CLO_VERSION", []))

    assert ping["e"] == "#N/A"
    assert "The database does not answer" in ping["m"]
    assert [row[0] for row in versions["v"]] == ["component", "add-in", "server", "engine", "catalogue", "data"]
    assert versions["v"][-1][1]["e"] == "#N/A"


def test_ping(demo: CallCell) -> None:
    """A database that answers."""
    assert demo("CLO_PING") == "ok"
