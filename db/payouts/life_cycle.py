"""Cashflows as their life cycle moves them: locked, written with version, history, deferral episode and message.

What a move makes of a cashflow is decided by `engine.payouts.life_cycle`; here it is read and stored (spec 07 §14.3).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb

from db.payouts import identity
from db.payouts.cashflow_records import Move, PlannedMove, StoredCashflow
from engine.errors import InputError, ReferenceDataError
from engine.payouts.enums import CashflowStatus, CashflowSubtype, CashflowType, DeferralReason
from engine.payouts.life_cycle import CashflowState, StaleVersion


class LifeCycleRepository:
    """Cashflows of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def read(self, references: Iterable[str]) -> tuple[StoredCashflow, ...]:
        """Cashflows in the order given. ReferenceDataError CLO-1977 for one that there is not."""
        asked = list(references)
        return self._in_order(asked, self._select(_OF_REFERENCES, {"references": asked}))

    def lock(self, references: Iterable[str]) -> tuple[StoredCashflow, ...]:
        """Cashflows in the order given, held until the transaction ends: nobody else moves them meanwhile.

        ReferenceDataError CLO-1977 for one that there is not.
        """
        asked = list(references)
        # In the order of keys, so that two that lock the same rows never wait for each other.
        self._driver.execute(
            "SELECT FROM cashflows WHERE cashflow_reference = ANY(%s) ORDER BY id FOR UPDATE", (asked,)
        )
        return self._in_order(asked, self._select(_OF_REFERENCES, {"references": asked}))

    def history(self, cashflow_reference: str) -> tuple[Move, ...]:
        """The moves of a cashflow in their order. ReferenceDataError CLO-1977 where there is no such cashflow."""
        found = self._moves("c.cashflow_reference = %(reference)s", {"reference": cashflow_reference})
        if not found:
            self.read([cashflow_reference])
        return found

    def chain(self, cashflow_reference: str) -> tuple[StoredCashflow, ...]:
        """A cashflow with everything that it corrects and that corrects it, the first first (spec 07 §14.4).

        ReferenceDataError CLO-1977 where there is no such cashflow.
        """
        rows = self._driver.execute(_CHAIN, {"reference": cashflow_reference}).fetchall()
        return self.read([row[0] for row in rows] or [cashflow_reference])

    def made_before(self, wanted: Mapping[str, tuple[str, CashflowStatus]]) -> dict[str, Move]:
        """Moves made before, by key of idempotency; `wanted` has the cashflow and the status that each key is for.

        InputError CLO-1975 where a key was used for another move.
        """
        found = self._moves("h.idempotency_key = ANY(%(keys)s)", {"keys": list(wanted)})
        by_key = {move.idempotency_key: move for move in found if move.idempotency_key is not None}
        for key, move in by_key.items():
            if (move.cashflow_reference, move.to_status) != wanted[key]:
                raise _key_of_another(key, move.cashflow_reference)
        return by_key

    def write(self, moves: Sequence[PlannedMove]) -> tuple[Move, ...]:
        """Store moves of locked cashflows: row, history, deferral episode and message of each.

        Raises InputError CLO-1975 where a key of idempotency was used for another move, CLO-1976 where a correcting
        cashflow does not exist in the same contract. The transaction has to be undone then.
        """
        if not moves:
            return ()
        rows = [_row(move) for move in moves]
        self._require_corrections(moves)
        with self._driver.cursor() as cursor:
            cursor.executemany(_UPDATE, rows)
            if cursor.rowcount != len(rows):
                raise StaleVersion(
                    "CLO-1952",
                    f"{len(rows) - cursor.rowcount} of {len(rows)} cashflows changed while they were moved",
                    where=rows[0]["reference"],
                    remedy="Read them again and decide anew.",
                )
            cursor.executemany(_HISTORY, rows)
            if cursor.rowcount != len(rows):
                raise _key_of_another(", ".join(str(row["key"]) for row in rows), rows[0]["reference"])
            cursor.executemany(_END_EPISODE, [row for row in rows if row["outcome"] is not None])
            cursor.executemany(_BEGIN_EPISODE, [row for row in rows if row["begins"]])
            cursor.executemany(_MESSAGE, rows)
        return self._moves("h.id = ANY(%(ids)s)", {"ids": [row["move_id"] for row in rows]})

    def _require_corrections(self, moves: Sequence[PlannedMove]) -> None:
        wanted = {
            (move.transition.state.superseded_by, move.cashflow.contract_reference): move.cashflow
            for move in moves
            if move.transition.history.to_status is CashflowStatus.ADJUSTED
        }
        if not wanted:
            return
        rows = self._driver.execute(
            "SELECT c.cashflow_reference, k.contract_reference"
            " FROM cashflows c JOIN contracts k ON k.id = c.contract_id WHERE c.cashflow_reference = ANY(%s)",
            ([reference for reference, _ in wanted],),
        ).fetchall()
        for key in sorted(set(wanted) - set(rows), key=str):
            raise InputError(
                "CLO-1976",
                f"The correcting cashflow {key[0]!r} does not exist in {key[1]}",
                where=wanted[key].state.cashflow_reference,
                remedy="Store the correction first.",
            )

    def _select(self, condition: str, arguments: dict[str, Any]) -> tuple[StoredCashflow, ...]:
        rows = self._driver.execute(f"{_SELECT} WHERE {condition}", arguments).fetchall()
        return tuple(_stored(row) for row in rows)

    def _moves(self, condition: str, arguments: dict[str, Any]) -> tuple[Move, ...]:
        rows = self._driver.execute(
            f"{_MOVES} WHERE {condition} ORDER BY h.changed_at, h.from_status NULLS FIRST", arguments
        ).fetchall()
        return tuple(_move(row) for row in rows)

    def _in_order(self, asked: Sequence[str], found: Sequence[StoredCashflow]) -> tuple[StoredCashflow, ...]:
        by_reference = {item.state.cashflow_reference: item for item in found}
        for reference in asked:
            if reference not in by_reference:
                raise ReferenceDataError(
                    "CLO-1977",
                    f"There is no cashflow {reference!r}",
                    remedy="References are contract/L<leg>/<type>/<end date>/<sequence>.",
                )
        return tuple(by_reference[reference] for reference in asked)


