"""Dividends, corporate actions and inputs from outside: stored once each, brought up to date when they change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.payouts import identity
from db.payouts.mapping import record, scalars, table
from engine.errors import ReferenceDataError
from engine.payouts.enums import ConfidenceLevel
from engine.payouts.market import CorporateAction, DividendEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedInput:
    """Implied volatility (correlation) of a leg to its end, decimal, and the discount factor to its payment."""

    contract_reference: str
    leg_number: int
    input_date: date
    implied_volatility: float
    discount_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalValue:
    """What a leg is worth as somebody else states it, signed for the reporting party."""

    contract_reference: str
    leg_number: int
    value_date: date
    value: float
    currency: str
    source: str
    confidence: ConfidenceLevel = ConfidenceLevel.MEDIUM


class MarketEventRepository:
    """Market events of one transaction."""

    def __init__(self, session: Session, driver: psycopg.Connection[Any]) -> None:
        self._session = session
        self._driver = driver

    def put_dividends(self, dividends: Iterable[DividendEvent]) -> int:
        """Store dividends; how many were new or different. Raises ReferenceDataError for an unknown instrument."""
        rows = [
            {
                **scalars(item, "dividend_events"),
                "id": identity.dividend_event_id(item.reference),
                "instrument_id": identity.instrument_id(item.instrument_reference),
            }
            for item in dividends
        ]
        return self._put("dividend_events", rows)

    def put_corporate_actions(self, actions: Iterable[CorporateAction]) -> int:
        """Store corporate actions; how many were new or different. Raises as `put_dividends` does."""
        rows = [
            {
                **scalars(item, "corporate_actions"),
                "id": _action_key(item),
                "instrument_id": identity.instrument_id(item.instrument_reference),
                "child_instrument_id": _instrument_key(item.child_reference),
                "successor_instrument_id": _instrument_key(item.successor_reference),
            }
            for item in actions
        ]
        return self._put("corporate_actions", rows)

    def dividends(self, references: Sequence[str], first: date, last: date) -> tuple[DividendEvent, ...]:
        """Dividends of instruments with an ex-date from first to last, by instrument and ex-date; none cancelled."""
        rows = self._rows(
            "SELECT i.reference AS instrument_reference, d.* FROM dividend_events d"
            " JOIN instruments i ON i.id = d.instrument_id"
            " WHERE d.instrument_id = ANY(%s) AND d.ex_date BETWEEN %s AND %s AND d.status <> 'CANCELLED'"
            " ORDER BY i.reference, d.ex_date, d.dividend_type, d.sequence",
            ([identity.instrument_id(reference) for reference in references], first, last),
        )
        return tuple(record(DividendEvent, row) for row in rows)

    def corporate_actions(self, references: Sequence[str], first: date, last: date) -> tuple[CorporateAction, ...]:
        """Corporate actions of instruments with an ex-date from first to last, in that order."""
        rows = self._rows(
            "SELECT i.reference AS instrument_reference, ch.reference AS child_reference,"
            " su.reference AS successor_reference, a.* FROM corporate_actions a"
            " JOIN instruments i ON i.id = a.instrument_id"
            " LEFT JOIN instruments ch ON ch.id = a.child_instrument_id"
            " LEFT JOIN instruments su ON su.id = a.successor_instrument_id"
            " WHERE a.instrument_id = ANY(%s) AND a.ex_date BETWEEN %s AND %s"
            " ORDER BY i.reference, a.ex_date, a.action_type",
            ([identity.instrument_id(reference) for reference in references], first, last),
        )
        return tuple(record(CorporateAction, row) for row in rows)

    def put_implied(self, inputs: Iterable[ImpliedInput], source: str) -> int:
        """Store implied inputs; a different value for the same leg and day is a new revision."""
        written = 0
        for item in inputs:
            leg = identity.leg_id(item.contract_reference, item.leg_number)
            written += self._driver.execute(
                "INSERT INTO implied_inputs (leg_id, input_date, implied_volatility, discount_factor, source, revision)"
                " SELECT %(leg)s, %(on)s, %(volatility)s::text::numeric, %(factor)s::text::numeric, %(source)s,"
                " coalesce(max(revision), 0) + 1 FROM implied_inputs"
                " WHERE leg_id = %(leg)s AND input_date = %(on)s AND source = %(source)s",
                {
                    "leg": leg,
                    "on": item.input_date,
                    "volatility": item.implied_volatility,
                    "factor": item.discount_factor,
                    "source": source,
                },
            ).rowcount
        return written

    def implied(self, contract_references: Sequence[str], on: date) -> dict[str, tuple[float, float]]:
        """The last implied input up to a day, by `contract_reference/leg_number`."""
        rows = self._driver.execute(
            "SELECT DISTINCT ON (c.contract_reference, l.leg_number) c.contract_reference, l.leg_number,"
            " m.implied_volatility::float8, m.discount_factor::float8"
            " FROM implied_inputs m JOIN contract_legs l ON l.id = m.leg_id JOIN contracts c ON c.id = l.contract_id"
            " WHERE c.contract_reference = ANY(%s) AND m.input_date <= %s"
            " ORDER BY c.contract_reference, l.leg_number, m.input_date DESC, m.revision DESC",
            (list(contract_references), on),
        ).fetchall()
        return {f"{row[0]}/{row[1]}": (row[2], row[3]) for row in rows}

    def put_external(self, values: Iterable[ExternalValue]) -> int:
        """Store values stated by others; a different one for the same leg, day and source is a new revision."""
        written = 0
        for item in values:
            written += self._driver.execute(
                "INSERT INTO external_values"
                " (contract_id, leg_id, value_date, source, value, currency, confidence, revision)"
                " SELECT %(contract)s, %(leg)s, %(on)s, %(source)s, %(value)s::text::numeric, %(currency)s,"
                " %(confidence)s, coalesce(max(revision), 0) + 1 FROM external_values"
                " WHERE leg_id = %(leg)s AND value_date = %(on)s AND source = %(source)s",
                {
                    "contract": identity.contract_id(item.contract_reference),
                    "leg": identity.leg_id(item.contract_reference, item.leg_number),
                    "on": item.value_date,
                    "source": item.source,
                    "value": item.value,
                    "currency": item.currency,
                    "confidence": item.confidence.value,
                },
            ).rowcount
        return written

    def external(self, on: date) -> dict[UUID, tuple[float, str, ConfidenceLevel]]:
        """Values stated for a day, the newest revision, by leg."""
        rows = self._driver.execute(
            "SELECT DISTINCT ON (leg_id) leg_id, value::float8, currency, confidence FROM external_values"
            " WHERE value_date = %s ORDER BY leg_id, known_at DESC, revision DESC",
            (on,),
        ).fetchall()
        return {row[0]: (row[1], row[2], ConfidenceLevel(row[3])) for row in rows}

    def _put(self, name: str, rows: list[dict[str, Any]]) -> int:
        if not rows:
            return 0
        self._require_instruments([row["instrument_id"] for row in rows], name)
        target = table(name)
        statement = insert(target)
        columns = [column for column in rows[0] if column != "id"]
        changed = statement.on_conflict_do_update(
            index_elements=["id"],
            set_={column: statement.excluded[column] for column in columns},
            where=func.row(*(target.c[column] for column in columns)).is_distinct_from(
                func.row(*(statement.excluded[column] for column in columns))
            ),
        )
        returned = changed.returning(target.c.id)
        connection = self._session.connection()
        return sum(len(connection.execute(returned, row).all()) for row in rows)

    def _require_instruments(self, keys: list[UUID], name: str) -> None:
        found = {
            row[0] for row in self._driver.execute("SELECT id FROM instruments WHERE id = ANY(%s)", (keys,)).fetchall()
        }
        unknown = sum(key not in found for key in keys)
        if unknown:
            raise ReferenceDataError(
                "CLO-1984",
                f"{unknown} rows of {name} are of instruments that no swap follows",
                remedy="Import the swaps first, or leave these rows out.",
            )

    def _rows(self, statement: str, arguments: tuple[Any, ...]) -> list[dict[str, Any]]:
        with self._driver.cursor(row_factory=dict_row) as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchall()


def _instrument_key(reference: str | None) -> UUID | None:
    return None if reference is None else identity.instrument_id(reference)


def _action_key(action: CorporateAction) -> UUID:
    return identity.child_id(
        identity.instrument_id(action.instrument_reference), f"{action.action_type.value} {action.ex_date.isoformat()}"
    )
