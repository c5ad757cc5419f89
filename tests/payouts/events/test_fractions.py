"""Fractions of units after a corporate action, kept or paid in cash (spec 07 §19.3)."""

from dataclasses import replace
from datetime import date

import pytest

from engine.errors import InputError
from engine.payouts.enums import (
    BusinessEventType,
    CashflowSubtype,
    CashflowType,
    ContractStatus,
    CorporateActionType,
    FxFeatureType,
    LotClosingMethod,
    SpinOffMethod,
)
from engine.payouts.events.apply import apply_event
from engine.payouts.events.fractions import fraction_of
from engine.payouts.events.instructions import AnyInstruction, CorporateActionApplied, Event
from engine.payouts.events.outcome import EventContext
from engine.payouts.events.replay import replay, reverse
from engine.payouts.events.requests import QuantityChange, QuantityDirection, StockSplit
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract, TradeLot
from tests.payouts.equity import made_equity as made
from tests.payouts.events import event_contracts

START, MIDDLE, EX_DATE, PAID, END = made.START, made.on(10), made.on(15), made.on(17), made.on(30)
ONE_FOR_FOUR = CorporateAction(
    instrument_reference="SHARE",
    action_type=CorporateActionType.REVERSE_STOCK_SPLIT,
    ex_date=EX_DATE,
    ratio_new=1.0,
    ratio_old=4.0,
    adjustment_factor=4.0,
)
CLOSES = {START: 100.0, MIDDLE: 110.0, EX_DATE: 460.0, END: 500.0}
FIXINGS = made.Fixings(prices={"SHARE": CLOSES}, splits=(("SHARE", EX_DATE, 4.0),))


def contract(*lots: TradeLot) -> Contract:
    """A swap on 1,001 shares at 100, reset at 110 before the ex-date."""
    return made.swap(made.payout((MIDDLE, END)), *(lots or (made.lot(1_001.0, 100.0),)))


def rounding(action: CorporateAction = ONE_FOR_FOUR, price: float | None = 460.0, **more: object) -> AnyInstruction:
    """The action with whole units and a price for the fractions."""
    return CorporateActionApplied(action=action, round_units=True, cash_in_lieu_price=price, **more)  # type: ignore[arg-type]


def event(*asked: AnyInstruction, on: date = EX_DATE, fx_rate: float | None = None) -> Event:
    """The action's event, settling two days after the ex-date."""
    return Event(
        event_reference="CA-1",
        event_type=BusinessEventType.CORPORATE_ACTION,
        event_date=on,
        effective_date=on,
        settlement_date=PAID,
        instructions=asked,
        fx_rate=fx_rate,
    )


def test_the_fraction_is_paid_what_it_has_earned() -> None:
    """1,001 shares become 250.25: 0.25 x (460 - 440) = 5.00 in cash, 250 x 20 = 5,000 go on; 4 x 110 is the reset."""
    after = apply_event(contract(), event(rounding())).contract
    (lot,) = after.legs[0].lots
    (closing,) = lot.closings
    result = made.valued(after, FIXINGS, EX_DATE)
    (paid,) = result.of(CashflowType.EQUITY_RETURN, CashflowSubtype.TERMINATION_AMOUNT)

    assert (lot.opened_quantity, lot.closed_quantity) == (250.25, 0.25)
    assert (closing.quantity, closing.price, closing.event_date, closing.settlement_date) == (0.25, 460, EX_DATE, PAID)
    assert made.price_amounts(result) == pytest.approx([10_010.0, 5_000.0, 5.0], abs=1e-9)
    assert made.price_amounts(result)[2] == result.values.amount[paid]


@pytest.mark.parametrize("day", [MIDDLE, made.on(14), EX_DATE])
def test_rounding_at_the_close_changes_no_value(day: date) -> None:
    """With and without the rounding the leg is worth the same up to the close of the ex-date."""
    fixings = replace(FIXINGS, prices={"SHARE": {**CLOSES, made.on(14): 113.0}})
    kept = apply_event(contract(), event(CorporateActionApplied(action=ONE_FOR_FOUR))).contract
    paid = apply_event(contract(), event(rounding())).contract

    assert sum(made.price_amounts(made.valued(paid, fixings, day))) == pytest.approx(
        sum(made.price_amounts(made.valued(kept, fixings, day))), abs=1e-9
    )
    assert kept.legs[0].lots[0].closings == ()