def _move(row: tuple[Any, ...]) -> Move:
    key, reference, before, after, effective, changed_by, changed_at, reason, deferral, expected, approver, used = row
    return Move(
        key,
        reference,
        None if before is None else CashflowStatus(before),
        CashflowStatus(after),
        effective,
        changed_by,
        changed_at,
        reason,
        None if deferral is None else DeferralReason(deferral),
        expected,
        approver,
        used,
    )


def _stored(row: tuple[Any, ...]) -> StoredCashflow:
    (key, contract, agreement, kind, subtype, rate, is_late_paid, reference, status, amount, currency, ours, theirs) = (
        row[:13]
    )
    payment_date, settled, realised, deferred, expected, reason, settlement_date, paid_by, superseded, version = row[
        13:
    ]
    state = CashflowState(
        cashflow_reference=reference,
        status=CashflowStatus(status),
        amount=amount,
        currency=currency,
        reporting_party=ours,
        counterparty=theirs,
        payment_date=payment_date,
        settlement_amount=settled,
        realization_date=realised,
        deferral_date=deferred,
        expected_realization_date=expected,
        deferral_reason=None if reason is None else DeferralReason(reason),
        settlement_date=settlement_date,
        payment_reference=paid_by,
        superseded_by=superseded,
        version=version,
    )
    return StoredCashflow(
        key,
        contract,
        agreement,
        CashflowType(kind),
        None if subtype is None else CashflowSubtype(subtype),
        None if rate is None else float(rate),
        is_late_paid,
        state,
    )


