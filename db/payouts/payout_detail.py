"""A performance payout rebuilt from its rows (spec 07 §21): nine statements, whatever it holds.

Numbers come back at the scale of their columns. Children without an order of their own come in the order of their key:
schedules by role, FX features by kind, payout ratios by constituent, identifiers by scheme, first day and name;
constituents of a basket by position.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from db.payouts.mapping import record, table
from engine.payouts.enums import (
    ContractStatus,
    ContractType,
    IdentifierScheme,
    LegDirection,
    PerformanceCalculationMethod,
    ReturnType,
    ScheduleRole,
    Side,
)
from engine.payouts.terms.borrow import BorrowFee, BorrowRateStep
from engine.payouts.terms.parties import Instrument, InstrumentIdentifier
from engine.payouts.terms.performance import (
    BasketComposition,
    BasketConstituent,
    FxFeature,
    PerformancePayout,
    Underlier,
)
from engine.payouts.terms.returns import (
    CorrelationReturnTerms,
    DividendPayoutRatio,
    DividendPeriod,
    DividendReturnTerms,
    PriceReturnTerms,
    ReturnTerms,
    VarianceVolatilityTerms,
)
from engine.payouts.terms.schedules import PaymentDate, PaymentSchedule, ScheduledDate, ValuationSchedule

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractHeader:
    """What a reader of a payout wants to know of its contract. Parties are names."""

    contract_reference: str
    contract_type: ContractType
    contract_status: ContractStatus
    trade_date: date
    effective_date: date
    termination_date: date | None
    party1: str
    party2: str
    reporting_party: str
    settlement_currency: str | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutDetail:
    """A payout as the tables hold it, its contract and its leg."""

    payout_id: UUID
    contract: ContractHeader
    leg_number: int
    leg_direction: LegDirection
    notional_amount: float | None
    notional_currency: str | None
    payout: PerformancePayout


def read_detail(driver: psycopg.Connection[Any], condition: str, values: tuple[Any, ...]) -> PayoutDetail | None:
    """The payout that a condition on payout p, contract k and leg l picks; None where there is none."""
    rows = _Rows(driver)
    head = rows.first(_HEAD.replace("<condition>", condition), values)
    if head is None:
        return None
    key = head["payout_id"]
    basket = rows.all(_BASKET, (head["underlier_id"],))
    identifiers = _identifiers(rows, [head["i__id"], *(row["i__id"] for row in basket)])
    payout = record(
        PerformancePayout,
        _part(head, "p"),
        underlier=record(
            Underlier,
            _part(head, "u"),
            instrument=_instrument(head, identifiers),
            compositions=tuple(_compositions(basket, identifiers)),
        ),
        returns=_returns(rows, key),
        valuation_schedules=_valuation_schedules(rows.all(_VALUATIONS, (key,))),
        payment_schedules=_payment_schedules(rows.all(_PAYMENTS, (key,))),
        fx_features=tuple(record(FxFeature, _part(row, "f")) for row in rows.all(_FX, (key,))),
        borrow_fee=_borrow_fee(head),
    )
    return PayoutDetail(
        payout_id=key,
        contract=record(ContractHeader, _part(head, "k")),
        leg_number=head["leg_number"],
        leg_direction=LegDirection(head["leg_direction"]),
        notional_amount=head["notional_amount"],
        notional_currency=head["notional_currency"],
        payout=payout,
    )


class _Rows:
    """Statements on one connection."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def all(self, statement: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
        with self._driver.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, values).fetchall()

    def first(self, statement: str, values: tuple[Any, ...]) -> dict[str, Any] | None:
        found = self.all(statement, values)
        return found[0] if found else None


def _part(row: Row, alias: str) -> dict[str, Any]:
    """The columns of one table of a joined row, under their own names."""
    head = f"{alias}__"
    return {name[len(head) :]: value for name, value in row.items() if name.startswith(head)}


def _identifiers(rows: _Rows, instruments: Iterable[UUID | None]) -> dict[UUID, tuple[InstrumentIdentifier, ...]]:
    found: dict[UUID, list[InstrumentIdentifier]] = {}
    wanted = sorted({key for key in instruments if key is not None})
    for row in rows.all(_IDENTIFIERS, (wanted,)):
        found.setdefault(row["instrument_id"], []).append(record(InstrumentIdentifier, _part(row, "n")))
    return {key: tuple(sorted(names, key=_identifier_order)) for key, names in found.items()}


def _identifier_order(name: InstrumentIdentifier) -> tuple[int, date, str]:
    return list(IdentifierScheme).index(name.scheme), name.valid_from, name.identifier


def _instrument(row: Row, identifiers: Mapping[UUID, tuple[InstrumentIdentifier, ...]]) -> Instrument | None:
    if row["i__id"] is None:
        return None
    return record(Instrument, _part(row, "i"), identifiers=identifiers.get(row["i__id"], ()))


