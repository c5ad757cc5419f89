"""Simulated paths of ratings through one deal: defaults and CCC flags of each path, and what is kept of its run.

A chunk of paths is run by one thread in its own buffers, so that a figure depends neither on the number of threads nor
on the other paths. Rating states are 0-based: 0 to 15 = AAA to B-, then CCC, default and matured (spec 04 §3.1).
"""

from math import nan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.analytics.kernels import solve_xirr
from engine.borrowing import borrowed
from engine.collateral.kernels import NEVER
from engine.collateral.kernels_pool import POOL_DEFAULT, POOL_NET_LOSS, POOL_RECOVERIES
from engine.deal.kernels import History, Pools
from engine.deal.kernels_risk import RiskTerms
from engine.deal.kernels_scenarios import Buffers, DealArrays, ScenarioFigures, ScenarioRows, run_scenario
from engine.liabilities.state import IcState, OcState, StateBlock, Status, TrancheState
from engine.numerics import inlined_kernel as kernel
from engine.numerics import kernel as outlined_kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int16]
Flags = npt.NDArray[np.bool_]
States = npt.NDArray[np.uint8]

# States as plain integers: `engine.rating_migration.fields` has them too, but is no kernel source.
CCC, DEFAULTED, MATURED = 16, 17, 18

# Columns of a tranche's measures, as `engine.deal.results.RISK_COLUMNS` names them; that is no kernel source either.
YIELD_AT_PRICE, WAL, N_MEASURES = 0, 3, 6

GUESS = 0.1
"""Rate from which the solver of the equity's return starts."""


class PathTerms(NamedTuple):
    """How rating paths meet a deal; T + 1 grid dates, A lanes, N periods.

    asset         (A,) int64, asset of the simulation in each lane, -1 for a lane that keeps its rating
    default_row   (T + 1, A) int64, row that defaults when the asset is first in default on a grid date
    ccc_row       (N + 1,) int64, latest grid date on or before each collection end; entry 0 unused
    is_grid_date  (N + 1,) bool, the collection end is that grid date
    swaps_middle  bool, ratings are looked up as the legacy model does (LQ-35)
    equity        int, position of the sub notes; event_of_default int, position of its OC test, -1 for none
    """

    asset: Ints
    default_row: Ints
    ccc_row: Ints
    is_grid_date: Flags
    swaps_middle: bool
    equity: int
    event_of_default: int


class PathFigures(NamedTuple):
    """What is kept of each path, all written; S paths, T tranches, F fees, K OC and J IC tests, N periods.

    interest, principal (S, T) currency paid, deferred interest repaid counts as interest; loss (S, T) currency,
    principal and deferred interest of a deferrable class that are never paid, 0 for the sub notes; loss_fraction (S, T)
    of the balance at the analysis date, NaN for a class without one; risk (S, T, 6) the tranche's measures, NaN where
    there is none; last_paid (S, T) last period with a payment, 0 for none. fees (S, F), incentive (S,) currency paid.
    equity_irr (S,) effective annual decimal at the sub notes' price, NaN where there is none; equity_multiple (S,)
    what they receive over that price.
    oc_first_breach (S, K), ic_first_breach (S, J) first period in which a test fails, 0 for never; oc_failed,
    ic_failed (S, K or J, bytes) a bit per period, period 1 the highest of the first byte (as numpy.packbits).
    defaulted, recovered, collateral_loss (S,) currency, assets of the deal and reinvested ones up to the last period,
    losses of a liquidation included; has_event_of_default (S,) bool; last_period (S,); status (S,) of the run,
    0 for a path that reached its end; failed_section, failed_step (S,) where it stopped.

    Amounts and rates of a path that stopped are NaN, its counts 0 and last_period is the failing period.
    """

    interest: Floats
    principal: Floats
    loss: Floats
    loss_fraction: Floats
    risk: Floats
    last_paid: Shorts
    fees: Floats
    incentive: Floats
    equity_irr: Floats
    equity_multiple: Floats
    oc_first_breach: Shorts
    ic_first_breach: Shorts
    oc_failed: States
    ic_failed: States
    defaulted: Floats
    recovered: Floats
    collateral_loss: Floats
    has_event_of_default: Flags
    last_period: Shorts
    status: Shorts
    failed_section: Shorts
    failed_step: Shorts

    @property
    def yield_at_price(self) -> Floats:
        """Yield of each tranche at its price, (S, T) decimals, NaN where there is none."""
        return self.risk[:, :, YIELD_AT_PRICE]

    @property
    def wal(self) -> Floats:
        """Average life of each tranche, (S, T) years."""
        return self.risk[:, :, WAL]


