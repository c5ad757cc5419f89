"""Amounts of equity flows on flat arrays: flows have segments, segments have slices (spec 07 §8, §10, §11).

Rows are those of `engine.payouts.book.equity_rows`, days int64 counts since 1970-01-01. What is missing is named by a
status, a row of the market and a day; nothing is filled forward.
"""

from math import isnan, nan

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel
from engine.payouts.codes import (
    CUMULATIVE,
    ESTIMATED,
    FIXED_NOTIONAL,
    FX_PART,
    MISSING_FX,
    MISSING_PRICE,
    N_PARTS,
    OK,
    PRICE_PART,
)
from engine.payouts.kernels_dates import NO_DAY
from engine.payouts.kernels_equity import EquityMarket, added, explain, fixing, position_value, reinvested_units

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

_PRICE, _FX, _NOTIONAL, _VALUE, _CLOSE, _INSTRUMENT = 0, 1, 2, 3, 4, 5
N_OUT = 6
"""Work array of a segment: its two components, notional, value now, and the last close with its instrument."""

FAULT_STATUS, FAULT_ROW, FAULT_DAY = 0, 1, 2
N_FAULT = 3
"""What was missing: status code, row of the market matrix, day; its work array."""

_NO_INSTRUMENT, _SEVERAL = -1.0, -2.0


@kernel
def _position(part: np.void, market: EquityMarket, day: int, agreed: float, fault: Ints) -> float:
    """Value of a slice's position on a day in the price currency, at the agreed price where there is one."""
    units: float = part["quantity"]
    if part["cash_ratio"] > 0.0 or part["non_cash_ratio"] > 0.0:
        growth, status, missing_day = reinvested_units(
            market,
            part["instrument"],
            part["reinvest_after"],
            day,
            part["at_pay_day"],
            part["cash_ratio"],
            part["non_cash_ratio"],
            part["passes_special"],
        )
        if status != OK:
            fault[FAULT_STATUS], fault[FAULT_ROW], fault[FAULT_DAY] = status, part["instrument"], missing_day
            return nan
        units *= growth
    if not isnan(agreed):
        return units * agreed
    value = position_value(
        market.prices,
        market.factors,
        part["instrument"],
        units,
        part["basis_day"],
        day,
        market.first_day,
        part["may_be_negative"] == 1,
    )
    if isnan(value):
        fault[FAULT_STATUS], fault[FAULT_ROW], fault[FAULT_DAY] = MISSING_PRICE, part["instrument"], day
    return value


@kernel
def _conversion(part: np.void, market: EquityMarket, day: int, agreed: float, fault: Ints) -> float:
    """X of a slice: fixed for life, agreed, or that of the day."""
    if part["pair"] < 0:
        return 1.0
    if not isnan(part["fixed_rate"]):
        return float(part["fixed_rate"])
    on = day
    if part["fixed_day"] != NO_DAY:
        on = part["fixed_day"]
    elif not isnan(agreed):
        return agreed
    rate = fixing(market.fx, part["pair"], on, market.first_day)
    if not rate > 0.0:
        fault[FAULT_STATUS], fault[FAULT_ROW], fault[FAULT_DAY] = MISSING_FX, part["pair"], on
        return nan
    return rate


@kernel
def _segment(
    segment: np.void,
    slices: Records,
    market: EquityMarket,
    equity: np.void,
    running: float,
    day: int,
    out: Floats,
    fault: Ints,
) -> None:
    """Components of one segment from its start to `day` or its end, written to `out`; what is missing to `fault`.

    running: notional at the segment's start where amounts are returns on a notional.
    """
    at_end = day >= segment["end_day"]
    on = min(day, segment["end_day"])
    fx_on = min(segment["end_fx_day"], day) if at_end else on
    if at_end and segment["end_fx_day"] > day:
        fault[FAULT_STATUS] = ESTIMATED
    in_price_currency = equity["in_price_currency"] == 1
    price, price_lost, fx, fx_lost = 0.0, 0.0, 0.0, 0.0
    start, start_lost, value, value_lost, base = 0.0, 0.0, 0.0, 0.0, 0.0
    for s in range(segment["slice_first"], segment["slice_last"]):
        part = slices[s]
        takes_over = part["is_taking_over"] == 1
        if takes_over and on < part["start_day"]:
            continue
        is_gone = part["is_replaced"] == 1 and on >= part["end_day"]
        value_0, value_1 = 0.0, 0.0
        if not takes_over:
            value_0 = _position(part, market, segment["start_day"], part["start_price"], fault)
        if not is_gone:
            value_1 = _position(part, market, on, part["end_price"] if at_end else nan, fault)
        fx_0 = _conversion(part, market, segment["start_fx_day"], part["start_fx"], fault)
        fx_1 = _conversion(part, market, fx_on, part["end_fx"] if at_end else nan, fault)
        if isnan(value_0) or isnan(value_1) or isnan(fx_0) or isnan(fx_1):
            return
        scale = 1.0
        if segment["is_weighted"] == 1:
            # Each constituent earns its own return on its share of the notional.
            unit = value_0 if in_price_currency else value_0 * fx_0
            if not unit > 0.0:
                fault[FAULT_STATUS], fault[FAULT_ROW] = MISSING_PRICE, part["instrument"]
                fault[FAULT_DAY] = segment["start_day"]
                return
            scale = running * part["quantity"] / unit
        price_part, fx_part = explain(value_0, value_1, fx_0, fx_1, equity["fx_mode"])
        price, price_lost = added(price, price_lost, price_part * scale)
        fx, fx_lost = added(fx, fx_lost, fx_part * scale)
        start, start_lost = added(start, start_lost, value_0 * fx_0 * scale)
        value, value_lost = added(value, value_lost, value_1 * fx_1 * scale)
        base += value_0 * scale if in_price_currency else value_0 * fx_0 * scale
        if not is_gone:
            _note_close(part, market, on, part["end_price"] if at_end else nan, out)
    price, fx, start, value = price + price_lost, fx + fx_lost, start + start_lost, value + value_lost
    if not isnan(segment["agreed_start"]):
        price += start - segment["agreed_start"]
        start = base = segment["agreed_start"]
    if at_end and not isnan(segment["agreed_end"]):
        price += segment["agreed_end"] - value
        value = segment["agreed_end"]
    scale, notional = 1.0, start
    if equity["mode"] == FIXED_NOTIONAL and segment["is_weighted"] == 0:
        if not base > 0.0:
            fault[FAULT_STATUS], fault[FAULT_ROW] = MISSING_PRICE, slices[segment["slice_first"]]["instrument"]
            fault[FAULT_DAY] = segment["start_day"]
            return
        scale = running / base
        notional = start * scale
    elif equity["mode"] == CUMULATIVE and segment["is_weighted"] == 0:
        notional = segment["notional"] * (start / base if in_price_currency and base > 0.0 else 1.0)
    out[_PRICE], out[_FX], out[_NOTIONAL], out[_VALUE] = price * scale, fx * scale, notional, value * scale


