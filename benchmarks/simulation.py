"""Rating paths and the deals along them: what they cost beside the arithmetic that nobody can leave out.

The first figures stand for the states of every asset on every date; later ones for the fields of a pool too. The pool
is made up; the deal is the reference data's own where CLODESK_REFERENCE leads to it, else the demo deal.
"""

import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from benchmarks.deal import real_size_deal
from benchmarks.figures import Figure, Unit, in_fresh_process, median_seconds
from engine.conventions.days import day_number
from engine.deal.base_balances import positions_of
from engine.deal.simulation import DealSimulation
from engine.deal.simulation_job import SimulatedPool, SimulationJob
from engine.rating_migration.dependence import CholeskyFactor, Dependence
from engine.rating_migration.draws import CHUNK, Draws
from engine.rating_migration.factor_model import FactorModel
from engine.rating_migration.fields import DEFAULTED
from engine.rating_migration.grid import regular_grid
from engine.rating_migration.kernels_fields import Positions
from engine.rating_migration.plan import SimulatedAsset, SimulationPlan, plan_simulation
from engine.rating_migration.transition import RatingTransitions, Step, rating_transitions
from engine.rating_migration.walking import ChunkWalker
from workbooks.demo import demo_snapshot

Floats = npt.NDArray[np.float64]

AS_OF, MATURITY, YEARS = date(2016, 3, 23), date(2026, 3, 23), 10
N_SIMULATIONS, N_CORES, N_INDUSTRIES = 10_000, 2, 33
MARKET, INDUSTRY = 0.20, 0.30
N_NUMPY = 500
"""Paths of the numpy version, which is scaled up."""


def transitions() -> RatingTransitions:
    """Those of the demo workbook."""
    matrix = demo_snapshot().transition_matrix
    assert matrix is not None
    return rating_transitions(matrix.ratings, matrix.matrix)


def made_plan(n_assets: int, step: Step, *, is_full: bool, n_simulations: int = N_SIMULATIONS) -> SimulationPlan:
    """Assets from BB+ to CCC that live ten years, under the factor model or the full matrix that equals it."""
    rng = np.random.default_rng(489)
    industries = [str(i % N_INDUSTRIES) for i in range(n_assets)]
    assets = [
        SimulatedAsset(blkrock_id=f"A{i}", state=state, maturity=MATURITY)
        for i, state in enumerate(rng.integers(10, DEFAULTED, n_assets).tolist())
    ]
    dependence: Dependence = FactorModel(market=MARKET, industry=INDUSTRY, issuer=INDUSTRY).loadings(
        [asset.blkrock_id for asset in assets], industries
    )
    if is_full:
        same = np.array(industries)[:, np.newaxis] == np.array(industries)
        matrix = np.where(same, INDUSTRY, MARKET)
        np.fill_diagonal(matrix, 1.0)
        dependence = CholeskyFactor(lower=np.linalg.cholesky(matrix))
    grid = regular_grid(AS_OF, MATURITY, step)
    return plan_simulation(assets, grid, transitions(), dependence, Draws(seed=12, n_simulations=n_simulations))


def made_positions(plan: SimulationPlan) -> Positions:
    """A million of each asset, a quarter of a percent of it repaid every period."""
    owed = 1e6 * np.cumprod(np.full((plan.n_periods + 1, plan.n_assets), 0.9975), axis=0)
    return Positions(np.arange(plan.n_assets), owed, owed)


def run_job(job: SimulationJob) -> None:
    """All blocks on two threads; what they return is dropped."""
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(N_CORES) as pool:
        for _ in pool.map(job.run, range(job.n_blocks)):
            pass


def walk_paths(plan: SimulationPlan) -> None:
    """The states of all chunks on two threads; they are overwritten one after the other."""

    def work(first: int) -> None:
        walker = ChunkWalker(plan)
        for chunk in range(first, plan.draws.n_chunks, N_CORES):
            walker.states(chunk)

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(N_CORES) as pool:
        list(pool.map(work, range(N_CORES)))


def pool_job(plan: SimulationPlan) -> SimulationJob:
    """A job of one pool without a deal."""
    return SimulationJob(key="", label="", plan=plan, pools=(SimulatedPool(name="", positions=made_positions(plan)),))


def product_and_draws(plan: SimulationPlan) -> None:
    """What correlated shocks take at least: normal draws, and their product with the triangular factor."""
    dependence = plan.dependence
    assert isinstance(dependence, CholeskyFactor)

    def work(first: int) -> None:
        walker = ChunkWalker(plan)
        for chunk in range(first, plan.draws.n_chunks, N_CORES):
            for t in range(1, plan.n_periods + 1):
                walker.correlated(dependence.lower, chunk, t)

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(N_CORES) as pool:
        list(pool.map(work, range(N_CORES)))


