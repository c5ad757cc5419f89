"""Baskets that go back to their weights at their frequency, before the end of the day on which they are due.

Each time is a PORTFOLIO_REBALANCING event as one by hand is: stored with its prices, replayed, cancelled the same way
(spec 07 §10, §19.1). Its reference names contract, leg and day, and what bears a reference that was used is left alone:
a day that is run again changes nothing, and what somebody cancelled does not come back.

A run makes up for every day up to its own that the composition in force still lacks, in order, each at the closes of
the due day (`basket_closes`). Where the close of an open day is missing, the basket keeps its units and the outcome
says so; the later runs try that day again until the next rebalancing is made, a run of that day itself does so ever
after. What the days behind it came to is then calculated again, and what was realised by then corrected by adjustments:
such an event counts as a CORRECTION.

A basket whose weights have no units yet gets those of its first day before (`initial_fixing`).
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

from db.payouts.events import EventRepository
from db.store import Store, UnitOfWork
from engine.desk.swaps.basket_closes import MissingCloseError, closes_on
from engine.desk.swaps.booking import LOCK
from engine.desk.swaps.event_booking import apply_in
from engine.desk.swaps.initial_fixing import fix_units, fixing_due
from engine.desk.swaps.scheduling import DateMaker
from engine.errors import BackendError, ClodeskError
from engine.payouts.baskets import price_currency
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import BusinessEventType, WeightType
from engine.payouts.events.instructions import Event, Rebalancing
from engine.payouts.initial_units import composition_without_units
from engine.payouts.rebalancing import (
    composition_held,
    rebalancing_dates,
    rebalancing_reference,
    target_constituents,
)
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.performance import BasketComposition

INTENT = "PortfolioRebalancing"
"""What the CDM calls the intent of these events."""


@dataclass(frozen=True, slots=True)
class NotRebalanced:
    """A basket that was due on a day and kept its units, or got none: why, and what to do."""

    contract_reference: str
    leg_number: int
    on: date
    error: ClodeskError


@dataclass(frozen=True, slots=True)
class Rebalancings:
    """What became of the baskets that were due: references of the events that were made, and those that failed.

    fixings: of the events by which baskets got their first units.
    """

    events: tuple[str, ...] = ()
    fixings: tuple[str, ...] = ()
    refused: tuple[NotRebalanced, ...] = ()


NOTHING_DUE = Rebalancings()


def rebalance_due(store: Store, as_of: date, *, references: Sequence[str] | None = None) -> Rebalancings:
    """Rebalance the baskets of all contracts, or of some, that are due by a day; a transaction for each contract.

    Those whose weights have no units yet get them before.

    A book without such baskets costs one statement.
    """
    with store.begin() as work:
        names = work.payouts.contracts.with_baskets_to_rebalance(as_of, references)
        if not names:
            return NOTHING_DUE
        maker = DateMaker(work.payouts.calendars.calendars())
        found = [one.contract for one in work.payouts.contracts.stream(names)]
    due = [contract.contract_reference for contract in found if _has_due_basket(contract, as_of, maker.centers)]
    return _joined([_rebalance_contract(store, name, as_of, maker.centers) for name in due])


def _has_due_basket(contract: Contract, as_of: date, centers: CenterCalendars) -> bool:
    """Whether a basket is due by a day; one whose days cannot be told is looked at too, so that it is listed."""
    try:
        return any(
            fixing_due(contract, leg, as_of) is not None or _due_days(contract, leg, as_of, centers)
            for leg in contract.legs
        )
    except ClodeskError:
        return True


def _due_days(contract: Contract, leg: Leg, as_of: date, centers: CenterCalendars) -> tuple[date, ...]:
    held = composition_held(leg, as_of)
    if held is None:
        return ()
    return tuple(day for day in rebalancing_dates(contract, leg, held, centers) if day <= as_of)


def _joined(parts: Sequence[Rebalancings]) -> Rebalancings:
    return Rebalancings(
        events=tuple(event for one in parts for event in one.events),
        fixings=tuple(event for one in parts for event in one.fixings),
        refused=tuple(refusal for one in parts for refusal in one.refused),
    )


def _rebalance_contract(store: Store, reference: str, as_of: date, centers: CenterCalendars) -> Rebalancings:
    with store.begin() as work:
        work.payouts.jobs.lock(LOCK)
        work.payouts.contracts.lock(reference)
        known = {one.event.event_reference for one in EventRepository(work.driver).of_contract(reference)}
        legs = work.payouts.contracts.load(reference).contract.legs
        return _joined([_rebalance_leg(work, reference, leg.leg_number, as_of, centers, known) for leg in legs])


def _rebalance_leg(
    work: UnitOfWork, reference: str, leg_number: int, as_of: date, centers: CenterCalendars, known: Set[str]
) -> Rebalancings:
    """Rebalance a basket on each of its due days in order. known: references of events that there have been.

    Behind a day without a close the next one is tried; any other error is one of the terms and ends the attempt.
    """
    begun = _fix_leg(work, reference, leg_number, as_of, centers, known)
    if begun.refused:
        return begun
    contract = work.payouts.contracts.load(reference).contract
    try:
        days = _due_days(contract, contract.leg(leg_number), as_of, centers)
    except ClodeskError as error:
        return replace(begun, refused=(NotRebalanced(reference, leg_number, as_of, error),))
    events: list[str] = []
    refused: list[NotRebalanced] = []
    for day in days:
        event = rebalancing_reference(reference, leg_number, day)
        if event in known:
            continue
        try:
            if _rebalance(work, reference, leg_number, day, as_of, centers):
                events.append(event)
        except BackendError:
            raise
        except ClodeskError as error:
            # Nothing is written of an event that is refused.
            refused.append(NotRebalanced(reference, leg_number, day, error))
            if not isinstance(error, MissingCloseError):
                break
    return replace(begun, events=tuple(events), refused=tuple(refused))


def _fix_leg(
    work: UnitOfWork, reference: str, leg_number: int, as_of: date, centers: CenterCalendars, known: Set[str]
) -> Rebalancings:
    """Fix the first units of a leg's basket where they are due; nothing is written where that is refused."""
    contract = work.payouts.contracts.load(reference).contract
    leg = contract.leg(leg_number)
    first = composition_without_units(leg)
    try:
        held = fixing_due(contract, leg, as_of)
        if held is None:
            return NOTHING_DUE
        return Rebalancings(fixings=(fix_units(work, contract, leg, held, centers, known),))
    except BackendError:
        raise
    except ClodeskError as error:
        on = as_of if first is None else first.effective_from
        return Rebalancings(refused=(NotRebalanced(reference, leg_number, on, error),))


