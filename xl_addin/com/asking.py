"""What a command asks the user for, through the dialogs of Excel itself (spec 06 §12)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xl_addin.commands.declare import Ask, Command

_TEXT = 2
_MOST_SHOWN = 20
_WORKBOOKS = "Workbooks (*.xlsx;*.xlsm;*.csv),*.xlsx;*.xlsm;*.csv"

Entries = Callable[[str], Sequence[str]]
"""Called with the source of an Ask; what there is to choose from, empty where that is not known."""


@dataclass(slots=True)
class Answered:
    """Raw values by name of the question, and files."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


def asked(app: Any, command: Command, entries: Entries) -> Answered | None:
    """The answers to all questions of a command, None where the user pressed Cancel."""
    answered = Answered()
    for ask in command.asks:
        answer = _file(app, ask, command) if ask.is_file else _text(app, ask, command, entries(ask.source))
        if answer is False:
            return None
        if ask.is_file:
            answered.files[ask.name] = Path(str(answer))
        elif str(answer).strip():
            answered.values[ask.name] = str(answer).strip()
    return answered


def _file(app: Any, ask: Ask, command: Command) -> Any:
    return app.api.GetOpenFilename(_WORKBOOKS, 1, f"{command.label}: {ask.label}")


def _text(app: Any, ask: Ask, command: Command, entries: Sequence[str]) -> Any:
    lines = [ask.label + (" (several with commas)" if ask.is_many else "")]
    choices = list(ask.kind.choices or entries)
    if choices:
        more = ", ..." if len(choices) > _MOST_SHOWN else ""
        lines.append(", ".join(choices[:_MOST_SHOWN]) + more)
    return app.api.InputBox("\n".join(lines), command.label, _shown(ask.default), Type=_TEXT)


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "YES" if default else "NO"
    return "" if default is None else str(default)
