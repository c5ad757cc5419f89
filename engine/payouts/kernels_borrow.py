"""Borrow fees of short positions on flat arrays: a rate on the market value of every day (spec 07 §12.5).

Rows are those of `engine.payouts.book.borrow`; the positions are the segments of the equity flows of the same period.
Days are int64 counts since 1970-01-01. What is missing is named by a status, a row of the market and a day.
"""

from math import nan

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel
from engine.payouts.codes import ESTIMATED, N_PARTS, OK, OTHER_PART
from engine.payouts.kernels_dates import GoodDays, day_count_fraction
from engine.payouts.kernels_equity import EquityMarket, added
from engine.payouts.kernels_equity_flows import FAULT_DAY, FAULT_ROW, FAULT_STATUS, N_FAULT, N_OUT, held_value

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]


@kernel
def rate_on(rates: Records, first: int, last: int, day: int) -> float:
    """The rate in force on a day among the rows [first, last), which are in date order; the first one before all."""
    row = first
    while row + 1 < last and rates[row + 1]["from_day"] <= day:
        row += 1
    return float(rates[row]["rate"])


@kernel
def _one_day(day: int, day_count: int, calendar: GoodDays) -> float:
    return day_count_fraction(day, day + 1, day_count, False, 0, 0, 0, calendar)


@kernel
def _accrued(
    line: np.void,
    rates: Records,
    equity: np.void,
    segments: Records,
    slices: Records,
    market: EquityMarket,
    calendar: GoodDays,
    through: int,
    out: Floats,
    fault: Ints,
) -> tuple[float, float]:
    """The fee of the days up to `through`, not included, and the market value on the last of them."""
    total, lost, held, running = 0.0, 0.0, 0.0, 0.0
    for g in range(line["segment_first"], line["segment_last"]):
        segment = segments[g]
        if segment["is_first"] == 1:
            running = segment["notional"]
        if segment["start_day"] >= through:
            continue
        if segment["counts"] == 1:
            for day in range(segment["start_day"], min(segment["end_day"], through)):
                _, value = held_value(segment, slices, market, equity, running, day, out, fault)
                if fault[FAULT_STATUS] != OK and fault[FAULT_STATUS] != ESTIMATED:
                    return nan, nan
                rate = rate_on(rates, line["rate_first"], line["rate_last"], day)
                total, lost = added(total, lost, rate * value * _one_day(day, line["day_count"], calendar))
                held += value if day == through - 1 else 0.0
        is_followed = g + 1 < line["segment_last"] and segments[g + 1]["is_first"] == 0
        if is_followed and segment["end_day"] < through:
            gain, _ = held_value(segment, slices, market, equity, running, through - 1, out, fault)
            if fault[FAULT_STATUS] != OK and fault[FAULT_STATUS] != ESTIMATED:
                return nan, nan
            running += gain
    return total + lost, held


@kernel
def value_borrow_fees(
    flows: Records,
    lines: Records,
    rates: Records,
    equities: Records,
    segments: Records,
    slices: Records,
    market: EquityMarket,
    calendar: GoodDays,
    day: int,
    active: npt.NDArray[np.uint8],
    parts: Floats,
    notional: Floats,
    rate_or_price: Floats,
    year_fraction: Floats,
    status: npt.NDArray[np.int8],
    missing_row: Ints,
    missing_day: Ints,
) -> None:
    """Value every active fee: what accrued over [start, min(day, end)), with the sign of its flow.

    calendar : of no good days; the day counts of borrow fees need none
    parts (5, F), the others (F,), are written for the flows of `lines` alone: notional is the market value on the last
    accrued day and rate_or_price the rate of it
    """
    out = np.zeros(N_OUT)
    fault = np.zeros(N_FAULT, np.int64)
    for b in range(lines.shape[0]):
        line = lines[b]
        f = line["flow"]
        if active[f] == 0:
            continue
        flow = flows[f]
        start = flow["start_day"]
        through = min(day, flow["end_day"])
        fault[:] = OK
        fee, held = _accrued(
            line, rates, equities[line["equity"]], segments, slices, market, calendar, through, out, fault
        )
        status[f] = fault[FAULT_STATUS]
        years = 0.0
        for accrued in range(start, through):
            years += _one_day(accrued, line["day_count"], calendar)
        year_fraction[f] = years
        rate_or_price[f] = rate_on(rates, line["rate_first"], line["rate_last"], max(start, through - 1))
        for p in range(N_PARTS):
            parts[p, f] = 0.0
        if fault[FAULT_STATUS] != OK and fault[FAULT_STATUS] != ESTIMATED:
            missing_row[f], missing_day[f] = fault[FAULT_ROW], fault[FAULT_DAY]
            for p in range(N_PARTS):
                parts[p, f] = nan
            continue
        parts[OTHER_PART, f] = fee * flow["sign"]
        notional[f] = held
