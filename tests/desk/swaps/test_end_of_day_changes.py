"""What changes after the fact: fixings, terms, rules and runs at once, and how the end of day deals with it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from db.store import Store
from engine.desk.swaps import deferrals, settlement
from engine.desk.swaps.deferral_rules import DeferralRules
from engine.desk.swaps.desk import SwapDesk
from engine.payouts.deferral import DeferralRule, DeferralScope
from engine.payouts.enums import (
    CashflowType,
    ContractStatus,
    DeferralAction,
    DeferralReason,
)
from engine.payouts.terms.contract import Contract, LotClosing
from tests.desk.swaps import swap_book
from tests.desk.swaps.day_runs import (
    ACME,
    PRICES,
    SOFR,
    START,
    prepared,
    rows,
    run_days,
    swap,
)


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
    DeferralRules(store).add(rule)
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


def test_a_withdrawn_cash_flow_comes_back_with_its_terms(store: Store) -> None:
    """The cancelled row stays as it is; the restored period is a cash flow of its own and is paid in full."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 1, 24))
    closing = LotClosing(
        event_reference="T-1",
        event_date=date(2024, 1, 25),
        settlement_date=date(2024, 1, 29),
        quantity=1_000.0,
        price=110.0,
    )
    with store.begin() as work:
        found = work.payouts.contracts.load("TRS-1")
        equity, funding = found.contract.legs
        closed = replace(equity, lots=(replace(equity.lots[0], closings=(closing,)),))
        work.payouts.contracts.save(
            replace(found.contract, legs=(closed, funding)), valid_from=date(2024, 1, 25), expected_version=1
        )
    desk.end_of_day(date(2024, 1, 25), refreshes_views=False)
    with store.begin() as work:
        work.payouts.contracts.save(found.contract, valid_from=date(2024, 1, 25), expected_version=2)
    run_days(desk, date(2024, 1, 26), date(2024, 2, 12))

    flows = rows(
        store,
        "SELECT cashflow_reference, cashflow_status, settlement_amount FROM cashflows"
        " WHERE accrual_end_date = '2024-02-12' ORDER BY 1",
    )
    assert flows == [
        ("TRS-1/L1/EQUITY_RETURN/20240212/1", "CANCELLED", None),
        ("TRS-1/L1/EQUITY_RETURN/20240212/1+", "REALIZED_UNSETTLED", Decimal(14_000)),
    ]


def test_a_change_dated_before_the_last_run_is_seen(store: Store) -> None:
    """A closing that is entered days late has its amount, although its period part ended before the last run."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 2, 9))
    closing = LotClosing(
        event_reference="LATE-1",
        event_date=date(2024, 1, 25),
        settlement_date=date(2024, 1, 29),
        quantity=100.0,
        price=110.0,
    )
    with store.begin() as work:
        found = work.payouts.contracts.load("TRS-1")
        equity, funding = found.contract.legs
        closed = replace(equity, lots=(replace(equity.lots[0], closings=(closing,)),))
        work.payouts.contracts.save(
            replace(found.contract, legs=(closed, funding)), valid_from=date(2024, 1, 25), expected_version=1
        )
    desk.end_of_day(date(2024, 2, 12), refreshes_views=False)

    amounts = rows(
        store,
        "SELECT cashflow_subtype, settlement_amount FROM cashflows"
        " WHERE cashflow_type = 'EQUITY_RETURN' AND settlement_amount IS NOT NULL ORDER BY 2",
    )
    assert amounts == [
        ("TERMINATION_AMOUNT", Decimal(1_000)),
        ("PRICE_RETURN", Decimal(900) * Decimal("14")),
    ]


def test_what_is_realised_by_hand_after_the_day_reaches_the_next_one(store: Store) -> None:
    """A payment put off after its day was run is in the realised P&L of the day after, and in it once."""
    desk = prepared(store, swap())
    run_days(desk, START, date(2024, 1, 24))
    deferrals.defer(
        store,
        "TRS-1/L1/EQUITY_RETURN/20240212/1",
        reason=DeferralReason.COUNTERPARTY_REQUEST,
        business_date=date(2024, 1, 24),
        expected_realization_date=date(2024, 3, 1),
        changed_by="anna",
        justification="asked by letter",
    )
    run_days(desk, date(2024, 1, 25), date(2024, 1, 26))
    desk.end_of_day(date(2024, 1, 26), refreshes_views=False)

    series = rows(
        store,
        "SELECT p.valuation_date, p.unrealized_pnl_amount, p.realized_since_previous FROM unrealized_pnl_timeseries p"
        " JOIN contract_legs l ON l.id = p.leg_id AND l.leg_number = 1 WHERE p.valuation_date >= '2024-01-24'"
        " ORDER BY 1",
    )
    worth = Decimal(repr(1_000 * (PRICES[date(2024, 1, 24)] - 100.0)))
    assert series == [
        (date(2024, 1, 24), worth, Decimal(0)),
        (date(2024, 1, 25), Decimal(0), worth),
        (date(2024, 1, 26), Decimal(0), Decimal(0)),
    ]
