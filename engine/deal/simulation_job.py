"""A simulation cut into blocks: rating paths, the fields of every pool, and the deals' cash flows along them.

A block is a pure function of the job and its number; it runs on one thread, wherever that is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.deal.kernels_simulation import PathFigures
from engine.deal.simulated import figures_of, joined
from engine.deal.simulation import DealSimulation, PathRunner
from engine.rating_migration.dependence import FactorLoadings
from engine.rating_migration.draws import CHUNK, RECOVERY_STREAM
from engine.rating_migration.fields import DEFAULTED, N_FIELDS
from engine.rating_migration.kernels_fields import Positions
from engine.rating_migration.plan import SimulationPlan
from engine.rating_migration.pool_paths import N_BALANCE_ROWS, N_LOAN_ROWS, PoolPaths, PoolTally, pool_fields
from engine.rating_migration.recovery import RecoveryModel
from engine.rating_migration.walking import ChunkWalker

Floats = npt.NDArray[np.float64]
States = npt.NDArray[np.uint8]

CHUNKS_A_BLOCK = 4
"""512 simulations a block: enough to be worth sending, few enough that ten thousand occupy every core to the end."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedPool:
    """A pool whose paths are reported: its name, its positions, and the deal to run along the paths, if any."""

    name: str
    positions: Positions
    deal: DealSimulation | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulationJob:
    """The blocks of a simulation; key and label as in `engine.desk.blocks.job.BlockJob`.

    recovery: rates that scatter around 1 - severity; None for severities as assumed.
    """

    key: str
    label: str
    plan: SimulationPlan
    pools: tuple[SimulatedPool, ...]
    recovery: RecoveryModel | None = None

    @property
    def n_blocks(self) -> int:
        """Blocks of 512 simulations; the last may hold fewer."""
        return -(-self.plan.draws.n_chunks // CHUNKS_A_BLOCK)

    @property
    def bytes_per_block(self) -> int:
        """Estimated working memory of a block: the states of a chunk, the plan, and what is kept of every pool."""
        n_rows = self.plan.n_periods + 1
        states = n_rows * self.plan.n_assets * CHUNK * (2 if self.plan.issuers else 1)
        kept = n_rows * CHUNK * CHUNKS_A_BLOCK * (2 * N_LOAN_ROWS + 8 * N_BALANCE_ROWS)
        dense = 8 * self.plan.n_assets**2
        return states + 3 * kept * len(self.pools) + 2 * dense + (64 << 20)

    def run(self, block: int) -> Mapping[str, npt.NDArray[np.generic]]:
        """Arrays of a block by name: `pool number.loans`, `.balances`, and of a deal `.figure` for every figure."""
        walker = ChunkWalker(self.plan)
        tallies = [PoolPaths(pool.positions, self.plan.n_periods, CHUNK) for pool in self.pools]
        runners = [None if pool.deal is None else PathRunner(pool.deal) for pool in self.pools]
        parts: list[list[PoolTally]] = [[] for _ in self.pools]
        figures: list[list[PathFigures]] = [[] for _ in self.pools]
        for chunk in self._chunks(block):
            states = walker.states(chunk)
            n_paths = min(CHUNK, self.plan.draws.n_simulations - chunk * CHUNK)
            recovered = None
            if self.recovery is not None and any(runners):
                recovered = recoveries(self.plan, self.recovery, walker, chunk, states)
            for number, (tally, runner) in enumerate(zip(tallies, runners, strict=True)):
                parts[number].append(_first(tally.tally(states), n_paths))
                if runner is not None:
                    figures[number].append(runner.run(states, recovered, n_paths))
        return _named(parts, figures)

    def _chunks(self, block: int) -> range:
        return range(CHUNKS_A_BLOCK * block, min(CHUNKS_A_BLOCK * (block + 1), self.plan.draws.n_chunks))

    def simulations_of(self, block: int) -> slice:
        """Which simulations, from 0, a block holds."""
        first = block * CHUNKS_A_BLOCK * CHUNK
        return slice(first, min(first + CHUNKS_A_BLOCK * CHUNK, self.plan.draws.n_simulations))


def recoveries(plan: SimulationPlan, model: RecoveryModel, walker: ChunkWalker, chunk: int, states: States) -> Floats:
    """Recovery rates (CHUNK, n) of the assets that default in a chunk, NaN for the others.

    An asset's own draw belongs to the asset, not to the period of its default; the systematic shock is that of its
    first factor, which all assets share where there is such a one, in the period of the default, and 0 under a full
    correlation matrix.
    """
    is_default = states == DEFAULTED
    has_defaulted = is_default[-1] & ~is_default[0]
    asset, simulation = np.nonzero(has_defaulted)
    period = is_default[:, asset, simulation].argmax(axis=0)
    own = walker.normals(chunk, 0, RECOVERY_STREAM, plan.n_assets)[asset, simulation]
    systematic = np.zeros(len(asset))
    if isinstance(plan.dependence, FactorLoadings) and plan.dependence.n_factors:
        walked = asset if plan.issuers is None else plan.issuers.issuer[asset]
        factor = plan.dependence.factor[walked, 0]
        systematic = walker.factors(chunk)[period - 1, factor, simulation]
    rates = np.full((states.shape[2], plan.n_assets), np.nan)
    rates[simulation, asset] = model.rates(asset, systematic, own)
    return rates


def _first(tally: PoolTally, n_paths: int) -> PoolTally:
    return PoolTally(tally.loans[:, :, :n_paths], tally.balances[:, :, :n_paths])


def _named(
    parts: Sequence[Sequence[PoolTally]], figures: Sequence[Sequence[PathFigures]]
) -> dict[str, npt.NDArray[np.generic]]:
    named: dict[str, npt.NDArray[np.generic]] = {}
    for number, (tallies, runs) in enumerate(zip(parts, figures, strict=True)):
        named[f"{number}.loans"] = np.concatenate([tally.loans for tally in tallies], axis=2)
        named[f"{number}.balances"] = np.concatenate([tally.balances for tally in tallies], axis=2)
        if runs:
            for name, array in joined(runs)._asdict().items():
                named[f"{number}.{name}"] = array
    return named


class SimulationResults:
    """Gathers the blocks of a job: every block in its place, in whatever order they come."""

    def __init__(self, job: SimulationJob, new_array: Callable[[tuple[int, ...]], Floats] = np.empty) -> None:
        """new_array: makes the array (N_FIELDS, T + 1, S) of each pool, which may lie in a file where it is large."""
        shape = N_FIELDS, job.plan.n_periods + 1, job.plan.draws.n_simulations
        self._job = job
        self._fields = [new_array(shape) for _ in job.pools]
        self._figures: list[dict[int, PathFigures]] = [{} for _ in job.pools]

    def receive(self, block: int, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Take the arrays of a block."""
        place = self._job.simulations_of(block)
        for number, pool in enumerate(self._job.pools):
            tally = PoolTally(
                np.asarray(arrays[f"{number}.loans"], dtype=np.uint16),
                np.asarray(arrays[f"{number}.balances"], dtype=np.float64),
            )
            pool_fields(tally, self._job.plan.grid.years, self._fields[number][:, :, place])
            if pool.deal is not None:
                self._figures[number][block] = figures_of(
                    {name: arrays[f"{number}.{name}"] for name in PathFigures._fields}
                )

    def fields(self, number: int) -> Floats:
        """Fields of a pool, (N_FIELDS, T + 1, S)."""
        return self._fields[number]

    def figures(self, number: int) -> PathFigures | None:
        """Figures of the deal of a pool along every path; None for a pool without a deal."""
        found = self._figures[number]
        return joined([found[block] for block in sorted(found)]) if found else None
