"""Scenarios of one deal: collateral, periods and risk measures of each, many of them in parallel.

A scenario is a row of `ScenarioRows`; everything else is shared. Scenarios are dealt out in blocks, each with its own
buffers, so that a figure depends neither on the number of threads nor on the other scenarios. The kernels release the
GIL; blocks run on threads of the caller, because a parallel loop of numba takes no nested tuples of arrays.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.collateral.kernels import (
    N_BALANCES,
    N_FLOWS,
    N_STATES,
    AssetGrid,
    RateEntries,
    RecoveryRuns,
    fill_rate_tables,
    project_assets,
)
from engine.collateral.kernels_pool import (
    N_MAP_STATES,
    N_POOL_COLUMNS,
    POOL_INTEREST,
    POOL_RECOVERIES,
    POOL_SCHEDULED,
    POOL_UNSCHEDULED,
    PeriodGrid,
    map_to_periods,
)
from engine.collateral.kernels_reinvestment import ReinvestmentTerms, fill_reinvestment_rates
from engine.deal.kernels import DealTerms, History, Pools, ReinvestmentRates, run_periods
from engine.deal.kernels_metrics import MetricTerms, SubNotePayments
from engine.deal.kernels_risk import RiskTerms, measure_tranches
from engine.liabilities.kernels import start_deal, state_of
from engine.liabilities.state import LiabilityTerms, StateBlock, TrancheState
from engine.numerics import inlined_kernel, kernel
from engine.waterfall.codes import CompiledProgram

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Collateral(NamedTuple):
    """The collateral side of a deal, shared by all scenarios.

    Annual rates are (Q, P) by source and interest period. interest_factor (C, K, A) by index curve.
    """

    grid: AssetGrid
    recoveries: RecoveryRuns
    periods: PeriodGrid
    cpr_entries: RateEntries
    cdr_entries: RateEntries
    severity_entries: RateEntries
    cpr_annual: Floats
    cdr_annual: Floats
    severity_annual: Floats
    interest_factor: Floats


class Purchases(NamedTuple):
    """Reinvestment terms: annual rates (P,) by own period; interest_factor (C, N + 2) by index curve; see
    ReinvestmentTerms for the rest.
    """

    price: float
    n_terms: int
    lag: int
    has_tail: int
    n_balance_rows: int
    days: Ints
    cpr_annual: Floats
    cdr_annual: Floats
    severity_annual: Floats
    interest_factor: Floats


class Opening(NamedTuple):
    """History of the incentive fee before the first period, from `incentive.opening_position`."""

    discounted_payments: float
    is_reached: float
    receipts: float
    contributions: float


class Curves(NamedTuple):
    """Rates of C index curves: index_rate (C, N + 1) by period, zero_rates (C, N) from analysis date to payment."""

    index_rate: Floats
    zero_rates: Floats


class DealArrays(NamedTuple):
    """Everything scenarios share."""

    collateral: Collateral
    purchases: Purchases
    curves: Curves
    deal: DealTerms
    liability: LiabilityTerms
    program: CompiledProgram
    opening: Opening
    risk: RiskTerms
    metrics: MetricTerms


class ScenarioRows(NamedTuple):
    """One row per scenario; S rows.

    cpr_multiplier, cdr_multiplier, severity_shift (S,) float64; lag (S,) int64, which recovery lag of RecoveryRuns;
    curve (S,) int64, which index curve; default_row (S, A) or (1, A) int64, simulated default of each asset;
    event_recovery (S, A) or (1, A) float64, part of it that is recovered, NaN for 1 - severity.
    """

    cpr_multiplier: Floats
    cdr_multiplier: Floats
    severity_shift: Floats
    lag: Ints
    curve: Ints
    default_row: Ints
    event_recovery: Floats


class ScenarioFigures(NamedTuple):
    """What is kept of each scenario, all written.

    risk (S, T, 6); interest, principal (S, T) totals paid; fees (S, F) totals paid; incentive (S,) total;
    last_period, status (S,) int64; context (S, 2) int64, section and step of a failure.
    """

    risk: Floats
    interest: Floats
    principal: Floats
    fees: Floats
    incentive: Floats
    last_period: Ints
    status: Ints
    context: Ints


class Buffers(NamedTuple):
    """Working memory of one block of scenarios."""

    lanes: Floats
    flows: Floats
    balances: Floats
    defaults: Floats
    map_lanes: Floats
    pools: Pools
    cpr_annual: Floats
    cdr_annual: Floats
    severity_annual: Floats
    cpr_period: Floats
    cdr_period: Floats
    recovery_rate: Floats
    purchase_rates: ReinvestmentRates
    purchase_annual: Floats
    flows_by_tranche: Floats


def new_buffers(arrays: DealArrays) -> Buffers:
    """Zeroed buffers of the deal's size."""
    collateral, purchases = arrays.collateral, arrays.purchases
    n_rows, n_lanes = collateral.grid.schedule_fraction.shape
    n_periods = arrays.deal.payment_day.shape[0] - 1
    n_own = purchases.cpr_annual.shape[0]
    pools = Pools(
        np.zeros((n_periods + 2, N_POOL_COLUMNS)),
        np.zeros((n_periods + 2, N_POOL_COLUMNS)),
        np.zeros((n_periods + 2, 2)),
        np.zeros((n_periods + 2, n_lanes)),
        np.zeros((2, purchases.n_terms + purchases.lag + 2)),
    )
    rates = ReinvestmentRates(
        np.zeros((n_own, n_periods + 2)),
        np.zeros((purchases.cdr_annual.shape[0], n_periods + 2)),
        np.zeros(purchases.severity_annual.shape[0]),
    )
    longest = max(n_own, purchases.cdr_annual.shape[0])
    return Buffers(
        np.zeros((N_STATES, n_lanes)),
        np.zeros((N_FLOWS, n_rows + 1, n_lanes)),
        np.zeros((N_BALANCES, 1, n_lanes)),
        np.zeros((2, n_periods + 2, n_lanes)),
        np.zeros((N_MAP_STATES, n_lanes)),
        pools,
        np.zeros(collateral.cpr_annual.shape),
        np.zeros(collateral.cdr_annual.shape),
        np.zeros(collateral.severity_annual.shape),
        np.zeros(collateral.cpr_entries.source.shape[0]),
        np.zeros(collateral.cdr_entries.source.shape[0]),
        np.zeros(collateral.severity_entries.source.shape[0]),
        rates,
        np.zeros(longest),
        np.zeros((2, n_periods)),
    )


