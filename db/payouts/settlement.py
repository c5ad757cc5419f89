"""Netting instructions and payments of one transaction (spec 07 §3.8, §17).

An instruction keeps its parties in the order of their row keys; `NettingSet` has them in the order of identifiers. What
leaves here says who pays whom instead.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg

from db.payouts import identity
from db.payouts.life_cycle import PAID_BY
from db.payouts.payment_records import NettingInstruction
from db.payouts.payments import working_user
from engine.errors import ReferenceDataError
from engine.payouts.cdm.transfers import CashTransfer
from engine.payouts.enums import CashflowStatus, CashflowSubtype, CashflowType, NettingStatus, PaymentType
from engine.payouts.netting import NettingSet, PayableCashflow


class SettlementRepository:
    """Netting and payments of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def user(self) -> str:
        """Who works: as the unit of work told the server, else the login."""
        return working_user(self._driver)

    def open_for_netting(self, on: date, *, is_locked: bool = False) -> tuple[PayableCashflow, ...]:
        """REALIZED_UNSETTLED cashflows payable on or before a day that no live instruction has.

        is_locked: hold them until the transaction ends.
        """
        rows = self._driver.execute(_OPEN + (" FOR UPDATE OF c" if is_locked else ""), {"on": on}).fetchall()
        return tuple(
            PayableCashflow(
                cashflow_reference=reference,
                contract_reference=contract,
                payer=payer,
                receiver=receiver,
                amount=abs(amount),
                currency=currency,
                payment_date=payment_date,
                netting_agreement=agreement,
            )
            for reference, contract, payer, receiver, amount, currency, payment_date, agreement in rows
        )

    def live_instructions_of(self, references: Sequence[str]) -> dict[str, str]:
        """Live netting instruction by cashflow, of those that are in one."""
        return dict(
            self._driver.execute(
                "SELECT c.cashflow_reference, n.netting_reference FROM cashflows c"
                " JOIN netting_cashflow_mapping m ON m.cashflow_id = c.id AND m.is_live"
                " JOIN netting_instructions n ON n.id = m.netting_instruction_id"
                " WHERE c.cashflow_reference = ANY(%s)",
                (list(references),),
            ).fetchall()
        )

    def paid_by(self, references: Sequence[str]) -> dict[str, str]:
        """What paid each of these cashflows: a completed payment, or an executed instruction that netted to nothing."""
        return dict(self._driver.execute(_PAID_BY, {"references": list(references)}).fetchall())

    def transfers(self, contract_reference: str) -> tuple[CashTransfer, ...]:
        """All cash flows of a contract with what became of their payments, by settlement date."""
        rows = self._driver.execute(_TRANSFERS, {"contract": contract_reference}).fetchall()
        return tuple(_transfer(row) for row in rows)

    def add_instructions(self, sets: Sequence[NettingSet]) -> tuple[NettingInstruction, ...]:
        """Store netting sets as PENDING instructions with their cashflows, in their order.

        The caller holds the job lock of netting, so that numbers are given once; a cashflow that is included in another
        live instruction is refused by the database.
        """
        if not sets:
            return ()
        used = self._numbers_used(sets)
        instructions, mappings, references = [], [], []
        for one in sets:
            day = (one.payment_date, one.currency)
            used[day] = used.get(day, 0) + 1
            reference = f"NET/{one.payment_date:%Y%m%d}/{one.currency}/{used[day]}"
            references.append(reference)
            key = uuid4()
            first, second = identity.party_id(one.party1), identity.party_id(one.party2)
            amount = one.net_amount if first < second else -one.net_amount
            if one.payment_type is PaymentType.NONE:
                amount = Decimal(0)
            parties = (min(first, second), max(first, second))
            agreement, method = one.netting_agreement, one.payment_type.value
            instructions.append((key, reference, *parties, one.payment_date, one.currency, amount, agreement, method))
            kind = "INCLUDE" if one.excluded_because is None else "EXCLUDE"
            mappings += [(key, kind, one.excluded_because, item) for item in one.cashflow_references]
        with self._driver.cursor() as cursor:
            cursor.executemany(_ADD_INSTRUCTION, instructions)
            cursor.executemany(_ADD_MAPPING, mappings)
        found = {item.netting_reference: item for item in self._instructions(_OF_REFERENCES, {"names": references})}
        return tuple(found[reference] for reference in references)

    def to_execute(self, on: date) -> tuple[str, ...]:
        """References of instructions of a day or earlier that are PENDING or CONFIRMED, in the order of their days."""
        rows = self._driver.execute(
            "SELECT netting_reference FROM netting_instructions WHERE netting_status IN ('PENDING', 'CONFIRMED')"
            " AND netting_date <= %s ORDER BY netting_date, created_at, netting_reference",
            (on,),
        ).fetchall()
        return tuple(row[0] for row in rows)

    def instruction(self, netting_reference: str, *, is_locked: bool = False) -> NettingInstruction:
        """An instruction; is_locked: held until the transaction ends. ReferenceDataError CLO-1978 if there is none."""
        if is_locked:
            self._driver.execute(
                "SELECT FROM netting_instructions WHERE netting_reference = %s FOR UPDATE", (netting_reference,)
            )
        found = self._instructions(_OF_REFERENCES, {"names": [netting_reference]})
        if not found:
            raise ReferenceDataError(
                "CLO-1978",
                f"There is no netting instruction {netting_reference!r}",
                remedy="Net the day first; its outcome names them.",
            )
        return found[0]

    def move_instruction(self, instruction: NettingInstruction, to: NettingStatus) -> NettingInstruction:
        """Write the next status of a locked instruction; confirming it writes who did."""
        self._driver.execute(
            "UPDATE netting_instructions SET netting_status = %(to)s,"
            " confirmed_by = CASE WHEN %(to)s = 'CONFIRMED' THEN %(user)s ELSE confirmed_by END WHERE id = %(id)s",
            {"to": to.value, "user": self.user(), "id": instruction.netting_id},
        )
        return self.instruction(instruction.netting_reference)

    def _numbers_used(self, sets: Sequence[NettingSet]) -> dict[tuple[date, str], int]:
        days = sorted({one.payment_date for one in sets})
        rows = self._driver.execute(
            "SELECT netting_date, netting_currency::text, count(*) FROM netting_instructions"
            " WHERE netting_date = ANY(%s) GROUP BY 1, 2",
            (days,),
        ).fetchall()
        return {(on, currency): count for on, currency, count in rows}

    def _instructions(self, condition: str, arguments: dict[str, Any]) -> tuple[NettingInstruction, ...]:
        rows = self._driver.execute(f"{_INSTRUCTIONS} WHERE {condition}", arguments).fetchall()
        return tuple(_instruction(row) for row in rows)


