"""Batches: the bytes of a request to the bytes of its response (spec 08 §5.2)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import orjson

from db.versions import SHARED
from engine.desk.versions import DataVersions
from engine.errors import BackendError
from xl_addin.registry.catalogue import PROTOCOL, by_name, fingerprint
from xl_addin.registry.context import CallContext, ErrorLog
from xl_addin.registry.dispatch import Batch, Call, Dispatcher, note_errors
from xl_addin.registry.results import encode_error
from xl_addin.server.auth.deals import shut_out
from xl_addin.server.auth.users import User
from xl_addin.server.computing import Computing
from xl_addin.server.door import DeskDoor, refused
from xl_addin.server.wire import Asked

_UPDATE = (
    "CLO-3101: The add-in was made for another version of the server. Update it: install the add-in again, or reload"
    " the page."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Answers in order, how many of them were known before, versions of the data they are of.

    seconds: from the arrival to the last answer; waited: of those, before anything was done.
    """

    answers: Sequence[bytes]
    n_known: int
    seconds: float
    waited: float
    versions: dict[str, int]
    is_old_client: bool

    def body(self) -> bytes:
        """The response."""
        update = b',"update":' + orjson.dumps(_UPDATE) if self.is_old_client else b""
        return b'{"v":%d,"dv":%b%b,"results":[%b]}' % (
            PROTOCOL,
            orjson.dumps(self.versions),
            update,
            b",".join(self.answers),
        )


@dataclass(slots=True)
class _Begun:
    """A batch looked up: places of the calls that the user may make, and an answer to each that they may not."""

    places: Sequence[int]
    ctx: CallContext
    versions: DataVersions | None
    batch: Batch
    answers: list[bytes | None]
    at: float


class Batches:
    """Answers batches of calls; job_status: what a cell of a user shows for a job."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        computing: Computing,
        door: DeskDoor,
        seconds: float,
        job_status: Callable[[str, User], str | None],
    ) -> None:
        self._dispatcher = dispatcher
        self._computing = computing
        self._door = door
        self._seconds = seconds
        self._job_status = job_status
        self._errors = ErrorLog()

    async def answer(self, asked: Asked, user: User) -> Answered:
        """The answers to a batch; a failure is the answer of its own call only."""
        started = time.perf_counter()
        begun = await self._computing.in_thread(lambda: self._begun(asked, user))
        batch = begun.batch
        n_known = sum(answer is not None for answer in batch.answers)
        if batch.open_calls:
            left = self._seconds - (time.perf_counter() - started)
            await self._computing.finish(batch, begun.ctx, max(left, 0.01))
        for place, answer in zip(begun.places, batch.answers, strict=True):
            begun.answers[place] = answer
        found = [answer for answer in begun.answers if answer is not None]
        note_errors(asked.calls, found, begun.ctx)
        return Answered(
            answers=found,
            n_known=n_known,
            seconds=time.perf_counter() - started,
            waited=begun.at - started,
            versions=_shown(begun.versions, user),
            is_old_client=bool(asked.fingerprint) and asked.fingerprint != fingerprint(),
        )

    def _begun(self, asked: Asked, user: User) -> _Begun:
        at = time.perf_counter()
        ctx = CallContext(
            self._door.desk,
            errors=self._errors,
            # Two users may have workbooks of one name.
            workbook=f"{user.name}/{asked.workbook}",
            user=user.name,
            client=asked.client,
            client_fingerprint=asked.fingerprint,
            job_status=lambda job: self._job_status(job, user),
        )
        versions = None
        if _need_data(asked.calls):
            try:
                versions = ctx.versions
            except BackendError as error:
                self._door.failed(error)
                ctx = replace(ctx, get_desk=refused(error))
        answers = _refusals(asked.calls, user, frozenset() if versions is None else frozenset(versions.by_tag))
        places = [place for place, answer in enumerate(answers) if answer is None]
        calls = asked.calls if len(places) == len(answers) else [asked.calls[place] for place in places]
        return _Begun(places, ctx, versions, self._dispatcher.look_up(calls, ctx), answers, at)


def _refusals(calls: Sequence[Call], user: User, known: frozenset[str]) -> list[bytes | None]:
    """An error for each call that the user may not make, None for the others."""
    answers: list[bytes | None] = [None] * len(calls)
    if user.deals is not None:
        for place, call in enumerate(calls):
            refusal = shut_out(call, user, known)
            if refusal is not None:
                answers[place] = encode_error(refusal, call.name[:64])
    return answers


def _need_data(calls: Sequence[Call]) -> bool:
    functions = by_name()
    return any(name in functions and functions[name].depends for name in {call.name for call in calls})


def _shown(versions: DataVersions | None, user: User) -> dict[str, int]:
    """Version by deal, of the deals that are open to the user; empty where no call reads data."""
    if versions is None:
        return {}
    return {tag: n for tag, n in versions.by_tag.items() if tag == SHARED or user.may_see(tag)}
