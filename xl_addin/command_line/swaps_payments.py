"""The commands of `clodesk swaps` on what is being paid: netting instructions, payments, longer deferrals."""

import getpass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from xl_addin.command_line import swaps_life
from xl_addin.command_line import swaps_tables as shown
from xl_addin.command_line.swaps import ISO
from xl_addin.command_line.swaps_days import today
from xl_addin.command_line.swaps_life import Cashflow, On, Why
from xl_addin.command_line.terminal import Json, console, day, opened_desk, print_json

app = swaps_life.app

NettingReference = Annotated[str, typer.Argument(help="Reference of a netting instruction; `settle` prints it.")]


class Outcome(StrEnum):
    """What became of a payment."""

    SENT = "SENT"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    RETRY = "RETRY"


@app.command()
def payment(
    reference: Annotated[str, typer.Argument(help="Reference of a payment; settle --execute prints it.")],
    outcome: Annotated[
        Outcome,
        typer.Argument(case_sensitive=False, help="SENT, COMPLETED, FAILED, CANCELLED, or RETRY for a new attempt."),
    ],
    on: On = None,
    because: Annotated[str, typer.Option("--because", help="Why it failed or is called back, for the history.")] = "",
    as_json: Json = False,
) -> None:
    """Say what became of a payment: its cash flows are settled once it is COMPLETED.

    Example: clodesk swaps payment PAY-1 COMPLETED --on 2024-03-06
    """
    with opened_desk() as desk:
        if outcome is Outcome.COMPLETED:
            done = desk.swaps.complete_payment(reference, today(on))
        elif outcome is Outcome.FAILED:
            done = desk.swaps.fail_payment(reference, today(on), reason=because)
        elif outcome is Outcome.SENT:
            done = desk.swaps.send_payment(reference, today(on))
        elif outcome is Outcome.CANCELLED:
            done = desk.swaps.cancel_payment(reference, today(on), reason=because)
        else:
            done = desk.swaps.retry_payment(reference, today(on))
    if as_json:
        print_json(shown.as_json(done))
        return
    state = f"{done.payment_reference}: {done.status.value}, {shown.money_text(done.amount, done.currency)}"
    console.print(Text(f"{state}, {len(done.cashflow_references)} cash flows"), soft_wrap=True)


@app.command("confirm-netting")
def confirm_netting(reference: NettingReference, as_json: Json = False) -> None:
    """Confirm a netting instruction that somebody else made: the next `settle --execute` pays it.

    Example: clodesk swaps confirm-netting NET/20240306/USD/1
    """
    with opened_desk() as desk:
        confirmed = desk.swaps.confirm_netting(reference)
    if as_json:
        print_json(shown.as_json(confirmed))
        return
    said = f"{confirmed.netting_reference}: {confirmed.status.value} by {confirmed.confirmed_by}"
    console.print(Text(f"{said}, {shown.money_text(confirmed.amount, confirmed.currency)}"), soft_wrap=True)


@app.command("cancel-netting")
def cancel_netting(reference: NettingReference, as_json: Json = False) -> None:
    """Call a netting instruction back that is not paid yet: the next `settle` nets its cash flows anew.

    Example: clodesk swaps cancel-netting NET/20240306/USD/1
    """
    with opened_desk() as desk:
        called_back = desk.swaps.cancel_netting(reference)
    if as_json:
        print_json(shown.as_json(called_back))
        return
    freed = ", ".join(called_back.cashflow_references)
    console.print(Text(f"{called_back.netting_reference}: {called_back.status.value}; free: {freed}"), soft_wrap=True)


@app.command()
def extend(
    cashflow: Cashflow,
    why: Why,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=ISO, help="The new expected day; open-ended by default.")
    ] = None,
    on: On = None,
    as_json: Json = False,
) -> None:
    """Put a deferred payment off further.

    Example: clodesk swaps extend CF-1 "still disputed" --until 2024-05-15
    """
    with opened_desk() as desk:
        moved = desk.swaps.extend(
            cashflow, business_date=today(on), until=day(until), changed_by=getpass.getuser(), justification=why
        )
    if as_json:
        print_json(shown.as_json(moved))
    else:
        shown.show_moved(console, moved)
