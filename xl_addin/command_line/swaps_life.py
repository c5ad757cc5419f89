"""The commands `clodesk swaps ...` that change swaps and their cashflows: settlement, events, deferrals."""

import getpass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.payouts.enums import DeferralReason
from engine.payouts.transition_requests import AnyRequest, Cancel, Realise
from xl_addin.command_line import swaps_days
from xl_addin.command_line import swaps_tables as shown
from xl_addin.command_line.swaps import ISO, DryRun, Reference
from xl_addin.command_line.swaps_days import Day, today
from xl_addin.command_line.terminal import ExitCode, Json, amount, console, day, named_value, opened_desk, print_json

if TYPE_CHECKING:
    from db.payouts.cashflow_records import MovedCashflow

app = swaps_days.app

Cashflow = Annotated[str, typer.Argument(help="Reference of a cashflow; report R-1 lists them.")]
On = Annotated[datetime | None, typer.Option("--on", formats=ISO, help="Business date; today by default.")]
Why = Annotated[str, typer.Argument(help="Why, for the history.")]
Because = Annotated[str, typer.Option("--because", help="Why, for the history.")]


@app.command()
def settle(
    on: Day,
    execute: Annotated[
        bool, typer.Option("--execute", help="Confirm the instructions and make their payments.")
    ] = False,
    threshold: Annotated[
        str | None, typer.Option(help="Above this amount, in any currency, somebody else has to confirm.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(help="A cashflow that is paid by itself, and why: TRS-1/L1/...=disputed; again for another one."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Net what is due on a day into instructions; with --execute pay them.

    Example: clodesk swaps settle 2024-03-06 --dry-run
    """
    most = None if threshold is None else amount(threshold, "--threshold")
    excluded = dict(named_value(text, "--exclude", "FLOW=WHY") for text in exclude or ())
    with opened_desk() as desk:
        if dry_run:
            sets = desk.swaps.netting(on.date(), excluded=excluded)
            if as_json:
                print_json(shown.as_json(sets))
            else:
                shown.show_netting(console, on.date(), sets)
            return
        outcome = desk.swaps.settle(on.date(), execute=execute, excluded=excluded, threshold=most)
    if as_json:
        print_json(shown.as_json(outcome))
    else:
        shown.show_settlement(console, outcome)
    if outcome.failures:
        raise typer.Exit(ExitCode.INPUT)


@app.command()
def event(
    file: Annotated[
        Path, typer.Argument(help="A business event as a CDM document, or in the plain form of the README.")
    ],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Apply a business event to the swap it names: increase, unwind, novation, amendment, corporate action.

    Example: clodesk swaps event unwind.json --dry-run
    """
    with opened_desk() as desk:
        result = desk.swaps.apply_event(file, dry_run=dry_run)
    if as_json:
        print_json(shown.as_json(result))
    else:
        shown.show_event(console, result)


@app.command("cancel-event")
def cancel_event(
    reference: Reference,
    event_reference: Annotated[str, typer.Argument(help="Reference of the event to undo.")],
    why: Why,
    as_json: Json = False,
) -> None:
    """Undo a business event: the swap as it was before, as a new version.

    Example: clodesk swaps cancel-event DEMO-TRS EV-1 "booked twice"
    """
    with opened_desk() as desk:
        result = desk.swaps.cancel_event(reference, event_reference, reason=why)
    if as_json:
        print_json(shown.as_json(result))
    else:
        shown.show_event(console, result)


@app.command()
def transition(
    cashflow: Cashflow,
    to: Annotated[str, typer.Argument(help="REALISE or CANCEL.")],
    because: Because = "",
    on: On = None,
    as_json: Json = False,
) -> None:
    """Move a cashflow by hand: realise what is accrued, or cancel what will not be paid.

    Example: clodesk swaps transition CF-1 CANCEL --because "agreed with the counterparty"
    """
    kinds: dict[str, type[Realise] | type[Cancel]] = {"REALISE": Realise, "CANCEL": Cancel}
    if to.upper() not in kinds:
        raise typer.BadParameter("give REALISE or CANCEL; use the commands defer and release for the others")
    from engine.desk.swaps.life_cycle import ANY_VERSION

    request: AnyRequest = kinds[to.upper()](
        version=ANY_VERSION, business_date=today(on), changed_by=getpass.getuser(), reason=because
    )
    with opened_desk() as desk:
        moved = desk.swaps.transition(cashflow, request)
    _show_moved(moved, as_json)


@app.command()
def defer(
    cashflow: Cashflow,
    why: Why,
    reason: Annotated[DeferralReason, typer.Option(help="Kind of reason.")] = DeferralReason.COUNTERPARTY_REQUEST,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=ISO, help="Expected day; open-ended by default.")
    ] = None,
    on: On = None,
    as_json: Json = False,
) -> None:
    """Put a payment off.

    Example: clodesk swaps defer CF-1 "asked by letter" --until 2024-04-15
    """
    with opened_desk() as desk:
        moved = desk.swaps.defer(
            cashflow,
            reason=reason,
            business_date=today(on),
            until=day(until),
            changed_by=getpass.getuser(),
            justification=why,
        )
    _show_moved(moved, as_json)


@app.command()
def release(cashflow: Cashflow, because: Because = "", on: On = None, as_json: Json = False) -> None:
    """Make a deferred payment due.

    Example: clodesk swaps release CF-1
    """
    with opened_desk() as desk:
        moved = desk.swaps.release(
            cashflow, business_date=today(on), changed_by=getpass.getuser(), justification=because
        )
    _show_moved(moved, as_json)


def _show_moved(moved: "MovedCashflow", as_json: bool) -> None:
    if as_json:
        print_json(shown.as_json(moved))
    else:
        shown.show_moved(console, moved)
