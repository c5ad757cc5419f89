"""Running the projection of a laid-out pool in one scenario, and reading it asset by asset or period by period.

A deal that runs many scenarios calls the kernels itself; these functions are for one scenario at a time.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from engine.collateral import kernels, kernels_pool
from engine.collateral.asset_cashflow import AssetCashflow
from engine.collateral.holding import Holding
from engine.collateral.kernels import Floats, Ints
from engine.collateral.layout import PoolLayout, default_rows, interest_factors, lay_out_pool
from engine.collateral.rates import annual_rates
from engine.conventions.calendar import Calendar
from engine.conventions.days import to_date
from engine.errors import InputError, ModelError
from engine.market.curve import IndexCurve
from engine.modes import Quirk, Quirks

LEGACY_NOTIONAL = 1_000_000.0


@dataclass(frozen=True, slots=True, eq=False)
class PoolRates:
    """Period rates of one scenario, by entry of the layout's rate tables; recovery_rate is 1 - severity."""

    cpr_period: Floats
    cdr_period: Floats
    recovery_rate: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PoolBuffers:
    """Arrays that a projection writes; used again by every scenario of one layout, never by another layout."""

    state: Floats
    flows: Floats
    balances: Floats

    @classmethod
    def of(cls, layout: PoolLayout, *, keeps_balances: bool = True) -> "PoolBuffers":
        """Zeroed buffers for a layout."""
        k, a = layout.n_rows, layout.n_assets
        return cls(
            state=np.zeros((kernels.N_STATES, a)),
            flows=np.zeros((kernels.N_FLOWS, k + 1, a)),
            balances=np.zeros((kernels.N_BALANCES, k if keeps_balances else 1, a)),
        )


def base_rates(layout: PoolLayout) -> PoolRates:
    """Period rates of the assets' own assumptions."""
    n = layout.n_interest_periods
    return period_rates(
        layout,
        annual_rates(layout.cpr.rates, n, layout.quirks),
        annual_rates(layout.cdr.rates, n, layout.quirks),
        annual_rates(layout.severity.rates, n, layout.quirks),
    )


def period_rates(layout: PoolLayout, cpr: Floats, cdr: Floats, severity: Floats) -> PoolRates:
    """Period rates of annual decimals by source and interest period, (Q, P) each."""
    rates = PoolRates(
        cpr_period=np.empty(layout.cpr_entries.source.shape[0]),
        cdr_period=np.empty(layout.cdr_entries.source.shape[0]),
        recovery_rate=np.empty(layout.severity_entries.source.shape[0]),
    )
    kernels.fill_rate_tables(
        layout.cpr_entries,
        layout.cdr_entries,
        layout.severity_entries,
        cpr,
        cdr,
        severity,
        rates.cpr_period,
        rates.cdr_period,
        rates.recovery_rate,
    )
    return rates


def project(
    layout: PoolLayout,
    interest_factor: Floats,
    rates: PoolRates,
    default_row: Ints,
    buffers: PoolBuffers,
    lag: int = 0,
) -> None:
    """Project a pool into `buffers`; lag is the index among the layout's recovery lags."""
    kernels.project_assets(
        layout.grid,
        interest_factor,
        layout.recoveries,
        lag,
        rates.cpr_period,
        rates.cdr_period,
        rates.recovery_rate,
        default_row,
        np.full(layout.n_assets, np.nan),
        buffers.state,
        buffers.flows,
        buffers.balances,
    )


def map_to_deal_periods(layout: PoolLayout, flows: Floats) -> tuple[Floats, Floats]:
    """Pool rows (N + 2, 11) and performing balance of each lane at the begin of each period (N + 2, A)."""
    if layout.periods is None:
        raise ModelError(
            "CLO-1113",
            "The pool was laid out without deal periods",
            remedy="Give the collection periods to lay_out_pool.",
        )
    n_rows = layout.periods.lane_end.shape[0] + 1
    pool = np.zeros((n_rows, kernels_pool.N_POOL_COLUMNS))
    performing = np.zeros((n_rows, layout.n_assets))
    kernels_pool.map_to_periods(
        layout.periods,
        flows,
        np.zeros((2, n_rows, layout.n_assets)),
        np.zeros((kernels_pool.N_MAP_STATES, layout.n_assets)),
        pool,
        performing,
    )
    return pool, performing


def asset_cashflows(
    layout: PoolLayout, curve: IndexCurve | None, *, is_rating_migration_on: bool = False
) -> tuple[AssetCashflow, ...]:
    """Cash flows of every asset of a pool under its own assumptions, in the order of the holdings given."""
    buffers = PoolBuffers.of(layout)
    rates = base_rates(layout)
    if is_rating_migration_on:
        rates.cdr_period[:] = 0.0
    project(
        layout,
        interest_factors(layout, curve),
        rates,
        default_rows(layout, is_rating_migration_on=is_rating_migration_on),
        buffers,
    )
    found: list[AssetCashflow | None] = [None] * layout.n_assets
    for lane, position in enumerate(layout.position.tolist()):
        found[position] = AssetCashflow.of_lane(layout, lane, curve, buffers.flows, buffers.balances)
    return tuple(item for item in found if item is not None)


def asset_cashflow(
    holding: Holding,
    as_of: date,
    calendar: Calendar,
    curve: IndexCurve | None,
    quirks: Quirks = frozenset(),
    *,
    balance: float | None = None,
    initial_settlement: date | None = None,
    end: date | None = None,
    is_rating_migration_on: bool = False,
) -> AssetCashflow:
    """Cash flow of one asset under its own assumptions (spec 01 §3).

    balance: performing balance instead of the holding's par; 1,000,000 where par is 0 under LQ-16, with a balance
    given or not. end: last payment date to project. Raises InputError for an asset that cannot be projected.
    """
    performing = (
        holding.par if balance is None or (balance == 0.0 and Quirk.ZERO_LAG_MEANS_DEFAULT in quirks) else balance
    )
    if holding.par == 0.0 and Quirk.PAR_ZERO_OVERRIDES_BALANCE in quirks:
        performing = LEGACY_NOTIONAL
    layout = lay_out_pool(
        [replace(holding, par=performing)], as_of, calendar, quirks, initial_settlement=initial_settlement
    )
    found = asset_cashflows(layout, curve, is_rating_migration_on=is_rating_migration_on)[0]
    if end is None and Quirk.NO_RECOVERY_AFTER_MATURITY not in quirks:
        return found
    last = end or to_date(layout.rows[0].maturity)
    cut = found.ended_at(last)
    if cut.n_rows == 0 < found.n_rows and Quirk.NO_ROWS_CRASH in quirks:
        raise InputError(
            "CLO-1105",
            f"The legacy model stops at an asset without a payment up to {last}",
            where=f"asset '{holding.asset.blkrock_id}'",
            remedy="Choose a later end date, or run in standard mode.",
        )
    return cut
