"""Contracts in the database: a whole one is written in one transaction, and every version of it is kept.

The tables of the terms are what reports and people query; `contract_versions.state` is the same contract as one
document, from which it is read back, so that a book of thousands loads with one statement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from sqlalchemy import ColumnElement, Connection, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.payouts import identity
from db.payouts.contract_rows import KEPT_TABLES, REPLACED_TABLES, Rows, contract_rows, shared_rows
from db.payouts.mapping import sql_value, table
from db.payouts.state import contract_of, state_of
from engine.errors import InputError, ReferenceDataError
from engine.payouts.terms.contract import Contract


@dataclass(frozen=True, slots=True)
class StoredContract:
    """A contract with its row key and version."""

    contract_id: UUID
    version: int
    contract: Contract


@dataclass(frozen=True, slots=True)
class ContractLine:
    """One contract in a list."""

    contract_reference: str
    contract_type: str
    contract_status: str
    trade_date: date
    effective_date: date
    termination_date: date | None
    party1: str
    party2: str
    underliers: str
    notional_amount: float | None
    notional_currency: str | None
    version: int


class ContractRepository:
    """Contracts of one transaction."""

    def __init__(self, session: Session, driver: psycopg.Connection[Any]) -> None:
        self._session = session
        self._driver = driver

    def lock(self, contract_reference: str) -> None:
        """Hold a contract until the transaction ends: nobody else generates or changes it meanwhile."""
        self._driver.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"contract {contract_reference}",)
        )

    def save(self, contract: Contract, *, valid_from: date, expected_version: int = 0) -> StoredContract:
        """Store a contract whole; nothing is written where it equals the stored version.

        expected_version: the version that it was made from, 0 for a new contract. Raises InputError CLO-1982 where
        somebody else has stored another version since.
        """
        self.lock(contract.contract_reference)
        found = self.find(contract.contract_reference)
        current = 0 if found is None else found.version
        if found is not None and found.contract == contract:
            return found
        if current != expected_version:
            raise InputError(
                "CLO-1982",
                f"{contract.contract_reference} is at version {current} now, not {expected_version}",
                remedy="Read it again and repeat the change.",
            )
        self._write([contract], current + 1, valid_from)
        return StoredContract(identity.contract_id(contract.contract_reference), current + 1, contract)

    def add_many(self, contracts: Sequence[Contract]) -> None:
        """Store contracts none of which is stored yet, each valid from its trade date."""
        for start in range(0, len(contracts), 500):
            self._write(list(contracts[start : start + 500]), 1, None)

    def find(self, contract_reference: str) -> StoredContract | None:
        """The newest version of a contract, or None."""
        row = self._driver.execute(
            "SELECT v.contract_id, v.version, v.state::text FROM contract_versions v"
            " WHERE v.contract_id = %s ORDER BY v.version DESC LIMIT 1",
            (identity.contract_id(contract_reference),),
        ).fetchone()
        return None if row is None else StoredContract(row[0], row[1], contract_of(row[2]))

    def load(self, contract_reference: str) -> StoredContract:
        """The newest version of a contract; ReferenceDataError CLO-1983 where there is none."""
        found = self.find(contract_reference)
        if found is None:
            raise ReferenceDataError(
                "CLO-1983",
                f"There is no swap {contract_reference!r}",
                remedy="See all with clodesk swaps book.",
            )
        return found

    def version(self, contract_reference: str, version: int) -> Contract:
        """A contract as it was at a version; ReferenceDataError CLO-1983 where it never had it."""
        row = self._driver.execute(
            "SELECT state::text FROM contract_versions WHERE contract_id = %s AND version = %s",
            (identity.contract_id(contract_reference), version),
        ).fetchone()
        if row is None:
            raise ReferenceDataError(
                "CLO-1983",
                f"{contract_reference} has no version {version}",
                remedy="Versions count from 1 with each change.",
            )
        return contract_of(row[0])

    def references(self, *, statuses: Sequence[str] = (), trade_date_to: date | None = None) -> tuple[str, ...]:
        """References of contracts by status and trade date, in their order; all without conditions."""
        rows = self._driver.execute(
            "SELECT contract_reference FROM contracts"
            " WHERE (cardinality(%(statuses)s::text[]) = 0 OR contract_status = ANY(%(statuses)s))"
            " AND (%(trade_date_to)s::date IS NULL OR trade_date <= %(trade_date_to)s)"
            " ORDER BY contract_reference",
            {"statuses": list(statuses), "trade_date_to": trade_date_to},
        ).fetchall()
        return tuple(row[0] for row in rows)

    def with_baskets_to_rebalance(self, as_of: date, references: Sequence[str] | None = None) -> tuple[str, ...]:
        """References of active contracts, all or of some, with a basket that may be due for rebalancing by a day.

        That is one whose composition in force at the start of the day has a frequency and no later date for the next
        time, or whose first composition has begun and has weights that are no units yet. Whether it really is due its
        terms and calendars say.
        """
        rows = self._driver.execute(
            _BASKETS_TO_REBALANCE, {"as_of": as_of, "references": None if references is None else list(references)}
        ).fetchall()
        return tuple(row[0] for row in rows)

    def versions_of(self, references: Sequence[str]) -> dict[str, int]:
        """The newest version of each of these contracts."""
        rows = self._driver.execute(
            "SELECT contract_reference, version FROM contracts WHERE contract_reference = ANY(%s)", (list(references),)
        ).fetchall()
        return dict(rows)

    def stream(self, references: Sequence[str]) -> Iterator[StoredContract]:
        """The newest versions of many contracts, in the order of their references."""
        with self._driver.cursor() as cursor:
            cursor.execute(
                "SELECT c.id, c.version, v.state::text FROM contracts c"
                " JOIN contract_versions v ON v.contract_id = c.id AND v.version = c.version"
                " WHERE c.contract_reference = ANY(%s) ORDER BY c.contract_reference",
                (list(references),),
            )
            while rows := cursor.fetchmany(1000):
                for key, version, state in rows:
                    yield StoredContract(key, version, contract_of(state))

    def lines(
        self, *, party: str | None = None, contract_type: str | None = None, active_on: date | None = None
    ) -> tuple[ContractLine, ...]:
        """A list of contracts: of a party (identifier or name), of a type, in force on a day."""
        with self._driver.cursor(row_factory=class_row(ContractLine)) as cursor:
            cursor.execute(_LINES, {"party": party, "contract_type": contract_type, "active_on": active_on})
            return tuple(cursor.fetchall())

    def _write(self, contracts: list[Contract], version: int, valid_from: date | None) -> None:
        connection = self._session.connection()
        for name, rows in shared_rows(contracts).items():
            if rows:
                statement = insert(table(name)).on_conflict_do_nothing(index_elements=_SHARED_KEYS[name])
                connection.execute(statement, rows)
        self._require_own_identifiers(contracts)
        joined: Rows = {}
        for contract in contracts:
            for name, rows in contract_rows(contract, version).items():
                joined.setdefault(name, []).extend(rows)
        if version > 1:
            self._remove_replaced(connection, contracts)
        for name in KEPT_TABLES:
            if joined.get(name):
                _upsert(connection, name, joined[name])
        for name in REPLACED_TABLES:
            if joined.get(name):
                connection.execute(insert(table(name)), joined[name])
        with self._driver.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO contract_versions (contract_id, version, valid_from, state)"
                " VALUES (%s, %s, %s, %s::jsonb)",
                [
                    (
                        identity.contract_id(contract.contract_reference),
                        version,
                        valid_from or contract.trade_date,
                        state_of(contract).decode(),
                    )
                    for contract in contracts
                ],
            )

    def _require_own_identifiers(self, contracts: list[Contract]) -> None:
        """Raise InputError CLO-1980 where an identifier of an instrument belongs to another instrument already."""
        held = [
            (identity.instrument_id(instrument.reference), item.scheme.value, item.scheme_uri, item.identifier)
            for contract in contracts
            for instrument in contract.instruments
            for item in instrument.identifiers
        ]
        if not held:
            return
        columns = [list(column) for column in zip(*held, strict=True)]
        row = self._driver.execute(
            "SELECT h.scheme, h.identifier, i.reference"
            " FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS h(instrument_id, scheme, uri, identifier)"
            " JOIN instrument_identifiers o ON o.scheme = h.scheme AND o.scheme_uri = h.uri"
            " AND o.identifier = h.identifier AND o.valid_to IS NULL AND o.instrument_id <> h.instrument_id"
            " JOIN instruments i ON i.id = o.instrument_id LIMIT 1",
            columns,
        ).fetchone()
        if row is not None:
            raise InputError(
                "CLO-1980",
                f"{row[0]} {row[1]} is an identifier of {row[2]} already",
                remedy="Refer to that instrument, or end its identifier first.",
            )

    def _remove_replaced(self, connection: Connection, contracts: list[Contract]) -> None:
        """Delete the rows that the new version brings anew, the leaves first."""
        keys = [identity.contract_id(contract.contract_reference) for contract in contracts]
        for name in reversed(REPLACED_TABLES):
            connection.execute(delete(table(name)).where(_of_contracts(name, keys)))


def _upsert(connection: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows or bring those with the same key up to date."""
    statement = insert(table(name))
    changed = {column: statement.excluded[column] for column in rows[0] if column != "id"}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_=changed),
        [{column: sql_value(value) for column, value in row.items()} for row in rows],
    )


