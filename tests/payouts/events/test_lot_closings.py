"""Closings: which lots give the units, what they pay, and what stays (spec 07 §19.2, vector V-8)."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.payouts.enums import BusinessEventType, ContractStatus, CorporateActionType, LotClosingMethod, LotStatus
from engine.payouts.events.allocation import OpenUnits, allocated
from engine.payouts.events.apply import apply_event
from engine.payouts.events.lots import open_quantity
from engine.payouts.events.outcome import EventContext
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract, TradeLot
from tests.payouts.events.event_contracts import SHPGY, decrease, event, increase, lot, split, swap

DAYS = (date(2024, 1, 2), date(2024, 2, 1), date(2024, 3, 1))
PARTIAL = BusinessEventType.PARTIAL_TERMINATION


def units(*held: tuple[str, float, float | None]) -> list[OpenUnits]:
    """Open lots in the order of their cost dates."""
    return [
        OpenUnits(lot_identifier=name, cost_date=DAYS[i], price=price, units=open_units)
        for i, (name, open_units, price) in enumerate(held)
    ]


def amount(one: TradeLot) -> float:
    """What the closings of a lot pay in its first period: units times price difference."""
    assert one.initial_price is not None
    return sum(closing.quantity * (closing.price - one.initial_price) for closing in one.closings)


def unrealized(contract: Contract, price: float) -> float:
    """What is open at a price, against the lots' own prices."""
    return sum((open_quantity(one) or 0.0) * (price - (one.initial_price or 0.0)) for one in contract.legs[0].lots)


def test_v8_partial_termination_conserves_value() -> None:
    """212,000 at 29.45, 53,000 closed at 30.50: 55,650 realised, 166,950 stay, 222,600 together."""
    contract = swap((lot("LOT-1", 212_000.0, 29.45),))
    outcome = apply_event(contract, event(decrease(53_000.0, 30.50), kind=PARTIAL))

    after = outcome.contract.legs[0].lots[0]
    assert open_quantity(after) == 159_000.0
    assert amount(after) == pytest.approx(55_650.0, abs=1e-9)
    assert unrealized(outcome.contract, 30.50) == pytest.approx(166_950.0, abs=1e-9)
    assert amount(after) + unrealized(outcome.contract, 30.50) == pytest.approx(222_600.0, abs=1e-9)
    assert [one.payment_date for one in outcome.effect.realise] == [after.closings[0].settlement_date]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (LotClosingMethod.FIFO, {"A": 100.0, "B": 50.0}),
        (LotClosingMethod.LIFO, {"C": 100.0, "B": 50.0}),
        (LotClosingMethod.HIFO, {"B": 100.0, "A": 50.0}),
        (LotClosingMethod.PRO_RATA, {"A": 50.0, "B": 50.0, "C": 50.0}),
    ],
)
def test_each_method_takes_lots_in_its_order(method: LotClosingMethod, expected: dict[str, float]) -> None:
    """Oldest, newest, dearest first, or all alike."""
    held = units(("A", 100.0, 20.0), ("B", 100.0, 30.0), ("C", 100.0, 10.0))

    assert allocated(held, 150.0, method) == expected


def test_hifo_takes_equal_prices_oldest_first_and_unknown_prices_last() -> None:
    """Ties go by cost date; a lot without a price is the last resort."""
    held = units(("A", 10.0, None), ("B", 10.0, 30.0), ("C", 10.0, 30.0))

    assert allocated(held, 25.0, LotClosingMethod.HIFO) == {"B": 10.0, "C": 10.0, "A": 5.0}


def test_pro_rata_rounds_to_the_unit_by_largest_remainder() -> None:
    """10 of 1, 3 and 10 units: shares 0.71, 2.14, 7.14; the one unit left goes to the largest remainder."""
    held = units(("A", 1.0, 1.0), ("B", 3.0, 1.0), ("C", 10.0, 1.0))

    assert allocated(held, 10.0, LotClosingMethod.PRO_RATA) == {"A": 1.0, "B": 2.0, "C": 7.0}


