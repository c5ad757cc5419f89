"""Refreshing the materialized views of payouts while readers go on reading (spec 07 §20.1, §20.3)."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from engine.closest import did_you_mean
from engine.errors import BackendError, InputError

VIEWS = (
    "performance_payout_summary",
    "cashflow_status_summary",
    "daily_accrual_summary",
    "unrealized_pnl_summary",
    "deferred_cashflow_analysis",
)
JOB_KIND = "REFRESH"

_START = text("INSERT INTO job_runs (kind, subject, as_of) VALUES (:kind, :view, :as_of) RETURNING run_id")
_FINISH = text(
    "UPDATE job_runs SET finished_at = clock_timestamp(), status = :status, error = :error,"
    " counts = CAST(:counts AS jsonb) WHERE run_id = :run_id"
)


@dataclass(frozen=True, slots=True)
class ViewRefresh:
    """How one view fared. method: PLAIN for the first time, CONCURRENTLY afterwards, empty where it failed."""

    view: str
    method: str
    seconds: float
    error: str | None = None


def refresh_views(
    connection: Connection, views: Iterable[str] = VIEWS, *, as_of: date | None = None
) -> tuple[ViewRefresh, ...]:
    """Refresh views one by one, each in a transaction of its own; result and duration go into `job_runs`.

    A view whose refresh fails keeps its old content, the others are refreshed all the same; the caller raises the
    alarm for what has an `error`. Raises InputError CLO-3032 for a name that is no view, BackendError CLO-3033 when the
    connection is inside a transaction, where readers would wait for its end.
    """
    wanted = tuple(views)
    for name in wanted:
        if name not in VIEWS:
            raise InputError("CLO-3032", f"{name!r} is no view of payouts", remedy=did_you_mean(name, list(VIEWS), ""))
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return tuple(_refreshed(connection, name, as_of) for name in wanted)
    if connection.in_transaction():
        raise BackendError(
            "CLO-3033",
            "Views are not refreshed inside a transaction",
            where="refresh_views",
            remedy="Commit first, or use a connection of its own.",
        )
    before = connection.default_isolation_level
    connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        return tuple(_refreshed(connection, name, as_of) for name in wanted)
    finally:
        connection.rollback()
        connection.execution_options(isolation_level=before)


def _refreshed(connection: Connection, view: str, as_of: date | None) -> ViewRefresh:
    run_id = connection.execute(_START, {"kind": JOB_KIND, "view": view, "as_of": as_of}).scalar_one()
    begin = time.perf_counter()
    method, error = "", None
    try:
        method = str(connection.execute(text("SELECT refresh_payout_view(:view)"), {"view": view}).scalar_one())
    except DBAPIError as failure:
        if failure.connection_invalidated:
            raise
        error = str(failure.orig).strip().splitlines()[0]
    seconds = time.perf_counter() - begin
    connection.execute(
        _FINISH,
        {
            "run_id": run_id,
            "status": "FINISHED" if error is None else "FAILED",
            "error": error,
            "counts": json.dumps({"seconds": round(seconds, 6), "method": method}),
        },
    )
    return ViewRefresh(view, method, seconds, error)
