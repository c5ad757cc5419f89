"""Runs and their results: stored whole or not at all, found again by their input, given back bit for bit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from db.asset_flows import AssetCashFlows, load_asset_flows, store_asset_flows
from db.identifiers import deal_key
from db.result_rows import store_result
from db.run_arrays import flow_arrays, flows_from, load_arrays, result_arrays, result_from, store_arrays
from engine.deal.contract import Deal
from engine.deal.results import DealResult
from engine.errors import ReferenceDataError

RUNNING, FINISHED, FAILED = "running", "finished", "failed"
DEAL = "deal"
"""The kind of a run of one deal in one scenario."""
REBALANCE, OPTIMISE = "rebalance", "optimise"
"""Kinds of runs that keep tables only: of the legacy rebalance, of the optimiser."""
_TABLES = "table."


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What is to be run: input_hash is the content hash of everything the result depends on."""

    deal_name: str
    scenario: str
    as_of: date
    mode: str
    input_hash: str
    engine_version: str
    requested_by: str
    kind: str = DEAL
    assumption_set: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """One row of `runs`; failure is empty unless the run failed."""

    run_id: int
    deal_id: str
    kind: str
    scenario: str
    as_of: date
    mode: str
    input_hash: str
    engine_version: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    requested_by: str
    assumption_set: str
    failure_number: str | None
    failure_text: str | None


_COLUMNS = sql.SQL(
    "run_id, deal_id, kind, scenario, as_of, mode, input_hash, engine_version, status, started_at, finished_at,"
    " requested_by, assumption_set, failure_number, failure_text"
)


