"""The end of day on a real database: what it stores, that it can be run again, and what it says of missing data."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from db.payouts.market_events import ExternalValue
from db.store import Store
from engine.desk.swaps import deferrals, settlement
from engine.desk.swaps.desk import SwapDesk
from engine.payouts.deferral import DeferralRule, DeferralScope
from engine.payouts.enums import (
    CashflowType,
    ConfidenceLevel,
    ContractStatus,
    DeferralAction,
    DeferralReason,
    FxFeatureType,
    Side,
)
from engine.payouts.market import DividendEvent
from engine.payouts.terms.contract import Contract, LotClosing
from engine.payouts.terms.performance import FxFeature
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


def test_an_accrual_on_a_rate_not_yet_published_is_corrected(store: Store) -> None:
    """The last known rate is carried and the row marked; with the fixing it is written again and the mark goes."""
    on, following = date(2024, 1, 12), date(2024, 1, 16)
    desk = prepared(store, swap(), rates={day: rate for day, rate in SOFR.items() if day < on})
    run_days(desk, START, on)
    row = (
        "SELECT a.daily_accrual_amount, a.market_data_snapshot IS NOT NULL FROM daily_accruals a JOIN contract_legs l"
        " ON l.id = a.leg_id AND l.leg_number = 2 WHERE a.accrual_date = '2024-01-12'"
    )
    carried, is_marked = rows(store, row)[0]
    with store.begin() as work:
        swap_book.put_sofr(work.payouts, {on: 0.09, following: 0.09})
    desk.end_of_day(following, refreshes_views=False)
    corrected, is_still_marked = rows(store, row)[0]

    assert is_marked
    assert not is_still_marked
    assert float(carried) == pytest.approx(-100_000 * (SOFR[date(2024, 1, 11)] + 0.005) / 360, rel=1e-3)
    assert float(corrected) == pytest.approx(-100_000 * (0.09 + 0.005) / 360, rel=1e-3)


def test_a_revised_fixing_is_paid_by_an_adjustment(store: Store) -> None:
    """What was realised stays; the difference is a row of its own, and the chain sums to the amount recomputed."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 2, 14))
    with store.begin() as work:
        swap_book.put_prices(work.payouts, ACME, {date(2024, 2, 12): PRICES[date(2024, 2, 12)] + 1.25})
    outcome = desk.end_of_day(date(2024, 2, 15), recompute_since=date(2024, 2, 1), refreshes_views=False)
    again = desk.end_of_day(date(2024, 2, 15), recompute_since=date(2024, 2, 1), refreshes_views=False)

    chain = rows(
        store,
        "SELECT cashflow_type, settlement_amount, cashflow_status, supersedes_cashflow_id IS NOT NULL FROM cashflows"
        " WHERE accrual_end_date = '2024-02-12' ORDER BY cashflow_type DESC",
    )
    assert outcome.n_corrections == 1
    assert again.n_corrections == 0
    assert chain == [
        ("EQUITY_RETURN", Decimal("14000.0000000000"), "REALIZED_UNSETTLED", False),
        ("ADJUSTMENT", Decimal("1250.0000000000"), "REALIZED_UNSETTLED", True),
    ]


def test_two_runs_at_once_make_each_cash_flow_once(store: Store) -> None:
    """Concurrent end of days neither duplicate nor fail."""
    prepared(store, *(swap(f"TRS-{i}") for i in range(5)))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: SwapDesk(store).end_of_day(date(2024, 2, 14), refreshes_views=False), range(2)))

    assert rows(store, "SELECT count(*), count(DISTINCT cashflow_reference) FROM cashflows") == [(20, 20)]
    assert rows(store, "SELECT count(*) FROM cashflow_status_history WHERE from_status = 'ACCRUED'") == [(10,)]


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


