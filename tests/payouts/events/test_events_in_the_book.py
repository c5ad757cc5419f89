"""What events make of a contract is worth in the book what it should be (spec 07 §19.2, §19.3)."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from engine.payouts.enums import BusinessEventType, CorporateActionType, Side
from engine.payouts.events.apply import apply_event
from engine.payouts.events.instructions import AnyInstruction, CorporateActionApplied, Event, Novation
from engine.payouts.events.outcome import EventContext
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract
from tests.payouts.equity import made_equity as made
from tests.payouts.events.event_contracts import PARTY_C, decrease, increase

START, MIDDLE, PAST, END = made.START, made.on(10), made.on(20), made.on(30)
CLOSES = {START: 100.0, MIDDLE: 110.0, PAST: 120.0, END: 130.0}


def contract(*lots: tuple[float, float]) -> Contract:
    """A swap valued in the middle of its life and at its end."""
    held = [made.lot(units, price, name=f"LOT-{i}") for i, (units, price) in enumerate(lots, start=1)]
    return made.swap(made.payout((MIDDLE, END)), *held)


def after(before: Contract, on: date, *instructions: AnyInstruction) -> tuple[Contract, ...]:
    """The contracts after an event of a day that settles two days later."""
    event = Event(
        event_reference="EV-1",
        event_type=BusinessEventType.CORPORATE_ACTION,
        event_date=on,
        effective_date=on,
        settlement_date=on + timedelta(days=2),
        instructions=instructions,
    )
    return apply_event(before, event).contracts


def total(what: Contract | Sequence[Contract], fixings: made.Fixings, day: date = END) -> float:
    """Price amounts of all flows up to a day."""
    return sum(made.price_amounts(made.valued(what, fixings, day)))


def of_share(ex_date: date, kind: CorporateActionType, **terms: object) -> CorporateAction:
    """An action of the share."""
    return CorporateAction(
        instrument_reference="SHARE",
        action_type=kind,
        ex_date=ex_date,
        **terms,  # type: ignore[arg-type]
    )


def test_v8_is_paid_and_kept() -> None:
    """55,650 for the closed units since the reset at 29.45, 166,950 unrealized on the others."""
    closes = {START: 28.00, MIDDLE: 29.45, PAST: 30.50, END: 30.50}
    (swap,) = after(contract((212_000.0, 28.00)), PAST, decrease(53_000.0, 30.50))

    amounts = sorted(made.price_amounts(made.valued(swap, made.Fixings(prices={"SHARE": closes}), PAST)))

    assert amounts == pytest.approx([55_650.0, 166_950.0, 212_000.0 * 1.45], abs=1e-6)


@pytest.mark.parametrize("day", [MIDDLE, PAST, END])
def test_a_closing_at_the_close_changes_no_value(day: date) -> None:
    """Paid and unrealized together are what was unrealized, on the day and, at a flat price, later."""
    fixings = made.Fixings(prices={"SHARE": {**CLOSES, END: 120.0}})
    before = contract((1_000.0, 100.0), (500.0, 90.0))
    (swap,) = after(before, PAST, decrease(700.0, 120.0))

    assert total(swap, fixings, day) == pytest.approx(total(before, fixings, day), abs=1e-6)


@pytest.mark.parametrize("day", [made.on(5), MIDDLE, PAST, END])
def test_a_split_that_rewrites_lots_changes_no_value(day: date) -> None:
    """With the split in the market data the rewritten lot is worth what the old one is, closings included."""
    ex_date = made.on(15)
    closes = {START: 100.0, made.on(5): 104.0, MIDDLE: 110.0, PAST: 60.0, END: 65.0}
    fixings = made.Fixings(prices={"SHARE": closes}, splits=(("SHARE", ex_date, 0.5),))
    (closed,) = after(contract((1_000.0, 100.0)), made.on(12), decrease(200.0, 111.0))
    split = CorporateActionApplied(action=of_share(ex_date, CorporateActionType.STOCK_SPLIT, adjustment_factor=0.5))
    event = Event(
        event_reference="EV-2",
        event_type=BusinessEventType.CORPORATE_ACTION,
        event_date=ex_date,
        effective_date=ex_date,
        instructions=(split,),
    )
    rewritten = apply_event(closed, event).contract

    assert rewritten.legs[0].lots[0].opened_quantity == 2_000.0
    assert total(rewritten, fixings, day) == pytest.approx(total(closed, fixings, day), abs=1e-6)


def test_a_spin_off_adds_the_child_to_what_the_leg_earns() -> None:
    """Up to the ex-date the parent alone, then parent and 0.2 child: together Q·(P + 0.2·C - P₀)."""
    ex_date = made.on(15)
    spin_off = of_share(ex_date, CorporateActionType.SPIN_OFF, child_ratio=0.2)
    applied = CorporateActionApplied(action=spin_off, child=made.share("CHILD"))
    (swap,) = after(contract((1_000.0, 100.0)), ex_date, applied)
    fixings = made.Fixings(prices={"SHARE": CLOSES, "CHILD": {PAST: 24.0, END: 26.0}})

    assert total(swap, fixings, MIDDLE) == pytest.approx(1_000.0 * 10.0, abs=1e-6)
    assert total(swap, fixings, PAST) == pytest.approx(1_000.0 * (120.0 + 0.2 * 24.0 - 100.0), abs=1e-6)
    assert total(swap, fixings, END) == pytest.approx(1_000.0 * (130.0 + 0.2 * 26.0 - 100.0), abs=1e-6)


def test_a_spin_off_after_a_split_counts_the_split_once() -> None:
    """2 for 1, then 0.1 child for each new share: lots of before and after the split earn what they hold."""
    split_day, later, ex_date = made.on(12), made.on(14), made.on(15)
    closes = {START: 100.0, MIDDLE: 110.0, later: 56.0, PAST: 60.0, END: 65.0}
    fixings = made.Fixings(
        prices={"SHARE": closes, "CHILD": {PAST: 24.0, END: 26.0}}, splits=(("SHARE", split_day, 0.5),)
    )
    before = made.swap(
        made.payout((MIDDLE, END)), made.lot(1_000.0, 100.0), made.lot(300.0, 56.0, name="LOT-2", cost=later)
    )
    applied = CorporateActionApplied(
        action=of_share(ex_date, CorporateActionType.SPIN_OFF, child_ratio=0.1), child=made.share("CHILD")
    )
    event = Event(
        event_reference="EV-1",
        event_type=BusinessEventType.CORPORATE_ACTION,
        event_date=ex_date,
        effective_date=ex_date,
        instructions=(applied,),
    )
    split = of_share(split_day, CorporateActionType.STOCK_SPLIT, adjustment_factor=0.5)
    swap = apply_event(before, event, EventContext(actions={"SHARE": (split,)})).contract

    worth = 65.0 + 0.1 * 26.0
    assert total(swap, fixings) == pytest.approx(2_000.0 * (worth - 50.0) + 300.0 * (worth - 56.0), abs=1e-6)


def test_a_basket_of_a_spin_off_closes_at_its_own_price() -> None:
    """400 of 1,000 units at 125 of parent and child together."""
    ex_date = made.on(15)
    applied = CorporateActionApplied(
        action=of_share(ex_date, CorporateActionType.SPIN_OFF, child_ratio=0.2), child=made.share("CHILD")
    )
    (basket,) = after(contract((1_000.0, 100.0)), ex_date, applied)
    event = Event(
        event_reference="EV-2",
        event_type=BusinessEventType.PARTIAL_TERMINATION,
        event_date=PAST,
        effective_date=PAST,
        settlement_date=made.on(22),
        instructions=(decrease(400.0, 125.0),),
    )
    swap = apply_event(basket, event).contract
    fixings = made.Fixings(prices={"SHARE": CLOSES, "CHILD": {PAST: 24.0, END: 26.0}})

    expected = 10_000.0 + 400.0 * (125.0 - 110.0) + 600.0 * (130.0 + 0.2 * 26.0 - 110.0)
    assert total(swap, fixings, END) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("price", [None, 120.0])
def test_a_novation_divides_the_performance_without_loss(price: float | None) -> None:
    """Old and new contract together earn what the old one would have; without a price all of it on the moved units is
    the new party's."""
    before = made.swap(made.payout((END,)), made.lot(1_000.0, 100.0))
    prices = {} if price is None else {"SHARE": price}
    moved = Novation(side=Side.PARTY2, new_party=PARTY_C, new_contract_reference="NEW", quantity=400.0, prices=prices)
    old, new = after(before, PAST, moved)
    fixings = made.Fixings(prices={"SHARE": CLOSES})

    assert total([old, new], fixings) == pytest.approx(total(before, fixings), abs=1e-6)
    assert total(new, fixings) == pytest.approx(400.0 * (130.0 - (price or 100.0)), abs=1e-6)


