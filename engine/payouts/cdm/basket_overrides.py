"""What an analyst supplies for the first composition of a basket: weights, currencies, rebalancing (spec 07 §10)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date

from engine.closest import did_you_mean
from engine.errors import InputError
from engine.payouts.cdm.instruments import FRACTION_TOLERANCE
from engine.payouts.enums import CompositionStatus, RebalancingFrequency, WeightType
from engine.payouts.terms.contract import Leg
from engine.payouts.terms.performance import BasketComposition


def with_first_composition(leg: Leg, change: Callable[[BasketComposition], BasketComposition]) -> Leg | None:
    """The leg with the first composition of its basket changed; None for a leg without a basket."""
    payout = leg.performance
    if payout is None or not payout.underlier.compositions:
        return None
    first, *later = payout.underlier.compositions
    underlier = replace(payout.underlier, compositions=(change(first), *later))
    return replace(leg, performance=replace(payout, underlier=underlier))


def weighted(composition: BasketComposition, weights: Mapping[str, float], kind: WeightType) -> BasketComposition:
    """The composition, complete, with a weight for each constituent; CLO-1922 for weights that do not fit."""
    known = _members(composition, weights, "weights")
    missing = [reference for reference in known if reference not in weights]
    if missing:
        problem = f"{', '.join(missing)} have no weight"
        raise InputError("CLO-1922", problem, where="weights", remedy="Give all weights.")
    if any(not 0.0 <= weight < 1e18 for weight in weights.values()):
        raise InputError("CLO-1922", "A weight is out of range", where="weights", remedy="Give weights from 0 up.")
    total = sum(weights.values())
    if kind is WeightType.PERCENTAGE and abs(total - 1.0) > FRACTION_TOLERANCE:
        problem = f"The weights sum to {total}"
        raise InputError("CLO-1922", problem, where="weights", remedy="Give fractions that sum to 1.")
    members = tuple(
        replace(member, weight_type=kind, weight_value=float(weights[member.instrument.reference]))
        for member in composition.constituents
    )
    return replace(composition, status=CompositionStatus.COMPLETE, constituents=members)


def priced_in(composition: BasketComposition, currencies: Mapping[str, str]) -> BasketComposition:
    """The composition with the currencies in which constituents are priced; CLO-1922 for one that it does not hold."""
    _members(composition, currencies, "price_currencies")
    members = tuple(
        replace(member, price_currency=currencies.get(member.instrument.reference, member.price_currency))
        for member in composition.constituents
    )
    return replace(composition, constituents=members)


def rebalanced(
    composition: BasketComposition,
    frequency: RebalancingFrequency | None,
    dates: tuple[date, ...] | None,
    next_date: date | None,
) -> BasketComposition:
    """The composition with how often it is rebalanced; dates alone mean EXPLICIT, which needs them (CLO-1923)."""
    listed = composition.rebalancing_dates if dates is None else dates
    chosen = frequency or composition.rebalancing_frequency
    if dates and frequency is None:
        chosen = RebalancingFrequency.EXPLICIT
    if chosen is RebalancingFrequency.EXPLICIT and not listed:
        where, remedy = "rebalancing_dates", "List them."
        raise InputError("CLO-1923", "EXPLICIT rebalancing has no days", where=where, remedy=remedy)
    return replace(
        composition,
        rebalancing_frequency=chosen,
        rebalancing_dates=listed,
        next_rebalancing_date=next_date or composition.next_rebalancing_date,
    )


def _members(composition: BasketComposition, given: Iterable[str], where: str) -> list[str]:
    """References of the constituents; InputError CLO-1922 for a given one that is none of them."""
    known = [member.instrument.reference for member in composition.constituents]
    for reference in given:
        if reference not in known:
            remedy = did_you_mean(reference, known, f"Use {', '.join(known)}.")
            raise InputError("CLO-1922", f"{reference!r} is not in the basket", where=where, remedy=remedy)
    return known
