"""Simulations: computed in blocks, kept while they are under way, stored whole, answered again from the store."""

import hashlib
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from db.cache import Cache
from db.models.simulations import STATISTICS as STORED_STATISTICS
from db.runs import RunHeader, StoredRun
from db.simulations import RATING_MIGRATION, SIMULATION
from db.store import Store, UnitOfWork
from engine.conventions.days import to_dates
from engine.deal.simulation_job import SimulationJob, SimulationResults
from engine.desk.blocks.resume import run_stored
from engine.desk.blocks.settings import BlockSettings
from engine.desk.engine_version import engine_version
from engine.desk.records import Progress
from engine.desk.simulations.build import build, job_key
from engine.desk.simulations.inputs import SimulationInputs, assumptions_name, read_inputs
from engine.desk.simulations.keeping import record_arrays, record_from
from engine.desk.simulations.request import SimulationRequest
from engine.desk.simulations.summing_up import METRICS, records_of
from engine.errors import InputError, ReferenceDataError
from engine.modes import Mode
from engine.rating_migration.draws import CHUNK
from engine.rating_migration.fields import FIELDS, N_FIELDS, ROW_OF_FIELD
from engine.rating_migration.pool_paths import PoolPaths, pool_fields
from engine.rating_migration.statistics import STATISTICS
from engine.rating_migration.walking import ChunkWalker
from workbooks.simulation.record import SimulationRecord

Floats = npt.NDArray[np.float64]

KINDS = (RATING_MIGRATION, SIMULATION)
REQUEST = "request"
PATHS = "paths."
EQUITY_IRR = f"{PATHS}equity_irr"
LARGE = 1 << 30
"""Bytes of an array from which on it lies in a file."""

_COMPUTING = 0.85
"""Share of the progress that the paths take; the rest is summing up and storing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationOutcome:
    """A simulation as stored: the runs of its deals in order, their records, the request with its seed.

    answered_from: `computed` or `store`.
    """

    request: SimulationRequest
    run_ids: tuple[int, ...]
    records: tuple[SimulationRecord, ...]
    answered_from: str


def never() -> bool:
    """Nobody stops it."""
    return False


def simulate(
    store: Store,
    cache: Cache,
    request: SimulationRequest,
    settings: BlockSettings,
    *,
    user: str,
    progress: Progress,
    is_cancelled: Callable[[], bool] = never,
) -> SimulationOutcome:
    """Run a simulation, or answer from the store when one of the same seed and data is there.

    Blocks are kept in the database as they end; a simulation that was stopped goes on with the next call of the same
    request. Everything is stored in one transaction at the end. Raises what `read_inputs`, `build` and `run_stored` do.
    """
    progress("Loading the deals", 0.0)
    with store.read() as work:
        inputs = read_inputs(work, cache, request)
        found = _answered(work, inputs)
    if found is not None:
        return found
    if request.mode is Mode.LEGACY:
        from engine.desk.simulations.legacy import simulate_as_legacy

        return simulate_as_legacy(store, inputs, user=user, progress=progress)
    seed = secrets.randbits(63) if request.seed is None else request.seed
    built = build(inputs, seed)
    results = SimulationResults(built.job, roomy_array)
    run_stored(
        store.blocks,
        built.job,
        kind=kind_of(request),
        spec=replace(request, seed=seed).as_text(),
        requested_by=user,
        receive=results.receive,
        progress=lambda text, done: progress(text, _COMPUTING * done),
        is_cancelled=is_cancelled,
        settings=settings,
    )
    progress("Summing up", _COMPUTING)
    records = records_of(built, results)
    progress("Storing", 0.95)
    outcome = keep(
        store,
        inputs,
        replace(request, seed=seed),
        records,
        built.job.key,
        user=user,
        arrays=[_paths(results, number) for number in range(len(records))],
    )
    store.blocks.discard(built.job.key)
    progress("Done", 1.0)
    return outcome


def roomy_array(shape: tuple[int, ...]) -> Floats:
    """An empty array; a large one lies in a file that goes with it, so that memory stays bounded (spec 04 R6)."""
    if 8 * int(np.prod(shape, dtype=np.int64)) <= LARGE:
        return np.empty(shape)
    return np.memmap(tempfile.TemporaryFile(prefix="clodesk-"), dtype=np.float64, mode="w+", shape=shape)


def kind_of(request: SimulationRequest) -> str:
    """The kind of run that a request makes."""
    return SIMULATION if request.has_cash_flows else RATING_MIGRATION


def _answered(work: UnitOfWork, inputs: SimulationInputs) -> SimulationOutcome | None:
    """The stored simulation of a request with a seed; None without one, or where a deal of it is missing."""
    seed = inputs.request.seed
    if seed is None:
        return None
    key = job_key(inputs, seed)
    runs = [work.runs.find(run_key(key, item.stored.deal.name)) for item in inputs.deals]
    known = [run for run in runs if run is not None]
    if len(known) < len(runs):
        return None
    return SimulationOutcome(
        request=inputs.request,
        run_ids=tuple(run.run_id for run in known),
        records=tuple(stored_record(work, run) for run in known),
        answered_from="store",
    )


def run_key(job: str, deal_name: str) -> str:
    """Input hash of one deal's run: that of the simulation, its end telling the deals apart."""
    return hashlib.sha256(f"{job}\0{deal_name}".encode()).hexdigest()


