"""What the legacy output sheets show of a stored simulation (spec 04 §8.3): paths walked again, and what was kept.

Statistics and the figures of classes come from the store. Paths are not stored; those that a sheet shows are walked
again, which takes the data and the engine of the run. The paths of a legacy simulation follow one another, so all of
them are drawn; those of a standard one are drawn where they are wanted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from db.cache import Cache
from db.runs import StoredRun
from db.store import Store, UnitOfWork
from engine.deal.contract import Deal
from engine.deal.kernels_simulation import PathFigures
from engine.deal.simulated import figures_of
from engine.desk.simulations.build import BuiltSimulation, build, resolved_deal
from engine.desk.simulations.inputs import SimulatedDealInput, SimulationInputs
from engine.desk.simulations.legacy import legacy_simulation
from engine.desk.simulations.run import PATHS, fields_of_chunks, inputs_of_run, stored_record, stored_request
from engine.errors import InputError
from engine.modes import Mode, Quirks
from engine.rating_migration.draws import CHUNK
from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.legacy_statistics import SHEET_FIELDS, SheetStatistic, sheet_series, shown_paths
from engine.rating_migration.statistics import STATISTICS, LegacyPaths
from engine.waterfall.program import STANDARD_FEES
from workbooks.simulation.record import LegacyPathSet, LegacyRecord, SimulationRecord, SimulationStatistics

Floats = npt.NDArray[np.float64]

MOST_PATHS = 500
"""Paths of a legacy simulation that RM-Output shows; a sheet has columns for some hundred more."""

FIRST_PATHS = 20
"""Paths of a standard simulation that RM-Output shows beside those that stand for quantiles."""

MOST_ROWS = 1_048_575
"""Rows of a sheet below its header."""

FIVE = ("maximum", "minimum", "mean", "p50", "sd_population")
"""The legacy statistics in the order of their sheet, by their names in STATISTICS."""

_SHOWN = LegacyPaths(minimum=0, maximum=1, median=2)
"""Places of the shown paths among the three that are walked."""

_PLACE_OF_SET = {
    SheetStatistic.MAXIMUM: _SHOWN.maximum,
    SheetStatistic.MINIMUM: _SHOWN.minimum,
    SheetStatistic.MEDIAN: _SHOWN.median,
}
"""The sets in the order of their sheets."""

_BASE_FEE, _JUNIOR_FEE = (fee.name for fee in STANDARD_FEES if fee.code in ("SR", "JR"))
_INCENTIVE_FEE = "Incentive Fee"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stored:
    """A run of the simulation with what is kept of it; figures: None without cash flows."""

    run: StoredRun
    record: SimulationRecord
    item: SimulatedDealInput
    figures: PathFigures | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Walked:
    """Paths walked again. fields (K, N_FIELDS, T + 1) of one deal at `numbers`, from 0; shown: number and fields
    (D, N_FIELDS, T + 1) of the paths of the minimum, the maximum and the median, in this order.
    """

    numbers: tuple[int, ...]
    fields: Floats | None
    shown: tuple[tuple[int, Floats], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _DealStatistics:
    """The part of one deal in Sim Stats: figures (S, C, 10) of its classes, the equity last; fees (S, 3)."""

    classes: tuple[str, ...]
    figures: Floats
    fee_names: tuple[str, str, str]
    fees: Floats


def legacy_record(store: Store, cache: Cache, run_ids: Sequence[int]) -> LegacyRecord:
    """The legacy sheets of runs that one simulation made.

    One deal has the sheets of its paths and their statistics; the sets over deals are there where several were
    simulated together, and Sim Stats where cash flows were. The paths that stand for maximum, minimum and median are
    chosen by the defaults of all deals of the simulation.

    Raises InputError CLO-4190 for a run of another kind, CLO-4146 for runs of different simulations, CLO-4147 where
    Sim Stats has more rows than a sheet; ReferenceDataError CLO-4192 where data or engine have changed since.
    """
    with store.read() as work:
        inputs, stored = _read(work, cache, run_ids)
    request, first = inputs.request, stored[0].record
    walked = _walked(inputs, stored)
    names = tuple(item.record.deal for item in stored)
    at = [STATISTICS.index(name) for name in FIVE]
    return LegacyRecord(
        deals=names,
        dates=first.dates,
        simulation_numbers=tuple(number + 1 for number in walked.numbers),
        simulated=walked.fields,
        five=np.moveaxis(first.figures[:, :, at], -1, 0).copy() if len(stored) == 1 else None,
        sets=_sets(walked, stored, request.mode.quirks),
        statistics=_statistics(inputs, stored) if request.has_cash_flows else None,
        with_flows=request.has_cash_flows,
    )


def _read(work: UnitOfWork, cache: Cache, run_ids: Sequence[int]) -> tuple[SimulationInputs, list[_Stored]]:
    """What the simulation read, and its runs in the order of its deals."""
    runs = [work.runs.get(run_id) for run_id in dict.fromkeys(run_ids)]
    records = [stored_record(work, run) for run in runs]
    requests = [stored_request(work, run) for run in runs]
    for run, request in zip(runs, requests, strict=True):
        if request != requests[0]:
            raise InputError(
                "CLO-4146",
                f"Runs {runs[0].run_id} and {run.run_id} belong to different simulations",
                remedy="Write the legacy sheets of the runs of one simulation.",
            )
    inputs = inputs_of_run(work, cache, runs[0], records[0].deal)
    items = {item.stored.deal.name: item for item in inputs.deals}
    found = [
        _Stored(run=run, record=record, item=items[record.deal], figures=_figures(work, run))
        for run, record in zip(runs, records, strict=True)
    ]
    return inputs, sorted(found, key=lambda one: inputs.deals.index(one.item))


def _figures(work: UnitOfWork, run: StoredRun) -> PathFigures | None:
    arrays = work.simulations.arrays(run, PATHS)
    return figures_of({name.removeprefix(PATHS): array for name, array in arrays.items()}) if arrays else None


def _walked(inputs: SimulationInputs, stored: Sequence[_Stored]) -> _Walked:
    """The paths that RM-Output shows of one deal, and those of the sets where several were simulated."""
    places = [inputs.deals.index(one.item) for one in stored]
    if inputs.request.mode is Mode.LEGACY:
        return _walked_as_legacy(inputs, places)
    built, record = build(inputs, inputs.request.seed or 0), stored[0].record
    numbers: list[int] = []
    if len(stored) == 1:
        shown_first = range(min(FIRST_PATHS, record.simulations))
        numbers = sorted({*shown_first, *(path.simulation - 1 for path in record.paths)})
    chosen: list[int] = []
    if len(inputs.deals) > 1:
        paths = shown_paths(_final_defaults(built), inputs.request.mode.quirks).paths
        chosen = [paths.minimum, paths.maximum, paths.median]
    fields = _paths(built, {*numbers, *chosen})
    return _Walked(
        numbers=tuple(numbers),
        fields=np.stack([fields[number][places[0]] for number in numbers]) if numbers else None,
        shown=tuple((number, fields[number][places]) for number in chosen),
    )


def _walked_as_legacy(inputs: SimulationInputs, places: Sequence[int]) -> _Walked:
    request = inputs.request
    n_shown = min(MOST_PATHS, request.n_simulations)
    is_joint = len(inputs.deals) > 1
    simulation = legacy_simulation(inputs, request.seed or 0, request.n_simulations if is_joint else n_shown)
    numbers: tuple[int, ...] = ()
    fields = None
    if len(places) == 1:
        numbers = tuple(range(n_shown))
        fields = np.ascontiguousarray(np.moveaxis(simulation.fields[places[0]][:, :, :n_shown], -1, 0))
    paths = simulation.shown.paths
    chosen = (paths.minimum, paths.maximum, paths.median) if is_joint else ()
    return _Walked(
        numbers=numbers,
        fields=fields,
        shown=tuple((k, np.stack([simulation.fields[place][:, :, k] for place in places])) for k in chosen),
    )


def _final_defaults(built: BuiltSimulation) -> Floats:
    """Balance in default on the last date by deal and simulation, (D, S)."""
    draws, row = built.job.plan.draws, ROW_OF_FIELD["BALDEF"]
    chunks = fields_of_chunks(built.job, range(draws.n_chunks))
    ends = [np.stack([fields[row, -1] for fields in found]) for found in chunks]
    return np.concatenate(ends, axis=1)[:, : draws.n_simulations]


def _paths(built: BuiltSimulation, simulations: set[int]) -> Mapping[int, Floats]:
    """Fields of single simulations by their number from 0, (D, N_FIELDS, T + 1)."""
    chunks = sorted({number // CHUNK for number in simulations})
    found = {}
    for chunk, fields in zip(chunks, fields_of_chunks(built.job, chunks), strict=True):
        for number in simulations:
            if number // CHUNK == chunk:
                found[number] = np.stack([of_deal[:, :, number % CHUNK] for of_deal in fields])
    return found


def _sets(walked: _Walked, stored: Sequence[_Stored], quirks: Quirks) -> tuple[LegacyPathSet, ...]:
    """Averages by date, then the whole paths of three simulations; none where one deal was simulated."""
    if not walked.shown:
        return ()
    mean = STATISTICS.index("mean")
    averages = np.stack([one.record.figures[:, :, mean] for one in stored])
    sets = [LegacyPathSet(kind="Averages", simulation=None, fields=averages)]
    by_path = np.stack([fields for _, fields in walked.shown], axis=-1)
    for statistic, place in _PLACE_OF_SET.items():
        simulation, fields = walked.shown[place]
        series = fields.copy()
        for of_deal, paths in zip(series, by_path, strict=True):
            for field in SHEET_FIELDS:
                of_deal[ROW_OF_FIELD[field]] = sheet_series(paths, field, statistic, _SHOWN, quirks)
        sets.append(LegacyPathSet(kind=statistic.value, simulation=simulation + 1, fields=series))
    return tuple(sets)


def _statistics(inputs: SimulationInputs, stored: Sequence[_Stored]) -> SimulationStatistics:
    """Sim Stats: what every path gave the classes, the rows of a simulation together."""
    n_simulations, n_deals = stored[0].record.simulations, len(stored)
    if n_simulations * n_deals > MOST_ROWS:
        raise InputError(
            "CLO-4147",
            f"Sim Stats has a row for each of {n_simulations * n_deals:,} simulations and a sheet {MOST_ROWS:,}",
            remedy="Write the deals one by one, or without the legacy sheets.",
        )
    parts = [_deal_statistics(inputs, one) for one in stored]
    most = max(len(part.classes) for part in parts)
    figures = np.full((n_simulations, n_deals, most, parts[0].figures.shape[2]), np.nan)
    for at, part in enumerate(parts):
        figures[:, at, : len(part.classes)] = part.figures
    return SimulationStatistics(
        simulation=np.repeat(np.arange(1, n_simulations + 1), n_deals),
        deal=tuple(one.record.deal for one in stored) * n_simulations,
        classes=tuple(part.classes for part in parts) * n_simulations,
        figures=figures.reshape(n_simulations * n_deals, most, -1),
        fee_names=tuple(part.fee_names for part in parts) * n_simulations,
        fees=np.stack([part.fees for part in parts], axis=1).reshape(n_simulations * n_deals, -1),
    )


def _deal_statistics(inputs: SimulationInputs, stored: _Stored) -> _DealStatistics:
    resolved, figures = resolved_deal(stored.item, inputs), stored.figures
    if resolved is None or figures is None:
        raise ValueError("a simulation without cash flows has no classes")
    tranches = resolved.deal.tranches
    order = sorted(range(len(tranches)), key=lambda t: tranches[t].is_equity)
    n = figures.interest.shape[0]
    given = np.array([[_known(tranche.price), _known(tranche.discount_margin)] for tranche in tranches])
    shown = np.concatenate(
        (
            figures.interest[:, :, np.newaxis],
            figures.principal[:, :, np.newaxis],
            np.broadcast_to(given, (n, *given.shape)),
            figures.risk,
        ),
        axis=2,
    )
    base, junior = (_fee(resolved.deal, figures, name) for name in (_BASE_FEE, _JUNIOR_FEE))
    return _DealStatistics(
        classes=tuple(tranches[t].name for t in order),
        figures=shown[:, order],
        fee_names=(_BASE_FEE, _JUNIOR_FEE, _INCENTIVE_FEE),
        fees=np.stack((base, junior, figures.incentive), axis=1),
    )


def _known(value: float | None) -> float:
    return np.nan if value is None else value


def _fee(deal: Deal, figures: PathFigures, name: str) -> Floats:
    """What every path paid of a fee, (S,) currency; NaN where the deal has no such fee."""
    place = next((f for f, fee in enumerate(deal.fees) if fee.name.strip().upper() == name.upper()), None)
    return np.full(figures.status.shape, np.nan) if place is None else figures.fees[:, place]
