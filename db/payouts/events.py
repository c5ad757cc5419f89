"""Business events of contracts with what they did to lots and cash flows (spec 07 §3.8, §19.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from db.payouts import identity
from db.payouts.contracts import StoredContract
from db.payouts.end_of_day import WITHDRAWN
from db.payouts.event_state import instruction_json, instruction_of
from db.payouts.mapping import sql_value
from engine.errors import InputError
from engine.payouts.enums import BusinessEventType, CashflowType
from engine.payouts.events.instructions import Event
from engine.payouts.events.lots import LotEvent, changed
from engine.payouts.terms.contract import Contract, TradeLot


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event as it was accepted; event_type is what it turned out to be, the event's own what it was called."""

    event: Event
    event_type: BusinessEventType
    qualifier: str | None
    before_version: int
    after_version: int
    idempotency_key: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFlow:
    """A cash flow that a contract has, as far as its row can be told by it; lot and event by name."""

    leg_number: int
    cashflow_type: CashflowType
    end_date: date
    lot: str | None
    event: str | None


class EventRepository:
    """Events of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def of_contract(self, contract_reference: str) -> tuple[StoredEvent, ...]:
        """The events of a contract as they came in."""
        return self._read("k.contract_reference = %s", contract_reference)

    def by_idempotency_key(self, idempotency_key: str) -> StoredEvent | None:
        """The event that came in with a key, None where none did."""
        return next(iter(self._read("e.idempotency_key = %s", idempotency_key)), None)

    def append(
        self,
        contract_reference: str,
        stored: StoredEvent,
        document: object | None = None,
    ) -> None:
        """Store an event of a contract; its reference is new to the contract."""
        event = stored.event
        self._driver.execute(
            "INSERT INTO business_events (id, event_reference, event_type, event_qualifier, intent, event_date,"
            " effective_date, sequence, contract_id, instruction, before_version, after_version, idempotency_key,"
            " cdm_document) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                identity.business_event_id(contract_reference, event.event_reference),
                event.event_reference,
                stored.event_type.value,
                stored.qualifier,
                event.intent,
                event.event_date,
                event.effective_date,
                event.sequence,
                identity.contract_id(contract_reference),
                Jsonb(event_state(event, stored.reason)),
                stored.before_version,
                stored.after_version,
                stored.idempotency_key,
                None if document is None else Jsonb(document),
            ),
        )

    def put_lot_events(self, before: Contract, events: Iterable[LotEvent], business_event: str | None) -> None:
        """Add what an event did to the lots of a contract. before: the contract that it was applied to.

        The openings of lots without any stored event have to be there or among `events`. business_event: reference of
        the event that did it, None for openings at the booking.
        """
        reference = before.contract_reference
        lots: dict[tuple[int, str], TradeLot | None] = {
            (leg.leg_number, lot.lot_identifier): lot for leg in before.legs for lot in leg.lots
        }
        sequences = self._n_lot_events(reference)
        known = {stored.event.event_reference for stored in self.of_contract(reference)}
        rows = []
        for event in events:
            place = (event.leg_number, event.lot_identifier)
            after = changed(lots.get(place), event)
            lots[place] = after
            key = identity.lot_id(reference, *place)
            sequences[key] = sequences.get(key, 0) + 1
            maker = event.event_reference if event.event_reference in known else business_event
            rows.append(_lot_event_row(key, sequences[key], event, after, reference, maker))
        with self._driver.cursor() as cursor:
            cursor.executemany(_LOT_EVENT, rows)

    def has_lot_events(self, contract_reference: str) -> bool:
        """Whether the openings of a contract's lots are stored."""
        return bool(self._n_lot_events(contract_reference))

    def clear_lot_events(self, contract_reference: str) -> None:
        """Take away the lot events of a contract, before they are written anew."""
        self._driver.execute(
            "DELETE FROM lot_events WHERE lot_id IN (SELECT id FROM trade_lots WHERE contract_id = %s)",
            (identity.contract_id(contract_reference),),
        )

    def remove_lots_but(self, contract: Contract) -> None:
        """Take away lots that a contract no longer has; one that cash flows name stays, with nothing in it."""
        kept = [
            identity.lot_id(contract.contract_reference, leg.leg_number, lot.lot_identifier)
            for leg in contract.legs
            for lot in leg.lots
        ]
        arguments = {"contract": identity.contract_id(contract.contract_reference), "kept": kept}
        self._driver.execute(_REMOVE_LOTS, arguments)
        self._driver.execute(_EMPTY_LOTS, arguments)

    def last_realised(self, contract_reference: str) -> date | None:
        """End of the last period of a contract whose amount is final, None where nothing is.

        What a closing broke off its funding is no period: it ends when the closing settles, after the event.
        """
        row = self._driver.execute(
            "SELECT max(accrual_end_date) FROM cashflows WHERE contract_id = %s"
            " AND cashflow_status IN ('REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'REALIZED_SETTLED')"
            " AND cashflow_type IN ('EQUITY_RETURN', 'INTEREST', 'FIXED_AMOUNT')"
            " AND (cashflow_type <> 'INTEREST' OR business_event_id IS NULL)",
            (identity.contract_id(contract_reference),),
        ).fetchone()
        return None if row is None else row[0]

    def cancel_flows(self, contract: Contract, start: date, event_reference: str) -> int:
        """Cancel what a contract has accrued that begins on or after a day; how many cash flows.

        Those of legs without units (variance, correlation) are cancelled whenever they began, fees never: they were
        agreed. Each move has its history row (spec 07 §14.3).
        """
        unitless = [
            identity.leg_id(contract.contract_reference, leg.leg_number)
            for leg in contract.legs
            if leg.performance is not None and not leg.lots
        ]
        return self._cancel(
            "contract_id = %(contract)s AND cashflow_type <> 'FEES'"
            " AND (accrual_start_date >= %(start)s OR leg_id = ANY(%(unitless)s))",
            contract.contract_reference,
            f"event {event_reference}",
            start,
            unitless=unitless,
        )

    def cancel_flows_of(self, contract_reference: str, undone_reference: str, on: date) -> int:
        """Cancel what is accrued because of an event that was taken back; how many cash flows."""
        return self._cancel(
            "contract_id = %(contract)s AND business_event_id = %(event)s",
            contract_reference,
            f"event {undone_reference} was taken back",
            on,
            event=identity.business_event_id(contract_reference, undone_reference),
        )

    def cancel_flows_but(
        self, contract_reference: str, standing: Sequence[StandingFlow], on: date, event_reference: str
    ) -> int:
        """Cancel what a contract has accrued over periods that it no longer has; how many cash flows.

        Nothing generates them any more, so that they would stay accrued for ever. Dividends are left alone, since they
        come from the market.
        """
        return self._cancel(
            "contract_id = %(contract)s AND cashflow_type <> ALL(%(others)s) AND NOT EXISTS ("
            "SELECT FROM unnest(%(legs)s::uuid[], %(types)s::text[], %(ends)s::date[], %(lots)s::uuid[],"
            " %(events)s::uuid[]) AS f(leg, type, ends, lot, event)"
            " WHERE f.leg = leg_id AND f.type = cashflow_type AND f.ends = accrual_end_date"
            " AND f.lot IS NOT DISTINCT FROM lot_id AND (business_event_id IS NULL OR f.event = business_event_id))",
            contract_reference,
            f"event {event_reference} left no such period",
            on,
            others=["DIVIDEND", "ADJUSTMENT", "CORPORATE_ACTION"],
            legs=[identity.leg_id(contract_reference, one.leg_number) for one in standing],
            types=[one.cashflow_type.value for one in standing],
            ends=[one.end_date for one in standing],
            lots=[
                None if one.lot is None else identity.lot_id(contract_reference, one.leg_number, one.lot)
                for one in standing
            ],
            events=[
                None if one.event is None else identity.business_event_id(contract_reference, one.event)
                for one in standing
            ],
        )

    def _cancel(self, condition: str, contract_reference: str, reason: str, start: date, **more: Any) -> int:
        arguments = {
            "contract": identity.contract_id(contract_reference),
            "start": start,
            "reason": f"{WITHDRAWN}: {reason}",
            **more,
        }
        return int(self._driver.execute(_CANCEL.replace("<condition>", condition), arguments).rowcount)

    def _n_lot_events(self, contract_reference: str) -> dict[UUID, int]:
        rows = self._driver.execute(
            "SELECT e.lot_id, max(e.sequence) FROM lot_events e JOIN trade_lots l ON l.id = e.lot_id"
            " WHERE l.contract_id = %s GROUP BY e.lot_id",
            (identity.contract_id(contract_reference),),
        ).fetchall()
        return dict(rows)

    def _read(self, condition: str, value: str) -> tuple[StoredEvent, ...]:
        with self._driver.cursor(row_factory=dict_row) as cursor:
            cursor.execute(_EVENTS.replace("<condition>", condition), (value,))
            return tuple(_stored(row) for row in cursor.fetchall())