def test_a_compiled_contract_is_kept_until_the_contract_changes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process takes what the last one compiled; a new version of the contract is compiled anew."""
    from engine.desk.swaps import compiled as module

    compiled: list[str] = []
    compile_one: Callable[..., Any] = module.compile_contract

    def counted(contract: Contract, *arguments: Any) -> Any:
        compiled.append(contract.contract_reference)
        return compile_one(contract, *arguments)

    monkeypatch.setattr(module, "compile_contract", counted)
    desk = prepared(store, swap())
    desk.end_of_day(START, refreshes_views=False)
    SwapDesk(store).end_of_day(START, refreshes_views=False)
    with store.begin() as work:
        found = work.payouts.contracts.load("TRS-1")
        changed = replace(found.contract, governing_law="NY")
        work.payouts.contracts.save(changed, valid_from=START, expected_version=found.version)
    SwapDesk(store).end_of_day(START, refreshes_views=False)

    assert compiled == ["TRS-1", "TRS-1"]


def test_a_partial_termination_keeps_what_every_day_accrued(store: Store) -> None:
    """The closed part has rows from its start, the rest is written anew: together each past day stays as it was."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 1, 24))
    by_day = (
        "SELECT a.accrual_date, sum(a.daily_accrual_amount) FROM daily_accruals a JOIN contract_legs l"
        " ON l.id = a.leg_id AND l.leg_number = 1 WHERE a.accrual_date <= '2024-01-24' GROUP BY 1 ORDER BY 1"
    )
    before = rows(store, by_day)
    closed = date(2024, 1, 25)
    with store.begin() as work:
        found = work.payouts.contracts.load("TRS-1")
        equity, funding = found.contract.legs
        closing = LotClosing(
            event_reference="PT-1",
            event_date=closed,
            settlement_date=date(2024, 1, 29),
            quantity=250.0,
            price=PRICES[closed],
        )
        lot = replace(equity.lots[0], closings=(closing,))
        work.payouts.contracts.save(
            replace(found.contract, legs=(replace(equity, lots=(lot,)), funding)),
            valid_from=closed,
            expected_version=found.version,
        )
    run_days(desk, closed, date(2024, 2, 12))

    mismatches = rows(
        store,
        "SELECT c.cashflow_reference FROM cashflows c JOIN daily_accruals a ON a.cashflow_id = c.id"
        " GROUP BY c.id HAVING sum(a.daily_accrual_amount) <> c.amount",
    )
    paid = rows(
        store, "SELECT settlement_amount, payment_date FROM cashflows WHERE cashflow_subtype = 'TERMINATION_AMOUNT'"
    )
    assert rows(store, by_day) == before
    assert mismatches == []
    assert paid == [(Decimal(repr(250 * (PRICES[closed] - 100.0))), date(2024, 1, 29))]


