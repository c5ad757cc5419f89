"""Arithmetic of swaps on numbers as they stand in a sheet, by the kernels of stored swaps (spec 07 §8, §11-§13).

Nothing is stored or read. Amounts are those of the receiver of the leg: positive is received.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite, isnan, nan

import numpy as np
import numpy.typing as npt

from engine.conventions.days import day_number, to_date
from engine.errors import InputError
from engine.payouts.codes import COMPOSITE, CROSS_CURRENCY, NO_FX, QUANTO
from engine.payouts.dates.day_count import year_fraction
from engine.payouts.enums import (
    CompoundingMethod,
    DayCount,
    FxFeatureType,
    NotionalMode,
    ObservationShift,
    StrikeScale,
)
from engine.payouts.kernels_equity import explain
from engine.payouts.kernels_interest import compounded_amounts
from engine.payouts.kernels_moment_flows import bounded
from engine.payouts.kernels_overnight import FIXED_OK, NO_SHIFT, Fixings, Overnight, lock_day, overnight_rate
from engine.payouts.strikes import variance_notional, variance_unit, volatility_notional, volatility_unit

Floats = npt.NDArray[np.float64]

_FX_MODES = {
    None: NO_FX,
    FxFeatureType.COMPOSITE: COMPOSITE,
    FxFeatureType.QUANTO: QUANTO,
    FxFeatureType.CROSS_CURRENCY: CROSS_CURRENCY,
}
_SHIFTS = {shift: code for code, shift in enumerate(ObservationShift)}
_COMPOUNDING = {method: code for code, method in enumerate(CompoundingMethod)}
_LONGEST_SERIES = 40_000
"""Days from the first to the last published rate, over a century."""


@dataclass(frozen=True, slots=True)
class PeriodReturn:
    """Amount of one period by its components, in settlement currency (spec 07 §16.2)."""

    price: float
    fx: float
    dividend: float = 0.0

    @property
    def amount(self) -> float:
        """What the receiver gets, negative where it pays."""
        return self.price + self.fx + self.dividend


def period_return(
    mode: NotionalMode,
    quantity: float,
    start_price: float,
    end_price: float,
    start_fx: float = 1.0,
    end_fx: float = 1.0,
    fx_mode: FxFeatureType | None = None,
) -> PeriodReturn:
    """Price amount of one period (spec 07 §8, §11).

    quantity: units, under FIXED the notional in settlement currency. Prices in the underlier's currency, FX in units of
    settlement currency for one of it; a quanto has its fixed rate as start_fx. Raises InputError CLO-4110 for prices
    and rates that are not positive where they divide, and for FX that moves without a mode that says how.
    """
    if fx_mode is None and (start_fx != 1.0 or end_fx != 1.0):
        raise _bad("FX is given and nothing says how it counts", "Say COMPOSITE, QUANTO or CROSS_CURRENCY.")
    if not (start_fx > 0.0 and end_fx > 0.0):
        raise _bad("An FX rate is not positive", "Give units of settlement currency for one of the underlier's.")
    last_fx = start_fx if fx_mode is FxFeatureType.QUANTO else end_fx
    units = _units(mode, quantity, start_price, start_fx)
    price, fx = explain(units * start_price, units * end_price, start_fx, last_fx, _FX_MODES[fx_mode])
    return PeriodReturn(float(price), float(fx))


def total_return(
    mode: NotionalMode,
    quantity: float,
    start_price: float,
    end_price: float,
    dividends: Sequence[float] | Floats,
    payout_ratio: float = 1.0,
    ex_date_closes: Sequence[float] | Floats | None = None,
) -> PeriodReturn:
    """Price amount and dividends of one period in one currency (spec 07 §8, §9.2).

    dividends: gross per unit, all of those that count in the period. With ex_date_closes, one for each, they are
    reinvested at these prices and part of the price amount. Raises as `period_return`, and where closes do not fit.
    """
    units = _units(mode, quantity, start_price, 1.0)
    paid = np.asarray(dividends, np.float64)
    if ex_date_closes is None:
        plain = period_return(mode, quantity, start_price, end_price)
        return PeriodReturn(plain.price, plain.fx, float(units * payout_ratio * paid.sum()))
    closes = np.asarray(ex_date_closes, np.float64)
    if closes.shape != paid.shape or not (closes > 0.0).all():
        raise _bad(f"{closes.size} closes do not fit {paid.size} dividends", "Give the close of each ex-date.")
    growth = float(np.prod(1.0 + payout_ratio * paid / closes))
    price, _ = explain(units * start_price, units * growth * end_price, 1.0, 1.0, NO_FX)
    return PeriodReturn(float(price), 0.0)


def _units(mode: NotionalMode, quantity: float, start_price: float, start_fx: float) -> float:
    if mode is not NotionalMode.FIXED:
        return quantity
    if not start_price > 0.0:
        raise _bad("The price at the start is not positive", "A return on a notional divides by it.")
    return quantity / (start_price * start_fx)


def accrued_funding(
    notional: float,
    rate: float,
    spread: float,
    start: date,
    end: date,
    day_count: DayCount,
    *,
    termination: date | None = None,
) -> float:
    """Interest on a notional from start up to end, (rate + spread) × year fraction (spec 07 §12.1)."""
    years = year_fraction(start, end, day_count, termination=termination)
    return compounded_periods(notional, [rate], [years], spread, CompoundingMethod.NONE)


def compounded_periods(
    notional: float,
    rates: Sequence[float] | Floats,
    year_fractions: Sequence[float] | Floats,
    spread: float,
    method: CompoundingMethod,
) -> float:
    """Interest of calculation periods that are compounded into one payment (spec 07 §12.4).

    Raises InputError CLO-4110 where rates and year fractions differ in number.
    """
    paid, years = np.ascontiguousarray(rates, np.float64), np.ascontiguousarray(year_fractions, np.float64)
    if paid.ndim != 1 or paid.shape != years.shape or not paid.size:
        raise _bad(f"{paid.size} rates do not fit {years.size} year fractions", "Give one of each for a period.")
    return float(compounded_amounts(notional, paid, spread, years, _COMPOUNDING[method], np.empty(paid.size)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OvernightTerms:
    """How daily rates make the rate of a period (spec 07 §12.3). basis: days of the index's year, 360 or 365."""

    is_averaged: bool = False
    is_spread_compounded: bool = False
    spread: float = 0.0
    shift: ObservationShift = ObservationShift.NONE
    shift_days: int = 0
    basis: float = 360.0


