"""Settling trades: cash, positions, what is trimmed in legacy mode and refused in standard mode."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compliance.evaluation import evaluate
from engine.errors import InputError
from engine.modes import Mode, Quirk, Quirks
from engine.trading.faults import TradesError
from engine.trading.settlement import apply, check_trades
from engine.trading.trades import (
    Grouping,
    Settlement,
    Side,
    Trade,
    TradedDeal,
    cross_trade,
    on_each_deal,
    reversed_trade,
)
from tests.compliance.made_portfolios import made
from tests.trading.made_deals import buy, loan, sell, small_deal

LEGACY = Mode.LEGACY.quirks


def settled(deal: TradedDeal, *trades: Trade) -> tuple[dict[str, float], float]:
    """Positions and cash after some trades."""
    after, _ = apply(deal.plan.portfolio, deal.holdings, trades, deal.settlement)
    held = {name: float(par) for name, par in zip(deal.plan.portfolio.ids, after.par, strict=True) if par}
    return held, after.cash


def test_sale_pays_for_purchase_and_the_pool_stays_as_it_was() -> None:
    """T8: from no cash, [sell A 10, buy B 10] leaves {B 10}; nothing is undone, nothing was changed."""
    deal = small_deal([loan("A"), loan("B")], {"A": 10.0}, 0.0)

    assert settled(deal, sell("A", 10.0), buy("B", 10.0)) == ({"B": 10.0}, 0.0)
    assert deal.holdings.par.tolist() == [10.0, 0.0]
    assert deal.holdings.cash == 0.0


def test_negative_cash_buys_nothing() -> None:
    """T8: with cash of -3.32 million a purchase is refused; the legacy model forgave the shortage (05 Q2)."""
    trade = buy("B", 1e6)
    refused = small_deal([loan("A"), loan("B")], {"A": 1e7}, -3.32e6)
    forgiven = small_deal([loan("A"), loan("B")], {"A": 1e7}, -3.32e6, quirks=LEGACY)
    trimmed = small_deal([loan("A"), loan("B")], {"A": 1e7}, -3.32e6, quirks=LEGACY - {Quirk.NEGATIVE_CASH_PURCHASE})

    with pytest.raises(TradesError, match="CLO-1708"):
        settled(refused, trade)
    assert settled(forgiven, trade) == ({"A": 1e7}, 0.0)
    assert settled(trimmed, trade) == ({"A": 1e7}, -3.32e6)


def test_legacy_trades_are_cut_to_cash_and_to_the_position() -> None:
    """05 Q3: a purchase is cut to the cash, a sale to the position, and the fill says so."""
    deal = small_deal([loan("A", price=80.0), loan("B")], {"B": 50.0}, 100.0, quirks=LEGACY)
    _, fills = apply(deal.plan.portfolio, deal.holdings, [buy("A", 1000.0), sell("B", 80.0), sell("B", 1.0)])

    assert [(fill.par, fill.proceeds) for fill in fills] == [(125.0, -100.0), (50.0, 50.0), (0.0, 0.0)]
    assert [fill.reason for fill in fills] == [
        "cut to the principal cash of 100.00",
        "cut to the par held of 50.00",
        "not held",
    ]


def test_legacy_position_of_one_is_gone() -> None:
    """Spec 05 §4: what a sale leaves of up to 1 is dropped; in standard mode it stays."""
    held = {"A": 100.0}

    assert settled(small_deal([loan("A")], held, 0.0, quirks=LEGACY), sell("A", 99.0)) == ({}, 99.0)
    assert settled(small_deal([loan("A")], held, 0.0), sell("A", 99.0)) == ({"A": 1.0}, 99.0)


@pytest.mark.parametrize(
    ("price", "standard", "legacy"),
    [(98.5, 0.985, 0.985), (None, 0.9, 0.9), (0.97, None, 0.97), (0.0, None, 0.9), (-0.97, None, None)],
)
def test_price_is_percent_of_par(price: float | None, standard: float | None, legacy: float | None) -> None:
    """05 Q19: the legacy model took a price up to 1 for a fraction and 0 for the market value."""

    def fraction(quirks: Quirks) -> float | None:
        deal = small_deal([loan("A", price=90.0)], {"A": 10.0}, 0.0, quirks=quirks)
        if check_trades([trade], [deal]):
            return None
        return apply(deal.plan.portfolio, deal.holdings, [trade])[1][0].price

    trade = sell("A", 10.0, price)

    assert fraction(LEGACY) == legacy
    assert fraction(frozenset()) == standard


def test_cents_of_a_stored_position_are_sold_with_it() -> None:
    """A sale of the par as it is shown, in cents, takes the whole position."""
    deal = small_deal([loan("A")], {"A": 1_199_401.184}, 0.0)

    assert settled(deal, sell("A", 1_199_401.18)) == ({}, pytest.approx(1_199_401.184, abs=1e-6))


def test_costs_come_out_of_principal_cash() -> None:
    """An eighth of a point of par on either side."""
    deal = small_deal([loan("A"), loan("B")], {"A": 1000.0}, 1000.0, settlement=Settlement(cost=0.00125))

    assert settled(deal, sell("A", 400.0))[1] == pytest.approx(1000.0 + 400.0 - 0.5)
    assert settled(deal, buy("B", 400.0))[1] == pytest.approx(1000.0 - 400.0 - 0.5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_trades_and_their_reverses_restore_every_result(seed: int, data: st.DataObject) -> None:
    """A list of trades with all of them taken back, in any order that can be paid, leaves every digit as it was."""
    case = made(40, seed, held=0.7)
    portfolio, holdings = case.portfolio, case.holdings
    rows = data.draw(st.lists(st.integers(0, len(portfolio) - 1), min_size=1, max_size=6, unique=True))
    trades = []
    for row in rows:
        held = float(holdings.par[row])
        side = Side.SALE if held and data.draw(st.booleans()) else Side.BUY
        share = data.draw(st.floats(0.01, 1.0))
        par = held * share if side is Side.SALE else holdings.cash * share / (2 * len(rows))
        price = data.draw(st.floats(60.0, 105.0))
        trades.append(Trade(deal="Made", blkrock_id=portfolio.ids[row], side=side, par=par, price=price))
    traded, fills = apply(portfolio, holdings, trades)
    backwards = [reversed_trade(fill) for fill in reversed(fills)]
    restored, _ = apply(portfolio, holdings, [*trades, *backwards], Settlement(settles_together=True))
    plan = case.plan
    before, after = evaluate(plan, holdings), evaluate(plan, restored)

    assert restored.cash == holdings.cash
    assert (restored.par == holdings.par).all()
    assert (after.value == before.value).all()
    assert (after.threshold == before.threshold).all()
    assert (after.is_passed == before.is_passed).all()
    assert not np.array_equal(traded.par, holdings.par)


FAULTS = {
    "CLO-1701": (
        [buy("A", 1.0, deal="Mag 99")],
        "Mag 99 is not among the deals looked at, at trade 1. Choose one of: Small.",
    ),
    "CLO-1702": ([buy("AA", 1.0)], "There is no asset AA in the asset master, at trade 1. Did you mean A?"),
    "CLO-1703": ([sell("A", -5.0)], "The par -5.0 of the sale of A is not an amount above 0, at trade 1."),
    "CLO-1704": ([buy("A", 1.0, 0.985)], "The price 0.985 of A is not above 1 and at most 200 percent of par"),
    "CLO-1705": ([buy("UNPRICED", 1.0)], "UNPRICED has no market value, and the trade gives no price, at trade 1."),
    "CLO-1706": ([sell("B", 1.0)], "Small does not hold B, so it cannot sell it, at trade 1."),
    "CLO-1707": ([sell("A", 15.0)], "Small holds 10.00 of A and is to sell 15.00, at trade 1. Sell at most 10.00."),
    "CLO-1708": (
        [buy("B", 25.0)],
        "The purchase of 25.00 of B leaves Small principal cash of -5.00, below 0.00, at trade 1. Buy at most 20.00",
    ),
    "CLO-1710": (
        [buy("B", 2.0, 99.0), buy("B", 2.0, 99.0)],
        "The purchase of 2.00 of B by Small is the same as at trade 1, at trade 2. Delete one of the two",
    ),
}


@pytest.mark.parametrize("number", FAULTS)
def test_what_is_wrong_with_a_trade(number: str) -> None:
    """Each mistake has one number, and says where it is and what to do."""
    trades, text = FAULTS[number]
    deal = small_deal([loan("A"), loan("B"), loan("UNPRICED", price=None)], {"A": 10.0}, 20.0)
    (found,) = check_trades(trades, [deal])

    assert isinstance(found, InputError)
    assert str(found).startswith(f"{number}: {text}")


@pytest.mark.parametrize("par", [0.0, -1.0, float("nan"), float("inf")])
def test_par_is_an_amount(par: float) -> None:
    """No par is a positive number but a positive number."""
    deal = small_deal([loan("A")], {"A": 10.0}, 20.0)

    assert [fault.number for fault in check_trades([sell("A", par)], [deal])] == ["CLO-1703"]


@pytest.mark.parametrize("price", [0.0, -98.0, 985.0, float("nan")])
def test_price_is_in_percent(price: float) -> None:
    """A price that cannot be percent of par is not guessed at."""
    deal = small_deal([loan("A")], {"A": 10.0}, 20.0)

    assert [fault.number for fault in check_trades([sell("A", 1.0, price)], [deal])] == ["CLO-1704"]


def test_all_faults_come_at_once_with_their_cells() -> None:
    """Every fault of the list in the order of the trades, each with the cell it stands in; nothing is settled."""
    deal = small_deal([loan("A"), loan("B")], {"A": 10.0}, 20.0)
    trades = [
        buy("NONE", -1.0, place="'Run Model'!J11"),
        sell("B", 1.0, place="'Run Model'!J12"),
        buy("B", 100.0, place="'Run Model'!J13"),
    ]
    found = check_trades(trades, [deal])

    assert [(fault.number, fault.where) for fault in found] == [
        ("CLO-1702", "'Run Model'!J11"),
        ("CLO-1703", "'Run Model'!J11"),
        ("CLO-1706", "'Run Model'!J12"),
        ("CLO-1708", "'Run Model'!J13"),
    ]
    with pytest.raises(TradesError) as raised:
        apply(deal.plan.portfolio, deal.holdings, trades)
    assert raised.value.number == "CLO-1700"
    assert [fault.number for fault in raised.value.faults] == [fault.number for fault in found]
    assert deal.holdings.par.tolist() == [10.0, 0.0]


def test_faulty_sale_does_not_make_a_later_purchase_faulty() -> None:
    """A purchase is short of cash only if it stays so once the sale before it is put right."""
    deal = small_deal([loan("A"), loan("B")], {"A": 10.0}, 0.0)

    assert [fault.number for fault in check_trades([sell("A", 12.0), buy("B", 11.0)], [deal])] == ["CLO-1707"]
    assert [fault.number for fault in check_trades([sell("C", 12.0), buy("B", 11.0)], [deal])] == ["CLO-1702"]


def test_trades_that_settle_together_are_short_only_at_the_end() -> None:
    """R4: a purchase before the sale that pays for it is refused one by one and made as a package."""
    assets, held = [loan("A"), loan("B")], {"A": 10.0}
    trades = [buy("B", 10.0), sell("A", 10.0)]
    one_by_one = small_deal(assets, held, 0.0)
    together = small_deal(assets, held, 0.0, settlement=Settlement(settles_together=True))

    assert [fault.number for fault in check_trades(trades, [one_by_one])] == ["CLO-1708"]
    assert settled(together, *trades) == ({"B": 10.0}, 0.0)
    (short,) = check_trades([buy("B", 15.0), sell("A", 10.0)], [together])
    assert str(short) == (
        "CLO-1709: The trades of Small together leave principal cash of -5.00, below 0.00, at all trades of Small. "
        "Buy less or sell more, for 5.00 in all."
    )


def test_cash_floor_is_kept() -> None:
    """R4: the floor is what purchases may not go below; a sale is welcome however little cash there is."""
    deal = small_deal([loan("A"), loan("B")], {"A": 10.0}, 20.0, settlement=Settlement(cash_floor=15.0))
    short = small_deal([loan("A"), loan("B")], {"A": 10.0}, -20.0, settlement=Settlement(cash_floor=15.0))

    assert check_trades([buy("B", 5.0)], [deal]) == ()
    assert [fault.number for fault in check_trades([buy("B", 5.01)], [deal])] == ["CLO-1708"]
    assert check_trades([sell("A", 5.0)], [short]) == ()
    assert check_trades([sell("A", 5.0)], [replace(short, settlement=Settlement(settles_together=True))]) == ()


def test_each_trade_alone_is_checked_alone() -> None:
    """Two purchases that cash does not pay for together are both possible one at a time."""
    deal = small_deal([loan("A"), loan("B")], {}, 20.0)
    trades = [buy("A", 15.0), buy("B", 15.0)]

    assert [fault.number for fault in check_trades(trades, [deal])] == ["CLO-1708"]
    assert check_trades(trades, [deal], Grouping.INDIVIDUAL) == ()


def test_cross_trade_moves_par_and_cash_from_deal_to_deal() -> None:
    """R13: sold by one deal and bought by the other at one price, or by neither."""
    assets = [loan("A", price=97.0)]
    seller = small_deal(assets, {"A": 10.0}, 0.0, name="Mag 16")
    buyer = small_deal(assets, {}, 20.0, name="Mag 17")
    sale, purchase = cross_trade("A", 10.0, 96.5, seller="Mag 16", buyer="Mag 17")
    poor = small_deal(assets, {}, 5.0, name="Mag 17")

    assert settled(seller, sale) == ({}, pytest.approx(9.65))
    assert settled(buyer, purchase) == ({"A": 10.0}, pytest.approx(10.35))
    assert [fault.number for fault in check_trades([sale, purchase], [seller, poor])] == ["CLO-1708"]
    with pytest.raises(InputError, match="CLO-1711"):
        cross_trade("A", 1.0, 99.0, seller="Mag 17", buyer="Mag 17")


def test_one_list_of_trades_for_several_deals() -> None:
    """R13: the same trades under the name of each deal."""
    deals = [small_deal([loan("A")], {"A": 10.0}, 0.0, name=name) for name in ("Mag 16", "Mag 17")]

    assert [trade.deal for trade in on_each_deal([sell("A", 1.0)], deals)] == ["Mag 16", "Mag 17"]


@pytest.mark.parametrize(
    ("wrong", "number"),
    [({"cash_floor": float("nan")}, "CLO-1712"), ({"cost": -0.01}, "CLO-1713"), ({"cost": 1.25}, "CLO-1713")],
)
def test_settlement_terms_are_numbers(wrong: dict[str, float], number: str) -> None:
    """A floor that is no amount and a cost that is no fraction are refused at once."""
    with pytest.raises(InputError, match=number):
        Settlement(**wrong)
