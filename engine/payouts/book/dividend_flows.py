"""Dividend flows: one of every dividend and lot that is entitled to it, once the market is known (spec 07 §9).

A flow starts and ends on the ex-date. A dividend that is not announced makes none; one that is not confirmed, or whose
payment counts from a day that is not known yet, is ESTIMATED.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.conventions.days import NO_DAY, DayArray
from engine.payouts import codes
from engine.payouts.book.dividend_periods import BY_HAND, NEXT_LISTED, OF_PERIOD, ON_DAY, SHIFTED
from engine.payouts.book.dividend_rows import DIVIDENDS, HOLDINGS, PAYMENT_DAYS, RULES, WINDOWS
from engine.payouts.book.equity import dividend_arrays
from engine.payouts.book.tables import CALENDARS, CURRENCIES, EVENTS, FLOWS, LOTS, NO_ROW, PAIRS, Book, Records
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import CashflowSubtype, CashflowType, DividendType
from engine.payouts.kernels_dividends import (
    NO_PAIR,
    UNKNOWN_PAIR,
    Floats,
    Matches,
    match_dividends,
    next_listed,
    shifted,
)
from engine.payouts.market import MarketArrays

_SUBTYPE_BY_TYPE = np.array(
    [
        list(CashflowSubtype).index(
            CashflowSubtype.SPECIAL_DIVIDEND
            if kind in (DividendType.SPECIAL, DividendType.RETURN_OF_CAPITAL)
            else CashflowSubtype.ORDINARY_DIVIDEND
        )
        for kind in DividendType
    ],
    np.int64,
)


def add_dividend_flows(book: Book, market: MarketArrays, calendars: CenterCalendars) -> Book:
    """The book with a flow for every dividend of the market and every lot entitled to it, behind the flows it has.

    Currencies and dividend references that occur are added to the names; rows of the market's matrices stay as they
    are. A dividend whose pair with the target currency the book does not name is valued as MISSING_FX. The book must
    hold no dividend flows yet.
    """
    every = np.ones(len(market.dividend_ex_day), np.uint8)
    matches = match_dividends(
        book[HOLDINGS],
        book[WINDOWS],
        dividend_arrays(market, every),
        market.dividend_is_confirmed,
        market.factors,
        market.first_day,
    )
    first, units = _by_lot(book, matches)
    if not len(first):
        return book
    kept = _taken(matches, first)
    names, currency, target = _named_currencies(book, market, kept)
    holdings = book[HOLDINGS][kept.holding]
    flows = _flows(book, market, kept, calendars)
    flows["currency"] = target
    events, names[EVENTS] = _extended(names[EVENTS], market.dividend_reference, kept.dividend)
    flows["event"] = events
    rows = np.zeros(len(kept.holding), DIVIDENDS.dtype)
    rows["flow"] = len(book[FLOWS]) + np.arange(len(rows))
    rows["pair"] = _pairs(names, currency, target)
    rows["units"], rows["amount"] = units, kept.amount
    gross = market.dividend_amount[kept.dividend]
    rows["gross"] = np.where(np.isnan(gross), market.dividend_cash_equivalent[kept.dividend], gross)
    rows["ex_day"] = market.dividend_ex_day[kept.dividend]
    rows["fx_day"] = kept.fx_day
    is_as_priced = currency == holdings["currency"]
    rows["fixed_rate"] = np.where(is_as_priced, holdings["fixed_rate"], np.nan)
    rows["fixed_day"] = np.where(is_as_priced, holdings["fixed_day"], NO_DAY)
    rows["status"] = kept.status
    tables = {**book.tables, FLOWS.name: np.concatenate((book[FLOWS], flows)), DIVIDENDS.name: rows}
    return replace(book, tables=tables, names=names)


def _by_lot(book: Book, matches: Matches) -> tuple[npt.NDArray[np.int64], Floats]:
    """The first match of every leg, lot and dividend, and the units of all that belong to it."""
    holdings = book[HOLDINGS][matches.holding]
    owner = np.where(holdings["lot"] == NO_ROW, len(book[LOTS]) + holdings["leg"], holdings["lot"])
    n_dividends = matches.dividend.max(initial=0) + 1
    _, first, group = np.unique(owner * n_dividends + matches.dividend, return_index=True, return_inverse=True)
    return first, np.bincount(group, weights=matches.units, minlength=len(first)).astype(np.float64)


def _taken(matches: Matches, chosen: npt.NDArray[np.int64]) -> Matches:
    """The chosen matches."""
    return Matches(
        holding=matches.holding[chosen],
        dividend=matches.dividend[chosen],
        window=matches.window[chosen],
        units=matches.units[chosen],
        amount=matches.amount[chosen],
        base_day=matches.base_day[chosen],
        fx_day=matches.fx_day[chosen],
        status=matches.status[chosen],
    )


def _flows(book: Book, market: MarketArrays, matches: Matches, calendars: CenterCalendars) -> Records:
    """Flows of matches; currency and event are still to be put in."""
    holdings = book[HOLDINGS][matches.holding]
    flows = np.zeros(len(holdings), FLOWS.dtype)
    flows["leg"], flows["lot"], flows["sign"] = holdings["leg"], holdings["lot"], holdings["sign"]
    flows["kind"] = codes.DIVIDEND
    flows["cashflow_type"] = list(CashflowType).index(CashflowType.DIVIDEND)
    flows["subtype"] = _SUBTYPE_BY_TYPE[market.dividend_type[matches.dividend]]
    flows["sequence"] = 1
    flows["start_day"] = flows["end_day"] = market.dividend_ex_day[matches.dividend]
    flows["payment_day"] = _payment_days(book, matches, calendars)
    return flows


def _payment_days(book: Book, matches: Matches, calendars: CenterCalendars) -> DayArray:
    """When each match is paid by the rule of its leg; NO_DAY where that is not known."""
    rules = book[RULES][book[HOLDINGS]["rule"][matches.holding]]
    days = matches.base_day.copy()
    moves = (rules["way"] == SHIFTED) | ((rules["way"] == NEXT_LISTED) & (rules["offset"] != 0))
    for row in np.unique(rules["calendar"][moves]).tolist():
        chosen = moves & (rules["calendar"] == row)
        centers = () if row == NO_ROW else book.names[CALENDARS][row].split("+")
        good_days = calendars.joint(centers).good_days
        days[chosen] = shifted(days[chosen], np.ascontiguousarray(rules["offset"][chosen]), good_days)
    listed = next_listed(
        days,
        np.ascontiguousarray(rules["listed_first"]),
        np.ascontiguousarray(rules["listed_last"]),
        np.ascontiguousarray(rules["is_inclusive"]),
        np.ascontiguousarray(book[PAYMENT_DAYS]["day"]),
    )
    # A dividend whose issuer pays after the last listed date is passed on when the issuer pays.
    listed = np.where(listed == NO_DAY, days, listed)
    of_period = book[WINDOWS]["payment_day"][matches.window]
    ways = [rules["way"] == way for way in (OF_PERIOD, NEXT_LISTED, SHIFTED, ON_DAY, BY_HAND)]
    paid: DayArray = np.select(ways, [of_period, listed, days, rules["stated_day"], NO_DAY], NO_DAY)
    return paid


def _named_currencies(
    book: Book, market: MarketArrays, matches: Matches
) -> tuple[dict[str, tuple[str, ...]], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Names with the dividends' currencies among them; rows of the dividends' own currencies and of the targets."""
    names = dict(book.names)
    currency, names[CURRENCIES] = _extended(names[CURRENCIES], market.dividend_currency, matches.dividend)
    target = book[HOLDINGS]["target"][matches.holding]
    return names, currency, np.where(target == NO_ROW, currency, target)


def _extended(
    known: tuple[str, ...], texts: tuple[str, ...], chosen: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Rows of texts[chosen] in a list of names, and that list with those that were not in it behind."""
    rows = {text: row for row, text in enumerate(known)}
    distinct, position = np.unique(chosen, return_inverse=True)
    of_distinct = np.array([rows.setdefault(texts[i], len(rows)) for i in distinct.tolist()], np.int64)
    return of_distinct[position], tuple(rows)


def _pairs(
    names: dict[str, tuple[str, ...]], currency: npt.NDArray[np.int64], target: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Rows of the pairs from currencies to targets."""
    rows = {text: row for row, text in enumerate(names[PAIRS])}
    pairs, position = np.unique(np.stack((currency, target)), axis=1, return_inverse=True)
    currencies = names[CURRENCIES]
    found = [
        NO_PAIR if a == b else rows.get(f"{currencies[a]}/{currencies[b]}", UNKNOWN_PAIR) for a, b in pairs.T.tolist()
    ]
    return np.array(found, np.int64)[position.ravel()]
