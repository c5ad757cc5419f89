"""Closes and FX rates at which a basket gets its units, as the valuation of the day takes them (spec 07 §10, §11).

Where a constituent or a currency has its own holiday then, its close before stands.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from math import isnan, nan

from db.payouts.work import PayoutWork
from engine.conventions.days import NO_DAY, day_number, to_date
from engine.desk.swaps.market import market_arrays
from engine.errors import InputError
from engine.payouts.book.compiling import compile_contract, make_book
from engine.payouts.book.equity_fx import CurrencyConversion, FxTerms
from engine.payouts.book.tables import INSTRUMENTS, PAIRS, Book
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.initial_units import with_provisional_units
from engine.payouts.market import Floats, MarketArrays
from engine.payouts.rebalancing import valuation_calendar
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.currencies import basket_currency, settlement_currency
from engine.payouts.terms.performance import PerformancePayout


class MissingCloseError(InputError):
    """A basket could not get its units for want of closes or FX rates (CLO-1929, CLO-4130)."""


@dataclass(frozen=True, slots=True)
class Closes:
    """Closes by instrument reference, and units of the basket's currency per unit of each other one.

    missing: what nobody fixed, in words, which is in neither.
    """

    prices: dict[str, float]
    fx: dict[str, float]
    missing: tuple[str, ...] = ()


def closes_on(
    work: PayoutWork,
    contract: Contract,
    leg: Leg,
    names: Sequence[str],
    currencies: Set[str],
    day: date,
    centers: CenterCalendars,
) -> Closes:
    """The closes of instruments that a leg's basket holds, and the rates of currencies, on a day.

    Raises the errors of compiling a contract whose terms are not complete.
    """
    payout = leg.performance
    if payout is None:
        return Closes({}, {})
    on = day_number(day)
    own = basket_currency(contract, leg)
    terms = _fx_terms(contract, leg, payout, centers)
    # Over the leg's currency, since those are the rates that its amounts are made with: what a quanto fixes stays fixed
    # here too, so that the leg's value does not jump.
    used = () if currencies <= {own} else sorted({*currencies, own})
    conversions = {name: terms.conversion(name) for name in used}
    fixed_on = {name: _fixing_day(one, terms, on) for name, one in conversions.items()}
    book = make_book([compile_contract(with_provisional_units(contract), centers)])
    market = market_arrays(work.fixings, work.market_events, book, on, centers, read_from=min([on, *fixed_on.values()]))
    prices = {name: _on_day(market.prices, book.names[INSTRUMENTS], name, on, market) for name in names}
    rates = {name: _rate(work, book, market, one, fixed_on[name]) for name, one in conversions.items()}
    missing = [f"price of {name}" for name, price in prices.items() if isnan(price)]
    missing += [f"FX rate {conversions[name].pair}" for name, rate in rates.items() if isnan(rate)]
    in_own = rates.get(own, 1.0)
    fx = {name: rate / in_own for name, rate in rates.items() if not isnan(rate / in_own)}
    known = {name: price for name, price in prices.items() if not isnan(price)}
    return Closes(known, {own: 1.0, **fx}, tuple(missing))


def _fx_terms(contract: Contract, leg: Leg, payout: PerformancePayout, centers: CenterCalendars) -> FxTerms:
    settlement = settlement_currency(contract, leg)
    return FxTerms(payout.fx_features, settlement, contract.trade_date, valuation_calendar(payout, centers))


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
