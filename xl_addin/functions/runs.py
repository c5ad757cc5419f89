"""Stored runs in cells: the list, the state of one, and its tables (spec 06 §11.5)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from engine.desk.reading import run_views, simulation_views
from engine.desk.reading.views import Views
from engine.desk.records import StoredRun
from engine.desk.simulations.request import SimulationRequest
from xl_addin.functions import run_tables, simulation_tables
from xl_addin.functions.compliance import compliance_table
from xl_addin.functions.tranches import metrics_table
from xl_addin.registry.arguments import DealName
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import unavailable, wrong
from xl_addin.registry.kinds import NAME
from xl_addin.registry.results import Table

CATEGORY = "CLO Runs"
_RUN_COLUMNS = (
    "run_id",
    "kind",
    "deal",
    "as_of",
    "scenario",
    "mode",
    "seed",
    "simulations",
    "status",
    "progress",
    "started",
    "ended",
    "user",
)
_STATUS_WORDS = {"running": "running", "finished": "done", "failed": "failed"}
_JOB = "job-"

RunId = Annotated[str, NAME, "Number of a run, as CLO_RUNS lists it, or the id of a job."]


@udf(
    "CLO_RUNS",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=["=CLO_RUNS()", '=CLO_RUNS("Demo 1","deal",5)'],
)
def clo_runs(
    deal: DealName = "",
    kind: Annotated[
        Literal["deal", "compliance", "rebalance", "optimise", "rating_migration", "simulation", "grid", "breakeven"]
        | None,
        "deal (cash flows), compliance, rebalance, optimise, rating_migration, simulation (of cash flows), grid or"
        " breakeven; all by default.",
    ] = None,
    top_n: Annotated[int, "How many of the newest, 100 by default."] = 100,
    *,
    ctx: CallContext,
) -> Table:
    """Stored runs of a deal or of all, newest first; times are UTC.

    Seed and simulations stay empty for runs that draw nothing; a seed of more than 15 digits is a text.
    """
    if deal:
        ctx.views.deal(deal)
    names = {line.deal_id: line.deal_name for line in ctx.views.deals()}
    found = run_views.stored_runs(ctx.views, deal or None, kind, max(top_n, 0))
    drawn = simulation_views.requests_of(ctx.views, found)
    return Table(_RUN_COLUMNS, [_run_row(run, names, drawn.get(run.run_id)) for run in found])


def _run_row(run: StoredRun, names: Mapping[str, str], drawn: SimulationRequest | None) -> list[Any]:
    return [
        run.run_id,
        run.kind,
        names.get(run.deal_id, run.deal_id),
        run.as_of,
        run.scenario or None,
        run.mode,
        None if drawn is None else drawn.seed,
        None if drawn is None else drawn.n_simulations,
        _STATUS_WORDS[run.status],
        1.0 if run.status == "finished" else None,
        _utc(run.started_at),
        _utc(run.finished_at),
        run.requested_by or None,
    ]


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


@udf(
    "CLO_RUN_STATUS",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    is_cached=False,
    examples=['=CLO_RUN_STATUS(INDEX(CLO_RUNS("Demo 1","deal",1),2,1))'],
)
def clo_run_status(run_id: RunId, *, ctx: CallContext) -> str:
    """State of a run or job: queued, running with its progress, done, failed or cancelled."""
    job = ctx.job_status(run_id.lower()) if run_id.lower().startswith(_JOB) else None
    if job is not None:
        return job
    return _STATUS_WORDS[stored_run(ctx.views, run_id).status]


def stored_run(views: Views, run_id: str) -> StoredRun:
    """A run by its number as a cell has it.

    Raises CellError CLO-2185 for a job, CLO-2186 for what is no number; ReferenceDataError CLO-3015 for an unknown run.
    """
    if run_id.lower().startswith(_JOB):
        raise unavailable(
            "CLO-2185",
            f"{run_id} is a job, which only the calculation server knows that started it",
            remedy="Ask that server, or give the number of a stored run.",
        )
    if not (run_id.isascii() and run_id.isdigit() and len(run_id) < 18):
        raise wrong("CLO-2186", f"{run_id!r} is no number of a run", remedy="CLO_RUNS lists the runs.")
    return run_views.run_of_number(views, int(run_id))


def run_of_deal(views: Views, run_id: str, deal: str) -> StoredRun:
    """A run by its number that has to be of a deal, "" for any; CellError CLO-2187 for one of another deal."""
    run = stored_run(views, run_id)
    if deal and views.deal(deal).stored.deal_id != run.deal_id:
        raise unavailable("CLO-2187", f"Run {run.run_id} is not of {deal}", remedy="CLO_RUNS lists the runs of a deal.")
    return run


def _deal_part(table: Callable[[Any], Table]) -> Callable[[Views, StoredRun], Table]:
    return lambda views, run: table(run_views.outcome_of(views, run).result)


def _kept_part(name: str) -> Callable[[Views, StoredRun], Table]:
    def table(views: Views, run: StoredRun) -> Table:
        header, *rows = run_views.tables_of(views, run)[name]
        return Table(header, rows)

    return table


def _simulated_part(table: Callable[[Any], Table]) -> Callable[[Views, StoredRun], Table]:
    return lambda views, run: table(simulation_views.record_of(views, run))


def _class_part(table: Callable[[Any], Table]) -> Callable[[Views, StoredRun], Table]:
    return lambda views, run: table(simulation_views.classes_of(views, run))


_SIMULATED_PARTS = {
    "stats": _simulated_part(simulation_tables.statistics_table),
    "paths": _simulated_part(simulation_tables.representative_table),
    "facts": _simulated_part(simulation_tables.facts_table),
}
_TRADE_PARTS = ("tests", "attributes", "purchases", "sales", "path")
_PARTS: Mapping[str, Mapping[str, Callable[[Views, StoredRun], Table]]] = {
    "deal": {
        "tranches": lambda views, run: metrics_table(run_views.measures_of(views, run)),
        "triggers": _deal_part(run_tables.trigger_table),
        "waterfall": _deal_part(run_tables.waterfall_table),
        "steps": _deal_part(run_tables.step_table),
        "collateral": _deal_part(lambda result: run_tables.pool_table(run_tables.total_pool(result))),
        "incentive_fee": _deal_part(run_tables.incentive_table),
    },
    "compliance": {
        "tests": lambda views, run: compliance_table(run_views.report_of(views, run).results),
    },
    "rebalance": {name: _kept_part(name) for name in _TRADE_PARTS},
    "optimise": {name: _kept_part(name) for name in _TRADE_PARTS},
    "rating_migration": _SIMULATED_PARTS,
    "simulation": {
        **_SIMULATED_PARTS,
        "tranches": _class_part(simulation_tables.class_table),
        "triggers": _class_part(simulation_tables.breach_table),
        "sim_stats": lambda views, run: simulation_tables.path_table(simulation_views.class_paths(views, run)),
    },
    "grid": {
        "points": lambda views, run: simulation_tables.point_table(*simulation_views.grid_of(views, run)),
        "results": lambda views, run: simulation_tables.point_class_table(simulation_views.grid_of(views, run)[1]),
    },
    "breakeven": {
        "results": lambda views, run: simulation_tables.break_even_table(
            simulation_views.break_evens_of(views, run)[0]
        ),
        "prices": lambda views, run: simulation_tables.price_table(simulation_views.break_evens_of(views, run)[1]),
    },
}


@udf(
    "CLO_RUN_RESULT",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_RUN_RESULT(INDEX(CLO_RUNS("Demo 1","deal",1),2,1),"tranches")'],
)
def clo_run_result(
    run_id: RunId,
    part: Annotated[
        Literal[
            "tranches",
            "triggers",
            "waterfall",
            "steps",
            "collateral",
            "incentive_fee",
            "tests",
            "attributes",
            "purchases",
            "sales",
            "path",
            "sim_stats",
            "stats",
            "paths",
            "facts",
            "points",
            "results",
            "prices",
        ],
        "Deal: tranches, triggers, waterfall, steps, collateral, incentive_fee; compliance: tests; trades: tests,"
        " attributes, purchases, sales, path; simulation: stats, paths, facts, tranches, triggers, sim_stats; grid:"
        " points, results; breakeven: results, prices.",
    ],
    deal: Annotated[str, NAME, "Deal that the run has to be of; any by default."] = "",
    *,
    ctx: CallContext,
) -> Table:
    """One table of a stored run, in the columns of the function that shows it for the last run.

    Of a simulation stats has the distribution of every field by period, sim_stats what each path gave each class
    (CLO_SIM_PATHS shows some of them), triggers the probability that each coverage test fails.
    """
    run = run_of_deal(ctx.views, run_id, deal)
    parts = _PARTS[run.kind]
    if part not in parts:
        raise unavailable(
            "CLO-2188",
            f"Run {run.run_id} is a {run.kind} run and has no {part}",
            remedy=f"It has {', '.join(parts)}.",
        )
    return parts[part](ctx.views, run)
