"""Settling trades against holdings: positions, principal cash, and everything that keeps a trade from being made.

In legacy mode nothing keeps it: the trade is cut to what there is, as the legacy model did without a word (spec 05 §4).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.compliance.evaluation import Holdings
from engine.compliance.portfolio import Portfolio
from engine.errors import InputError
from engine.modes import Quirk, Quirks
from engine.trading import faults
from engine.trading.faults import TradesError
from engine.trading.trades import Fill, Grouping, Settlement, Side, Trade, TradedDeal

HALF_A_CENT = 0.005
"""Less than this is no money: what rounding leaves of a position or of cash."""
_UNIT = 1.0


@dataclass(frozen=True)
class Settled:
    """Holdings after some trades, what each was filled at, and what was wrong with them."""

    holdings: Holdings
    fills: tuple[Fill, ...]
    faults: tuple[InputError, ...]


@dataclass
class _Ledger:
    """Amounts that the trades of one deal add to its positions and its cash.

    They are kept one by one and summed exactly, so that a trade and its reverse leave what was there to the last digit.
    """

    portfolio: Portfolio
    start: Holdings
    positions: dict[int, list[float]] = field(default_factory=dict)
    cash_flows: list[float] = field(default_factory=list)
    is_cash_known: bool = True

    def held(self, row: int) -> float:
        return math.fsum([float(self.start.par[row]), *self.positions.get(row, ())])

    @property
    def cash(self) -> float:
        return math.fsum([self.start.cash, *self.cash_flows])

    def book(self, row: int, par: float, flow: float) -> None:
        self.positions.setdefault(row, []).append(par)
        self.cash_flows.append(flow)

    def close(self, row: int) -> None:
        self.positions[row] = [-float(self.start.par[row])]

    def holdings(self) -> Holdings:
        par = self.start.par.astype(np.float64)
        for row in self.positions:
            par[row] = self.held(row)
        return Holdings(par, self.cash)


def least_position(quirks: Quirks) -> float:
    """Par up to which a position counts as gone, in currency."""
    return _UNIT if Quirk.UNIT_POSITION_DROPPED in quirks else HALF_A_CENT


def price_fraction(trade: Trade, market: float, quirks: Quirks) -> float:
    """Price of a trade as a fraction of par; market: that of the asset master, as a fraction.

    Under 05 Q19 a price of 0 stands for the market value, and one up to 1 is a fraction already.
    """
    if trade.price is None:
        return market
    if Quirk.PRICE_UNIT_BY_SIZE in quirks and trade.price <= 1.0:
        return trade.price or market
    return trade.price / 100.0


def apply(
    portfolio: Portfolio, holdings: Holdings, trades: Iterable[Trade], settlement: Settlement | None = None
) -> tuple[Holdings, tuple[Fill, ...]]:
    """Holdings after these trades of one deal, in their order, and what each was filled at; the holdings stay as given.

    Raises TradesError CLO-1700 with every fault that `check_trades` finds.
    """
    wanted = numbered(trades)
    settled = settle(portfolio, holdings, wanted, settlement or Settlement())
    if settled.faults:
        raise TradesError(settled.faults, len(wanted))
    return settled.holdings, settled.fills


def check_trades(
    trades: Iterable[Trade], deals: Sequence[TradedDeal], grouping: Grouping = Grouping.PACKAGE
) -> tuple[InputError, ...]:
    """Everything that keeps these trades from being made, in the order of the trades; nothing is changed.

    Each fault is an InputError CLO-1701 to CLO-1710. A shortage of cash is reported where it remains even if every
    faulty sale were made as asked for.
    """
    wanted = numbered(trades)
    names = [deal.name for deal in deals]
    found = [faults.unknown_deal(trade, names) for trade in wanted if trade.deal not in names]
    for deal in deals:
        own = [trade for trade in wanted if trade.deal == deal.name]
        for group in [[trade] for trade in own] if grouping is Grouping.INDIVIDUAL else [own]:
            found += settle(deal.plan.portfolio, deal.holdings, group, deal.settlement).faults
    order = {trade.place: number for number, trade in enumerate(wanted)}
    return tuple(sorted(found, key=lambda fault: order.get(fault.where, len(wanted))))


def numbered(trades: Iterable[Trade]) -> tuple[Trade, ...]:
    """The trades with a place each: their own, or their number in the list."""
    return tuple(
        trade if trade.place else replace(trade, place=f"trade {number}") for number, trade in enumerate(trades, 1)
    )


def settle(portfolio: Portfolio, holdings: Holdings, trades: Sequence[Trade], settlement: Settlement) -> Settled:
    """Go through the trades of one deal; faulty ones are left out of the fills."""
    ledger = _Ledger(portfolio, holdings)
    fills: list[Fill] = []
    found = [] if Quirk.TRADES_TRIMMED in portfolio.quirks else _repeated(trades)
    for trade in trades:
        row = portfolio.row_of.get(trade.blkrock_id)
        own = _faults_of(trade, row, portfolio)
        if own or row is None:
            found += own
            ledger.is_cash_known &= trade.side is Side.BUY
            continue
        price = price_fraction(trade, float(portfolio.price[row]), portfolio.quirks)
        fill, fault = (_buy if trade.side is Side.BUY else _sell)(ledger, row, trade, price, settlement)
        if fault is None:
            fills.append(fill)
        else:
            found.append(fault)
    after = ledger.holdings()
    if settlement.settles_together and trades and ledger.is_cash_known:
        is_drawn_on = after.cash < holdings.cash - HALF_A_CENT
        if is_drawn_on and after.cash < settlement.cash_floor - HALF_A_CENT:
            found.append(faults.not_enough_cash_together(trades[0].deal, after.cash, settlement.cash_floor))
    return Settled(after, tuple(fills), tuple(found))


def _repeated(trades: Sequence[Trade]) -> list[InputError]:
    first_of: dict[Trade, Trade] = {}
    found = []
    for trade in trades:
        first = first_of.setdefault(replace(trade, place=""), trade)
        if first is not trade:
            found.append(faults.given_twice(trade, first))
    return found


def _faults_of(trade: Trade, row: int | None, portfolio: Portfolio) -> list[InputError]:
    found = faults.own_faults(trade, portfolio.quirks)
    if row is None:
        found.insert(0, faults.unknown_asset(trade, portfolio.ids))
    elif trade.price is None and not portfolio.price[row] > 0.0 and Quirk.PRICE_UNIT_BY_SIZE not in portfolio.quirks:
        found.append(faults.no_market_value(trade))
    return found


def _buy(
    ledger: _Ledger, row: int, trade: Trade, price: float, settlement: Settlement
) -> tuple[Fill, InputError | None]:
    quirks = ledger.portfolio.quirks
    unit_cost = price + settlement.cost
    cash, par, cost = ledger.cash, trade.par, unit_cost * trade.par
    reason, fault = "", None
    if Quirk.TRADES_TRIMMED in quirks:
        if cost > cash:
            par = max(cash / unit_cost, 0.0) if unit_cost else 0.0
            # 05 Q2: a purchase out of negative cash costs that cash, so that none is missing afterwards.
            cost = cash if cash > 0.0 or Quirk.NEGATIVE_CASH_PURCHASE in quirks else 0.0
            reason = f"cut to the principal cash of {cash:,.2f}"
    elif not settlement.settles_together and ledger.is_cash_known and cash - cost < settlement.cash_floor - HALF_A_CENT:
        affordable = max((cash - settlement.cash_floor) / unit_cost, 0.0)
        fault = faults.not_enough_cash(trade, cash - cost, settlement.cash_floor, affordable)
        cost = 0.0
    ledger.book(row, par, -cost)
    return Fill(trade, par, price, -cost, reason), fault


def _sell(
    ledger: _Ledger, row: int, trade: Trade, price: float, settlement: Settlement
) -> tuple[Fill, InputError | None]:
    quirks = ledger.portfolio.quirks
    held, par = ledger.held(row), trade.par
    is_held = held > 0.0
    reason, fault = "", None
    if not is_held and Quirk.UNHELD_SALE_IGNORED in quirks:
        return Fill(trade, 0.0, price, 0.0, "not held"), None
    if not is_held:
        fault = faults.not_held(trade)
    elif par > held + HALF_A_CENT and Quirk.TRADES_TRIMMED in quirks:
        par, reason = held, f"cut to the par held of {held:,.2f}"
    elif par > held + HALF_A_CENT:
        fault = faults.more_than_held(trade, held)
    elif abs(held - par) <= HALF_A_CENT:
        par = held
    proceeds = (price - settlement.cost) * par
    ledger.book(row, -min(par, held) if is_held else 0.0, proceeds)
    left = ledger.held(row)
    if abs(left) <= least_position(quirks):
        ledger.close(row)
    return Fill(trade, par, price, proceeds, reason), fault
