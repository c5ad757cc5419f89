"""Total return swaps on a tranche of the demo deal: priced from a stored run, valued by the book as any other swap.

The deal no longer reinvests, so that its senior class is repaid from the first payment date on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from db.cache import Cache
from db.runs import RunHeader
from db.settings import StorageSettings
from db.store import Store
from engine.deal.results import DealResult
from engine.desk.desk import Desk
from engine.desk.swaps.tranches import TranchePricing
from engine.errors import ClodeskError
from engine.payouts.enums import DividendStatus
from engine.snapshot import WorkbookSnapshot
from tests.conftest import fresh_database
from tests.desk.conftest import Shelf
from tests.desk.swaps import swap_book
from tests.desk.swaps.test_end_of_day import checksums, rows
from workbooks.demo import DEAL_NAME, demo_waterfall

START, END = date(2016, 3, 31), date(2016, 10, 20)
BEFORE, APRIL, JULY = date(2016, 1, 20), date(2016, 4, 20), date(2016, 7, 20)
RESETS = (START, APRIL, JULY, END)
FACE, ORIGINAL = 14_000_000.0, 280_000_000.0
SPREAD = 0.0125
DAYS = swap_book.business_days(date(2016, 1, 4), date(2016, 12, 30))
SOFR = {on: 0.004 + i * 0.00001 for i, on in enumerate(DAYS)}
CLEAN = {
    START: 0.995,
    date(2016, 4, 11): 0.99,
    APRIL: 0.9925,
    date(2016, 5, 31): 1.001,
    JULY: 1.0,
    date(2016, 7, 21): 1.01,
    date(2016, 9, 6): 1.004,
    END: 0.9975,
}
A_1, FIRST_PLACE = "Class A-1", 1
CENT = 0.005
LONG = TranchePricing(max_age_days=400)


@dataclass(frozen=True)
class Prepared:
    """A desk that has run the deal, and what the run says of the senior class."""

    desk: Desk
    store: Store
    result: DealResult
    run_id: int

    def column(self, name: str) -> dict[date, float]:
        """A column of the senior class by payment date, per unit of this test's face where it is an amount."""
        amounts = self.result.tranche(A_1, name)
        days = self.result.dates.payment.astype(object).tolist()
        return dict(zip(days, amounts.tolist(), strict=True))


@pytest.fixture(scope="module")
def run_database(
    server_url: str, template_database: str, storage_settings: StorageSettings, demo_book: WorkbookSnapshot
) -> Iterator[str]:
    """Name of a database that holds the amortising deal and its run."""
    deal = demo_book.deals[0]
    tranches = (*deal.tranches[:-1], replace(deal.tranches[-1], price=None, discount_margin=None))
    dates = replace(deal.date_inputs, reinvestment_end=date(2016, 4, 1))
    book = replace(demo_book, deals=(replace(deal, tranches=tranches, date_inputs=dates),))
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        desk = Desk(store, Cache(Shelf()))
        store.save_snapshot(book)
        desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), book.analysis_date)
        desk.run_deal(DEAL_NAME, assumptions="workbook")
        with store.begin() as work:
            work.payouts.calendars.put("USNY", _holidays(), source="test", version="1")
            swap_book.put_sofr(work.payouts, SOFR)
        store.close()
        yield url.rsplit("/", 1)[1].split("?")[0]


def _holidays() -> list[tuple[date, str]]:
    days = [date(2015, 1, 1) + timedelta(days=n) for n in range(365 * 3)]
    good = set(swap_book.business_days(days[0], days[-1]))
    return [(on, "holiday") for on in days if on.weekday() < 5 and on not in good]


@pytest.fixture
def prepared(server_url: str, run_database: str, storage_settings: StorageSettings) -> Iterator[Prepared]:
    """A copy of that database for one test."""
    with fresh_database(server_url, run_database) as url:
        store = Store(storage_settings, url)
        desk = Desk(store, Cache(Shelf()))
        outcome = desk.latest_run(DEAL_NAME)
        yield Prepared(desk, store, outcome.result, outcome.run_id)
        store.close()