def _row(move: PlannedMove) -> dict[str, Any]:
    """Everything that the statements of a move take."""
    state, entry, before = move.transition.state, move.transition.history, move.cashflow.state
    # An extension begins its episode on the day it was agreed, as far as the expected date allows.
    begins = state.deferral_date
    if before.status is CashflowStatus.REALIZED_DEFERRED and begins is not None:
        begins = max(begins, min(entry.effective_date, state.expected_realization_date or entry.effective_date))
    ended = move.transition.ended_deferral
    approval = entry.approval
    return {
        "id": move.cashflow.cashflow_id,
        "reference": state.cashflow_reference,
        "move_id": uuid4(),
        "version": state.version,
        "version_before": before.version,
        "status": state.status.value,
        "status_before": entry.from_status.value,
        "payment_date": state.payment_date,
        "settlement_amount": state.settlement_amount,
        "realization_date": state.realization_date,
        "deferral_date": state.deferral_date,
        "expected": state.expected_realization_date,
        "deferral_reason": None if state.deferral_reason is None else state.deferral_reason.value,
        "settlement_date": state.settlement_date,
        "superseded_by": state.superseded_by,
        "is_first_final": before.status is CashflowStatus.ACCRUED and state.settlement_amount is not None,
        "payer": identity.party_id(state.payer),
        "receiver": identity.party_id(state.receiver),
        "effective_date": entry.effective_date,
        "entry_reason": None if entry.deferral_reason is None else entry.deferral_reason.value,
        "entry_days": entry.deferral_period_days,
        "entry_expected": entry.expected_realization_date,
        "changed_by": entry.changed_by,
        "justification": entry.business_justification,
        "approval_required": entry.approval_required,
        "is_approved": approval is not None,
        "approved_by": None if approval is None else approval.approved_by,
        "approved_at": None if approval is None else approval.approved_at,
        "key": entry.idempotency_key,
        "outcome": None if ended is None else ended.value,
        "begins": begins if move.transition.begins_deferral else None,
        "rule": move.deferral_rule_id,
        "topic": move.topic,
        "payload": Jsonb(_payload(move)),
    }


def _key_of_another(key: str, where: str) -> InputError:
    return InputError(
        "CLO-1975",
        f"The idempotency key {key!r} belongs to another move",
        where=where,
        remedy="Give every request a key of its own.",
    )


def _payload(move: PlannedMove) -> dict[str, Any]:
    state = move.transition.state
    return {
        "cashflow": state.cashflow_reference,
        "from": move.transition.history.from_status.value,
        "to": state.status.value,
        "amount": str(state.due),
        "currency": state.currency,
        "payment_date": None if state.payment_date is None else state.payment_date.isoformat(),
        "payment": state.payment_reference,
        "version": state.version,
    }


PAID_BY = """
    SELECT coalesce(
        (SELECT p.payment_reference FROM payment_cashflows x JOIN payments p ON p.id = x.payment_id
          WHERE x.cashflow_id = c.id AND p.payment_status = 'COMPLETED' LIMIT 1),
        (SELECT n.netting_reference FROM netting_cashflow_mapping m
           JOIN netting_instructions n ON n.id = m.netting_instruction_id
          WHERE m.cashflow_id = c.id AND m.is_live AND n.netting_status = 'EXECUTED' AND NOT EXISTS (
                SELECT FROM payments p WHERE p.netting_instruction_id = n.id) LIMIT 1))
"""

_SELECT = f"""
SELECT c.id, k.contract_reference, k.netting_agreement_reference, c.cashflow_type, c.cashflow_subtype, k.deferral_rate,
       k.has_late_compensation, c.cashflow_reference, c.cashflow_status, c.amount, c.currency::text,
       ours.party_identifier, theirs.party_identifier, c.payment_date, c.settlement_amount, c.realization_date,
       c.deferral_date, c.expected_realization_date, c.deferral_reason, c.settlement_date,
       CASE WHEN c.settlement_date IS NOT NULL THEN ({PAID_BY}) END, s.cashflow_reference, c.version
  FROM cashflows c
  JOIN contracts k ON k.id = c.contract_id
  JOIN parties ours ON ours.id = k.reporting_party_id
  JOIN parties theirs ON theirs.id = CASE WHEN k.reporting_party_id = k.party1_id THEN k.party2_id ELSE k.party1_id END
  LEFT JOIN cashflows s ON s.id = c.superseded_by_cashflow_id
"""  # noqa: S608 (constants of this module only)