_SHARED_KEYS = {
    "parties": ["party_identifier"],
    "instruments": ["reference"],
    "instrument_identifiers": ["scheme", "scheme_uri", "identifier", "valid_from"],
}

_PARENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "lot_closings": (("lot_id", "trade_lots"),),
    "basket_constituents": (("composition_id", "basket_compositions"),),
    "basket_compositions": (("basket_underlier_id", "underliers"),),
    "underliers": (("performance_payout_id", "performance_payout"),),
    "dividend_payout_ratios": (("dividend_return_terms_id", "dividend_return_terms"),),
    "dividend_periods": (("dividend_return_terms_id", "dividend_return_terms"),),
    "dividend_return_terms": (("return_terms_id", "return_terms"),),
    "price_return_terms": (("return_terms_id", "return_terms"),),
    "variance_volatility_terms": (("return_terms_id", "return_terms"),),
    "correlation_return_terms": (("return_terms_id", "return_terms"),),
    "return_terms": (("performance_payout_id", "performance_payout"),),
    "valuation_dates": (("valuation_schedule_id", "valuation_schedules"),),
    "valuation_schedules": (("performance_payout_id", "performance_payout"),),
    "payment_dates": (("payment_schedule_id", "payment_schedules"),),
    "payment_schedules": (
        ("performance_payout_id", "performance_payout"),
        ("interest_rate_payout_id", "interest_rate_payouts"),
    ),
    "fx_features": (("performance_payout_id", "performance_payout"),),
    "borrow_fees": (("performance_payout_id", "performance_payout"),),
    "borrow_rate_steps": (("borrow_fee_id", "borrow_fees"),),
    "rate_spread_steps": (("interest_rate_payout_id", "interest_rate_payouts"),),
    "past_notionals": (("interest_rate_payout_id", "interest_rate_payouts"),),
    "calculation_periods": (("interest_rate_payout_id", "interest_rate_payouts"),),
}
"""By which columns the rows of a table hang on others; every other table has the contract's key itself."""


