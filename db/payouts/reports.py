"""The reports R-1 to R-15, one method each (spec 07 §20.4); what they select stands in `report_*.py`.

All read the tables themselves, not the materialized views, and see what is stored now: `as_of` ages amounts and cuts
series, it does not bring back statuses of the past. Windows include both ends. Amounts are signed as the reporting
party sees them, positive is received. A contract that does not exist is a ReferenceDataError CLO-1983, an argument that
makes no sense an InputError CLO-1992.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import psycopg

from db.payouts import report_accruals, report_cashflows, report_deferrals, report_pnl, report_settlement
from db.payouts.arguments import argument_error, require_positive, unknown_page
from db.payouts.report_query import ReportQuery
from engine.conventions.days import day_number
from engine.errors import ReferenceDataError
from engine.payouts.money import is_negligible
from engine.payouts.report_table import Cell, ReportTable
from engine.payouts.risk import PnlSnapshots, RiskNumbers, book_risk

PAGE = 500
"""Rows of a page, unless told."""

_LONGEST_CLOSURE = 14
"""Calendar days for which no market stays closed."""


class ReportRepository:
    """The reports of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def cashflows(self, contract: str, *, limit: int = PAGE, after: str | None = None) -> ReportTable:
        """R-1: cashflows of a contract by status, payment date and reference, page by page.

        after: `next_page` of the page before.
        """
        query = report_cashflows.CASHFLOWS
        place, day, reference = _page_key(after)
        key = {"place": _whole(place, after), "day": _day(day, after), "reference": reference}
        return self._page(query, limit, {"contract": self._key(contract), **key})

    def deferrals(self, as_of: date, *, includes_future: bool = False) -> ReportTable:
        """R-2: deferred cashflows that are overdue, without a date or due on the day, in this order.

        includes_future: those that are due soon or later too, that is the ageing of everything deferred.
        """
        return self._table(report_deferrals.DEFERRALS, {"as_of": as_of, "includes_future": includes_future})

    def reconciliation(self, contract: str, first: date, last: date) -> ReportTable:
        """R-3: of each cashflow whose period touches the window, the sum of its daily accruals against its amount.

        Sums go over all days up to the end of the period, whatever the window. MATCH below half a minor unit of the
        currency, else MISMATCH; ONLY_DAILY and ONLY_PERIOD where a side is missing. Daily rows that are booked to
        another leg or currency than their cashflow are ONLY_DAILY. Periods that reach into an archived year are left
        out.
        """
        query = report_accruals.RECONCILIATION
        rows = (reconciled(row) for row in self._rows(query, self._window(contract, first, last)))
        return _report(query, rows)

    def accruals(self, contract: str, first: date, last: date) -> ReportTable:
        """R-4: daily accruals of a contract day by day."""
        return self._table(report_accruals.ACCRUALS, self._window(contract, first, last))

    def accrued_interest(self, contract: str, first: date, last: date) -> ReportTable:
        """R-5: interest accrued in a window by cashflow: sum of the days, last cumulative, sum of year fractions."""
        return self._table(report_accruals.ACCRUED_INTEREST, self._window(contract, first, last))

    def pnl(self, contract: str, first: date, last: date, *, label: str = "EOD") -> ReportTable:
        """R-6: unrealized P&L by leg and day with its components; total P&L is empty on the first day ever."""
        return self._table(report_pnl.PNL, {**self._window(contract, first, last), "label": label})

    def risk(self, first: date, last: date, *, contract: str | None = None) -> ReportTable:
        """R-7: risk numbers of total P&L by leg, by contract and of everything together, in base currency.

        contract: one instead of the whole book. Under 20 days the numbers are empty and `reason` says so; under 100
        those at 99 % rest on too few days, a `low_sample`. The numbers are those of `engine.payouts.risk`; rows with
        another base currency make a book of their own.
        """
        _require_order(first, last)
        key = None if contract is None else self._key(contract)
        query = report_pnl.RISK
        statement = {"contract": key, "first": first, "last": last}
        found: dict[str, dict[tuple[str, int], list[tuple[int, float, float]]]] = {}
        for reference, leg_number, base, *numbers in self._driver.execute(query.sql, statement).fetchall():
            found.setdefault(base, {}).setdefault((reference, leg_number), []).append((*numbers,))
        rows: list[tuple[Cell, ...]] = []
        for base in sorted(found):
            rows += _risk_rows(base, found[base], day_number(first), day_number(last))
        return _report(query, rows)

    def end_of_day(
        self, as_of: date, *, business_days: int = 5, limit: int = PAGE, after: str | None = None
    ) -> ReportTable:
        """R-8: end-of-day P&L of all contracts on the last business days up to a day, newest first, page by page."""
        require_positive("business_days", business_days)
        day, leg_number, reference = _page_key(after)
        arguments = {
            "as_of": as_of,
            "business_days": business_days,
            "oldest": as_of - timedelta(days=2 * business_days + _LONGEST_CLOSURE),
            "day": _day(day, after),
            "leg_number": _whole(leg_number, after),
            "reference": reference,
        }
        return self._page(report_pnl.END_OF_DAY, limit, arguments)

    def dashboard(self, first: date, last: date) -> ReportTable:
        """R-9: block FLOW, cashflows by calculation date, status and currency; block STOCK, P&L by day and currency."""
        _require_order(first, last)
        return self._table(report_pnl.DASHBOARD, {"first": first, "last": last})

    def performance(self, contract: str) -> ReportTable:
        """R-10: cashflows by status, accruals and P&L of a contract's legs by currency, each summed by itself."""
        return self._table(report_cashflows.PERFORMANCE, {"contract": self._key(contract)})

    def deferral_volumes(self, as_of: date) -> ReportTable:
        """R-11: deferred and overdue amounts by reason and currency."""
        return self._table(report_deferrals.DEFERRAL_VOLUMES, {"as_of": as_of})

    def exposure(self, as_of: date) -> ReportTable:
        """R-12: what is owed and due by counterparty and currency, what netting saves of it, and the exposure.

        The benefit is the share of the gross amounts that need not be paid when each payment date and agreement is
        netted by itself (spec 07 §17). Exposure is what a default would cost: unsettled, deferred and unrealized
        amounts of active contracts together where that is positive. Snapshots older than a year do not count.
        """
        return self._table(report_settlement.EXPOSURE, {"as_of": as_of})

    def settlement(self, first: date, last: date) -> ReportTable:
        """R-13: of what was to be paid in a window, the share settled on its payment date and the delays in days."""
        _require_order(first, last)
        return self._table(report_settlement.SETTLEMENT, {"first": first, "last": last})

    def ladder(self, as_of: date) -> ReportTable:
        """R-14: payments to come by time to payment, currency and status; accrued amounts are as of their last day."""
        return self._table(report_settlement.LADDER, {"as_of": as_of})

    def findings(self, *, contract: str | None = None, includes_resolved: bool = False) -> ReportTable:
        """R-15: what imports found, errors first."""
        key = None if contract is None else self._key(contract)
        return self._table(report_deferrals.FINDINGS, {"contract": key, "includes_resolved": includes_resolved})

    def _key(self, contract_reference: str) -> UUID:
        row = self._driver.execute(
            "SELECT id FROM contracts WHERE contract_reference = %s", (contract_reference,)
        ).fetchone()
        if row is None:
            raise ReferenceDataError(
                "CLO-1983", f"There is no swap {contract_reference!r}", remedy="See all with clodesk swaps book."
            )
        found: UUID = row[0]
        return found

    def _window(self, contract: str, first: date, last: date) -> dict[str, Any]:
        _require_order(first, last)
        return {"contract": self._key(contract), "first": first, "last": last}

    def _rows(self, query: ReportQuery, arguments: dict[str, Any]) -> list[tuple[Any, ...]]:
        return self._driver.execute(query.sql, arguments).fetchall()

    def _table(self, query: ReportQuery, arguments: dict[str, Any]) -> ReportTable:
        return _report(query, self._rows(query, arguments))

    def _page(self, query: ReportQuery, limit: int, arguments: dict[str, Any]) -> ReportTable:
        """A page of a report; one row more is read than is shown, to know whether there is another."""
        require_positive("limit", limit)
        found = self._rows(query, {**arguments, "limit": limit + 1})
        rows = [row[: -query.n_key] for row in found[:limit]]
        key = found[limit - 1][-query.n_key :] if len(found) > limit else None
        return _report(query, rows, None if key is None else _page_text(key))


