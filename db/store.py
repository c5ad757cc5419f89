"""The door to the database: a store opens units of work, each with the repositories of one transaction."""

import copy
import getpass
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from db import migrate
from db.access import AccessRepository
from db.asset_flows import AssetCashFlows
from db.changes import Change, preview
from db.compliance import ComplianceRepository
from db.connection import driver_connection, driver_errors, make_engine, parsed_url, shown_address
from db.correlations import CorrelationRepository
from db.embedded import start_postgres
from db.handles import HandleRepository
from db.models.scenarios import AssumptionSetRow, ScenarioRow
from db.runs import RunHeader, RunRepository, StoredRun
from db.scenario_grids import GridRepository
from db.scenarios import NamedContentRepository
from db.settings import StorageSettings, settings_of_environment
from db.simulations import SimulationRepository
from db.snapshots import ImportOutcome, SnapshotRepository
from db.waterfall_configurations import WaterfallRepository
from engine.compliance.metrics import PoolMetrics
from engine.compliance.results import ComplianceResult
from engine.deal.contract import Deal
from engine.deal.results import DealResult
from engine.snapshot import Finding, WorkbookSnapshot

if TYPE_CHECKING:
    from db.blocks import BlockStore
    from db.payouts.views import ViewRefresh
    from db.payouts.work import PayoutWork


