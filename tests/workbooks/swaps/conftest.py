"""A small book of swaps after six weeks of ends of day, and its results as a workbook."""

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from db.settings import StorageSettings
from db.store import Store
from engine.desk.swaps.desk import SwapDesk
from engine.desk.swaps.life_cycle import ANY_VERSION, transition
from engine.desk.swaps.results import gather
from engine.payouts.enums import DeferralReason, FxFeatureType, Side
from engine.payouts.market import DividendEvent
from engine.payouts.results import SwapResults
from engine.payouts.terms.performance import FxFeature
from engine.payouts.transition_requests import Defer
from tests.conftest import fresh_database
from tests.desk.swaps import cash_book, swap_book

START, AS_OF, END = date(2024, 1, 10), date(2024, 3, 20), date(2024, 4, 10)
DAILY_FROM = date(2024, 2, 12)
SHEETS = [
    "Summary", "Cash-flow calendar", "Cash flows", "Accruals", "Reconciliation", "P&L attribution", "Deferral ageing",
    "Payments ladder", "Risk", "Contracts", "R-5 Accrued interest", "R-6 P&L by leg", "R-8 End of day",
    "R-9 Dashboard", "R-10 Performance", "R-11 Deferral volumes", "R-12 Exposure", "R-13 Settlement", "Findings",
]  # fmt: skip
DEFERRALS = (
    ("DEF-1", -1_250.5, DeferralReason.TECHNICAL_ISSUE, date(2024, 1, 5), date(2024, 2, 1)),
    ("DEF-2", 8_400.0, DeferralReason.COUNTERPARTY_REQUEST, date(2024, 1, 8), date(2024, 3, 8)),
    ("DEF-3", 3_300.25, DeferralReason.BUSINESS_RULE, date(2024, 1, 9), date(2024, 3, 28)),
    ("DEF-4", -610.0, DeferralReason.REGULATORY, date(2024, 1, 9), None),
    ("DEF-5", 2_075.0, DeferralReason.TECHNICAL_ISSUE, date(2023, 11, 2), date(2023, 12, 15)),
)


def _fill(store: Store) -> None:
    """Four swaps: long and short in USD, a EUR share against USD with FX in it, and one in EUR throughout."""
    days = swap_book.business_days(date(2024, 1, 2), AS_OF)
    acme, beta, euro = swap_book.share("ACME"), swap_book.share("BETA"), swap_book.share("EURO", "EUR")
    window = {"start": START, "end": END}
    composite = FxFeature(fx_feature_type=FxFeatureType.COMPOSITE, reference_currency="USD")
    contracts = (
        swap_book.total_return_swap("TRS-1", acme, **window),  # type: ignore[arg-type]
        swap_book.total_return_swap("TRS-2", beta, units=800.0, payer=Side.PARTY1, **window),  # type: ignore[arg-type]
        swap_book.total_return_swap("TRS-3", euro, fx_features=[composite], **window),  # type: ignore[arg-type]
        swap_book.total_return_swap("TRS-4", euro, settlement_currency="EUR", **window),  # type: ignore[arg-type]
    )
    with store.begin() as work:
        payouts = work.payouts
        swap_book.put_calendar(payouts)
        payouts.calendars.put("EUTA", [(date(2024, 3, 29), "Good Friday")], source="test", version="1")
        swap_book.stored(payouts, *contracts)
        for place, instrument in enumerate((acme, beta, euro)):
            prices = {on: 100.0 + 0.12 * n + (3.0 + place) * math.sin(0.4 * n + place) for n, on in enumerate(days)}
            swap_book.put_prices(payouts, instrument, prices)
        swap_book.put_sofr(payouts, {on: 0.0531 + 0.00001 * n for n, on in enumerate(days)})
        swap_book.put_fx(payouts, "EUR", "USD", {on: 1.09 + 0.01 * math.cos(0.3 * n) for n, on in enumerate(days)})
        payouts.market_events.put_dividends(
            [
                DividendEvent(
                    instrument_reference="RIC:ACME",
                    ex_date=date(2024, 2, 6),
                    currency="USD",
                    gross_amount=0.85,
                    pay_date=date(2024, 2, 20),
                )
            ]
        )
    desk = SwapDesk(store)
    for on in (START, *swap_book.business_days(DAILY_FROM, AS_OF)):
        desk.end_of_day(on, refreshes_views=False)
    for name, amount, reason, put_off, expected in DEFERRALS:
        reference = cash_book.accrued(store, name, amount)
        request = Defer(
            version=ANY_VERSION,
            business_date=put_off,
            changed_by="an analyst",
            reason="put off for the test",
            deferral_reason=reason,
            expected_realization_date=expected,
        )
        transition(store, reference, request, idempotency_key=None)


INCOMPLETE = ("TRS-3/L1/EQUITY_RETURN/20240311/1", "TRS-4/L1/EQUITY_RETURN/20240311/1")
"""Cash flows that lack a day of accruals."""


@pytest.fixture(scope="session")
def book_store(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Store]:
    """The database of the book."""
    with fresh_database(server_url, template_database) as url:
        opened = Store(storage_settings, url)
        try:
            _fill(opened)
            _lose_accruals(opened)
            yield opened
        finally:
            opened.close()


def _lose_accruals(store: Store) -> None:
    """Take one day of accruals away from two cash flows, as a hand in the database could."""
    with store.begin() as work:
        work.driver.execute(
            "DELETE FROM daily_accruals a USING cashflows c WHERE c.id = a.cashflow_id"
            " AND a.accrual_date = '2024-02-21' AND c.cashflow_reference = ANY(%s)",
            (list(INCOMPLETE),),
        )


@pytest.fixture(scope="session")
def content(book_store: Store) -> SwapResults:
    """What the workbook is made of."""
    with book_store.read() as work:
        return gather(work, AS_OF, book_store.address)


@pytest.fixture(scope="session")
def path(book_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook."""
    return SwapDesk(book_store).workbook(tmp_path_factory.mktemp("swap_results") / "swaps.xlsx", AS_OF)


@pytest.fixture(scope="session")
def book(path: Path) -> openpyxl.Workbook:
    """The workbook as a reader finds it."""
    return openpyxl.load_workbook(path)
