"""Values of equity positions on flat arrays, what dividends add to them, what a move consists of (spec 07 §8, §16.2).

Days are int64 counts since 1970-01-01; `prices` (I, D), `factors` (I, D) and `fx` (P, D) have a row per instrument or
currency pair and a column per day from `first_day`. A position is a quantity of one instrument on the basis of a day:
splits that come after it are not in the quantity. NaN out says that a fixing is missing; nothing is filled forward.
"""

from math import isnan, nan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel
from engine.payouts.codes import COMPOSITE, MISSING_FX, MISSING_PRICE, OK
from engine.payouts.kernels_dates import NO_DAY
from engine.payouts.kernels_dividends import EX_DAY, PAY_DAY, DividendArrays, known_day, passed_amount

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class EquityMarket(NamedTuple):
    """What positions are valued with: closes (I, D), adjustment factors (I, D), FX (P, D), dividends."""

    first_day: int
    prices: Floats
    factors: Floats
    fx: Floats
    dividends: DividendArrays


@kernel
def fixing(values: Floats, row: int, day: int, first_day: int) -> float:
    """values[row] of a day exactly, NaN outside the covered days."""
    column = day - first_day
    if column < 0 or column >= values.shape[1]:
        return nan
    return values[row, column]


@kernel
def close(prices: Floats, instrument: int, day: int, first_day: int, may_be_negative: bool) -> float:
    """Price of a day as observed; NaN where there is none or it is negative and may not be."""
    price = fixing(prices, instrument, day, first_day)
    return nan if price < 0.0 and not may_be_negative else price


@kernel
def units_ratio(factors: Floats, instrument: int, basis_day: int, day: int, first_day: int) -> float:
    """Units on `day` per unit on the basis of `basis_day` (spec 07 §19.3); a day outside is the nearest covered."""
    last = factors.shape[1] - 1
    basis = min(max(basis_day - first_day, 0), last)
    column = min(max(day - first_day, 0), last)
    return factors[instrument, basis] / factors[instrument, column]


@kernel
def position_value(
    prices: Floats,
    factors: Floats,
    instrument: int,
    quantity: float,
    basis_day: int,
    day: int,
    first_day: int,
    may_be_negative: bool,
) -> float:
    """Value of a position at the close of `day` in the price currency, NaN where the price is missing."""
    price = close(prices, instrument, day, first_day, may_be_negative)
    return quantity * units_ratio(factors, instrument, basis_day, day, first_day) * price


@kernel
def explain(value_start: float, value: float, fx_start: float, fx: float, mode: int) -> tuple[float, float]:
    """Components (price, fx) of a position's change of value in the settlement currency (spec 07 §16.2).

    Values are in the price currency. Under COMPOSITE the whole value bears the move of FX, under CROSS_CURRENCY the
    gain alone; a quanto comes with the same FX twice.
    """
    bearing = value if mode == COMPOSITE else value - value_start
    return (value - value_start) * fx_start, bearing * (fx - fx_start)


@kernel
def added(total: float, lost: float, term: float) -> tuple[float, float]:
    """Compensated sum: the new total and what rounding lost so far; the sum is their sum."""
    grown = total + term
    if abs(total) >= abs(term):
        return grown, lost + ((total - grown) + term)
    return grown, lost + ((term - grown) + total)


@kernel
def basket_value(units: Floats, prices: Floats, fx: Floats) -> float:
    """Σ units · price · FX over (N,) constituents (spec 07 §10)."""
    total, lost = 0.0, 0.0
    for i in range(units.shape[0]):
        total, lost = added(total, lost, units[i] * prices[i] * fx[i])
    return total + lost


@kernel
def resolve_units(amounts: Floats, prices: Floats, fx: Floats) -> Floats:
    """Units that are worth `amounts` (N,) of the basket currency at these prices, NaN without a positive price."""
    units = np.empty_like(amounts)
    for i in range(amounts.shape[0]):
        worth = prices[i] * fx[i]
        units[i] = amounts[i] / worth if worth > 0.0 else nan
    return units


@kernel
def reinvested_units(
    market: EquityMarket,
    instrument: int,
    after_day: int,
    day: int,
    at_pay_day: int,
    cash_ratio: float,
    non_cash_ratio: float,
    passes_special: int,
) -> tuple[float, int, int]:
    """Growth of one unit by dividends that are reinvested after `after_day` up to `day` (spec 07 §8).

    Each one buys at the close of its ex-date, or of its pay date where at_pay_day. Returns the growth, a status and the
    day on which a close (MISSING_PRICE), or the FX of a dividend in another currency (MISSING_FX), is missing.
    """
    growth = 1.0
    dividends = market.dividends
    for row in range(dividends.first[instrument], dividends.first[instrument + 1]):
        ex_day = dividends.ex_day[row]
        bought, _ = known_day(dividends, row, PAY_DAY if at_pay_day else EX_DAY)
        if ex_day <= after_day or bought > day:
            continue
        amount = passed_amount(
            dividends.kind[row],
            dividends.amount[row],
            dividends.non_cash[row],
            cash_ratio,
            non_cash_ratio,
            passes_special,
        )
        if isnan(amount):
            continue
        if dividends.is_convertible[row] == 0:
            return nan, MISSING_FX, bought
        price = fixing(market.prices, instrument, bought, market.first_day)
        if not price > 0.0:
            return nan, MISSING_PRICE, bought
        growth *= 1.0 + amount / (units_ratio(market.factors, instrument, ex_day, bought, market.first_day) * price)
    return growth, OK, NO_DAY
