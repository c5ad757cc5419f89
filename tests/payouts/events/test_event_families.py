"""What each family of events does to a contract (spec 07 §19.1)."""

from dataclasses import replace
from datetime import date

import pytest

from engine.payouts.baskets import basket_value
from engine.payouts.enums import (
    BusinessEventType,
    ContractStatus,
    DayCount,
    RateKind,
    ScheduledDateStatus,
    ScheduleRole,
    ScheduleType,
    Side,
    WeightType,
)
from engine.payouts.events.apply import apply_event
from engine.payouts.events.instructions import (
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
from engine.payouts.events.lots import open_quantity
from engine.payouts.events.outcome import EventContext
from engine.payouts.events.requests import QuantityChange, QuantityDirection
from engine.payouts.events.terms import spread_on
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.funding import CalculationPeriod, InterestRatePayout
from engine.payouts.terms.performance import BasketConstituent
from engine.payouts.terms.schedules import ScheduledDate, ValuationSchedule
from tests.payouts.events.event_contracts import (
    EVENT_DAY,
    PARTY_A,
    PARTY_B,
    PARTY_C,
    SHPGY,
    basket_swap,
    decrease,
    event,
    fee,
    increase,
    lot,
    share,
    swap,
    variance_swap,
)

NOVATION = BusinessEventType.NOVATION
V4_PRICES = {"A": 110.0, "B": 190.0, "C": 55.0}


def interest(contract: Contract) -> InterestRatePayout:
    """The funding terms."""
    terms = contract.legs[1].interest
    assert terms is not None
    return terms


def novation(quantity: float | None = None, price: float | None = None) -> Novation:
    """The second party leaves, party C steps in."""
    prices = {} if price is None else {SHPGY.reference: price}
    return Novation(
        side=Side.PARTY2, new_party=PARTY_C, new_contract_reference="EQS-2", quantity=quantity, prices=prices
    )


def terms_event(path: str, value: object, leg_number: int | None = None) -> Event:
    """A change of one term."""
    change = TermsChange(changes=(FieldChange(path=path, value=value, leg_number=leg_number),))
    return event(change, kind=BusinessEventType.TERMS_CHANGE)


def targets(*weights: float) -> tuple[BasketConstituent, ...]:
    """Percentage targets of the basket of V-4."""
    return tuple(
        BasketConstituent(
            instrument=share(name), weight_type=WeightType.PERCENTAGE, weight_value=weight, price_currency="USD"
        )
        for name, weight in zip("ABC", weights, strict=True)
    )


def test_a_termination_closes_every_lot_at_the_price() -> None:
    """All units close, the fee is in the contract, later flows are to be cancelled."""
    contract = swap((lot("LOT-1", 100.0, 20.0), lot("LOT-2", 50.0, 30.0)))

    outcome = apply_event(
        contract, event(Termination(prices={"SHPGY.O": 25.0, SHPGY.reference: 25.0}, fee=fee()), kind=NOVATION)
    )

    after = outcome.contract
    assert after.contract_status is ContractStatus.TERMINATED
    assert [open_quantity(one) for one in after.legs[0].lots] == [0.0, 0.0]
    assert [one.closings[0].price for one in after.legs[0].lots] == [25.0, 25.0]
    assert after.fees == (fee(),)
    assert outcome.effect.cancel_from == EVENT_DAY
    assert FindingCode.QUALIFIER_MISMATCH in {one.code for one in outcome.findings}


def test_a_priced_novation_closes_the_old_and_opens_the_new_contract_at_the_price() -> None:
    """The old contract is NOVATED and pays at 40; the new one starts at 40 with the new party; both are linked."""
    outcome = apply_event(swap(), event(novation(price=40.0), kind=NOVATION))

    old, new = outcome.contracts
    moved = new.legs[0].lots[0]
    assert old.contract_status is ContractStatus.NOVATED
    assert open_quantity(old.legs[0].lots[0]) == 0.0
    assert (new.party1, new.party2, new.contract_status) == (PARTY_A, PARTY_C, ContractStatus.ACTIVE)
    assert (moved.opened_quantity, moved.initial_price, moved.cost_date) == (760_400.0, 40.0, EVENT_DAY)
    assert [leg.notional_amount for leg in new.legs] == [760_400.0 * 40.0] * 2
    assert old.metadata["novated_to"] == "EQS-2"
    assert new.metadata["novated_from"] == "EQS-1"


def test_a_partial_novation_conserves_the_units() -> None:
    """What leaves the old contract is in the new one; the old one stays as it is."""
    outcome = apply_event(swap(), event(novation(300_000.0, 40.0), kind=NOVATION))

    old, new = outcome.contracts
    assert outcome.event_type is BusinessEventType.PARTIAL_NOVATION
    assert old.contract_status is ContractStatus.ACTIVE
    assert open_quantity(old.legs[0].lots[0]) == 460_400.0
    assert open_quantity(new.legs[0].lots[0]) == 300_000.0
    assert new.legs[1].notional_amount == 300_000.0 * 40.0


def test_a_novation_without_price_pays_nothing_and_keeps_the_price() -> None:
    """Each lot moves at its own price, so that the new party takes over all of its performance."""
    lots = (lot("LOT-1", 100.0, 20.0, spread=0.004), lot("LOT-2", 50.0, 30.0))
    old, new = apply_event(swap(lots), event(novation(), kind=NOVATION)).contracts

    assert [one.closings[0].price - (one.initial_price or 0.0) for one in old.legs[0].lots] == [0.0, 0.0]
    assert [(one.initial_price, one.spread) for one in new.legs[0].lots] == [(20.0, 0.004), (30.0, None)]
    assert new.legs[0].notional_amount == 3_500.0


def test_a_leg_without_units_is_novated_as_a_whole() -> None:
    """The variance leg moves with its notional."""
    old, new = apply_event(variance_swap(), event(novation(), kind=NOVATION)).contracts

    assert new.legs == variance_swap().legs
    assert old.contract_status is ContractStatus.NOVATED


def test_the_reporting_party_stepping_out_is_noted() -> None:
    """Then the new contract is seen by somebody else."""
    leaving = replace(novation(price=40.0), side=Side.PARTY1)

    outcome = apply_event(swap(), event(leaving, kind=NOVATION))

    assert outcome.contracts[1].party1 == PARTY_C
    assert outcome.contracts[1].party2 == PARTY_B
    assert FindingCode.PARTY_MISSING in {one.code for one in outcome.findings}


def test_a_new_spread_is_a_step_and_leaves_earlier_days_alone() -> None:
    """Spreads are kept by date; nothing else changes."""
    after = apply_event(swap(), terms_event("interest.spread", 0.005, 2)).contract

    assert spread_on(interest(after), 0, date(2021, 11, 10)) == 0.002
    assert spread_on(interest(after), 0, EVENT_DAY) == 0.005
    assert interest(after).spread == 0.002


def test_a_change_of_terms_drops_later_dates_only() -> None:
    """Dates up to the effective date stay, later ones are generated anew."""
    days = (date(2021, 9, 30), date(2021, 12, 31))
    schedule = ValuationSchedule(
        role=ScheduleRole.INTERIM,
        schedule_type=ScheduleType.EXPLICIT,
        explicit_dates=days,
        dates=tuple(
            ScheduledDate(sequence=i + 1, unadjusted_date=day, adjusted_date=day, status=ScheduledDateStatus.PLANNED)
            for i, day in enumerate(days)
        ),
    )
    contract = swap()
    payout = contract.legs[0].performance
    assert payout is not None
    leg = replace(contract.legs[0], performance=replace(payout, valuation_schedules=(schedule,)))
    periods = tuple(
        CalculationPeriod(
            period_number=i + 1,
            unadjusted_start=start,
            unadjusted_end=end,
            adjusted_start=start,
            adjusted_end=end,
            payment_date=end,
        )
        for i, (start, end) in enumerate(((date(2021, 6, 30), days[0]), days))
    )
    funding = replace(contract.legs[1], interest=replace(interest(contract), calculation_periods=periods))
    contract = replace(contract, legs=(leg, funding))

    outcome = apply_event(contract, terms_event("interest.day_count", DayCount.THIRTY_360, 2))

    after = outcome.contract.legs[0].performance
    assert after is not None
    assert [one.adjusted_date for one in after.valuation_schedules[0].dates] == [days[0]]
    assert outcome.effect.schedules_from == EVENT_DAY
    assert interest(outcome.contract).calculation_periods == periods[:1]
    assert interest(outcome.contract).day_count is DayCount.THIRTY_360


def test_a_term_of_the_whole_life_warns_where_periods_are_realised() -> None:
    """A day count is no step: realised periods would differ; a spread would not."""
    context = EventContext(last_realised_date=date(2021, 6, 30))

    day_count = apply_event(swap(), terms_event("interest.day_count", DayCount.THIRTY_360, 2), context)
    spread = apply_event(swap(), terms_event("interest.spread", 0.005, 2), context)
    codes = [{one.code for one in outcome.findings if "realised" in one.message} for outcome in (day_count, spread)]

    assert codes == [{FindingCode.DATES_INCONSISTENT}, set()]


def test_an_index_transition_changes_the_index_and_raises_the_spread() -> None:
    """LIBOR to SOFR with the ISDA adjustment of 0.11448 %, lots with spreads of their own included."""
    contract = swap((lot("LOT-1"), lot("LOT-2", spread=0.003)))
    moved = IndexTransition(
        leg_number=2,
        floating_rate_index="USD-SOFR",
        spread_adjustment=0.0011448,
        rate_kind=RateKind.FLOATING_OVERNIGHT,
    )

    outcome = apply_event(contract, event(moved, kind=BusinessEventType.INDEX_TRANSITION))

    after = interest(outcome.contract)
    assert (after.floating_rate_index, after.index_tenor_multiplier) == ("USD-SOFR", None)
    assert spread_on(after, 0, EVENT_DAY) == pytest.approx(0.0031448, rel=1e-14)
    assert [one.spread for one in outcome.contract.legs[0].lots] == [None, pytest.approx(0.0041448, rel=1e-14)]


def test_a_rebalancing_to_target_gives_the_units_of_v4_at_the_same_value() -> None:
    """Units 3,809.0909, 1,929.6052, 4,761.3636 at (110, 190, 55); the value does not move."""
    asked = Rebalancing(
        leg_number=1, targets=targets(0.40, 0.35, 0.25), prices=V4_PRICES, fx={}, fee=fee(reference="COSTS")
    )

    outcome = apply_event(basket_swap(), event(asked, kind=BusinessEventType.PORTFOLIO_REBALANCING))

    payout = outcome.contract.legs[0].performance
    assert payout is not None
    old, new = payout.underlier.compositions
    assert [one.units for one in new.constituents] == pytest.approx(
        [1_047_500.0 * 0.40 / 110.0, 1_047_500.0 * 0.35 / 190.0, 1_047_500.0 * 0.25 / 55.0], rel=1e-12
    )
    assert [one.units for one in new.constituents] == pytest.approx([3_809.0909, 1_929.6052, 4_761.3636], abs=1e-4)
    assert (old.effective_to, new.effective_from) == (EVENT_DAY, EVENT_DAY)
    values = [basket_value(one, V4_PRICES, {"USD": 1.0}) for one in (old, new)]
    assert values[1] == pytest.approx(values[0], rel=1e-12)
    assert outcome.effect.fees == (fee(reference="COSTS"),)


def test_a_notional_reset_sets_the_notional_of_the_leg() -> None:
    """The leg gets the amount; that it follows the equity leg is said."""
    reset = NotionalReset(leg_number=2, notional_amount=1e6, notional_currency="USD")

    outcome = apply_event(swap(), event(reset, kind=BusinessEventType.NOTIONAL_RESET))

    assert outcome.contract.legs[1].notional_amount == 1e6
    assert FindingCode.UNITS_DISAGREE in {one.code for one in outcome.findings}


def test_an_external_valuation_is_recorded_and_changes_nothing() -> None:
    """The value is in the outcome, the contract is the same."""
    value = ExternalValuation(value=-5_000.0, currency="USD", valuation_date=EVENT_DAY, leg_number=1)

    outcome = apply_event(swap(), event(value, kind=BusinessEventType.VALUATION))

    assert outcome.contract == swap()
    assert outcome.effect.valuations == (value,)


def test_an_execution_makes_a_pending_contract_active() -> None:
    """CONTRACT_FORMATION needs no instruction."""
    pending = replace(swap(), contract_status=ContractStatus.PENDING)

    outcome = apply_event(pending, event(kind=BusinessEventType.CONTRACT_FORMATION))

    assert outcome.contract == swap()


def test_a_variance_leg_is_scaled_by_its_notional() -> None:
    """Half of the vega leaves half of the variance notional."""
    asked = decrease(None, notional_change=25_000.0)

    outcome = apply_event(variance_swap(), event(asked, kind=BusinessEventType.PARTIAL_TERMINATION))

    payout = outcome.contract.legs[0].performance
    assert payout is not None
    assert payout.returns.variance is not None
    assert payout.returns.variance.vega_notional_amount == 25_000.0
    assert payout.returns.variance.variance_notional_amount == pytest.approx(25_000.0 / 36.0)
    assert outcome.contract.legs[0].lots[0].notional_amount == 25_000.0


@pytest.mark.parametrize(("quantity", "kind"), [(600.0, "PARTIAL_TERMINATION"), (1_400.0, "INCREASE")])
def test_a_replacing_quantity_closes_or_adds_the_difference(quantity: float, kind: str) -> None:
    """REPLACE is the new quantity of all lots together."""
    asked = QuantityChange(direction=QuantityDirection.REPLACE, quantity=quantity, price=30.0)

    outcome = apply_event(swap((lot("LOT-1", 1_000.0, 25.0),)), event(asked))

    assert outcome.qualifier == kind
    assert sum(open_quantity(one) or 0.0 for one in outcome.contract.legs[0].lots) == quantity


def test_a_new_lot_across_currencies_is_worth_its_notional_at_the_fx_rate() -> None:
    """100 shares at 50 EUR and 1.10 are 5,500 USD."""
    contract = swap((), share("EURO", "EUR"))

    outcome = apply_event(contract, event(increase(100.0, 50.0), fx_rate=1.10))

    new = outcome.contract.legs[0].lots[0]
    assert new.notional_amount == pytest.approx(5_500.0)
    assert (new.initial_fx, new.price_currency, new.lot_identifier) == (1.10, "EUR", "LOT-1")
