"""The market of a book: what its names need, read from storage into the arrays that kernels take."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from db.payouts.fixings import FixingRepository
from db.payouts.market_events import MarketEventRepository
from engine.conventions.days import NO_DAY, day_array, day_number, to_date
from engine.payouts.book.tables import CALENDARS, INSTRUMENTS, PAIRS, RATES, SESSIONS, Book
from engine.payouts.corporate_actions import factor_matrix, with_factors
from engine.payouts.dates.calendars import DEFAULT_CENTERS, FIRST_DATE, CenterCalendars
from engine.payouts.enums import DividendStatus, DividendType
from engine.payouts.market import CorporateAction, Days, DividendEvent, Flags, Floats, MarketArrays

LOOK_BACK_DAYS = 45
"""Days before the first one of a flow whose fixings may be needed: observation shifts, and a last known rate."""

LOOK_AHEAD_DAYS = 15
"""Days behind the last one that are covered without fixings: the next good day lies among them."""

_TYPES = tuple(DividendType)


def earliest_day(book: Book) -> int:
    """The first day that any row of a book speaks of."""
    found = [
        int(column[column > NO_DAY].min())
        for records in book.tables.values()
        for name in records.dtype.names or ()
        if name.endswith("_day") or name == "day"
        for column in (records[name],)
        if (column > NO_DAY).any()
    ]
    return max(min(found, default=0) - LOOK_BACK_DAYS, day_number(FIRST_DATE))


def market_arrays(
    fixings: FixingRepository,
    events: MarketEventRepository,
    book: Book,
    last_day: int,
    calendars: CenterCalendars,
    *,
    read_from: int | None = None,
    as_known_at: datetime | None = None,
) -> MarketArrays:
    """What valuing `book` up to `last_day` reads; fixings of later days are left out, whatever is stored.

    On a day on which an instrument has no session, and a pair's currencies no business day, the value of the day before
    stands, because nothing can be observed; a good day without a fixing stays empty (spec 07 §7). read_from: the first
    day whose fixings are wanted, by default the first that the book speaks of.
    """
    first_day = earliest_day(book)
    n_days = last_day + LOOK_AHEAD_DAYS - first_day + 1
    read_first = to_date(max(first_day, first_day if read_from is None else read_from - LOOK_BACK_DAYS))
    read_last = to_date(last_day)
    before = (read_first - to_date(first_day)).days

    def placed(
        values: Floats,
    ) -> Floats:
        whole = np.full((values.shape[0], n_days), np.nan)
        whole[:, before : before + values.shape[1]] = values
        return whole

    instruments = book.names[INSTRUMENTS]
    pairs = [_split(name, "/") for name in book.names[PAIRS]]
    rates = [_split(name, "|") for name in book.names[RATES]]
    prices = placed(fixings.prices(instruments, read_first, read_last, as_known_at=as_known_at))
    fx = placed(fixings.fx(pairs, read_first, read_last, as_known_at=as_known_at))
    for row, (one, two) in enumerate(pairs):
        if one == two:
            fx[row] = 1.0
    _carry_over_closed_days(prices, _sessions(book), calendars, first_day, last_day)
    centers = [(*DEFAULT_CENTERS.get(one, ()), *DEFAULT_CENTERS.get(two, ())) for one, two in pairs]
    _carry_over_closed_days(fx, centers, calendars, first_day, last_day)
    dividends = events.dividends(instruments, to_date(first_day), read_last)
    return MarketArrays(
        first_day=first_day,
        prices=prices,
        factors=_factors(events, instruments, prices, first_day, last_day),
        fx=fx,
        rates=placed(fixings.rates(rates, read_first, read_last, as_known_at=as_known_at)),
        good=_good(book.names[CALENDARS], calendars, first_day, n_days),
        implied=events.implied(book.contracts, read_last),
        **_dividend_columns(instruments, dividends),
    )


def _sessions(book: Book) -> list[tuple[str, ...]]:
    """The centers of each instrument's sessions."""
    centers: list[tuple[str, ...]] = [()] * len(book.names[INSTRUMENTS])
    names = [tuple(name.split("+")) if name else () for name in book.names[CALENDARS]]
    for row in book[SESSIONS]:
        centers[row["instrument"]] = names[row["calendar"]]
    return centers