def keep(
    store: Store,
    inputs: SimulationInputs,
    request: SimulationRequest,
    records: Sequence[SimulationRecord],
    key: str,
    *,
    user: str,
    arrays: Sequence[Mapping[str, npt.NDArray[Any]]],
) -> SimulationOutcome:
    """Store the records of a simulation, a run for each deal, all or none; arrays: what else is kept of each."""
    store.prepare_partitions()
    names = tuple(item.stored.deal.name for item in inputs.deals)
    request = replace(request, deals=names, as_of=inputs.as_of)
    text = np.frombuffer(orjson.dumps(request.as_text()), np.uint8)
    runs = []
    with store.begin(user) as work:
        for record, more in zip(records, arrays, strict=True):
            run = work.runs.start(_header(inputs, request, record, key, user), record.deal)
            _store_statistics(work, run, record)
            work.simulations.store_arrays(run, {**record_arrays(record), **more, REQUEST: text})
            runs.append(work.runs.finish(run))
    return SimulationOutcome(
        request=request,
        run_ids=tuple(run.run_id for run in runs),
        records=tuple(replace(record, run_id=str(run.run_id)) for record, run in zip(records, runs, strict=True)),
        answered_from="computed",
    )


def _header(
    inputs: SimulationInputs, request: SimulationRequest, record: SimulationRecord, key: str, user: str
) -> RunHeader:
    return RunHeader(
        deal_name=record.deal,
        scenario=inputs.shock.name,
        as_of=inputs.as_of,
        mode=request.mode.value,
        input_hash=run_key(key, record.deal),
        engine_version=engine_version(),
        requested_by=user,
        kind=kind_of(request),
        assumption_set=assumptions_name(inputs),
    )


def _store_statistics(work: UnitOfWork, run: StoredRun, record: SimulationRecord) -> None:
    place = {name: number for number, name in enumerate(STATISTICS)}
    days = to_dates(record.dates.astype("datetime64[D]").astype(np.int64))
    work.simulations.store_fields(
        run,
        record.deal,
        FIELDS,
        days,
        {name: record.figures[:, :, place[name]] for name in STORED_STATISTICS},
        record.simulations,
    )
    tranches = record.tranches
    if tranches is not None:
        work.simulations.store_tranches(
            run,
            record.deal,
            tranches.names,
            tuple(member for _, member, _ in METRICS),
            {name: tranches.figures[:, :, place[name]] for name in STORED_STATISTICS},
            tranches.n_missing,
            record.simulations,
        )


