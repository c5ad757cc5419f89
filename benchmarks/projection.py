"""Collateral projection beside a numpy loop over periods."""

from collections.abc import Callable
from datetime import date

import numpy as np

from benchmarks.figures import Figure, Unit, median_seconds
from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssetAssumptions
from engine.collateral.holding import Holding
from engine.collateral.kernels import Floats
from engine.collateral.layout import PoolLayout, default_rows, interest_factors, lay_out_pool
from engine.collateral.projection import PoolBuffers, PoolRates, asset_cashflows, base_rates, project
from engine.conventions.calendar import us_bank_calendar
from engine.conventions.days import day_number
from engine.conventions.kernels import add_months
from engine.market.curve import IndexCurve

AS_OF = date(2016, 3, 23)
CALENDAR = us_bank_calendar(2010, 2035)
CURVE = IndexCurve.of(AS_OF, [(1, 0.004), (3, 0.006), (12, 0.012), (24, 0.02), (240, 0.03)])
N_ASSETS, N_MONTHS, LAG = 1004, 120, 6  # the lag in months, and in monthly rows


def loan(number: int) -> Holding:
    """A floating-rate loan with monthly payments on a day of its own, ten years to go."""
    day = 1 + number % 28
    maturity = day_number(date(2016, 3, day))
    return Holding(
        asset=Asset(
            blkrock_id=f"LOAN{number:04d}",
            maturity=date.fromordinal(add_months(maturity, N_MONTHS) + date(1970, 1, 1).toordinal()),
            coupon_type="FLOAT",
            payment_freq=12,
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


def run(*, is_quick: bool) -> list[Figure]:
    """1,004 monthly payers over ten years, all twelve columns stored."""
    repeats = 5 if is_quick else 50
    layout = lay_out_pool([loan(i) for i in range(N_ASSETS)], AS_OF, CALENDAR)
    factors, rates, never = interest_factors(layout, CURVE), base_rates(layout), default_rows(layout)
    full = PoolBuffers.of(layout)
    return [
        Figure(
            name=f"{N_ASSETS:,} assets x {N_MONTHS} months, 12 columns stored",
            amount=median_seconds(lambda: project(layout, factors, rates, never, full), repeats),
            unit=Unit.MILLISECOND,
            alternative="numpy, one statement a column and period",
            alternative_amount=median_seconds(numpy_loop(layout, factors, rates), repeats),
            target=3e-3,
        )
    ]


def first_answer() -> None:
    """Cash flows of one loan, as a fresh process would first be asked for."""
    flows = asset_cashflows(lay_out_pool([loan(0)], AS_OF, CALENDAR), CURVE)
    assert flows
