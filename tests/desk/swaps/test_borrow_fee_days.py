"""The borrow fee of a short swap through its life: booked, accrued by the day, realised, amended, shown (§12.5)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from db.payouts.state import state_of
from db.store import Store
from engine.desk.swaps import events
from engine.desk.swaps.desk import SwapDesk
from engine.desk.swaps.override_files import overrides_of
from engine.errors import InputError
from engine.payouts.cdm.transfers import transfer_state
from engine.payouts.enums import BusinessEventType, DayCount, Side
from engine.payouts.events.instructions import AnyInstruction, Event, Termination
from engine.payouts.events.requests import QuantityChange, QuantityDirection
from engine.payouts.terms.borrow import BorrowFee, BorrowRateStep
from engine.payouts.terms.contract import Contract
from tests.desk.swaps import swap_book
from tests.desk.swaps.day_runs import ACME, DAYS, END, PRICES, START, checksums, prepared, rows, run_days, swap

RATE = 0.036
"""0.0001 a day on Actual/360."""

RESETS = (date(2024, 2, 12), date(2024, 3, 11), END)
FEE = BorrowFee(payer=Side.PARTY1, rate=RATE, day_count=DayCount.ACT_360)
CENT = 0.005


def short(fee: BorrowFee = FEE, **terms: Any) -> Contract:
    """The desk pays the performance of 1,000 shares, and the fee."""
    made = swap(payer=fee.payer, **terms)
    equity = made.legs[0]
    assert equity.performance is not None
    performance = replace(equity.performance, borrow_fee=fee)
    return replace(made, legs=(replace(equity, performance=performance), *made.legs[1:]))


def nights(first: date, end: date, units: float = 1_000.0, rate: float = RATE) -> float:
    """The fee of [first, end): each calendar day at the close of the last New York business day up to it."""
    total = 0.0
    for n in range((end - first).days):
        night = first + timedelta(days=n)
        total += units * PRICES[max(on for on in DAYS if on <= night)] * rate / 360
    return total


def stored_fees(store: Store) -> list[tuple[Any, ...]]:
    return rows(
        store,
        "SELECT cashflow_reference, accrual_start_date, accrual_end_date, payment_date, amount::float8"
        " FROM cashflows WHERE cashflow_subtype = 'BORROW_FEE' AND cashflow_status NOT IN ('CANCELLED', 'ADJUSTED')"
        " ORDER BY accrual_end_date",
    )


def test_fees_are_realised_with_the_performance_of_their_periods(store: Store) -> None:
    """Three months: each fee ends with its valuation, is paid with it by the desk, and is rounded to the cent."""
    desk = prepared(store, short())
    run_days(desk, START, date(2024, 4, 30))

    found = rows(
        store,
        "SELECT c.cashflow_reference, c.cashflow_type, c.accrual_end_date, c.payment_date, c.cashflow_status,"
        " c.settlement_amount::float8, p.party_identifier FROM cashflows c JOIN parties p ON p.id = c.payer_party_id"
        " WHERE c.cashflow_subtype = 'BORROW_FEE' ORDER BY 3",
    )
    starts, paid = (START, *RESETS[:-1]), (date(2024, 2, 14), date(2024, 3, 13), date(2024, 4, 12))
    assert [row[:5] for row in found] == [
        (f"TRS-1/L1/FEES/{end:%Y%m%d}/1", "FEES", end, on, "REALIZED_UNSETTLED")
        for end, on in zip(RESETS, paid, strict=True)
    ]
    assert [row[5] for row in found] == [
        pytest.approx(-nights(start, end), abs=CENT) for start, end in zip(starts, RESETS, strict=True)
    ]
    assert {row[6] for row in found} == {"DESK"}


def test_days_of_a_fee_add_up_to_it(store: Store) -> None:
    """A row for every calendar day of the period, closed days too; amounts and factors sum to the last digit."""
    desk = prepared(store, short())
    run_days(desk, START, date(2024, 3, 15))

    found = rows(
        store,
        "SELECT c.amount, sum(a.daily_accrual_amount), sum(a.accrual_factor), min(a.accrual_date), max(a.accrual_date),"
        " count(*) FROM cashflows c JOIN daily_accruals a ON a.cashflow_id = c.id"
        " WHERE c.cashflow_subtype = 'BORROW_FEE' AND c.cashflow_status <> 'ACCRUED' GROUP BY c.id ORDER BY 4",
    )
    saturday = rows(
        store,
        "SELECT a.daily_accrual_amount::float8, a.notional_amount::float8, a.rate_or_price::float8, a.is_business_day"
        " FROM daily_accruals a JOIN cashflows c ON c.id = a.cashflow_id WHERE c.cashflow_subtype = 'BORROW_FEE'"
        " AND a.accrual_date = '2024-02-17'",
    )
    friday = 1_000 * PRICES[date(2024, 2, 16)]
    assert [row[3:] for row in found] == [(START, date(2024, 2, 11), 33), (RESETS[0], date(2024, 3, 10), 28)]
    assert all(amount == total for amount, total, *_ in found)
    assert [row[2] for row in found] == [round(Decimal(n) / 360, 15) for n in (33, 28)]
    assert saturday == [(pytest.approx(-friday * 1e-4, abs=1e-9), friday, RATE, False)]


def test_what_accrued_is_other_profit_until_it_is_realised(store: Store) -> None:
    """On a day `other` has the nights before it; after the reset it starts anew, and a life's P&L is its cash."""
    desk = prepared(store, short())
    run_days(desk, START, date(2024, 4, 30))

    series = {
        day: (other, parts, total)
        for day, other, parts, total in rows(
            store,
            "SELECT p.valuation_date, p.other_pnl_amount::float8, p.price_pnl_amount + p.dividend_pnl_amount"
            " + p.interest_pnl_amount + p.fx_pnl_amount + p.other_pnl_amount, p.unrealized_pnl_amount"
            " FROM unrealized_pnl_timeseries p JOIN contract_legs l ON l.id = p.leg_id AND l.leg_number = 1",
        )
    }
    for day, start in ((START, START), (date(2024, 1, 16), START), (date(2024, 2, 9), START), (RESETS[0], RESETS[0])):
        assert series[day][0] == pytest.approx(-nights(start, day), abs=1e-9)
    assert series[date(2024, 2, 13)][0] == pytest.approx(-nights(RESETS[0], date(2024, 2, 13)), abs=1e-9)
    assert all(parts == total for _, parts, total in series.values())
    realised = rows(store, "SELECT sum(realized_since_previous) FROM unrealized_pnl_timeseries")
    assert realised == rows(store, "SELECT sum(settlement_amount) FROM cashflows")


