"""Units that the weights of a first composition buy, whatever lots and prices the terms state (spec 07 §10)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conventions.calendar import WEEKENDS_ONLY
from engine.conventions.days import day_number
from engine.errors import ClodeskError, InputError, ModelError
from engine.payouts.book.compiling import compile_contract, make_book
from engine.payouts.book.equity_rows import SLICES
from engine.payouts.book.positions import compositions, priced_lots
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.schedule import with_schedules
from engine.payouts.enums import BusinessEventType, FxFeatureType, RebalancingFrequency, WeightType
from engine.payouts.events.apply import apply_event
from engine.payouts.events.instructions import Event, InitialFixing
from engine.payouts.initial_units import (
    composition_with_units,
    composition_without_units,
    currencies_to_fix,
    needs_fixing,
    with_composition,
    with_stated_units,
)
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.performance import BasketComposition, FxFeature
from tests.desk.swaps.basket_swaps import START, WEIGHTS, basket_swap, shares

PRICES = {"RIC:A": 100.0, "RIC:B": 200.0, "RIC:C": 50.0}
NO_UNITS: Any = (None, None, None)


def contract_of(*lots: TradeLot, factor: float = 1.0, **terms: Any) -> Contract:
    """The basket of V-4 by weights, for lots of one's own."""
    made = basket_swap("W", RebalancingFrequency.NONE, units=NO_UNITS, **terms)
    leg = made.legs[0]
    assert leg.performance is not None
    assert leg.performance.returns.price is not None
    price = replace(leg.performance.returns.price, conversion_factor=factor)
    payout = replace(leg.performance, returns=replace(leg.performance.returns, price=price))
    return replace(made, legs=(replace(leg, performance=payout, lots=lots or leg.lots), *made.legs[1:]))


def lot(notional: float = 1e6, quantity: float | None = None, *, on: date = START, **terms: Any) -> TradeLot:
    """A lot of the basket."""
    return TradeLot(
        lot_identifier=f"L{on}", cost_date=on, settlement_date=on, notional_amount=notional, opened_quantity=quantity,
        **terms,
    )  # fmt: skip


def held(contract: Contract) -> BasketComposition:
    """The composition that waits for units."""
    found = composition_without_units(contract.legs[0])
    assert found is not None
    return found


def resolved(contract: Contract, fx: Mapping[str, float] | None = None) -> Leg:
    """The equity leg with units at the prices of V-4."""
    leg = contract.legs[0]
    made = composition_with_units(contract, leg, held(contract), PRICES, fx or {})
    return with_composition(leg, held(contract), made)


def units(leg: Leg) -> list[float | None]:
    """Units of the first composition."""
    assert leg.performance is not None
    return [one.units for one in leg.performance.underlier.compositions[0].constituents]


def worth(leg: Leg) -> list[float]:
    """Lot by lot, quantity times units times price as the book holds them."""
    payout = leg.performance
    assert payout is not None
    (composition,) = compositions(leg, payout)
    one = sum(item.units * PRICES[item.instrument.reference] for item in composition.constituents)
    return [(item.opened_quantity or 0.0) * one for item in priced_lots(leg, payout)]


@given(
    notional=st.floats(1e3, 1e9),
    quantity=st.one_of(st.none(), st.floats(0.5, 1e6)),
    factor=st.sampled_from((1.0, 1.1, 0.01)),
    basket_units=st.sampled_from((1.0, 10.0)),
    value=st.one_of(st.none(), st.floats(1.0, 1e9)),
    kind=st.sampled_from((WeightType.PERCENTAGE, WeightType.NOTIONAL)),
)
def test_quantity_times_units_times_price_is_the_notional(
    notional: float, quantity: float | None, factor: float, basket_units: float, value: float | None, kind: WeightType
) -> None:
    """Whatever of quantity, conversion factor, basket units and value of the basket the terms state."""
    weights = WEIGHTS if kind is WeightType.PERCENTAGE else [weight * notional for weight in WEIGHTS]
    contract = contract_of(
        lot(notional, quantity), factor=factor, basket_units=basket_units, basket_value_at_start=value, kind=kind,
        weights=weights,
    )  # fmt: skip

    assert worth(resolved(contract)) == pytest.approx([notional], rel=1e-12)


def test_a_price_for_a_basket_unit_says_how_many_a_notional_buys() -> None:
    """1,000,000 at 250 are 4,000 baskets of one share of A, 0.4375 of B and 1.25 of C."""
    leg = resolved(contract_of(lot(initial_price=250.0)))

    assert units(leg) == pytest.approx([1.0, 0.4375, 1.25], rel=1e-14)
    assert worth(leg) == pytest.approx([1e6], rel=1e-14)


