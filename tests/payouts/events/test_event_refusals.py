"""Events that are refused: every error with its number and what it names; the contract stays as it was."""

from dataclasses import replace
from datetime import date

import pytest

from engine.errors import InputError
from engine.payouts.enums import (
    BusinessEventType,
    ContractStatus,
    CorporateActionType,
    DayCount,
    LotClosingMethod,
    NotionalSource,
    Side,
    UnwindFunding,
)
from engine.payouts.events.apply import apply_event
from engine.payouts.events.instructions import (
    AnyInstruction,
    Cancellation,
    CorporateActionApplied,
    FieldChange,
    IndexTransition,
    NotionalReset,
    Novation,
    Rebalancing,
    Termination,
    TermsChange,
)
from engine.payouts.events.outcome import ContractClosedError, EventContext
from engine.payouts.events.requests import QuantityChange, QuantityDirection
from engine.payouts.findings import FindingCode
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract, LotClosing
from tests.payouts.events.event_contracts import (
    EVENT_DAY,
    PARTY_A,
    PARTY_C,
    SHPGY,
    basket_swap,
    decrease,
    event,
    fee,
    increase,
    lot,
    share,
    split,
    swap,
    variance_swap,
)
from tests.payouts.events.test_event_families import V4_PRICES, targets

ALL_CLOSED = LotClosing(
    event_reference="EV-0", event_date=EVENT_DAY, settlement_date=EVENT_DAY, quantity=100.0, price=20.0
)
TWO = swap((lot("LOT-1", 100.0, 20.0), lot("LOT-2", 50.0, 30.0)))


def novation(**more: object) -> Novation:
    """Party C for party 2."""
    terms: dict[str, object] = {
        "side": Side.PARTY2,
        "new_party": PARTY_C,
        "new_contract_reference": "EQS-2",
        "quantity": None,
        **more,
    }
    return Novation(**terms)  # type: ignore[arg-type]


def terms(path: str, value: object, leg_number: int | None = None) -> TermsChange:
    """One changed term."""
    return TermsChange(changes=(FieldChange(path=path, value=value, leg_number=leg_number),))


def action(kind: CorporateActionType, reference: str = SHPGY.reference, **more: object) -> CorporateActionApplied:
    """A corporate action without further instruments."""
    return CorporateActionApplied(
        action=CorporateAction(
            instrument_reference=reference,
            action_type=kind,
            ex_date=EVENT_DAY,
            **more,  # type: ignore[arg-type]
        )
    )


