"""Unwinds that break their funding, through storage and end of day (spec 07 §19.2)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from db.store import Store
from engine.desk.swaps import events
from engine.desk.swaps.desk import SwapDesk
from engine.payouts.enums import BusinessEventType, ContractStatus, NotionalSource, Side, UnwindFunding
from engine.payouts.events.instructions import AnyInstruction, Event, Novation, Termination
from engine.payouts.events.requests import QuantityChange, QuantityDirection
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.parties import Party
from tests.desk.swaps.day_runs import ACME, DAYS, PRICES, START, checksums, prepared, rows, run_days, swap

UNWOUND, SETTLED, LAST = date(2024, 1, 25), date(2024, 1, 29), date(2024, 2, 16)
FLAT = dict.fromkeys(DAYS, 0.05)
BREAK = UnwindFunding.BREAK


def unwind(asked: AnyInstruction, kind: BusinessEventType = BusinessEventType.PARTIAL_TERMINATION) -> Event:
    """Agreed on 25 January, settled on the 29th."""
    return Event(
        event_reference="U-1",
        event_type=kind,
        event_date=UNWOUND,
        effective_date=UNWOUND,
        settlement_date=SETTLED,
        instructions=(asked,),
    )


def decrease(funding: UnwindFunding = BREAK, quantity: float = 400.0) -> Event:
    """400 of 1,000 shares closed at the close of the day."""
    return unwind(
        QuantityChange(direction=QuantityDirection.DECREASE, quantity=quantity, price=PRICES[UNWOUND], funding=funding)
    )


def run_with(store: Store, event: Event, *references: str) -> SwapDesk:
    """Swaps of these references run up to the unwind of the first, and on to the payments of its period."""
    desk = prepared(store, *(swap(reference) for reference in references), rates=FLAT)
    run_days(desk, START, UNWOUND)
    events.apply(store, references[0], event)
    run_days(desk, UNWOUND, LAST)
    return desk


def interest(store: Store, reference: str) -> list[tuple[Any, ...]]:
    """End, payment day, status and amount of the interest of a swap that is not accrued any more."""
    return rows(
        store,
        "SELECT accrual_end_date, payment_date, cashflow_status, settlement_amount FROM cashflows"
        " WHERE cashflow_type = 'INTEREST' AND cashflow_status <> 'ACCRUED' AND cashflow_reference LIKE %s ORDER BY 1",
        f"{reference}/%",
    )


def test_broken_interest_is_realised_on_the_settlement_and_paid_then(store: Store) -> None:
    """5 % overnight compounded over 19 days, with its weekends, and 0.5 % on 40,000, on the 29th; 60,000 with the
    period. A second run of every day writes nothing."""
    desk = run_with(store, decrease(), "TRS-1")
    written = checksums(store)
    for on in (UNWOUND, SETTLED, LAST):
        desk.end_of_day(on, refreshes_views=False)

    # Nights from 10 to 29 January: two before the weekend of the 12th to the 16th, a holiday, and so on.
    nights = [1, 1, 4, 1, 1, 1, 3, 1, 1, 1, 1, 3]
    product = 1.0
    for days in nights:
        product *= 1.0 + 0.05 * days / 360
    assert sum(nights) == (SETTLED - START).days
    broken = -40_000 * (product - 1.0 + 0.005 * 19 / 360)
    assert checksums(store) == written
    found = interest(store, "TRS-1")
    assert found[0] == (SETTLED, SETTLED, "REALIZED_UNSETTLED", Decimal(f"{broken:.2f}"))
    assert len(found) == 2
    assert found[1][2] == "REALIZED_UNSETTLED"


def test_breaking_moves_interest_and_changes_neither_its_sum_nor_the_p_and_l(store: Store) -> None:
    """Beside a swap whose funding runs: the same interest in all, the same accruals by day, the same P&L every day."""
    desk = prepared(store, swap("TRS-1"), swap("TRS-2"))
    run_days(desk, START, UNWOUND)
    events.apply(store, "TRS-1", decrease())
    events.apply(store, "TRS-2", decrease(UnwindFunding.RUN))
    run_days(desk, UNWOUND, LAST)

    broken, running = interest(store, "TRS-1"), interest(store, "TRS-2")
    assert (len(broken), len(running)) == (2, 1)
    assert sum(row[3] for row in broken) == pytest.approx(running[0][3], abs=Decimal("0.011"))
    daily = (
        "SELECT a.accrual_date, sum(a.daily_accrual_amount)::float8 FROM daily_accruals a"
        " JOIN cashflows c ON c.id = a.cashflow_id WHERE c.cashflow_reference LIKE %s"
        " AND c.cashflow_status <> 'CANCELLED' GROUP BY 1 ORDER BY 1"
    )
    days, others = rows(store, daily, "TRS-1/%"), rows(store, daily, "TRS-2/%")
    assert [row[0] for row in days] == [row[0] for row in others]
    assert [row[1] for row in days] == pytest.approx([row[1] for row in others], abs=1e-7)
    pnl = (
        "SELECT p.valuation_date, (sum(sum(p.realized_since_previous)) OVER (ORDER BY p.valuation_date)"
        " + sum(p.unrealized_pnl_amount))::float8 FROM unrealized_pnl_timeseries p"
        " JOIN contracts k ON k.id = p.contract_id WHERE k.contract_reference = %s GROUP BY 1 ORDER BY 1"
    )
    # Realised amounts are rounded to the cent, the broken flow a cent more often.
    assert [row[1] for row in rows(store, pnl, "TRS-1")] == pytest.approx(
        [row[1] for row in rows(store, pnl, "TRS-2")], abs=0.011
    )


def test_the_choice_is_stored_with_the_closing_and_replayed(store: Store) -> None:
    """The closing's row says BREAK, replaying the events gives the stored version, cancelling the one before."""
    desk = prepared(store, swap("TRS-1"))
    before = desk.contract("TRS-1")
    after = events.apply(store, "TRS-1", decrease()).contract

    assert rows(store, "SELECT funding FROM lot_closings") == [("BREAK",)]
    assert after.legs[0].lots[0].closings[0].funding is BREAK
    assert desk.contract("TRS-1") == after
    assert events.replay(store, "TRS-1") == after

    events.cancel(store, "TRS-1", "U-1", reason="wrong account")

    assert desk.contract("TRS-1") == before
    assert events.replay(store, "TRS-1") == before