def test_lots_of_one_day_share_the_composition_by_their_notionals() -> None:
    """Two notionals alone: one composition worth both, of which each lot has its share."""
    one, two = replace(lot(6e5), lot_identifier="1"), replace(lot(4e5), lot_identifier="2")
    leg = resolved(contract_of(one, two))

    assert units(leg) == pytest.approx([4_000.0, 1_750.0, 5_000.0], rel=1e-14)
    assert worth(leg) == pytest.approx([6e5, 4e5], rel=1e-14)


def test_lots_of_a_later_day_have_no_say() -> None:
    """They buy baskets that are there; by a notional alone they need the price that they paid."""
    later = date(2024, 1, 24)
    leg = resolved(contract_of(lot(1e6, 1_000.0), lot(5e5, 450.0, on=later)))
    bare = resolved(contract_of(lot(1e6, 1_000.0), lot(5e5, on=later)))
    priced = resolved(contract_of(lot(1e6, 1_000.0), lot(5e5, on=later, initial_price=1_250.0)))

    assert units(leg) == pytest.approx([4.0, 1.75, 5.0], rel=1e-14)
    assert worth(leg) == pytest.approx([1e6, 4.5e5], rel=1e-14)
    with pytest.raises(ModelError, match="CLO-1931"):
        worth(bare)
    assert worth(priced) == pytest.approx([1e6, 400 * 1_000.0], rel=1e-14)


def test_prices_of_the_first_day_are_those_of_its_lots() -> None:
    """A lot that joins without a price starts at the closes of its own day."""
    later = date(2024, 1, 24)
    contract = contract_of(lot(1e6, 1_000.0), lot(5e5, 450.0, on=later))
    contract = replace(contract, legs=(resolved(contract), *contract.legs[1:]))
    centers = CenterCalendars({"USNY": WEEKENDS_ONLY})
    slices = make_book([compile_contract(with_schedules(contract, centers)[0], centers)])[SLICES]

    by_start = {on: slices["start_price"][slices["start_day"] == day_number(on)].tolist() for on in (START, later)}
    assert by_start[START] == [100.0, 200.0, 50.0]
    assert np.isnan(by_start[later]).tolist() == [True, True, True]


def test_notionals_in_their_own_currency_are_converted() -> None:
    """280,000 euro of B at 1.25 dollars are 350,000 dollars."""
    contract = contract_of(kind=WeightType.NOTIONAL, weights=(4e5, 2.8e5, 2.5e5))
    composition = held(contract)
    b = replace(composition.constituents[1], weight_currency="EUR")
    made = replace(composition, constituents=(composition.constituents[0], b, composition.constituents[2]))
    contract = replace(contract, legs=(with_composition(contract.legs[0], composition, made), *contract.legs[1:]))

    assert currencies_to_fix(contract, contract.legs[0], made) == {"USD", "EUR"}
    assert units(resolved(contract, {"EUR": 1.25})) == pytest.approx([4_000.0, 1_750.0, 5_000.0], rel=1e-14)
    assert code(lambda: resolved(contract)) == "CLO-1939"


def in_euro(*lots: TradeLot) -> Contract:
    """The basket stays in dollars, the notional is in euro."""
    made = contract_of(*lots)
    return replace(made, legs=(replace(made.legs[0], notional_currency="EUR"), *made.legs[1:]))


def test_a_notional_in_another_currency_is_that_of_units_only() -> None:
    """800,000 euro for one unit are a million dollars at the rate of the lot or of the day; alone they are refused."""
    by_day = in_euro(lot(8e5, 1.0))

    assert currencies_to_fix(by_day, by_day.legs[0], held(by_day)) == {"USD", "EUR"}
    for found in (resolved(by_day, {"EUR": 1.25}), resolved(in_euro(lot(8e5, 1.0, initial_fx=0.8)))):
        assert units(found) == pytest.approx([4_000.0, 1_750.0, 5_000.0], rel=1e-14)
    assert code(lambda: resolved(in_euro(lot(8e5)), {"EUR": 1.25})) == "CLO-4131"


def code(call: Any) -> str:
    """The number of the error that a call raises."""
    with pytest.raises(ClodeskError) as raised:
        call()
    return raised.value.number


