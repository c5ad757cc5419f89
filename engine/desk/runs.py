"""Runs: computed once for an input, answered from the cache or the store as long as nothing it depends on changes."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import orjson

from db.cache import Cache, CacheKind, cache_key
from db.run_arrays import result_arrays, result_from
from db.runs import DEAL, RunHeader, StoredRun
from db.snapshots import StoredDeal
from db.store import Store, UnitOfWork
from engine.collateral.asset import Asset
from engine.deal.assumptions import AssumptionSet, Scenario
from engine.deal.results import DealResult
from engine.deal.run import DealMarket, run_deal
from engine.desk import assumption_sets, choices, summary
from engine.desk.assembly import AssembledDeal, Universe, assemble
from engine.desk.calendars import calendar_of
from engine.desk.engine_version import engine_version as engine_version
from engine.desk.flows import project_assets_of
from engine.desk.records import Progress, RunOutcome
from engine.errors import InputError
from engine.market.curve import IndexCurve
from engine.modes import Mode
from engine.snapshot import DealSnapshot, Finding, WorkbookSnapshot
from engine.waterfall.compiler import program_hash
from engine.waterfall.configuration import NO_CONFIGURATION, Configuration, write_configuration
from engine.waterfall.program import Program
from workbooks.results import AssumptionSource, RunSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """Everything a run depends on, and the hash of it all."""

    stored: StoredDeal
    chosen: AssumptionSet
    shock: Scenario
    program: Program
    configuration: Configuration
    mode: Mode
    engine: str
    key: str

    @property
    def cache_key(self) -> str:
        as_of = self.stored.deal.analysis_date
        return cache_key(CacheKind.WATERFALL_EXECUTION, self.stored.deal_id, as_of, content=self.key)


def run(
    store: Store,
    cache: Cache,
    deal: str,
    scenario: str,
    as_of: date | None,
    *,
    assumptions: str | None,
    mode: Mode,
    progress: Progress,
) -> RunOutcome:
    """Run a deal, or answer from the cache or the store when nothing that the run depends on has changed."""
    progress("Loading the deal", 0.0)
    with store.read() as work:
        request, book = _requested(work, deal, scenario, as_of, assumptions, mode)
        found = _answered(work, cache, request)
        if found is not None:
            return found
        book = book or work.snapshots.workbook(request.stored.source_file_id, with_correlation=False)
    return _compute(store, cache, request, book, progress)


def run_variants(
    store: Store,
    deal: str,
    scenario: str,
    as_of: date | None,
    variants: Sequence[Callable[[DealSnapshot], DealSnapshot]],
    *,
    assumptions: str | None,
    mode: Mode,
) -> tuple[DealResult, ...]:
    """Run a deal as each variant makes its sheet, and store nothing."""
    with store.read() as work:
        request, book = _requested(work, deal, scenario, as_of, assumptions, mode)
        book = book or work.snapshots.workbook(request.stored.source_file_id, with_correlation=False)
    return tuple(_calculated(request, book, variant(request.stored.deal)).result for variant in variants)


def _requested(
    work: UnitOfWork, deal: str, scenario: str, as_of: date | None, assumptions: str | None, mode: Mode
) -> tuple[_Request, WorkbookSnapshot | None]:
    """What a run depends on, and the workbook where that had to be read already."""
    stored = work.snapshots.deal(deal, as_of)
    if assumptions is None:
        raise choices.no_assumptions(work, stored)
    shock = choices.scenario(work, scenario)
    program = choices.program(work, stored.deal.name, mode)
    book = None
    if assumptions == assumption_sets.WORKBOOK:
        book = work.snapshots.workbook(stored.source_file_id, with_correlation=False)
    configuration = choices.configuration(work, stored.deal.name, mode)
    chosen = choices.assumption_set(work, assumptions, book)
    return _request(stored, chosen, shock, program, configuration, mode), book


def stored_outcome(work: UnitOfWork, run: StoredRun) -> RunOutcome:
    """A deal run as the store keeps it; InputError CLO-4058 for a run of another kind."""
    if run.kind != DEAL:
        raise InputError(
            "CLO-4058",
            f"Run {run.run_id} of {run.deal_id} is a {run.kind} run and has no cash flows",
            remedy="`clodesk results` lists the deal runs; `clodesk compliance DEAL` shows the tests.",
        )
    return _outcome(work, run, work.runs.result(run), "store")


def _request(
    stored: StoredDeal,
    chosen: AssumptionSet,
    shock: Scenario,
    program: Program,
    configuration: Configuration,
    mode: Mode,
) -> _Request:
    engine = engine_version()
    parts = (
        stored.content_hash,
        stored.source_sha256,
        assumption_sets.to_json(chosen),
        repr(shock),
        program_hash(program),
        repr(configuration),
        mode.value,
        engine,
    )
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return _Request(
        stored=stored,
        chosen=chosen,
        shock=shock,
        program=program,
        configuration=configuration,
        mode=mode,
        engine=engine,
        key=key,
    )


def _answered(work: UnitOfWork, cache: Cache, request: _Request) -> RunOutcome | None:
    """The answer of an earlier run of the same input; its arrays from the cache if they are there."""
    run = work.runs.find(request.key)
    if run is None:
        return None
    arrays = cache.arrays(request.cache_key)
    if arrays is not None:
        return _outcome(work, run, result_from(arrays), "cache")
    result = work.runs.result(run)
    cache.put_arrays(CacheKind.WATERFALL_EXECUTION, request.cache_key, result_arrays(result))
    return _outcome(work, run, result, "store")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calculation:
    """A deal that was run, with what it was run on."""

    assembled: AssembledDeal
    market: DealMarket
    result: DealResult


def _calculated(request: _Request, book: WorkbookSnapshot, deal: DealSnapshot) -> _Calculation:
    as_of, quirks = deal.analysis_date, request.mode.quirks
    universe = Universe.of(_assets(book), book.sink_schedule)
    assembled = assemble(deal, universe, request.chosen, request.shock, program=request.program.name, mode=request.mode)
    market = DealMarket(calendar=calendar_of(book), curve=IndexCurve.of(as_of, assembled.curve, quirks))
    result = run_deal(
        assembled.deal, market, as_of, quirks, program=request.program, configuration=request.configuration
    )
    return _Calculation(assembled=assembled, market=market, result=result)


def _compute(store: Store, cache: Cache, request: _Request, book: WorkbookSnapshot, progress: Progress) -> RunOutcome:
    progress("Running (first time: compiling)", 0.3)
    found = _calculated(request, book, request.stored.deal)
    deal, result = found.assembled.deal, found.result
    progress("Storing", 0.6)
    head = _summary(request, found.assembled, result)
    flows = project_assets_of(deal, found.market, request.stored.deal.analysis_date, request.mode.quirks)
    run = store.save_run(_header(request), deal, result, flows, summary=summary.to_text(head))
    if result.failure is None:
        cache.put_arrays(CacheKind.WATERFALL_EXECUTION, request.cache_key, result_arrays(result))
    progress("Done", 1.0)
    return RunOutcome(
        run_id=run.run_id, summary=replace(head, run_id=str(run.run_id)), result=result, answered_from="computed"
    )


def _header(request: _Request) -> RunHeader:
    return RunHeader(
        deal_name=request.stored.deal.name,
        scenario=request.shock.name,
        as_of=request.stored.deal.analysis_date,
        mode=request.mode.value,
        input_hash=request.key,
        engine_version=request.engine,
        requested_by="",
        assumption_set=request.chosen.name,
    )


def _summary(request: _Request, assembled: AssembledDeal, result: DealResult) -> RunSummary:
    """The head of the run; its number is not known yet."""
    return RunSummary(
        deal=request.stored.deal.name,
        scenario=request.shock.name,
        as_of=request.stored.deal.analysis_date,
        mode=request.mode.value,
        program=request.program.name,
        run_id="",
        engine_version=request.engine,
        input_hash=request.key,
        tranche_inputs=summary.tranche_inputs(assembled.deal),
        sources=assembled.sources + _features(request.configuration),
        totals=summary.totals(result),
        findings=_remarks(assembled),
    )


def _features(configuration: Configuration) -> tuple[AssumptionSource, ...]:
    """What the deal's stored configuration switches on, as JSON."""
    if configuration == NO_CONFIGURATION:
        return ()
    text = orjson.dumps(write_configuration(configuration), option=orjson.OPT_SORT_KEYS).decode()
    return (AssumptionSource("waterfall features", f"configuration of the deal {text}"),)


def _outcome(work: UnitOfWork, run: StoredRun, result: DealResult, answered_from: str) -> RunOutcome:
    head = replace(summary.from_text(work.runs.summary(run)), run_id=str(run.run_id))
    return RunOutcome(run_id=run.run_id, summary=head, result=result, answered_from=answered_from)


def _assets(book: WorkbookSnapshot) -> Iterator[Asset]:
    return (row.asset for row in book.assets)


def _remarks(assembled: AssembledDeal) -> tuple[Finding, ...]:
    if not assembled.left_out:
        return ()
    ids = ", ".join(assembled.left_out)
    return (
        Finding(
            code="W-ASSET",
            sheet=f"{assembled.deal.name} Inputs",
            cell="D4",
            text=f"{len(assembled.left_out)} positions are not in the asset list and were left out: {ids}",
        ),
    )