def _paths(results: SimulationResults, number: int) -> dict[str, npt.NDArray[Any]]:
    """The figures of every path that are kept: what tranches get, and the deal's totals."""
    figures = results.figures(number)
    if figures is None:
        return {}
    return {f"{PATHS}{name}": np.ascontiguousarray(array) for name, array in figures._asdict().items()}


def stored_record(work: UnitOfWork, run: StoredRun) -> SimulationRecord:
    """The record of a stored simulation; InputError CLO-4190 for a run of another kind."""
    if run.kind not in KINDS:
        raise InputError(
            "CLO-4190",
            f"Run {run.run_id} of {run.deal_id} is a {run.kind} run and no simulation",
            remedy="CLO_RUNS and `clodesk results` list the runs with their kinds.",
        )
    return replace(record_from(work.simulations.arrays(run, "record.")), run_id=str(run.run_id))


def stored_request(work: UnitOfWork, run: StoredRun) -> SimulationRequest:
    """The request of a stored simulation, with its seed, deals and date."""
    return SimulationRequest.from_text(orjson.loads(work.simulations.arrays(run, REQUEST)[REQUEST].tobytes()))


def replayed_path(store: Store, cache: Cache, run: StoredRun, deal_name: str, simulation: int) -> Floats:
    """The fields of one path of a stored simulation, (N_FIELDS, T + 1), walked again; simulation from 1.

    Raises InputError CLO-4191 for a number that was not simulated, ReferenceDataError CLO-4192 where the data or the
    engine have changed since.
    """
    with store.read() as work:
        inputs = inputs_of_run(work, cache, run, deal_name)
    request = inputs.request
    if not 1 <= simulation <= request.n_simulations:
        raise InputError(
            "CLO-4191",
            f"Run {run.run_id} has no simulation {simulation}",
            remedy=f"Ask for 1 to {request.n_simulations:,}.",
        )
    if request.mode is Mode.LEGACY:
        from engine.desk.simulations.legacy import legacy_path

        return legacy_path(inputs, deal_name, simulation)
    built = build(inputs, request.seed or 0)
    place = next(number for number, pool in enumerate(built.job.pools) if pool.name == deal_name)
    fields = next(fields_of_chunks(built.job, ((simulation - 1) // CHUNK,)))[place]
    return fields[:, :, (simulation - 1) % CHUNK].copy()


def inputs_of_run(work: UnitOfWork, cache: Cache, run: StoredRun, deal_name: str) -> SimulationInputs:
    """What a stored simulation read; ReferenceDataError CLO-4192 where data or engine have changed since."""
    request = stored_request(work, run)
    inputs = read_inputs(work, cache, request)
    if run_key(job_key(inputs, request.seed or 0), deal_name) != run.input_hash:
        raise ReferenceDataError(
            "CLO-4192",
            f"Run {run.run_id} cannot be walked again: its data or the engine have changed",
            remedy="Run the simulation again.",
        )
    return inputs


def fields_of_chunks(job: SimulationJob, chunks: Iterable[int]) -> Iterator[tuple[Floats, ...]]:
    """Fields of every pool in each of these chunks, (N_FIELDS, T + 1, CHUNK), walked one after the other."""
    plan, walker = job.plan, ChunkWalker(job.plan)
    paths = [PoolPaths(pool.positions, plan.n_periods, CHUNK) for pool in job.pools]
    for chunk in chunks:
        states = walker.states(chunk)
        found = []
        for pool_paths in paths:
            fields = np.empty((N_FIELDS, plan.n_periods + 1, CHUNK))
            pool_fields(pool_paths.tally(states), plan.grid.years, fields)
            found.append(fields)
        yield tuple(found)


def field_row(field: str) -> int:
    """Row of a field by its name in any case; InputError CLO-4193 for an unknown one."""
    row = ROW_OF_FIELD.get(field.strip().upper())
    if row is None:
        raise InputError("CLO-4193", f"There is no field '{field}'", remedy=f"Fields: {', '.join(FIELDS)}.")
    return row
