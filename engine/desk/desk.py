"""The desk: what an analyst can do, from any face (design: load, compute, store, cache).

One call per use case. A face hands in texts and paths and gets records back; it knows no table, no cache and no kernel.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from db.cache import Cache, CacheKind, cache_key, open_cache
from db.run_arrays import result_arrays, result_from
from db.runs import RunHeader, StoredRun
from db.settings import StorageSettings
from db.snapshots import StoredDeal
from db.store import Store, UnitOfWork, open_store
from engine.collateral.asset import Asset
from engine.conventions.calendar import Calendar, us_bank_calendar
from engine.deal.assumptions import BUILT_IN_SCENARIOS, AssumptionSet, Scenario
from engine.deal.results import DealResult
from engine.deal.run import DealMarket, run_deal
from engine.desk import assumption_sets, summary
from engine.desk.assembly import AssembledDeal, Universe, assemble
from engine.desk.flows import project_assets_of
from engine.desk.records import DealLine, DemoOutcome, ImportOutcome, RunOutcome
from engine.errors import InputError
from engine.market.curve import IndexCurve
from engine.modes import Mode
from engine.numerics import source_hash
from engine.snapshot import Finding, Severity, WorkbookSnapshot
from engine.waterfall.compiler import program_hash
from engine.waterfall.library import load_program, program_text
from engine.waterfall.parser import parse_program
from engine.waterfall.program import Program
from workbooks.demo import DEAL_NAME, demo_waterfall, write_demo_workbook
from workbooks.legacy import read_workbook
from workbooks.results import ResultRecord, RunSummary, write_results

_LOG = logging.getLogger(__name__)

Progress = Callable[[str, float], None]
"""Called with what is being done and the fraction that is done."""


_DEMO_WATERFALL_FROM = date(2016, 1, 1)


def _silent(_text: str, _done: float) -> None:
    """Progress that nobody watches."""


def engine_version() -> str:
    """Version of the product and a hash of the engine's sources: a run of other code is another run."""
    return f"{version('clodesk')}+{source_hash()}"


