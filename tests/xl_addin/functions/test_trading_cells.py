"""Trades in cells: what the desk says of the same trades, and the recorded ranking (spec 05 §6, §7; 06 §11.4)."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.desk.desk import Desk
from engine.modes import Mode
from engine.trading.trades import Grouping, Side, Trade
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.tables import column, numbers, records

DEAL = "Mag 17"
LOAN_K, HELD = "BRSG2UJ71", "BRSHGTU58"
HEADINGS = ["Deal", "Asset", "Transaction", "Par", "Price"]
PACKAGE = [
    HEADINGS,
    ["mag17", LOAN_K, "Buy", 1_000_000.0, ""],
    ["", "", "", "", ""],
    ["Mag 16", "ANY", "Sale", 1.0, 1.0],
    ["MAG 17", HELD, "sell", 500_000.0, 98.25],
]
TRADES = (
    Trade(deal=DEAL, blkrock_id=LOAN_K, side=Side.BUY, par=1_000_000.0),
    Trade(deal=DEAL, blkrock_id=HELD, side=Side.SALE, par=500_000.0, price=98.25),
)


def test_the_worked_trade_of_the_specification(cell: CallCell) -> None:
    """Spec 05 §6: one million of loan K moves the objective from 109.338385 to 109.344709, and the spread test."""
    table = cell("CLO_HYPO", DEAL, [[DEAL, LOAN_K, "Buy", 1_000_000.0]], None, None, "legacy")
    rows = records(table)
    by_test = {row["test_number"]: row for row in rows}

    assert rows[-1]["test_name"] == "Objective Function"
    assert rows[-1]["before"] == pytest.approx(109.338385, abs=1e-6)
    assert rows[-1]["after"] == pytest.approx(109.344709, abs=1e-6)
    assert by_test[32]["after"] == pytest.approx(0.040364, abs=1e-6)
    assert by_test[32]["threshold_after"] == pytest.approx(0.039413, abs=1e-6)
    assert by_test[36]["difference"] == pytest.approx(2.12, abs=0.01)


def test_a_package_is_what_the_desk_says(cell: CallCell, mag17_desk: Desk) -> None:
    """Headings, blank rows and trades of other deals left aside, every cell is that of `Desk.try_trades`."""
    table = cell("CLO_HYPO", DEAL, PACKAGE)
    (comparison,) = mag17_desk.try_trades(TRADES).comparisons

    assert table[0][0] == "test_number"
    assert column(table, "before")[:-1] == [change.before.value for change in comparison.changes]
    assert column(table, "after")[:-1] == [change.after.value for change in comparison.changes]
    assert column(table, "after")[-1] == comparison.objective_after
    assert column(table, "after_pass")[:-1] == [change.after.is_passed for change in comparison.changes]


def test_each_trade_alone_has_a_block(cell: CallCell, mag17_desk: Desk) -> None:
    """Without pool mode the first column names the trade, and each begins from the same holdings."""
    table = cell("CLO_HYPO", DEAL, PACKAGE, False)
    alone = mag17_desk.try_trades(TRADES, grouping=Grouping.INDIVIDUAL).comparisons

    assert table[0][:2] == ["trade", "test_number"]
    assert list(dict.fromkeys(column(table, "trade"))) == [comparison.title for comparison in alone]
    assert len(table) - 1 == 2 * (len(alone[0].changes) + 1)
    assert [row[7] for row in table if row[2] == "Objective Function"] == [one.objective_after for one in alone]


def test_fills_and_attributes(cell: CallCell, mag17_desk: Desk) -> None:
    """In the order of the range, prices in points; a side without trades has empty cells."""
    outcome = mag17_desk.try_trades(TRADES)
    fills = cell("CLO_HYPO_TRADES", DEAL, PACKAGE)
    attributes = cell("CLO_HYPO_ATTRIBUTES", DEAL, PACKAGE[:2])
    bought = outcome.purchases[DEAL]

    assert fills[0] == ["filled_par", "price", "proceeds", "reason"]
    assert fills[1:] == [
        [1_000_000.0, pytest.approx(99.333), pytest.approx(-993_330.0), ""],
        [500_000.0, pytest.approx(98.25), pytest.approx(491_250.0), ""],
    ]
    assert bought is not None
    assert attributes[0] == ["attribute", "purchases", "sales"]
    assert len(attributes) == 9
    assert attributes[1] == ["Par Amount", 1_000_000.0, ""]
    assert attributes[4] == ["Weighted Average Rating", 3490.0, ""]
    assert attributes[8] == ["Weighted Average Trade Price", pytest.approx(99.333), ""]
    assert attributes[3][1] == bought.spread_with_floor


def test_the_ranking_of_the_workbook_comes_back(cell: CallCell, reference: Path) -> None:
    """In legacy mode the score of every recorded asset that the file still holds, ranked from the highest."""
    recorded: dict[str, Any] = {
        row["BlackRock ID"]: row
        for row in json.loads((reference / "data" / "legacy" / "recorded_outputs.json").read_text())["rankings"]["rows"]
    }
    table = cell("CLO_RANKINGS", DEAL, "buy", 750_000.0, None, None, None, None, None, "legacy")
    found = [row for row in records(table) if row["blkrock_id"] in recorded]

    assert found
    for row in found:
        saved = recorded[row["blkrock_id"]]
        assert row["score"] == pytest.approx(saved["Objective Function"], abs=1e-13)
        assert (row["par"], row["coupon"], row["spread"], row["wal"], row["mdy_recovery_rate"]) == (
            saved["Par"],
            saved["Coupon"],
            saved["WAS"],
            saved["WAL"],
            saved["Moody's Recovery Rate"],
        )
        assert row["market_value"] == pytest.approx(100.0 * saved["Market Value"])
    assert column(table, "score") == sorted(column(table, "score"), reverse=True)


def test_the_best_trade_does_what_the_ranking_promises(cell: CallCell) -> None:
    """Its change of the objective is that of CLO_HYPO; a size above max_par is stopped by the binding test."""
    table = cell("CLO_RANKINGS", DEAL, "buy", 1_000_000.0, "S&P Rating <= B", True, None, 5)
    best = records(table)[0]
    tried = records(cell("CLO_HYPO", DEAL, [[DEAL, best["blkrock_id"], "Buy", 1_000_000.0]]))[-1]

    assert len(table) == 6
    assert best["delta_objective"] == pytest.approx(tried["difference"], abs=1e-9)
    assert best["objective_function"] == pytest.approx(tried["after"], abs=1e-9)
    assert (numbers(table, "max_par") >= 0.0).all()
    assert best["binding_test"].split()[0] in ("test", "cash", "position")


def test_the_ranking_agrees_with_the_desk(cell: CallCell, mag17_desk: Desk) -> None:
    """Same trades in the same order as `Desk.rank_trades`, whatever the weights of the cell leave out."""
    table = cell("CLO_RANKINGS", DEAL, "sale", 500_000.0, None, None, None, 10)
    ranked = mag17_desk.rank_trades(DEAL, side=Side.SALE, step=500_000.0, n_best=10, mode=Mode.STANDARD)
    weighted = cell("CLO_RANKINGS", DEAL, "sale", 500_000.0, None, None, [[36, 1.0]], 10)

    assert column(table, "blkrock_id") == [one.asset.blkrock_id for one in ranked]
    assert column(table, "delta_objective") == [one.change for one in ranked]
    assert column(weighted, "blkrock_id") != column(table, "blkrock_id")


def test_stored_filters_and_empty_rankings(cell: CallCell) -> None:
    """@sale is the filter of the control panel; a filter that leaves nothing gives the headings alone."""
    nothing = cell("CLO_RANKINGS", DEAL, "buy", 1e6, "Market Value < 1")

    assert len(cell("CLO_RANKINGS", DEAL, "sale", 1e6, "@sale")) >= 1
    assert len(nothing) == 1
    assert nothing[0][:5] == ["score", "delta_objective", "max_par", "binding_test", "objective_function"]
    assert (
        cell("CLO_RANKINGS", DEAL, "buy", 1e6, "Market Value < 1", None, None, None, None, None, False)["e"] == "#N/A"
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("CLO_HYPO", DEAL, [[DEAL, LOAN_K, "Buyy", 1.0]]), "CLO-4087: 'Buyy' is neither Buy nor Sale, at row 1"),
        (("CLO_HYPO", DEAL, [HEADINGS, [DEAL, LOAN_K, "Buy", "many", ""]]), "The par 'many' is not a number"),
        (("CLO_HYPO", DEAL, [["Mag 16", LOAN_K, "Buy", 1.0]]), "CLO-4086"),
        (("CLO_HYPO", DEAL, [["Mag 16", LOAN_K, "Buy", 1.0]]), "It holds no trade of Mag 17; 1 are of other deals"),
        (("CLO_HYPO", DEAL, [[DEAL, LOAN_K]]), "CLO-4086: The range of trades cannot be used: It has 2 columns"),
        (("CLO_HYPO", DEAL, ""), "CLO-4086"),
        (("CLO_HYPO", DEAL, [[DEAL, "NOPE", "Buy", 1.0]]), "CLO-1702 There is no asset NOPE"),
        (("CLO_HYPO_TRADES", DEAL, [[DEAL, HELD, "Sale", 9e9]]), "CLO-1707 Mag 17 holds"),
        (("CLO_HYPO", DEAL, [[DEAL, LOAN_K, "Buy", {"e": "#N/A"}]]), "Row 1, column 4 of the range holds #N/A"),
        (("CLO_RANKINGS", DEAL, "buy", 0.0), "CLO-1715"),
        (("CLO_RANKINGS", DEAL, "hold", 1e6), "Choose buy, sale"),
        (("CLO_RANKINGS", DEAL, "buy", 1e6, "Colour = red"), "CLO-1182"),
    ],
)
def test_trades_that_cannot_be_made(cell: CallCell, call: tuple[object, ...], said: str) -> None:
    """#VALUE! with the row and what to do."""
    answer = cell(*call)

    assert answer["e"] == "#VALUE!"
    assert said in answer["m"]
