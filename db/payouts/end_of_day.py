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

from db.bulk import BulkColumn, BytesColumn, DoubleColumn, FixedColumn, KeyColumn, TextColumn, copy_in, key_bytes
from engine.payouts.enums import CashflowStatus, CashflowSubtype, CashflowType, ConfidenceLevel

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
DayColumn = npt.NDArray[np.datetime64]

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
class FlowBatch:
    """N cash flows as generated. Codes point into the tuples beside them, -1 for none; days are datetime64[D]."""

    keys: Sequence[UUID]
    references: npt.NDArray[np.bytes_]
    legs: Sequence[tuple[UUID, UUID]]
    """(contract, leg) by leg code."""
    leg: Ints
    payouts: Sequence[tuple[UUID | None, ...]]
    """(performance, interest rate, fixed price) payout by leg code."""
    lots: Sequence[UUID]
    lot: Ints
    events: Sequence[UUID]
    event: Ints
    dividends: Sequence[UUID]
    dividend: Ints
    cashflow_type: Ints
    cashflow_subtype: Ints
    sequence: Ints
    amount: Floats
    currencies: Sequence[str]
    currency: Ints
    parties: Sequence[UUID]
    payer: Ints
    receiver: Ints
    start: DayColumn
    end: DayColumn
    payment: DayColumn
    is_estimated: npt.NDArray[np.bool_]
    input_hash: npt.NDArray[np.bytes_]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True, eq=False)
class StoredStates:
    """What is stored of N flows: status as a position in CashflowStatus (NOT_STORED for none), and realisation."""

    status: Ints
    realization: DayColumn


@dataclass(frozen=True, slots=True, eq=False)
class AccrualBatch:
    """R accrual rows; `flow` points into the keys of the flows they belong to.

    Totals at the end of the day and at its start; their differences, once stored, are the day's amount and factor.
    """

    flow: Ints
    accrual_date: DayColumn
    business_date: DayColumn
    cumulative: Floats
    cumulative_before: Floats
    year_fraction: Floats
    year_fraction_before: Floats
    notional: Floats
    rate_or_price: Floats
    is_business_day: npt.NDArray[np.bool_]
    is_estimated: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PnlBatch:
    """Unrealized P&L of L legs on a day. parts: (5, L) price, dividend, interest, fx, other."""

    legs: Sequence[tuple[UUID, UUID]]
    parts: Floats
    currency: Sequence[str]
    base_currency: str
    base_rate: Floats
    confidence: Sequence[ConfidenceLevel]
    method: Sequence[str]
    is_month_end: npt.NDArray[np.bool_]
    is_quarter_end: npt.NDArray[np.bool_]
    is_year_end: npt.NDArray[np.bool_]


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
        self._driver.execute(_CANCEL_VANISHED, {"contracts": list(contract_ids), "as_of": as_of, "reason": WITHDRAWN})

    def put_flows(self, batch: FlowBatch, as_of: date, engine_version: str) -> int:
        """Insert flows that are new and update those still ACCRUED that differ; how many rows were written."""
        self._driver.execute(_FLOWS_TABLE)
        copy_in(self._driver, "generated_flows", _flow_columns(batch), len(batch))
        self._driver.execute("ANALYZE generated_flows")
        written = self._driver.execute(_PUT_FLOWS, {"as_of": as_of, "version": engine_version}).rowcount
        self._driver.execute(_FIRST_HISTORY, {"as_of": as_of})
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
        return int(self._driver.execute(_PUT_CORRECTIONS, {"as_of": as_of, "minor": _minor_json(minor_units)}).rowcount)

    def realise(self, keys: Sequence[UUID], as_of: date, minor_units: Mapping[str, int], run_id: UUID) -> int:
        """Move ACCRUED flows to REALIZED_UNSETTLED with the amount rounded to its currency, half up; how many moved.

        Each move has its history row and its message, as a single transition has (spec 07 §14.3).
        """
        arguments = {"keys": list(keys), "as_of": as_of, "minor": _minor_json(minor_units), "run": str(run_id)}
        return int(self._driver.execute(_REALISE, arguments).rowcount)

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
        self._driver.execute(_ACCRUALS_TABLE)
        copy_in(self._driver, "generated_accruals", _accrual_columns(batch, keys), len(batch.flow))
        written = int(self._driver.execute(_PUT_ACCRUALS, {"run_id": run_id}).rowcount)
        if written > _MANY_ROWS:
            # A first run or a catch-up changes the sizes that later statements of the day and the next are planned by.
            self._driver.execute("ANALYZE cashflows")
            self._driver.execute("ANALYZE daily_accruals")
        return written

    def put_pnl(self, batch: PnlBatch, as_of: date, run_id: UUID, *, label: str = "EOD") -> int:
        """Insert the P&L rows of a day or correct those that differ, with what was realised since the row before."""
        if not batch.legs:
            return 0
        self._driver.execute(_PNL_TABLE)
        copy_in(self._driver, "generated_pnl", _pnl_columns(batch), len(batch.legs))
        self._driver.execute("ANALYZE generated_pnl")
        arguments = {"as_of": as_of, "run_id": run_id, "label": label, "base": batch.base_currency}
        return int(self._driver.execute(_PUT_PNL, arguments).rowcount)

    def progress(self, contract_ids: Sequence[UUID]) -> dict[UUID, Progress]:
        """How far each of these contracts was calculated; those that never were are not among them."""
        rows = self._driver.execute(_PROGRESS, {"ids": list(contract_ids), "kind": END_OF_DAY}).fetchall()
        return {row[0]: Progress(*row[1:]) for row in rows}