def _of_contracts(name: str, keys: list[UUID]) -> ColumnElement[bool]:
    """Which rows of a table belong to these contracts."""
    target = table(name)
    if name not in _PARENTS:
        return target.c.contract_id.in_(keys)
    return or_(
        *(
            target.c[column].in_(select(table(parent).c.id).where(_of_contracts(parent, keys)))
            for column, parent in _PARENTS[name]
        )
    )


_BASKETS_TO_REBALANCE = """
SELECT DISTINCT c.contract_reference
  FROM basket_compositions b
  JOIN underliers u ON u.id = b.basket_underlier_id
  JOIN performance_payout p ON p.id = u.performance_payout_id
  JOIN contracts c ON c.id = p.contract_id
 WHERE ((b.rebalancing_frequency <> 'NONE' AND b.effective_from < %(as_of)s
         AND coalesce(b.effective_to, 'infinity') > %(as_of)s
         AND coalesce(b.next_rebalancing_date, '-infinity') <= %(as_of)s
         -- With weights the resets themselves restore them.
         AND (b.rebalancing_frequency <> 'ON_RESET' OR EXISTS (
             SELECT FROM basket_constituents k WHERE k.composition_id = b.id AND k.weight_type = 'UNITS')))
     OR (b.reason = 'INITIAL' AND b.status = 'COMPLETE' AND b.effective_from <= %(as_of)s
         AND b.effective_to IS NULL AND b.rebalancing_frequency <> 'ON_RESET' AND EXISTS (
             SELECT FROM basket_constituents k
              WHERE k.composition_id = b.id AND k.units IS NULL AND k.weight_type IN ('PERCENTAGE', 'NOTIONAL'))))
   AND c.contract_status = 'ACTIVE' AND c.trade_date <= %(as_of)s
   AND (%(references)s::text[] IS NULL OR c.contract_reference = ANY(%(references)s))
 ORDER BY c.contract_reference
"""

_LINES = """
SELECT c.contract_reference, c.contract_type, c.contract_status, c.trade_date, c.effective_date, c.termination_date,
       p1.party_name AS party1, p2.party_name AS party2,
       coalesce((SELECT string_agg(u.underlier_reference, ', ' ORDER BY u.underlier_reference)
                   FROM performance_payout p JOIN underliers u ON u.performance_payout_id = p.id
                  WHERE p.contract_id = c.id), '') AS underliers,
       l.notional_amount::float8 AS notional_amount, l.notional_currency, c.version
  FROM contracts c
  JOIN parties p1 ON p1.id = c.party1_id
  JOIN parties p2 ON p2.id = c.party2_id
  LEFT JOIN LATERAL (SELECT notional_amount, notional_currency FROM contract_legs
                      WHERE contract_id = c.id ORDER BY (leg_type <> 'EQUITY_LEG'), leg_number LIMIT 1) l ON true
 WHERE (%(party)s::text IS NULL
        OR %(party)s IN (p1.party_identifier, p1.party_name, p2.party_identifier, p2.party_name))
   AND (%(contract_type)s::text IS NULL OR c.contract_type = %(contract_type)s)
   AND (%(active_on)s::date IS NULL OR (c.contract_status = 'ACTIVE' AND c.effective_date <= %(active_on)s
        AND coalesce(c.termination_date, 'infinity') >= %(active_on)s))
 ORDER BY c.contract_reference
"""