def sold(prepared: Prepared, **terms: Any) -> None:
    """Store the swap on the senior class, on the price of the start."""
    prepared.desk.swaps.add_tranche_swap(
        "TRS-CLO",
        DEAL_NAME,
        A_1,
        FACE,
        start=START,
        end=END,
        party1=swap_book.US,
        party2=swap_book.THEM,
        pricing=replace(LONG, price=CLEAN[START]),
        spread=SPREAD,
        **terms,
    )


def published(prepared: Prepared, on: date) -> None:
    prepared.desk.swaps.publish_tranche(DEAL_NAME, A_1, on, replace(LONG, price=CLEAN[on]))


def run_days(prepared: Prepared, *, to: date = END) -> None:
    """Publish and run the end of day on every day with a price."""
    for on in CLEAN:
        if on <= to:
            published(prepared, on)
            outcome = prepared.desk.swaps.end_of_day(on, refreshes_views=False)
            assert (outcome.failures, outcome.missing) == ((), ())


def dirty(prepared: Prepared, on: date) -> float:
    """Market value of the face: clean price times balance plus interest since the last payment, ACT/360."""
    payments = [BEFORE, *prepared.column("coupon")]
    last = max(day for day in payments if day <= on)
    following = payments[payments.index(last) + 1]
    balance = prepared.column("balance_begin")[following]
    coupon = prepared.column("coupon")[following]
    value = CLEAN[on] * balance + balance * coupon * (on - last).days / 360
    return value * FACE / ORIGINAL


def paid(prepared: Prepared, name: str, to: date) -> list[float]:
    """Payments of the class on the face, each rounded to cents as cash is."""
    return [round(amount * FACE / ORIGINAL, 2) for day, amount in prepared.column(name).items() if day <= to and amount]


def growth(start: date, end: date) -> float:
    """Compounded overnight interest from one day to another, Actual/360."""
    days = [*[on for on in DAYS if start <= on < end], end]
    product = 1.0
    for on, following in pairwise(days):
        product *= 1.0 + SOFR[on] * (following - on).days / 360
    return product - 1.0


def funding(prepared: Prepared, to: date) -> float:
    """Interest on the dirty value at each reset up to a day; that of whole periods in cents."""
    total = 0.0
    for start, end in pairwise(RESETS):
        until = min(end, to)
        if until > start:
            amount = dirty(prepared, start) * (growth(start, until) + SPREAD * (until - start).days / 360)
            total += round(amount, 2) if until == end else amount
    return total


def profit(prepared: Prepared, on: date) -> float:
    """Unrealized P&L of a day and all that was realised up to it."""
    ((total,),) = rows(
        prepared.store,
        "SELECT sum(realized_since_previous) + sum(unrealized_pnl_amount) FILTER (WHERE valuation_date = %s)"
        " FROM unrealized_pnl_timeseries WHERE valuation_date <= %s",
        on,
        on,
    )
    return float(total)


def test_profit_is_change_of_value_plus_coupons_plus_principal_less_funding(prepared: Prepared) -> None:
    """On every day of three periods, to the cent of each payment."""
    sold(prepared)
    run_days(prepared)

    assert sum(paid(prepared, "principal_paid", END)) > 0.01 * FACE
    for on in CLEAN:
        coupons, principal = (paid(prepared, name, on) for name in ("interest_paid", "principal_paid"))
        change = dirty(prepared, on) - dirty(prepared, START)
        expected = change + sum(coupons) + sum(principal) - funding(prepared, on)
        n_price_amounts = sum(reset <= on for reset in RESETS[1:])
        assert profit(prepared, on) == pytest.approx(expected, abs=CENT * max(n_price_amounts, 1)), on