def _minor_json(minor_units: Mapping[str, int]) -> str:
    return json.dumps(dict(minor_units))


def _flow_columns(batch: FlowBatch) -> list[BulkColumn]:
    legs = key_bytes(leg for _, leg in batch.legs)
    contracts = key_bytes(contract for contract, _ in batch.legs)
    columns: list[BulkColumn] = [
        FixedColumn("row", np.arange(len(batch), dtype=np.int64)),
        KeyColumn("id", key_bytes(batch.keys), np.arange(len(batch))),
        BytesColumn("cashflow_reference", batch.references),
        KeyColumn("contract_id", contracts, batch.leg),
        KeyColumn("leg_id", legs, batch.leg),
        KeyColumn("lot_id", key_bytes(batch.lots), batch.lot),
        KeyColumn("business_event_id", key_bytes(batch.events), batch.event),
        KeyColumn("dividend_event_id", key_bytes(batch.dividends), batch.dividend),
        TextColumn("cashflow_type", [member.value for member in CashflowType], batch.cashflow_type),
        TextColumn("cashflow_subtype", [member.value for member in CashflowSubtype], batch.cashflow_subtype),
        FixedColumn("generation_sequence", batch.sequence),
        DoubleColumn("amount", batch.amount),
        TextColumn("currency", batch.currencies, batch.currency),
        KeyColumn("payer_party_id", key_bytes(batch.parties), batch.payer),
        KeyColumn("receiver_party_id", key_bytes(batch.parties), batch.receiver),
        FixedColumn("accrual_start_date", batch.start),
        FixedColumn("accrual_end_date", batch.end),
        FixedColumn("payment_date", batch.payment),
        FixedColumn("is_estimated", batch.is_estimated),
        BytesColumn("input_hash", batch.input_hash),
    ]
    for place, name in enumerate(("performance_payout_id", "interest_rate_payout_id", "fixed_price_payout_id")):
        known = [payout[place] for payout in batch.payouts]
        code_by_leg = np.array([-1 if key is None else i for i, key in enumerate(known)], np.int64)
        filled = key_bytes(key if key is not None else UUID(int=0) for key in known)
        columns.append(KeyColumn(name, filled, code_by_leg[batch.leg]))
    return columns


def _accrual_columns(batch: AccrualBatch, keys: Sequence[UUID]) -> list[BulkColumn]:
    return [
        KeyColumn("cashflow_id", key_bytes(keys), batch.flow),
        FixedColumn("accrual_date", batch.accrual_date),
        FixedColumn("business_date", batch.business_date),
        DoubleColumn("cumulative", batch.cumulative),
        DoubleColumn("cumulative_before", batch.cumulative_before),
        DoubleColumn("year_fraction", batch.year_fraction),
        DoubleColumn("year_fraction_before", batch.year_fraction_before),
        DoubleColumn("notional", batch.notional),
        DoubleColumn("rate_or_price", batch.rate_or_price),
        FixedColumn("is_business_day", batch.is_business_day),
        FixedColumn("is_estimated", batch.is_estimated),
    ]