@inlined_kernel
def scale(annual: Floats, multiplier: float, shocked: Floats) -> None:
    """Annual rates times a multiplier, no more than 1; untouched for a multiplier of 1. Flat arrays."""
    for i in range(annual.shape[0]):
        shocked[i] = annual[i] if multiplier == 1.0 else min(1.0, annual[i] * multiplier)


@inlined_kernel
def shift(annual: Floats, amount: float, shocked: Floats) -> None:
    """Severities plus a shift within 0 and 1; untouched for a shift of 0. Flat arrays."""
    for i in range(annual.shape[0]):
        shocked[i] = annual[i] if amount == 0.0 else min(1.0, max(0.0, annual[i] + amount))


@kernel
def project_collateral(arrays: DealArrays, rows: ScenarioRows, s: int, buffers: Buffers) -> None:
    """Fill pool, cash and asset balances of scenario s; empty the book."""
    collateral, pools = arrays.collateral, buffers.pools
    scale(collateral.cpr_annual.ravel(), rows.cpr_multiplier[s], buffers.cpr_annual.ravel())
    scale(collateral.cdr_annual.ravel(), rows.cdr_multiplier[s], buffers.cdr_annual.ravel())
    shift(collateral.severity_annual.ravel(), rows.severity_shift[s], buffers.severity_annual.ravel())
    fill_rate_tables(
        collateral.cpr_entries,
        collateral.cdr_entries,
        collateral.severity_entries,
        buffers.cpr_annual,
        buffers.cdr_annual,
        buffers.severity_annual,
        buffers.cpr_period,
        buffers.cdr_period,
        buffers.recovery_rate,
    )
    project_assets(
        collateral.grid,
        collateral.interest_factor[rows.curve[s]],
        collateral.recoveries,
        rows.lag[s],
        buffers.cpr_period,
        buffers.cdr_period,
        buffers.recovery_rate,
        rows.default_row[min(s, rows.default_row.shape[0] - 1)],
        rows.event_recovery[min(s, rows.event_recovery.shape[0] - 1)],
        buffers.lanes,
        buffers.flows,
        buffers.balances,
    )
    map_to_periods(collateral.periods, buffers.flows, buffers.defaults, buffers.map_lanes, pools.pool, pools.performing)
    pools.book[:] = 0.0
    for i in range(pools.pool.shape[0]):
        row = pools.pool[i]
        pools.cash[i, 0] = row[POOL_INTEREST]
        pools.cash[i, 1] = row[POOL_SCHEDULED] + row[POOL_UNSCHEDULED] + row[POOL_RECOVERIES]


