"""Simulated waterfalls: what classes get when a deal runs along paths of ratings (spec 06 §12)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.desk.simulations.request import SimulationRequest
from engine.rating_migration.statistics import STATISTICS
from workbooks.simulation.record import DealRecord, LossDistribution, SimulationRecord, Spread
from workbooks.simulation.subjects import loss_shares, loss_title
from xl_addin.commands.answers import Level, shown
from xl_addin.commands.declare import Ask, Inputs, Progress, command
from xl_addin.commands.inputs import BASIS, DEAL, assumptions, basis
from xl_addin.commands.patch import Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.simulating import ASKS, READS, chosen_deals, dated, fact_lines, request_of, subtitle
from xl_addin.commands.tables import fresh, table_of
from xl_addin.functions.run_tables import cells
from xl_addin.functions.simulation_tables import PATH_COLUMNS
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext
from xl_addin.registry.results import MOST_CELLS

SHOWN = (
    ("expected_loss", "loss", "mean"),
    ("loss_p95", "loss", "p95"),
    ("loss_p99", "loss", "p99"),
    ("mean_yield", "yield", "mean"),
    ("yield_p5", "yield", "p5"),
    ("mean_wal", "wal", "mean"),
    ("wal_p95", "wal", "p95"),
    ("mean_interest", "interest", "mean"),
    ("mean_principal", "principal", "mean"),
)
"""Column, figure and statistic of the summary by class."""

_LOOKS = {
    **dict.fromkeys(("expected_loss", "loss_p95", "loss_p99", "mean_interest", "mean_principal"), Style.AMOUNT),
    "balance": Style.AMOUNT,
    **dict.fromkeys(("loss_probability", "mean_yield", "yield_p5"), Style.PERCENT),
    **dict.fromkeys(("mean_wal", "wal_p95"), Style.NUMBER),
    "missing": Style.WHOLE,
    **dict.fromkeys(STATISTICS, Style.NUMBER),
}
_PATHS = {
    "simulation": Style.WHOLE,
    **dict.fromkeys(("loss", "interest", "principal"), Style.AMOUNT),
    **dict.fromkeys(("loss_fraction", "yield", "equity_irr"), Style.PERCENT),
}
_BINS = {"from": Style.RATIO, "to": Style.RATIO, "paths": Style.WHOLE, "share": Style.RATIO, "share_up_to": Style.RATIO}


@command(
    "clo_run_deal_simulation",
    label="Simulated waterfalls",
    group="Run",
    supertip="Run deals along simulated ratings: losses, yields and lives of the classes, breaches, equity returns.",
    icon="ChartTypeXYScatterInsertGallery",
    is_background=True,
    reads=(*BASIS, *READS),
    asks=(
        Ask(
            name="deals",
            kind=kinds.NAMES,
            label="Deals; none for that of the Control sheet",
            source="deals",
            is_many=True,
        ),
        *ASKS,
    ),
)
def run_deal_simulation(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """What classes get over the simulations, a summary and the paths of each deal; several deals share their paths."""
    deals = chosen_deals(inputs)
    if deals:
        inputs = replace(inputs, cells={**inputs.cells, DEAL: deals[0]})
    chosen = basis(inputs, ctx)
    request = request_of(
        inputs,
        chosen.mode,
        deals=deals or (chosen.deal,),
        as_of=chosen.as_of,
        scenario=chosen.scenario,
        assumptions=assumptions(inputs, ctx, chosen.deal),
        has_cash_flows=True,
    )
    outcome = ctx.desk.simulations.simulate(request, progress=progress)
    now = fresh(ctx)
    sheets: list[OutputSheet] = []
    for record in outcome.records:
        sheets += _deal_sheets(inputs, now, record, outcome.request)
    has_remarks = any(record.remarks for record in outcome.records)
    level: Level = "warning" if has_remarks else "information"
    text = f"{_what_came(outcome.records)}; seed {outcome.request.seed}."
    return shown(sheets, text, level=level, run_id=outcome.run_ids[0])


def _what_came(records: Sequence[SimulationRecord]) -> str:
    first = records[0]
    if len(records) > 1 or first.tranches is None:
        return f"{len(records)} deals along {first.simulations:,} joint paths"
    losing = [
        name
        for name, chance in zip(first.tranches.names, first.tranches.loss_probability.tolist(), strict=True)
        if chance > 0.0
    ]
    what = f"losses of {', '.join(losing)}" if losing else "no losses"
    return f"{first.deal} along {first.simulations:,} paths: {what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    """A chart that is drawn once all tables stand, so that charts keep clear of them."""

    kind: str
    title: str
    categories: str
    series: Sequence[tuple[str, str]]
    axis_format: str = "General"

    def draw(self, sheet: OutputSheet) -> None:
        sheet.chart(self.kind, self.title, self.categories, self.series, axis_format=self.axis_format)


def _deal_sheets(
    inputs: Inputs, ctx: CallContext, record: SimulationRecord, request: SimulationRequest
) -> list[OutputSheet]:
    sheet = OutputSheet(output_name(inputs, f"Deal CF-{record.deal}-Sim Stats"))
    details = OutputSheet(output_name(inputs, f"Deal CF-{record.deal}-Sim Classes"), after=sheet.name)
    sheet.title(f"{record.deal}: simulated waterfalls", subtitle(record, request))
    details.title(f"{record.deal}: every statistic by class", subtitle(record, request))
    if record.tranches is None:
        raise TypeError(f"run {record.run_id} was asked for cash flows and has none")
    classes = table_of(ctx, "CLO_RUN_RESULT", run_id=record.run_id, part="tranches")
    drawings = [
        _show_classes(sheet, record.tranches, classes),
        *_show_breaches(sheet, record.tranches),
        *_show_equity(sheet, record.tranches.equity_irr),
    ]
    for losses in (record.collateral_loss, *record.tranches.losses):
        drawings += _show_losses(sheet, losses)
    for drawing in drawings:
        drawing.draw(sheet)
    sheet.notes(record.remarks)
    sheet.notes(fact_lines(record))
    details.freeze(details.table("Distribution by class", classes, styles=_LOOKS), 2)
    return [sheet, details, _paths_sheet(inputs, ctx, record, request, after=details)]


def _show_classes(sheet: OutputSheet, tranches: DealRecord, classes: list[list[Any]]) -> _Drawing:
    """The main figures of each class, with its chance of a loss drawn."""
    header, *rows = classes
    by_key = {(row[0], row[1]): dict(zip(header, row, strict=True)) for row in rows}
    chances = cells(tranches.loss_probability)
    shown_rows = [
        [name, balance, chance, *(by_key[name, figure][statistic] for _, figure, statistic in SHOWN)]
        for name, balance, chance in zip(tranches.names, tranches.balance.tolist(), chances, strict=True)
    ]
    columns = ["class_name", "balance", "loss_probability", *(column for column, _, _ in SHOWN)]
    block = sheet.table("Classes", [columns, *shown_rows], styles=_LOOKS)
    sheet.freeze(block, 1)
    n_notes = next((place for place, is_equity in enumerate(tranches.is_equity) if is_equity), len(tranches.names))
    return _Drawing(
        kind="column",
        title="Probability of a loss",
        categories=block.cells("class_name", n_notes),
        series=[("Probability", block.cells("loss_probability", n_notes))],
        axis_format="0.0%",
    )


def _show_breaches(sheet: OutputSheet, tranches: DealRecord) -> list[_Drawing]:
    if not tranches.test_names:
        return []
    title = "Probability that a coverage test fails"
    columns = list(zip(tranches.test_names, tranches.breach_probability, strict=True))
    grid = dated("payment_date", tranches.payment_dates, columns)
    block = sheet.table(title, grid, styles=dict.fromkeys(tranches.test_names, Style.RATIO))
    return [
        _Drawing(
            kind="line",
            title=title,
            categories=block.cells("payment_date"),
            series=[(name, block.cells(name)) for name in tranches.test_names],
            axis_format="0%",
        )
    ]


def _show_equity(sheet: OutputSheet, spread: Spread | None) -> list[_Drawing]:
    """How often the equity's return fell where."""
    if spread is None:
        return []
    edges, title = spread.edges.tolist(), "Return of the equity"
    rows = [[low, high, int(n)] for low, high, n in zip(edges[:-1], edges[1:], spread.counts.tolist(), strict=True)]
    block = sheet.table(title, [["from", "to", "paths"], *rows], styles=_BINS)
    paths = [("Paths", block.cells("paths"))]
    return [_Drawing(kind="column", title=title, categories=block.cells("from"), series=paths)]


