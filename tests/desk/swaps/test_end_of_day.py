"""The end of day on a real database: what it stores, that it can be run again, and what it says of missing data."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from db.payouts.market_events import ExternalValue
from db.store import Store
from engine.desk.swaps.desk import SwapDesk
from engine.payouts.enums import (
    ConfidenceLevel,
    FxFeatureType,
    Side,
)
from engine.payouts.market import DividendEvent
from engine.payouts.terms.performance import FxFeature
from tests.desk.swaps import swap_book
from tests.desk.swaps.day_runs import ACME, DAYS, END, PRICES, SOFR, START, checksums, prepared, rows, run_days, swap


def interest(notional: float, start: date, end: date, spread: float = 0.005) -> float:
    """Compounded overnight interest in arrears on Actual/360 with the spread on top, paid by the desk."""
    growth, day = 1.0, start
    good = [on for on in DAYS if start <= on < end]
    for on, following in zip(good, [*good[1:], end], strict=True):
        growth *= 1.0 + SOFR[on] * (following - on).days / 360
        day = following
    assert day == end
    return -notional * ((growth - 1.0) + spread * (end - start).days / 360)


def test_cash_is_what_prices_and_rates_make(store: Store) -> None:
    """Equity amounts are price differences, funding compounds on the reset notional, dividends pass through."""
    desk = prepared(store, swap())
    with store.begin() as work:
        event = DividendEvent(
            instrument_reference=ACME.reference, ex_date=date(2024, 2, 20), currency="USD", gross_amount=0.8
        )
        work.payouts.market_events.put_dividends([event])
    run_days(desk, START, date(2024, 4, 30))

    found = rows(
        store, "SELECT cashflow_type, accrual_end_date, payment_date, settlement_amount FROM cashflows ORDER BY 1, 2"
    )
    reset = {on: 1_000 * PRICES[on] for on in (date(2024, 2, 12), date(2024, 3, 11))}
    expected = [
        ("DIVIDEND", date(2024, 2, 20), date(2024, 3, 13), 800.00),
        ("EQUITY_RETURN", date(2024, 2, 12), date(2024, 2, 14), 1_000 * (PRICES[date(2024, 2, 12)] - 100.0)),
        ("EQUITY_RETURN", date(2024, 3, 11), date(2024, 3, 13), reset[date(2024, 3, 11)] - reset[date(2024, 2, 12)]),
        ("EQUITY_RETURN", END, date(2024, 4, 12), 1_000 * PRICES[END] - reset[date(2024, 3, 11)]),
        ("INTEREST", date(2024, 2, 14), date(2024, 2, 14), interest(100_000, START, date(2024, 2, 14))),
        (
            "INTEREST",
            date(2024, 3, 13),
            date(2024, 3, 13),
            interest(reset[date(2024, 2, 12)], date(2024, 2, 14), date(2024, 3, 13)),
        ),
        (
            "INTEREST",
            date(2024, 4, 12),
            date(2024, 4, 12),
            interest(reset[date(2024, 3, 11)], date(2024, 3, 13), date(2024, 4, 12)),
        ),
    ]
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    assert [float(row[3]) for row in found] == [pytest.approx(row[3], abs=0.005) for row in expected]


def test_total_pnl_of_a_life_is_its_cash(store: Store) -> None:
    """Changes of unrealized P&L and what was realised sum to the settled cash, and nothing stays unrealized."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 4, 30))

    realised, last = rows(
        store,
        "SELECT sum(realized_since_previous), (SELECT sum(unrealized_pnl_amount) FROM unrealized_pnl_timeseries"
        " WHERE valuation_date = %s) FROM unrealized_pnl_timeseries",
        date(2024, 4, 30),
    )[0]
    assert realised == rows(store, "SELECT sum(settlement_amount) FROM cashflows")[0][0]
    assert last == 0