def numpy_seconds(plan: SimulationPlan) -> float:
    """Seconds of the paths alone as array programs walk them, one chunk after the other, BLAS on all cores."""
    dependence, walk = plan.dependence, plan.walk
    assert isinstance(dependence, CholeskyFactor)
    rng = np.random.default_rng(12)
    thresholds = np.concatenate((walk.thresholds[0], np.full((1, walk.thresholds.shape[2]), np.inf)))
    thresholds[-1, : DEFAULTED + 1] = -np.inf
    started = time.perf_counter()
    for _ in range(N_NUMPY // CHUNK + 1):
        state = np.repeat(walk.initial[:, np.newaxis].astype(np.int64), CHUNK, axis=1)
        for _ in range(plan.n_periods):
            shock = dependence.lower @ rng.standard_normal((plan.n_assets, CHUNK))
            state = (shock[:, :, np.newaxis] >= thresholds[state, 1:]).sum(axis=2)
    return (time.perf_counter() - started) / ((N_NUMPY // CHUNK + 1) * CHUNK) * N_SIMULATIONS


def monthly(repeats: int) -> list[float]:
    """Seconds of 1,004 assets over 120 months, and the largest memory of this process in bytes."""
    job = pool_job(made_plan(1004, Step.MONTHLY, is_full=False))
    seconds = median_seconds(lambda: run_job(job), repeats)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [seconds, float(most if sys.platform == "darwin" else most << 10)]


def deal_job(n_simulations: int, *, has_deal: bool = True) -> tuple[str, SimulationJob]:
    """What to call a deal of the MAG 17's size, and the job of its paths with or without waterfall."""
    sized = real_size_deal()
    holdings = [replace(item, assumptions=replace(item.assumptions, cdr=0.0)) for item in sized.deal.holdings]
    resolved = replace(sized, deal=replace(sized.deal, holdings=tuple(holdings))).resolve()
    rng = np.random.default_rng(17)
    states = rng.integers(12, DEFAULTED - 1, len(holdings)).tolist()
    assets = [
        SimulatedAsset(blkrock_id=item.asset.blkrock_id, state=state, maturity=item.asset.maturity or MATURITY)
        for item, state in zip(holdings, states, strict=True)
    ]
    loadings = FactorModel(market=MARKET, industry=INDUSTRY, issuer=INDUSTRY).loadings(
        [item.asset.issuer_id for item in holdings], [item.asset.sp_industry for item in holdings]
    )
    grid = regular_grid(sized.as_of, max(asset.maturity for asset in assets), Step.QUARTERLY)
    draws = Draws(seed=12, n_simulations=n_simulations)
    plan = plan_simulation(assets, grid, transitions(), loadings, draws)
    place = {name: i for i, name in enumerate(plan.asset_ids)}
    positions = positions_of(holdings, grid.days, place, sized.as_of, sized.market.calendar, sized.market.curve)
    deal = DealSimulation.of(resolved, grid.days, place) if has_deal else None
    pool = SimulatedPool(name=sized.label, positions=positions, deal=deal)
    assert grid.days[0] == day_number(sized.as_of)
    return sized.label, SimulationJob(key="", label="", plan=plan, pools=(pool,))


def run(*, is_quick: bool) -> list[Figure]:
    """Full matrix, factor model, monthly steps, and a deal along its paths."""
    repeats = 1 if is_quick else 5
    full, factors = (made_plan(489, Step.QUARTERLY, is_full=is_full) for is_full in (True, False))
    bare = median_seconds(lambda: product_and_draws(full), repeats)
    full_seconds = median_seconds(lambda: walk_paths(full), repeats)
    factor_seconds = median_seconds(lambda: walk_paths(factors), repeats)
    fields_seconds = median_seconds(lambda: run_job(pool_job(factors)), repeats)
    run_job(pool_job(made_plan(16, Step.MONTHLY, is_full=False, n_simulations=CHUNK)))
    months, memory = in_fresh_process(f"benchmarks.simulation.monthly({repeats})")
    label, deal = deal_job(N_SIMULATIONS)
    deal_seconds = median_seconds(lambda: run_job(deal), repeats)
    paths_seconds = median_seconds(lambda: run_job(deal_job(N_SIMULATIONS, has_deal=False)[1]), 1)
    size = f"489 assets x {full.n_periods} quarters x {N_SIMULATIONS:,} paths"
    return [
        Figure(
            name=f"{size}, full correlation matrix",
            amount=full_seconds,
            unit=Unit.SECOND,
            alternative="its normal draws and matrix product alone (target: 1.5 times them)",
            alternative_amount=bare,
            target=1.5 * bare,
        ),
        Figure(
            name="  beside a vectorised numpy version",
            amount=full_seconds,
            unit=Unit.SECOND,
            alternative=f"numpy, paths only ({N_NUMPY} scaled up)",
            alternative_amount=numpy_seconds(full),
        ),
        Figure(
            name="  with the factor model",
            amount=factor_seconds,
            unit=Unit.SECOND,
            alternative="the full matrix (target: a quarter of it)",
            alternative_amount=full_seconds,
            target=full_seconds / 4.0,
        ),
        Figure(
            name="  with 49 fields of the pool by period",
            amount=fields_seconds,
            unit=Unit.SECOND,
            alternative="the paths alone",
            alternative_amount=factor_seconds,
        ),
        Figure(
            name=f"1,004 assets x 120 months x {N_SIMULATIONS:,} paths, with fields",
            amount=months,
            unit=Unit.SECOND,
            alternative="the paths under the full matrix, by the figures above",
            alternative_amount=full_seconds * (1004 / 489) ** 2 * 3.0,
            target=8.0,
        ),
        Figure(
            name="  largest memory of that whole process",
            amount=memory,
            unit=Unit.MEBIBYTE,
            alternative="all states of all paths, a byte each",
            alternative_amount=1004.0 * 121 * N_SIMULATIONS,
            target=float(2 << 30),
        ),
        Figure(
            name=f"{N_SIMULATIONS:,} paths through {label}'s cash flows and waterfall",
            amount=deal_seconds,
            unit=Unit.SECOND,
            alternative="the paths alone",
            alternative_amount=paths_seconds,
            target=4.0,
        ),
    ]