def require_version(stored: StoredContract, expected_version: int) -> None:
    """Refuse a change that was decided on another version than the stored one: InputError CLO-1982."""
    if stored.version != expected_version:
        raise InputError(
            "CLO-1982",
            f"{stored.contract.contract_reference} is at version {stored.version} now, not {expected_version}",
            remedy="Read it again and repeat the change.",
        )


def event_state(event: Event, reason: str | None = None) -> dict[str, Any]:
    """What an event asks for as JSON, with what has no column of its own."""
    return {
        "called": event.event_type.value,
        "instructions": [instruction_json(one) for one in event.instructions],
        "settlement_date": None if event.settlement_date is None else event.settlement_date.isoformat(),
        "fx_rate": event.fx_rate,
        **({} if reason is None else {"reason": reason}),
    }


def _stored(row: dict[str, Any]) -> StoredEvent:
    state = row["instruction"]
    settles = state.get("settlement_date")
    return StoredEvent(
        event=Event(
            event_reference=row["event_reference"],
            event_type=BusinessEventType(state.get("called", row["event_type"])),
            event_date=row["event_date"],
            effective_date=row["effective_date"],
            instructions=tuple(instruction_of(one) for one in state.get("instructions", ())),
            sequence=row["sequence"],
            contract_reference=row["contract_reference"],
            intent=row["intent"],
            settlement_date=None if settles is None else date.fromisoformat(settles),
            fx_rate=state.get("fx_rate"),
        ),
        event_type=BusinessEventType(row["event_type"]),
        qualifier=row["event_qualifier"],
        before_version=row["before_version"],
        after_version=row["after_version"],
        idempotency_key=row["idempotency_key"],
        reason=state.get("reason"),
    )


