"""The command `clodesk validate`: what is wrong with stored data, or with a workbook that is not stored."""

from pathlib import Path
from typing import Annotated

import typer

from engine.desk.records import ValidationOutcome
from xl_addin.command_line import machine
from xl_addin.command_line.remarks import counted, show_remarks
from xl_addin.command_line.terminal import ExitCode, Json, console, opened_desk, print_json, progress


def validate(
    deal: Annotated[
        str | None, typer.Argument(help="A deal and the assets it holds. Without it: every deal, all assets.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A legacy workbook instead of the stored data; needs no database.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the stored data, or a workbook, against all validation rules; errors first, each with what to do.

    Example: clodesk validate "MAG 17"
    """
    if deal is not None and file is not None:
        raise typer.BadParameter("name a deal or a file, not both")
    outcomes = _stored(deal) if file is None else (_of_file(file),)
    if as_json:
        print_json(machine.validated(outcomes))
    else:
        for outcome in outcomes:
            _show(outcome)
        if not outcomes:
            console.print("No deal is stored")
    if any(outcome.has_errors for outcome in outcomes):
        raise typer.Exit(ExitCode.INPUT)


def _stored(deal: str | None) -> tuple[ValidationOutcome, ...]:
    with opened_desk() as desk:
        return desk.validate(deal)


def _of_file(path: Path) -> ValidationOutcome:
    from engine.desk.validation import validate_file

    with progress() as report:
        return validate_file(path, progress=report)


def _show(outcome: ValidationOutcome) -> None:
    show_remarks(console, outcome.findings, outcome.violations)
    about = f", {', '.join(outcome.deals)} as of {outcome.as_of}" if outcome.as_of is not None else ""
    told = counted((*outcome.findings, *outcome.violations))
    console.print(f"{outcome.file}{about}: {told}", markup=False, highlight=False, soft_wrap=True)
