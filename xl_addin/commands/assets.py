"""Asset lists: what a deal holds, and which assets meet a filter (spec 06 §12)."""

from collections.abc import Sequence
from typing import Any

from engine.collateral.ratings import rating_rank
from xl_addin.commands.answers import counted, shown
from xl_addin.commands.declare import Ask, Inputs, Progress, Role, command
from xl_addin.commands.inputs import BASIS, BUY_FILTER, basis, filter_text
from xl_addin.commands.patch import WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.tables import column, table_of
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext

UNIVERSE = "Universe"
SCOPE = Ask(name="scope", kind=kinds.choice("Deal", UNIVERSE), label="Which assets", default="Deal")
_FILTER = Ask(name="filter", kind=kinds.TEXT, label="Filter, such as S&P Rating <= B AND WAL < 5", default="")


@command(
    "clo_view_deal_assets",
    label="Deal assets",
    group="Run",
    supertip="List the positions of the deal, all or those that meet a filter, with the rating mix.",
    icon="TableExcelSelect",
    role=Role.VIEWER,
    reads=BASIS,
    asks=(_FILTER,),
)
def view_deal_assets(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The positions of a deal on a sheet, with par by rating."""
    chosen = basis(inputs, ctx)
    text = str(inputs.answers.get("filter") or "")
    grid = table_of(ctx, "CLO_ASSETS", deal=chosen.deal, filter=text or None, as_of=chosen.wire_date)
    sheet = OutputSheet(output_name(inputs, f"Deal Assets-{chosen.deal}"))
    sheet.title(f"{chosen.deal}: assets", f"As of {chosen.as_of}" + (f", filter {text}" if text else ""))
    _list_assets(sheet, grid)
    return shown((sheet,), f"{counted(len(grid) - 1, 'asset')} of {chosen.deal}.")


@command(
    "clo_apply_filter",
    label="Filter",
    group="Run",
    supertip="List the assets that meet a filter: the text given here, else the buy filter of the Control sheet.",
    icon="Filter",
    role=Role.VIEWER,
    reads=(*BASIS, BUY_FILTER),
    asks=(_FILTER, SCOPE),
)
def apply_filter(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The assets of a deal, or of all assets, that meet a filter."""
    chosen = basis(inputs, ctx)
    is_universe = inputs.answers.get("scope") == UNIVERSE
    text = str(inputs.answers.get("filter") or "") or filter_text(inputs, BUY_FILTER, chosen.mode)
    grid = table_of(
        ctx, "CLO_ASSETS", deal="" if is_universe else chosen.deal, filter=text or None, as_of=chosen.wire_date
    )
    whose = "All" if is_universe else chosen.deal
    sheet = OutputSheet(output_name(inputs, f"Filter-{whose}"))
    sheet.title(f"{whose}: filtered assets", f"As of {chosen.as_of}, filter: {text or 'none'}")
    _list_assets(sheet, grid)
    return shown((sheet,), f"{counted(len(grid) - 1, 'asset')} of {whose} meet the filter: {text or 'none'}.")


def _list_assets(sheet: OutputSheet, grid: list[list[Any]]) -> None:
    block = sheet.table("Assets", grid)
    sheet.freeze(block, 2)
    mix = _rating_mix(grid)
    if len(mix) > 1:
        drawn = sheet.table("Par by rating", mix, is_beside=True)
        sheet.chart(
            "column",
            "Par by Moody's rating",
            drawn.cells("mdy_rating"),
            [("Par", drawn.cells("par"))],
            axis_format='#,##0.0,,"m"',
        )


def _rating_mix(grid: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Par by Moody's rating, best first, those without a rank last."""
    par_by_rating: dict[str, float] = {}
    for rating, par in zip(column(grid, "mdy_rating"), column(grid, "par"), strict=True):
        if isinstance(par, int | float) and par:
            par_by_rating[str(rating)] = par_by_rating.get(str(rating), 0.0) + par
    ordered = sorted(par_by_rating, key=lambda rating: (rating_rank(rating) or 99, rating))
    return [["mdy_rating", "par"], *([rating or "not rated", par_by_rating[rating]] for rating in ordered)]