def test_total_pnl_does_not_jump_at_a_reset(store: Store) -> None:
    """On a reset day the equity leg earns the day's price move, although its unrealized P&L falls to zero."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 2, 14))

    series = rows(
        store,
        "SELECT p.valuation_date, p.unrealized_pnl_amount, p.realized_since_previous FROM unrealized_pnl_timeseries p"
        " JOIN contract_legs l ON l.id = p.leg_id AND l.leg_number = 1 ORDER BY 1",
    )
    totals = {row[0]: row[1] - before[1] + row[2] for before, row in pairwise(series)}
    assert [totals[on] for on in (date(2024, 2, 9), date(2024, 2, 12), date(2024, 2, 13))] == [Decimal(500)] * 3
    assert {row[0]: row[1] for row in series}[date(2024, 2, 12)] == 0


def test_daily_rows_add_up_to_the_last_digit(store: Store) -> None:
    """Days sum to the cash flow's amount, factors to the year fraction, and weekends have rows of their own."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 4, 15))

    for amount, total, last, factors, n_days, kind in rows(
        store,
        "SELECT c.amount, sum(a.daily_accrual_amount),"
        " (array_agg(a.cumulative_accrual_amount ORDER BY a.accrual_date DESC))[1], sum(a.accrual_factor), count(*),"
        " c.cashflow_type FROM cashflows c JOIN daily_accruals a ON a.cashflow_id = c.id GROUP BY c.id",
    ):
        assert total == amount == last
        assert kind != "INTEREST" or factors == round(Decimal(n_days) / 360, 15)
    assert rows(store, "SELECT count(*) FROM daily_accruals WHERE NOT is_business_day")[0][0] > 20


def test_the_same_day_again_changes_no_row(store: Store) -> None:
    """A second run writes nothing, on the last day and on an earlier one."""
    desk = prepared(store, swap(), swap("TRS-2", payer=Side.PARTY1))
    run_days(desk, START, date(2024, 3, 15))
    before = checksums(store)

    for on in (date(2024, 3, 15), date(2024, 3, 15)):
        SwapDesk(store).end_of_day(on, refreshes_views=False)

    assert checksums(store) == before


def test_days_can_be_caught_up_at_once(store: Store) -> None:
    """A first run weeks after the trade brings the accruals and cash flows that daily runs would have brought."""
    desk = prepared(store, swap())
    desk.end_of_day(date(2024, 3, 15), refreshes_views=False)

    late = rows(store, "SELECT cashflow_reference, amount FROM cashflows ORDER BY 1")
    n_rows = rows(store, "SELECT count(*) FROM daily_accruals")[0][0]
    assert [row[0].split("/", 1)[1] for row in late] == [
        "L1/EQUITY_RETURN/20240212/1",
        "L1/EQUITY_RETURN/20240311/1",
        "L1/EQUITY_RETURN/20240410/1",
        "L2/INTEREST/20240214/1",
        "L2/INTEREST/20240313/1",
        "L2/INTEREST/20240412/1",
    ]
    # 65 days of the equity leg's close, 66 days of interest, from 10 January to 15 March.
    assert n_rows == 65 + 66


def test_a_missing_price_leaves_the_leg_out_and_says_so(store: Store) -> None:
    """No price on a business day: the equity leg has no P&L row that day, and the gap is named."""
    gap = date(2024, 1, 24)
    desk = prepared(store, swap(), prices={on: price for on, price in PRICES.items() if on != gap})
    run_days(desk, START, gap - timedelta(days=1))
    outcome = desk.end_of_day(gap, refreshes_views=False)

    assert [(item.contract_reference, item.leg_number, item.what, item.name, item.on) for item in outcome.missing] == [
        ("TRS-1", 1, "price", "RIC:ACME", gap)
    ]
    legs = "SELECT l.leg_number FROM unrealized_pnl_timeseries p JOIN contract_legs l ON l.id = p.leg_id"
    assert rows(store, legs + " WHERE p.valuation_date = %s ORDER BY 1", gap) == [(2,)]


