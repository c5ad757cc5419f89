"""The desk: what an analyst can do, from any face (design: load, compute, store, cache).

One call per use case. A face hands in texts and paths and gets records back; it knows no table, no cache and no kernel.
What only some use cases need (reading and writing workbooks, the demo) is imported by them: a first answer is quick.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.cache import Cache, open_cache
from db.runs import StoredRun
from db.settings import StorageSettings, settings_of_environment
from db.store import Store, open_store
from db.versions import data_versions
from engine.compliance.metrics import PoolMetrics
from engine.compliance.results import Baseline, PastResult
from engine.deal.assumptions import BUILT_IN_SCENARIOS
from engine.desk import assumption_sets, choices, runs
from engine.desk.documents import Documents
from engine.desk.records import (
    ComplianceOutcome,
    DealLine,
    DemoOutcome,
    FlowBasis,
    ImportOutcome,
    OptimiserOutcome,
    OptimiserRequest,
    Progress,
    RebalanceOutcome,
    RebalanceRequest,
    RunOutcome,
    TradeOutcome,
    ValidationOutcome,
)
from engine.desk.versions import DataVersions
from engine.errors import InputError
from engine.modes import Mode
from engine.trading.ranking import RankedTrade
from engine.trading.trades import Grouping, Settlement, Side, Trade

if TYPE_CHECKING:
    from engine.desk.access import Access
    from engine.desk.correlations import Correlations
    from engine.desk.grid_records import BreakEvenOutcome, BreakEvenRequest, GridOutcome, GridRequest, RunChoice
    from engine.desk.reading.views import Views, ViewShelf
    from engine.desk.simulations.desk import SimulationDesk
    from engine.desk.swaps.desk import SwapDesk

NO_RULES = Settlement()
_DEMO_WATERFALL_FROM = date(2016, 1, 1)
_PARTS = re.compile(r"(\D*)(\d*)")


def _silent(_text: str, _done: float) -> None:
    """Progress that nobody watches."""


class Desk:
    """The use cases on one store and one cache."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self._store = store
        self._cache = cache
        self._shelf: ViewShelf | None = None
        self._swaps: SwapDesk | None = None

    @property
    def cache(self) -> Cache:
        """Where answers are kept that processes share."""
        return self._cache

    # Who may use the calculation server

    def access(self) -> "Access":
        """Keys of the server's users, and the record of what was asked of it."""
        from engine.desk.access import Access

        return Access(self._store)

    @property
    def documents(self) -> Documents:
        """Waterfalls, features, scenarios and assumption sets."""
        return Documents(self._store)

    @property
    def swaps(self) -> "SwapDesk":
        """The second book: equity and total return swaps."""
        from engine.desk.swaps.desk import SwapDesk

        if self._swaps is None:
            self._swaps = SwapDesk(self._store)
        return self._swaps

    def correlations(self, as_of: date | None = None) -> "Correlations":
        """Asset correlations in force at a date, by default at that of the newest workbook."""
        from engine.desk.correlations import Correlations

        return Correlations(self._store, self._cache, as_of)

    @property
    def simulations(self) -> "SimulationDesk":
        """Simulations of ratings, and of deals along them."""
        from engine.desk.simulations.desk import SimulationDesk

        return SimulationDesk(self._store, self._cache)

    # What cells read

    def data_versions(self) -> DataVersions:
        """Versions of the stored data; an answer is good for as long as those it depends on stay the same."""
        with self._store.read() as work:
            return DataVersions(data_versions(work.driver))

    def views(self, versions: DataVersions) -> "Views":
        """Stored data at these versions, kept in memory for every later call."""
        from engine.desk.reading.views import Views, ViewShelf

        if self._shelf is None:
            self._shelf = ViewShelf()
        return Views(self._store, self._cache, self._shelf, versions)

    def scenario_handle(self, base: str, changes: Mapping[str, float]) -> str:
        """The handle of a scenario with some of its numbers changed; its recipe is stored, once."""
        from engine.desk import handles

        with self._store.read() as work:
            stored = handles.scenario_recipe(choices.scenario(work, base), changes)
            handle = handles.handle_of(stored)
            is_known = work.handles.find(handle) is not None
        if not is_known:
            with self._store.begin() as work:
                work.handles.save(handle, stored)
        return handle

    def describe_handle(self, handle: str) -> str:
        """What a handle stands for, in a line; BackendError CLO-2121 for an unknown one."""
        from engine.desk import handles

        with self._store.read() as work:
            return handles.described(handles.recipe(work, handle))

    # Workbooks

    def import_workbook(
        self, path: Path, *, dry_run: bool = False, is_strict: bool = False, progress: Progress | None = None
    ) -> ImportOutcome:
        """Read a model workbook and store it, whole or not at all; with is_strict a warning keeps it out too.

        Raises WorkbookError for a file that is no readable workbook; errors in its content are findings.
        """
        from engine.desk import imports

        return imports.import_workbook(self._store, path, dry_run=dry_run, is_strict=is_strict, progress=progress)

    def load_workbook(self, path: Path, *, dry_run: bool = False, is_strict: bool = False) -> ImportOutcome:
        """Read a loader workbook: fresh positions, cash, assets and curve of deals that were imported before.

        Raises as `import_workbook` does, and InputError where it does not fit the imported workbook.
        """
        from engine.desk import imports

        return imports.load_workbook(self._store, path, dry_run=dry_run, is_strict=is_strict)

    def validate(self, deal: str | None = None) -> tuple[ValidationOutcome, ...]:
        """What is wrong with the stored data of a deal, or of all deals: one outcome for each workbook they came from.

        A file that is not stored is judged by `engine.desk.validation.validate_file`, without a database.
        """
        from engine.desk.validation import validate_stored

        return validate_stored(self._store, deal)

    def deals(self) -> tuple[DealLine, ...]:
        """Every deal in the database, newest date first, Mag 6 before Mag 11."""
        with self._store.read() as work:
            lines = [
                DealLine(
                    name=item.deal_name,
                    as_of=item.as_of,
                    n_positions=item.n_positions,
                    par=item.par,
                    program=choices.program_name(work, item.deal_name),
                    source_file=item.source_file,
                )
                for item in work.snapshots.deals()
            ]
        lines.sort(key=lambda line: [(text.upper(), int(digits or 0)) for text, digits in _PARTS.findall(line.name)])
        return tuple(sorted(lines, key=lambda line: line.as_of, reverse=True))

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
        return runs.run(
            self._store,
            self._cache,
            deal,
            scenario,
            as_of,
            assumptions=assumptions,
            mode=mode,
            progress=progress or _silent,
        )

    def runs(self, deal: str | None = None, *, limit: int = 20) -> tuple[StoredRun, ...]:
        """Stored runs, newest first."""
        with self._store.read() as work:
            return work.runs.runs(deal, limit=limit)

    def stored_run(self, run_id: int) -> RunOutcome:
        """A stored run by its number."""
        with self._store.read() as work:
            return runs.stored_outcome(work, work.runs.get(run_id))

    def latest_run(self, deal: str, scenario: str | None = None) -> RunOutcome:
        """The last stored run of a deal, of one scenario or of any."""
        with self._store.read() as work:
            for run in work.runs.runs(deal, limit=1000):
                if scenario is None or run.scenario == scenario.upper():
                    return runs.stored_outcome(work, run)
        raise InputError(
            "CLO-4014",
            f"{deal} has no stored run" + (f" of scenario {scenario}" if scenario else ""),
            remedy=f'Run it first: clodesk run "{deal}" --assumptions NAME.',
        )

    # Grids

    def grid(self, choice: "RunChoice", request: "GridRequest", *, progress: Progress | None = None) -> "GridOutcome":
        """Run every combination of values, or named scenarios, or answer from the store when nothing has changed.

        Raises InputError for axes, scenarios or tranches that cannot be; nothing is stored then.
        """
        from engine.desk import grids

        return grids.run_grid(self._store, choice, request, progress or _silent)

    def breakeven(
        self, choice: "RunChoice", request: "BreakEvenRequest", *, progress: Progress | None = None
    ) -> "BreakEvenOutcome":
        """The default rates at which classes take their first loss, and price tables; as `grid`."""
        from engine.desk import grids

        return grids.find_break_evens(self._store, choice, request, progress or _silent)

    def export_grid(self, path: Path, outcome: "GridOutcome") -> None:
        """Write a grid as a workbook of heat maps; an existing file is replaced."""
        from workbooks.grids import GridRecord, write_grid

        write_grid(
            path,
            GridRecord(run_id=outcome.run_id, head=outcome.head, points=outcome.points, results=outcome.results),
        )

    def export_break_evens(self, path: Path, outcome: "BreakEvenOutcome") -> None:
        """Write break-evens and price tables as a workbook; an existing file is replaced."""
        from workbooks.grids import BreakEvenRecord, write_break_evens

        write_break_evens(
            path,
            BreakEvenRecord(
                run_id=outcome.run_id,
                head=outcome.head,
                credit=outcome.credit,
                found=outcome.found,
                tables=outcome.tables,
            ),
        )

    # Compliance

    def compliance(
        self,
        deal: str,
        as_of: date | None = None,
        mode: Mode = Mode.STANDARD,
        store: bool = True,
        *,
        progress: Progress | None = None,
    ) -> ComplianceOutcome:
        """Test a deal's holdings, or answer from the cache or the store when nothing that the tests read has changed.

        Raises InputError for input that cannot be tested, naming its cell; nothing is stored then.
        """
        from engine.desk import compliance

        return compliance.check(
            self._store, self._cache, deal, as_of, mode, is_stored=store, progress=progress or _silent
        )

    def accept_compliance(self, outcome: ComplianceOutcome, tests: Sequence[int] = ()) -> dict[int, Baseline]:
        """Take results of a stored run, all or those of some tests, as the levels to maintain or improve on.

        The baselines by test; a test with nothing to test keeps its own.
        """
        from engine.desk import compliance

        return compliance.accept(self._store, outcome, tests)

    def compliance_history(
        self, deal: str, test: int | str | None = None, mode: Mode = Mode.STANDARD
    ) -> tuple[PastResult, ...]:
        """Every test of a deal, or one by id or name, on every day that was tested, oldest first."""
        from engine.desk import compliance

        with self._store.read() as work:
            return compliance.history(work, deal, test, mode)

    def id_of_test(self, test: int | str, where: str) -> int:
        """Id of a compliance test by id or name, of the catalogue or defined by a deal; `where` it is asked for."""
        from engine.desk import compliance

        with self._store.read() as work:
            return compliance.id_of_test(work, test, where)

    def pool_metrics(self, deal: str, as_of: date | None = None, mode: Mode = Mode.STANDARD) -> PoolMetrics:
        """What a deal's pool looks like, stored with its compliance run."""
        return self.compliance(deal, as_of, mode).metrics

    def set_limits(self, deal: str, text: str | None, where: str) -> None:
        """Store what a deal is tested against beyond its sheet, from JSON, in place of earlier; None takes it away.

        Raises InputError for an unknown test, parameter or fact, a filter that cannot be read or has the name of
        another test, and for whatever would stop the tests.
        """
        from engine.desk import compliance

        compliance.set_limits(self._store, deal, text, where)

    def limits_text(self, deal: str) -> str | None:
        """What a deal is tested against beyond its sheet, as JSON that `set_limits` reads; None where there is none."""
        with self._store.read() as work:
            content = work.compliance.limits(work.snapshots.deal(deal).deal_id)
        return None if content is None else json.dumps(content)

    def export_compliance(self, path: Path, outcome: ComplianceOutcome, tests: Sequence[int] = ()) -> None:
        """Write a compliance workbook; an existing file is replaced. tests: whose history is drawn."""
        from engine.desk import compliance
        from workbooks.compliance import write_compliance

        with self._store.read() as work:
            record = compliance.record_of(work, outcome)
        write_compliance(path, record, tests)

    def export(self, path: Path, outcomes: Sequence[RunOutcome]) -> None:
        """Write a results workbook of one or several runs; an existing file is replaced."""
        from workbooks.results import ResultRecord, write_results

        write_results(path, [ResultRecord(outcome.summary, outcome.result) for outcome in outcomes])

    def demo(self, folder: Path, *, progress: Progress | None = None) -> DemoOutcome:
        """Make the demo workbook in a folder, import it, run it in two scenarios and export the results."""
        from workbooks.demo import DEAL_NAME, demo_waterfall, write_demo_workbook

        report = progress or _silent
        workbook, results = folder / f"{DEAL_NAME}.xlsx", folder / f"{DEAL_NAME} results.xlsx"
        if not workbook.exists():
            report("Writing the demo workbook", 0.0)
            write_demo_workbook(workbook)
        if self.import_workbook(workbook, progress=report).has_errors:
            raise InputError(
                "CLO-4023",
                f"{workbook} is not the demo workbook any more: it has errors",
                where=str(workbook),
                remedy="See them with `clodesk import FILE --dry-run`, or delete the file and run the demo again.",
            )
        self.documents.set_waterfall(DEAL_NAME, demo_waterfall(), _DEMO_WATERFALL_FROM)
        outcomes = tuple(
            self.run_deal(DEAL_NAME, scenario, assumptions=assumption_sets.WORKBOOK, progress=report)
            for scenario in BUILT_IN_SCENARIOS
        )
        report("Writing the results", 0.9)
        self.export(results, outcomes)
        return DemoOutcome(workbook=workbook, results=results, outcomes=outcomes)

    # Trades

    def try_trades(
        self,
        trades: Sequence[Trade],
        as_of: date | None = None,
        mode: Mode = Mode.STANDARD,
        *,
        grouping: Grouping = Grouping.PACKAGE,
        settlement: Settlement = NO_RULES,
        flows: FlowBasis | None = None,
    ) -> TradeOutcome:
        """What trades would do to the tests of their deals and, on a basis, to their cash flows; nothing is stored.

        Raises TradesError with everything that keeps the trades from being made.
        """
        from engine.desk import trading

        return trading.try_trades(
            self._store, trades, as_of, mode, grouping=grouping, settlement=settlement, flows=flows
        )

    def workbook_trades(self, deal: str, as_of: date | None = None) -> tuple[Trade, ...]:
        """The trades on the control panel of the workbook that a deal came with."""
        from engine.desk import trading

        return trading.workbook_trades(self._store, deal, as_of)

    def rank_trades(
        self,
        deal: str,
        as_of: date | None = None,
        mode: Mode = Mode.STANDARD,
        *,
        side: Side,
        step: float,
        chosen: str = "",
        includes_held: bool = True,
        settlement: Settlement = NO_RULES,
        n_best: int = 20,
    ) -> tuple[RankedTrade, ...]:
        """The best single trades of `step` par by their exact effect; chosen: a filter over the asset list.

        Raises FilterError for a filter that cannot be read, InputError CLO-4062 where nothing can be traded.
        """
        from engine.desk import trading

        return trading.rank_trades(
            self._store,
            deal,
            as_of,
            mode,
            side=side,
            step=step,
            chosen=chosen,
            includes_held=includes_held,
            settlement=settlement,
            n_best=n_best,
        )

    def optimise(
        self,
        deal: str,
        request: OptimiserRequest,
        as_of: date | None = None,
        *,
        settlement: Settlement = NO_RULES,
        progress: Progress | None = None,
    ) -> OptimiserOutcome:
        """The best trades of a deal that keep every limit, with a proven bound; nothing is booked."""
        from engine.desk import optimising

        return optimising.optimise_deal(self._store, deal, as_of, request, settlement, progress or _silent)

    def rebalance(
        self,
        deal: str,
        request: RebalanceRequest,
        as_of: date | None = None,
        mode: Mode = Mode.LEGACY,
        *,
        settlement: Settlement = NO_RULES,
    ) -> RebalanceOutcome:
        """The legacy rebalance, for reconciliation: in standard mode the same search under limits that hold."""
        from engine.desk import optimising

        return optimising.rebalance_deal(self._store, deal, as_of, mode, request, settlement)

    def keep_trades(
        self,
        deal: str,
        as_of: date | None,
        mode: Mode,
        request: RebalanceRequest | OptimiserRequest,
        tables: Mapping[str, Sequence[Sequence[Any]]],
    ) -> int:
        """Store what a rebalance or an optimisation showed, as a run; its number. Column names are the first rows."""
        from engine.desk import trade_runs

        return trade_runs.keep(self._store, deal, as_of, mode, request, tables)


@contextmanager
def open_desk(settings: StorageSettings | None = None, *, user: str = "") -> Iterator[Desk]:
    """A desk on the servers that the environment names, by default on embedded ones.

    user: in whose name it writes; by default that of the operating system.
    """
    settings = settings or settings_of_environment()
    store = open_store(settings)
    try:
        yield Desk(store.of_user(user), open_cache(settings))
    finally:
        store.close()