def _carry_over_closed_days(
    values: Floats, centers: Sequence[tuple[str, ...]], calendars: CenterCalendars, first_day: int, last_day: int
) -> None:
    """On days that are not good for a row its value of the day before stands; days after `last_day` stay empty."""
    n_days = last_day - first_day + 1
    rows_by_centers: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, names in enumerate(centers):
        rows_by_centers[tuple(sorted({name for name in names if name in calendars}))].append(row)
    for names, rows in rows_by_centers.items():
        days = calendars.joint(names).good_days
        good = days.good[first_day - days.first_day : first_day - days.first_day + n_days]
        source = np.maximum.accumulate(np.where(good == 1, np.arange(n_days), 0))
        values[rows, :n_days] = values[rows][:, source]


def _split(name: str, mark: str) -> tuple[str, str]:
    one, _, two = name.partition(mark)
    return one, two


def _factors(
    events: MarketEventRepository,
    instruments: Sequence[str],
    prices: Floats,
    first_day: int,
    last_day: int,
) -> Floats:
    row_by_reference = {reference: row for row, reference in enumerate(instruments)}

    def close_before(reference: str, ex_date: date) -> float | None:
        column = day_number(ex_date) - first_day
        known = prices[row_by_reference[reference], : max(column, 0)]
        there = np.flatnonzero(~np.isnan(known))
        return float(known[there[-1]]) if there.size else None

    by_instrument: dict[str, list[CorporateAction]] = defaultdict(list)
    stored = events.corporate_actions(instruments, to_date(first_day), to_date(last_day))
    for action in with_factors(stored, close_before):
        by_instrument[action.instrument_reference].append(action)
    return factor_matrix(by_instrument, instruments, first_day, prices.shape[1])


def _good(names: Sequence[str], calendars: CenterCalendars, first_day: int, n_days: int) -> Flags:
    good = np.zeros((len(names), n_days), np.uint8)
    for row, name in enumerate(names):
        days = calendars.joint([center for center in name.split("+") if center]).good_days
        start = first_day - days.first_day
        good[row] = days.good[start : start + n_days]
    return good


def _dividend_columns(instruments: Sequence[str], dividends: Sequence[DividendEvent]) -> dict[str, Any]:
    row_by_reference = {reference: row for row, reference in enumerate(instruments)}
    ordered = sorted(dividends, key=lambda item: (row_by_reference[item.instrument_reference], item.ex_date))
    counts = np.bincount(
        [row_by_reference[item.instrument_reference] for item in ordered], minlength=len(instruments)
    ).astype(np.int64)

    def amounts(values: list[float | None]) -> Floats:
        return np.array([np.nan if value is None else value for value in values], np.float64)

    def days(values: list[date | None]) -> Days:
        return np.array([NO_DAY if value is None else day_number(value) for value in values], np.int64)

    return {
        "dividend_first": np.concatenate((np.zeros(1, np.int64), np.cumsum(counts))),
        "dividend_ex_day": day_array([item.ex_date for item in ordered]),
        "dividend_record_day": days([item.record_date for item in ordered]),
        "dividend_pay_day": days([item.pay_date for item in ordered]),
        "dividend_amount": amounts([item.gross_amount for item in ordered]),
        "dividend_cash_equivalent": amounts([item.cash_equivalent_amount for item in ordered]),
        "dividend_type": np.array([_TYPES.index(item.dividend_type) for item in ordered], np.int64),
        "dividend_is_confirmed": np.array([item.status is DividendStatus.CONFIRMED for item in ordered], np.uint8),
        "dividend_currency": tuple(item.currency for item in ordered),
        "dividend_reference": tuple(item.reference for item in ordered),
    }
