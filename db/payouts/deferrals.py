"""Rules by which payments are put off, what is put off, and what a rule would look at (spec 07 §3.7, §18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from engine.errors import InputError, ReferenceDataError
from engine.payouts.deferral import DeferralCandidate, DeferralRule, DeferralScope, DeferredCashflow
from engine.payouts.enums import CashflowType, DeferralAction, DeferralOutcome, DeferralReason


@dataclass(frozen=True, slots=True)
class OpenDeferral:
    """A deferred cashflow. is_automatic: a rule put it off that lets it be released on its day, without a person."""

    cashflow: DeferredCashflow
    contract_reference: str
    version: int
    is_automatic: bool


@dataclass(frozen=True, slots=True)
class DeferralEpisode:
    """One deferral or extension of a cashflow, open while ended_date is None."""

    deferral_date: date
    expected_realization_date: date | None
    deferral_reason: DeferralReason
    rule_id: str | None
    ended_date: date | None
    outcome: DeferralOutcome | None
    approved_by: str | None


class DeferralRepository:
    """Deferrals and their rules in one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def add_rule(self, rule: DeferralRule) -> DeferralRule:
        """Store a rule; the database gives it its id, the one that it came with is not kept."""
        row = self._driver.execute(
            "INSERT INTO deferral_rules (priority, is_active, reason, scope, action, days, approval_required,"
            " is_released_automatically) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (
                rule.priority,
                rule.is_active,
                rule.reason.value,
                Jsonb(_scope_document(rule.scope)),
                rule.action.value,
                rule.days,
                rule.approval_required,
                rule.releases_automatically,
            ),
        ).fetchone()
        return next(item for item in self.rules() if row is not None and item.rule_id == str(row[0]))

    def rules(self, *, only_active: bool = False) -> tuple[DeferralRule, ...]:
        """Rules in the order in which they are asked."""
        rows = self._driver.execute(
            "SELECT id, priority, reason, action, scope, days, is_active, approval_required, is_released_automatically"
            " FROM deferral_rules WHERE is_active OR NOT %s ORDER BY priority, id::text",
            (only_active,),
        ).fetchall()
        return tuple(_rule(row) for row in rows)

    def rule_id(self, beginning: str) -> str:
        """The id of the rule whose id begins so; it does not matter whether its scope can be read.

        ReferenceDataError CLO-1977 where there is none, InputError CLO-4114 where several ids begin so.
        """
        rows = self._driver.execute(
            "SELECT id::text FROM deferral_rules WHERE %s <> '' AND starts_with(id::text, lower(%s)) ORDER BY 1",
            (beginning, beginning),
        ).fetchall()
        if len(rows) > 1:
            raise InputError(
                "CLO-4114",
                f"{len(rows)} deferral rules have ids that begin with {beginning!r}",
                remedy=f"Give more of the id: {', '.join(row[0] for row in rows)}.",
            )
        if not rows:
            raise ReferenceDataError(
                "CLO-1977", f"There is no deferral rule {beginning!r}", remedy="List the rules to see their ids."
            )
        return str(rows[0][0])

    def deactivate_rule(self, rule_id: str) -> None:
        """End a rule; what it put off stays put off."""
        self._driver.execute("UPDATE deferral_rules SET is_active = false WHERE id::text = %s", (rule_id,))

    def parties(self) -> dict[str, str]:
        """Names of the parties that a rule can be about, by identifier."""
        return dict(
            self._driver.execute(
                "SELECT party_identifier, party_name FROM parties ORDER BY party_identifier"
            ).fetchall()
        )

    def candidates(self, cashflow_ids: Sequence[UUID], as_of: date) -> dict[UUID, DeferralCandidate]:
        """ACCRUED cashflows among those given, as rules see them, by key.

        The next payment date is the first after both the cashflow's own and the day, on which its leg pays.
        """
        rows = self._driver.execute(_CANDIDATES, {"keys": list(cashflow_ids), "as_of": as_of}).fetchall()
        return {
            key: DeferralCandidate(
                cashflow_reference=reference,
                contract_reference=contract,
                cashflow_type=CashflowType(kind),
                currency=currency,
                amount=amount,
                parties=(one, two),
                next_payment_date=following,
            )
            for key, reference, contract, kind, currency, amount, one, two, following in rows
        }

    def deferred(self, as_of: date) -> tuple[OpenDeferral, ...]:
        """Cashflows that are deferred now and were so by a day, in the order of their references."""
        rows = self._driver.execute(_DEFERRED, {"as_of": as_of}).fetchall()
        return tuple(
            OpenDeferral(
                DeferredCashflow(
                    cashflow_reference=reference,
                    deferral_date=since,
                    deferral_reason=DeferralReason(reason),
                    currency=currency,
                    amount=amount,
                    expected_realization_date=expected,
                ),
                contract,
                version,
                is_automatic,
            )
            for reference, contract, version, since, reason, currency, amount, expected, is_automatic in rows
        )

    def episodes(self, cashflow_reference: str) -> tuple[DeferralEpisode, ...]:
        """Deferrals of a cashflow in their order."""
        rows = self._driver.execute(
            "SELECT d.deferral_date, d.expected_realization_date, d.deferral_reason, d.deferral_rule_id::text,"
            " d.ended_date, d.outcome, d.approved_by FROM cashflow_deferrals d JOIN cashflows c ON c.id = d.cashflow_id"
            " WHERE c.cashflow_reference = %s ORDER BY d.deferral_date, d.ended_date NULLS LAST, d.created_at",
            (cashflow_reference,),
        ).fetchall()
        return tuple(
            DeferralEpisode(
                since, expected, DeferralReason(reason), rule, ended, outcome and DeferralOutcome(outcome), by
            )
            for since, expected, reason, rule, ended, outcome, by in rows
        )


