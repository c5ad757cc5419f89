"""From the flows of assets to the periods of a deal, and what a deal does with its pool (spec 01 §4.5 to §4.8).

Pool rows are numbered like deal periods: row i belongs to period i, row 0 is not used, row N + 1 holds what is left
after the last period. The columns are those of `engine.deal.results.POOL_COLUMNS`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.borrowing import borrowed
from engine.collateral.kernels import (
    DEFAULT,
    DEFAULT_VALUE,
    INTEREST,
    NET_LOSS,
    RECOVERIES,
    SCHEDULED,
    UNSCHEDULED,
)
from engine.numerics import inlined_kernel as kernel
from engine.numerics import kernel as outlined_kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Columns of pool rows.
POOL_PERFORMING, POOL_DEFAULT_BALANCE, POOL_DEFAULT_VALUE_BALANCE = range(3)
POOL_DEFAULT, POOL_DEFAULT_VALUE, POOL_INTEREST, POOL_SCHEDULED = range(3, 7)
POOL_UNSCHEDULED, POOL_RECOVERIES, POOL_NET_LOSS, POOL_SOLD = range(7, 11)
N_POOL_COLUMNS = 11

# Rows of the scratch array of map_to_periods.
N_MAP_STATES = 10


class PeriodGrid(NamedTuple):
    """Where the rows of an asset grid fall among the N periods of a deal; K rows, A lanes.

    row_begin  (N + 2,) int64, the rows paid in period i are row_begin[i] .. row_begin[i + 1]
    lane_end   (N + 1,) int64, lanes from this one on have neither balance nor flow from period i on; index 0 unused
    default_start, default_begin, default_end, default_period
               (K + 1,), (G,), (G,), (G,) int64, runs of lanes of each row and the period its defaults belong to,
               which is the one its accrual begins in
    opening_performing, opening_default, opening_default_value
               (A,) float64, currency, balances of period 1
    least_value
               float, an asset's defaults are never worth less: 0, or -inf in the legacy model, where a severity may
               exceed 1 (LQ-19)
    n_balance_rows
               int, the last row that gets balances: N + 1, or N in the legacy model (DQ-09)
    """

    row_begin: Ints
    lane_end: Ints
    default_start: Ints
    default_begin: Ints
    default_end: Ints
    default_period: Ints
    opening_performing: Floats
    opening_default: Floats
    opening_default_value: Floats
    least_value: float
    n_balance_rows: int


@outlined_kernel
def map_to_periods(
    periods: PeriodGrid, flows: Floats, defaults: Floats, state: Floats, pool: Floats, performing_begin: Floats
) -> None:
    """Regroup projected flows on the periods of a deal and add them up (spec 01 §4.5).

    flows            : (N_FLOWS, K + 1, A) float64, from `project_assets`
    defaults         : (2, N + 2, A) float64, scratch
    state            : (N_MAP_STATES, A) float64, scratch
    pool             : (N + 2, N_POOL_COLUMNS) float64, currency, written
    performing_begin : (N + 2, A) float64, currency, written: performing balance of each asset at the period's begin;
                       cells from lane_end on are never touched and have to be zero when the array is first used
    """
    periods, flows, defaults = borrowed(periods), borrowed(flows), borrowed(defaults)
    state, pool, performing_begin = borrowed(state), borrowed(pool), borrowed(performing_begin)
    n_periods, least = periods.lane_end.shape[0] - 1, periods.least_value
    n_assets = periods.opening_performing.shape[0]
    performing, default_balance, value_balance, live = state[0], state[1], state[2], state[3]
    paid = state[4:9]
    _collect_defaults(periods, flows, defaults)
    pool[:] = 0.0
    for a in range(n_assets):
        performing[a] = periods.opening_performing[a]
        default_balance[a] = periods.opening_default[a]
        value_balance[a] = periods.opening_default_value[a]
        live[a] = 1.0
    for i in range(1, n_periods + 1):
        n = periods.lane_end[i]
        default, value = defaults[0, i], defaults[1, i]
        begin = performing_begin[i]
        _collect_flows(periods.row_begin[i], periods.row_begin[i + 1], flows, live, paid, n)
        for a in range(n):
            default[a] *= live[a]
        for a in range(n):
            value[a] *= live[a]
        # An asset with less than one unit performing and in default ends here; this period's flows still count.
        for a in range(n):
            live[a] = 0.0 if performing[a] < 1.0 and default_balance[a] < 1.0 else live[a]
        for a in range(n):
            begin[a] = performing[a] * live[a]
        for a in range(n):
            default_balance[a] *= live[a]
        for a in range(n):
            value_balance[a] *= live[a]
        row = pool[i]
        row[POOL_PERFORMING] = _sum(begin, n)
        row[POOL_DEFAULT_BALANCE] = _sum(default_balance, n)
        row[POOL_DEFAULT_VALUE_BALANCE] = _sum(value_balance, n)
        row[POOL_DEFAULT] = _sum(default, n)
        row[POOL_DEFAULT_VALUE] = _sum(value, n)
        for c in range(5):
            row[POOL_INTEREST + c] = _sum(paid[c], n)
        scheduled, unscheduled, recovery, net_loss = paid[1], paid[2], paid[3], paid[4]
        for a in range(n):
            performing[a] = (begin[a] - default[a] - scheduled[a] - unscheduled[a]) * live[a]
        for a in range(n):
            default_balance[a] = (default_balance[a] + default[a] - recovery[a] - net_loss[a]) * live[a]
        for a in range(n):
            rolled = value_balance[a] + value[a] - recovery[a]
            value_balance[a] = (rolled if rolled > least else least) * live[a]
    if periods.n_balance_rows > n_periods:
        n = periods.lane_end[n_periods]
        for a in range(n):
            performing_begin[n_periods + 1, a] = performing[a]
        row = pool[n_periods + 1]
        row[POOL_PERFORMING] = _sum(performing, n)
        row[POOL_DEFAULT_BALANCE] = _sum(default_balance, n)
        row[POOL_DEFAULT_VALUE_BALANCE] = _sum(value_balance, n)


@kernel
def _collect_defaults(periods: PeriodGrid, flows: Floats, defaults: Floats) -> None:
    """Add the defaults of every row to the period in which the row's accrual begins."""
    defaults[:] = 0.0
    for k in range(periods.default_start.shape[0] - 1):
        for run in range(periods.default_start[k], periods.default_start[k + 1]):
            begin, end, period = periods.default_begin[run], periods.default_end[run], periods.default_period[run]
            _add(flows[DEFAULT, k, begin:end], defaults[0, period, begin:end])
            _add(flows[DEFAULT_VALUE, k, begin:end], defaults[1, period, begin:end])