def test_components_are_those_of_any_swap_and_sum_to_the_total(prepared: Prepared) -> None:
    """Price is the change of dirty value, interest the funding; realised coupons and repayments are dividends."""
    sold(prepared)
    run_days(prepared)
    on = date(2016, 9, 6)
    parts = rows(
        prepared.store,
        "SELECT sum(price_pnl_amount)::float8, sum(dividend_pnl_amount)::float8, sum(interest_pnl_amount)::float8,"
        " sum(fx_pnl_amount)::float8, sum(other_pnl_amount)::float8, sum(unrealized_pnl_amount)::float8"
        " FROM unrealized_pnl_timeseries WHERE valuation_date = %s",
        on,
    )[0]
    cash = rows(
        prepared.store,
        "SELECT cashflow_subtype, accrual_end_date, settlement_amount::float8 FROM cashflows"
        " WHERE cashflow_type = 'DIVIDEND' ORDER BY accrual_end_date, cashflow_subtype",
    )

    price = dirty(prepared, on) - dirty(prepared, JULY)
    interest = funding(prepared, on) - funding(prepared, JULY)
    assert parts[:5] == pytest.approx((price, 0.0, -interest, 0.0, 0.0), abs=1e-3)
    assert sum(parts[:5]) == pytest.approx(parts[5], abs=1e-9)
    coupons, principal = (paid(prepared, name, END) for name in ("interest_paid", "principal_paid"))
    assert [amount for kind, _, amount in cash if kind == "ORDINARY_DIVIDEND"] == coupons
    assert [amount for kind, _, amount in cash if kind == "SPECIAL_DIVIDEND"] == principal


def test_a_price_move_counts_on_what_is_left_of_the_face(prepared: Prepared) -> None:
    """A point on 21 July is a point of the balance after the repayments, and a day of interest."""
    sold(prepared)
    run_days(prepared, to=date(2016, 7, 21))
    ((made,),) = rows(
        prepared.store,
        "SELECT sum(price_pnl_amount)::float8 FROM unrealized_pnl_timeseries WHERE valuation_date = '2016-07-21'",
    )

    factor = prepared.column("balance_end")[JULY] / ORIGINAL
    carry = prepared.column("coupon")[END] / 360
    assert factor < 0.99
    assert made == pytest.approx(FACE * factor * (0.01 + carry), abs=1e-3)


def test_at_maturity_the_profit_is_the_cash(prepared: Prepared) -> None:
    """Nothing is unrealized on the last day, and what was ever earned is the sum of the cash flows."""
    sold(prepared)
    run_days(prepared)
    ((cash, n_open),) = rows(
        prepared.store,
        "SELECT sum(settlement_amount), count(*) FILTER (WHERE cashflow_status <> 'REALIZED_UNSETTLED') FROM cashflows",
    )
    ((unrealized,),) = rows(
        prepared.store,
        "SELECT sum(unrealized_pnl_amount) FROM unrealized_pnl_timeseries WHERE valuation_date = %s",
        END,
    )

    assert (n_open, unrealized) == (0, 0)
    assert profit(prepared, END) == float(cash)


def test_the_payments_of_all_dates_are_the_profit(prepared: Prepared) -> None:
    """Netted and paid on each payment date, the cash that comes in is what the swap earned."""
    sold(prepared, netting_agreement_reference="ISDA-1")
    received = Decimal(0)
    for on in CLEAN:
        published(prepared, on)
        prepared.desk.swaps.end_of_day(on, refreshes_views=False)
        outcome = prepared.desk.swaps.settle(on, execute=True)
        assert not outcome.failures
        for payment in outcome.payments:
            received += payment.amount if payment.receiver == swap_book.US.party_identifier else -payment.amount

    assert float(received) == profit(prepared, END)


def test_doing_a_day_again_changes_nothing(prepared: Prepared) -> None:
    """Neither publishing nor the end of day writes a row the second time."""
    sold(prepared)
    run_days(prepared, to=date(2016, 5, 31))
    before = checksums(prepared.store)
    again = prepared.desk.swaps.publish_tranche(
        DEAL_NAME, A_1, date(2016, 5, 31), replace(LONG, price=CLEAN[date(2016, 5, 31)])
    )
    prepared.desk.swaps.end_of_day(date(2016, 5, 31), refreshes_views=False)

    assert again.n_written == 0
    assert checksums(prepared.store) == before


def test_payments_after_the_valuation_leave_the_profit_as_it_is(prepared: Prepared) -> None:
    """A swap that pays price amounts two business days later earns the same price return."""
    sold(prepared, payment_delay_days=2)
    run_days(prepared)
    amounts = rows(
        prepared.store,
        "SELECT settlement_amount::float8, payment_date FROM cashflows WHERE cashflow_type = 'EQUITY_RETURN'"
        " ORDER BY accrual_end_date",
    )

    expected = [dirty(prepared, end) - dirty(prepared, start) for start, end in pairwise(RESETS)]
    assert [amount for amount, _ in amounts] == pytest.approx(expected, abs=CENT + 1e-6)
    assert [on for _, on in amounts] == [date(2016, 4, 22), date(2016, 7, 22), date(2016, 10, 24)]


