"""Simulated rating paths of a pool run through a deal's cash flows and waterfall, one by one (spec 04 §7, §11.7).

A `DealSimulation` is made once from a resolved deal and the grid of the simulation; it can be sent to another process.
A `PathRunner` belongs to one thread and turns the states of a chunk into figures by path.

In a simulation an asset defaults when its path does: on its first payment date on or after the grid date on which it is
first in default, or on its last one where the default falls between the last two (spec 04 Q6, Q20). Its assumed default
rate takes no part; prepayment, severity and recovery lag are as assumed. Reinvested collateral has no path and keeps
its own assumptions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
import numpy.typing as npt

from engine.collateral.kernels import NEVER
from engine.collateral.kernels_pool import PeriodGrid
from engine.collateral.layout import PoolLayout
from engine.conventions.days import day_number, to_date
from engine.deal.assumptions import BASE, Scenario
from engine.deal.kernels_scenarios import DealArrays, ScenarioRows, new_buffers, new_history
from engine.deal.kernels_simulation import PathBuffers, PathFigures, PathTerms, new_path_figures, run_paths
from engine.deal.outcome import to_result
from engine.deal.resolve import ResolvedDeal
from engine.deal.results import DealResult
from engine.deal.run import OWN_ROW, block_states, new_figures, scenario_rows
from engine.errors import InputError
from engine.modes import Quirk

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]

NOT_SIMULATED = -1
SHOWN = 10
"""Ids that an error names."""

_NO_RECOVERY = np.zeros((0, 0))


@dataclass(frozen=True, slots=True, eq=False)
class DealSimulation:
    """A deal that waits for rating paths; T + 1 grid dates, A lanes.

    arrays: as resolved, but without assumed defaults of the deal's own assets. rows: the one row of shocks. n_assets:
    assets that a chunk of states has at least.
    """

    resolved: ResolvedDeal
    arrays: DealArrays
    rows: ScenarioRows
    terms: PathTerms
    n_dates: int
    n_assets: int

    @classmethod
    def of(
        cls,
        resolved: ResolvedDeal,
        grid: Ints,
        asset_of_id: Mapping[str, int],
        scenario: Scenario = BASE,
        *,
        curve: int = 0,
    ) -> Self:
        """Prepare a resolved deal.

        grid: (T + 1,) int64 day numbers of the simulation, the first the analysis date. asset_of_id: place of each
        simulated asset among the states. scenario: shocks of prepayment and severity; its multiplier of the default
        rate applies to reinvested collateral only, and its shift of the curve is that of the curve chosen. curve: which
        of the curves that the deal was resolved with.

        Raises InputError CLO-1320 for assets that are held but not simulated, CLO-1321 for a grid that does not ascend
        from the analysis date, CLO-1322 for one that ends before the assets do.
        """
        _check_grid(resolved, grid)
        asset = _asset_of_lane(resolved.layout, asset_of_id)
        _check_horizon(resolved, grid, asset)
        collateral = resolved.arrays.collateral
        periods = collateral.periods
        quirks = resolved.layout.quirks
        if Quirk.DEFAULT_AT_ACCRUAL_BEGIN not in quirks:
            periods = dated_by_payment(periods, collateral.grid.lane_end)
        own_defaults = np.zeros_like(collateral.cdr_annual)
        ccc_row = np.maximum(np.searchsorted(grid, resolved.schedule.collection_end, side="right") - 1, 0)
        return cls(
            resolved=resolved,
            arrays=resolved.arrays._replace(collateral=collateral._replace(periods=periods, cdr_annual=own_defaults)),
            rows=_row_of(resolved, scenario, curve),
            terms=PathTerms(
                asset=asset,
                default_row=_default_rows(resolved.layout, grid),
                ccc_row=ccc_row.astype(np.int64),
                is_grid_date=grid[ccc_row] == resolved.schedule.collection_end,
                swaps_middle=Quirk.DESCENDING_SORT_MIDDLE in quirks,
                equity=next(t for t, tranche in enumerate(resolved.deal.tranches) if tranche.is_equity),
                event_of_default=int(resolved.arrays.program.event_of_default),
            ),
            n_dates=int(grid.shape[0]),
            n_assets=int(asset.max(initial=NOT_SIMULATED)) + 1,
        )

    def new_figures(self, n_paths: int) -> PathFigures:
        """Zeroed figures of n paths of this deal."""
        waterfall = self.resolved.waterfall
        return new_path_figures(
            n_paths,
            len(self.resolved.deal.tranches),
            len(self.resolved.deal.fees),
            len(waterfall.oc_names),
            len(waterfall.ic_names),
            self.resolved.schedule.n_periods,
        )


class PathRunner:
    """The working memory of one thread for one deal; its buffers serve chunk after chunk."""

    def __init__(self, simulation: DealSimulation) -> None:
        arrays = simulation.arrays
        self._simulation = simulation
        own_flags = arrays.deal.is_ccc.copy()
        self._arrays = arrays._replace(deal=arrays.deal._replace(is_ccc=own_flags))
        self._rows = simulation.rows._replace(
            default_row=simulation.rows.default_row.copy(), event_recovery=simulation.rows.event_recovery.copy()
        )
        self._buffers = new_buffers(arrays)
        self._history = new_history(arrays)
        self._states = block_states(simulation.resolved)
        self._single = new_figures(1, simulation.resolved)
        n_periods = simulation.resolved.schedule.n_periods
        self._flags = own_flags
        self._cash = np.zeros(n_periods + 1)
        self._days = np.zeros(n_periods + 1, dtype=np.int64)
        self._paths = np.zeros((0, 0, 0), dtype=np.uint8)

    def run(self, states: States, recovery: Floats | None = None, n_paths: int | None = None) -> PathFigures:
        """Figures of the paths of a chunk, simulation first; a path that the program stops has a status.

        states: (T + 1, n, B) uint8, rating state of every simulated asset on every grid date. recovery: (B, n) part of
        a default that is recovered, NaN for 1 - severity; None for that everywhere. n_paths: how many of the chunk's
        paths to run, by default all.

        Raises InputError CLO-1323 for arrays of another shape or type, CLO-1324 for recoveries outside 0 to 1.
        """
        simulation = self._simulation
        chosen = states.shape[2] if n_paths is None and states.ndim == 3 else n_paths or 0
        recovered = _NO_RECOVERY if recovery is None else recovery
        _check_chunk(simulation, states, recovered, chosen)
        if self._paths.shape[1] < chosen:
            self._paths = np.zeros((simulation.terms.asset.shape[0], states.shape[2], simulation.n_dates), np.uint8)
        figures = simulation.new_figures(chosen)
        run_paths(
            self._arrays,
            self._rows,
            simulation.terms,
            np.ascontiguousarray(states),
            np.ascontiguousarray(recovered),
            chosen,
            self._buffers,
            PathBuffers(self._paths, self._flags, self._cash, self._days),
            self._states,
            OWN_ROW,
            self._history,
            self._single,
            figures,
        )
        return figures

    def replay(self, states: States, path: int, recovery: Floats | None = None) -> DealResult:
        """The whole run of one path of a chunk, period by period; arguments and errors as `run`."""
        own_recovery = None if recovery is None else recovery[path : path + 1]
        self.run(states[:, :, path : path + 1], own_recovery)
        return to_result(
            self._simulation.resolved, self._history, self._buffers.pools, self._single, self._states, OWN_ROW
        )


def dated_by_payment(periods: PeriodGrid, lane_end: Ints) -> PeriodGrid:
    """The same periods, with the defaults of every row in the one in which the row is paid (spec 04 Q20).

    lane_end: (K,) lanes of the rows that have anything.
    """
    n_periods = periods.lane_end.shape[0] - 1
    n_rows = lane_end.shape[0]
    period = np.searchsorted(periods.row_begin, np.arange(n_rows), side="right") - 1
    kept = np.flatnonzero((period >= 1) & (period <= n_periods) & (lane_end > 0))
    start = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(kept, minlength=n_rows), out=start[1:])
    return periods._replace(
        default_start=start,
        default_begin=np.zeros(kept.shape[0], dtype=np.int64),
        default_end=lane_end[kept].astype(np.int64),
        default_period=period[kept].astype(np.int64),
    )


def _row_of(resolved: ResolvedDeal, scenario: Scenario, curve: int) -> ScenarioRows:
    """The shocks of a scenario, with a default of each lane that the paths fill in."""
    n_lanes = resolved.layout.n_assets
    return scenario_rows(
        resolved,
        cpr_multiplier=np.array([scenario.cpr_multiplier]),
        cdr_multiplier=np.array([scenario.cdr_multiplier]),
        severity_shift=np.array([scenario.severity_shift]),
        curve=np.array([curve], dtype=np.int64),
    )._replace(default_row=np.full((1, n_lanes), NEVER, dtype=np.int64), event_recovery=np.full((1, n_lanes), np.nan))


def _asset_of_lane(layout: PoolLayout, asset_of_id: Mapping[str, int]) -> Ints:
    """Simulated asset of each lane; what has matured or is in default already needs none."""
    asset = np.array([asset_of_id.get(item.asset.blkrock_id, NOT_SIMULATED) for item in layout.holdings], np.int64)
    missing = _in_order(
        layout,
        [
            place < 0 and rows.n_rows > 0 and not item.asset.default_asset
            for item, rows, place in zip(layout.holdings, layout.rows, asset.tolist(), strict=True)
        ],
    )
    if missing:
        raise InputError(
            "CLO-1320",
            f"{len(missing)} assets of the deal are not simulated: {_listed(missing)}",
            where="the simulation",
            remedy="Give them a rating and a place in the correlation, or sell them from the deal.",
        )
    return asset


def _check_grid(resolved: ResolvedDeal, grid: Ints) -> None:
    analysis = day_number(resolved.as_of)
    if grid.ndim != 1 or grid.shape[0] < 2 or grid[0] != analysis or np.any(np.diff(grid) <= 0):
        raise InputError(
            "CLO-1321",
            f"The dates of the simulation do not ascend from {resolved.as_of}",
            where="the simulation",
            remedy="Begin the grid on the analysis date of the deal.",
        )


def _check_horizon(resolved: ResolvedDeal, grid: Ints, asset: Ints) -> None:
    """Without a grid date at its end an asset would be safe from there on."""
    last_end = int(resolved.schedule.collection_end[-1])
    last_row = [rows.n_rows - rows.n_tail - 1 for rows in resolved.layout.rows]
    beyond = _in_order(
        resolved.layout,
        [
            place >= 0
            and row >= 0
            and min(int(rows.payment[row]), day_number(item.asset.maturity or date.max), last_end) > grid[-1]
            for item, rows, row, place in zip(
                resolved.layout.holdings, resolved.layout.rows, last_row, asset.tolist(), strict=True
            )
        ],
    )
    if beyond:
        raise InputError(
            "CLO-1322",
            f"The simulation ends on {to_date(int(grid[-1]))}, before {len(beyond)} assets do: {_listed(beyond)}",
            where="the simulation",
            remedy="Simulate up to the last maturity.",
        )


def _default_rows(layout: PoolLayout, grid: Ints) -> Ints:
    """Row that defaults for a default first seen on each grid date, (T + 1, A); none once the last payment was made."""
    found = np.full((grid.shape[0], layout.n_assets), NEVER, dtype=np.int64)
    for lane, (rows, place) in enumerate(zip(layout.rows, layout.plan.places, strict=True)):
        n_live = rows.n_rows - rows.n_tail
        if not n_live:
            continue
        row = np.minimum(np.searchsorted(rows.payment[:n_live], grid), n_live - 1)
        # Rows that the plan leaves out lie behind the deal's last period.
        row_of = np.full(n_live, NEVER, dtype=np.int64)
        kept = min(n_live, place.shape[0])
        row_of[:kept] = place[:kept]
        is_over = np.append(False, grid[:-1] >= rows.payment[n_live - 1])
        found[:, lane] = np.where(is_over, NEVER, row_of[row])
    return found


def _check_chunk(simulation: DealSimulation, states: States, recovery: Floats, n_paths: int) -> None:
    is_fit = (
        states.ndim == 3
        and states.dtype == np.uint8
        and states.shape[0] == simulation.n_dates
        and states.shape[1] >= simulation.n_assets
        and 0 < n_paths <= states.shape[2]
    )
    if not is_fit or (recovery.shape[0] and recovery.shape != (states.shape[2], states.shape[1])):
        raise InputError(
            "CLO-1323",
            f"States {states.dtype} {states.shape} with recoveries {recovery.shape} for {n_paths} paths do not fit "
            f"{simulation.n_dates} dates and {simulation.n_assets} assets",
            where="the simulation",
            remedy="Hand over states (dates, assets, paths) of type uint8 and recoveries (paths, assets).",
        )
    if recovery.size and (np.fmin.reduce(recovery, axis=None) < 0.0 or np.fmax.reduce(recovery, axis=None) > 1.0):
        raise InputError(
            "CLO-1324",
            "A simulated recovery rate lies outside 0 and 1",
            where="the simulation",
            remedy="Give the part of the defaulted amount that is recovered.",
        )


def _in_order(layout: PoolLayout, is_meant: Sequence[bool]) -> list[str]:
    """Ids of the lanes that are meant, in the order in which the deal holds them."""
    lanes = [lane for lane in np.argsort(layout.position).tolist() if is_meant[lane]]
    return [layout.holdings[lane].asset.blkrock_id for lane in lanes]


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")