def test_pro_rata_gives_the_fraction_of_a_unit_to_one_lot() -> None:
    """Units of fractional closings are whole but for the last one."""
    held = units(("A", 10.0, 1.0), ("B", 10.0, 1.0))

    assert allocated(held, 5.5, LotClosingMethod.PRO_RATA) == {"A": 3.0, "B": 2.5}


@given(
    st.lists(st.integers(1, 10_000), min_size=3, max_size=3),
    st.integers(1, 30_000),
    st.sampled_from([method for method in LotClosingMethod if method is not LotClosingMethod.SPECIFIC]),
)
def test_every_method_closes_exactly_what_is_asked(held: list[int], asked: int, method: LotClosingMethod) -> None:
    """The pieces sum to the quantity, no lot gives more than it has, pro rata is within a unit of the share."""
    lots = units(*((name, float(n), float(n)) for name, n in zip("ABC", held, strict=True)))
    if asked > sum(held):
        with pytest.raises(InputError, match="CLO-1963"):
            allocated(lots, float(asked), method)
        return
    taken = allocated(lots, float(asked), method)

    assert sum(taken.values()) == asked
    assert all(taken.get(one.lot_identifier, 0.0) <= one.units for one in lots)
    if method is LotClosingMethod.PRO_RATA:
        shares = {one.lot_identifier: Fraction(asked) * int(one.units) / sum(held) for one in lots}
        assert all(abs(Fraction(taken.get(name, 0.0)) - share) < 1 for name, share in shares.items())


def test_the_contract_closes_by_its_own_method() -> None:
    """A decrease without a lot follows lot_closing_method."""
    lots = (lot("LOT-1", 100.0, 20.0), lot("LOT-2", 100.0, 30.0, cost_date=date(2001, 12, 3)))
    contract = replace(swap(lots), lot_closing_method=LotClosingMethod.LIFO)

    outcome = apply_event(contract, event(decrease(120.0, 25.0), kind=PARTIAL))

    assert [open_quantity(one) for one in outcome.contract.legs[0].lots] == [80.0, 0.0]
    assert [one.status for one in outcome.contract.legs[0].lots] == [LotStatus.OPEN, LotStatus.CLOSED]
    assert outcome.contract.legs[0].notional_amount == pytest.approx(80 * 20.0)
    assert outcome.contract.legs[1].notional_amount == pytest.approx(80 * 20.0)


def test_closing_everything_is_a_termination() -> None:
    """A decrease to zero terminates the contract and says from when its flows are cancelled."""
    outcome = apply_event(swap(), event(decrease(760_400.0, 40.0), kind=BusinessEventType.TERMINATION))

    assert outcome.event_type is BusinessEventType.TERMINATION
    assert outcome.contract.contract_status is ContractStatus.TERMINATED
    assert outcome.effect.cancel_from == event().effective_date
    assert [leg.notional_amount for leg in outcome.contract.legs] == [0.0, 0.0]


def test_fractional_closings_close_a_lot_to_the_last_bit() -> None:
    """Ten tenths, one by one, leave a lot CLOSED although they sum to less than one."""
    contract = swap((lot("LOT-1", 1.0, 20.0), lot("LOT-2", 1.0, 20.0)))
    for i in range(10):
        asked = event(decrease(0.1, 21.0, lot_identifier="LOT-1"), kind=PARTIAL, reference=f"EV-{i}")
        contract = apply_event(contract, asked).contract

    assert contract.legs[0].lots[0].status is LotStatus.CLOSED
    assert open_quantity(contract.legs[0].lots[0]) == 0.0


def test_closings_are_on_the_basis_of_their_lot() -> None:
    """After a split that the lot was not rewritten for, 100 units of today are 50 of the lot at twice the price."""
    action = CorporateAction(
        instrument_reference=SHPGY.reference,
        action_type=CorporateActionType.STOCK_SPLIT,
        ex_date=date(2010, 6, 1),
        adjustment_factor=0.5,
    )
    context = EventContext(actions={SHPGY.reference: (action,)})

    outcome = apply_event(swap(), event(decrease(100.0, 20.0), kind=PARTIAL), context)

    closing = outcome.contract.legs[0].lots[0].closings[0]
    assert (closing.quantity, closing.price) == (50.0, 40.0)