def _pnl_columns(batch: PnlBatch) -> list[BulkColumn]:
    n_legs = len(batch.legs)
    rows = np.arange(n_legs)
    currencies = sorted(set(batch.currency))
    levels = list(ConfidenceLevel)
    methods = sorted(set(batch.method))
    names = ("price", "dividend", "interest", "fx", "other")
    return [
        KeyColumn("contract_id", key_bytes(contract for contract, _ in batch.legs), rows),
        KeyColumn("leg_id", key_bytes(leg for _, leg in batch.legs), rows),
        *(DoubleColumn(name, batch.parts[i]) for i, name in enumerate(names)),
        TextColumn("currency", currencies, np.array([currencies.index(text) for text in batch.currency])),
        DoubleColumn("base_rate", batch.base_rate),
        TextColumn(
            "confidence", [item.value for item in levels], np.array([levels.index(c) for c in batch.confidence])
        ),
        TextColumn("method", methods, np.array([methods.index(text) for text in batch.method])),
        FixedColumn("is_month_end", batch.is_month_end),
        FixedColumn("is_quarter_end", batch.is_quarter_end),
        FixedColumn("is_year_end", batch.is_year_end),
    ]


_PROGRESS = """
WITH last_run AS (
    SELECT coalesce(max(started_at), '-infinity') AS started FROM job_runs
     WHERE kind = %(kind)s AND status = 'FINISHED')
SELECT c.contract_id, max(c.calculation_date),
       min(c.accrual_end_date) FILTER (WHERE c.cashflow_status = 'ACCRUED'),
       (SELECT min(v.valid_from) FROM contract_versions v, last_run
         WHERE v.contract_id = c.contract_id AND v.version > 1 AND v.system_from >= last_run.started)
  FROM cashflows c
 WHERE c.contract_id = ANY(%(ids)s)
 GROUP BY c.contract_id
"""

_CANCEL_VANISHED = """
WITH gone AS (
    UPDATE cashflows c
       SET cashflow_status = 'CANCELLED', version = c.version + 1
     WHERE c.contract_id = ANY(%(contracts)s) AND c.cashflow_status = 'ACCRUED' AND c.cashflow_type <> 'ADJUSTMENT'
       AND c.accrual_start_date <= %(as_of)s AND NOT EXISTS (SELECT FROM kept_flows k WHERE k.id = c.id)
    RETURNING c.id, c.cashflow_reference),
history AS (
    INSERT INTO cashflow_status_history (cashflow_id, from_status, to_status, status_change_reason, effective_date)
    SELECT id, 'ACCRUED', 'CANCELLED', %(reason)s, %(as_of)s FROM gone)
INSERT INTO payout_outbox (topic, payload)
SELECT 'cashflow.cancelled', jsonb_build_object('cashflow', cashflow_reference) FROM gone
"""

_FLOWS_TABLE = """
DROP TABLE IF EXISTS generated_flows;
CREATE TEMPORARY TABLE generated_flows (
    row int8, id uuid, cashflow_reference text, contract_id uuid, leg_id uuid, lot_id uuid, business_event_id uuid,
    dividend_event_id uuid, cashflow_type text, cashflow_subtype text, generation_sequence int8, amount float8,
    currency text, payer_party_id uuid, receiver_party_id uuid, accrual_start_date date, accrual_end_date date,
    payment_date date, is_estimated boolean, input_hash text, performance_payout_id uuid, interest_rate_payout_id uuid,
    fixed_price_payout_id uuid
) ON COMMIT DROP
"""

