"""The commands `clodesk trade` and `clodesk rank`: what trades would do, and which single one is best."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine.desk.records import FlowBasis, TradeOutcome
from engine.errors import InputError
from engine.modes import Mode
from engine.trading.trades import Grouping, Settlement, Side, Trade
from xl_addin.command_line import machine, trading_tables
from xl_addin.command_line.terminal import AsOf, DealName, Json, console, day, opened_desk, print_json, talk

_SPELT_TRADE = re.compile(
    r"\s*([^=@\s]+)\s*=\s*([0-9][0-9,._]*(?:e[0-9]+)?)([km]?)\s*(?:@\s*([0-9.]+))?\s*", re.IGNORECASE
)
_SPELT_AMOUNT = re.compile(r"\s*([0-9][0-9,._]*(?:e[0-9]+)?)([km]?)\s*", re.IGNORECASE)
_UNITS = {"": 1.0, "k": 1e3, "m": 1e6}


def amount(text: str | float) -> float:
    """An amount such as 750000, 750k or 1.5m; InputError CLO-4065 for anything else."""
    match = _SPELT_AMOUNT.fullmatch(str(text))
    if match is None:
        raise InputError(
            "CLO-4065",
            f"{text!r} is no amount",
            where="command line",
            remedy="Write a number such as 750000, 750k or 1.5m.",
        )
    return _number(*match.groups())


def _number(digits: str, unit: str) -> float:
    return float(digits.replace(",", "").replace("_", "")) * _UNITS[unit.lower()]


Legacy = Annotated[bool, typer.Option("--legacy", help="As the old model did it, its defects included.")]
Cost = Annotated[float, typer.Option(help="Cost of trading, as a fraction of the par traded.")]
CashFloor = Annotated[
    float, typer.Option("--cash-floor", parser=amount, help="Principal cash that purchases leave in the account.")
]


def trade(
    deal: DealName,
    buy: Annotated[
        list[str] | None, typer.Option("--buy", help="ID=PAR or ID=PAR@PRICE, for example X1=2m@99.5.")
    ] = None,
    sell: Annotated[list[str] | None, typer.Option("--sell", help="As --buy, for a sale.")] = None,
    ticket: Annotated[
        Path | None,
        typer.Option("--ticket", help="CSV or workbook with Deal, Asset, Side, Par, Price; deals may differ."),
    ] = None,
    from_workbook: Annotated[
        bool, typer.Option("--from-workbook", help="The trades on the control panel of the deal's workbook.")
    ] = False,
    grouping: Annotated[
        Grouping, typer.Option("--as", help="All trades as one package, each on its own, or one after the other.")
    ] = Grouping.PACKAGE,
    together: Annotated[
        bool, typer.Option("--together", help="The trades settle on one day: only the cash after all of them counts.")
    ] = False,
    cost: Cost = 0.0,
    cash_floor: CashFloor = 0.0,
    flows: Annotated[
        str | None,
        typer.Option("--flows", metavar="SCENARIO", help="Run the deal before and after in this scenario too."),
    ] = None,
    assumptions: Annotated[str | None, typer.Option(help="Assumption set of those runs.")] = None,
    as_of: AsOf = None,
    legacy: Legacy = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a workbook with everything before and after.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write the trades as a ticket, .csv or .xlsx.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show every test, the objective and, with --flows, yields before and after trades. Nothing is booked.

    Example: clodesk trade "MAG 17" --buy BRSG2UJ71=1m --sell BRSHGTU58=500k@98.25
    """
    mode = Mode.LEGACY if legacy else Mode.STANDARD
    wanted = [*_spelt(deal, buy or [], Side.BUY), *_spelt(deal, sell or [], Side.SALE)]
    if ticket is not None:
        from workbooks.trading import read_ticket

        wanted += read_ticket(ticket, deal)
    with opened_desk() as desk:
        if from_workbook:
            wanted += desk.workbook_trades(deal, day(as_of))
        outcome = desk.try_trades(
            wanted,
            day(as_of),
            mode,
            grouping=grouping,
            settlement=Settlement(cash_floor=cash_floor, settles_together=together, cost=cost),
            flows=None if flows is None else FlowBasis(scenario=flows, assumptions=assumptions),
        )
    leave_files(outcome, wanted, export, report)
    if as_json:
        print_json(machine.traded(outcome))
    else:
        trading_tables.show_trades(console, outcome)


def rank(
    deal: DealName,
    side: Annotated[Side, typer.Option(help="Purchases or sales.")] = Side.BUY,
    step: Annotated[float, typer.Option(parser=amount, help="Par of each trade, 750k or 750000.")] = 750_000.0,
    chosen: Annotated[
        str, typer.Option("--filter", help="Only assets that meet it: 'S&P Rating <= B AND WAL < 5'.")
    ] = "",
    held: Annotated[bool, typer.Option("--held/--not-held", help="Whether positions may be added to.")] = True,
    limit: Annotated[int, typer.Option("--limit", help="How many of the best.", min=1)] = 20,
    cost: Cost = 0.0,
    cash_floor: CashFloor = 0.0,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Rank single trades by their exact effect on the objective, every test tested anew after each.

    Example: clodesk rank "MAG 17" --side sale --filter "Market Value < 95"
    """
    with opened_desk() as desk:
        found = desk.rank_trades(
            deal,
            day(as_of),
            side=side,
            step=step,
            chosen=chosen,
            includes_held=held,
            settlement=Settlement(cash_floor=cash_floor, cost=cost),
            n_best=limit,
        )
    if as_json:
        print_json(machine.ranked(found))
    else:
        trading_tables.show_ranking(console, deal, found)


def leave_files(outcome: TradeOutcome, trades: Sequence[Trade], export: Path | None, report: Path | None) -> None:
    """Write the trades as a ticket and what they do as a workbook, where asked for."""
    from workbooks.trading import write_ticket, write_trades

    if export is not None:
        write_ticket(export, trades)
    if report is not None:
        write_trades(report, outcome.comparisons, outcome.flows)
    for path in (export, report):
        if path is not None:
            talk.print(f"Wrote {path}")


def _spelt(deal: str, texts: list[str], side: Side) -> list[Trade]:
    """Trades as written on the command line. Raises InputError CLO-4064 for one that cannot be read."""
    found = []
    for text in texts:
        match = _SPELT_TRADE.fullmatch(text)
        if match is None:
            raise InputError(
                "CLO-4064",
                f"{text!r} is no trade",
                where="--buy" if side is Side.BUY else "--sell",
                remedy="Write ID=PAR or ID=PAR@PRICE, such as BRSG2UJ71=1.5m@99.25.",
            )
        name, par, unit, price = match.groups()
        found.append(
            Trade(
                deal=deal,
                blkrock_id=name,
                side=side,
                par=_number(par, unit),
                price=None if price is None else float(price),
                place=f"--{'buy' if side is Side.BUY else 'sell'} {text}",
            )
        )
    return found
