"""Payments of one transaction: made, moved from state to state, each move with its history (spec 07 §3.8, §17)."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import psycopg

from db.payouts import identity
from db.payouts.payment_records import NettingInstruction, Payment
from engine.errors import InputError, ReferenceDataError
from engine.payouts.enums import PaymentStatus, PaymentType


def working_user(driver: psycopg.Connection[Any]) -> str:
    """Who works: as the unit of work told the server, else the login."""
    row = driver.execute(
        "SELECT coalesce(nullif(current_setting('clodesk.user', true), ''), session_user::text)"
    ).fetchone()
    return "" if row is None else str(row[0])


class PaymentRepository:
    """Payments of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def add(self, instruction: NettingInstruction, on: date, execution_date: date) -> Payment:
        """A PENDING payment of an instruction's whole net amount: its next attempt, with the cashflows that it pays.

        `on` is the day of the instruction to pay, execution_date the day on which the money is to arrive.
        """
        key = uuid4()
        row = self._driver.execute(
            _ADD_PAYMENT,
            {
                "id": key,
                "netting": instruction.netting_id,
                "name": instruction.netting_reference,
                "type": instruction.payment_type.value,
                "amount": instruction.amount,
                "currency": instruction.currency,
                "payer": identity.party_id(instruction.payer),
                "receiver": identity.party_id(instruction.receiver),
                "on": on,
                "execution": execution_date,
            },
        ).fetchone()
        reference = "" if row is None else row[0]
        self._driver.execute(_ADD_PAYMENT_CASHFLOWS, {"id": key, "netting": instruction.netting_id})
        self._driver.execute(_ADD_PAYMENT_INSTRUCTION, {"id": key, "name": instruction.netting_reference})
        self._add_history(key, None, PaymentStatus.PENDING, on, None, None)
        return self.load(reference)

    def load(self, payment_reference: str, *, is_locked: bool = False) -> Payment:
        """A payment; is_locked: held until the transaction ends. ReferenceDataError CLO-1978 where there is none."""
        if is_locked:
            self._driver.execute("SELECT FROM payments WHERE payment_reference = %s FOR UPDATE", (payment_reference,))
        found = self._select("p.payment_reference = %(name)s", {"name": payment_reference})
        if not found:
            raise ReferenceDataError(
                "CLO-1978",
                f"There is no payment {payment_reference!r}",
                remedy="Execute its netting instruction first; the outcome names it.",
            )
        return found[0]

    def find(self, *, statuses: Sequence[PaymentStatus] = (), netting: str | None = None) -> tuple[Payment, ...]:
        """Payments by status and netting instruction in the order of their references; all without conditions."""
        return self._select(
            "(cardinality(%(statuses)s::text[]) = 0 OR p.payment_status = ANY(%(statuses)s))"
            " AND (%(netting)s::text IS NULL OR n.netting_reference = %(netting)s)",
            {"statuses": [status.value for status in statuses], "netting": netting},
        )

    def move(
        self,
        payment: Payment,
        to: PaymentStatus,
        effective_date: date,
        *,
        reason: str | None = None,
        settlement_date: date | None = None,
        idempotency_key: str | None = None,
    ) -> Payment:
        """Write the next status of a locked payment with its history.

        InputError CLO-1975 where the key was used for another move of a payment.
        """
        self._driver.execute(
            "UPDATE payments SET payment_status = %s, payment_settlement_date = coalesce(%s, payment_settlement_date),"
            " payment_reason = coalesce(%s, payment_reason), version = version + 1 WHERE id = %s",
            (to.value, settlement_date, reason, payment.payment_id),
        )
        if to is PaymentStatus.IN_TRANSIT:
            self._driver.execute(
                "UPDATE payment_instructions SET sent_at = clock_timestamp() WHERE payment_id = %s AND sent_at IS NULL",
                (payment.payment_id,),
            )
        self._add_history(payment.payment_id, payment.status, to, effective_date, reason, idempotency_key)
        return self.load(payment.payment_reference)

    def moved_by(self, idempotency_key: str) -> tuple[str, PaymentStatus] | None:
        """The payment that was moved under a key, and to which status."""
        row = self._driver.execute(
            "SELECT p.payment_reference, h.to_status FROM payment_status_history h"
            " JOIN payments p ON p.id = h.payment_id WHERE h.idempotency_key = %s",
            (idempotency_key,),
        ).fetchone()
        return None if row is None else (row[0], PaymentStatus(row[1]))

    def history(self, payment_reference: str) -> tuple[tuple[PaymentStatus, date, str | None], ...]:
        """Statuses of a payment in their order, each with its day and reason."""
        rows = self._driver.execute(
            "SELECT h.to_status, h.effective_date, h.status_change_reason FROM payment_status_history h"
            " JOIN payments p ON p.id = h.payment_id WHERE p.payment_reference = %s ORDER BY h.changed_at",
            (payment_reference,),
        ).fetchall()
        return tuple((PaymentStatus(status), on, reason) for status, on, reason in rows)

    def _add_history(
        self, key: UUID, before: PaymentStatus | None, to: PaymentStatus, on: date, reason: str | None, used: str | None
    ) -> None:
        status = None if before is None else before.value
        added = self._driver.execute(
            "INSERT INTO payment_status_history (payment_id, from_status, to_status, effective_date,"
            " status_change_reason, idempotency_key, changed_by) VALUES (%s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (idempotency_key) DO NOTHING",
            (key, status, to.value, on, reason, used, working_user(self._driver)),
        ).rowcount
        if not added:
            raise InputError(
                "CLO-1975",
                f"The idempotency key {used!r} belongs to another payment",
                remedy="Give every request a key of its own.",
            )
        self._driver.execute(
            "INSERT INTO payout_outbox (topic, payload) SELECT 'payment.' || lower(%(to)s::text), jsonb_build_object("
            "'payment', payment_reference, 'from', %(before)s::text, 'to', %(to)s::text, 'amount', payment_amount,"
            " 'currency', payment_currency, 'day', %(on)s::date) FROM payments WHERE id = %(id)s",
            {"to": to.value, "before": status, "on": on, "id": key},
        )

    def _select(self, condition: str, arguments: dict[str, Any]) -> tuple[Payment, ...]:
        rows = self._driver.execute(
            f"{_PAYMENTS} WHERE {condition} ORDER BY n.netting_date, n.netting_reference, p.attempt_number", arguments
        ).fetchall()
        return tuple(_payment(row) for row in rows)


