"""Compile the kernels of simulations by walking a few paths of the demo deal both ways and through its waterfall."""

import numpy as np

from engine.deal.base_balances import positions_of
from engine.deal.contract import Deal
from engine.deal.resolve import resolve
from engine.deal.run import DealMarket
from engine.deal.simulation import DealSimulation
from engine.deal.simulation_job import SimulatedPool, SimulationJob
from engine.desk.simulations.build import simulated_assets
from engine.rating_migration.dependence import CholeskyFactor, Dependence
from engine.rating_migration.draws import Draws
from engine.rating_migration.factor_model import one_factor
from engine.rating_migration.grid import regular_grid
from engine.rating_migration.plan import plan_simulation
from engine.rating_migration.transition import Step, rating_transitions
from engine.snapshot import WorkbookSnapshot
from engine.waterfall.program import Program


def compile_simulation_kernels(book: WorkbookSnapshot, deal: Deal, market: DealMarket, program: Program) -> None:
    """Compile into the disk cache; nothing is kept."""
    matrix, as_of = book.transition_matrix, book.analysis_date
    if matrix is None:
        return
    transitions = rating_transitions(matrix.ratings, matrix.matrix, accepts_error=True)
    assets = simulated_assets([holding.asset for holding in deal.holdings], as_of)
    grid = regular_grid(as_of, max(asset.maturity for asset in assets), Step.ANNUAL)
    place = {asset.blkrock_id: i for i, asset in enumerate(assets)}
    positions = positions_of(deal.holdings, grid.days, place, as_of, market.calendar, market.curve)
    resolved = resolve(deal, program, market.calendar, (market.curve,), as_of)
    simulation = DealSimulation.of(resolved, grid.days, place)
    dependences: tuple[Dependence, ...] = (
        one_factor(len(assets), 0.3),
        CholeskyFactor(lower=np.eye(len(assets))),
    )
    for dependence in dependences:
        plan = plan_simulation(assets, grid, transitions, dependence, Draws(seed=1, n_simulations=8))
        pool = SimulatedPool(name=deal.name, positions=positions, deal=simulation)
        SimulationJob(key="", label="", plan=plan, pools=(pool,)).run(0)