REFUSED: dict[str, tuple[Contract, AnyInstruction, str]] = {
    "more than is open": (TWO, decrease(151.0, 25.0), "CLO-1963: 151 units cannot be closed of 150 open ones"),
    "more than the lot has": (
        TWO,
        decrease(101.0, 25.0, lot_identifier="LOT-1"),
        "CLO-1963: 101 units cannot be closed of 100 open ones",
    ),
    "nothing": (TWO, decrease(0.0, 25.0), "CLO-1963: A quantity of 0.0 is impossible"),
    "not a number": (TWO, increase(float("nan"), 25.0), "CLO-1963: A quantity of nan is impossible"),
    "no amount": (TWO, decrease(None, 25.0), "CLO-1963: The change has no quantity and no notional"),
    "replaced by a notional": (
        TWO,
        QuantityChange(direction=QuantityDirection.REPLACE, notional_change=5.0),
        "CLO-1963: A replacing change",
    ),
    "replaced by the same": (
        TWO,
        QuantityChange(direction=QuantityDirection.REPLACE, quantity=150.0),
        "CLO-1963: The quantity is 150 already",
    ),
    "units of a notional": (variance_swap(), decrease(5.0), "CLO-1963: Leg 1 is a notional without units"),
    "too much notional": (variance_swap(), decrease(None, notional_change=6e4), "CLO-1963: A notional of 60,000"),
    "unknown lot": (
        TWO,
        decrease(1.0, 25.0, lot_identifier="LOT-9"),
        r"CLO-1964: .*no lot LOT-9.*The leg has LOT-1, LOT-2",
    ),
    "unknown instrument": (
        TWO,
        decrease(1.0, 25.0, instrument_reference="RIC:X"),
        r"CLO-1964: .*RIC:X.*follow OTHER:SHPGY.O",
    ),
    "split of another share": (TWO, replace(split(2.0, EVENT_DAY), instrument_reference="RIC:X"), "CLO-1964"),
    "action on another share": (TWO, action(CorporateActionType.DELISTING, "RIC:X"), "CLO-1964"),
    "price in another currency": (
        TWO,
        increase(1.0, 25.0, price_currency="EUR"),
        "CLO-1965: The price is in EUR, that of leg 1 is in USD",
    ),
    "notional in another currency": (TWO, increase(1.0, 25.0, notional_currency="EUR"), "CLO-1965: The notional"),
    "reset in another currency": (
        TWO,
        NotionalReset(leg_number=2, notional_amount=1.0, notional_currency="EUR"),
        "CLO-1965",
    ),
    "offer in another currency": (
        TWO,
        action(CorporateActionType.MERGER, cash_amount=5.0, currency="EUR"),
        "CLO-1965: The cash amount",
    ),
    "new lot without price": (TWO, increase(1.0), "CLO-1966: New units of OTHER:SHPGY.O have no price"),
    "negative price": (TWO, increase(1.0, -5.0), "CLO-1966: A price of -5.0 is impossible"),
    "termination without price": (TWO, Termination(), "CLO-1966: OTHER:SHPGY.O lacks a closing price on 2021-11-11"),
    "termination at no number": (TWO, Termination(prices={SHPGY.reference: float("nan")}), "CLO-1966"),
    "lot without fx": (
        swap((), share("EURO", "EUR")),
        increase(1.0, 25.0),
        "CLO-1966: The notional of leg 1 is in USD, its prices",
    ),
    "notional without price": (
        swap((lot("LOT-1", None, None, notional=5.0),)),
        decrease(1.0, 2.0),
        "CLO-1966: OTHER:SHPGY.O lacks a price on",
    ),
    "mixed offer without price": (
        TWO,
        replace(
            action(CorporateActionType.MERGER, cash_amount=5.0, ratio_new=1.0, ratio_old=1.0), successor=share("S")
        ),
        "CLO-1966: S lacks a price on 2021-11-11",
    ),
    "specific without a lot": (
        replace(TWO, lot_closing_method=LotClosingMethod.SPECIFIC),
        decrease(1.0, 25.0),
        r"CLO-1967: .*names none.*Name one of LOT-1, LOT-2",
    ),
    "nothing to break": (
        variance_swap(),
        QuantityChange(direction=QuantityDirection.DECREASE, notional_change=10_000.0, funding=UnwindFunding.BREAK),
        "CLO-1967: Funding BREAK was asked for, and no funding leg of EQS-1",
    ),
    "no followers to break": (
        replace(TWO, legs=TWO.legs[:1]),
        Termination(prices={SHPGY.reference: 25.0}, funding=UnwindFunding.BREAK),
        "CLO-1967: Funding BREAK was asked for.*leg 1",
    ),
    "novation without funding to break": (
        replace(TWO, legs=TWO.legs[:1]),
        novation(funding=UnwindFunding.BREAK),
        "CLO-1967: Funding BREAK was asked for.*leg 1",
    ),
    "increase that breaks": (
        TWO,
        increase(1.0, 25.0, funding=UnwindFunding.BREAK),
        "CLO-1967: An increase closes nothing whose funding could be broken",
    ),
    "party is there": (TWO, novation(new_party=PARTY_A), "CLO-1967: party1 is a party of EQS-1 already"),
    "same reference": (TWO, novation(new_contract_reference="EQS-1"), "CLO-1967: The new contract cannot be called"),
    "part of a basket without lots": (
        replace(TWO, legs=(replace(TWO.legs[0], lots=()), TWO.legs[1])),
        novation(quantity=1.0),
        "CLO-1967",
    ),
    "notional without lots": (
        replace(TWO, legs=(replace(TWO.legs[0], lots=()), TWO.legs[1])),
        Termination(),
        "CLO-1967: Leg 1 of EQS-1 has a notional and no lots",
    ),
    "part of what is closed": (
        swap((replace(lot("LOT-1", 100.0, 20.0), closings=(ALL_CLOSED,)),)),
        novation(quantity=1.0, prices={SHPGY.reference: 20.0}),
        "CLO-1963: 1 units cannot be closed of 0 open ones",
    ),
    "novation of nothing": (TWO, novation(quantity=-1.0), "CLO-1963: A quantity of -1.0 is impossible"),
    "unknown term": (TWO, terms("interest.spred", 0.1, 2), r"CLO-1967: .*no term 'spred'.*The closest: spread"),
    "no term": (TWO, terms("party1", PARTY_C), "CLO-1967: party1 is no term that can be changed"),
    "term of another type": (TWO, terms("interest.day_count", "ACT/360", 2), "CLO-1967: day_count is a DayCount"),
    "spread in words": (TWO, terms("interest.spread", "more", 2), "CLO-1967: A spread of 'more' is no number"),
    "no changes": (TWO, TermsChange(changes=()), "CLO-1967: The change of terms changes nothing"),
    "index of an equity leg": (TWO, IndexTransition(leg_number=1, floating_rate_index="SOFR"), "CLO-1967: Leg 1"),
    "no basket": (
        TWO,
        Rebalancing(leg_number=1, targets=targets(0.5, 0.3, 0.2), prices=V4_PRICES, fx={}),
        "CLO-1967: Leg 1",
    ),
    "basket without prices": (
        basket_swap(),
        Rebalancing(leg_number=1, targets=targets(0.5, 0.3, 0.2), prices={}, fx={}),
        "CLO-1939",
    ),
    "negative notional": (
        TWO,
        NotionalReset(leg_number=2, notional_amount=-1.0, notional_currency="USD"),
        "CLO-1963: A notional of -1.0",
    ),
    "split by nothing": (TWO, split(0.0, EVENT_DAY), "CLO-1969: A split ratio of 0.0 is impossible"),
    "spin-off without child": (TWO, action(CorporateActionType.SPIN_OFF), "CLO-1969: The spin-off of"),
    "merger without offer": (TWO, action(CorporateActionType.MERGER), "CLO-1969: The merger of"),
    "cash inside a basket": (
        basket_swap(),
        action(CorporateActionType.MERGER, "B", cash_amount=5.0),
        "CLO-1969: B is paid in cash",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_impossible_events_are_refused(name: str) -> None:
    """Number, what is wrong and what there is; the contract is untouched by whatever was done before."""
    contract, instruction, expected = REFUSED[name]
    before = repr(contract)

    with pytest.raises(InputError, match=expected) as refused:
        apply_event(
            contract, event(terms("interest.spread", 0.9, 2), instruction) if contract is TWO else event(instruction)
        )

    assert refused.value.where == "EQS-1, event EV-1"
    assert repr(contract) == before


@pytest.mark.parametrize(
    "status",
    [ContractStatus.TERMINATED, ContractStatus.NOVATED, ContractStatus.CANCELLED, ContractStatus.MATURED],
)
def test_a_closed_contract_takes_no_event(status: ContractStatus) -> None:
    """The error says in which status the contract is."""
    with pytest.raises(ContractClosedError, match=rf"CLO-1961: EQS-1 is {status.value} and takes no INCREASE"):
        apply_event(replace(TWO, contract_status=status), event(increase(1.0, 25.0)))


def test_an_event_before_realised_periods_is_a_correction_or_nothing() -> None:
    """The same event is refused under its own name and accepted as CORRECTION."""
    context = EventContext(last_realised_date=date(2021, 12, 31))
    asked = decrease(10.0, 25.0)

    with pytest.raises(InputError, match=r"CLO-1962: .*2021-11-11, periods up to 2021-12-31 are realised"):
        apply_event(TWO, event(asked, kind=BusinessEventType.PARTIAL_TERMINATION), context)
    outcome = apply_event(TWO, event(asked, kind=BusinessEventType.CORRECTION), context)
    assert outcome.event_type is BusinessEventType.CORRECTION


def test_a_lot_with_a_past_takes_no_more_units() -> None:
    """Closings or realised periods would change with the averaged price."""
    merge = increase(10.0, 25.0, lot_identifier="LOT-1")
    closed = apply_event(TWO, event(decrease(10.0, 25.0, lot_identifier="LOT-1"))).contract

    with pytest.raises(InputError, match=r"CLO-1967: Lot LOT-1 has closings and takes no more units"):
        apply_event(closed, event(merge))
    with pytest.raises(InputError, match=r"CLO-1967: Lot LOT-1 has realised periods and takes no more units"):
        apply_event(TWO, event(merge), EventContext(last_realised_date=date(2021, 10, 1)))


def test_a_novation_after_resets_needs_a_price() -> None:
    """The reset price of the open period is not in the terms."""
    with pytest.raises(InputError, match=r"CLO-1966: Periods of EQS-1 up to 2021-10-01 are realised"):
        apply_event(TWO, event(novation()), EventContext(last_realised_date=date(2021, 10, 1)))


def test_a_split_that_contradicts_the_stored_action_is_refused() -> None:
    """Two for one in the event, three for one in the market data."""
    stored = CorporateAction(
        instrument_reference=SHPGY.reference,
        action_type=CorporateActionType.STOCK_SPLIT,
        ex_date=EVENT_DAY,
        ratio_new=3.0,
        ratio_old=1.0,
    )

    with pytest.raises(InputError, match=r"CLO-1969: .*has the factor 0.5, the stored one 0.333333333333"):
        apply_event(TWO, event(split(2.0, EVENT_DAY)), EventContext(actions={SHPGY.reference: (stored,)}))


def test_an_event_cannot_settle_before_it_takes_effect() -> None:
    """The remedy speaks of the order of the dates."""
    asked = replace(event(decrease(1.0, 25.0)), settlement_date=date(2021, 11, 10))

    with pytest.raises(InputError, match=r"CLO-1967: The event settles on 2021-11-10, before it takes effect"):
        apply_event(TWO, asked)


def test_an_event_of_another_contract_is_refused() -> None:
    """The reference of the event decides."""
    with pytest.raises(InputError, match=r"CLO-1967: The event is one of EQS-9"):
        apply_event(TWO, replace(event(increase(1.0, 25.0)), contract_reference="EQS-9"))


def test_an_event_is_applied_once() -> None:
    """The same reference again is refused."""
    asked = event(increase(1.0, 25.0))
    context = EventContext(first_version=TWO, applied=(asked,))

    with pytest.raises(InputError, match=r"CLO-1967: Event EV-1 was applied already"):
        apply_event(apply_event(TWO, asked).contract, asked, context)


def test_an_event_without_instructions_says_nothing() -> None:
    """Only formations have none."""
    with pytest.raises(InputError, match=r"CLO-1967: The INCREASE has no instructions"):
        apply_event(TWO, event())


def test_undoing_is_an_event_of_its_own() -> None:
    """A cancellation beside another instruction is refused."""
    both = event(Cancellation(cancelled_reference="EV-0"), increase(1.0, 25.0))

    with pytest.raises(InputError, match=r"CLO-1967: An event that undoes another asks for nothing else"):
        apply_event(TWO, both, EventContext(first_version=TWO))


def test_a_fee_reference_is_used_once() -> None:
    """Two fees cannot be told apart by the same reference."""
    with pytest.raises(InputError, match=r"CLO-1967: EQS-1 has a fee FEE-1 already"):
        apply_event(replace(TWO, fees=(fee(),)), event(increase(1.0, 25.0, fee=fee())))


def test_several_legs_need_the_instrument() -> None:
    """With two equity legs a change says which one it means."""
    second = replace(TWO.legs[0], leg_number=3, lots=(lot("LOT-3", 1.0, 5.0),))
    contract = replace(TWO, legs=(*TWO.legs, second))

    with pytest.raises(InputError, match=r"CLO-1967: 2 legs of EQS-1 could be meant"):
        apply_event(contract, event(decrease(1.0, 5.0)))
    named = apply_event(contract, event(decrease(1.0, 5.0, lot_identifier="LOT-3"))).contract
    assert named.legs[2].lots[0].closed_quantity == 1.0


def test_a_funding_leg_with_its_own_notional_is_noted_or_moved() -> None:
    """Without the change of its notional it keeps it, with it it follows."""
    payout = TWO.legs[1].interest
    assert payout is not None
    own = replace(TWO.legs[1], interest=replace(payout, notional_source=NotionalSource.OWN), notional_amount=9_000.0)
    contract = replace(TWO, legs=(TWO.legs[0], own))

    kept = apply_event(contract, event(decrease(50.0, 25.0)))
    moved = apply_event(contract, event(decrease(50.0, 25.0, notional_change=1_000.0)))

    assert kept.contract.legs[1].notional_amount == 9_000.0
    assert FindingCode.NOTIONAL_MISSING in {one.code for one in kept.findings}
    assert moved.contract.legs[1].notional_amount == 8_000.0


def test_an_event_after_the_end_is_noted() -> None:
    """The event samples are dated twenty years after their trade ended: accepted with a warning."""
    contract = replace(TWO, termination_date=date(2002, 9, 27))

    outcome = apply_event(contract, event(terms("interest.day_count", DayCount.THIRTY_360, 2)))

    assert "after the contract ended on 2002-09-27" in outcome.findings[-1].message
