"""What an analyst can do with simulations: run them, look at stored ones, follow one path, write and draw results."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from db.cache import Cache
from db.runs import StoredRun
from db.store import Store
from engine.desk.blocks.settings import BlockSettings, settings_of_environment
from engine.desk.records import Progress
from engine.desk.simulations import run
from engine.desk.simulations.request import SimulationRequest
from engine.desk.simulations.run import EQUITY_IRR, Floats, SimulationOutcome
from workbooks.simulation import SimulationRecord, write_plots, write_simulation


class SimulationDesk:
    """The use cases of simulations on one store and one cache."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self._store = store
        self._cache = cache

    def simulate(
        self,
        request: SimulationRequest,
        *,
        progress: Progress,
        is_cancelled: Callable[[], bool] = run.never,
        settings: BlockSettings | None = None,
    ) -> SimulationOutcome:
        """Run a simulation, or answer from the store; see `run.simulate`. settings: by default the environment's."""
        return run.simulate(
            self._store,
            self._cache,
            request,
            settings or settings_of_environment(),
            user=self._store.user,
            progress=progress,
            is_cancelled=is_cancelled,
        )

    def record(self, run_id: int) -> SimulationRecord:
        """A stored simulation of one deal; InputError CLO-4190 for a run of another kind."""
        with self._store.read() as work:
            return run.stored_record(work, work.runs.get(run_id))

    def request(self, run_id: int) -> SimulationRequest:
        """What a stored simulation was asked to do, with its seed."""
        with self._store.read() as work:
            return run.stored_request(work, work.runs.get(run_id))

    def equity_irr(self, run_id: int) -> Floats:
        """Equity IRR of every path of a stored simulation, (S,), NaN where it has none; empty without cash flows."""
        with self._store.read() as work:
            found = work.simulations.arrays(work.runs.get(run_id), EQUITY_IRR)
        return found.get(EQUITY_IRR, np.empty(0))

    def path(self, run_id: int, simulation: int, deal: str = "") -> Floats:
        """Fields of one path of a stored simulation, (N_FIELDS, T + 1), walked again; see `run.replayed_path`."""
        with self._store.read() as work:
            stored = work.runs.get(run_id)
            name = deal or run.stored_record(work, stored).deal
        return run.replayed_path(self._store, self._cache, stored, name, simulation)

    def runs(self, deal: str | None = None, *, limit: int = 20) -> tuple[StoredRun, ...]:
        """Stored simulations of a deal or of all, newest first."""
        with self._store.read() as work:
            found = [item for kind in run.KINDS for item in work.runs.runs(deal, limit=limit, kind=kind)]
        return tuple(sorted(found, key=lambda item: item.started_at, reverse=True)[:limit])

    def export(self, path: Path, records: Sequence[SimulationRecord], *, with_legacy_sheets: bool = False) -> None:
        """Write a workbook of simulations with charts; an existing file is replaced.

        with_legacy_sheets: add the output sheets of the legacy model, for the runs of one stored simulation; raises
        what `legacy_sheets.legacy_record` raises, before a file is begun.
        """
        legacy = None
        if with_legacy_sheets and records:
            from engine.desk.simulations.legacy_sheets import legacy_record

            legacy = legacy_record(self._store, self._cache, [int(record.run_id) for record in records])
        write_simulation(path, records, legacy)

    def plot(self, folder: Path, records: Sequence[SimulationRecord]) -> tuple[Path, ...]:
        """Draw simulations as PNG files into a folder; InputError CLO-2068 without the extra that draws."""
        return tuple(file for record in records for file in write_plots(folder, record))