class RunRepository:
    """Runs on one connection, inside its transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def start(self, header: RunHeader, deal_name: str | None = None) -> StoredRun:
        """A new run, running; its deal is entered in `clo_deals` where no workbook told of it."""
        deal_id = deal_key(header.deal_name)
        self._connection.execute(
            "INSERT INTO clo_deals (deal_id, deal_name) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [deal_id, deal_name or header.deal_name],
        )
        row = self._connection.execute(
            sql.SQL(
                "INSERT INTO runs (deal_id, kind, scenario, as_of, mode, input_hash, engine_version, status,"
                " requested_by, assumption_set) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING {}"
            ).format(_COLUMNS),
            [
                deal_id,
                header.kind,
                header.scenario,
                header.as_of,
                header.mode,
                header.input_hash,
                header.engine_version,
                RUNNING,
                header.requested_by,
                header.assumption_set,
            ],
        ).fetchone()
        return _run(row)

    def store(
        self,
        run: StoredRun,
        deal: Deal,
        result: DealResult,
        flows: AssetCashFlows | None = None,
        *,
        summary: bytes = b"",
    ) -> None:
        """Append everything a run found: the rows of the seed's tables in cents, and the arrays exactly."""
        store_result(self._connection, run.run_id, run.started_at, run.deal_id, deal, result)
        store_arrays(
            self._connection, run.run_id, run.started_at, {"summary.text": np.frombuffer(summary, dtype=np.uint8)}
        )
        store_arrays(self._connection, run.run_id, run.started_at, result_arrays(result))
        if flows is not None:
            store_asset_flows(self._connection, run.run_id, run.started_at, flows)
            store_arrays(self._connection, run.run_id, run.started_at, flow_arrays(flows))

    def finish(
        self, run: StoredRun, *, failure_number: str | None = None, failure_text: str | None = None
    ) -> StoredRun:
        """Mark a run finished, or failed where a failure is given."""
        status = FINISHED if failure_number is None else FAILED
        row = self._connection.execute(
            sql.SQL(
                "UPDATE runs SET status = %s, finished_at = clock_timestamp(), failure_number = %s, failure_text = %s"
                " WHERE run_id = %s RETURNING {}"
            ).format(_COLUMNS),
            [status, failure_number, failure_text, run.run_id],
        ).fetchone()
        return _run(row)

    def find(self, input_hash: str) -> StoredRun | None:
        """The last finished run of this input, or None."""
        row = self._connection.execute(
            sql.SQL(
                "SELECT {} FROM runs WHERE input_hash = %s AND status = %s"
                " ORDER BY started_at DESC, run_id DESC LIMIT 1"
            ).format(_COLUMNS),
            [input_hash, FINISHED],
        ).fetchone()
        return None if row is None else _run(row)

    def get(self, run_id: int) -> StoredRun:
        """The run of a number; ReferenceDataError CLO-3015 where there is none."""
        row = self._connection.execute(
            sql.SQL("SELECT {} FROM runs WHERE run_id = %s").format(_COLUMNS),
            [run_id],
        ).fetchone()
        if row is None:
            raise ReferenceDataError(
                "CLO-3015", f"There is no run {run_id}", remedy="`clodesk results` lists the runs."
            )
        return _run(row)

    def runs(self, deal_name: str | None = None, *, limit: int = 100, kind: str = DEAL) -> tuple[StoredRun, ...]:
        """Runs of a kind, newest first, of one deal or of all."""
        deal_id = None if deal_name is None else deal_key(deal_name)
        rows = self._connection.execute(
            sql.SQL(
                "SELECT {} FROM runs WHERE kind = %s AND (%s::text IS NULL OR deal_id = %s)"
                " ORDER BY started_at DESC, run_id DESC LIMIT %s"
            ).format(_COLUMNS),
            [kind, deal_id, deal_id, limit],
        ).fetchall()
        return tuple(map(_run, rows))

    def result(self, run: StoredRun) -> DealResult:
        """The result of a run, equal to the computed one bit for bit; CLO-3021 where the run kept none."""
        arrays = load_arrays(self._connection, run.run_id, run.started_at)
        if "texts" not in arrays:
            raise ReferenceDataError(
                "CLO-3021", f"Run {run.run_id} has no stored result (it is {run.status})", remedy="Run the deal again."
            )
        return result_from(arrays)

    def summary(self, run: StoredRun) -> bytes:
        """What was stored with the run as its summary; empty where there was none."""
        found = load_arrays(self._connection, run.run_id, run.started_at, prefix="summary.")
        return found["summary.text"].tobytes() if found else b""

    def store_tables(self, run: StoredRun, tables: Mapping[str, bytes]) -> None:
        """Keep texts that stand for tables, by name."""
        arrays = {f"{_TABLES}{name}": np.frombuffer(text, np.uint8) for name, text in tables.items()}
        store_arrays(self._connection, run.run_id, run.started_at, arrays)

    def tables(self, run: StoredRun) -> dict[str, bytes]:
        """What `store_tables` kept, by name."""
        found = load_arrays(self._connection, run.run_id, run.started_at, prefix=_TABLES)
        return {name.removeprefix(_TABLES): array.tobytes() for name, array in found.items()}

    def flows(self, run: StoredRun) -> AssetCashFlows | None:
        """The asset cash flows of a run, exactly; None where it kept none."""
        return flows_from(load_arrays(self._connection, run.run_id, run.started_at, prefix="flows."))

    def flows_in_cents(self, run: StoredRun) -> AssetCashFlows:
        """The asset cash flows of a run as `asset_cash_flows` holds them, in the order of asset and period."""
        return load_asset_flows(self._connection, run.run_id, run.started_at)

    def prune(self, *, before: datetime, keep_current: bool = True) -> int:
        """Delete runs that started before a time, with their results; how many.

        The last finished run of each deal, date and kind stays unless keep_current is False.
        """
        deleted = self._connection.execute(
            "DELETE FROM runs WHERE started_at < %s AND NOT (%s AND run_id IN"
            " (SELECT run_id FROM current_runs UNION ALL SELECT run_id FROM current_compliance_runs))",
            [before, keep_current],
        )
        return deleted.rowcount


def _run(row: Sequence[Any] | None) -> StoredRun:
    if row is None:
        raise LookupError("the run is gone")
    return StoredRun(**dict(zip(StoredRun.__dataclass_fields__, row, strict=True)))