class PathBuffers(NamedTuple):
    """Working memory of one thread.

    paths (A, S, T + 1) uint8, states by lane and path; is_ccc (N + 1, A) bool, the one that the deal's terms hold;
    cash (N + 1,) float64 and days (N + 1,) int64, payments to the sub notes from their purchase on.
    """

    paths: States
    is_ccc: Flags
    cash: Floats
    days: Ints


def new_path_figures(n: int, n_tranches: int, n_fees: int, n_oc: int, n_ic: int, n_periods: int) -> PathFigures:
    """Zeroed figures of n paths."""
    n_bytes = (n_periods + 7) // 8

    def amounts(*shape: int) -> Floats:
        return np.zeros((n, *shape))

    def counts(*shape: int) -> Shorts:
        return np.zeros((n, *shape), dtype=np.int16)

    return PathFigures(
        interest=amounts(n_tranches),
        principal=amounts(n_tranches),
        loss=amounts(n_tranches),
        loss_fraction=amounts(n_tranches),
        risk=amounts(n_tranches, N_MEASURES),
        last_paid=counts(n_tranches),
        fees=amounts(n_fees),
        incentive=amounts(),
        equity_irr=amounts(),
        equity_multiple=amounts(),
        oc_first_breach=counts(n_oc),
        ic_first_breach=counts(n_ic),
        oc_failed=np.zeros((n, n_oc, n_bytes), dtype=np.uint8),
        ic_failed=np.zeros((n, n_ic, n_bytes), dtype=np.uint8),
        defaulted=amounts(),
        recovered=amounts(),
        collateral_loss=amounts(),
        has_event_of_default=np.zeros(n, dtype=np.bool_),
        last_period=counts(),
        status=counts(),
        failed_section=counts(),
        failed_step=counts(),
    )


@outlined_kernel
def run_paths(
    arrays: DealArrays,
    rows: ScenarioRows,
    terms: PathTerms,
    states: States,
    recovery: Floats,
    n_paths: int,
    buffers: Buffers,
    own: PathBuffers,
    block_states: StateBlock,
    block: int,
    history: History,
    single: ScenarioFigures,
    figures: PathFigures,
) -> None:
    """Run the first n_paths paths of a chunk one after the other.

    arrays   : the deal, whose flags of CCC assets are own.is_ccc
    rows     : one row, whose defaults and recoveries are overwritten path by path
    states   : (T + 1, n, B) uint8, rating state of each simulated asset on each grid date
    recovery : (B, n) float64, part of a default that is recovered, NaN for 1 - severity; (0, 0) for none at all
    single   : figures of one scenario, scratch
    figures  : rows 0 .. n_paths - 1 written
    """
    gather_paths(terms.asset, states, n_paths, own.paths)
    for j in range(n_paths):
        set_path(terms, own.paths, recovery, j, rows.default_row[0], rows.event_recovery[0], own.is_ccc)
        run_scenario(arrays, rows, 0, buffers, block_states, block, history, single)
        keep_status(single, figures, j)
        if single.status[0] != Status.OK:
            forget_path(figures, j)
            continue
        last = single.last_period[0]
        keep_tranches(arrays, terms, history, single, last, own, figures, j)
        keep_tests(terms, history, last, figures, j)
        keep_collateral(buffers.pools, last, figures, j)
        if arrays.deal.is_event_of_default:
            figures.has_event_of_default[j] = True