def _lot_event_row(
    key: UUID, sequence: int, event: LotEvent, after: TradeLot, reference: str, maker: str | None
) -> Sequence[Any]:
    return (
        key,
        sequence,
        None if maker is None else identity.business_event_id(reference, maker),
        event.event_date,
        sql_value(event.quantity_change or 0.0),
        sql_value(event.price),
        sql_value(event.price_adjustment_factor),
        sql_value(after.opened_quantity),
        sql_value(float(after.closed_quantity)),
        sql_value(after.initial_price),
        sql_value(after.notional_amount),
    )


_EVENTS = """
SELECT e.event_reference, e.event_type, e.event_qualifier, e.intent, e.event_date, e.effective_date, e.sequence,
       e.instruction, e.before_version, e.after_version, e.idempotency_key, k.contract_reference
  FROM business_events e
  JOIN contracts k ON k.id = e.contract_id
 WHERE <condition>
 ORDER BY e.after_version, e.created_at, e.event_reference
"""

_LOT_EVENT = """
INSERT INTO lot_events (
    lot_id, sequence, business_event_id, event_date, quantity_change, price, price_adjustment_factor, opened_quantity,
    closed_quantity, initial_price, notional_amount)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_REMOVE_LOTS = """
DELETE FROM trade_lots l
 WHERE l.contract_id = %(contract)s AND l.id <> ALL(%(kept)s::uuid[])
   AND NOT EXISTS (SELECT FROM cashflows c WHERE c.lot_id = l.id)
"""

_EMPTY_LOTS = """
UPDATE trade_lots SET closed_quantity = coalesce(opened_quantity, 0), notional_amount = 0, status = 'CLOSED'
 WHERE contract_id = %(contract)s AND id <> ALL(%(kept)s::uuid[]) AND status <> 'CLOSED'
"""

_CANCEL = """
WITH moved AS (
    UPDATE cashflows SET cashflow_status = 'CANCELLED', version = version + 1
     WHERE <condition> AND cashflow_status = 'ACCRUED'
    RETURNING id, cashflow_reference),
history AS (
    INSERT INTO cashflow_status_history (cashflow_id, from_status, to_status, status_change_reason, effective_date)
    SELECT id, 'ACCRUED', 'CANCELLED', %(reason)s, %(start)s FROM moved)
INSERT INTO payout_outbox (topic, payload)
SELECT 'cashflow.cancelled', jsonb_build_object('cashflow', cashflow_reference, 'reason', %(reason)s::text) FROM moved
"""
