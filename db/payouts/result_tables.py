"""What the results workbook reads of a whole book, one statement a subject (spec 07 §16.3, §20.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from db.payouts import report_accruals, report_cashflows, report_pnl
from db.payouts.report_query import COUNT, DATE, MONEY, TEXT, ReportQuery, columns
from db.payouts.reports import reconciled
from engine.payouts.report_table import ReportTable
from engine.payouts.results import ContractPnl, CurrencyMark, DailyPnl, PnlParts


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest finished run of a kind up to a day, and the clock of the database when it was asked."""

    run_id: UUID
    as_of: date
    finished_at: datetime | None
    now: datetime


class ResultRepository:
    """Reports over many contracts at once. contracts: their references; windows include both ends."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def last_run(self, kind: str, as_of: date) -> LastRun | None:
        """The newest finished run of a kind for a day not after as_of."""
        row = self._driver.execute(
            "SELECT run_id, as_of, finished_at, now() FROM job_runs"
            " WHERE kind = %s AND status = 'FINISHED' AND as_of <= %s ORDER BY as_of DESC, finished_at DESC LIMIT 1",
            (kind, as_of),
        ).fetchone()
        return None if row is None else LastRun(*row)

    def reporting_parties(self, contracts: Sequence[str]) -> tuple[str, ...]:
        """Names of the parties from whose side the contracts are seen."""
        rows = self._driver.execute(
            "SELECT DISTINCT p.party_name FROM contracts c JOIN parties p ON p.id = c.reporting_party_id"
            " WHERE c.contract_reference = ANY(%s) ORDER BY p.party_name",
            (list(contracts),),
        ).fetchall()
        return tuple(row[0] for row in rows)

    def contracts(self, contracts: Sequence[str], as_of: date) -> ReportTable:
        """A row a contract: terms, unrealized P&L of its newest snapshots in base currency, and their oldest day."""
        return self._table(_CONTRACTS, {"contracts": list(contracts), "as_of": as_of})

    def cashflows(self, contracts: Sequence[str]) -> ReportTable:
        """R-1 of all these contracts."""
        page = {"place": None, "day": None, "reference": None, "limit": None}
        return self._of_book(report_cashflows.CASHFLOWS, contracts, page)

    def reconciliation(self, contracts: Sequence[str], first: date, last: date) -> ReportTable:
        """R-3 of all these contracts."""
        table = self._of_book(report_accruals.RECONCILIATION, contracts, {"first": first, "last": last})
        rows = tuple((row[0], *reconciled(row[1:])) for row in table.rows)
        return ReportTable(table.code, table.title, table.columns, rows)

    def accruals(self, contracts: Sequence[str], first: date, last: date) -> ReportTable:
        """R-4 of all these contracts."""
        return self._of_book(report_accruals.ACCRUALS, contracts, {"first": first, "last": last})

    def accrued_interest(self, contracts: Sequence[str], first: date, last: date) -> ReportTable:
        """R-5 of all these contracts."""
        return self._of_book(report_accruals.ACCRUED_INTEREST, contracts, {"first": first, "last": last})

    def pnl(self, contracts: Sequence[str], first: date, last: date) -> ReportTable:
        """R-6 of all these contracts, end of day."""
        return self._of_book(report_pnl.PNL, contracts, {"first": first, "last": last, "label": "EOD"})

    def performance(self, contracts: Sequence[str]) -> ReportTable:
        """R-10 of all these contracts."""
        return self._of_book(report_cashflows.PERFORMANCE, contracts, {})

    def marks(self, contracts: Sequence[str], as_of: date) -> tuple[CurrencyMark, ...]:
        """Unrealized P&L by currency: the newest end-of-day row of each leg of the active contracts."""
        rows = self._driver.execute(_MARKS, {"contracts": list(contracts), "as_of": as_of}).fetchall()
        return tuple(
            CurrencyMark(currency=row[0], n_legs=row[1], oldest_day=row[2], parts=_parts(row[3:])) for row in rows
        )

    def attribution(
        self, contracts: Sequence[str], first: date, last: date
    ) -> tuple[tuple[DailyPnl, ...], tuple[ContractPnl, ...]]:
        """Total P&L by component: by day over all contracts, and by contract over all days.

        The first snapshot of a leg only opens its series, as in R-6. Rows with another base currency are summed apart.
        """
        arguments = {"contracts": list(contracts), "first": first, "last": last}
        by_day, by_contract = [], []
        for base, day, reference, *amounts in self._driver.execute(_ATTRIBUTION, arguments).fetchall():
            parts = _parts(amounts)
            if day is not None:
                by_day.append(DailyPnl(day=day, base_currency=base, parts=parts))
            else:
                by_contract.append(ContractPnl(contract_reference=reference, base_currency=base, parts=parts))
        return tuple(by_day), tuple(by_contract)

    def _table(self, query: ReportQuery, arguments: dict[str, Any]) -> ReportTable:
        rows = self._driver.execute(query.sql, arguments).fetchall()
        return ReportTable(query.code, query.title, query.columns, tuple(rows))

    def _of_book(self, query: ReportQuery, contracts: Sequence[str], arguments: dict[str, Any]) -> ReportTable:
        """A report on one contract, for many: its own statement, once for each row of contracts."""
        statement = _OF_BOOK.format(report=query.sql.replace("%(contract)s", "book.id"))
        found = self._driver.execute(statement, {**arguments, "contracts": list(contracts)}).fetchall()
        width = 2 + len(query.columns)
        rows = tuple((row[0], *row[2:width]) for row in found)
        return ReportTable(query.code, query.title, (*columns((TEXT, "contract_reference")), *query.columns), rows)


def _parts(amounts: Sequence[Decimal]) -> PnlParts:
    price, dividend, interest, fx, other, total = amounts
    return PnlParts(price=price, dividend=dividend, interest=interest, fx=fx, other=other, total=total)


_OF_BOOK = """
SELECT book.contract_reference, report.*
  FROM contracts book
  CROSS JOIN LATERAL (SELECT row_number() OVER () AS place, found.* FROM ({report}) found) report
 WHERE book.contract_reference = ANY(%(contracts)s)
 ORDER BY book.contract_reference, report.place