def test_what_no_longer_follows_from_the_terms_is_cancelled(store: Store) -> None:
    """With everything closed the running equity amount is cancelled, and the closing is paid in its place."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 1, 24))
    with store.begin() as work:
        found = work.payouts.contracts.load("TRS-1")
        equity, funding = found.contract.legs
        closing = LotClosing(
            event_reference="T-1",
            event_date=date(2024, 1, 25),
            settlement_date=date(2024, 1, 29),
            quantity=1_000.0,
            price=110.0,
        )
        ended = replace(
            found.contract,
            contract_status=ContractStatus.TERMINATED,
            legs=(replace(equity, lots=(replace(equity.lots[0], closings=(closing,)),)), funding),
        )
        work.payouts.contracts.save(ended, valid_from=date(2024, 1, 25), expected_version=found.version)
    run_days(desk, date(2024, 1, 25), date(2024, 2, 15))

    found_flows = rows(
        store,
        "SELECT cashflow_type, coalesce(cashflow_subtype, ''), cashflow_status, settlement_amount FROM cashflows"
        " WHERE leg_id IN (SELECT id FROM contract_legs WHERE leg_number = 1) ORDER BY 3",
    )
    unrealized = rows(
        store,
        "SELECT sum(unrealized_pnl_amount) FROM unrealized_pnl_timeseries"
        " WHERE valuation_date = (SELECT max(valuation_date) FROM unrealized_pnl_timeseries)",
    )
    assert found_flows == [
        ("EQUITY_RETURN", "PRICE_RETURN", "CANCELLED", None),
        ("EQUITY_RETURN", "TERMINATION_AMOUNT", "REALIZED_UNSETTLED", Decimal(10_000)),
    ]
    assert unrealized == [(Decimal(0),)]


def test_a_deferral_rule_puts_off_what_would_be_realised(store: Store) -> None:
    """The matching amount is deferred with its reason, the other one is realised; both leave the unrealized P&L."""
    desk = prepared(store, swap())
    rule = DeferralRule(
        rule_id="",
        priority=1,
        reason=DeferralReason.BUSINESS_RULE,
        action=DeferralAction.DEFER_DAYS,
        days=10,
        scope=DeferralScope(cashflow_type=CashflowType.EQUITY_RETURN),
    )
    deferrals.add_rule(store, rule)
    run_days(desk, START, date(2024, 2, 9))
    outcome = desk.end_of_day(date(2024, 2, 12), refreshes_views=False)
    run_days(desk, date(2024, 2, 13), date(2024, 2, 14))

    statuses = rows(
        store,
        "SELECT cashflow_type, cashflow_status, deferral_reason FROM cashflows"
        " WHERE cashflow_status <> 'ACCRUED' ORDER BY 1",
    )
    assert (outcome.n_deferred, outcome.n_realised) == (1, 0)
    assert statuses == [
        ("EQUITY_RETURN", "REALIZED_DEFERRED", "BUSINESS_RULE"),
        ("INTEREST", "REALIZED_UNSETTLED", None),
    ]


def test_a_swap_that_is_over_and_paid_matures(store: Store) -> None:
    """Once its last cash is settled the contract has its last version, and is run no more."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 4, 12))
    for on in swap_book.business_days(date(2024, 2, 14), date(2024, 4, 12)):
        for payment in settlement.settle(store, on, execute=True).payments:
            settlement.complete(store, payment.payment_reference, on)
    desk.end_of_day(date(2024, 4, 15), refreshes_views=False)

    assert desk.contract("TRS-1").contract_status is ContractStatus.MATURED
    assert rows(store, "SELECT DISTINCT cashflow_status FROM cashflows") == [("REALIZED_SETTLED",)]
    assert desk.end_of_day(date(2024, 4, 16), refreshes_views=False).n_contracts == 0


def test_a_day_without_a_price_is_made_up_on_the_next(store: Store) -> None:
    """The missing day has no row, the next one carries both moves, and days still sum to the cash flow."""
    gap = date(2024, 1, 24)
    desk = prepared(store, swap(), prices={on: price for on, price in PRICES.items() if on != gap})
    run_days(desk, START, date(2024, 2, 12))

    days = rows(
        store,
        "SELECT a.accrual_date, a.daily_accrual_amount FROM daily_accruals a JOIN contract_legs l ON l.id = a.leg_id"
        " AND l.leg_number = 1 WHERE a.accrual_date BETWEEN '2024-01-23' AND '2024-01-26' ORDER BY 1",
    )
    sums = rows(
        store,
        "SELECT c.amount, sum(a.daily_accrual_amount) FROM cashflows c JOIN daily_accruals a ON a.cashflow_id = c.id"
        " WHERE c.accrual_end_date = '2024-02-12' GROUP BY c.id",
    )
    assert days == [
        (date(2024, 1, 23), Decimal(500)),
        (date(2024, 1, 25), Decimal(1_000)),
        (date(2024, 1, 26), Decimal(500)),
    ]
    assert sums == [(Decimal(14_000), Decimal(14_000))]
