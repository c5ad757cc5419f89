"""What the trading commands show a person: tests before and after, fills, rankings."""

from collections.abc import Sequence
from math import isfinite

from rich.console import Console
from rich.text import Text

from engine.compliance.definition import Unit
from engine.desk.records import OptimiserOutcome, RebalanceOutcome, TradeOutcome
from engine.trading.flows import FlowChange
from engine.trading.hypothetical import Comparison, TestChange
from engine.trading.ranking import RankedTrade
from engine.trading.trades import Side
from xl_addin.command_line.compliance_tables import shown
from xl_addin.command_line.tables import millions, money, number, percent, table

_SHOWN_MEASURES = (("yield_at_price", "Yield", 3), ("discount_margin_at_price", "Discount margin", 3))


def show_trades(console: Console, outcome: TradeOutcome) -> None:
    """Every comparison: what was traded, the tests, the objective; then yields of the classes."""
    for comparison in outcome.comparisons:
        _show_comparison(console, comparison)
    for change in outcome.flows:
        _show_flows(console, change)


def _show_comparison(console: Console, comparison: Comparison) -> None:
    console.print(Text(f"{comparison.deal}: {comparison.title}", style="bold"))
    fills = [
        (
            "Buy" if fill.trade.side is Side.BUY else "Sale",
            fill.trade.blkrock_id,
            money(fill.par),
            f"{100 * fill.price:.4f}",
            money(fill.proceeds),
            fill.reason,
        )
        for fill in comparison.fills
    ]
    console.print(table("Trades", ("Side", "Asset", "Par", "Price", "Proceeds", "Remark"), fills, left=2, long=5))
    headers = ("Test", "", "Before", "After", "Change", "Limit after", "Cushion after", "Result")
    made = table("Tests before and after", headers, (), left=2)
    for change in comparison.changes:
        made.add_row(
            *(Text(cell, style=_style(change) if place == 7 else "") for place, cell in enumerate(_cells(change)))
        )
    console.print(made)
    before, after = comparison.before.holdings.cash, comparison.after.holdings.cash
    console.print(Text(f"Principal cash {money(before)} -> {money(after)}"))
    console.print(
        Text(
            f"Objective {comparison.objective_before:.6f} -> {comparison.objective_after:.6f}"
            f" ({comparison.objective_difference:+.6f})"
        )
    )


def _cells(change: TestChange) -> tuple[str, ...]:
    unit = change.definition.unit
    word = "pass" if change.after.is_passed else "FAIL"
    if change.is_broken:
        word = "BROKEN"
    elif change.after.is_maintained:
        word = "no worse"
    return (
        str(change.definition.id),
        change.definition.label,
        shown(change.before.value, unit),
        shown(change.after.value, unit),
        _difference(change.difference, unit),
        shown(change.after.threshold, unit),
        millions(change.after.cushion) if abs(change.after.cushion) != float("inf") else "",
        word,
    )


def _difference(value: float, unit: Unit) -> str:
    if value == 0.0:
        return ""
    text = shown(value, unit)
    return text if value < 0 else f"+{text}"


def _style(change: TestChange) -> str:
    return "yellow" if change.after.is_maintained else "" if change.after.is_passed else "bold red"


def _show_flows(console: Console, change: FlowChange) -> None:
    rows = []
    for name, label, digits in _SHOWN_MEASURES:
        before, after = change.measure(name)
        for place, class_name in enumerate(change.classes):
            rows.append(
                (
                    label,
                    class_name,
                    percent(float(before[place]), digits),
                    percent(float(after[place]), digits),
                    percent(float(after[place] - before[place]), digits),
                )
            )
    title = f"{change.deal}: cash flows in scenario {change.scenario}"
    console.print(table(title, ("Measure", "Class", "Before", "After", "Change"), rows, left=2))
    for when, why in (("before", change.stopped_before), ("after", change.stopped_after)):
        if why:
            console.print(Text(f"The run {when} the trades stopped in {why}", style="yellow"))


def show_ranking(console: Console, deal: str, found: Sequence[RankedTrade]) -> None:
    """The best trades with their effect, the largest size and what stops it there."""
    rows = [
        (
            item.asset.blkrock_id,
            item.asset.issue_name,
            money(item.par),
            f"{100 * item.price:.3f}",
            f"{item.change:+.6f}",
            "yes" if item.is_feasible else "no",
            ", ".join(map(str, item.breaks)),
            money(item.largest_par),
            item.binding,
            item.asset.mdy_rating,
            item.asset.sp_rating,
            percent(item.asset.cpn_spread or 0.0, 2),
            number(item.asset.wal or 0.0, 2),
            percent(item.asset.mdy_recovery_rate or 0.0, 0),
        )
        for item in found
    ]
    headers = ("Asset", "Issue", "Par", "Price", "Objective", "Feasible", "Breaks", "Largest par", "Stopped by")
    more = ("Moody's", "S&P", "Spread", "WAL", "Recovery")
    side = "purchases" if found and found[0].side is Side.BUY else "sales"
    console.print(table(f"{deal}: best {side}", (*headers, *more), rows, left=2))


def show_proposal(console: Console, outcome: OptimiserOutcome) -> None:
    """How good the proposal is and why it is no better; its trades and the tests; or what leaves no room."""
    proposal = outcome.proposal
    console.print(Text(f"{proposal.deal}: {proposal.objective.value}, {proposal.status.value}", style="bold"))
    if proposal.conflict is not None:
        console.print(Text(proposal.conflict.text, style="red"), soft_wrap=True)
    if proposal.after is not None:
        proven = f"proven to be within {proposal.gap:.3%} of the best" if isfinite(proposal.gap) else "not proven"
        console.print(
            Text(
                f"Objective {proposal.objective_before:,.6f} -> {proposal.objective_after:,.6f}, {proven}"
                f" (bound {proposal.bound:,.6f};"
                f" {proposal.n_solves} solves in {proposal.seconds:.2f} s, {proposal.solver})"
            ),
            soft_wrap=True,
        )
    for comparison in outcome.trades.comparisons:
        _show_comparison(console, comparison)
    if proposal.binding:
        console.print(Text("What keeps it from being better", style="bold"))
        for item in proposal.binding:
            console.print(Text(f"  {item.text}"), soft_wrap=True)
    for remark in proposal.remarks:
        console.print(Text(f"  {remark}", style="yellow"), soft_wrap=True)


def show_rebalance(console: Console, outcome: RebalanceOutcome) -> None:
    """The steps and the tests, and what the legacy model shows of them."""
    show_trades(console, outcome.trades)
    console.print(
        Text(
            f"{outcome.n_refused} purchases were refused; objective shown {outcome.objective_reported:.6f}",
            style="bold",
        )
    )
    if outcome.unsold:
        console.print(Text(f"{money(outcome.unsold)} could not be sold: no position was there for it", style="yellow"))
