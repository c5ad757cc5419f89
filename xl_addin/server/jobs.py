"""Jobs: commands that run in processes of their own, with progress, cancel and a result that is kept for a while."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import orjson

from db.settings import StorageSettings
from xl_addin.commands.declare import Inputs, Run
from xl_addin.registry.errors import unavailable
from xl_addin.registry.results import encode_error
from xl_addin.server.auth.users import User
from xl_addin.server.errors import RequestError
from xl_addin.server.job_run import JobRun

_KEPT = timedelta(hours=1)
_MOST_KEPT = 100
_MOST_WAITING = 50


class JobState(Enum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(slots=True, eq=False)
class Job:
    """One command under way or ended. patch, error: JSON of its outcome; at_end is called once, when it has ended."""

    id: str
    command: str
    label: str
    user: User
    at_end: Callable[["Job"], None]
    state: JobState = JobState.QUEUED
    stage: str = "Waiting"
    percent: float = 0.0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    patch: bytes = b""
    error: bytes = b""
    is_cancelled: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    run: JobRun | None = None

    def shown(self) -> dict[str, Any]:
        """The job without its patch."""
        return {
            "id": self.id,
            "command": self.command,
            "label": self.label,
            "user": self.user.name,
            "state": self.state.value,
            "stage": self.stage,
            "done": round(self.percent, 1),
            "total": 100,
            "message": f"{self.stage}: {self.percent:.0f} %" if self.state is JobState.RUNNING else self.stage,
            "started_at": self.started_at.isoformat(),
            "ended_at": None if self.ended_at is None else self.ended_at.isoformat(),
            "error": orjson.loads(self.error) if self.error else None,
        }

    def body(self) -> bytes:
        """The job with its patch, as JSON."""
        patch = b',"patch":' + self.patch if self.patch else b""
        return orjson.dumps(self.shown())[:-1] + patch + b"}"

    def tell(self) -> None:
        """Wake whoever waits for a change."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class Jobs:
    """The jobs of a server. n_at_once: how many run; the others wait."""

    def __init__(self, n_at_once: int, settings: StorageSettings) -> None:
        self._settings = settings
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._room = asyncio.Semaphore(n_at_once)
        self._threads = ThreadPoolExecutor(n_at_once, "jobs")
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def n_running(self) -> int:
        return sum(job.state is JobState.RUNNING for job in self._jobs.values())

    def start(
        self,
        run: Run,
        inputs: Inputs,
        user: User,
        *,
        command: str,
        label: str,
        client: str,
        at_end: Callable[[Job], None],
    ) -> Job:
        """A job for a command. Raises RequestError CLO-3131 while too many wait."""
        self._forget_old()
        if sum(job.state is JobState.QUEUED for job in self._jobs.values()) >= _MOST_WAITING:
            raise RequestError(
                "CLO-3131",
                "Too many commands are waiting",
                status=429,
                code="#N/A",
                remedy="Wait for some of them, or cancel some.",
                headers={"Retry-After": "10"},
            )
        job = Job(id=f"job-{secrets.token_hex(8)}", command=command, label=label, user=user, at_end=at_end)
        self._jobs[job.id] = job
        task = asyncio.create_task(self._served(job, run, inputs, client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def status(self, job_id: str, user: User) -> str | None:
        """What a cell of a user shows for a job: `queued`, `running 42%`, `done`, ...; None for none of theirs."""
        job = self._jobs.get(job_id)
        if job is None or job.user.name != user.name:
            return None
        return f"running {job.percent:.0f}%" if job.state is JobState.RUNNING else job.state.value

    def job(self, job_id: str, user: User, *, is_admin: bool) -> Job:
        """A job of a user, or any for an admin. Raises RequestError CLO-3132 where there is none for them."""
        self._forget_old()
        job = self._jobs.get(job_id)
        if job is None or (job.user.name != user.name and not is_admin):
            raise RequestError(
                "CLO-3132",
                "There is no such job",
                status=404,
                code="#N/A",
                remedy="Results are kept for an hour; run the command again.",
            )
        return job

    def jobs(self, user: User, *, is_admin: bool) -> Sequence[Job]:
        """The jobs of a user, or all for an admin, newest first."""
        self._forget_old()
        return [job for job in reversed(self._jobs.values()) if is_admin or job.user.name == user.name]

    async def wait(self, job: Job, seconds: float) -> None:
        """Wait until a job has ended, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                while not job.state.is_final:
                    await job.changed.wait()
        except TimeoutError:
            return

    async def cancel(self, job: Job) -> None:
        """Stop a job within half a second; one that has ended stays as it is."""
        job.is_cancelled = True
        if job.run is not None:
            await job.run.stop()
        elif job.state is JobState.QUEUED:
            self._end(job, JobState.CANCELLED, "Cancelled")
        await self.wait(job, 0.5)

    async def stop(self) -> None:
        """Cancel every job that has not ended."""
        await asyncio.gather(*(self.cancel(job) for job in self._jobs.values() if not job.state.is_final))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False)

    async def _served(self, job: Job, run: Run, inputs: Inputs, client: str) -> None:
        async with self._room:
            if job.state.is_final:
                return
            job.state, job.stage = JobState.RUNNING, "Starting"
            job.tell()
            job.run = JobRun(self._threads, lambda message: self._heard(job, message))
            code = await job.run.finished(run, inputs, self._settings, job.user.name, client)
        if not job.state.is_final:
            if job.is_cancelled:
                self._end(job, JobState.CANCELLED, "Cancelled")
            else:
                job.error = _died(job, code)
                self._end(job, JobState.FAILED, "Failed")

    def _heard(self, job: Job, message: Sequence[Any]) -> None:
        if job.state.is_final:
            return
        match message:
            case ["progress", stage, fraction]:
                job.stage, job.percent = str(stage), 100.0 * min(1.0, max(0.0, float(fraction)))
                job.tell()
            case ["done", patch]:
                job.patch, job.percent = orjson.dumps(patch), 100.0
                self._end(job, JobState.DONE, "Done")
            case ["failed", code, text]:
                job.error = orjson.dumps({"e": code, "m": text})
                self._end(job, JobState.FAILED, "Failed")
            case _:
                self._end(job, JobState.CANCELLED, "Cancelled")

    def _end(self, job: Job, state: JobState, stage: str) -> None:
        job.state, job.stage, job.ended_at = state, stage, datetime.now(UTC)
        job.at_end(job)
        job.tell()

    def _forget_old(self) -> None:
        oldest = datetime.now(UTC) - _KEPT
        ended = [job for job in self._jobs.values() if job.ended_at is not None]
        for rank, job in enumerate(ended):
            if rank < len(ended) - _MOST_KEPT or (job.ended_at is not None and job.ended_at < oldest):
                del self._jobs[job.id]


def _died(job: Job, code: int | None) -> bytes:
    return encode_error(
        unavailable(
            "CLO-3130",
            f"The process of the command ended unexpectedly ({code})",
            remedy="Nothing was stored. Run it again; if it happens again, tell support.",
        ),
        job.label,
    )
