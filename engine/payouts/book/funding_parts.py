"""The notional of a funding leg as parts that are valued by the market (spec 07 §12.1).

A part is a quantity with its own price, reset day, FX and spread from a day to a day. A change of the notional or of a
spread inside a calculation period cuts all parts there, so that interest on interest stays between two changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import nan
from typing import Annotated, NamedTuple

from engine.conventions.days import NO_DAY, day_number
from engine.payouts.book.dividend_terms import NOTHING, PassedShare
from engine.payouts.book.tables import INSTRUMENTS, NO_ROW, PAIRS, ContractRows
from engine.payouts.terms.funding import InterestRatePayout


class NotionalPart(NamedTuple):
    """Notional from start_day up to, not including, end_day: quantity times price times FX, with its own spread.

    price: agreed; NaN where it is the close of `reset_day` and the quantity is on the basis of `basis_day`. fx_rate:
    agreed; NaN where it is that of the pair on `fx_day`, 1 without a pair. Ratios above zero let the quantity grow by
    dividends that are reinvested after `reinvest_after` up to the reset.
    """

    start_day: int
    end_day: int
    spread: float
    quantity: float
    price: float
    instrument: Annotated[int, INSTRUMENTS]
    basis_day: int
    reset_day: int
    pair: Annotated[int, PAIRS]
    fx_day: int
    fx_rate: float
    may_be_negative: int
    cash_ratio: float
    non_cash_ratio: float
    passes_special: int
    at_pay_day: int
    reinvest_after: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What a part is before it is cut: spread_series says which spread steps it follows (0: those of the leg), spread
    is one of its own. pair: `FROM/TO` or empty. broken_by: reference of the event that closed it and pays its interest
    on end_day; empty where the payment of the period does."""

    start_day: int
    end_day: int
    quantity: float
    price: float = 1.0
    instrument: str = ""
    basis_day: int = NO_DAY
    reset_day: int = NO_DAY
    pair: str = ""
    fx_day: int = NO_DAY
    fx_rate: float = nan
    may_be_negative: bool = False
    reinvested: PassedShare = NOTHING
    at_pay_day: bool = False
    reinvest_after: int = NO_DAY
    spread_series: int = 0
    spread: float | None = None
    broken_by: str = ""


def spread_on(payout: InterestRatePayout, series: int, day: int) -> float:
    """The spread of a series on a day: its last step up to then, else the leg's own spread."""
    steps = [
        (NO_DAY if step.step_date is None else day_number(step.step_date), step.spread)
        for step in payout.spread_steps
        if step.series == series
    ]
    begun = [step for step in steps if step[0] <= day]
    return max(begun, key=lambda step: step[0])[1] if begun else payout.spread


def cutting_days(holdings: Iterable[Holding], payout: InterestRatePayout) -> list[int]:
    """The days in order on which a holding begins or ends or a spread steps."""
    bounds = {day for holding in holdings for day in (holding.start_day, holding.end_day)}
    bounds |= {day_number(step.step_date) for step in payout.spread_steps if step.step_date is not None}
    return sorted(bounds)


def cut(
    listed: Sequence[Holding], days: Sequence[int], payout: InterestRatePayout, rows: ContractRows
) -> list[NotionalPart]:
    """Parts in order of their start, cut on the days given, each with its spread."""
    return [
        _part(holding, first, last, payout, rows)
        for first, last in pairwise(days)
        for holding in listed
        if holding.start_day <= first and last <= holding.end_day
    ]


def _part(holding: Holding, first: int, last: int, payout: InterestRatePayout, rows: ContractRows) -> NotionalPart:
    spread = holding.spread
    return NotionalPart(
        start_day=first,
        end_day=last,
        spread=spread_on(payout, holding.spread_series, first) if spread is None else spread,
        quantity=holding.quantity,
        price=holding.price,
        instrument=rows.name(INSTRUMENTS, holding.instrument) if holding.instrument else NO_ROW,
        basis_day=holding.basis_day,
        reset_day=holding.reset_day,
        pair=rows.name(PAIRS, holding.pair) if holding.pair else NO_ROW,
        fx_day=holding.fx_day,
        fx_rate=holding.fx_rate,
        may_be_negative=int(holding.may_be_negative),
        cash_ratio=holding.reinvested.cash_ratio,
        non_cash_ratio=holding.reinvested.non_cash_ratio,
        passes_special=int(holding.reinvested.passes_special),
        at_pay_day=int(holding.at_pay_day),
        reinvest_after=holding.reinvest_after,
    )
