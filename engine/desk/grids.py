"""Scenario grids and break-evens of stored deals: computed once for an input, answered from the store afterwards."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from db.runs import RunHeader, StoredRun
from db.scenario_grids import BREAKEVEN, GRID
from db.snapshots import StoredDeal
from db.store import Store, UnitOfWork
from engine.deal.assumptions import AssumptionSet, Scenario
from engine.deal.breakeven import break_even
from engine.deal.grid import MOST_POINTS, Grid, GridJob
from engine.deal.grid_results import Axis, PointResults, Points, PriceTable
from engine.deal.points import DealRun, places_of, scenario_points
from engine.deal.price_table import price_table
from engine.deal.run import DealMarket, run_deal
from engine.desk import assumption_sets, choices
from engine.desk.assembly import AssembledDeal, Universe, assemble
from engine.desk.blocks.execute import execute
from engine.desk.blocks.settings import settings_of_environment
from engine.desk.calendars import calendar_of
from engine.desk.engine_version import engine_version
from engine.desk.grid_records import (
    BreakEvenOutcome,
    BreakEvenRequest,
    GridHead,
    GridOutcome,
    GridRequest,
    RunChoice,
)
from engine.desk.records import Progress
from engine.errors import InputError
from engine.market.curve import IndexCurve
from engine.snapshot import WorkbookSnapshot
from engine.waterfall.compiler import program_hash
from engine.waterfall.configuration import Configuration
from engine.waterfall.program import Program

_HEADS: TypeAdapter[GridHead] = TypeAdapter(GridHead)
_HEAD = "head"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Basis:
    """Everything a grid rests on but its own request."""

    stored: StoredDeal
    chosen: AssumptionSet
    shock: Scenario
    program: Program
    configuration: Configuration
    choice: RunChoice
    book: WorkbookSnapshot

    def key(self, kind: str, *request: object) -> str:
        """Hash of all that the results depend on."""
        parts = (
            kind,
            self.stored.content_hash,
            self.stored.source_sha256,
            assumption_sets.to_json(self.chosen),
            repr(self.shock),
            program_hash(self.program),
            repr(self.configuration),
            self.choice.mode.value,
            engine_version(),
            *map(repr, request),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def assembled(self) -> AssembledDeal:
        universe = Universe.of((row.asset for row in self.book.assets), self.book.sink_schedule)
        return assemble(
            self.stored.deal, universe, self.chosen, self.shock, program=self.program.name, mode=self.choice.mode
        )

    def run_of(self, assembled: AssembledDeal) -> DealRun:
        as_of, quirks = self.stored.deal.analysis_date, self.choice.mode.quirks
        return DealRun(
            deal=assembled.deal,
            market=DealMarket(calendar_of(self.book), IndexCurve.of(as_of, assembled.curve, quirks)),
            as_of=as_of,
            quirks=quirks,
            program=self.program,
            configuration=self.configuration,
        )

    def head(self, key: str, assembled: AssembledDeal) -> GridHead:
        return GridHead(
            deal=self.stored.deal.name,
            as_of=self.stored.deal.analysis_date,
            scenario=self.shock.name,
            assumptions=self.chosen.name,
            mode=self.choice.mode.value,
            program=self.program.name,
            engine_version=engine_version(),
            input_hash=key,
            sources=assembled.sources,
        )


def run_grid(store: Store, choice: RunChoice, request: GridRequest, progress: Progress) -> GridOutcome:
    """Run a grid of a deal, or answer from the store when nothing that it depends on has changed.

    Raises InputError for axes, scenarios or tranches that cannot be; nothing is stored then.
    """
    with store.read() as work:
        basis = _basis(work, choice)
        points = _points(work, request)
        names = tuple(tranche.name for tranche in basis.stored.deal.tranches)
        places = places_of(basis.stored.deal.name, names, request.tranches)
        key = basis.key(GRID, points.axes, points.values.tobytes(), points.names, places)
        run = work.runs.find(key)
        if run is not None:
            points, results = work.grids.load(run)
            return GridOutcome(
                run_id=run.run_id, head=_head(work, run), points=points, results=results, answered_from="store"
            )
    progress("Assembling the deal", 0.0)
    assembled = basis.assembled()
    label = f"Grid of {basis.stored.deal.name}"
    job = GridJob(key=key, label=label, run_of=basis.run_of(assembled), points=points, priced=places)
    results = _executed(job, progress).of_tranches(places)
    head = basis.head(key, assembled)
    progress("Storing", 0.95)
    stored = _save(store, GRID, basis, head, lambda work, run: work.grids.store(run, points, results))
    progress("Done", 1.0)
    return GridOutcome(run_id=stored.run_id, head=head, points=points, results=results, answered_from="computed")


def find_break_evens(
    store: Store, choice: RunChoice, request: BreakEvenRequest, progress: Progress
) -> BreakEvenOutcome:
    """Search the break-evens of a deal's classes, or answer from the store when nothing has changed.

    Raises InputError for tranches, credit or prices that cannot be; nothing is stored then.
    """
    with store.read() as work:
        basis = _basis(work, choice)
        tranches = basis.stored.deal.tranches
        wanted = request.tranches or tuple(tranche.name for tranche in tranches if not tranche.is_equity)
        places = places_of(basis.stored.deal.name, tuple(tranche.name for tranche in tranches), wanted)
        credit = {axis: float(request.credit[axis]) for axis in Axis if axis in request.credit}
        key = basis.key(BREAKEVEN, credit, request.measures, places, tuple(request.prices))
        run = work.runs.find(key)
        if run is not None:
            found, tables = work.grids.break_evens(run)
            return BreakEvenOutcome(
                run_id=run.run_id,
                head=_head(work, run),
                credit=credit,
                found=found,
                tables=tables,
                answered_from="store",
            )
    progress("Assembling the deal", 0.0)
    assembled = basis.assembled()
    run_of = basis.run_of(assembled)
    found = ()
    for number, measure in enumerate(request.measures):
        progress(f"Break-even {measure.value}", 0.1 + 0.7 * number / len(request.measures))
        found += break_even(run_of, measure, credit, places)
    tables = _price_tables(run_of, places, request.prices)
    head = basis.head(key, assembled)
    progress("Storing", 0.9)
    stored = _save(store, BREAKEVEN, basis, head, lambda work, run: work.grids.store_break_evens(run, found, tables))
    progress("Done", 1.0)
    return BreakEvenOutcome(
        run_id=stored.run_id, head=head, credit=credit, found=found, tables=tables, answered_from="computed"
    )


def _basis(work: UnitOfWork, choice: RunChoice) -> _Basis:
    stored = work.snapshots.deal(choice.deal, choice.as_of)
    if choice.assumptions is None:
        raise choices.no_assumptions(work, stored)
    book = work.snapshots.workbook(stored.source_file_id, with_correlation=False)
    return _Basis(
        stored=stored,
        chosen=choices.assumption_set(work, choice.assumptions, book),
        shock=choices.scenario(work, choice.scenario),
        program=choices.program(work, stored.deal.name, choice.mode),
        configuration=choices.configuration(work, stored.deal.name, choice.mode),
        choice=choice,
        book=book,
    )


def _points(work: UnitOfWork, request: GridRequest) -> Points:
    """The points of a request: combinations of values, or scenarios of the store by name."""
    if not request.scenarios:
        return Grid.of(request.values).points()
    if any(request.values.values()):
        raise InputError(
            "CLO-4140",
            "A grid has values on axes and named scenarios",
            remedy="Ask for one or the other; --scenario shocks what a grid of axes starts from.",
        )
    if len(request.scenarios) > MOST_POINTS:
        raise InputError(
            "CLO-4141", f"{len(request.scenarios):,} scenarios", remedy=f"Ask for {MOST_POINTS:,} at most."
        )
    return scenario_points([choices.scenario(work, name) for name in request.scenarios])


def _executed(job: GridJob, progress: Progress) -> PointResults:
    """The results of a job, from workers wherever the environment has them."""
    blocks: dict[int, Mapping[str, Any]] = {}

    def watched(text: str, done: float) -> None:
        progress(text, 0.1 + 0.8 * done)

    execute(
        job,
        receive=blocks.__setitem__,
        progress=watched,
        is_cancelled=lambda: False,
        settings=settings_of_environment(),
    )
    return job.results([blocks[number] for number in range(job.n_blocks)])


def _price_tables(run_of: DealRun, places: Sequence[int], prices: Sequence[float]) -> tuple[PriceTable, ...]:
    """Price tables of the classes that have something to price, from a run of what is assumed."""
    if not prices:
        return ()
    result = run_deal(
        run_of.deal,
        run_of.market,
        run_of.as_of,
        run_of.quirks,
        program=run_of.program,
        configuration=run_of.configuration,
        has_trace=False,
    )
    priced = [run_of.deal.tranches[t] for t in places if run_of.deal.tranches[t].current_balance > 0.0]
    return tuple(price_table(result, tranche, run_of.market.curve, run_of.as_of, prices) for tranche in priced)


def _save(
    store: Store, kind: str, basis: _Basis, head: GridHead, write: Callable[[UnitOfWork, StoredRun], None]
) -> StoredRun:
    header = RunHeader(
        deal_name=head.deal,
        scenario=head.scenario,
        as_of=head.as_of,
        mode=head.mode,
        input_hash=head.input_hash,
        engine_version=head.engine_version,
        requested_by="",
        kind=kind,
        assumption_set=head.assumptions,
    )

    def write_all(work: UnitOfWork, run: StoredRun) -> None:
        work.runs.store_tables(run, {_HEAD: _HEADS.dump_json(head)})
        write(work, run)

    return store.save_with(header, head.deal, write_all)


def _head(work: UnitOfWork, run: StoredRun) -> GridHead:
    return _HEADS.validate_json(work.runs.tables(run)[_HEAD])
