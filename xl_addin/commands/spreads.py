"""Collateral spreads: what every asset pays over the curve at its price (spec 06 §12)."""

from typing import Any

from xl_addin.commands.answers import counted, shown
from xl_addin.commands.assets import SCOPE, UNIVERSE
from xl_addin.commands.declare import Inputs, Progress, command
from xl_addin.commands.inputs import BASIS, basis
from xl_addin.commands.patch import WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.tables import column, table_of
from xl_addin.registry.context import CallContext

_STEP = 0.005
_MOST_BUCKETS = 40


@command(
    "clo_run_spreads",
    label="Collateral spreads",
    group="Run",
    supertip="Z-spread of every asset of the deal, or of all assets, at its market value.",
    icon="ChartInsert",
    reads=BASIS,
    asks=(SCOPE,),
)
def run_spreads(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """Z-spreads of a deal's assets, or of all, with their distribution."""
    chosen = basis(inputs, ctx)
    is_universe = inputs.answers.get("scope") == UNIVERSE
    progress("Solving spreads", 0.1)
    grid = table_of(
        ctx,
        "CLO_COLLATERAL_SPREADS",
        deal=None if is_universe else chosen.deal,
        as_of=chosen.wire_date,
        mode=chosen.mode_word,
    )
    whose = "All" if is_universe else chosen.deal
    sheet = OutputSheet(output_name(inputs, f"Collat Spreads-{whose}"))
    sheet.title(f"{whose}: collateral spreads", f"As of {chosen.as_of}, {chosen.mode.value} mode")
    block = sheet.table("Spreads", grid)
    sheet.freeze(block, 1)
    buckets = _buckets(column(grid, "z_spread"))
    if len(buckets) > 1:
        drawn = sheet.table("Distribution", buckets, is_beside=True)
        sheet.chart("column", "Assets by z-spread", drawn.cells("z_spread_from"), [("Assets", drawn.cells("assets"))])
    n_failed = sum(isinstance(value, dict) for value in column(grid, "z_spread"))
    text = f"{counted(len(grid) - 1, 'asset')} of {whose}" + (f", {n_failed} without a spread." if n_failed else ".")
    return shown((sheet,), text)


def _buckets(spreads: list[Any]) -> list[list[Any]]:
    """How many spreads lie in each half percent; what lies beyond 20 % counts as the last one."""
    counts: dict[int, int] = {}
    for value in spreads:
        if isinstance(value, int | float):
            place = min(int(value // _STEP), _MOST_BUCKETS)
            counts[place] = counts.get(place, 0) + 1
    places = range(min(counts), max(counts) + 1) if counts else ()
    return [["z_spread_from", "assets"], *([f"{place * _STEP:.1%}", counts.get(place, 0)] for place in places)]