def _payment(row: tuple[Any, ...]) -> Payment:
    key, reference, netting, kind, amount, currency, payer, receiver, status, attempt, *days, flows = row
    instructed, executed, settled = days
    return Payment(
        key,
        reference,
        netting,
        PaymentType(kind),
        amount,
        currency,
        payer,
        receiver,
        PaymentStatus(status),
        attempt,
        instructed,
        executed,
        settled,
        tuple(flows),
    )


_ADD_PAYMENT = """
INSERT INTO payments (
    id, payment_reference, netting_instruction_id, payment_type, payment_amount, payment_currency, payer_party_id,
    receiver_party_id, payment_method, payment_instruction_date, payment_execution_date, attempt_number)
SELECT %(id)s, %(name)s || '/P' || a.attempt, %(netting)s, %(type)s, %(amount)s, %(currency)s, %(payer)s, %(receiver)s,
       'WIRE', %(on)s, %(execution)s, a.attempt
  FROM (SELECT coalesce(max(attempt_number), 0) + 1 AS attempt FROM payments
         WHERE netting_instruction_id = %(netting)s) a
RETURNING payment_reference
"""

_ADD_PAYMENT_CASHFLOWS = """
INSERT INTO payment_cashflows (payment_id, cashflow_id, attributed_amount)
SELECT %(id)s, c.id, c.settlement_amount
  FROM netting_cashflow_mapping m JOIN cashflows c ON c.id = m.cashflow_id
 WHERE m.netting_instruction_id = %(netting)s
"""

_ADD_PAYMENT_INSTRUCTION = """
INSERT INTO payment_instructions (payment_id, instruction_reference, beneficiary_name, remittance_information)
SELECT p.id, p.payment_reference || '/I1', b.party_name, %(name)s
  FROM payments p JOIN parties b ON b.id = p.receiver_party_id WHERE p.id = %(id)s
"""

_PAYMENTS = """
SELECT p.id, p.payment_reference, n.netting_reference, p.payment_type, p.payment_amount, p.payment_currency::text,
       payer.party_identifier, receiver.party_identifier, p.payment_status, p.attempt_number,
       p.payment_instruction_date, p.payment_execution_date, p.payment_settlement_date,
       (SELECT coalesce(array_agg(c.cashflow_reference ORDER BY c.cashflow_reference), '{}') FROM payment_cashflows x
          JOIN cashflows c ON c.id = x.cashflow_id WHERE x.payment_id = p.id)
  FROM payments p
  JOIN netting_instructions n ON n.id = p.netting_instruction_id
  JOIN parties payer ON payer.id = p.payer_party_id
  JOIN parties receiver ON receiver.id = p.receiver_party_id
"""
