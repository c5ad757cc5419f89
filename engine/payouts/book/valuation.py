"""A book on a day: the values of its flows, and what the legs are worth (spec 07 §15, §16)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.payouts.book import borrow, dividends, equity, fixed, funding, moments
from engine.payouts.book.tables import FLOWS, LEGS, Book
from engine.payouts.book.values import Floats, FlowValues, empty_values
from engine.payouts.codes import BY_THE_DAY, ESTIMATED, N_PARTS
from engine.payouts.market import Flags, MarketArrays


def value_book(book: Book, market: MarketArrays, day: int, active: Flags | None = None) -> FlowValues:
    """Every active flow at the close of `day`, interest and borrow fees accrued up to but not including it.

    active: (F,) 1 for flows to value, by default all that have begun. Flows that end before are at their final amount.
    """
    flows = book[FLOWS]
    has_begun = (flows["start_day"] <= day).astype(np.uint8)
    chosen = has_begun if active is None else has_begun & active
    values = empty_values(len(flows))
    equity.value_equity(book, market, day, chosen, values)
    dividends.value_dividends(book, market, day, chosen, values)
    funding.value_funding(book, market, day, chosen, values)
    moments.value_moments(book, market, day, chosen, values)
    fixed.value_fixed(book, market, day, chosen, values)
    borrow.value_borrow(book, market, day, chosen, values)
    return values


def interest_through(
    book: Book, market: MarketArrays, day: int, values: FlowValues, active: Flags | None = None
) -> FlowValues:
    """The same values with interest and borrow fees accrued through `day` itself, as a daily accrual counts them (spec
    07 §15)."""
    flows = book[FLOWS]
    is_interest = np.isin(flows["kind"], BY_THE_DAY) & (flows["start_day"] <= day)
    chosen = is_interest.astype(np.uint8)
    if active is not None:
        chosen &= active
    later = empty_values(len(flows))
    funding.value_funding(book, market, day + 1, chosen, later)
    borrow.value_borrow(book, market, day + 1, chosen, later)
    taken = chosen.astype(bool)
    return FlowValues(
        parts=np.where(taken, later.parts, values.parts),
        notional=np.where(taken, later.notional, values.notional),
        rate_or_price=np.where(taken, later.rate_or_price, values.rate_or_price),
        year_fraction=np.where(taken, later.year_fraction, values.year_fraction),
        status=np.where(taken, later.status, values.status),
        missing_row=np.where(taken, later.missing_row, values.missing_row),
        missing_day=np.where(taken, later.missing_day, values.missing_day),
    )


@dataclass(frozen=True, slots=True, eq=False)
class LegValues:
    """What the legs of a book are worth on a day: the sum of their open flows.

    parts: (5, L) as in `FlowValues`, NaN for a leg of which an open flow could not be valued. is_estimated: (L,) where
    a value rests on a fixing carried forward or on a date that is not confirmed. n_open: (L,) open flows.
    """

    parts: Floats
    is_estimated: npt.NDArray[np.bool_]
    n_open: npt.NDArray[np.int64]

    @property
    def unrealized(self) -> Floats:
        """Sum of the components, (L,)."""
        total: Floats = self.parts.sum(axis=0)
        return total


def leg_values(book: Book, values: FlowValues, is_open: npt.NDArray[np.bool_]) -> LegValues:
    """Sum the flows that are open, leg by leg. is_open: (F,), of flows that have begun and are not realised."""
    flows = book[FLOWS]
    n_legs = len(book[LEGS])
    legs = flows["leg"][is_open]
    parts = np.zeros((N_PARTS, n_legs))
    for row in range(N_PARTS):
        parts[row] = np.bincount(legs, weights=values.parts[row][is_open], minlength=n_legs)
    estimated = np.bincount(legs, weights=values.status[is_open] == ESTIMATED, minlength=n_legs) > 0
    return LegValues(parts, estimated, np.bincount(legs, minlength=n_legs))