_PUT_FLOWS = """
INSERT INTO cashflows AS c (
    id, cashflow_reference, contract_id, leg_id, performance_payout_id, interest_rate_payout_id, fixed_price_payout_id,
    lot_id, business_event_id, dividend_event_id, cashflow_type, cashflow_subtype, generation_sequence, amount,
    currency, payer_party_id, receiver_party_id, accrual_start_date, accrual_end_date, payment_date, calculation_date,
    input_hash, engine_version, calculation_method, business_metadata)
SELECT g.id, g.cashflow_reference, g.contract_id, g.leg_id, g.performance_payout_id, g.interest_rate_payout_id,
       g.fixed_price_payout_id, g.lot_id, e.id, d.id, g.cashflow_type, g.cashflow_subtype, g.generation_sequence,
       g.amount::text::numeric, g.currency, g.payer_party_id, g.receiver_party_id, g.accrual_start_date,
       g.accrual_end_date, g.payment_date, %(as_of)s, g.input_hash, %(version)s, 'MARK_TO_MARKET',
       CASE WHEN g.is_estimated THEN '{"is_estimate": true}'::jsonb END
  FROM generated_flows g
  LEFT JOIN business_events e ON e.id = g.business_event_id
  LEFT JOIN dividend_events d ON d.id = g.dividend_event_id
 WHERE g.amount IS NOT NULL
    ON CONFLICT (id) DO UPDATE
   SET amount = excluded.amount, payer_party_id = excluded.payer_party_id,
       receiver_party_id = excluded.receiver_party_id, payment_date = excluded.payment_date,
       calculation_date = excluded.calculation_date, input_hash = excluded.input_hash,
       engine_version = excluded.engine_version, business_metadata = excluded.business_metadata
 WHERE c.cashflow_status = 'ACCRUED' AND c.input_hash IS DISTINCT FROM excluded.input_hash
   AND c.calculation_date <= excluded.calculation_date
"""

_FIRST_HISTORY = """
INSERT INTO cashflow_status_history (cashflow_id, from_status, to_status, status_change_reason, effective_date)
SELECT c.id, NULL, 'ACCRUED', 'generated', %(as_of)s
  FROM generated_flows g
  JOIN cashflows c ON c.id = g.id
 WHERE NOT EXISTS (SELECT FROM cashflow_status_history h WHERE h.cashflow_id = c.id)
"""

_PUT_CORRECTIONS = """
INSERT INTO cashflows (
    id, cashflow_reference, contract_id, leg_id, performance_payout_id, interest_rate_payout_id, fixed_price_payout_id,
    lot_id, business_event_id, dividend_event_id, cashflow_type, cashflow_subtype, generation_sequence, amount,
    currency, payer_party_id, receiver_party_id, accrual_start_date, accrual_end_date, payment_date, calculation_date,
    input_hash, calculation_method, supersedes_cashflow_id)
SELECT gen_random_uuid(), w.cashflow_reference || '/C' || w.n_before + 1, w.contract_id, w.leg_id,
       w.performance_payout_id, w.interest_rate_payout_id, w.fixed_price_payout_id, w.lot_id, w.business_event_id,
       w.dividend_event_id, 'ADJUSTMENT', 'CORRECTION',
       (('x' || substr(md5(w.cashflow_reference), 1, 6))::bit(24)::int) + w.n_before, w.difference, w.currency,
       CASE WHEN w.difference < 0 THEN w.ours ELSE w.theirs END,
       CASE WHEN w.difference < 0 THEN w.theirs ELSE w.ours END,
       w.accrual_start_date, w.accrual_end_date, w.next_payment, %(as_of)s, w.input_hash, 'MARK_TO_MARKET', w.last_id
  FROM (SELECT c.*, g.input_hash AS new_hash, ch.n_before, ch.last_id,
               round(g.amount::text::numeric(28, 10), m.digits) - ch.total AS difference, m.digits,
               k.reporting_party_id AS ours,
               CASE WHEN k.reporting_party_id = k.party1_id THEN k.party2_id ELSE k.party1_id END AS theirs,
               coalesce((SELECT min(p.payment_date) FROM cashflows p
                          WHERE p.leg_id = c.leg_id AND p.payment_date > %(as_of)s),
                        %(as_of)s::date + 2) AS next_payment
          FROM generated_flows g
          JOIN cashflows c ON c.id = g.id
           AND c.cashflow_status IN ('REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'REALIZED_SETTLED')
           AND c.accrual_end_date <= %(as_of)s
          JOIN contracts k ON k.id = c.contract_id
          CROSS JOIN LATERAL (SELECT coalesce((%(minor)s::jsonb ->> c.currency::text)::int, 2) AS digits) m
          CROSS JOIN LATERAL (
                WITH RECURSIVE chain AS (
                    SELECT c.id, c.settlement_amount, 0 AS place
                    UNION ALL
                    SELECT a.id, coalesce(a.settlement_amount, a.amount), chain.place + 1
                      FROM cashflows a JOIN chain ON a.supersedes_cashflow_id = chain.id
                     WHERE a.cashflow_status <> 'CANCELLED')
                SELECT sum(settlement_amount) AS total, count(*) - 1 AS n_before,
                       (array_agg(id ORDER BY place DESC))[1] AS last_id FROM chain) ch
         WHERE g.amount IS NOT NULL AND NOT g.is_estimated) w
 WHERE abs(w.difference) >= 0.5 * power(10::numeric, -w.digits)
"""

