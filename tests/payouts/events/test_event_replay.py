"""Replaying and reversing: the last version is the fold of the events, a lot the fold of its lot events (§19.1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError, ModelError
from engine.payouts.enums import BusinessEventType, ContractStatus, CorporateActionType, Side
from engine.payouts.events.apply import apply_event
from engine.payouts.events.instructions import (
    AnyInstruction,
    Cancellation,
    CorporateActionApplied,
    Correction,
    Event,
    ExternalValuation,
    FieldChange,
    IndexTransition,
    NotionalReset,
    Novation,
    Rebalancing,
    Termination,
    TermsChange,
)
from engine.payouts.events.lots import open_notional, open_quantity, opening_events, replay_lot
from engine.payouts.events.outcome import EventContext
from engine.payouts.events.replay import in_force, lot_history, replay, reverse
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract, Leg
from tests.payouts.events.event_contracts import (
    EVENT_DAY,
    PARTY_C,
    SHPGY,
    basket_swap,
    decrease,
    event,
    increase,
    lot,
    share,
    split,
    swap,
    variance_swap,
)
from tests.payouts.events.test_event_families import V4_PRICES, targets

CANCEL = BusinessEventType.CANCELLATION
START = swap((lot("LOT-1", 1_000.0, 20.0), lot("LOT-2", 500.0, 30.0, spread=0.004)))

EVERY_INSTRUCTION: dict[str, tuple[Contract, AnyInstruction]] = {
    "increase": (START, increase(100.0, 25.0)),
    "merge": (START, increase(100.0, 25.0, lot_identifier="LOT-2", spread=0.001)),
    "decrease": (START, decrease(1_200.0, 25.0)),
    "scale": (variance_swap(), decrease(None, notional_change=10_000.0)),
    "split": (START, split(3.0, EVENT_DAY)),
    "termination": (START, Termination(prices={SHPGY.reference: 25.0})),
    "novation": (
        START,
        Novation(
            side=Side.PARTY2,
            new_party=PARTY_C,
            new_contract_reference="EQS-2",
            quantity=700.0,
            prices={SHPGY.reference: 25.0},
        ),
    ),
    "terms": (START, TermsChange(changes=(FieldChange(path="interest.spread", value=0.01, leg_number=2),))),
    "index": (START, IndexTransition(leg_number=2, floating_rate_index="USD-SOFR", spread_adjustment=0.0011448)),
    "rebalancing": (basket_swap(), Rebalancing(leg_number=1, targets=targets(0.5, 0.3, 0.2), prices=V4_PRICES, fx={})),
    "notional": (START, NotionalReset(leg_number=2, notional_amount=1.0, notional_currency="USD")),
    "valuation": (START, ExternalValuation(value=1.0, currency="USD", valuation_date=EVENT_DAY)),
    "spin-off": (
        START,
        CorporateActionApplied(
            action=CorporateAction(
                instrument_reference=SHPGY.reference,
                action_type=CorporateActionType.SPIN_OFF,
                ex_date=EVENT_DAY,
                child_ratio=0.2,
            ),
            child=share("CHILD"),
        ),
    ),
}


def run(first: Contract, events: list[Event]) -> tuple[Contract, EventContext]:
    """Events applied as they come in, each with the history before it."""
    contract, context = first, EventContext(first_version=first)
    for one in events:
        contract = apply_event(contract, one, context).contract
        context = replace(context, applied=(*context.applied, one))
    return contract, context


@pytest.mark.parametrize("name", EVERY_INSTRUCTION)
def test_cancelling_restores_the_contract(name: str) -> None:
    """Apply, then cancel: the contract of before, for every instruction."""
    first, instruction = EVERY_INSTRUCTION[name]
    asked = event(instruction)
    changed, context = run(first, [asked])
    undo = event(Cancellation(cancelled_reference="EV-1"), kind=CANCEL, reference="EV-2")

    outcome = apply_event(changed, undo, context)

    assert outcome.contract == first
    assert changed == first if name == "valuation" else changed != first
    assert reverse(first, [asked], "EV-1") == first
    assert replay(first, [asked, undo]) == first
    assert outcome.effect.cancelled_contracts == (("EQS-2",) if name == "novation" else ())
    assert outcome.effect.undone_reference == "EV-1"


@pytest.mark.parametrize("name", EVERY_INSTRUCTION)
def test_lots_are_the_fold_of_their_events(name: str) -> None:
    """Every lot equals the replay of its lot events, whose last running columns are what is open."""
    first, instruction = EVERY_INSTRUCTION[name]
    after = apply_event(first, event(instruction)).contract

    check_lots(after, first, [event(instruction)])


def check_lots(after: Contract, first: Contract, events: list[Event]) -> None:
    """The lots of a contract against its lot history."""
    history = lot_history(first, events)
    for leg in after.legs:
        for one in leg.lots:
            own = [
                record
                for record in history
                if (record.leg_number, record.lot_identifier) == (leg.leg_number, one.lot_identifier)
            ]
            assert replay_lot(own) == one
            assert own[-1].quantity_after == open_quantity(one)
            assert own[-1].notional_after == open_notional(one)


Draw = Callable[[st.SearchStrategy[float]], float]


@st.composite
def event_sequences(draw: Draw) -> list[Event]:
    """Events on consecutive days that the start contract can take: quantities are shares of what is open then."""
    events: list[Event] = []
    contract = START
    for i in range(int(draw(st.integers(1, 6)))):
        day = EVENT_DAY + timedelta(days=i)
        price = round(draw(st.floats(5.0, 60.0)), 2)
        held = sum(one.units for one in _open(contract.legs[0]))
        kind = int(draw(st.integers(0, 4)))
        if kind == 0 or held < 10.0:
            asked: AnyInstruction = increase(round(draw(st.floats(1.0, 500.0))), price)
        elif kind == 1:
            asked = decrease(round(held * draw(st.floats(0.05, 0.9)), 4), price)
        elif kind == 2:
            asked = split(float(draw(st.sampled_from([2.0, 3.0, 0.1, 1.5]))), day)
        elif kind == 3:
            asked = TermsChange(changes=(FieldChange(path="interest.spread", value=price / 1e4, leg_number=2),))
        else:
            asked = IndexTransition(leg_number=2, floating_rate_index=f"INDEX-{i}", spread_adjustment=price / 1e5)
        one = event(asked, on=day, reference=f"EV-{i}")
        contract = apply_event(contract, one).contract
        events.append(one)
    return events


class _Units:
    def __init__(self, units: float) -> None:
        self.units = units


def _open(leg: Leg) -> list[_Units]:
    return [_Units(open_quantity(one) or 0.0) for one in leg.lots]


@settings(max_examples=40, deadline=None)
@given(event_sequences())
def test_replaying_all_events_gives_the_last_version(events: list[Event]) -> None:
    """The fold over the sorted events is the contract that came of applying them one by one (spec 07 §19.1)."""
    contract, _ = run(START, events)

    assert replay(START, events[::-1]) == contract
    check_lots(contract, START, events)


@settings(max_examples=40, deadline=None)
@given(event_sequences())
def test_cancelling_the_events_from_the_last_on_goes_back_to_the_first_version(events: list[Event]) -> None:
    """Each cancellation restores the version before the event."""
    versions = [START]
    for i in range(len(events)):
        versions.append(run(START, events[: i + 1])[0])
    contract, context = run(START, events)
    for i in reversed(range(len(events))):
        undo = event(
            Cancellation(cancelled_reference=f"EV-{i}"), kind=CANCEL, reference=f"UNDO-{i}", on=date(2022, 6, 1)
        )
        contract = apply_event(contract, undo, context).contract
        context = replace(context, applied=(*context.applied, undo))
        assert contract == versions[i]


@settings(max_examples=40, deadline=None)
@given(event_sequences())
def test_splits_and_terms_never_change_what_lots_cost(events: list[Event]) -> None:
    """Each lot's open units times its price is its open notional after any events (conversion factor 1, one
    currency): splits conserve value, closings take their share."""
    contract, _ = run(START, events)

    for one in contract.legs[0].lots:
        cost = (open_quantity(one) or 0.0) * (one.initial_price or 0.0)
        assert cost == pytest.approx(open_notional(one), rel=1e-9, abs=1e-6)
    total = sum(open_notional(one) for one in contract.legs[0].lots)
    assert contract.legs[0].notional_amount == pytest.approx(total, rel=1e-9, abs=1e-6)
    assert contract.legs[1].notional_amount == contract.legs[0].notional_amount


def test_an_event_that_comes_late_takes_its_place() -> None:
    """A closing entered after a split, effective before it, closes units of before the split."""
    late = event(decrease(100.0, 22.0, lot_identifier="LOT-1"), on=date(2021, 11, 1), reference="EV-9")
    contract, context = run(START, [event(split(2.0, EVENT_DAY))])

    outcome = apply_event(contract, late, context)

    in_order, _ = run(START, [late, event(split(2.0, EVENT_DAY))])
    assert outcome.contract == in_order
    assert outcome.effect.rebuilds
    assert outcome.event_type is BusinessEventType.PARTIAL_TERMINATION
    assert open_quantity(outcome.contract.legs[0].lots[0]) == 1_800.0


def test_a_correction_replaces_what_an_event_asked_for() -> None:
    """A closing at 25 that should have been at 26."""
    contract, context = run(START, [event(decrease(100.0, 25.0))])
    right = Correction(corrected_reference="EV-1", instructions=(decrease(100.0, 26.0),))

    outcome = apply_event(contract, event(right, kind=BusinessEventType.CORRECTION, reference="EV-2"), context)

    assert outcome.contract == apply_event(START, event(decrease(100.0, 26.0))).contract
    assert outcome.event_type is BusinessEventType.CORRECTION
    assert [one.end_date for one in outcome.effect.realise] == [EVENT_DAY]


def test_cancelling_a_cancellation_brings_the_event_back() -> None:
    """The closing counts again."""
    closing = event(decrease(100.0, 25.0))
    undo = event(Cancellation(cancelled_reference="EV-1"), kind=CANCEL, reference="EV-2")
    redo = event(Cancellation(cancelled_reference="EV-2"), kind=CANCEL, reference="EV-3")

    contract, _ = run(START, [closing, undo, redo])

    assert contract == apply_event(START, closing).contract
    assert in_force([closing, undo, redo]) == (closing,)


def test_a_cancelled_contract_is_cancelled_in_the_replay_too() -> None:
    """A cancellation that names no event cancels the contract."""
    undo = event(Cancellation(cancelled_reference=None), kind=CANCEL)

    contract, _ = run(START, [undo])

    assert contract == replace(START, contract_status=ContractStatus.CANCELLED)
    assert replay(START, [undo]) == contract


def test_a_cancelled_termination_reopens_the_contract() -> None:
    """The one event that a terminated contract takes."""
    contract, context = run(START, [event(Termination(prices={SHPGY.reference: 25.0}))])
    undo = event(Cancellation(cancelled_reference="EV-1"), kind=CANCEL, reference="EV-2")

    assert contract.contract_status is ContractStatus.TERMINATED
    assert apply_event(contract, undo, context).contract.contract_status is ContractStatus.ACTIVE


def test_an_unknown_event_cannot_be_cancelled() -> None:
    """The error names the events there are."""
    contract, context = run(START, [event(decrease(100.0, 25.0))])
    undo = event(Cancellation(cancelled_reference="EV-9"), kind=CANCEL, reference="EV-2")

    with pytest.raises(InputError, match=r"CLO-1909: There is no event EV-9.*The events are EV-1"):
        apply_event(contract, undo, context)
    with pytest.raises(InputError, match="CLO-1909"):
        reverse(START, [event(decrease(100.0, 25.0))], "EV-9")


def test_undoing_needs_the_history() -> None:
    """Without the first version nothing can be replayed."""
    with pytest.raises(InputError, match=r"CLO-1909: The history of EQS-1 is not there"):
        apply_event(START, event(Cancellation(cancelled_reference="EV-1"), kind=CANCEL))


def test_lot_events_out_of_order_are_refused() -> None:
    """A lot begins with its opening and has one only."""
    opening = opening_events(lot("LOT-1"), 1, "EXECUTION")

    assert replay_lot(opening) == lot("LOT-1")
    with pytest.raises(ModelError, match="CLO-1968"):
        replay_lot([*opening, *opening])
    with pytest.raises(ModelError, match="CLO-1968"):
        replay_lot([])