class UnitOfWork:
    """The repositories on one connection and in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.session = Session(bind=connection, join_transaction_mode="create_savepoint")
        self.driver: psycopg.Connection[Any] = driver_connection(connection)
        self.snapshots = SnapshotRepository(self.driver)
        self.runs = RunRepository(self.driver)
        self.compliance = ComplianceRepository(self.driver)
        self.correlations = CorrelationRepository(self.driver)
        self.simulations = SimulationRepository(self.driver)
        self.grids = GridRepository(self.driver)
        self.handles = HandleRepository(self.driver)
        self.waterfalls = WaterfallRepository(self.session)
        self.assumption_sets = NamedContentRepository(self.session, AssumptionSetRow, "assumption set")
        self.access = AccessRepository(self.driver)
        self.scenarios = NamedContentRepository(self.session, ScenarioRow, "scenario")

    @property
    def payouts(self) -> "PayoutWork":
        """The repositories of performance payouts, on the same connection."""
        from db.payouts.work import PayoutWork

        return PayoutWork.on(self.session, self.driver)


class Store:
    """A database of clodesk at the schema revision that this version needs."""

    def __init__(self, settings: StorageSettings, url: str, *, is_owned: bool = False) -> None:
        """Connect. An empty database gets the schema; one of another revision is brought forward only if is_owned.

        Raises BackendError CLO-3002 when the server is out of reach, CLO-3004 for a schema of another revision.
        """
        self._url = parsed_url(url)
        self._engine = make_engine(self._url, settings)
        self._read_engine = self._engine
        if settings.read_database_url is not None:
            self._read_url = parsed_url(settings.read_database_url.get_secret_value())
            self._read_engine = make_engine(self._read_url, settings, read_only=True)
        else:
            self._read_url = self._url
        self._months: set[tuple[int, int]] = set()
        self._years: set[int] = set()
        self._user = ""
        try:
            self._bring_schema(is_owned)
        except BaseException:
            self.close()
            raise

    def _bring_schema(self, is_owned: bool) -> None:
        with driver_errors(self._url):
            with self._engine.connect() as connection:
                revision = migrate.schema_revision(connection)
            if revision is None or (is_owned and revision != migrate.HEAD):
                migrate.upgrade(self._engine)
            with self._engine.connect() as connection:
                migrate.require_current(connection, self.address)

    def of_user(self, user: str) -> "Store":
        """The same database with what is written under a user's name; connections are shared."""
        made = copy.copy(self)
        made._user = user
        return made

    @property
    def user(self) -> str:
        """In whose name it writes."""
        return self._user

    @property
    def address(self) -> str:
        """Where the database is, for people: without password."""
        return shown_address(self._url)

    @property
    def blocks(self) -> "BlockStore":
        """Finished blocks of calculations that are under way; connections are shared."""
        from db.blocks import BlockStore

        return BlockStore(self._engine, self._url)

    @contextmanager
    def begin(self, user: str = "") -> Iterator[UnitOfWork]:
        """A unit of work that is committed when the block ends and undone when it raises.

        user is who the history names; by default the store's, or that of the operating system.
        """
        with driver_errors(self._url), self._engine.begin() as connection:
            connection.execute(
                text("SELECT set_config('clodesk.user', :user, true)"), {"user": user or self._user or _system_user()}
            )
            yield from _unit_of_work(connection)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A unit of work that only reads, on the reporting database where one is named; nothing is kept."""
        with driver_errors(self._read_url), self._read_engine.connect() as connection:
            yield from _unit_of_work(connection)

    def save_snapshot(
        self, book: WorkbookSnapshot, findings: Sequence[Finding] = (), *, user: str = ""
    ) -> ImportOutcome:
        """Store a workbook, whole or not at all."""
        with self.begin(user) as work:
            return work.snapshots.save(book, findings, imported_by=user or self._user or _system_user())

    def diff_snapshot(self, book: WorkbookSnapshot) -> tuple[Change, ...]:
        """What `save_snapshot` would change; writes nothing."""
        with self.read() as work:
            return preview(work.snapshots, book)

    def save_run(
        self,
        header: RunHeader,
        deal: Deal,
        result: DealResult,
        flows: AssetCashFlows | None = None,
        *,
        summary: bytes = b"",
    ) -> StoredRun:
        """Store a run with everything it found, whole or not at all; failed where the result says so.

        summary: what the run says of itself, in a form of the caller's; `RunRepository.summary` gives it back.
        """
        self.prepare_partitions()
        header = replace(header, requested_by=header.requested_by or self._user)
        with self.begin(header.requested_by) as work:
            run = work.runs.start(header, deal.name)
            work.runs.store(run, deal, result, flows, summary=summary)
            failure = result.failure
            if failure is None:
                return work.runs.finish(run)
            where = f"period {failure.period}, {failure.section} {failure.step}: {failure.reason}"
            return work.runs.finish(run, failure_number=failure.number, failure_text=where)

    def save_compliance(
        self,
        header: RunHeader,
        deal_name: str,
        results: Sequence[ComplianceResult],
        metrics: PoolMetrics,
        texts: Mapping[str, bytes],
        *,
        accepted: Mapping[int, float] | None = None,
    ) -> StoredRun:
        """Store a compliance run, whole or not at all; `ComplianceRepository.texts` gives its texts back.

        accepted: results by test that are baselines from now on.
        """
        self.prepare_partitions()
        header = replace(header, requested_by=header.requested_by or self._user)
        with self.begin(header.requested_by) as work:
            run = work.runs.start(header, deal_name)
            work.compliance.store(run, results, metrics, texts)
            if accepted:
                work.compliance.accept(run, accepted)
            return work.runs.finish(run)

    def save_tables(self, header: RunHeader, deal_name: str, tables: Mapping[str, bytes]) -> StoredRun:
        """Store a run that keeps tables only, whole or not at all; `RunRepository.tables` gives them back."""
        self.prepare_partitions()
        header = replace(header, requested_by=header.requested_by or self._user)
        with self.begin(header.requested_by) as work:
            run = work.runs.start(header, deal_name)
            work.runs.store_tables(run, tables)
            return work.runs.finish(run)

    def save_with(self, header: RunHeader, deal_name: str, write: Callable[[UnitOfWork, StoredRun], None]) -> StoredRun:
        """Store a run with what `write` keeps of it, whole or not at all."""
        self.prepare_partitions()
        header = replace(header, requested_by=header.requested_by or self._user)
        with self.begin(header.requested_by) as work:
            run = work.runs.start(header, deal_name)
            write(work, run)
            return work.runs.finish(run)

    def prepare_partitions(self) -> None:
        """Make the partitions of this month, in a transaction of its own: making one shuts other writers out."""
        with driver_errors(self._url), self._engine.begin() as connection:
            now = connection.execute(
                text("SELECT extract(year FROM t)::int, extract(month FROM t)::int FROM timezone('UTC', now()) AS t")
            ).one()
            month = (now[0], now[1])
            if month not in self._months:
                connection.execute(text("SELECT ensure_run_partitions(now())"))
                self._months.add(month)

    def prepare_payout_years(self, *days: date) -> None:
        """Make the partitions of daily payout rows that these days need, in transactions of their own.

        From October on that is the next year's too; a year that this store has prepared costs no statement.
        """
        from db.payouts.partitions import ensure_year, years_of

        for year in sorted(years_of(days) - self._years):
            with driver_errors(self._url), self._engine.begin() as connection:
                ensure_year(connection, year)
            self._years.add(year)

    def refresh_payout_views(self) -> "tuple[ViewRefresh, ...]":
        """Bring the materialized views of payouts up to date while readers go on reading."""
        from db.payouts.views import refresh_views

        with driver_errors(self._url), self._engine.connect() as connection:
            return refresh_views(connection)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()
        self._read_engine.dispose()


def _unit_of_work(connection: Connection) -> Iterator[UnitOfWork]:
    work = UnitOfWork(connection)
    with work.session:
        yield work
        if work.session.in_transaction():
            work.session.commit()


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getpid())


def open_store(settings: StorageSettings | None = None) -> Store:
    """The store that the environment names, by default on the embedded server, started where needed."""
    settings = settings or settings_of_environment()
    if settings.database_url is not None:
        return Store(settings, settings.database_url.get_secret_value())
    return Store(settings, start_postgres(settings.data_dir), is_owned=True)