_REALISE = """
WITH moved AS (
    UPDATE cashflows c
       SET cashflow_status = 'REALIZED_UNSETTLED', realization_date = %(as_of)s,
           settlement_amount = round(c.amount, coalesce((%(minor)s::jsonb ->> c.currency::text)::int, 2)),
           version = c.version + 1
     WHERE c.id = ANY(%(keys)s) AND c.cashflow_status = 'ACCRUED'
    RETURNING c.id, c.cashflow_reference, c.settlement_amount, c.currency, c.payment_date),
history AS (
    INSERT INTO cashflow_status_history (
        cashflow_id, from_status, to_status, status_change_reason, effective_date, idempotency_key)
    SELECT id, 'ACCRUED', 'REALIZED_UNSETTLED', 'period ended', %(as_of)s, 'realise ' || id::text FROM moved)
INSERT INTO payout_outbox (topic, payload)
SELECT 'cashflow.realised', jsonb_build_object('cashflow', cashflow_reference, 'amount', settlement_amount,
       'currency', currency, 'payment_date', payment_date, 'run', %(run)s::text)
  FROM moved
"""

_ACCRUALS_TABLE = """
DROP TABLE IF EXISTS generated_accruals;
CREATE TEMPORARY TABLE generated_accruals (
    cashflow_id uuid, accrual_date date, business_date date, cumulative float8, cumulative_before float8,
    year_fraction float8, year_fraction_before float8, notional float8, rate_or_price float8, is_business_day boolean,
    is_estimated boolean
) ON COMMIT DROP
"""

_PUT_ACCRUALS = """
INSERT INTO daily_accruals AS a (
    cashflow_id, contract_id, leg_id, accrual_date, business_date, daily_accrual_amount, cumulative_accrual_amount,
    currency, accrual_factor, notional_amount, rate_or_price, is_business_day, market_data_snapshot, run_id)
SELECT c.id, c.contract_id, c.leg_id, g.accrual_date, g.business_date,
       g.cumulative::text::numeric(28, 10) - g.cumulative_before::text::numeric(28, 10), g.cumulative::text::numeric,
       c.currency, g.year_fraction::text::numeric(20, 15) - g.year_fraction_before::text::numeric(20, 15),
       g.notional::text::numeric, g.rate_or_price::text::numeric, g.is_business_day,
       CASE WHEN g.is_estimated THEN '{"confidence": "MEDIUM"}'::jsonb END, %(run_id)s
  FROM generated_accruals g
  JOIN cashflows c ON c.id = g.cashflow_id AND c.cashflow_status = 'ACCRUED'
 WHERE g.cumulative + g.cumulative_before IS NOT NULL
    ON CONFLICT (cashflow_id, accrual_date) DO UPDATE
   SET daily_accrual_amount = excluded.daily_accrual_amount,
       cumulative_accrual_amount = excluded.cumulative_accrual_amount, accrual_factor = excluded.accrual_factor,
       notional_amount = excluded.notional_amount, rate_or_price = excluded.rate_or_price,
       market_data_snapshot = excluded.market_data_snapshot, run_id = excluded.run_id
 WHERE (a.daily_accrual_amount, a.cumulative_accrual_amount, a.accrual_factor, a.notional_amount, a.rate_or_price,
        a.market_data_snapshot)
       IS DISTINCT FROM
       (excluded.daily_accrual_amount, excluded.cumulative_accrual_amount, excluded.accrual_factor,
        excluded.notional_amount, excluded.rate_or_price, excluded.market_data_snapshot)
"""

_PNL_TABLE = """
DROP TABLE IF EXISTS generated_pnl;
CREATE TEMPORARY TABLE generated_pnl (
    contract_id uuid, leg_id uuid, price float8, dividend float8, interest float8, fx float8, other float8,
    currency text, base_rate float8, confidence text, method text, is_month_end boolean, is_quarter_end boolean,
    is_year_end boolean
) ON COMMIT DROP
"""

