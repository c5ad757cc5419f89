"""What every command that shows a result ends with: its sheets, the named cells of the Control sheet, a message."""

from collections.abc import Sequence
from typing import Literal

from xl_addin.commands.inputs import LAST_RUN, MESSAGE
from xl_addin.commands.patch import Message, Operation, Select, WorkbookPatch, WriteNamed
from xl_addin.commands.sheets import OutputSheet

Level = Literal["information", "warning", "error"]


def shown(
    sheets: Sequence[OutputSheet], text: str, *, level: Level = "information", run_id: int | None = None
) -> WorkbookPatch:
    """Result sheets, the first of them in front, and what is said about them; run_id: where something was stored."""
    made: list[Operation] = [sheet.ensured() for sheet in sheets]
    for sheet in reversed(sheets):  # charts of the first stand on data of the others
        made += sheet.operations()
    return WorkbookPatch((*made, Select(sheet=sheets[0].name), *said(text, level, run_id)))


def said(text: str, level: Level = "information", run_id: int | None = None) -> tuple[Operation, ...]:
    """A message, in the workbook's message cell too."""
    last: tuple[Operation, ...] = () if run_id is None else (WriteNamed(name=LAST_RUN, value=run_id),)
    return (*last, WriteNamed(name=MESSAGE, value=text), Message(level=level, text=text))


def told(text: str, level: Level = "information") -> WorkbookPatch:
    """A patch that only says something."""
    return WorkbookPatch(said(text, level))


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 test`, `3 tests`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
