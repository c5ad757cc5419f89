"""What an import leaves beside the contract: its findings, the document as received, observed resets (spec 07 §5.7)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg

from db.payouts import identity
from engine.payouts.enums import FindingSeverity
from engine.payouts.findings import FindingCode, PayoutFinding

TRADE_REFERENCE = "trade_reference"
"""Name in a contract's metadata: the reference in its document, where another trade had it already."""


class ResetType(StrEnum):
    """What a reset fixes."""

    PRICE = "PRICE"
    RATE = "RATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedReset:
    """A value that a document says was fixed for a leg."""

    leg_number: int
    reset_type: ResetType
    reset_date: date
    value: float
    valuation_date: date | None = None


class FindingRepository:
    """Findings, documents and resets of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def put(
        self,
        import_id: UUID,
        file_name: str,
        findings: Iterable[PayoutFinding],
        *,
        contract_reference: str | None = None,
    ) -> int:
        """Store the findings of one document, those of a stored contract with its key; how many there are."""
        contract = None if contract_reference is None else identity.contract_id(contract_reference)
        rows = [
            (
                import_id,
                contract,
                storable(file_name),
                item.severity.value,
                item.code.value,
                storable(item.pointer),
                storable(item.message),
            )
            for item in findings
        ]
        with self._driver.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO import_findings (import_id, contract_id, file_name, severity, code, pointer, message)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                rows,
            )
        return len(rows)

    def resolve(self, contract_reference: str) -> None:
        """Mark all findings of a contract as dealt with: a later document takes their place."""
        self._driver.execute(
            "UPDATE import_findings SET resolved = true WHERE contract_id = %s AND NOT resolved",
            (identity.contract_id(contract_reference),),
        )

    def of_contract(self, contract_reference: str) -> tuple[PayoutFinding, ...]:
        """The open findings of a contract in the order in which they were made."""
        rows = self._driver.execute(
            "SELECT severity, code, pointer, message FROM import_findings WHERE contract_id = %s AND NOT resolved"
            " ORDER BY created_at, array_position(ARRAY['ERROR', 'WARNING', 'INFO'], severity), code, pointer, id",
            (identity.contract_id(contract_reference),),
        ).fetchall()
        return tuple(PayoutFinding(FindingSeverity(row[0]), FindingCode(row[1]), row[2], row[3]) for row in rows)

    def put_document(self, contract_reference: str, document: object) -> None:
        """Keep the document that a contract came in, as received."""
        self._driver.execute(
            "UPDATE contracts SET cdm_document = %s::jsonb WHERE id = %s",
            (json.dumps(document), identity.contract_id(contract_reference)),
        )

    def with_content(self, content_key: str) -> tuple[str, ...]:
        """References of the contracts that came in a document of this content."""
        rows = self._driver.execute(
            "SELECT contract_reference FROM contracts WHERE content_key = %s ORDER BY contract_reference",
            (content_key,),
        ).fetchall()
        return tuple(row[0] for row in rows)

    def named(self, trade_reference: str) -> tuple[str, ...]:
        """References of the contracts whose documents have this reference, the contract that has it itself first."""
        rows = self._driver.execute(
            "SELECT contract_reference FROM contracts"
            " WHERE contract_reference = %(name)s OR metadata ->> %(key)s = %(name)s"
            " ORDER BY contract_reference <> %(name)s, length(contract_reference), contract_reference",
            {"name": trade_reference, "key": TRADE_REFERENCE},
        ).fetchall()
        return tuple(row[0] for row in rows)

    def put_resets(self, contract_reference: str, resets: Sequence[ObservedReset]) -> None:
        """Store observed resets; one of the same leg, kind and day is replaced."""
        rows = [
            (
                identity.contract_id(contract_reference),
                identity.leg_id(contract_reference, item.leg_number),
                item.reset_type.value,
                item.reset_date,
                item.valuation_date,
                repr(item.value),
            )
            for item in resets
        ]
        with self._driver.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO resets (contract_id, leg_id, reset_type, reset_date, valuation_date, value)"
                " VALUES (%s, %s, %s, %s, %s, %s::numeric)"
                " ON CONFLICT (leg_id, reset_type, reset_date, constituent_instrument_id)"
                " DO UPDATE SET value = excluded.value, valuation_date = excluded.valuation_date",
                rows,
            )


def storable(text: str) -> str:
    """A text without what PostgreSQL cannot keep: file names of other systems may hold any bytes."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
