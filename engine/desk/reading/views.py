"""Stored data as cells ask for it: loaded once for a version of the data, then answered from memory.

A thousand cells of one deal cost one read of the database. What is kept is bounded; the least recently used goes first.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from db.cache import Cache
from db.runs import DEAL, StoredRun
from db.snapshots import DealSummary, StoredDeal
from db.store import Store, UnitOfWork
from engine.collateral.asset import Asset
from engine.collateral.rating_derivation import with_ratings
from engine.deal.assumptions import Scenario
from engine.desk import choices, compliance, runs
from engine.desk.records import ComplianceOutcome, RunOutcome
from engine.desk.versions import DataVersions
from engine.errors import InputError, ReferenceDataError
from engine.modes import Mode
from engine.snapshot import AssetRow, Correlation, DealSnapshot, LegacyResult, WorkbookSnapshot

V = TypeVar("V")
_MOST_KEPT = 256


@dataclass(frozen=True)
class BookView:
    """An imported workbook: its assets, and at the first look everything else but deals and correlations."""

    source_file_id: int
    analysis_date: date
    assets: tuple[AssetRow, ...]
    read_book: Callable[[], WorkbookSnapshot]

    @cached_property
    def book(self) -> WorkbookSnapshot:
        """Curve, calendar, schedules, panels and saved results; most cells ask for assets alone."""
        return self.read_book()

    @cached_property
    def asset_by_id(self) -> Mapping[str, Asset]:
        """Assets by id; of an id that stands twice, the first row."""
        return {row.asset.blkrock_id: row.asset for row in reversed(self.assets)}

    @cached_property
    def _id_by_small_letters(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name in self.asset_by_id:
            found[name.lower()] = (*found.get(name.lower(), ()), name)
        return found

    @cached_property
    def rated_by_id(self) -> Mapping[str, Asset]:
        """Assets by id, their blank ratings and recovery rates derived at the date of the workbook."""
        return {name: with_ratings(asset, self.analysis_date) for name, asset in self.asset_by_id.items()}

    @cached_property
    def legacy_results(self) -> Mapping[tuple[str, ...], LegacyResult]:
        """Values saved on output sheets by sheet, block, row and column, in small letters; the first of each."""
        return {
            tuple(part.strip().casefold() for part in (row.sheet, row.block, row.row_key, row.column)): row
            for row in reversed(self.book.legacy_results)
        }

    def asset(self, blkrock_id: str) -> Asset | None:
        """The asset of an id: exactly, else the only one that differs by case alone."""
        found = self.id_of(blkrock_id)
        return None if found is None else self.asset_by_id[found]

    def id_of(self, blkrock_id: str) -> str | None:
        """An id as the workbook spells it: exactly so, else the only one that differs by case alone."""
        if blkrock_id in self.asset_by_id:
            return blkrock_id
        alike = self._id_by_small_letters.get(blkrock_id.lower(), ())
        return alike[0] if len(alike) == 1 else None


@dataclass(frozen=True)
class DealView:
    """A deal at a date, with the workbook that its assets, curve and calendar come from."""

    stored: StoredDeal
    source: BookView

    @property
    def deal(self) -> DealSnapshot:
        return self.stored.deal

    @property
    def as_of(self) -> date:
        return self.stored.deal.analysis_date

    @cached_property
    def par_by_id(self) -> Mapping[str, float]:
        """Par by asset id, currency; repeated positions are added up."""
        found: dict[str, float] = {}
        for row in self.deal.positions:
            found[row.blkrock_id] = found.get(row.blkrock_id, 0.0) + row.par
        return found


class ViewShelf:
    """What views have loaded, for all threads of a process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...], load: Callable[[], V]) -> V:
        """The value under a key, loaded where it is not there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: V = self._kept[key]
                return found
        value = load()
        with self._lock:
            self._kept[key] = value
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return value


class Views:
    """Stored data at one version: everything that one batch of calls reads is of the same moment."""

    def __init__(self, store: Store, cache: Cache, shelf: ViewShelf, versions: DataVersions) -> None:
        self._store = store
        self._cache = cache
        self._shelf = shelf
        self._versions = versions

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A unit of work that only reads, for what no view has yet."""
        with self._store.read() as work:
            yield work

    def kept(self, name: str, *parts: Any, deal: str | None, load: Callable[[], V]) -> V:
        """A value kept under a name and parts for as long as the data of the deal, or of all deals, stay the same."""
        version = self._versions.of_everything if deal is None else self._versions.of_deal(deal)
        return self._shelf.get((name, version, *parts), load)

    def deals(self) -> tuple[DealSummary, ...]:
        """Every deal at every date, newest date first."""

        def load() -> tuple[DealSummary, ...]:
            with self._store.read() as work:
                return work.snapshots.deals()

        return self.kept("deals", deal=None, load=load)

    def deal(self, name: str, as_of: date | None = None) -> DealView:
        """A deal at a date, by default its newest; ReferenceDataError CLO-3013 for an unknown one."""

        def load() -> DealView:
            with self._store.read() as work:
                stored = work.snapshots.deal(name, as_of)
            return DealView(stored, self.book(stored.source_file_id))

        return self.kept("deal", name.upper(), as_of, deal=name, load=load)

    def book(self, source_file_id: int) -> BookView:
        """An imported workbook by its number; it never changes."""

        def read_book() -> WorkbookSnapshot:
            with self._store.read() as work:
                return work.snapshots.workbook(source_file_id, with_correlation=False, with_deals=False)

        def load() -> BookView:
            with self._store.read() as work:
                as_of, assets = work.snapshots.analysis_date(source_file_id), work.snapshots.assets(source_file_id)
            return BookView(source_file_id, as_of, assets, read_book)

        return self._shelf.get(("book", source_file_id), load)

    def newest_book(self, as_of: date | None = None) -> BookView:
        """The workbook imported last, of a date if one is given: the universe of assets and the market data."""

        found = self.loaded("newest", as_of, deal=None, load=lambda work: choices.newest_file(work, as_of))
        return self.book(found)

    def book_named(self, file_name: str) -> BookView:
        """The workbook of a file name that was imported last; ReferenceDataError CLO-4081 where there is none."""

        def load() -> int:
            with self._store.read() as work:
                found = work.snapshots.newest_file_named(file_name)
            if found is None:
                raise ReferenceDataError(
                    "CLO-4081", f"No workbook '{file_name}' was imported", remedy="CLO_SNAPSHOTS lists the files."
                )
            return found

        return self.book(self.kept("named", file_name.casefold(), deal=None, load=load))

    def correlation(self, source_file_id: int) -> Correlation | None:
        """The correlation matrix in force for an imported workbook, None where there is none."""
        version = self.loaded(
            "correlation in force",
            source_file_id,
            deal=None,
            load=lambda work: work.correlations.in_force(source_file_id),
        )
        if version is None:
            return None

        def load() -> Correlation:
            with self._store.read() as work:
                return work.correlations.matrix(version, self._cache)

        return self._shelf.get(("correlation", version.content_hash), load)

    def stored_runs(self, deal: str | None = None, *, limit: int = 1000) -> tuple[StoredRun, ...]:
        """Stored runs of a deal or of all, newest first."""

        def load() -> tuple[StoredRun, ...]:
            with self._store.read() as work:
                return work.runs.runs(deal, limit=limit)

        return self.kept("runs", (deal or "").upper(), limit, deal=deal, load=load)

    def run(self, deal: str, as_of: date | None, scenario: str, mode: Mode) -> RunOutcome:
        """The last stored run of a deal's cash flows; InputError CLO-4014 where there is none.

        A cell never starts a run: it shows what was run, whatever assumption set that was run on.
        """
        view = self.deal(deal, as_of)

        def load() -> RunOutcome:
            with self._store.read() as work:
                for stored in work.runs.runs(view.deal.name, limit=1000):
                    if (stored.kind, stored.scenario, stored.mode) == (DEAL, scenario.upper(), mode.value) and (
                        stored.as_of == view.as_of
                    ):
                        return runs.stored_outcome(work, stored)
            raise InputError(
                "CLO-4014",
                f"{view.deal.name} has no stored run of scenario {scenario.upper()} at {view.as_of}, mode {mode.value}",
                remedy="Press Deal cash flows in the ribbon, or use `clodesk run`.",
            )

        return self.kept("run", view.deal.name, view.as_of, scenario.upper(), mode, deal=deal, load=load)

    def compliance(self, deal: str, as_of: date | None, mode: Mode) -> ComplianceOutcome:
        """The tests of a deal: those stored last if nothing changed since, else tested now and not stored."""
        view = self.deal(deal, as_of)

        def load() -> ComplianceOutcome:
            return compliance.check(
                self._store,
                self._cache,
                view.deal.name,
                view.as_of,
                mode,
                is_stored=False,
                progress=lambda _text, _done: None,
            )

        return self.kept("compliance", view.deal.name, view.as_of, mode, deal=deal, load=load)

    def scenario(self, name: str) -> Scenario:
        """A scenario by its name; InputError CLO-4018 for an unknown one."""
        return self.loaded("scenario", name.upper(), deal=None, load=lambda work: choices.scenario(work, name))

    def loaded(self, name: str, *parts: Any, deal: str | None, load: Callable[[UnitOfWork], V]) -> V:
        """A value kept as `kept` does, made from what is read of the database in one go."""

        def read() -> V:
            with self.read() as work:
                return load(work)

        return self.kept(name, *parts, deal=deal, load=read)
