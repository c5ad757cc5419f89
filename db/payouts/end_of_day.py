"""What an end of day stores: cash flows, accruals, unrealized P&L, in sets (spec 07 §14.1, §15, §16.3).

Rows go by COPY into tables of the transaction and from there into place, where only what differs is written: the same
day a second time changes no row. Numbers are sent in double precision and become decimals in the server by their
shortest text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import psycopg

from db.bulk import BulkColumn, FixedColumn, KeyColumn, copy_in, key_bytes
from db.payouts import end_of_day_statements as statements
from db.payouts.end_of_day_batches import (
    AccrualBatch,
    DayColumn,
    Floats,
    FlowBatch,
    Ints,
    PnlBatch,
    accrual_columns,
    flow_columns,
    pnl_columns,
)
from engine.payouts.enums import CashflowStatus

END_OF_DAY = "end of day"
"""The kind of job whose rows these are."""

WITHDRAWN = "no longer in the terms"
"""Why a cash flow was cancelled that may come back with the terms; one cancelled by hand does not."""

NOT_STORED = -1
_MANY_ROWS = 50_000
_DAYS_AFTER_END = 30
"""Days for which a terminated or novated contract goes on being run, so that its last amounts come about."""
_STATUSES = tuple(CashflowStatus)


@dataclass(frozen=True, slots=True, eq=False)
class StoredStates:
    """What is stored of N flows: status as a position in CashflowStatus (NOT_STORED for none), and realisation."""

    status: Ints
    realization: DayColumn


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a contract was calculated: the last day, the earliest end of a flow still ACCRUED, and the first day
    that versions stored since then speak of."""

    last_day: date
    first_accrued_end: date | None
    changed_from: date | None


@dataclass(frozen=True, slots=True, eq=False)
class StoredFlows:
    """Which of N flows are stored, which of them are still ACCRUED, and which were withdrawn with their terms."""

    is_stored: npt.NDArray[np.bool_]
    is_accrued: npt.NDArray[np.bool_]
    is_withdrawn: npt.NDArray[np.bool_]


