"""What is noted of an answered batch and of an ended command: metrics, the record in the database, the log."""

from collections import Counter
from datetime import UTC, datetime

import orjson

from engine.desk.access import AuditEntry
from xl_addin.registry.catalogue import by_name
from xl_addin.server.audit import AuditTrail
from xl_addin.server.auth.deals import deals_of_calls
from xl_addin.server.auth.users import User
from xl_addin.server.batch import Answered
from xl_addin.server.jobs import Job
from xl_addin.server.metrics import Metrics
from xl_addin.server.wire import Asked

_MOST_TEXT = 2_000
_MOST_DEALS = 50


class Records:
    """Where batches and commands are noted."""

    def __init__(self, metrics: Metrics, trail: AuditTrail) -> None:
        self._metrics = metrics
        self._trail = trail

    def batch(self, asked: Asked, answered: Answered, user: User, request_id: str) -> dict[str, int | str]:
        """Note a batch; what its line in the log says."""
        n_calls, n_known = len(answered.answers), answered.n_known
        n_errors = self._metrics.batch(answered.answers, n_known, answered.seconds, answered.waited)
        self._trail.note(
            AuditEntry(
                asked_at=datetime.now(UTC),
                request_id=request_id,
                user_name=_plain(user.name),
                client=_plain(asked.client),
                kind="batch",
                subject=_subject(asked),
                deals=tuple(map(_plain, sorted(deals_of_calls(asked.calls))[:_MOST_DEALS])),
                n_calls=n_calls,
                n_known=n_known,
                n_errors=n_errors,
                milliseconds=1000.0 * answered.seconds,
                failure="",
            )
        )
        return {"client": asked.client, "calls": n_calls, "known": n_known, "errors": n_errors}

    def command(self, job: Job, request_id: str, client: str, deals: tuple[str, ...]) -> None:
        """Note a command that ended."""
        self._metrics.job(job.state.value)
        ended = job.ended_at or job.started_at
        failure = orjson.loads(job.error)["m"] if job.error else ""
        self._trail.note(
            AuditEntry(
                asked_at=job.started_at,
                request_id=request_id,
                user_name=_plain(job.user.name),
                client=_plain(client),
                kind="command",
                subject=job.command,
                deals=deals,
                n_calls=1,
                n_known=0,
                n_errors=int(bool(failure)),
                milliseconds=1000.0 * (ended - job.started_at).total_seconds(),
                failure=_plain(failure or ("cancelled" if job.is_cancelled else ""))[:_MOST_TEXT],
            )
        )


def _subject(asked: Asked) -> str:
    """The functions of a batch with their counts, the most frequent first."""
    known = by_name()
    counts = Counter(call.name if call.name in known else "unknown" for call in asked.calls)
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())[:_MOST_TEXT]


def _plain(text: str) -> str:
    """Text as PostgreSQL can store it."""
    return text.replace("\0", "")[:200]
