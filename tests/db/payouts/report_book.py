"""A fixed book of one swap, written with plain SQL, and the seed's statements to run beside the reports."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from db.connection import driver_connection
from db.payouts.reports import ReportRepository
from engine.payouts.report_table import Cell, ReportTable
from tests.db.payouts.conftest import PayoutRows

JANUARY = (date(2024, 1, 1), date(2024, 1, 31))
AS_OF = date(2024, 1, 31)
DAY_FACTOR = Decimal("0.002777777777778")
SEED = "seeds/004_27edb1339598afef.txt"


@dataclass
class ReportBook:
    """The swap SWAP-1 of A and B as A sees it, and how to put rows under it."""

    rows: PayoutRows

    @property
    def reports(self) -> ReportRepository:
        return ReportRepository(driver_connection(self.rows.connection))

    def flow(self, reference: str, amount: object, begin: date, end: date, **changes: object) -> UUID:
        """An ACCRUED cashflow; who pays follows from the sign."""
        party1, party2 = self.rows.party1, self.rows.party2
        is_received = Decimal(str(amount)) >= 0
        values: dict[str, object] = {
            "amount": amount,
            "accrual_start_date": begin,
            "accrual_end_date": end,
            "calculation_date": AS_OF,
            "payment_date": end + timedelta(days=2),
            "payer_party_id": party2 if is_received else party1,
            "receiver_party_id": party1 if is_received else party2,
        }
        return self.rows.cashflow(reference, **values | changes)

    def interest(self, reference: str, amount: object, begin: date, end: date, **changes: object) -> UUID:
        """An ACCRUED cashflow of the funding leg."""
        leg = {
            "leg_id": self.rows.funding_leg,
            "performance_payout_id": None,
            "interest_rate_payout_id": self.rows.interest,
            "cashflow_type": "INTEREST",
            "cashflow_subtype": "FLOATING_INTEREST",
        }
        return self.flow(reference, amount, begin, end, **leg | changes)

    def accrue(self, cashflow: UUID, first: date, daily: Sequence[object], **changes: object) -> None:
        """One accrual row a day from a first day on."""
        total = Decimal(0)
        for n, amount in enumerate(daily):
            total += Decimal(str(amount))
            day = first + timedelta(days=n)
            values = {
                "daily_accrual_amount": amount,
                "cumulative_accrual_amount": total,
                "accrual_factor": DAY_FACTOR,
            }
            self.rows.accrual(cashflow, day, **values | changes)

    def accrue_interest(self, cashflow: UUID, first: date, days: int, **changes: object) -> None:
        """One unit of interest paid a day."""
        self.accrue(cashflow, first, [-1] * days, leg_id=self.rows.funding_leg, **changes)

    def realise(self, cashflow: UUID, amount: object, on: date = date(2024, 1, 16), **changes: object) -> None:
        """Make a cashflow final and due."""
        self.rows.move(
            cashflow, "REALIZED_UNSETTLED", **{"settlement_amount": amount, "realization_date": on} | changes
        )

    def settle(self, cashflow: UUID, amount: object, on: date, *, realized: date = date(2024, 1, 16)) -> None:
        """Make a cashflow final and paid."""
        self.realise(cashflow, amount, realized)
        self.rows.move(
            cashflow, "REALIZED_SETTLED", settlement_amount=amount, realization_date=realized, settlement_date=on
        )

    def defer(self, cashflow: UUID, amount: object, since: date, expected: date | None) -> None:
        """Put a cashflow off; without an expected day for a reason that needs none."""
        self.rows.move(
            cashflow,
            "REALIZED_DEFERRED",
            settlement_amount=amount,
            realization_date=since,
            deferral_date=since,
            expected_realization_date=expected,
            deferral_reason="REGULATORY" if expected is None else "TECHNICAL_ISSUE",
        )

    def swap_in_january(self) -> dict[str, UUID]:
        """The cashflows of a month, by what is odd about them in the comparison of daily with period amounts."""
        begin, end = JANUARY
        flows = {
            "equity": self.flow("EQ-1", 100, begin, end),
            "straddling": self.interest("INT-0", -30, date(2023, 12, 17), date(2024, 1, 16)),
            "month": self.interest("INT-1", -31, begin, date(2024, 2, 1)),
            "without accruals": self.flow("DIV-1", 50, date(2024, 1, 10), date(2024, 1, 10), cashflow_type="DIVIDEND"),
            "yen": self.flow("JPY-1", 1000, begin, end, currency="JPY"),
            "dinar": self.flow("KWD-1", 10, begin, end, currency="KWD"),
        }
        self.accrue(flows["equity"], date(2024, 1, 28), [25, 25, 25, 25])
        self.accrue(flows["equity"], date(2024, 1, 20), [7], currency="EUR")
        self.accrue_interest(flows["straddling"], date(2023, 12, 17), 30)
        self.accrue_interest(flows["month"], begin, 31)
        self.accrue(flows["yen"], date(2024, 1, 30), [500, "499.6"], currency="JPY")
        self.accrue(flows["dinar"], date(2024, 1, 30), [5, "4.996"], currency="KWD")
        self.settle(flows["straddling"], -30, date(2024, 1, 18))
        self.realise(flows["without accruals"], 50, date(2024, 1, 10))
        return flows


def by_column(table: ReportTable) -> list[dict[str, Cell]]:
    """The rows of a report, each by the names of its columns."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def picked(table: ReportTable, *names: str) -> list[tuple[Cell, ...]]:
    """Some columns of a report."""
    return [tuple(row[name] for name in names) for row in by_column(table)]


def seed_query(reference: Path, heading: str, contract: UUID, as_of: date = AS_OF) -> str:
    """A statement of the seed by its heading, of a contract and a day instead of placeholders and the clock."""
    written = (reference / SEED).read_text(encoding="utf-8")
    found = re.search(rf"#### \*\*{re.escape(heading)}\*\*\n```sql\n(.*?);?\n```", written, re.DOTALL)
    assert found is not None, heading
    statement = found.group(1).replace("'contract-uuid'", f"'{contract}'")
    return statement.replace("CURRENT_DATE", f"DATE '{as_of}'")


def run_seed(rows: PayoutRows, statement: str) -> list[dict[str, Any]]:
    """What a statement of the seed answers."""
    return [dict(row) for row in rows.execute(statement).mappings().all()]