_PUT_PNL = """
INSERT INTO unrealized_pnl_timeseries AS u (
    contract_id, leg_id, valuation_date, snapshot_label, business_date, unrealized_pnl_amount, unrealized_pnl_currency,
    price_pnl_amount, dividend_pnl_amount, interest_pnl_amount, fx_pnl_amount, other_pnl_amount,
    realized_since_previous, base_currency, base_currency_amount, base_fx_rate, valuation_method, confidence_level,
    is_month_end, is_quarter_end, is_year_end, run_id)
SELECT n.contract_id, n.leg_id, %(as_of)s, %(label)s, %(as_of)s, n.price + n.dividend + n.interest + n.fx + n.other,
       n.currency, n.price, n.dividend, n.interest, n.fx, n.other, coalesce(r.realized, 0),
       CASE WHEN n.base_rate IS NOT NULL THEN %(base)s END,
       (n.price + n.dividend + n.interest + n.fx + n.other) * n.base_rate, n.base_rate, n.method, n.confidence,
       n.is_month_end, n.is_quarter_end, n.is_year_end, %(run_id)s
  FROM (SELECT g.contract_id, g.leg_id, g.currency, g.price::text::numeric(28, 10) AS price,
               g.dividend::text::numeric(28, 10) AS dividend, g.interest::text::numeric(28, 10) AS interest,
               g.fx::text::numeric(28, 10) AS fx, g.other::text::numeric(28, 10) AS other,
               g.base_rate::text::numeric(28, 15) AS base_rate, g.method, g.confidence, g.is_month_end,
               g.is_quarter_end, g.is_year_end
          FROM generated_pnl g WHERE g.price + g.dividend + g.interest + g.fx + g.other IS NOT NULL) n
  LEFT JOIN LATERAL (
        SELECT p.valuation_date AS previous, j.finished_at FROM unrealized_pnl_timeseries p
          LEFT JOIN job_runs j ON j.run_id = p.run_id
         WHERE p.contract_id = n.contract_id AND p.leg_id = n.leg_id AND p.snapshot_label = %(label)s
           AND p.valuation_date < %(as_of)s
         ORDER BY p.valuation_date DESC LIMIT 1) b ON true
  LEFT JOIN LATERAL (
        SELECT sum(c.settlement_amount) AS realized FROM cashflows c
         WHERE c.leg_id = n.leg_id AND c.realization_date <= %(as_of)s
           AND (c.realization_date > coalesce(b.previous, '-infinity'::date)
                -- Realised by hand for the day before or earlier, after the row of that day was written.
                OR c.updated_at > b.finished_at AND EXISTS (
                    SELECT FROM cashflow_status_history h
                     WHERE h.cashflow_id = c.id AND h.from_status = 'ACCRUED' AND h.changed_at > b.finished_at))) r
         ON true
    ON CONFLICT (contract_id, leg_id, valuation_date, snapshot_label) DO UPDATE
   SET unrealized_pnl_amount = excluded.unrealized_pnl_amount, price_pnl_amount = excluded.price_pnl_amount,
       dividend_pnl_amount = excluded.dividend_pnl_amount, interest_pnl_amount = excluded.interest_pnl_amount,
       fx_pnl_amount = excluded.fx_pnl_amount, other_pnl_amount = excluded.other_pnl_amount,
       realized_since_previous = excluded.realized_since_previous, base_currency = excluded.base_currency,
       base_currency_amount = excluded.base_currency_amount, base_fx_rate = excluded.base_fx_rate,
       valuation_method = excluded.valuation_method, confidence_level = excluded.confidence_level,
       revision = u.revision + 1, run_id = excluded.run_id
 WHERE (u.price_pnl_amount, u.dividend_pnl_amount, u.interest_pnl_amount, u.fx_pnl_amount, u.other_pnl_amount,
        u.realized_since_previous, u.base_currency_amount, u.confidence_level, u.valuation_method)
       IS DISTINCT FROM
       (excluded.price_pnl_amount, excluded.dividend_pnl_amount, excluded.interest_pnl_amount, excluded.fx_pnl_amount,
        excluded.other_pnl_amount, excluded.realized_since_previous, excluded.base_currency_amount,
        excluded.confidence_level, excluded.valuation_method)
"""