def test_a_price_at_the_sheets_margin_is_the_price_of_the_run(prepared: Prepared) -> None:
    """On the day of the run, the dirty price over the factor is what the run stored as its price at that margin."""
    margin = 0.0205
    quote = prepared.desk.swaps.publish_tranche(
        DEAL_NAME, "A-2", START, TranchePricing(discount_margin=margin, run_id=prepared.run_id)
    )
    place = prepared.result.tranche_names.index("Class A-2")

    assert quote.price / quote.factor == pytest.approx(float(prepared.result.risk[place, 2]), abs=1e-10)
    assert quote.discount_margin == margin
    assert quote.clean_price is not None
    assert quote.clean_price * quote.factor + quote.accrued == pytest.approx(quote.price, abs=1e-12)


def test_the_sheets_price_counts_where_nothing_is_said(prepared: Prepared) -> None:
    """Class D is at 95 on its sheet; any spelling of deal and class is the same instrument."""
    one = prepared.desk.swaps.publish_tranche(DEAL_NAME, "Class D", START)
    two = prepared.desk.swaps.publish_tranche("demo1", "d", START)

    assert one.clean_price == pytest.approx(0.95, abs=1e-10)
    assert (one.instrument_reference, two.instrument_reference) == ("CLO:DEMO1|D",) * 2
    assert (one.n_written > 0, two.n_written) == (True, 0)


def test_a_tranche_is_worth_nothing_once_it_has_been_paid(prepared: Prepared) -> None:
    """Class X takes its last payment in April: its price falls to zero, and all of it is cash."""
    quote = prepared.desk.swaps.publish_tranche(DEAL_NAME, "Class X", APRIL)

    assert (quote.price, quote.factor, quote.clean_price) == (0.0, 0.0, None)
    assert sum(event.gross_amount or 0.0 for event in quote.paid) > 1_250_000 / 3_000_000
    assert stored_prices(prepared, quote.instrument_reference) == [0.0]


def stored_prices(prepared: Prepared, reference: str) -> list[float]:
    return [
        row[0]
        for row in rows(
            prepared.store,
            "SELECT price::float8 FROM price_fixings f JOIN instruments i ON i.id = f.instrument_id"
            " WHERE i.reference = %s ORDER BY fixing_date, revision",
            reference,
        )
    ]


def stressed(prepared: Prepared) -> int:
    """The number of a second run, whose payments differ."""
    return prepared.desk.run_deal(DEAL_NAME, "STRESS", assumptions="workbook").run_id


def test_a_later_run_moves_what_is_still_to_come(prepared: Prepared) -> None:
    """Estimates take the figures of the run published last, a price of the same day becomes a revision."""
    first = prepared.desk.swaps.publish_tranche(DEAL_NAME, A_1, START, TranchePricing(discount_margin=0.015))
    pricing = TranchePricing(run_id=stressed(prepared), discount_margin=0.015)
    second = prepared.desk.swaps.publish_tranche(DEAL_NAME, A_1, START, pricing)
    with prepared.store.read() as work:
        events = work.payouts.market_events.dividends([first.instrument_reference], START, date(2050, 1, 1))

    key = lambda event: (event.ex_date, event.dividend_type, event.sequence)  # noqa: E731
    assert sorted(events, key=key) == sorted(second.payments, key=key)
    assert first.payments != second.payments
    assert stored_prices(prepared, first.instrument_reference) == [first.price, second.price]