@inlined_kernel
def fill_purchase_rates(purchases: Purchases, rows: ScenarioRows, s: int, buffers: Buffers) -> None:
    """Period rates of reinvested collateral in scenario s."""
    rates, annual = buffers.purchase_rates, buffers.purchase_annual
    n = purchases.cpr_annual.shape[0]
    scale(purchases.cpr_annual, rows.cpr_multiplier[s], annual)
    fill_reinvestment_rates(purchases.days, annual[:n], rates.cpr)
    n = purchases.cdr_annual.shape[0]
    scale(purchases.cdr_annual, rows.cdr_multiplier[s], annual)
    fill_reinvestment_rates(purchases.days, annual[:n], rates.cdr)
    shift(purchases.severity_annual, rows.severity_shift[s], rates.severity)


@kernel
def run_scenario(
    arrays: DealArrays,
    rows: ScenarioRows,
    s: int,
    buffers: Buffers,
    states: StateBlock,
    block: int,
    history: History,
    figures: ScenarioFigures,
) -> None:
    """Run scenario s in the buffers and the state of a block; figures of row s are written."""
    project_collateral(arrays, rows, s, buffers)
    fill_purchase_rates(arrays.purchases, rows, s, buffers)
    purchases, curve = arrays.purchases, rows.curve[s]
    reinvestment = ReinvestmentTerms(
        purchases.price,
        purchases.n_terms,
        purchases.lag,
        purchases.has_tail,
        purchases.n_balance_rows,
        purchases.interest_factor[curve],
        purchases.days,
    )
    state = state_of(states, block)
    opening = arrays.opening
    start_deal(
        arrays.liability,
        state,
        arrays.deal.opening_fee_basis,
        opening.discounted_payments,
        opening.is_reached,
        opening.receipts,
        opening.contributions,
    )
    status, last = run_periods(
        arrays.deal,
        arrays.liability,
        arrays.program,
        arrays.metrics,
        arrays.curves.index_rate[curve],
        reinvestment,
        buffers.purchase_rates,
        state,
        buffers.pools,
        history,
    )
    figures.status[s] = status
    figures.last_period[s] = last
    figures.context[s, 0] = state.context[6]
    figures.context[s, 1] = state.context[7]
    measure_tranches(
        arrays.risk,
        arrays.curves.zero_rates[curve],
        history.tranche,
        state.tranche[:, TrancheState.LAST_CALCULATED],
        buffers.flows_by_tranche,
        figures.risk[s],
    )
    total_paid(history, last, s, figures)


@inlined_kernel
def total_paid(history: History, last: int, s: int, figures: ScenarioFigures) -> None:
    """Totals of scenario s over its periods (spec 02 §6.5)."""
    for t in range(history.tranche.shape[1]):
        interest, principal = 0.0, 0.0
        for i in range(last):
            row = history.tranche[i, t]
            interest += (
                row[TrancheState.INTEREST_PAID]
                + row[TrancheState.DEFERRED_INTEREST_PAID]
                + row[TrancheState.DEFERRED_PRINCIPAL_PAID]
            )
            principal += row[TrancheState.PRINCIPAL_PAID]
        figures.interest[s, t] = interest
        figures.principal[s, t] = principal
    for f in range(history.fee.shape[1]):
        paid = 0.0
        for i in range(last):
            paid += history.fee[i, f, 3]
        figures.fees[s, f] = paid
    incentive = 0.0
    for i in range(last):
        incentive += history.incentive[i, 1]
    figures.incentive[s] = incentive


def new_history(arrays: DealArrays) -> History:
    """Zeroed history without a trace."""
    n_periods = arrays.deal.payment_day.shape[0] - 1
    opening_day, opening_amount = arrays.metrics.opening_day, arrays.metrics.opening_amount
    n_rows = n_periods + 1 if arrays.metrics.measured else 0
    payments = SubNotePayments(
        np.concatenate((opening_day, np.zeros(n_rows, dtype=np.int64))), np.append(opening_amount, np.zeros(n_rows))
    )
    return History(
        np.zeros((n_periods, 5)),
        np.zeros((n_periods, arrays.liability.tranche.shape[0], 11)),
        np.zeros((n_periods, arrays.liability.fee.shape[0], 5)),
        np.zeros((n_periods, arrays.liability.oc_trigger.shape[0], 10)),
        np.zeros((n_periods, arrays.liability.ic_trigger.shape[0], 8)),
        np.zeros((n_periods, 3)),
        np.zeros(3),
        np.zeros((0, 6)),
        payments,
    )


@kernel
def run_block(
    arrays: DealArrays,
    rows: ScenarioRows,
    first: int,
    last: int,
    states: StateBlock,
    block: int,
    buffers: Buffers,
    history: History,
    figures: ScenarioFigures,
) -> None:
    """Run scenarios first .. last - 1 one after the other, in the state, buffers and history of one block."""
    for s in range(first, last):
        run_scenario(arrays, rows, s, buffers, states, block, history, figures)
