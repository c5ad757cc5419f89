"""Spreads per constituent: which series of a funding leg belongs to which share of a basket (spec 07 §3.3)."""

from dataclasses import replace

from engine.payouts.terms.contract import Leg
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.performance import BasketConstituent, PerformancePayout


def with_spread_series(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """Where a funding leg has as many series as the basket it follows has constituents, pair them in their order."""
    made = {leg.leg_number: leg for leg in legs}
    for leg in legs:
        equity = made.get(leg.linked_leg_number or 0)
        if leg.interest is None or equity is None or equity.performance is None:
            continue
        compositions = equity.performance.underlier.compositions
        members = compositions[0].constituents if compositions else ()
        n_series = max((step.series for step in leg.interest.spread_steps), default=0)
        if members and n_series == len(members):
            made[leg.leg_number] = replace(leg, interest=_named(leg.interest, members))
            made[equity.leg_number] = replace(equity, performance=_numbered(equity.performance))
    return tuple(made[leg.leg_number] for leg in legs)


def _named(terms: InterestRatePayout, members: tuple[BasketConstituent, ...]) -> InterestRatePayout:
    references = [member.instrument.reference for member in members]
    steps = tuple(replace(step, constituent_reference=references[step.series - 1]) for step in terms.spread_steps)
    return replace(terms, spread_steps=steps)


def _numbered(payout: PerformancePayout) -> PerformancePayout:
    first, *later = payout.underlier.compositions
    members = tuple(replace(member, spread_series=i) for i, member in enumerate(first.constituents, 1))
    compositions = (replace(first, constituents=members), *later)
    return replace(payout, underlier=replace(payout.underlier, compositions=compositions))
