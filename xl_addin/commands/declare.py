"""Declaring a command: what the ribbon, the task pane and the server know about it (spec 06 §12, 08 §8)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from engine.desk.records import Progress as Progress
from engine.errors import ReferenceDataError
from xl_addin.commands.patch import WorkbookPatch
from xl_addin.registry.context import CallContext
from xl_addin.registry.errors import CellError
from xl_addin.registry.kinds import Kind
from xl_addin.registry.values import OMITTED


class Role(Enum):
    """What a user may do; each role may do what those before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    MANAGER = "manager"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One thing that a command asks for: a name on the wire, a kind to read it with, words for the dialog.

    source: where a picker takes its entries from (`deals`, `assets`, `runs`, `scenarios`), empty for free entry.
    is_file: a file is uploaded. is_many: several entries.
    """

    name: str
    kind: Kind
    label: str
    default: Any = None
    source: Literal["", "deals", "assets", "runs", "scenarios", "filters"] = ""
    is_file: bool = False
    is_many: bool = False

    def read(self, raw: Any) -> Any:
        """An answer in its own type, the default for None and a blank. Raises CellError naming the question."""
        if raw is None:
            return self.default
        try:
            if self.is_many and not self.kind.is_range:
                values = map(self.kind.read, raw if isinstance(raw, list) else [raw])
                return tuple(value for value in values if value is not OMITTED) or self.default
            value = self.kind.read(raw)
        except CellError as error:
            error.where = self.label
            raise
        return self.default if value is OMITTED else value


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a command works on: named cells and tables of the workbook, and what the user was asked.

    cells: value by name (`clo_deal`), wire values; of a name that stands for several cells (`clo_program`) its rows.
    tables: rows without headers by table name (`tbl_trades`).
    answers: by name of the Ask, already read by its kind; a file is its path on the server. sheets: names of the
    sheets of the workbook; ours: those that carry our mark.
    """

    cells: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    sheets: Sequence[str] = ()
    ours: Sequence[str] = ()


Run = Callable[[Inputs, CallContext, Progress], WorkbookPatch]
"""What a command does: inputs, context and progress to a patch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command. run(inputs, ctx, progress) gives a patch; reads: the names and tables that a client sends along.

    is_background: runs as a job with progress and cancel. icon: an imageMso name. is_client_side: the client acts by
    itself (a dialog, a recalculation); run then only says what is to happen, for a client that cannot.
    """

    id: str
    label: str
    group: str
    supertip: str
    icon: str
    is_background: bool
    role: Role
    reads: tuple[str, ...]
    asks: tuple[Ask, ...]
    run: Run
    is_client_side: bool = False


COMMANDS: dict[str, Command] = {}
"""Every command by id; filled by importing `xl_addin.commands.all`."""


def command(
    command_id: str,
    *,
    label: str,
    group: Literal["Deal", "Run", "Results", "Data", "Tools"],
    supertip: str,
    icon: str,
    is_background: bool = False,
    role: Role = Role.ANALYST,
    reads: Sequence[str] = (),
    asks: Sequence[Ask] = (),
    is_client_side: bool = False,
) -> Callable[[Run], Run]:
    """Declare a command."""

    def declare(run: Run) -> Run:
        COMMANDS[command_id] = Command(
            id=command_id,
            label=label,
            group=group,
            supertip=supertip,
            icon=icon,
            is_background=is_background,
            role=role,
            reads=tuple(reads),
            asks=tuple(asks),
            run=run,
            is_client_side=is_client_side,
        )
        return run

    return declare


def commands() -> tuple[Command, ...]:
    """All commands in the order of the ribbon."""
    from xl_addin.commands.all import SUBJECTS

    place_by_module = {f"{__package__}.{subject}": place for place, subject in enumerate(SUBJECTS)}
    return tuple(
        sorted(COMMANDS.values(), key=lambda one: place_by_module.get(one.run.__module__, len(place_by_module)))
    )


def command_of(command_id: str) -> Command:
    """A command by id; ReferenceDataError CLO-2200 for an unknown one."""
    commands()
    found = COMMANDS.get(command_id)
    if found is None:
        raise ReferenceDataError(
            "CLO-2200",
            f"There is no command {command_id[:64]!r}",
            remedy="Update the add-in, or the server if that is older.",
        )
    return found