_OF_REFERENCES = "c.cashflow_reference = ANY(%(references)s)"

_MOVES = """
SELECT h.id AS move_id, c.cashflow_reference, h.from_status, h.to_status, h.effective_date, h.changed_by, h.changed_at,
       coalesce(h.business_justification, h.status_change_reason) AS reason, h.deferral_reason,
       h.expected_realization_date, h.approval_received_by AS approved_by, h.idempotency_key
  FROM cashflow_status_history h JOIN cashflows c ON c.id = h.cashflow_id
"""

_CHAIN = """
WITH RECURSIVE earlier AS (
    SELECT id, supersedes_cashflow_id FROM cashflows WHERE cashflow_reference = %(reference)s
    UNION
    SELECT b.id, b.supersedes_cashflow_id FROM earlier JOIN cashflows b ON b.id = earlier.supersedes_cashflow_id
), chain AS (
    SELECT id, 0 AS place FROM earlier WHERE supersedes_cashflow_id IS NULL
    UNION
    SELECT a.id, chain.place + 1 FROM chain JOIN cashflows a ON a.supersedes_cashflow_id = chain.id
)
SELECT c.cashflow_reference FROM chain JOIN cashflows c ON c.id = chain.id ORDER BY chain.place, c.cashflow_reference
"""

_UPDATE = """
UPDATE cashflows
   SET cashflow_status = %(status)s, payment_date = %(payment_date)s, settlement_amount = %(settlement_amount)s,
       realization_date = %(realization_date)s, deferral_date = %(deferral_date)s,
       expected_realization_date = %(expected)s, deferral_reason = %(deferral_reason)s,
       settlement_date = %(settlement_date)s,
       superseded_by_cashflow_id = (SELECT s.id FROM cashflows s WHERE s.cashflow_reference = %(superseded_by)s),
       payer_party_id = CASE WHEN %(is_first_final)s THEN %(payer)s ELSE payer_party_id END,
       receiver_party_id = CASE WHEN %(is_first_final)s THEN %(receiver)s ELSE receiver_party_id END,
       version = %(version)s
 WHERE id = %(id)s AND version = %(version_before)s
"""

_HISTORY = """
INSERT INTO cashflow_status_history (
    id, cashflow_id, from_status, to_status, effective_date, deferral_reason, deferral_period_days,
    expected_realization_date, changed_by, business_justification, approval_required, approval_received,
    approval_received_by, approval_received_at, idempotency_key)
VALUES (%(move_id)s, %(id)s, %(status_before)s, %(status)s, %(effective_date)s, %(entry_reason)s, %(entry_days)s,
        %(entry_expected)s, %(changed_by)s, %(justification)s, %(approval_required)s, %(is_approved)s, %(approved_by)s,
        %(approved_at)s, %(key)s)
    ON CONFLICT (idempotency_key) DO NOTHING
"""

_END_EPISODE = """
UPDATE cashflow_deferrals
   SET ended_date = greatest(deferral_date, %(effective_date)s), outcome = %(outcome)s
 WHERE cashflow_id = %(id)s AND ended_date IS NULL
"""

_BEGIN_EPISODE = """
INSERT INTO cashflow_deferrals (
    cashflow_id, deferral_date, expected_realization_date, deferral_reason, deferral_rule_id, approved_by)
VALUES (%(id)s, %(begins)s, %(expected)s, %(deferral_reason)s,
        coalesce(%(rule)s::uuid, (SELECT d.deferral_rule_id FROM cashflow_deferrals d WHERE d.cashflow_id = %(id)s
                                   ORDER BY d.created_at DESC, d.deferral_date DESC LIMIT 1)), %(approved_by)s)
"""

_MESSAGE = "INSERT INTO payout_outbox (topic, payload) VALUES (%(topic)s, %(payload)s)"
