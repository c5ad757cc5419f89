"""The commands `clodesk swaps ...` that bring swaps, market data and calendars in and show them."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import InputError
from xl_addin.command_line import swaps_tables as shown
from xl_addin.command_line.remarks import show_findings
from xl_addin.command_line.tables import table
from xl_addin.command_line.terminal import ExitCode, Json, console, day, opened_desk, print_json, progress, talk

app = typer.Typer(help="Swaps: import, market data, end of day, reports, settlement.", no_args_is_help=True)

ISO = ["%Y-%m-%d"]

Reference = Annotated[str, typer.Argument(help="Reference of a swap; `clodesk swaps book` lists them.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, write nothing.")]


@app.command()
def demo(as_json: Json = False) -> None:
    """Make three swaps with prices from code and run their days up to 2024-03-15.

    Example: clodesk swaps demo
    """
    with opened_desk() as desk, progress() as report:
        made = desk.swaps.demo(progress=report)
        lines = [line for line in desk.swaps.book() if line.contract_reference in made.references]
    if as_json:
        print_json(shown.as_json(lines))
        return
    shown.show_book(console, lines)
    talk.print(f"Their fixings end on {made.days[-1]}; clodesk swaps report R-8 --as-of {made.days[-1]} shows the P&L.")


@app.command("import")
def import_documents(
    paths: Annotated[list[Path], typer.Argument(help="CDM documents, or folders of them.")],
    overrides: Annotated[
        list[Path] | None,
        typer.Option("--overrides", help="What a document lacks, as JSON; for the document of the same name."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Read swaps from CDM documents; a document with an error is not stored, the others are.

    Example: clodesk swaps import trades/ --dry-run
    """
    from engine.desk.swaps.override_files import read_overrides

    files = [file for path in paths for file in _documents(path)]
    given = {path.name: read_overrides(path) for path in overrides or ()}
    with opened_desk() as desk, progress() as report:
        found = desk.swaps.import_documents(files, overrides=given, dry_run=dry_run, progress=report)
    if as_json:
        print_json(shown.as_json(found))
    else:
        shown.show_imported(console, found)
    if any(file.is_refused for file in found):
        raise typer.Exit(ExitCode.INPUT)


@app.command()
def book(
    party: Annotated[str | None, typer.Option(help="Only swaps of this party, by identifier or name.")] = None,
    contract_type: Annotated[
        str | None, typer.Option("--type", help="Only swaps of this type, TOTAL_RETURN_SWAP.")
    ] = None,
    active_on: Annotated[
        datetime | None, typer.Option("--active-on", formats=ISO, help="Only swaps in force on this day.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the stored swaps.

    Example: clodesk swaps book --active-on 2024-03-15
    """
    with opened_desk() as desk:
        found = desk.swaps.book(party=party, contract_type=contract_type, active_on=day(active_on))
    if as_json:
        print_json(shown.as_json(found))
    else:
        shown.show_book(console, found)


@app.command()
def show(reference: Reference, as_json: Json = False) -> None:
    """Show a swap with its legs.

    Example: clodesk swaps show DEMO-TRS
    """
    with opened_desk() as desk:
        found = desk.swaps.contract(reference)
    if as_json:
        print_json(shown.as_json(found))
    else:
        shown.show_contract(console, found)


@app.command()
def export(
    reference: Reference,
    transfers: Annotated[
        bool, typer.Option("--transfers", help="Its realised cash flows as transfer states instead, with their status.")
    ] = False,
) -> None:
    """Print a swap as a CDM document, or its cash flows as a list of CDM transfer states.

    Example: clodesk swaps export DEMO-TRS > trade.json
    """
    with opened_desk() as desk:
        text = desk.swaps.export_transfers(reference) if transfers else desk.swaps.export_cdm(reference)
    sys.stdout.write(text.rstrip("\n") + "\n")


@app.command()
def market(
    file: Annotated[Path, typer.Argument(help="A workbook with sheets PRICES, FX, RATES, ..., a CSV file or JSON.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Read prices, FX, rates, dividends, corporate actions and holidays; with an error in any cell nothing is stored.

    Example: clodesk swaps market fixings.xlsx --dry-run
    """
    with opened_desk() as desk, talk.status(f"Reading {file.name}"):
        load = desk.swaps.load_market(file, dry_run=dry_run)
    if as_json:
        print_json(shown.as_json(load))
    else:
        show_findings(console, load.findings)
        shown.show_market(console, load)
    if load.has_errors:
        raise typer.Exit(ExitCode.INPUT)


@app.command()
def calendars(
    first_year: Annotated[int, typer.Option(min=1990, max=2060, help="First year.")] = 1990,
    last_year: Annotated[int, typer.Option(min=1990, max=2060, help="Last year.")] = 2060,
    as_json: Json = False,
) -> None:
    """Load bank holidays and exchange sessions from public packages, in place of those loaded before.

    Example: clodesk swaps calendars --first-year 2015 --last-year 2035
    """
    if first_year > last_year:
        raise typer.BadParameter("the first year is after the last")
    with opened_desk() as desk, progress() as report:
        load = desk.swaps.load_calendars(first_year, last_year, progress=report)
    if as_json:
        print_json(shown.as_json(load))
    else:
        rows = [(code, f"{n:,}") for code, n in load.days.items()]
        console.print(table("Calendars", ("Center or exchange", "Days"), rows))
    for note in load.notes:
        talk.print(note, markup=False)


def _documents(path: Path) -> list[Path]:
    """A document, or those of a folder in the order of their names. InputError CLO-4120 for a folder without any."""
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("*.json"))
    if not found:
        raise InputError("CLO-4120", "The folder holds no .json documents", where=str(path), remedy="Name another.")
    return found
