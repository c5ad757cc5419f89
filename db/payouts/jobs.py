"""Records of jobs: what ran for which day, what it did, how it ended (spec 07 §21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb


@dataclass(frozen=True, slots=True)
class JobRun:
    """One finished or failed run."""

    run_id: UUID
    kind: str
    as_of: date | None
    status: str
    counts: Mapping[str, Any]
    error: str | None


class JobRepository:
    """Job runs of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def lock(self, kind: str) -> None:
        """Hold a kind of job until the transaction ends: a second one waits."""
        self._driver.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"job {kind}",))

    def start(self, kind: str, as_of: date) -> UUID:
        """Begin a run."""
        row = self._driver.execute(
            "INSERT INTO job_runs (kind, as_of) VALUES (%s, %s) RETURNING run_id", (kind, as_of)
        ).fetchone()
        if row is None:
            raise RuntimeError("INSERT gave no row")
        key: UUID = row[0]
        return key

    def finish(self, run_id: UUID, counts: Mapping[str, Any], *, error: str | None = None) -> None:
        """End a run: FINISHED, or FAILED with the reason."""
        self._driver.execute(
            "UPDATE job_runs SET finished_at = clock_timestamp(), counts = %s, error = %s,"
            " status = CASE WHEN %s::text IS NULL THEN 'FINISHED' ELSE 'FAILED' END WHERE run_id = %s",
            (Jsonb(dict(counts)), error, error, run_id),
        )
