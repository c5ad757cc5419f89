"""Baskets that go back to their weights at their frequency, before the end of the day on which they are due.

Each time is a PORTFOLIO_REBALANCING event as one by hand is: stored with its prices, replayed, cancelled the same way
(spec 07 §10, §19.1). Its reference names contract, leg and day, and what bears a reference that was used is left alone:
a day that is run again changes nothing, and what somebody cancelled does not come back.

A run makes up for every day up to its own that the composition in force still lacks, in order, each at the closes of
the due day. Where a constituent or a currency has its own holiday then, its close before stands, as in the valuation of
that day. Where the close of an open day is missing, the basket keeps its units and the outcome says so; the later runs
try that day again until the next rebalancing is made, a run of that day itself does so ever after. What the days behind
it came to is then calculated again, and what was realised by then corrected by adjustments: such an event counts as a
CORRECTION.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from math import isnan, nan

from db.payouts.events import EventRepository
from db.payouts.work import PayoutWork
from db.store import Store, UnitOfWork
from engine.conventions.days import NO_DAY, day_number, to_date
from engine.desk.swaps.booking import LOCK
from engine.desk.swaps.event_booking import apply_in
from engine.desk.swaps.market import market_arrays
from engine.desk.swaps.scheduling import DateMaker
from engine.errors import BackendError, ClodeskError, InputError
from engine.payouts.baskets import price_currency
from engine.payouts.book.compiling import compile_contract, make_book, settlement_currency
from engine.payouts.book.equity_fx import CurrencyConversion, FxTerms
from engine.payouts.book.tables import INSTRUMENTS, PAIRS, Book
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import BusinessEventType, WeightType
from engine.payouts.events.instructions import Event, Rebalancing
from engine.payouts.market import Floats, MarketArrays
from engine.payouts.rebalancing import (
    composition_held,
    rebalancing_dates,
    rebalancing_reference,
    target_constituents,
    valuation_calendar,
)
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.performance import BasketComposition, PerformancePayout

INTENT = "PortfolioRebalancing"
"""What the CDM calls the intent of these events."""


class MissingCloseError(InputError):
    """A basket could not be rebalanced for want of closes or FX rates (CLO-1929)."""


@dataclass(frozen=True, slots=True)
class NotRebalanced:
    """A basket that was due on a day and kept its units: why, and what to do."""

    contract_reference: str
    leg_number: int
    on: date
    error: ClodeskError


@dataclass(frozen=True, slots=True)
class Rebalancings:
    """What became of the baskets that were due: references of the events that were made, and those that failed."""

    events: tuple[str, ...] = ()
    refused: tuple[NotRebalanced, ...] = ()


NOTHING_DUE = Rebalancings()


def rebalance_due(store: Store, as_of: date, *, references: Sequence[str] | None = None) -> Rebalancings:
    """Rebalance the baskets of all contracts, or of some, that are due by a day; a transaction for each contract.

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
        return any(_due_days(contract, leg, as_of, centers) for leg in contract.legs)
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
    contract = work.payouts.contracts.load(reference).contract
    try:
        days = _due_days(contract, contract.leg(leg_number), as_of, centers)
    except ClodeskError as error:
        return Rebalancings(refused=(NotRebalanced(reference, leg_number, as_of, error),))
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
    return Rebalancings(tuple(events), tuple(refused))


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
    prices, fx = _closes(work.payouts, contract, leg, leg.performance, held, day, centers)
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
    work: PayoutWork,
    contract: Contract,
    leg: Leg,
    payout: PerformancePayout,
    held: BasketComposition,
    day: date,
    centers: CenterCalendars,
) -> tuple[dict[str, float], dict[str, float]]:
    """Closes of a composition's instruments, and units of the basket's currency per unit of each price currency, as the
    valuation of the day takes them. Raises MissingCloseError CLO-1929 naming all that are missing."""
    on = day_number(day)
    conversions = _conversions(contract, leg, payout, held, centers)
    fixed_on = {
        name: _fixing_day(one, _fx_terms(contract, leg, payout, centers), on) for name, one in conversions.items()
    }
    book = make_book([compile_contract(contract, centers)])
    read_from = min([on, *fixed_on.values()])
    market = market_arrays(work.fixings, work.market_events, book, on, centers, read_from=read_from)
    names = book.names[INSTRUMENTS]
    held_names = [one.instrument.reference for one in held.constituents]
    prices = {name: _on_day(market.prices, names, name, on, market) for name in held_names}
    rates = {name: _rate(work, book, market, one, fixed_on[name]) for name, one in conversions.items()}
    missing = [f"price of {name}" for name, price in prices.items() if isnan(price)]
    missing += [f"FX rate {conversions[name].pair}" for name, rate in rates.items() if isnan(rate)]
    if missing:
        raise MissingCloseError(
            "CLO-1929",
            f"The basket {payout.underlier.underlier_reference} keeps its units: on {day} there is no"
            f" {' and no '.join(missing)}",
            remedy=f"Load it: the next run makes up for it,"
            f" after another rebalancing a run of {day} and the days since.",
        )
    basket_rate = rates.get(_basket_currency(contract, leg, payout), 1.0)
    return prices, {name: rate / basket_rate for name, rate in rates.items()}


def _conversions(
    contract: Contract, leg: Leg, payout: PerformancePayout, held: BasketComposition, centers: CenterCalendars
) -> dict[str, CurrencyConversion]:
    """How each price currency and the basket's become the leg's; none where all prices are in the basket's.

    Over the leg's currency, since those are the rates that its amounts are made with: what a quanto fixes stays fixed
    here too, so that the leg's value does not jump.
    """
    own = _basket_currency(contract, leg, payout)
    currencies = {price_currency(one.instrument, one.price_currency) for one in held.constituents}
    if currencies == {own}:
        return {}
    terms = _fx_terms(contract, leg, payout, centers)
    return {name: terms.conversion(name) for name in sorted({*currencies, own})}


def _fx_terms(contract: Contract, leg: Leg, payout: PerformancePayout, centers: CenterCalendars) -> FxTerms:
    settlement = settlement_currency(contract, leg)
    return FxTerms(payout.fx_features, settlement, contract.trade_date, valuation_calendar(payout, centers))


def _basket_currency(contract: Contract, leg: Leg, payout: PerformancePayout) -> str:
    return payout.underlier.underlier_currency or settlement_currency(contract, leg)


def _fixing_day(conversion: CurrencyConversion, terms: FxTerms, on: int) -> int:
    return terms.fixing_day(on) if conversion.fixed_day == NO_DAY else conversion.fixed_day


def _rate(work: PayoutWork, book: Book, market: MarketArrays, conversion: CurrencyConversion, on: int) -> float:
    """X of a conversion on a day, NaN where nobody fixed it."""
    if not conversion.pair:
        return 1.0
    if not isnan(conversion.fixed_rate):
        return conversion.fixed_rate
    if conversion.pair in book.names[PAIRS]:
        return _on_day(market.fx, book.names[PAIRS], conversion.pair, on, market)
    # Of a basket in a currency in which none of its instruments is priced.
    one, _, two = conversion.pair.partition("/")
    return float(work.fixings.fx([(one, two)], to_date(on), to_date(on))[0, 0])


def _on_day(values: Floats, names: Sequence[str], name: str, on: int, market: MarketArrays) -> float:
    column = on - market.first_day
    is_there = name in names and 0 <= column < values.shape[1]
    return float(values[names.index(name), column]) if is_there else nan
