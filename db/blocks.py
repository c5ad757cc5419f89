"""Finished blocks of a calculation that is under way: kept one by one until its run is stored, then discarded.

Each block is a transaction of its own and writing it twice is as good as once, so a calculation that was interrupted
goes on where it stopped. One process works on a job at a time; the lock is the server's and goes with the process.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from sqlalchemy import URL, Engine

from db.cache import Array, pack_arrays, unpack_arrays
from db.connection import driver_connection, driver_errors
from engine.errors import BackendError

_LOCK_SPACE = 3_001_003
"""Seed of the hash of a job's key: locks of other purposes have numbers of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHeader:
    """A calculation in blocks; key: content hash of all that its blocks depend on; spec: what it is, for people."""

    key: str
    kind: str
    label: str
    n_blocks: int
    requested_by: str
    spec: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJob:
    """A calculation with blocks in the database: when and where it was taken up last, and what it has."""

    key: str
    kind: str
    label: str
    n_blocks: int
    requested_by: str
    runner: str
    spec: Mapping[str, Any]
    started_at: datetime
    n_finished: int
    n_bytes: int


class BlockStore:
    """The blocks in one database; every call is a short transaction of its own."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url

    @contextmanager
    def opened(self, job: JobHeader) -> Iterator[None]:
        """Have a job for oneself; it is entered where it is new.

        Raises BackendError CLO-3050 while another process has it, CLO-3051 when its stored blocks are cut otherwise.
        """
        with driver_errors(self._url), self._engine.connect() as connection:
            driver = driver_connection(connection.execution_options(isolation_level="AUTOCOMMIT"))
            self._take(driver, job)
            try:
                _enter(driver, job)
                yield
            finally:
                # A connection that is lost has given the job back.
                with suppress(psycopg.OperationalError):
                    driver.execute("SELECT pg_advisory_unlock(hashtextextended(%s, %s))", [job.key, _LOCK_SPACE])

    def _take(self, driver: psycopg.Connection[Any], job: JobHeader) -> None:
        if driver.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, %s))", [job.key, _LOCK_SPACE]
        ).fetchone() == (True,):
            return
        row = driver.execute("SELECT runner, started_at FROM block_jobs WHERE job_key = %s", [job.key]).fetchone()
        who, since = ("another process", "") if row is None else (row[0], f" since {row[1]:%Y-%m-%d %H:%M} UTC")
        raise BackendError(
            "CLO-3050",
            f"{job.label} is being computed by {who}{since}",
            where=f"job {job.key[:12]}",
            remedy="Wait for it and ask again: its result will be there; or stop that process and go on where it was.",
        )

    def finished(self, key: str) -> frozenset[int]:
        """Numbers of the blocks that are there."""
        with self._driver() as driver:
            return frozenset(
                row[0] for row in driver.execute("SELECT block_no FROM job_blocks WHERE job_key = %s", [key])
            )

    def save(self, key: str, block: int, arrays: Mapping[str, Array], worker: str = "") -> None:
        """Keep a block; one that is there already stays as it is, for it holds the same."""
        with self._driver() as driver:
            driver.execute(
                "INSERT INTO job_blocks (job_key, block_no, arrays, worker) VALUES (%s, %s, %b, %s)"
                " ON CONFLICT DO NOTHING",
                [key, block, pack_arrays(arrays), worker],
            )

    def load(self, key: str) -> Iterator[tuple[int, dict[str, Array]]]:
        """Blocks with their arrays, read-only, one in memory at a time; damaged ones are deleted and not given."""
        damaged = []
        with self._driver() as driver, driver.cursor(name="blocks", binary=True) as cursor:
            cursor.itersize = 1
            cursor.execute("SELECT block_no, arrays FROM job_blocks WHERE job_key = %s ORDER BY block_no", [key])
            for block, packed in cursor:
                arrays = unpack_arrays(packed)
                if arrays is None:
                    damaged.append(block)
                else:
                    yield block, arrays
        if damaged:
            with self._driver() as driver:
                driver.execute("DELETE FROM job_blocks WHERE job_key = %s AND block_no = ANY(%s)", [key, damaged])

    def discard(self, key: str) -> bool:
        """Delete a job with its blocks, once its run is stored; False where another process has taken it up since."""
        with self._driver() as driver:
            done = driver.execute(
                "DELETE FROM block_jobs WHERE job_key = %s"
                " AND pg_try_advisory_xact_lock(hashtextextended(job_key, %s))",
                [key, _LOCK_SPACE],
            )
            return done.rowcount == 1

    def jobs(self) -> tuple[StoredJob, ...]:
        """Calculations that are not done, the last one taken up first."""
        with self._driver() as driver, driver.cursor(row_factory=class_row(StoredJob)) as cursor:
            return tuple(
                cursor.execute(
                    "SELECT j.job_key AS key, kind, label, n_blocks, requested_by, runner, spec, started_at,"
                    " count(block_no) AS n_finished, coalesce(sum(octet_length(arrays)), 0)::bigint AS n_bytes"
                    " FROM block_jobs AS j LEFT JOIN job_blocks AS b ON b.job_key = j.job_key"
                    " GROUP BY j.job_key ORDER BY started_at DESC"
                )
            )

    def prune(self, before: datetime) -> int:
        """Delete abandoned jobs: nobody works on them, and nothing was added to them since a time; how many."""
        with self._driver() as driver:
            done = driver.execute(
                "WITH old AS MATERIALIZED (SELECT job_key FROM block_jobs AS j WHERE started_at < %s"
                " AND NOT EXISTS (SELECT FROM job_blocks AS b WHERE b.job_key = j.job_key AND b.finished_at >= %s))"
                " DELETE FROM block_jobs USING old WHERE block_jobs.job_key = old.job_key"
                " AND pg_try_advisory_xact_lock(hashtextextended(old.job_key, %s))",
                [before, before, _LOCK_SPACE],
            )
            return done.rowcount

    @contextmanager
    def _driver(self) -> Iterator[psycopg.Connection[Any]]:
        with driver_errors(self._url), self._engine.begin() as connection:
            yield driver_connection(connection)


def _enter(driver: psycopg.Connection[Any], job: JobHeader) -> None:
    """The row of a job, made or taken up by this process."""
    runner = f"{job.requested_by} ({socket.gethostname()}, process {os.getpid()})"
    row = driver.execute(
        "INSERT INTO block_jobs (job_key, kind, label, n_blocks, requested_by, runner, spec)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (job_key) DO UPDATE"
        " SET runner = excluded.runner, requested_by = excluded.requested_by, started_at = clock_timestamp()"
        " RETURNING n_blocks",
        [job.key, job.kind, job.label, job.n_blocks, job.requested_by, runner, Jsonb(dict(job.spec))],
    ).fetchone()
    if row != (job.n_blocks,):
        found = None if row is None else row[0]
        raise BackendError(
            "CLO-3051",
            f"{job.label} was begun in {found} blocks and is now cut into {job.n_blocks}",
            where=f"job {job.key[:12]}",
            remedy="Discard the blocks of the earlier run; the cut belongs into the key of a job.",
        )