@kernel
def _add(source: Floats, target: Floats) -> None:
    for a in range(source.shape[0]):
        target[a] += source[a]


@kernel
def _collect_flows(begin: int, end: int, flows: Floats, live: Floats, paid: Floats, n: int) -> None:
    """Cash of one period by asset, in the order of the pool columns; nothing of assets that have ended."""
    for c, column in enumerate((INTEREST, SCHEDULED, UNSCHEDULED, RECOVERIES, NET_LOSS)):
        target = paid[c]
        if end == begin:
            for a in range(n):
                target[a] = 0.0
        else:
            source = flows[column, begin]
            for a in range(n):
                target[a] = source[a] * live[a]
        for k in range(begin + 1, end):
            more = flows[column, k]
            for a in range(n):
                target[a] += more[a] * live[a]


@kernel
def _sum(values: Floats, n: int) -> float:
    """Sum of the first n values, in an order that depends on n alone; eight partial sums keep the adder busy."""
    s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    blocks = n // 8
    for b in range(blocks):
        a = b * 8
        s0 += values[a]
        s1 += values[a + 1]
        s2 += values[a + 2]
        s3 += values[a + 3]
        s4 += values[a + 4]
        s5 += values[a + 5]
        s6 += values[a + 6]
        s7 += values[a + 7]
    total = ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7))
    for a in range(blocks * 8, n):
        total += values[a]
    return total


@kernel
def liquidate(pool: Floats, period: int, price: float) -> float:
    """Sell a pool at the end of a period: performing assets at `price`, defaulted ones at market value (spec 01 §4.8).

    pool : (N + 2, N_POOL_COLUMNS) float64, currency, written: the period's net loss and sold amount, zeros afterwards
    Returns the proceeds in currency. The flows of assets stay: whoever reads them later (DQ-10) keeps a copy
    of the rows.
    """
    row = pool[period]
    performing = row[POOL_PERFORMING] - row[POOL_DEFAULT] - row[POOL_UNSCHEDULED] - row[POOL_SCHEDULED]
    in_default = row[POOL_DEFAULT_BALANCE] + row[POOL_DEFAULT] - row[POOL_RECOVERIES] - row[POOL_NET_LOSS]
    value = row[POOL_DEFAULT_VALUE_BALANCE] + row[POOL_DEFAULT_VALUE] - row[POOL_RECOVERIES]
    sold = performing * price + value
    row[POOL_NET_LOSS] += (1.0 - price) * performing + (in_default - value)
    row[POOL_SOLD] += sold
    pool[period + 1 :] = 0.0
    return float(sold)


@kernel
def ccc_haircut(
    balances: Floats, is_ccc: Flags, is_caa: Flags, value: Floats, dearest_first: Ints, threshold: float
) -> float:
    """Haircut on the excess of the larger of the S&P CCC and the Moody's Caa bucket (spec 02 §4.3, standard mode).

    balances      : (A,) float64, currency, performing balance at the period's end
    is_ccc, is_caa : (A,) bool
    value         : (A,) float64, market value as a fraction of par, or the flat price
    dearest_first : (A,) int64, lanes by falling value: the threshold is filled with the dearest, the excess is cheapest
    threshold     : float, currency
    """
    ccc, caa = 0.0, 0.0
    for a in range(balances.shape[0]):
        if is_ccc[a]:
            ccc += balances[a]
        if is_caa[a]:
            caa += balances[a]
    in_bucket = is_ccc if ccc >= caa else is_caa
    exempt = threshold
    haircut = 0.0
    if max(ccc, caa) <= threshold:
        return haircut
    for a in dearest_first:
        if in_bucket[a]:
            excess = max(0.0, balances[a] - exempt)
            exempt = max(0.0, exempt - balances[a])
            haircut += excess * (1.0 - value[a])
    return haircut


@kernel
def ccc_haircut_whole_pool(balances: Floats, is_ccc: Flags, is_caa: Flags, price: float, threshold: float) -> float:
    """The haircut of the legacy model: the whole pool above the threshold once a bucket exceeds it (DQ-07, DQ-08).

    balances : (A,) float64, currency, performing balance at the period's begin; is_ccc, is_caa (A,) bool
    price    : float, fraction of par; threshold : float, currency
    """
    ccc, caa, total = 0.0, 0.0, 0.0
    for a in range(balances.shape[0]):
        total += balances[a]
        if is_ccc[a]:
            ccc += balances[a]
        if is_caa[a]:
            caa += balances[a]
    if ccc <= threshold and caa <= threshold:
        return 0.0
    return max(0.0, (total - threshold) * (1.0 - price))
