"""Kernels of what variance, volatility and correlation legs observe and are worth (spec 07 §13.3, §13.4)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel
from engine.payouts.codes import ESTIMATED, INCOMPLETE, MISSING_PRICE, OK
from engine.payouts.kernels_moments import (
    NO_CORRIDOR,
    NO_DIVIDENDS,
    log_return,
    pair_correlation,
    realised_variance,
)

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]

VARIANCE, VOLATILITY, CORRELATION = 0, 1, 2
"""Kinds of moments."""


class MomentLegs(NamedTuple):
    """M legs as columns (M,). `scale` turns a decimal variance or volatility into the unit of strike, cap and floor;
    `notional` is currency per that unit, already signed; NaN is no cap, floor, barrier, initial level.

    first_instrument, last_instrument: a range of rows of `instruments` and `weights`. implied: decimal volatility or
    correlation to the end, NaN where there is none; discount_factor goes with it.
    """

    kind: Days
    first_instrument: Days
    last_instrument: Days
    calendar: Days
    start_day: Days
    end_day: Days
    scale: Floats
    strike: Floats
    cap: Floats
    floor: Floats
    notional: Floats
    annualization: Floats
    expected_days: Days
    is_mean_adjusted: Days
    dividend_style: Days
    corridor_method: Days
    lower: Floats
    upper: Floats
    is_range_adjusted: Days
    initial_level: Floats
    implied: Floats
    discount_factor: Floats
    instruments: Days
    weights: Floats


class MomentMarket(NamedTuple):
    """What the legs observe: prices, factors (I, D), good (C, D), dividends by instrument, as in `MarketArrays`.

    dividend_amount: cash per unit, 0 where a dividend is paid in shares; is_confirmed: 1 unless it is an estimate.
    """

    first_day: int
    prices: Floats
    factors: Floats
    good: Flags
    dividend_first: Days
    dividend_ex_day: Days
    dividend_amount: Floats
    dividend_is_confirmed: Flags


@kernel
def bounded(value: float, floor: float, cap: float) -> float:
    """`value` within [floor, cap]; NaN bounds do not bind."""
    if value > cap:
        return cap
    if value < floor:
        return floor
    return value


@kernel
def common_days(
    prices: Floats, instruments: Days, good: Flags, first: int, last: int, has_level: bool, days: Days
) -> tuple[int, int, int]:
    """Positions of the days on which the calendar is open and every instrument has a price, from first to last.

    days: written. With an initial level the first day is taken as it is. Returns their number, then an instrument
    without price on the first or, failing that, on the last scheduled day (-1: none) and that day.
    """
    n, n_scheduled = 0, 0
    lacking, lacking_day = -1, -1
    if has_level:
        days[0] = first
        n = 1
        n_scheduled = 1
        first += 1
    for d in range(first, last + 1):
        if good[d] == 0:
            continue
        lacking, lacking_day = -1, d
        for instrument in instruments:
            if np.isnan(prices[instrument, d]):
                lacking = instrument
                break
        if lacking < 0:
            days[n] = d
            n += 1
        elif n_scheduled == 0:
            return 0, lacking, lacking_day
        n_scheduled += 1
    return n, lacking, lacking_day


@kernel
def dividends_between(market: MomentMarket, instrument: int, after: int, until: int) -> tuple[float, bool]:
    """Dividends per unit with an ex-day in (after, until], on the basis of price / factor; whether all are final."""
    total, is_confirmed = 0.0, True
    for e in range(market.dividend_first[instrument], market.dividend_first[instrument + 1]):
        ex_day = market.dividend_ex_day[e] - market.first_day
        if after < ex_day <= until:
            total += market.dividend_amount[e] / market.factors[instrument, ex_day]
            is_confirmed = is_confirmed and market.dividend_is_confirmed[e] != 0
    return total, is_confirmed


@kernel
def observed_returns(
    market: MomentMarket,
    instrument: int,
    days: Days,
    n_days: int,
    initial_level: float,
    style: int,
    returns: Floats,
    levels: Floats,
) -> tuple[bool, int]:
    """Log returns and levels of one instrument over its observation days.

    returns: (n_days - 1,), levels: (n_days,), both written; levels are on the basis of the first day, that of strikes
    and barriers. Returns whether every dividend is confirmed, and the position of the first return that is NaN, or -1.
    """
    is_confirmed, broken = True, -1
    if n_days == 0:
        return is_confirmed, broken
    base = market.factors[instrument, days[0]]
    for j in range(n_days):
        level = market.prices[instrument, days[j]]
        if j == 0 and not np.isnan(initial_level):
            level = initial_level
        levels[j] = level / market.factors[instrument, days[j]] * base
        if j == 0:
            continue
        dividend = 0.0
        if style != NO_DIVIDENDS:
            paid, is_final = dividends_between(market, instrument, days[j - 1], days[j])
            dividend = paid * base
            is_confirmed = is_confirmed and is_final
        returns[j - 1] = log_return(levels[j - 1], levels[j], dividend, style)
        if broken < 0 and np.isnan(returns[j - 1]):
            broken = j
    return is_confirmed, broken


@kernel
def variance_payoff(
    legs: MomentLegs, m: int, returns: Floats, levels: Floats, is_final: bool, implied_variance: float
) -> float:
    """Payoff per unit of notional of a variance or volatility leg, undiscounted (spec 07 §13.3, §13.4).

    Before the end the days still expected have `implied_variance` (in the unit of the variance, scaled), and in a
    corridor all of them count. Caps and floors bind the blend.
    """
    n_expected = legs.expected_days[m]
    n = returns.shape[0]
    left = 0 if is_final else max(0, n_expected - n)
    scale = legs.scale[m] ** 2 if legs.kind[m] == VOLATILITY else legs.scale[m]
    method = legs.corridor_method[m]
    realised, counted = realised_variance(
        returns,
        levels,
        n_expected,
        legs.annualization[m],
        legs.is_mean_adjusted[m],
        legs.lower[m],
        legs.upper[m],
        method,
    )
    realised *= scale
    if method != NO_CORRIDOR:
        in_range = counted + left
        if in_range == 0 and legs.is_range_adjusted[m] != 0:
            return 0.0
        blended = (counted * realised + left * implied_variance) / in_range if in_range > 0 else 0.0
        factor = in_range / n_expected if legs.is_range_adjusted[m] != 0 else 1.0
        return factor * (bounded(blended, legs.floor[m], legs.cap[m]) - legs.strike[m])
    divisor = n_expected
    if legs.is_mean_adjusted[m] != 0:
        # One degree of freedom goes to the mean; the shares of realised and implied still add up to one.
        divisor -= 1
        left = min(left, divisor)
    blended = realised + left / divisor * implied_variance
    if legs.kind[m] == VOLATILITY:
        blended = np.sqrt(blended)
    return bounded(blended, legs.floor[m], legs.cap[m]) - legs.strike[m]


@kernel
def correlation_payoff(legs: MomentLegs, m: int, realised: float, n: int, is_final: bool, implied: float) -> float:
    """Bounded correlation less strike; before the end realised and implied are blended by days (spec 07 §13.4)."""
    share = 1.0 if is_final else min(1.0, n / legs.expected_days[m])
    if np.isnan(realised) and not is_final:
        share, realised = 0.0, 0.0
    blended = share * realised + (1.0 - share) * implied
    return bounded(blended, legs.floor[m], legs.cap[m]) - legs.strike[m]


@kernel
def observed_days(legs: MomentLegs, market: MomentMarket, m: int, day: int, days: Days) -> tuple[int, int, int, int]:
    """Observation days of a leg up to `day`: their number, a status, and where a price is missing (row, day).

    days: written, positions in the market's days. MISSING_PRICE where the market does not cover the leg, where the
    first scheduled day has no price, and at the end where the last has none; before the end that is ESTIMATED.
    """
    first = legs.start_day[m] - market.first_day
    last = min(day, legs.end_day[m]) - market.first_day
    instruments = legs.instruments[legs.first_instrument[m] : legs.last_instrument[m]]
    if first < 0:
        return 0, MISSING_PRICE, instruments[0], legs.start_day[m]
    if last >= market.prices.shape[1]:
        return 0, MISSING_PRICE, instruments[0], last + market.first_day
    has_level = not np.isnan(legs.initial_level[m])
    good = market.good[legs.calendar[m]]
    n_days, lacking, lacking_day = common_days(market.prices, instruments, good, first, last, has_level, days)
    if lacking < 0:
        return n_days, OK, -1, -1
    if n_days == 0 or day >= legs.end_day[m]:
        return n_days, MISSING_PRICE, lacking, lacking_day + market.first_day
    return n_days, ESTIMATED, -1, -1


@kernel
def observed_series(
    legs: MomentLegs, market: MomentMarket, m: int, days: Days, n_days: int, returns: Floats, levels: Floats
) -> tuple[int, int, int]:
    """Returns of a leg's instruments, (K, n_days - 1), written; status, and where a return is missing (row, day)."""
    status = OK
    for k in range(returns.shape[0]):
        instrument = legs.instruments[legs.first_instrument[m] + k]
        is_confirmed, broken = observed_returns(
            market, instrument, days, n_days, legs.initial_level[m], legs.dividend_style[m], returns[k], levels
        )
        if broken >= 0:
            return MISSING_PRICE, instrument, days[broken] + market.first_day
        if not is_confirmed:
            status = ESTIMATED
    return status, -1, -1