@outlined_kernel
def gather_paths(asset: Ints, states: States, n_paths: int, paths: States) -> None:
    """Turn the states of a chunk so that each path of a lane lies together; lanes without a path are left alone."""
    asset, states, paths = borrowed(asset), borrowed(states), borrowed(paths)
    for a in range(asset.shape[0]):
        if asset[a] < 0:
            continue
        for t in range(states.shape[0]):
            source = states[t, asset[a]]
            for j in range(n_paths):
                paths[a, j, t] = source[j]


@outlined_kernel
def set_path(
    terms: PathTerms,
    paths: States,
    recovery: Floats,
    j: int,
    default_row: Ints,
    event_recovery: Floats,
    is_ccc: Flags,
) -> None:
    """Defaults, recoveries and CCC flags of path j; lanes without a path never default and keep their flags."""
    terms, paths, recovery = borrowed(terms), borrowed(paths), borrowed(recovery)
    default_row, event_recovery, is_ccc = borrowed(default_row), borrowed(event_recovery), borrowed(is_ccc)
    n_dates = paths.shape[2]
    for a in range(terms.asset.shape[0]):
        default_row[a], event_recovery[a] = NEVER, nan
        if terms.asset[a] < 0:
            continue
        path = paths[a, j]
        end = 0
        while end < n_dates and path[end] < DEFAULTED:
            end += 1
        if end < n_dates and path[end] == DEFAULTED:
            default_row[a] = terms.default_row[end, a]
            if recovery.shape[0]:
                event_recovery[a] = recovery[j, terms.asset[a]]
        n_entries = min(end + 1, n_dates)
        if terms.swaps_middle and n_entries == 1:
            continue
        for i in range(1, is_ccc.shape[0]):
            t = min(terms.ccc_row[i], n_entries - 1)
            if terms.swaps_middle and is_in_middle(n_entries, t, terms.is_grid_date[i]):
                t -= 1
            is_ccc[i, a] = path[t] == CCC


@kernel
def is_in_middle(n_entries: int, t: int, is_grid_date: bool) -> bool:
    """Whether the legacy look-up returns the entry before the latest one, t, of a rating history (LQ-35)."""
    return n_entries >= 4 and n_entries % 2 == 0 and t == n_entries // 2 and not is_grid_date


@kernel
def keep_status(single: ScenarioFigures, figures: PathFigures, j: int) -> None:
    """Where and how the run of a path ended."""
    figures.last_period[j] = single.last_period[0]
    figures.status[j] = single.status[0]
    is_stopped = single.status[0] != Status.OK
    figures.failed_section[j] = single.context[0, 0] if is_stopped else 0
    figures.failed_step[j] = single.context[0, 1] if is_stopped else 0
    figures.has_event_of_default[j] = False


@kernel
def forget_path(figures: PathFigures, j: int) -> None:
    """A path that stopped has no figures."""
    for amounts in (
        figures.interest,
        figures.principal,
        figures.loss,
        figures.loss_fraction,
        figures.fees,
    ):
        amounts[j] = nan
    figures.risk[j] = nan
    for totals in (
        figures.incentive,
        figures.equity_irr,
        figures.equity_multiple,
        figures.defaulted,
        figures.recovered,
        figures.collateral_loss,
    ):
        totals[j] = nan
    figures.last_paid[j] = 0
    figures.oc_first_breach[j] = 0
    figures.ic_first_breach[j] = 0
    figures.oc_failed[j] = 0
    figures.ic_failed[j] = 0


