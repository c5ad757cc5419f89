"""Collateral projection beside a numpy loop over periods; run with python, no arguments.

Every line is the best of several runs in this process; ratios are what to compare between machines.
"""

import time
from collections.abc import Callable
from datetime import date

import numpy as np

from engine.collateral import kernels_pool
from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssetAssumptions
from engine.collateral.holding import Holding
from engine.collateral.kernels import Floats
from engine.collateral.layout import PoolLayout, default_rows, interest_factors, lay_out_pool
from engine.collateral.periods import CollectionPeriods
from engine.collateral.projection import PoolBuffers, PoolRates, base_rates, period_rates, project
from engine.collateral.rates import annual_rates
from engine.conventions.calendar import us_bank_calendar
from engine.conventions.days import day_number
from engine.conventions.kernels import add_months
from engine.market.curve import IndexCurve

AS_OF = date(2016, 3, 23)
CALENDAR = us_bank_calendar(2010, 2035)
CURVE = IndexCurve.of(AS_OF, [(1, 0.004), (3, 0.006), (12, 0.012), (24, 0.02), (240, 0.03)])
N_PERIODS, LAG = 48, 2


def best_seconds(call: Callable[[], object], repeats: int = 50) -> float:
    """Shortest of several runs, after one that compiles and fills caches."""
    call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def loan(number: int, frequency: int, months_to_maturity: int) -> Holding:
    """A floating-rate loan with a payment day and terms of its own."""
    day = 1 + number % 28
    maturity = day_number(date(2016, 3, day))
    return Holding(
        asset=Asset(
            blkrock_id=f"LOAN{number:04d}",
            maturity=date.fromordinal(add_months(maturity, months_to_maturity) + date(1970, 1, 1).toordinal()),
            coupon_type="FLOAT",
            payment_freq=frequency,
            cpn_spread=0.03 + 0.0001 * (number % 100),
            libor_floor=0.01,
            index_name="3M LIBOR",
            coupon=0.0475,
            market_value=98.0,
            dated_date=date(2015, 1 + number % 3, day),
            first_payment_date=date(2015, 4 + number % 3, day),
            day_count="ACTUAL/360",
            business_day_conv="Mod Following",
        ),
        par=1_000_000.0 + 1_000.0 * number,
        assumptions=AssetAssumptions(cpr=0.20, cdr=0.02 + 0.005 * (number % 3), severity=0.40, recovery_lag_months=6.0),
    )


def numpy_loop(layout: PoolLayout, factors: Floats, rates: PoolRates) -> Callable[[], Floats]:
    """The same recurrence as one numpy statement per column and period, with equal lags and no write-offs."""
    cdr = rates.cdr_period[layout.grid.cdr_entry]
    cpr = rates.cpr_period[layout.grid.cpr_entry]
    kept = rates.recovery_rate[layout.grid.severity_entry]
    fraction, opening = layout.grid.schedule_fraction, layout.grid.opening_performing
    table = np.zeros((12, layout.n_rows, layout.n_assets))

    def run() -> Floats:
        begin, default, value, interest, scheduled, unscheduled = table[:6]
        recoveries, net_loss, total, end, in_default, in_value = table[6:]
        performing, default_balance, value_balance = opening.copy(), 0.0 * opening, 0.0 * opening
        for k in range(layout.n_rows):
            begin[k] = performing
            default[k] = performing * cdr[k]
            value[k] = default[k] * kept[k]
            survivors = performing - default[k]
            interest[k] = factors[k] * survivors
            scheduled[k] = survivors * fraction[k]
            unscheduled[k] = (survivors - scheduled[k]) * cpr[k]
            performing = survivors - scheduled[k] - unscheduled[k]
            default_balance = default_balance + default[k]
            value_balance = value_balance + value[k]
            if k >= LAG:
                recoveries[k] = value[k - LAG]
                net_loss[k] = default[k - LAG] - value[k - LAG]
                default_balance = default_balance - default[k - LAG]
                value_balance = value_balance - value[k - LAG]
            total[k] = interest[k] + scheduled[k] + unscheduled[k] + recoveries[k]
            end[k], in_default[k], in_value[k] = performing, default_balance, value_balance
        return table

    return run


