"""A book on its day as rows to store: daily accruals, the P&L of its legs, and what could not be valued."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from db.payouts.end_of_day_batches import AccrualBatch, PnlBatch
from db.payouts.work import PayoutWork
from engine.conventions.days import NO_DAY, day_number, to_date
from engine.desk.swaps.accruing import Accruals
from engine.desk.swaps.generation import LegKeys
from engine.payouts.book.tables import CURRENCIES, EVENTS, FLOWS, INSTRUMENTS, LEGS, PAIRS, RATES, Book
from engine.payouts.book.valuation import LegValues
from engine.payouts.book.values import FlowValues
from engine.payouts.codes import ESTIMATED, MISSING_FX, MISSING_PRICE, MISSING_RATE, OK, OTHER_PART
from engine.payouts.dates.calendars import DEFAULT_CENTERS, CenterCalendars, JointCalendar
from engine.payouts.enums import ConfidenceLevel, ValuationMethod
from engine.payouts.market import MarketArrays

_NAMES_BY_STATUS = {
    MISSING_PRICE: (INSTRUMENTS, "price"),
    MISSING_FX: (PAIRS, "FX rate"),
    MISSING_RATE: (RATES, "rate"),
}

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MissingFixing:
    """A flow that could not be valued: what it lacked, of which day."""

    contract_reference: str
    leg_number: int
    what: str
    name: str
    on: date | None


@dataclass(frozen=True, slots=True, eq=False)
class BookDay:
    """A book with its market on one day."""

    book: Book
    market: MarketArrays
    as_of: date
    calendars: CenterCalendars

    def calendar(self, currency: str) -> JointCalendar:
        """Good days of the centers in which a currency is paid, as far as they are loaded."""
        return self.calendars.joint(center for center in DEFAULT_CENTERS.get(currency, ()) if center in self.calendars)

    @property
    def day(self) -> int:
        """The day as a number."""
        return day_number(self.as_of)


def _good_by_currency(of_day: BookDay, first: date, last: date) -> dict[str, list[tuple[date, bool]]]:
    """By currency: for each day its business date, and whether it is one itself."""
    found: dict[str, list[tuple[date, bool]]] = {}
    for currency in of_day.book.names[CURRENCIES]:
        calendar = of_day.calendar(currency)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        found[currency] = [(calendar.previous_good(on), calendar.is_good(on)) for on in days]
    return found


def accrual_batch(of_day: BookDay, accruals: Accruals, valued: Ints) -> AccrualBatch:
    """The rows of all days; `flow` counts within the flows that were valued."""
    place = np.full(len(of_day.book[FLOWS]), -1, np.int64)
    place[valued] = np.arange(len(valued))
    days = accruals.days
    first = to_date(days[0].day) if days else of_day.as_of
    good = _good_by_currency(of_day, first, of_day.as_of)
    names = of_day.book.names[CURRENCIES]
    business = np.array([[day_number(on) for on, _ in good[name]] for name in names], np.int64)
    is_good = np.array([[flag for _, flag in good[name]] for name in names], bool)
    rows = np.concatenate([item.flow for item in days]) if days else np.empty(0, np.int64)
    on_day = np.concatenate([np.full(len(item.flow), item.day) for item in days]) if days else np.empty(0, np.int64)
    currency = of_day.book[FLOWS]["currency"][rows]
    column = on_day - day_number(first)

    def joined(name: str) -> npt.NDArray[np.float64]:
        return np.concatenate([getattr(item, name) for item in days]) if days else np.empty(0)

    kept = place[rows] >= 0
    return AccrualBatch(
        flow=place[rows][kept],
        accrual_date=on_day[kept].astype("datetime64[D]"),
        business_date=business[currency, column][kept].astype("datetime64[D]"),
        cumulative=joined("cumulative")[kept],
        cumulative_before=joined("cumulative_before")[kept],
        year_fraction=joined("year_fraction")[kept],
        year_fraction_before=joined("year_fraction_before")[kept],
        notional=joined("notional")[kept],
        rate_or_price=joined("rate_or_price")[kept],
        is_business_day=is_good[currency, column][kept],
        is_estimated=joined("is_estimated")[kept].astype(bool),
    )


def pnl_batch(work: PayoutWork, of_day: BookDay, legs: LegValues, keys: LegKeys, base_currency: str) -> PnlBatch:
    rows = of_day.book[LEGS]
    names = [of_day.book.names[CURRENCIES][code] for code in rows["currency"]]
    used = sorted(set(names))
    rates = work.fixings.fx([(name, base_currency) for name in used], of_day.as_of - timedelta(days=7), of_day.as_of)
    base_by_currency = dict(zip(used, map(_last_known, rates), strict=True))
    warned = work.end_of_day.warned([contract for contract, _ in keys.legs])
    parts, methods, confidence = legs.parts.copy(), [], []
    external = work.market_events.external(of_day.as_of)
    for row, (contract, leg) in enumerate(keys.legs):
        level = ConfidenceLevel.MEDIUM if legs.is_estimated[row] or contract in warned else ConfidenceLevel.HIGH
        method = ValuationMethod.MARK_TO_MARKET
        if leg in external:
            value, _, level = external[leg]
            known = np.nan_to_num(parts[:, row])
            parts[:, row] = known
            parts[OTHER_PART, row] = value - (known.sum() - known[OTHER_PART])
            method = ValuationMethod.EXTERNAL_PRICE
        methods.append(method.value)
        confidence.append(level)
    ends = {name: _ends(of_day, name) for name in used}
    return PnlBatch(
        legs=keys.legs,
        parts=parts,
        currency=names,
        base_currency=base_currency,
        base_rate=np.array([base_by_currency[name] for name in names]),
        confidence=confidence,
        method=methods,
        is_month_end=np.array([ends[name][0] for name in names]),
        is_quarter_end=np.array([ends[name][1] for name in names]),
        is_year_end=np.array([ends[name][2] for name in names]),
    )


def _last_known(rates: npt.NDArray[np.float64]) -> float:
    there = np.flatnonzero(~np.isnan(rates))
    return float(rates[there[-1]]) if there.size else float("nan")


def _ends(of_day: BookDay, currency: str) -> tuple[bool, bool, bool]:
    """Whether the day is the last business day of its month, quarter and year."""
    following = of_day.calendar(currency).add_business_days(of_day.as_of, 1)
    is_month_end = following.month != of_day.as_of.month
    return is_month_end, is_month_end and of_day.as_of.month % 3 == 0, is_month_end and of_day.as_of.month == 12


def missing_fixings(book: Book, market: MarketArrays, values: FlowValues, chosen: Mask) -> tuple[MissingFixing, ...]:
    """What the flows lacked that could not be valued, each thing once per leg."""
    flows, legs = book[FLOWS], book[LEGS]
    rows = np.flatnonzero(chosen & (values.status != OK) & (values.status != ESTIMATED))
    found: dict[MissingFixing, None] = {}
    for row in rows:
        leg = legs[flows[row]["leg"]]
        kind, what = _NAMES_BY_STATUS.get(int(values.status[row]), (EVENTS, "term"))
        name_row, day = int(values.missing_row[row]), int(values.missing_day[row])
        name = book.names[kind][name_row] if 0 <= name_row < len(book.names[kind]) else ""
        on = to_date(day) if day > NO_DAY and day >= market.first_day else None
        found[MissingFixing(book.contracts[leg["contract"]], int(leg["leg_number"]), what, name, on)] = None
    return tuple(found)
