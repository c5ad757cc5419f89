"""Commands on the imported MAG 17: what an analyst sees first, against the recorded portfolio."""

from typing import Any

import pytest
from openpyxl import Workbook

from engine.desk.desk import Desk
from tests.xl_addin.commands.conftest import RunCommand, applied, charts_on, table_on

MAG_17 = {"clo_deal": "mag17", "clo_rank_par": 750_000.0, "clo_assumptions": "illustrative"}
RECORDED_PAR = 431157604.91528994


@pytest.fixture
def on_mag17(run: RunCommand, mag17_desk: Desk, book: Workbook) -> RunCommand:
    """Runs a command on MAG 17 and applies its patch; only commands that store nothing."""

    def call(command_id: str, **given: Any) -> Any:
        return applied(run(command_id, desk=mag17_desk, cells=MAG_17, **given), book)

    return call


def test_the_portfolio_is_the_recorded_one(on_mag17: RunCommand, book: Workbook) -> None:
    """195 positions, their par as recorded to the last digit."""
    on_mag17("clo_view_deal_assets")
    rows = table_on(book, "Deal Assets-Mag 17", "Assets")

    assert len(rows) == 195
    assert sum(row["Par"] for row in rows) == RECORDED_PAR
    assert charts_on(book, "Deal Assets-Mag 17") == ["Par by Moody's rating"]


def test_a_trade_is_tried(on_mag17: RunCommand, book: Workbook) -> None:
    """37 tests and the objective, before and after."""
    on_mag17("clo_run_hypo", tables={"tbl_trades": [["Mag 17", "BRSRB2YE7", "Sale", 500_000.0, "", ""]]})

    assert len(table_on(book, "HYPO-Mag 17", "Tests before and after")) == 38
    assert table_on(book, "HYPO-Mag 17", "Trades")[0]["Filled par"] == 500_000.0


def test_trades_are_ranked(on_mag17: RunCommand, book: Workbook) -> None:
    """The best purchase has the largest effect on the objective."""
    on_mag17("clo_run_rankings", answers={"top_n": 25})
    changes = [row["Delta objective"] for row in table_on(book, "Rankings-Mag 17", "Ranking")]

    assert len(changes) == 25
    assert changes[0] == max(changes)


def test_spreads_are_solved(on_mag17: RunCommand, book: Workbook) -> None:
    """Every priced asset that is not in default has a row."""
    told = on_mag17("clo_run_spreads")

    assert told[0].text == "194 assets of Mag 17."
    assert len(table_on(book, "Collat Spreads-Mag 17", "Spreads")) == 194
