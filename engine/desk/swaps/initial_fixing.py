"""Baskets agreed by weights that get their units at the closes of their first day (spec 07 §10, §19.1).

The fixing is a RESET event that nobody enters: stored with its prices, replayed and cancelled as any other. Its
reference names contract, leg and day; one that somebody cancelled is not made again. The first run on or after the
first day makes it, at the closes of that day, or a later one where a close was missing.
"""

from collections.abc import Set
from datetime import date

from db.payouts.events import EventRepository
from db.store import UnitOfWork
from engine.desk.swaps.basket_closes import MissingCloseError, closes_on
from engine.desk.swaps.event_booking import apply_in
from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import BusinessEventType
from engine.payouts.events.instructions import Event, InitialFixing
from engine.payouts.initial_units import (
    composition_without_units,
    currencies_to_fix,
    initial_fixing_reference,
    needs_fixing,
    stated_prices,
    stated_rates,
)
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.performance import BasketComposition


def fixing_due(contract: Contract, leg: Leg, as_of: date) -> BasketComposition | None:
    """The first composition of a leg's basket where its units are to be fixed by a day; errors of `needs_fixing`."""
    composition = composition_without_units(leg)
    is_due = composition is not None and composition.effective_from <= as_of and needs_fixing(contract, leg)
    return composition if is_due else None


def fix_units(
    work: UnitOfWork, contract: Contract, leg: Leg, held: BasketComposition, centers: CenterCalendars, known: Set[str]
) -> str:
    """Fix the units of a basket at the closes of its first day; the reference of the event.

    known: references of events that there have been. Raises MissingCloseError CLO-4130 naming all that is missing,
    InputError CLO-4135 where somebody cancelled the fixing, and the errors of the event.
    """
    reference, day = contract.contract_reference, held.effective_from
    name = initial_fixing_reference(reference, leg.leg_number, day)
    if name in known:
        raise InputError(
            "CLO-4135",
            f"The basket of leg {leg.leg_number} has no units: event {name} was cancelled",
            remedy="State the units of its constituents by a change of terms, or cancel the cancellation.",
        )
    instruction = _instruction(work, contract, leg, held, centers)
    realised = EventRepository(work.driver).last_realised(reference)
    is_late = realised is not None and day < realised
    event = Event(
        event_reference=name,
        event_type=BusinessEventType.CORRECTION if is_late else BusinessEventType.RESET,
        event_date=day,
        effective_date=day,
        instructions=(instruction,),
    )
    apply_in(work, reference, event, reason="units of the weights at the closes of the first day")
    return name


def _instruction(
    work: UnitOfWork, contract: Contract, leg: Leg, held: BasketComposition, centers: CenterCalendars
) -> InitialFixing:
    """What the terms state comes before what was observed."""
    stated, rates = stated_prices(held), stated_rates(contract, leg, held)
    names = [one.instrument.reference for one in held.constituents if one.instrument.reference not in stated]
    currencies = currencies_to_fix(contract, leg, held) - rates.keys()
    closes = closes_on(work.payouts, contract, leg, names, currencies, held.effective_from, centers)
    if closes.missing:
        raise MissingCloseError(
            "CLO-4130",
            f"The basket of leg {leg.leg_number} has weights and no units yet: on {held.effective_from} there is no"
            f" {' and no '.join(closes.missing)}",
            remedy="Load it: the next run fixes the units.",
        )
    return InitialFixing(leg_number=leg.leg_number, prices={**closes.prices, **stated}, fx={**closes.fx, **rates})
