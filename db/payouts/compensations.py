"""Interest on amounts that are paid late, stored as cashflows of their own (spec 07 §17, §18.3)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg

from db.payouts import identity
from db.payouts.cashflow_records import Compensation


class CompensationRepository:
    """Compensations of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def add(self, compensations: Sequence[Compensation], as_of: date) -> int:
        """Store compensations as ACCRUED adjustments, which the next end of day realises; how many are new.

        They point to what they compensate by name and do not supersede it, for they are no part of its corrections.
        """
        rows = [
            {
                "id": identity.cashflow_id(item.cashflow_reference),
                "reference": item.cashflow_reference,
                "compensates": item.compensates,
                "amount": item.amount,
                "due": item.due,
                "paid": item.paid,
                "payment_date": item.payment_date,
                "method": item.calculation_method,
                "as_of": as_of,
            }
            for item in compensations
        ]
        if not rows:
            return 0
        with self._driver.cursor() as cursor:
            cursor.executemany(_ADD_COMPENSATION, rows)
            return int(cursor.rowcount)


_ADD_COMPENSATION = """
WITH added AS (
    INSERT INTO cashflows (
        id, cashflow_reference, contract_id, leg_id, performance_payout_id, interest_rate_payout_id,
        fixed_price_payout_id, lot_id, dividend_event_id, cashflow_type, cashflow_subtype, generation_sequence, amount,
        currency, payer_party_id, receiver_party_id, accrual_start_date, accrual_end_date, payment_date,
        calculation_date, calculation_method, business_metadata)
    SELECT %(id)s, %(reference)s, c.contract_id, c.leg_id, c.performance_payout_id, c.interest_rate_payout_id,
           c.fixed_price_payout_id, c.lot_id, c.dividend_event_id, 'ADJUSTMENT', 'COMPENSATION',
           -- One of several that are compensated between the same days: told apart by what they compensate.
           ('x' || substr(md5(%(reference)s), 1, 6))::bit(24)::int, %(amount)s, c.currency,
           CASE WHEN (%(amount)s::numeric < 0) = (coalesce(c.settlement_amount, c.amount) < 0)
                THEN c.payer_party_id ELSE c.receiver_party_id END,
           CASE WHEN (%(amount)s::numeric < 0) = (coalesce(c.settlement_amount, c.amount) < 0)
                THEN c.receiver_party_id ELSE c.payer_party_id END,
           %(due)s, %(paid)s, %(payment_date)s, %(as_of)s, %(method)s,
           jsonb_build_object('compensates', %(compensates)s::text)
      FROM cashflows c WHERE c.cashflow_reference = %(compensates)s
        ON CONFLICT (id) DO NOTHING
    RETURNING id)
INSERT INTO cashflow_status_history (cashflow_id, from_status, to_status, status_change_reason, effective_date)
SELECT id, NULL, 'ACCRUED', 'compensation', %(as_of)s FROM added
"""
