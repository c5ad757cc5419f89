"""Daily accruals of a book over a window of days: one row per calendar day and accruing cash flow (spec 07 §15).

A row of interest, or of a borrow fee, on day t covers [t, t + 1): it exists from the flow's first day to the one before
its end. Whatever is marked to market has its row on the day of the close: from the day after its start to its end. A
flow that begins and ends on one day has one row.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.payouts.book.tables import FLOWS, Book
from engine.payouts.book.valuation import interest_through, value_book
from engine.payouts.book.values import Floats, FlowValues
from engine.payouts.codes import BY_THE_DAY, ESTIMATED
from engine.payouts.market import MarketArrays

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class DayRows:
    """The accrual rows of one day; flow: rows of the book's flows.

    cumulative and year_fraction are those at the end of the day, the ones with `before` those at its start: what is
    stored by the day are differences of stored totals, so that days add up to the last digit.
    """

    day: int
    flow: Ints
    cumulative: Floats
    cumulative_before: Floats
    year_fraction: Floats
    year_fraction_before: Floats
    notional: Floats
    rate_or_price: Floats
    is_estimated: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Accruals:
    """Accrual rows by day, and the values of the last day: as P&L sees them, and with interest through the day."""

    days: tuple[DayRows, ...]
    values: FlowValues
    through: FlowValues


def accrue(book: Book, market: MarketArrays, chosen: Mask, window: Ints, last_day: int) -> Accruals:
    """Rows of the chosen flows from the day `window` says, by flow, up to `last_day`."""
    flows = book[FLOWS]
    is_interest = np.isin(flows["kind"], BY_THE_DAY)
    is_point = flows["start_day"] == flows["end_day"]
    first_row = np.where(is_interest | is_point, flows["start_day"], flows["start_day"] + 1)
    last_row = np.where(is_interest & ~is_point, flows["end_day"] - 1, flows["end_day"])
    from_day = np.maximum(first_row, window)
    has_rows = chosen & (from_day <= np.minimum(last_row, last_day))
    first_day = int(from_day[has_rows].min()) if has_rows.any() else last_day
    cumulative = np.zeros(len(flows))
    year_fraction = np.zeros(len(flows))
    found: list[DayRows] = []
    values = value_book(book, market, last_day, chosen.astype(np.uint8))
    through = interest_through(book, market, last_day, values, chosen.astype(np.uint8))
    for day in range(first_day - 1, last_day + 1):
        active = has_rows & (from_day - 1 <= day) & (day <= last_row)
        is_last = day == last_day
        on_day = through if is_last else _through(book, market, day, active)
        amount = on_day.amount
        writes = active & (from_day <= day)
        if writes.any():
            found.append(_day_rows(day, np.flatnonzero(writes), on_day, amount, cumulative, year_fraction))
        # Before its first row a flow has accrued nothing; on a day without a price it stays at what it was worth last.
        started = active & (first_row <= day) & ~np.isnan(amount)
        cumulative[started] = amount[started]
        year_fraction[started] = on_day.year_fraction[started]
    return Accruals(tuple(found), values, through)


def _through(book: Book, market: MarketArrays, day: int, active: Mask) -> FlowValues:
    chosen = active.astype(np.uint8)
    return interest_through(book, market, day, value_book(book, market, day, chosen), chosen)


def _day_rows(
    day: int, rows: Ints, values: FlowValues, amount: Floats, before: Floats, year_fraction_before: Floats
) -> DayRows:
    return DayRows(
        day=day,
        flow=rows,
        cumulative=amount[rows],
        cumulative_before=before[rows],
        year_fraction=values.year_fraction[rows],
        year_fraction_before=year_fraction_before[rows],
        notional=values.notional[rows],
        rate_or_price=values.rate_or_price[rows],
        is_estimated=values.status[rows] == ESTIMATED,
    )