def overnight_period_rate(
    rates: Sequence[float] | Floats, days: Sequence[date], start: date, end: date, terms: OvernightTerms
) -> float:
    """Annual rate over [start, end), spread included, from published rates and the days they are of.

    The days with a rate are the good days; beyond the first and the last of them Monday to Friday are. Raises
    InputError CLO-4110 for a day without a rate that is needed, days that come twice, and dates out of order.
    """
    published, numbers = np.asarray(rates, np.float64), np.array([day_number(on) for on in days], np.int64)
    if published.shape != numbers.shape or not numbers.size or np.unique(numbers).size != numbers.size:
        raise _bad(
            f"{published.size} rates do not fit {numbers.size} days", "Give one rate for each day, each day once."
        )
    if end <= start or terms.shift_days < 0:
        raise _bad(f"The period from {start} to {end} is empty, or a shift negative", "Put the dates in order.")
    first, last = int(numbers.min()), int(numbers.max())
    if last - first >= _LONGEST_SERIES or day_number(end) - day_number(start) >= _LONGEST_SERIES:
        raise _bad("The dates span more than a century", "Correct the dates.")
    dense = np.full(last - first + 1, np.nan)
    dense[numbers - first] = published
    good = np.zeros(dense.size, np.uint8)
    good[numbers - first] = 1
    fixings = Fixings(first, dense, good)
    inside = terms.spread if terms.is_spread_compounded else 0.0
    n_shift = terms.shift_days if _SHIFTS[terms.shift] != NO_SHIFT else 0
    locked = lock_day(day_number(end), n_shift, fixings) if terms.shift is ObservationShift.LOCKOUT else 0
    found, worst, on = overnight_rate(
        day_number(start),
        day_number(end),
        Overnight(
            terms.is_averaged,
            _SHIFTS[terms.shift],
            n_shift,
            locked,
            terms.basis,
            1.0,
            inside,
            nan,
            nan,
        ),
        fixings,
    )
    if worst != FIXED_OK or isnan(found):
        raise _bad(f"There is no rate of {to_date(int(on))}", "Add it to the ranges, or shorten the period.")
    return float(found) + terms.spread - inside


def variance_payoff(
    realised_variance: float,
    volatility_strike: float,
    vega_notional: float,
    *,
    scale: StrikeScale = StrikeScale.POINTS,
    cap: float | None = None,
    floor: float | None = None,
    range_share: float = 1.0,
) -> float:
    """Payoff of a long variance swap (spec 07 §13.3): notional × share × (variance within floor and cap − strike²).

    realised_variance: decimal. Strike, cap and floor are volatility levels in the scale. range_share: D / N_e of a
    corridor with days-in-range adjustment, else 1.
    """
    realised = realised_variance * variance_unit(scale)
    notional = variance_notional(vega_notional, volatility_strike, scale)
    within = bounded(realised, _squared(floor), _squared(cap))
    return float(notional * range_share * (within - volatility_strike**2))


def volatility_payoff(
    realised_volatility: float,
    volatility_strike: float,
    vega_notional: float,
    *,
    scale: StrikeScale = StrikeScale.POINTS,
    cap: float | None = None,
    floor: float | None = None,
) -> float:
    """Payoff of a long volatility swap (spec 07 §13.3); realised_volatility decimal, the levels in the scale."""
    within = bounded(realised_volatility * volatility_unit(scale), _or_nan(floor), _or_nan(cap))
    return float(volatility_notional(vega_notional, scale) * (within - volatility_strike))


def correlation_payoff(
    correlation: float, strike: float, notional: float, *, cap: float | None = None, floor: float | None = None
) -> float:
    """Payoff of a long correlation swap (spec 07 §13.3): notional × (correlation within floor and cap − strike)."""
    return float(notional * (bounded(correlation, _or_nan(floor), _or_nan(cap)) - strike))


def _squared(level: float | None) -> float:
    return nan if level is None else level * level


def _or_nan(level: float | None) -> float:
    if level is not None and not isfinite(level):
        raise _bad("A cap or floor is not finite", "Leave it out where there is none.")
    return nan if level is None else level


def _bad(problem: str, remedy: str) -> InputError:
    return InputError("CLO-4110", problem, remedy=remedy)