def _rule(row: tuple[Any, ...]) -> DeferralRule:
    key, priority, reason, action, scope, days, is_active, needs_approval, is_released = row
    return DeferralRule(
        rule_id=str(key),
        priority=priority,
        reason=DeferralReason(reason),
        action=DeferralAction(action),
        scope=_scope(scope, str(key)),
        days=days,
        is_active=is_active,
        approval_required=needs_approval,
        releases_automatically=is_released,
    )


def _scope_document(scope: DeferralScope) -> dict[str, str]:
    """The fields that are there, by their names; the amount as text, for JSON has no decimals."""
    named = {
        "contract_reference": scope.contract_reference,
        "cashflow_type": None if scope.cashflow_type is None else scope.cashflow_type.value,
        "currency": scope.currency,
        "party": scope.party,
        "amount_below": None if scope.amount_below is None else str(scope.amount_below),
    }
    return {name: value for name, value in named.items() if value is not None}


def _scope(document: dict[str, Any], rule_id: str) -> DeferralScope:
    """The scope of a document. InputError CLO-1979 for a field or value that is none: it must never match too much."""
    known = {"contract_reference", "cashflow_type", "currency", "party", "amount_below"}
    try:
        if not set(document) <= known:
            raise ValueError(f"unknown fields {', '.join(sorted(set(document) - known))}")
        kind, below = document.get("cashflow_type"), document.get("amount_below")
        return DeferralScope(
            contract_reference=document.get("contract_reference"),
            cashflow_type=None if kind is None else CashflowType(kind),
            currency=document.get("currency"),
            party=document.get("party"),
            amount_below=None if below is None else Decimal(str(below)),
        )
    except (ValueError, InvalidOperation) as error:
        raise InputError(
            "CLO-1979",
            f"The scope of a deferral rule cannot be read: {error}",
            where=rule_id,
            remedy=f"Use the fields {', '.join(sorted(known))}, or deactivate the rule.",
        ) from error


_CANDIDATES = """
SELECT c.id, c.cashflow_reference, k.contract_reference, c.cashflow_type, c.currency::text, c.amount,
       payer.party_identifier, receiver.party_identifier,
       least((SELECT min(n.payment_date) FROM cashflows n
               WHERE n.leg_id = c.leg_id AND n.payment_date > greatest(c.payment_date, %(as_of)s::date)),
             (SELECT min(d.adjusted_date)
                FROM payment_schedules s
                JOIN payment_dates d ON d.payment_schedule_id = s.id
                LEFT JOIN performance_payout p ON p.id = s.performance_payout_id
                LEFT JOIN interest_rate_payouts i ON i.id = s.interest_rate_payout_id
               WHERE coalesce(p.leg_id, i.leg_id) = c.leg_id
                 AND d.adjusted_date > greatest(c.payment_date, %(as_of)s::date)))
  FROM cashflows c
  JOIN contracts k ON k.id = c.contract_id
  JOIN parties payer ON payer.id = c.payer_party_id
  JOIN parties receiver ON receiver.id = c.receiver_party_id
 WHERE c.id = ANY(%(keys)s) AND c.cashflow_status = 'ACCRUED'
"""

_DEFERRED = """
SELECT c.cashflow_reference, k.contract_reference, c.version, c.deferral_date, c.deferral_reason, c.currency::text,
       c.settlement_amount, c.expected_realization_date, coalesce(r.is_released_automatically, false)
  FROM cashflows c
  JOIN contracts k ON k.id = c.contract_id
  LEFT JOIN cashflow_deferrals d ON d.cashflow_id = c.id AND d.ended_date IS NULL
  LEFT JOIN deferral_rules r ON r.id = d.deferral_rule_id
 WHERE c.cashflow_status = 'REALIZED_DEFERRED' AND c.deferral_date <= %(as_of)s
 ORDER BY c.cashflow_reference
"""
