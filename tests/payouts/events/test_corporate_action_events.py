"""Corporate actions on contracts: rebased lots, baskets of parent and child, mergers, status (spec 07 §19.3)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.payouts.corporate_actions import cumulative_factor
from engine.payouts.enums import (
    BusinessEventType,
    CompositionReason,
    ContractStatus,
    CorporateActionType,
    InstrumentStatus,
    SpinOffMethod,
    UnderlierType,
)
from engine.payouts.events.apply import apply_event
from engine.payouts.events.instructions import CorporateActionApplied
from engine.payouts.events.lots import open_quantity
from engine.payouts.events.outcome import EventContext, EventOutcome
from engine.payouts.findings import FindingCode
from engine.payouts.market import CorporateAction
from engine.payouts.terms.contract import Contract, TradeLot
from engine.payouts.terms.performance import Underlier
from tests.payouts.events.event_contracts import EVENT_DAY, SHPGY, basket_swap, event, lot, share, swap

CHILD = share("CHILD")
SUCCESSOR = share("SUCC")


def action(kind: CorporateActionType, reference: str = SHPGY.reference, **terms: object) -> CorporateAction:
    """An action that takes effect on the event day."""
    return CorporateAction(
        instrument_reference=reference,
        action_type=kind,
        ex_date=EVENT_DAY,
        **terms,  # type: ignore[arg-type]
    )


def apply(contract: Contract, applied: CorporateActionApplied, context: EventContext | None = None) -> EventOutcome:
    """The action as an event of its ex-date."""
    return apply_event(contract, event(applied, kind=BusinessEventType.CORPORATE_ACTION), context)


def underlier(contract: Contract) -> Underlier:
    """What the equity leg follows."""
    payout = contract.legs[0].performance
    assert payout is not None
    return payout.underlier


def only_lot(contract: Contract) -> TradeLot:
    """The one lot of the equity leg."""
    (one,) = contract.legs[0].lots
    return one


def test_a_rights_issue_rewrites_lots_by_its_factor() -> None:
    """0.95 of V-13: P' = f·P, Q' = Q/f, the notional and the product stay."""
    rights = action(CorporateActionType.RIGHTS_ISSUE, ratio_new=1.0, ratio_old=4.0, subscription_price=30.0)

    outcome = apply(swap(), CorporateActionApplied(action=rights, prices={SHPGY.reference: 40.0}))

    after = only_lot(outcome.contract)
    assert after.opened_quantity == pytest.approx(760_400.0 / 0.95, rel=1e-14)
    assert after.initial_price == pytest.approx(37.44 * 0.95, rel=1e-14)
    assert after.notional_amount == 28_469_376.0
    assert after.basis_date == EVENT_DAY
    assert outcome.effect.actions[0].adjustment_factor == pytest.approx(0.95)


@given(st.floats(0.05, 20.0), st.floats(0.05, 20.0), st.floats(1.0, 500.0))
def test_rewriting_a_lot_changes_no_value(earlier: float, factor: float, close: float) -> None:
    """quantity · factor(basis) · price / factor(day) is the same before and after, whatever was split before."""
    stored = replace(action(CorporateActionType.STOCK_SPLIT, adjustment_factor=earlier), ex_date=date(2015, 3, 2))
    applied = action(CorporateActionType.STOCK_SPLIT, adjustment_factor=factor)
    context = EventContext(actions={SHPGY.reference: (stored,)})

    before = only_lot(swap())
    after = only_lot(apply(swap(), CorporateActionApplied(action=applied), context).contract)

    def value(one: TradeLot) -> float:
        """Worth at the close of the event day as the book finds it."""
        since = cumulative_factor([stored, applied], one.basis_date or one.cost_date, EVENT_DAY)
        return (one.opened_quantity or 0.0) * close / since

    assert value(after) == pytest.approx(value(before), rel=1e-12)
    assert (after.initial_price or 0.0) * (after.opened_quantity or 0.0) == pytest.approx(28_469_376.0, rel=1e-12)


def test_a_lot_opened_on_the_ex_date_is_on_its_basis_already() -> None:
    """Units bought on the ex-date are new ones."""
    contract = swap((lot("LOT-1", cost_date=EVENT_DAY),))
    applied = CorporateActionApplied(action=action(CorporateActionType.STOCK_SPLIT, ratio_new=2.0, ratio_old=1.0))

    assert apply(contract, applied).contract == contract


def test_a_spin_off_makes_a_basket_of_parent_and_child() -> None:
    """Parent alone up to the ex-date, parent and 0.2 child from then on; units and price of the lot stay."""
    spin_off = action(CorporateActionType.SPIN_OFF, child_ratio=0.2)

    outcome = apply(swap(), CorporateActionApplied(action=spin_off, child=CHILD))

    after = underlier(outcome.contract)
    first, second = after.compositions
    assert after.underlier_type is UnderlierType.BASKET
    assert after.instrument is None
    assert [(one.instrument.reference, one.units) for one in first.constituents] == [(SHPGY.reference, 1.0)]
    assert [(one.instrument, one.units) for one in second.constituents] == [(SHPGY, 1.0), (CHILD, 0.2)]
    assert (first.effective_to, second.effective_from) == (EVENT_DAY, EVENT_DAY)
    assert second.reason is CompositionReason.CORPORATE_ACTION
    held = only_lot(outcome.contract)
    assert (held.opened_quantity, held.initial_price) == (760_400.0, 37.44)


def test_a_spin_off_by_factor_makes_no_basket() -> None:
    """0.90 of V-13."""
    spin_off = action(
        CorporateActionType.SPIN_OFF, child_ratio=0.2, child_price=25.0, method=SpinOffMethod.METHOD_FACTOR
    )

    outcome = apply(swap(), CorporateActionApplied(action=spin_off, prices={SHPGY.reference: 50.0}))

    assert underlier(outcome.contract).instrument == SHPGY
    assert only_lot(outcome.contract).initial_price == pytest.approx(37.44 * 0.90, rel=1e-14)


def test_a_spin_off_inside_a_basket_adds_the_child() -> None:
    """The units of the child are those of the parent times the ratio."""
    spin_off = action(CorporateActionType.SPIN_OFF, "A", child_ratio=0.2)

    after = underlier(apply(basket_swap(), CorporateActionApplied(action=spin_off, child=CHILD)).contract)

    assert [(one.instrument.reference, one.units) for one in after.compositions[1].constituents] == [
        ("A", 4_000.0),
        ("CHILD", 800.0),
        ("B", 1_750.0),
        ("C", 5_000.0),
    ]


def test_shares_for_shares_replace_the_instrument() -> None:
    """Q' = rQ, P' = P/r at 0.8 new for each old; that the fixings have to continue is said."""
    merger = action(CorporateActionType.MERGER, ratio_new=0.8, ratio_old=1.0)

    outcome = apply(swap(), CorporateActionApplied(action=merger, successor=SUCCESSOR))

    after = only_lot(outcome.contract)
    assert underlier(outcome.contract).instrument == SUCCESSOR
    assert after.opened_quantity == pytest.approx(760_400.0 * 0.8, rel=1e-14)
    assert after.initial_price == pytest.approx(37.44 / 0.8, rel=1e-14)
    assert after.notional_amount == 28_469_376.0
    assert FindingCode.MISSING_FIXING in {one.code for one in outcome.findings}


def test_a_cash_merger_terminates_at_the_cash_price() -> None:
    """All units close at the price of the offer."""
    takeover = action(CorporateActionType.TAKEOVER, cash_amount=45.0, currency="USD")

    outcome = apply(swap(), CorporateActionApplied(action=takeover))

    after = only_lot(outcome.contract)
    assert outcome.contract.contract_status is ContractStatus.TERMINATED
    assert [(one.quantity, one.price) for one in after.closings] == [(760_400.0, 45.0)]
    assert outcome.effect.cancel_from == EVENT_DAY
    assert len(outcome.effect.realise) == 1


@given(st.floats(0.1, 5.0), st.floats(1.0, 50.0), st.floats(1.0, 100.0))
def test_a_mixed_merger_conserves_value(ratio: float, cash: float, price: float) -> None:
    """What is paid plus what is left on the successor is Q · (c + r·P - P₀)."""
    mixed = action(CorporateActionType.MERGER, ratio_new=ratio, ratio_old=1.0, cash_amount=cash, currency="USD")
    applied = CorporateActionApplied(action=mixed, successor=SUCCESSOR, prices={"SUCC": price})

    after = only_lot(apply(swap(), applied).contract)

    start = after.initial_price or 0.0
    paid = sum(one.quantity * (one.price - start) for one in after.closings)
    left = (open_quantity(after) or 0.0) * (price - start)
    scale = 760_400.0 * (cash + ratio * price + 37.44)
    assert paid + left == pytest.approx(760_400.0 * (cash + ratio * price - 37.44), abs=1e-11 * scale)
    assert open_quantity(after) == pytest.approx(760_400.0 * ratio, rel=1e-9)


def test_a_merged_constituent_is_substituted() -> None:
    """The successor takes its place in a composition of its own."""
    merger = action(CorporateActionType.MERGER, "B", ratio_new=2.0, ratio_old=1.0)

    after = underlier(apply(basket_swap(), CorporateActionApplied(action=merger, successor=SUCCESSOR)).contract)

    assert after.compositions[1].reason is CompositionReason.SUBSTITUTION
    assert [(one.instrument.reference, one.units) for one in after.compositions[1].constituents] == [
        ("A", 4_000.0),
        ("SUCC", 3_500.0),
        ("C", 5_000.0),
    ]


def test_units_of_a_basket_that_were_split_are_split_in_the_next_composition() -> None:
    """A constituent split 2 for 1 since the start counts double when the basket changes."""
    split = replace(action(CorporateActionType.STOCK_SPLIT, "C", adjustment_factor=0.5), ex_date=date(2010, 1, 4))
    merger = action(CorporateActionType.MERGER, "B", ratio_new=1.0, ratio_old=1.0)
    context = EventContext(actions={"C": (split,)})

    outcome = apply(basket_swap(), CorporateActionApplied(action=merger, successor=SUCCESSOR), context)

    assert underlier(outcome.contract).compositions[1].constituents[2].units == 10_000.0
    assert underlier(outcome.contract).compositions[0].constituents[2].units == 5_000.0


def test_a_renaming_changes_the_instrument_only() -> None:
    """No economics: lots stay as they are."""
    renaming = CorporateActionApplied(action=action(CorporateActionType.STOCK_NAME_CHANGE), new_name="Shire plc")

    outcome = apply(swap(), renaming)

    instrument = underlier(outcome.contract).instrument
    assert instrument is not None
    assert instrument.name == "Shire plc"
    assert outcome.contract.legs[0].lots == swap().legs[0].lots


def test_a_delisting_flags_the_contract() -> None:
    """The status of the instrument, a flag in the metadata, a warning."""
    outcome = apply(swap(), CorporateActionApplied(action=action(CorporateActionType.DELISTING)))

    instrument = underlier(outcome.contract).instrument
    assert instrument is not None
    assert instrument.status is InstrumentStatus.DELISTED
    assert outcome.contract.metadata["manual_price"] == SHPGY.reference
    assert FindingCode.MISSING_FIXING in {one.code for one in outcome.findings}


@pytest.mark.parametrize(
    "kind", [CorporateActionType.CLASS_ACTION, CorporateActionType.EARLY_REDEMPTION, CorporateActionType.BESPOKE_EVENT]
)
def test_manual_actions_change_nothing_and_say_so(kind: CorporateActionType) -> None:
    """Somebody has to decide."""
    outcome = apply(swap(), CorporateActionApplied(action=action(kind)))

    assert outcome.contract == swap()
    assert FindingCode.EVENT_REFUSED in {one.code for one in outcome.findings}
