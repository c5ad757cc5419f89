"""The commands `clodesk swaps ...` that run days and show what came of them."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xl_addin.command_line import swaps
from xl_addin.command_line import swaps_tables as shown
from xl_addin.command_line.swaps import ISO
from xl_addin.command_line.terminal import (
    ExitCode,
    Json,
    console,
    day,
    named_value,
    opened_desk,
    print_json,
    progress,
    talk,
)

if TYPE_CHECKING:
    from engine.desk.swaps.end_of_day import EndOfDayOutcome

app = swaps.app

Day = Annotated[datetime, typer.Argument(formats=ISO, help="A day, 2024-03-15.")]


@app.command()
def eod(
    on: Day,
    through: Annotated[
        datetime | None, typer.Option("--through", formats=ISO, help="Run every business day up to this one, in order.")
    ] = None,
    contract: Annotated[list[str] | None, typer.Option("--contract", help="Only these swaps; all by default.")] = None,
    base: Annotated[str, typer.Option("--base", help="Base currency of the P&L.")] = "USD",
    since: Annotated[
        datetime | None,
        typer.Option("--recompute-since", formats=ISO, help="Correct what ended since this day on revised fixings."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the end of a day: release, rebalance, generate, accrue, realise, value; a second time changes nothing.

    It ends with 3 where a swap could not be run, with 1 where a fixing is missing, a basket that was due could not be
    rebalanced or a deferred payment not released; everything else is stored.

    Example: clodesk swaps eod 2024-03-11 --through 2024-03-15
    """
    first, last = on.date(), (through or on).date()
    if last < first:
        raise typer.BadParameter("--through lies before the day")
    outcomes = []
    with opened_desk() as desk, progress() as report:
        days = (first,) if through is None else desk.swaps.business_days(first, last)
        for done, one in enumerate(days):
            report(f"End of day {one}", done / len(days))
            outcomes.append(
                desk.swaps.end_of_day(
                    one,
                    references=contract or None,
                    base_currency=base,
                    recompute_since=day(since),
                    refreshes_views=one == days[-1],
                )
            )
    if as_json:
        print_json(shown.as_json(outcomes))
    else:
        shown.show_days(console, outcomes)
    if any(outcome.failures for outcome in outcomes):
        raise typer.Exit(ExitCode.MODEL)
    if any(outcome.missing or outcome.not_rebalanced or _has_unreleased(outcome) for outcome in outcomes):
        raise typer.Exit(ExitCode.INPUT)


def _has_unreleased(outcome: "EndOfDayOutcome") -> bool:
    """Whether a deferral that was to be released could not be."""
    return outcome.releases is not None and bool(outcome.releases.failed)


@app.command()
def report(
    code: Annotated[str, typer.Argument(help="Code or name of a report, R-1 to R-15.")],
    arguments: Annotated[
        list[str] | None, typer.Option("--arg", help="An argument as name=value; may be repeated.")
    ] = None,
    as_of: Annotated[datetime | None, typer.Option("--as-of", formats=ISO, help="Short for --arg as_of=DAY.")] = None,
    as_json: Json = False,
) -> None:
    """Print a report: cashflows, deferrals, accruals, P&L, risk, exposure, settlement, payments, findings.

    Example: clodesk swaps report R-6 --arg contract=DEMO-TRS --arg first=2024-03-14 --arg last=2024-03-15
    """
    given: dict[str, object] = {} if as_of is None else {"as_of": as_of.date()}
    given |= dict(named_value(text, "--arg") for text in arguments or ())
    with opened_desk() as desk:
        found = desk.swaps.report(code, **given)
    if as_json:
        print_json(shown.report_json(found))
    else:
        shown.show_report(console, found)


@app.command()
def workbook(
    output: Annotated[Path, typer.Argument(help="Workbook to write.")],
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=ISO, help="Day of the results; today by default.")
    ] = None,
    contract: Annotated[list[str] | None, typer.Option("--contract", help="Only these swaps; all by default.")] = None,
) -> None:
    """Write a results workbook: cash-flow calendar, accruals, P&L attribution, deferral ageing, reports.

    Example: clodesk swaps workbook swaps.xlsx --as-of 2024-03-15
    """
    with opened_desk() as desk:
        path = desk.swaps.workbook(output, today(as_of), references=contract or None)
    talk.print(f"Wrote {path}")


def today(on: datetime | None) -> date:
    """The day that was given, or the calendar's."""
    return date.today() if on is None else on.date()  # noqa: DTZ011 (a calendar day, no instant)