def test_a_day_stored_twice_changes_nothing(store: Store) -> None:
    """A second run of the last day, and of one before a reset, writes no row."""
    desk = prepared(store, short())
    run_days(desk, START, date(2024, 3, 12))
    before = checksums(store)
    SwapDesk(store).end_of_day(date(2024, 3, 12), refreshes_views=False)

    assert checksums(store) == before


def test_days_caught_up_at_once_are_those_of_daily_runs(store: Store) -> None:
    """One run in March brings the fees, and the rows, that daily runs would have brought."""
    prepared(store, short()).end_of_day(date(2024, 3, 15), refreshes_views=False)

    found = stored_fees(store)
    # Through the night of the 15th, as an accrual of that day counts it.
    through = date(2024, 3, 16)
    assert [row[4] for row in found] == [
        pytest.approx(-nights(start, end), abs=1e-8)
        for start, end in ((START, RESETS[0]), (RESETS[0], RESETS[1]), (RESETS[1], through))
    ]
    flows = "SELECT count(*) FROM daily_accruals a JOIN cashflows c ON c.id = a.cashflow_id"
    assert rows(store, flows + " WHERE c.cashflow_subtype = 'BORROW_FEE'") == [((through - START).days,)]


def test_a_new_borrow_rate_holds_from_its_day_on(store: Store) -> None:
    """An amendment of the rate by its path becomes a dated step: nights before it keep theirs, realised ones too."""
    desk = prepared(store, short())
    turn = date(2024, 2, 20)
    run_days(desk, START, date(2024, 2, 23))
    desk.amend("TRS-1", {"1.performance.borrow_fee.rate": 2 * RATE}, turn)
    run_days(desk, date(2024, 2, 26), date(2024, 3, 13))

    fee = desk.contract("TRS-1").legs[0].performance.borrow_fee  # type: ignore[union-attr]
    assert fee == replace(FEE, steps=(BorrowRateStep(step_date=turn, rate=2 * RATE),))
    assert [row[4] for row in stored_fees(store)[:2]] == [
        pytest.approx(-nights(START, RESETS[0]), abs=1e-8),
        pytest.approx(-nights(RESETS[0], turn) - nights(turn, RESETS[1], rate=2 * RATE), abs=1e-8),
    ]
    assert rows(store, "SELECT count(*) FROM cashflows WHERE cashflow_type = 'ADJUSTMENT'") == [(0,)]