class EndOfDayRepository:
    """The bulk writes of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def contracts_of(self, as_of: date) -> tuple[str, ...]:
        """References of the contracts that a day concerns: traded by then and active, or with something accrued."""
        rows = self._driver.execute(
            "SELECT contract_reference FROM contracts c WHERE trade_date <= %(as_of)s AND (contract_status = 'ACTIVE'"
            " OR contract_status IN ('TERMINATED', 'NOVATED') AND (EXISTS (SELECT FROM contract_versions v"
            " WHERE v.contract_id = c.id AND v.version = c.version AND v.valid_from >= %(as_of)s::date - %(days)s)"
            " OR EXISTS (SELECT FROM cashflows f WHERE f.contract_id = c.id AND f.cashflow_status = 'ACCRUED')))"
            " ORDER BY contract_reference",
            {"as_of": as_of, "days": _DAYS_AFTER_END},
        ).fetchall()
        return tuple(row[0] for row in rows)

    def finished_contracts(self, as_of: date) -> tuple[str, ...]:
        """References of ACTIVE contracts whose last day is over and that owe nothing any more."""
        rows = self._driver.execute(
            "SELECT c.contract_reference FROM contracts c"
            " WHERE c.contract_status = 'ACTIVE' AND c.termination_date < %s"
            " AND EXISTS (SELECT FROM cashflows f WHERE f.contract_id = c.id)"
            " AND NOT EXISTS (SELECT FROM cashflows f WHERE f.contract_id = c.id"
            " AND f.cashflow_status IN ('ACCRUED', 'REALIZED_DEFERRED', 'REALIZED_UNSETTLED'))"
            " ORDER BY c.contract_reference",
            (as_of,),
        ).fetchall()
        return tuple(row[0] for row in rows)

    def first_new_trade(self, as_of: date) -> date | None:
        """The earliest trade or effective date of a contract that was never calculated, None where there is none."""
        row = self._driver.execute(
            "SELECT min(least(trade_date, effective_date)) FROM contracts c WHERE trade_date <= %s"
            " AND NOT EXISTS (SELECT FROM cashflows f WHERE f.contract_id = c.id)",
            (as_of,),
        ).fetchone()
        return None if row is None else row[0]

    def stored_flows(self, keys: Sequence[UUID]) -> StoredFlows:
        """How these flows stand; their keys are kept for `cancel_vanished`."""
        self._driver.execute(
            "DROP TABLE IF EXISTS kept_flows; CREATE TEMPORARY TABLE kept_flows (row int8, id uuid) ON COMMIT DROP"
        )
        columns: list[BulkColumn] = [
            FixedColumn("row", np.arange(len(keys), dtype=np.int64)),
            KeyColumn("id", key_bytes(keys), np.arange(len(keys))),
        ]
        copy_in(self._driver, "kept_flows", columns, len(keys))
        self._driver.execute("ANALYZE kept_flows")
        is_stored, is_accrued, is_withdrawn = (np.zeros(len(keys), bool) for _ in range(3))
        rows = self._driver.execute(
            "SELECT k.row, c.cashflow_status = 'ACCRUED', c.cashflow_status = 'CANCELLED' AND EXISTS ("
            "SELECT FROM cashflow_status_history h WHERE h.cashflow_id = c.id AND h.to_status = 'CANCELLED'"
            " AND h.status_change_reason LIKE %s) FROM kept_flows k JOIN cashflows c ON c.id = k.id",
            (f"{WITHDRAWN}%",),
        ).fetchall()
        if rows:
            places = np.array([row[0] for row in rows])
            is_stored[places] = True
            is_accrued[places] = [row[1] for row in rows]
            is_withdrawn[places] = [row[2] for row in rows]
        return StoredFlows(is_stored, is_accrued, is_withdrawn)

    def cumulative(self, keys: Sequence[UUID], days: Ints) -> Floats:
        """What each flow had accrued by its day, as stored; NaN without a row of that day."""
        found = np.full(len(keys), np.nan)
        if not len(keys):
            return found
        with self._driver.cursor(binary=True) as cursor:
            cursor.execute(
                "SELECT k.place::int8, a.cumulative_accrual_amount::float8"
                " FROM unnest(%s::uuid[], %s::date[]) WITH ORDINALITY AS k(id, day, place)"
                " JOIN daily_accruals a ON a.cashflow_id = k.id AND a.accrual_date = k.day",
                (list(keys), days.astype("datetime64[D]").tolist()),
            )
            for place, amount in cursor:
                found[place - 1] = amount
        return found

    def cancel_vanished(self, contract_ids: Sequence[UUID], as_of: date) -> None:
        """Cancel what is ACCRUED of these contracts and is not among the flows that `stored_flows` was given last.

        It no longer follows from their terms: an event has ended a period, or a dividend was withdrawn.
        """
        self._driver.execute(
            statements.CANCEL_VANISHED, {"contracts": list(contract_ids), "as_of": as_of, "reason": WITHDRAWN}
        )

    def put_flows(self, batch: FlowBatch, as_of: date, engine_version: str) -> int:
        """Insert flows that are new and update those still ACCRUED that differ; how many rows were written."""
        self._driver.execute(statements.FLOWS_TABLE)
        copy_in(self._driver, "generated_flows", flow_columns(batch), len(batch))
        self._driver.execute("ANALYZE generated_flows")
        written = self._driver.execute(statements.PUT_FLOWS, {"as_of": as_of, "version": engine_version}).rowcount
        self._driver.execute(statements.FIRST_HISTORY, {"as_of": as_of})
        return int(written)

    def states(self, n_flows: int) -> StoredStates:
        """States of the flows that `put_flows` was given last."""
        rows = self._driver.execute(
            "SELECT g.row, c.cashflow_status, c.realization_date FROM generated_flows g JOIN cashflows c ON c.id = g.id"
        ).fetchall()
        status = np.full(n_flows, NOT_STORED, np.int64)
        realization = np.full(n_flows, np.datetime64("NaT"), "datetime64[D]")
        position = {member.value: number for number, member in enumerate(_STATUSES)}
        for row, text, on in rows:
            status[row] = position[text]
            if on is not None:
                realization[row] = on
        return StoredStates(status, realization)

    def put_corrections(self, as_of: date, minor_units: Mapping[str, int]) -> int:
        """An adjustment for each realised flow whose amount came out differently by half a minor unit or more.

        What was realised stays as it is; the adjustment carries the difference to what the flow and earlier adjustments
        of it sum to, and is payable on the leg's next payment date (spec 07 §14.4).
        """
        return int(
            self._driver.execute(
                statements.PUT_CORRECTIONS, {"as_of": as_of, "minor": _minor_json(minor_units)}
            ).rowcount
        )

    def realise(self, keys: Sequence[UUID], as_of: date, minor_units: Mapping[str, int], run_id: UUID) -> int:
        """Move ACCRUED flows to REALIZED_UNSETTLED with the amount rounded to its currency, half up; how many moved.

        Each move has its history row and its message, as a single transition has (spec 07 §14.3).
        """
        arguments = {"keys": list(keys), "as_of": as_of, "minor": _minor_json(minor_units), "run": str(run_id)}
        return int(self._driver.execute(statements.REALISE, arguments).rowcount)

    def adjustments_to_realise(self, contract_ids: Sequence[UUID]) -> list[UUID]:
        """Corrections that are still ACCRUED; they are final from the start."""
        rows = self._driver.execute(
            "SELECT id FROM cashflows WHERE cashflow_type = 'ADJUSTMENT' AND cashflow_status = 'ACCRUED'"
            " AND contract_id = ANY(%s)",
            (list(contract_ids),),
        ).fetchall()
        return [row[0] for row in rows]

    def warned(self, contract_ids: Sequence[UUID]) -> set[UUID]:
        """Contracts with an import warning that nobody has resolved."""
        rows = self._driver.execute(
            "SELECT DISTINCT contract_id FROM import_findings"
            " WHERE contract_id = ANY(%s) AND severity = 'WARNING' AND NOT resolved",
            (list(contract_ids),),
        ).fetchall()
        return {row[0] for row in rows}

    def put_accruals(self, batch: AccrualBatch, keys: Sequence[UUID], run_id: UUID) -> int:
        """Insert accrual rows or correct those that differ; rows of realised cash flows stay as they are."""
        if not len(batch.flow):
            return 0
        self._driver.execute(statements.ACCRUALS_TABLE)
        copy_in(self._driver, "generated_accruals", accrual_columns(batch, keys), len(batch.flow))
        written = int(self._driver.execute(statements.PUT_ACCRUALS, {"run_id": run_id}).rowcount)
        if written > _MANY_ROWS:
            # A first run or a catch-up changes the sizes that later statements of the day and the next are planned by.
            self._driver.execute("ANALYZE cashflows")
            self._driver.execute("ANALYZE daily_accruals (cashflow_id, contract_id, accrual_date)")
        return written

    def put_pnl(self, batch: PnlBatch, as_of: date, run_id: UUID, *, label: str = "EOD") -> int:
        """Insert the P&L rows of a day or correct those that differ, with what was realised since the row before."""
        if not batch.legs:
            return 0
        self._driver.execute(statements.PNL_TABLE)
        copy_in(self._driver, "generated_pnl", pnl_columns(batch), len(batch.legs))
        self._driver.execute("ANALYZE generated_pnl")
        arguments = {"as_of": as_of, "run_id": run_id, "label": label, "base": batch.base_currency}
        return int(self._driver.execute(statements.PUT_PNL, arguments).rowcount)

    def progress(self, contract_ids: Sequence[UUID]) -> dict[UUID, Progress]:
        """How far each of these contracts was calculated; those that never were are not among them."""
        rows = self._driver.execute(statements.PROGRESS, {"ids": list(contract_ids), "kind": END_OF_DAY}).fetchall()
        return {row[0]: Progress(*row[1:]) for row in rows}


def _minor_json(minor_units: Mapping[str, int]) -> str:
    return json.dumps(dict(minor_units))
