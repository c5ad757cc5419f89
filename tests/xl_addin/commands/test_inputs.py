"""Inputs of commands: what is missing or wrong is named by cell, table and row, and nothing is stored."""

from typing import Any

import pytest

from engine.desk.desk import Desk
from engine.errors import ClodeskError
from tests.xl_addin.commands.conftest import RunCommand
from workbooks.demo import DEAL_NAME
from xl_addin.commands.declare import Command, Inputs, commands
from xl_addin.commands.inputs import filter_text, trades, weights
from xl_addin.registry.context import CallContext

DEAL_COMMANDS = [one for one in commands() if "clo_deal" in one.reads and one.id != "clo_validate"]
GOOD = [DEAL_NAME, "DMORKTBCX", "Buy", 1000.0, None, ""]


@pytest.mark.parametrize("made", DEAL_COMMANDS, ids=lambda made: made.id)
def test_a_missing_deal_names_the_cell_to_fill(made: Command, demo: Desk) -> None:
    """Every command of a deal says where to enter it."""
    with pytest.raises(ClodeskError) as caught:
        made.run(Inputs(cells={"clo_deal": " "}), CallContext(lambda: demo), lambda _text, _done: None)

    assert (caught.value.number, caught.value.where) == ("CLO-2201", "cell clo_deal")
    assert "Select deal" in caught.value.remedy


@pytest.mark.parametrize("made", DEAL_COMMANDS, ids=lambda made: made.id)
def test_an_unknown_deal_is_refused(made: Command, demo: Desk) -> None:
    """The message comes from the database and has the place of the cell."""
    with pytest.raises(ClodeskError) as caught:
        made.run(Inputs(cells={"clo_deal": "Mag 99"}), CallContext(lambda: demo), lambda _text, _done: None)

    assert caught.value.number == "CLO-3013"
    assert "clo_deal" in caught.value.where


@pytest.mark.parametrize(
    ("cells", "number", "where"),
    [
        ({"clo_asof": "31/03/2016"}, "CLO-2109", "cell clo_asof"),
        ({"clo_asof": {"e": "#REF!", "m": ""}}, "CLO-2100", "cell clo_asof"),
        ({"clo_mode": "modern"}, "CLO-2110", "cell clo_mode"),
        ({"clo_rank_side": "Hold"}, "CLO-2110", "cell clo_rank_side"),
        ({"clo_rank_par": -5.0}, "CLO-2202", "cell clo_rank_par"),
        ({"clo_rank_par": ""}, "CLO-2207", "cell clo_rank_par"),
        ({"clo_rank_par": "viel"}, "CLO-2104", "cell clo_rank_par"),
        ({"clo_include_held": "perhaps"}, "CLO-2107", "cell clo_include_held"),
    ],
)
def test_a_wrong_cell_is_named(run: RunCommand, cells: dict[str, Any], number: str, where: str) -> None:
    """Each mistake on the Control sheet has its number and its cell."""
    with pytest.raises(ClodeskError) as caught:
        run("clo_run_rankings", cells={"clo_rank_par": 500_000.0, **cells})

    assert (caught.value.number, caught.value.where) == (number, where)


@pytest.mark.parametrize(
    ("row", "number", "text"),
    [
        ([DEAL_NAME, "", "Buy", 1000.0, None, ""], "CLO-2204", "no usable asset"),
        ([DEAL_NAME, "DMORKTBCX", "Short", 1000.0, None, ""], "CLO-2204", "no usable transaction"),
        ([DEAL_NAME, "DMORKTBCX", "Buy", -1.0, None, ""], "CLO-2204", "no usable par"),
        ([DEAL_NAME, "DMORKTBCX", "Buy", "1.000,00", None, ""], "CLO-2104", "is not a number"),
        ([DEAL_NAME, {"e": "#N/A", "m": ""}, "Buy", 1000.0, None, ""], "CLO-2100", "#N/A"),
    ],
)
def test_a_wrong_trade_names_its_row(run: RunCommand, row: list[Any], number: str, text: str) -> None:
    """The row is counted as the user sees it in the table."""
    with pytest.raises(ClodeskError, match=text) as caught:
        run("clo_run_hypo", tables={"tbl_trades": [GOOD, ["", "", "", "", "", ""], row]})

    assert caught.value.number == number
    assert caught.value.where.startswith("tbl_trades, row 3")


@pytest.mark.parametrize("rows", [[], [["", "", "", "", "", ""]], [["Mag 9", "X", "Buy", 5.0, None, ""]]])
def test_no_trade_of_the_deal_is_a_mistake(run: RunCommand, rows: list[Any]) -> None:
    """An empty table, a blank row or trades of another deal are not a run without trades."""
    with pytest.raises(ClodeskError, match=r"CLO-2203.*tbl_trades"):
        run("clo_run_hypo", tables={"tbl_trades": rows})


def test_trades_of_other_deals_are_skipped() -> None:
    """The deal is found in any spelling, a blank price is the market value."""
    found = trades(Inputs(tables={"tbl_trades": [GOOD, ["demo1 ", "B", "SELL", 5, 99.5]]}), DEAL_NAME)

    assert [(one.blkrock_id, one.side.value, one.par, one.price) for one in found] == [
        ("DMORKTBCX", "buy", 1000.0, None),
        ("B", "sale", 5.0, 99.5),
    ]


def test_a_filter_table_becomes_text() -> None:
    """Blank rows are skipped, the other rows joined."""
    from engine.modes import Mode

    rows = [["", "", "S&P Rating", "<=", "B", ""], [None] * 6, ["AND", "", "WAL", "<", 5.0, ""]]

    assert filter_text(Inputs(tables={"tbl_buy_filter": rows}), "tbl_buy_filter", Mode.STANDARD) == (
        "S&P Rating <= B AND WAL < 5"
    )


def test_a_wrong_filter_row_is_named(run: RunCommand) -> None:
    """An unknown field says in which row of which table it stands."""
    rows = [["", "", "S&P Rating", "<=", "B", ""], ["AND", "", "Colour", "=", "red", ""]]
    with pytest.raises(ClodeskError) as caught:
        run("clo_run_rankings", cells={"clo_rank_par": 5e5}, tables={"tbl_buy_filter": rows})

    assert "tbl_buy_filter, row 2" in caught.value.where
    assert "Colour" in str(caught.value)


def test_weights_without_number_or_weight_are_skipped() -> None:
    """A weight of 0 is a weight, a blank one is none."""
    rows = [[32, "Spread", 0.04, 0.5], [33, "Recovery", 0.4, 0.0], [35, "Life", 4.6, ""], ["", "", "", ""]]

    assert weights(Inputs(tables={"tbl_weights": rows})) == [[32.0, 0.5], [33.0, 0.0]]
    assert weights(Inputs()) is None
