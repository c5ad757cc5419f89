"""Overnight rates over a period: compounded or averaged, with look-back, observation shift or lock-out (spec 07 §12.3).

Rates and calendars are rows of matrices by day. Interest is kept as the growth of 1 less 1, never as a difference of
two numbers near 1, so that one day's interest has all its digits.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.numerics import inlined_kernel, kernel

# Positions in ObservationShift, repeated as plain numbers because kernels see no enums' methods.
NO_SHIFT, LOOKBACK, OBSERVATION_PERIOD_SHIFT, LOCKOUT = 0, 1, 2, 3

COMPOUNDED, AVERAGED, SPREAD_COMPOUNDED = 0, 1, 2
"""Modes of `compound`: spread added to the compounded rate, to the average, or to every day's rate."""

FIXED_OK, CARRIED, NOT_FOUND = 0, 1, 2
"""How a rate was found: as published, carried forward from an earlier day, not at all."""


class Fixings(NamedTuple):
    """One rate and its observation calendar by day.

    first_day : day number of the first column
    rates     : (D,) float64 decimals, NaN where nothing is published
    good      : (D,) uint8, 1 on good days; beyond them Monday to Friday are taken as good
    """

    first_day: int
    rates: npt.NDArray[np.float64]
    good: npt.NDArray[np.uint8]


class Overnight(NamedTuple):
    """How a period's rate is made of daily ones. Each day's rate is `multiplier` times the published one, within
    daily_floor and daily_cap (NaN: none), plus `spread`; multiplier 1 and spread 0 where both come after compounding.

    lock_day : under LOCKOUT the last day whose own rate counts
    """

    is_averaged: bool
    shift: int
    shift_days: int
    lock_day: int
    basis: float
    multiplier: float
    spread: float
    daily_cap: float
    daily_floor: float


@inlined_kernel
def is_good(day: int, fixings: Fixings) -> bool:
    """Whether `day` is good; beyond the columns, whether it is Monday to Friday."""
    position = day - fixings.first_day
    if 0 <= position < fixings.good.shape[0]:
        return bool(fixings.good[position] == 1)
    return (day + 3) % 7 < 5


@inlined_kernel
def previous_good(day: int, fixings: Fixings) -> int:
    """Last good day on or before `day`."""
    while not is_good(day, fixings):
        day -= 1
    return day


@inlined_kernel
def following_good(day: int, fixings: Fixings) -> int:
    """First good day after `day`."""
    day += 1
    while not is_good(day, fixings):
        day += 1
    return day


@inlined_kernel
def good_day_before(day: int, n: int, fixings: Fixings) -> int:
    """The n-th good day before `day`; `day` itself for n = 0."""
    for _ in range(n):
        day = previous_good(day - 1, fixings)
    return day


@inlined_kernel
def lock_day(period_end: int, n: int, fixings: Fixings) -> int:
    """Day whose rate the last n good days of a period that ends before `period_end` use."""
    return good_day_before(period_end, n + 1, fixings)


@inlined_kernel
def rate_on(day: int, fixings: Fixings) -> tuple[float, int]:
    """The rate of a day, else the last one published before it; NaN and NOT_FOUND where there is none."""
    position = day - fixings.first_day
    if position < 0:
        return np.nan, NOT_FOUND
    n_days = fixings.rates.shape[0]
    if position < n_days and not np.isnan(fixings.rates[position]):
        return fixings.rates[position], FIXED_OK
    for earlier in range(min(position, n_days) - 1, -1, -1):
        if not np.isnan(fixings.rates[earlier]):
            return fixings.rates[earlier], CARRIED
    return np.nan, NOT_FOUND


@inlined_kernel
def bounded(rate: float, floor: float, cap: float) -> float:
    """`rate` within floor and cap, NaN meaning that there is none; the floor wins."""
    if rate > cap:
        rate = cap
    if rate < floor:
        rate = floor
    return rate


@inlined_kernel
def grown(interest: float, rate: float, weight: float, basis: float) -> float:
    """Interest on 1 after `weight` more days at `rate`, interest earning interest."""
    return interest + (1.0 + interest) * (rate * weight / basis)


@kernel
def compound(
    rates: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    basis: float,
    spread: float,
    mode: int,
    running: npt.NDArray[np.float64],
) -> float:
    """Annual rate of a period from its daily rates, all-in; NaN without days, or where a rate is NaN.

    rates   : (N,) decimals
    weights : (N,) calendar days for which each applies
    mode    : COMPOUNDED, AVERAGED or SPREAD_COMPOUNDED
    running : (N,) written: interest on 1 up to the end of each day's weight, spread included
    """
    interest = 0.0
    n = 0.0
    for i in range(rates.shape[0]):
        n += weights[i]
        if mode == AVERAGED:
            interest += rates[i] * weights[i] / basis
        elif mode == SPREAD_COMPOUNDED:
            interest = grown(interest, rates[i] + spread, weights[i], basis)
        else:
            interest = grown(interest, rates[i], weights[i], basis)
        running[i] = interest if mode == SPREAD_COMPOUNDED else interest + spread * n / basis
    if n <= 0.0:
        return np.nan
    return float(running[rates.shape[0] - 1] * basis / n)


