"""What the ribbon of Excel calls: each verb takes one text and gives one (spec 08 §8).

`connect` answers `ready` and the entries of the drop-downs, a line each; the others answer `wait|text` while a command
runs as a job, and `done|text` otherwise. A failure is an exception, whose text VBA shows.
"""

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from engine.errors import ClodeskError, InputError
from xl_addin.com import actions
from xl_addin.com.answers import Answers, DeskOnDemand, LocalAnswers, ServerAnswers
from xl_addin.com.applier import apply_patch, write_choice
from xl_addin.com.asking import asked
from xl_addin.com.book_reader import gathered
from xl_addin.com.connection import Connection
from xl_addin.com.free_xlwings import xlwings
from xl_addin.com.running import LocalRunner, Runner, ServerRunner, Standing
from xl_addin.com.settings import Mode, face_settings
from xl_addin.commands.declare import command_of
from xl_addin.registry.catalogue import fingerprint
from xl_addin.registry.dispatch import Call

_CONTROLS = ("clo_deal", "clo_asof", "clo_scenario")
_LISTS = {"deals": "CLO_DEALS", "scenarios": "CLO_SCENARIOS"}
"""Functions whose first column a picker offers."""
_POLL_SECONDS = 0.5


class Ribbon:
    """The commands of one Excel: at most one runs at a time."""

    def __init__(self, runner: Runner, answers: Answers, get_book: Callable[[], Any]) -> None:
        self._runner = runner
        self._answers = answers
        self._get_book = get_book
        self._job = ""

    def connect(self, add_in: str) -> str:
        """`ready` and the entries of the drop-downs; add_in: the fingerprint that the add-in was built from."""
        if add_in != fingerprint():
            return "CLO-2264: The add-in was built for another version of clodesk. Run `clodesk excel install` again."
        answer = self._answers.answer(Call("CLO_DEALS", []), "")
        if "e" in answer:
            return str(answer["m"])
        deals = [f"clo_deal\t{row[0]}" for row in answer["v"][1:]]
        scenarios = [f"clo_scenario\t{name}" for name in self._entries("scenarios")]
        return "\n".join(["ready", *deals, *scenarios])

    def change(self, choice: str) -> str:
        """Write what was chosen in the ribbon (`control, tab, text`) into the cell that holds it."""
        control, _, text = choice.partition("\t")
        if control not in _CONTROLS:
            raise InputError("CLO-2265", f"The ribbon has no field {control!r}", remedy="Install the add-in again.")
        write_choice(self._get_book(), control, text.strip())
        return "done|"

    def press(self, command_id: str) -> str:
        """Run a command on the active workbook."""
        command = command_of(command_id)
        book = self._get_book()
        if command.is_client_side:
            return f"done|{actions.run(command, book)}"
        answered = asked(book.app, command, self._entries)
        if answered is None:
            return "done|"
        inputs = {**gathered(book, command.reads), "answers": answered.values}
        return self._followed(self._runner.start(command, inputs, answered.files))

    def poll(self, _nothing: str) -> str:
        """How the running command stands; its patch is applied when it is there."""
        return self._followed(self._runner.follow(self._job)) if self._job else "done|"

    def cancel(self, _nothing: str) -> str:
        """Ask the running command to stop; `poll` says when it has."""
        if self._job:
            self._runner.cancel(self._job)
        return "wait|Cancelling"

    def forget(self) -> None:
        """The running command is over, whatever became of it."""
        self._job = ""

    def _followed(self, standing: Standing) -> str:
        self._job = standing.job
        if standing.patch is None:
            return f"wait|{standing.text}"
        messages = apply_patch(standing.patch, self._get_book())
        return "done|" + (" ".join(message.text for message in messages) or standing.text)

    def _entries(self, source: str) -> Sequence[str]:
        if source not in _LISTS:
            return ()
        answer = self._answers.answer(Call(_LISTS[source], []), "")
        return [str(row[0]) for row in answer["v"][1:]] if "v" in answer else ()


@cache
def _ribbon() -> Ribbon:
    settings = face_settings()
    if settings.mode is Mode.SERVER:
        connection = Connection(settings)
        return Ribbon(ServerRunner(connection), ServerAnswers(connection), xlwings.Book.caller)
    get_desk = DeskOnDemand()
    return Ribbon(LocalRunner(get_desk), LocalAnswers(get_desk), xlwings.Book.caller)


def connect(add_in: str) -> str:
    """See Ribbon.connect."""
    return _ribbon().connect(add_in)


def change(choice: str) -> str:
    """See Ribbon.change."""
    return _ribbon().change(choice)


def press(command_id: str) -> str:
    """See Ribbon.press."""
    return _told(lambda: _ribbon().press(command_id))


def poll(nothing: str) -> str:
    """See Ribbon.poll."""
    return _told(lambda: _ribbon().poll(nothing))


def cancel(nothing: str) -> str:
    """See Ribbon.cancel."""
    return _ribbon().cancel(nothing)


def run_to_end(verb: str, argument: str) -> None:
    """Run a verb and wait for its command: on a Mac there is nothing that could ask for it again."""
    answer = {"connect": connect, "change": change, "press": press, "cancel": cancel}[verb](argument)
    while answer.startswith("wait|"):
        time.sleep(_POLL_SECONDS)
        answer = poll("")


def _told(act: Callable[[], str]) -> str:
    """A failure of a command as what the status bar shows; anything else that goes wrong is an exception for VBA."""
    try:
        return act()
    except ClodeskError as error:
        _ribbon().forget()
        return f"done|{error}"
