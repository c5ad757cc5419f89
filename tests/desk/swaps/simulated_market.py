"""A year of market data drawn by a seed: calendars, closes, FX, rates, dividends, a split and a spin-off."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from db.payouts.fixings import FxFixing, PriceFixing, RateFixing
from db.payouts.work import PayoutWork
from engine.conventions.calendar import us_bank_holidays
from engine.payouts.enums import CorporateActionType, DividendType, IdentifierScheme, SpinOffMethod, UnderlierType
from engine.payouts.market import CorporateAction, DividendEvent
from engine.payouts.terms.parties import Instrument, InstrumentIdentifier

FIRST, LAST = date(2024, 1, 2), date(2025, 1, 15)
"""The days that are run: the year, and the two weeks in which its last amounts are paid."""

MARKET_FIRST = date(2023, 11, 15)
"""Fixings begin earlier: rates are observed with a look-back."""

GOOD_FRIDAY, EASTER_MONDAY = date(2024, 3, 29), date(2024, 4, 1)
SPLIT_DAY, SPIN_OFF_DAY = date(2024, 6, 12), date(2024, 7, 17)
SPUN_OFF = 4.0
"""What about the parent is worth less from the spin-off on."""

SOURCE = "simulated"

_NEW_YORK = (*us_bank_holidays(2020, 2027), GOOD_FRIDAY)
_TARGET = (
    *(date(y, m, d) for y in range(2023, 2026) for m, d in ((1, 1), (5, 1), (12, 25), (12, 26))),
    GOOD_FRIDAY,
    EASTER_MONDAY,
)
_LONDON = (
    *(date(y, m, d) for y in range(2023, 2026) for m, d in ((1, 1), (12, 25), (12, 26))),
    GOOD_FRIDAY,
    EASTER_MONDAY,
    *(date(2024, m, d) for m, d in ((5, 6), (5, 27), (8, 26))),
)
HOLIDAYS: Mapping[str, tuple[date, ...]] = {
    "USNY": us_bank_holidays(2020, 2027),
    "USSOFR": _NEW_YORK,
    "XNYS": _NEW_YORK,
    "EUTA": _TARGET,
    "XPAR": _TARGET,
    "GBLO": _LONDON,
    "XLON": _LONDON,
}
CENTER = {"USD": "USNY", "EUR": "EUTA", "GBP": "GBLO"}
EXCHANGE = {"USD": "XNYS", "EUR": "XPAR", "GBP": "XLON"}


def is_good(on: date, *centers: str) -> bool:
    """Whether all centers are open."""
    return on.weekday() < 5 and all(on not in HOLIDAYS[center] for center in centers)


def good_days(first: date, last: date, *centers: str) -> Iterator[date]:
    """Days from first to last on which all centers are open."""
    for n in range((last - first).days + 1):
        on = first + timedelta(days=n)
        if is_good(on, *centers):
            yield on


def next_good(on: date, *centers: str) -> date:
    """The day itself or the next on which all centers are open."""
    return next(good_days(on, on + timedelta(days=15), *centers))


def after(on: date, n: int, *centers: str) -> date:
    """The n-th day after `on` on which all centers are open."""
    return list(good_days(on + timedelta(days=1), on + timedelta(days=2 * n + 15), *centers))[n - 1]


def instrument(name: str, currency: str, kind: UnderlierType = UnderlierType.SINGLE_STOCK) -> Instrument:
    """An instrument of the exchange of its currency, known by its RIC."""
    return Instrument(
        reference=f"RIC:{name}",
        instrument_type=kind,
        name=name,
        currency=currency,
        exchange_mic=EXCHANGE[currency],
        identifiers=(InstrumentIdentifier(scheme=IdentifierScheme.RIC, identifier=name),),
    )


SHARES = tuple(
    instrument(f"{currency[0]}{n}", currency)
    for currency, count in (("USD", 5), ("EUR", 4), ("GBP", 3))
    for n in range(1, count + 1)
)
INDICES = tuple(instrument(f"IX{currency[0]}", currency, UnderlierType.INDEX) for currency in CENTER)
SPLITTING, PARENT, CHILD = (instrument(name, "USD") for name in ("SPLIT", "PARENT", "CHILD"))
SPLIT = CorporateAction(
    instrument_reference=SPLITTING.reference,
    action_type=CorporateActionType.STOCK_SPLIT,
    ex_date=SPLIT_DAY,
    ratio_new=2.0,
    ratio_old=1.0,
    adjustment_factor=0.5,
)
SPIN_OFF = CorporateAction(
    instrument_reference=PARENT.reference,
    action_type=CorporateActionType.SPIN_OFF,
    ex_date=SPIN_OFF_DAY,
    child_reference=CHILD.reference,
    child_ratio=0.2,
    method=SpinOffMethod.METHOD_BASKET,
)
INSTRUMENTS = (*SHARES, *INDICES, SPLITTING, PARENT, CHILD)


@dataclass(frozen=True, slots=True)
class Market:
    """All fixings by name and day, and the events of the instruments."""

    prices: Mapping[str, Mapping[date, float]]
    fx: Mapping[tuple[str, str], Mapping[date, float]]
    rates: Mapping[tuple[str, str], Mapping[date, float]]
    dividends: tuple[DividendEvent, ...]
    actions: tuple[CorporateAction, ...]

    def close(self, of: Instrument, on: date) -> float:
        """The close of a day with a session."""
        return self.prices[of.reference][on]

    def put(self, work: PayoutWork, followed: Iterable[Instrument]) -> None:
        """Store what concerns the instruments that stored contracts follow, FX and rates."""
        currency = {one.reference: one.currency or "" for one in followed}
        work.fixings.put_prices(
            [
                PriceFixing(name, on, price, currency[name])
                for name in currency
                for on, price in self.prices[name].items()
            ],
            SOURCE,
        )
        work.fixings.put_fx([FxFixing(*pair, on, x) for pair, row in self.fx.items() for on, x in row.items()], SOURCE)
        work.fixings.put_rates(
            [RateFixing(*name, on, rate) for name, row in self.rates.items() for on, rate in row.items()], SOURCE
        )
        work.market_events.put_dividends([one for one in self.dividends if one.instrument_reference in currency])
        work.market_events.put_corporate_actions(
            [
                one
                for one in self.actions
                if one.instrument_reference in currency
                and (one.child_reference is None or one.child_reference in currency)
            ]
        )


def put_calendars(work: PayoutWork) -> None:
    """Store the holidays of all centers and exchanges."""
    for code, days in HOLIDAYS.items():
        work.calendars.put(code, [(on, "holiday") for on in days], source=SOURCE, version="1")


def simulated_market(rng: np.random.Generator) -> Market:
    """Random walks: closes with a volatility of 25 %, FX of 8 %, rates of 1 % a year; numbers as they are published."""
    prices = {one.reference: _closes(one, rng) for one in INSTRUMENTS}
    fx = {
        pair: _walk(rng, level, 0.08, 5, *(CENTER[currency] for currency in pair))
        for pair, level in ((("EUR", "USD"), 1.08), (("GBP", "USD"), 1.26), (("EUR", "GBP"), 0.86))
    }
    rates = {
        name: _rates(rng, level, center)
        for name, level, center in (
            (("USD-SOFR", ""), 0.0531, "USSOFR"),
            (("EUR-EuroSTR", ""), 0.0390, "EUTA"),
            (("GBP-SONIA", ""), 0.0519, "GBLO"),
            (("EUR-EURIBOR", "1M"), 0.0388, "EUTA"),
            (("USD-TERM", "1M"), 0.0533, "USNY"),
            (("GBP-TERM", "3M"), 0.0520, "GBLO"),
        )
    }
    rates["USD-SOFR-INDEX", ""] = _compounded_index(rates["USD-SOFR", ""])
    dividends = tuple(dividend for share in (*SHARES, SPLITTING, PARENT) for dividend in _dividends(share, prices, rng))
    return Market(prices, fx, rates, dividends, (SPLIT, SPIN_OFF))


def _closes(one: Instrument, rng: np.random.Generator) -> dict[date, float]:
    level = (
        20.0 if one is CHILD else 4_000.0 if one.instrument_type is UnderlierType.INDEX else rng.uniform(40.0, 160.0)
    )
    walk = _walk(rng, level, 0.25, 4, EXCHANGE[one.currency or ""])
    if one is SPLITTING:
        return {on: round(price / 2.0, 4) if on >= SPLIT_DAY else price for on, price in walk.items()}
    if one is CHILD:
        return {on: price for on, price in walk.items() if on >= SPIN_OFF_DAY}
    if one is PARENT:
        return {on: round(price - SPUN_OFF, 4) if on >= SPIN_OFF_DAY else price for on, price in walk.items()}
    return walk


def _level(one: Instrument, rng: np.random.Generator) -> float:
    if one is CHILD:
        return SPUN_OFF / (SPIN_OFF.child_ratio or 1.0)
    return 4_000.0 if one.instrument_type is UnderlierType.INDEX else rng.uniform(40.0, 160.0)


def _walk(rng: np.random.Generator, level: float, volatility: float, digits: int, *centers: str) -> dict[date, float]:
    days = list(good_days(MARKET_FIRST, LAST, *centers))
    steps = rng.normal(0.0, volatility / np.sqrt(252.0), len(days))
    return {on: round(float(level * factor), digits) for on, factor in zip(days, np.exp(np.cumsum(steps)), strict=True)}


def _rates(rng: np.random.Generator, level: float, center: str) -> dict[date, float]:
    days = list(good_days(MARKET_FIRST, LAST, center))
    walk = level + np.cumsum(rng.normal(0.0, 0.01 / np.sqrt(252.0) / 4.0, len(days)))
    return {on: round(float(rate), 4) for on, rate in zip(days, walk, strict=True)}


def _compounded_index(rates: Mapping[date, float]) -> dict[date, float]:
    """One invested on the first day, grown day by day at the overnight rate, published to eight decimals."""
    days = sorted(rates)
    index, found = 1.0, {days[0]: 1.0}
    for on, following in pairwise(days):
        index *= 1.0 + rates[on] * (following - on).days / 360.0
        found[following] = round(index, 8)
    return found


def _dividends(
    share: Instrument, prices: Mapping[str, Mapping[date, float]], rng: np.random.Generator
) -> Iterator[DividendEvent]:
    """Four a year of about half a percent, on days when every center is open; one of a share is special."""
    everywhere = tuple(HOLIDAYS)
    offset = int(rng.integers(0, 60))
    for n in range(4):
        ex_date = next_good(date(2024, 1, 15) + timedelta(days=offset + 80 * n), *everywhere)
        yield DividendEvent(
            instrument_reference=share.reference,
            ex_date=ex_date,
            currency=share.currency or "",
            gross_amount=round(prices[share.reference][ex_date] * float(rng.uniform(0.003, 0.008)), 4),
            dividend_type=DividendType.SPECIAL if share.name == "U2" and n == 2 else DividendType.ORDINARY,
            declared_date=ex_date - timedelta(days=30),
            record_date=after(ex_date, 1, *everywhere),
            pay_date=next_good(ex_date + timedelta(days=int(rng.integers(10, 25))), *everywhere),
        )
