"""Compile the kernels of swaps by valuing the demo's swaps in memory."""

from dataclasses import replace

import numpy as np

from engine.conventions.calendar import WEEKENDS_ONLY
from engine.conventions.days import NO_DAY, day_number
from engine.desk.swaps.accruing import accrue
from engine.desk.swaps.demo import CENTERS, LAST_FIXING, TRADE_DATE, demo_contracts
from engine.payouts.book.compiling import compile_contract, make_book
from engine.payouts.book.dividend_flows import add_dividend_flows
from engine.payouts.book.tables import CALENDARS, FLOWS, INSTRUMENTS, PAIRS, RATES, Book
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.schedule import with_schedules
from engine.payouts.enums import DayCount
from engine.payouts.market import MarketArrays
from engine.payouts.terms.borrow import BorrowFee
from engine.payouts.terms.contract import Contract, Leg

_MARGIN_DAYS = 60


def compile_swap_kernels() -> None:
    """Compile, accrue and value a total return swap, a composite one and a variance swap over two days; what pays a
    price return pays a borrow fee too."""
    calendars = CenterCalendars(dict.fromkeys((*CENTERS, "USSOFR"), WEEKENDS_ONLY))
    contracts = [with_schedules(_with_borrow_fees(contract), calendars)[0] for contract in demo_contracts()]
    book = make_book(compile_contract(contract, calendars) for contract in contracts)
    market = _flat_market(book)
    book = add_dividend_flows(book, market, calendars)
    last = day_number(LAST_FIXING)
    n_flows = len(book[FLOWS])
    accrue(book, market, np.ones(n_flows, bool), np.full(n_flows, last - 1), last)


def _with_borrow_fees(contract: Contract) -> Contract:
    def with_fee(leg: Leg) -> Leg:
        if leg.performance is None or leg.performance.returns.price is None:
            return leg
        fee = BorrowFee(payer=leg.payer, rate=0.01, day_count=DayCount.ACT_360)
        return replace(leg, performance=replace(leg.performance, borrow_fee=fee))

    return replace(contract, legs=tuple(with_fee(leg) for leg in contract.legs))


def _flat_market(book: Book) -> MarketArrays:
    """A market in which nothing moves, with a dividend of every instrument."""
    first = day_number(TRADE_DATE) - _MARGIN_DAYS
    n_days = day_number(LAST_FIXING) - first + _MARGIN_DAYS
    n_instruments = len(book.names[INSTRUMENTS])
    ex_days = np.full(n_instruments, day_number(LAST_FIXING) - 10)
    return MarketArrays(
        first_day=first,
        prices=np.full((n_instruments, n_days), 100.0),
        factors=np.ones((n_instruments, n_days)),
        fx=np.ones((len(book.names[PAIRS]), n_days)),
        rates=np.full((len(book.names[RATES]), n_days), 0.05),
        good=np.ones((len(book.names[CALENDARS]), n_days), np.uint8),
        dividend_first=np.arange(n_instruments + 1),
        dividend_ex_day=ex_days,
        dividend_record_day=np.full(n_instruments, NO_DAY),
        dividend_pay_day=ex_days + 20,
        dividend_amount=np.ones(n_instruments),
        dividend_cash_equivalent=np.full(n_instruments, np.nan),
        dividend_type=np.zeros(n_instruments, np.int64),
        dividend_is_confirmed=np.ones(n_instruments, np.uint8),
        dividend_currency=("USD",) * n_instruments,
        dividend_reference=tuple(book.names[INSTRUMENTS]),
    )