@kernel
def held_value(
    segment: np.void,
    slices: Records,
    market: EquityMarket,
    equity: np.void,
    running: float,
    day: int,
    out: Floats,
    fault: Ints,
) -> tuple[float, float]:
    """What a segment has gained from its start to the close of `day`, and the market value of what it holds then,
    in the settlement currency at the FX of the day.

    running : notional at the segment's start where amounts are returns on a notional
    out, fault : (N_OUT,), (N_FAULT,) work arrays, written; a fault other than OK and ESTIMATED says that there is none
    """
    _segment(segment, slices, market, equity, running, day, out, fault)
    return out[_PRICE] + out[_FX], out[_VALUE]


@kernel
def _note_close(part: np.void, market: EquityMarket, day: int, agreed: float, out: Floats) -> None:
    """Keep the price that a single instrument has on the day."""
    if out[_INSTRUMENT] != _NO_INSTRUMENT and out[_INSTRUMENT] != part["instrument"]:
        out[_INSTRUMENT] = _SEVERAL
        return
    out[_INSTRUMENT] = part["instrument"]
    out[_CLOSE] = fixing(market.prices, part["instrument"], day, market.first_day) if isnan(agreed) else agreed


@kernel
def value_equity_flows(
    equities: Records,
    segments: Records,
    slices: Records,
    signs: Ints,
    market: EquityMarket,
    day: int,
    active: npt.NDArray[np.uint8],
    parts: Floats,
    notional: Floats,
    rate_or_price: Floats,
    status: npt.NDArray[np.int8],
    missing_row: Ints,
    missing_day: Ints,
) -> None:
    """Value every active equity flow at the close of `day`: nothing up to its start, the final amount from its end on.

    equities, segments, slices: rows of `engine.payouts.book.equity`; signs (F,) of the flows. parts (5, F), notional,
    rate_or_price, status, missing_row, missing_day (F,) are written for the flows of `equities` alone. rate_or_price is
    the price of a single instrument, the value of a basket in the settlement currency.
    """
    out = np.zeros(N_OUT)
    fault = np.zeros(N_FAULT, np.int64)
    for e in range(equities.shape[0]):
        equity = equities[e]
        flow = equity["flow"]
        if active[flow] == 0:
            continue
        fault[:] = OK
        out[:] = 0.0
        out[_INSTRUMENT] = _NO_INSTRUMENT
        price, fx, whole_notional, whole_value = 0.0, 0.0, 0.0, 0.0
        running, lot_notional, lot_value = 0.0, 0.0, 0.0
        for g in range(equity["segment_first"], equity["segment_last"]):
            segment = segments[g]
            if segment["is_first"] == 1:
                whole_notional += lot_notional
                whole_value += lot_value
                running, lot_notional, lot_value = segment["notional"], 0.0, 0.0
            if day <= segment["start_day"] and day < segment["end_day"]:
                continue
            _segment(segment, slices, market, equity, running, day, out, fault)
            if fault[FAULT_STATUS] != OK and fault[FAULT_STATUS] != ESTIMATED:
                break
            running += out[_PRICE] + out[_FX]
            if segment["counts"] == 1:
                price += out[_PRICE]
                fx += out[_FX]
                lot_notional, lot_value = out[_NOTIONAL], out[_VALUE]
        status[flow] = fault[FAULT_STATUS]
        if fault[FAULT_STATUS] != OK and fault[FAULT_STATUS] != ESTIMATED:
            missing_row[flow], missing_day[flow] = fault[FAULT_ROW], fault[FAULT_DAY]
            for p in range(N_PARTS):
                parts[p, flow] = nan
            rate_or_price[flow] = nan
            continue
        parts[PRICE_PART, flow] = price * signs[flow]
        parts[FX_PART, flow] = fx * signs[flow]
        notional[flow] = whole_notional + lot_notional
        rate_or_price[flow] = out[_CLOSE] if out[_INSTRUMENT] >= 0.0 else whole_value + lot_value
