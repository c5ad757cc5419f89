"""Stored simulations in cells: statistics of ratings and balances, single paths, what classes get (spec 06 §11.5)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np

from engine.desk.reading import simulation_views
from engine.desk.reading.views import Views
from engine.desk.records import StoredRun
from engine.desk.simulations.run import field_row
from workbooks.simulation.record import DealRecord
from xl_addin.functions.runs import CATEGORY, RunId, run_of_deal
from xl_addin.functions.simulation_tables import (
    path_table,
    series_table,
    statistic_of,
)
from xl_addin.registry.arguments import ClassName, DealName
from xl_addin.registry.batches import each, only
from xl_addin.registry.class_names import find_class
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import unavailable, wrong
from xl_addin.registry.kinds import NAME
from xl_addin.registry.results import Table

Statistic = Annotated[
    Literal[
        "MIN",
        "MAX",
        "AVERAGE",
        "MEDIAN",
        "STDDEV",
        "MEAN",
        "SD",
        "SD_POPULATION",
        "SE",
        "P0.1",
        "P1",
        "P5",
        "P10",
        "P25",
        "P50",
        "P75",
        "P90",
        "P95",
        "P99",
        "P99.9",
        "ES95",
        "ES99",
        "ES99.9",
    ],
    "MIN, MAX, AVERAGE, MEDIAN, STDDEV; MEAN, SD, SD_POPULATION, SE (standard error of the mean), percentiles P0.1 to"
    " P99.9, expected shortfalls ES95, ES99, ES99.9.",
]
FieldName = Annotated[
    str, NAME, "NUM, BAL and a rating as in NUMBBP or BALCCC, NUMDEF, BALDEF, BALPERF, CDR, DEFAULTRATE and so on."
]


@udf(
    "CLO_RM_STATS",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=[
        '=CLO_RM_STATS(INDEX(CLO_RUNS("Demo 1","rating_migration",1),2,1),"Demo 1","DEFAULTRATE","P95")',
    ],
)
def clo_rm_stats(run_id: RunId, deal: DealName, field: FieldName, stat: Statistic, *, ctx: CallContext) -> Table:
    """A statistic of a field of a stored simulation by date: counts of loans, balances in currency, rates as decimals.

    Each date by itself, over all simulations. STDDEV divides by the number of simulations in a run of legacy mode, as
    that model did, and by one less in any other; MEDIAN of a legacy run is the value the legacy model called so. The
    whole paths that the legacy model showed as its minimum, maximum and median are part paths of CLO_RUN_RESULT.
    """
    run = run_of_deal(ctx.views, run_id, deal)
    record = simulation_views.record_of(ctx.views, run)
    return series_table(record, record.figures[field_row(field), :, statistic_of(stat, run.mode)])


@udf(
    "CLO_RM_PATH",
    category=CATEGORY,
    cost="heavy",
    depends=("universe",),
    examples=[
        '=CLO_RM_PATH(INDEX(CLO_RUNS("Demo 1","rating_migration",1),2,1),"Demo 1",7,"BALPERF")',
    ],
)
def clo_rm_path(
    run_id: RunId,
    deal: DealName,
    simulation: Annotated[int, "Number of the simulation, from 1."],
    field: FieldName,
    *,
    ctx: CallContext,
) -> Table:
    """A field along one path of a stored simulation by date, in the units of CLO_RM_STATS.

    Paths are not stored: this one is walked again from the run's seed, once for all cells that ask for it. #N/A where
    the deal's data have changed since.
    """
    run, row = run_of_deal(ctx.views, run_id, deal), field_row(field)
    record = simulation_views.record_of(ctx.views, run)
    fields = simulation_views.path_of(ctx.views, ctx.desk.simulations, run, simulation)
    return series_table(record, fields[row])


def _class_cells(calls: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
    return each(calls, lambda *arguments: _class_figure(ctx.views, *arguments))


@udf(
    "CLO_SIM_STATS",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=[
        '=CLO_SIM_STATS(INDEX(CLO_RUNS("Demo 1","simulation",1),2,1),"Demo 1","Sub Notes","equity_irr","MEDIAN")',
    ],
    batch=_class_cells,
)
def clo_sim_stats(
    run_id: RunId,
    deal: DealName,
    class_name: ClassName,
    metric: Annotated[
        Literal[
            "loss",
            "loss_fraction",
            "loss_probability",
            "yield_at_price",
            "wal",
            "interest",
            "principal",
            "equity_irr",
        ],
        "loss, loss_fraction (of the balance), loss_probability, yield_at_price, wal, interest, principal, or of the"
        " equity equity_irr.",
    ],
    stat: Statistic,
    *,
    ctx: CallContext,
) -> float:
    """A statistic over the paths of a stored simulation of what a class gets: currency, decimals, or years.

    Its AVERAGE of loss_probability is the share of the paths with a loss. Paths that stopped or lack the figure take no
    part.
    """
    return float(only(_class_cells([(run_id, deal, class_name, metric, stat)], ctx)))


def _class_figure(views: Views, run_id: str, deal: str, class_name: str, metric: str, stat: str) -> float:
    run = run_of_deal(views, run_id, deal)
    tranches = simulation_views.classes_of(views, run)
    equity = next((name for name, is_it in zip(tranches.names, tranches.is_equity, strict=True) if is_it), "")
    place = find_class(class_name, tranches.names, equity)
    value = float(_figures(views, run, tranches, place, metric)[statistic_of(stat, run.mode)])
    if np.isnan(value):
        raise unavailable(
            "CLO-2197",
            f"No simulation of run {run.run_id} has {metric} of {tranches.names[place]}, or too few for {stat}",
            remedy="Ask for another metric, or run more simulations.",
        )
    return value


def _figures(views: Views, run: StoredRun, tranches: DealRecord, place: int, metric: str) -> Any:
    """The statistics of a metric of a class, (N_STATISTICS,)."""
    is_equity = tranches.is_equity[place]
    if is_equity != (metric == simulation_views.EQUITY_IRR) and metric in (
        simulation_views.EQUITY_IRR,
        simulation_views.LOSS_PROBABILITY,
    ):
        raise wrong(
            "CLO-2196",
            f"{tranches.names[place]} has no {metric}",
            remedy="equity_irr is of the equity, loss_probability of notes: the equity is owed nothing.",
        )
    if metric == simulation_views.EQUITY_IRR:
        return simulation_views.equity_irr(views, run).figures
    if metric == simulation_views.LOSS_PROBABILITY:
        return simulation_views.loss_probability(views, run).figures[place]
    return tranches.figures[place, simulation_views.CLASS_METRICS.index(metric)]


@udf(
    "CLO_SIM_PATHS",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_SIM_PATHS(INDEX(CLO_RUNS("Demo 1","simulation",1),2,1),"Demo 1",1,20)'],
)
def clo_sim_paths(
    run_id: RunId,
    deal: DealName,
    first: Annotated[int, "Number of the first simulation, 1 by default."] = 1,
    count: Annotated[int, "How many simulations, 1,000 by default."] = 1000,
    *,
    ctx: CallContext,
) -> Table:
    """What each class got along some paths of a stored simulation: currency, decimals, years.

    A row for each simulation and class, senior first; a cell is empty where there is no figure.
    """
    run = run_of_deal(ctx.views, run_id, deal)
    paths = simulation_views.class_paths(ctx.views, run)
    n_paths = len(paths.figures.status)
    if not 1 <= first <= n_paths or count < 1:
        raise wrong(
            "CLO-2198",
            f"Run {run.run_id} has no {count:,} simulations from {first:,} on",
            remedy=f"Its simulations are 1 to {n_paths:,}.",
        )
    return path_table(paths, first, count)