"""

_CONTRACTS = ReportQuery(
    code="BOOK",
    name="contracts",
    title="Contracts",
    columns=columns(
        (TEXT, "contract_reference contract_type contract_status counterparty underliers"),
        (DATE, "trade_date effective_date termination_date"),
        (MONEY, "notional_amount"),
        (TEXT, "notional_currency base_currency"),
        (MONEY, "unrealized_pnl"),
        (DATE, "valued_on"),
        (COUNT, "version"),
    ),
    # The notional is that of the first equity leg. Legs with different base currencies are not added up.
    sql="""
SELECT c.contract_reference, c.contract_type, c.contract_status, other.party_name AS counterparty,
       coalesce((SELECT string_agg(u.underlier_reference, ', ' ORDER BY u.underlier_reference)
                   FROM performance_payout p JOIN underliers u ON u.performance_payout_id = p.id
                  WHERE p.contract_id = c.id), '') AS underliers,
       c.trade_date, c.effective_date, c.termination_date, l.notional_amount, l.notional_currency, m.base,
       m.unrealized_pnl, m.valued_on, c.version
  FROM contracts c
  JOIN parties other
    ON other.id = CASE WHEN c.reporting_party_id = c.party1_id THEN c.party2_id ELSE c.party1_id END
  LEFT JOIN LATERAL (SELECT notional_amount, notional_currency FROM contract_legs
                      WHERE contract_id = c.id ORDER BY (leg_type <> 'EQUITY_LEG'), leg_number LIMIT 1) l ON true
  LEFT JOIN LATERAL (
        SELECT CASE WHEN count(DISTINCT n.base) = 1 THEN min(n.base) END AS base,
               CASE WHEN count(DISTINCT n.base) = 1 THEN sum(n.amount) END AS unrealized_pnl,
               min(n.valuation_date) AS valued_on
          FROM contract_legs g
          CROSS JOIN LATERAL (
                SELECT coalesce(u.base_currency, u.unrealized_pnl_currency)::text AS base, u.valuation_date,
                       coalesce(u.base_currency_amount, u.unrealized_pnl_amount) AS amount
                  FROM unrealized_pnl_timeseries u
                 WHERE u.contract_id = c.id AND u.leg_id = g.id AND u.snapshot_label = 'EOD'
                   AND u.valuation_date <= %(as_of)s
                 ORDER BY u.valuation_date DESC LIMIT 1) n
         WHERE g.contract_id = c.id) m ON true
 WHERE c.contract_reference = ANY(%(contracts)s)
 ORDER BY c.contract_reference