def test_taking_an_unwind_back_before_it_settles_gives_the_interest_back_to_the_period(store: Store) -> None:
    """The flow of the closing is cancelled with the event; the period pays what that of an untouched swap does."""
    desk = prepared(store, swap("TRS-1"), swap("TRS-2"))
    run_days(desk, START, UNWOUND)
    events.apply(store, "TRS-1", decrease())
    run_days(desk, UNWOUND, date(2024, 1, 26))
    events.cancel(store, "TRS-1", "U-1", reason="wrong account")
    run_days(desk, SETTLED, LAST)

    cancelled, paid = interest(store, "TRS-1")
    assert (cancelled[0], cancelled[2]) == (SETTLED, "CANCELLED")
    assert [paid] == interest(store, "TRS-2")


def test_a_termination_that_breaks_leaves_nothing_to_pay_with_the_period(store: Store) -> None:
    """All interest is paid as everything settles; the contract is over."""
    asked = Termination(prices={ACME.reference: PRICES[UNWOUND]}, funding=BREAK)
    desk = run_with(store, unwind(asked, BusinessEventType.TERMINATION), "TRS-1")

    assert desk.contract("TRS-1").contract_status is ContractStatus.TERMINATED
    assert [row[0] for row in interest(store, "TRS-1") if row[2] == "REALIZED_UNSETTLED"] == [SETTLED]
    assert rows(store, "SELECT count(*) FROM cashflows WHERE cashflow_status = 'ACCRUED' AND amount <> 0") == [(0,)]


def test_a_novation_can_break_the_funding_of_the_old_contract(store: Store) -> None:
    """The leaving party is paid up to the settlement, from which the new contract is funded."""
    step_in = Party(party_identifier="NEWCOMER", party_name="A newcomer")
    asked = Novation(
        side=Side.PARTY2,
        new_party=step_in,
        new_contract_reference="TRS-1N",
        quantity=400.0,
        prices={ACME.reference: PRICES[UNWOUND]},
        funding=BREAK,
    )
    desk = run_with(store, unwind(asked, BusinessEventType.PARTIAL_NOVATION), "TRS-1")
    (moved,) = desk.contract("TRS-1N").legs[0].lots

    assert interest(store, "TRS-1")[0][:3] == (SETTLED, SETTLED, "REALIZED_UNSETTLED")
    assert (moved.settlement_date, moved.closings) == (SETTLED, ())