def test_a_fee_can_be_agreed_or_lifted_by_its_path(store: Store) -> None:
    """Terms are changed by field path; what cannot be is refused and stores nothing."""
    desk = prepared(store, swap(payer=Side.PARTY1))
    path = "1.performance.borrow_fee"
    given = {
        "payer": "PARTY1",
        "rate": RATE,
        "day_count": "ACT/360",
        "steps": [{"step_date": "2024-02-01", "rate": 0.05}],
    }
    agreed = desk.amend("TRS-1", {path: given}, date(2024, 1, 15)).contract
    for value, message in (
        ({**given, "rate": 3.6e3}, "CLO-1988"),
        ({**given, "payer": "PARTY2"}, "CLO-1987"),
        ({**given, "day_count": "ACT/361"}, "CLO-1986"),
    ):
        with pytest.raises(InputError, match=message):
            desk.amend("TRS-1", {path: value}, date(2024, 1, 16))
    with pytest.raises(InputError, match="CLO-1986"):
        desk.amend("TRS-1", {f"{path}.rate": "dear"}, date(2024, 1, 16))

    fee = replace(FEE, steps=(BorrowRateStep(step_date=date(2024, 2, 1), rate=0.05),))
    assert agreed.legs[0].performance.borrow_fee == fee  # type: ignore[union-attr]
    assert desk.contract("TRS-1") == agreed
    lifted = desk.amend("TRS-1", {path: None}, date(2024, 1, 16)).contract
    assert lifted.legs[0].performance.borrow_fee is None  # type: ignore[union-attr]
    assert rows(store, "SELECT count(*) FROM borrow_fees") == [(0,)]


def test_a_rate_needs_a_fee(store: Store) -> None:
    """A new rate for a leg without a fee is refused: nobody said who pays it."""
    desk = prepared(store, swap(payer=Side.PARTY1))

    with pytest.raises(InputError, match="CLO-1967"):
        desk.amend("TRS-1", {"1.performance.borrow_fee.rate": 0.05}, date(2024, 1, 16))


def event(reference: str, on: date, kind: BusinessEventType, asked: AnyInstruction) -> Event:
    return Event(
        event_reference=reference,
        event_type=kind,
        event_date=on,
        effective_date=on,
        settlement_date=on + timedelta(days=2),
        instructions=(asked,),
    )


def test_a_partial_termination_lowers_the_fee_from_its_day_on(store: Store) -> None:
    """400 of 1,000 shares bought back on 24 January: the fee of the period has both parts."""
    desk = prepared(store, short())
    on = date(2024, 1, 24)
    run_days(desk, START, date(2024, 1, 23))
    asked = QuantityChange(direction=QuantityDirection.DECREASE, quantity=400.0, price=PRICES[on], price_currency="USD")
    events.apply(store, "TRS-1", event("PT-1", on, BusinessEventType.PARTIAL_TERMINATION, asked))
    run_days(desk, on, date(2024, 2, 14))

    assert stored_fees(store)[0][4] == pytest.approx(-nights(START, on) - nights(on, RESETS[0], units=600.0), abs=1e-8)