def report(label: str, seconds: float, beside: float = 0.0) -> None:
    """One line of the table; the ratio to what stands beside it, if anything does."""
    ratio = f"{beside / seconds:8.1f} x" if beside else ""
    print(f"{label:<62}{seconds * 1e3:10.3f} ms {ratio}")


def universe() -> None:
    """1,004 monthly payers over ten years, all twelve columns stored."""
    layout = lay_out_pool([loan(i, 12, 120) for i in range(1004)], AS_OF, CALENDAR)
    factors, rates, never = interest_factors(layout, CURVE), base_rates(layout), default_rows(layout)
    full, lean = PoolBuffers.of(layout), PoolBuffers.of(layout, keeps_balances=False)
    beside = best_seconds(numpy_loop(layout, factors, rates), 10)
    print(f"{layout.n_assets:,} assets x {layout.n_rows} monthly rows")
    report("  numpy loop over periods, 12 columns", beside)
    report("  kernel, 12 columns", best_seconds(lambda: project(layout, factors, rates, never, full)), beside)
    report("  kernel, 7 flow columns", best_seconds(lambda: project(layout, factors, rates, never, lean)), beside)


def deal() -> None:
    """195 quarterly payers on 48 quarterly collection periods: everything that a scenario of a deal needs."""
    begin = day_number(date(2016, 1, 5))
    days = np.array([add_months(begin, 3 * i) for i in range(N_PERIODS + 1)], dtype=np.int64)
    holdings = [loan(i, 4 if i % 50 else 2, 12 + i % 80) for i in range(195)]
    periods = CollectionPeriods(days[:-1], days[1:])
    layout = lay_out_pool(holdings, AS_OF, CALENDAR, periods=periods)
    assert layout.periods is not None
    factors, rates, never = interest_factors(layout, CURVE), base_rates(layout), default_rows(layout)
    sources = (layout.cpr, layout.cdr, layout.severity)
    annual = [annual_rates(table.rates, layout.n_interest_periods) for table in sources]
    buffers = PoolBuffers.of(layout, keeps_balances=False)
    defaults = np.zeros((2, N_PERIODS + 2, layout.n_assets))
    state = np.zeros((kernels_pool.N_MAP_STATES, layout.n_assets))
    pool = np.zeros((N_PERIODS + 2, kernels_pool.N_POOL_COLUMNS))
    performing = np.zeros((N_PERIODS + 2, layout.n_assets))
    grid = layout.periods

    def scenario() -> None:
        scenario_rates = period_rates(layout, annual[0], annual[1], annual[2])
        project(layout, factors, scenario_rates, never, buffers)
        kernels_pool.map_to_periods(grid, buffers.flows, defaults, state, pool, performing)

    print(f"{layout.n_assets} assets x {N_PERIODS} quarterly periods ({layout.n_rows} rows)")
    report("  numpy loop over periods", beside := best_seconds(numpy_loop(layout, factors, rates)))
    report("  period rates", best_seconds(lambda: period_rates(layout, annual[0], annual[1], annual[2])))
    report("  projection", best_seconds(lambda: project(layout, factors, rates, never, buffers)), beside)
    mapping = best_seconds(lambda: kernels_pool.map_to_periods(grid, buffers.flows, defaults, state, pool, performing))
    report("  mapping to periods", mapping)
    report("  one scenario, all of it", best_seconds(scenario), beside)
    report("  layout, once a deal", best_seconds(lambda: lay_out_pool(holdings, AS_OF, CALENDAR, periods=periods), 3))


if __name__ == "__main__":
    universe()
    deal()
