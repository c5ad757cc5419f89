"""Funding legs with a notional of their own: how events change it from a day on (spec 07 §12.1, §19.2)."""

from dataclasses import replace
from datetime import date

from engine.payouts.enums import NotionalSource
from engine.payouts.events.positions import replaced_legs
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.funding import PastNotional


def has_own_notional(leg: Leg) -> bool:
    """Whether a leg funds a notional of its own."""
    return leg.interest is not None and leg.interest.notional_source is NotionalSource.OWN


def split_notionals(
    contract: Contract, new_contract: Contract, leg_number: int, share: float, day: date
) -> tuple[Contract, Contract]:
    """Both contracts of a partial novation: a share of the own notionals that fund an equity leg is the new one's.

    These are linked to the leg, or to none where it is the only one.
    """
    n_followed = sum(leg.performance is not None for leg in contract.legs)
    links = {leg_number, None} if n_followed == 1 else {leg_number}

    def is_split(leg: Leg) -> bool:
        return has_own_notional(leg) and leg.linked_leg_number in links and leg.notional_amount is not None

    def left(leg: Leg) -> Leg:
        return with_notional_change(leg, -(leg.notional_amount or 0.0) * share, day) if is_split(leg) else leg

    def moved(leg: Leg) -> Leg:
        return replace(leg, notional_amount=(leg.notional_amount or 0.0) * share) if is_split(leg) else leg

    return replaced_legs(contract, left), replaced_legs(new_contract, moved)


def with_notional(leg: Leg, amount: float, day: date) -> Leg:
    """The leg with another notional of its own from a day on; before, it is what it was."""
    interest, held = leg.interest, leg.notional_amount
    if interest is None or held is None:
        return replace(leg, notional_amount=amount)
    past = tuple(one for one in interest.past_notionals if one.until <= day)
    if not past or past[-1].until < day:
        later = [one.notional_amount for one in interest.past_notionals if one.until > day]
        past = (*past, PastNotional(until=day, notional_amount=later[0] if later else held))
    return replace(leg, notional_amount=amount, interest=replace(interest, past_notionals=past))


def with_notional_change(leg: Leg, change: float, day: date) -> Leg:
    """The leg with so much more or less of its own notional from a day on, never below nothing; later changes stay."""
    interest, held = leg.interest, leg.notional_amount
    if interest is None or held is None:
        return leg
    later = [one for one in interest.past_notionals if one.until > day]
    amounts = [max(amount + change, 0.0) for amount in (*(one.notional_amount for one in later), held)]
    cut = with_notional(leg, amounts[0], day)
    if cut.interest is None:
        return cut
    moved = (replace(one, notional_amount=amount) for one, amount in zip(later, amounts, strict=False))
    past = (*cut.interest.past_notionals, *moved)
    return replace(cut, notional_amount=amounts[-1], interest=replace(cut.interest, past_notionals=past))


def unfunded(contract: Contract, day: date) -> Contract:
    """The contract without any notional of a funding leg's own from a day on: nothing is left to be funded.

    Notionals that follow an equity leg end with its units.
    """
    return replaced_legs(contract, lambda leg: with_notional(leg, 0.0, day) if has_own_notional(leg) else leg)