@kernel
def overnight_rate(start: int, end: int, terms: Overnight, fixings: Fixings) -> tuple[float, int, int]:
    """Annual rate over [start, end), which may be the part of a period that has run so far.

    A running day counts with simple growth up to `end`. A start on a bad day takes the previous good day's rate up to
    the next good day. Under OBSERVATION_PERIOD_SHIFT both ends are moved back by good days; where nothing is left
    between them, over a weekend, the rate of the first observed day stands.
    Returns the rate, how its worst fixing was found, and the day of the first one that was not as published.
    """
    first = start
    last = end
    if terms.shift == OBSERVATION_PERIOD_SHIFT:
        first = good_day_before(start, terms.shift_days, fixings)
        last = max(good_day_before(end, terms.shift_days, fixings), first + 1)
    day = first
    good_day = previous_good(first, fixings)
    interest = 0.0
    worst = FIXED_OK
    worst_day = first
    while day < last:
        next_day = following_good(day, fixings)
        observed = good_day
        if terms.shift == LOOKBACK:
            observed = good_day_before(good_day, terms.shift_days, fixings)
        elif terms.shift == LOCKOUT:
            observed = min(good_day, terms.lock_day)
        published, found = rate_on(observed, fixings)
        if found > worst:
            worst = found
            worst_day = observed
        if found == NOT_FOUND:
            return np.nan, worst, worst_day
        rate = bounded(published, terms.daily_floor, terms.daily_cap) * terms.multiplier + terms.spread
        weight = min(next_day, last) - day
        if terms.is_averaged:
            interest += rate * weight / terms.basis
        else:
            interest = grown(interest, rate, weight, terms.basis)
        day = next_day
        good_day = next_day
    return interest * terms.basis / (last - first), worst, worst_day


@kernel
def _level_on(day: int, basis: float, fixings: Fixings) -> tuple[float, int]:
    """Level of a compounded index: published, on a line between its neighbours, or grown at its last daily rate."""
    level, found = rate_on(day, fixings)
    if found != CARRIED:
        return level, found
    before = _published_before(day, fixings)
    after = following_good(day - 1, fixings)
    position = after - fixings.first_day
    if after > day and position < fixings.rates.shape[0] and not np.isnan(fixings.rates[position]):
        share = (day - before) / (after - before)
        return level + (fixings.rates[position] - level) * share, FIXED_OK
    earlier = _published_before(before, fixings)
    if earlier < fixings.first_day:
        return np.nan, NOT_FOUND
    growth = (level / fixings.rates[earlier - fixings.first_day] - 1.0) / (before - earlier)
    return level * (1.0 + growth * (day - before)), CARRIED


@kernel
def _published_before(day: int, fixings: Fixings) -> int:
    """Last day before `day` with a published value; one before the first column where there is none."""
    position = min(day - fixings.first_day, fixings.rates.shape[0]) - 1
    while position >= 0 and np.isnan(fixings.rates[position]):
        position -= 1
    return int(fixings.first_day + position)


@kernel
def index_rate(start: int, end: int, shift_days: int, basis: float, fixings: Fixings) -> tuple[float, int, int]:
    """Annual rate over [start, end) from a published compounded index, each end moved back by good days.

    Between two publications the index grows on a straight line; after the last one at its last daily rate, which counts
    as CARRIED. Returns as `overnight_rate`.
    """
    first = good_day_before(start, shift_days, fixings)
    last = max(good_day_before(end, shift_days, fixings), first + 1)
    start_level, start_found = _level_on(first, basis, fixings)
    end_level, end_found = _level_on(last, basis, fixings)
    if start_found >= end_found:
        worst = start_found
        worst_day = first
    else:
        worst = end_found
        worst_day = last
    return (end_level / start_level - 1.0) * basis / (last - first), worst, worst_day


@kernel
def overnight_rows(
    start: int,
    end: int,
    notional: float,
    spread: float,
    terms: Overnight,
    fixings: Fixings,
    cumulative: npt.NDArray[np.float64],
    daily: npt.NDArray[np.float64],
) -> int:
    """Interest of every calendar day of [start, end) on the index's basis, weekends included (spec 07 §15).

    spread           : added after compounding; one inside the product is in `terms`
    cumulative, daily : (end - start,) written: accrued through each day, and its change
    Returns how the worst fixing was found; from a day whose rate is NOT_FOUND on, rows are NaN.
    """
    worst = FIXED_OK
    before = 0.0
    for i in range(end - start):
        rate, found, _ = overnight_rate(start, start + i + 1, terms, fixings)
        worst = max(worst, found)
        cumulative[i] = notional * (rate + spread) * (i + 1) / terms.basis
        daily[i] = cumulative[i] - before
        before = cumulative[i]
    return worst
