"""`clodesk trade` and `clodesk rank` as an analyst types them."""

from pathlib import Path

import openpyxl
import pytest

from tests.xl_addin.command_line.conftest import Clodesk


@pytest.fixture
def imported(clodesk: Clodesk, reference: Path) -> Clodesk:
    """The recorded workbook is in the database."""
    assert clodesk("import", reference / "data" / "legacy" / "legacy_workbook.xlsx").code == 0
    return clodesk


def test_a_trade_from_the_command_line_to_a_ticket_a_workbook_and_back(imported: Clodesk, here: Path) -> None:
    """Par with its unit, price after @; the ticket read again gives the same answer; the workbook holds the figures."""
    trade = ("trade", "MAG 17", "--buy", "BRSG2UJ71=1.5m@99.333", "--sell", "BRSHGTU58=500k")
    first = imported(*trade, "--export", "t.csv", "--report", "t.xlsx", "--json")
    again = imported("trade", "MAG 17", "--ticket", "t.csv", "--json")

    assert (first.code, again.code) == (0, 0)
    assert first.json == again.json
    (comparison,) = first.json["comparisons"]
    assert [(fill["side"], fill["par"]) for fill in comparison["fills"]] == [("buy", 1.5e6), ("sale", 5e5)]
    assert comparison["fills"][0]["proceeds"] == pytest.approx(-1.5e6 * 0.99333)
    sheet = openpyxl.load_workbook(here / "t.xlsx").worksheets[0]
    rows = {row[1]: row for row in sheet.iter_rows(values_only=True) if row[0] == 7}
    test_7 = next(item for item in comparison["tests"] if item["test_id"] == 7)
    (row,) = rows.values()
    assert row[3:5] == pytest.approx((100 * test_7["before"]["value"], 100 * test_7["after"]["value"]))


def test_the_table_says_what_changes(imported: Clodesk) -> None:
    """Tests before and after, the objective, and classes where the deal is run too."""
    said = imported("trade", "MAG 17", "--buy", "BRSG2UJ71=1m", "--flows", "BASE", "--assumptions", "illustrative")

    assert said.code == 0
    assert "+0.2000%" in said.out
    assert "cash flows in scenario BASE" in said.out
    assert "Sub Notes" in said.out


def test_a_ranking_with_a_filter(imported: Clodesk) -> None:
    """Sales under a filter, as many as asked for."""
    said = imported("rank", "MAG 17", "--side", "sale", "--filter", "Market Value < 95", "--limit", "4", "--json")

    assert said.code == 0
    assert len(said.json) == 4
    assert {item["side"] for item in said.json} == {"sale"}
    assert all(item["price"] < 95 for item in said.json)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("trade", "MAG 17", "--buy", "BRSG2UJ71"), "CLO-4064: 'BRSG2UJ71' is no trade"),
        (("trade", "MAG 17"), "CLO-1714: There are no trades"),
        (("trade", "MAG 17", "--buy", "X=1"), "--buy X=1"),
        (("trade", "MAG 17", "--ticket", "missing.csv"), "CLO-2070"),
        (("rank", "MAG 17", "--filter", "S&P Ratng < B"), "Did you mean S&P Rating"),
        (("rank", "MAG 17", "--step", "-5"), "CLO-4065"),
        (("rank", "MAG 17", "--step", "0"), "CLO-1715"),
    ],
)
def test_bad_input_is_told(imported: Clodesk, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 1, the remark on stderr, nothing on stdout."""
    found = imported(*arguments)

    assert found.code == 1
    assert said in found.err
    assert found.out == ""


def test_the_optimiser_proposes_trades_that_keep_every_limit(imported: Clodesk, here: Path) -> None:
    """Its ticket, tried as hypothetical trades, has the objective it promised and breaks no limit."""
    options = ("--buy-par", "30m", "--sell-par", "5m", "--increment", "250k", "--export", "t.csv", "--json")
    found = imported("optimise", "MAG 17", *options)
    tried = imported("trade", "MAG 17", "--ticket", "t.csv", "--together", "--json")

    assert (found.code, tried.code) == (0, 0)
    assert found.json["status"] in ("optimal", "feasible")
    assert found.json["bound"] >= found.json["objective_after"] > found.json["objective_before"]
    assert sum(trade["par"] for trade in found.json["trades"] if trade["side"] == "buy") <= 30e6
    (comparison,) = tried.json["comparisons"]
    assert comparison["objective_after"] == pytest.approx(found.json["objective_after"], abs=1e-9)
    assert all(item["after"]["is_passed"] for item in comparison["tests"])


def test_an_optimisation_without_room_says_which_limits_conflict(imported: Clodesk) -> None:
    """Exit code 1 and the smallest set of limits, in words."""
    found = imported(
        "optimise",
        "MAG 17",
        "--buy-par",
        "75m",
        "--sell-par",
        "0",
        "--increment",
        "0",
        "--exact",
        "--cash-floor",
        "60m",
    )

    assert found.code == 1
    assert "infeasible" in found.out
    assert "cash" in found.out.lower()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--buy-par", "much"), "CLO-4065: 'much' is no amount"),
        (("--buy-par", "1m", "--sell-par", "0", "--keep", "NOPE"), "CLO-1751"),
        (("--buy-par", "1m", "--sell-par", "0", "--gap", "2"), "CLO-1757"),
        (("--buy-filter", "WAL <"), "CLO-118"),
    ],
)
def test_the_optimiser_refuses_bad_input(imported: Clodesk, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 1 and what to do."""
    found = imported("optimise", "MAG 17", *arguments)

    assert found.code == 1
    assert said in found.err


def test_the_legacy_rebalance_is_there_to_reconcile_with(imported: Clodesk) -> None:
    """Spec 05 T4: its objective, the purchases it refuses, and limits it breaks and calls passed; standard: none."""
    order = ("rebalance", "MAG 17", "--buy-par", "75m", "--sell-par", "15m", "--step", "750k", "--json")
    legacy, standard = imported(*order), imported(*order, "--mode", "standard")

    assert (legacy.code, standard.code) == (0, 0)
    (done,) = legacy.json["comparisons"]
    after = {item["test_id"]: item["after"] for item in done["tests"]}
    assert done["objective_after"] == pytest.approx(110.49833385, abs=1e-8)
    assert legacy.json["n_refused"] == 88
    assert [round(after[test]["value"], 5) for test in (1, 2, 7)] == [0.89561, 0.10439, 0.10340]
    assert all(after[test]["is_passed"] for test in (1, 2, 7))
    (kept,) = standard.json["comparisons"]
    assert not any(item["is_broken"] for item in kept["tests"] if item["test_id"] in (1, 2, 7))
