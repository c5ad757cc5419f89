"""Rating migration: simulated ratings and defaults of a deal, or of all deals along joint paths (spec 06 §12)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from engine.desk.simulations.request import SimulationRequest
from engine.modes import Mode
from engine.rating_migration.fields import ROW_OF_FIELD
from engine.rating_migration.statistics import STATISTICS
from workbooks.simulation.record import Floats, SimulationRecord
from workbooks.simulation.subjects import MIX_NAMES, rating_mix, statistic
from xl_addin.commands.answers import counted, shown
from xl_addin.commands.declare import Inputs, Progress, command
from xl_addin.commands.inputs import AS_OF, BASIS, MODE, SCENARIO, basis, cell
from xl_addin.commands.legacy_migration import legacy_sets, legacy_statistics
from xl_addin.commands.patch import CellValue, Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.simulating import (
    ASKS,
    DEALS,
    READS,
    chosen_deals,
    dated,
    fact_lines,
    known_assumptions,
    request_of,
    subtitle,
)
from xl_addin.commands.tables import fresh, table_of
from xl_addin.functions.run_tables import cells
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext

FAN = ("mean", "p1", "p5", "p25", "p50", "p75", "p95", "p99")
ALL = "ALL"
SHOWN = 5
"""Ids that a message names."""

_LINES = (("Mean cumulative default rate", "mean"), ("P95 of the cumulative default rate", "p95"))
_MILLIONS = '#,##0,,"m"'
_RATES = {
    **dict.fromkeys(FAN, Style.RATIO),
    "standard_error": Style.RATIO,
    "balance_in_default": Style.AMOUNT,
    "period_end": Style.DATE,
    "opening_balance": Style.AMOUNT,
    "simulation": Style.WHOLE,
}
_AMOUNTS = {"period_end": Style.DATE, **dict.fromkeys(MIX_NAMES, Style.AMOUNT)}
_STATISTICS = {"period": Style.WHOLE, "date": Style.DATE, **dict.fromkeys(STATISTICS, Style.NUMBER)}


@command(
    "clo_run_migration",
    label="Rating migration",
    group="Run",
    supertip="Simulate the ratings of the deal's assets: the spread of defaults, the mix of ratings, every statistic.",
    icon="ChartAreaChart",
    is_background=True,
    reads=(*BASIS, *READS),
    asks=ASKS,
)
def run_migration(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The simulated ratings of a deal: its default rate as a fan, its mean rating mix, and every field by period."""
    chosen = basis(inputs, ctx)
    request = request_of(
        inputs,
        chosen.mode,
        deals=(chosen.deal,),
        as_of=chosen.as_of,
        scenario=chosen.scenario,
        assumptions=known_assumptions(inputs, ctx, chosen.deal),
    )
    outcome = ctx.desk.simulations.simulate(request, progress=progress)
    (record,) = outcome.records
    sheet = _fan_sheet(inputs, record, outcome.request)
    details = _statistics_sheet(inputs, fresh(ctx), record, outcome.request, after=sheet.name)
    sheets = [sheet, details]
    if chosen.mode is Mode.LEGACY:
        sheets += legacy_statistics(inputs, record, after=details.name)
    text = (
        f"{record.deal}: {_default_rate(record, 'mean')[-1]:.2%} of the par is in default at the end on average,"
        f" {_default_rate(record, 'p95')[-1]:.2%} or more in one of twenty"
        f" simulations; seed {outcome.request.seed}."
    )
    return shown(sheets, text, run_id=outcome.run_ids[0])


def _default_rate(record: SimulationRecord, name: str) -> Floats:
    """A statistic (T + 1,) of the balance in default over the opening balance; the legacy model has no such field."""
    rates = statistic(record, "DEFAULTRATE", name)
    if np.isnan(rates).all() and record.opening_balance:
        return statistic(record, "BALDEF", name) / record.opening_balance
    return rates


def _fan_sheet(inputs: Inputs, record: SimulationRecord, request: SimulationRequest) -> OutputSheet:
    sheet = OutputSheet(output_name(inputs, f"RM-{record.deal}"))
    sheet.title(f"{record.deal}: rating migration", subtitle(record, request))
    fan = sheet.table(
        "Cumulative default rate",
        dated("period_end", record.dates, {name: _default_rate(record, name) for name in FAN}),
        styles=_RATES,
    )
    sheet.freeze(fan, 1)
    by_rating = list(zip(MIX_NAMES, rating_mix(record).T, strict=True))
    mix = sheet.table("Mean balance by rating", dated("period_end", record.dates, by_rating), styles=_AMOUNTS)
    names = {"p50": "Median", "mean": "Mean"}
    series = [(names.get(name, name.upper()), fan.cells(name)) for name in FAN]
    sheet.chart("line", "Range of the cumulative default rate", fan.cells("period_end"), series, axis_format="0.0%")
    columns = [(name, mix.cells(name)) for name in MIX_NAMES]
    title = "Mean balance by rating, repaid and defaulted"
    sheet.chart("stacked_area", title, mix.cells("period_end"), columns, axis_format=_MILLIONS)
    row = ROW_OF_FIELD["BALDEF"]
    paths = [[path.label, path.simulation, *cells(path.fields[row, -1:])] for path in record.paths]
    header = ["stands_for", "simulation", "balance_in_default"]
    sheet.table("Paths that stand for others", [header, *paths], styles=_RATES)
    sheet.notes(fact_lines(record))
    return sheet