def test_a_late_event_between_unwind_and_settlement_is_accepted(store: Store) -> None:
    """Broken interest ends with the settlement, but it is no realised period."""
    desk = prepared(store, swap("TRS-1"), rates=FLAT)
    run_days(desk, START, UNWOUND)
    events.apply(store, "TRS-1", decrease())
    run_days(desk, UNWOUND, SETTLED)
    late = replace(decrease(quantity=100.0), event_reference="U-2", effective_date=date(2024, 1, 26))

    result = events.apply(store, "TRS-1", late)

    assert interest(store, "TRS-1")[0][2] == "REALIZED_UNSETTLED"
    assert result.contract.legs[0].lots[0].closed_quantity == 500.0


def test_two_closings_of_one_event_are_paid_apart(store: Store) -> None:
    """400 shares at 108 and 100 more at 109, of the same lot: 3,200 and 900."""
    one = decrease()
    (change,) = one.instructions
    assert isinstance(change, QuantityChange)
    desk = prepared(store, swap("TRS-1"), rates=FLAT)
    run_days(desk, START, UNWOUND)
    events.apply(store, "TRS-1", replace(one, instructions=(change, replace(change, quantity=100.0, price=109.0))))
    run_days(desk, UNWOUND, SETTLED)

    paid = rows(
        store,
        "SELECT settlement_amount FROM cashflows WHERE cashflow_subtype = 'TERMINATION_AMOUNT' ORDER BY 1 DESC",
    )
    assert paid == [(Decimal(3_200),), (Decimal(900),)]


def own_notional(reference: str) -> Contract:
    """The swap with a funding notional of its own."""
    contract = swap(reference)
    funding = contract.legs[1]
    assert funding.interest is not None
    own = replace(funding, interest=replace(funding.interest, notional_source=NotionalSource.OWN))
    return replace(contract, legs=(contract.legs[0], own))


def test_a_notional_of_its_own_ends_with_what_it_funds(store: Store) -> None:
    """Unwound and settled like a swap whose notional follows its shares: the same interest, in part and in full."""
    terminate = unwind(Termination(prices={ACME.reference: PRICES[UNWOUND]}), BusinessEventType.TERMINATION)
    reduce = decrease(UnwindFunding.RUN)
    (change,) = reduce.instructions
    assert isinstance(change, QuantityChange)
    swaps = (swap("TRS-1"), own_notional("TRS-2"), swap("TRS-3"), own_notional("TRS-4"))
    desk = prepared(store, *swaps, rates=FLAT)
    run_days(desk, START, UNWOUND)
    events.apply(store, "TRS-1", terminate)
    events.apply(store, "TRS-2", terminate)
    events.apply(store, "TRS-3", reduce)
    events.apply(store, "TRS-4", replace(reduce, instructions=(replace(change, notional_change=40_000.0),)))
    run_days(desk, UNWOUND, LAST)

    assert interest(store, "TRS-2") == interest(store, "TRS-1")
    assert interest(store, "TRS-4") == interest(store, "TRS-3")
    assert len(interest(store, "TRS-1")) == len(interest(store, "TRS-3")) == 1
    assert rows(store, "SELECT count(*) FROM past_notionals") == [(2,)]
    assert events.replay(store, "TRS-4") == desk.contract("TRS-4")


def test_a_novation_is_funded_once_between_trade_and_settlement(store: Store) -> None:
    """The old contract accrues up to the 29th, the new one from then on."""
    step_in = Party(party_identifier="NEWCOMER", party_name="A newcomer")
    asked = Novation(
        side=Side.PARTY2,
        new_party=step_in,
        new_contract_reference="TRS-1N",
        prices={ACME.reference: PRICES[UNWOUND]},
    )
    run_with(store, unwind(asked, BusinessEventType.NOVATION), "TRS-1")
    days = (
        "SELECT min(a.accrual_date), max(a.accrual_date) FROM daily_accruals a JOIN cashflows c ON c.id = a.cashflow_id"
        " WHERE c.cashflow_type = 'INTEREST' AND a.notional_amount <> 0 AND c.cashflow_reference LIKE %s"
    )

    assert rows(store, days, "TRS-1/%") == [(START, date(2024, 1, 28))]
    assert rows(store, days, "TRS-1N/%")[0][0] == SETTLED