def _show_losses(sheet: OutputSheet, losses: LossDistribution | None) -> list[_Drawing]:
    if losses is None or not int(losses.counts.sum()):
        return []
    edges = losses.edges.tolist()
    shares, up_to = loss_shares(losses)
    rows = list(zip(edges[:-1], edges[1:], shares.tolist(), up_to.tolist(), strict=True))
    block = sheet.table(
        f"Losses of {losses.subject} as shares of {losses.balance:,.0f}",
        [["from", "to", "share", "share_up_to"], *rows],
        styles=_BINS,
    )
    return [
        _Drawing(
            kind="column",
            title=loss_title(losses),
            categories=block.cells("from"),
            series=[("Share of the simulations", block.cells("share"))],
            axis_format="0.0%",
        )
    ]


def _paths_sheet(
    inputs: Inputs, ctx: CallContext, record: SimulationRecord, request: SimulationRequest, *, after: OutputSheet
) -> OutputSheet:
    """A row for each path and class, as long as a table can hold them; a note says how to see more of them."""
    n_classes = 0 if record.tranches is None else len(record.tranches.names)
    most = MOST_CELLS // (n_classes * len(PATH_COLUMNS))
    sheet = OutputSheet(output_name(inputs, f"Deal CF-{record.deal}-Sim Paths"), after=after.name)
    sheet.title(f"{record.deal}: what each path gave each class", subtitle(record, request))
    if record.simulations > most:
        sheet.notes((f"The first {most:,} of {record.simulations:,} simulations; CLO_SIM_PATHS shows the others.",))
    grid = table_of(ctx, "CLO_SIM_PATHS", run_id=record.run_id, deal=record.deal, first=1, count=most)
    sheet.freeze(sheet.table("Simulations", grid, styles=_PATHS), 2)
    return sheet
