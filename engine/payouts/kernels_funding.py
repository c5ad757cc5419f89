"""Accrued interest of funding legs on flat arrays: notionals, rates, compounding, FX (spec 07 §12, §15, §16.2).

Rows are records of the tables of `book.funding`; days are int64 counts since 1970-01-01. Interest at a day t is accrued
over [start, t). Every year fraction is the difference of two fractions from the period's start, so that the parts of a
period add up in each day count.
"""

from math import isnan, nan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.numerics import inlined_kernel, kernel
from engine.payouts.codes import (
    ESTIMATED,
    FX_PART,
    INTEREST_PART,
    MISSING_FX,
    MISSING_PRICE,
    MISSING_RATE,
    N_PARTS,
    OK,
)
from engine.payouts.kernels_dates import NO_DAY, GoodDays, day_count_fraction
from engine.payouts.kernels_equity import EquityMarket, fixing, position_value, reinvested_units
from engine.payouts.kernels_interest import all_in_rate, carried_interest
from engine.payouts.kernels_overnight import (
    CARRIED,
    FIXED_OK,
    LOCKOUT,
    NOT_FOUND,
    Fixings,
    Overnight,
    index_rate,
    is_good,
    lock_day,
    overnight_rate,
    rate_on,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

# Positions in RateKind and DayCount, repeated as plain numbers because kernels see no enums' methods.
_FIXED, _TERM, _OVERNIGHT, _COMPOUNDED_INDEX = 0, 1, 2, 3
_BUS_252 = 9
_NO_ROW = -1
_NO_ROUNDING = -1

FX_DAYS_BACK = 7
"""How old the rate may be at which accrued interest is converted: a weekend with holidays around it."""


class FundingMarket(NamedTuple):
    """What equity needs of a market, and the rates and good days of MarketArrays; no_days stands for no calendar."""

    equity: EquityMarket
    rates: Floats
    good: npt.NDArray[np.uint8]
    no_days: GoodDays


@inlined_kernel
def _fixings(rate_row: int, calendar: int, market: FundingMarket) -> Fixings:
    """A rate with its observation calendar. Without a calendar Monday to Friday are good; without a row no rate is."""
    rates = np.empty(0, np.float64) if rate_row == _NO_ROW else market.rates[rate_row]
    good = np.empty(0, np.uint8) if calendar == _NO_ROW else market.good[calendar]
    return Fixings(market.equity.first_day, rates, good)


@inlined_kernel
def _years(row: np.void, start: int, day: int, market: FundingMarket) -> float:
    """Year fraction from the period's start to a day inside it."""
    if row["day_count"] == _BUS_252:
        fixings = _fixings(_NO_ROW, row["day_count_calendar"], market)
        n = 0
        for between in range(start, day):
            if is_good(between, fixings):
                n += 1
        return n / 252.0
    return day_count_fraction(
        start,
        day,
        row["day_count"],
        day == row["termination_day"],
        row["regular_start"],
        row["regular_end"],
        row["periods_per_year"],
        market.no_days,
    )


@inlined_kernel
def _term_rate(row: np.void, market: FundingMarket) -> tuple[float, int, int]:
    """Rate of a term index on the fixing day, between two tenors where there is a second one; as `overnight_rate`.

    Returns the rate, how its worst fixing was found, and the row of the rates matrix that this one is in.
    """
    rate, found = rate_on(row["fixing_day"], _fixings(row["rate"], _NO_ROW, market))
    if row["second_rate"] == _NO_ROW or found == NOT_FOUND:
        return rate, found, row["rate"]
    second, second_found = rate_on(row["fixing_day"], _fixings(row["second_rate"], _NO_ROW, market))
    mixed = rate + (second - rate) * row["second_weight"]
    if second_found > found:
        return mixed, second_found, row["second_rate"]
    return mixed, found, row["rate"]


@kernel
def _period_rate(
    row: np.void, period_end: int, first: int, last: int, spread: float, market: FundingMarket
) -> tuple[float, int, int, int]:
    """Rate over [first, last) before multiplier and spread, or with both inside the daily product.

    Returns the rate, how its worst fixing was found, and matrix row and day of that fixing.
    """
    if row["rate_kind"] == _FIXED:
        return row["fixed_rate"], FIXED_OK, _NO_ROW, NO_DAY
    if row["rate_kind"] == _TERM:
        rate, found, rate_row = _term_rate(row, market)
        return rate, found, rate_row, row["fixing_day"]
    fixings = _fixings(row["rate"], row["calendar"], market)
    if row["rate_kind"] == _COMPOUNDED_INDEX:
        rate, found, day = index_rate(first, last, row["shift_days"], row["basis"], fixings)
        return rate, found, row["rate"], day
    is_inside = row["is_spread_compounded"] == 1
    terms = Overnight(
        row["is_averaged"] == 1,
        row["shift"],
        row["shift_days"],
        lock_day(period_end, row["shift_days"], fixings) if row["shift"] == LOCKOUT else 0,
        row["basis"],
        row["multiplier"] if is_inside else 1.0,
        spread if is_inside else 0.0,
        row["daily_cap"],
        row["daily_floor"],
    )
    rate, found, day = overnight_rate(first, last, terms, fixings)
    return rate, found, row["rate"], day


@inlined_kernel
def _all_in(row: np.void, rate: float, spread: float, is_complete: bool) -> float:
    """All-in rate by the row's terms; a rate that still runs is not rounded yet."""
    is_inside = row["is_spread_compounded"] == 1
    is_final = is_complete or row["rate_kind"] <= _TERM
    return all_in_rate(
        rate,
        1.0 if is_inside else row["multiplier"],
        0.0 if is_inside else spread,
        row["treatment"],
        row["cap_rate"],
        row["floor_rate"],
        row["rounding_dp"] if is_final else _NO_ROUNDING,
    )


@inlined_kernel
def _growth(part: np.void, market: FundingMarket) -> tuple[float, int, int]:
    """Growth of the units of a part by dividends reinvested up to its reset day, as `reinvested_units`."""
    if part["cash_ratio"] <= 0.0 and part["non_cash_ratio"] <= 0.0:
        return 1.0, OK, NO_DAY
    return reinvested_units(
        market.equity,
        part["instrument"],
        part["reinvest_after"],
        part["reset_day"],
        part["at_pay_day"],
        part["cash_ratio"],
        part["non_cash_ratio"],
        part["passes_special"],
    )


@inlined_kernel
def _notional(part: np.void, market: FundingMarket) -> tuple[float, int, int, int]:
    """Notional of a part in the funding currency; status, matrix row and day of what is missing."""
    value = part["quantity"] * part["price"]
    if isnan(part["price"]):
        growth, status, missing_day = _growth(part, market)
        if status != OK:
            return nan, status, part["instrument"], missing_day
        value = position_value(
            market.equity.prices,
            market.equity.factors,
            part["instrument"],
            part["quantity"] * growth,
            part["basis_day"],
            part["reset_day"],
            market.equity.first_day,
            part["may_be_negative"] == 1,
        )
        if isnan(value):
            return nan, MISSING_PRICE, part["instrument"], part["reset_day"]
    if not isnan(part["fx_rate"]):
        return value * part["fx_rate"], OK, _NO_ROW, NO_DAY
    if part["pair"] == _NO_ROW:
        return value, OK, _NO_ROW, NO_DAY
    rate = fixing(market.equity.fx, part["pair"], part["fx_day"], market.equity.first_day)
    if isnan(rate):
        return nan, MISSING_FX, part["pair"], part["fx_day"]
    return value * rate, OK, _NO_ROW, NO_DAY


class Accrued(NamedTuple):
    """Interest of one period: amount, the same without spread, notional in force on the last accrued day, its all-in
    rate, year fraction, status with matrix row and day of what is missing."""

    amount: float
    without_spread: float
    notional: float
    rate: float
    years: float
    status: int
    missing_row: int
    missing_day: int


@inlined_kernel
def _failed(status: int, row: int, day: int) -> Accrued:
    return Accrued(nan, nan, nan, nan, nan, status, row, day)


@kernel
def _accrue(
    row: np.void,
    start: int,
    end: int,
    until: int,
    parts: Records,
    carried: float,
    carried_without_spread: float,
    market: FundingMarket,
) -> Accrued:
    """Interest over [start, until) of one period on its own notional and on what earlier periods carried into it."""
    last_accrued = max(start, until - 1)
    amount = 0.0
    without_spread = 0.0
    in_force = 0.0
    weighted = 0.0
    status = OK
    rate_row = _NO_ROW
    rate_day = NO_DAY
    known_first = NO_DAY
    known_last = NO_DAY
    known_spread = nan
    rate = 0.0
    for p in range(row["part_first"], row["part_last"]):
        part = parts[p]
        first = part["start_day"]
        last = min(part["end_day"], until)
        is_in_force = first <= last_accrued < part["end_day"]
        if last <= first and not is_in_force:
            continue
        notional, missing, missing_row, missing_day = _notional(part, market)
        if last <= first:  # nothing has accrued yet, so nothing can be missing
            in_force += 0.0 if isnan(notional) else notional
            continue
        if missing != OK:
            return _failed(missing, missing_row, missing_day)
        spread = part["spread"]
        if first != known_first or last != known_last or spread != known_spread:
            rate, found, rate_row, rate_day = _period_rate(row, end, first, last, spread, market)
            if found == NOT_FOUND:
                return _failed(MISSING_RATE, rate_row, rate_day)
            if found == CARRIED:
                status = ESTIMATED
            known_first = first
            known_last = last
            known_spread = spread
        years = _years(row, start, last, market)
        if first > start:
            years -= _years(row, start, first, market)
        is_complete = last == part["end_day"]
        all_in = _all_in(row, rate, spread, is_complete)
        amount += notional * all_in * years
        without_spread += notional * _all_in(row, rate, 0.0, is_complete) * years
        if is_in_force:
            in_force += notional
            weighted += notional * all_in
    years = _years(row, start, until, market)
    if carried != 0.0 and until > start:
        rate, found, rate_row, rate_day = _period_rate(row, end, start, until, row["spread"], market)
        if found == NOT_FOUND:
            return _failed(MISSING_RATE, rate_row, rate_day)
        if found == CARRIED:
            status = ESTIMATED
        all_in = _all_in(row, rate, row["spread"], until == end)
        bare = _all_in(row, rate, 0.0, until == end)
        extra = carried_interest(carried, carried_without_spread, all_in, bare, years, row["compounding"])
        amount += extra
        without_spread += extra
    average = weighted / in_force if in_force != 0.0 else 0.0
    return Accrued(amount, without_spread, in_force, average, years, status, _NO_ROW, NO_DAY)


@inlined_kernel
def _latest_fx(pair: int, day: int, market: FundingMarket) -> float:
    """The last rate published up to `day`, at most FX_DAYS_BACK days old; 1 without a pair."""
    if pair == _NO_ROW:
        return 1.0
    for earlier in range(day, day - FX_DAYS_BACK - 1, -1):
        rate = fixing(market.equity.fx, pair, earlier, market.equity.first_day)
        if not isnan(rate):
            return rate
    return nan


@kernel
def _chain(
    i: int, day: int, flows: Records, funding: Records, parts: Records, market: FundingMarket
) -> tuple[Accrued, bool]:
    """Interest of row i up to `day`, after the earlier periods that are compounded into the same payment; and whether
    one of those rests on a rate carried forward."""
    is_estimated = False
    carried = 0.0
    carried_without_spread = 0.0
    for j in range(funding[i]["chain_first"], i):
        flow = flows[funding[j]["flow"]]
        end = flow["end_day"]
        earlier = _accrue(funding[j], flow["start_day"], end, end, parts, carried, carried_without_spread, market)
        if isnan(earlier.amount):
            return earlier, is_estimated
        is_estimated = is_estimated or earlier.status == ESTIMATED
        carried += earlier.amount
        carried_without_spread += earlier.without_spread
    flow = flows[funding[i]["flow"]]
    until = min(day, flow["end_day"])
    accrued = _accrue(
        funding[i], flow["start_day"], flow["end_day"], until, parts, carried, carried_without_spread, market
    )
    return accrued, is_estimated


@kernel
def value_interest(
    flows: Records,
    funding: Records,
    parts: Records,
    market: FundingMarket,
    day: int,
    active: npt.NDArray[np.uint8],
    components: Floats,
    notional: Floats,
    rate_or_price: Floats,
    year_fraction: Floats,
    status: npt.NDArray[np.int8],
    missing_row: Ints,
    missing_day: Ints,
) -> None:
    """Value every active funding flow that has begun by `day`; layouts as in FlowValues, all of them written."""
    for i in range(funding.shape[0]):
        f = funding[i]["flow"]
        flow = flows[f]
        start = flow["start_day"]
        if active[f] == 0 or start > day:
            continue
        accrued, is_estimated = _chain(i, day, flows, funding, parts, market)
        status[f] = ESTIMATED if accrued.status == OK and is_estimated else accrued.status
        missing_row[f] = accrued.missing_row
        missing_day[f] = accrued.missing_day
        pair = funding[i]["pair"]
        until = min(day, flow["end_day"])
        fx_start = _latest_fx(pair, start, market)
        fx_now = _latest_fx(pair, until, market)
        if not isnan(accrued.amount) and (isnan(fx_start) or isnan(fx_now)):
            status[f] = MISSING_FX
            missing_row[f] = pair
            missing_day[f] = start if isnan(fx_start) else until
        if status[f] != OK and status[f] != ESTIMATED:
            for part in range(N_PARTS):
                components[part, f] = nan
            continue
        for part in range(N_PARTS):
            components[part, f] = 0.0
        components[INTEREST_PART, f] = flow["sign"] * accrued.amount * fx_start
        components[FX_PART, f] = flow["sign"] * accrued.amount * (fx_now - fx_start)
        notional[f] = accrued.notional
        rate_or_price[f] = accrued.rate
        year_fraction[f] = accrued.years