def _transfer(row: tuple[Any, ...]) -> CashTransfer:
    reference, kind, subtype, status, amount, currency, payer, receiver, day, has_payment, is_netted = row
    return CashTransfer(
        cashflow_reference=reference,
        cashflow_type=CashflowType(kind),
        subtype=None if subtype is None else CashflowSubtype(subtype),
        status=CashflowStatus(status),
        amount=amount,
        currency=currency,
        payer=payer,
        receiver=receiver,
        settlement_date=day,
        has_payment=has_payment,
        is_netted=is_netted,
    )


def _instruction(row: tuple[Any, ...]) -> NettingInstruction:
    key, reference, payer, receiver, on, currency, amount, status, kind, agreement, creator, confirmer, flows, why = row
    return NettingInstruction(
        key,
        reference,
        payer,
        receiver,
        on,
        currency,
        amount,
        NettingStatus(status),
        PaymentType(kind),
        agreement,
        creator,
        confirmer,
        tuple(flows),
        why,
    )


_OPEN = """
SELECT c.cashflow_reference, k.contract_reference, payer.party_identifier, receiver.party_identifier,
       c.settlement_amount, c.currency::text, c.payment_date, k.netting_agreement_reference
  FROM cashflows c
  JOIN contracts k ON k.id = c.contract_id
  JOIN parties payer ON payer.id = c.payer_party_id
  JOIN parties receiver ON receiver.id = c.receiver_party_id
 WHERE c.cashflow_status = 'REALIZED_UNSETTLED' AND c.payment_date <= %(on)s
   AND NOT EXISTS (SELECT FROM netting_cashflow_mapping m WHERE m.cashflow_id = c.id AND m.is_live)
 ORDER BY c.id
"""