def _statistics_sheet(
    inputs: Inputs, ctx: CallContext, record: SimulationRecord, request: SimulationRequest, *, after: str
) -> OutputSheet:
    sheet = OutputSheet(output_name(inputs, f"RM-{record.deal} Statistics"), after=after)
    sheet.title(f"{record.deal}: statistics of every field by period", subtitle(record, request))
    grid = table_of(ctx, "CLO_RUN_RESULT", run_id=record.run_id, part="stats")
    sheet.freeze(sheet.table("Statistics", grid, styles=_STATISTICS), 3)
    return sheet


@command(
    "clo_run_migration_all",
    label="Rating migration, all deals",
    group="Run",
    supertip="Simulate the ratings of all assets of several deals along joint paths, and compare the deals' defaults.",
    icon="ChartTypeLineInsertGallery",
    is_background=True,
    reads=(AS_OF, SCENARIO, MODE, *READS),
    asks=(DEALS, *ASKS),
)
def run_migration_all(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The deals' default rates along the same paths; those of the newest date where none are chosen."""
    mode, as_of = cell(inputs, MODE, kinds.MODE, Mode.STANDARD), cell(inputs, AS_OF, kinds.DAY)
    deals, left_out = chosen_deals(inputs), tuple[str, ...]()
    if not deals and mode is Mode.STANDARD:
        deals, left_out = _complete_deals(ctx, as_of)
    request = request_of(
        inputs,
        mode,
        deals=deals,
        as_of=as_of,
        scenario=str(cell(inputs, SCENARIO, kinds.NAME, "BASE")).upper(),
        assumptions=known_assumptions(inputs, ctx),
    )
    outcome = ctx.desk.simulations.simulate(request, progress=progress)
    records = outcome.records
    sheets = [_joint_sheet(inputs, records, outcome.request, left_out)]
    if mode is Mode.LEGACY:
        sheets += legacy_sets(inputs, records, after=sheets[0].name)
    text = " ".join(
        (
            f"{counted(len(records), 'deal')} along {records[0].simulations:,} joint paths;"
            f" seed {outcome.request.seed}.",
            *left_out,
        )
    )
    return shown(sheets, text, level="warning" if left_out else "information", run_id=outcome.run_ids[0])


def _complete_deals(ctx: CallContext, as_of: date | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The deals of a date, by default the newest, whose positions are all in the asset list, and why others are not."""
    lines = ctx.views.deals()
    newest = as_of or max((line.as_of for line in lines), default=None)
    complete, left_out = [], []
    for name in dict.fromkeys(line.deal_name for line in lines if line.as_of == newest):
        view = ctx.views.deal(name, newest)
        unknown = [one for one, par in view.par_by_id.items() if par and one not in view.source.asset_by_id]
        if unknown:
            left_out.append(f"{name} is left out: {', '.join(unknown[:SHOWN])} not in the asset list.")
        else:
            complete.append(name)
    return (tuple(complete), tuple(left_out)) if complete else ((), ())


def _joint_sheet(
    inputs: Inputs, records: Sequence[SimulationRecord], request: SimulationRequest, left_out: Sequence[str]
) -> OutputSheet:
    sheet = OutputSheet(output_name(inputs, f"RM-{ALL}"))
    sheet.title("Rating migration of all deals", subtitle(records[0], request))
    figures = ("mean", "standard_error", "p50", "p95", "p99")
    looks = {**_RATES, **dict.fromkeys((record.deal for record in records), Style.RATIO)}
    rows = [_deal_row(record, figures) for record in records]
    overview = sheet.table(
        "Default rate at the end",
        [["deal", "run_id", "opening_balance", *figures], *rows],
        styles={**_RATES, "run_id": Style.WHOLE},
    )
    lines = {name: sheet.table(title, _by_deal(records, name), styles=looks) for title, name in _LINES}
    bars = [("Mean", overview.cells("mean")), ("P95", overview.cells("p95")), ("P99", overview.cells("p99"))]
    sheet.chart("column", "Default rate at the end", overview.cells("deal"), bars, axis_format="0.0%")
    for title, name in _LINES:
        series = [(record.deal, lines[name].cells(record.deal)) for record in records]
        sheet.chart("line", title, lines[name].cells("period_end"), series, axis_format="0.0%")
    sheet.notes(left_out)
    sheet.notes(fact_lines(records[0]))
    return sheet


def _deal_row(record: SimulationRecord, names: Sequence[str]) -> list[CellValue]:
    figures = cells([float(_default_rate(record, name)[-1]) for name in names])
    return [record.deal, int(record.run_id), record.opening_balance, *figures]


def _by_deal(records: Sequence[SimulationRecord], name: str) -> list[list[Any]]:
    """A statistic of the default rate by date and deal; joint paths have common dates."""
    columns: list[tuple[str, Floats]] = [(record.deal, _default_rate(record, name)) for record in records]
    return dated("period_end", records[0].dates, columns)