def test_the_fraction_is_converted_as_the_leg_is() -> None:
    """COMPOSITE: 0.25 x (460 x 1.20 - 440 x 1.10) = 17.00 dollars at the event's rate, else the fixing of the day."""
    terms = made.payout(
        (MIDDLE, END),
        instrument=made.share(currency="EUR"),
        fx=(made.fx_feature(FxFeatureType.COMPOSITE),),
    )
    swap = made.swap(terms, made.lot(1_001.0, 100.0))
    rates = {START: 1.05, MIDDLE: 1.10, EX_DATE: 1.25, END: 1.30}
    fixings = replace(FIXINGS, fx={"EUR/USD": rates})
    found = []
    for agreed in (1.20, None):
        result = made.valued(apply_event(swap, event(rounding(), fx_rate=agreed)).contract, fixings, EX_DATE)
        (row,) = result.of(CashflowType.EQUITY_RETURN, CashflowSubtype.TERMINATION_AMOUNT)
        found.append(result.values.amount[row])

    assert found == pytest.approx([17.0, 0.25 * (460.0 * 1.25 - 440.0 * 1.10)], abs=1e-9)


def test_each_lot_is_rounded_by_itself_and_what_was_closed_does_not_count() -> None:
    """1,001 of which 2 are closed become 249.75, 7 become 1.75; units bought on the ex-date are whole by agreement."""
    lots = (
        made.lot(1_001.0, 100.0, closings=(made.closing(2.0, 105.0, MIDDLE, event="EV-0"),)),
        made.lot(7.0, 100.0, name="LOT-2"),
        made.lot(10.5, 460.0, name="LOT-3", cost=EX_DATE),
    )
    after = apply_event(contract(*lots), event(rounding())).contract

    fractions = [[closing.quantity for closing in lot.closings] for lot in after.legs[0].lots]
    assert fractions == [[0.5, 0.75], [0.75], []]


def test_whole_units_are_left_alone() -> None:
    """11 for 10 on 1,000 shares: a share in the rounding of floats is no fraction."""
    bonus = replace(
        ONE_FOR_FOUR,
        action_type=CorporateActionType.BONUS_ISSUE,
        ratio_new=1.0,
        ratio_old=10.0,
        adjustment_factor=None,
    )
    (lot,) = apply_event(contract(made.lot(1_000.0, 100.0)), event(rounding(bonus))).contract.legs[0].lots

    assert lot.opened_quantity == pytest.approx(1_100.0, rel=1e-14)
    assert lot.closings == ()
    assert fraction_of(1_100.0000000000002) == fraction_of(1_099.9999999999998) == fraction_of(0.0) == 0.0


def test_a_position_below_one_share_ends() -> None:
    """3 shares become 0.75, paid in full: 0.75 x 20 = 15, and the contract is terminated."""
    outcome = apply_event(contract(made.lot(3.0, 100.0)), event(rounding()))

    assert outcome.contract.contract_status is ContractStatus.TERMINATED
    assert outcome.effect.cancel_from == EX_DATE
    assert made.price_amounts(made.valued(outcome.contract, FIXINGS, END))[1] == pytest.approx(15.0, abs=1e-9)


def test_a_split_of_a_document_rounds_too() -> None:
    """The sample share, 3 for 2, dated before it takes effect: the fraction closes on the ex-date."""
    held = event_contracts.swap((event_contracts.lot("LOT-1", 1_001.0, 60.0),))
    split = StockSplit(
        instrument_reference=event_contracts.SHPGY.reference,
        ratio=1.5,
        effective_date=EX_DATE,
        round_units=True,
        cash_in_lieu_price=43.0,
    )
    (lot,) = apply_event(held, event(split, on=made.on(13))).contract.legs[0].lots
    (closing,) = lot.closings

    assert (lot.opened_quantity, lot.initial_price) == pytest.approx((1_501.5, 40.0), rel=1e-14)
    assert (closing.event_date, closing.settlement_date) == (EX_DATE, PAID)
    assert closing.quantity == pytest.approx(0.5, abs=1e-9)