def _rebalance(
    work: UnitOfWork, reference: str, leg_number: int, day: date, as_of: date, centers: CenterCalendars
) -> bool:
    """Rebalance one basket at the close of a day; False for one in units on a day of the past, which was told then."""
    contract = work.payouts.contracts.load(reference).contract
    leg = contract.leg(leg_number)
    held = composition_held(leg, day)
    if held is None or leg.performance is None:
        return False
    if day < as_of and any(constituent.weight_type is WeightType.UNITS for constituent in held.constituents):
        return False
    targets = target_constituents(held)
    prices, fx = _closes(work, contract, leg, held, day, centers)
    following = (one for one in rebalancing_dates(contract, leg, held, centers) if one > day)
    instruction = Rebalancing(
        leg_number=leg_number, targets=targets, prices=prices, fx=fx, next_rebalancing_date=next(following, None)
    )
    realised = EventRepository(work.driver).last_realised(reference)
    is_late = realised is not None and day < realised
    event = Event(
        event_reference=rebalancing_reference(reference, leg_number, day),
        event_type=BusinessEventType.CORRECTION if is_late else BusinessEventType.PORTFOLIO_REBALANCING,
        event_date=day,
        effective_date=day,
        instructions=(instruction,),
        intent=INTENT,
    )
    why = f"due at its {held.rebalancing_frequency.value} frequency"
    return apply_in(work, reference, event, reason=why).is_written


def _closes(
    work: UnitOfWork, contract: Contract, leg: Leg, held: BasketComposition, day: date, centers: CenterCalendars
) -> tuple[dict[str, float], dict[str, float]]:
    """Closes and rates of what a composition holds. Raises MissingCloseError CLO-1929 naming all that are missing."""
    names = [one.instrument.reference for one in held.constituents]
    currencies = {price_currency(one.instrument, one.price_currency) for one in held.constituents}
    closes = closes_on(work.payouts, contract, leg, names, currencies, day, centers)
    if closes.missing:
        underlier = leg.performance.underlier.underlier_reference if leg.performance is not None else ""
        raise MissingCloseError(
            "CLO-1929",
            f"The basket {underlier} keeps its units: on {day} there is no {' and no '.join(closes.missing)}",
            remedy=f"Load it: the next run makes up for it,"
            f" after another rebalancing a run of {day} and the days since.",
        )
    return closes.prices, closes.fx
