"""Hypothetical trades and rankings through the desk, on the recorded workbook (spec 05 §6, §11.2)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from db.store import Store
from engine.desk.desk import Desk
from engine.desk.records import FlowBasis, OptimiserRequest, RebalanceRequest
from engine.errors import InputError
from engine.modes import Mode
from engine.snapshot import WorkbookSnapshot
from engine.trading.trades import Grouping, Settlement, Side, Trade
from workbooks.legacy import read_workbook

LOAN_K = "BRSG2UJ71"


@pytest.fixture
def mag_desk(desk: Desk, reference: Path) -> Desk:
    """A desk that imported the recorded workbook."""
    desk.import_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")
    return desk


def _trade(side: Side, asset: str, par: float, price: float | None = None) -> Trade:
    return Trade(deal="mag17", blkrock_id=asset, side=side, par=par, price=price)


def test_the_worked_trade_of_the_specification(mag_desk: Desk) -> None:
    """Spec 05 §6: one million of loan K; in legacy mode to the digits given, and no run is stored."""
    outcome = mag_desk.try_trades([_trade(Side.BUY, LOAN_K, 1_000_000.0)], mode=Mode.LEGACY)

    (comparison,) = outcome.comparisons
    by_test = {change.definition.id: change for change in comparison.changes}
    assert comparison.objective_before == pytest.approx(109.338385, abs=1e-6)
    assert comparison.objective_after == pytest.approx(109.344709, abs=1e-6)
    assert by_test[7].after.value == pytest.approx(0.02936, abs=1e-6)
    assert by_test[32].after.value == pytest.approx(0.040364, abs=1e-6)
    assert by_test[32].after.threshold == pytest.approx(0.039413, abs=1e-6)
    assert by_test[36].after.value == pytest.approx(2577.81, abs=0.01)
    assert by_test[37].after.value == pytest.approx(59.415, abs=1e-3)
    bought = outcome.purchases["Mag 17"]
    assert bought is not None
    assert (bought.par, bought.rating_factor) == (1_000_000.0, 3490.0)
    assert outcome.sales["Mag 17"] is None
    assert mag_desk.runs() == ()


def test_cash_flows_before_and_after(mag_desk: Desk) -> None:
    """The deal is run with the positions and the cash that the trades leave: before as it is, after with less cash."""
    basis = FlowBasis(scenario="BASE", assumptions="illustrative")
    outcome = mag_desk.try_trades([_trade(Side.BUY, LOAN_K, 5_000_000.0)], flows=basis)
    stored = mag_desk.run_deal("MAG 17", assumptions="illustrative")

    (change,) = outcome.flows
    assert change.classes == stored.result.tranche_names
    np.testing.assert_array_equal(change.before, stored.result.risk)
    before, after = change.measure("yield_at_price")
    assert after[-1] > before[-1]
    assert np.abs(after[:-1] - before[:-1]).max() < 1e-3


def test_several_deals_in_one_list(mag_desk: Desk, reference: Path) -> None:
    """Two deals that hold the same loans: each is tested on its own trades only."""
    book = read_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx").snapshot
    assert book is not None
    deal = next(item for item in book.deals if item.name == "Mag 17")
    twin = replace(deal, name="Mag 18")
    mag_desk._store.save_snapshot(
        replace(book, deals=(deal, twin), source_file=replace(book.source_file, sha256="f" * 64))
    )

    sale = _trade(Side.SALE, "BRSHGTU58", 500_000.0)
    outcome = mag_desk.try_trades([sale, replace(_trade(Side.BUY, LOAN_K, 1e6), deal="MAG 18")])

    first, second = outcome.comparisons
    assert (first.deal, second.deal) == ("Mag 17", "Mag 18")
    assert first.after.holdings.cash > first.before.holdings.cash
    assert second.after.holdings.cash == pytest.approx(second.before.holdings.cash - 993_330.0)
    assert (first.before.value == second.before.value).all()


def test_each_trade_alone_and_one_after_the_other(mag_desk: Desk) -> None:
    """Individually from the same holdings; cumulatively the last comparison is the package."""
    trades = [_trade(Side.BUY, LOAN_K, 1e6), _trade(Side.SALE, "BRSHGTU58", 5e5)]

    alone = mag_desk.try_trades(trades, grouping=Grouping.INDIVIDUAL).comparisons
    growing = mag_desk.try_trades(trades, grouping=Grouping.CUMULATIVE).comparisons
    package = mag_desk.try_trades(trades).comparisons

    assert len(alone) == len(growing) == 2
    assert (growing[0].after.value == alone[0].after.value).all()
    assert (growing[1].after.value == package[0].after.value).all()


def test_a_ranking_is_the_effect_of_the_trade_itself(mag_desk: Desk) -> None:
    """The change that the best candidate promises is the change of the objective when it is tried."""
    best = mag_desk.rank_trades("MAG 17", side=Side.BUY, step=750_000.0, chosen="S&P Rating <= B", n_best=3)
    tried = mag_desk.try_trades([_trade(Side.BUY, best[0].asset.blkrock_id, 750_000.0)]).comparisons[0]

    assert [item.is_feasible for item in best] == [True] * 3
    assert best[0].change >= best[1].change >= best[2].change
    assert best[0].change == pytest.approx(tried.objective_difference, abs=1e-9)


def test_the_trades_of_the_control_panel(mag_desk: Desk, reference: Path) -> None:
    """Side, par, price and cell of each row of the workbook's own list."""
    found = mag_desk.workbook_trades("MAG 17")

    assert [trade.place for trade in found] == ["'Run Model'!J11", "'Run Model'!J12", "'Run Model'!J13"]
    assert {trade.deal for trade in found} == {"Mag 17"}
    with pytest.raises(InputError, match="CLO-4060: The workbook of Mag 9 holds no trades of it"):
        mag_desk.workbook_trades("Mag 9")


