"""The commands `clodesk db ...`: where the database is, its schema, its servers, old years of daily rows."""

from typing import Annotated

import typer

from xl_addin.command_line import machine, tables
from xl_addin.command_line.terminal import ExitCode, Json, console, print_json, talk

app = typer.Typer(help="The database: where it is, and bringing it up to date.", no_args_is_help=True)

Year = Annotated[int, typer.Argument(help="A calendar year.")]


@app.command()
def status(as_json: Json = False) -> None:
    """Say where database and cache are, whether the schema is current, and whether daily rows lie in no partition.

    Example: clodesk db status
    """
    from engine.desk.storage import storage_status

    found = storage_status()
    if as_json:
        print_json(machine.record(found))
    else:
        tables.show_storage(console, found)
    if found.misplaced:
        talk.print(
            "Daily rows of swaps lie in no year's partition: run `clodesk db upgrade` to move them.", markup=False
        )
    if not found.is_current:
        talk.print("The schema is not the one this version needs: run `clodesk db upgrade`.", markup=False)
        raise typer.Exit(ExitCode.BACKEND)


@app.command()
def upgrade() -> None:
    """Bring the schema up to date, and put daily rows into the partitions of their years.

    Example: clodesk db upgrade
    """
    from engine.desk.storage import upgrade_storage

    upgraded = upgrade_storage()
    talk.print(f"{upgraded.address}: revision {upgraded.revision}")


@app.command()
def archive(year: Year) -> None:
    """Put the daily rows of swaps of an old year aside, into tables of their own; reports no longer see them.

    Example: clodesk db archive 2019
    """
    from engine.desk.storage import archive_year

    names = archive_year(year)
    talk.print(f"The daily rows of {year} are in {' and '.join(names)}; `clodesk db restore {year}` brings them back")


@app.command()
def restore(year: Year) -> None:
    """Bring the daily rows of swaps of an archived year back.

    Example: clodesk db restore 2019
    """
    from engine.desk.storage import restore_year

    restore_year(year)
    talk.print(f"The daily rows of {year} are back")


@app.command()
def stop() -> None:
    """Stop the embedded servers; the next command starts them again.

    Example: clodesk db stop
    """
    from engine.desk.storage import stop_storage

    talk.print("Stopped" if stop_storage() else "Nothing was running")
