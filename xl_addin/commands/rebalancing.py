"""Rebalancing and optimising: many trades at once, found by the legacy search or by the optimiser (spec 06 §12)."""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from engine.compliance.definition import Unit
from engine.desk.records import OptimiserOutcome, OptimiserRequest, RebalanceRequest, TradeOutcome
from engine.modes import Mode
from engine.trading.hypothetical import Comparison
from engine.trading.optimiser.goals import Objective
from engine.trading.trades import Fill, Side
from xl_addin.commands.answers import counted, shown, told
from xl_addin.commands.declare import Ask, Inputs, Progress, command
from xl_addin.commands.inputs import (
    BASIS,
    BUY_FILTER,
    BUY_PAR,
    HELD,
    RANK_PAR,
    SALE_FILTER,
    SALE_PAR,
    amount,
    basis,
    cell,
    filter_text,
)
from xl_addin.commands.patch import Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.trading import show_attributes, show_uses
from xl_addin.commands.verdicts import show_units, worded
from xl_addin.functions.trading import TEST_COLUMNS, attribute_table, comparison_rows
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext

_READS = (*BASIS, RANK_PAR, SALE_PAR, BUY_PAR, HELD, BUY_FILTER, SALE_FILTER)


@command(
    "clo_run_rebalance",
    label="Rebalance",
    group="Run",
    supertip="Sell and buy step by step as the legacy model did, and show every test before and after.",
    icon="Consolidate",
    is_background=True,
    reads=_READS,
)
def run_rebalance(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The trades of the legacy rebalance with every test before and after; nothing is booked."""
    chosen = basis(inputs, ctx)
    request = RebalanceRequest(
        sale_par=amount(inputs, SALE_PAR),
        buy_par=amount(inputs, BUY_PAR),
        step=amount(inputs, RANK_PAR),
        sale_filter=filter_text(inputs, SALE_FILTER, chosen.mode),
        buy_filter=filter_text(inputs, BUY_FILTER, chosen.mode),
        includes_held=bool(cell(inputs, HELD, kinds.FLAG, True)),
    )
    progress(f"Rebalancing {chosen.deal}", 0.1)
    outcome = ctx.desk.rebalance(chosen.deal, request, chosen.as_of, chosen.mode)
    progress("Writing the sheet", 0.9)
    comparison = outcome.trades.comparisons[0]
    sheet = OutputSheet(output_name(inputs, f"Rebalance-{chosen.deal}"))
    sheet.title(f"{chosen.deal}: rebalance", f"As of {chosen.as_of}, {chosen.mode.value} mode; nothing is booked")
    show_trades(sheet, outcome.trades, comparison)
    sheet.facts(
        (
            ("Purchases refused", outcome.n_refused, Style.WHOLE),
            ("Par left unsold", outcome.unsold, Style.MONEY),
            ("Objective shown by the legacy model", outcome.objective_reported, Style.NUMBER),
        ),
        column=2,
    )
    run_id = ctx.desk.keep_trades(chosen.deal, chosen.as_of, chosen.mode, request, kept_tables(outcome.trades))
    text = f"{counted(len(comparison.fills), 'trade')} found for {chosen.deal}."
    if outcome.unsold:
        text += f" {outcome.unsold:,.0f} of par could not be sold: no position was there for it."
    return shown((sheet,), text, level="warning" if outcome.unsold else "information", run_id=run_id)


@command(
    "clo_run_optimize",
    label="Optimize",
    group="Run",
    supertip="Find the trades that are worth most, keep every limit, and prove how good they are.",
    icon="GoalSeek",
    is_background=True,
    reads=_READS,
    asks=(
        Ask(
            name="objective",
            kind=kinds.choice(*(one.value for one in Objective)),
            label="What is worth most",
            default=Objective.WEIGHTED_RATIOS.value,
        ),
        Ask(name="is_exact", kind=kinds.FLAG, label="Reach sale and purchase par exactly", default=False),
        Ask(name="name_cap", kind=kinds.NUMBER, label="Most par bought of an asset; blank for 5 % of the purchases"),
        Ask(name="most_trades", kind=kinds.WHOLE, label="Most assets traded; blank for any number"),
        Ask(name="untouched", kind=kinds.NAMES, label="Assets that stay as they are", source="assets", is_many=True),
        Ask(name="time_limit", kind=kinds.NUMBER, label="Seconds to look for it", default=30.0),
    ),
)
def run_optimize(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The best trades that keep every limit with what binds them, or the limits that leave no room."""
    chosen, answers = basis(inputs, ctx), inputs.answers
    request = OptimiserRequest(
        sale_par=amount(inputs, SALE_PAR),
        buy_par=amount(inputs, BUY_PAR),
        increment=amount(inputs, RANK_PAR),
        is_exact=bool(answers.get("is_exact")),
        name_cap=answers.get("name_cap") or None,
        most_trades=answers.get("most_trades") or None,
        untouched=tuple(answers.get("untouched") or ()),
        buy_filter=filter_text(inputs, BUY_FILTER, chosen.mode),
        sale_filter=filter_text(inputs, SALE_FILTER, chosen.mode),
        includes_held=bool(cell(inputs, HELD, kinds.FLAG, True)),
        objective=Objective(answers.get("objective") or Objective.WEIGHTED_RATIOS.value),
        time_limit=float(answers.get("time_limit") or 30.0),
    )
    outcome = ctx.desk.optimise(chosen.deal, request, chosen.as_of, progress=progress)
    proposal = outcome.proposal
    if proposal.conflict is not None:
        return told(f"{chosen.deal} has no portfolio within its limits: {proposal.conflict.text}", "warning")
    if not proposal.trades:
        return told(f"No trade makes {chosen.deal} better: {proposal.status.value}.")
    sheet = _proposal_sheet(inputs, outcome)
    run_id = ctx.desk.keep_trades(chosen.deal, chosen.as_of, Mode.STANDARD, request, kept_tables(outcome.trades))
    text = f"{counted(len(proposal.trades), 'trade')} for {chosen.deal}, {_how_good(outcome)}."
    return shown((sheet,), text, run_id=run_id)


def _how_good(outcome: OptimiserOutcome) -> str:
    gap = outcome.proposal.gap
    return f"proven to be within {gap:.3%} of the best" if isfinite(gap) else "not proven to be the best"


def _proposal_sheet(inputs: Inputs, outcome: OptimiserOutcome) -> OutputSheet:
    proposal = outcome.proposal
    sheet = OutputSheet(output_name(inputs, f"Optimization-{proposal.deal}"))
    sheet.title(
        f"{proposal.deal}: {proposal.objective.value}",
        f"{_how_good(outcome)}; {proposal.solver}, {proposal.seconds:.1f} s; nothing is booked",
    )
    show_trades(sheet, outcome.trades, outcome.trades.comparisons[0])
    sheet.facts(
        (
            ("Objective before", proposal.objective_before, Style.NUMBER),
            ("Objective after", proposal.objective_after, Style.NUMBER),
            ("Bound", proposal.bound if isfinite(proposal.bound) else None, Style.NUMBER),
        ),
        column=2,
    )
    if proposal.binding:
        rows = [[item.name, item.gain, item.text] for item in proposal.binding]
        sheet.table("What keeps it from being better", [["limit", "gain", "text"], *rows])
    sheet.notes(proposal.remarks)
    return sheet


def kept_tables(outcome: TradeOutcome) -> dict[str, list[list[Any]]]:
    """What is kept of many trades of one deal, by the parts of CLO_RUN_RESULT; names of columns first."""
    (comparison,) = outcome.comparisons
    name_by_id = {asset.blkrock_id: asset.issue_name for asset in comparison.before.plan.portfolio.assets}
    attributes = attribute_table(outcome.purchases[comparison.deal], outcome.sales[comparison.deal])
    header, *traded = _fills(comparison.fills, name_by_id)
    path = [
        [step, one.trade.side.value.capitalize(), one.trade.blkrock_id, one.par, 100.0 * one.price, one.proceeds]
        for step, one in enumerate(comparison.fills, start=1)
    ]
    return {
        "tests": [list(TEST_COLUMNS), *_finite(comparison_rows(comparison))],
        "attributes": [list(attributes.columns), *_finite(attributes.rows)],
        "purchases": [header, *(row for row in traded if row[0] == "Buy")],
        "sales": [header, *(row for row in traded if row[0] == "Sale")],
        "path": [["step", "transaction", "blkrock_id", "par", "price", "proceeds"], *path],
    }


def show_trades(sheet: OutputSheet, outcome: TradeOutcome, comparison: Comparison) -> None:
    """Tests before and after, what was bought and sold and their attributes, and the tightest limits."""
    grid = worded([TEST_COLUMNS, *_finite(comparison_rows(comparison))])
    block = sheet.table("Tests before and after", grid)
    units: dict[int, Unit] = {one.definition.id: one.definition.unit for one in comparison.changes}
    show_units(sheet, block, grid, units)
    sheet.freeze(block, 2)
    assets = comparison.before.plan.portfolio
    name_by_id = {asset.blkrock_id: asset.issue_name for asset in assets.assets}
    attributes = attribute_table(outcome.purchases[comparison.deal], outcome.sales[comparison.deal])
    show_attributes(sheet, [attributes.columns, *attributes.rows])
    sheet.table("Trades", _fills(comparison.fills, name_by_id))
    show_uses(sheet, comparison)


def _finite(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows without numbers that no cell can hold."""
    return [[None if isinstance(value, float) and not isfinite(value) else value for value in row] for row in rows]


def _fills(fills: Iterable[Fill], name_by_id: dict[str, str]) -> list[list[Any]]:
    """What was traded, added up by side and asset, sales first; price in percent of par."""
    found: dict[tuple[Side, str], list[float]] = {}
    for fill in fills:
        if not fill.par:
            continue
        sums = found.setdefault((fill.trade.side, fill.trade.blkrock_id), [0.0, 0.0, 0.0])
        sums[0] += fill.par
        sums[1] += fill.par * fill.price
        sums[2] += fill.proceeds
    rows = [
        [side.value.capitalize(), name_by_id.get(name, ""), name, par, 100.0 * paid / par, proceeds]
        for (side, name), (par, paid, proceeds) in found.items()
    ]
    rows.sort(key=lambda row: row[0] != "Sale")
    return [["transaction", "issue_name", "blkrock_id", "par", "price", "proceeds"], *rows]
