"""Funding legs with a notional of their own keep what it was before an event (spec 07 §12.1, §19.2)."""

from dataclasses import replace
from datetime import date

import pytest

from engine.payouts.book.tables import FLOWS
from engine.payouts.enums import BusinessEventType, DayCount, NotionalSource, RateKind, Side
from engine.payouts.events.apply import apply_event
from engine.payouts.events.instructions import AnyInstruction, Event, NotionalReset, Novation, Termination
from engine.payouts.events.replay import replay, reverse
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.funding import InterestRatePayout, PastNotional
from tests.payouts.events import event_contracts
from tests.payouts.events.event_contracts import PARTY_C, SHPGY, decrease, increase, lot
from tests.payouts.funding.made_funding import (
    book_of,
    equity_leg,
    funding_leg,
    interest,
    market_of,
    periods,
)
from tests.payouts.funding.made_funding import lot as share_lot
from tests.payouts.funding.made_funding import swap as funded_swap

FIRST, SECOND, THIRD = date(2021, 11, 11), date(2021, 11, 15), date(2021, 11, 19)


def swap() -> Contract:
    """1,000 shares at 100, funded on 100,000 of its own."""
    contract = event_contracts.swap((lot("LOT-1", 1_000.0, 100.0),))
    funding = contract.legs[1]
    assert funding.interest is not None
    own = replace(funding, interest=replace(funding.interest, notional_source=NotionalSource.OWN))
    return replace(contract, legs=(contract.legs[0], own))


def event(*asked: AnyInstruction, on: date, settles: date | None = None, reference: str = "EV-1") -> Event:
    """An event of a day that settles later."""
    return Event(
        event_reference=reference,
        event_type=BusinessEventType.PARTIAL_TERMINATION,
        event_date=on,
        effective_date=on,
        settlement_date=settles,
        instructions=asked,
    )


def notionals(leg: Leg) -> tuple[list[tuple[date, float]], float | None]:
    """What the notional was up to which days, and what it is."""
    assert leg.interest is not None
    return [(past.until, past.notional_amount) for past in leg.interest.past_notionals], leg.notional_amount


def test_a_change_counts_from_its_settlement() -> None:
    """40 % unwound on the 11th, settled on the 15th; more on the 15th, settled then; then reset on the 19th."""
    unwind = event(decrease(400.0, 120.0, notional_change=40_000.0), on=FIRST, settles=SECOND)
    more = event(increase(100.0, 110.0, notional_change=11_000.0), on=SECOND, reference="EV-2")
    reset = event(
        NotionalReset(leg_number=2, notional_amount=50_000.0, notional_currency="USD"), on=THIRD, reference="EV-3"
    )
    after = [apply_event(swap(), unwind).contract]
    for one in (more, reset):
        after.append(apply_event(after[-1], one).contract)

    assert [notionals(contract.legs[1]) for contract in after] == [
        ([(SECOND, 100_000.0)], 60_000.0),
        ([(SECOND, 100_000.0)], 71_000.0),
        ([(SECOND, 100_000.0), (THIRD, 71_000.0)], 50_000.0),
    ]
    assert replay(swap(), (unwind, more, reset)) == after[-1]
    assert reverse(swap(), (unwind, more, reset), "EV-3") == after[1]


def test_a_change_that_settles_before_another_one_carries_into_it() -> None:
    """Agreed on the 11th for the 19th, agreed on the 12th for the 15th: both are gone from the 19th on."""
    later = event(decrease(400.0, 120.0, notional_change=40_000.0), on=FIRST, settles=THIRD)
    sooner = event(
        decrease(100.0, 120.0, notional_change=10_000.0), on=date(2021, 11, 12), settles=SECOND, reference="EV-2"
    )
    contract = apply_event(apply_event(swap(), later).contract, sooner).contract

    assert notionals(contract.legs[1]) == ([(SECOND, 100_000.0), (THIRD, 90_000.0)], 50_000.0)


def test_a_termination_leaves_nothing_funded_after_its_settlement() -> None:
    """By a Termination, by the last units, and by a novation of everything."""
    end = Termination(prices={SHPGY.reference: 120.0})
    last = decrease(1_000.0, 120.0)
    gone = Novation(side=Side.PARTY2, new_party=PARTY_C, new_contract_reference="NEW", prices={SHPGY.reference: 120.0})
    found = [
        notionals(apply_event(swap(), event(asked, on=FIRST, settles=SECOND)).contract.legs[1])
        for asked in (end, last, gone)
    ]

    assert found == [([(SECOND, 100_000.0)], 0.0)] * 3


def test_a_novated_swap_is_funded_from_the_settlement_on() -> None:
    """The old contract is funded up to the 15th, the new one from then, on the notional of before."""
    asked = Novation(side=Side.PARTY2, new_party=PARTY_C, new_contract_reference="NEW", prices={SHPGY.reference: 120.0})
    for before in (swap(), event_contracts.swap()):
        _, new = apply_event(before, event(asked, on=FIRST, settles=SECOND)).contracts
        assert new.legs[1].interest is not None
        assert new.legs[1].interest.effective_date == SECOND
        assert new.legs[1].interest.past_notionals == ()


def test_a_partial_novation_divides_the_notional() -> None:
    """400 of 1,000 shares: 40,000 go on in the new contract, 60,000 stay from the settlement on."""
    asked = Novation(
        side=Side.PARTY2,
        new_party=PARTY_C,
        new_contract_reference="NEW",
        quantity=400.0,
        prices={SHPGY.reference: 120.0},
    )
    old, new = apply_event(swap(), event(asked, on=FIRST, settles=SECOND)).contracts

    assert notionals(old.legs[1])[0] == [(SECOND, 100_000.0)]
    assert notionals(new.legs[1])[0] == []
    assert [old.legs[1].notional_amount, new.legs[1].notional_amount] == pytest.approx([60_000.0, 40_000.0], abs=1e-9)


def test_interest_is_that_of_each_notional_in_its_days() -> None:
    """5 % ACT/360: 100,000 for 40 days and 60,000 for 50 in the first quarter, 60,000 for 30 in the second one, and no
    third flow."""
    bounds = (date(2024, 1, 2), date(2024, 4, 1), date(2024, 6, 30), date(2024, 9, 28))
    payout = InterestRatePayout(
        rate_kind=RateKind.FIXED,
        day_count=DayCount.ACT_360,
        fixed_rate=0.05,
        calculation_periods=periods(*bounds),
        past_notionals=(
            PastNotional(until=date(2024, 2, 11), notional_amount=100_000.0),
            PastNotional(until=date(2024, 5, 1), notional_amount=60_000.0),
        ),
    )
    made = book_of(funded_swap(equity_leg([share_lot()], bounds[1:]), funding_leg(payout, notional=0.0)))
    market = market_of(made, first=bounds[0], last=bounds[-1])

    found = [interest(made, market, bounds[-1], flow) for flow in range(len(made[FLOWS]))]

    assert found == pytest.approx([100_000 * 0.05 * 40 / 360 + 60_000 * 0.05 * 50 / 360, 60_000 * 0.05 * 30 / 360])
