"""Trades before they are made: hypothetical trades of the Trades sheet, and which single trades are best (06 §12)."""

from typing import Any

from engine.errors import InputError
from engine.trading.hypothetical import Comparison
from engine.trading.trades import Grouping, Side, Trade
from xl_addin.commands.answers import counted, shown
from xl_addin.commands.declare import Ask, Inputs, Progress, command
from xl_addin.commands.inputs import (
    BASIS,
    BUY_FILTER,
    HELD,
    POOL_MODE,
    RANK_PAR,
    RANK_SIDE,
    SALE_FILTER,
    TRADES,
    WEIGHTS,
    Basis,
    amount,
    basis,
    cell,
    filter_text,
    side,
    trades,
    weights,
)
from xl_addin.commands.patch import Grid, Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.tables import table_of
from xl_addin.commands.verdicts import show_units, uses_before_and_after, worded
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext


@command(
    "clo_run_hypo",
    label="Hypothetical trades",
    group="Run",
    supertip="Show every test before and after the trades of the Trades sheet, as one package or each on its own.",
    icon="WhatIfAnalysisMenu",
    reads=(*BASIS, POOL_MODE, TRADES),
)
def run_hypo(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Every test before and after the deal's trades, what they would be filled at, and their attributes."""
    chosen = basis(inputs, ctx)
    wanted = trades(inputs, chosen.deal)
    is_pool = bool(cell(inputs, POOL_MODE, kinds.FLAG, True))
    grouping = Grouping.PACKAGE if is_pool else Grouping.INDIVIDUAL
    progress("Testing before and after the trades", 0.1)
    outcome = ctx.desk.try_trades(wanted, chosen.as_of, chosen.mode, grouping=grouping)
    progress("Writing the sheet", 0.9)
    sheet = _hypo_sheet(inputs, ctx, chosen, wanted, outcome.comparisons, is_pool)
    n_broken = sum(change.is_broken for one in outcome.comparisons for change in one.changes)
    text = f"{counted(len(wanted), 'trade')} of {chosen.deal}: {counted(n_broken, 'test')} would be broken."
    return shown((sheet,), text, level="warning" if n_broken else "information")


def _hypo_sheet(
    inputs: Inputs,
    ctx: CallContext,
    chosen: Basis,
    wanted: tuple[Trade, ...],
    comparisons: tuple[Comparison, ...],
    is_pool: bool,
) -> OutputSheet:
    rows = _trade_rows(wanted)
    grid = table_of(
        ctx,
        "CLO_HYPO",
        deal=chosen.deal,
        trades=rows,
        pool_mode=is_pool,
        as_of=chosen.wire_date,
        mode=chosen.mode_word,
    )
    sheet = OutputSheet(output_name(inputs, f"HYPO-{chosen.deal}"))
    how = "as one package" if is_pool else "each on its own"
    sheet.title(
        f"{chosen.deal}: hypothetical trades",
        f"As of {chosen.as_of}, {counted(len(wanted), 'trade')} {how}, {chosen.mode.value} mode; nothing is booked",
    )
    grid = worded(grid)
    block = sheet.table("Tests before and after", grid)
    plan = comparisons[0].before.plan
    show_units(sheet, block, grid, {one.id: one.unit for one in plan.definitions})
    sheet.freeze(block, 2 if is_pool else 3)
    common = {"deal": chosen.deal, "trades": rows, "as_of": chosen.wire_date}
    if is_pool:
        fills = table_of(ctx, "CLO_HYPO_TRADES", **common)
        named = [[_word(one.side), one.blkrock_id, one.par, *row] for one, row in zip(wanted, fills[1:], strict=True)]
        show_attributes(sheet, table_of(ctx, "CLO_HYPO_ATTRIBUTES", **common))
        sheet.table("Trades", [["transaction", "blkrock_id", "par", *fills[0]], *named])
        show_uses(sheet, comparisons[0])
    else:
        _show_objectives(sheet, comparisons)
    return sheet


def _word(which: Side) -> str:
    return "Buy" if which is Side.BUY else "Sale"


def _trade_rows(wanted: tuple[Trade, ...]) -> list[list[Any]]:
    """Trades as functions take them: deal, asset, transaction, par, price."""
    return [
        [
            one.deal,
            one.blkrock_id,
            _word(one.side),
            one.par,
            "" if one.price is None else one.price,
        ]
        for one in wanted
    ]


def _show_objectives(sheet: OutputSheet, comparisons: tuple[Comparison, ...]) -> None:
    """What each trade alone does to the objective."""
    rows = [[one.title, one.objective_before, one.objective_after, one.objective_difference] for one in comparisons]
    header = ["trade", "objective_before", "objective_after", "delta_objective"]
    drawn = sheet.table("Objective by trade", [header, *rows])
    series = [("Change of the objective", drawn.cells("delta_objective"))]
    sheet.chart("column", "Change of the objective by trade", drawn.cells("trade"), series, axis_format="0.000")


def show_attributes(sheet: OutputSheet, grid: Grid) -> None:
    """What was bought and sold, averaged by par, each row in its own unit, beside the table before."""
    block = sheet.table("Attributes of the trades", grid, is_beside=True)
    words = (
        ("par amount", Style.AMOUNT),
        ("spread", Style.PERCENT),
        ("recovery", Style.PERCENT),
        ("rating", Style.WHOLE),
    )
    styles = [next((style for word, style in words if word in str(row[0]).lower()), Style.NUMBER) for row in grid[1:]]
    for name in ("purchases", "sales"):
        if name in grid[0]:
            sheet.mark(block, name, styles)


def show_uses(sheet: OutputSheet, comparison: Comparison) -> None:
    """The tightest limits before and after trades, as a table and a chart."""
    drawn = sheet.table("Tightest limits", uses_before_and_after(comparison))
    sheet.chart(
        "bar",
        f"{comparison.deal}: use of the tightest limits",
        drawn.cells("test_name"),
        [("Before", drawn.cells("use_before")), ("After", drawn.cells("use_after"))],
        axis_format="0%",
        axis_min=0.0,
    )


@command(
    "clo_run_rankings",
    label="Rankings",
    group="Run",
    supertip="Rank the single trades of the chosen side and par by what they do to the objective and the tests.",
    icon="SortDialog",
    reads=(*BASIS, RANK_SIDE, RANK_PAR, HELD, BUY_FILTER, SALE_FILTER, WEIGHTS),
    asks=(Ask(name="top_n", kind=kinds.WHOLE, label="How many of the best", default=100),),
)
def run_rankings(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The best single trades of a deal, with a chart of their scores."""
    chosen = basis(inputs, ctx)
    which, par = side(inputs), amount(inputs, RANK_PAR)
    if par is None:
        raise InputError(
            "CLO-2207", "The par of each trade is not stated", where=f"cell {RANK_PAR}", remedy="Enter it in currency."
        )
    chosen_filter = filter_text(inputs, BUY_FILTER if which is Side.BUY else SALE_FILTER, chosen.mode)
    progress("Ranking", 0.1)
    grid = table_of(
        ctx,
        "CLO_RANKINGS",
        deal=chosen.deal,
        side=_word(which),
        par=par,
        filter=chosen_filter or None,
        include_held=bool(cell(inputs, HELD, kinds.FLAG, True)),
        weights=weights(inputs),
        top_n=inputs.answers.get("top_n") or 100,
        as_of=chosen.wire_date,
        mode=chosen.mode_word,
    )
    sheet = OutputSheet(output_name(inputs, f"Rankings-{chosen.deal}"))
    sheet.title(
        f"{chosen.deal}: assets to {'purchase' if which is Side.BUY else 'sell'}",
        f"As of {chosen.as_of}, {par:,.0f} each, filter: {chosen_filter or 'none'}, {chosen.mode.value} mode",
    )
    block = sheet.table("Ranking", grid)
    sheet.freeze(block, 4)
    if len(grid) > 1:
        sheet.chart(
            "column",
            "Change of the objective, best trades",
            block.cells("blkrock_id", 20),
            [("Change of the objective", block.cells("delta_objective", 20))],
            axis_format="0.000",
        )
    return shown((sheet,), f"{counted(len(grid) - 1, which.noun)} of {chosen.deal} ranked.")
