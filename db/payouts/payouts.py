"""Performance payouts: finders over the book, and one payout whole (spec 07 §21).

Finders list each payout once, in the order of contract and leg, page by page. A payout read whole comes from the tables
of its terms, in nine statements whatever it holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import kwargs_row

from db.payouts.arguments import require_positive, unknown_page
from db.payouts.payout_detail import PayoutDetail, read_detail
from engine.errors import ReferenceDataError
from engine.payouts.enums import ReturnType, UnderlierType

PAGE = 200
"""Payouts of a page, unless told."""


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One payout in a list. return_types: in the order of their names."""

    payout_id: UUID
    contract_reference: str
    contract_status: str
    leg_number: int
    leg_direction: str
    payout_name: str | None
    is_active: bool
    underlier_type: str
    underlier_reference: str
    underlier_name: str | None
    return_types: tuple[str, ...]
    notional_mode: str
    notional_amount: float | None
    notional_currency: str | None
    settlement_currency: str | None
    cdm_global_key: str | None


@dataclass(frozen=True, slots=True)
class PayoutPage:
    """Some payouts. next_page is what the next call takes as `after`, None where these are the last."""

    lines: tuple[PayoutLine, ...]
    next_page: str | None


class PayoutRepository:
    """Performance payouts of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def by_contract(self, contract_reference: str, *, limit: int = PAGE, after: str | None = None) -> PayoutPage:
        """The payouts of a contract; none where there is no such contract."""
        return self._page("k.contract_reference = %(value)s", contract_reference, limit, after)

    def by_leg(
        self, contract_reference: str, leg_number: int, *, limit: int = PAGE, after: str | None = None
    ) -> PayoutPage:
        """The payout of a leg; none where the leg has no performance payout."""
        condition = "k.contract_reference = %(value)s AND l.leg_number = %(number)s"
        return self._page(condition, contract_reference, limit, after, number=leg_number)

    def active(self, *, limit: int = PAGE, after: str | None = None) -> PayoutPage:
        """Payouts that are active."""
        return self._page("p.is_active", None, limit, after)

    def by_cdm_key(self, cdm_global_key: str, *, limit: int = PAGE, after: str | None = None) -> PayoutPage:
        """Payouts of a CDM key, which is not unique: the same terms have the same key."""
        return self._page("p.cdm_global_key = %(value)s", cdm_global_key, limit, after)

    def by_underlier_type(
        self, underlier_type: UnderlierType, *, limit: int = PAGE, after: str | None = None
    ) -> PayoutPage:
        """Payouts on single stocks, indices, baskets and so on."""
        return self._page("u.underlier_type = %(value)s", underlier_type.value, limit, after)

    def by_instrument(self, reference: str, *, limit: int = PAGE, after: str | None = None) -> PayoutPage:
        """Payouts on an instrument, directly or as a constituent of a basket at any time."""
        return self._page(_ON_INSTRUMENT, reference, limit, after)

    def by_return_type(self, return_type: ReturnType, *, limit: int = PAGE, after: str | None = None) -> PayoutPage:
        """Payouts that have a return of this type."""
        condition = (
            "EXISTS (SELECT FROM return_terms t WHERE t.performance_payout_id = p.id AND t.return_type = %(value)s)"
        )
        return self._page(condition, return_type.value, limit, after)

    def detail(self, contract_reference: str, leg_number: int) -> PayoutDetail:
        """The payout of a leg with its contract's header. ReferenceDataError CLO-1983 where there is none."""
        found = read_detail(
            self._driver, "k.contract_reference = %s AND l.leg_number = %s", (contract_reference, leg_number)
        )
        return _required(found, f"Leg {leg_number} of {contract_reference} has no performance payout")

    def detail_of(self, payout_id: UUID) -> PayoutDetail:
        """The payout of a row key with its contract's header. ReferenceDataError CLO-1983 where there is none."""
        found = read_detail(self._driver, "p.id = %s", (payout_id,))
        return _required(found, f"There is no performance payout {payout_id}")

    def _page(self, condition: str, value: Any, limit: int, after: str | None, *, number: int = 0) -> PayoutPage:
        require_positive("limit", limit)
        reference, leg_number = _place(after)
        arguments = {
            "value": value,
            "number": number,
            "limit": limit + 1,
            "reference": reference,
            "leg_number": leg_number,
        }
        with self._driver.cursor(row_factory=kwargs_row(_line)) as cursor:
            cursor.execute(_LINES.replace("<condition>", condition), arguments)
            found: Sequence[PayoutLine] = cursor.fetchall()
        last = found[limit - 1] if len(found) > limit else None
        next_page = None if last is None else f"{last.leg_number} {last.contract_reference}"
        return PayoutPage(tuple(found[:limit]), next_page)


def _line(*, return_types: list[str], **columns: Any) -> PayoutLine:
    return PayoutLine(return_types=tuple(return_types), **columns)


def _required(found: PayoutDetail | None, problem: str) -> PayoutDetail:
    if found is None:
        raise ReferenceDataError("CLO-1983", problem, remedy="See all with clodesk swaps book.")
    return found


def _place(after: str | None) -> tuple[str | None, int | None]:
    """Contract and leg after which a page begins."""
    if after is None:
        return None, None
    number, _, reference = after.partition(" ")
    if not number.isdecimal() or not reference:
        raise unknown_page(after)
    return reference, int(number)


_ON_INSTRUMENT = """
(u.instrument_id = (SELECT id FROM instruments WHERE reference = %(value)s)
 OR EXISTS (SELECT FROM basket_constituents x JOIN basket_compositions b ON b.id = x.composition_id
             WHERE b.basket_underlier_id = u.id
               AND x.constituent_instrument_id = (SELECT id FROM instruments WHERE reference = %(value)s)))
"""

# One row a payout: what may be there several times is asked for with EXISTS or gathered in a list (D-48).
_LINES = """
SELECT p.id AS payout_id, k.contract_reference, k.contract_status, l.leg_number, l.leg_direction, p.payout_name,
       p.is_active, u.underlier_type, u.underlier_reference, u.underlier_name,
       ARRAY(SELECT r.return_type FROM return_terms r WHERE r.performance_payout_id = p.id ORDER BY r.return_type)
       AS return_types,
       p.notional_mode, l.notional_amount::float8 AS notional_amount, l.notional_currency, p.settlement_currency,
       p.cdm_global_key
  FROM performance_payout p
  JOIN contracts k ON k.id = p.contract_id
  JOIN contract_legs l ON l.id = p.leg_id
  JOIN underliers u ON u.performance_payout_id = p.id
 WHERE (<condition>)
   AND (%(reference)s::text IS NULL
        OR (k.contract_reference, l.leg_number) > (%(reference)s::text, %(leg_number)s::int))
 ORDER BY k.contract_reference, l.leg_number
 LIMIT %(limit)s
"""
