"""What all commands share: the two streams, exit codes, common arguments, the desk, the progress bar."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer
from rich import progress as bars
from rich.console import Console

from engine.desk.desk import Desk, open_desk
from engine.desk.records import Progress
from engine.errors import InputError

# Rich takes 80 columns where stdout is no terminal; a pipe has room for whole tables.
console = Console() if sys.stdout.isatty() else Console(width=160)
talk = Console(stderr=True)


class ExitCode(IntEnum):
    """What the process returns."""

    DONE = 0
    INPUT = 1
    USAGE = 2
    MODEL = 3
    BACKEND = 4
    STOPPED = 130


Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script instead of tables.")]
DealName = Annotated[str, typer.Argument(help='Name of a deal, for example "MAG 17"; blanks and case do not matter.')]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Date of the snapshot; the newest by default.")
]


@contextmanager
def opened_desk() -> Iterator[Desk]:
    """The desk; starting the embedded servers takes seconds, so the terminal says what it waits for."""
    with ExitStack() as stack:
        with talk.status("Opening the database"):
            desk = stack.enter_context(open_desk())
        yield desk


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on the terminal that goes away when it is full; nothing where stderr is no terminal."""
    columns = (bars.TextColumn("{task.description:32}"), bars.BarColumn(), bars.TimeElapsedColumn())
    with bars.Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda text, done: bar.update(task, description=text, completed=done)


def day(moment: datetime | None) -> date | None:
    """The calendar day of an `AsOf`."""
    return None if moment is None else moment.date()


def file_text(path: Path) -> str:
    """The text of a file. Raises InputError CLO-4020 where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "CLO-4020", f"{path} cannot be read as text", where=str(path), remedy="Check the name of the file."
        ) from error


def amount(text: str, option: str) -> Decimal:
    """An amount of money as people write it, 1,000.50."""
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise typer.BadParameter(f"{option} {text!r} is no amount; write 1000 or 1000.50")
    return found


def named_value(text: str, option: str, form: str = "name=value") -> tuple[str, str]:
    """The two halves of an option that gives something to a name."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise typer.BadParameter(f"{option} {text!r} is not of the form {form}")
    return name.strip(), value


def print_json(text: str) -> None:
    """JSON, coloured on a terminal only: for a script that would take longer than many an answer."""
    if console.is_terminal:
        console.print_json(text)
    else:
        sys.stdout.write(text + "\n")
