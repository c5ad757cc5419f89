"""Deferrals in the days of a book: put off by rule, released by a later day, with what they earn (spec 07 §18.3)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from db.store import Store
from engine.desk.swaps.deferral_rules import DeferralRules
from engine.payouts.deferral import DeferralRule, DeferralScope
from engine.payouts.enums import CashflowType, DeferralAction, DeferralReason
from tests.desk.swaps.day_runs import START, checksums, prepared, rows, run_days, swap

TEN_DAYS = DeferralRule(
    rule_id="",
    priority=1,
    reason=DeferralReason.BUSINESS_RULE,
    action=DeferralAction.DEFER_DAYS,
    days=10,
    scope=DeferralScope(cashflow_type=CashflowType.EQUITY_RETURN),
    releases_automatically=True,
)


def test_a_day_releases_what_is_due_and_has_what_it_earns(store: Store) -> None:
    """Realised on the 12th of February and payable on the 14th, put off to the 22nd: eight days at 4 % on 360 are
    realised by the run that releases the amount; that run again changes nothing.
    """
    desk = prepared(store, replace(swap(), deferral_rate=0.04))
    DeferralRules(store).add(TEN_DAYS)
    run_days(desk, START, date(2024, 2, 21))
    released = desk.end_of_day(date(2024, 2, 22), refreshes_views=False).releases
    before = checksums(store)
    again = desk.end_of_day(date(2024, 2, 22), refreshes_views=False).releases

    assert released is not None
    assert again is not None
    ((amount, due),) = [(moved.state.due, moved.state.payment_date) for moved in released.released]
    assert due == date(2024, 2, 22)
    assert rows(store, "SELECT cashflow_status, amount FROM cashflows WHERE cashflow_subtype = 'COMPENSATION'") == [
        ("REALIZED_UNSETTLED", (amount * Decimal("0.04") * 8 / 360).quantize(Decimal("1e-10")))
    ]
    assert (again.released, checksums(store)) == ((), before)


def test_the_next_year_is_prepared_by_the_days_of_autumn(store: Store) -> None:
    """A day of September makes the partitions of its year, one of October those of the next one too."""
    desk = prepared(store, swap())
    found = []
    for on in (date(2024, 9, 30), date(2024, 10, 1)):
        desk.end_of_day(on, references=(), refreshes_views=False)
        found.append(rows(store, "SELECT relname FROM pg_class WHERE relname = 'daily_accruals_2025'"))

    assert found == [[], [("daily_accruals_2025",)]]