@kernel
def leg_payoff(legs: MomentLegs, m: int, returns: Floats, levels: Floats, is_final: bool) -> tuple[float, float]:
    """Payoff per unit of notional, and of a correlation leg the correlation so far (NaN: none), else NaN."""
    has_implied = not np.isnan(legs.implied[m])
    if legs.kind[m] == CORRELATION:
        n_series, n = returns.shape
        weights = legs.weights[legs.first_instrument[m] : legs.last_instrument[m]]
        realised = pair_correlation(returns, weights, legs.is_mean_adjusted[m], np.empty((n_series, n_series)))
        implied = legs.implied[m] if has_implied else legs.strike[m]
        return correlation_payoff(legs, m, realised, n, is_final, implied), realised
    is_variance = legs.kind[m] == VARIANCE
    expected = legs.strike[m] if is_variance else legs.strike[m] ** 2
    if has_implied:
        expected = (legs.scale[m] if is_variance else legs.scale[m] ** 2) * legs.implied[m] ** 2
    return variance_payoff(legs, m, returns[0], levels, is_final, expected), np.nan


@kernel
def moment_values(
    legs: MomentLegs,
    market: MomentMarket,
    day: int,
    active: Flags,
    values: Floats,
    observed: Floats,
    status: npt.NDArray[np.int8],
    missing_row: Days,
    missing_day: Days,
) -> None:
    """What every active leg is worth at the close of `day`: the payoff from its last day on, before it the mark.

    active: (M,). Written, (M,) each: values in currency, NaN where status is no value; observed: the last close used,
    of a correlation leg the correlation so far, 0 before there is one; status; missing_row, missing_day: what lacked.
    Without an implied number the days to come are worth nothing (as if the strike were realised) and the value is
    ESTIMATED; so it is on a day without price, or with a dividend that is not confirmed.
    """
    days = np.empty(market.prices.shape[1] + 1, np.int64)
    for m in range(legs.kind.shape[0]):
        if active[m] == 0:
            continue
        values[m] = np.nan
        n_days, state, row, missing = observed_days(legs, market, m, day, days)
        returns = np.empty((legs.last_instrument[m] - legs.first_instrument[m], max(0, n_days - 1)))
        levels = np.empty(max(1, n_days))
        if state != MISSING_PRICE:
            of_series, row, missing = observed_series(legs, market, m, days, n_days, returns, levels)
            state = max(state, of_series) if of_series != MISSING_PRICE else MISSING_PRICE
        status[m], missing_row[m], missing_day[m] = state, row, missing
        if state == MISSING_PRICE:
            continue
        is_final = day >= legs.end_day[m]
        payoff, correlation = leg_payoff(legs, m, returns, levels, is_final)
        observed[m] = 0.0
        if legs.kind[m] == CORRELATION:
            observed[m] = 0.0 if np.isnan(correlation) else correlation
        elif n_days > 0:
            instrument = legs.instruments[legs.first_instrument[m]]
            observed[m] = levels[0] if n_days == 1 else market.prices[instrument, days[n_days - 1]]
        discount = 1.0
        if not is_final and np.isnan(legs.implied[m]):
            status[m] = ESTIMATED
        elif not is_final:
            discount = legs.discount_factor[m]
        values[m] = legs.notional[m] * discount * payoff
        if np.isnan(payoff):
            status[m] = INCOMPLETE