class Desk:
    """The use cases on one store and one cache."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self._store = store
        self._cache = cache

    # Workbooks

    def import_workbook(self, path: Path, *, dry_run: bool = False, progress: Progress | None = None) -> ImportOutcome:
        """Read a legacy workbook and store it, whole or not at all.

        Raises WorkbookError for a file that is no readable workbook; errors in its content are findings.
        """
        reading = read_workbook(path, progress=progress)
        if reading.snapshot is None:
            n_errors = sum(finding.severity is Severity.ERROR for finding in reading.findings)
            return ImportOutcome(
                findings=reading.findings,
                changes=(),
                is_written=False,
                has_errors=True,
                message=f"{path.name} was not imported: {n_errors} errors. Nothing was written.",
            )
        changes = self._store.diff_snapshot(reading.snapshot)
        if dry_run:
            message = f"{path.name} would make {len(changes)} changes. Nothing was written."
            return ImportOutcome(
                findings=reading.findings, changes=changes, is_written=False, has_errors=False, message=message
            )
        outcome = self._store.save_snapshot(reading.snapshot, reading.findings)
        if outcome.is_unchanged:
            message = f"{path.name} is unchanged: it was imported before. Nothing was written."
        else:
            parts = (("new", outcome.new), ("changed", outcome.changed), ("unchanged", outcome.unchanged))
            told = "; ".join(f"{word}: {', '.join(names)}" for word, names in parts if names)
            message = f"{path.name} was imported. Deals {told}."
        return ImportOutcome(
            findings=reading.findings,
            changes=changes,
            is_written=not outcome.is_unchanged,
            has_errors=False,
            message=message,
        )

    def deals(self) -> tuple[DealLine, ...]:
        """Every deal in the database, newest date first."""
        with self._store.read() as work:
            return tuple(
                DealLine(
                    name=item.deal_name,
                    as_of=item.as_of,
                    n_positions=item.n_positions,
                    par=item.par,
                    program=self._program_name(work, item.deal_name),
                    source_file=item.source_file,
                )
                for item in work.snapshots.deals()
            )

    # Runs

    def run_deal(
        self,
        deal: str,
        scenario: str = "BASE",
        as_of: date | None = None,
        *,
        assumptions: str | None = None,
        mode: Mode = Mode.STANDARD,
        progress: Progress | None = None,
    ) -> RunOutcome:
        """Run a deal, or answer from the cache or the store when nothing that the run depends on has changed.

        as_of: date of the snapshot, by default the newest. assumptions: name of the set that supplies what the deal's
        sheet does not say. Raises InputError where no set is chosen, or something is missing from both.
        """
        report = progress or _silent
        report("Loading the deal", 0.0)
        with self._store.read() as work:
            stored = work.snapshots.deal(deal, as_of)
            if assumptions is None:
                raise self._no_assumptions(work, stored)
            shock = self._scenario(work, scenario)
            program = self._program(work, stored.deal.name, mode)
            book = None
            if assumptions == assumption_sets.WORKBOOK:
                book = work.snapshots.workbook(stored.source_file_id, with_correlation=False)
            chosen = self._assumption_set(work, assumptions, book)
            key = _input_hash(stored, chosen, shock, program, mode)
            found = self._answered(work, stored, key)
            if found is not None:
                return found
            book = book or work.snapshots.workbook(stored.source_file_id, with_correlation=False)
        report("Running", 0.3)
        return self._compute(stored, book, chosen, shock, program, mode, key, report)

    def _compute(
        self,
        stored: StoredDeal,
        book: WorkbookSnapshot,
        chosen: AssumptionSet,
        shock: Scenario,
        program: Program,
        mode: Mode,
        key: str,
        report: Progress,
    ) -> RunOutcome:
        as_of, quirks = stored.deal.analysis_date, mode.quirks
        assembled = assemble(
            stored.deal,
            Universe.of(_assets(book), book.sink_schedule),
            chosen,
            shock,
            program=program.name,
            mode=mode,
        )
        market = DealMarket(calendar=_calendar(book), curve=IndexCurve.of(as_of, assembled.curve, quirks))
        result = run_deal(assembled.deal, market, as_of, quirks, program=program)
        report("Storing", 0.6)
        header = RunHeader(
            deal_name=stored.deal.name,
            scenario=shock.name,
            as_of=as_of,
            mode=mode.value,
            input_hash=key,
            engine_version=engine_version(),
            requested_by="",
            assumption_set=chosen.name,
        )
        head = RunSummary(
            deal=stored.deal.name,
            scenario=shock.name,
            as_of=as_of,
            mode=mode.value,
            program=program.name,
            run_id="",
            engine_version=engine_version(),
            input_hash=key,
            tranche_inputs=summary.tranche_inputs(assembled.deal),
            sources=assembled.sources,
            totals=summary.totals(result),
            findings=_remarks(assembled),
        )
        flows = project_assets_of(assembled.deal, market, as_of, quirks)
        run = self._store.save_run(header, assembled.deal, result, flows, summary=summary.to_text(head))
        if result.failure is None:
            arrays = result_arrays(result)
            self._cache.put_arrays(CacheKind.WATERFALL_EXECUTION, _cache_key(stored, key), arrays)
        report("Done", 1.0)
        return RunOutcome(
            run_id=run.run_id, summary=replace(head, run_id=str(run.run_id)), result=result, answered_from="computed"
        )

    def _answered(self, work: UnitOfWork, stored: StoredDeal, key: str) -> RunOutcome | None:
        """The answer of an earlier run of the same input; its arrays from the cache if they are there."""
        run = work.runs.find(key)
        if run is None:
            return None
        name = _cache_key(stored, key)
        arrays = self._cache.arrays(name)
        if arrays is not None:
            return _outcome(work, run, result_from(arrays), "cache")
        result = work.runs.result(run)
        self._cache.put_arrays(CacheKind.WATERFALL_EXECUTION, name, result_arrays(result))
        return _outcome(work, run, result, "store")

    def runs(self, deal: str | None = None, *, limit: int = 20) -> tuple[StoredRun, ...]:
        """Stored runs, newest first."""
        with self._store.read() as work:
            return work.runs.runs(deal, limit=limit)

    def stored_run(self, run_id: int) -> RunOutcome:
        """A stored run by its number."""
        with self._store.read() as work:
            run = work.runs.get(run_id)
            return _outcome(work, run, work.runs.result(run), "store")

    def latest_run(self, deal: str, scenario: str | None = None) -> RunOutcome:
        """The last stored run of a deal, of one scenario or of any."""
        with self._store.read() as work:
            for run in work.runs.runs(deal, limit=1000):
                if scenario is None or run.scenario == scenario.upper():
                    return _outcome(work, run, work.runs.result(run), "store")
        raise InputError(
            "CLO-4014",
            f"{deal} has no stored run" + (f" of scenario {scenario}" if scenario else ""),
            remedy=f'Run it first: clodesk run "{deal}" --assumptions NAME.',
        )

    def export(self, path: Path, outcomes: Sequence[RunOutcome]) -> None:
        """Write a results workbook of one or several runs; an existing file is replaced."""
        write_results(path, [ResultRecord(outcome.summary, outcome.result) for outcome in outcomes])

    def demo(self, folder: Path, *, progress: Progress | None = None) -> DemoOutcome:
        """Make the demo workbook in a folder, import it, run it in two scenarios and export the results."""
        report = progress or _silent
        workbook, results = folder / f"{DEAL_NAME}.xlsx", folder / f"{DEAL_NAME} results.xlsx"
        if not workbook.exists():
            report("Writing the demo workbook", 0.0)
            write_demo_workbook(workbook)
        self.import_workbook(workbook, progress=report)
        self.set_waterfall(DEAL_NAME, demo_waterfall(), _DEMO_WATERFALL_FROM)
        outcomes = tuple(
            self.run_deal(DEAL_NAME, scenario, assumptions=assumption_sets.WORKBOOK, progress=report)
            for scenario in BUILT_IN_SCENARIOS
        )
        report("Writing the results", 0.9)
        self.export(results, outcomes)
        return DemoOutcome(workbook=workbook, results=results, outcomes=outcomes)

    # Waterfalls, assumption sets

    def set_waterfall(self, deal: str, text: str, effective: date) -> int:
        """Store a program text as the deal's waterfall; returns its version. Raises ProgramError for a wrong text."""
        program = parse_program(text)
        with self._store.begin() as work:
            name = work.snapshots.deal(deal).deal.name
            saved = work.waterfalls.save(name, text, program_hash(program), effective_date=effective, deal_name=name)
            return saved.version

    def waterfall_text(self, name: str, mode: Mode = Mode.STANDARD) -> str:
        """Text of a deal's stored waterfall, or of a program that ships with clodesk."""
        with self._store.read() as work:
            stored = work.waterfalls.waterfalls(name)
            return stored[0].program if stored else program_text(name, mode)

    def assumption_sets(self) -> tuple[AssumptionSet, ...]:
        """The sets that ship with clodesk and those that were stored, by name."""
        with self._store.read() as work:
            known = assumption_sets.built_in()
            for item in work.assumption_sets.documents():
                known[item.name] = assumption_sets.from_content(item.content, item.name)
            return tuple(known[name] for name in sorted(known))

    def store_assumption_set(self, text: str, where: str) -> AssumptionSet:
        """Store an assumption set from its JSON text under the name it gives itself."""
        chosen = assumption_sets.from_json(text, where)
        if chosen.name == assumption_sets.WORKBOOK:
            raise InputError(
                "CLO-4015",
                f"The name '{chosen.name}' means what a workbook itself says",
                where=where,
                remedy="Give the set another name.",
            )
        with self._store.begin() as work:
            work.assumption_sets.save(assumption_sets.to_document(chosen))
        return chosen

    def _no_assumptions(self, work: UnitOfWork, stored: StoredDeal) -> InputError:
        known = [assumption_sets.WORKBOOK, *sorted(assumption_sets.built_in())]
        known += [item.name for item in work.assumption_sets.documents()]
        return InputError(
            "CLO-4016",
            f"No assumption set was chosen, and the sheet of {stored.deal.name} does not say everything a run needs:"
            " index curve, prepayment, default, severity",
            where=f"sheet '{stored.deal.name} Inputs'",
            remedy=f"Choose one with --assumptions; known sets: {', '.join(known)}.",
        )

    def _assumption_set(self, work: UnitOfWork, name: str, book: WorkbookSnapshot | None) -> AssumptionSet:
        if book is not None and name == assumption_sets.WORKBOOK:
            return assumption_sets.from_workbook(book.curve, book.cf_assumptions, book.vectors)
        stored = work.assumption_sets.find(name)
        if stored is not None:
            return assumption_sets.from_content(stored.content, name)
        built_in = assumption_sets.built_in()
        if name in built_in:
            return built_in[name]
        known = [assumption_sets.WORKBOOK, *built_in, *(item.name for item in work.assumption_sets.documents())]
        raise InputError(
            "CLO-4017",
            f"There is no assumption set '{name}'",
            remedy=f"Known sets: {', '.join(sorted(known))}.",
        )

    def _scenario(self, work: UnitOfWork, name: str) -> Scenario:
        wanted = name.upper()
        stored = work.scenarios.find(wanted)
        if stored is not None:
            return Scenario(name=wanted, description=stored.description, **stored.content)
        if wanted in BUILT_IN_SCENARIOS:
            return BUILT_IN_SCENARIOS[wanted]
        known = sorted({*BUILT_IN_SCENARIOS, *(item.name for item in work.scenarios.documents())})
        raise InputError("CLO-4018", f"There is no scenario '{name}'", remedy=f"Known scenarios: {', '.join(known)}.")

    def _program(self, work: UnitOfWork, deal_name: str, mode: Mode) -> Program:
        stored = work.waterfalls.waterfalls(deal_name)
        if stored:
            return replace(parse_program(stored[0].program), name=f"{stored[0].name} v{stored[0].version}")
        return load_program(deal_name, mode.quirks)

    def _program_name(self, work: UnitOfWork, deal_name: str) -> str:
        stored = work.waterfalls.waterfalls(deal_name)
        return f"{stored[0].name} v{stored[0].version}" if stored else deal_name.upper()