@pytest.mark.parametrize(
    ("trades", "said"),
    [
        ([], "CLO-1714"),
        ([_trade(Side.BUY, "NOPE", 1.0)], "CLO-1702 There is no asset NOPE"),
        ([_trade(Side.SALE, "BRSHGTU58", 9e9)], "CLO-1707 Mag 17 holds 1,500,000.00 of BRSHGTU58"),
        ([_trade(Side.BUY, LOAN_K, -5.0)], "CLO-1703"),
        ([_trade(Side.BUY, LOAN_K, 1e9)], "cash"),
    ],
)
def test_trades_that_cannot_be_made(mag_desk: Desk, trades: list[Trade], said: str) -> None:
    """A finding for each; nothing is stored."""
    with pytest.raises(InputError, match=said):
        mag_desk.try_trades(trades, settlement=Settlement())

    assert mag_desk.runs() == ()


def test_a_filter_that_leaves_nothing(mag_desk: Desk) -> None:
    """Says so instead of showing an empty ranking."""
    with pytest.raises(InputError, match="CLO-4062: No asset can be bought by Mag 17"):
        mag_desk.rank_trades("MAG 17", side=Side.BUY, step=1e6, chosen="Market Value < 1")


def test_amounts_that_nobody_states(desk: Desk, store: Store, demo_book: WorkbookSnapshot) -> None:
    """The optimiser and the rebalance say which amount is missing, and where it would stand."""
    store.save_snapshot(replace(demo_book, run_settings=()))

    with pytest.raises(InputError, match=r"CLO-4063: `sale_par` is needed.*'Run Model'!E8:E12"):
        desk.optimise(demo_book.deals[0].name, OptimiserRequest(buy_par=1e6, increment=0.0))
    with pytest.raises(InputError, match="CLO-4063: `trade_par_step` is needed"):
        desk.rebalance(demo_book.deals[0].name, RebalanceRequest(sale_par=0.0, buy_par=1e6))


def test_amounts_left_open_are_those_of_the_control_panel(mag_desk: Desk) -> None:
    """Spec 05 §2: 15 million to sell and 75 million to buy in steps of 750,000."""
    inputs = mag_desk.optimise("MAG 17", OptimiserRequest(gap=0.01)).proposal.inputs

    assert (inputs.sales.par, inputs.purchases.par, inputs.increment) == (15e6, 75e6, 750_000.0)