_PAID_BY = f"""
SELECT w.reference, w.paid_by
  FROM (SELECT c.cashflow_reference AS reference, ({PAID_BY}) AS paid_by
          FROM cashflows c WHERE c.cashflow_reference = ANY(%(references)s)) w
 WHERE w.paid_by IS NOT NULL
"""  # noqa: S608 (constants of storage only)

_TRANSFERS = """
SELECT c.cashflow_reference, c.cashflow_type, c.cashflow_subtype, c.cashflow_status,
       coalesce(c.settlement_amount, c.amount), c.currency::text, payer.party_identifier, receiver.party_identifier,
       coalesce(c.settlement_date,
                CASE WHEN c.cashflow_status = 'REALIZED_DEFERRED' THEN c.expected_realization_date END,
                c.payment_date, c.accrual_end_date) AS settled,
       EXISTS (SELECT FROM payment_cashflows x JOIN payments p ON p.id = x.payment_id
                WHERE x.cashflow_id = c.id AND p.payment_status IN ('PENDING', 'IN_TRANSIT', 'COMPLETED')),
       EXISTS (SELECT FROM netting_cashflow_mapping m JOIN netting_instructions n ON n.id = m.netting_instruction_id
                WHERE m.cashflow_id = c.id AND m.is_live AND n.netting_status = 'EXECUTED'
                  AND n.netting_method IN ('NETTED', 'NONE'))
  FROM cashflows c
  JOIN contracts k ON k.id = c.contract_id
  JOIN parties payer ON payer.id = c.payer_party_id
  JOIN parties receiver ON receiver.id = c.receiver_party_id
 WHERE k.contract_reference = %(contract)s
 ORDER BY settled, c.cashflow_reference
"""

_ADD_INSTRUCTION = """
INSERT INTO netting_instructions (
    id, netting_reference, party1_id, party2_id, netting_date, netting_currency, net_amount,
    netting_agreement_reference, netting_method)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_ADD_MAPPING = """
INSERT INTO netting_cashflow_mapping (netting_instruction_id, cashflow_id, inclusion_type, exclusion_reason)
SELECT %s, c.id, %s, %s FROM cashflows c WHERE c.cashflow_reference = %s
"""

_OF_REFERENCES = "n.netting_reference = ANY(%(names)s)"

_INSTRUCTIONS = """
SELECT n.id, n.netting_reference,
       CASE WHEN n.net_amount > 0 THEN one.party_identifier ELSE two.party_identifier END,
       CASE WHEN n.net_amount > 0 THEN two.party_identifier ELSE one.party_identifier END,
       n.netting_date, n.netting_currency::text, abs(n.net_amount), n.netting_status, n.netting_method,
       n.netting_agreement_reference, n.created_by, n.confirmed_by,
       (SELECT array_agg(c.cashflow_reference ORDER BY c.cashflow_reference) FROM netting_cashflow_mapping m
          JOIN cashflows c ON c.id = m.cashflow_id WHERE m.netting_instruction_id = n.id),
       (SELECT min(m.exclusion_reason) FROM netting_cashflow_mapping m WHERE m.netting_instruction_id = n.id)
  FROM netting_instructions n
  JOIN parties one ON one.id = n.party1_id
  JOIN parties two ON two.id = n.party2_id
"""