@contextmanager
def open_desk(settings: StorageSettings | None = None) -> Iterator[Desk]:
    """A desk on the servers that the environment names, by default on embedded ones."""
    settings = settings or StorageSettings()
    store = open_store(settings)
    try:
        yield Desk(store, open_cache(settings))
    finally:
        store.close()


def _outcome(work: UnitOfWork, run: StoredRun, result: DealResult, answered_from: str) -> RunOutcome:
    head = replace(summary.from_text(work.runs.summary(run)), run_id=str(run.run_id))
    return RunOutcome(run_id=run.run_id, summary=head, result=result, answered_from=answered_from)


def _assets(book: WorkbookSnapshot) -> Iterator[Asset]:
    return (row.asset for row in book.assets)


def _calendar(book: WorkbookSnapshot) -> Calendar:
    if book.holidays:
        return Calendar.of(book.holidays)
    return us_bank_calendar(book.analysis_date.year - 10, book.analysis_date.year + 40)


def _input_hash(stored: StoredDeal, chosen: AssumptionSet, shock: Scenario, program: Program, mode: Mode) -> str:
    """Content hash of everything a run depends on."""
    parts = (
        stored.content_hash,
        stored.source_sha256,
        assumption_sets.to_json(chosen),
        repr(shock),
        program_hash(program),
        mode.value,
        engine_version(),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _cache_key(stored: StoredDeal, key: str) -> str:
    return cache_key(CacheKind.WATERFALL_EXECUTION, stored.deal_id, stored.deal.analysis_date, content=key)


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