@outlined_kernel
def keep_tranches(
    arrays: DealArrays,
    terms: PathTerms,
    history: History,
    single: ScenarioFigures,
    last: int,
    own: PathBuffers,
    figures: PathFigures,
    j: int,
) -> None:
    """Payments, losses and measures of every tranche in path j, fees, and the return of the sub notes."""
    risk = arrays.risk
    for t in range(risk.balance.shape[0]):
        figures.interest[j, t] = single.interest[0, t]
        figures.principal[j, t] = single.principal[0, t]
        figures.risk[j, t] = single.risk[0, t]
        loss = 0.0
        if t != terms.equity:
            loss = history.tranche[last - 1, t, TrancheState.BALANCE_END]
            if risk.is_deferrable[t] != 0.0:
                loss += history.tranche[last - 1, t, TrancheState.DEFERRED_END]
        figures.loss[j, t] = loss
        figures.loss_fraction[j, t] = loss / risk.balance[t] if risk.balance[t] > 0.0 else nan
        paid = 0
        for i in range(last):
            if payment(history, i, t) > 0.0:
                paid = i + 1
        figures.last_paid[j, t] = paid
    figures.fees[j] = single.fees[0]
    figures.incentive[j] = single.incentive[0]
    keep_equity(risk, terms.equity, history, last, own, figures, j)


@kernel
def keep_equity(
    risk: RiskTerms,
    equity: int,
    history: History,
    last: int,
    own: PathBuffers,
    figures: PathFigures,
    j: int,
) -> None:
    """Return and multiple of the sub notes bought at their price on the analysis date."""
    cost = risk.price[equity] * risk.balance[equity]
    own.days[0], own.cash[0] = risk.settle, -cost
    received = 0.0
    for i in range(last):
        own.days[i + 1] = risk.days[i]
        own.cash[i + 1] = payment(history, i, equity)
        received += own.cash[i + 1]
    rate, _ = solve_xirr(own.cash, own.days, last + 1, GUESS)
    figures.equity_irr[j] = rate
    figures.equity_multiple[j] = received / cost if cost > 0.0 else nan


@kernel
def payment(history: History, i: int, t: int) -> float:
    """All cash to a tranche in period i + 1, currency."""
    row = history.tranche[i, t]
    return (
        row[TrancheState.INTEREST_PAID]
        + row[TrancheState.PRINCIPAL_PAID]
        + row[TrancheState.DEFERRED_INTEREST_PAID]
        + row[TrancheState.DEFERRED_PRINCIPAL_PAID]
    )


@outlined_kernel
def keep_tests(terms: PathTerms, history: History, last: int, figures: PathFigures, j: int) -> None:
    """Periods in which each coverage test fails, and whether the event of default does."""
    for k in range(history.oc.shape[1]):
        figures.oc_first_breach[j, k] = note_breaches(
            history.oc[:, k, OcState.IS_PASSED], last, figures.oc_failed[j, k]
        )
    for k in range(history.ic.shape[1]):
        figures.ic_first_breach[j, k] = note_breaches(
            history.ic[:, k, IcState.IS_PASSED], last, figures.ic_failed[j, k]
        )
    if terms.event_of_default >= 0:
        figures.has_event_of_default[j] = figures.oc_first_breach[j, terms.event_of_default] > 0


@kernel
def note_breaches(is_passed: Floats, last: int, failed: States) -> int:
    """First period in which a test fails, 0 for never; failed (bytes,) uint8 written, a bit per period."""
    first = 0
    failed[:] = 0
    for i in range(last):
        if is_passed[i] == 0.0:
            failed[i // 8] |= np.uint8(128 >> i % 8)
            if first == 0:
                first = i + 1
    return first


@kernel
def keep_collateral(pools: Pools, last: int, figures: PathFigures, j: int) -> None:
    """Defaults, recoveries and losses of the collateral in path j."""
    defaulted, recovered, lost = 0.0, 0.0, 0.0
    for i in range(1, last + 1):
        defaulted += pools.pool[i, POOL_DEFAULT] + pools.book[i, POOL_DEFAULT]
        recovered += pools.pool[i, POOL_RECOVERIES] + pools.book[i, POOL_RECOVERIES]
        lost += pools.pool[i, POOL_NET_LOSS] + pools.book[i, POOL_NET_LOSS]
    figures.defaulted[j] = defaulted
    figures.recovered[j] = recovered
    figures.collateral_loss[j] = lost
