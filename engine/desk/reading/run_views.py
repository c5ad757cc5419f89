"""Stored runs as cells ask for them: lists, single runs by number, and what can be calculated on their flows."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from db.compliance import COMPLIANCE
from db.runs import DEAL, OPTIMISE, REBALANCE, StoredRun
from db.scenario_grids import BREAKEVEN, GRID
from db.simulations import RATING_MIGRATION, SIMULATION
from db.store import UnitOfWork
from engine.desk import runs, trade_runs
from engine.desk.compliance_text import from_texts
from engine.desk.reading.tranche_measures import TrancheMeasures, tranche_measures
from engine.desk.reading.views import Views
from engine.desk.records import RunOutcome
from engine.modes import Mode
from workbooks.compliance.record import ComplianceReport

KINDS = (DEAL, COMPLIANCE, REBALANCE, OPTIMISE, RATING_MIGRATION, SIMULATION, GRID, BREAKEVEN)
"""What kinds of runs are stored."""


def stored_runs(views: Views, deal: str | None, kind: str | None, limit: int) -> tuple[StoredRun, ...]:
    """Stored runs of a deal or of all, of a kind or of every kind, newest first."""
    kinds = KINDS if kind is None else (kind,)

    def load(work: UnitOfWork) -> tuple[StoredRun, ...]:
        found = [run for one in kinds for run in work.runs.runs(deal, limit=limit, kind=one)]
        return tuple(sorted(found, key=lambda run: (run.started_at, run.run_id), reverse=True)[:limit])

    return views.loaded("list of runs", (deal or "").upper(), kinds, limit, deal=deal, load=load)


def run_of_number(views: Views, run_id: int) -> StoredRun:
    """A stored run by its number; ReferenceDataError CLO-3015 where there is none."""
    return views.loaded("run of number", run_id, deal=None, load=lambda work: work.runs.get(run_id))


def outcome_of(views: Views, run: StoredRun) -> RunOutcome:
    """What a stored run of a deal's cash flows found; InputError CLO-4058 for a run of another kind."""
    return views.loaded(
        "outcome of run", run.run_id, deal=run.deal_id, load=lambda work: runs.stored_outcome(work, run)
    )


def report_of(views: Views, run: StoredRun) -> ComplianceReport:
    """What a stored compliance run found."""
    return views.loaded(
        "report of run", run.run_id, deal=run.deal_id, load=lambda work: from_texts(work.compliance.texts(run))[0]
    )


def tables_of(views: Views, run: StoredRun) -> Mapping[str, list[list[Any]]]:
    """The tables of a stored rebalance or optimisation by name, each with its column names as first row."""
    return views.loaded(
        "tables of run", run.run_id, deal=run.deal_id, load=lambda work: trade_runs.tables_of(work, run)
    )


def measures_of(views: Views, run: StoredRun) -> TrancheMeasures:
    """The classes of a stored run, to be valued at other prices and margins."""
    view, outcome = views.deal(run.deal_id, run.as_of), outcome_of(views, run)
    day_counts = tuple(row.day_count for row in view.deal.tranches)
    return views.loaded(
        "tranche measures",
        run.run_id,
        deal=run.deal_id,
        load=lambda work: tranche_measures(work, run, outcome, day_counts, view.source.book),
    )


def measures_of_last_run(views: Views, deal: str, as_of: date | None, scenario: str, mode: Mode) -> TrancheMeasures:
    """The classes of the last stored run of a deal; raises what `Views.run` raises."""
    return measures_of(views, run_of_number(views, views.run(deal, as_of, scenario, mode).run_id))