def _report(query: ReportQuery, rows: Iterable[tuple[Cell, ...]], next_page: str | None = None) -> ReportTable:
    return ReportTable(query.code, query.title, query.columns, tuple(rows), next_page)


def reconciled(row: tuple[Any, ...]) -> tuple[Cell, ...]:
    """A row of R-3 with the difference and what it means."""
    currency, daily, period = row[4], row[8], row[10]
    if daily is None or period is None:
        return (*row, None, "ONLY_PERIOD" if daily is None else "ONLY_DAILY")
    difference: Decimal = daily - period
    return (*row, difference, "MATCH" if is_negligible(difference, currency) else "MISMATCH")


def _risk_rows(
    base: str, legs: dict[tuple[str, int], list[tuple[int, float, float]]], first: int, last: int
) -> list[tuple[Cell, ...]]:
    """R-7 of one base currency: legs, contracts, book. What lies before the window only opens the series."""
    snapshots = {}
    for key in sorted(legs):
        days, unrealized, realized = zip(*legs[key], strict=True)
        snapshots[key] = PnlSnapshots(np.array(days, np.int64), np.array(unrealized), np.array(realized))
    risk = book_risk(snapshots, first, last)
    return [
        *(_risk_row("LEG", reference, number, base, one) for (reference, number), one in risk.by_leg.items()),
        *(_risk_row("CONTRACT", reference, None, base, one) for reference, one in risk.by_contract.items()),
        _risk_row("BOOK", None, None, base, risk.book),
    ]


