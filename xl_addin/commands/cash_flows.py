"""Cash flows: of chosen assets, of a deal through its waterfall, of all deals (spec 06 §12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.desk.records import RunOutcome
from engine.errors import InputError, ModelError, located
from xl_addin.commands.answers import Level, counted, shown
from xl_addin.commands.deal_sheets import deal_sheets
from xl_addin.commands.declare import Ask, Inputs, Progress, command
from xl_addin.commands.inputs import ASSUMPTIONS, BASIS, MODE, SCENARIO, Basis, assumptions, basis
from xl_addin.commands.patch import Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.tables import column, fresh, pinned, table_of
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext
from xl_addin.registry.values import serial

ALL = "All"
_DRAWN = ("interest", "scheduled_principal", "unscheduled_principal", "recoveries")


@command(
    "clo_run_asset_cashflows",
    label="Collateral cash flows",
    group="Run",
    supertip="Project the cash flows of chosen assets at the deal's par, period by period and in total.",
    icon="FunctionsFinancialInsertGallery",
    reads=(*BASIS, ASSUMPTIONS),
    asks=(Ask(name="assets", kind=kinds.NAMES, label="Assets; All for every position", source="assets", is_many=True),),
)
def run_asset_cashflows(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The projected flows of chosen assets below each other, and their sum by payment date."""
    chosen = basis(inputs, ctx)
    par_by_id = ctx.views.deal(chosen.deal, chosen.as_of).par_by_id
    wanted = _chosen_assets(inputs, list(par_by_id), chosen.deal)
    grids = []
    for number, name in enumerate(wanted):
        progress(f"Projecting {name}", number / len(wanted))
        with located(f"asset {name}"):
            grids.append(_asset_flows(ctx, chosen, name, par_by_id.get(name)))
    header = ["blkrock_id", *grids[0][0]]
    rows = [[name, *row] for name, grid in zip(wanted, grids, strict=True) for row in grid[1:]]
    sheet = OutputSheet(output_name(inputs, f"Collat CF-{chosen.deal}"))
    sheet.title(
        f"{chosen.deal}: collateral cash flows",
        f"As of {chosen.as_of}, scenario {chosen.scenario}, {chosen.mode.value} mode, {counted(len(wanted), 'asset')}",
    )
    block = sheet.table("Cash flows", [header, *rows])
    sheet.freeze(block, 2)
    _draw_total(sheet, [header, *rows])
    return shown((sheet,), f"Cash flows of {counted(len(wanted), 'asset')} of {chosen.deal}.")


def _asset_flows(ctx: CallContext, chosen: Basis, name: str, par: float | None) -> list[list[Any]]:
    as_of, scenario, mode = chosen.wire
    return table_of(ctx, "CLO_ASSET_CASHFLOW", blkrock_id=name, par=par, as_of=as_of, scenario=scenario, mode=mode)


def _chosen_assets(inputs: Inputs, held: list[str], deal: str) -> list[str]:
    answer = [str(name) for name in inputs.answers.get("assets") or ()]
    wanted = held if any(name.lower() == ALL.lower() for name in answer) else answer
    if not wanted:
        raise InputError(
            "CLO-2208",
            "No asset is chosen" if held else f"{deal} holds no assets",
            where="dialog Collateral cash flows",
            remedy=f"Choose assets, or {ALL} for every position.",
        )
    return list(dict.fromkeys(wanted))


def _draw_total(sheet: OutputSheet, grid: list[list[Any]]) -> None:
    """Sum the flows by payment date and draw them."""
    places = [grid[0].index(name) for name in _DRAWN]
    sums: dict[int, list[float]] = {}
    for day, row in zip(column(grid, "payment_date"), grid[1:], strict=True):
        total = sums.setdefault(int(day["d"]), [0.0] * len(places))
        for position, place in enumerate(places):
            total[position] += row[place] if isinstance(row[place], int | float) else 0.0
    rows = [[{"d": day, "f": "yyyy-mm-dd"}, *sums[day]] for day in sorted(sums)]
    drawn = sheet.table("Total by payment date", [["payment_date", *_DRAWN], *rows], is_beside=True)
    sheet.chart(
        "stacked_column",
        "Cash by class of flow",
        drawn.cells("payment_date"),
        [(name.replace("_", " ").capitalize(), drawn.cells(name)) for name in _DRAWN],
        axis_format='#,##0.0,,"m"',
    )