def _compositions(
    rows: list[dict[str, Any]], identifiers: Mapping[UUID, tuple[InstrumentIdentifier, ...]]
) -> Iterator[BasketComposition]:
    for members in _groups(rows, "composition_id"):
        constituents = tuple(
            record(BasketConstituent, _part(row, "x"), instrument=_instrument(row, identifiers))
            for row in members
            if row["i__id"] is not None
        )
        yield record(BasketComposition, _part(members[0], "b"), constituents=constituents)


def _borrow_fee(row: Row) -> BorrowFee | None:
    if row["h__rate"] is None:
        return None
    steps = zip(row["step_dates"], row["step_rates"], strict=True)
    return record(
        BorrowFee,
        _part(row, "h"),
        payer=Side.PARTY1 if row["is_paid_by_party1"] else Side.PARTY2,
        steps=tuple(BorrowRateStep(step_date=on, rate=float(rate)) for on, rate in steps),
    )


def _returns(rows: _Rows, payout: UUID) -> ReturnTerms:
    by_type = {ReturnType(row["return_type"]): row for row in rows.all(_RETURNS, (payout,))}
    methods = {row["performance_calculation_method"] for row in by_type.values()}
    terms: dict[str, Any] = {}
    for return_type, row in by_type.items():
        if return_type is ReturnType.PRICE:
            terms["price"] = record(PriceReturnTerms, _part(row, "price"))
        elif return_type is ReturnType.CORRELATION:
            terms["correlation"] = record(CorrelationReturnTerms, _part(row, "corr"))
        elif return_type is not ReturnType.DIVIDEND:
            terms[return_type.value.lower()] = record(VarianceVolatilityTerms, _part(row, "var"))
    ratios, periods = rows.all(_RATIOS, (payout,)), rows.all(_PERIODS, (payout,))
    if ReturnType.DIVIDEND in by_type:
        terms["dividend"] = record(
            DividendReturnTerms,
            _part(by_type[ReturnType.DIVIDEND], "div"),
            payout_ratios=tuple(record(DividendPayoutRatio, _part(row, "r")) for row in ratios),
            periods=tuple(record(DividendPeriod, _part(row, "d")) for row in periods),
        )
    return ReturnTerms(performance_calculation_method=PerformanceCalculationMethod(methods.pop()), **terms)


def _valuation_schedules(rows: list[dict[str, Any]]) -> tuple[ValuationSchedule, ...]:
    made = [
        record(
            ValuationSchedule,
            _part(members[0], "s"),
            dates=tuple(record(ScheduledDate, _part(row, "d")) for row in members if row["d__sequence"] is not None),
        )
        for members in _groups(rows, "schedule_id")
    ]
    return tuple(sorted(made, key=lambda schedule: _ROLES.index(schedule.role)))


def _payment_schedules(rows: list[dict[str, Any]]) -> tuple[PaymentSchedule, ...]:
    made = [
        record(
            PaymentSchedule,
            _part(members[0], "s"),
            dates=tuple(record(PaymentDate, _part(row, "d")) for row in members if row["d__sequence"] is not None),
        )
        for members in _groups(rows, "schedule_id")
    ]
    return tuple(sorted(made, key=lambda schedule: _ROLES.index(schedule.role)))


def _groups(rows: list[dict[str, Any]], key: str) -> Iterator[list[dict[str, Any]]]:
    """Rows that follow each other and have the same key."""
    for _, members in groupby(rows, key=lambda row: row[key]):
        yield list(members)


_ROLES = list(ScheduleRole)


@cache
def _selected(alias: str, kind: Any, table_name: str) -> str:
    """The columns of a table that have a field of a record, named by the alias and themselves."""
    known = set(table(table_name).columns.keys())
    names = [item.name for item in fields(kind) if item.name in known]
    return ", ".join(f"{alias}.{name} AS {alias}__{name}" for name in names)


_INSTRUMENT = f"""i.id AS i__id, {_selected("i", Instrument, "instruments")},
       (SELECT t.reference FROM instruments t WHERE t.id = i.successor_instrument_id) AS i__successor_reference
"""  # noqa: S608 (names of the catalogue)