def test_shares_for_shares_go_on_with_chained_fixings() -> None:
    """Q·(r·P - P₀) in all, where the closes of the successor before the completion are those of the share over r."""
    completion, ratio = made.on(15), 0.8
    merger = of_share(completion, CorporateActionType.MERGER, ratio_new=ratio, ratio_old=1.0)
    (swap,) = after(
        contract((1_000.0, 100.0)), completion, CorporateActionApplied(action=merger, successor=made.share("SUCC"))
    )
    fixings = made.Fixings(prices={"SUCC": {START: 125.0, MIDDLE: 137.5, PAST: 150.0, END: 160.0}})

    assert total(swap, fixings, MIDDLE) == pytest.approx(1_000.0 * 10.0, abs=1e-6)
    assert total(swap, fixings, END) == pytest.approx(1_000.0 * (ratio * 160.0 - 100.0), abs=1e-6)


def test_merged_and_separate_lots_are_paid_the_same() -> None:
    """An increase on its lot or beside it, in the first period of both (spec 07 §19.2)."""
    before = contract((1_000.0, 100.0))
    fixings = made.Fixings(prices={"SHARE": {**CLOSES, made.on(5): 104.0}})
    (separate,) = after(before, made.on(5), increase(500.0, 106.0))
    (merged,) = after(before, made.on(5), increase(500.0, 106.0, lot_identifier="LOT-1"))

    for day in (MIDDLE, END):
        assert total(merged, fixings, day) == pytest.approx(total(separate, fixings, day), abs=1e-6)