def _risk_row(
    level: str, reference: str | None, leg_number: int | None, base: str, risk: RiskNumbers
) -> tuple[Cell, ...]:
    return (
        level,
        reference,
        leg_number,
        base,
        risk.count,
        risk.mean,
        risk.standard_deviation,
        risk.minimum,
        risk.maximum,
        risk.var_95_percentile,
        risk.var_99_percentile,
        risk.value_at_risk_95,
        risk.value_at_risk_99,
        risk.expected_shortfall_95,
        risk.is_low_sample_99 or risk.reason is not None,
        risk.reason,
    )


def _page_text(key: tuple[Any, ...]) -> str:
    """The key of a page's last row: its short parts first, the reference of whatever it is last."""
    return " ".join(str(part) for part in sorted(key, key=lambda part: isinstance(part, str)))


def _page_key(after: str | None) -> tuple[str | None, str | None, str | None]:
    if after is None:
        return None, None, None
    parts = after.split(" ", 2)
    if len(parts) != 3:
        raise unknown_page(after)
    return parts[0], parts[1], parts[2]


def _whole(written: str | None, page: str | None) -> int | None:
    try:
        return None if written is None else int(written)
    except ValueError:
        raise unknown_page(page or "") from None


def _day(written: str | None, page: str | None) -> date | None:
    try:
        return None if written is None else date.fromisoformat(written)
    except ValueError:
        raise unknown_page(page or "") from None


def _require_order(first: date, last: date) -> None:
    if first > last:
        raise argument_error(
            f"{first} is after the last day {last}", where="argument first", remedy="Put the dates in order."
        )
