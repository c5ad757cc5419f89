"""Baskets that get units or another composition: fixing, rebalancing, constituents replaced (spec 07 §10, §19.3)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from engine.errors import InputError
from engine.payouts.baskets import rebalance
from engine.payouts.corporate_actions import cumulative_factor
from engine.payouts.enums import BusinessEventType, CompositionReason, WeightType
from engine.payouts.events.instructions import Event, InitialFixing, Rebalancing
from engine.payouts.events.outcome import Effect, EventContext
from engine.payouts.events.positions import replaced_leg
from engine.payouts.initial_units import (
    composition_with_units,
    composition_without_units,
    with_composition,
    with_stated_units,
)
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import BasketComposition, BasketConstituent

ConstituentChange = Callable[[Instrument, float], tuple[tuple[Instrument, float], ...]]
"""What stands in the place of an instrument with its units: instruments with theirs."""


def fix_basket(contract: Contract, instruction: InitialFixing, event: Event) -> Effect:
    """The contract whose basket has the units that its weights buy at the instruction's prices; nothing is paid.

    Raises InputError CLO-4134 for a leg whose basket has its units, or a day that is not its first, and the errors of
    `composition_with_units`.
    """
    leg = contract.leg(instruction.leg_number)
    held = composition_without_units(leg)
    if held is None or held.effective_from != event.effective_date:
        is_open = f"begins on {held.effective_from}" if held is not None else "has no weights that wait for units"
        raise InputError(
            "CLO-4134",
            f"The basket of leg {leg.leg_number} {is_open}, so that nothing is to be fixed on {event.effective_date}",
            remedy="Fix a basket with weights on its first day; change one with units by a rebalancing.",
        )
    made = composition_with_units(contract, leg, held, instruction.prices, instruction.fx)
    return Effect(
        contract=replaced_leg(contract, with_composition(leg, held, made)), event_type=BusinessEventType.RESET
    )


def rebalance_basket(contract: Contract, instruction: Rebalancing, event: Event, context: EventContext) -> Effect:
    """The contract with the old composition closed at the effective date and the new one of the same value behind it.

    Raises InputError CLO-1939 where prices or weights are missing or the value would jump, CLO-1967 for a leg without a
    basket or a date that is not after the start of the composition in force.
    """
    leg = contract.leg(instruction.leg_number)
    held = composition_in_force(leg, event.effective_date)
    current = units_on(_with_units(contract, leg, event), event.effective_date, context)
    currency = leg.performance.underlier.underlier_currency if leg.performance is not None else None
    fx = {**instruction.fx, **({currency: 1.0} if currency is not None else {})}
    _, opened = rebalance(
        current, instruction.prices, fx, event.effective_date, instruction.targets, instruction.reason
    )
    opened = replace(opened, next_rebalancing_date=instruction.next_rebalancing_date)
    effect = Effect(
        contract=with_next_composition(contract, leg, held, opened),
        event_type=BusinessEventType.PORTFOLIO_REBALANCING,
    )
    return effect.with_fee(instruction.fee)


def composition_in_force(leg: Leg, day: date) -> BasketComposition:
    """The last composition of a leg's basket. Raises InputError CLO-1967 without one, or when it starts on or after
    the day: compositions are only added at the end."""
    compositions = leg.performance.underlier.compositions if leg.performance is not None else ()
    if not compositions:
        raise InputError("CLO-1967", f"Leg {leg.leg_number} follows no basket", remedy="Name a leg with a basket.")
    last = max(compositions, key=lambda composition: composition.effective_from)
    if last.effective_from >= day:
        raise InputError(
            "CLO-1967",
            f"The composition of leg {leg.leg_number} from {last.effective_from} does not begin before {day}",
            remedy="Cancel the later change of the basket first.",
        )
    return last


def with_next_composition(contract: Contract, leg: Leg, held: BasketComposition, opened: BasketComposition) -> Contract:
    """The contract with `held` ending where `opened` begins."""
    payout = leg.performance
    if payout is None:
        return contract
    ended = replace(held, effective_to=opened.effective_from)
    compositions = (*(ended if one == held else one for one in payout.underlier.compositions), opened)
    underlier = replace(payout.underlier, compositions=compositions)
    return replaced_leg(contract, replace(leg, performance=replace(payout, underlier=underlier)))


def units_on(composition: BasketComposition, day: date, context: EventContext) -> BasketComposition:
    """The composition with its units on the basis of a day: splits since its first day are in them."""

    def on_day(constituent: BasketConstituent) -> BasketConstituent:
        actions = context.actions.get(constituent.instrument.reference, ())
        factor = cumulative_factor(actions, composition.effective_from, day)
        units = constituent.units
        if units is None and constituent.weight_type is WeightType.UNITS:
            units = constituent.weight_value
        return constituent if units is None else replace(constituent, units=units / factor)

    return replace(composition, constituents=tuple(on_day(constituent) for constituent in composition.constituents))


def with_constituents(
    contract: Contract,
    leg: Leg,
    event: Event,
    context: EventContext,
    change: ConstituentChange,
    reason: CompositionReason,
) -> Contract:
    """The contract whose basket, from the start of the effective date on, holds each constituent as changed: another
    share in its place, or more than one. The value is that of before by the terms of the corporate action.

    Raises InputError CLO-1967 where the units of the basket are not resolved.
    """
    held = composition_in_force(leg, event.effective_date)
    current = units_on(_with_units(contract, leg, event), event.effective_date, context)
    constituents = [
        in_units(instrument, units, one.spread_series)
        for one in current.constituents
        for instrument, units in change(one.instrument, _units_of(one, leg))
    ]
    opened = replace(
        current,
        effective_from=event.effective_date,
        effective_to=None,
        reason=reason,
        basket_value_at_start=None,
        constituents=tuple(constituents),
    )
    return with_next_composition(contract, leg, held, opened)


def in_units(instrument: Instrument, units: float, spread_series: int | None = None) -> BasketConstituent:
    """A constituent given by its units."""
    return BasketConstituent(
        instrument=instrument,
        weight_type=WeightType.UNITS,
        weight_value=units,
        units=units,
        price_currency=instrument.currency,
        spread_series=spread_series,
    )


def _with_units(contract: Contract, leg: Leg, event: Event) -> BasketComposition:
    """The composition in force, with the units that follow from the terms where it states none."""
    return composition_in_force(with_stated_units(contract).leg(leg.leg_number), event.effective_date)


def _units_of(constituent: BasketConstituent, leg: Leg) -> float:
    units = constituent.units
    if units is None:
        raise InputError(
            "CLO-1967",
            f"The units of {constituent.instrument.reference} in the basket of leg {leg.leg_number} are not resolved",
            remedy="Resolve the basket at the prices of its first day.",
        )
    return units