def test_a_holiday_keeps_the_last_close(store: Store) -> None:
    """On a day without a session the leg is worth what it was worth the day before."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 2, 16))
    outcome = desk.end_of_day(date(2024, 2, 19), refreshes_views=False)

    values = rows(
        store,
        "SELECT p.price_pnl_amount FROM unrealized_pnl_timeseries p JOIN contract_legs l ON l.id = p.leg_id"
        " AND l.leg_number = 1 WHERE p.valuation_date >= '2024-02-16' ORDER BY p.valuation_date",
    )
    assert outcome.missing == ()
    assert values[0] == values[1]


def test_what_cannot_be_compiled_is_listed_and_the_others_go_on(store: Store) -> None:
    """A swap without its payout ratio is named; its neighbour is valued."""
    broken = swap("BROKEN")
    equity = broken.legs[0]
    assert equity.performance is not None
    assert equity.performance.returns.dividend is not None
    dividend = replace(equity.performance.returns.dividend, dividend_payout_ratio=None)
    returns = replace(equity.performance.returns, dividend=dividend)
    broken = replace(
        broken, legs=(replace(equity, performance=replace(equity.performance, returns=returns)), broken.legs[1])
    )
    desk = prepared(store, swap(), broken)
    outcome = desk.end_of_day(START, refreshes_views=False)

    assert [(item.contract_reference, item.error.number) for item in outcome.failures] == [("BROKEN", "CLO-1936")]
    assert outcome.n_contracts == 1
    assert rows(store, "SELECT count(*) FROM unrealized_pnl_timeseries") == [(2,)]


def test_a_composite_swap_explains_price_and_fx(store: Store) -> None:
    """A euro share in dollars: price at the rate of the reset, and FX on the whole value (spec 07 §16.2)."""
    euro = swap_book.share("EURO", "EUR")
    fx = {on: 1.10 - i * 0.001 for i, on in enumerate(DAYS)}
    contract = swap_book.total_return_swap(
        "COMP-1",
        euro,
        start=START,
        end=END,
        fx_features=[FxFeature(fx_feature_type=FxFeatureType.COMPOSITE, reference_currency="USD")],
    )
    desk = prepared(store, contract)
    with store.begin() as work:
        swap_book.put_fx(work.payouts, "EUR", "USD", fx)
    run_days(desk, START, date(2024, 1, 19))

    on = date(2024, 1, 19)
    price, fx_part, other = rows(
        store,
        "SELECT p.price_pnl_amount, p.fx_pnl_amount, p.other_pnl_amount FROM unrealized_pnl_timeseries p"
        " JOIN contract_legs l ON l.id = p.leg_id AND l.leg_number = 1 WHERE p.valuation_date = %s",
        on,
    )[0]
    assert float(price) == pytest.approx(1_000 * (PRICES[on] - 100.0) * fx[START], abs=1e-6)
    assert float(fx_part) == pytest.approx(1_000 * PRICES[on] * (fx[on] - fx[START]), abs=1e-6)
    assert other == 0


def test_a_value_from_outside_wins_and_the_difference_is_other(store: Store) -> None:
    """With an external value the components stay those of the mark, and `other` carries what is left."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 1, 18))
    on = date(2024, 1, 19)
    with store.begin() as work:
        stated = ExternalValue(
            contract_reference="TRS-1",
            leg_number=1,
            value_date=on,
            value=7_000.0,
            currency="USD",
            source="calculation agent",
            confidence=ConfidenceLevel.LOW,
        )
        work.payouts.market_events.put_external([stated])
    desk.end_of_day(on, refreshes_views=False)

    found = rows(
        store,
        "SELECT p.unrealized_pnl_amount, p.price_pnl_amount, p.other_pnl_amount, p.valuation_method, p.confidence_level"
        " FROM unrealized_pnl_timeseries p JOIN contract_legs l ON l.id = p.leg_id AND l.leg_number = 1"
        " WHERE p.valuation_date = %s",
        on,
    )
    price = Decimal(repr(1_000 * (PRICES[on] - 100.0)))
    assert found == [(Decimal(7_000), price, Decimal(7_000) - price, "EXTERNAL_PRICE", "LOW")]


def test_a_calendar_that_is_not_loaded_stops_its_own_swap_only(store: Store) -> None:
    """A swap whose rate is observed in a center that nobody loaded is listed; the others are run."""
    odd = swap("ODD")
    funding = odd.legs[1]
    assert funding.interest is not None
    odd = replace(
        odd,
        legs=(odd.legs[0], replace(funding, interest=replace(funding.interest, observation_centers=("XXXX",)))),
    )
    desk = prepared(store, swap(), odd)
    outcome = desk.end_of_day(START, refreshes_views=False)

    assert [(item.contract_reference, item.error.number) for item in outcome.failures] == [("ODD", "CLO-1911")]
    assert outcome.n_contracts == 1
