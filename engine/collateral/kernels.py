"""The projection of assets: one scenario, all assets of a pool (spec 01 §3).

Axes are (column, row, lane): a lane is an asset, a row one of its payment dates, and the inner loops run along lanes so
that they compile to vector instructions. That is why each of them writes one array: with several the compiler gives up
proving that they do not overlap. Everything that depends on dates, modes and names is settled in the grid beforehand.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.borrowing import borrowed
from engine.conventions.kernels import days360_us, period_rate_from_days, year_fraction
from engine.numerics import inlined_kernel as kernel
from engine.numerics import kernel as outlined_kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

# Columns of the flows array.
DEFAULT, DEFAULT_VALUE, INTEREST, SCHEDULED, UNSCHEDULED, RECOVERIES, NET_LOSS = range(7)
N_FLOWS = 7
# Columns of the balances array.
BALANCE_BEGIN, BALANCE_END, DEFAULT_BALANCE, DEFAULT_VALUE_BALANCE, TOTAL = range(5)
N_BALANCES = 5
# Rows of the state array that project_assets works in.
PERFORMING, IN_DEFAULT, VALUE_IN_DEFAULT, KEPT, RECOVERED, RECOVERED_VALUE = range(6)
EVENT_ROW, EVENT_DEFAULT, EVENT_VALUE = range(6, 9)
N_STATES = 9

NEVER = np.iinfo(np.int32).max
"""Row of an event that does not happen."""


class AssetGrid(NamedTuple):
    """The assets of a pool laid out for the projection; K rows, A lanes.

    lane_end            (K,) int64, lanes from this one on have nothing in the row
    schedule_fraction   (K, A) float64, part of the survivors repaid on schedule
    cpr_entry, cdr_entry, severity_entry
                        (K, A) int32, entry of the rate tables; entry 0 is a zero rate
    first_row, last_row (A,) int64, rows of the first and the last payment date; what is still in default on the last
                        row is lost there
    opening_performing, opening_default, opening_default_value
                        (A,) float64, currency, at the analysis date; zeros for a lane without rows
    first_row_value     (A,) float64, added to the market value of defaults on the first row: the value that the legacy
                        model leaves there when a defaulted asset starts on a principal-only date (spec 01 §3.5)
    """

    lane_end: Ints
    schedule_fraction: Floats
    cpr_entry: Codes
    cdr_entry: Codes
    severity_entry: Codes
    first_row: Ints
    last_row: Ints
    opening_performing: Floats
    opening_default: Floats
    opening_default_value: Floats
    first_row_value: Floats


class RecoveryRuns(NamedTuple):
    """On which row the default of which earlier row is recovered, for H recovery lags.

    Neighbouring lanes mostly share the row, so it is kept as runs: in row k under lag h the runs
    start[h, k] .. start[h, k + 1] say that lanes begin .. end recover the defaults of `row`.

    start       (H, K + 1) int64, offsets into the run arrays
    begin, end, row
                (G,) int64
    recovered_on
                (H, K + 1, A) int32, row on which a default is recovered that no run covers: one on a principal-only
                date, and in entry K the opening default; -1 for none
    """

    start: Ints
    begin: Ints
    end: Ints
    row: Ints
    recovered_on: Codes


class RateEntries(NamedTuple):
    """What the entries of a rate table mean; entry 0 is a zero rate with source -1.

    source, period (E,) int64, row and column of the annual rates; days (E,) int64, DAYS360 of the accrual period.
    """

    source: Ints
    period: Ints
    days: Ints


@kernel
def accrual_factors(begin: Ints, end: Ints, day_count: int, years: Floats, days: Ints) -> None:
    """Year fraction and DAYS360 of many accrual periods.

    begin, end : (R,) int64 day numbers; day_count : code of DayCount
    years : (R,) float64, written; days : (R,) int64, written, 0 where begin is end
    """
    for i in range(begin.shape[0]):
        years[i] = year_fraction(begin[i], end[i], day_count)
        days[i] = 0 if begin[i] == end[i] else days360_us(begin[i], end[i])


@kernel
def fill_rate_tables(
    cpr_entries: RateEntries,
    cdr_entries: RateEntries,
    severity_entries: RateEntries,
    cpr_annual: Floats,
    cdr_annual: Floats,
    severity_annual: Floats,
    cpr_period: Floats,
    cdr_period: Floats,
    recovery_rate: Floats,
) -> None:
    """Turn the annual rates of a scenario into the tables that `project_assets` reads (spec 01 §2.7).

    cpr_annual, cdr_annual, severity_annual : (Q, P) float64, decimals by source and interest period, each its own Q
    cpr_period, cdr_period : (E,) float64, written: period rates
    recovery_rate : (E,) float64, written: 1 - severity
    """
    _fill_period_rates(cpr_entries, cpr_annual, cpr_period)
    _fill_period_rates(cdr_entries, cdr_annual, cdr_period)
    recovery_rate[0] = 1.0
    for e in range(1, recovery_rate.shape[0]):
        recovery_rate[e] = 1.0 - severity_annual[severity_entries.source[e], severity_entries.period[e]]


@kernel
def _fill_period_rates(entries: RateEntries, annual: Floats, rates: Floats) -> None:
    rates[0] = 0.0
    for e in range(1, rates.shape[0]):
        rates[e] = period_rate_from_days(annual[entries.source[e], entries.period[e]], entries.days[e])


@outlined_kernel
def project_assets(
    grid: AssetGrid,
    interest_factor: Floats,
    recoveries: RecoveryRuns,
    lag: int,
    cpr_period: Floats,
    cdr_period: Floats,
    recovery_rate: Floats,
    default_row: Ints,
    event_recovery: Floats,
    state: Floats,
    flows: Floats,
    balances: Floats,
) -> None:
    """Project every asset of a grid in one scenario (spec 01 §3.4, §3.5).

    interest_factor : (K, A) float64, year fraction times coupon; on principal-only dates times the schedule fraction
    lag             : int, which of the H recovery lags applies
    cpr_period, cdr_period, recovery_rate : (E,) float64, from `fill_rate_tables`
    default_row     : (A,) int64, row on which the simulated rating is first in default, NEVER for none
    event_recovery  : (A,) float64, part of a simulated default that is recovered, NaN for 1 - severity
    state           : (N_STATES, A) float64, scratch
    flows           : (N_FLOWS, K + 1, A) float64, currency, written; cells from lane_end on are never touched, and row
                      K stays as it is: both have to be zero when the array is first used
    balances        : (N_BALANCES, K, A) float64, currency, written; or (N_BALANCES, 1, A) to do without them
    """
    grid, recoveries, interest_factor = borrowed(grid), borrowed(recoveries), borrowed(interest_factor)
    cpr_period, cdr_period, recovery_rate = borrowed(cpr_period), borrowed(cdr_period), borrowed(recovery_rate)
    default_row, event_recovery = borrowed(default_row), borrowed(event_recovery)
    state, flows, balances = borrowed(state), borrowed(flows), borrowed(balances)
    n_rows = grid.lane_end.shape[0]
    has_events = _open(grid, recoveries.recovered_on[lag], default_row, state)
    keeps_balances = balances.shape[1] > 1 or n_rows == 1
    for k in range(n_rows):
        n = grid.lane_end[k]
        if keeps_balances:
            _copy(state[PERFORMING], balances[BALANCE_BEGIN, k], n)
        _pay(
            grid,
            interest_factor,
            cpr_period,
            cdr_period,
            recovery_rate,
            default_row,
            event_recovery,
            has_events,
            state,
            flows,
            k,
        )
        if keeps_balances:
            _copy(state[PERFORMING], balances[BALANCE_END, k], n)
        _collect_recoveries(recoveries, lag, k, n, state, flows)
        if has_events:
            _recover_events(grid, default_row, state, flows, k, n)
        _settle(grid.last_row, state, flows, k, n)
        if keeps_balances:
            _copy(state[IN_DEFAULT], balances[DEFAULT_BALANCE, k], n)
            _copy(state[VALUE_IN_DEFAULT], balances[DEFAULT_VALUE_BALANCE, k], n)
            _add_up(flows, k, n, balances[TOTAL, k])
    for a in range(grid.first_row.shape[0]):
        if grid.first_row_value[a] != 0.0:
            flows[DEFAULT_VALUE, grid.first_row[a], a] += grid.first_row_value[a]


@kernel
def _pay(
    grid: AssetGrid,
    interest_factor: Floats,
    cpr_period: Floats,
    cdr_period: Floats,
    recovery_rate: Floats,
    default_row: Ints,
    event_recovery: Floats,
    has_events: bool,
    state: Floats,
    flows: Floats,
    k: int,
) -> None:
    """Defaults, interest and principal of row k; defaults come first and earn no interest."""
    n = grid.lane_end[k]
    performing, in_default = state[PERFORMING], state[IN_DEFAULT]
    default, value = flows[DEFAULT, k], flows[DEFAULT_VALUE, k]
    interest, scheduled, unscheduled = flows[INTEREST, k], flows[SCHEDULED, k], flows[UNSCHEDULED, k]
    cpr_entry, cdr_entry, severity_entry = grid.cpr_entry[k], grid.cdr_entry[k], grid.severity_entry[k]
    factor, fraction = interest_factor[k], grid.schedule_fraction[k]
    for a in range(n):
        default[a] = performing[a] * cdr_period[cdr_entry[a]]
    if has_events:
        for a in range(n):
            default[a] = performing[a] if default_row[a] == k else default[a]
    for a in range(n):
        value[a] = default[a] * recovery_rate[severity_entry[a]]
    if has_events:
        # NaN fails the comparison and leaves the rate of the assumptions.
        for a in range(n):
            is_own = default_row[a] == k and event_recovery[a] >= 0.0
            value[a] = default[a] * event_recovery[a] if is_own else value[a]
    for a in range(n):
        interest[a] = factor[a] * (performing[a] - default[a])
    for a in range(n):
        scheduled[a] = (performing[a] - default[a]) * fraction[a]
    for a in range(n):
        unscheduled[a] = (performing[a] - default[a] - scheduled[a]) * cpr_period[cpr_entry[a]]
    for a in range(n):
        performing[a] = performing[a] - default[a] - scheduled[a] - unscheduled[a]
    for a in range(n):
        in_default[a] += default[a]


@kernel
def _collect_recoveries(recoveries: RecoveryRuns, lag: int, k: int, n: int, state: Floats, flows: Floats) -> None:
    """Defaults that are recovered on row k, and their market value."""
    recovered, recovered_value = state[RECOVERED], state[RECOVERED_VALUE]
    _clear(recovered, n)
    _clear(recovered_value, n)
    for run in range(recoveries.start[lag, k], recoveries.start[lag, k + 1]):
        begin, end, source = recoveries.begin[run], recoveries.end[run], recoveries.row[run]
        _copy(flows[DEFAULT, source, begin:end], recovered[begin:end], end - begin)
        _copy(flows[DEFAULT_VALUE, source, begin:end], recovered_value[begin:end], end - begin)


@kernel
def _recover_events(grid: AssetGrid, default_row: Ints, state: Floats, flows: Floats, k: int, n: int) -> None:
    """Note the rating defaults of row k, and recover opening and rating defaults that are due."""
    event_row, event_default, event_value = state[EVENT_ROW], state[EVENT_DEFAULT], state[EVENT_VALUE]
    for a in range(n):
        if default_row[a] == k and grid.opening_default[a] == 0.0:
            event_default[a] = flows[DEFAULT, k, a]
            event_value[a] = flows[DEFAULT_VALUE, k, a]
        if event_row[a] == k:
            state[RECOVERED, a] += event_default[a]
            state[RECOVERED_VALUE, a] += event_value[a]


@kernel
def _settle(last_row: Ints, state: Floats, flows: Floats, k: int, n: int) -> None:
    """Recoveries and losses of row k, and the balances after it.

    Under one unit of currency in all is written off; what is in default on the last row is lost.
    """
    performing, in_default, value_in_default = state[PERFORMING], state[IN_DEFAULT], state[VALUE_IN_DEFAULT]
    kept, recovered, recovered_value = state[KEPT], state[RECOVERED], state[RECOVERED_VALUE]
    value, recovery, net_loss = flows[DEFAULT_VALUE, k], flows[RECOVERIES, k], flows[NET_LOSS, k]
    # An asset written off earlier has nothing in default and recovers nothing.
    for a in range(n):
        recovered[a] = recovered[a] if in_default[a] > 0.0 else 0.0
    for a in range(n):
        recovery[a] = recovered_value[a] if in_default[a] > 0.0 else 0.0
    for a in range(n):
        in_default[a] -= recovered[a]
    for a in range(n):
        value_in_default[a] = value_in_default[a] + value[a] - recovery[a]
    for a in range(n):
        kept[a] = 0.0 if performing[a] < 1.0 and in_default[a] < 1.0 else 1.0
    for a in range(n):
        lost_at_end = in_default[a] if last_row[a] == k and in_default[a] > 0.0 else 0.0
        write_off = in_default[a] + performing[a] if kept[a] == 0.0 else lost_at_end
        net_loss[a] = recovered[a] - recovery[a] + write_off
    for a in range(n):
        performing[a] *= kept[a]
    for a in range(n):
        kept[a] = 0.0 if last_row[a] == k and in_default[a] > 0.0 else kept[a]
    for a in range(n):
        in_default[a] *= kept[a]
    for a in range(n):
        value_in_default[a] *= kept[a]


@kernel
def _add_up(flows: Floats, k: int, n: int, total: Floats) -> None:
    """Cash of row k: interest, principal and recoveries."""
    interest, scheduled = flows[INTEREST, k], flows[SCHEDULED, k]
    unscheduled, recovery = flows[UNSCHEDULED, k], flows[RECOVERIES, k]
    for a in range(n):
        total[a] = interest[a] + unscheduled[a] + scheduled[a] + recovery[a]


@kernel
def _open(grid: AssetGrid, recovered_on: Codes, default_row: Ints, state: Floats) -> bool:
    """Set the opening balances and the events that no run covers; whether there are any."""
    n_rows = grid.lane_end.shape[0]
    has_events = False
    for a in range(grid.last_row.shape[0]):
        state[PERFORMING, a] = grid.opening_performing[a]
        state[IN_DEFAULT, a] = grid.opening_default[a]
        state[VALUE_IN_DEFAULT, a] = grid.opening_default_value[a]
        event_row = -1
        if grid.opening_default[a] != 0.0:
            event_row = recovered_on[n_rows, a]
            has_events = True
        elif default_row[a] < n_rows:
            event_row = recovered_on[default_row[a], a]
            has_events = True
        state[EVENT_ROW, a] = event_row
        state[EVENT_DEFAULT, a] = grid.opening_default[a]
        state[EVENT_VALUE, a] = grid.opening_default_value[a]
    return has_events


@kernel
def _copy(source: Floats, target: Floats, n: int) -> None:
    for a in range(n):
        target[a] = source[a]


@kernel
def _clear(target: Floats, n: int) -> None:
    for a in range(n):
        target[a] = 0.0