def test_the_funding_notional_loses_the_fraction() -> None:
    """1,001 shares at 60 and 3 for 2: half a share of 1,501.5 at 40 leaves, 20 of 60,060."""
    held = event_contracts.swap((event_contracts.lot("LOT-1", 1_001.0, 60.0),))
    split = replace(
        ONE_FOR_FOUR,
        instrument_reference=event_contracts.SHPGY.reference,
        action_type=CorporateActionType.STOCK_SPLIT,
        ratio_new=3.0,
        ratio_old=2.0,
        adjustment_factor=2.0 / 3.0,
    )
    after = apply_event(held, event(rounding(split, 43.0))).contract

    assert [leg.notional_amount for leg in after.legs] == pytest.approx([60_040.0, 60_040.0], abs=1e-6)


def test_shares_for_shares_can_leave_whole_shares() -> None:
    """1,001 at a ratio of 0.75 are 750.75 of the successor: 750 stay."""
    merger = replace(
        ONE_FOR_FOUR,
        action_type=CorporateActionType.MERGER,
        ratio_new=0.75,
        ratio_old=1.0,
        adjustment_factor=None,
    )
    asked = rounding(merger, 150.0, successor=made.share("SUCC"))
    (lot,) = apply_event(contract(), event(asked)).contract.legs[0].lots

    assert lot.opened_quantity == pytest.approx(750.75, rel=1e-14)
    assert [closing.quantity for closing in lot.closings] == pytest.approx([0.75], abs=1e-9)


def test_later_events_go_on_from_whole_units_and_replay() -> None:
    """After the rounding 100 new shares are closed; replaying gives the same, taking the action back the old units."""
    before = replace(contract(), lot_closing_method=LotClosingMethod.FIFO)
    change = QuantityChange(direction=QuantityDirection.DECREASE, quantity=100.0, price=480.0)
    later = replace(event(change, on=made.on(20)), event_reference="EV-2", settlement_date=None)
    asked = event(rounding())
    # As the desk does: once the action has come in it is among those that are known.
    context = EventContext(actions={"SHARE": (ONE_FOR_FOUR,)}, first_version=before, applied=(asked,))
    last = apply_event(apply_event(before, asked).contract, later, context).contract

    assert replay(before, (asked, later), context) == last
    assert [closing.quantity for closing in last.legs[0].lots[0].closings] == [0.25, 100.0]
    assert reverse(before, (asked, later), "EV-2", context) == apply_event(before, asked).contract
    assert reverse(before, (asked,), "CA-1") == before


SPIN_OFF = replace(
    ONE_FOR_FOUR,
    action_type=CorporateActionType.SPIN_OFF,
    child_ratio=0.2,
    method=SpinOffMethod.METHOD_BASKET,
    adjustment_factor=None,
)
REFUSED = [
    pytest.param(contract(), rounding(price=None), "CLO-1966.*SHARE lacks a cash_in_lieu_price", id="no price"),
    pytest.param(contract(), rounding(price=-1.0), "CLO-1966.*cash_in_lieu_price", id="negative price"),
    pytest.param(
        contract(),
        CorporateActionApplied(action=ONE_FOR_FOUR, cash_in_lieu_price=460.0),
        "CLO-1969.*fractions, which are kept.*Ask for round_units",
        id="price without rounding",
    ),
    pytest.param(
        contract(),
        rounding(SPIN_OFF, child=made.share("CHILD")),
        "CLO-1969.*units of a basket",
        id="spin-off into a basket",
    ),
    pytest.param(
        event_contracts.basket_swap(),
        rounding(replace(ONE_FOR_FOUR, instrument_reference="A")),
        "CLO-1969.*units of a basket",
        id="constituent",
    ),
]


@pytest.mark.parametrize(("before", "asked", "problem"), REFUSED)
def test_rounding_that_cannot_be_is_refused(before: Contract, asked: AnyInstruction, problem: str) -> None:
    """The error says what is missing or why there are no shares to round."""
    with pytest.raises(InputError, match=problem):
        apply_event(before, event(asked))