""",
)

_MARKS = """
SELECT n.currency, count(*), min(n.valuation_date), sum(n.price), sum(n.dividend), sum(n.interest), sum(n.fx),
       sum(n.other), sum(n.total)
  FROM contracts c
  JOIN contract_legs l ON l.contract_id = c.id
  CROSS JOIN LATERAL (
        SELECT u.unrealized_pnl_currency::text AS currency, u.valuation_date, u.price_pnl_amount AS price,
               u.dividend_pnl_amount AS dividend, u.interest_pnl_amount AS interest, u.fx_pnl_amount AS fx,
               u.other_pnl_amount AS other, u.unrealized_pnl_amount AS total
          FROM unrealized_pnl_timeseries u
         WHERE u.contract_id = c.id AND u.leg_id = l.id AND u.snapshot_label = 'EOD'
           AND u.valuation_date <= %(as_of)s
         ORDER BY u.valuation_date DESC LIMIT 1) n
 WHERE c.contract_reference = ANY(%(contracts)s) AND c.contract_status = 'ACTIVE'
 GROUP BY n.currency
 ORDER BY n.currency
"""

# Changes run from snapshot to snapshot of a leg, from the last one before the window on; `rate` is the base rate.
# What the stored snapshot calls realised is split by the cashflows realised since; what they do not explain is other.
_ATTRIBUTION = """
WITH snapshots AS (
    SELECT c.contract_reference, u.leg_id, u.valuation_date AS day,
           coalesce(u.base_currency, u.unrealized_pnl_currency)::text AS base, coalesce(u.base_fx_rate, 1) AS rate,
           u.unrealized_pnl_amount AS mark, u.price_pnl_amount AS price, u.dividend_pnl_amount AS dividend,
           u.interest_pnl_amount AS interest, u.fx_pnl_amount AS fx, u.other_pnl_amount AS other,
           u.realized_since_previous AS realized
      FROM contracts c
      JOIN contract_legs l ON l.contract_id = c.id
      CROSS JOIN LATERAL (
            SELECT max(b.valuation_date) AS day FROM unrealized_pnl_timeseries b
             WHERE b.contract_id = c.id AND b.leg_id = l.id AND b.snapshot_label = 'EOD'
               AND b.valuation_date < %(first)s) before
      JOIN unrealized_pnl_timeseries u
        ON u.contract_id = c.id AND u.leg_id = l.id AND u.snapshot_label = 'EOD'
       AND u.valuation_date >= coalesce(before.day, %(first)s) AND u.valuation_date <= %(last)s
     WHERE c.contract_reference = ANY(%(contracts)s)
), changes AS (
    SELECT s.*, lag(day) OVER w AS day_before, lag(rate) OVER w AS rate_before, lag(mark) OVER w AS mark_before,
           price - lag(price) OVER w AS price_change, dividend - lag(dividend) OVER w AS dividend_change,
           interest - lag(interest) OVER w AS interest_change, fx - lag(fx) OVER w AS fx_change,
           other - lag(other) OVER w AS other_change
      FROM snapshots s
    WINDOW w AS (PARTITION BY leg_id, base ORDER BY day)
), split AS (
    SELECT d.*, coalesce(r.equity, 0) AS equity, coalesce(r.dividends, 0) AS dividends,
           coalesce(r.interests, 0) AS interests, coalesce(r.is_reset, false) AS is_reset
      FROM changes d
      LEFT JOIN LATERAL (
            SELECT sum(f.settlement_amount) FILTER (WHERE f.cashflow_type = 'EQUITY_RETURN') AS equity,
                   sum(f.settlement_amount) FILTER (WHERE f.cashflow_type = 'DIVIDEND') AS dividends,
                   sum(f.settlement_amount) FILTER (WHERE f.cashflow_type = 'INTEREST') AS interests,
                   bool_or(f.cashflow_type = 'EQUITY_RETURN') AS is_reset
              FROM cashflows f
             WHERE f.leg_id = d.leg_id AND f.realization_date > d.day_before AND f.realization_date <= d.day) r ON true
     WHERE d.day_before IS NOT NULL AND d.day >= %(first)s
), parts AS (
    SELECT base, day, contract_reference,
           rate * (price_change + equity + CASE WHEN is_reset THEN fx_change ELSE 0 END) AS price,
           rate * (dividend_change + dividends) AS dividend, rate * (interest_change + interests) AS interest,
           CASE WHEN is_reset THEN 0 ELSE rate * fx_change END + mark_before * (rate - rate_before) AS fx,
           rate * (other_change + realized - equity - dividends - interests) AS other,
           mark * rate - mark_before * rate_before + realized * rate AS total
      FROM split
)
SELECT base, day, contract_reference, sum(price), sum(dividend), sum(interest), sum(fx), sum(other), sum(total)
  FROM parts
 GROUP BY GROUPING SETS ((base, day), (base, contract_reference))
 ORDER BY base, day NULLS LAST, sum(total) DESC, contract_reference
"""
