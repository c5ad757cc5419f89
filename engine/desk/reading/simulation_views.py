"""Stored simulations, grids and break-evens as cells ask for them: records, requests, paths, figures of classes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import orjson

from db.runs import StoredRun
from db.scenario_grids import BREAKEVEN, GRID
from db.store import UnitOfWork
from engine.deal.grid_results import BreakEven, PointResults, Points, PriceTable
from engine.deal.kernels_simulation import PathFigures
from engine.deal.simulated import LEAST_LOSS, figures_of
from engine.desk.reading.views import Views
from engine.desk.simulations import run as simulation_runs
from engine.desk.simulations.desk import SimulationDesk
from engine.desk.simulations.request import SimulationRequest
from engine.desk.simulations.summing_up import METRICS
from engine.errors import InputError
from engine.liabilities.state import Status
from engine.rating_migration.draws import Draws
from engine.rating_migration.statistics import Summary, summarise
from workbooks.simulation.record import DealRecord, SimulationRecord

V = TypeVar("V")
Floats = npt.NDArray[np.float64]

KINDS = (*simulation_runs.KINDS, GRID, BREAKEVEN)
"""Kinds of runs that draw paths or vary assumptions."""

EQUITY_IRR, LOSS_PROBABILITY = "equity_irr", "loss_probability"
CLASS_METRICS = (*(member for _, member, _ in METRICS), LOSS_PROBABILITY, EQUITY_IRR)
"""What is known of a class over simulations, by name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassPaths:
    """What each path of a simulation did to the classes; S simulations, C classes in order of seniority.

    names, is_equity (C,). figures: loss, interest, principal (S, C) currency, loss_fraction and yield_at_price (S, C)
    decimals, wal (S, C) years, equity_irr (S,) decimal; NaN where a path stopped or has none. is_completed (S,).
    group_size: neighbouring simulations that depend on each other.
    """

    names: tuple[str, ...]
    is_equity: tuple[bool, ...]
    figures: PathFigures
    group_size: int

    @property
    def is_completed(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.figures.status == Status.OK)

    @property
    def has_loss(self) -> Floats:
        """1 or 0 by path and class, (S, C); NaN for a path that stopped."""
        return np.where(self.is_completed[:, None], self.figures.loss > LEAST_LOSS, np.nan)


def record_of(views: Views, stored: StoredRun) -> SimulationRecord:
    """What a stored simulation found; InputError CLO-4190 for a run of another kind."""
    return _loaded(views, "record of simulation", stored, lambda work: simulation_runs.stored_record(work, stored))


def request_of(views: Views, stored: StoredRun) -> SimulationRequest:
    """What a stored simulation was asked to do, with its seed."""
    return requests_of(views, (stored,))[stored.run_id]


def requests_of(views: Views, runs: Sequence[StoredRun]) -> Mapping[int, SimulationRequest]:
    """The requests of those runs that are simulations, by run number; read in one go."""
    simulations = tuple(run for run in runs if run.kind in simulation_runs.KINDS)

    def load(work: UnitOfWork) -> Mapping[int, SimulationRequest]:
        found = work.simulations.array_of(simulations, simulation_runs.REQUEST)
        return {run_id: SimulationRequest.from_text(orjson.loads(text.tobytes())) for run_id, text in found.items()}

    numbers = tuple(run.run_id for run in simulations)
    return views.loaded("requests of simulations", numbers, deal=None, load=load) if numbers else {}


def path_of(views: Views, simulations: SimulationDesk, stored: StoredRun, simulation: int) -> Floats:
    """The fields of one path of a stored simulation, (N_FIELDS, T + 1), simulation from 1: walked again, once.

    Raises InputError CLO-4190 for a run of another kind, CLO-4191 for a number that was not simulated, and
    ReferenceDataError CLO-4192 where the data or the engine have changed since.
    """
    deal = record_of(views, stored).deal
    return views.kept(
        "path of simulation",
        stored.run_id,
        simulation,
        deal=stored.deal_id,
        load=lambda: simulations.path(stored.run_id, simulation, deal),
    )


def classes_of(views: Views, stored: StoredRun) -> DealRecord:
    """What a stored simulation says of the classes; InputError CLO-4195 for one without cash flows."""
    record = record_of(views, stored)
    if record.tranches is None:
        raise InputError(
            "CLO-4195",
            f"Run {stored.run_id} simulated ratings alone: it says nothing of classes",
            remedy="Press Simulated waterfalls in the ribbon, or use `clodesk simulate --cash-flows`.",
        )
    return record.tranches


def class_paths(views: Views, stored: StoredRun) -> ClassPaths:
    """The classes along every path; InputError CLO-4195 for a simulation without cash flows."""
    tranches, group_size = classes_of(views, stored), _group_size(request_of(views, stored))

    def load(work: UnitOfWork) -> ClassPaths:
        prefix = simulation_runs.PATHS
        arrays = work.simulations.arrays(stored, prefix)
        figures = figures_of({name.removeprefix(prefix): array for name, array in arrays.items()})
        return ClassPaths(names=tranches.names, is_equity=tranches.is_equity, figures=figures, group_size=group_size)

    return _loaded(views, "paths of simulation", stored, load)


def _group_size(request: SimulationRequest) -> int:
    draws = Draws(
        seed=request.seed or 0,
        n_simulations=request.n_simulations,
        method=request.method,
        scrambles=request.scrambles,
    )
    return draws.group_size


def equity_irr(views: Views, stored: StoredRun) -> Summary:
    """The equity's return over the simulations; InputError CLO-4195 for a simulation without cash flows."""
    paths = class_paths(views, stored)
    return views.kept(
        "equity irr of simulation",
        stored.run_id,
        deal=stored.deal_id,
        load=lambda: summarise(paths.figures.equity_irr, worst_is_high=False, group_size=paths.group_size),
    )


def loss_probability(views: Views, stored: StoredRun) -> Summary:
    """Whether each class has a loss, 1 or 0 over the simulations, so that the mean is the probability; (C,)."""
    paths = class_paths(views, stored)
    return views.kept(
        "losses of simulation",
        stored.run_id,
        deal=stored.deal_id,
        load=lambda: summarise(np.ascontiguousarray(paths.has_loss.T), worst_is_high=True, group_size=paths.group_size),
    )


def grid_of(views: Views, stored: StoredRun) -> tuple[Points, PointResults]:
    """The points of a stored grid and what tranches get there; ReferenceDataError CLO-3040 for another run."""
    return _loaded(views, "grid of run", stored, lambda work: work.grids.load(stored))


def break_evens_of(views: Views, stored: StoredRun) -> tuple[tuple[BreakEven, ...], tuple[PriceTable, ...]]:
    """Break-evens and price tables of a stored search; ReferenceDataError CLO-3041 for another run."""
    return _loaded(views, "break-evens of run", stored, lambda work: work.grids.break_evens(stored))


def _loaded(views: Views, name: str, stored: StoredRun, load: Callable[[UnitOfWork], V]) -> V:
    return views.loaded(name, stored.run_id, deal=stored.deal_id, load=load)