@command(
    "clo_run_waterfall",
    label="Deal cash flows",
    group="Run",
    supertip="Run the deal through collateral, tests and waterfall, store the run, and show it on Deal CF-<deal>.",
    icon="CalculateNow",
    is_background=True,
    reads=(*BASIS, ASSUMPTIONS),
)
def run_waterfall(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Run a deal and lay out its classes, tests and periods."""
    chosen = basis(inputs, ctx)
    outcome = _run(inputs, ctx, chosen, progress)
    sheets = deal_sheets(inputs, pinned(fresh(ctx), outcome), chosen, outcome)
    return shown(sheets, _what_came(outcome), level=_level(outcome), run_id=outcome.run_id)


def _run(inputs: Inputs, ctx: CallContext, chosen: Basis, progress: Progress) -> RunOutcome:
    return ctx.desk.run_deal(
        chosen.deal,
        chosen.scenario,
        chosen.as_of,
        assumptions=assumptions(inputs, ctx, chosen.deal),
        mode=chosen.mode,
        progress=progress,
    )


def _what_came(outcome: RunOutcome) -> str:
    summary, failure = outcome.summary, outcome.result.failure
    head = f"Run {outcome.run_id} of {summary.deal}, scenario {summary.scenario}"
    if failure is not None:
        return f"{head}, stopped in period {failure.period}, {failure.step}: {failure.reason}."
    return f"{head}: {counted(outcome.result.last_period, 'period')}."


def _level(outcome: RunOutcome) -> Level:
    return "information" if outcome.result.failure is None else "warning"


@dataclass(frozen=True, slots=True)
class _Ran:
    """A deal of an all-deals run: what it was run on and what came, or what kept it from running."""

    deal: str
    chosen: Basis | None = None
    outcome: RunOutcome | None = None
    problem: str = ""


@command(
    "clo_run_waterfall_all",
    label="Deal cash flows, all deals",
    group="Run",
    supertip="Run the chosen deals at their newest dates; a summary, and one sheet for each deal.",
    icon="CalculateSheet",
    is_background=True,
    reads=(SCENARIO, MODE, ASSUMPTIONS),
    asks=(Ask(name="deals", kind=kinds.NAMES, label="Deals; none for all of them", source="deals", is_many=True),),
)
def run_waterfall_all(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Run several deals; one that cannot be run is named with its error and stops no other."""
    names = [str(name) for name in inputs.answers.get("deals") or ()]
    names = names or list(dict.fromkeys(line.name for line in ctx.desk.deals()))
    if not names:
        raise InputError("CLO-2206", "No deal is stored", remedy="Import a workbook first.")
    ran = []
    for number, name in enumerate(names):
        progress(f"Running {name}", number / len(names))
        ran.append(_ran(inputs, ctx, name))
    progress("Writing the sheets", 0.95)
    sheets = [_overview(inputs, ran)]
    for item in ran:
        if item.outcome is not None and item.chosen is not None:
            sheets += deal_sheets(inputs, pinned(fresh(ctx), item.outcome), item.chosen, item.outcome)
    n_failed = sum(item.outcome is None or item.outcome.result.failure is not None for item in ran)
    text = f"{counted(len(ran), 'deal')} run" + (f", {n_failed} with a problem." if n_failed else ".")
    return shown(sheets, text, level="warning" if n_failed else "information")


def _ran(inputs: Inputs, ctx: CallContext, name: str) -> _Ran:
    try:
        cells = {key: inputs.cells.get(key) for key in (SCENARIO, MODE, ASSUMPTIONS)}
        own = Inputs(cells={**cells, "clo_deal": name})
        chosen = basis(own, ctx)
        return _Ran(name, chosen, _run(own, ctx, chosen, lambda _text, _done: None))
    except (InputError, ModelError) as error:
        return _Ran(name, problem=str(error))


def _overview(inputs: Inputs, ran: Sequence[_Ran]) -> OutputSheet:
    sheet = OutputSheet(output_name(inputs, "Deal CF-All"))
    sheet.title("Cash flows of all deals", "Each at its newest date")
    header = ["deal", "as_of", "scenario", "run_id", "periods", "total_interest", "total_principal", "text"]
    rows = [_overview_row(item) for item in ran]
    block = sheet.table("Deals", [header, *rows], styles={"text": Style.TEXT})
    sheet.freeze(block, 1)
    sheet.chart(
        "stacked_column",
        "Paid to the classes by deal",
        block.cells("deal"),
        [("Interest", block.cells("total_interest")), ("Principal", block.cells("total_principal"))],
        axis_format='#,##0.0,,"m"',
    )
    return sheet


def _overview_row(item: _Ran) -> list[Any]:
    if item.outcome is None or item.chosen is None:
        return [item.deal, None, None, None, None, None, None, item.problem]
    result = item.outcome.result
    names = result.tranche_names
    interest = sum(
        float(result.tranche(name, part).sum())
        for name in names
        for part in ("interest_paid", "deferred_interest_paid")
    )
    principal = sum(float(result.tranche(name, "principal_paid").sum()) for name in names)
    failure = result.failure
    return [
        item.chosen.deal,
        {"d": serial(item.chosen.as_of), "f": "yyyy-mm-dd"},
        item.chosen.scenario,
        item.outcome.run_id,
        result.last_period,
        interest,
        principal,
        "" if failure is None else f"stopped in period {failure.period}: {failure.reason}",
    ]
