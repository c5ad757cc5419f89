"""The dispatcher: one batch, identical calls once, answers kept for as long as their data."""

import pytest

from engine.desk.desk import Desk
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Call, Dispatcher
from xl_addin.registry.memory import ResultMemory


def _no_desk() -> Desk:
    pytest.fail("a function of dates alone must not open the database")


def test_a_failure_is_the_answer_of_its_own_call_only() -> None:
    """Results keep the order of the calls; a wrong argument is an error cell with number, place and advice."""
    dispatcher, ctx = Dispatcher(ResultMemory()), CallContext(_no_desk)

    answers = dispatcher.answer(
        [
            Call("CLO_YEAR_FRACTION", ["2016-03-23", 42542]),
            Call("CLO_YEAR_FRACTION", ["23.3.2016", 42542], "Tests!B7"),
            Call("CLO_YEAR_FRACTION", [42452, 42542]),
        ],
        ctx,
    )

    assert answers[0] == answers[2] == b'{"v":0.25}'
    assert answers[1].startswith(b'{"e":"#VALUE!","m":"CLO-2109: \'23.3.2016\' is not a date, at CLO_YEAR_FRACTION')
    assert ctx.errors.of_cell("", "Tests!$B$7")