def test_a_run_that_contradicts_a_payment_is_refused_and_leaves_nothing(prepared: Prepared) -> None:
    """After 20 July its payment is confirmed; a run that has another one cannot be published."""
    pricing = replace(LONG, price=1.0)
    prepared.desk.swaps.publish_tranche(DEAL_NAME, A_1, JULY, pricing)
    other = replace(pricing, run_id=stressed(prepared))
    tables = ("price_fixings", "dividend_events")
    before = [rows(prepared.store, f"SELECT t::text FROM {name} t ORDER BY 1") for name in tables]  # noqa: S608
    with pytest.raises(ClodeskError, match=r"CLO-1970: CLO:DEMO1\|A-1 paid .* on 2016-0[47]-20"):
        prepared.desk.swaps.publish_tranche(DEAL_NAME, A_1, date(2016, 7, 21), other)

    assert [rows(prepared.store, f"SELECT t::text FROM {name} t ORDER BY 1") for name in tables] == before  # noqa: S608


def test_a_payment_is_confirmed_on_its_day(prepared: Prepared) -> None:
    """Up to the day before it is an estimate."""
    day_before = prepared.desk.swaps.publish_tranche(DEAL_NAME, A_1, APRIL - timedelta(days=1))
    on_day = prepared.desk.swaps.publish_tranche(DEAL_NAME, A_1, APRIL)

    assert day_before.paid == ()
    assert {(event.ex_date, event.status) for event in on_day.paid} == {(APRIL, DividendStatus.CONFIRMED)}


@pytest.mark.parametrize(
    ("arguments", "pricing", "message"),
    [
        ((DEAL_NAME, "Class Z", START), {}, r"CLO-4100: Demo 1 has no tranche 'Class Z'"),
        ((DEAL_NAME, A_1, date(2016, 3, 30)), {}, r"CLO-4101: Demo 1 has no finished run of scenario BASE up to"),
        ((DEAL_NAME, A_1, START), {"scenario": "STRESS"}, r"CLO-4101: Demo 1 has no finished run of scenario STRESS"),
        ((DEAL_NAME, A_1, date(2016, 3, 30)), {"run_id": 0}, r"CLO-4101: Run \d+ starts on 2016-03-31"),
        (("Demo 2", A_1, START), {"run_id": 0}, r"CLO-4101: Run \d+ is of DEMO1, not of Demo 2"),
        ((DEAL_NAME, A_1, JULY), {}, r"CLO-4101: Run \d+ is of 2016-03-31, 111 days before 2016-07-20; at most 100"),
        ((DEAL_NAME, "Class X", date(2016, 4, 21)), {}, r"CLO-4104: Demo 1 Class X is paid down: .* after 2016-04-20"),
        ((DEAL_NAME, "Sub Notes", START), {}, r"CLO-4103: Sub Notes has no price"),
        ((DEAL_NAME, A_1, START), {"price": -0.5}, r"CLO-4103: Class A-1 has a price of -0.5"),
        ((DEAL_NAME, A_1, START), {"price": 1.0, "discount_margin": 0.01}, r"CLO-4103: .* price of 1 and a discount"),
    ],
)
def test_what_cannot_be_priced_is_refused(
    prepared: Prepared, arguments: tuple[str, str, date], pricing: dict[str, Any], message: str
) -> None:
    """Each refusal says what is wrong, and nothing is stored."""
    if pricing.get("run_id") == 0:
        pricing = {**pricing, "run_id": prepared.run_id}
    with pytest.raises(ClodeskError, match=message):
        prepared.desk.swaps.publish_tranche(*arguments, TranchePricing(**pricing))

    assert rows(prepared.store, "SELECT count(*) FROM price_fixings") == [(0,)]


def test_a_run_that_failed_prices_nothing(prepared: Prepared) -> None:
    """The reason of the failure is in the refusal."""
    header = RunHeader(
        deal_name=DEAL_NAME, scenario="BASE", as_of=START, mode="standard", input_hash="x", engine_version="",
        requested_by="",
    )  # fmt: skip
    with prepared.store.begin() as work:
        failed = work.runs.finish(work.runs.start(header), failure_number="CLO-1303", failure_text="it stopped")
    with pytest.raises(
        ClodeskError, match=rf"CLO-4101: Run {failed.run_id} did not reach its end \(failed\): it stopp"
    ):
        prepared.desk.swaps.publish_tranche(DEAL_NAME, A_1, START, TranchePricing(run_id=failed.run_id))

    assert prepared.desk.swaps.publish_tranche(DEAL_NAME, A_1, START).run_id == prepared.run_id
