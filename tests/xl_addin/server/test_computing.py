"""Computing the open calls of batches that arrive at the same time."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from db.settings import StorageSettings
from engine.desk.desk import Desk
from xl_addin.registry.context import CallContext, ErrorLog
from xl_addin.registry.dispatch import Batch, Call, Dispatcher
from xl_addin.registry.memory import ResultMemory
from xl_addin.server.computing import Computing
from xl_addin.server.workers import Workers


def _no_desk() -> Desk:
    raise AssertionError("no database is needed")


def _answers(*asked: tuple[Call, CallContext]) -> list[bytes | None]:
    """The answers to calls of several clients at once."""

    async def answered() -> list[bytes | None]:
        dispatcher = Dispatcher(ResultMemory())
        computing = Computing(dispatcher, Workers(1, StorageSettings.model_construct()))
        batches: list[Batch] = [dispatcher.look_up([call], ctx) for call, ctx in asked]
        work: list[Coroutine[Any, Any, None]] = [
            computing.finish(batch, ctx, 10.0) for batch, (_, ctx) in zip(batches, asked, strict=True)
        ]
        await asyncio.gather(*work)
        await computing.stop()
        return [batch.answers[0] for batch in batches]

    return asyncio.run(answered())


def test_clients_that_ask_the_same_get_one_computation() -> None:
    """The second waits for the first."""
    ctx = CallContext(_no_desk)
    call = Call("CLO_DAYS", [42452, 42542])

    assert _answers((call, ctx), (call, ctx)) == [b'{"v":90}', b'{"v":90}']


def test_an_answer_that_depends_on_who_asks_is_never_another_clients() -> None:
    """CLO_ERROR of the same cell in two workbooks, asked for at once."""
    errors = ErrorLog()
    errors.note("anna/book", "Sheet1!A1", "CLO-2109: told to anna")
    call = Call("CLO_ERROR", ["Sheet1!A1"])

    mine, other = _answers(
        (call, CallContext(_no_desk, errors=errors, workbook="anna/book")),
        (call, CallContext(_no_desk, errors=errors, workbook="bert/book")),
    )

    assert b"told to anna" in (mine or b"")
    assert b"told to anna" not in (other or b"")
