"""A monthly swap on one share, its market, and days run for it: what the tests of the end of day begin with."""

from datetime import date
from typing import Any

from db.store import Store
from engine.desk.swaps.desk import SwapDesk
from engine.payouts.terms.contract import Contract
from tests.desk.swaps import swap_book

ACME = swap_book.share("ACME")
START, END = date(2024, 1, 10), date(2024, 4, 10)
DAYS = swap_book.business_days(date(2024, 1, 2), date(2024, 4, 30))
PRICES = {on: 100.0 + i * 0.5 for i, on in enumerate(DAYS)}
SOFR = {on: 0.053 + i * 0.0001 for i, on in enumerate(DAYS)}
RESULT_TABLES = ("cashflows", "daily_accruals", "unrealized_pnl_timeseries", "cashflow_status_history", "payout_outbox")


def prepared(
    store: Store, *contracts: Contract, prices: dict[date, float] = PRICES, rates: dict[date, float] = SOFR
) -> SwapDesk:
    """A desk with these swaps, prices of what they follow, and overnight rates."""
    with store.begin() as work:
        swap_book.put_calendar(work.payouts)
        swap_book.stored(work.payouts, *contracts)
        for instrument in {item.reference: item for each in contracts for item in each.instruments}.values():
            swap_book.put_prices(work.payouts, instrument, prices)
        swap_book.put_sofr(work.payouts, rates)
    return SwapDesk(store)


def swap(reference: str = "TRS-1", **terms: Any) -> Contract:
    return swap_book.total_return_swap(reference, ACME, start=START, end=END, **terms)


def rows(store: Store, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
    with store.read() as work:
        return work.driver.execute(statement, arguments).fetchall()  # type: ignore[arg-type]


def run_days(desk: SwapDesk, first: date, last: date) -> None:
    for on in swap_book.business_days(first, last):
        desk.end_of_day(on, refreshes_views=False)


def checksums(store: Store) -> list[tuple[Any, ...]]:
    """Every result row with the transaction that wrote it last."""
    found: list[tuple[Any, ...]] = []
    for name in RESULT_TABLES:
        found += rows(store, f"SELECT t.xmin::text, t::text FROM {name} t ORDER BY 2")  # noqa: S608 (a constant)
    return found