def test_a_termination_ends_the_fee_and_pays_it_when_it_settles(store: Store) -> None:
    """Everything is bought back: one fee up to that day stands, the one of the whole period is cancelled."""
    desk = prepared(store, short())
    on = date(2024, 1, 24)
    run_days(desk, START, date(2024, 1, 23))
    asked = Termination(prices={ACME.reference: PRICES[on]})
    events.apply(store, "TRS-1", event("T-1", on, BusinessEventType.TERMINATION, asked))
    run_days(desk, on, date(2024, 2, 29))

    [(reference, *days, amount)] = stored_fees(store)
    assert (reference, days) == ("TRS-1/L1/FEES/20240124/1", [START, on, date(2024, 1, 26)])
    assert amount == pytest.approx(-nights(START, on), abs=1e-8)
    status = "SELECT cashflow_status FROM cashflows WHERE cashflow_reference = 'TRS-1/L1/FEES/20240212/1'"
    assert rows(store, status) == [("CANCELLED",)]


def test_a_missing_close_stops_the_fee_until_it_is_there(store: Store) -> None:
    """The gap is named on its day and after it; once it is filled the fee is the one without a gap."""
    gap, following = date(2024, 1, 24), date(2024, 1, 25)
    desk = prepared(store, short(), prices={on: price for on, price in PRICES.items() if on != gap})
    run_days(desk, START, date(2024, 1, 23))
    outcomes = [desk.end_of_day(on, refreshes_views=False) for on in (gap, following)]
    with store.begin() as work:
        swap_book.put_prices(work.payouts, ACME, {gap: PRICES[gap]})
    run_days(desk, date(2024, 1, 26), date(2024, 2, 12))

    named = [[(item.leg_number, item.what, item.name, item.on) for item in outcome.missing] for outcome in outcomes]
    assert named == [[(1, "price", ACME.reference, gap)]] * 2
    assert stored_fees(store)[0][4] == pytest.approx(-nights(START, RESETS[0]), abs=1e-8)
    sums = (
        "SELECT c.amount, sum(a.daily_accrual_amount), count(*) FROM cashflows c JOIN daily_accruals a"
        " ON a.cashflow_id = c.id WHERE c.cashflow_reference = 'TRS-1/L1/FEES/20240212/1' GROUP BY c.id"
    )
    [(amount, total, n_rows)] = rows(store, sums)
    assert (total, n_rows) == (amount, 33)


def test_a_revised_close_corrects_a_realised_fee(store: Store) -> None:
    """50 more on one close in the middle of a period that is paid: 5.00 for that night, as a row of its own."""
    desk = prepared(store, short())
    run_days(desk, START, date(2024, 2, 14))
    revised = date(2024, 2, 8)
    with store.begin() as work:
        swap_book.put_prices(work.payouts, ACME, {revised: PRICES[revised] + 50.0})
    outcome = desk.end_of_day(date(2024, 2, 15), recompute_since=date(2024, 2, 1), refreshes_views=False)
    again = desk.end_of_day(date(2024, 2, 15), recompute_since=date(2024, 2, 1), refreshes_views=False)

    chain = rows(
        store,
        "SELECT n.settlement_amount::float8, n.accrual_end_date FROM cashflows n JOIN cashflows o"
        " ON o.id = n.supersedes_cashflow_id WHERE o.cashflow_subtype = 'BORROW_FEE'",
    )
    assert (outcome.n_corrections, again.n_corrections) == (1, 0)
    assert chain == [(pytest.approx(-5.0, abs=CENT), RESETS[0])]


def request_of(contract: Contract) -> dict[str, Any]:
    """A contract as somebody would send it."""
    found: dict[str, Any] = json.loads(state_of(contract))
    return found


