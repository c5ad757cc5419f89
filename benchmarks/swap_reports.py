"""Dashboards on a million daily accruals, beside what the seed or an obvious program would do.

1,000 swaps with an equity and a funding leg, 500 days: 1,000,000 accrual rows, as many P&L rows, and the cashflows they
belong to, one a leg and month. All rows are made in the database.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.databases import fresh_store
from benchmarks.figures import Figure, Unit, median_seconds
from db.payouts.reports import ReportRepository
from db.store import Store

N_CONTRACTS, N_DAYS = 1_000, 500
FIRST_DAY = date(2023, 1, 1)
MONTH = (date(2024, 3, 1), date(2024, 3, 31))
LAST_DAY = date(2024, 5, 14)
CONTRACT = "BENCH-0500"
TARGET = 0.2


def fill(store: Store) -> None:
    """Contracts, cashflows by month, accruals and P&L by day."""
    store.prepare_payout_years(date(2023, 1, 1), date(2024, 1, 1))
    with store.begin() as work:
        for statement in _FILL:
            work.driver.execute(statement, _SIZES)
    with store.begin() as work:
        for name in ("cashflows", "daily_accruals", "unrealized_pnl_timeseries", "contracts", "contract_legs"):
            work.driver.execute(f"ANALYZE {name}")


def reports(repository: ReportRepository) -> dict[str, Callable[[], Any]]:
    """The dashboards by what they show."""
    return {
        "R-3 accruals of a contract and month against cashflows": lambda: repository.reconciliation(CONTRACT, *MONTH),
        "R-4 accruals of a contract and month": lambda: repository.accruals(CONTRACT, *MONTH),
        "R-5 accrued interest of a contract and month": lambda: repository.accrued_interest(CONTRACT, *MONTH),
        "R-6 P&L of a contract and month": lambda: repository.pnl(CONTRACT, *MONTH),
        "R-9 dashboard of the book over a month": lambda: repository.dashboard(*MONTH),
        "R-10 performance of a contract": lambda: repository.performance(CONTRACT),
        "R-12 exposure of the book": lambda: repository.exposure(LAST_DAY),
    }


def summed_in_python(driver: psycopg.Connection[Any], contract: UUID, statements: tuple[str, ...]) -> int:
    """Read rows and sum those of the window in a dictionary; how many sums there are."""
    arguments = {"contract": contract, "first": MONTH[0], "last": MONTH[1], "as_of": LAST_DAY}
    sums: dict[tuple[Any, date], Any] = defaultdict(int)
    for statement in statements:
        for key, day, amount in driver.execute(statement, arguments):
            if MONTH[0] <= day:
                sums[key, day] += amount
    return len(sums)


def run(*, is_quick: bool) -> list[Figure]:
    """Each dashboard on a warm database."""
    repeats = 3 if is_quick else 15
    figures = []
    with fresh_store() as store:
        fill(store)
        with store.read() as work:
            driver = work.driver
            contract = driver.execute("SELECT id FROM contracts WHERE contract_reference = %s", (CONTRACT,)).fetchone()
            assert contract is not None
            for name, call in reports(work.payouts.reports).items():
                alternative, statements = _ALTERNATIVES[name.split(" ", 1)[0]]
                instead = partial(summed_in_python, driver, contract[0], statements)
                figures.append(
                    Figure(
                        name=name,
                        amount=median_seconds(call, repeats),
                        unit=Unit.MILLISECOND,
                        alternative=alternative,
                        alternative_amount=median_seconds(instead, 1 if is_quick else 5),
                        target=TARGET,
                    )
                )
    return figures


_SIZES = {"contracts": N_CONTRACTS, "days": N_DAYS, "first": FIRST_DAY}

_FILL = (
    "INSERT INTO parties (party_identifier, party_name) SELECT 'P' || n, 'Party ' || n FROM generate_series(0, 20) n",
    "INSERT INTO contracts (contract_reference, contract_type, trade_date, effective_date, termination_date, party1_id,"
    " party2_id, reporting_party_id, settlement_currency)"
    " SELECT 'BENCH-' || lpad(n::text, 4, '0'), 'TOTAL_RETURN_SWAP', %(first)s, %(first)s, %(first)s + 1000, us.id,"
    " them.id, us.id, 'USD' FROM generate_series(1, %(contracts)s) n JOIN parties us ON us.party_identifier = 'P0'"
    " JOIN parties them ON them.party_identifier = 'P' || 1 + n %% 20",
    "INSERT INTO contract_legs (contract_id, leg_number, leg_type, leg_direction, payer_party_id, receiver_party_id,"
    " notional_amount, notional_currency)"
    " SELECT id, n, CASE n WHEN 1 THEN 'EQUITY_LEG' ELSE 'FUNDING_LEG' END,"
    " CASE n WHEN 1 THEN 'RECEIVE' ELSE 'PAY' END,"
    " CASE n WHEN 1 THEN party2_id ELSE party1_id END, CASE n WHEN 1 THEN party1_id ELSE party2_id END, 1000000, 'USD'"
    " FROM contracts CROSS JOIN generate_series(1, 2) n",
    "INSERT INTO performance_payout (contract_id, leg_id)"
    " SELECT contract_id, id FROM contract_legs WHERE leg_number = 1",
    "INSERT INTO return_terms (performance_payout_id, return_type) SELECT id, 'PRICE' FROM performance_payout",
    "INSERT INTO interest_rate_payouts (contract_id, leg_id, rate_kind, day_count, floating_rate_index)"
    " SELECT contract_id, id, 'FLOATING_TERM', 'ACT/360', 'USD-SOFR' FROM contract_legs WHERE leg_number = 2",
    "INSERT INTO cashflows (contract_id, leg_id, performance_payout_id, interest_rate_payout_id, cashflow_reference,"
    " cashflow_type, amount, currency, payer_party_id, receiver_party_id, accrual_start_date, accrual_end_date,"
    " calculation_date, payment_date)"
    " SELECT l.contract_id, l.id, p.id, i.id, l.id || '/' || m, CASE l.leg_number WHEN 1 THEN 'EQUITY_RETURN' ELSE"
    " 'INTEREST' END, CASE l.leg_number WHEN 1 THEN 3000 ELSE -3000 END, 'USD', l.payer_party_id, l.receiver_party_id,"
    " s.begin, s.begin + 30, s.begin + 30, s.begin + 32 FROM contract_legs l"
    " LEFT JOIN performance_payout p ON p.leg_id = l.id LEFT JOIN interest_rate_payouts i ON i.leg_id = l.id"
    " CROSS JOIN generate_series(0, %(days)s / 30) m CROSS JOIN LATERAL (SELECT %(first)s::date + 30 * m AS begin) s",
    "INSERT INTO daily_accruals (cashflow_id, contract_id, leg_id, accrual_date, business_date, daily_accrual_amount,"
    " cumulative_accrual_amount, currency, accrual_factor, notional_amount, is_business_day)"
    " SELECT c.id, c.contract_id, c.leg_id, c.accrual_start_date + n, c.accrual_start_date + n, c.amount / 30,"
    " c.amount / 30 * (n + 1), c.currency, 0.002777777777778, 1000000, true"
    " FROM cashflows c CROSS JOIN generate_series(0, 29) n WHERE c.accrual_start_date + n < %(first)s::date + %(days)s"
    " ORDER BY c.accrual_start_date + n",
    "INSERT INTO unrealized_pnl_timeseries (contract_id, leg_id, valuation_date, business_date, unrealized_pnl_amount,"
    " unrealized_pnl_currency, price_pnl_amount, base_currency, base_currency_amount, base_fx_rate)"
    " SELECT l.contract_id, l.id, d.day, d.day, d.amount, 'USD', d.amount, 'USD', d.amount, 1"
    " FROM generate_series(0, %(days)s - 1) n CROSS JOIN contract_legs l"
    " CROSS JOIN LATERAL (SELECT %(first)s::date + n AS day, (n * 37 + l.leg_number * 11) %% 1000 - 500 AS amount) d",
    "UPDATE cashflows SET cashflow_status = 'REALIZED_UNSETTLED', realization_date = accrual_end_date,"
    " settlement_amount = amount WHERE accrual_end_date < %(first)s::date + %(days)s",
    "UPDATE cashflows SET cashflow_status = 'REALIZED_SETTLED', settlement_date = payment_date"
    " WHERE cashflow_status = 'REALIZED_UNSETTLED' AND payment_date < %(first)s::date + %(days)s - 60",
)

_HISTORY = "its contract's whole history, cut and summed in Python"
_BOOK_ROWS = "its rows read and summed in Python"

_ALTERNATIVES: dict[str, tuple[str, tuple[str, ...]]] = {
    "R-3": (
        "the seed's comparison of sums, which knows no contract",
        (
            "WITH daily AS (SELECT contract_id, leg_id, currency, sum(daily_accrual_amount) AS total"
            " FROM daily_accruals WHERE accrual_date BETWEEN %(first)s AND %(last)s GROUP BY 1, 2, 3),"
            " period AS (SELECT contract_id, leg_id, currency, sum(amount) AS total FROM cashflows"
            " WHERE cashflow_status = 'ACCRUED' AND accrual_start_date >= %(first)s AND accrual_end_date <= %(last)s"
            " GROUP BY 1, 2, 3)"
            " SELECT contract_id, %(last)s::date, abs(daily.total - period.total) FROM daily"
            " JOIN period USING (contract_id, leg_id, currency)",
        ),
    ),
    "R-4": (
        _HISTORY,
        (
            "SELECT leg_id, accrual_date, daily_accrual_amount FROM daily_accruals WHERE contract_id = %(contract)s",
            "SELECT leg_id, payment_date, amount FROM cashflows WHERE contract_id = %(contract)s",
        ),
    ),
    "R-6": (
        _HISTORY,
        (
            "SELECT leg_id, valuation_date, unrealized_pnl_amount FROM unrealized_pnl_timeseries"
            " WHERE contract_id = %(contract)s",
        ),
    ),
    "R-9": (
        _BOOK_ROWS,
        (
            "SELECT cashflow_status, calculation_date, amount FROM cashflows"
            " WHERE calculation_date BETWEEN %(first)s AND %(last)s",
            "SELECT unrealized_pnl_currency, valuation_date, unrealized_pnl_amount FROM unrealized_pnl_timeseries"
            " WHERE valuation_date BETWEEN %(first)s AND %(last)s",
        ),
    ),
    "R-10": (
        "the seed's join of the three tables, with its wrong sums",
        (
            "SELECT c.leg_id, %(last)s::date, sum(c.amount) FROM cashflows c"
            " LEFT JOIN daily_accruals a ON c.id = a.cashflow_id"
            " LEFT JOIN unrealized_pnl_timeseries u ON c.contract_id = u.contract_id AND c.leg_id = u.leg_id"
            " WHERE c.contract_id = %(contract)s GROUP BY c.leg_id",
        ),
    ),
    "R-12": (
        _BOOK_ROWS,
        (
            "SELECT receiver_party_id, payment_date, settlement_amount FROM cashflows"
            " WHERE cashflow_status IN ('REALIZED_UNSETTLED', 'REALIZED_DEFERRED')",
            "SELECT contract_id, valuation_date, unrealized_pnl_amount FROM unrealized_pnl_timeseries"
            " WHERE valuation_date BETWEEN %(as_of)s::date - 14 AND %(as_of)s",
        ),
    ),
}
_ALTERNATIVES["R-5"] = _ALTERNATIVES["R-4"]
"""What an obvious program would do: statements of a key, a day and an amount to be summed by both."""
