"""The commands `clodesk optimise` and `clodesk rebalance`: the best trades within all limits, and the legacy ones."""

from pathlib import Path
from typing import Annotated

import typer

from engine.desk.records import OptimiserRequest, RebalanceRequest
from engine.modes import Mode
from engine.trading.optimiser.goals import Objective
from engine.trading.trades import Settlement
from xl_addin.command_line import machine, trading_tables
from xl_addin.command_line.terminal import (
    AsOf,
    DealName,
    ExitCode,
    Json,
    console,
    day,
    opened_desk,
    print_json,
    progress,
)
from xl_addin.command_line.trading import CashFloor, Cost, amount, leave_files

BuyPar = Annotated[
    float | None, typer.Option("--buy-par", parser=amount, help="Par to buy, 75m; by default the control panel's.")
]
SellPar = Annotated[float | None, typer.Option("--sell-par", parser=amount, help="Par to sell, likewise.")]
BuyFilter = Annotated[str, typer.Option("--buy-filter", help="Only assets that meet it are bought.")]
SellFilter = Annotated[str, typer.Option("--sell-filter", help="Only positions that meet it are sold.")]
Held = Annotated[bool, typer.Option("--held/--not-held", help="Whether positions may be added to.")]
Report = Annotated[Path | None, typer.Option("--report", help="Write a workbook of before and after.")]


def optimise(
    deal: DealName,
    buy_par: BuyPar = None,
    sell_par: SellPar = None,
    exact: Annotated[bool, typer.Option("--exact/--at-most", help="Whether both are to be reached.")] = False,
    increment: Annotated[
        float | None, typer.Option(parser=amount, help="Trades are multiples of it; 0 for any amount.")
    ] = None,
    name_cap: Annotated[
        float | None,
        typer.Option("--name-cap", parser=amount, help="Most par bought of an asset; by default 5 % of all."),
    ] = None,
    minimum_piece: Annotated[
        float, typer.Option("--minimum-piece", parser=amount, help="Least par of a trade and what it leaves.")
    ] = 0.0,
    most_trades: Annotated[int | None, typer.Option("--most-trades", help="Number of assets traded at most.")] = None,
    keep: Annotated[list[str] | None, typer.Option("--keep", help="An asset that stays as it is; repeatable.")] = None,
    buy_filter: BuyFilter = "",
    sell_filter: SellFilter = "",
    held: Held = True,
    objective: Annotated[Objective, typer.Option(help="What is worth most to the deal.")] = Objective.WEIGHTED_RATIOS,
    turnover_cost: Annotated[
        float, typer.Option("--turnover-cost", help="Loss of the objective for each unit traded.")
    ] = 0.0,
    cost: Cost = 0.0,
    cash_floor: CashFloor = 0.0,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds to look for it.")] = 30.0,
    gap: Annotated[float, typer.Option(help="How far from the proven bound is near enough, as a fraction.")] = 0.001,
    as_of: AsOf = None,
    export: Annotated[Path | None, typer.Option("--export", help="Write the trades as a ticket.")] = None,
    report: Report = None,
    as_json: Json = False,
) -> None:
    """Find the trades that are worth most and keep every limit, say what binds them, and prove how good they are.

    Example: clodesk optimise "MAG 17" --buy-par 75m --sell-par 15m --increment 750k --export ticket.csv
    """
    request = OptimiserRequest(
        sale_par=sell_par,
        buy_par=buy_par,
        is_exact=exact,
        increment=increment,
        name_cap=name_cap,
        minimum_piece=minimum_piece,
        most_trades=most_trades,
        untouched=tuple(keep or ()),
        buy_filter=buy_filter,
        sale_filter=sell_filter,
        includes_held=held,
        objective=objective,
        turnover_cost=turnover_cost,
        time_limit=time_limit,
        gap=gap,
    )
    settlement = Settlement(cash_floor=cash_floor, cost=cost)
    with opened_desk() as desk, progress() as watch:
        outcome = desk.optimise(deal, request, day(as_of), settlement=settlement, progress=watch)
    if outcome.proposal.trades:
        leave_files(outcome.trades, outcome.proposal.trades, export, report)
    if as_json:
        print_json(machine.optimised(outcome))
    else:
        trading_tables.show_proposal(console, outcome)
    if outcome.proposal.conflict is not None:
        raise typer.Exit(ExitCode.INPUT)


def rebalance(
    deal: DealName,
    buy_par: BuyPar = None,
    sell_par: SellPar = None,
    step: Annotated[float | None, typer.Option(parser=amount, help="Par of each step.")] = None,
    buy_filter: BuyFilter = "",
    sell_filter: SellFilter = "",
    held: Held = True,
    mode: Annotated[
        Mode, typer.Option(help="legacy, or standard for the same search under limits that hold.")
    ] = Mode.LEGACY,
    as_of: AsOf = None,
    report: Report = None,
    as_json: Json = False,
) -> None:
    """Rebalance as the legacy model does, to reconcile with it; `clodesk optimise` finds what this search misses.

    Example: clodesk rebalance "MAG 17" --buy-par 75m --sell-par 15m --step 750k
    """
    request = RebalanceRequest(
        sale_par=sell_par,
        buy_par=buy_par,
        step=step,
        sale_filter=sell_filter,
        buy_filter=buy_filter,
        includes_held=held,
    )
    with opened_desk() as desk:
        outcome = desk.rebalance(deal, request, day(as_of), mode)
    leave_files(outcome.trades, (), None, report)
    if as_json:
        print_json(machine.rebalanced(outcome))
    else:
        trading_tables.show_rebalance(console, outcome)