_HEAD = f"""
SELECT p.id AS payout_id, u.id AS underlier_id, l.leg_number, l.leg_direction,
       l.notional_amount::float8 AS notional_amount, l.notional_currency,
       {_selected("k", ContractHeader, "contracts")},
       p1.party_name AS k__party1, p2.party_name AS k__party2,
       CASE k.reporting_party_id WHEN k.party1_id THEN p1.party_name ELSE p2.party_name END AS k__reporting_party,
       {_selected("p", PerformancePayout, "performance_payout")},
       {_selected("u", Underlier, "underliers")}, {_selected("h", BorrowFee, "borrow_fees")},
       h.payer_party_id = k.party1_id AS is_paid_by_party1,
       ARRAY(SELECT s.step_date FROM borrow_rate_steps s WHERE s.borrow_fee_id = h.id ORDER BY 1) AS step_dates,
       ARRAY(SELECT s.rate FROM borrow_rate_steps s WHERE s.borrow_fee_id = h.id ORDER BY s.step_date) AS step_rates,
       {_INSTRUMENT}
  FROM performance_payout p
  JOIN contracts k ON k.id = p.contract_id
  JOIN contract_legs l ON l.id = p.leg_id
  JOIN parties p1 ON p1.id = k.party1_id
  JOIN parties p2 ON p2.id = k.party2_id
  JOIN underliers u ON u.performance_payout_id = p.id
  LEFT JOIN borrow_fees h ON h.performance_payout_id = p.id
  LEFT JOIN instruments i ON i.id = u.instrument_id
 WHERE <condition>
"""  # noqa: S608 (names of the catalogue)

_BASKET = f"""
SELECT b.id AS composition_id, {_selected("b", BasketComposition, "basket_compositions")},
       {_selected("x", BasketConstituent, "basket_constituents")}, {_INSTRUMENT}
  FROM basket_compositions b
  LEFT JOIN basket_constituents x ON x.composition_id = b.id
  LEFT JOIN instruments i ON i.id = x.constituent_instrument_id
 WHERE b.basket_underlier_id = %s
 ORDER BY b.effective_from, x.position, i.reference
"""  # noqa: S608 (names of the catalogue)

_IDENTIFIERS = f"""
SELECT n.instrument_id, {_selected("n", InstrumentIdentifier, "instrument_identifiers")}
  FROM instrument_identifiers n WHERE n.instrument_id = ANY(%s)
"""  # noqa: S608 (names of the catalogue)

_RETURNS = f"""
SELECT t.return_type, t.performance_calculation_method, {_selected("price", PriceReturnTerms, "price_return_terms")},
       {_selected("div", DividendReturnTerms, "dividend_return_terms")},
       {_selected("var", VarianceVolatilityTerms, "variance_volatility_terms")},
       {_selected("corr", CorrelationReturnTerms, "correlation_return_terms")}
  FROM return_terms t
  LEFT JOIN price_return_terms price ON price.return_terms_id = t.id
  LEFT JOIN dividend_return_terms div ON div.return_terms_id = t.id
  LEFT JOIN variance_volatility_terms var ON var.return_terms_id = t.id
  LEFT JOIN correlation_return_terms corr ON corr.return_terms_id = t.id
 WHERE t.performance_payout_id = %s
"""  # noqa: S608 (names of the catalogue)

_RATIOS = f"""
SELECT i.reference AS r__constituent_reference, {_selected("r", DividendPayoutRatio, "dividend_payout_ratios")}
  FROM return_terms t
  JOIN dividend_return_terms v ON v.return_terms_id = t.id
  JOIN dividend_payout_ratios r ON r.dividend_return_terms_id = v.id
  JOIN instruments i ON i.id = r.constituent_instrument_id
 WHERE t.performance_payout_id = %s
 ORDER BY i.reference
"""  # noqa: S608 (names of the catalogue)

_PERIODS = f"""
SELECT i.reference AS d__constituent_reference, {_selected("d", DividendPeriod, "dividend_periods")}
  FROM return_terms t
  JOIN dividend_return_terms v ON v.return_terms_id = t.id
  JOIN dividend_periods d ON d.dividend_return_terms_id = v.id
  LEFT JOIN instruments i ON i.id = d.constituent_instrument_id
 WHERE t.performance_payout_id = %s
 ORDER BY d.period_number, i.reference NULLS FIRST
"""  # noqa: S608 (names of the catalogue)

_FX = f"""
SELECT {_selected("f", FxFeature, "fx_features")} FROM fx_features f
 WHERE f.performance_payout_id = %s ORDER BY f.fx_feature_type
"""  # noqa: S608 (names of the catalogue)

_VALUATIONS = f"""
SELECT s.id AS schedule_id, {_selected("s", ValuationSchedule, "valuation_schedules")},
       {_selected("d", ScheduledDate, "valuation_dates")}
  FROM valuation_schedules s
  LEFT JOIN valuation_dates d ON d.valuation_schedule_id = s.id
 WHERE s.performance_payout_id = %s
 ORDER BY s.id, d.sequence
"""  # noqa: S608 (names of the catalogue)

_PAYMENTS = f"""
SELECT s.id AS schedule_id, {_selected("s", PaymentSchedule, "payment_schedules")},
       {_selected("d", PaymentDate, "payment_dates")}
  FROM payment_schedules s
  LEFT JOIN payment_dates d ON d.payment_schedule_id = s.id
 WHERE s.performance_payout_id = %s
 ORDER BY s.id, d.sequence
"""  # noqa: S608 (names of the catalogue)