def test_a_request_states_the_fee_and_the_tables_hold_it(store: Store) -> None:
    """Created from JSON, the contract, its rows and the payout that is read from them have the same fee."""
    stepped = replace(FEE, steps=tuple(BorrowRateStep(step_date=date(2024, m, 1), rate=m / 100) for m in (2, 3)))
    with store.begin() as work:
        swap_book.put_calendar(work.payouts)
    made = SwapDesk(store).create(request_of(short(stepped))).contract

    assert made.legs[0].performance.borrow_fee == stepped  # type: ignore[union-attr]
    assert rows(
        store,
        "SELECT p.party_identifier, f.rate::float8, f.day_count FROM borrow_fees f"
        " JOIN parties p ON p.id = f.payer_party_id",
    ) == [("DESK", RATE, "ACT/360")]
    assert rows(store, "SELECT step_date, rate::float8 FROM borrow_rate_steps ORDER BY 1") == [
        (date(2024, 2, 1), 0.02),
        (date(2024, 3, 1), 0.03),
    ]
    with store.read() as work:
        found = work.payouts.payouts.detail("TRS-1", 1)
    assert found.payout.borrow_fee == stepped


def test_a_request_for_a_fee_of_the_long_side_stores_nothing(store: Store) -> None:
    """CLO-1987 by name, CLO-1995 for a field that no fee has."""
    with store.begin() as work:
        swap_book.put_calendar(work.payouts)
    wrong, unknown = request_of(short()), request_of(short())
    wrong["legs"][0]["performance"]["borrow_fee"]["payer"] = "PARTY2"
    unknown["legs"][0]["performance"]["borrow_fee"]["rebate"] = 0.01

    for request, number in ((wrong, "CLO-1987"), (unknown, "CLO-1995")):
        with pytest.raises(InputError, match=number):
            SwapDesk(store).create(request)
    assert rows(store, "SELECT count(*) FROM contracts") == [(0,)]


def test_reports_and_transfers_show_the_fee(store: Store) -> None:
    """R-3 reconciles it with its days; the CDM is told of a Premium that the desk pays."""
    desk = prepared(store, short())
    run_days(desk, START, date(2024, 2, 15))
    table = desk.report("R-3", contract="TRS-1", first=START, last=date(2024, 2, 12))
    titles = [column.name for column in table.columns]
    lines = [dict(zip(titles, row, strict=True)) for row in table.rows]
    with store.read() as work:
        flows = work.payouts.settlement.transfers("TRS-1")
    states = [state for flow in flows if (state := transfer_state(flow, {})) is not None]

    [fee] = [line for line in lines if line["cashflow_reference"] == "TRS-1/L1/FEES/20240212/1"]
    assert (fee["cashflow_type"], fee["accrual_days"], fee["difference"]) == ("FEES", 33, 0)
    [transfer] = [state["transfer"] for state in states if state["transfer"]["transferType"] == "Premium"]
    assert transfer["quantity"]["value"] == pytest.approx(nights(START, RESETS[0]), abs=CENT)
    assert transfer["payerReceiver"]["payerPartyReference"] == {"@ref:external": "DESK"}


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"payer": "PARTY1", "rate": 3.6e3, "day_count": "ACT/360"}, "CLO-1988"),
        ({"payer": "PARTY3", "rate": 0.036, "day_count": "ACT/360"}, "CLO-1993.*borrow_fee.payer"),
        ({"rate": 0.036, "day_count": "ACT/360"}, "CLO-1993.*borrow_fee.payer"),
    ],
)
def test_a_bad_fee_in_an_override_is_named(given: Mapping[str, object], number: str) -> None:
    """Nobody guesses who pays, and a percentage is no decimal."""
    with pytest.raises(InputError, match=number):
        overrides_of({"borrow_fee": given}, "one.overrides.json")


def test_an_override_states_a_fee_with_its_steps() -> None:
    """What a file beside a document says, as the terms hold it."""
    text = {
        "borrow_fee": {
            "payer": "PARTY1",
            "rate": RATE,
            "day_count": "ACT/360",
            "steps": [{"step_date": "2024-02-01", "rate": 0.08}],
        }
    }

    found = overrides_of(text, "one.overrides.json").borrow_fee
    assert found == replace(FEE, steps=(BorrowRateStep(step_date=date(2024, 2, 1), rate=0.08),))