def test_a_split_rewrites_closings_too() -> None:
    """What a closing pays does not change when its lot is rewritten."""
    closed = apply_event(swap(), event(decrease(1_000.0, 40.0), kind=PARTIAL, on=date(2001, 10, 15))).contract
    rewritten = apply_event(
        closed, event(split(3.0, date(2001, 11, 3)), kind=BusinessEventType.STOCK_SPLIT, reference="EV-2")
    ).contract

    before, after = closed.legs[0].lots[0], rewritten.legs[0].lots[0]
    assert amount(after) == pytest.approx(amount(before), rel=1e-14)
    assert open_quantity(after) == pytest.approx(3.0 * (open_quantity(before) or 0.0), rel=1e-14)


def test_a_notional_alone_closes_by_its_share() -> None:
    """A lot without units gets those of its notional and price; a quarter of the notional is a quarter of them."""
    contract = swap((lot("LOT-1", None, 25.0, notional=1_000_000.0),))

    asked = decrease(None, 26.0, notional_change=250_000.0)
    after = apply_event(contract, event(asked, kind=PARTIAL)).contract.legs[0].lots[0]

    assert after.opened_quantity == 40_000.0
    assert open_quantity(after) == 30_000.0
    assert amount(after) == pytest.approx(10_000.0)


@given(st.floats(1.0, 1e6), st.floats(1.0, 500.0), st.floats(0.01, 1.0), st.floats(1.0, 500.0))
def test_a_closing_conserves_value(quantity: float, price: float, share: float, close: float) -> None:
    """Closed amount plus what is unrealized at the closing price is what was unrealized before."""
    contract = swap((lot("LOT-1", quantity, price),))
    before = unrealized(contract, close)
    after = apply_event(contract, event(decrease(quantity * share, close), kind=PARTIAL)).contract

    total = amount(after.legs[0].lots[0]) + unrealized(after, close)
    assert total == pytest.approx(before, rel=1e-9, abs=1e-9 * quantity * max(price, close))


@given(st.floats(1.0, 1e6), st.floats(1.0, 500.0), st.floats(1.0, 1e6), st.floats(1.0, 500.0), st.floats(1.0, 500.0))
def test_merged_and_separate_lots_earn_the_same(q: float, p: float, more: float, other: float, close: float) -> None:
    """P = Σqp/Σq gives the cash of two lots, in RESET mode (spec 07 §19.2)."""
    contract = swap((lot("LOT-1", q, p),))
    separate = apply_event(contract, event(increase(more, other))).contract
    merged = apply_event(contract, event(increase(more, other, lot_identifier="LOT-1"))).contract

    assert len(separate.legs[0].lots) == 2
    assert len(merged.legs[0].lots) == 1
    scale = (q + more) * max(p, other, close)
    assert unrealized(merged, close) == pytest.approx(unrealized(separate, close), abs=1e-11 * scale)
    assert merged.legs[0].lots[0].notional_amount == pytest.approx(q * p + more * other, rel=1e-12)


@pytest.mark.parametrize(("price", "spread"), [(20.0, 0.003), (60.0, 0.004)])
def test_a_merged_spread_is_averaged_by_notional(price: float, spread: float) -> None:
    """6,000 at the leg's 0.2 % and 2,000 at 0.6 % are 0.3 %, never 0.8 %; with 6,000 at 0.6 % 0.4 %."""
    contract = swap((lot("LOT-1", 300.0, 20.0),))

    merged = apply_event(contract, event(increase(100.0, price, lot_identifier="LOT-1", spread=0.006))).contract

    assert merged.legs[0].lots[0].spread == pytest.approx(spread, rel=1e-14)
