"""Deferrals: V-12 of spec 07 §25, the rules of §18 and compensation (§17)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conventions.calendar import WEEKENDS_ONLY
from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.deferral import (
    DeferralCandidate,
    DeferralRule,
    DeferralScope,
    DeferredCashflow,
    aging,
    compensation,
    decide,
    deferral_age,
    deferral_totals,
    matches,
    releasable,
)
from engine.payouts.enums import AgingBucket, CashflowType, DeferralAction, DeferralReason, DeferralUrgency

AS_OF = date(2024, 3, 15)
WEEKDAYS = CenterCalendars({"USNY": WEEKENDS_ONLY}).joint(("USNY",))

V12 = [
    (date(2024, 3, 1), "OVERDUE", 14, "1_30_DAYS"),
    (date(2024, 1, 31), "OVERDUE", 44, "31_60_DAYS"),
    (date(2024, 1, 1), "OVERDUE", 74, "61_90_DAYS"),
    (date(2023, 12, 1), "OVERDUE", 105, "OVER_90_DAYS"),
    (AS_OF, "DUE_TODAY", 0, "CURRENT"),
    (date(2024, 3, 20), "DUE_SOON", -5, "CURRENT"),
    (date(2024, 4, 30), "FUTURE", -46, "CURRENT"),
    (None, "UNSCHEDULED", 0, "CURRENT"),
]


def deferred(expected: date | None, reference: str = "1", **changes: object) -> DeferredCashflow:
    given: dict[str, object] = {
        "deferral_date": date(2023, 11, 1),
        "deferral_reason": DeferralReason.REGULATORY,
        "currency": "USD",
        "amount": Decimal("100.00"),
    }
    return DeferredCashflow(cashflow_reference=reference, expected_realization_date=expected, **{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("expected", "urgency", "overdue", "bucket"), V12)
def test_v12(expected: date | None, urgency: str, overdue: int, bucket: str) -> None:
    """V-12: urgency, days and bucket of eight expected dates."""
    age = deferral_age(deferred(expected), AS_OF)

    assert (age.urgency.value, age.bucket.value) == (urgency, bucket)
    assert age.days_until_expected == (None if expected is None else -overdue)
    assert age.days_overdue == max(0, overdue)
    assert age.days_since_deferral == 135


@pytest.mark.parametrize(
    ("days_overdue", "bucket"),
    [
        (0, AgingBucket.CURRENT),
        (1, AgingBucket.DAYS_1_30),
        (30, AgingBucket.DAYS_1_30),
        (31, AgingBucket.DAYS_31_60),
        (60, AgingBucket.DAYS_31_60),
        (61, AgingBucket.DAYS_61_90),
        (90, AgingBucket.DAYS_61_90),
        (91, AgingBucket.OVER_90),
    ],
)
def test_edges_of_the_buckets(days_overdue: int, bucket: AgingBucket) -> None:
    """A bucket includes its last day."""
    expected = date.fromordinal(AS_OF.toordinal() - days_overdue)

    assert deferral_age(deferred(expected), AS_OF).bucket is bucket


@pytest.mark.parametrize(("days_until", "urgency"), [(7, DeferralUrgency.DUE_SOON), (8, DeferralUrgency.FUTURE)])
def test_due_soon_is_a_week(days_until: int, urgency: DeferralUrgency) -> None:
    """Seven calendar days are soon, eight are the future."""
    expected = date.fromordinal(AS_OF.toordinal() + days_until)

    assert deferral_age(deferred(expected), AS_OF).urgency is urgency


def test_order_of_reports() -> None:
    """Overdue, unscheduled, due today, due soon, future, and within them by expected date."""
    ages = aging((deferred(expected, str(i)) for i, (expected, *_) in enumerate(V12)), AS_OF)

    assert [int(age.cashflow.cashflow_reference) for age in ages] == [3, 2, 1, 0, 7, 4, 5, 6]


@given(st.permutations([deferred(expected, str(i)) for i, (expected, *_) in enumerate(V12)]))
def test_order_does_not_depend_on_the_input(shuffled: list[DeferredCashflow]) -> None:
    """Any order of deferrals gives the same report."""
    assert [age.cashflow.cashflow_reference for age in aging(shuffled, AS_OF)] == list("32107456")


def test_totals_by_reason_and_currency() -> None:
    """Counts, signed sums, the average period of those with a date, and what is overdue."""
    ages = aging(
        [
            deferred(date(2024, 3, 1), "1"),
            deferred(date(2024, 4, 30), "2", amount=Decimal("-30.00")),
            deferred(None, "3"),
            deferred(None, "4", currency="EUR"),
        ],
        AS_OF,
    )
    eur, usd = deferral_totals(ages)

    assert (usd.count, usd.amount, usd.average_period_days) == (3, Decimal("170.00"), (121 + 181) / 2)
    assert (usd.overdue_count, usd.overdue_amount) == (1, Decimal("100.00"))
    assert (eur.currency, eur.average_period_days, eur.overdue_count) == ("EUR", None, 0)


CANDIDATE = DeferralCandidate(
    cashflow_reference="EQS-1/L1/DIVIDEND/20240315/1",
    contract_reference="EQS-1",
    cashflow_type=CashflowType.DIVIDEND,
    currency="USD",
    amount=Decimal("-250.00"),
    parties=("A", "B"),
    next_payment_date=date(2024, 6, 15),
)


def rule(rule_id: str = "R1", priority: int = 1, **changes: object) -> DeferralRule:
    given: dict[str, object] = {
        "reason": DeferralReason.BUSINESS_RULE,
        "action": DeferralAction.DEFER_TO_NEXT_PAYMENT_DATE,
    }
    return DeferralRule(rule_id=rule_id, priority=priority, **{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scope", "fits"),
    [
        (DeferralScope(), True),
        (DeferralScope(contract_reference="EQS-1", cashflow_type=CashflowType.DIVIDEND, currency="USD"), True),
        (DeferralScope(contract_reference="EQS-2"), False),
        (DeferralScope(cashflow_type=CashflowType.INTEREST), False),
        (DeferralScope(currency="EUR"), False),
        (DeferralScope(party="B"), True),
        (DeferralScope(party="C"), False),
        (DeferralScope(amount_below=Decimal("250.01")), True),
        (DeferralScope(amount_below=Decimal("250.00")), False),
        (DeferralScope(party="A", amount_below=Decimal(10)), False),
    ],
)
def test_scope_of_a_rule(scope: DeferralScope, fits: bool) -> None:
    """Every field that is there has to fit; amounts count without sign."""
    assert matches(scope, CANDIDATE) is fits


def test_the_first_rule_by_priority_decides() -> None:
    """Inactive rules and those of another scope are passed over; ties go by rule id."""
    rules = (
        rule("R4", 2),
        rule("R3", 2, approval_required=True),
        rule("R1", 1, scope=DeferralScope(currency="EUR")),
        rule("R0", 0, is_active=False),
    )
    decision = decide(rules, CANDIDATE, AS_OF, WEEKDAYS)

    assert decision is not None
    assert (decision.rule_id, decision.approval_required) == ("R3", True)
    assert decision.candidate == CANDIDATE
    assert decide(rules[2:], CANDIDATE, AS_OF, WEEKDAYS) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, date(2024, 6, 17)),
        ({"action": DeferralAction.DEFER_DAYS, "days": 10}, date(2024, 3, 25)),
        ({"action": DeferralAction.DEFER_DAYS, "days": 1}, date(2024, 3, 18)),
        ({"action": DeferralAction.DEFER_UNTIL_RELEASED, "reason": DeferralReason.REGULATORY}, None),
    ],
)
def test_until_when_a_rule_defers(changes: dict[str, object], expected: date | None) -> None:
    """To the next payment date, by days, or until released; dates are moved to good days."""
    decision = decide([rule(**changes)], CANDIDATE, AS_OF, WEEKDAYS)

    assert decision is not None
    assert (decision.deferral_date, decision.expected_realization_date) == (AS_OF, expected)


def test_no_next_payment_date() -> None:
    """A rule that defers to a date that does not exist is an error, not an open end."""
    last = DeferralCandidate(
        **{name: getattr(CANDIDATE, name) for name in CANDIDATE.__slots__ if name != "next_payment_date"}
    )

    with pytest.raises(InputError, match="no payment date after 2024-03-15"):
        decide([rule()], last, AS_OF, WEEKDAYS)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"action": DeferralAction.DEFER_DAYS}, "DEFER_DAYS with None days"),
        ({"action": DeferralAction.DEFER_DAYS, "days": 0}, "DEFER_DAYS with 0 days"),
        ({"days": 5}, "DEFER_TO_NEXT_PAYMENT_DATE with 5 days"),
        ({"action": DeferralAction.DEFER_UNTIL_RELEASED}, "cannot be without an expected date"),
    ],
)
def test_rules_that_contradict_themselves(changes: dict[str, object], problem: str) -> None:
    """A rule is checked when it is made."""
    with pytest.raises(InputError, match=problem) as caught:
        rule(**changes)

    assert (caught.value.number, caught.value.where) == ("CLO-1955", "R1")


def test_automatic_release() -> None:
    """A deferral is released by itself once its date has come and its rule allows it."""
    due, later, open_ended = (deferral_age(deferred(day), AS_OF) for day in (AS_OF, date(2024, 3, 18), None))

    assert releasable(due, is_automatic=True)
    assert not any(releasable(age, is_automatic=False) for age in (due, later, open_ended))
    assert not any(releasable(age, is_automatic=True) for age in (later, open_ended))


def test_compensation() -> None:
    """Three days late at 5.31 % on a 360-day year, signed as the amount."""
    late = date(2024, 3, 18)

    assert compensation(Decimal("-241777.60"), 0.0531, AS_OF, late, 360) == pytest.approx(-106.986588)
    assert compensation(100.0, 0.05, AS_OF, AS_OF, 365) == 0.0
    with pytest.raises(InputError, match="before it was due"):
        compensation(100.0, 0.05, late, AS_OF, 365)
    with pytest.raises(InputError, match="A year of 0"):
        compensation(100.0, 0.05, AS_OF, late, 0)