def with_stated(contract: Contract, prices: Sequence[float | None], fx: Sequence[float | None]) -> Contract:
    """The contract with initial prices and rates of the constituents."""
    composition = held(contract)
    constituents = tuple(
        replace(one, initial_price=price, fx_at_start=rate)
        for one, price, rate in zip(composition.constituents, prices, fx, strict=True)
    )
    made = with_composition(contract.legs[0], composition, replace(composition, constituents=constituents))
    return replace(contract, legs=(made, *contract.legs[1:]))


def test_units_follow_from_terms_that_state_everything() -> None:
    """With a rate for B in euro; as long as one is missing they wait for a fixing."""
    a, b, c = shares()
    feature = FxFeature(fx_feature_type=FxFeatureType.COMPOSITE, reference_currency="USD")
    contract = contract_of(held=(a, replace(b, currency="EUR"), c), features=(feature,))
    stated = with_stated(contract, (100.0, 200.0, 50.0), (None, 1.25, None))
    lacking = with_stated(contract, (100.0, 200.0, 50.0), (None, None, None))

    assert (needs_fixing(stated, stated.legs[0]), needs_fixing(lacking, lacking.legs[0])) == (False, True)
    assert units(with_stated_units(stated).legs[0]) == pytest.approx([4_000.0, 1_400.0, 5_000.0], rel=1e-14)
    assert with_stated_units(lacking) == lacking
    assert code(lambda: compile_contract(lacking, CenterCalendars({"USNY": WEEKENDS_ONLY}))) == "CLO-1934"


def test_a_rate_to_a_basket_in_another_currency_is_none_to_the_leg() -> None:
    """A basket in euro that is paid in dollars: compiled without the rates at the start, that of the day counts."""
    contract = contract_of()
    leg = contract.legs[0]
    assert leg.performance is not None
    underlier = replace(leg.performance.underlier, underlier_currency="EUR")
    leg = replace(leg, performance=replace(leg.performance, underlier=underlier))
    contract = replace(contract, legs=(leg, *contract.legs[1:]))
    stated = with_stated(contract, (100.0, 200.0, 50.0), (0.8, 0.8, 0.8))
    compiled = with_stated_units(stated).legs[0].performance

    assert compiled is not None
    assert [one.fx_at_start for one in compiled.underlier.compositions[0].constituents] == [None, None, None]


@pytest.mark.parametrize(
    ("contract", "number"),
    [
        (contract_of(lot(0.0)), "CLO-4131"),
        (contract_of(lot(1e6, 1.0), kind=WeightType.NOTIONAL, weights=(4e5, 3e5, 2e5)), "CLO-4132"),
        (contract_of(weights=(0.4, 0.3, 0.2)), "CLO-1939"),
    ],
)
def test_terms_that_say_no_value_are_refused(contract: Contract, number: str) -> None:
    """No notional, notionals that are not those of the lots, weights that sum to 90 %."""
    assert code(lambda: resolved(contract)) == number


def test_two_rates_for_one_currency_are_refused() -> None:
    """CLO-4133."""
    a, b, c = (replace(one, currency="EUR") for one in shares())
    contract = with_stated(contract_of(held=(a, b, c)), (1.0, 1.0, 1.0), (1.25, 1.26, 1.25))

    assert code(lambda: needs_fixing(contract, contract.legs[0])) == "CLO-4133"


def fixing(on: date = START) -> Event:
    """The event that fixes the basket at the prices of V-4."""
    return Event(
        event_reference="F", event_type=BusinessEventType.RESET, event_date=on, effective_date=on,
        instructions=(InitialFixing(leg_number=1, prices=PRICES, fx={}),),
    )  # fmt: skip


def test_a_fixing_gives_units_and_pays_nothing() -> None:
    """A RESET without cash, lot events or new dates; the composition stays the initial one."""
    outcome = apply_event(contract_of(), fixing())

    assert (outcome.qualifier, outcome.effect.fees, outcome.lot_events, outcome.findings) == ("RESET", (), (), ())
    assert units(outcome.contract.legs[0]) == [4_000.0, 1_750.0, 5_000.0]


def test_only_weights_on_their_first_day_are_fixed() -> None:
    """CLO-4134 for a basket in units and for another day."""
    for contract, on in ((basket_swap("U", RebalancingFrequency.NONE), START), (contract_of(), date(2024, 1, 11))):
        with pytest.raises(InputError, match="CLO-4134") as raised:
            apply_event(contract, fixing(on))
        assert "so that nothing is to be fixed" in raised.value.problem
